/** Templates of every kind that WhatsApp has: with files, a place, an offer, cards, a code, a form. */
import type { Template } from "$lib/protocol/Template";

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

const SHOP = "https://quillandspoke.example";

export const kindsOfTemplates: Template[] = [
  {
    ...plain,
    id: "tpl-visit",
    name: "visit_confirmation",
    header: { format: "media", media: "image" },
    body: "Hello {{first_name}}, your {{service}} is booked for {{visit_date}}. It comes to {{price}}. See you in the workshop!",
    footer: "Quill & Spoke workshop",
    buttons: [
      { kind: "url", text: "Change the visit", url: `${SHOP}/visit/{{1}}` },
      { kind: "phone", text: "Call the workshop", number: "+15550100200" },
    ],
    examples: {
      "body.first_name": "Ana",
      "body.service": "winter check",
      "body.visit_date": "Monday, 10:00",
      "body.price": "€49.00",
    },
    quality: "GREEN",
  },
  {
    ...plain,
    id: "tpl-invoice",
    name: "invoice_ready",
    header: { format: "media", media: "document" },
    body: "Hello {{name}}, your invoice is attached. Thank you for coming by.",
    buttons: [{ kind: "quick_reply", text: "I have a question" }],
  },
  {
    ...plain,
    id: "tpl-where",
    name: "where_we_are",
    header: { format: "media", media: "location" },
    body: "We have moved, {{name}}. You find us here from Monday on, same hours as ever.",
    footer: "Quill & Spoke workshop",
  },
  {
    ...plain,
    id: "tpl-frames",
    name: "new_frames",
    category: "marketing",
    named_parameters: false,
    body: "Two frames came in this week, {{1}}, and both are your size.",
    cards: [
      {
        header: "image",
        body: "{{1}}, 56 cm, steel.",
        buttons: [
          { kind: "url", text: "See it", url: `${SHOP}/frames/{{1}}` },
          { kind: "quick_reply", text: "Keep it for me" },
        ],
      },
      {
        header: "image",
        body: "{{1}}, 56 cm, aluminium.",
        buttons: [
          { kind: "url", text: "See it", url: `${SHOP}/frames/{{1}}` },
          { kind: "quick_reply", text: "Keep it for me" },
        ],
      },
    ],
    examples: { "card.0.body.1": "Blue Tourer", "card.1.body.1": "Sand Gravel" },
    quality: "YELLOW",
  },
  {
    ...plain,
    id: "tpl-offer",
    name: "light_week",
    category: "marketing",
    body: "It gets dark early, {{name}}. All lights are a fifth off this week.",
    offer: { text: "A fifth off all lights", expires: true },
    buttons: [
      { kind: "copy_code", text: "Copy the code" },
      { kind: "url", text: "To the lights", url: `${SHOP}/lights` },
    ],
  },
  {
    ...plain,
    id: "tpl-code",
    name: "sign_in_code",
    category: "authentication",
    named_parameters: false,
    body: "*{{1}}* is your code. For your security, do not share it.",
    footer: "This code expires in 10 minutes.",
    buttons: [{ kind: "otp", text: "Copy code" }],
  },
  {
    ...plain,
    id: "tpl-fitting",
    name: "fitting_form",
    body: "Hello {{name}}, a few questions before your fitting, so that we have the right frame ready.",
    buttons: [{ kind: "flow", text: "Answer the questions" }],
  },
  {
    ...plain,
    id: "tpl-refused",
    name: "rim_recall",
    status: "rejected",
    rejected_reason: "INVALID_FORMAT",
    body: "{{name}}, please bring your wheel in.",
  },
];
