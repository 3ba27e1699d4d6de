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
  #fetch: (media: MediaId) => Promise<MediaBytes>;
  #kept = new Map<MediaId, Promise<Fetched>>();

  constructor(fetch: (media: MediaId) => Promise<MediaBytes>) {
    this.#fetch = fetch;
  }

  address(media: MediaId): Promise<string> {
    return this.fetched(media).then(({ address }) => address);
  }

  fetched(media: MediaId): Promise<Fetched> {
    const known = this.#kept.get(media);
    if (known) {
      // Moved to the end: the oldest one not looked at is dropped first.
      this.#kept.delete(media);
      this.#kept.set(media, known);
      return known;
    }
    const made = this.#fetch(media).then(toFetched);
    this.#kept.set(media, made);
    made.catch(() => this.#kept.delete(media));
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
  // Only what a picture or a player draws keeps its type. Everything else is bytes to be saved, so
  // that nothing a customer sends is ever read as a page.
  const type = bytes.mime_type.split(";")[0]?.trim().toLowerCase() ?? "";
  const drawn = /^(?:image|video|audio)\/[\w.+-]+$/u.test(type);
  const blob = new Blob([data], { type: drawn ? type : "application/octet-stream" });
  return { address: URL.createObjectURL(blob), blob };
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
  const ending = /^[\w.+-]+\/([\w.+-]+)/u.exec(media.mime_type)?.[1] ?? "bin";
  return `file.${ending}`;
}

const byApp = new WeakMap<App, Pictures>();

/** The pictures of this screen: thread, viewer and details share them. */
export function picturesFor(app: App): Pictures {
  let pictures = byApp.get(app);
  if (!pictures) {
    pictures = new Pictures((media) => app.bridge.call("media", { media }));
    byApp.set(app, pictures);
  }
  return pictures;
}
