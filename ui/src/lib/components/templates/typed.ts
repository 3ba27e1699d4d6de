/**
 * Values of a body that are more than their text. The customer reads the text; WhatsApp is also
 * told the amount or that it is a date, so the text must be written as the template's language
 * writes it.
 */
import type { Typed } from "$lib/protocol/Typed";

/** What a field is being given: words as they are typed, or something that words are made of. */
export type Kind =
  | { as: "amount"; amount: string; currency: string }
  | {
      as: "date";
      date: string;
      /** Its words stand there already, and which day they mean is not known here. */
      worded?: true;
    };
export type Kinds = Record<string, Kind>;

/** `pt_BR` as `Intl` calls it; a language that it does not know is written as the fallback. */
function tagOf(language: string, fallback = "en"): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf([language.replace("_", "-")])[0] ?? fallback;
  } catch {
    return fallback;
  }
}

/** The text that the customer reads, or nothing while it is not complete. */
export function textOf(kind: Kind, language: string): string {
  if (kind.as === "date") {
    const day = new Date(`${kind.date}T12:00:00`);
    if (Number.isNaN(day.getTime())) return "";
    return new Intl.DateTimeFormat(tagOf(language), { dateStyle: "long" }).format(day);
  }
  const amount = amountOf(kind.amount);
  if (amount === null || !isCurrency(kind.currency)) return "";
  return (
    new Intl.NumberFormat(tagOf(language), { style: "currency", currency: kind.currency })
      .format(amount)
      // The narrow space of some languages is one that few fonts of old phones have.
      .replaceAll(/[\u00a0\u202f]/gu, "\u00a0")
  );
}

function amountOf(text: string): number | null {
  const amount = Number(text);
  return text.trim() === "" || !Number.isFinite(amount) ? null : amount;
}

function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/u.test(code);
}

/** What the hub is told besides the texts, for those values that are complete. */
export function typedOf(kinds: Kinds): Record<string, Typed> {
  const typed: Record<string, Typed> = {};
  for (const [key, kind] of Object.entries(kinds)) {
    if (kind.as === "date") {
      if (kind.date !== "" || kind.worded) typed[key] = { is: "date" };
      continue;
    }
    const amount = amountOf(kind.amount);
    if (amount === null) continue;
    typed[key] = {
      is: "amount",
      currency: kind.currency,
      amount_1000: Math.round(amount * 1000),
    };
  }
  return typed;
}

/** The other way round, for a template that comes back with the values it had. */
export function kindsOf(typed: Record<string, Typed>): Kinds {
  const kinds: Kinds = {};
  for (const [key, value] of Object.entries(typed)) {
    kinds[key] =
      value.is === "amount"
        ? { as: "amount", amount: String(value.amount_1000 / 1000), currency: value.currency }
        : { as: "date", date: "", worded: true };
  }
  return kinds;
}

const BY_REGION: Record<string, string> = {
  AT: "EUR",
  AU: "AUD",
  BR: "BRL",
  CA: "CAD",
  CH: "CHF",
  CZ: "CZK",
  DK: "DKK",
  GB: "GBP",
  IN: "INR",
  JP: "JPY",
  MX: "MXN",
  NO: "NOK",
  PL: "PLN",
  SE: "SEK",
  TR: "TRY",
  US: "USD",
};

let last: string | null = null;

/** The currency that was chosen last, or the likeliest one of the agent's region. */
export function likelyCurrency(locale: string): string {
  if (last !== null) return last;
  const region = new Intl.Locale(locale).maximize().region ?? "";
  return BY_REGION[region] ?? "EUR";
}

export function rememberCurrency(currency: string): void {
  last = currency;
}

/** All that this system knows, by their codes. */
export function currencies(): string[] {
  return Intl.supportedValuesOf("currency");
}
