import { describe, expect, it } from "vitest";

import type { Field } from "$lib/protocol/Field";
import type { FieldProblem } from "$lib/protocol/FieldProblem";
import type { NotSendable } from "$lib/protocol/NotSendable";
import type { Template } from "$lib/protocol/Template";

import {
  addressStart,
  fieldLabel,
  languageName,
  pieces,
  problemKey,
  problemWords,
  whyNot,
} from "./fill";

const field = (place: Field["place"], label = "x"): Field => ({
  key: "k",
  place,
  label,
  example: null,
  input: { input: "text" },
  optional: false,
  max_chars: 20,
});

it("marks the variables of a text, filled in or not", () => {
  expect(pieces("Hi {{ name }}, {{1}}!", "body", { "body.name": "Odette", "body.1": "" })).toEqual([
    { text: "Hi ", variable: false, filled: false },
    { text: "Odette", variable: true, filled: true },
    { text: ", ", variable: false, filled: false },
    { text: "{{1}}", variable: true, filled: false },
    { text: "!", variable: false, filled: false },
  ]);
});

it("leaves braces alone that are no variable", () => {
  const text = "a {{ and }} b {c} {{}}";
  const joined = (found: { text: string }[]): string => found.map((piece) => piece.text).join("");
  expect(joined(pieces("a {c} {{}}", "body", {}))).toBe("a {c} {{}}");
  expect(joined(pieces(text, "body", {}))).toBe(text);
});

it("names fields as people read them", () => {
  expect(fieldLabel(field({ place: "body", variable: "first_name" }))).toBe("First name");
  expect(fieldLabel(field({ place: "body", variable: "2" }))).toBe("Value 2");
  expect(fieldLabel(field({ place: "header_text", variable: "1" }))).toBe("Heading");
  expect(fieldLabel(field({ place: "url_suffix", button: 0 }, "See it"))).toBe("“See it” link");
  expect(fieldLabel(field({ place: "copy_code", button: 0 }, "Copy"))).toBe("“Copy” code");
});

it("shows the fixed beginning of an address", () => {
  const template = {
    buttons: [{ kind: "url", text: "See", url: "https://a.example/x/{{1}}" }],
  } as unknown as Template;
  expect(addressStart(template, field({ place: "url_suffix", button: 0 }))).toBe("a.example/x/");
  expect(addressStart(template, field({ place: "body", variable: "1" }))).toBe("");
});

describe("words for everything that can be wrong", () => {
  const problems: FieldProblem[] = [
    { problem: "empty", key: "k" },
    { problem: "line_break", key: "k" },
    { problem: "many_spaces", key: "k" },
    { problem: "too_long", key: "k", max: 20 },
    { problem: "text_too_long", place: "body", length: 1100, max: 1024 },
    { problem: "text_too_long", place: "header", length: 70, max: 60 },
    { problem: "space_in_address", key: "k" },
    { problem: "unknown_field", key: "k" },
  ];
  it.each(problems)("$problem", (problem) => {
    expect(problemWords(problem).length).toBeGreaterThan(10);
    expect(problemKey(problem)).toBe("key" in problem ? "k" : null);
  });

  const reasons: NotSendable[] = [
    ...(["pending", "rejected", "paused", "disabled", "other"] as const).map(
      (status): NotSendable => ({ why: "not_approved", status }),
    ),
    ...["HEADER_IMAGE", "CAROUSEL", "FLOW", "SOMETHING_NEW"].map((component): NotSendable => ({
      why: "component",
      component,
    })),
  ];
  it.each(reasons)("greyed: %o", (reason) => {
    expect(whyNot(reason)).toMatch(/\w{3,}.*[.)]$/);
  });
  it("names a component that is new to it", () => {
    expect(whyNot({ why: "component", component: "SOMETHING_NEW" })).toContain("SOMETHING_NEW");
  });
});

it("calls languages by their names", () => {
  expect(languageName("pt_BR", "en-GB")).toBe("Brazilian Portuguese");
  expect(languageName("not a tag", "en-GB")).toBe("not a tag");
});
