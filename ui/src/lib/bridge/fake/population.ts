/** The world as the fake team finds it, by what the address asks for. */
import { at, cast, DAY, extras, hardNames, inbox, type Part, SECOND, STORY_NOW } from "./cast";
import { keptItems } from "./health";
import { firstStarts } from "./starts";
import { earlierWindows } from "./threads";
import { type Chat, rowOf, type World } from "./world";

export function populated(query: URLSearchParams): World {
  const parts: Part[] = [...cast.map((part) => ({ ...part }))];
  if (query.has("hard")) parts.unshift(...hardNames);
  const closing = Number(query.get("closing") ?? "0");
  if (closing > 0) {
    const yusuf = parts.find((part) => part.id.startsWith("yusuf"));
    if (yusuf) yusuf.opened = STORY_NOW - DAY + closing * SECOND;
  }
  const extra = Number(query.get("extra") ?? "28");
  parts.push(...extras(extra));
  const chats = new Map<string, Chat>();
  for (const part of query.has("empty") ? [] : parts) {
    const row = rowOf(part);
    chats.set(part.id, {
      row,
      // Threads are made when they are opened.
      items: [],
      complete: false,
      drafts: part.draft
        ? [
            {
              conversation: part.id,
              mode: "reply",
              body: part.draft,
              reply_to: null,
              files: [],
              saved_at: at(0, 13, 59),
            },
          ]
        : [],
      earlier: part.id.startsWith("maren") ? earlierWindows : [],
    });
  }
  return {
    inbox: inbox(),
    chats,
    starts: query.has("starts") ? firstStarts() : [],
    joined: new Map(),
    kept: keptItems(),
    health: {},
    numberHealth: {},
  };
}
