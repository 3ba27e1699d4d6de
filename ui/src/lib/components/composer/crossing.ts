/** What somebody else of ours said in the chat that one is writing in. */
import type { AgentId } from "$lib/protocol/AgentId";
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

/**
 * The newest live message that the phone or a colleague sent. Texts that were not sent, held
 * ones among them, are nobody's word to the customer and cross nothing.
 */
export function newestOfOthers(items: ThreadItem[], me: AgentId | null): MessageRow | null {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item?.item !== "message" || item.row.provenance !== "live") continue;
    const { author, delivery, content } = item.row;
    if (author.by === "customer" || author.by === "platform") continue;
    if (content.kind === "call" || content.kind === "notice") continue;
    if (author.by === "agent" && author.agent === me) continue;
    if (delivery?.state === "parked" || delivery?.state === "failed") continue;
    return item.row;
  }
  return null;
}
