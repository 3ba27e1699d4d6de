/** The open conversation. Whole views come from the engine; this keeps the one that is open. */
import type { Bridge } from "$lib/bridge";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { ThreadView } from "$lib/protocol/ThreadView";

export class ThreadState {
  id = $state<ConversationId | null>(null);
  /** `null` until the engine has sent it. */
  view = $state.raw<ThreadView | null>(null);
  /** It was open and exists no more. */
  gone = $state(false);
  #bridge: Bridge;
  #askedOlder = false;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  open(id: ConversationId | null): void {
    if (id === this.id && !this.gone) return;
    this.id = id;
    this.view = null;
    this.gone = false;
    this.#askedOlder = false;
    this.watch();
  }

  /** Tells the engine what is open, also again after the stream of events broke. */
  watch(): void {
    this.#bridge.call("watch_conversation", { conversation: this.id }).catch(() => {});
    this.#bridge.call("presence", { conversation: this.id, typing: false }).catch(() => {});
  }

  /** More of the past; asks once until an answer has come. */
  older(): void {
    if (!this.id || !this.view || this.view.complete || this.#askedOlder) return;
    this.#askedOlder = true;
    this.#bridge.call("load_older", { conversation: this.id }).catch(() => {
      this.#askedOlder = false;
    });
  }

  apply(view: ThreadView): void {
    // A view of the one before may still be on its way.
    if (view.conversation.id !== this.id) return;
    if (!view.loading) this.#askedOlder = false;
    this.view = view;
    this.gone = false;
  }

  vanished(id: ConversationId): void {
    if (id !== this.id) return;
    this.view = null;
    this.gone = true;
  }
}
