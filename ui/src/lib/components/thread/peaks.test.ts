import { expect, it } from "vitest";

import { BARS, EVEN, peaksOf, shapeOf } from "./peaks";

it("draws the loudest part whole, and a part of a quarter of its loudness half as high", () => {
  const samples = new Float32Array(400);
  samples.fill(0.8, 0, 100);
  samples.fill(-0.2, 100, 200);
  expect(peaksOf(samples, 4).map((one) => Math.round(one * 100))).toEqual([100, 50, 0, 0]);
});

it("has a bar for every part, also where there are fewer samples than bars", () => {
  expect(peaksOf(new Float32Array(10_000).fill(0.5))).toHaveLength(BARS);
  expect(peaksOf(new Float32Array([0.5, 0.5]), 5)).toEqual([1, 1, 1, 1, 1]);
  expect(peaksOf(new Float32Array(0))).toEqual([]);
});

it("leaves silence flat instead of drawing its noise large", () => {
  expect(peaksOf(new Float32Array(100).fill(0.0001), 3)).toEqual([0, 0, 0]);
});

it("gives up quietly where the browser cannot read the sound", async () => {
  expect(await shapeOf(new ArrayBuffer(8))).toBeNull();
  class Broken {
    decodeAudioData(): Promise<never> {
      return Promise.reject(new Error("not a sound"));
    }
  }
  globalThis.OfflineAudioContext = Broken as never;
  try {
    expect(await shapeOf(new ArrayBuffer(8))).toBeNull();
  } finally {
    delete (globalThis as { OfflineAudioContext?: unknown }).OfflineAudioContext;
  }
  expect(new Set(EVEN).size).toBe(1);
});
