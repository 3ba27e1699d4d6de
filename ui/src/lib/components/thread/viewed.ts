/**
 * What the viewer shows: the pictures of a chat one by one, be they messages of their own or on top
 * of a template or of one of its cards.
 */
import type { Author } from "$lib/protocol/Author";
import type { Content } from "$lib/protocol/Content";
import type { Media } from "$lib/protocol/Media";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { Time } from "$lib/protocol/Time";

import { isOnlySaved } from "./pictures";

/** A message, or something in this desktop's outbox that will be one. */
export interface Source {
  id: string;
  author: Author;
  at: Time;
  content: Content;
}

export interface Viewed {
  /** The same picture may be on top of many messages. */
  key: string;
  media: Media;
  caption: string | null;
  author: Author;
  at: Time;
}

function mediaIn(content: Content): Media[] {
  if (content.kind === "image") return [content.media];
  if (content.kind !== "template") return [];
  const { template } = content;
  const files = [
    template.header_media === "image" ? template.header_file : null,
    ...template.cards.map((card) => (card.header_media === "image" ? card.file : null)),
  ];
  return files.filter((file) => file !== null);
}

/** One picture of a message: the given one, or the only one that it has. */
export function viewed(source: Source, given?: Media): Viewed | null {
  const { id, content, author, at } = source;
  const media = given ?? (content.kind === "sticker" ? content.media : mediaIn(content)[0]);
  if (!media) return null;
  const caption = content.kind === "image" ? content.caption : null;
  return { key: `${id} ${media.id}`, media, caption, author, at };
}

/** All pictures of the thread that can be shown, oldest first; stickers are none. */
export function allViewed(items: ThreadItem[]): Viewed[] {
  const all = new Map<string, Viewed>();
  for (const item of items) {
    if (item.item !== "message") continue;
    for (const media of mediaIn(item.row.content)) {
      const one = viewed(item.row, media);
      if (one && media.state === "stored" && !isOnlySaved(media)) all.set(one.key, one);
    }
  }
  return [...all.values()];
}
