/** What the fake hub says of a file: its kind, and whether Meta would take it. */
import type { ApiError } from "$lib/protocol/ApiError";
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
  if (file.kind === "image" && !/^image\/(?:jpeg|png)$/u.test(file.mime_type)) {
    return { problem: "wrong_kind" };
  }
  if (file.kind === "video" && !/^video\/(?:mp4|3gpp)$/u.test(file.mime_type)) {
    return { problem: "wrong_kind" };
  }
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

function refused(code: ApiError["code"], message: string, more: Partial<ApiError> = {}): CallError {
  return new CallError({ code, message, retry: { retry: "never" }, ...more });
}

/** The files that lie at the fake hub, and those on their way there. */
export class Files {
  readonly #coming = new Map<string, { begun: NewAttachment; base64: string }>();
  readonly #there = new Map<string, { media: Media; base64: string }>();

  readonly #sent = new Set<string>();

  get(id: string): { media: Media; base64: string } | undefined {
    return this.#there.get(id);
  }

  /** What was uploaded here once and is gone is refused; other files are the story's. */
  bytes(id: string): { media: Media; base64: string } | undefined {
    const own = this.#there.get(id);
    if (!own && id.startsWith("media-own")) throw refused("not_found", "no such file");
    return own;
  }

  /** A file goes out with one message, as at the real hub. */
  unsent(id: string): Media {
    const own = this.get(id);
    if (!own) throw refused("not_found", "no such file");
    if (this.#sent.has(id)) throw refused("conflict", "this file was sent already");
    return own.media;
  }

  claim(id: string): void {
    this.#sent.add(id);
  }

  /** As if the hub's folder had been emptied. */
  lose(id: string): void {
    this.#there.delete(id);
  }

  begin(begun: NewAttachment): AttachmentRef {
    const file = problemOf(begun);
    if (file) throw refused("file_refused", "problem", { file });
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
    if (!upload) throw refused("not_found", "no such attachment");
    return upload;
  }
}
