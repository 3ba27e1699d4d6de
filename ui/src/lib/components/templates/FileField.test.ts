import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CallError } from "$lib/bridge";
import { FakeEngine } from "$lib/bridge/fake";
import type { ErrorCode } from "$lib/protocol/ErrorCode";
import type { Field } from "$lib/protocol/Field";
import { App } from "$lib/state";

import Harness from "../../../test/Harness.svelte";
import FileField from "./FileField.svelte";
import { TemplateFiles } from "./files.svelte";

const field: Field = {
  key: "header",
  place: { place: "header_file", media: "image" },
  label: "",
  example: null,
  max_chars: 0,
  input: { input: "file", media: "image" },
  optional: false,
};

let app: App;
let engine: FakeEngine;
/** What the hub says when a file is asked for; nothing: it gives it. */
let refusal: ErrorCode | null;
const onwrite = vi.fn();
beforeEach(async () => {
  refusal = null;
  onwrite.mockReset();
  engine = new FakeEngine(new URLSearchParams("language=en-GB"));
  const call = engine.call.bind(engine);
  vi.spyOn(engine, "call").mockImplementation((what, payload) => {
    if (what !== "media" || refusal === null) return call(what, payload);
    const error = { code: refusal, message: "x", retry: { retry: "never" } } as const;
    return Promise.reject(new CallError(error));
  });
  let seq = 0;
  app = new App({
    call: (name, payload) => engine.call(name, payload),
    subscribe: (handler) => engine.subscribe((event) => handler({ seq: (seq += 1), event })),
  });
  await app.start();
});
afterEach(() => {
  app.stop();
  engine.stop();
});

function show(value: string): void {
  const props = {
    field,
    media: "image",
    value,
    slot: "t header",
    files: new TemplateFiles(app),
    problem: null,
    lastTime: true,
    onwrite,
    onname: () => {},
  };
  render(Harness, { props: { app, part: FileField as never, props } });
}

describe("a picture from last time", () => {
  it("is gone where the hub has it no more", async () => {
    refusal = "not_found";
    show("media-last");
    await waitFor(() => expect(onwrite).toHaveBeenCalledWith("header", ""));
  });

  it("stays while the hub cannot be asked, and is looked for again when the link is back", async () => {
    refusal = "hub_unreachable";
    show("media-last");
    expect(await screen.findByText("Cannot be shown right now. It stays chosen.")).toBeTruthy();
    engine.goOffline();
    refusal = null;
    engine.goOnline();
    expect(await screen.findByText("Ready to go out")).toBeTruthy();
    expect(onwrite).not.toHaveBeenCalled();
  });

  it("is looked for again on demand", async () => {
    refusal = "storage_unavailable";
    show("media-last");
    const again = await screen.findByRole("button", { name: "Try again" });
    refusal = null;
    await userEvent.click(again);
    expect(await screen.findByText("Ready to go out")).toBeTruthy();
    expect(onwrite).not.toHaveBeenCalled();
  });
});
