import { afterEach, describe, expect, it } from "vitest";

import { chooseLanguage } from "$lib/i18n";

import { blankForm, type CardForm, type ChooseForm, outgoingOf, type PickForm } from "./forms";

afterEach(() => chooseLanguage("en"));

const KEEP = { body: "Anything else?", buttons: ["Yes", "No"] };

describe("what goes out", () => {
  it("leaves away what nobody filled in, and keeps the places of what is between", () => {
    const form = blankForm("choose", KEEP) as ChooseForm;
    Object.assign(form, { body: " Today? ", buttons: ["", "Tomorrow", " "] });
    expect(outgoingOf(form)).toEqual({
      kind: "question",
      question: {
        header: null,
        body: "Today?",
        footer: null,
        ask: "choose",
        // The empty first one stays, so that its trouble is said at the first field.
        buttons: ["", "Tomorrow"],
      },
    });
  });

  it("has rows in parts, with more about them where something is typed", () => {
    const form = blankForm("pick", KEEP) as PickForm;
    form.body = "When?";
    form.label = "Times";
    form.sections = [
      {
        title: " Thursday ",
        choices: [
          { title: "16:00", description: " Sami " },
          { title: "", description: "" },
        ],
      },
    ];
    expect(outgoingOf(form)).toMatchObject({
      question: {
        ask: "pick",
        label: "Times",
        sections: [{ title: "Thursday", choices: [{ title: "16:00", description: "Sami" }] }],
      },
    });
  });

  it("asks for a number in the agent's language", () => {
    chooseLanguage("de");
    expect(outgoingOf(blankForm("number", KEEP))).toMatchObject({
      question: { ask: "number", body: expect.stringContaining("Telefonnummer") },
    });
  });

  it("has degrees with a comma, and none where none were typed", () => {
    const place = { kind: "place", name: "", address: "" } as const;
    expect(outgoingOf({ ...place, latitude: "41,8781", longitude: "-87.6298" })).toEqual({
      kind: "location",
      latitude: 41.8781,
      longitude: -87.6298,
      name: null,
      address: null,
    });
    const nowhere = outgoingOf({ ...place, latitude: "here", longitude: "" });
    expect(nowhere.kind === "location" && nowhere.latitude > 90 && nowhere.longitude > 180).toBe(
      true,
    );
  });

  it("is one card with what is on it", () => {
    const form: CardForm = {
      kind: "card",
      name: "Ana",
      organisation: "Quill & Spoke",
      phones: [
        { text: " +15550100200 ", label: "" },
        { text: "", label: "" },
      ],
      emails: ["", "ana@quillandspoke.example"],
    };
    expect(outgoingOf(form)).toEqual({
      kind: "contacts",
      cards: [
        {
          name: "Ana",
          organisation: "Quill & Spoke",
          phones: [{ text: "+15550100200", label: null, on_whatsapp: false }],
          emails: ["ana@quillandspoke.example"],
          answers_our_request: false,
        },
      ],
    });
  });
});
