/** Templates made, changed and deleted by the fake team, and what Meta would say at once. */
import type { ApiError } from "$lib/protocol/ApiError";
import type { Command } from "$lib/protocol/Command";
import type { OutgoingProblem } from "$lib/protocol/OutgoingProblem";
import type { Template } from "$lib/protocol/Template";
import type { TemplateDraft } from "$lib/protocol/TemplateDraft";

import { CallError } from "..";
import { fieldsOf, holes } from "./template-fill";
import { templates } from "./templates";
import { freshId } from "./world";

type Trouble = OutgoingProblem extends infer One
  ? One extends OutgoingProblem
    ? Omit<One, "field">
    : never
  : never;

function asTemplate(draft: TemplateDraft, id: string): Template {
  const names = holes(
    draft.body + (draft.header?.format === "text" ? ` ${draft.header.text}` : ""),
  );
  return {
    ...draft,
    id,
    status: "pending",
    named_parameters: names.some((name) => !/^\d+$/.test(name)),
    cards: [],
    offer: null,
    unsupported: [],
    rejected_reason: null,
    quality: null,
  };
}

export function checkDraft(draft: TemplateDraft): OutgoingProblem[] {
  const problems: OutgoingProblem[] = [];
  const add = (field: string, trouble: Trouble): void => {
    problems.push({ field, ...trouble } as OutgoingProblem);
  };
  const words = (field: string, text: string, max: number): void => {
    const { length } = [...text];
    if (text.trim() === "") add(field, { trouble: "empty" });
    else if (length > max) add(field, { trouble: "too_long", length, max });
  };
  const variables = (field: string, text: string): void => {
    const names = [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map((found) => found[1] ?? "");
    const unique = [...new Set(names)];
    const numbers = unique.filter((name) => /^\d+$/.test(name)).map(Number);
    const inOrder = numbers
      .toSorted((a, b) => a - b)
      .every((number, index) => number === index + 1);
    const numbered = numbers.length === unique.length && inOrder;
    const named = numbers.length === 0 && unique.every((name) => /^[a-z0-9_]+$/.test(name));
    if (!numbered && !named) add(field, { trouble: "variables" });
  };
  words("name", draft.name, 512);
  if (!/^[a-z0-9_]*$/.test(draft.name)) add("name", { trouble: "wrong_character" });
  words("language", draft.language, 12);
  if (draft.header?.format === "text") {
    words("header", draft.header.text, 60);
    variables("header", draft.header.text);
    if (holes(draft.header.text).length > 1) add("header", { trouble: "too_many", max: 1 });
  }
  words("body", draft.body, 1024);
  variables("body", draft.body);
  if (/^\s*\{\{|\}\}\s*$/.test(draft.body)) add("body", { trouble: "variable_at_the_edge" });
  if (draft.footer !== null) {
    const { length } = [...draft.footer];
    if (length > 60) add("footer", { trouble: "too_long", length, max: 60 });
    if (holes(draft.footer).length > 0) add("footer", { trouble: "variables" });
  }
  if (draft.buttons.length > 10) add("button", { trouble: "too_many", max: 10 });
  const most: Partial<Record<string, number>> = { url: 2, phone: 1, copy_code: 1 };
  const counts: Record<string, number> = {};
  draft.buttons.forEach((button, index) => {
    const field = `button.${index}`;
    if (button.kind === "url") {
      words(`${field}.url`, button.url, 2000);
      if (/\s/.test(button.url) || !button.url.includes("://")) {
        add(`${field}.url`, { trouble: "wrong_character" });
      } else if (holes(button.url).length > 0 && !button.url.endsWith("}}")) {
        add(`${field}.url`, { trouble: "variables" });
      }
    }
    if (button.kind === "phone") {
      const digits = button.number.replace(/\D/g, "").length;
      if (digits < 5 || digits > 15) add(`${field}.number`, { trouble: "not_a_number" });
    }
    if (button.kind !== "copy_code") words(field, button.text, 25);
    const count = (counts[button.kind] ?? 0) + 1;
    counts[button.kind] = count;
    const max = most[button.kind];
    if (max !== undefined && count > max) add(field, { trouble: "too_many", max });
  });
  for (const field of fieldsOf(asTemplate(draft, ""))) {
    if (field.place.place === "header_place") continue;
    words(`example.${field.key}`, draft.examples[field.key] ?? "", field.max_chars);
  }
  return problems;
}

function refused(error: Partial<ApiError> & Pick<ApiError, "code">): CallError {
  return new CallError({ message: "problems", retry: { retry: "never" }, ...error });
}

/** Names that were deleted; Meta keeps them blocked for a while. */
const blocked = new Set<string>();

/** Does what an administrator asks; what is handed in waits for Meta. */
export function administer(
  command: Extract<Command, { do: "create_template" | "edit_template" | "delete_template" }>,
): void {
  if (command.do === "delete_template") {
    const index = templates.findIndex((one) => one.id === command.template);
    const [gone] = index < 0 ? [] : templates.splice(index, 1);
    if (!gone) throw refused({ code: "not_found" });
    blocked.add(gone.name);
    return;
  }
  const problems = checkDraft(command.draft);
  if (problems.length > 0) throw refused({ code: "content_refused", problems });
  const metaSays = (detail: string): CallError =>
    refused({
      code: "refused_by_meta",
      meta: { code: "bad_request", meta_code: 2388023, detail },
    });
  if (command.do === "create_template") {
    const { name, language } = command.draft;
    if (blocked.has(name)) {
      throw metaSays("Message template name is being deleted. Choose another name.");
    }
    if (templates.some((one) => one.name === name && one.language === language)) {
      throw metaSays("There is already content in this language for this template.");
    }
    templates.push(asTemplate(command.draft, freshId("tpl")));
    return;
  }
  const index = templates.findIndex((one) => one.id === command.template);
  const before = templates[index];
  if (!before) throw refused({ code: "not_found" });
  templates[index] = asTemplate(
    { ...command.draft, name: before.name, language: before.language },
    before.id,
  );
}

/** Meta has looked at what was handed in. Says whether anything changed. */
export function reviewed(): boolean {
  let any = false;
  for (const template of templates) {
    if (template.status !== "pending") continue;
    template.status = "approved";
    any = true;
  }
  return any;
}
