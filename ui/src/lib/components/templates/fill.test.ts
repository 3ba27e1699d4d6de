import { describe, expect, it } from "vitest";

import type { Field } from "$lib/protocol/Field";
import type { FieldProblem } from "$lib/protocol/FieldProblem";
import type { NotSendable } from "$lib/protocol/NotSendable";
import type { Template } from "$lib/protocol/Template";

import {
  addressStart,
  fieldHint,
  fieldLabel,
  groups,
  languageName,
  pieces,
  problemKey,
  problemWords,
  qualityOf,
  rejection,
  whyNot,
} from "./fill";
import { localMoment, momentOf } from "./moment";
import { textOf, typedOf } from "./typed";

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
    { problem: "space_in_code", key: "k" },
    { problem: "not_degrees", key: "k" },
    { problem: "not_in_the_future", key: "k" },
    { problem: "not_an_amount", key: "k" },
    { problem: "no_such_file", key: "k" },
    { problem: "text_too_long", place: "card.1.body", length: 170, max: 160 },
  ];
  it.each(problems)("$problem", (problem) => {
    expect(problemWords(problem).length).toBeGreaterThan(10);
    if (problem.problem !== "unknown_field") {
      expect(problemWords(problem)).not.toBe(problemWords({ problem: "unknown_field", key: "k" }));
    }
    expect(problemKey(problem)).toBe("key" in problem ? "k" : null);
  });

  const reasons: NotSendable[] = [
    ...(["pending", "rejected", "paused", "disabled", "other"] as const).map(
      (status): NotSendable => ({ why: "not_approved", status }),
    ),
    { why: "needs_number" },
    ...["CATALOG", "CAROUSEL", "SOMETHING_NEW"].map((component): NotSendable => ({
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

it("names and explains every place that a value goes to", () => {
  const places: Field["place"][] = [
    { place: "header_text", variable: "shop" },
    { place: "body", variable: "1" },
    { place: "url_suffix", button: 0 },
    { place: "copy_code", button: 0 },
    ...(["image", "video", "document"] as const).flatMap((media): Field["place"][] => [
      { place: "header_file", media },
      { place: "card_file", card: 0, media },
    ]),
    { place: "header_file_name" },
    ...(["latitude", "longitude", "name", "address"] as const).map((part): Field["place"] => ({
      place: "header_place",
      part,
    })),
    { place: "offer_expires" },
    { place: "code" },
    { place: "card_body", card: 1, variable: "size" },
    { place: "card_url_suffix", card: 1, button: 0 },
  ];
  for (const place of places) {
    expect(fieldLabel(field(place, "label"))).toMatch(/\w{3}/);
    expect(fieldHint(field(place, "label")).text).not.toMatch(/^templates\./);
  }
});

it("groups the fields of a carousel card by card", () => {
  const found = groups([
    field({ place: "body", variable: "1" }),
    field({ place: "card_file", card: 0, media: "image" }),
    field({ place: "card_body", card: 0, variable: "1" }),
    field({ place: "card_file", card: 1, media: "image" }),
  ]);
  expect(found.map(({ card, fields }) => [card, fields.length])).toEqual([
    [null, 1],
    [0, 2],
    [1, 1],
  ]);
});

it("puts the one code wherever the text has a place for it", () => {
  expect(pieces("{{1}} is your code", "body", { code: "482913" })[0]).toMatchObject({
    text: "482913",
    filled: true,
  });
});

describe("what Meta says of a template", () => {
  const of = (some: Partial<Template>): Template => ({ status: "rejected", ...some }) as Template;
  it("says why it was rejected, in words where there are any", () => {
    const reasons = [
      "INVALID_FORMAT",
      "TAG_CONTENT_MISMATCH",
      "ABUSIVE_CONTENT",
      "PROMOTIONAL",
      "SCAM",
      "NONE",
    ];
    const said = reasons.map((rejected_reason) => rejection(of({ rejected_reason })));
    expect(new Set(said).size).toBe(reasons.length);
    expect(said.join(" ")).not.toMatch(/[A-Z]_[A-Z]/);
    expect(rejection(of({ rejected_reason: "NEW_ONE" }))).toContain("NEW_ONE");
    expect(rejection(of({ status: "approved", rejected_reason: "NONE" }))).toBeNull();
  });
  it("knows three grades of quality, and leaves others alone", () => {
    expect(qualityOf(of({ quality: "RED" }))).toBe("RED");
    expect(qualityOf(of({ quality: "UNKNOWN" }))).toBeNull();
  });
});

describe("amounts and dates", () => {
  it("are written in the template's language", () => {
    const euros = { as: "amount", amount: "1234.5", currency: "EUR" } as const;
    expect(textOf(euros, "en_US")).toBe("€1,234.50");
    expect(textOf(euros, "de")).toBe("1.234,50\u00a0€");
    expect(textOf({ as: "date", date: "2026-11-23" }, "de")).toBe("23. November 2026");
    expect(textOf({ ...euros, amount: "" }, "de")).toBe("");
  });
  it("are told to WhatsApp as what they are, once they are complete", () => {
    expect(
      typedOf({
        "body.1": { as: "amount", amount: "49.005", currency: "EUR" },
        "body.2": { as: "amount", amount: "", currency: "EUR" },
        "body.3": { as: "date", date: "2026-11-23" },
      }),
    ).toEqual({
      "body.1": { is: "amount", currency: "EUR", amount_1000: 49_005 },
      "body.3": { is: "date" },
    });
  });
});

it("brings a moment into a field and out of it again", () => {
  const at = String(new Date(2026, 10, 20, 18, 0).getTime());
  expect(localMoment(at)).toBe("2026-11-20T18:00");
  expect(momentOf(localMoment(at))).toBe(at);
  expect([localMoment(""), localMoment("soon"), momentOf("")]).toEqual(["", "", ""]);
});
