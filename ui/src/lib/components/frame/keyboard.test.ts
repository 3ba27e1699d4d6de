import { describe, expect, it } from "vitest";

import { bindings, commandOf, isTyping } from "./keyboard";

function press(init: KeyboardEventInit, target: HTMLElement = document.body): string | null {
  let found: string | null = null;
  const listen = (event: Event): void => {
    found = commandOf(event as KeyboardEvent);
  };
  document.body.append(target === document.body ? document.createElement("i") : target);
  document.addEventListener("keydown", listen);
  target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...init }));
  document.removeEventListener("keydown", listen);
  return found;
}

describe("single letters", () => {
  it("run commands", () => {
    expect(press({ key: "j" })).toBe("next");
    expect(press({ key: "W" })).toBe("next_to_expire");
    expect(press({ key: "?", shiftKey: true })).toBe("keys");
  });

  it("are text while somebody types", () => {
    const area = document.createElement("textarea");
    expect(press({ key: "j" }, area)).toBeNull();
    expect(isTyping(area)).toBe(true);
    const box = document.createElement("input");
    box.type = "checkbox";
    expect(press({ key: "j" }, box)).toBe("next");
  });

  it("leave the system's own combinations alone", () => {
    expect(press({ key: "r", ctrlKey: true })).toBeNull();
    expect(press({ key: "n", metaKey: true })).toBeNull();
    expect(press({ key: "e", altKey: true })).toBeNull();
  });

  it("are found by their place on a keyboard of another script", () => {
    expect(press({ key: "о", code: "KeyJ" })).toBe("next");
  });
});

it("opens the menu also while somebody types", () => {
  expect(press({ key: "k", ctrlKey: true }, document.createElement("textarea"))).toBe("menu");
});

it("gives no key to two commands", () => {
  const keys = bindings.map((one) => one.key);
  expect(new Set(keys).size).toBe(keys.length);
});
