/** What the fake hub makes of a call by the customer. */
import type { Call } from "$lib/protocol/Call";
import type { Content } from "$lib/protocol/Content";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { Time } from "$lib/protocol/Time";

import { MINUTE, STORY_NOW } from "./cast";
import { message } from "./threads";
import { type Chat, freshId } from "./world";

/** The word of a row for what was said last. A call that nobody took is worth one of its own. */
export function kindWord(content: Content): string {
  if (content.kind !== "call") return content.kind;
  const { by_customer, answered, declined, ended } = content.call;
  return by_customer && !answered && (declined || ended) ? "missed_call" : "call";
}

/** A customer calls, which opens the window. Who talked with us on the phone does not wait. */
export function customerCalled(chat: Chat, answered: boolean, now: Time): ThreadItem {
  const call: Call = {
    by_customer: true,
    answered,
    declined: false,
    ended: true,
    seconds: answered ? 95 : null,
  };
  const at = now - MINUTE;
  const item = message(chat.row.id, "customer", at, { kind: "call", call });
  const { row } = chat;
  chat.items.push(item);
  row.facts.last_opening = {
    event_id: freshId("wacid."),
    kind: "customer_call",
    meta_at: at,
    received_at: now,
  };
  row.phone_first = null;
  row.only_history = false;
  row.first_customer_message_at ??= at;
  row.last_customer_message_at = at;
  row.progress = { state: "open" };
  if (!answered) {
    row.waiting_since ??= at;
    row.unread += 1;
  }
  return item;
}

/** A call of a minute before the story begins. */
export function noteCall(chat: Chat, answered: boolean): void {
  const item = customerCalled(chat, answered, STORY_NOW);
  if (item.item !== "message") return;
  const { id, author, at, content } = item.row;
  chat.row.activity_at = at;
  chat.row.last = { message: id, author, kind: kindWord(content), preview: "", at, delivery: null };
}
