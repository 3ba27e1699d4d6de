/** The hand-off link as a code: one path of whole modules, so that it is crisp at any size. */
import { encode } from "uqr";

export interface Code {
  /** Modules along one side, without the quiet zone. */
  size: number;
  path: string;
}

export function codeOf(text: string): Code {
  // Low correction: the screen is clean, and fewer modules are easier to scan across a counter.
  const { data, size } = encode(text, { ecc: "L", border: 0 });
  let path = "";
  for (let y = 0; y < size; y += 1) {
    const row = data[y] ?? [];
    for (let x = 0; x < size; x += 1) {
      if (!row[x]) continue;
      const from = x;
      while (x + 1 < size && row[x + 1]) x += 1;
      path += `M${from} ${y}h${x - from + 1}v1H${from}z`;
    }
  }
  return { size, path };
}

/** Most characters of the first words: a longer link makes a code that phones cannot read. */
export const MAX_FIRST_WORDS = 700;
