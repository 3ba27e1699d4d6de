/** What the fake hub does with questions, reactions and texts for later. */
import type { Content } from "$lib/protocol/Content";
import type { Delivery } from "$lib/protocol/Delivery";
import type { Outgoing } from "$lib/protocol/Outgoing";
import type { Reaction } from "$lib/protocol/Reaction";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { Time } from "$lib/protocol/Time";

import { SAMI } from "./cast";
import { message } from "./threads";
import type { Chat, World } from "./world";

export function contentOf(outgoing: Outgoing): Content {
  return outgoing.kind === "location" ? { ...outgoing, url: null } : outgoing;
}

/** Puts ours on a message, or takes it away. `settled` is called when it has arrived. */
export function react(
  item: ThreadItem & { item: "message" },
  emoji: string | null,
  now: Time,
  settled: () => void,
): void {
  const others = item.row.reactions.filter((reaction) => reaction.by.by === "customer");
  item.row.rev += 1;
  if (emoji === null) {
    item.row.reactions = others;
    return;
  }
  const mine: Reaction = {
    emoji,
    by: { by: "agent", agent: SAMI },
    at: now,
    delivery: { state: "queued" },
  };
  item.row.reactions = [...others, mine];
  setTimeout(() => {
    // The eggplant is what this team's number may not send.
    const delivery: Reaction["delivery"] =
      emoji === "🍆"
        ? {
            state: "failed",
            at: now,
            failure: { code: "bad_request", meta_code: 131009, detail: null },
          }
        : null;
    item.row.reactions = item.row.reactions.map((one) =>
      one.by.by !== "customer" && one.emoji === emoji ? { ...one, delivery } : one,
    );
    item.row.rev += 1;
    settled();
  }, 700);
}

/** A text that waits for its moment. */
export function scheduled(chat: Chat, body: string, at: Time, now: Time): ThreadItem {
  const item = message(chat.row.id, { agent: SAMI }, now, body, {
    delivery: { state: "scheduled", at },
  });
  if (item.item === "message") item.row.wamid = null;
  chat.items.push(item);
  chat.drafts = chat.drafts.filter((draft) => draft.mode !== "reply");
  return item;
}

/** The texts whose moment has come. */
export function dueTexts(world: World, now: Time): string[] {
  const due: string[] = [];
  for (const chat of world.chats.values()) {
    for (const item of chat.items) {
      if (item.item !== "message" || item.row.delivery?.state !== "scheduled") continue;
      if (item.row.delivery.at <= now) due.push(item.row.id);
    }
  }
  return due;
}

/** The window closed before its moment: it waits for a person. */
export function overdue(now: Time): Delivery {
  return { state: "parked", since: now, why: { why: "deadline_passed", deadline: now } };
}
