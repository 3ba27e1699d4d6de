/** What waits to be typed on the phone when the fake team begins. */
import type { PhoneStartRow } from "$lib/protocol/PhoneStartRow";

import { at, INBOX, SAMI } from "./cast";

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
