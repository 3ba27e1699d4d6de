/** Files of the fake team that did not go out, and one that waited for the link too long. */
import type { Content } from "$lib/protocol/Content";

import { at, SAMI, SECOND } from "./cast";
import { message } from "./threads";
import type { Chat } from "./world";

const wheel = {
  id: "media-wheel",
  mime_type: "image/webp",
  state: "stored",
  width: 708,
  height: 384,
  size_bytes: 4210,
  filename: "wheel.webp",
} as const;

/** A picture that Meta refused, and an invoice that waited at the hub until the window closed. */
export function unsentFiles(chat: Chat): void {
  const picture: Content = { kind: "image", caption: "This is the crack", media: wheel };
  const invoice: Content = {
    kind: "document",
    caption: "The invoice, as promised",
    media: { ...wheel, id: "media-invoice", filename: "invoice 2025-118.pdf" },
  };
  chat.items.push(
    message(chat.row.id, { agent: SAMI }, at(0, 14, 12), picture, {
      id: "refused-picture",
      delivery: {
        state: "failed",
        at: at(0, 14, 12, 3),
        failure: { code: "media_unusable", meta_code: 131_053, detail: null },
      },
    }),
    message(chat.row.id, { agent: SAMI }, at(0, 14, 13), invoice, {
      id: "parked-invoice",
      delivery: {
        state: "parked",
        since: at(0, 14, 13),
        why: { why: "deadline_passed", deadline: at(0, 14, 13) },
      },
    }),
  );
  chat.row.parked += 1;
}

/** A file in this desktop's outbox whose deadline passed while the link was away. */
export function queuedFile(chat: Chat, file: string): void {
  const deadline = at(0, 14, 1, 40);
  chat.items.push({
    item: "queued",
    client_ref: "ref-file",
    command: {
      do: "send_file",
      conversation: chat.row.id,
      file,
      kind: "document",
      name: "estimate.pdf",
      caption: "The new estimate",
      reply_to: null,
      send_before: deadline,
    },
    at: deadline - 40 * SECOND,
    send_before: deadline,
    state: { state: "parked" },
  });
}
