/** The provenance of the fake windows. */
import type { ConversationRow } from "$lib/protocol/ConversationRow";
import type { InboxRow } from "$lib/protocol/InboxRow";
import type { WhyWindow } from "$lib/protocol/WhyWindow";

import { ANA, at, DAY, HOUR, JONAH, MEI, SAMI } from "./cast";
import { faceOf } from "./world";

/** Why the window of a chat is as it is, for the story's chats and for any other. */
export function whyOf(row: ConversationRow, inbox: InboxRow, now: number): WhyWindow {
  const face = faceOf(row, inbox, now);
  const opening = row.facts.last_opening;
  const opened_at = opening ? Math.min(opening.meta_at, opening.received_at) : 0;
  const name = row.id.startsWith("maren");
  return {
    window:
      face.face === "open"
        ? {
            state: "open",
            opened_by: "customer_message",
            opened_at,
            closes_at: face.closes_at,
          }
        : face.face === "closed"
          ? { state: "closed", since: face.since }
          : face.face === "disputed"
            ? {
                state: "disputed",
                since: face.since,
                refused: row.facts.last_refusal?.message ?? "",
              }
            : { state: "never_opened" },
    opened_by: opening,
    opening_preview: opening
      ? name
        ? "OK, go ahead then. Could it be done by Saturday?"
        : row.last?.author.by === "customer"
          ? row.last.preview
          : "OK, thank you!"
      : null,
    refused: row.facts.last_refusal,
    closes_at: opening ? opened_at + DAY : null,
    did_not_count: name
      ? [
          { kind: "our_message", at: at(0, 14, 22), by: SAMI, preview: null, count: 2 },
          { kind: "our_message", at: at(0, 9, 40), by: JONAH, preview: null, count: 1 },
          { kind: "edit", at: at(-1, 19, 22), by: null, preview: null, count: 1 },
          { kind: "echo", at: at(-1, 16, 31), by: ANA, preview: "On the stand now.", count: 1 },
          { kind: "history", at: at(-2, 9, 0), by: null, preview: null, count: 61 },
        ]
      : row.only_history
        ? [{ kind: "history", at: row.activity_at, by: null, preview: null, count: 23 }]
        : row.phone_first
          ? [{ kind: "echo", at: row.phone_first.at, by: SAMI, preview: null, count: 1 }]
          : opened_at < now - HOUR && row.last?.author.by !== "customer"
            ? [{ kind: "our_message", at: row.activity_at, by: MEI, preview: null, count: 1 }]
            : [],
    worked_out_at: now,
    meta_clock_offset_ms: 180,
  };
}
