/** Words and icons for kinds of content that have no text of their own. */
import { type Key, t } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";
import type { NotShownWhy } from "$lib/protocol/NotShownWhy";

const KINDS: Record<string, { key: Key; icon: IconName }> = {
  text: { key: "thread.kind.text", icon: "note" },
  image: { key: "thread.kind.image", icon: "image" },
  video: { key: "thread.kind.video", icon: "play" },
  audio: { key: "thread.kind.audio", icon: "mic" },
  document: { key: "thread.kind.document", icon: "doc" },
  sticker: { key: "thread.kind.sticker", icon: "smile" },
  location: { key: "thread.kind.location", icon: "info" },
  contacts: { key: "thread.kind.contacts", icon: "user" },
  form: { key: "thread.kind.form", icon: "doc" },
  order: { key: "thread.kind.order", icon: "coin" },
  call: { key: "thread.kind.call", icon: "call" },
  missed_call: { key: "kind.call_missed", icon: "missed" },
  notice: { key: "thread.kind.notice", icon: "info" },
  call_permission: { key: "thread.kind.call_permission", icon: "call" },
  button_reply: { key: "thread.kind.button_reply", icon: "reply" },
  list_reply: { key: "thread.kind.list_reply", icon: "reply" },
  template: { key: "thread.kind.template", icon: "tpl" },
  question: { key: "thread.kind.question", icon: "ask" },
  deleted: { key: "thread.kind.deleted", icon: "ban" },
  not_shown: { key: "thread.kind.not_shown", icon: "info" },
};

export function kindWords(kind: string): { key: Key; icon: IconName } {
  return KINDS[kind] ?? { key: "thread.kind.not_shown", icon: "info" };
}

/** Meta's name for a kind, as words where we have them. */
const META_KINDS: Record<string, Key> = {
  text: "thread.meta_kind.text",
  image: "thread.meta_kind.image",
  audio: "thread.meta_kind.audio",
  voice: "thread.meta_kind.audio",
  ptt: "thread.meta_kind.audio",
  video: "thread.meta_kind.video",
  ptv: "thread.meta_kind.video_note",
  video_note: "thread.meta_kind.video_note",
  document: "thread.meta_kind.document",
  sticker: "thread.meta_kind.sticker",
  location: "thread.meta_kind.location",
  live_location: "thread.meta_kind.live_location",
  contacts: "thread.meta_kind.contacts",
  order: "thread.meta_kind.order",
  product: "thread.meta_kind.product",
  payment: "thread.meta_kind.payment",
  reaction: "thread.meta_kind.reaction",
  poll: "thread.meta_kind.poll",
  poll_creation: "thread.meta_kind.poll",
  poll_update: "thread.meta_kind.poll_vote",
  poll_vote: "thread.meta_kind.poll_vote",
  event: "thread.meta_kind.event",
  group_invite: "thread.meta_kind.group_invite",
  view_once: "thread.meta_kind.view_once",
  pin: "thread.meta_kind.pin",
  edit: "thread.meta_kind.edit",
  revoke: "thread.meta_kind.revoke",
  interactive: "thread.meta_kind.interactive",
  call: "thread.meta_kind.call",
};

export function metaKindKey(kind: string): Key | null {
  return META_KINDS[kind] ?? null;
}

/** What is said about something that is not here: what it is, and why it is not. */
export interface NotShownWords {
  icon: IconName;
  what: string;
  why: string;
  /** Meta's own word, where we have none. */
  raw: string | null;
}

export function notShownWords(metaKind: string, why: NotShownWhy, customer: string): NotShownWords {
  // What came in a shape that nobody expected may not be what it calls itself.
  const known = why === "malformed" ? null : metaKindKey(metaKind);
  const named = metaKind !== "unsupported" && metaKind !== "unknown" && metaKind !== "";
  return {
    icon: NOT_SHOWN_ICONS[why] ?? "info",
    what: t(known ?? (named ? "thread.not_shown.something" : "thread.meta_kind.text")),
    // An edit is about words that stand above it: the phone has the new ones.
    why:
      why === "unsupported_by_meta" && metaKind === "edit"
        ? t("thread.not_shown.edit")
        : why in NOT_SHOWN_ICONS
          ? t(`thread.not_shown.${why}`, { name: customer })
          : t("thread.not_shown.not_yet"),
    raw: known === null && named ? metaKind : null,
  };
}

const NOT_SHOWN_ICONS: Record<NotShownWhy, IconName> = {
  not_yet: "info",
  unsupported_by_meta: "phone",
  on_the_phone: "phone",
  file_refused_by_meta: "alert",
  too_old_to_import: "import",
  malformed: "info",
};
