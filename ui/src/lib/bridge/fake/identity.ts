/** Chats of one person: two that may be one, joined and taken apart again. */
import type { Doubt } from "$lib/protocol/Doubt";

import { SAMI } from "./cast";
import { itemsOf } from "./threads";
import type { Chat, World } from "./world";

function doubtful(world: World, merge: string): { chat: Chat; doubt: Doubt }[] {
  return [...world.chats.values()].flatMap((chat) => {
    const doubt = chat.row.doubts.find((one) => one.merge === merge);
    return doubt ? [{ chat, doubt }] : [];
  });
}

function filled(chat: Chat): Chat {
  if (chat.items.length === 0) chat.items = itemsOf(chat.row);
  return chat;
}

/** Says that two chats may belong to one person. */
export function doubt(world: World, merge: string, a: Chat, b: Chat, since: number): void {
  const say = (here: Chat, other: Chat): void => {
    here.row.doubts.push({
      merge,
      other: other.row.id,
      other_name: other.row.customer.name,
      shared_number: here.row.customer.number_shown,
      since,
    });
  };
  say(a, b);
  say(b, a);
  world.chats.set(a.row.id, a).set(b.row.id, b);
}

/** Whether there was such a pair. The chat with the newer word takes the other one in. */
export function joinChats(world: World, merge: string, now: number): boolean {
  const [into, from] = doubtful(world, merge)
    .map(({ chat }) => filled(chat))
    .sort((a, b) => b.row.activity_at - a.row.activity_at);
  if (!into || !from) return false;
  keepApart(world, merge);
  into.items = [
    ...into.items,
    ...from.items.map((item) =>
      item.item === "message" || item.item === "note"
        ? ({ ...item, row: { ...item.row, conversation: into.row.id } } as typeof item)
        : item,
    ),
  ];
  into.row.joined.push({ merge, other_name: from.row.customer.name, at: now, by: SAMI });
  into.row.rev += 1;
  world.chats.delete(from.row.id);
  world.joined.set(merge, from);
  return true;
}

export function keepApart(world: World, merge: string): boolean {
  const pair = doubtful(world, merge);
  for (const { chat } of pair) {
    chat.row.doubts = chat.row.doubts.filter((one) => one.merge !== merge);
    chat.row.rev += 1;
  }
  return pair.length > 0;
}

export function splitChats(world: World, merge: string): boolean {
  const taken = world.joined.get(merge);
  for (const chat of world.chats.values()) {
    if (!chat.row.joined.some((one) => one.merge === merge)) continue;
    chat.row.joined = chat.row.joined.filter((one) => one.merge !== merge);
    chat.row.rev += 1;
    if (!taken) return true;
    const theirs = new Set(
      taken.items.map((item) => (item.item === "queued" ? item.client_ref : item.row.id)),
    );
    chat.items = chat.items.filter(
      (item) => !theirs.has(item.item === "queued" ? item.client_ref : item.row.id),
    );
    world.joined.delete(merge);
    world.chats.set(taken.row.id, taken);
    return true;
  }
  return false;
}
