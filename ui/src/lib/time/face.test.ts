import { describe, expect, it } from "vitest";

import type { ClockFace } from "$lib/protocol/ClockFace";

import { bandOf, DAY, fillOf, HOUR, MINUTE, SECOND, shapeOf, timeLeft } from "./face";

const NOON = Date.UTC(2026, 10, 19, 12);
const closing = (after: number): ClockFace => ({
  face: "open",
  opened_at: NOON + after - DAY,
  closes_at: NOON + after,
});

describe("the band of an open window", () => {
  it.each([
    [4 * HOUR + 1, "calm"],
    [4 * HOUR, "notice"],
    [HOUR + 1, "notice"],
    [HOUR, "soon"],
    [10 * MINUTE + 1, "soon"],
    [10 * MINUTE, "urgent"],
    [1, "urgent"],
    [0, "closed"],
    [-SECOND, "closed"],
  ])("%d ms before the close is %s", (after, band) => {
    expect(bandOf(closing(after), NOON)).toBe(band);
  });
});

describe("the shape of the ring", () => {
  it("says every state without colour", () => {
    const faces: ClockFace[] = [
      closing(HOUR),
      { face: "closed", since: NOON },
      { face: "disputed", since: NOON },
      { face: "never_opened" },
      { face: "no_answer_yet", at: NOON },
      { face: "only_history" },
      { face: "paused", since: NOON },
    ];
    const shapes = faces.map((face) => shapeOf(face, NOON));
    expect(new Set(shapes).size).toBe(faces.length);
  });

  it("is closed at the very moment of closing, before any event says so", () => {
    expect(shapeOf(closing(1), NOON)).toBe("draining");
    expect(shapeOf(closing(0), NOON)).toBe("closed");
    expect(timeLeft(closing(0), NOON)).toBeNull();
  });
});

describe("the fill of the ring", () => {
  it("is the square root of the share that is left", () => {
    expect(fillOf(DAY)).toBe(1);
    expect(fillOf(DAY / 4)).toBe(0.5);
    expect(fillOf(0)).toBe(0);
  });

  it("never leaves the ring", () => {
    expect(fillOf(2 * DAY)).toBe(1);
    expect(fillOf(-HOUR)).toBe(0);
  });

  it("shows the last hour as more than a dot", () => {
    expect(fillOf(HOUR)).toBeGreaterThan(0.2);
  });
});
