/** What the fake hub says of a file: its kind, and whether Meta would take it. */
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { AttachmentProblem } from "$lib/protocol/AttachmentProblem";
import type { Command } from "$lib/protocol/Command";
import type { Content } from "$lib/protocol/Content";
import type { Media } from "$lib/protocol/Media";
import type { AttachmentPart } from "$lib/protocol/AttachmentPart";
import type { AttachmentRef } from "$lib/protocol/AttachmentRef";
import type { NewAttachment } from "$lib/protocol/NewAttachment";
import type { UploadedFile } from "$lib/protocol/UploadedFile";

import { CallError } from "..";
import { freshId } from "./world";

const MB = 1_000_000;

export function kindOfFile({ mime_type, kind }: NewAttachment): AttachmentKind {
  if (kind) return kind;
  if (/^image\/(?:jpeg|png|webp)$/u.test(mime_type)) return "image";
  if (mime_type === "video/mp4") return "video";
  return mime_type.startsWith("audio/") ? "audio" : "document";
}

export function problemOf(file: NewAttachment): AttachmentProblem | null {
  if (file.size === 0) return { problem: "empty" };
  if (file.kind === null && /^image\/hei[cf]$/u.test(file.mime_type)) return { problem: "heic" };
  if (file.kind === null && /^image\/(?:bmp|tiff)$/u.test(file.mime_type)) {
    return { problem: "wrong_kind" };
  }
  const kind = kindOfFile(file);
  const most = kind === "video" || kind === "audio" ? 16 * MB : 100 * MB;
  return file.size > most ? { problem: "too_large", most } : null;
}

export function fileContent(media: Media, command: Command & { do: "send_file" }): Content {
  const { kind, caption } = command;
  const named = { ...media, filename: command.name };
  switch (kind) {
    case "audio":
    case "voice":
      return { kind: "audio", media: named, voice: kind === "voice" };
    case "sticker":
      return { kind, media: named, animated: false };
    default:
      return { kind, media: named, caption };
  }
}

/** The files that lie at the fake hub, and those on their way there. */
export class Files {
  readonly #coming = new Map<string, { begun: NewAttachment; base64: string }>();
  readonly #there = new Map<string, { media: Media; base64: string }>();

  get(id: string): { media: Media; base64: string } | undefined {
    return this.#there.get(id);
  }

  begin(begun: NewAttachment): AttachmentRef {
    const file = problemOf(begun);
    if (file) {
      const retry = { retry: "never" } as const;
      throw new CallError({ code: "file_refused", message: "problem", retry, file });
    }
    const attachment = freshId("attachment");
    this.#coming.set(attachment, { begun, base64: "" });
    return { attachment };
  }

  part({ attachment, base64 }: AttachmentPart): Record<string, never> {
    this.#onItsWay(attachment).base64 += base64;
    return {};
  }

  end({ attachment }: AttachmentRef): UploadedFile {
    const { begun, base64 } = this.#onItsWay(attachment);
    this.#coming.delete(attachment);
    const kind = kindOfFile(begun);
    const changed = kind === "image" && begun.size > 5_000_000;
    const file: Media = {
      id: freshId("media-own"),
      mime_type: begun.mime_type,
      state: "stored",
      width: null,
      height: null,
      size_bytes: changed ? 1_400_000 : begun.size,
      filename: null,
    };
    this.#there.set(file.id, { media: file, base64 });
    return { file, kind, changed };
  }

  drop({ attachment }: AttachmentRef): Record<string, never> {
    this.#coming.delete(attachment);
    return {};
  }

  #onItsWay(attachment: string): { begun: NewAttachment; base64: string } {
    const upload = this.#coming.get(attachment);
    if (!upload) {
      const retry = { retry: "never" } as const;
      throw new CallError({ code: "not_found", message: "no such attachment", retry });
    }
    return upload;
  }
}
