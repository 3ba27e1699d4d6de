/**
 * What was sent from the field and is not taken yet.
 *
 * Enter always takes the words out of the field, and the thread draws them in the next frame.
 * While the engine still takes the text before, the next one waits behind it, so that two quick
 * answers stay two and keep their order.
 *
 * ```text
 *   Enter ──► behind the others of its chat ──► taken: the next one goes
 *     │                                     └──► refused: it and all behind it go back to the draft
 *     └──► leaving: drawn ──► the engine's view has it, or it went back
 * ```
 *
 * Races: the view may have it before the answer is here; both name it by the same reference, so it
 * is drawn once. The answer may be lost; the same reference asked again stays one send.
 */
import { untrack } from "svelte";

import { CallError } from "$lib/bridge";
import type { ApiError } from "$lib/protocol/ApiError";
import type { ClientRef } from "$lib/protocol/ClientRef";
import type { Command } from "$lib/protocol/Command";
import type { CommandRequest } from "$lib/protocol/CommandRequest";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { DraftMode } from "$lib/protocol/DraftMode";
import type { MessageId } from "$lib/protocol/MessageId";
import type { ThreadView } from "$lib/protocol/ThreadView";
import type { Time } from "$lib/protocol/Time";
import type { App } from "$lib/state";

import { type Drafts, draftsOf } from "./drafts.svelte";

export interface OutgoingText {
  conversation: ConversationId;
  mode: DraftMode;
  /** As it stood in the field, for putting it back. */
  body: string;
  replyTo: MessageId | null;
  command: Command;
  /** It was taken. */
  ontaken?: () => void;
  /** Hears first why it was refused; `true` where the person has been told. */
  onrefused?: (error: ApiError) => boolean;
  /** It could not go out; what belongs to it beside the words goes back. */
  onback?: () => void;
}

/** On its way out of the field, under the reference by which every view will name it. */
export interface Leaving extends CommandRequest {
  conversation: ConversationId;
  at: Time;
}

interface Sent {
  text: OutgoingText;
  request: CommandRequest;
}

type Send = (request: CommandRequest, heard?: OutgoingText["onrefused"]) => Promise<unknown>;

export class Outgoing {
  /** What no view has shown yet, in the order of sending. */
  leaving = $state.raw<Leaving[]>([]);
  #send: Send;
  #drafts: Pick<Drafts, "putBack" | "settle">;
  #now: () => Time;
  #lines = new Map<string, Sent[]>();

  /** `send` answers with `null` where the command was refused, and has said so by then. */
  constructor(send: Send, drafts: Pick<Drafts, "putBack" | "settle">, now: () => Time) {
    this.#send = send;
    this.#drafts = drafts;
    this.#now = now;
  }

  send(text: OutgoingText): void {
    const request = { client_ref: crypto.randomUUID(), command: text.command };
    const sent = { text, request };
    if (text.command.do !== "schedule_text") {
      const { conversation } = text;
      this.leaving = [...this.leaving, { ...request, conversation, at: this.#now() }];
    }
    const key = `${text.mode} ${text.conversation}`;
    const line = this.#lines.get(key);
    if (line) {
      line.push(sent);
      return;
    }
    const first = [sent];
    this.#lines.set(key, first);
    void this.#run(first).finally(() => this.#lines.delete(key));
  }

  /** A view is here: what it shows is drawn from it, and what belongs to other chats no more. */
  seen({ conversation, items }: Pick<ThreadView, "conversation" | "items">): void {
    if (this.leaving.length === 0) return;
    const shown = refsOf(items);
    const here = this.leaving.filter(
      (one) => !shown.has(one.client_ref) && one.conversation === conversation.id,
    );
    const under = new Set([...this.#lines.values()].flat().map((one) => one.request.client_ref));
    const elsewhere = this.leaving.filter(
      (one) => one.conversation !== conversation.id && under.has(one.client_ref),
    );
    if (here.length + elsewhere.length < this.leaving.length)
      this.leaving = [...elsewhere, ...here];
  }

  /** It was taken back. */
  forget(ref: ClientRef): void {
    this.leaving = this.leaving.filter((one) => one.client_ref !== ref);
  }

  /** The page goes away: what has not begun its way is a draft again, and no words are lost. */
  giveBack(): void {
    for (const line of this.#lines.values()) this.#putBack(line.splice(1));
  }

  async #run(line: Sent[]): Promise<void> {
    for (let next = line[0]; next; next = line[0]) {
      const taken = await this.#send(next.request, next.text.onrefused);
      if (!taken) {
        // What was written after it was written to follow it, and does not go out alone.
        this.#putBack(line.splice(0));
        return;
      }
      line.shift();
      next.text.ontaken?.();
      // Earlier, the draft on the disk might be the only copy of what waits behind it.
      if (line.length === 0) this.#drafts.settle(next.text.conversation, next.text.mode);
    }
  }

  #putBack(back: Sent[]): void {
    const texts = back.map((one) => one.text);
    const [first] = texts;
    if (!first) return;
    for (const { request } of back) this.forget(request.client_ref);
    const body = texts
      .map((one) => one.body)
      .filter((one) => one !== "")
      .join("\n");
    // Backwards: each goes before what is there, and so their order stays.
    for (const one of texts.toReversed()) one.onback?.();
    this.#drafts.putBack(first.conversation, first.mode, body, first.replyTo);
  }
}

function refsOf(items: ThreadView["items"]): Set<ClientRef | null> {
  return new Set(
    items.map((item) => (item.item === "queued" ? item.client_ref : item.row.client_ref)),
  );
}

/** The view with what is on its way to it, as it will stand there in a moment. */
export function withLeaving(view: ThreadView, leaving: Leaving[]): ThreadView {
  const here = leaving.filter((one) => one.conversation === view.conversation.id);
  if (here.length === 0) return view;
  const shown = refsOf(view.items);
  const missing = here.filter((one) => !shown.has(one.client_ref));
  const items = missing.map(({ client_ref, command, at }) => ({
    item: "queued" as const,
    client_ref,
    command,
    at,
    send_before: "send_before" in command ? command.send_before : null,
    state: { state: "waiting" as const },
  }));
  return items.length === 0 ? view : { ...view, items: [...view.items, ...items] };
}

const byApp = new WeakMap<App, Outgoing>();

/** One for the screen: a text goes on its way also when its chat is no longer the open one. */
export function outgoingOf(app: App): Outgoing {
  let outgoing = byApp.get(app);
  if (!outgoing) {
    outgoing = new Outgoing(
      async (request, heard) => {
        try {
          return await sendOnce(app, request);
        } catch (cause) {
          const { error } = CallError.from(cause);
          if (!heard?.(error)) app.screen.error(error);
          return null;
        }
      },
      draftsOf(app),
      () => untrack(() => app.clock.now),
    );
    byApp.set(app, outgoing);
  }
  return outgoing;
}

/** Perhaps only the answer was lost: under the same reference it may be asked for again. */
async function sendOnce(app: App, request: CommandRequest): Promise<unknown> {
  try {
    return await app.bridge.call("send", request);
  } catch (cause) {
    if (CallError.from(cause).error.retry.retry !== "later") throw cause;
    return await app.bridge.call("send", request);
  }
}
