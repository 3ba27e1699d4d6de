/** One of everything that a thread can show. */
import type { Content } from "$lib/protocol/Content";
import type { Media } from "$lib/protocol/Media";
import type { Notice } from "$lib/protocol/Notice";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { ANA, at, HOUR, JONAH, MINUTE, SAMI, STORY_NOW } from "./cast";
import { message } from "./threads";

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

const file: Media = {
  id: "media-file",
  mime_type: "application/octet-stream",
  state: "stored",
  width: null,
  height: null,
  size_bytes: 248_000,
  filename: null,
};

function sound(id: string, voice: boolean): Content {
  return {
    kind: "audio",
    voice,
    media: {
      ...file,
      id,
      mime_type: "audio/wav",
      size_bytes: 192_044,
      filename: voice ? null : "squeak under load.wav",
    },
  };
}

type Next = (minutes?: number) => number;

/** What can stand around a message. */
function contexts(id: string, next: Next): ThreadItem[] {
  return [
    message(id, "customer", next(), "Winter tyres half price at Canal Street, tell everybody!", {
      context: { forwarded: "often" },
    }),
    message(id, "customer", next(1), picture("media-wheel-4", "stored", "From my brother"), {
      context: { forwarded: "once" },
    }),
    message(id, "customer", next(), "Hi! Is the offer still good?", {
      context: {
        referral: {
          source_url: "https://fb.me/quill-and-spoke-winter",
          source_id: "120210000000",
          source_kind: "ad",
          headline: "Ready for salt and snow?",
          body: "Full winter service for $59, with a new chain at half price. This week at Quill & Spoke.",
          media_kind: "image",
          image_url: "https://scontent.example/winter.jpg",
          video_url: null,
          thumbnail_url: null,
          click_id: "click-1",
          welcome_text: "Hello! What can we do for your bike?",
        },
      },
    }),
    message(id, "customer", next(1), "Does it come in green?", {
      context: { product: { catalog_id: "538211", product_id: "saddle-brown" } },
    }),
  ];
}

/** Calls of either side with every end. */
function calls(id: string, next: Next): ThreadItem[] {
  const call = (
    by_customer: boolean,
    end: Partial<Extract<Content, { kind: "call" }>["call"]>,
  ): Content => ({
    kind: "call",
    call: { by_customer, answered: false, declined: false, ended: true, seconds: null, ...end },
  });
  const ours = { phone: null };
  return [
    message(id, "customer", next(), call(true, {})),
    message(id, ours, next(2), call(false, {}), { delivery: "elsewhere" }),
    message(id, "customer", next(3), call(true, { answered: true, seconds: 252 })),
    message(id, ours, next(8), call(false, { declined: true }), { delivery: "elsewhere" }),
    message(id, ours, next(2), call(false, { answered: true, seconds: 38 }), {
      delivery: "elsewhere",
    }),
  ];
}

/** What Meta tells about a chat. */
function notices(id: string, next: Next): ThreadItem[] {
  const notice = (what: Notice): ThreadItem =>
    message(id, "platform", next(2), { kind: "notice", notice: what });
  return [
    notice({ notice: "number_changed", to: "+1 555 014 8800" }),
    notice({ notice: "id_changed" }),
    notice({ notice: "security_code_changed" }),
    notice({ notice: "marketing_stopped" }),
    notice({ notice: "marketing_resumed" }),
    notice({
      notice: "handed_away",
      to: "ai_agent",
      summary: null,
    }),
    notice({
      notice: "handed_to_us",
      from: "ai_agent",
      summary:
        "Maren asked whether the wheel can be saved. She wants to ride on Saturday and accepts up to $150.",
    }),
    notice({ notice: "other", meta_kind: "disappearing_messages" }),
  ];
}

/** One of everything. */
export function kinds(id: string): ThreadItem[] {
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
      at(-1, 11, 30),
      { kind: "not_shown", meta_kind: "image", why: "too_old_to_import" },
      { history: true },
    ),
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
          header_file: null,
          header_place: null,
          offer: null,
          cards: [],
          template: null,
          values: {},
          typed: {},
          body: "Hi Maren, your *Tourer* is ready. Pick a time that suits you.",
          footer: null,
          buttons: [
            { kind: "quick_reply", text: "Approve" },
            { kind: "url", text: "See the estimate", url: "https://quillandspoke.example/e/148" },
            { kind: "copy_code", text: "Copy the code" },
          ],
        },
      },
      { delivery: "read", price: { class: "regular", category: "utility" } },
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
      meta_kind: "poll",
      why: "unsupported_by_meta",
    }),
    message(id, "customer", next(1), {
      kind: "not_shown",
      meta_kind: "edit",
      why: "unsupported_by_meta",
    }),
    message(id, "customer", next(1), {
      kind: "not_shown",
      meta_kind: "video",
      why: "file_refused_by_meta",
    }),
    ...contexts(id, next),
    ...calls(id, next),
    ...notices(id, next),
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
    message(id, "customer", next(1), sound("media-voice", true)),
    message(id, me, next(1), sound("media-voice-2", true), { delivery: "played" }),
    message(id, "customer", next(1), sound("media-voice-song", false)),
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
        { emoji: "❤️", by: { by: "customer" }, at: when, delivery: null },
        { emoji: "❤️", by: { by: "agent", agent: JONAH }, at: when, delivery: null },
        { emoji: "👍", by: { by: "agent", agent: SAMI }, at: when, delivery: null },
      ],
    }),
    message(id, me, next(), "Accepted by WhatsApp", { delivery: "accepted" }),
    message(id, me, next(1), "Sent", { delivery: "sent" }),
    message(id, me, next(1), "Delivered", {
      delivery: "delivered",
      price: { class: "free_customer_service", category: "service" },
    }),
    message(id, me, next(1), "Read", {
      delivery: "read",
      price: { class: "free_entry_point", category: "referral_conversion" },
    }),
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
