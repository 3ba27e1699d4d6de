import { expect, it } from "vitest";

import { type Mark, markOf, toggleMark } from "./formatting";

/** The selection stands between brackets. */
function toggled(text: string, mark: Mark): string | null {
  const from = text.indexOf("[");
  const to = text.indexOf("]") - 1;
  const value = text.replace("[", "").replace("]", "");
  const change = toggleMark(value, from, to, mark);
  if (!change) return null;
  const after = value.slice(0, change.from) + change.text + value.slice(change.to);
  return `${after.slice(0, change.selectFrom)}[${after.slice(change.selectFrom, change.selectTo)}]${after.slice(change.selectTo)}`;
}

it.each([
  ["see [you] soon", "*", "see [*you*] soon"],
  ["see [*you*] soon", "*", "see [you] soon"],
  ["see *[you]* soon", "*", "see [you] soon"],
  // Marks must touch the words, or WhatsApp shows them as they are.
  ["see[ you ]soon", "_", "see [_you_] soon"],
  // Formatting never crosses a line, so each gets marks of its own, behind the signs of a list.
  ["[one\ntwo]", "~", "[~one~\n~two~]"],
  ["[~one~\n~two~]", "~", "[one\ntwo]"],
  ["[~one~\ntwo]", "~", "[~one~\n~two~]"],
  ["[- one\n\n2. two\n> three]", "*", "[- *one*\n\n2. *two*\n> *three*]"],
  ["a [- one]", "*", "a [*- one*]"],
  // Without a selection the caret goes between the marks, and the same key takes them away.
  ["a []", "*", "a *[]*"],
  ["a *[]*", "*", "a []"],
] as const)("%j with %s is %j", (before, mark, after) => {
  expect(toggled(before, mark)).toBe(after);
});

it("leaves a selection of nothing but spaces alone", () => {
  expect(toggled("a[  ]b", "*")).toBeNull();
});

it("knows its keys, on keyboards of other scripts too", () => {
  const press = (init: KeyboardEventInit): Mark | null =>
    markOf(new KeyboardEvent("keydown", { ctrlKey: true, ...init }));
  expect(press({ key: "b" })).toBe("*");
  expect(press({ key: "i" })).toBe("_");
  expect(press({ key: "X", shiftKey: true })).toBe("~");
  expect(press({ key: "и", code: "KeyB" })).toBe("*");
  expect(press({ key: "x" })).toBeNull();
  expect(press({ key: "b", ctrlKey: false })).toBeNull();
  expect(press({ key: "b", altKey: true })).toBeNull();
});
