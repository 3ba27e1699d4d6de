/**
 * What this agent has typed and not sent: one text per conversation and mode, and the files that
 * lie at the hub for it.
 *
 * The engine keeps drafts on disk, also through a crash; this keeps them while one types, and
 * hands them over soon after the last key, on leaving the field and when the page goes away.
 * From the moment a conversation was opened, what is on the screen is the truth: an older
 * draft that comes with a later event never replaces a newer text under somebody's fingers.
 */
import { SvelteMap } from "svelte/reactivity";

import type { Bridge } from "$lib/bridge";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { Draft } from "$lib/protocol/Draft";
import type { DraftFile } from "$lib/protocol/DraftFile";
import type { DraftMode } from "$lib/protocol/DraftMode";
import type { MessageId } from "$lib/protocol/MessageId";
import type { Time } from "$lib/protocol/Time";
import type { App } from "$lib/state";

/** Long enough that a word is one save, short enough that a crash costs a word. */
export const SAVE_AFTER_MS = 400;
const TRY_AGAIN_MS = 5000;

export interface KeptDraft {
  body: string;
  replyTo: MessageId | null;
  files: DraftFile[];
  savedAt: Time | null;
}

const NOTHING: KeptDraft = { body: "", replyTo: null, files: [], savedAt: null };

export class Drafts {
  #bridge: Pick<Bridge, "call">;
  #kept = new SvelteMap<string, KeptDraft>();
  /** Conversations whose drafts have come. */
  #opened = new Set<ConversationId>();
  #unsaved = new Map<string, ReturnType<typeof setTimeout>>();
  #now: () => Time;

  constructor(bridge: Pick<Bridge, "call">, now: () => Time) {
    this.#bridge = bridge;
    this.#now = now;
  }

  /** Takes the drafts that came with a conversation, where nothing newer is known. */
  take(drafts: Draft[], conversation?: ConversationId): void {
    if (conversation !== undefined) this.#opened.add(conversation);
    for (const draft of drafts) {
      const key = keyOf(draft.conversation, draft.mode);
      if (this.#kept.has(key)) continue;
      this.#kept.set(key, {
        body: draft.body,
        replyTo: draft.reply_to,
        files: draft.files,
        savedAt: draft.saved_at ?? null,
      });
    }
  }

  of(conversation: ConversationId, mode: DraftMode): KeptDraft {
    return this.#kept.get(keyOf(conversation, mode)) ?? NOTHING;
  }

  /** Whether what is on the disk is known here: only then may it be written over. */
  knows(conversation: ConversationId, mode: DraftMode): boolean {
    return this.#opened.has(conversation) || this.#kept.has(keyOf(conversation, mode));
  }

  write(conversation: ConversationId, mode: DraftMode, change: Partial<KeptDraft>): void {
    const key = keyOf(conversation, mode);
    const before = this.#kept.get(key) ?? NOTHING;
    const after = { ...before, ...change };
    const same = after.body === before.body && after.replyTo === before.replyTo;
    if (same && idsOf(after.files) === idsOf(before.files)) return;
    this.#kept.set(key, after);
    clearTimeout(this.#unsaved.get(key));
    this.#unsaved.set(
      key,
      setTimeout(() => this.#save(conversation, mode), SAVE_AFTER_MS),
    );
  }

  clear(conversation: ConversationId, mode: DraftMode): void {
    this.write(conversation, mode, { body: "", replyTo: null });
    this.flush();
  }

  /**
   * Out of the field and on its way. The disk keeps the words until they were taken: between the
   * two they would be nowhere. {@link settle} follows.
   */
  release(conversation: ConversationId, mode: DraftMode): void {
    const key = keyOf(conversation, mode);
    this.#kept.set(key, { ...(this.#kept.get(key) ?? NOTHING), body: "", replyTo: null });
    clearTimeout(this.#unsaved.get(key));
    this.#unsaved.delete(key);
  }

  /** What was released was taken: what the field holds now is the draft. */
  settle(conversation: ConversationId, mode: DraftMode): void {
    this.#save(conversation, mode);
  }

  /**
   * Puts words back that could not go out; what was typed meanwhile stays behind them, and a
   * message that is quoted by now stays quoted.
   */
  putBack(
    conversation: ConversationId,
    mode: DraftMode,
    body: string,
    replyTo: MessageId | null = null,
  ): void {
    const typed = this.of(conversation, mode);
    this.write(conversation, mode, {
      body:
        body === ""
          ? typed.body
          : typed.body.trim() === "" || typed.body === body
            ? body
            : `${body}\n${typed.body}`,
      replyTo: typed.replyTo ?? replyTo,
    });
  }

  /** Saves now what waits to be saved. */
  flush(): void {
    for (const key of [...this.#unsaved.keys()]) {
      const [conversation, mode] = partsOf(key);
      this.#save(conversation, mode);
    }
  }

  #save(conversation: ConversationId, mode: DraftMode): void {
    const key = keyOf(conversation, mode);
    clearTimeout(this.#unsaved.get(key));
    this.#unsaved.delete(key);
    const kept = this.#kept.get(key) ?? NOTHING;
    this.#bridge
      .call("save_draft", {
        conversation,
        mode,
        body: kept.body,
        reply_to: kept.replyTo,
        files: kept.files,
        saved_at: null,
      })
      .then(
        () => {
          const latest = this.#kept.get(key);
          if (latest?.body === kept.body) this.#kept.set(key, { ...latest, savedAt: this.#now() });
        },
        () => {
          // The text is still on the screen; saving is tried again, and leaving tries at once.
          if (this.#unsaved.has(key)) return;
          this.#unsaved.set(
            key,
            setTimeout(() => this.#save(conversation, mode), TRY_AGAIN_MS),
          );
        },
      );
  }
}

function idsOf(files: DraftFile[]): string {
  return files.map(({ file }) => file.file.id).join(" ");
}

function keyOf(conversation: ConversationId, mode: DraftMode): string {
  return `${mode} ${conversation}`;
}

function partsOf(key: string): [ConversationId, DraftMode] {
  const space = key.indexOf(" ");
  return [key.slice(space + 1), key.slice(0, space) as DraftMode];
}

const byApp = new WeakMap<App, Drafts>();

/** The drafts of this screen: composer, template sheet and hand-off share them. */
export function draftsOf(app: App): Drafts {
  let drafts = byApp.get(app);
  if (!drafts) {
    drafts = new Drafts(app.bridge, () => app.clock.exact());
    byApp.set(app, drafts);
  }
  return drafts;
}
