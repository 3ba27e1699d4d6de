/**
 * What an agent fills in for something that is neither a text nor a file, and what of it goes to
 * the engine. Fields are text, as they are typed; what they may hold the engine says.
 */
import { t } from "$lib/i18n";
import type { Ask } from "$lib/protocol/Ask";
import type { Outgoing } from "$lib/protocol/Outgoing";
import type { OutgoingProblem } from "$lib/protocol/OutgoingProblem";

import { degreesOf } from "./maplink";

export const builderKinds = ["choose", "pick", "number", "ask_place", "place", "card"] as const;

/** `keep` is the prepared question that keeps a window open; the others are in the menu. */
export type BuilderKind = (typeof builderKinds)[number] | "keep";

export interface ChooseForm {
  kind: "choose" | "keep";
  header: string;
  body: string;
  footer: string;
  buttons: string[];
}

export interface PickForm {
  kind: "pick";
  header: string;
  body: string;
  footer: string;
  /** On the button that opens the list. */
  label: string;
  sections: { title: string; choices: { title: string; description: string }[] }[];
}

export interface AskForm {
  kind: "number" | "ask_place";
  body: string;
}

export interface PlaceForm {
  kind: "place";
  latitude: string;
  longitude: string;
  name: string;
  address: string;
}

export interface CardForm {
  kind: "card";
  name: string;
  organisation: string;
  phones: { text: string; label: string }[];
  emails: string[];
}

export type Form = ChooseForm | PickForm | AskForm | PlaceForm | CardForm;

/** The words of the question that keeps a window open. */
export interface KeepWords {
  body: string;
  buttons: string[];
}

export function keepWords(): KeepWords {
  return { body: t("keep.body"), buttons: [t("keep.yes"), t("keep.no")] };
}

/** A form as it is first opened. */
export function blankForm(kind: BuilderKind, keep: KeepWords): Form {
  switch (kind) {
    case "keep":
      return { kind, header: "", body: keep.body, footer: "", buttons: [...keep.buttons] };
    case "choose":
      return { kind, header: "", body: "", footer: "", buttons: ["", ""] };
    case "pick":
      return {
        kind,
        header: "",
        body: "",
        footer: "",
        label: t("build.pick.label_default"),
        sections: [{ title: "", choices: [blankChoice(), blankChoice()] }],
      };
    case "number":
      return { kind, body: t("build.number.body_default") };
    case "ask_place":
      return { kind, body: t("build.ask_place.body_default") };
    case "place":
      return { kind, latitude: "", longitude: "", name: "", address: "" };
    case "card":
      return {
        kind,
        name: "",
        organisation: "",
        phones: [{ text: "", label: "" }],
        emails: [],
      };
  }
}

export function blankChoice(): PickForm["sections"][number]["choices"][number] {
  return { title: "", description: "" };
}

/** Empty where nothing was typed, so that it does not travel. */
function some(text: string): string | null {
  const words = text.trim();
  return words === "" ? null : words;
}

/** Without the empty ones at the end: a field that is only there to be filled is nothing yet. */
function filled<One>(all: One[], empty: (one: One) => boolean): One[] {
  const last = all.findLastIndex((one) => !empty(one));
  return all.slice(0, last + 1);
}

/** What goes to the engine. Degrees that are none are out of any range, and so it will say. */
export function outgoingOf(form: Form): Outgoing {
  switch (form.kind) {
    case "place":
      return {
        kind: "location",
        latitude: degreesOf(form.latitude) ?? NO_DEGREES,
        longitude: degreesOf(form.longitude) ?? NO_DEGREES,
        name: some(form.name),
        address: some(form.address),
      };
    case "card":
      return {
        kind: "contacts",
        cards: [
          {
            name: some(form.name),
            organisation: some(form.organisation),
            phones: filled(form.phones, (phone) => phone.text.trim() === "").map((phone) => ({
              text: phone.text.trim(),
              label: some(phone.label),
              on_whatsapp: false,
            })),
            emails: form.emails.flatMap((email) => some(email) ?? []),
            answers_our_request: false,
          },
        ],
      };
    case "number":
    case "ask_place":
      return {
        kind: "question",
        question: {
          header: null,
          footer: null,
          body: form.body.trim(),
          ask: form.kind === "number" ? "number" : "location",
        },
      };
    case "choose":
    case "keep":
    case "pick":
      return {
        kind: "question",
        question: {
          header: some(form.header),
          body: form.body.trim(),
          footer: some(form.footer),
          ...askOf(form),
        },
      };
  }
}

const NO_DEGREES = 999;

function askOf(form: ChooseForm | PickForm): Ask {
  if (form.kind !== "pick") {
    const titles = form.buttons.map((title) => title.trim());
    return { ask: "choose", buttons: filled(titles, (title) => title === "") };
  }
  return {
    ask: "pick",
    label: form.label.trim(),
    sections: form.sections.map((section) => ({
      title: section.title.trim(),
      choices: filled(
        section.choices,
        (choice) => choice.title.trim() === "" && choice.description.trim() === "",
      ).map((choice) => ({
        title: choice.title.trim(),
        description: some(choice.description),
      })),
    })),
  };
}

/** What is wrong, said at the field where it was typed. */
export function troubleWords(problem: OutgoingProblem): string {
  switch (problem.trouble) {
    case "too_long":
      return t("build.problem.too_long", {
        over: problem.length - problem.max,
        max: problem.max,
      });
    case "too_many":
      return t("build.problem.too_many", { max: problem.max });
    case "out_of_range":
      return t(
        problem.field === "longitude" ? "build.problem.no_longitude" : "build.problem.no_latitude",
      );
    case "empty":
      // A list without rows and a card without a way to reach anybody are missing something else
      // than words.
      return t(
        problem.field.includes(".phone.") ? "build.problem.no_contact" : "build.problem.empty",
      );
    case "repeated":
    case "not_a_number":
    case "line_break":
      return t(`build.problem.${problem.trouble}`);
    default:
      return t("build.problem.other");
  }
}
