/** What was written in the fake conversations. */
import type { Earlier } from "$lib/protocol/Earlier";
import type { Context } from "$lib/protocol/Context";
import type { Content } from "$lib/protocol/Content";
import type { ConversationRow } from "$lib/protocol/ConversationRow";
import type { Delivery } from "$lib/protocol/Delivery";
import type { MessageRow } from "$lib/protocol/MessageRow";
import type { Price } from "$lib/protocol/Price";
import type { QuoteView } from "$lib/protocol/QuoteView";
import type { Reaction } from "$lib/protocol/Reaction";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { ANA, at, DAY, HOUR, JONAH, MEI, MINUTE, SAMI, SECOND, type Voice } from "./cast";
import { authorOf, deliveryOf, freshId, position } from "./world";

interface Extra {
  delivery?: Delivery | Delivery["state"];
  id?: string;
  quote?: QuoteView;
  reactions?: Reaction[];
  earlier?: Earlier[];
  context?: Partial<Context>;
  price?: Price;
  history?: boolean;
  send_before?: number | null;
  doubt?: number;
}

export function message(
  conversation: string,
  voice: Voice,
  when: number,
  content: Content | string,
  extra: Extra = {},
): ThreadItem {
  const id = extra.id ?? freshId("message");
  const row: MessageRow = {
    id,
    rev: 1,
    conversation,
    position: position(when, id),
    wamid: `wamid.${id}`,
    client_ref: null,
    author: authorOf(voice),
    content: typeof content === "string" ? { kind: "text", body: content } : content,
    provenance: extra.history ? "history" : "live",
    at: when,
    received_at: when + 3 * SECOND,
    quotes: extra.quote ? `wamid.quoted-${id}` : null,
    reactions: extra.reactions ?? [],
    delivery:
      voice === "customer" || voice === "platform"
        ? null
        : typeof extra.delivery === "object"
          ? extra.delivery
          : deliveryOf(extra.delivery ?? "read", when + 2 * SECOND),
    send_before: extra.send_before ?? null,
    earlier: extra.earlier ?? [],
    context: { forwarded: "no", referral: null, product: null, ...extra.context },
    price: extra.price ?? null,
    ...(extra.doubt === undefined ? {} : { doubt: extra.doubt }),
  };
  return { item: "message", row, quote: extra.quote ?? null };
}

export function note(conversation: string, author: string, when: number, body: string): ThreadItem {
  const id = freshId("note");
  return {
    item: "note",
    row: {
      id,
      rev: 1,
      conversation,
      position: position(when, id),
      client_ref: null,
      author,
      body,
      at: when,
    },
  };
}

function maren(id: string): ThreadItem[] {
  const rim = "On the stand now. The rim is cracked at the valve, so it can’t be trued. Sorry!";
  return [
    message(
      id,
      { agent: JONAH },
      at(-1, 15, 40),
      {
        kind: "template",
        template: {
          name: "estimate_ready",
          language: "en",
          category: "utility",
          header_text: "Your estimate is ready",
          header_media: null,
          header_file: null,
          header_place: null,
          offer: null,
          cards: [],
          template: null,
          values: {},
          typed: {},
          body: "Hi Maren, we looked at your Tourer. New rear wheel and fitting: *$148*, ready two days after you say yes.",
          footer: "Quill & Spoke workshop",
          buttons: [
            { kind: "quick_reply", text: "Approve" },
            { kind: "url", text: "See the estimate", url: "https://quillandspoke.example/e/148" },
          ],
        },
      },
      {},
    ),
    message(id, "customer", at(-1, 15, 52), "Thanks for this! Is the wheel really beyond saving?"),
    message(id, "customer", at(-1, 15, 53), {
      kind: "image",
      caption: "After the pothole",
      media: {
        id: "media-wheel",
        mime_type: "image/webp",
        state: "stored",
        width: 708,
        height: 384,
        size_bytes: 4210,
        filename: null,
      },
    }),
    message(id, "customer", at(-1, 16, 10), {
      kind: "call",
      call: { by_customer: true, answered: true, declined: false, ended: true, seconds: 134 },
    }),
    message(id, { phone: ANA }, at(-1, 16, 31), rim, {
      id: "maren-rim",
      reactions: [{ emoji: "🙏", by: { by: "customer" }, at: at(-1, 16, 33), delivery: null }],
    }),
    message(id, "customer", at(-1, 17, 29), {
      kind: "audio",
      voice: true,
      media: {
        id: "media-voice",
        mime_type: "audio/wav",
        state: "stored",
        width: null,
        height: null,
        size_bytes: 192_044,
        filename: null,
      },
    }),
    message(id, "customer", at(-1, 17, 34, 8), "OK, go ahead then. Could it be done by Saturday?", {
      quote: {
        quote: "found",
        message: "maren-rim",
        author: { by: "phone", claimed_by: SAMI },
        kind: "text",
        preview: rim,
      },
    }),
    note(id, JONAH, at(0, 9, 12), "Rim arrives Friday. @Sami please confirm before 17:34."),
    message(id, { agent: JONAH }, at(0, 9, 40), "Yes, we can. The rim lands on Friday.", {
      delivery: "delivered",
    }),
    message(id, { agent: SAMI }, at(0, 14, 2), "Here is the revised estimate.", {
      delivery: {
        state: "failed",
        at: at(0, 14, 2, 4),
        failure: {
          code: "rate_limited",
          meta_code: 130429,
          detail: "Rate limit hit",
        },
      },
    }),
    message(id, { agent: SAMI }, at(0, 14, 21), "Booked you in with Jonah.", {
      delivery: "accepted",
    }),
    message(id, { agent: SAMI }, at(0, 14, 22), "Yes, Saturday from 10:00 is fine 🙂", {
      delivery: "queued",
    }),
  ];
}

function yusuf(id: string): ThreadItem[] {
  const me = { agent: SAMI };
  return [
    message(
      id,
      me,
      at(-2, 9, 5),
      "Your commuter is booked for Tuesday’s service. Anything else we should look at?",
    ),
    message(id, "customer", at(-2, 9, 11), "The back brake squeals when it’s wet"),
    message(
      id,
      me,
      at(-2, 9, 26),
      "New pads are in stock, $22 fitted. We’ll swap them unless you say no.",
    ),
    message(id, "customer", at(-2, 9, 27), "Great, thanks 👍"),
    message(
      id,
      { phone: ANA },
      at(-1, 13, 48),
      "All done: full service, new pads, cables adjusted. That’s $94 in all.",
    ),
    message(
      id,
      "customer",
      at(-1, 14, 29, 40),
      "That was quick! Is the workshop open late this week?",
    ),
    message(id, "customer", at(-1, 14, 30, 47), "Can I pick it up tomorrow?"),
  ];
}

function odette(id: string): ThreadItem[] {
  const phone = "The 56. It’s steadier and takes wider tyres.";
  return [
    message(
      id,
      "customer",
      at(-1, 13, 20),
      "Hi! I saw two touring frames in your window. Are they both still there?",
    ),
    message(id, { agent: MEI }, at(-1, 13, 31), "Both are in. The blue is a 54, the sand is a 56."),
    message(id, "customer", at(-1, 13, 44), "Which one would you take for longer rides?"),
    message(id, { phone: ANA }, at(-1, 13, 52), phone, { id: "odette-56" }),
    message(
      id,
      "customer",
      at(-1, 14, 2),
      "OK, let me think. Could you hold both until tomorrow?",
      {
        quote: {
          quote: "found",
          message: "odette-56",
          author: { by: "phone", claimed_by: null },
          kind: "text",
          preview: phone,
        },
      },
    ),
    note(id, MEI, at(0, 11, 20), "Both frames are on the rack with her name, until 18:00."),
  ];
}

/** A thread that ends with the row's last line. */
function plain(row: ConversationRow): ThreadItem[] {
  const { last } = row;
  if (!last) return [];
  const voice: Voice =
    last.author.by === "customer"
      ? "customer"
      : last.author.by === "agent"
        ? { agent: last.author.agent }
        : { phone: last.author.by === "phone" ? last.author.claimed_by : null };
  const content: Content =
    last.kind === "text"
      ? { kind: "text", body: last.preview }
      : last.kind === "template"
        ? {
            kind: "template",
            template: {
              name: "ready_to_collect",
              language: "en",
              category: "utility",
              header_text: "Ready to collect",
              header_media: null,
              header_file: null,
              header_place: null,
              offer: null,
              cards: [],
              template: null,
              values: {},
              typed: {},
              body: last.preview,
              footer: "Quill & Spoke workshop",
              buttons: [],
            },
          }
        : last.kind === "image"
          ? {
              kind: "image",
              caption: null,
              media: {
                id: "media-wheel",
                mime_type: "image/webp",
                state: "stored",
                width: 708,
                height: 384,
                size_bytes: 4210,
                filename: null,
              },
            }
          : last.kind === "audio"
            ? {
                kind: "audio",
                voice: true,
                media: {
                  id: "media-voice-2",
                  mime_type: "audio/wav",
                  state: "stored",
                  width: null,
                  height: null,
                  size_bytes: 56_044,
                  filename: null,
                },
              }
            : { kind: "not_shown", meta_kind: last.kind, why: "not_yet" };
  const opened = row.facts.last_opening?.meta_at;
  const items: ThreadItem[] = [];
  if (row.only_history) {
    items.push(
      message(row.id, "customer", last.at - 2 * HOUR, "Do you store bikes over winter?", {
        history: true,
      }),
      message(row.id, { phone: null }, last.at - HOUR, "We do, until the end of March.", {
        history: true,
        delivery: "elsewhere",
      }),
    );
  } else if (opened !== undefined) {
    items.push(
      message(row.id, "customer", opened - 50 * MINUTE, "Hi, are you open this afternoon?"),
      message(row.id, { agent: ANA }, opened - 40 * MINUTE, "Yes, until six. Come by any time."),
    );
    if (last.author.by !== "customer") {
      items.push(message(row.id, "customer", opened, "OK, thank you!"));
    }
  }
  items.push(
    message(row.id, voice, last.at, content, {
      id: last.message,
      ...(last.delivery ? { delivery: last.delivery } : {}),
      history: row.only_history,
    }),
  );
  return items;
}

export function itemsOf(row: ConversationRow): ThreadItem[] {
  if (row.id.startsWith("maren")) return maren(row.id);
  if (row.id.startsWith("yusuf")) return yusuf(row.id);
  if (row.id.startsWith("odette")) return odette(row.id);
  return plain(row);
}

/** A page of the past, for scrolling up. */
export function olderItems(conversation: string, before: number): ThreadItem[] {
  return Array.from({ length: 40 }, (_, i) => {
    const when = before - (41 - i) * 3 * HOUR;
    return i % 2 === 0
      ? message(conversation, "customer", when, `Earlier question ${i / 2 + 1}, from long ago`)
      : message(conversation, { agent: i % 4 === 1 ? SAMI : ANA }, when, "And the answer to it.");
  });
}

export const earlierWindows = [
  { opened_at: at(-7, 10, 0), answered_after_ms: 14 * MINUTE },
  { opened_at: at(-10, 9, 30), answered_after_ms: 5 * HOUR + 10 * MINUTE },
  { opened_at: at(-22, 12, 0), answered_after_ms: 22 * HOUR + 5 * MINUTE },
  { opened_at: at(-48, 12, 0) - DAY, answered_after_ms: null },
];
