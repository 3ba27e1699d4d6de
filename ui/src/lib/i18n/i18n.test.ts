import { IntlMessageFormat } from "intl-messageformat";
import { afterEach, describe, expect, it } from "vitest";

import { chooseLanguage, direction, errorText, language, locale, t } from ".";
import { allCatalogues, type Language } from "./i18n.svelte";

afterEach(() => chooseLanguage("en"));

const files = [
  "app",
  "thread",
  "templates",
  "health",
  "content",
  "compose",
  "costs",
  "files",
  "failures",
];
const english = allCatalogues.en;
const others = (Object.keys(allCatalogues) as Language[]).filter((tag) => tag !== "en");

/** The names of the values in a message, also those inside plurals. */
function valuesOf(text: string): string[] {
  const names = new Set<string>();
  const walk = (parts: ReturnType<IntlMessageFormat["getAst"]>): void => {
    for (const part of parts) {
      if ("value" in part && part.type !== 0) names.add(part.value);
      if ("options" in part) for (const one of Object.values(part.options)) walk(one.value);
    }
  };
  walk(new IntlMessageFormat(text, "en", undefined, { ignoreTag: true }).getAst());
  return [...names].sort();
}

describe.each(others)("the catalogue of %s", (tag) => {
  it.each(files.map((name, index) => [name, index] as const))(
    "has the same keys as English in %s",
    (_, index) => {
      const theirs = Object.keys(allCatalogues[tag][index] ?? {});
      expect(theirs.toSorted()).toEqual(Object.keys(english[index] ?? {}).toSorted());
    },
  );

  it.each(files.map((name, index) => [name, index] as const))(
    "uses the same values as English in %s",
    (_, index) => {
      for (const [key, text] of Object.entries(english[index] ?? {})) {
        const theirs = allCatalogues[tag][index]?.[key] ?? "";
        expect([key, valuesOf(theirs)]).toEqual([key, valuesOf(text)]);
      }
    },
  );
});

it("has no key twice", () => {
  const keys = english.flatMap((file) => Object.keys(file));
  expect(new Set(keys).size).toBe(keys.length);
});

it("keeps to the words of the field", () => {
  const forbidden = /\b(session|CSW|HSM|BSP)\b/;
  for (const file of english) {
    for (const text of Object.values(file)) expect(text).not.toMatch(forbidden);
  }
});

it("counts in words", () => {
  expect(t("lane.need_answer", { count: 1 })).toBe("1 needs an answer");
  expect(t("lane.need_answer", { count: 6 })).toBe("6 need an answer");
});

it("falls back to English for a language that it does not have", () => {
  chooseLanguage("tlh");
  expect(language()).toBe("en");
  expect(locale()).toBe("en-GB");
  expect(direction()).toBe("ltr");
});

it("keeps the region of the system's language for dates", () => {
  chooseLanguage("en-US");
  expect(locale()).toBe("en-US");
  chooseLanguage("de-AT");
  expect([language(), locale()]).toEqual(["de", "de-AT"]);
});

it("has words for an error that a newer engine may send", () => {
  const error = { code: "made_up" as never, message: "", retry: { retry: "never" as const } };
  expect(errorText(error)).toBe(t("error.internal"));
});
