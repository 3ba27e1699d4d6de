import { describe, expect, it } from "vitest";

import { at, ANA, JONAH, SAMI } from "$lib/bridge/fake/cast";
import { message, note } from "$lib/bridge/fake/threads";
import type { Composer } from "$lib/protocol/Composer";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { keyOfText, type Line, linesOf, offeredText, picturesOf, waitingTexts } from "./lines";

const open: Composer = {
  state: "open",
  opened_at: at(-1, 17, 34),
  closes_at: at(0, 17, 34),
  send_before: at(0, 17, 33, 40),
};
const closed: Composer = {
  state: "closed",
  why: { why: "ran_out", closed_at: at(0, 14, 2), last_message_at: at(-1, 14, 2) },
  ways: ["template", "phone", "hold"],
};

const lines = (
  items: ThreadItem[],
  more: { composer?: Composer; unread_from?: string | null } = {},
): Line[] => linesOf({ items, composer: open, unread_from: null, ...more }, SAMI);

const kinds = (found: Line[]): string[] =>
  found.map((line) =>
    line.kind === "message"
      ? `${line.side}${line.joined ? "+" : ""}${line.by ? "*" : ""}`
      : line.kind,
  );

const held = (body: string): ThreadItem =>
  message("c", { agent: SAMI }, at(0, 14, 10), body, {
    delivery: { state: "parked", since: at(0, 14, 10), why: { why: "held" } },
  });

describe("a thread as lines", () => {
  it("puts a chip before each day and signs a run of ours once", () => {
    const found = lines([
      message("c", "customer", at(-1, 10, 0), "Hi"),
      message("c", { agent: JONAH }, at(-1, 10, 5), "Hello"),
      message("c", { agent: JONAH }, at(-1, 10, 6), "How can we help?"),
      message("c", { agent: JONAH }, at(-1, 11, 30), "Still there?"),
      message("c", { agent: SAMI }, at(0, 9, 0), "Good morning"),
    ]);
    expect(kinds(found)).toEqual(["day", "theirs", "ours*", "ours+", "ours", "day", "ours*"]);
  });

  it("stands notices on nobody's side, and calls on the side of who called", () => {
    const call = (by_customer: boolean): ThreadItem =>
      message("c", by_customer ? "customer" : { phone: null }, at(0, 9, 2), {
        kind: "call",
        call: { by_customer, answered: false, declined: false, ended: true, seconds: null },
      });
    const found = lines([
      message("c", { agent: SAMI }, at(0, 9, 0), "One"),
      message("c", "platform", at(0, 9, 1), {
        kind: "notice",
        notice: { notice: "security_code_changed" },
      }),
      message("c", { agent: SAMI }, at(0, 9, 2), "Two"),
      call(true),
      call(false),
      // Whoever writes after a call is named again.
      message("c", { phone: null }, at(0, 9, 3), "Three"),
    ]);
    expect(kinds(found)).toEqual(["day", "ours*", "notice", "ours*", "theirs", "ours", "ours*"]);
  });

  it("gives every line a key of its own, also where days come round again or references repeat", () => {
    const twice = message("c", { agent: SAMI }, at(0, 9, 0), "One");
    const found = lines([
      twice,
      message("c", "customer", at(-1, 10, 0), "Late, from yesterday"),
      message("c", "customer", at(0, 10, 0), "Today again"),
      twice,
    ]);
    expect(new Set(found.map((line) => line.key)).size).toBe(found.length);
  });

  it("signs phone and agent apart, and a template always", () => {
    const template = {
      kind: "template",
      template: {
        name: "t",
        language: "en",
        category: "utility",
        header_text: null,
        header_media: null,
        header_file: null,
        header_place: null,
        offer: null,
        cards: [],
        template: null,
        values: {},
        typed: {},
        body: "Ready",
        footer: null,
        buttons: [],
      },
    } as const;
    const found = lines([
      message("c", { phone: ANA }, at(0, 9, 0), "Typed"),
      message("c", { phone: null }, at(0, 9, 1), "Typed by whom?"),
      message("c", { agent: SAMI }, at(0, 9, 2), "From here"),
      message("c", { agent: SAMI }, at(0, 9, 3), {
        ...template,
        template: { ...template.template, buttons: [], cards: [] },
      }),
    ]);
    expect(kinds(found)).toEqual(["day", "ours*", "ours*", "ours*", "ours*"]);
  });

  it("draws the unread line before the first of theirs that was unread, with their number", () => {
    const items = [
      message("c", "customer", at(0, 9, 0), "One"),
      message("c", { agent: SAMI }, at(0, 9, 1), "Two"),
      message("c", "customer", at(0, 9, 2), "Three"),
      message("c", "customer", at(0, 9, 3), "Four"),
    ];
    const third = items[2];
    const from = third?.item === "message" ? third.row.position : "";
    const found = lines(items, { unread_from: from });
    expect(kinds(found)).toEqual(["day", "theirs", "ours*", "unread", "theirs", "theirs+"]);
    expect(found.find((line) => line.kind === "unread")).toMatchObject({ count: 2 });
  });

  it("says where the window closed, before what came after it", () => {
    const items = [
      message("c", "customer", at(-1, 14, 2), "Until tomorrow?"),
      note("c", SAMI, at(0, 11, 20), "On the rack"),
      held("Later"),
    ];
    expect(kinds(lines(items, { composer: closed }))).toEqual([
      "day",
      "theirs",
      "day",
      "note",
      "closed",
      "ours*",
    ]);
    expect(kinds(lines(items.slice(0, 1), { composer: closed }))).toEqual([
      "day",
      "theirs",
      "day",
      "closed",
    ]);
  });

  it("marks where imported history ends", () => {
    const found = lines([
      message("c", "customer", at(0, 8, 0), "Long ago", { history: true }),
      message("c", "customer", at(0, 9, 0), "Today"),
    ]);
    expect(kinds(found)).toEqual(["day", "theirs", "imported", "theirs"]);
  });

  it("gives every line a key of its own, which stays when a queued text reaches the hub", () => {
    const sent = message("c", { agent: SAMI }, at(0, 9, 0), "On its way");
    if (sent.item === "message") sent.row.client_ref = "ref-1";
    const queued: ThreadItem = {
      item: "queued",
      client_ref: "ref-1",
      command: {
        do: "send_text",
        conversation: "c",
        body: "On its way",
        reply_to: null,
        send_before: at(0, 17, 0),
      },
      at: at(0, 9, 0),
      send_before: at(0, 17, 0),
      state: { state: "waiting" },
    };
    const keys = (items: ThreadItem[]): string[] => lines(items).map((line) => line.key);
    expect(keys([queued])).toEqual(keys([sent]));
    const many = lines([sent, note("c", SAMI, at(0, 9, 1), "n"), held("h")]);
    expect(new Set(many.map((line) => line.key)).size).toBe(many.length);
  });
});

describe("texts that wait", () => {
  const first = held("First");
  const second = held("Second");
  const items = [message("c", "customer", at(0, 9, 0), "Hi"), first, second];

  it("offers the oldest while the window is open, and the newest of an empty closed chat", () => {
    expect(waitingTexts(items).map((text) => text.body)).toEqual(["First", "Second"]);
    expect(offeredText({ items, composer: open }, true)?.body).toBe("First");
    expect(offeredText({ items, composer: open }, false)?.body).toBe("First");
    expect(offeredText({ items, composer: closed }, true)?.body).toBe("Second");
    expect(offeredText({ items, composer: closed }, false)).toBeNull();
  });

  it("names a text as the thread does", () => {
    const text = offeredText({ items, composer: open }, true);
    expect(text && keyOfText(text)).toBe(first.item === "message" ? first.row.id : "");
  });
});

it("finds the pictures, newest first", () => {
  const media = {
    mime_type: "image/jpeg",
    state: "stored",
    width: 10,
    height: 10,
    size_bytes: 1,
    filename: null,
  } as const;
  const items = [
    message("c", "customer", at(0, 9, 0), {
      kind: "image",
      caption: null,
      media: { ...media, id: "a" },
    }),
    message("c", "customer", at(0, 9, 1), "between"),
    message("c", "customer", at(0, 9, 2), {
      kind: "image",
      caption: null,
      media: { ...media, id: "b" },
    }),
    message("c", "customer", at(0, 9, 3), {
      kind: "image",
      caption: null,
      media: { ...media, id: "no picture", mime_type: "application/octet-stream" },
    }),
  ];
  const ids = picturesOf(items).map((row) => row.content.kind === "image" && row.content.media.id);
  expect(ids).toEqual(["b", "a"]);
});
