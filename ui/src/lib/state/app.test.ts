import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Bridge, CallError, type CallName } from "$lib/bridge";
import type { ListQuery } from "$lib/protocol/ListQuery";
import type { ListView } from "$lib/protocol/ListView";
import type { Stage } from "$lib/protocol/Stage";
import type { UiEnvelope } from "$lib/protocol/UiEnvelope";
import type { UiEvent } from "$lib/protocol/UiEvent";

import { App } from ".";

const ready: Stage = {
  stage: "ready",
  me: {
    agent: "sami",
    name: "Sami",
    admin: false,
    team: "Quill & Spoke",
    hub: "https://hub.example",
    demo: false,
    token_in_file: false,
  },
};

/** A bridge that notes what is asked and says what the test wants. */
class Wire implements Bridge {
  asked: [CallName, unknown][] = [];
  streams: { handler: (envelope: UiEnvelope) => void; lost?: (() => void) | undefined }[] = [];
  refuse: CallError | null = null;
  stage: Stage = ready;

  call = ((name: CallName, payload: unknown) => {
    this.asked.push([name, payload]);
    if (this.refuse) return Promise.reject(this.refuse);
    if (name === "hello") {
      return Promise.resolve({
        version: "1",
        shell: "browser",
        stage: this.stage,
        preferences: {
          theme: "system",
          language: "",
          details_hidden: false,
          list_order: "newest",
          last_conversation: "maren",
        },
      });
    }
    return Promise.resolve({});
  }) as Bridge["call"];

  subscribe(handler: (envelope: UiEnvelope) => void, lost?: () => void): () => void {
    this.streams.push({ handler, lost });
    return () => {};
  }

  say(seq: number, event: UiEvent): void {
    this.streams[this.streams.length - 1]?.handler({ seq, event });
  }

  count(name: CallName): number {
    return this.asked.filter(([one]) => one === name).length;
  }
}

const teamEvent = (name: string): UiEvent => ({
  kind: "team",
  inboxes: [],
  agents: [{ id: "ana", rev: 1, name, role: "agent", revoked: false }],
});

let wire: Wire;
let app: App;

beforeEach(async () => {
  vi.useFakeTimers();
  wire = new Wire();
  app = new App(wire);
  await app.start();
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  app.stop();
  vi.useRealTimers();
});

describe("the stream of events", () => {
  it("asks for the list and the last chat once it is ready", () => {
    expect(wire.count("watch_list")).toBe(1);
    expect(wire.asked).toContainEqual(["watch_conversation", { conversation: "maren" }]);
  });

  it("starts over when a number is missing", async () => {
    wire.say(1, teamEvent("Ana"));
    wire.say(3, teamEvent("Nobody"));
    await vi.advanceTimersByTimeAsync(0);
    expect(app.team.name("ana")).toBe("Ana");
    expect(wire.streams).toHaveLength(2);
    expect(wire.count("watch_list")).toBe(2);
    // The new stream counts from wherever it begins.
    wire.say(1, teamEvent("Anna"));
    expect(app.team.name("ana")).toBe("Anna");
  });

  it("does not listen to a stream that it has left", () => {
    wire.say(1, teamEvent("Ana"));
    wire.say(7, teamEvent("Ana"));
    wire.streams[0]?.handler({ seq: 2, event: teamEvent("Ghost") });
    expect(app.team.name("ana")).toBe("Ana");
  });

  it("comes back by itself when it breaks, slower each time", async () => {
    wire.streams[0]?.lost?.();
    expect(app.disconnected).toBe(true);
    await vi.advanceTimersByTimeAsync(250);
    expect(wire.streams).toHaveLength(2);
    wire.streams[1]?.lost?.();
    await vi.advanceTimersByTimeAsync(250);
    expect(wire.streams).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(250);
    expect(wire.streams).toHaveLength(3);
    wire.say(1, teamEvent("Ana"));
    expect(app.disconnected).toBe(false);
  });

  it("skips kinds that it does not know", () => {
    wire.say(1, { kind: "something_new" } as unknown as UiEvent);
    wire.say(2, teamEvent("Ana"));
    expect(app.team.name("ana")).toBe("Ana");
    expect(wire.streams).toHaveLength(1);
  });
});

describe("the list", () => {
  const view = (query: ListQuery, total: number): UiEvent => ({
    kind: "list",
    view: {
      query,
      total,
      from: query.from,
      rows: [],
      lanes: [],
      counts: { all: total, mine: 0, unassigned: 0, expiring: 0, unread: 0 },
      next: null,
      horizon: [],
    } satisfies ListView,
  });

  it("throws the answer to an older question away", () => {
    const before = app.list.query();
    app.list.show({ filter: "mine" });
    wire.say(1, view(before, 48));
    expect([app.list.total, app.list.ready]).toEqual([0, false]);
    wire.say(2, view(app.list.query(), 9));
    expect([app.list.total, app.list.ready]).toEqual([9, true]);
  });

  it("bundles changes of one turn into one question", async () => {
    const before = wire.count("watch_list");
    app.list.show({ filter: "mine" });
    app.list.show({ order: "soonest_to_close" });
    app.list.show({ search: "wheel" });
    await vi.advanceTimersByTimeAsync(0);
    expect(wire.count("watch_list")).toBe(before + 1);
  });

  it("asks for more rows only when the screen comes near the edge", async () => {
    wire.say(1, view(app.list.query(), 10_000));
    const before = wire.count("watch_list");
    app.list.visible(0, 15);
    await vi.advanceTimersByTimeAsync(0);
    expect(wire.count("watch_list")).toBe(before);
    app.list.visible(5000, 5015);
    await vi.advanceTimersByTimeAsync(0);
    expect(wire.count("watch_list")).toBe(before + 1);
    expect(app.list.query().from).toBeLessThan(5000);
    expect(app.list.query().to).toBeGreaterThan(5015);
  });
});

describe("the thread", () => {
  const thread = (id: string): UiEvent =>
    ({
      kind: "thread",
      view: { conversation: { id }, loading: false, complete: false },
    }) as unknown as UiEvent;

  it("does not jump to a chat that was left meanwhile", () => {
    app.open("yusuf");
    wire.say(1, thread("maren"));
    expect(app.thread.view).toBeNull();
    wire.say(2, thread("yusuf"));
    expect(app.thread.view?.conversation.id).toBe("yusuf");
  });

  it("asks for older messages once, until they have come", () => {
    wire.say(1, thread("maren"));
    app.thread.older();
    app.thread.older();
    expect(wire.count("load_older")).toBe(1);
    wire.say(2, thread("maren"));
    app.thread.older();
    expect(wire.count("load_older")).toBe(2);
  });

  it("says when the chat is gone", () => {
    wire.say(1, thread("maren"));
    wire.say(2, { kind: "thread_gone", conversation: "maren" });
    expect([app.thread.view, app.thread.gone]).toEqual([null, true]);
  });
});

it("shows a refused command in words and answers with nothing", async () => {
  wire.refuse = new CallError({
    code: "window_not_open",
    message: "closed",
    retry: { retry: "never" },
  });
  const acted = await app.act({
    do: "hold_text",
    conversation: "maren",
    body: "later",
    reply_to: null,
  });
  expect(acted).toBeNull();
  expect(app.screen.notices[0]?.error?.code).toBe("window_not_open");
});

it("forgets the team when it was left", () => {
  wire.say(1, { kind: "stage", stage: { stage: "first_run" } });
  expect([app.team.me, app.thread.id]).toEqual([null, null]);
});
