/** Words and icons for kinds of content that have no text of their own. */
import type { Key } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";

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
  call_permission: { key: "thread.kind.call_permission", icon: "call" },
  button_reply: { key: "thread.kind.button_reply", icon: "reply" },
  list_reply: { key: "thread.kind.list_reply", icon: "reply" },
  template: { key: "thread.kind.template", icon: "tpl" },
  deleted: { key: "thread.kind.deleted", icon: "ban" },
  not_shown: { key: "thread.kind.not_shown", icon: "info" },
};

export function kindWords(kind: string): { key: Key; icon: IconName } {
  return KINDS[kind] ?? { key: "thread.kind.not_shown", icon: "info" };
}

/** Meta's name for a kind, as words where we have them. */
const META_KINDS: Record<string, Key> = {
  audio: "thread.meta_kind.audio",
  voice: "thread.meta_kind.audio",
  video: "thread.meta_kind.video",
  document: "thread.meta_kind.document",
  sticker: "thread.meta_kind.sticker",
  location: "thread.meta_kind.location",
  contacts: "thread.meta_kind.contacts",
  order: "thread.meta_kind.order",
  reaction: "thread.meta_kind.reaction",
  poll: "thread.meta_kind.poll",
  interactive: "thread.meta_kind.interactive",
  call: "thread.meta_kind.call",
};

export function metaKindKey(kind: string): Key | null {
  return META_KINDS[kind] ?? null;
}
