/** A template as an administrator writes it, and the words for what Meta would not take of it. */
import { t } from "$lib/i18n";
import type { Button } from "$lib/protocol/Button";
import type { OutgoingProblem } from "$lib/protocol/OutgoingProblem";
import type { Template } from "$lib/protocol/Template";
import type { TemplateDraft } from "$lib/protocol/TemplateDraft";

import { variableWords } from "../fill";

/** The kinds of buttons that can be written here. */
export const KINDS = ["quick_reply", "url", "phone", "copy_code"] as const;
export type ButtonKind = (typeof KINDS)[number];

/** Meta's codes of the languages that templates are most often written in. */
export const LANGUAGES = [
  "en",
  "en_US",
  "en_GB",
  "de",
  "es",
  "es_MX",
  "fr",
  "it",
  "nl",
  "pl",
  "pt_BR",
  "pt_PT",
  "ar",
  "cs",
  "da",
  "el",
  "fi",
  "he",
  "hi",
  "hr",
  "hu",
  "id",
  "ja",
  "ko",
  "nb",
  "ro",
  "ru",
  "sk",
  "sv",
  "th",
  "tr",
  "uk",
  "vi",
  "zh_CN",
];

export function blank(language: string): TemplateDraft {
  return {
    name: "",
    language: LANGUAGES.includes(language) ? language : "en",
    category: "utility",
    header: null,
    body: "",
    footer: null,
    buttons: [],
    examples: {},
  };
}

export function draftOf(template: Template): TemplateDraft {
  const { name, language, category, header, body, footer, buttons, examples } = template;
  return structuredClone({ name, language, category, header, body, footer, buttons, examples });
}

export function buttonOf(kind: ButtonKind): Button {
  switch (kind) {
    case "quick_reply":
      return { kind, text: "" };
    case "url":
      return { kind, text: "", url: "https://" };
    case "phone":
      return { kind, text: "", number: "+" };
    case "copy_code":
      return { kind, text: t("templates.admin.kind.copy_code") };
  }
}

const hole = /\{\{\s*([^{}]+?)\s*\}\}/gu;

function variables(text: string): string[] {
  return [...new Set([...text.matchAll(hole)].map((found) => found[1] ?? ""))];
}

/** Everything that Meta's people need an example of: its key, and what to call it. */
export function exampleKeys(draft: TemplateDraft): { key: string; label: string }[] {
  const out: { key: string; label: string }[] = [];
  if (draft.header?.format === "text") {
    for (const name of variables(draft.header.text)) {
      const label = t("templates.field.heading_named", { label: variableWords(name) });
      out.push({ key: `header.${name}`, label });
    }
  }
  for (const name of variables(draft.body)) {
    out.push({ key: `body.${name}`, label: variableWords(name) });
  }
  draft.buttons.forEach((button, index) => {
    if (
      button.kind === "copy_code" ||
      (button.kind === "url" && variables(button.url).length > 0)
    ) {
      const key = `button.${index}`;
      out.push({ key, label: t("templates.admin.example_button", { button: button.text }) });
    }
  });
  return out;
}

/** A name that the text does not have yet, in the way in which its others are written. */
export function nextVariable(draft: TemplateDraft): string {
  const names = variables(draft.body);
  if (names.length > 0 && names.every((name) => /^\d+$/u.test(name))) {
    return String(Math.max(...names.map(Number)) + 1);
  }
  if (!names.includes("name")) return "name";
  let n = 2;
  while (names.includes(`value_${n}`)) n += 1;
  return `value_${n}`;
}

/** As it goes to Meta: without what was left empty, and without examples of what is gone. */
export function handedIn(draft: TemplateDraft): TemplateDraft {
  const keys = new Set(exampleKeys(draft).map(({ key }) => key));
  return {
    ...draft,
    footer: draft.footer?.trim() ? draft.footer : null,
    examples: Object.fromEntries(Object.entries(draft.examples).filter(([key]) => keys.has(key))),
  };
}

/** What is wrong at a field, and what to do. */
export function troubleAt(problem: OutgoingProblem): string {
  const { field } = problem;
  switch (problem.trouble) {
    case "empty":
    case "line_break":
    case "not_a_number":
    case "repeated":
    case "variable_at_the_edge":
      return t(`templates.trouble.${problem.trouble}`);
    case "too_long":
      return t("templates.trouble.too_long", { length: problem.length, max: problem.max });
    case "too_many":
      return field === "header"
        ? t("templates.trouble.too_many_header")
        : t("templates.trouble.too_many", { max: problem.max });
    case "variables":
      return t(
        field === "footer"
          ? "templates.trouble.variables_footer"
          : field.endsWith(".url")
            ? "templates.trouble.variables_url"
            : "templates.trouble.variables",
      );
    case "wrong_character":
      return t(
        field === "name"
          ? "templates.trouble.name_signs"
          : field.endsWith(".url")
            ? "templates.trouble.address"
            : "templates.trouble.other",
      );
    case "out_of_range":
      return t("templates.trouble.other");
  }
}

/** The variables of a text with their examples, so that the preview reads like a message. */
export function exampleValues(draft: TemplateDraft): Record<string, string> {
  return Object.fromEntries(
    Object.entries(draft.examples).map(([key, value]) => [key, value ?? ""]),
  );
}
