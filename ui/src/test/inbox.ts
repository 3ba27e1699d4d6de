/** A running interface over the engine in memory, for tests of parts. */
import { render, type RenderResult } from "@testing-library/svelte";
import type { Component } from "svelte";

import { FakeEngine } from "$lib/bridge/fake";
import type { Command } from "$lib/protocol/Command";
import type { CommandRequest } from "$lib/protocol/CommandRequest";
import { App } from "$lib/state";

import Harness from "./Harness.svelte";

export interface Inbox {
  app: App;
  engine: FakeEngine;
  view: RenderResult<typeof Harness>;
  stop(): void;
}

/** Renders `part` with the options of the fake team (`open=…&extra=…`). */
export async function inbox(
  part: Component<never>,
  options = "",
  props: Record<string, unknown> = {},
): Promise<Inbox> {
  sessionStorage.clear();
  const engine = new FakeEngine(new URLSearchParams(`language=en-GB&${options}`));
  let seq = 0;
  const app = new App({
    call: (name, payload) => engine.call(name, payload),
    subscribe: (handler) => engine.subscribe((event) => handler({ seq: (seq += 1), event })),
  });
  await app.start();
  const view = render(Harness, {
    props: { app, part: part as unknown as Component<Record<string, unknown>>, props },
  });
  return {
    app,
    engine,
    view,
    stop() {
      app.stop();
      engine.stop();
    },
  };
}

/** What a call asks to be done, except that something was seen, which every open chat does. */
export function commandOf(what: string, payload: unknown): Command | null {
  const command =
    what === "send"
      ? (payload as CommandRequest).command
      : what === "act"
        ? (payload as Command)
        : null;
  return command?.do === "mark_seen" ? null : command;
}
