/**
 * The thread as a flat list of lines: messages, notes and what stands between them.
 *
 * Pure: it knows the view that the engine sent and the reader's time zone, not the screen.
 * The virtual list draws one element per line and keeps it by `key`.
 */

import type { AgentId } from "$lib/protocol/AgentId";
import type { Author } from "$lib/protocol/Author";
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { NoteRow } from "$lib/protocol/NoteRow";
import type { QueuedItem } from "$lib/protocol/QueuedItem";
import type { QuoteView } from "$lib/protocol/QuoteView";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { ThreadView } from "$lib/protocol/ThreadView";
import type { Time } from "$lib/protocol/Time";

import { isOnlySaved } from "./pictures";

export type Side = "theirs" | "ours";

/** Who stands above the first bubble of a group. */
export type ByLine =
  | { by: "agent"; agent: AgentId; template: boolean }
  | { by: "phone"; claimedBy: AgentId | null }
  | { by: "other_app" };

export type Line =
  | { kind: "day"; key: string; at: Time }
  | { kind: "unread"; key: string; count: number }
  | { kind: "imported"; key: string }
  | { kind: "closed"; key: string; at: Time }
  | {
      kind: "message";
      key: string;
      row: MessageRow;
      quote: QuoteView | null;
      side: Side;
      joined: boolean;
      by: ByLine | null;
    }
  | { kind: "note"; key: string; row: NoteRow }
  /** Said by nobody: Meta tells something about the chat. */
  | { kind: "notice"; key: string; row: MessageRow }
  | { kind: "queued"; key: string; item: QueuedItem; joined: boolean; by: ByLine | null };

/** Bubbles of one author closer than this stand together. */
const TOGETHER_MS = 5 * 60 * 1000;

/** A day of the reader's calendar as a comparable text. */
export function dayOf(at: Time): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function sideOf(author: Author): Side {
  return author.by === "customer" ? "theirs" : "ours";
}

/** The side of who wrote, or of who called. */
function sideOfRow(row: MessageRow): Side {
  if (row.content.kind === "call") return row.content.call.by_customer ? "theirs" : "ours";
  return sideOf(row.author);
}

/** Whether a row is a notice of Meta's rather than something that somebody said. */
export function isNotice(row: MessageRow): boolean {
  return (
    row.content.kind === "notice" || (row.author.by === "platform" && row.content.kind !== "call")
  );
}

/** When the window closed, if the thread should say so in its course. */
export function closedAt(view: Pick<ThreadView, "composer">): Time | null {
  const { composer } = view;
  return composer.state === "closed" && composer.why.why === "ran_out"
    ? composer.why.closed_at
    : null;
}

export function timeOf(item: ThreadItem): Time {
  return item.item === "queued" ? item.at : item.row.at;
}

/** The lines of a thread in the order of reading. `me` signs what waits in this outbox. */
export function linesOf(
  view: Pick<ThreadView, "items" | "composer" | "unread_from">,
  me: AgentId,
): Line[] {
  const lines: Line[] = [];
  const closed = closedAt(view);
  let closedSaid = closed === null;
  let unreadSaid = view.unread_from === null;
  let day: string | null = null;
  let imported = false;
  let before: { author: string; at: Time } | null = null;

  for (const item of view.items) {
    const at = timeOf(item);
    if (!closedSaid && closed !== null && at >= closed) {
      pushClosed(lines, closed);
      closedSaid = true;
      before = null;
    }
    if (dayOf(at) !== day) {
      day = dayOf(at);
      lines.push({ kind: "day", key: `day-${day}`, at });
      before = null;
    }
    if (item.item === "message") {
      const { row } = item;
      if (row.provenance === "history") imported = true;
      else if (imported) {
        lines.push({ kind: "imported", key: "imported" });
        imported = false;
        before = null;
      }
      if (
        !unreadSaid &&
        view.unread_from !== null &&
        row.author.by === "customer" &&
        row.position >= view.unread_from
      ) {
        lines.push({ kind: "unread", key: "unread", count: countUnread(view.items, row.position) });
        unreadSaid = true;
        before = null;
      }
      if (isNotice(row)) {
        lines.push({ kind: "notice", key: row.id, row });
        before = null;
        continue;
      }
      const author = authorKey(row.author);
      const joined = before !== null && before.author === author && at - before.at < TOGETHER_MS;
      const template = row.content.kind === "template";
      lines.push({
        kind: "message",
        key: row.client_ref ?? row.id,
        row,
        quote: item.quote,
        side: sideOfRow(row),
        joined: joined && !template,
        // A run of one author's bubbles is signed once, also when it pauses for a while.
        by: template || before === null || before.author !== author ? byLine(row) : null,
      });
      // Nobody signs a call, so what follows one is signed anew.
      before = row.content.kind === "call" ? null : { author, at };
    } else if (item.item === "note") {
      lines.push({ kind: "note", key: item.row.client_ref ?? item.row.id, row: item.row });
      before = null;
    } else {
      const author = `agent ${me}`;
      const same: boolean = before !== null && before.author === author;
      lines.push({
        kind: "queued",
        key: item.client_ref,
        item,
        joined: same && before !== null && at - before.at < TOGETHER_MS,
        by: same ? null : { by: "agent", agent: me, template: false },
      });
      before = { author, at };
    }
  }
  if (!closedSaid && closed !== null) {
    if (day !== null && dayOf(closed) !== day) {
      lines.push({ kind: "day", key: `day-${dayOf(closed)}`, at: closed });
    }
    pushClosed(lines, closed);
  }
  return withOwnKeys(lines);
}

/** The list cannot draw two lines with one key, so a second one gets a key of its own. */
function withOwnKeys(lines: Line[]): Line[] {
  const seen = new Set<string>();
  for (const line of lines) {
    while (seen.has(line.key)) line.key += "'";
    seen.add(line.key);
  }
  return lines;
}

function pushClosed(lines: Line[], at: Time): void {
  lines.push({ kind: "closed", key: `closed-${at}`, at });
}

function countUnread(items: ThreadItem[], from: string): number {
  return items.filter(
    (item) =>
      item.item === "message" && item.row.author.by === "customer" && item.row.position >= from,
  ).length;
}

function authorKey(author: Author): string {
  switch (author.by) {
    case "agent":
      return `agent ${author.agent}`;
    case "phone":
      return `phone ${author.claimed_by ?? ""}`;
    case "customer":
    case "other_app":
    case "platform":
      return author.by;
  }
}

function byLine(row: MessageRow): ByLine | null {
  // A call was not typed; its own line says how it went.
  if (row.content.kind === "call") return null;
  switch (row.author.by) {
    case "customer":
    case "platform":
      return null;
    case "agent":
      return {
        by: "agent",
        agent: row.author.agent,
        template: row.content.kind === "template",
      };
    case "phone":
      return { by: "phone", claimedBy: row.author.claimed_by };
    case "other_app":
      return { by: "other_app" };
  }
}

/** Every picture of the thread, newest first. */
export function picturesOf(items: ThreadItem[]): MessageRow[] {
  const rows: MessageRow[] = [];
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item?.item !== "message" || item.row.content.kind !== "image") continue;
    if (!isOnlySaved(item.row.content.media)) rows.push(item.row);
  }
  return rows;
}

/**
 * A text that waits for a person: parked or held at the hub, or in this outbox, parked or
 * refused.
 */
export type WaitingText =
  | {
      at: "hub";
      row: MessageRow;
      body: string;
      since: Time;
      why: "held" | "deadline" | "disputed";
      deadline: Time | null;
    }
  | {
      at: "here";
      item: QueuedItem;
      body: string;
      since: Time;
      why: "deadline";
      deadline: Time | null;
    };

/** The texts that wait for a person, oldest first. */
export function waitingTexts(items: ThreadItem[]): WaitingText[] {
  const waiting: WaitingText[] = [];
  for (const item of items) {
    if (item.item === "message") {
      const { row } = item;
      if (row.delivery?.state !== "parked" || row.content.kind !== "text") continue;
      const { why } = row.delivery;
      waiting.push({
        at: "hub",
        row,
        body: row.content.body,
        since: row.at,
        why: why.why === "held" ? "held" : why.why === "disputed" ? "disputed" : "deadline",
        deadline: why.why === "deadline_passed" ? why.deadline : null,
      });
    } else if (item.item === "queued" && item.state.state === "parked") {
      if (item.command.do !== "send_text") continue;
      waiting.push({
        at: "here",
        item,
        body: item.command.body,
        since: item.at,
        why: "deadline",
        deadline: item.send_before,
      });
    }
  }
  return waiting;
}

/**
 * The text that the composer offers: while the window is open the oldest one that waits;
 * otherwise, where nothing is typed, the newest.
 */
export function offeredText(
  view: Pick<ThreadView, "items" | "composer">,
  nothingTyped: boolean,
): WaitingText | null {
  const waiting = waitingTexts(view.items);
  if (view.composer.state === "open") return waiting.at(0) ?? null;
  return nothingTyped ? (waiting.at(-1) ?? null) : null;
}

/** What names a text that waits in the thread. */
export function keyOfText(text: WaitingText): string {
  return text.at === "hub" ? text.row.id : text.item.client_ref;
}
