import { beforeEach, expect, it, vi } from "vitest";

import type { Command } from "$lib/protocol/Command";

import { Outgoing, type OutgoingText } from "./outgoing";

let answers: ((taken: unknown) => void)[];
let bodies: string[];
const putBack = vi.fn();
let outgoing: Outgoing;

beforeEach(() => {
  answers = [];
  bodies = [];
  putBack.mockReset();
  outgoing = new Outgoing(
    (command) =>
      new Promise((answer) => {
        bodies.push("body" in command ? command.body : "");
        answers.push(answer);
      }),
    { putBack },
  );
});

function text(body: string, conversation = "a", replyTo: string | null = null): OutgoingText {
  const command: Command = {
    do: "send_text",
    conversation,
    body,
    reply_to: replyTo,
    send_before: 1,
  };
  return { conversation, mode: "reply", body, replyTo, command };
}

async function answer(taken: unknown): Promise<void> {
  answers.shift()?.(taken);
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

it("sends one after the other, and other chats beside them", async () => {
  outgoing.send(text("one"));
  outgoing.send(text("two"));
  outgoing.send(text("else", "b"));
  expect(bodies).toEqual(["one", "else"]);
  await answer({});
  expect(bodies).toEqual(["one", "else", "two"]);
  await answer({});
  await answer({});
  outgoing.send(text("three"));
  expect(bodies.at(-1)).toBe("three");
  expect(putBack).not.toHaveBeenCalled();
});

it("gives everything back in its order when the first is refused", async () => {
  outgoing.send(text("one", "a", "quoted"));
  outgoing.send(text("two"));
  await answer(null);
  expect(putBack.mock.calls).toEqual([["a", "reply", "one\ntwo", "quoted"]]);
  expect(bodies).toEqual(["one"]);
  outgoing.send(text("three"));
  expect(bodies).toEqual(["one", "three"]);
});

it("makes a draft of what has not begun its way when the page goes", async () => {
  outgoing.send(text("one"));
  outgoing.send(text("two"));
  outgoing.giveBack();
  expect(putBack.mock.calls).toEqual([["a", "reply", "two", null]]);
  await answer({});
  expect(bodies).toEqual(["one"]);
});
