/**
 * An engine in memory, in the world of the mockups: for work on the interface and its tests.
 *
 * Options in the page's address, beside `fake`: `open=<id>` opens a chat, `extra=10000` fills the
 * list, `hard` adds right-to-left and very long names, `closing=15` closes Yusuf's window in as
 * many seconds, `starts` shows phone starts, `first` is the first run, `agent` makes Sami no
 * administrator, `empty` a team without chats, `scene=kinds` and others show rare states
 * (`scenes.ts`), `rate=60` runs the team's clock faster, `language=de` chooses the language.
 */
import type { Bridge } from "..";
import { FakeEngine } from "./engine";

declare global {
  interface Window {
    /** For tests: make something happen. */
    fakeEngine?: FakeEngine;
  }
}

export function fakeBridge(query: URLSearchParams): Bridge {
  const engine = new FakeEngine(query);
  window.fakeEngine = engine;
  return {
    call: (name, payload) => engine.call(name, payload),
    subscribe(handler) {
      let seq = 0;
      return engine.subscribe((event) => {
        seq += 1;
        handler({ seq, event });
      });
    },
  };
}

export { FakeEngine };
