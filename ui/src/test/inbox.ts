/** A running interface over the engine in memory, for tests of parts. */
import { render, type RenderResult } from "@testing-library/svelte";
import type { Component } from "svelte";

import { FakeEngine } from "$lib/bridge/fake";
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
