/** What waits to be typed on the phone when the fake team begins. */
import type { Command } from "$lib/protocol/Command";
import type { ConversationRow } from "$lib/protocol/ConversationRow";
import type { PhoneStartRow } from "$lib/protocol/PhoneStartRow";

import { at, INBOX, SAMI } from "./cast";
import { freshId } from "./world";

export function shown(digits: string): string {
  const parts = /^1(\d{3})(\d{3})(\d{4})$/.exec(digits);
  return parts ? `+1 ${parts[1]} ${parts[2]} ${parts[3]}` : `+${digits}`;
}

export function firstStarts(): PhoneStartRow[] {
  const start = (
    id: string,
    name: string,
    digits: string,
    text: string,
    since: number,
  ): PhoneStartRow => ({
    id,
    rev: 1,
    inbox: INBOX,
    number: digits,
    number_shown: shown(digits),
    name,
    conversation: null,
    text,
    link: `https://wa.me/${digits}?text=${encodeURIComponent(text)}`,
    asked_by: SAMI,
    asked_at: since,
    state: "waiting",
    since,
  });
  return [
    start(
      "start-marek",
      "Marek Osei",
      "15550188841",
      "Hi Marek, your wheel is true again.",
      at(0, 14, 8),
    ),
    start(
      "start-juno",
      "Juno Hartwell",
      "15550173364",
      "Hi Juno, Sami here from Quill & Spoke. Your tandem is ready to collect, any day until six.",
      at(0, 14, 20, 32),
    ),
  ];
}

/** A hand-off that somebody asks for; `null` if the customer shows no number. */
export function newStart(
  command: Command & { do: "start_on_phone" },
  known: ConversationRow | null,
  now: number,
): PhoneStartRow | null {
  const digits =
    command.to.to === "number"
      ? command.to.number.replace(/\D/g, "")
      : (known?.customer.number ?? "");
  if (digits === "") return null;
  return {
    id: freshId("start"),
    rev: 1,
    inbox: INBOX,
    number: digits,
    number_shown: known?.customer.number_shown ?? shown(digits),
    name: command.name ?? known?.customer.name ?? null,
    conversation: known?.id ?? null,
    text: command.text,
    link: `https://wa.me/${digits}?text=${encodeURIComponent(command.text)}`,
    asked_by: SAMI,
    asked_at: now,
    state: "waiting",
    since: now,
  };
}

/** The echo that claimed it was another message. */
export function waitAgain(starts: PhoneStartRow[], id: string): PhoneStartRow[] {
  return starts.map((start) => {
    if (start.id !== id || start.state !== "claimed") return start;
    const { id: same, rev, inbox, number, number_shown, name, conversation, text, link } = start;
    return {
      id: same,
      rev: rev + 1,
      inbox,
      number,
      number_shown,
      name,
      conversation,
      text,
      link,
      asked_by: start.asked_by,
      asked_at: start.asked_at,
      state: "waiting",
      since: start.asked_at,
    };
  });
}
