/** What a line of the thread can ask for. The list gives these to every line it draws. */
import type { AgentId } from "$lib/protocol/AgentId";
import type { Media } from "$lib/protocol/Media";
import type { MessageId } from "$lib/protocol/MessageId";
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { QueuedItem } from "$lib/protocol/QueuedItem";
import type { RenderedTemplate } from "$lib/protocol/RenderedTemplate";
import type { TemplateId } from "$lib/protocol/TemplateId";

import type { WaitingText } from "./lines";
import type { Fetched } from "./pictures";
import type { Source } from "./viewed";

export interface LineActions {
  openLink(href: string): void;
  /** The address of a whole file. */
  picture(media: Media): Promise<string>;
  sound(media: Media): Promise<Fetched>;
  /** The address of a small picture of it. */
  thumbnail(media: Media): Promise<string>;
  /** As large as the window allows; which one, where a template has several. */
  view(source: Source, media?: Media): void;
  jump(message: MessageId): void;
  reply(row: MessageRow): void;
  copy(text: string): void;
  /** Puts our reaction on it; `null` takes it away. */
  react(row: MessageRow, emoji: string | null): void;
  claim(row: MessageRow, agent: AgentId | null): void;
  /** Send a failed, uncertain, held or parked message now. */
  again(row: MessageRow): void;
  discard(row: MessageRow): void;
  /** Back into the field, out of the thread. */
  edit(text: WaitingText): void;
  /**
   * The three ways on, for a text that waits or failed. A template that failed goes into the picker
   * again with its values.
   */
  template(body: string, again?: RenderedTemplate): void;
  phone(text: WaitingText | null, body: string): void;
  hold(text: WaitingText): void;
  /** Take something out of this desktop's own outbox. */
  takeBack(item: QueuedItem): void;
  /** Into the picker again with the values it has; only sending it from there replaces it. */
  templateAgain(item: QueuedItem): void;
  /** How a template will look, or `null` where that is not known here. */
  rendered(template: TemplateId, values: Record<string, string>): Promise<RenderedTemplate | null>;
}
