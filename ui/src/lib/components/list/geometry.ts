/**
 * Where each row of a list lies, from counts alone: the list may have a hundred thousand rows, and
 * only those on the screen exist.
 *
 * In lanes, chats that wait for us come first and are full size, answered ones are small; so a
 * lane's head says all that is needed.
 */
import type { Lane } from "$lib/protocol/Lane";
import type { LaneHead } from "$lib/protocol/LaneHead";

export interface Sizes {
  row: number;
  /** Rows of chats that we answered last, in lanes. */
  quiet: number;
  head: number;
  /** Between one lane and the next. */
  gap: number;
}

interface Run {
  from: number;
  count: number;
  top: number;
  size: number;
}

export interface PlacedHead {
  head: LaneHead;
  top: number;
}

export interface Geometry {
  height: number;
  heads: PlacedHead[];
  /** The first and the last row that are to be seen, both included. */
  visible(top: number, viewport: number): { first: number; last: number };
  top(index: number): number;
  size(index: number): number;
}

export function geometry(total: number, lanes: LaneHead[], sizes: Sizes): Geometry {
  const runs: Run[] = [];
  const heads: PlacedHead[] = [];
  let y = 0;
  const run = (from: number, count: number, size: number): void => {
    if (count <= 0) return;
    runs.push({ from, count, top: y, size });
    y += count * size;
  };
  if (lanes.length === 0) run(0, total, sizes.row);
  for (const head of lanes) {
    if (heads.length > 0) y += sizes.gap;
    heads.push({ head, top: y });
    y += sizes.head;
    run(head.from, head.waiting, sizes.row);
    run(head.from + head.waiting, head.count - head.waiting, sizes.quiet);
  }

  const runOf = (index: number): Run | undefined =>
    runs.find((one) => index >= one.from && index < one.from + one.count);
  return {
    height: y,
    heads,
    top(index) {
      const found = runOf(index);
      return found ? found.top + (index - found.from) * found.size : 0;
    },
    size: (index) => runOf(index)?.size ?? sizes.row,
    visible(top, viewport) {
      const bottom = top + viewport;
      const seen = runs.filter((one) => one.top < bottom && one.top + one.count * one.size > top);
      const start = seen[0];
      const end = seen[seen.length - 1];
      if (!start || !end) return { first: 0, last: -1 };
      return {
        first: start.from + Math.max(0, Math.floor((top - start.top) / start.size)),
        last: Math.min(
          end.from + end.count - 1,
          end.from + Math.ceil((bottom - end.top) / end.size) - 1,
        ),
      };
    },
  };
}

/** The band whose colours a lane wears. */
export const laneBand: Record<Lane, "urgent" | "soon" | "notice" | "calm" | "closed"> = {
  under_ten_minutes: "urgent",
  under_one_hour: "soon",
  under_four_hours: "notice",
  later: "calm",
  not_open: "closed",
};
