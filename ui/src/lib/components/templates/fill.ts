/**
 * A template on its way to being filled in: its text in pieces, its fields' names, its problems
 * at their fields. Whether the values may go out is said by the engine, not here.
 */
import { t } from "$lib/i18n";
import { fullDate } from "$lib/time";
import type { Category } from "$lib/protocol/Category";
import type { Field } from "$lib/protocol/Field";
import type { FieldProblem } from "$lib/protocol/FieldProblem";
import type { NotSendable } from "$lib/protocol/NotSendable";
import type { Template } from "$lib/protocol/Template";
import type { TemplateChoice } from "$lib/protocol/TemplateChoice";

export type Values = Record<string, string>;

/** A piece of a text: words, or a variable with the value it has by now. */
export interface Piece {
  text: string;
  variable: boolean;
  filled: boolean;
}

/** The text of one component with its values put in, in pieces so that they can be marked. */
export function pieces(text: string, prefix: "header" | "body", values: Values): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/\{\{\s*([^{}]+?)\s*\}\}/gu)) {
    if (match.index > from) {
      out.push({ text: text.slice(from, match.index), variable: false, filled: false });
    }
    const value = values[`${prefix}.${match[1]}`] ?? "";
    out.push({
      text: value === "" ? match[0] : value,
      variable: true,
      filled: value !== "",
    });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from), variable: false, filled: false });
  return out;
}

/** The values a template begins with. */
export function prefilled(choice: TemplateChoice): Values {
  const values: Values = {};
  for (const field of choice.fields) values[field.key] = choice.prefill[field.key]?.value ?? "";
  return values;
}

/** What a field is called: `Name`, `Value 2`, `“See the bike” link`. */
export function fieldLabel(field: Field): string {
  switch (field.place.place) {
    case "url_suffix":
      return t("templates.field.link", { button: field.label });
    case "copy_code":
      return t("templates.field.code", { button: field.label });
    case "header_file":
    case "header_file_name":
    case "header_place":
    case "offer_expires":
    case "code":
    case "card_file":
    case "card_url_suffix":
      return field.label;
    case "card_body":
      return t("templates.field.value", { n: field.place.variable });
    case "header_text":
    case "body": {
      const { variable } = field.place;
      const heading = field.place.place === "header_text";
      if (/^\d+$/u.test(variable)) {
        return heading ? t("templates.field.heading") : t("templates.field.value", { n: variable });
      }
      const words = variable.replaceAll(/[_-]+/gu, " ").trim();
      const label = words.charAt(0).toLocaleUpperCase() + words.slice(1);
      return heading ? t("templates.field.heading_named", { label }) : label;
    }
  }
}

/** What stands small beside the name: the variable as it is written, or what it is for. */
export function fieldHint(field: Field): { code: boolean; text: string } {
  switch (field.place.place) {
    case "url_suffix":
      return { code: false, text: t("templates.field.ends") };
    case "copy_code":
      return { code: false, text: t("templates.field.max", { max: field.max_chars }) };
    case "header_file":
    case "header_file_name":
    case "header_place":
    case "offer_expires":
    case "code":
    case "card_file":
    case "card_url_suffix":
    case "card_body":
      return { code: false, text: "" };
    case "header_text":
    case "body":
      return { code: true, text: `{{${field.place.variable}}}` };
  }
}

/** The fixed beginning of a link button's address, without its scheme. */
export function addressStart(template: Template, field: Field): string {
  if (field.place.place !== "url_suffix") return "";
  const button = template.buttons[field.place.button];
  if (button?.kind !== "url") return "";
  return button.url.replace(/\{\{[^{}]*\}\}.*$/u, "").replace(/^https?:\/\//u, "");
}

export function problemKey(problem: FieldProblem): string | null {
  return "key" in problem ? problem.key : null;
}

export function problemWords(problem: FieldProblem): string {
  switch (problem.problem) {
    case "empty":
      return t("templates.problem.empty");
    case "line_break":
      return t("templates.problem.line_break");
    case "many_spaces":
      return t("templates.problem.many_spaces");
    case "too_long":
      return t("templates.problem.too_long", { max: problem.max });
    case "text_too_long":
      return problem.place === "header"
        ? t("templates.problem.header_too_long", { length: problem.length, max: problem.max })
        : t("templates.problem.body_too_long", { length: problem.length, max: problem.max });
    case "space_in_address":
      return t("templates.problem.space_in_address");
    case "unknown_field":
    case "no_such_file":
    case "space_in_code":
    case "not_degrees":
    case "not_in_the_future":
    case "not_an_amount":
      return t("templates.problem.unknown_field");
  }
}

/** Why a template stands greyed. */
export function whyNot(reason: NotSendable): string {
  if (reason.why === "not_approved") return t(`templates.status.${reason.status}`);
  if (reason.why === "opted_out") {
    return t("templates.opted_out", { date: fullDate(reason.since) });
  }
  if (reason.why === "needs_number") return t("failure.needs_number.words", { name: "" });
  switch (reason.component) {
    case "HEADER_IMAGE":
    case "HEADER_VIDEO":
    case "HEADER_DOCUMENT":
    case "HEADER_LOCATION":
      return t(`templates.component.${reason.component}`);
    case "CAROUSEL":
      return t("templates.component.CAROUSEL");
    case "FLOW":
      return t("templates.component.FLOW");
    case "LIMITED_TIME_OFFER":
      return t("templates.component.LIMITED_TIME_OFFER");
    default:
      return t("templates.component.other", { component: reason.component });
  }
}

export const categoryHue: Record<Category, string> = {
  utility: "a2",
  marketing: "a5",
  authentication: "a6",
  other: "a8",
};

const names = new Map<string, Intl.DisplayNames>();

/** `en_GB` as a person of the interface's language calls it. */
export function languageName(code: string, locale: string): string {
  const tag = code.replace("_", "-");
  try {
    let display = names.get(locale);
    if (!display) {
      display = new Intl.DisplayNames([locale], { type: "language" });
      names.set(locale, display);
    }
    return display.of(tag) ?? code;
  } catch {
    return code;
  }
}

/** `EN`, `PT BR` */
export function languageCode(code: string): string {
  return code.replace("_", " ").toUpperCase();
}
