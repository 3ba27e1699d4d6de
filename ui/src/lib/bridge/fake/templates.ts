/** The templates of the fake team, and how they stand in the picker. */
import type { Customer } from "$lib/protocol/Customer";
import type { Template } from "$lib/protocol/Template";
import type { TemplateChoice } from "$lib/protocol/TemplateChoice";

import { at } from "./cast";
import { canBeEdited, fieldsOf } from "./template-fill";
import { kindsOfTemplates } from "./template-kinds";

export { previewOf } from "./template-fill";

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
    body: "All of this week’s frames, in our catalogue",
    unsupported: ["CATALOG"],
  },
  ...kindsOfTemplates,
];

export function choiceOf(template: Template, customer?: Customer): TemplateChoice {
  const first = customer?.name?.split(" ")[0];
  const noMarketing = customer?.no_marketing_since ?? null;
  const prefill: TemplateChoice["prefill"] = {};
  for (const field of fieldsOf(template)) {
    if (first && /^(body\.(name|first_name|1))$/.test(field.key)) {
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
            : template.category === "authentication" && customer?.number === null
              ? { why: "needs_number" }
              : null,
    last_used_at:
      template.id === "tpl-hold" ? at(0, 11, 0) : template.id === "tpl-ready" ? at(-1, 9, 0) : null,
    prefill,
    can_be_edited: canBeEdited(template),
  };
}
