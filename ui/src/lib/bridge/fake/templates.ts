/** The templates of the fake team, and how one looks when it is filled in. */
import type { Field } from "$lib/protocol/Field";
import type { FieldProblem } from "$lib/protocol/FieldProblem";
import type { Template } from "$lib/protocol/Template";
import type { TemplateChoice } from "$lib/protocol/TemplateChoice";
import type { TemplatePreview } from "$lib/protocol/TemplatePreview";

import { at } from "./cast";

const plain = {
  language: "en",
  category: "utility",
  status: "approved",
  named_parameters: true,
  header: null,
  footer: null,
  buttons: [],
  cards: [],
  offer: null,
  unsupported: [],
  examples: {},
  rejected_reason: null,
  quality: null,
} satisfies Partial<Template>;

export const templates: Template[] = [
  {
    ...plain,
    id: "tpl-hold",
    name: "hold_reminder",
    body: "Hi {{name}}, your {{item}} is on hold until {{until}}. Shall we keep it longer?",
    footer: "Quill & Spoke workshop",
    buttons: [
      { kind: "quick_reply", text: "Keep holding" },
      { kind: "url", text: "See the bike", url: "https://quillandspoke.example/{{1}}" },
    ],
    examples: { "body.name": "Odette", "body.item": "blue Tourer", "body.until": "18:00 today" },
  },
  {
    ...plain,
    id: "tpl-ready",
    name: "ready_to_collect",
    named_parameters: false,
    header: { format: "text", text: "Ready to collect" },
    body: "Hi {{1}}, your {{2}} is ready.",
    examples: { "body.1": "Kofi", "body.2": "bike" },
  },
  {
    ...plain,
    id: "tpl-winter",
    name: "winter_checkup",
    category: "marketing",
    body: "Salt is hard on a chain, {{name}}. Winter check, ten minutes while you wait, this week only.",
    footer: "Reply STOP and we won’t write again",
    buttons: [{ kind: "quick_reply", text: "Book a slot" }],
  },
  {
    ...plain,
    id: "tpl-estimate",
    name: "estimate_ready",
    header: { format: "text", text: "Your estimate is ready" },
    body: "Hi {{name}}, we looked at your {{bike}}. {{work}}: *{{price}}*, ready {{when}}.",
    footer: "Quill & Spoke workshop",
    buttons: [
      { kind: "quick_reply", text: "Approve" },
      { kind: "url", text: "See the estimate", url: "https://quillandspoke.example/e/{{1}}" },
    ],
  },
  {
    ...plain,
    id: "tpl-ready-de",
    name: "ready_to_collect",
    language: "de",
    named_parameters: false,
    body: "Hallo {{1}}, dein Rad ist fertig. Du kannst es bis {{2}} abholen.",
  },
  {
    ...plain,
    id: "tpl-hello",
    name: "hello_again",
    body: "Hi {{name}}, Quill & Spoke here. We tried to reach you about your bike; write back when it suits you.",
  },
  {
    ...plain,
    id: "tpl-spring",
    name: "spring_sale",
    category: "marketing",
    status: "paused",
    body: "Spring is here! 20% off all lights and locks until Sunday.",
  },
  {
    ...plain,
    id: "tpl-gallery",
    name: "frame_gallery",
    category: "marketing",
    body: "Swipe through this week’s frames",
    unsupported: ["CAROUSEL"],
  },
];

const hole = /\{\{\s*([\w]+)\s*\}\}/g;

function holes(text: string): string[] {
  return [...new Set([...text.matchAll(hole)].map((found) => found[1] ?? ""))];
}

function fieldsOf(template: Template): Field[] {
  const example = (key: string): string | null => template.examples[key] ?? null;
  const out: Field[] = [];
  if (template.header?.format === "text") {
    for (const variable of holes(template.header.text)) {
      const key = `header.${variable}`;
      out.push({
        key,
        place: { place: "header_text", variable },
        label: variable,
        example: example(key),
        max_chars: 60,
        input: { input: "text" },
        optional: false,
      });
    }
  }
  for (const variable of holes(template.body)) {
    const key = `body.${variable}`;
    out.push({
      key,
      place: { place: "body", variable },
      label: variable,
      example: example(key),
      max_chars: 1024,
      input: { input: "text" },
      optional: false,
    });
  }
  template.buttons.forEach((button, index) => {
    if (button.kind === "url" && /\{\{1\}\}$/.test(button.url)) {
      out.push({
        key: `button.${index}`,
        place: { place: "url_suffix", button: index },
        label: button.text,
        example: null,
        max_chars: 2000,
        input: { input: "text" },
        optional: false,
      });
    }
  });
  return out;
}

export function choiceOf(
  template: Template,
  name: string | null,
  noMarketing: number | null = null,
): TemplateChoice {
  const first = name?.split(" ")[0];
  const prefill: TemplateChoice["prefill"] = {};
  for (const field of fieldsOf(template)) {
    if (first && /^(body\.(name|1))$/.test(field.key)) {
      prefill[field.key] = { value: first, from: "contact" };
    }
  }
  return {
    template,
    fields: fieldsOf(template),
    not_sendable:
      template.status !== "approved"
        ? { why: "not_approved", status: template.status }
        : template.unsupported[0]
          ? { why: "component", component: template.unsupported[0] }
          : template.category === "marketing" && noMarketing !== null
            ? { why: "opted_out", since: noMarketing }
            : null,
    last_used_at:
      template.id === "tpl-hold" ? at(0, 11, 0) : template.id === "tpl-ready" ? at(-1, 9, 0) : null,
    prefill,
    can_be_edited: true,
  };
}

export function previewOf(template: Template, values: Record<string, string>): TemplatePreview {
  const fill = (text: string, place: string): string =>
    text.replace(hole, (whole, variable: string) => values[`${place}.${variable}`] || whole);
  const problems: FieldProblem[] = [];
  for (const { key } of fieldsOf(template)) {
    const value = values[key] ?? "";
    if (value.trim() === "") problems.push({ problem: "empty", key });
    else if (/[\n\t]/.test(value)) problems.push({ problem: "line_break", key });
    else if (/ {5,}/.test(value)) problems.push({ problem: "many_spaces", key });
    else if (key.startsWith("button.") && /\s/.test(value))
      problems.push({ problem: "space_in_address", key });
  }
  const body = fill(template.body, "body");
  if (body.length > 1024)
    problems.push({ problem: "text_too_long", place: "body", length: body.length, max: 1024 });
  return {
    rendered: {
      name: template.name,
      language: template.language,
      category: template.category,
      header_text: template.header?.format === "text" ? fill(template.header.text, "header") : null,
      header_media: template.header?.format === "media" ? template.header.media : null,
      header_file: null,
      header_place: null,
      offer: null,
      cards: [],
      template: template.id,
      values,
      body,
      footer: template.footer,
      buttons: template.buttons.map((button, index) =>
        button.kind === "url"
          ? { ...button, url: button.url.replace(/\{\{1\}\}$/, values[`button.${index}`] ?? "") }
          : button,
      ),
    },
    problems,
    body_chars: body.length,
    body_max: 1024,
  };
}
