/**
 * When Meta was last asked for the templates from this screen, by number. The hub's own word about
 * it comes with the list, a moment later.
 */
import { SvelteMap } from "svelte/reactivity";

import type { InboxId } from "$lib/protocol/InboxId";
import type { Time } from "$lib/protocol/Time";
import type { App } from "$lib/state";

const byApp = new WeakMap<App, SvelteMap<InboxId, Time>>();

export function refreshedOf(app: App): SvelteMap<InboxId, Time> {
  let known = byApp.get(app);
  if (!known) {
    known = new SvelteMap();
    byApp.set(app, known);
  }
  return known;
}
