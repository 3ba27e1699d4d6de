/**
 * What was sent from the field and is not taken yet.
 *
 * Enter always takes the words out of the field. While the engine still takes the text before,
 * the next one waits behind it, so that two quick answers stay two and keep their order.
 *
 * ```text
 *   Enter ──► behind the others of its chat ──► taken: the next one goes
 *                                           └──► refused: it and all behind it go back to the draft
 * ```
 */
import { CallError } from "$lib/bridge";
import type { ApiError } from "$lib/protocol/ApiError";
import type { Command } from "$lib/protocol/Command";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { DraftMode } from "$lib/protocol/DraftMode";
import type { MessageId } from "$lib/protocol/MessageId";
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

type Act = (command: Command, heard?: OutgoingText["onrefused"]) => Promise<unknown>;

export class Outgoing {
  #act: Act;
  #drafts: Pick<Drafts, "putBack">;
  #lines = new Map<string, OutgoingText[]>();

  /** `act` answers with `null` where the command was refused, and has said so by then. */
  constructor(act: Act, drafts: Pick<Drafts, "putBack">) {
    this.#act = act;
    this.#drafts = drafts;
  }

  send(text: OutgoingText): void {
    const key = `${text.mode} ${text.conversation}`;
    const line = this.#lines.get(key);
    if (line) {
      line.push(text);
      return;
    }
    const first = [text];
    this.#lines.set(key, first);
    void this.#run(first).finally(() => this.#lines.delete(key));
  }

  /** The page goes away: what has not begun its way is a draft again, and no words are lost. */
  giveBack(): void {
    for (const line of this.#lines.values()) this.#putBack(line.splice(1));
  }

  async #run(line: OutgoingText[]): Promise<void> {
    for (let next = line[0]; next; next = line[0]) {
      const taken = await this.#act(next.command, next.onrefused);
      if (!taken) {
        // What was written after it was written to follow it, and does not go out alone.
        this.#putBack(line.splice(0));
        return;
      }
      line.shift();
      next.ontaken?.();
    }
  }

  #putBack(texts: OutgoingText[]): void {
    const [first] = texts;
    if (!first) return;
    const body = texts
      .map((one) => one.body)
      .filter((one) => one !== "")
      .join("\n");
    // Backwards: each goes before what is there, and so their order stays.
    for (const one of texts.toReversed()) one.onback?.();
    this.#drafts.putBack(first.conversation, first.mode, body, first.replyTo);
  }
}

const byApp = new WeakMap<App, Outgoing>();

/** One for the screen: a text goes on its way also when its chat is no longer the open one. */
export function outgoingOf(app: App): Outgoing {
  let outgoing = byApp.get(app);
  if (!outgoing) {
    outgoing = new Outgoing(async (command, heard) => {
      if (!heard) return app.act(command);
      try {
        return await app.bridge.call("act", command);
      } catch (cause) {
        const { error } = CallError.from(cause);
        if (!heard(error)) app.screen.error(error);
        return null;
      }
    }, draftsOf(app));
    byApp.set(app, outgoing);
  }
  return outgoing;
}
