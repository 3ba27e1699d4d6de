/**
 * What can be done by key or from the command menu, by name.
 *
 * A part of the screen that can do something registers it while it is there; keys and menu ask
 * here, so that they know nothing of the parts.
 */
import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";

export const commandIds = [
  "next",
  "previous",
  "next_to_expire",
  "reply",
  "note",
  "template",
  "phone",
  "hold",
  "keep_open",
  "assign",
  "assign_me",
  "label",
  "snooze",
  "resolve",
  "details",
  "why",
  "search",
  "new_conversation",
  "inbox",
  "expiring",
  "starts",
  "order",
  "theme",
  "preferences",
  "health",
  "manage_templates",
  "keys",
  "menu",
] as const;

export type CommandId = (typeof commandIds)[number];

export class Commands {
  #handlers = new SvelteMap<CommandId, () => void>();

  /** Makes `id` available until the returned function is called. The newest handler wins. */
  register(id: CommandId, run: () => void): () => void {
    // Read without tracking: it is called in effects, and must not wake them.
    const before = untrack(() => this.#handlers.get(id));
    this.#handlers.set(id, run);
    return () =>
      untrack(() => {
        if (this.#handlers.get(id) !== run) return;
        if (before) this.#handlers.set(id, before);
        else this.#handlers.delete(id);
      });
  }

  /** Registers several; made for an `$effect`, whose clean-up it returns. */
  registerAll(handlers: Partial<Record<CommandId, () => void>>): () => void {
    const undo = Object.entries(handlers).map(([id, run]) => this.register(id as CommandId, run));
    return () => undo.forEach((one) => one());
  }

  available(id: CommandId): boolean {
    return this.#handlers.has(id);
  }

  /** Whether there was something to run. */
  run(id: CommandId): boolean {
    const handler = this.#handlers.get(id);
    handler?.();
    return handler !== undefined;
  }
}
