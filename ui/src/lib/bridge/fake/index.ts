/** An engine in memory, in the world of the mockups: for work on the interface and its tests. */
import type { Bridge } from "..";

export function fakeBridge(_query: URLSearchParams): Bridge {
  throw new Error("not yet");
}
