/**
 * The conversation list: what part of which list is wanted, and the part that is here.
 *
 * The engine holds the whole list; the screen holds the rows around what is visible. Asking is
 * bundled into one call per turn, and an answer to an older question is thrown away.
 */
import type { Bridge } from "$lib/bridge";
import type { Counts } from "$lib/protocol/Counts";
import type { HorizonDot } from "$lib/protocol/HorizonDot";
import type { LaneHead } from "$lib/protocol/LaneHead";
import type { ListFilter } from "$lib/protocol/ListFilter";
import type { ListOrder } from "$lib/protocol/ListOrder";
import type { ListQuery } from "$lib/protocol/ListQuery";
import type { ListRow } from "$lib/protocol/ListRow";
import type { ListView } from "$lib/protocol/ListView";
import type { NextToClose } from "$lib/protocol/NextToClose";

/** Rows asked for beyond each edge of the screen, so that scrolling meets rows and not gaps. */
const RESERVE = 40;
/** How near to the edge of what is here the screen may come before more is asked for. */
const NEAR = 15;

const NO_COUNTS: Counts = { all: 0, mine: 0, unassigned: 0, expiring: 0, unread: 0 };

export class ListState {
  filter = $state<ListFilter>("all");
  order = $state<ListOrder>("newest");
  search = $state("");
  resolved = $state(false);

  total = $state(0);
  /** The index of `rows[0]` in the whole list. */
  from = $state(0);
  rows = $state.raw<ListRow[]>([]);
  lanes = $state.raw<LaneHead[]>([]);
  counts = $state.raw<Counts>(NO_COUNTS);
  next = $state.raw<NextToClose | null>(null);
  horizon = $state.raw<HorizonDot[]>([]);
  /** The first answer to the present question has come. */
  ready = $state(false);

  #bridge: Bridge;
  #wanted = { from: 0, to: 2 * RESERVE };
  #asked = { from: 0, to: 0 };
  #pending = false;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Another list: filter, order or search changed. */
  show(
    change: Partial<{ filter: ListFilter; order: ListOrder; search: string; resolved: boolean }>,
  ): void {
    const before = this.query();
    Object.assign(this, change);
    if (sameList(before, this.query())) return;
    this.ready = false;
    this.#wanted = { from: 0, to: 2 * RESERVE };
    this.ask();
  }

  /** The rows on the screen now. Asks for more when they come near the edge of what is here. */
  visible(first: number, last: number): void {
    const nearStart = first < this.#asked.from + NEAR && this.#asked.from > 0;
    const nearEnd = last > this.#asked.to - NEAR && this.#asked.to < this.total - 1;
    if (!nearStart && !nearEnd) return;
    this.#wanted = { from: Math.max(0, first - RESERVE), to: last + RESERVE };
    this.ask();
  }

  /** Asks the engine for what is wanted, once for all changes of this turn. */
  ask(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.#asked = this.#wanted;
      // A refusal shows as a link or stage event; the list itself has nothing to say about it.
      this.#bridge.call("watch_list", this.query()).catch(() => {});
    });
  }

  query(): ListQuery {
    return {
      filter: this.filter,
      order: this.order,
      search: this.search,
      resolved: this.resolved,
      ...this.#wanted,
    };
  }

  apply(view: ListView): void {
    if (!sameList(view.query, this.query())) return;
    this.total = view.total;
    this.from = view.from;
    this.rows = view.rows;
    this.lanes = view.lanes;
    this.counts = view.counts;
    this.next = view.next;
    this.horizon = view.horizon;
    this.ready = true;
  }

  /** The row at `index` of the whole list, if it is here. */
  at(index: number): ListRow | undefined {
    return this.rows[index - this.from];
  }
}

function sameList(a: ListQuery, b: ListQuery): boolean {
  return (
    a.filter === b.filter &&
    a.order === b.order &&
    a.search === b.search &&
    a.resolved === b.resolved
  );
}
