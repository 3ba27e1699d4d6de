import { describe, expect, it } from "vitest";

import { at } from "$lib/bridge/fake/cast";
import { message } from "$lib/bridge/fake/threads";
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { Notice } from "$lib/protocol/Notice";
import type { Price } from "$lib/protocol/Price";

import { noticeWords } from "./notices";
import { priceWords } from "./price";

function row(notice: Notice): MessageRow {
  const item = message("c", "platform", at(0, 14, 2), { kind: "notice", notice });
  if (item.item !== "message") throw new Error("no message");
  return item.row;
}

describe("a notice says what happened and what it means", () => {
  it.each<[Notice, RegExp]>([
    [
      { notice: "number_changed", to: "+1 555 014 8800" },
      /^Maren moved to .\+1 555 014 8800.\. What was open before counts no more/,
    ],
    [{ notice: "number_changed", to: null }, /another number, which WhatsApp hides/],
    [{ notice: "id_changed" }, /new id.*counts no more/],
    [{ notice: "security_code_changed" }, /make sure that it is still them/],
    [{ notice: "marketing_stopped" }, /wants no marketing messages any more/],
    [{ notice: "marketing_resumed" }, /takes marketing messages again/],
    [{ notice: "handed_away", to: "ai_agent", summary: null }, /Meta’s AI agent answers/],
    [{ notice: "handed_away", to: "helpdesk", summary: null }, /another handler \(helpdesk\)/],
    [{ notice: "handed_away", to: null, summary: null }, /another handler answers/],
    [{ notice: "handed_to_us", from: null, summary: null }, /came to the team/],
    [{ notice: "handed_to_us", from: "ai_agent", summary: null }, /back .* from Meta’s AI agent/],
    [{ notice: "other", meta_kind: "new_thing" }, /no words for/],
  ])("%o", (notice, words) => {
    expect(noticeWords(row(notice), "Maren").words).toMatch(words);
  });

  it("quotes what the other handler left in writing", () => {
    const said = noticeWords(
      row({ notice: "handed_to_us", from: "ai_agent", summary: "Wants Saturday." }),
      "Maren",
    );
    expect(said.summary).toBe("Wants Saturday.");
  });

  it("shows Meta’s word where it has none, also for what only a newer hub knows", () => {
    expect(noticeWords(row({ notice: "other", meta_kind: "new_thing" }), "Maren").raw).toBe(
      "new_thing",
    );
    expect(noticeWords(row({ notice: "eclipse" } as never), "Maren").words).toMatch(/no words for/);
    const text = message("c", "platform", at(0, 14, 2), "hm");
    if (text.item !== "message") throw new Error("no message");
    expect(noticeWords(text.row, "Maren").raw).toBe("text");
  });
});

it.each<[Price, string]>([
  [{ class: "regular", category: "utility" }, "Billed as utility."],
  [{ class: "regular", category: "marketing_lite" }, "Billed as marketing (lite)."],
  [{ class: "regular", category: { other: "moon" } }, "Billed as moon."],
  [
    { class: "free_customer_service", category: "service" },
    "Free of charge: an answer within the window.",
  ],
  [
    { class: "free_entry_point", category: "referral_conversion" },
    "Free of charge: the customer came through an ad.",
  ],
  [{ class: { other: "trial" }, category: "service" }, "Meta’s price class: trial, service."],
])("says the price of %o without an amount", (price, words) => {
  expect(priceWords(price)).toBe(words);
  expect(words).not.toMatch(/[$€£]|\d/);
});
