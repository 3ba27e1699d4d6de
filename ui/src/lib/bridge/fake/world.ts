/** The fake team's state: conversations, what was written in them, and the rules over it. */
import type { ClockFace } from "$lib/protocol/ClockFace";
import type { Composer } from "$lib/protocol/Composer";
import type { ConversationRow } from "$lib/protocol/ConversationRow";
import type { Delivery } from "$lib/protocol/Delivery";
import type { Draft } from "$lib/protocol/Draft";
import type { HealthReport } from "$lib/protocol/HealthReport";
import type { InboxRow } from "$lib/protocol/InboxRow";
import type { KeptItem } from "$lib/protocol/KeptItem";
import type { Lane } from "$lib/protocol/Lane";
import type { LastLine } from "$lib/protocol/LastLine";
import type { ListRow } from "$lib/protocol/ListRow";
import type { NumberHealth } from "$lib/protocol/NumberHealth";
import type { PhoneStartRow } from "$lib/protocol/PhoneStartRow";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { DAY, HOUR, INBOX, MEI, MINUTE, type Part, SAMI, SECOND, type Voice } from "./cast";

export interface Chat {
  row: ConversationRow;
  items: ThreadItem[];
  complete: boolean;
  drafts: Draft[];
  earlier: { opened_at: number; answered_after_ms: number | null }[];
}

export interface World {
  inbox: InboxRow;
  chats: Map<string, Chat>;
  starts: PhoneStartRow[];
  /** Chats that were joined into another one, by the join: they can be taken out again. */
  joined: Map<string, Chat>;
  kept: KeptItem[];
  /** What differs from a number in good health. */
  health: Partial<HealthReport>;
  numberHealth: Partial<NumberHealth>;
}

let serial = 0;
export function freshId(kind: string): string {
  serial += 1;
  return `${kind}-${serial}`;
}

export function position(at: number, tie: string): string {
  return `${String(Math.max(0, at)).padStart(15, "0")}-${tie}`;
}

export function authorOf(voice: Voice): LastLine["author"] {
  if (voice === "customer" || voice === "platform") return { by: voice };
  if ("agent" in voice) return { by: "agent", agent: voice.agent };
  return { by: "phone", claimed_by: voice.phone };
}

export function deliveryOf(state: Delivery["state"] | undefined, at: number): Delivery | null {
  switch (state) {
    case undefined:
      return null;
    case "queued":
      return { state };
    case "uncertain":
      return { state, since: at };
    case "parked":
      return { state, since: at, why: { why: "disputed", meta_code: 131047 } };
    case "failed":
      return { state, at, failure: { code: "unknown", meta_code: null, detail: null } };
    case "elsewhere":
      return { state };
    default:
      return { state, at };
  }
}

export function rowOf(part: Part): ConversationRow {
  const digits = part.number.replace(/\D/g, "");
  const opened = part.opened ?? null;
  return {
    id: part.id,
    rev: 1,
    inbox: INBOX,
    customer: {
      id: `customer-${part.id}`,
      name: part.name,
      named: part.name !== part.number,
      number: digits,
      number_shown: part.number,
      username: null,
      about: part.about ?? "",
      blocked:
        part.state === "blocked"
          ? [{ why: "customer_blocked", by: MEI }, part.last.at + MINUTE]
          : null,
      no_marketing_since: null,
    },
    activity_at: part.last.at,
    last: {
      message: `${part.id}-last`,
      author: authorOf(part.last.voice),
      kind: part.last.kind ?? "text",
      preview: part.last.text,
      at: part.last.at,
      delivery: deliveryOf(part.last.delivery, part.last.at + 3 * SECOND),
    },
    unread: part.unread ?? 0,
    waiting_since: part.waiting ?? null,
    facts: {
      last_opening:
        opened === null || part.state === "history"
          ? null
          : {
              event_id: `wamid.${part.id}`,
              kind: "customer_message",
              meta_at: opened,
              received_at: opened + 3 * SECOND,
            },
      last_refusal:
        part.state === "disputed" ? { at: part.last.at, message: `${part.id}-last` } : null,
      moved_at: null,
    },
    phone_first:
      part.state === "phone"
        ? { at: part.last.at, by: typeof part.last.voice === "object" ? SAMI : null }
        : null,
    only_history: part.state === "history",
    first_customer_message_at: part.firstWrote ?? opened,
    last_customer_message_at: part.state === "history" ? part.last.at : opened,
    assignee: part.assignee ?? null,
    progress: { state: "open" },
    labels: part.labels ?? [],
    parked: part.state === "disputed" ? 1 : 0,
    seen_upto: position(0, ""),
    free_until: null,
    elsewhere: null,
    doubts: [],
    joined: [],
  };
}

/** When the customer moved to another number, if they have not written from it since. */
function movedAt(row: ConversationRow): number | null {
  const { last_opening: opening, moved_at } = row.facts;
  if (!opening || moved_at === null) return null;
  return moved_at >= Math.min(opening.meta_at, opening.received_at) ? moved_at : null;
}

export function faceOf(row: ConversationRow, inbox: InboxRow, now: number): ClockFace {
  const paused = inbox.paused ?? row.customer.blocked;
  if (paused) return { face: "paused", since: paused[1] };
  const opening = row.facts.last_opening;
  if (!opening) {
    if (row.phone_first) return { face: "no_answer_yet", at: row.phone_first.at };
    if (row.only_history) return { face: "only_history" };
    return { face: "never_opened" };
  }
  const opened_at = Math.min(opening.meta_at, opening.received_at);
  const moved = movedAt(row);
  if (moved !== null) return { face: "closed", since: Math.min(moved, opened_at + DAY) };
  const refusal = row.facts.last_refusal;
  if (refusal && refusal.at >= opened_at) return { face: "disputed", since: refusal.at };
  const closes_at = opened_at + DAY;
  return now < closes_at
    ? { face: "open", opened_at, closes_at }
    : { face: "closed", since: closes_at };
}

export function composerOf(row: ConversationRow, inbox: InboxRow, now: number): Composer {
  const face = faceOf(row, inbox, now);
  switch (face.face) {
    case "paused": {
      const paused = inbox.paused ?? row.customer.blocked;
      const pause = paused?.[0] ?? { why: "queue_stopped" as const };
      const ways = pause.why === "customer_blocked" ? [] : (["phone"] as const);
      return { state: "paused", pause, since: face.since, ways: [...ways] };
    }
    case "disputed":
      return {
        state: "disputed",
        since: face.since,
        refused: row.facts.last_refusal?.message ?? "",
        closes_at: (row.facts.last_opening?.meta_at ?? 0) + DAY,
        ways: ["template", "phone", "hold", "try_once_more"],
      };
    case "open":
      return face.closes_at - now <= inbox.margin_ms
        ? { state: "closing", closes_at: face.closes_at, ways: ["template", "phone", "hold"] }
        : {
            state: "open",
            opened_at: face.opened_at,
            closes_at: face.closes_at,
            send_before: face.closes_at - inbox.margin_ms,
          };
    case "closed":
      return {
        state: "closed",
        why:
          movedAt(row) === face.since
            ? { why: "moved", at: face.since }
            : { why: "ran_out", closed_at: face.since, last_message_at: face.since - DAY },
        ways: ["template", "phone", "hold"],
      };
    case "no_answer_yet":
      return {
        state: "started_from_phone",
        at: face.at,
        by: row.phone_first?.by ?? null,
        ways: ["phone", "template", "hold"],
      };
    case "only_history":
      return { state: "closed", why: { why: "only_history" }, ways: ["template", "phone", "hold"] };
    case "never_opened":
      return { state: "never_opened", ways: ["template", "phone", "hold"] };
  }
}

export function laneOf(face: ClockFace, now: number): Lane {
  if (face.face !== "open") return "not_open";
  const left = face.closes_at - now;
  if (left <= 0) return "not_open";
  if (left <= 10 * MINUTE) return "under_ten_minutes";
  if (left <= HOUR) return "under_one_hour";
  if (left <= 4 * HOUR) return "under_four_hours";
  return "later";
}

export function listRow(chat: Chat, inbox: InboxRow, now: number): ListRow {
  const { row } = chat;
  const clock = faceOf(row, inbox, now);
  const draft = chat.drafts.find((one) => one.mode === "reply" && one.body.trim() !== "");
  return {
    id: row.id,
    inbox: row.inbox,
    name: row.customer.name,
    named: row.customer.named,
    number_shown: row.customer.number_shown,
    last: row.last,
    activity_at: row.activity_at,
    unread: row.unread,
    assignee: row.assignee,
    draft: draft ? draft.body.slice(0, 80) : null,
    clock,
    waiting_since: row.waiting_since,
    resolved: row.progress.state === "resolved",
    snoozed_until: row.progress.state === "snoozed" ? row.progress.until : null,
    parked: row.parked,
    lane: laneOf(clock, now),
  };
}
