import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { TeamClock } from "./hub-clock.svelte";

const NOON = Date.UTC(2026, 10, 19, 12);
let elapsed = 0;
let clock: TeamClock;

function pass(ms: number): void {
  elapsed += ms;
  vi.advanceTimersByTime(ms);
}

function visible(state: DocumentVisibilityState): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  elapsed = 5_000;
  clock = new TeamClock(() => elapsed);
  clock.start();
  clock.set({ now: NOON, rate: 1 });
});
afterEach(() => {
  clock.stop();
  vi.useRealTimers();
});

it("counts from what the hub said, second by second", () => {
  expect(clock.now).toBe(NOON);
  pass(1000);
  expect(clock.now).toBe(NOON + 1000);
  pass(400);
  expect(clock.now).toBe(NOON + 1000);
  expect(clock.exact()).toBe(NOON + 1400);
});

it("does not ask the workstation's clock", () => {
  vi.setSystemTime(new Date(1999, 0, 1));
  pass(1000);
  expect(clock.now).toBe(NOON + 1000);
});

it("ticks on whole seconds of the team's time", () => {
  clock.set({ now: NOON + 300, rate: 1 });
  pass(700);
  expect(clock.now).toBe(NOON + 1000);
});

it("runs at the hub's rate", () => {
  clock.set({ now: NOON, rate: 60 });
  pass(1000);
  expect(clock.now).toBe(NOON + 60_000);
});

it("rests while nobody looks, and is right at once when somebody does", () => {
  visible("hidden");
  const before = clock.now;
  pass(90_000);
  expect(clock.now).toBe(before);
  expect(vi.getTimerCount()).toBe(0);
  visible("visible");
  expect(clock.now).toBe(NOON + 90_000);
});

it("follows the hub when it corrects the time, also backwards", () => {
  pass(10_000);
  clock.set({ now: NOON + 4_000, rate: 1 });
  expect(clock.now).toBe(NOON + 4_000);
});
