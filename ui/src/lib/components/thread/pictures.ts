/** Files: the room reserved before they come, and their addresses once fetched. */
import type { Media } from "$lib/protocol/Media";
import type { MediaBytes } from "$lib/protocol/MediaBytes";
import type { MediaId } from "$lib/protocol/MediaId";
import type { App } from "$lib/state";

const MAX_WIDTH = 268;
const MAX_HEIGHT = 320;
const MIN_WIDTH = 130;

/** The size at which a picture is drawn, known before its bytes are, so that nothing jumps. */
export function reservedSize(media: Pick<Media, "width" | "height">): {
  width: number;
  height: number;
} {
  const { width, height } = media;
  if (!width || !height) return { width: 236, height: 177 };
  const scale = Math.min(MAX_WIDTH / width, MAX_HEIGHT / height, 1);
  return {
    width: Math.round(Math.max(MIN_WIDTH, width * scale)),
    height: Math.round(Math.max(MIN_WIDTH / 2, height * scale)),
  };
}

const KEPT = 60;

/** A file's bytes, and the address under which an element of the page draws them. */
export interface Fetched {
  address: string;
  blob: Blob;
}

/**
 * Fetches pictures once and keeps the latest of them. An address that falls out is revoked
 * only when no element can still need it, which is why the number kept is well above what
 * one screen shows.
 */
export class Pictures {
  #fetch: (media: MediaId, thumbnail: boolean) => Promise<MediaBytes>;
  #kept = new Map<string, Promise<Fetched>>();

  constructor(fetch: (media: MediaId, thumbnail: boolean) => Promise<MediaBytes>) {
    this.#fetch = fetch;
  }

  /** The whole file. */
  address(media: MediaId): Promise<string> {
    return this.fetched(media).then(({ address }) => address);
  }

  /** A small picture of it, where there is one. */
  thumbnail(media: MediaId): Promise<string> {
    return this.fetched(media, true).then(({ address }) => address);
  }

  fetched(media: MediaId, thumbnail = false): Promise<Fetched> {
    const key = thumbnail ? `${media} small` : media;
    const known = this.#kept.get(key);
    if (known) {
      // Moved to the end: the oldest one not looked at is dropped first.
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const made = this.#fetch(media, thumbnail).then(toFetched);
    this.#kept.set(key, made);
    made.catch(() => this.#kept.delete(key));
    this.#drop();
    return made;
  }

  #drop(): void {
    while (this.#kept.size > KEPT) {
      const oldest = this.#kept.keys().next();
      if (oldest.done) return;
      const file = this.#kept.get(oldest.value);
      this.#kept.delete(oldest.value);
      file?.then(({ address }) => URL.revokeObjectURL(address)).catch(() => {});
    }
  }
}

function toFetched(bytes: MediaBytes): Fetched {
  const text = atob(bytes.base64);
  const data = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) data[index] = text.charCodeAt(index);
  const type = kind(bytes.mime_type);
  const blob = new Blob([data], { type: SHOWN.test(type) ? type : "application/octet-stream" });
  return { address: URL.createObjectURL(blob), blob };
}

/**
 * What a picture or a player draws keeps its kind. Everything else is bytes to be saved, so that
 * nothing a customer sends is ever read as a page; an SVG is one.
 */
const SHOWN = /^(?:image\/(?:jpeg|png|webp|gif)|(?:video|audio)\/[\w.+-]+)$/u;

function kind(type: string): string {
  return type.split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The hub has it, and found it to be something else than it was announced as. */
export function isOnlySaved(media: Pick<Media, "state" | "mime_type">): boolean {
  return media.state === "stored" && !SHOWN.test(kind(media.mime_type));
}

/** The name to save a document under: the sender's, without anything that could lead elsewhere. */
export function fileName(media: Pick<Media, "filename" | "mime_type">): string {
  const last = media.filename?.split(/[/\\]/u).at(-1) ?? "";
  // Control and bidirectional marks can make `exe.pdf` of `fdp.exe`.
  const clean = last
    .replaceAll(/[\p{Cc}\p{Cf}<>:"|?*]/gu, "")
    .replace(/^[.\s]+/u, "")
    .trim();
  if (clean !== "") return clean.slice(-120);
  const ending = /^[\w.+-]+\/([\w.+-]+)/u.exec(media.mime_type)?.[1] ?? "octet-stream";
  return `file.${ending === "octet-stream" ? "bin" : ending}`;
}

const byApp = new WeakMap<App, Pictures>();

/** The pictures of this screen: thread, viewer and details share them. */
export function picturesFor(app: App): Pictures {
  let pictures = byApp.get(app);
  if (!pictures) {
    pictures = new Pictures((media, thumbnail) => app.bridge.call("media", { media, thumbnail }));
    byApp.set(app, pictures);
  }
  return pictures;
}
