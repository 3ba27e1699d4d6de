import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { Draft } from "$lib/protocol/Draft";

import { Drafts, SAVE_AFTER_MS } from "./drafts.svelte";

let saved: Draft[];
let refuse: boolean;
let drafts: Drafts;

beforeEach(() => {
  vi.useFakeTimers();
  saved = [];
  refuse = false;
  drafts = new Drafts(
    {
      call: (async (_name: string, draft: Draft) => {
        if (refuse) throw new Error("away");
        saved.push(draft);
        return {};
      }) as never,
    },
    () => 1000,
  );
});
afterEach(() => vi.useRealTimers());

const bodies = (): string[] => saved.map((draft) => draft.body);

it("saves once for many keys, soon after the last", async () => {
  for (const body of ["H", "He", "Hel"]) drafts.write("a", "reply", { body });
  expect(saved).toEqual([]);
  await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
  expect(bodies()).toEqual(["Hel"]);
  expect(drafts.of("a", "reply").savedAt).toBe(1000);
});

it("saves at once on leaving, and then not again", async () => {
  drafts.write("a", "reply", { body: "Half" });
  drafts.write("b", "note", { body: "Other" });
  drafts.flush();
  await vi.advanceTimersByTimeAsync(10 * SAVE_AFTER_MS);
  expect(bodies()).toEqual(["Half", "Other"]);
});

it("tries again when the engine could not keep it", async () => {
  refuse = true;
  drafts.write("a", "reply", { body: "Kept" });
  await vi.advanceTimersByTimeAsync(SAVE_AFTER_MS);
  refuse = false;
  await vi.advanceTimersByTimeAsync(6000);
  expect(bodies()).toEqual(["Kept"]);
});

it("never lets an older draft of the engine replace what is on the screen", () => {
  const old: Draft = {
    conversation: "a",
    mode: "reply",
    body: "Old",
    reply_to: null,
    files: [],
    saved_at: 5,
  };
  drafts.take([old]);
  drafts.write("a", "reply", { body: "New" });
  drafts.take([old]);
  expect(drafts.of("a", "reply").body).toBe("New");
});

it("puts words back before what was typed meanwhile", () => {
  drafts.write("a", "reply", { body: "second" });
  drafts.putBack("a", "reply", "first");
  expect(drafts.of("a", "reply").body).toBe("first\nsecond");
  drafts.clear("a", "reply");
  drafts.putBack("a", "reply", "first");
  expect(drafts.of("a", "reply").body).toBe("first");
});

it("keeps on the disk what is on its way until it was taken", async () => {
  drafts.write("a", "reply", { body: "Words" });
  drafts.flush();
  drafts.release("a", "reply");
  expect(drafts.of("a", "reply").body).toBe("");
  drafts.flush();
  await vi.advanceTimersByTimeAsync(10 * SAVE_AFTER_MS);
  expect(bodies()).toEqual(["Words"]);
  drafts.settle("a", "reply");
  expect(bodies()).toEqual(["Words", ""]);
});
