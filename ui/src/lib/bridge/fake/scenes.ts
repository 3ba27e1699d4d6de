/**
 * Scenes for the thread and the composer, by the page's address (`?fake&open=…&scene=kinds`):
 *
 * - `held`: Odette's draft is held until she writes.
 * - `offered`: Teodor wrote, and a text held for him waits for release.
 * - `parked`: a text to Odette waited for the link until the window closed, in this desktop's outbox.
 * - `late`: a text to Odette waited at the hub until the window closed.
 * - `username`: Odette shows no number, only a WhatsApp user name.
 * - `uncertain`: WhatsApp's answers to two texts for Maren were lost, one of them just now.
 * - `outbox`: two templates for Odette wait in this desktop's outbox, one of them refused.
 * - `kinds`: Maren's thread has one of everything that a thread can show.
 * - `files`: a picture and an invoice for Maren did not go out.
 * - `calls`: Lina called and nobody took it; Teodor called and somebody did.
 * - `identity`: Maren may be somebody we know under another number, Lina's chat took another one in,
 *   another handler answers Teodor, Noor has a new number, and Kofi wants no marketing messages.
 * - `import`: the phone's past is being taken over.
 * - `health`: much is wrong with the number.
 * - `thousands`: Maren's thread has five thousand messages.
 */
import type { QueuedState } from "$lib/protocol/QueuedState";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { noteCall } from "./calls";
import { at, DAY, MINUTE, SAMI, SECOND, STORY_NOW } from "./cast";
import { doubt } from "./identity";
import { kinds } from "./kinds";
import { itemsOf, message } from "./threads";
import { unsentFiles } from "./unsent-files";
import { type Chat, rowOf, type World } from "./world";

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
    case "username": {
      const chat = chatOf("odette");
      if (!chat) break;
      Object.assign(chat.row.customer, {
        number: null,
        number_shown: null,
        username: "odette.rides",
      });
      break;
    }
    case "uncertain": {
      const chat = chatOf("maren");
      if (!chat) break;
      const lost = (when: number, text: string): ThreadItem =>
        message(chat.row.id, { agent: SAMI }, when, text, {
          delivery: { state: "uncertain", since: when + SECOND },
        });
      chat.items.push(
        lost(at(0, 14, 18), "The rim is here already."),
        lost(STORY_NOW - 25 * SECOND, "Shall I put the lamp on as well?"),
      );
      break;
    }
    case "outbox":
      outbox(chatOf("odette"));
      break;
    case "kinds": {
      const chat = chatOf("maren");
      if (chat) chat.items = kinds(chat.row.id);
      break;
    }
    case "files": {
      const chat = chatOf("maren");
      if (chat) unsentFiles(chat);
      break;
    }
    case "calls": {
      const [missed, talked] = [chatOf("lina"), chatOf("teodor")];
      if (missed) noteCall(missed, false);
      if (talked) noteCall(talked, true);
      break;
    }
    case "identity":
      identities(world, chatOf);
      break;
    case "import":
      world.inbox.import = {
        ...world.inbox.import,
        contacts: { asked: "yes", at: at(0, 14, 2) },
        history: { asked: "yes", at: at(0, 14, 2) },
        percent: 42,
        messages: 12_310,
        contacts_seen: 287,
        last_chunk_at: at(0, 14, 21),
      };
      break;
    case "health":
      troubles(world);
      break;
    case "thousands": {
      const chat = chatOf("maren");
      if (chat) chat.items = [...thousands(chat.row.id), ...chat.items];
      break;
    }
  }
}

function outbox(chat: Chat | undefined): void {
  if (!chat) return;
  chat.drafts = [];
  const queued = (
    ref: string,
    when: number,
    values: Record<string, string>,
    state: QueuedState,
    hold: string | null,
  ): ThreadItem => ({
    item: "queued",
    client_ref: ref,
    command: {
      do: "send_template",
      to: { to: "conversation", conversation: chat.row.id },
      template: "tpl-hold",
      values,
      typed: {},
      hold,
    },
    at: when,
    send_before: null,
    state,
  });
  chat.items.push(
    queued(
      "ref-refused",
      at(0, 14, 12),
      {
        "body.name": "Odette",
        "body.item": "sand Tourer",
        "body.until": "18:00",
        "button.1": "sand 56",
      },
      {
        state: "refused",
        error: {
          code: "template_refused",
          message: "the template changed",
          retry: { retry: "never" },
          fields: [{ problem: "space_in_address", key: "button.1" }],
        },
      },
      "Until later then!",
    ),
    queued(
      "ref-waiting",
      at(0, 14, 20),
      {
        "body.name": "Odette",
        "body.item": "blue Tourer",
        "body.until": "tomorrow noon",
        "button.1": "blue-54",
      },
      { state: "waiting" },
      null,
    ),
  );
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

function identities(world: World, chatOf: (name: string) => Chat | undefined): void {
  const maren = chatOf("maren");
  if (maren) {
    const other: Chat = {
      row: rowOf({
        name: "M. Oduya (courier)",
        id: "oduya-e",
        number: "+1 555 014 2207",
        last: { voice: "customer", text: "Is the cargo bike still for rent?", at: at(-3, 10, 5) },
        opened: at(-3, 10, 5),
      }),
      items: [],
      complete: false,
      drafts: [],
      earlier: [],
    };
    doubt(world, "merge-maren", maren, other, at(0, 13, 50));
  }
  const lina = chatOf("lina");
  if (lina) {
    lina.row.joined.push({
      merge: "merge-lina",
      other_name: "+1 555 013 4400",
      at: at(-7, 9, 31),
      by: null,
    });
    lina.row.free_until = at(2, 11, 40);
  }
  const teodor = chatOf("teodor");
  if (teodor) {
    teodor.row.elsewhere = { since: at(0, 13, 2), owner: "ai_agent" };
    teodor.items.push(
      message(teodor.row.id, "platform", at(0, 13, 2), {
        kind: "notice",
        notice: { notice: "handed_away", to: "ai_agent", summary: null },
      }),
    );
  }
  const noor = chatOf("noor");
  if (noor) {
    const moved = at(0, 13, 30);
    noor.row.facts.moved_at = moved;
    noor.items.push(
      message(noor.row.id, "platform", moved, {
        kind: "notice",
        notice: { notice: "number_changed", to: "+1 555 015 7001" },
      }),
    );
  }
  const kofi = chatOf("kofi");
  if (kofi) kofi.row.customer.no_marketing_since = at(-16, 9, 0);
}

/** A phone that lies in a drawer, a subscription that is gone, and a clock that is wrong. */
function troubles(world: World): void {
  world.inbox.last_echo_at = at(-11, 16, 40);
  world.inbox.import = {
    contacts: { asked: "yes", at: at(-40, 10, 4) },
    history: { asked: "refused", at: at(-40, 10, 4), meta_code: 131_000 },
    percent: null,
    messages: 0,
    contacts_seen: 412,
    declined_at: null,
    last_chunk_at: null,
  };
  world.numberHealth = {
    token: { check: "unknown" },
    subscription: { check: "bad", meta_code: 100 },
    quality: "YELLOW",
    messaging_limit: "TIER_250",
    episodes: [
      {
        from: at(-2, 9, 10),
        to: at(-2, 11, 52),
        reason: "account_disconnected",
        by: "user",
      },
      {
        from: at(-31, 18, 20),
        to: at(-29, 9, 2),
        reason: "primary_inactivity",
        by: "system",
      },
    ],
  };
  world.health = {
    meta_clock_offset_ms: -8.4 * SECOND,
    webhooks: {
      wrong_signatures: 3,
      last_wrong_signature_at: STORY_NOW - 12 * MINUTE,
      waiting: 5,
      kept_since: STORY_NOW - 40 * DAY,
    },
  };
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
