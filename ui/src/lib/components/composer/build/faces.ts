/** The sign and the name of each thing that can be put together. */
import type { Key } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";

import type { BuilderKind } from "./forms";

export interface BuilderFace {
  icon: IconName;
  label: Key;
  /** What it does, where the name does not say it all. */
  words: Key | null;
}

export const builderFaces: Record<BuilderKind, BuilderFace> = {
  keep: { icon: "ask", label: "keep.title", words: "keep.words" },
  choose: { icon: "ask", label: "build.choose", words: null },
  pick: { icon: "menu", label: "build.pick", words: null },
  number: { icon: "user", label: "build.number", words: "build.number.words" },
  ask_place: { icon: "route", label: "build.ask_place", words: "build.ask_place.words" },
  place: { icon: "pin", label: "build.place", words: null },
  card: { icon: "card", label: "build.card", words: null },
};
