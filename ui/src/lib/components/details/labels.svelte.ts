/** Labels that this screen has seen, to choose from instead of typing them again. */
import { SvelteSet } from "svelte/reactivity";

import type { App } from "$lib/state";

export class KnownLabels {
  #seen = new SvelteSet<string>();

  learn(labels: string[]): void {
    for (const label of labels) if (!this.#seen.has(label)) this.#seen.add(label);
  }

  /** At most eight that contain `text` and are not given yet. */
  matching(text: string, given: string[]): string[] {
    const wanted = text.trim().toLocaleLowerCase();
    return [...this.#seen]
      .filter((label) => !given.includes(label) && label.toLocaleLowerCase().includes(wanted))
      .sort((a, b) => a.localeCompare(b))
      .slice(0, 8);
  }
}

const byApp = new WeakMap<App, KnownLabels>();

export function knownLabels(app: App): KnownLabels {
  let known = byApp.get(app);
  if (!known) {
    known = new KnownLabels();
    byApp.set(app, known);
  }
  return known;
}
