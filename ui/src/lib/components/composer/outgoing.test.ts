import { beforeEach, expect, it, vi } from "vitest";

import type { Command } from "$lib/protocol/Command";

import type { CommandRequest } from "$lib/protocol/CommandRequest";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import type { ThreadView } from "$lib/protocol/ThreadView";

import { Outgoing, type OutgoingText, withLeaving } from "./outgoing.svelte";

let answers: ((taken: unknown) => void)[];
let bodies: string[];
let requests: CommandRequest[];
const putBack = vi.fn();
const settle = vi.fn();
let outgoing: Outgoing;

beforeEach(() => {
  answers = [];
  bodies = [];
  requests = [];
  putBack.mockReset();
  settle.mockReset();
  outgoing = new Outgoing(
    (request) =>
      new Promise((answer) => {
        requests.push(request);
        bodies.push("body" in request.command ? request.command.body : "");
        answers.push(answer);
      }),
    { putBack, settle },
    () => 7,
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
  // The draft on the disk stays while something waits that may have to come back.
  expect(settle).not.toHaveBeenCalled();
  expect(bodies).toEqual(["one", "else", "two"]);
  await answer({});
  await answer({});
  expect(settle.mock.calls).toEqual([
    ["b", "reply"],
    ["a", "reply"],
  ]);
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

/** A view of a chat that shows what these requests became. */
function viewOf(id: string, shown: CommandRequest[] = []): ThreadView {
  const items = shown.map((one) => ({ item: "queued", ...one }) as unknown as ThreadItem);
  return { conversation: { id }, items } as unknown as ThreadView;
}

/** What stands in the chat, by its references. */
function drawn(view: ThreadView): unknown[] {
  return withLeaving(view, outgoing.leaving).items.map(
    (item) => item.item === "queued" && item.client_ref,
  );
}

it("is drawn before it is taken, once, and until a view has it", async () => {
  outgoing.send(text("one"));
  const [one] = requests;
  if (!one) throw new Error("nothing was sent");
  expect(withLeaving(viewOf("a"), outgoing.leaving).items).toMatchObject([
    { item: "queued", client_ref: one.client_ref, at: 7, send_before: 1 },
  ]);
  expect(drawn(viewOf("b"))).toEqual([]);
  // A view from before it does not take it off the screen, nor does the answer.
  outgoing.seen(viewOf("a"));
  await answer({});
  expect(drawn(viewOf("a"))).toEqual([one.client_ref]);
  // The view that has it draws it, and nothing is left over.
  expect(drawn(viewOf("a", [one]))).toEqual([one.client_ref]);
  outgoing.seen(viewOf("a", [one]));
  expect(outgoing.leaving).toEqual([]);
});

it("is drawn no more when it went back to the field, or was taken back", async () => {
  outgoing.send(text("one"));
  outgoing.send(text("two"));
  expect(drawn(viewOf("a"))).toHaveLength(2);
  await answer(null);
  expect(outgoing.leaving).toEqual([]);
  outgoing.send(text("three"));
  outgoing.forget(requests.at(-1)?.client_ref ?? "");
  expect(outgoing.leaving).toEqual([]);
});

it("keeps in sight what is still on its way in another chat, and nothing longer", async () => {
  outgoing.send(text("one"));
  outgoing.send(text("else", "b"));
  outgoing.seen(viewOf("b"));
  expect(drawn(viewOf("a"))).toHaveLength(1);
  await answer({});
  outgoing.seen(viewOf("b"));
  expect(drawn(viewOf("a"))).toEqual([]);
  expect(drawn(viewOf("b"))).toHaveLength(1);
});

it("draws nothing of a text that goes out later", () => {
  outgoing.send({
    ...text("later"),
    command: { do: "schedule_text", conversation: "a", body: "later", reply_to: null, at: 9 },
  });
  expect(outgoing.leaving).toEqual([]);
});
