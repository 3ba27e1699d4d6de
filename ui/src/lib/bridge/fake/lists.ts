/** Builds the list views of the fake engine. */
import type { Counts } from "$lib/protocol/Counts";
import type { Lane } from "$lib/protocol/Lane";
import type { LaneHead } from "$lib/protocol/LaneHead";
import type { ListQuery } from "$lib/protocol/ListQuery";
import type { ListRow } from "$lib/protocol/ListRow";
import type { ListView } from "$lib/protocol/ListView";

import { HOUR, SAMI } from "./cast";
import { listRow, type World } from "./world";

const LANES: Lane[] = [
  "under_ten_minutes",
  "under_one_hour",
  "under_four_hours",
  "later",
  "not_open",
];

function closes(row: ListRow): number {
  return row.clock.face === "open" ? row.clock.closes_at : Number.MAX_SAFE_INTEGER;
}

function endOfDay(now: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}

/** All rows of the list that `query` names, in order. */
export function rowsOf(world: World, query: ListQuery, now: number): ListRow[] {
  const words = query.search.trim().toLocaleLowerCase();
  const digits = words.replace(/\D/g, "");
  const rows = [...world.chats.values()]
    .map((chat) => listRow(chat, world.inbox, now))
    .filter((row) => {
      if (words !== "") {
        return (
          row.name.toLocaleLowerCase().includes(words) ||
          (digits.length > 2 && (row.number_shown ?? "").replace(/\D/g, "").includes(digits))
        );
      }
      if (row.resolved && !query.resolved) return false;
      if (query.filter === "mine") return row.assignee === SAMI;
      if (query.filter === "unassigned") return row.assignee === null;
      if (query.filter === "expiring")
        return row.clock.face === "open" && closes(row) < endOfDay(now);
      return true;
    });
  if (query.filter !== "expiring" && query.order === "newest") {
    return rows.sort((a, b) => b.activity_at - a.activity_at);
  }
  const lane = (row: ListRow): number => LANES.indexOf(row.lane ?? "not_open");
  const answered = (row: ListRow): number => (row.waiting_since === null ? 1 : 0);
  return rows.sort(
    (a, b) =>
      lane(a) - lane(b) ||
      answered(a) - answered(b) ||
      closes(a) - closes(b) ||
      b.activity_at - a.activity_at,
  );
}

function heads(rows: ListRow[]): LaneHead[] {
  const out: LaneHead[] = [];
  rows.forEach((row, index) => {
    const lane = row.lane ?? "not_open";
    let head = out[out.length - 1];
    if (head?.lane !== lane) {
      head = { lane, from: index, count: 0, waiting: 0 };
      out.push(head);
    }
    head.count += 1;
    if (row.waiting_since !== null) head.waiting += 1;
  });
  return out;
}

export function viewOf(world: World, query: ListQuery, now: number): ListView {
  const rows = rowsOf(world, query, now);
  const all = [...world.chats.values()]
    .map((chat) => listRow(chat, world.inbox, now))
    .filter((row) => !row.resolved);
  const waiting = all
    .filter((row) => row.clock.face === "open" && row.waiting_since !== null)
    .sort((a, b) => closes(a) - closes(b));
  const counts: Counts = {
    all: all.length,
    mine: all.filter((row) => row.assignee === SAMI).length,
    unassigned: all.filter((row) => row.assignee === null).length,
    expiring: waiting.filter((row) => closes(row) - now <= 4 * HOUR).length,
    unread: all.filter((row) => row.unread > 0).length,
  };
  const next = waiting[0];
  const inLanes = query.filter === "expiring" || query.order === "soonest_to_close";
  return {
    query,
    total: rows.length,
    from: query.from,
    rows: rows.slice(query.from, query.to + 1),
    lanes: inLanes ? heads(rows) : [],
    counts,
    next: next ? { id: next.id, name: next.name, closes_at: closes(next) } : null,
    horizon:
      query.filter === "expiring"
        ? rows.slice(0, 200).map((row) => ({
            id: row.id,
            closes_at: closes(row),
            waiting: row.waiting_since !== null,
          }))
        : [],
  };
}
