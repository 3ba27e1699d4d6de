/**
 * The catalogue of strings, and the one function that reads it.
 *
 * Messages are in ICU syntax. Each area of the interface has its own file per language; the
 * keys of English are the type of all keys, and a test holds every language to them.
 */
import { IntlMessageFormat } from "intl-messageformat";

import deApp from "./de/app.json";
import deCompose from "./de/compose.json";
import deContent from "./de/content.json";
import deCosts from "./de/costs.json";
import deFailures from "./de/failures.json";
import deFiles from "./de/files.json";
import deHealth from "./de/health.json";
import deTemplates from "./de/templates.json";
import deThread from "./de/thread.json";
import enApp from "./en/app.json";
import enCompose from "./en/compose.json";
import enContent from "./en/content.json";
import enCosts from "./en/costs.json";
import enFailures from "./en/failures.json";
import enFiles from "./en/files.json";
import enHealth from "./en/health.json";
import enTemplates from "./en/templates.json";
import enThread from "./en/thread.json";

const en = {
  ...enApp,
  ...enThread,
  ...enTemplates,
  ...enHealth,
  ...enFiles,
  ...enFailures,
  ...enCosts,
  ...enContent,
  ...enCompose,
};
export type Key = keyof typeof en;
export type Catalogue = Record<Key, string>;

const catalogues = {
  en,
  de: {
    ...en,
    ...deApp,
    ...deThread,
    ...deTemplates,
    ...deHealth,
    ...deFiles,
    ...deFailures,
    ...deCosts,
    ...deContent,
    ...deCompose,
  },
} satisfies Record<string, Catalogue>;

export type Language = keyof typeof catalogues;

/** Languages by their own names, for the choice in the preferences. */
export const languages: Record<Language, string> = { en: "English", de: "Deutsch" };

const rightToLeft = new Set(["ar", "fa", "he", "ur"]);

let chosen = $state<string>("en");
const messages = new Map<string, IntlMessageFormat>();

/** Takes a BCP 47 tag; empty means the system's. */
export function chooseLanguage(tag: string): void {
  chosen = tag || globalThis.navigator?.language || "en";
}

/** The catalogue in use. */
export function language(): Language {
  const base = chosen.split("-")[0] ?? "en";
  return base in catalogues ? (base as Language) : "en";
}

/** For `Intl`: the chosen tag as long as it belongs to the catalogue in use, with its region. */
export function locale(): string {
  if (chosen.split("-")[0] !== language()) return "en-GB";
  // Plain "en" would mean month before day; the region comes with the system's tag.
  return chosen === "en" ? "en-GB" : chosen;
}

export function direction(): "ltr" | "rtl" {
  return rightToLeft.has(language()) ? "rtl" : "ltr";
}

type Values = Record<string, string | number>;

/** The words for `key` in the agent's language. */
export function t(key: Key, values?: Values): string {
  const text: string = catalogues[language()][key] ?? key;
  if (!text.includes("{") && !text.includes("'")) return text;
  const id = `${locale()} ${key}`;
  let message = messages.get(id);
  if (!message) {
    message = new IntlMessageFormat(text, locale(), undefined, { ignoreTag: true });
    messages.set(id, message);
  }
  return message.format(values) as string;
}

/** For the test that holds all languages to the same keys. */
export const allCatalogues: Record<Language, Record<string, string>[]> = {
  en: [enApp, enThread, enTemplates, enHealth, enContent, enCompose, enCosts, enFiles, enFailures],
  de: [deApp, deThread, deTemplates, deHealth, deContent, deCompose, deCosts, deFiles, deFailures],
};
