/** What the fake engine says of a number that somebody types. */
import type { NumberVerdict } from "$lib/protocol/NumberVerdict";

import { shown } from "./starts";
import type { World } from "./world";

export function inspected(world: World, text: string): NumberVerdict {
  const digits = text.replace(/\D/g, "");
  if (text.trim() === "") return { verdict: "empty" };
  if (/[a-z]/i.test(text)) return { verdict: "invalid", why: "not_a_number" };
  if (digits.length < 8) return { verdict: "invalid", why: "too_short" };
  if (digits.length > 15) return { verdict: "invalid", why: "too_long" };
  if (digits === world.inbox.number) return { verdict: "invalid", why: "own_number" };
  const known = [...world.chats.values()].find((chat) => chat.row.customer.number === digits);
  return {
    verdict: "valid",
    digits,
    shown: known?.row.customer.number_shown ?? shown(digits),
    country: digits.startsWith("1") ? "US" : null,
    conversation: known?.row.id ?? null,
    name: known?.row.customer.name ?? null,
  };
}
