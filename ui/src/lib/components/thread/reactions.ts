/** Reactions as they stand below a message: the same emoji once, and ours told apart. */
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { Reaction } from "$lib/protocol/Reaction";

/** What people answer most often without words. */
export const COMMON = ["👍", "❤️", "😂", "😮", "😢", "🙏"] as const;

/**
 * Ours, whoever of the team put it there: WhatsApp keeps one for the whole number, and a new one
 * takes the place of the one before.
 */
export function ourReaction(row: Pick<MessageRow, "reactions">): Reaction | null {
  return row.reactions.findLast((reaction) => reaction.by.by !== "customer") ?? null;
}

/** One did not simply arrive, and asks for a decision. */
export function inTrouble(
  reaction: Reaction | null,
): reaction is Reaction & { delivery: { state: "failed" } | { state: "uncertain" } } {
  const state = reaction?.delivery?.state;
  return state === "failed" || state === "uncertain";
}

export interface ReactionChip {
  emoji: string;
  all: Reaction[];
  ours: Reaction | null;
}

export function chipsOf(reactions: Reaction[]): ReactionChip[] {
  const chips = new Map<string, ReactionChip>();
  for (const reaction of reactions) {
    // Without an emoji it is the taking away of one.
    if (reaction.emoji === "") continue;
    const chip = chips.get(reaction.emoji) ?? { emoji: reaction.emoji, all: [], ours: null };
    chip.all.push(reaction);
    if (reaction.by.by !== "customer") chip.ours = reaction;
    chips.set(reaction.emoji, chip);
  }
  return [...chips.values()];
}
