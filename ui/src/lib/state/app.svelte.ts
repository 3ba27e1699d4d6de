/**
 * Everything the interface knows, made in one place and given down by context.
 *
 * Events of the engine are the only thing that changes it. They are numbered; a number that is
 * missing means that something was lost on the way, and then everything is asked for anew.
 *
 * ```text
 *   hello ──► subscribe ──► events in order ──┐
 *                 ▲                           │ a gap, or the stream broke
 *                 └───── back-off ◄───────────┘
 * ```
 */
import { getContext, setContext } from "svelte";

import { type Answer, type Bridge, CallError, type CallName, type Request } from "$lib/bridge";
import type { Acted } from "$lib/protocol/Acted";
import type { Command } from "$lib/protocol/Command";
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { LinkState } from "$lib/protocol/LinkState";
import type { PhoneStartRow } from "$lib/protocol/PhoneStartRow";
import type { Preferences } from "$lib/protocol/Preferences";
import type { Stage } from "$lib/protocol/Stage";
import type { UiEnvelope } from "$lib/protocol/UiEnvelope";
import type { UiEvent } from "$lib/protocol/UiEvent";
import type { Viewer } from "$lib/protocol/Viewer";
import { TeamClock } from "$lib/time";

import { Commands } from "./commands.svelte";
import { ListState } from "./list.svelte";
import { Screen } from "./screen.svelte";
import { TeamState } from "./team.svelte";
import { ThreadState } from "./thread.svelte";

const KEY = Symbol("app");
const BACK_OFF_MS = [250, 500, 1000, 2000, 5000];

export class App {
  readonly bridge: Bridge;
  readonly clock = new TeamClock();
  readonly team = new TeamState();
  readonly commands = new Commands();
  readonly screen = new Screen();
  readonly list: ListState;
  readonly thread: ThreadState;

  version = $state("");
  shell = $state("");
  /** `null` until the engine has answered. */
  stage = $state.raw<Stage | null>(null);
  link = $state.raw<LinkState>({ link: "connecting" });
  /** The stream from the engine broke: not the hub's link, but this page's own. */
  disconnected = $state(false);
  starts = $state.raw<PhoneStartRow[]>([]);
  viewers = $state.raw<Viewer[]>([]);
  preferences = $state.raw<Preferences>({
    theme: "system",
    language: "",
    details_hidden: false,
    list_order: "newest",
    last_conversation: null,
  });
  /** Grows whenever templates changed, so that an open picker asks again. */
  templatesVersion = $state(0);

  #expected: number | null = null;
  #unsubscribe: (() => void) | null = null;
  #tries = 0;
  #steps: Promise<void> = Promise.resolve();
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
    this.list = new ListState(bridge);
    this.thread = new ThreadState(bridge);
  }

  async start(): Promise<void> {
    this.clock.start();
    try {
      const hello = await this.bridge.call("hello", {});
      this.version = hello.version;
      this.shell = hello.shell;
      this.#takePreferences(hello.preferences);
      this.list.order = hello.preferences.list_order;
      this.#takeStage(hello.stage);
      this.subscribe();
    } catch {
      this.#again();
    }
  }

  stop(): void {
    this.clock.stop();
    clearTimeout(this.#retry);
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /** Starts the stream anew; the engine then sends everything that is watched. */
  subscribe(): void {
    this.#unsubscribe?.();
    this.#expected = null;
    let current = true;
    const end = this.bridge.subscribe(
      (envelope) => {
        if (current) this.#take(envelope);
      },
      () => {
        if (current) this.#again();
      },
    );
    this.#unsubscribe = () => {
      current = false;
      end();
    };
    if (this.stage?.stage === "ready") this.#watch();
  }

  /** A call whose refusal is shown to the person. */
  async call<Name extends CallName>(name: Name, payload: Request<Name>): Promise<Answer<Name>> {
    try {
      return await this.bridge.call(name, payload);
    } catch (cause) {
      const failure = CallError.from(cause);
      this.screen.error(failure.error);
      throw failure;
    }
  }

  /** Does something; a refusal is shown, and the answer is then `null`. */
  async act(command: Command): Promise<Acted | null> {
    try {
      return await this.call("act", command);
    } catch {
      return null;
    }
  }

  /** Opens a conversation, or closes the thread. */
  open(id: ConversationId | null): void {
    this.thread.open(id);
    this.screen.listOpen = false;
    if (this.screen.view === "starts" && id) this.screen.view = "inbox";
    if (id !== this.preferences.last_conversation) this.prefer({ last_conversation: id });
  }

  /** Moves by so many rows. Presses in quick succession go one after the other. */
  step(by: number): Promise<void> {
    this.#steps = this.#steps.then(async () => {
      const { conversation } = await this.call("neighbour", {
        conversation: this.thread.id,
        step: by,
      });
      if (conversation) this.open(conversation);
    });
    // A refusal was shown; the next press starts afresh.
    this.#steps = this.#steps.catch(() => {});
    return this.#steps;
  }

  prefer(change: Partial<Preferences>): void {
    this.preferences = { ...this.preferences, ...change };
    this.bridge.call("save_preferences", this.preferences).catch(() => {});
  }

  /** Who else looks at a conversation. */
  othersAt(id: ConversationId): Viewer[] {
    return this.viewers.filter(
      (viewer) => viewer.conversation === id && !this.team.isMe(viewer.agent),
    );
  }

  #take(envelope: UiEnvelope): void {
    if (this.#expected !== null && envelope.seq !== this.#expected) {
      this.subscribe();
      return;
    }
    this.#expected = envelope.seq + 1;
    this.#tries = 0;
    this.disconnected = false;
    this.apply(envelope.event);
  }

  apply(event: UiEvent): void {
    switch (event.kind) {
      case "stage":
        this.#takeStage(event.stage);
        break;
      case "link":
        this.link = event.state;
        break;
      case "clock":
        this.clock.set(event.clock);
        break;
      case "list":
        this.list.apply(event.view);
        break;
      case "thread":
        this.thread.apply(event.view);
        break;
      case "thread_gone":
        this.thread.vanished(event.conversation);
        break;
      case "team":
        this.team.inboxes = event.inboxes;
        this.team.agents = event.agents;
        break;
      case "phone_starts":
        this.starts = event.starts;
        break;
      case "viewers":
        this.viewers = event.viewers;
        break;
      case "templates_changed":
        this.templatesVersion += 1;
        break;
      case "preferences":
        this.#takePreferences(event.preferences);
        break;
      case "open":
        this.open(event.conversation);
        break;
      case "start_with":
        this.screen.newConversation({ number: event.number });
        break;
      case "noticed":
        // The shell makes the system's notification of it.
        break;
      default:
        // Kinds that this version does not know are skipped.
        break;
    }
  }

  #takeStage(stage: Stage): void {
    const before = this.stage?.stage;
    this.stage = stage;
    this.team.me = stage.stage === "ready" ? stage.me : null;
    if (stage.stage === "ready" && before !== "ready") {
      if (this.preferences.last_conversation) this.thread.id = this.preferences.last_conversation;
      if (this.#unsubscribe) this.#watch();
    }
    if (stage.stage === "first_run") {
      this.thread.id = null;
      this.thread.view = null;
      this.screen.close();
    }
  }

  #takePreferences(preferences: Preferences): void {
    this.preferences = preferences;
  }

  #watch(): void {
    this.list.ask();
    this.thread.watch();
  }

  #again(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.disconnected = true;
    clearTimeout(this.#retry);
    const wait = BACK_OFF_MS[Math.min(this.#tries, BACK_OFF_MS.length - 1)];
    this.#tries += 1;
    this.#retry = setTimeout(() => {
      if (this.stage === null) void this.start();
      else this.subscribe();
    }, wait);
  }
}

export function provideApp(app: App): void {
  setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}
