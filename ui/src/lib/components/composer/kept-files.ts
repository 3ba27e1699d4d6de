/**
 * Files that come back into the field: those that were kept with a draft, and those of a message
 * that did not go out.
 *
 * What an earlier start left lies at the hub and waits there. A file of a message belongs to that
 * message, also after it was refused; to be sent anew it is brought to the hub again, and only
 * when it has arrived is the old message thrown away. So at every moment one of the two is there.
 */
import { CallError } from "$lib/bridge";
import { t } from "$lib/i18n";
import type { ApiError } from "$lib/protocol/ApiError";
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { Content } from "$lib/protocol/Content";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { DraftFile } from "$lib/protocol/DraftFile";
import type { Media } from "$lib/protocol/Media";
import type { App } from "$lib/state";

import type { WaitingText } from "../thread/lines";
import { fileName, picturesFor } from "../thread/pictures";
import { attachmentsOf, type Chip } from "./attachments.svelte";
import { draftsOf } from "./drafts.svelte";

/** A chat was opened: the files that were kept with its draft stand above the words again. */
export function restoreFiles(app: App, conversation: ConversationId): void {
  const attachments = attachmentsOf(app);
  const { files } = draftsOf(app).of(conversation, "reply");
  lookAt(app, conversation, attachments.restore(conversation, files));
}

/** Fetches the small pictures, and so learns of those that are gone. */
function lookAt(app: App, conversation: ConversationId, chips: Chip[]): void {
  for (const chip of chips) {
    const id = chip.isPicture ? chip.uploaded?.file.id : undefined;
    if (id === undefined) continue;
    picturesFor(app)
      .thumbnail(id)
      .then(
        (address) => {
          chip.preview = address;
        },
        (cause) => {
          const { error } = CallError.from(cause);
          // Without a link nothing is known, and the file waits as it did.
          if (error.code !== "not_found") return;
          attachmentsOf(app).remove(conversation, chip);
          app.screen.info(t("files.gone", { name: nameOf(chip) }));
        },
      );
  }
}

export function nameOf(chip: Chip): string {
  return chip.file.name || t("files.unnamed");
}

/** Why a file cannot go out any more, whatever one tries; `null` where that is not the reason. */
export function goneWords(error: ApiError, chip: Chip): string | null {
  if (error.code === "not_found") return t("files.gone", { name: nameOf(chip) });
  if (error.code === "conflict") return t("files.sent_already", { name: nameOf(chip) });
  return null;
}

/** The file of a message that can be put into the field. */
export function fileOf(content: Content): { media: Media; kind: AttachmentKind } | null {
  switch (content.kind) {
    case "image":
    case "video":
    case "document":
      return { media: content.media, kind: content.kind };
    case "audio":
      // What was recorded in the chat has no place among the files.
      return content.voice ? null : { media: content.media, kind: "audio" };
    default:
      return null;
  }
}

/**
 * Brings the file of a message that did not go out into the field. `discard` follows when the old
 * message is not needed any more. `false` where the file cannot be had, or is on its way already:
 * all stays as it is.
 */
export async function fileBack(
  app: App,
  conversation: ConversationId,
  text: WaitingText,
  discard: () => void,
): Promise<boolean> {
  const attachments = attachmentsOf(app);
  if (text.at === "here") {
    const { command } = text.item;
    if (command.do !== "send_file") return false;
    // No message has it yet: it lies at the hub as it was uploaded.
    const file: DraftFile = {
      file: { file: unseen(command.file, command.kind), kind: command.kind, changed: false },
      name: command.name,
    };
    lookAt(app, conversation, attachments.putBack(conversation, [file]));
    discard();
    return true;
  }
  const found = fileOf(text.row.content);
  if (!found) return false;
  const { media, kind } = found;
  const name = fileName(media);
  try {
    const { blob } = await picturesFor(app).fetched(media.id);
    const file = new File([blob], name, { type: media.mime_type });
    return attachments.bringBack(conversation, { key: `back-${text.row.id}`, file, kind }, () => {
      draftsOf(app).flush();
      discard();
    });
  } catch {
    app.screen.info(t("files.unfetched", { name }));
    return false;
  }
}

/** The outbox knows of a file only what it is called and as what it goes. */
function unseen(id: string, kind: AttachmentKind): Media {
  const types: Partial<Record<AttachmentKind, string>> = {
    image: "image/jpeg",
    video: "video/mp4",
    audio: "audio/ogg",
  };
  return {
    id,
    mime_type: types[kind] ?? "application/octet-stream",
    state: "stored",
    width: null,
    height: null,
    size_bytes: null,
    filename: null,
  };
}
