import { describe, expect, it } from "vitest";

import type { Composer } from "$lib/protocol/Composer";
import { HOUR, MINUTE } from "$lib/time";

import { fieldsOf, isLate, laterChoices, lastSafeMoment, momentOf, ROOM_TO_LEAVE } from "./later";

const noon = new Date(2026, 2, 11, 12, 0).getTime();

function open(left: number): Composer {
  const closes_at = noon + left;
  return { state: "open", opened_at: noon - HOUR, closes_at, send_before: closes_at - MINUTE };
}

describe("a text may leave", () => {
  it("in an hour, this evening or tomorrow, in the order of time", () => {
    expect(laterChoices(noon, open(23 * HOUR))).toEqual([
      { key: "later.hour", at: noon + HOUR, late: false },
      { key: "later.evening", at: new Date(2026, 2, 11, 18, 0).getTime(), late: false },
      { key: "later.tomorrow", at: new Date(2026, 2, 12, 9, 0).getTime(), late: false },
    ]);
  });

  it("not this evening when it is evening", () => {
    const late = new Date(2026, 2, 11, 17, 40).getTime();
    expect(laterChoices(late, open(23 * HOUR)).map(({ key }) => key)).toEqual([
      "later.hour",
      "later.tomorrow",
    ]);
  });

  it("only before the window closes, and a moment at the very end is too late", () => {
    const choices = laterChoices(noon, open(7 * HOUR));
    expect(choices.map(({ late }) => late)).toEqual([false, false, true]);
    expect(isLate(noon + 7 * HOUR - MINUTE, open(7 * HOUR))).toBe(true);
    expect(isLate(noon + 7 * HOUR - MINUTE - 1, open(7 * HOUR))).toBe(false);
  });

  it("until a last safe moment, of which nothing is left shortly before the end", () => {
    expect(lastSafeMoment(noon, open(HOUR))).toBe(noon + HOUR - MINUTE - ROOM_TO_LEAVE);
    expect(lastSafeMoment(noon, open(3 * MINUTE))).toBeNull();
    expect(lastSafeMoment(noon, { state: "never_opened", ways: [] })).toBeNull();
  });
});

describe("the form of a moment", () => {
  it("gives back what it was given", () => {
    expect(fieldsOf(noon)).toEqual({ date: "2026-03-11", time: "12:00" });
    expect(momentOf("2026-03-11", "12:00")).toBe(noon);
  });

  it.each([
    ["", "12:00"],
    ["2026-03-11", ""],
    ["11.3.2026", "12:00"],
  ])("is no moment with %j and %j", (date, time) => {
    expect(momentOf(date, time)).toBeNull();
  });
});
