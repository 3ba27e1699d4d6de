/**
 * Scenes for the thread and the composer, by the page's address (`?fake&open=…&scene=kinds`):
 *
 * - `held`: Odette's draft is held until she writes.
 * - `offered`: Teodor wrote, and a text held for him waits for release.
 * - `parked`: a text to Odette waited for the link until the window closed, in this desktop's outbox.
 * - `late`: a text to Odette waited at the hub until the window closed.
 * - `kinds`: Maren's thread has one of everything that a thread can show.
 * - `thousands`: Maren's thread has five thousand messages.
 */
import type { Content } from "$lib/protocol/Content";
import type { Media } from "$lib/protocol/Media";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { ANA, at, HOUR, JONAH, MINUTE, SAMI, STORY_NOW } from "./cast";
import { itemsOf, message } from "./threads";
import type { Chat, World } from "./world";

const ODETTE_TEXT =
  "Hi Odette, both are on hold until six tonight. If you like the 56, I can set it up for a test ride at five, no charge.";

export function setScene(world: World, query: URLSearchParams): void {
  const chatOf = (name: string): Chat | undefined => {
    const chat = [...world.chats.values()].find((one) => one.row.id.startsWith(name));
    if (chat && chat.items.length === 0) chat.items = itemsOf(chat.row);
    return chat;
  };
  switch (query.get("scene")) {
    case "held":
      hold(chatOf("odette"), ODETTE_TEXT, at(0, 14, 10));
      break;
    case "offered":
      hold(
        chatOf("teodor"),
        "Your bike is on the stand. Shall we do the brakes too?",
        at(0, 14, 2),
      );
      break;
    case "parked": {
      const chat = chatOf("odette");
      if (!chat) break;
      chat.drafts = [];
      chat.items.push({
        item: "queued",
        client_ref: "ref-parked",
        command: {
          do: "send_text",
          conversation: chat.row.id,
          body: "Your saddle is here until Friday.",
          reply_to: null,
          send_before: at(0, 14, 1, 40),
        },
        at: at(0, 13, 56),
        send_before: at(0, 14, 1, 40),
        state: { state: "parked" },
      });
      break;
    }
    case "late": {
      const chat = chatOf("odette");
      if (!chat) break;
      chat.drafts = [];
      chat.row.parked = 1;
      chat.items.push(
        message(chat.row.id, { agent: SAMI }, at(0, 13, 58), "Your saddle is here until Friday.", {
          delivery: {
            state: "parked",
            since: at(0, 14, 2),
            why: { why: "deadline_passed", deadline: at(0, 14, 1, 40) },
          },
        }),
      );
      break;
    }
    case "kinds": {
      const chat = chatOf("maren");
      if (chat) chat.items = kinds(chat.row.id);
      break;
    }
    case "thousands": {
      const chat = chatOf("maren");
      if (chat) chat.items = [...thousands(chat.row.id), ...chat.items];
      break;
    }
  }
}

function hold(chat: Chat | undefined, body: string, since: number): void {
  if (!chat) return;
  chat.drafts = [];
  chat.row.parked = 1;
  chat.items.push(
    message(chat.row.id, { agent: SAMI }, since, body, {
      delivery: { state: "parked", since, why: { why: "held" } },
    }),
  );
}

function picture(id: string, state: Media["state"], caption: string | null, size = true): Content {
  return {
    kind: "image",
    caption,
    media: {
      id,
      mime_type: "image/webp",
      state,
      width: size ? 708 : null,
      height: size ? 384 : null,
      size_bytes: 4210,
      filename: null,
    },
  };
}

/** One of everything. */
const file: Media = {
  id: "media-file",
  mime_type: "application/octet-stream",
  state: "stored",
  width: null,
  height: null,
  size_bytes: 248_000,
  filename: null,
};

function kinds(id: string): ThreadItem[] {
  let when = at(0, 9, 0);
  const next = (minutes = 6): number => (when += minutes * MINUTE);
  const me = { agent: SAMI };
  return [
    message(id, "customer", at(-1, 11, 0), "Do you store bikes over winter?", { history: true }),
    message(id, { phone: null }, at(-1, 11, 20), "We do, until the end of March.", {
      history: true,
      delivery: "elsewhere",
    }),
    message(
      id,
      "customer",
      at(-1, 17, 34, 8),
      "*Bold*, _italic_, ~gone~ and `code`. See https://quillandspoke.example/bikes_(all)?a=1_b, or write to shop@quillandspoke.example!",
    ),
    message(id, "customer", next(), "```\nframe: 56\nwheel: 622\n```"),
    message(id, "customer", next(1), "😀👍"),
    message(
      id,
      me,
      next(),
      {
        kind: "template",
        template: {
          name: "estimate_ready",
          language: "en",
          category: "utility",
          header_text: null,
          header_media: "image",
          body: "Hi Maren, your *Tourer* is ready. Pick a time that suits you.",
          footer: null,
          buttons: [
            { kind: "quick_reply", text: "Approve" },
            { kind: "url", text: "See the estimate", url: "https://quillandspoke.example/e/148" },
            { kind: "copy_code", text: "Copy the code" },
          ],
        },
      },
      { delivery: "read" },
    ),
    message(
      id,
      "customer",
      next(),
      { kind: "button_reply", title: "Approve", payload: "approve" },
      {
        quote: {
          quote: "found",
          message: "kinds-template",
          author: { by: "agent", agent: SAMI },
          kind: "template",
          preview: "Hi Maren, your Tourer is ready.",
        },
      },
    ),
    message(id, "customer", next(1), {
      kind: "list_reply",
      title: "Saturday 10:00",
      description: "With Jonah, about an hour",
      payload: "slot-3",
    }),
    message(id, "customer", next(), picture("media-wheel-1", "stored", null)),
    message(id, "customer", next(1), picture("media-wheel-2", "pending", "On its way")),
    message(id, "customer", next(1), picture("media-wheel-3", "gone", null, false)),
    message(id, "customer", next(), "About what you said there", {
      quote: { quote: "missing" },
    }),
    message(id, "customer", next(), {
      kind: "not_shown",
      meta_kind: "unsupported",
      why: "unsupported_by_meta",
    }),
    message(id, "customer", next(1), {
      kind: "document",
      caption: "The old invoice",
      media: { ...file, mime_type: "application/pdf", filename: "invoice 2025-118.pdf" },
    }),
    message(id, "customer", next(1), {
      kind: "video",
      caption: null,
      media: { ...file, mime_type: "video/mp4", state: "pending", size_bytes: null },
    }),
    message(id, "customer", next(1), {
      kind: "location",
      latitude: 52.5163,
      longitude: 13.3777,
      name: "Canal Street 14",
      address: "The yard behind the bakery",
      url: null,
    }),
    message(id, "customer", next(1), {
      kind: "contacts",
      cards: [
        {
          name: "Jo Vale",
          organisation: "Vale Couriers",
          phones: [{ text: "+1 555 014 9000", label: "Work", on_whatsapp: true }],
          emails: ["jo@vale.example"],
          answers_our_request: false,
        },
      ],
    }),
    message(id, "customer", next(1), {
      kind: "order",
      note: "Gift wrap, please",
      products: [
        { product: "bell-7", quantity: 2, price: 4.5, currency: "EUR" },
        { product: "saddle-brown", quantity: 1, price: 62, currency: "EUR" },
      ],
    }),
    message(id, "customer", next(1), {
      kind: "form",
      name: "flow",
      summary: "Booking a service",
      answers: [
        { field: "day", answer: "Saturday" },
        { field: "bike", answer: "Sand Tourer, 56" },
      ],
    }),
    message(id, "customer", next(1), "Could it be Tuesday?", {
      earlier: [{ words: "Could it be Monday?", at: at(0, 9, 1) }],
    }),
    message(id, "customer", next(1), { kind: "deleted", at: at(0, 9, 30) }),
    message(id, "customer", next(1), {
      kind: "not_shown",
      meta_kind: "unsupported",
      why: "on_the_phone",
    }),
    message(id, "customer", next(1), {
      kind: "not_shown",
      meta_kind: "brand_new",
      why: "not_yet",
    }),
    message(id, { phone: ANA }, next(), "Typed on the phone, with hearts", {
      delivery: "elsewhere",
      reactions: [
        { emoji: "❤️", by: { by: "customer" }, at: when },
        { emoji: "❤️", by: { by: "agent", agent: JONAH }, at: when },
        { emoji: "👍", by: { by: "agent", agent: SAMI }, at: when },
      ],
    }),
    message(id, me, next(), "Accepted by WhatsApp", { delivery: "accepted" }),
    message(id, me, next(1), "Sent", { delivery: "sent" }),
    message(id, me, next(1), "Delivered", { delivery: "delivered" }),
    message(id, me, next(1), "Read", { delivery: "read" }),
    message(id, me, next(), "It may have gone out", {
      delivery: { state: "uncertain", since: when },
    }),
    message(id, me, next(), "Not on WhatsApp any more", {
      delivery: {
        state: "failed",
        at: when,
        failure: { code: "undeliverable", meta_code: 131026, detail: null },
      },
    }),
    {
      item: "queued",
      client_ref: "ref-refused",
      command: {
        do: "send_text",
        conversation: id,
        body: "The hub said no",
        reply_to: null,
        send_before: STORY_NOW + HOUR,
      },
      at: next(),
      send_before: STORY_NOW + HOUR,
      state: {
        state: "refused",
        error: { code: "window_not_open", message: "closed", retry: { retry: "never" } },
      },
    },
    message(id, me, next(), "Queued at the hub", { delivery: "queued" }),
  ];
}

function thousands(id: string): ThreadItem[] {
  const words = [
    "Yes",
    "Could you",
    "the wheel",
    "on Saturday",
    "and the lamp",
    "please",
    "thanks",
  ];
  return Array.from({ length: 5000 }, (_, i) => {
    const when = at(-1, 8, 0) - (5000 - i) * 20 * MINUTE;
    const text = Array.from({ length: 1 + (i % 23) }, (_, n) => words[(i * 7 + n * 3) % 7]).join(
      " ",
    );
    return message(id, i % 3 === 0 ? { agent: SAMI } : "customer", when, `${i}: ${text}`);
  });
}
