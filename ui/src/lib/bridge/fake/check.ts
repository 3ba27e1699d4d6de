/** What the fake engine says of a content before it goes out: the rules of WhatsApp, as Ajar has them. */
import type { Card } from "$lib/protocol/Card";
import type { Outgoing } from "$lib/protocol/Outgoing";
import type { OutgoingProblem } from "$lib/protocol/OutgoingProblem";
import type { Question } from "$lib/protocol/Question";

type Trouble = OutgoingProblem extends infer One
  ? One extends OutgoingProblem
    ? Omit<One, "field">
    : never
  : never;
type Add = (field: string, trouble: Trouble) => void;

function atMost(add: Add, field: string, text: string | null, max: number): void {
  const { length } = [...(text ?? "")];
  if (length > max) add(field, { trouble: "too_long", length, max });
}

function words(add: Add, field: string, text: string | null, max: number): void {
  if ((text ?? "").trim() === "") add(field, { trouble: "empty" });
  else atMost(add, field, text, max);
}

export function checkContent(content: Outgoing): OutgoingProblem[] {
  const problems: OutgoingProblem[] = [];
  const add: Add = (field, trouble) => problems.push({ field, ...trouble } as OutgoingProblem);
  switch (content.kind) {
    case "location":
      if (!(Math.abs(content.latitude) <= 90)) add("latitude", { trouble: "out_of_range" });
      if (!(Math.abs(content.longitude) <= 180)) add("longitude", { trouble: "out_of_range" });
      atMost(add, "name", content.name, 1000);
      atMost(add, "address", content.address, 1000);
      break;
    case "contacts":
      content.cards.forEach((card, index) => checkCard(add, `card.${index}`, card));
      break;
    case "question":
      checkQuestion(add, content.question);
      break;
  }
  return problems;
}

function checkCard(add: Add, at: string, card: Card): void {
  words(add, `${at}.name`, card.name, 1000);
  if (card.phones.length === 0 && card.emails.length === 0) {
    add(`${at}.phone.0`, { trouble: "empty" });
  }
  card.phones.forEach((phone, index) => {
    const digits = phone.text.replace(/\D/gu, "").length;
    if (digits < 5 || digits > 15) add(`${at}.phone.${index}`, { trouble: "not_a_number" });
  });
}

function checkQuestion(add: Add, question: Question): void {
  atMost(add, "header", question.header, 60);
  words(add, "body", question.body, question.ask === "pick" ? 4096 : 1024);
  atMost(add, "footer", question.footer, 60);
  if (question.ask === "choose") {
    const { buttons } = question;
    if (buttons.length === 0) add("button.0", { trouble: "empty" });
    if (buttons.length > 3) add("button", { trouble: "too_many", max: 3 });
    buttons.forEach((title, index) => {
      words(add, `button.${index}`, title, 20);
      const before = buttons.slice(0, index).map((one) => one.trim());
      if (title.trim() !== "" && before.includes(title.trim())) {
        add(`button.${index}`, { trouble: "repeated" });
      }
    });
  } else if (question.ask === "pick") {
    words(add, "label", question.label, 20);
    const { sections } = question;
    const count = sections.reduce((sum, section) => sum + section.choices.length, 0);
    if (count === 0) add("choice.0.0.title", { trouble: "empty" });
    if (count > 10) add("choice", { trouble: "too_many", max: 10 });
    sections.forEach((section, at) => {
      const title = `section.${at}.title`;
      if (sections.length > 1) words(add, title, section.title, 24);
      else atMost(add, title, section.title, 24);
      section.choices.forEach((choice, index) => {
        words(add, `choice.${at}.${index}.title`, choice.title, 24);
        atMost(add, `choice.${at}.${index}.description`, choice.description, 72);
      });
    });
  }
}
