import { describe, expect, it } from "vitest";

import type { LaneHead } from "$lib/protocol/LaneHead";

import { geometry } from "./geometry";

const sizes = { row: 57, quiet: 44, head: 30, gap: 5 };
const lanes: LaneHead[] = [
  { lane: "under_ten_minutes", from: 0, count: 2, waiting: 1 },
  { lane: "under_one_hour", from: 2, count: 3, waiting: 3 },
  { lane: "later", from: 5, count: 2, waiting: 0 },
];

describe("a plain list", () => {
  const plain = geometry(100_000, [], { row: 50, quiet: 50, head: 0, gap: 0 });

  it("is as high as its rows", () => {
    expect(plain.height).toBe(5_000_000);
    expect(plain.top(99_999)).toBe(4_999_950);
  });

  it("shows the rows that touch the screen, at every scroll position", () => {
    expect(plain.visible(0, 500)).toEqual({ first: 0, last: 9 });
    expect(plain.visible(25, 500)).toEqual({ first: 0, last: 10 });
    expect(plain.visible(4_999_600, 800)).toEqual({ first: 99_992, last: 99_999 });
  });

  it("shows nothing when it is empty", () => {
    expect(geometry(0, [], sizes).visible(0, 500)).toEqual({ first: 0, last: -1 });
  });
});

describe("lanes", () => {
  const placed = geometry(7, lanes, sizes);

  it("put waiting chats first and make answered ones small", () => {
    expect(placed.heads.map((one) => one.top)).toEqual([0, 136, 342]);
    expect(placed.top(0)).toBe(30);
    expect(placed.size(0)).toBe(57);
    expect(placed.top(1)).toBe(87);
    expect(placed.size(1)).toBe(44);
    expect(placed.top(2)).toBe(166);
    expect(placed.top(5)).toBe(372);
    expect(placed.height).toBe(460);
  });

  it("never lie over each other", () => {
    for (let index = 1; index < 7; index += 1) {
      expect(placed.top(index)).toBeGreaterThanOrEqual(
        placed.top(index - 1) + placed.size(index - 1),
      );
    }
  });

  it("show what touches the screen", () => {
    expect(placed.visible(0, 100)).toEqual({ first: 0, last: 1 });
    expect(placed.visible(140, 100)).toEqual({ first: 2, last: 3 });
    expect(placed.visible(380, 200)).toEqual({ first: 5, last: 6 });
  });
});
