/**
 * What is being put together beside the text, per chat: which builder is open, and what stands in
 * each of its forms. A form is kept until it was sent, also while another chat is open.
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { ConversationId } from "$lib/protocol/ConversationId";
import type { Time } from "$lib/protocol/Time";
import type { App } from "$lib/state";

import { blankForm, type BuilderKind, type Form, type KeepWords, keepWords } from "./forms";

export class Builds {
  #open = new SvelteMap<ConversationId, BuilderKind>();
  #forms = new SvelteMap<string, Form>();
  /** The question that keeps a window open, as it was worded last. */
  #keep: KeepWords | null = null;
  #letBe = new SvelteSet<string>();

  openIn(conversation: ConversationId): BuilderKind | null {
    return this.#open.get(conversation) ?? null;
  }

  open(conversation: ConversationId, kind: BuilderKind): void {
    if (!this.#forms.has(keyOf(conversation, kind))) {
      const form = $state(blankForm(kind, this.#keep ?? keepWords()));
      this.#forms.set(keyOf(conversation, kind), form);
    }
    this.#open.set(conversation, kind);
  }

  close(conversation: ConversationId): void {
    this.#open.delete(conversation);
  }

  /** The form of the builder that is open. */
  form(conversation: ConversationId): Form | null {
    const kind = this.openIn(conversation);
    return kind === null ? null : (this.#forms.get(keyOf(conversation, kind)) ?? null);
  }

  /** Something was begun and not sent. */
  begun(conversation: ConversationId, kind: BuilderKind): boolean {
    const form = this.#forms.get(keyOf(conversation, kind));
    if (!form) return false;
    const blank = blankForm(kind, this.#keep ?? keepWords());
    return JSON.stringify(form) !== JSON.stringify(blank);
  }

  /** It was sent: the next one begins empty, and the question that keeps a window open keeps its words. */
  take(conversation: ConversationId): Form | null {
    const form = this.form(conversation);
    if (!form) return null;
    if (form.kind === "keep") this.#keep = { body: form.body, buttons: [...form.buttons] };
    this.#forms.delete(keyOf(conversation, form.kind));
    this.close(conversation);
    return form;
  }

  /** It could not go out, and is there again, unless somebody began another one meanwhile. */
  giveBack(conversation: ConversationId, form: Form): void {
    const key = keyOf(conversation, form.kind);
    if (!this.#forms.has(key)) this.#forms.set(key, form);
    if (this.openIn(conversation) === null) this.#open.set(conversation, form.kind);
  }

  /** Nobody wants to be asked about keeping this window open any more. */
  letBe(conversation: ConversationId, closesAt: Time): void {
    this.#letBe.add(`${closesAt} ${conversation}`);
  }

  isLetBe(conversation: ConversationId, closesAt: Time): boolean {
    return this.#letBe.has(`${closesAt} ${conversation}`);
  }
}

function keyOf(conversation: ConversationId, kind: BuilderKind): string {
  return `${kind} ${conversation}`;
}

const byApp = new WeakMap<App, Builds>();

export function buildsOf(app: App): Builds {
  let builds = byApp.get(app);
  if (!builds) {
    builds = new Builds();
    byApp.set(app, builds);
  }
  return builds;
}
