import { render, screen, waitFor, within } from "@testing-library/svelte";
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

function show(value: string, key = "header"): void {
  const props = {
    field: { ...field, key },
    media: "image",
    value,
    slot: `t ${key}`,
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

describe("a file that is pasted", () => {
  const png = (name: string): File => new File(["PNG"], name, { type: "image/png" });
  const place = (at: number): HTMLElement => screen.getAllByRole("group")[at] as HTMLElement;

  function paste(on: Element, given: File[], types = ["Files"]): Event {
    const event = new Event("paste", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "clipboardData", { value: { files: given, types } });
    on.dispatchEvent(event);
    return event;
  }

  it("is taken where the focus is, also in place of another", async () => {
    show("");
    show("media-last", "card.0.header");
    const event = paste(place(1), [png("wheel.png")]);
    expect(event.defaultPrevented).toBe(true);
    expect(await within(place(1)).findByText("wheel.png")).toBeTruthy();
    await waitFor(() => expect(onwrite).toHaveBeenCalledWith("card.0.header", expect.any(String)));
    expect(within(place(0)).queryByText("wheel.png")).toBeNull();
  });

  it("goes to one empty place when it is pasted elsewhere in the dialog", async () => {
    show("media-last");
    show("", "card.0.header");
    show("", "card.1.header");
    expect(paste(document.body, [png("wheel.png")]).defaultPrevented).toBe(true);
    expect(await within(place(1)).findByText("wheel.png")).toBeTruthy();
    expect(screen.getAllByText("wheel.png")).toHaveLength(1);
  });

  it("leaves words alone, and pictures that only come with words", () => {
    show("");
    expect(paste(document.body, [], ["text/plain"]).defaultPrevented).toBe(false);
    const both = paste(document.body, [png("cell.png")], ["text/plain", "Files"]);
    expect(both.defaultPrevented).toBe(false);
    expect(screen.queryByText("cell.png")).toBeNull();
  });

  it("is judged as a dropped one is", async () => {
    show("");
    paste(place(0), [new File(["GIF"], "wheel.gif", { type: "image/gif" })]);
    expect(await screen.findByText(/WhatsApp takes JPEG and PNG here/)).toBeTruthy();
    expect(onwrite).not.toHaveBeenCalledWith("header", expect.stringContaining("media"));
  });
});
