/**
 * A voice note while it is recorded, and after that until it was sent.
 *
 * ```text
 *   asking ──► recording ◄──► paused ──► ready ──► sending ──► gone
 *      │           └──────────────────────┘ ▲          │
 *      └──► denied / missing / failed       └──────────┘ not taken
 * ```
 *
 * It is kept by chat, so that looking elsewhere stops it but loses nothing.
 */
import { SvelteMap } from "svelte/reactivity";

import type { ConversationId } from "$lib/protocol/ConversationId";
import type { ApiError } from "$lib/protocol/ApiError";
import type { App } from "$lib/state";

/**
 * What WhatsApp plays as a voice note comes first; the hub brings the other into that form. Sound in
 * another form (`audio/mp4`) would arrive as a file of music, so it is not recorded at all.
 */
const FORMATS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus"];
const ENDINGS: Record<string, string> = { ogg: "ogg", webm: "webm" };

/** So often the level is looked at and a part is taken. */
const LOOK_MS = 80;
const PART_MS = 1000;
/** Most bars that are drawn; older ones move out. */
const LEVELS = 44;

export type RecordingState =
  "asking" | "recording" | "paused" | "ready" | "sending" | "denied" | "missing" | "failed";

/** Whether a voice note can be recorded here, or sound only in a form that is none. */
export function canRecord(): "yes" | "not_as_voice_note" | "no" {
  if (typeof MediaRecorder !== "function") return "no";
  if (typeof navigator.mediaDevices?.getUserMedia !== "function") return "no";
  if (formatOf() !== null) return "yes";
  return MediaRecorder.isTypeSupported("audio/mp4") ? "not_as_voice_note" : "no";
}

function formatOf(): string | null {
  if (typeof MediaRecorder !== "function") return null;
  return FORMATS.find((format) => MediaRecorder.isTypeSupported(format)) ?? null;
}

export class Recording {
  state = $state<RecordingState>("asking");
  seconds = $state(0);
  /** How loud it was, from 0 to 1, newest last. */
  levels = $state.raw<number[]>([]);
  /** The window closed over it. */
  cut = $state(false);
  /** The address of what was recorded, to listen to. */
  address = $state<string | null>(null);
  /** It could not go out. */
  refused = $state(false);
  error = $state.raw<ApiError | null>(null);
  file = $state.raw<File | null>(null);

  #recorder: MediaRecorder | null = null;
  #stream: MediaStream | null = null;
  #sound: AudioContext | null = null;
  #meter: AnalyserNode | null = null;
  #parts: Blob[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #before = 0;
  #since: number | null = null;
  #gone = false;
  #ended: (() => void)[] = [];

  /** Send was pressed: it goes out once, however often that happens before it is on its way. */
  claimed = false;

  async start(): Promise<void> {
    const format = formatOf();
    if (format === null) {
      this.state = "failed";
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 },
      });
      this.#stream = stream;
      // Thrown away while the person was asked: the microphone is let go at once.
      if (this.#gone) return this.#letGo();
      const recorder = new MediaRecorder(stream, { mimeType: format });
      this.#recorder = recorder;
      recorder.ondataavailable = ({ data }) => {
        if (data.size > 0) this.#parts.push(data);
      };
      recorder.onerror = () => this.#fail();
      recorder.onstop = () => this.#finish();
      recorder.start(PART_MS);
      this.#listen(stream);
      this.#run();
    } catch (cause) {
      this.#letGo();
      this.state = whyNot(cause);
    }
  }

  pause(): void {
    if (this.state !== "recording") return;
    this.#recorder?.pause();
    this.#hold();
    this.state = "paused";
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.#recorder?.resume();
    this.#run();
  }

  /** Ends the recording; what there is can be listened to and sent. */
  stop(): void {
    if (this.state !== "recording" && this.state !== "paused") return;
    this.#hold();
    this.#recorder?.stop();
  }

  /** What was recorded; ends it first. `null` where there is nothing. */
  async whole(): Promise<File | null> {
    if (this.state === "recording" || this.state === "paused") {
      const ended = new Promise<void>((done) => this.#ended.push(done));
      this.stop();
      await ended;
    }
    return this.file;
  }

  /** The window closed: what was said so far stays. */
  cutOff(): void {
    if (this.state === "asking") {
      this.discard();
      return;
    }
    if (this.state === "recording" || this.state === "paused") this.cut = true;
    this.stop();
  }

  discard(): void {
    this.#gone = true;
    if (this.#recorder && this.#recorder.state !== "inactive") {
      this.#recorder.onstop = null;
      this.#recorder.stop();
    }
    this.#hold();
    this.#letGo();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }

  #run(): void {
    this.#since = performance.now();
    this.state = "recording";
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  #hold(): void {
    clearInterval(this.#timer);
    if (this.#since === null) return;
    this.#before += performance.now() - this.#since;
    this.#since = null;
    this.seconds = this.#before / 1000;
  }

  #look(): void {
    if (this.#since === null) return;
    this.seconds = (this.#before + performance.now() - this.#since) / 1000;
    this.levels = [...this.levels, this.#level()].slice(-LEVELS);
  }

  #listen(stream: MediaStream): void {
    // Without it there is only no picture of the sound.
    if (typeof AudioContext !== "function") return;
    this.#sound = new AudioContext();
    this.#meter = this.#sound.createAnalyser();
    this.#meter.fftSize = 512;
    this.#sound.createMediaStreamSource(stream).connect(this.#meter);
  }

  #level(): number {
    if (!this.#meter) return 0;
    const wave = new Uint8Array(this.#meter.fftSize);
    this.#meter.getByteTimeDomainData(wave);
    let sum = 0;
    for (const one of wave) sum += ((one - 128) / 128) ** 2;
    // Speech is quiet by its numbers: the root lifts it to where it can be seen.
    return Math.min(1, Math.sqrt(Math.sqrt(sum / wave.length)) * 1.2);
  }

  #finish(): void {
    this.#letGo();
    if (!this.#gone) this.#keep();
    this.#ended.splice(0).forEach((done) => done());
  }

  #keep(): void {
    const type = (this.#recorder?.mimeType || formatOf()) ?? "";
    const [kind = "audio/ogg"] = type.split(";");
    const blob = new Blob(this.#parts, { type });
    if (blob.size === 0) {
      this.state = "failed";
      return;
    }
    const ending = ENDINGS[kind.replace("audio/", "")] ?? "ogg";
    this.file = new File([blob], `voice.${ending}`, { type });
    this.address = URL.createObjectURL(blob);
    this.state = "ready";
  }

  #fail(): void {
    this.#hold();
    this.#letGo();
    this.state = "failed";
    this.#ended.splice(0).forEach((done) => done());
  }

  #letGo(): void {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#meter = null;
    this.#sound?.close().catch(() => {});
    this.#sound = null;
  }
}

function whyNot(cause: unknown): RecordingState {
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return "failed";
}

export class Recordings {
  #all = new SvelteMap<ConversationId, Recording>();

  of(conversation: ConversationId): Recording | null {
    return this.#all.get(conversation) ?? null;
  }

  start(conversation: ConversationId): void {
    // One microphone, one recording.
    for (const other of this.#all.values()) other.stop();
    this.of(conversation)?.discard();
    const recording = new Recording();
    this.#all.set(conversation, recording);
    void recording.start();
  }

  discard(conversation: ConversationId): void {
    this.of(conversation)?.discard();
    this.#all.delete(conversation);
  }

  /** It could not go out: what was said is there again. */
  giveBack(conversation: ConversationId, recording: Recording, error: ApiError | null): void {
    recording.state = "ready";
    recording.claimed = false;
    recording.refused = true;
    recording.error = error;
    if (!this.#all.has(conversation)) this.#all.set(conversation, recording);
  }
}

const byApp = new WeakMap<App, Recordings>();

/** One for the screen: what was recorded stays while another chat is open. */
export function recordingsOf(app: App): Recordings {
  let recordings = byApp.get(app);
  if (!recordings) {
    recordings = new Recordings();
    byApp.set(app, recordings);
  }
  return recordings;
}
