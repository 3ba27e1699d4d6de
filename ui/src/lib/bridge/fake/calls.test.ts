import { afterEach, expect, it } from "vitest";

import { FakeEngine } from "./engine";

let engine: FakeEngine;
afterEach(() => engine.stop());

it("waits for an answer after a call that nobody took, and after none that somebody did", () => {
  engine = new FakeEngine(new URLSearchParams("scene=calls"));
  const chatOf = (name: string) =>
    [...engine.world.chats.values()].find((chat) => chat.row.id.startsWith(name))?.row;
  expect(chatOf("lina")?.last?.kind).toBe("missed_call");
  expect(chatOf("lina")?.waiting_since).not.toBeNull();
  expect(chatOf("teodor")?.last?.kind).toBe("call");

  // Odette's window is closed and nobody waits there; her call opens it, answered or not.
  const odette = chatOf("odette");
  if (!odette) throw new Error("no Odette");
  odette.waiting_since = null;
  const unread = odette.unread;
  engine.customerCalls(odette.id, true);
  expect(odette.waiting_since).toBeNull();
  expect(odette.unread).toBe(unread);
  expect(odette.facts.last_opening?.kind).toBe("customer_call");
  engine.customerCalls(odette.id, false);
  expect(odette.waiting_since).not.toBeNull();
  expect(odette.last?.kind).toBe("missed_call");
});
