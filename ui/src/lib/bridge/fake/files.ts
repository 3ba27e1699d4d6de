/** What the fake hub says of a file: its kind, and whether Meta would take it. */
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { AttachmentProblem } from "$lib/protocol/AttachmentProblem";
import type { Command } from "$lib/protocol/Command";
import type { Content } from "$lib/protocol/Content";
import type { Media } from "$lib/protocol/Media";
import type { NewAttachment } from "$lib/protocol/NewAttachment";

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
