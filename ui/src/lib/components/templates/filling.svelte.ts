/**
 * What was filled in and not sent, per chat or number and template: whoever looks elsewhere, or goes
 * to where templates are made, finds it again while the app runs. Knows nothing of what may be sent.
 */
import { untrack } from "svelte";

import type { TemplateChoice } from "$lib/protocol/TemplateChoice";
import type { TemplateId } from "$lib/protocol/TemplateId";
import type { App } from "$lib/state";

import { prefilled, type Values } from "./fill";
import { slotOf, TemplateFiles } from "./files.svelte";
import type { Kinds } from "./typed";

export class Filling {
  chosen = $state<TemplateId | null>(null);
  values = $state<Record<TemplateId, Values>>({});
  kinds = $state<Record<TemplateId, Kinds>>({});
  /** The draft waits for the answer. */
  hold = $state(true);
  /** The one that waited has left the outbox. */
  replaced = $state(false);
  readonly files: TemplateFiles;
  /** Templates in which a person wrote something. */
  #written = new Set<TemplateId>();

  constructor(app: App) {
    this.files = new TemplateFiles(app);
  }

  write(template: TemplateId, key: string, value: string): void {
    this.#written.add(template);
    this.values[template] = { ...this.values[template], [key]: value };
  }

  /** A template may have other fields than it had; those that it still has keep their values. */
  fit(choice: TemplateChoice): void {
    const { id } = choice.template;
    const keys = new Set(choice.fields.map((field) => field.key));
    const begun = prefilled(choice);
    const had = untrack(() => this.values[id]);
    if (had && Object.keys(had).length === keys.size && Object.keys(had).every((k) => keys.has(k)))
      return;
    this.values[id] = Object.fromEntries(
      [...keys].map((key) => [key, had?.[key] ?? begun[key] ?? ""]),
    );
    const kinds = untrack(() => this.kinds[id]) ?? {};
    this.kinds[id] = Object.fromEntries(Object.entries(kinds).filter(([key]) => keys.has(key)));
  }

  /**
   * The picker closes: nothing goes on its way any more, and what was only prefilled may be another
   * thing next time.
   */
  rest(): void {
    for (const [id, values] of Object.entries(this.values)) {
      this.files.stop(Object.keys(values).map((key) => slotOf(id, key)));
      if (!this.#written.has(id)) this.#forget(id);
    }
    if (this.chosen !== null && !this.#written.has(this.chosen)) this.chosen = null;
  }

  /** It was sent: the next one begins anew. */
  sent(template: TemplateId): void {
    for (const key of Object.keys(this.values[template] ?? {})) {
      this.files.remove(slotOf(template, key));
    }
    this.#forget(template);
    this.#written.delete(template);
    this.chosen = null;
    this.hold = true;
  }

  #forget(template: TemplateId): void {
    delete this.values[template];
    delete this.kinds[template];
  }
}

class Fillings {
  #app: App;
  #kept = new Map<string, Filling>();
  #again = new WeakMap<object, Filling>();

  constructor(app: App) {
    this.#app = app;
  }

  /**
   * Of a chat or a number. One that comes back from the thread is apart from them: it begins with
   * the values it had each time that it is opened there.
   */
  of(whom: string, again: object | undefined): Filling {
    const known = again ? this.#again.get(again) : this.#kept.get(whom);
    if (known) return known;
    const made = new Filling(this.#app);
    if (again) this.#again.set(again, made);
    else this.#kept.set(whom, made);
    return made;
  }
}

const byApp = new WeakMap<App, Fillings>();

/** One for the screen. */
export function fillingsOf(app: App): Fillings {
  let fillings = byApp.get(app);
  if (!fillings) {
    fillings = new Fillings(app);
    byApp.set(app, fillings);
  }
  return fillings;
}
