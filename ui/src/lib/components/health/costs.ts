/** The month's messages in words: kinds, classes, countries, and what is wrong with a rate card. */
import { locale, t } from "$lib/i18n";
import type { Charged } from "$lib/protocol/Charged";
import type { OutgoingProblem } from "$lib/protocol/OutgoingProblem";
import type { PriceCategory } from "$lib/protocol/PriceCategory";
import type { PriceClass } from "$lib/protocol/PriceClass";

export function isBilled(line: Charged): boolean {
  return line.class === "regular";
}

export function classWords(of: PriceClass): string {
  if (typeof of !== "string") return t("costs.class.other", { class: of.other });
  return t(`costs.class.${of}`);
}

export function categoryWords(of: PriceCategory): string {
  if (typeof of !== "string") return t("costs.category.other", { category: of.other });
  switch (of) {
    case "authentication_international":
      return t("costs.category.authentication");
    case "marketing_lite":
      return t("costs.category.marketing");
    case "referral_conversion":
      return t("costs.category.referral");
    default:
      return t(`costs.category.${of}`);
  }
}

/** `DE` as people call it; numbers that WhatsApp hides have no country. */
export function countryName(code: string | null): string {
  if (code === null) return t("costs.unknown_country");
  try {
    return new Intl.DisplayNames([locale()], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** What is wrong with a rate card, by its lines. */
export function cardProblem(problems: OutgoingProblem[]): string {
  const lines = problems
    .map((problem) => /^line\.(\d+)$/u.exec(problem.field)?.[1])
    .filter((line) => line !== undefined);
  if (lines.length === 0) return t("costs.bad_csv");
  const shown = lines.slice(0, 5).map((number) => t("costs.line", { number }));
  const list = new Intl.ListFormat(locale(), { type: "conjunction" }).format(shown);
  return t("costs.bad_lines", { lines: list });
}
