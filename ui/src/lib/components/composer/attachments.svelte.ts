/**
 * The files that are to go out with the next message of a chat.
 *
 * Each is brought to the hub as soon as it was chosen, one after the other, so that Send has
 * nothing to wait for. The hub looks at its kind and size first and says at once what Meta would
 * not take.
 *
 * ```text
 *   waiting ──► uploading ──► ready ──► taken by Send (and given back if that was refused)
 *      ▲            └──► refused / failed
 *      └── as a document, once more
 * ```
 */
import { SvelteMap } from "svelte/reactivity";

import { type Bridge, CallError } from "$lib/bridge";
import type { ApiError } from "$lib/protocol/ApiError";
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { AttachmentProblem } from "$lib/protocol/AttachmentProblem";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { UploadedFile } from "$lib/protocol/UploadedFile";
import type { App } from "$lib/state";

import { characters } from "./words";

/** Bytes of one part. A multiple of three, so that its base64 has no filling. */
export const PART_BYTES = 192 * 1024;
/** Most characters below a picture, film or document, as Meta counts them. */
export const MAX_CAPTION = 1024;

export type ChipState = "waiting" | "uploading" | "ready" | "refused" | "failed";

export class Chip {
  readonly key: string;
  readonly file: File;
  readonly mime: string;
  /** The address of a small look at it, for pictures. */
  readonly preview: string | null;
  state = $state<ChipState>("waiting");
  /** From 0 to 1. */
  progress = $state(0);
  asDocument = $state(false);
  problem = $state.raw<AttachmentProblem | null>(null);
  error = $state.raw<ApiError | null>(null);
  uploaded = $state.raw<UploadedFile | null>(null);
  /** Grows whenever what is under way for it is no longer wanted. */
  turn = 0;

  constructor(key: string, file: File) {
    this.key = key;
    this.file = file;
    this.mime = mimeOf(file);
    this.preview = DRAWN.test(this.mime) ? URL.createObjectURL(file) : null;
  }

  get isPicture(): boolean {
    return this.mime.startsWith("image/");
  }
}

const DRAWN = /^image\/(?:jpeg|png|webp|gif)$/u;
const CAPTIONED: AttachmentKind[] = ["image", "video", "document"];

/** Not every system knows what the phones of others write. */
function mimeOf(file: File): string {
  if (file.type !== "") return file.type.toLowerCase();
  const ending = /\.(heic|heif)$/iu.exec(file.name)?.[1];
  return ending ? `image/${ending.toLowerCase()}` : "";
}

export interface Parcel {
  chip: Chip;
  uploaded: UploadedFile;
  caption: string | null;
}

/** Which file carries the words; where none may, they go as a text after the files. */
export function withWords(chips: Chip[], words: string): { parcels: Parcel[]; text: string } {
  let left = words.trim();
  const parcels: Parcel[] = [];
  const fits = left !== "" && characters(left) <= MAX_CAPTION;
  for (const chip of chips) {
    const { uploaded } = chip;
    if (chip.state !== "ready" || !uploaded) continue;
    const takes = fits && left !== "" && CAPTIONED.includes(uploaded.kind);
    parcels.push({ chip, uploaded, caption: takes ? left : null });
    if (takes) left = "";
  }
  return { parcels, text: left };
}

export class Attachments {
  #bridge: Pick<Bridge, "call">;
  #chips = new SvelteMap<ConversationId, Chip[]>();
  #running = false;
  #count = 0;

  constructor(bridge: Pick<Bridge, "call">) {
    this.#bridge = bridge;
  }

  of(conversation: ConversationId): Chip[] {
    return this.#chips.get(conversation) ?? [];
  }

  add(conversation: ConversationId, files: Iterable<File>): void {
    const more = [...files].map((file) => new Chip(`file-${(this.#count += 1)}`, file));
    if (more.length === 0) return;
    this.#chips.set(conversation, [...this.of(conversation), ...more]);
    void this.#run();
  }

  /** Takes it away, also in the middle of its way to the hub. */
  remove(conversation: ConversationId, chip: Chip): void {
    chip.turn += 1;
    this.#without(conversation, [chip]);
    if (chip.preview) URL.revokeObjectURL(chip.preview);
  }

  sendAsDocument(chip: Chip, document: boolean): void {
    chip.asDocument = document;
    this.again(chip);
  }

  again(chip: Chip): void {
    chip.turn += 1;
    chip.state = "waiting";
    chip.progress = 0;
    chip.problem = null;
    chip.error = null;
    chip.uploaded = null;
    void this.#run();
  }

  /** Send takes these; `giveBack` or `done` follows for each of them. */
  take(conversation: ConversationId, chips: Chip[]): void {
    this.#without(conversation, chips);
  }

  giveBack(conversation: ConversationId, chips: Chip[]): void {
    this.#chips.set(conversation, [...chips, ...this.of(conversation)]);
  }

  done(chip: Chip): void {
    if (chip.preview) URL.revokeObjectURL(chip.preview);
  }

  #without(conversation: ConversationId, chips: Chip[]): void {
    this.#chips.set(
      conversation,
      this.of(conversation).filter((one) => !chips.includes(one)),
    );
  }

  #next(): Chip | undefined {
    for (const chips of this.#chips.values()) {
      const chip = chips.find((one) => one.state === "waiting");
      if (chip) return chip;
    }
    return undefined;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let chip = this.#next(); chip; chip = this.#next()) await this.#upload(chip);
    this.#running = false;
  }

  async #upload(chip: Chip): Promise<void> {
    const { turn, file } = chip;
    const wanted = (): boolean => chip.turn === turn;
    let begun: string | null = null;
    chip.state = "uploading";
    try {
      const { attachment } = await this.#bridge.call("begin_attachment", {
        mime_type: chip.mime,
        size: file.size,
        kind: chip.asDocument ? "document" : null,
      });
      begun = attachment;
      for (let from = 0; from < file.size && wanted(); from += PART_BYTES) {
        const base64 = await base64Of(file.slice(from, from + PART_BYTES));
        if (!wanted()) break;
        await this.#bridge.call("attach_part", { attachment, base64 });
        if (wanted()) chip.progress = Math.min(1, (from + PART_BYTES) / file.size);
      }
      if (!wanted()) {
        this.#drop(attachment);
        return;
      }
      const uploaded = await this.#bridge.call("end_attachment", { attachment });
      if (!wanted()) return;
      chip.uploaded = uploaded;
      chip.state = "ready";
    } catch (cause) {
      if (begun !== null) this.#drop(begun);
      if (!wanted()) return;
      const error = cause instanceof CallError ? cause.error : null;
      chip.problem = error?.code === "file_refused" ? (error.file ?? null) : null;
      chip.error = error;
      chip.state = error?.code === "file_refused" ? "refused" : "failed";
    }
  }

  #drop(attachment: string): void {
    this.#bridge.call("drop_attachment", { attachment }).catch(() => {});
  }
}

function base64Of(part: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => failed(reader.error ?? new Error("not readable"));
    reader.readAsDataURL(part);
  });
}

const byApp = new WeakMap<App, Attachments>();

/** One for the screen: a file goes on its way also when its chat is no longer the open one. */
export function attachmentsOf(app: App): Attachments {
  let attachments = byApp.get(app);
  if (!attachments) {
    attachments = new Attachments(app.bridge);
    byApp.set(app, attachments);
  }
  return attachments;
}
