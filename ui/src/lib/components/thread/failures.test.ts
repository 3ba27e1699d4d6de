/** For everything that Meta may answer there are words: what happened, whether it went out, what to do. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { chooseLanguage, t } from "$lib/i18n";
import type { FailureCode } from "$lib/protocol/FailureCode";

import { failureKeys, stepsFor } from "./delivery";

afterEach(() => chooseLanguage("en"));

/** All of them: the compiler holds this to the type. */
const EVERY: Record<FailureCode, true> = {
  window_closed: true,
  undeliverable: true,
  opted_out: true,
  withheld_by_meta: true,
  blocked: true,
  restricted: true,
  payment: true,
  rate_limited: true,
  media_unusable: true,
  template_unusable: true,
  unauthorised: true,
  number_not_connected: true,
  needs_number: true,
  to_ourselves: true,
  country_not_allowed: true,
  name_not_approved: true,
  form_unusable: true,
  kind_not_supported: true,
  bad_request: true,
  meta_fault: true,
  network: true,
  unknown: true,
};

/** Meta's numbers for what can go wrong with a message, as its pages list them. */
const NUMBERS = [
  131047, 130429, 131056, 4, 80007, 131048, 131064, 133016, 131049, 131050, 130472, 131026, 131030,
  130403, 131021, 131062, 131051, 131052, 131053, 131042, 131045, 133010, 131057, 131000, 131016,
  133004, 2, 1, 100, 131008, 131009, 33, 132000, 132001, 132005, 132007, 132012, 132018, 132015,
  132016, 132068, 132069, 131063, 131055, 134100, 134101, 134102, 0, 190, 3, 10, 200, 299, 131005,
  368, 131031, 130497, 131037, 133000, 133015, 2593107, 2593108, 2593109, 139100, 139101, 139102,
  139103, 147001, 147005,
];

/** The hub's own table: which code an agent's interface gets for a number. */
function sorted(): (number: number) => FailureCode {
  const path = join(process.cwd(), "../crates/hub/src/meta/errors.rs");
  const source = readFileSync(path, "utf8").replaceAll(/\/\/.*$/gmu, "");
  const table = /pub fn sort\(.*?\n\}\n/su.exec(source)?.[0] ?? "";
  const arms = [...table.matchAll(/([\d_.=|\s]+)=>\s*\(F::(\w+),/gu)].map((arm) => ({
    code: (arm[2] ?? "").replaceAll(/(?<!^)([A-Z])/gu, "_$1").toLowerCase() as FailureCode,
    ranges: (arm[1] ?? "").split("|").map((part) => {
      const [from, to = from] = part.replaceAll("_", "").split("..=");
      return [Number(from), Number(to)] as const;
    }),
  }));
  return (number) =>
    arms.find(({ ranges }) => ranges.some(([from, to]) => number >= from && number <= to))?.code ??
    "unknown";
}

/** First what happened; then that nobody got it; then, behind a semicolon, what to do. */
const ENGLISH =
  /^.{20,}[.:] (?:Nothing reached (?:Maren|them)|It reached nobody|It did not leave); .{8,}\.$/su;
const GERMAN =
  /^.{20,}[.:] (?:(?:Bei )?Maren hat nichts erhalten|Nichts (?:kam an|ist (?:bei Maren )?angekommen)|Niemand hat etwas erhalten|Es ging nicht hinaus); .{8,}\.$/su;

function saidOf(code: FailureCode, meta_code: number | null): { lead: string; words: string } {
  const keys = failureKeys({ code, meta_code });
  return { lead: t(keys.lead), words: t(keys.words, { name: "Maren" }) };
}

describe.each([
  ["en", ENGLISH, /^Not (?:sent|delivered)\.$/u],
  ["de", GERMAN, /^Nicht (?:gesendet|zugestellt)\.$/u],
] as const)("in %s", (language, form, ended) => {
  it.each(Object.keys(EVERY) as FailureCode[])(
    "%s says what happened, whether it went out, and what to do now",
    (code) => {
      chooseLanguage(language);
      const { lead, words } = saidOf(code, null);
      expect(lead).toMatch(ended);
      expect(words).toMatch(form);
      expect(stepsFor(code)).toContain("discard");
      expect(stepsFor(code).length).toBeGreaterThan(1);
    },
  );

  it.each(NUMBERS)("Meta’s %i is told in words, and never as a number alone", (number) => {
    chooseLanguage(language);
    const { words } = saidOf(sorted()(number), number);
    expect(words).toMatch(form);
    expect(words).not.toContain(String(number));
  });
});

it("knows every one of Meta’s numbers for more than something unknown", () => {
  const codeOf = sorted();
  expect(NUMBERS.filter((number) => codeOf(number) === "unknown")).toEqual([]);
  expect(codeOf(131999)).toBe("unknown");
});

it.each([
  [131062, "needs_number", "to a phone number only"],
  [131021, "to_ourselves", "our own number"],
  [131037, "name_not_approved", "has not approved the name"],
  [130497, "country_not_allowed", "Maren’s country"],
  [132068, "form_unusable", "form behind the template’s button"],
  [132069, "form_unusable", "form behind the template’s button"],
  [131045, "number_not_connected", "not connected any more"],
  [131051, "kind_not_supported", "this kind of message"],
  [131042, "payment", "no valid way to be paid"],
  [131049, "withheld_by_meta", "limit marketing per person"],
  [130472, "withheld_by_meta", "an experiment of its own"],
  [131026, "undeliverable", "not on WhatsApp"],
  [131053, "media_unusable", "cannot use this file"],
  [131048, "restricted", "for quality or policy"],
  [131064, "restricted", "filed under the wrong category"],
  [368, "restricted", "Meta restricts"],
  [131031, "restricted", "Meta restricts"],
  [131057, "meta_fault", "working on our number"],
  [131016, "meta_fault", "Something is wrong at WhatsApp"],
  [133016, "rate_limited", "registered too often"],
] as const)("Meta’s %i is %s: “%s”", (number, code, part) => {
  expect(sorted()(number)).toBe(code);
  expect(saidOf(code, number).words).toContain(part);
});
