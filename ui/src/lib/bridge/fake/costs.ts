/** What the fake team's messages of the month were, and the rate card that somebody may load. */
import type { CostReport } from "$lib/protocol/CostReport";

import { at } from "./cast";

export class Costs {
  #card: { currency: string; at: number } | null = null;

  /** A table with a currency in its second column counts as a card; anything else is refused. */
  load(csv: string | null, now: number): boolean {
    if (csv === null) {
      this.#card = null;
      return true;
    }
    const row = csv
      .split("\n")
      .map((line) => line.split(",").map((cell) => cell.trim()))
      .find((cells) => /^[A-Z]{3}$/u.test(cells[1] ?? ""));
    if (!row) return false;
    this.#card = { currency: row[1] ?? "", at: now };
    return true;
  }

  report(): CostReport {
    return {
      since: at(-21, 0, 0),
      lines: [
        { class: "free_customer_service", category: "service", country: "US", count: 612 },
        { class: "regular", category: "utility", country: "US", count: 148 },
        { class: "regular", category: "marketing", country: "US", count: 40 },
        { class: "regular", category: "utility", country: "DE", count: 11 },
        { class: "regular", category: "service", country: null, count: 3 },
        { class: "free_entry_point", category: "referral_conversion", country: "US", count: 9 },
      ],
      billed: 202,
      free: 621,
      allowance: 1000,
      service: 615,
      estimate: this.#card && {
        currency: this.#card.currency,
        micros: 1_844_000,
        counted: 188,
        not_counted: 14,
        card_of: this.#card.at,
      },
    };
  }
}
