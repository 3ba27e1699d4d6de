import { expect, it } from "vitest";

import { at, HOUR, MINUTE, SECOND } from "$lib/bridge/fake/cast";
import type { Call } from "$lib/protocol/Call";

import { callWords } from "./calls";

const began = at(0, 14, 2);

function said(call: Partial<Call>, more: { after?: number; open?: boolean } = {}): string {
  const { lead, words } = callWords(
    {
      by_customer: true,
      answered: false,
      declined: false,
      ended: false,
      seconds: null,
      ...call,
    },
    { at: began, now: began + (more.after ?? HOUR), open: more.open ?? true, name: "Maren" },
  );
  return words === null ? lead : `${lead}. ${words}`;
}

it("tells a missed call, and that it opened the window", () => {
  expect(said({ ended: true })).toBe(
    "Missed call. It counts like a message: the window is open, so you can write back.",
  );
  // Later the window may be closed again; the call line must not promise what is no longer so.
  expect(said({ ended: true }, { open: false })).toMatch(/It counted like a message/);
});

it.each([
  [38, "Call, 38 s"],
  [252, "Call, 4 min 12 s"],
  [3840, "Call, 1 h 4 min"],
])("says how long people talked: %i", (seconds, words) => {
  expect(said({ answered: true, ended: true, seconds })).toBe(words);
});

it("says who declined, and that our own call opens nothing", () => {
  expect(said({ declined: true })).toMatch(/^Declined on our side\. It counts like a message/);
  expect(said({ by_customer: false, declined: true })).toMatch(/^Maren declined our call\./);
  expect(said({ by_customer: false, ended: true })).toBe(
    "We called, no answer. A call that nobody takes does not open the window.",
  );
});

it("rings while it rings, and does not ring for ever when its end never came", () => {
  expect(said({}, { after: 20 * SECOND })).toBe("Maren is calling");
  expect(said({ by_customer: false }, { after: 20 * SECOND })).toBe("We are calling Maren");
  expect(said({ answered: true }, { after: MINUTE })).toBe("On a call now");
  expect(said({})).toMatch(/^Call\. WhatsApp has not said how it ended/);
  expect(said({ answered: true })).toBe("Call, answered");
});
