/**
 * The shape of a sound: how loud it is, bar by bar.
 *
 * It is worked out here from the bytes that were fetched anyway. A browser that cannot read the
 * format gives an even bar instead; playing never waits for it.
 */

/** Bars of one note; as many as are still told apart at the width of a bubble. */
export const BARS = 42;

/** What a sound shows before, or instead of, its own shape. */
export const EVEN: readonly number[] = Array.from({ length: BARS }, () => 0.3);

/** The loudness of each of `bars` equal parts, from 0 to 1, where 1 is the loudest part. */
export function peaksOf(samples: Float32Array, bars = BARS): number[] {
  if (samples.length === 0 || bars <= 0) return [];
  const loud = Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * samples.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * samples.length) / bars));
    let sum = 0;
    for (let at = from; at < to; at += 1) sum += (samples[at] ?? 0) ** 2;
    return Math.sqrt(sum / (to - from));
  });
  const loudest = Math.max(...loud);
  // Silence is silence, and not noise drawn large.
  if (loudest < 0.001) return loud.map(() => 0);
  // The root keeps a quiet voice visible beside a loud one.
  return loud.map((one) => Math.sqrt(one / loudest));
}

export interface Shape {
  peaks: readonly number[];
  seconds: number;
}

// Speech needs no more, and a long note stays small in memory.
const RATE = 8000;

/** The shape of the sound in `bytes`, or `null` where it cannot be read. */
export async function shapeOf(bytes: ArrayBuffer): Promise<Shape | null> {
  if (typeof OfflineAudioContext !== "function") return null;
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
    return { peaks: peaksOf(sound.getChannelData(0)), seconds: sound.duration };
  } catch {
    return null;
  }
}
