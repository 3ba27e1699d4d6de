/** What Meta tells about a chat, in words, with what it means for us. */
import { t } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";
import type { MessageRow } from "$lib/protocol/MessageRow";

import { isolated } from "./names";

export interface NoticeWords {
  icon: IconName;
  words: string;
  /** What somebody left in writing, quoted. */
  summary: string | null;
  /** Meta's own word, where we have none. */
  raw: string | null;
}

/** Who else answers a chat, as far as Meta's word for it says. */
export function handlerKind(handler: string | null): "another" | "ai_agent" | "named" {
  if (handler === null || handler === "") return "another";
  return ["ai_agent", "business_ai", "meta_business_agent"].includes(handler)
    ? "ai_agent"
    : "named";
}

function handlerWords(handler: string | null): string {
  return t(`thread.handler.${handlerKind(handler)}`, { handler: handler ?? "" });
}

/** `name` is the customer in a sentence. */
export function noticeWords(row: MessageRow, name: string): NoticeWords {
  const plain = { summary: null, raw: null };
  if (row.content.kind !== "notice") {
    return { icon: "info", words: t("thread.notice.other"), summary: null, raw: row.content.kind };
  }
  const { notice } = row.content;
  switch (notice.notice) {
    case "number_changed":
      return {
        ...plain,
        icon: "phone",
        words:
          notice.to === null
            ? t("thread.notice.number_changed", { name })
            : t("thread.notice.number_changed_to", { name, number: isolated(notice.to) }),
      };
    case "id_changed":
      return { ...plain, icon: "user", words: t("thread.notice.id_changed", { name }) };
    case "security_code_changed":
      return { ...plain, icon: "lock", words: t("thread.notice.security_code", { name }) };
    case "marketing_stopped":
      return { ...plain, icon: "ban", words: t("thread.notice.marketing_stopped", { name }) };
    case "marketing_resumed":
      return { ...plain, icon: "check", words: t("thread.notice.marketing_resumed", { name }) };
    case "handed_away":
      return {
        ...plain,
        icon: "handoff",
        words: t("thread.notice.handed_away", { handler: handlerWords(notice.to) }),
        summary: notice.summary,
      };
    case "handed_to_us":
      return {
        ...plain,
        icon: "team",
        words:
          notice.from === null
            ? t("thread.notice.handed_to_us")
            : t("thread.notice.handed_to_us_from", { handler: handlerWords(notice.from) }),
        summary: notice.summary,
      };
    case "other":
      return { ...plain, icon: "info", words: t("thread.notice.other"), raw: notice.meta_kind };
    default:
      // A newer hub may know notices that this interface does not.
      return { ...plain, icon: "info", words: t("thread.notice.other") };
  }
}
