import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { at, SAMI } from "$lib/bridge/fake/cast";
import { message } from "$lib/bridge/fake/threads";
import type { Content } from "$lib/protocol/Content";
import type { Media } from "$lib/protocol/Media";
import type { RenderedTemplate } from "$lib/protocol/RenderedTemplate";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { type Inbox, inbox } from "../../../test/inbox";
import TemplateContent from "./TemplateContent.svelte";
import { allViewed, viewed } from "./viewed";

let open: Inbox | undefined;
afterEach(() => open?.stop());

const picture = (id: string, more: Partial<Media> = {}): Media => ({
  id,
  mime_type: "image/jpeg",
  state: "stored",
  width: 10,
  height: 10,
  size_bytes: 1,
  filename: null,
  ...more,
});
const template = (more: Partial<RenderedTemplate>): RenderedTemplate => ({
  name: "visit",
  language: "en",
  category: "utility",
  header_text: null,
  header_media: null,
  header_file: null,
  header_place: null,
  offer: null,
  cards: [],
  template: null,
  values: {},
  typed: {},
  body: "See you",
  footer: null,
  buttons: [],
  ...more,
});
const ours = (minute: number, content: Content, id: string): ThreadItem =>
  message("c", { agent: SAMI }, at(0, 9, minute), content, { id });
const onTop = (media: Media): Content => ({
  kind: "template",
  template: template({ header_media: "image", header_file: media }),
});

it("walks through photos and what lies on top of templates, as they came", () => {
  const cards = ["d", "e"].map((id) => ({
    header_media: "image" as const,
    file: picture(id),
    body: "",
    buttons: [],
  }));
  const items = [
    ours(0, { kind: "image", caption: "The rim", media: picture("a") }, "one"),
    ours(1, onTop(picture("b")), "two"),
    ours(2, onTop(picture("b")), "three"),
    ours(3, onTop(picture("no", { state: "pending" })), "four"),
    ours(4, onTop(picture("no", { mime_type: "application/octet-stream" })), "five"),
    ours(
      5,
      {
        kind: "template",
        template: template({ header_media: "video", header_file: picture("no"), cards }),
      },
      "six",
    ),
  ];
  const all = allViewed(items);
  expect(all.map((one) => one.media.id)).toEqual(["a", "b", "b", "d", "e"]);
  expect(new Set(all.map((one) => one.key)).size).toBe(5);
  expect(all[0]?.caption).toBe("The rim");
  const six = items.at(-1);
  const second = six?.item === "message" ? viewed(six.row, picture("e")) : null;
  expect(all.findIndex((one) => one.key === second?.key)).toBe(4);
});

it("opens the picture on top of a template and on its cards large", async () => {
  const onview = vi.fn();
  const header = picture("media-wheel");
  const file = picture("media-own-card");
  open = await inbox(TemplateContent as never, "", {
    template: template({
      header_media: "image",
      header_file: header,
      cards: [{ header_media: "image", file, body: "One", buttons: [] }],
    }),
    onlink: () => {},
    onview,
    meta: (() => {}) as never,
  });
  const [top, card] = screen.getAllByRole("button", { name: "A picture. Open large" });
  await userEvent.click(top as HTMLElement);
  await userEvent.click(card as HTMLElement);
  expect(onview.mock.calls).toEqual([[header], [file]]);
});

it("opens nothing that is no picture", async () => {
  open = await inbox(TemplateContent as never, "", {
    template: template({
      header_media: "image",
      header_file: picture("m", { mime_type: "application/octet-stream" }),
    }),
    onlink: () => {},
    onview: () => {},
    meta: (() => {}) as never,
  });
  expect(screen.queryByRole("button")).toBeNull();
});
