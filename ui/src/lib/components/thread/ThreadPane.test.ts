import { screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";

import { at, cast, SAMI } from "$lib/bridge/fake/cast";
import { previewOf, templates } from "$lib/bridge/fake/templates";
import { message } from "$lib/bridge/fake/threads";
import type { Media } from "$lib/protocol/Media";
import type { QueuedItem } from "$lib/protocol/QueuedItem";
import type { Template } from "$lib/protocol/Template";
import type { Typed } from "$lib/protocol/Typed";

import { type Inbox, inbox } from "../../../test/inbox";
import type { LineActions } from "./actions";
import ThreadPane from "./ThreadPane.svelte";

let given: { actions: LineActions } | undefined;
/** The list draws what is in sight, and here nothing is: a line's part is played by the test. */
vi.mock("./MessageList.svelte", () => ({
  default: (_anchor: unknown, props: { actions: LineActions }) => {
    given = props;
  },
}));

let open: Inbox;
afterEach(() => open.stop());

async function show(name: string, options = ""): Promise<LineActions> {
  given = undefined;
  open = await inbox(ThreadPane as never, options);
  open.app.open(cast.find((part) => part.name.startsWith(name))?.id ?? "");
  return waitFor(() => {
    const { actions } = given ?? {};
    if (!actions) throw new Error("no list yet");
    return actions;
  });
}

it("opens a template that waits with all that it has, also what its values are", async () => {
  const actions = await show("Odette", "scene=outbox");
  const queued = open.app.thread.view?.items.find((item) => item.item === "queued");
  if (queued?.item !== "queued" || queued.command.do !== "send_template") throw new Error("none");
  const typed: Record<string, Typed> = { "body.until": { is: "date" } };
  const item: QueuedItem = { ...queued, command: { ...queued.command, typed } };
  actions.templateAgain(item);
  expect(open.app.screen.overlay).toMatchObject({
    kind: "template",
    again: { template: "tpl-hold", values: queued.command.values, typed, replaces: "ref-refused" },
  });
});

it("opens a template that failed with what its values were, amounts and dates too", async () => {
  const actions = await show("Odette");
  const typed: Record<string, Typed> = { "body.until": { is: "date" } };
  const { rendered } = previewOf(templates[0] as Template, { "body.until": "24 June 2025" }, typed);
  actions.template(rendered.body, rendered);
  expect(open.app.screen.overlay).toMatchObject({
    kind: "template",
    again: { template: rendered.template, values: rendered.values, typed, replaces: null },
  });
});

it("shows the picture on top of a template as large as the window allows", async () => {
  const actions = await show("Odette");
  const media: Media = {
    id: "media-wheel",
    mime_type: "image/webp",
    state: "stored",
    width: 708,
    height: 384,
    size_bytes: 4210,
    filename: "wheel.webp",
  };
  const { rendered } = previewOf(templates[0] as Template, {});
  const failed = message(
    "c",
    { agent: SAMI },
    at(0, 14, 2),
    { kind: "template", template: { ...rendered, header_media: "image", header_file: media } },
    { delivery: "queued" },
  );
  if (failed.item !== "message") throw new Error("no message");
  actions.view(failed.row, media);
  expect(await screen.findByRole("dialog", { name: /You/ })).toBeTruthy();
  expect(await screen.findByRole("img", { name: "Photo from You" })).toBeTruthy();
});
