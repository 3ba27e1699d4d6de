import { describe, expect, it } from "vitest";

import { at, HOUR, MINUTE } from "$lib/bridge/fake/cast";
import type { Import } from "$lib/protocol/Import";

import { importWords, isRunning, mayAsk, standingOf, stripWords } from "./import";

const noon = at(0, 12, 0);

function past(more: Partial<Import>): Import {
  return {
    contacts: { asked: "yes", at: noon },
    history: { asked: "yes", at: noon },
    percent: null,
    messages: 0,
    contacts_seen: 0,
    declined_at: null,
    last_chunk_at: null,
    ...more,
  };
}

describe("an import runs", () => {
  it("from the question on, until half an hour without a word", () => {
    expect(isRunning(past({}), noon)).toBe(true);
    expect(isRunning(past({}), noon + 29 * MINUTE)).toBe(true);
    expect(isRunning(past({}), noon + 30 * MINUTE)).toBe(false);
  });

  it("as long as parts come", () => {
    const chunk = past({ percent: 42, last_chunk_at: noon + 2 * HOUR });
    expect(isRunning(chunk, noon + 2 * HOUR + 29 * MINUTE)).toBe(true);
    expect(standingOf(chunk, noon + 3 * HOUR)).toBe("silent");
  });

  it("not after its end, and not when the owner declined", () => {
    expect(isRunning(past({ percent: 100, last_chunk_at: noon }), noon)).toBe(false);
    expect(isRunning(past({ declined_at: noon }), noon)).toBe(false);
  });

  it("also when somebody else had asked before and parts come", () => {
    const before = past({ history: { asked: "before", at: noon }, percent: 5 });
    expect(isRunning(before, noon)).toBe(false);
    expect(isRunning({ ...before, last_chunk_at: noon }, noon + MINUTE)).toBe(true);
  });

  it("not before it was asked for", () => {
    const never = past({ contacts: { asked: "not_yet" }, history: { asked: "not_yet" } });
    expect(standingOf(never, noon)).toBe("not_asked");
  });
});

it("says how far it is, with the number as people write it", () => {
  expect(stripWords(past({ percent: 42, messages: 12_310 }))).toBe(
    "Taking over the phone’s past: 42 %, 12,310 messages. Live messages go on.",
  );
  expect(stripWords(past({}))).toMatch(/first messages are on their way/);
});

it.each<[Partial<Import>, RegExp]>([
  [{ percent: 100, messages: 18_204, contacts_seen: 412 }, /^Taken over: 18,204 messages and 412/],
  [{ declined_at: noon }, /owner did not share.*disconnect the number on the phone/],
  [{ history: { asked: "too_late", at: noon } }, /^Too late.*within 24 hours/],
  [{ history: { asked: "before", at: noon } }, /asked for before.*may still come/],
  [{ history: { asked: "refused", at: noon, meta_code: 131000 } }, /refused.*Ask again.*131000/],
  [{ history: { asked: "not_yet" } }, /Not asked for yet.*Ask now/],
])("tells what became of it and what to do: %o", (more, words) => {
  const said = importWords(past(more), noon + 3 * HOUR);
  expect(`${said.lead}: ${said.words}`).toMatch(words);
});

it("offers to ask only where Meta would still take the question", () => {
  expect(mayAsk(past({ history: { asked: "not_yet" } }))).toBe(true);
  expect(mayAsk(past({ history: { asked: "refused", at: noon, meta_code: null } }))).toBe(true);
  expect(mayAsk(past({ contacts: { asked: "not_yet" } }))).toBe(true);
  for (const no of [
    past({}),
    past({ history: { asked: "before", at: noon } }),
    past({ history: { asked: "too_late", at: noon } }),
    past({ history: { asked: "not_yet" }, declined_at: noon }),
    past({ history: { asked: "refused", at: noon, meta_code: null }, percent: 100 }),
  ]) {
    expect(mayAsk(no)).toBe(false);
  }
});
