/** Tells the others that somebody types in a chat: every few seconds, not with every key. */
import type { Bridge } from "$lib/bridge";
import type { ConversationId } from "$lib/protocol/ConversationId";

const EVERY_MS = 4000;
const STOPS_MS = 5000;

export class TypingMark {
  #bridge: Pick<Bridge, "call">;
  /** The chat that is open by now; marks are about nothing else. */
  #here: () => ConversationId;
  #said: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Pick<Bridge, "call">, here: () => ConversationId) {
    this.#bridge = bridge;
    this.#here = here;
  }

  say(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), STOPS_MS);
    const now = performance.now();
    if (this.#said !== null && now - this.#said < EVERY_MS) return;
    this.#said = now;
    this.#tell(true);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#said === null) return;
    this.#said = null;
    this.#tell(false);
  }

  #tell(typing: boolean): void {
    this.#bridge.call("presence", { conversation: this.#here(), typing }).catch(() => {});
  }
}
