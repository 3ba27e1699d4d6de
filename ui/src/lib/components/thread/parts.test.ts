import { expect, it } from "vitest";

import { at } from "$lib/bridge/fake/cast";
import type { FailureCode } from "$lib/protocol/FailureCode";

import { knownFailure, stepsFor } from "./delivery";
import { splitMentions } from "./mentions";
import { customerWords } from "./names";
import { Pictures, reservedSize } from "./pictures";
import { snoozeChoices } from "./snooze";

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

it("offers moments to come back that lie ahead, soonest first", () => {
  const now = at(0, 14, 22);
  const choices = snoozeChoices(now, {
    face: "open",
    opened_at: at(-1, 17, 34),
    closes_at: at(0, 17, 34),
  });
  expect(choices.map((choice) => choice.key)).toEqual([
    "thread.snooze.hour",
    "thread.snooze.before_closing",
    "thread.snooze.three_hours",
    "thread.snooze.tomorrow",
    "thread.snooze.next_week",
  ]);
  expect(choices.every((choice) => choice.until > now)).toBe(true);
  const monday = new Date(choices.at(-1)?.until ?? 0);
  expect([monday.getDay(), monday.getHours()]).toEqual([1, 9]);
  expect(snoozeChoices(now, { face: "never_opened" })).toHaveLength(4);
});

it("knows what to do about every failure, also one of a newer hub", () => {
  const newer = "made_up" as FailureCode;
  expect(stepsFor(newer)).toEqual(["again", "discard"]);
  expect(knownFailure(newer)).toBe("unknown");
  expect(stepsFor("window_closed")).toContain("template");
});
