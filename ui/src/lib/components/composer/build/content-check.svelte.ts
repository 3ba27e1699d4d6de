/**
 * What WhatsApp would refuse of something that is being put together, as the engine says it.
 *
 * It is asked a moment after the last key. A field shows its trouble once somebody has left it, or
 * tried to send: an empty form is not a list of mistakes. Lengths are not known here either; they
 * are learnt once by asking about something that is far too long everywhere.
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { Bridge } from "$lib/bridge";
import type { Outgoing } from "$lib/protocol/Outgoing";
import type { OutgoingProblem } from "$lib/protocol/OutgoingProblem";
import type { App } from "$lib/state";

import { troubleWords } from "./forms";

/** Long enough that a word is one question. */
export const ASK_AFTER_MS = 180;
const SAY_AFTER_MS = 250;

export class ContentCheck {
  problems = $state.raw<OutgoingProblem[]>([]);
  /** The answer is about what stands in the form now. */
  current = $state(false);
  /** Somebody tried to send it. */
  tried = $state(false);
  #bridge: Pick<Bridge, "call">;
  #limits: Limits;
  #touched = new SvelteSet<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(bridge: Pick<Bridge, "call">, limits: Limits) {
    this.#bridge = bridge;
    this.#limits = limits;
  }

  /** Asks soon, once for all keys of a word. */
  about(content: Outgoing): void {
    clearTimeout(this.#timer);
    this.current = false;
    this.#turn += 1;
    this.#timer = setTimeout(() => void this.now(content), ASK_AFTER_MS);
  }

  /** Asks at once. `false` where something is wrong, or nobody answered. */
  async now(content: Outgoing): Promise<boolean> {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    try {
      const { problems } = await this.#bridge.call("check_content", content);
      if (turn !== this.#turn) return false;
      this.problems = problems;
      this.current = true;
      return problems.length === 0;
    } catch {
      // An engine that cannot say it lets the hub say it; nothing is held back for that.
      if (turn !== this.#turn) return false;
      this.problems = [];
      this.current = true;
      return true;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  /** Somebody left the field. A moment later: what grows under a press would swallow it. */
  touch(field: string): void {
    setTimeout(() => this.#touched.add(field), SAY_AFTER_MS);
  }

  /** What to say at a field, if anything yet. */
  words(field: string): string | null {
    const found = this.problems.find((one) => one.field === field);
    if (!found) return null;
    // What is too much is said at once: the person is writing past the edge. What is still empty
    // is no mistake before somebody wants to send it.
    const atOnce = found.trouble === "too_long" || found.trouble === "too_many";
    const left = found.trouble !== "empty" && this.#touched.has(field);
    return atOnce || this.tried || left ? troubleWords(found) : null;
  }

  /** Most characters of a field, or most fields of a kind; `null` until it is known. */
  most(field: string): number | null {
    return this.#limits.of(field);
  }
}

/** How much fits where, as the engine told it. */
export class Limits {
  #known = new SvelteMap<string, number>();
  #bridge: Pick<Bridge, "call">;
  #asked = false;

  constructor(bridge: Pick<Bridge, "call">) {
    this.#bridge = bridge;
  }

  of(field: string): number | null {
    return this.#known.get(shapeOf(field)) ?? null;
  }

  /** Learns the limits of such a thing, once. */
  learn(kind: Measured): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#bridge.call("check_content", FAR_TOO_LONG[kind]()).then(
      ({ problems }) => {
        for (const problem of problems) {
          if (problem.trouble === "too_long" || problem.trouble === "too_many") {
            this.#known.set(shapeOf(problem.field), problem.max);
          }
        }
      },
      () => {
        this.#asked = false;
      },
    );
  }
}

/** `choice.1.0.title` has the limit of every `choice.*.*.title`. */
function shapeOf(field: string): string {
  return field.replace(/\d+/gu, "*");
}

const LONG = "x".repeat(20_000);
const many = <One>(one: (at: number) => One): One[] =>
  Array.from({ length: 60 }, (_, at) => one(at));

const FAR_TOO_LONG = {
  choose: (): Outgoing => ({
    kind: "question",
    question: {
      header: LONG,
      body: LONG,
      footer: LONG,
      ask: "choose",
      buttons: many((at) => `${at}${LONG}`),
    },
  }),
  pick: (): Outgoing => ({
    kind: "question",
    question: {
      header: LONG,
      body: LONG,
      footer: LONG,
      ask: "pick",
      label: LONG,
      sections: many((at) => ({
        title: `${at}${LONG}`,
        choices: at === 0 ? [{ title: LONG, description: LONG }] : [],
      })),
    },
  }),
  place: (): Outgoing => ({
    kind: "location",
    latitude: 0,
    longitude: 0,
    name: LONG,
    address: LONG,
  }),
  card: (): Outgoing => ({
    kind: "contacts",
    cards: [
      {
        name: LONG,
        organisation: LONG,
        phones: [],
        emails: [],
        answers_our_request: false,
      },
    ],
  }),
};

export type Measured = keyof typeof FAR_TOO_LONG;

const byApp = new WeakMap<App, Partial<Record<Measured, Limits>>>();

/**
 * What is known of limits, for all chats. Each kind has its own: the text above a list may be
 * longer than the one above buttons.
 */
export function limitsOf(app: App, kind: Measured): Limits {
  let all = byApp.get(app);
  if (!all) {
    all = {};
    byApp.set(app, all);
  }
  const limits = (all[kind] ??= new Limits(app.bridge));
  limits.learn(kind);
  return limits;
}
