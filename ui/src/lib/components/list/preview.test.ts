import { expect, it } from "vitest";

import { chooseLanguage } from "$lib/i18n";
import type { Author } from "$lib/protocol/Author";

import { previewOf } from "./preview";

const names = {
  isMe: (id: string): boolean => id === "sami",
  name: (id: string | null): string | null => (id === "ana" ? "Ana" : null),
};

function said(author: Author, kind: string, preview = ""): string {
  const { by, text } = previewOf(
    { message: "m", author, kind, preview, at: 0, delivery: null },
    names,
  );
  return by === null ? text : `${by}: ${text}`;
}

it("says of a call who called", () => {
  expect(said({ by: "customer" }, "call")).toBe("Incoming call");
  expect(said({ by: "phone", claimed_by: "ana" }, "call")).toBe("Ana: Call");
  expect(said({ by: "phone", claimed_by: null }, "call")).toBe("Call");
});

it("says of a call that nobody took that it was missed, in both languages", () => {
  expect(said({ by: "customer" }, "missed_call")).toBe("Missed call");
  chooseLanguage("de");
  expect(said({ by: "customer" }, "missed_call")).toBe("Verpasster Anruf");
  chooseLanguage("en");
});

it("says that a notice is one, and does not sign it", () => {
  expect(said({ by: "platform" }, "notice")).toBe("A notice from WhatsApp");
});

it("prefers words to kinds, and has words for kinds that only a newer hub knows", () => {
  expect(said({ by: "agent", agent: "sami" }, "text", "See you")).toBe("You: See you");
  expect(said({ by: "customer" }, "hologram")).toBe("A message to see on the phone");
});
