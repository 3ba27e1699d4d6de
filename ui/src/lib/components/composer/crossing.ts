/** What somebody else of ours said in the chat that one is writing in. */
import { t } from "$lib/i18n";
import type { AgentId } from "$lib/protocol/AgentId";
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { kindWords } from "../thread/kinds";
import { agentName } from "../thread/names";

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

/** Who said it. */
export function crossingWords(team: Parameters<typeof agentName>[0], row: MessageRow): string {
  if (row.author.by === "phone") {
    return row.author.claimed_by === null
      ? t("composer.crossing.phone")
      : t("composer.crossing.phone_by", { name: agentName(team, row.author.claimed_by) });
  }
  return row.author.by === "agent"
    ? t("composer.crossing.agent", { name: agentName(team, row.author.agent) })
    : t("composer.crossing.other");
}

/** A message in one line of words, where it is quoted. */
export function previewOf(row: MessageRow): string {
  switch (row.content.kind) {
    case "text":
      return row.content.body;
    case "image":
      return row.content.caption ?? t("thread.kind.image");
    case "template":
      return row.content.template.body;
    case "question":
      return row.content.question.body;
    default:
      return t(kindWords(row.content.kind).key);
  }
}
