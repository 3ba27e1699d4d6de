/** The second line of a row: what was said last, by whom, in a few words. */
import { t, type Key } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";
import type { LastLine } from "$lib/protocol/LastLine";

const kinds: Record<string, { icon: IconName; key: Key }> = {
  image: { icon: "image", key: "kind.image" },
  video: { icon: "play", key: "kind.video" },
  audio: { icon: "mic", key: "kind.audio" },
  voice: { icon: "mic", key: "kind.audio" },
  document: { icon: "doc", key: "kind.document" },
  sticker: { icon: "smile", key: "kind.sticker" },
  location: { icon: "info", key: "kind.location" },
  contacts: { icon: "user", key: "kind.contacts" },
  form: { icon: "doc", key: "kind.form" },
  order: { icon: "coin", key: "kind.order" },
  call_permission: { icon: "call", key: "kind.call_permission" },
  deleted: { icon: "ban", key: "kind.deleted" },
  call: { icon: "calling", key: "kind.call" },
  missed_call: { icon: "missed", key: "kind.call_missed" },
  notice: { icon: "info", key: "kind.notice" },
  template: { icon: "tpl", key: "kind.template" },
  question: { icon: "ask", key: "kind.question" },
};

export interface Preview {
  /** Who of ours said it, before the words. */
  by: string | null;
  icon: IconName | null;
  text: string;
  /** It was typed on the phone. */
  phone: boolean;
}

export function previewOf(
  last: LastLine,
  names: { isMe: (id: string) => boolean; name: (id: string | null) => string | null },
): Preview {
  const kind = kinds[last.kind];
  const author = last.author;
  const speaker =
    author.by === "agent" ? author.agent : author.by === "phone" ? author.claimed_by : null;
  // Who called is the first thing one wants to know.
  const theyCalled = last.kind === "call" && author.by === "customer";
  const isTemplate = last.kind === "template";
  return {
    // A template speaks for the shop; its own mark says so.
    by: isTemplate ? null : names.isMe(speaker ?? "") ? t("row.you") : names.name(speaker),
    icon: theyCalled ? "called" : (kind?.icon ?? null),
    text:
      last.preview ||
      t(
        theyCalled
          ? "kind.call_theirs"
          : (kind?.key ?? (last.kind === "text" ? "kind.empty" : "kind.other")),
      ),
    phone: author.by === "phone",
  };
}
