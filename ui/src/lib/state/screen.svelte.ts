/** What this screen shows beside the data: the view, what lies above it, and short notices. */
import type { ApiError } from "$lib/protocol/ApiError";
import type { ClientRef } from "$lib/protocol/ClientRef";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { InboxId } from "$lib/protocol/InboxId";
import type { PhoneStartId } from "$lib/protocol/PhoneStartId";
import type { TemplateId } from "$lib/protocol/TemplateId";
import type { Typed } from "$lib/protocol/Typed";

export type View = "inbox" | "expiring" | "starts";

/** What *New conversation* starts with. */
export interface NewConversationRequest {
  number?: string;
  /** Continue this chat on the phone. */
  conversation?: ConversationId;
  /** The first words. */
  text?: string;
  route?: "phone" | "template";
  /** Show the code of this start again. */
  start?: PhoneStartId;
}

/** A template that waits or failed, and goes into the picker once more. */
export interface TemplateAgain {
  template: TemplateId;
  values: Record<string, string>;
  /** What values were besides their text, where that is known. */
  typed: Record<string, Typed>;
  /** The draft that it was to hold for the answer. */
  hold: string | null;
  /** It leaves this desktop's outbox before another one is sent in its place, if it is there. */
  replaces: ClientRef | null;
}

export type Overlay =
  | { kind: "new_conversation"; request: NewConversationRequest }
  | { kind: "template"; conversation: ConversationId; again?: TemplateAgain }
  | { kind: "templates"; inbox: InboxId | null; back?: Overlay }
  | { kind: "preferences" }
  | { kind: "health" }
  | { kind: "keys" }
  | { kind: "menu" };

export interface Notice {
  id: number;
  kind: "info" | "error";
  text?: string;
  error?: ApiError;
}

const NOTICE_MS = 6000;

export class Screen {
  view = $state<View>("inbox");
  overlay = $state.raw<Overlay | null>(null);
  /** Said by screen readers, politely. */
  announcement = $state("");
  notices = $state.raw<Notice[]>([]);
  /** On narrow windows: the list lies over the thread. */
  listOpen = $state(false);
  /** On narrow windows: the details lie over the thread. */
  detailsOpen = $state(false);
  #nextNotice = 1;

  open(overlay: Overlay): void {
    this.overlay = overlay;
  }

  close(): void {
    this.overlay = null;
  }

  newConversation(request: NewConversationRequest = {}): void {
    this.open({ kind: "new_conversation", request });
  }

  announce(text: string): void {
    this.announcement = text;
  }

  info(text: string): void {
    this.#notice({ kind: "info", text });
  }

  error(error: ApiError): void {
    this.#notice({ kind: "error", error });
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  #notice(notice: Omit<Notice, "id">): void {
    const id = this.#nextNotice++;
    this.notices = [...this.notices.slice(-2), { ...notice, id }];
    setTimeout(() => this.dismiss(id), NOTICE_MS);
  }
}
