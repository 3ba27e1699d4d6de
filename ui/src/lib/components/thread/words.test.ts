import { describe, expect, it } from "vitest";

import { isEmojiOnly, plainWords, readWords, type Words } from "./words";

/** A tree in one line: `b(...)`, `i(...)`, `s(...)`, `m(...)`, `[text](href)`. */
function shown(words: Words[]): string {
  return words
    .map((part) => {
      switch (part.kind) {
        case "text":
          return part.text;
        case "mono":
          return `m(${part.text})`;
        case "link":
          return `[${part.text}](${part.href})`;
        default:
          return `${part.kind[0]}(${shown(part.parts)})`;
      }
    })
    .join("");
}

const read = (text: string): string => shown(readWords(text));

describe("formatting as WhatsApp reads it", () => {
  it.each([
    ["*bold* and _italic_ and ~gone~", "b(bold) and i(italic) and s(gone)"],
    ["*_both_*", "b(i(both))"],
    ["```one\ntwo```", "m(one\ntwo)"],
    ["`code` here", "m(code) here"],
    ["*inside `a*b` stays*", "*inside m(a*b) stays*"],
  ])("%s", (text, tree) => expect(read(text)).toBe(tree));

  it.each([
    "2*3*4 = 24",
    "snake_case_name",
    "* a list",
    "a * b * c",
    "*open",
    "*over\nlines*",
    "~",
    "**",
    "` `",
  ])("leaves %j as it was typed", (text) => expect(read(text)).toBe(text));
});

describe("links", () => {
  it.each([
    ["see https://a.example/x.", "see [https://a.example/x](https://a.example/x)."],
    ["(www.a.example)", "([www.a.example](https://www.a.example/))"],
    ["https://a.example/Foo_(bar)", "[https://a.example/Foo_(bar)](https://a.example/Foo_(bar))"],
    ["https://a.example/a_b_c", "[https://a.example/a_b_c](https://a.example/a_b_c)"],
    ["*https://a.example*", "b([https://a.example](https://a.example/))"],
    ["write to me@a.example!", "write to [me@a.example](mailto:me@a.example)!"],
  ])("%s", (text, tree) => expect(read(text)).toBe(tree));

  it.each(["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "https://"])(
    "never makes one of %s",
    (text) => {
      expect(readWords(text).some((part) => part.kind === "link")).toBe(false);
    },
  );

  it("keeps every link in its place inside formatting", () => {
    expect(read("*a https://x.example b* c https://y.example")).toBe(
      "b(a [https://x.example](https://x.example/) b) c [https://y.example](https://y.example/)",
    );
  });
});

it("loses no character, whatever is typed", () => {
  const alphabet = ["*", "_", "~", "`", " ", "\n", "a", "é", "1", "(", ")", ".", "😀", "ש"];
  let seed = 7;
  for (let round = 0; round < 500; round += 1) {
    let text = "";
    for (let n = 0; n < 24; n += 1) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      text += alphabet[seed % alphabet.length];
    }
    const plain = plainWords(readWords(text)).replaceAll(/[*_~`\n]/g, "");
    expect(plain).toBe(text.replaceAll(/[*_~`\n]/g, ""));
  }
});

it("knows a message of a few emoji", () => {
  expect(["😀", "👍🏽 👍", "🏳️‍🌈", "🇱🇾"].map(isEmojiOnly)).toEqual([true, true, true, true]);
  expect(["1", "12", "ok 👍", "", "😀😀😀😀"].map(isEmojiOnly)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});
