/**
 * The people of the fake team and its customers: Quill & Spoke, a bicycle workshop, on the
 * afternoon of Thursday 19 November 2026, in every state that a window clock can have.
 */
import type { AgentRow } from "$lib/protocol/AgentRow";
import type { Delivery } from "$lib/protocol/Delivery";
import type { InboxRow } from "$lib/protocol/InboxRow";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The moment at which the story stands still when the page opens, in the viewer's zone. */
export const STORY_NOW = new Date(2026, 10, 19, 14, 22, 6).getTime();

/** `at(-1, 17, 34)` is yesterday 17:34. */
export function at(day: number, hour: number, minute: number, second = 0): number {
  return new Date(2026, 10, 19 + day, hour, minute, second).getTime();
}

export const INBOX = "inbox-quill";
export const SAMI = "agent-sami-d";
export const ANA = "agent-ana-f";
export const JONAH = "agent-jonah-a";
export const MEI = "agent-mei-g";

export const agents: AgentRow[] = [
  { id: SAMI, rev: 1, name: "Sami", role: "admin", revoked: false },
  { id: ANA, rev: 1, name: "Ana", role: "agent", revoked: false },
  { id: JONAH, rev: 1, name: "Jonah", role: "admin", revoked: false },
  { id: MEI, rev: 1, name: "Mei", role: "agent", revoked: false },
];

export function inbox(): InboxRow {
  return {
    id: INBOX,
    rev: 1,
    name: "Quill & Spoke",
    number: "15550100200",
    paused: null,
    margin_ms: 20 * SECOND,
    read_receipts: "on_reply",
    last_inbound_at: at(0, 14, 19),
    last_echo_at: at(0, 14, 7),
    last_status_at: at(0, 14, 21),
    import: {
      contacts: { asked: "yes", at: at(-40, 10, 4) },
      history: { asked: "yes", at: at(-40, 10, 4) },
      percent: 100,
      messages: 18_204,
      contacts_seen: 412,
      declined_at: null,
      last_chunk_at: at(-40, 10, 51),
    },
    templates_at: at(0, 13, 40),
    phone_holder: null,
  };
}

/**
 * Who wrote a line: a customer, an agent through the API, somebody on the phone, or nobody: a
 * notice of Meta's.
 */
export type Voice = "customer" | "platform" | { agent: string } | { phone: string | null };

export interface Part {
  name: string;
  /** Stands in for the hash that chooses the avatar's hue. */
  id: string;
  number: string;
  last: { voice: Voice; kind?: string; text: string; at: number; delivery?: Delivery["state"] };
  /** When the customer last did something that opens the window. */
  opened?: number;
  unread?: number;
  assignee?: string;
  draft?: string;
  waiting?: number;
  labels?: string[];
  about?: string;
  firstWrote?: number;
  state?: "disputed" | "phone" | "history" | "blocked";
}

const me: Voice = { agent: SAMI };

export const cast: Part[] = [
  {
    name: "Maren Oduya",
    id: "maren-b",
    number: "+1 555 014 2207",
    last: {
      voice: me,
      text: "Yes, Saturday from 10:00 is fine 🙂",
      at: at(0, 14, 22),
      delivery: "queued",
    },
    opened: at(-1, 17, 34, 8),
    assignee: SAMI,
    labels: ["Estimate", "Wheels"],
    about: "Steel Tourer, 56 cm, bought here. Prefers Saturdays; calls before nine are fine.",
    firstWrote: new Date(2025, 2, 3, 11, 2).getTime(),
  },
  {
    name: "Teodor Quist",
    id: "teodor-d",
    number: "+1 555 016 9044",
    last: { voice: "customer", text: "Perfect, I’ll drop it off at five", at: at(0, 14, 19) },
    opened: at(0, 14, 19),
    waiting: at(0, 14, 19),
    unread: 1,
    assignee: ANA,
  },
  {
    name: "Lina Fairweather",
    id: "lina-n",
    number: "+1 555 013 4471",
    last: {
      voice: { phone: ANA },
      text: "Sure, bring both wheels",
      at: at(0, 14, 7),
      delivery: "read",
    },
    opened: at(0, 12, 2),
    assignee: ANA,
  },
  {
    name: "Dario Penn",
    id: "dario-b",
    number: "+1 555 018 2260",
    last: {
      voice: { phone: SAMI },
      text: "Hi Dario, your tandem is on the stand. Shall we change the chain as well?",
      at: at(0, 13, 58),
      delivery: "delivered",
    },
    assignee: SAMI,
    state: "phone",
  },
  {
    name: "Bex Holloway",
    id: "bex-f",
    number: "+1 555 012 7718",
    last: { voice: "customer", kind: "audio", text: "", at: at(0, 13, 40) },
    opened: at(0, 13, 40),
    waiting: at(0, 13, 38),
    unread: 2,
  },
  {
    name: "Noor Aldane",
    id: "noor-i",
    number: "+1 555 015 6630",
    last: {
      voice: { agent: MEI },
      text: "We kept the old bell for you",
      at: at(0, 13, 12),
      delivery: "read",
    },
    opened: at(-1, 20, 58),
    assignee: SAMI,
    draft: "We could lend you a bike for the weekend if that helps",
  },
  {
    name: "Pilar Westergaard",
    id: "pilar-f",
    number: "+1 555 011 3928",
    last: {
      voice: { agent: JONAH },
      text: "The parts are in, shall we start?",
      at: at(0, 12, 47),
      delivery: "parked",
    },
    opened: at(-1, 16, 20),
    assignee: JONAH,
    state: "disputed",
  },
  {
    name: "Kofi Marlowe",
    id: "kofi-b",
    number: "+1 555 017 5512",
    last: {
      voice: me,
      kind: "template",
      text: "Your bike is ready to collect",
      at: at(0, 11, 30),
      delivery: "delivered",
    },
  },
  {
    name: "Hanne Sorby",
    id: "hanne-g",
    number: "+1 555 019 0043",
    last: { voice: "customer", kind: "image", text: "", at: at(0, 10, 58) },
    opened: at(0, 10, 58),
    assignee: MEI,
  },
  {
    name: "Rashid Tolland",
    id: "rashid-k",
    number: "+1 555 016 2271",
    last: {
      voice: me,
      text: "Just checking the part came",
      at: at(0, 9, 15),
      delivery: "delivered",
    },
    opened: at(-1, 15, 3, 20),
    assignee: JONAH,
  },
  {
    name: "Ivo Castellan",
    id: "ivo-a",
    number: "+1 555 010 8867",
    last: { voice: "customer", text: "Thanks, see you in spring", at: at(-1, 18, 40) },
    state: "history",
  },
  {
    name: "Kit Rosander",
    id: "kit-i",
    number: "+1 555 014 9931",
    last: { voice: "customer", text: "Do you also fix child seats?", at: at(-1, 20, 20, 30) },
    opened: at(-1, 20, 20, 30),
    waiting: at(-1, 20, 20, 30),
    unread: 1,
  },
  {
    name: "Theo Vance",
    id: "theo-b",
    number: "+1 555 015 1184",
    last: { voice: "customer", text: "Which of the two is lighter?", at: at(-1, 16, 56, 20) },
    opened: at(-1, 16, 56, 20),
    waiting: at(-1, 16, 56, 20),
    unread: 1,
    assignee: MEI,
  },
  {
    name: "Anouk Delmar",
    id: "anouk-j",
    number: "+1 555 013 7750",
    last: { voice: "customer", text: "And the saddle height, roughly?", at: at(-1, 16, 10, 40) },
    opened: at(-1, 16, 10, 40),
    waiting: at(-1, 16, 10, 40),
    assignee: SAMI,
    draft: "I have the measurements you asked for",
  },
  {
    name: "Bram Okafor",
    id: "bram-g",
    number: "+1 555 018 6019",
    last: { voice: "customer", text: "And how much with mudguards?", at: at(-1, 15, 17, 30) },
    opened: at(-1, 15, 17, 30),
    waiting: at(-1, 15, 17, 30),
    unread: 1,
    assignee: ANA,
  },
  {
    name: "Greta Moss",
    id: "greta-j",
    number: "+1 555 012 3306",
    last: { voice: "customer", text: "Is the leather saddle still there?", at: at(-1, 15, 4, 30) },
    opened: at(-1, 15, 4, 30),
    waiting: at(-1, 15, 4, 30),
    unread: 1,
  },
  {
    name: "Yusuf Brandt",
    id: "yusuf-d",
    number: "+1 555 019 7715",
    last: { voice: "customer", text: "Can I pick it up tomorrow?", at: at(-1, 14, 30, 47) },
    opened: at(-1, 14, 30, 47),
    waiting: at(-1, 14, 29, 40),
    unread: 2,
    assignee: SAMI,
    firstWrote: new Date(2026, 10, 17, 9, 11).getTime(),
  },
  {
    name: "Salma Holt",
    id: "salma-d",
    number: "+1 555 010 2298",
    last: { voice: me, text: "See you on Friday then!", at: at(-1, 16, 2), delivery: "read" },
    opened: at(-1, 14, 27, 18),
    assignee: SAMI,
  },
  {
    name: "Odette Crane",
    id: "odette-b",
    number: "+1 555 011 8830",
    last: {
      voice: "customer",
      text: "OK, let me think. Could you hold both until tomorrow?",
      at: at(-1, 14, 2),
    },
    opened: at(-1, 14, 2),
    waiting: at(-1, 14, 2),
    assignee: MEI,
    draft:
      "Hi Odette, both are on hold until six tonight. If you like the 56, I can set it up for a test ride at five, no charge.",
    labels: ["Frames", "Hold"],
    about: "Looking for a touring frame, rides about 80 km at weekends. Second visit planned.",
    firstWrote: at(-1, 13, 20),
  },
  {
    name: "Wendell Abara",
    id: "wendell-k",
    number: "+1 555 016 4402",
    last: { voice: "customer", text: "STOP WRITING ME", at: at(-2, 16, 1) },
    opened: at(-2, 16, 1),
    assignee: MEI,
    state: "blocked",
  },
];

/** Names that break a layout that was only tried with short Latin ones. */
export const hardNames: Part[] = [
  {
    name: "عبد الرحمن بن محمد الفيتوري",
    id: "rtl-a",
    number: "+218 91 234 5678",
    last: { voice: "customer", text: "هل الدراجة جاهزة؟ سأمرّ غدًا الساعة 10:00", at: at(0, 14, 20) },
    opened: at(0, 14, 20),
    waiting: at(0, 14, 20),
    unread: 12,
    assignee: SAMI,
  },
  {
    name: "Wolfeschlegelsteinhausenbergerdorff-Niederösterreichische Donaudampfschifffahrtsgesellschaft",
    id: "long-b",
    number: "+43 664 123456789",
    last: {
      voice: me,
      text: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
      at: at(0, 14, 18),
      delivery: "read",
    },
    opened: at(0, 9, 18),
    assignee: JONAH,
  },
  {
    name: "נועה לוי־אברהם",
    id: "rtl-c",
    number: "+972 50 123 4567",
    last: {
      voice: { phone: ANA },
      text: "תודה! נתראה ביום שישי",
      at: at(0, 14, 17),
      delivery: "delivered",
    },
    opened: at(-1, 15, 10),
    assignee: ANA,
  },
  {
    name: "+1 555 017 0000",
    id: "nameless-d",
    number: "+1 555 017 0000",
    last: { voice: "customer", kind: "sticker", text: "", at: at(0, 14, 16) },
    opened: at(0, 14, 16),
    waiting: at(0, 14, 16),
    unread: 120,
  },
];

const first = [
  "Ada",
  "Bo",
  "Cleo",
  "Dina",
  "Emil",
  "Freya",
  "Gus",
  "Hedda",
  "Igor",
  "Juna",
  "Kaia",
  "Lars",
  "Mina",
  "Nils",
  "Orla",
  "Pia",
];
const second = [
  "Ashdown",
  "Brook",
  "Calder",
  "Dunmore",
  "Ellery",
  "Farrow",
  "Grieve",
  "Hawke",
  "Iver",
  "Jessop",
  "Kemble",
  "Lorne",
  "Marsh",
];
const lines = [
  "Thanks, that works for me",
  "Could you call me after four?",
  "The brakes feel new, great job",
  "Is there a waiting list?",
  "I’ll think about it",
  "What does a full service cost?",
];

/** Older chats, to fill a list: mostly closed, the same on every run. */
export function extras(count: number): Part[] {
  return Array.from({ length: count }, (_, i): Part => {
    const when = STORY_NOW - 2 * DAY - i * 17 * MINUTE;
    const ours = i % 3 === 0;
    return {
      name: `${first[i % first.length]} ${second[(i * 7 + Math.floor(i / first.length)) % second.length]}`,
      id: `extra-${i}`,
      number: `+1 555 02${String(i % 10)} ${String(1000 + (i % 9000))}`,
      last: {
        voice: ours ? { agent: [SAMI, ANA, JONAH, MEI][i % 4] ?? SAMI } : "customer",
        text: lines[i % lines.length] ?? "",
        at: when,
        ...(ours ? { delivery: "read" as const } : {}),
      },
      // In a big list some windows are open too, spread over the day.
      opened: count > 500 && i % 5 === 0 ? STORY_NOW - ((i * 6151) % (23 * HOUR)) : when - HOUR,
      ...(i % 4 === 3 ? {} : { assignee: [SAMI, ANA, JONAH][i % 3] ?? SAMI }),
    };
  });
}
