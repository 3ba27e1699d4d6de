import { expect, it } from "vitest";

import { plainWords } from "../thread/words";
import { type LookLine, lookOf, previewedAddress } from "./look";

function shown(lines: LookLine[] | null): string[] | null {
  return (
    lines?.map((line) => {
      if (line.kind === "mono") return `mono ${line.text}`;
      const words = line.words
        .map((part) => (part.kind === "text" ? part.text : `${part.kind}(${plainWords([part])})`))
        .join("");
      return line.kind === "number" ? `${line.number}. ${words}` : `${line.kind} ${words}`;
    }) ?? null
  );
}

it.each([
  ["*Ready* at _five_", ["plain bold(Ready) at italic(five)"]],
  ["We have:\n- a bell\n* a *lamp*", ["plain We have:", "bullet a bell", "bullet a bold(lamp)"]],
  ["1. pay\n12. ride", ["1. pay", "12. ride"]],
  ["> shall we?\nyes", ["quote shall we?", "plain yes"]],
  ["so:\n```- one\n- two```\nok", ["plain so:", "mono - one\n- two", "plain ok"]],
  ["say ```hi``` now", ["plain say mono(hi) now"]],
])("%j", (text, lines) => expect(shown(lookOf(text))).toEqual(lines));

it.each(["", "hello", "2*3*4", "-no list", ">no quote", "1.5 m", "see https://a.example", "*open"])(
  "says nothing of %j, which looks as it was typed",
  (text) => expect(lookOf(text)).toBeNull(),
);

it("names the first address that is written out, as the hub asks only for its preview", () => {
  expect(previewedAddress("see *https://shop.example/x?y=1* and https://b.example")).toBe(
    "shop.example",
  );
  expect(previewedAddress("www.shop.example or me@shop.example")).toBeNull();
  expect(previewedAddress("hello")).toBeNull();
});
