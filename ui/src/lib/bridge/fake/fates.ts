/** What becomes of the next message, for watching it: its answer is lost, or Meta disputes it. */
import type { Delivery } from "$lib/protocol/Delivery";

export type Fate = "lost" | "disputed";

/** The steps of one message's way: after so many milliseconds, so far. */
export interface Step {
  after: number;
  delivery: (now: number) => Delivery;
}

const reached =
  (state: "accepted" | "delivered" | "read") =>
  (now: number): Delivery => ({ state, at: now });

/** Without a fate all goes well. */
export function wayOf(fate: Fate | null): Step[] {
  switch (fate) {
    case null:
      return [
        { after: 500, delivery: reached("accepted") },
        { after: 1300, delivery: reached("delivered") },
        { after: 4000, delivery: reached("read") },
      ];
    case "lost":
      return [
        { after: 500, delivery: (now) => ({ state: "uncertain", since: now }) },
        // WhatsApp's own report settles it.
        { after: 3500, delivery: reached("delivered") },
      ];
    case "disputed":
      return [
        { after: 500, delivery: reached("accepted") },
        {
          after: 1300,
          delivery: (now) => ({
            state: "parked",
            since: now,
            why: { why: "disputed", meta_code: 131_047 },
          }),
        },
      ];
  }
}
