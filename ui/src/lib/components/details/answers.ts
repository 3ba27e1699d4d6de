/** Who answered in the present window. */
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { Time } from "$lib/protocol/Time";

/** Our newest answer since the window opened; texts that did not go out answer nobody. */
export function lastAnswer(items: ThreadItem[], openedAt: Time): MessageRow | null {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item?.item !== "message") continue;
    const { row } = item;
    if (row.at < openedAt) return null;
    // A notice is nobody's word, and a call that nobody took answered nothing.
    if (row.author.by === "platform" || row.content.kind === "notice") continue;
    const { content } = row;
    if (content.kind === "call" && !content.call.by_customer && !content.call.answered) continue;
    if (row.author.by === "customer") {
      // A customer message after our answer waits for the next one.
      return null;
    }
    if (row.delivery?.state !== "parked" && row.delivery?.state !== "failed") return row;
  }
  return null;
}
