/**
 * The team's clock on this screen: one shared, ticking value that every window clock reads.
 *
 * The hub says what time it is and how fast its time runs; from there `performance.now()`
 * counts. The workstation's own clock is never asked, so a wrong one, a changed zone or a
 * daylight-saving night change nothing. While the page is hidden nothing ticks; coming back
 * ticks at once.
 */
import type { HubClock } from "$lib/protocol/HubClock";
import type { Time } from "$lib/protocol/Time";

const TICK_MS = 1000;

export class TeamClock {
  /** The team's time at the last tick; what is drawn follows it. */
  now = $state<Time>(0);
  /** Team seconds per real second: one, except in the demo and in training. */
  rate = $state(1);
  /** False until the hub has said what time it is. */
  known = $state(false);

  #heard: Time = 0;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #monotonic: () => number;
  #running = false;
  #onVisibility = (): void => {
    if (document.visibilityState === "visible") this.#tick();
    else this.#cancel();
  };

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Takes what the hub said. */
  set(clock: HubClock): void {
    this.#heard = clock.now;
    this.#heardAt = this.#monotonic();
    this.rate = clock.rate;
    this.known = true;
    if (this.#running && document.visibilityState === "visible") this.#tick();
    else this.now = this.exact();
  }

  /** The team's time at this very moment, for deadlines and not for drawing. */
  exact(): Time {
    return Math.round(this.#heard + (this.#monotonic() - this.#heardAt) * this.rate);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#onVisibility);
    if (document.visibilityState === "visible") this.#tick();
  }

  stop(): void {
    this.#running = false;
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#cancel();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#cancel();
    if (!this.#running) return;
    this.now = this.exact();
    // At normal speed the ticks fall on the team's whole seconds, so that all screens in a
    // room change together.
    const wait = this.rate === 1 ? TICK_MS - (this.now % TICK_MS) : TICK_MS;
    this.#timer = setTimeout(() => this.#tick(), wait);
  }
}
