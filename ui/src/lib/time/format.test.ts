import { beforeEach, describe, expect, it } from "vitest";

import { chooseLanguage } from "$lib/i18n";

import { DAY, HOUR, MINUTE, SECOND } from "./face";
import {
  clockTime,
  columnTime,
  compact,
  dayHeading,
  daysAgo,
  dayTime,
  faceText,
  lasted,
  left,
  nearTime,
  precise,
  rowTime,
} from "./format";

const NOW = new Date(2026, 10, 19, 14, 22, 6).getTime();
const on = (day: number, hour: number, minute: number): number =>
  new Date(2026, 10, day, hour, minute).getTime();

beforeEach(() => chooseLanguage("en-GB"));

describe("time left", () => {
  it.each([
    [23 * HOUR + 57 * MINUTE, "23h"],
    [4 * HOUR + MINUTE, "4h"],
    [4 * HOUR, "4h"],
    [3 * HOUR + 12 * MINUTE + 59 * SECOND, "3h 12m"],
    [HOUR, "1h"],
    [59 * MINUTE + 59 * SECOND, "59m"],
    [10 * MINUTE + 1, "10m"],
    [10 * MINUTE, "10:00"],
    [8 * MINUTE + 40 * SECOND + 1, "8:41"],
    [SECOND, "0:01"],
    [1, "0:01"],
  ])("%d ms is %s", (ms, words) => {
    expect(left(ms)).toBe(words);
  });

  it("keeps the minutes of long times when there is room", () => {
    expect(left(5 * HOUR + 58 * MINUTE, true)).toBe("5h 58m");
  });

  it("never shows a time on a closed clock", () => {
    const face = { face: "open", opened_at: NOW - DAY, closes_at: NOW } as const;
    expect(faceText(face, NOW - 1)).toBe("0:01");
    expect(faceText(face, NOW)).toBe("closed");
  });
});

it("says how long something lasted", () => {
  expect(lasted(20 * SECOND)).toBe("just now");
  expect(lasted(14 * MINUTE)).toBe("14 min");
  expect(lasted(23 * HOUR + 51 * MINUTE)).toBe("23h 51m");
  expect(lasted(5 * HOUR)).toBe("5h");
  expect(lasted(3 * DAY)).toBe("3 days");
});

it("shows moments as near as they are", () => {
  expect(rowTime(on(19, 9, 5), NOW)).toBe("09:05");
  expect(rowTime(on(18, 14, 30), NOW)).toBe("Wed");
  expect(rowTime(on(2, 14, 30), NOW)).toBe("2 Nov");
  expect(rowTime(new Date(2025, 1, 2).getTime(), NOW)).toBe("2 Feb 2025");
  expect(nearTime(on(18, 14, 2), NOW)).toBe("yesterday 14:02");
  expect(nearTime(on(20, 9, 12), NOW)).toBe("tomorrow 09:12");
  expect(dayTime(on(19, 17, 34), NOW)).toBe("today 17:34");
  expect(columnTime(on(18, 17, 34), NOW)).toBe("Wed 17:34");
  expect(dayHeading(on(19, 1, 0), NOW)).toBe("Today");
  expect(dayHeading(on(18, 1, 0), NOW)).toBe("Yesterday, Wednesday 18 November");
  expect(precise(new Date(2026, 10, 18, 17, 34, 8).getTime())).toBe("Wed 18 Nov, 17:34:08");
});

it("counts days by the calendar and not by 24 hours", () => {
  expect(daysAgo(on(18, 23, 59), on(19, 0, 1))).toBe(1);
  expect(daysAgo(on(19, 0, 1), on(19, 23, 59))).toBe(0);
  expect(daysAgo(on(20, 0, 0), on(19, 23, 59))).toBe(-1);
});

it("fits large counts into small places", () => {
  expect(compact(999)).toBe("999");
  expect(compact(10_020)).toBe("10k");
});

it("follows the language", () => {
  chooseLanguage("de");
  expect(clockTime(on(19, 9, 5))).toBe("09:05");
  expect(rowTime(on(18, 9, 5), NOW)).toBe("Mi");
});
