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
export function pieces(text: string, prefix: string, values: Values): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/\{\{\s*([^{}]+?)\s*\}\}/gu)) {
    if (match.index > from) {
      out.push({ text: text.slice(from, match.index), variable: false, filled: false });
    }
    // The one code of a template stands wherever its text has a place for it.
    const code = prefix === "body" ? values["code"] : undefined;
    const value = code || (values[`${prefix}.${match[1]}`] ?? "");
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
    case "card_url_suffix":
      return t("templates.field.link", { button: field.label });
    case "header_file":
      return t(`templates.field.file.${field.place.media}`);
    case "card_file":
      return t(`templates.field.card_file.${field.place.media}`);
    case "header_file_name":
      return t("templates.field.file_name");
    case "header_place":
      return t(`templates.field.place.${field.place.part}`);
    case "offer_expires":
      return t("templates.field.offer");
    case "code":
      return t("templates.field.one_code");
    case "header_text":
      return /^\d+$/u.test(field.place.variable)
        ? t("templates.field.heading")
        : t("templates.field.heading_named", { label: variableWords(field.place.variable) });
    case "body":
    case "card_body":
      return variableWords(field.place.variable);
  }
}

/** `first_name` as a person reads it; a number stands for itself. */
export function variableWords(variable: string): string {
  if (/^\d+$/u.test(variable)) return t("templates.field.value", { n: variable });
  const words = variable.replaceAll(/[_-]+/gu, " ").trim();
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** Fields that belong together: the message itself, then card by card. */
export interface FieldGroup {
  card: number | null;
  fields: Field[];
}

export function cardOf(field: Field): number | null {
  return "card" in field.place ? field.place.card : null;
}

export function groups(fields: Field[]): FieldGroup[] {
  const out: FieldGroup[] = [];
  for (const field of fields) {
    const card = cardOf(field);
    const last = out.at(-1);
    if (last && last.card === card) last.fields.push(field);
    else out.push({ card, fields: [field] });
  }
  return out;
}

/** What stands small beside the name: the variable as it is written, or what it is for. */
export function fieldHint(field: Field): { code: boolean; text: string } {
  const said = (text: string): { code: boolean; text: string } => ({ code: false, text });
  switch (field.place.place) {
    case "url_suffix":
    case "card_url_suffix":
      return said(t("templates.field.ends"));
    case "copy_code":
    case "code":
      return said(t("templates.field.max", { max: field.max_chars }));
    case "header_file":
    case "card_file":
      return said(t(`templates.hint.${field.place.media}`));
    case "header_file_name":
      return said(t("templates.hint.as_named"));
    case "header_place":
      return said(field.place.part === "latitude" ? t("templates.hint.degrees") : "");
    case "offer_expires":
      return said(t("templates.hint.your_time"));
    case "header_text":
    case "body":
    case "card_body":
      return { code: true, text: `{{${field.place.variable}}}` };
  }
}

/** The fixed beginning of a link button's address, without its scheme. */
export function addressStart(template: Template, field: Field): string {
  const { place } = field;
  const button =
    place.place === "url_suffix"
      ? template.buttons[place.button]
      : place.place === "card_url_suffix"
        ? template.cards[place.card]?.buttons[place.button]
        : undefined;
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
      return problem.place.startsWith("card.")
        ? t("templates.problem.card_too_long", {
            n: Number(problem.place.split(".")[1]) + 1,
            length: problem.length,
            max: problem.max,
          })
        : problem.place === "header"
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
      return t(`templates.problem.${problem.problem}`);
  }
}

/** Why a template stands greyed. */
export function whyNot(reason: NotSendable): string {
  if (reason.why === "not_approved") return t(`templates.status.${reason.status}`);
  if (reason.why === "opted_out") {
    return t("templates.opted_out", { date: fullDate(reason.since) });
  }
  if (reason.why === "needs_number") return t("templates.needs_number");
  return reason.component === "CAROUSEL"
    ? t("templates.component.CAROUSEL_long")
    : t("templates.component.other", { component: reason.component });
}

const REJECTIONS = [
  "INVALID_FORMAT",
  "TAG_CONTENT_MISMATCH",
  "ABUSIVE_CONTENT",
  "PROMOTIONAL",
  "SCAM",
  "NONE",
] as const;

/** Why Meta rejected it, in words; `null` where it did not. */
export function rejection(template: Template): string | null {
  if (template.status !== "rejected") return null;
  const reason = template.rejected_reason ?? "NONE";
  const known = REJECTIONS.find((one) => one === reason);
  return known ? t(`templates.rejected.${known}`) : t("templates.rejected.other", { reason });
}

/** How customers took it, where that is known. */
export function qualityOf(template: Template): "GREEN" | "YELLOW" | "RED" | null {
  const { quality } = template;
  return quality === "GREEN" || quality === "YELLOW" || quality === "RED" ? quality : null;
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
