/**
 * Sounds of this screen: one plays at a time, all at the speed that was chosen last, and the
 * shape of each is worked out once.
 */
import type { MediaId } from "$lib/protocol/MediaId";
import type { App } from "$lib/state";

import { type Shape, shapeOf } from "./peaks";

export const RATES = [1, 1.5, 2] as const;

export class Sounds {
  rate = $state<number>(1);
  #playing: HTMLMediaElement | null = null;
  #shapes = new Map<MediaId, Promise<Shape | null>>();

  /** `player` has begun: whatever played before falls silent. */
  begins(player: HTMLMediaElement): void {
    if (this.#playing !== player) this.#playing?.pause();
    this.#playing = player;
  }

  faster(): void {
    const at = RATES.findIndex((rate) => rate === this.rate);
    this.rate = RATES[(at + 1) % RATES.length] ?? 1;
  }

  shape(media: MediaId, blob: Blob): Promise<Shape | null> {
    let shape = this.#shapes.get(media);
    if (!shape) {
      shape = blob.arrayBuffer().then(shapeOf);
      this.#shapes.set(media, shape);
    }
    return shape;
  }
}

const byApp = new WeakMap<App, Sounds>();

export function soundsOf(app: App): Sounds {
  let sounds = byApp.get(app);
  if (!sounds) {
    sounds = new Sounds();
    byApp.set(app, sounds);
  }
  return sounds;
}
