import { describe, expect, it } from "vitest";

import { at, MINUTE, SECOND } from "$lib/bridge/fake/cast";
import type { Composer } from "$lib/protocol/Composer";
import type { FailureCode } from "$lib/protocol/FailureCode";

import { knownFailure, stepsFor } from "./delivery";
import { splitMentions } from "./mentions";
import { customerWords } from "./names";
import { Pictures, reservedSize } from "./pictures";
import { type SnoozeChoice, snoozeChoices } from "./snooze";

it("finds colleagues in a note, the longest name first, and no parts of words", () => {
  const parts = splitMentions("@Sami and @Ana Lou, not @Samira", ["Sami", "Ana Lou"]);
  expect(parts.filter((part) => part.mention).map((part) => part.text)).toEqual([
    "@Sami",
    "@Ana Lou",
  ]);
  expect(parts.map((part) => part.text).join("")).toBe("@Sami and @Ana Lou, not @Samira");
  expect(splitMentions("a+b@x", [])).toEqual([{ text: "a+b@x", mention: false }]);
});

it("speaks of a customer by the first name, or as the customer", () => {
  expect(customerWords({ name: "Odette Crane", named: true })).toBe("Odette");
  expect(customerWords({ name: "J. Doe", named: true })).toBe("J. Doe");
  expect(customerWords({ name: "+1 555 014 2207", named: false })).toBe("the customer");
});

it("reserves the room of a picture before it is there", () => {
  expect(reservedSize({ width: 708, height: 384 })).toEqual({ width: 268, height: 145 });
  expect(reservedSize({ width: 400, height: 1600 }).height).toBe(320);
  expect(reservedSize({ width: 40, height: 40 }).width).toBe(130);
  expect(reservedSize({ width: null, height: null })).toEqual({ width: 236, height: 177 });
});

it("fetches a picture once, and again only if that failed", async () => {
  URL.createObjectURL = () => "blob:made";
  let calls = 0;
  const pictures = new Pictures(async () => {
    calls += 1;
    if (calls === 1) throw new Error("away");
    return { mime_type: "image/png", base64: btoa("x") };
  });
  await expect(pictures.address("a")).rejects.toThrow("away");
  await expect(pictures.address("a")).resolves.toBe("blob:made");
  await pictures.address("a");
  expect(calls).toBe(2);
  await pictures.thumbnail("a");
  expect(calls).toBe(3);
});

it("lets nothing be read as a page", async () => {
  const types: string[] = [];
  URL.createObjectURL = (blob) => {
    types.push((blob as Blob).type);
    return "blob:made";
  };
  for (const mime_type of [
    "image/png",
    "Audio/Ogg; codecs=opus",
    "image/svg+xml",
    "text/html",
    "application/pdf",
    "image/png, text/html",
  ]) {
    await new Pictures(async () => ({ mime_type, base64: btoa("x") })).address("a");
  }
  const bytes = "application/octet-stream";
  expect(types).toEqual(["image/png", "audio/ogg", bytes, bytes, bytes, bytes]);
});

describe("moments to come back", () => {
  const now = at(0, 14, 22);
  const open = (hour: number, minute: number): Composer => ({
    state: "open",
    opened_at: at(-1, hour, minute),
    closes_at: at(0, hour, minute),
    send_before: at(0, hour, minute) - 20 * SECOND,
  });
  const keys = (choices: SnoozeChoice[]): string[] =>
    choices.map((choice) => choice.key.replace("thread.snooze.", ""));

  it("lie ahead, soonest first, and know whether the window is closed by then", () => {
    const choices = snoozeChoices(now, open(17, 34));
    expect(keys(choices)).toEqual([
      "hour",
      "before_closing",
      "three_hours",
      "last_safe",
      "tomorrow",
      "next_week",
    ]);
    expect(choices.every((choice) => choice.until > now)).toBe(true);
    expect(keys(choices.filter((choice) => choice.late))).toEqual(["tomorrow", "next_week"]);
    const monday = new Date(choices.at(-1)?.until ?? 0);
    expect([monday.getDay(), monday.getHours()]).toEqual([1, 9]);
  });

  it("have a last one from which one can still answer", () => {
    const choices = snoozeChoices(now, open(15, 0));
    expect(keys(choices)).toEqual(["last_safe", "hour", "three_hours", "tomorrow", "next_week"]);
    expect(choices[0]).toMatchObject({ until: at(0, 14, 49, 40), late: false });
    expect(choices.slice(1).every((choice) => choice.late)).toBe(true);
  });

  it("count the safety margin as closed", () => {
    const margin = { ...open(15, 22), send_before: at(0, 15, 21) } as Composer;
    expect(snoozeChoices(now, margin).find((one) => one.key === "thread.snooze.hour")).toEqual({
      key: "thread.snooze.hour",
      until: at(0, 15, 22),
      late: true,
    });
  });

  it("leave half of the time for the answer where less than twenty minutes are left", () => {
    const lastOf = (minutes: number): number | undefined =>
      snoozeChoices(now, {
        state: "open",
        opened_at: now - MINUTE,
        closes_at: now + minutes * MINUTE + 20 * SECOND,
        send_before: now + minutes * MINUTE,
      }).find((one) => one.key === "thread.snooze.last_safe")?.until;
    expect(lastOf(21)).toBe(now + 11 * MINUTE);
    expect(lastOf(20)).toBe(now + 10 * MINUTE);
    expect(lastOf(10)).toBe(now + 5 * MINUTE);
    expect(lastOf(1)).toBe(now + 30 * SECOND);
  });

  it("have no last safe one inside the margin, and warn of nothing where nothing is open", () => {
    const spent = { ...open(14, 30), send_before: now } as Composer;
    expect(keys(snoozeChoices(now, spent))).not.toContain("last_safe");
    const closing = snoozeChoices(now, { state: "closing", closes_at: now + 5000, ways: [] });
    expect(closing.every((choice) => choice.late)).toBe(true);
    const never = snoozeChoices(now, { state: "never_opened", ways: [] });
    expect(never).toHaveLength(4);
    expect(never.some((choice) => choice.late)).toBe(false);
  });
});

it("knows what to do about every failure, also one of a newer hub", () => {
  const newer = "made_up" as FailureCode;
  expect(stepsFor(newer)).toEqual(["again", "edit", "discard"]);
  expect(knownFailure(newer)).toBe("unknown");
  expect(stepsFor("window_closed")).toContain("template");
});
