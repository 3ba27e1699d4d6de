import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { at, SAMI } from "$lib/bridge/fake/cast";
import { message } from "$lib/bridge/fake/threads";
import type { Customer } from "$lib/protocol/Customer";
import type { Question } from "$lib/protocol/Question";
import type { Reaction } from "$lib/protocol/Reaction";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { type Inbox, inbox } from "../../../test/inbox";
import type { LineActions } from "./actions";
import { linesOf } from "./lines";
import MessageBubble from "./MessageBubble.svelte";
import { chipsOf, ourReaction } from "./reactions";

let open: Inbox | undefined;
afterEach(() => open?.stop());

const maren: Customer = {
  id: "customer-maren",
  name: "Maren Oduya",
  named: true,
  number: "15550142207",
  number_shown: "+1 555 014 2207",
  username: null,
  about: "",
  blocked: null,
  no_marketing_since: null,
};

type Done = Pick<LineActions, "react" | "again" | "discard" | "edit" | "openLink">;

async function show(item: ThreadItem, windowOpen = true): Promise<Done> {
  const actions: Done = {
    react: vi.fn(),
    again: vi.fn(),
    discard: vi.fn(),
    edit: vi.fn(),
    openLink: vi.fn(),
  };
  const composer = { state: "never_opened" as const, ways: [] };
  const line = linesOf({ items: [item], composer, unread_from: null }, SAMI).find(
    (one) => one.kind === "message",
  );
  open = await inbox(MessageBubble as never, "", {
    line,
    customer: maren,
    open: windowOpen,
    lit: false,
    active: true,
    offered: false,
    actions,
  });
  return actions;
}

const sami = { by: "agent", agent: SAMI } as const;
const heart = (delivery: Reaction["delivery"] = null): Reaction => ({
  emoji: "❤️",
  by: sami,
  at: 0,
  delivery,
});

describe("a question of ours", () => {
  const ask = (question: Question): ThreadItem =>
    message("c", { agent: SAMI }, at(0, 14, 2), { kind: "question", question });

  it("shows its words and the answers that can be tapped", async () => {
    await show(
      ask({
        header: "Saturday",
        body: "Shall we fit the *new* rim?",
        footer: "Quill & Spoke",
        ask: "choose",
        buttons: ["Yes, please", "No, thanks"],
      }),
    );
    expect(screen.getByText("Saturday")).toBeTruthy();
    expect(screen.getByText("new").tagName).toBe("B");
    const answers = within(screen.getByRole("list", { name: "Answers they can tap" }));
    expect(answers.getAllByRole("listitem").map((one) => one.textContent?.trim())).toEqual([
      "Yes, please",
      "No, thanks",
    ]);
  });

  it("opens its list on demand", async () => {
    await show(
      ask({
        header: null,
        body: "When may we call?",
        footer: null,
        ask: "pick",
        label: "See times",
        sections: [
          {
            title: "Friday",
            choices: [
              { title: "Nine", description: "Before work" },
              { title: "Noon", description: null },
            ],
          },
        ],
      }),
    );
    expect(screen.queryByText("Before work")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "See times: show the choices" }));
    expect(screen.getByText("Friday")).toBeTruthy();
    expect(screen.getByText("Before work")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "See times: hide the choices" }));
    expect(screen.queryByText("Noon")).toBeNull();
  });

  it.each([
    ["number", "Share contact details"],
    ["location", "Send location"],
  ] as const)("asks for a %s with WhatsApp’s own button", async (kind, words) => {
    await show(ask({ header: null, body: "Please", footer: null, ask: kind }));
    expect(screen.getByText(words)).toBeTruthy();
  });
});

describe("a reaction of ours", () => {
  const said = (...reactions: Reaction[]): ThreadItem =>
    message("c", "customer", at(0, 14, 2), "Thank you!", { reactions });

  it("is taken away by a press", async () => {
    const actions = await show(said(heart()));
    await userEvent.click(screen.getByRole("button", { name: /^You reacted ❤️ · press/ }));
    expect(actions.react).toHaveBeenCalledWith(expect.anything(), null);
  });

  it("is only looked at while it is on its way, and where the window is closed", async () => {
    await show(said(heart({ state: "queued" })));
    expect(screen.getByRole("img", { name: "You: ❤️, on its way" })).toBeTruthy();
    open?.view.unmount();
    open?.stop();
    await show(said(heart()), false);
    expect(screen.getByRole("img", { name: "You reacted ❤️" })).toBeTruthy();
  });

  it("that did not go out says so, and is tried again or taken away", async () => {
    const failure = { code: "network", meta_code: null, detail: null } as const;
    const actions = await show(said(heart({ state: "failed", at: 0, failure })));
    const note = within(screen.getByRole("note"));
    expect(note.getByText("Your ❤️ did not go out.")).toBeTruthy();
    await userEvent.click(note.getByRole("button", { name: "Try again" }));
    expect(actions.react).toHaveBeenLastCalledWith(expect.anything(), "❤️");
    await userEvent.click(note.getByRole("button", { name: "Take away" }));
    expect(actions.react).toHaveBeenLastCalledWith(expect.anything(), null);
  });

  it("of which nothing is known does not claim either", async () => {
    await show(said(heart({ state: "uncertain", since: 0 })));
    expect(screen.getByRole("note").textContent).toContain("It is not known whether your ❤️");
  });

  it("is told from the customer’s, whoever of the team put it there", () => {
    const theirs: Reaction = { emoji: "❤️", by: { by: "customer" }, at: 0, delivery: null };
    const phone: Reaction = { ...theirs, by: { by: "phone", claimed_by: null } };
    expect(ourReaction({ reactions: [theirs] })).toBeNull();
    expect(ourReaction({ reactions: [phone, theirs] })).toBe(phone);
    expect(chipsOf([theirs, phone])).toEqual([{ emoji: "❤️", all: [theirs, phone], ours: phone }]);
    expect(chipsOf([{ ...phone, emoji: "" }])).toEqual([]);
  });
});

describe("a text that leaves later", () => {
  const later = (): ThreadItem =>
    message("c", { agent: SAMI }, at(0, 14, 2), "Sleep well", {
      delivery: { state: "scheduled", at: at(0, 17, 30) },
    });

  it("says when, and can be sent now, changed or removed", async () => {
    const actions = await show(later());
    const note = within(screen.getByRole("note"));
    expect(note.getByText("Leaves today 17:30.")).toBeTruthy();
    await userEvent.click(note.getByRole("button", { name: "Send now" }));
    expect(actions.again).toHaveBeenCalledOnce();
    await userEvent.click(note.getByRole("button", { name: "Edit" }));
    expect(actions.edit).toHaveBeenCalledWith(
      expect.objectContaining({ at: "hub", body: "Sleep well" }),
    );
    await userEvent.click(note.getByRole("button", { name: "Remove" }));
    expect(actions.discard).toHaveBeenCalledOnce();
  });

  it("cannot be sent now where the window is closed", async () => {
    await show(later(), false);
    expect(screen.queryByRole("button", { name: "Send now" })).toBeNull();
    expect(screen.getByText(/it waits here for you/)).toBeTruthy();
  });
});
