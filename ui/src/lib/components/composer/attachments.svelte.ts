/**
 * The files that are to go out with the next message of a chat.
 *
 * Each is brought to the hub as soon as it was chosen, one after the other, so that Send has
 * nothing to wait for. The hub looks at its kind and size first and says at once what Meta would
 * not take.
 *
 * ```text
 *   waiting ──► uploading ──► ready ──► taken by Send (and given back if that was refused)
 *      ▲            │           ▲
 *      │            │           └── kept at the hub since an earlier start
 *      │            └──► refused / failed
 *      └── as a document, once more
 * ```
 *
 * What is ready is kept with the draft, so a start anew finds it again.
 */
import { SvelteMap } from "svelte/reactivity";

import { type Bridge, CallError } from "$lib/bridge";
import type { ApiError } from "$lib/protocol/ApiError";
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { AttachmentProblem } from "$lib/protocol/AttachmentProblem";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { DraftFile } from "$lib/protocol/DraftFile";
import type { UploadedFile } from "$lib/protocol/UploadedFile";
import type { App } from "$lib/state";

import { draftsOf } from "./drafts.svelte";
import { characters } from "./words";

/** Bytes of one part. A multiple of three, so that its base64 has no filling. */
export const PART_BYTES = 192 * 1024;
/** Most characters below a picture, film or document, as Meta counts them. */
export const MAX_CAPTION = 1024;

export type ChipState = "waiting" | "uploading" | "ready" | "refused" | "failed";

export class Chip {
  readonly key: string;
  /** Of one that lies at the hub since an earlier start: its name and nothing in it. */
  readonly file: File;
  readonly mime: string;
  /** The address of a small look at it, for pictures. */
  preview = $state.raw<string | null>(null);
  /** Its bytes are at the hub alone, so it goes out as it is there. */
  readonly atHub: boolean;
  /** Once, as soon as it has arrived at the hub. */
  onready: (() => void) | null = null;
  state = $state<ChipState>("waiting");
  /** From 0 to 1. */
  progress = $state(0);
  asDocument = $state(false);
  /** What must stand at its place, where that is not the person's choice. */
  kind: AttachmentKind | null = null;
  /** Recorded in the chat; it goes out as a voice note. */
  readonly voice: boolean;
  problem = $state.raw<AttachmentProblem | null>(null);
  error = $state.raw<ApiError | null>(null);
  uploaded = $state.raw<UploadedFile | null>(null);
  /** Grows whenever what is under way for it is no longer wanted. */
  turn = 0;

  constructor(key: string, file: File, voice = false, atHub: UploadedFile | null = null) {
    this.voice = voice;
    this.key = key;
    this.file = file;
    this.mime = mimeOf(file);
    this.atHub = atHub !== null;
    this.uploaded = atHub;
    if (atHub) this.state = "ready";
    else if (DRAWN.test(this.mime)) this.preview = URL.createObjectURL(file);
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
  /** Chats whose files of an earlier start are here: what is here now is newer than any draft. */
  #known = new Set<ConversationId>();
  #changed: (conversation: ConversationId) => void;

  /** `changed` hears of a chat whose files that are ready are others now. */
  constructor(
    bridge: Pick<Bridge, "call">,
    changed: (conversation: ConversationId) => void = () => {},
  ) {
    this.#bridge = bridge;
    this.#changed = changed;
  }

  of(conversation: ConversationId): Chip[] {
    return this.#chips.get(conversation) ?? [];
  }

  add(
    conversation: ConversationId,
    files: Iterable<File>,
    kind: AttachmentKind | null = null,
  ): void {
    const more = [...files].map((file) => new Chip(`file-${(this.#count += 1)}`, file));
    for (const chip of more) chip.kind = kind;
    if (more.length === 0) return;
    this.#set(conversation, [...this.of(conversation), ...more]);
    void this.#run();
  }

  /** What would go out now, for keeping it with the draft. */
  ready(conversation: ConversationId): DraftFile[] {
    return this.of(conversation).flatMap((chip) =>
      chip.state === "ready" && chip.uploaded
        ? [{ file: chip.uploaded, name: chip.file.name || null }]
        : [],
    );
  }

  /** The files that were kept with a draft, unless this chat has its files already. */
  restore(conversation: ConversationId, files: DraftFile[]): Chip[] {
    if (this.#known.has(conversation)) return [];
    this.#known.add(conversation);
    return this.putBack(conversation, files);
  }

  /** Files that lie at the hub, before those that are here. */
  putBack(conversation: ConversationId, files: DraftFile[]): Chip[] {
    if (files.length === 0) return [];
    const chips = files.map(({ file, name }) => {
      const stub = new File([], name ?? "", { type: file.file.mime_type });
      return new Chip(`file-${(this.#count += 1)}`, stub, file.kind === "voice", file);
    });
    for (const chip of chips) {
      chip.asDocument = chip.isPicture && chip.uploaded?.kind === "document";
    }
    this.giveBack(conversation, chips);
    return chips;
  }

  /**
   * The file of a message comes back to be sent anew. `false` where it is here already. `onready`
   * follows when it has arrived at the hub.
   */
  bringBack(
    conversation: ConversationId,
    { key, file, kind }: { key: string; file: File; kind: AttachmentKind },
    onready: () => void,
  ): boolean {
    if (this.of(conversation).some((one) => one.key === key)) return false;
    const chip = new Chip(key, file);
    // A photo may still become a document, and a document that is a photo may become one.
    if (chip.isPicture && kind !== "sticker") chip.asDocument = kind === "document";
    else chip.kind = kind;
    chip.onready = onready;
    this.giveBack(conversation, [chip]);
    void this.#run();
    return true;
  }

  /** Brings one recording to the hub, beside the files that wait with the words. */
  async bring(file: File): Promise<Chip> {
    const chip = new Chip(`file-${(this.#count += 1)}`, file, true);
    await this.#upload(chip);
    return chip;
  }

  /** Takes it away, also in the middle of its way to the hub. */
  remove(conversation: ConversationId, chip: Chip): void {
    chip.turn += 1;
    this.#without(conversation, [chip]);
    this.done(chip);
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
    this.#told(chip);
    void this.#run();
  }

  /** Send takes these; `giveBack` or `done` follows for each of them. */
  take(conversation: ConversationId, chips: Chip[]): void {
    this.#without(conversation, chips);
  }

  giveBack(conversation: ConversationId, chips: Chip[]): void {
    this.#set(conversation, [...chips, ...this.of(conversation)]);
  }

  done(chip: Chip): void {
    // The look at a file of the hub is shared with the thread.
    if (chip.preview && !chip.atHub) URL.revokeObjectURL(chip.preview);
  }

  #without(conversation: ConversationId, chips: Chip[]): void {
    this.#set(
      conversation,
      this.of(conversation).filter((one) => !chips.includes(one)),
    );
  }

  #set(conversation: ConversationId, chips: Chip[]): void {
    this.#known.add(conversation);
    this.#chips.set(conversation, chips);
    this.#changed(conversation);
  }

  #told(chip: Chip): void {
    for (const [conversation, chips] of this.#chips) {
      if (chips.includes(chip)) this.#changed(conversation);
    }
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
        kind: chip.voice ? "voice" : chip.asDocument ? "document" : chip.kind,
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
      this.#told(chip);
      chip.onready?.();
      chip.onready = null;
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
    const drafts = draftsOf(app);
    const made = new Attachments(app.bridge, (conversation) =>
      drafts.write(conversation, "reply", { files: made.ready(conversation) }),
    );
    attachments = made;
    byApp.set(app, made);
  }
  return attachments;
}
