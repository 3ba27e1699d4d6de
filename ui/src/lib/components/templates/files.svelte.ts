/**
 * The files of templates that are being filled in: on their way to the hub, or there already.
 *
 * A field's value is the id of a file at the hub. What a person chooses here is shown at once from
 * the chosen file itself; what stands there from last time has to be fetched, and may be gone, or
 * out of reach for now.
 */
import { SvelteMap } from "svelte/reactivity";

import { CallError } from "$lib/bridge";
import { t } from "$lib/i18n";
import { fileSize } from "$lib/time";
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { HeaderMedia } from "$lib/protocol/HeaderMedia";
import type { MediaId } from "$lib/protocol/MediaId";
import type { App } from "$lib/state";

import { Attachments, type Chip } from "../composer/attachments.svelte";
import { picturesFor } from "../thread/pictures";

/** What is known of a file: its look, its name, and whether it can be had. */
export interface Look {
  state: "fetching" | "there" | "gone" | "unreachable";
  /** Of something that can be drawn as a picture. */
  address: string | null;
  name: string | null;
}

const KIND: Record<HeaderMedia, AttachmentKind> = {
  image: "image",
  video: "video",
  document: "document",
  // A place has no file; the compiler wants every kind.
  location: "document",
};

/** What the dialog of the system offers. */
export const ACCEPT: Record<HeaderMedia, string> = {
  image: "image/jpeg,image/png",
  video: "video/mp4,video/3gpp",
  document: "",
  location: "",
};

export class TemplateFiles {
  #uploads: Attachments;
  #fetch: (media: MediaId) => Promise<{ address: string; blob: Blob }>;
  #looks = new SvelteMap<MediaId, Look>();
  #app: App;

  constructor(app: App) {
    this.#app = app;
    this.#uploads = new Attachments(app.bridge);
    const pictures = picturesFor(app);
    this.#fetch = (media) => pictures.fetched(media, true);
  }

  /** The file that was chosen for a field here. */
  chip(slot: string): Chip | null {
    return this.#uploads.of(slot)[0] ?? null;
  }

  choose(slot: string, file: File, media: HeaderMedia): void {
    this.remove(slot);
    this.#uploads.add(slot, [file], KIND[media]);
  }

  remove(slot: string): void {
    for (const chip of this.#uploads.of(slot)) this.#uploads.remove(slot, chip);
  }

  again(chip: Chip): void {
    this.#uploads.again(chip);
  }

  /** Whether it is still on its way. */
  coming(slot: string): boolean {
    const state = this.chip(slot)?.state;
    return state === "waiting" || state === "uploading";
  }

  /** The hub can be asked. */
  get linked(): boolean {
    return this.#app.link.link === "live";
  }

  /** Looks for a file at the hub; once more only where nothing could be learned of it. */
  seek(id: MediaId): void {
    const known = this.#looks.get(id);
    if (known && known.state !== "unreachable") return;
    this.#looks.set(id, { state: "fetching", address: null, name: null });
    this.#fetch(id).then(
      ({ address, blob }) => {
        const drawn = blob.type.startsWith("image/");
        this.#looks.set(id, { state: "there", address: drawn ? address : null, name: null });
      },
      (cause: unknown) => {
        // Only the hub knows that it has no such file; a cut connection says nothing of it.
        const gone = CallError.from(cause).error.code === "not_found";
        this.#looks.set(id, { state: gone ? "gone" : "unreachable", address: null, name: null });
      },
    );
  }

  /** What is to be shown for a field: the file chosen here, or the one that its value names. */
  look(slot: string, id: string): Look | null {
    const chip = this.chip(slot);
    if (chip) return { state: "there", address: chip.preview, name: chip.file.name };
    return id === "" ? null : (this.#looks.get(id) ?? null);
  }

  /** The picker closes: nothing goes on its way any more. What is there already stays. */
  stop(slots: Iterable<string>): void {
    for (const slot of slots) {
      if (this.chip(slot)?.state !== "ready") this.remove(slot);
    }
  }
}

/** What is wrong with a chosen file, and what to do. */
export function refusalOf(chip: Chip, media: HeaderMedia): string {
  const { problem } = chip;
  if (chip.state !== "refused") return t("templates.file.failed");
  if (problem?.problem === "empty") return t("templates.file.empty");
  if (problem?.problem === "too_large") {
    return t("templates.file.too_large", { most: fileSize(problem.most) });
  }
  return t(`templates.file.wrong_kind.${media}`);
}

export function slotOf(template: string, key: string): string {
  return `${template} ${key}`;
}
