import { describe, expect, it } from "vitest";

import { at, DAY, HOUR, inbox, MINUTE } from "$lib/bridge/fake/cast";
import type { NumberHealth } from "$lib/protocol/NumberHealth";

import {
  agoWords,
  checksOf,
  clockWords,
  episodeWords,
  eventWords,
  limitWords,
  needsAttention,
  phoneDueBy,
  phoneWords,
  troublesOf,
  webhookWords,
} from "./words";

const now = at(0, 14, 22);

const well: NumberHealth = {
  inbox: "inbox-quill",
  last_inbound_at: now,
  last_echo_at: now,
  last_status_at: now,
  phone_due_by: now + 14 * DAY,
  token: { check: "good" },
  subscription: { check: "good" },
  coexistence: true,
  quality: "GREEN",
  messaging_limit: "TIER_1K",
  episodes: [],
  events: [],
};

describe("the fourteen days of the phone", () => {
  it("count from the later of the report's word and a newer sign of the phone", () => {
    expect(phoneDueBy(now, null)).toBe(now);
    expect(phoneDueBy(now, now - DAY)).toBe(now + 13 * DAY);
    expect(phoneDueBy(null, now)).toBe(now + 14 * DAY);
    expect(phoneDueBy(null, null)).toBeNull();
  });

  it("are calm, then say what to do, then say that it is late", () => {
    expect(phoneWords(now + 14 * DAY - MINUTE, now)).toMatchObject({
      band: "calm",
      lead: "14 days left of 14",
    });
    const near = phoneWords(now + 3 * DAY + HOUR, now);
    expect(near).toMatchObject({ band: "notice", lead: "3 days left of 14" });
    expect(near.words).toMatch(/^Open WhatsApp Business on the phone and send a message/);
    expect(phoneWords(now + 5 * HOUR, now)).toMatchObject({
      band: "urgent",
      lead: "Less than a day left of 14",
    });
    expect(phoneWords(now - HOUR, now).words).toMatch(/on the phone now/);
    expect(phoneWords(null, now).lead).toBe("Nothing typed on the phone yet");
  });

  it("ask for attention from four days on, as a paused number does", () => {
    const row = inbox();
    expect(needsAttention({ ...row, last_echo_at: now - 9 * DAY }, now)).toBe(false);
    expect(needsAttention({ ...row, last_echo_at: now - 11 * DAY }, now)).toBe(true);
    expect(needsAttention({ ...row, last_echo_at: null }, now)).toBe(false);
    expect(needsAttention({ ...row, paused: [{ why: "token_invalid" }, now] }, now)).toBe(true);
  });
});

it("gives ages by the team's clock", () => {
  expect(agoWords(null, now)).toBe("not yet");
  expect(agoWords(now + MINUTE, now)).toBe("just now");
  expect(agoWords(now - 3 * MINUTE, now)).toBe("3 min ago");
  expect(agoWords(now - 11 * DAY, now)).toBe("11 days ago");
});

describe("what was checked", () => {
  it("is good, bad with what to do, or unknown, which says nothing", () => {
    expect(checksOf(well).map((check) => check.verdict)).toEqual(Array(5).fill("good"));
    const ill = checksOf({
      ...well,
      token: { check: "bad", meta_code: 190 },
      subscription: { check: "unknown" },
      coexistence: false,
      quality: "RED",
      messaging_limit: null,
    });
    expect(ill.map((check) => check.verdict)).toEqual(["bad", "unknown", "bad", "bad", "unknown"]);
    expect(ill[0]).toMatchObject({ code: "190" });
    expect(ill[0]?.words).toMatch(/nothing goes out\. Give the hub a new token/);
    expect(ill[1]?.words).toMatch(/could not be asked/);
  });

  it("shows words of Meta's that nobody knew when this was written", () => {
    expect(checksOf({ ...well, quality: "TEAL" })[3]).toMatchObject({
      verdict: "unknown",
      words: "Meta says TEAL.",
    });
    expect(limitWords("TIER_MOON")).toBe("Meta says TIER_MOON.");
  });

  it.each([
    ["TIER_250", /^With 250 customers/],
    ["TIER_10K", /^With 10,000 customers/],
    ["TIER_UNLIMITED", /as many customers as you like/],
    [null, /has not said/],
  ])("reads the limit %s", (word, words) => {
    expect(limitWords(word)).toMatch(words);
  });
});

it("counts what needs a person", () => {
  const row = { ...inbox(), last_echo_at: now };
  expect(troublesOf(well, row, now)).toBe(0);
  expect(
    troublesOf(
      {
        ...well,
        token: { check: "bad", meta_code: null },
        phone_due_by: now + DAY,
        episodes: [{ from: now - HOUR, to: null, reason: null, by: null }],
      },
      { ...row, last_echo_at: null },
      now,
    ),
  ).toBe(3);
});

describe("a disconnection", () => {
  it.each([
    ["account_disconnected", /ended the connection/],
    ["business_downgrade", /ordinary WhatsApp/],
    ["change_number", /moved to another number/],
    ["companion_inactivity", /about 30 days/],
    ["primary_inactivity", /about 14 days/],
    ["user_re_registered", /set up anew/],
  ])("because of %s says why, and what to do while it lasts", (reason, words) => {
    const lasting = episodeWords({ from: now - HOUR, to: null, reason, by: "user" }, now);
    expect(lasting.why).toMatch(words);
    expect(lasting.todo).not.toBeNull();
    expect(lasting.raw).toBeNull();
    expect(lasting.lead).toBe("Disconnected since today 13:22, by the owner · 1h long");
    expect(episodeWords({ from: 0, to: now, reason, by: null }, now).todo).toBeNull();
  });

  it("shows a reason that it does not know as Meta says it, and says when there is none", () => {
    const raw = episodeWords(
      { from: now - HOUR, to: now, reason: "moon_phase", by: "system" },
      now,
    );
    expect(raw).toMatchObject({ raw: "moon_phase", why: "Meta’s word for the reason:" });
    expect(episodeWords({ from: 0, to: now, reason: null, by: null }, now).why).toMatch(
      /gave no reason/,
    );
  });
});

it("has words for events, and tells new ones as something else", () => {
  expect(eventWords("reconnected")).toBe("The number is connected again");
  expect(eventWords("eclipse")).toBe("Something else");
});

it("warns of clocks only when they are more than five seconds apart", () => {
  expect(clockWords(null)).toBeNull();
  expect(clockWords(-5000)).toMatchObject({ tone: "good" });
  expect(clockWords(-8400)).toMatchObject({ tone: "bad" });
  expect(clockWords(-8400)?.words).toMatch(/8\.4 s apart.*time server/);
});

it("tells forged and waiting deliveries apart from good ones", () => {
  const plain = { wrong_signatures: 0, last_wrong_signature_at: null, waiting: 0, kept_since: 0 };
  expect(webhookWords(plain, now, "1 May 2026")).toEqual([
    {
      tone: "good",
      words: "All of it is genuine and worked through. The raw bodies are kept since 1 May 2026.",
    },
  ]);
  const said = webhookWords(
    { ...plain, wrong_signatures: 1, last_wrong_signature_at: now - 12 * MINUTE, waiting: 5 },
    now,
    null,
  );
  expect(said.map((one) => one.tone)).toEqual(["bad", "plain"]);
  expect(said[0]?.words).toMatch(/^One delivery was not signed by WhatsApp, the last one 12 min/);
});
