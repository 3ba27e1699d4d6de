/** Files in the composer as people meet them: dropped, pasted, kept, and brought back. */
import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import type { Component } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { queuedFile } from "$lib/bridge/fake/unsent-files";
import type { Command } from "$lib/protocol/Command";
import type { ThreadItem } from "$lib/protocol/ThreadItem";
import { App } from "$lib/state";

import Harness from "../../../test/Harness.svelte";
import { commandOf, type Inbox, inbox } from "../../../test/inbox";
import type { WaitingText } from "../thread/lines";
import ThreadPane from "../thread/ThreadPane.svelte";
import { fileBack } from "./kept-files";

let open: Inbox;
let second: App | null = null;
let commands: Command[];

beforeEach(() => {
  URL.createObjectURL = () => "blob:look";
  URL.revokeObjectURL = () => {};
});
afterEach(() => {
  second?.stop();
  second = null;
  open.stop();
});

async function show(id: string, options = ""): Promise<Inbox> {
  open = await inbox(ThreadPane as never, options);
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    const command = commandOf(what, payload);
    if (command) commands.push(command);
    return call(what, payload);
  });
  await waitFor(() => expect(open.app.team.me).not.toBeNull());
  open.app.open(id);
  await screen.findByRole("region", { name: "Composer" });
  return open;
}

/** The interface goes away and starts anew over the same engine, as after a crash. */
async function restart(id: string): Promise<void> {
  const { engine } = open;
  window.dispatchEvent(new Event("pagehide"));
  open.view.unmount();
  open.app.stop();
  let seq = 0;
  second = new App({
    call: (name, payload) => engine.call(name, payload),
    subscribe: (handler) => engine.subscribe((event) => handler({ seq: (seq += 1), event })),
  });
  await second.start();
  render(Harness, { props: { app: second, part: ThreadPane as Component<never> as never } });
  await waitFor(() => expect(second?.team.me).not.toBeNull());
  second.open(id);
  await screen.findByRole("region", { name: "Composer" });
}

const composer = (): HTMLElement => screen.getByRole("region", { name: "Composer" });
const inside = (): ReturnType<typeof within> => within(composer());
const field = (): HTMLTextAreaElement => inside().getByRole("textbox");
const files = (): string[] => {
  const list = inside().queryByRole("list", { name: "Files for this message" });
  return list
    ? within(list)
        .getAllByRole("listitem")
        .map((one) => one.querySelector("b")?.textContent ?? "")
    : [];
};
const sendButton = (): HTMLButtonElement | null =>
  inside().queryByRole("button", { name: "Send" }) as HTMLButtonElement | null;
const ready = (): Promise<void> =>
  waitFor(() => {
    expect(inside().queryAllByText(/Waits its turn|Uploading/)).toEqual([]);
    expect(files().length).toBeGreaterThan(0);
  });
const itemsOf = (id: string): ThreadItem[] => open.engine.world.chats.get(id)?.items ?? [];
const isThere = (id: string, message: string): boolean =>
  itemsOf(id).some((item) => item.item === "message" && item.row.id === message);

const pdf = (name: string): File => new File(["%PDF"], name, { type: "application/pdf" });
const png = (name: string): File => new File(["PNG"], name, { type: "image/png" });

/** What the system hands over when files are dropped or pasted. */
function handedOver(kind: "drop" | "dragenter" | "dragleave" | "paste", given: File[]): Event {
  const event = new Event(kind, { bubbles: true, cancelable: true });
  const data = { files: given, types: ["Files"] };
  Object.defineProperty(event, kind === "paste" ? "clipboardData" : "dataTransfer", {
    value: data,
  });
  return event;
}

async function choose(...given: File[]): Promise<void> {
  const thread = screen.getByRole("region", { name: "Conversation" });
  thread.dispatchEvent(handedOver("drop", given));
  await ready();
}

describe("Maren’s chat takes files", () => {
  it("that are dropped anywhere on it, and sends them with the words", async () => {
    await show("maren-b");
    const thread = screen.getByRole("region", { name: "Conversation" });
    thread.dispatchEvent(handedOver("dragenter", [pdf("invoice.pdf")]));
    expect(await screen.findByText("Drop to attach")).toBeTruthy();
    const drop = handedOver("drop", [pdf("invoice.pdf"), png("wheel.png")]);
    thread.dispatchEvent(drop);
    // Otherwise the browser would leave the page for the file.
    expect(drop.defaultPrevented).toBe(true);
    await waitFor(() => expect(files()).toEqual(["invoice.pdf", "wheel.png"]));
    expect(screen.queryByText("Drop to attach")).toBeNull();
    await ready();
    await userEvent.type(field(), "Here they are{Enter}");
    await waitFor(() =>
      expect(commands).toMatchObject([
        { do: "send_file", name: "invoice.pdf", caption: "Here they are" },
        { do: "send_file", name: "wheel.png", caption: null },
      ]),
    );
    expect(files()).toEqual([]);
  });

  it("that are pasted where they are pictures, and leaves pasted words to the field", async () => {
    await show("maren-b");
    const picture = handedOver("paste", [png("from the clipboard.png")]);
    field().dispatchEvent(picture);
    expect(picture.defaultPrevented).toBe(true);
    await waitFor(() => expect(files()).toEqual(["from the clipboard.png"]));
    const words = handedOver("paste", []);
    field().dispatchEvent(words);
    expect(words.defaultPrevented).toBe(false);
    expect(files()).toHaveLength(1);
  });

  it("but none in a note, which the customer never sees", async () => {
    const { app } = await show("maren-b");
    app.commands.run("note");
    await waitFor(() => expect(composer().dataset["state"]).toBe("note"));
    composer().dispatchEvent(handedOver("paste", [png("secret.png")]));
    app.commands.run("reply");
    await waitFor(() => expect(composer().dataset["state"]).toBe("open"));
    expect(files()).toEqual([]);
  });
});

it("keeps Yusuf’s files while the window closes, and sends them when he has written", async () => {
  // The team's clock stands until the file is there.
  const { engine } = await show("yusuf-d", "closing=21&rate=0.001");
  await choose(pdf("estimate.pdf"));
  await userEvent.type(field(), "As we said");
  expect(sendButton()?.disabled).toBe(false);
  engine.setRate(10);
  await waitFor(() => expect(composer().dataset["state"]).toBe("closing"));
  expect(files()).toEqual(["estimate.pdf"]);
  expect(sendButton()).toBeNull();
  expect(inside().getByText(/^Files go out only while the window is open/)).toBeTruthy();
  await waitFor(() => expect(composer().dataset["state"]).toBe("closed"));
  expect(files()).toEqual(["estimate.pdf"]);
  await userEvent.type(field(), "{Enter}");
  expect(commands).toEqual([]);
  engine.setRate(1);
  engine.customerWrites("yusuf-d", "Yes please");
  await waitFor(() => expect(sendButton()?.disabled).toBe(false));
  await userEvent.click(sendButton() as HTMLElement);
  await waitFor(() =>
    expect(commands).toMatchObject([
      { do: "send_file", name: "estimate.pdf", caption: "As we said" },
    ]),
  );
});

describe("files that wait with a draft", () => {
  it("are there again after a restart, and go out without being uploaded again", async () => {
    await show("maren-b");
    await choose(pdf("invoice.pdf"), png("wheel.png"));
    await userEvent.type(field(), "For the insurance");
    await restart("maren-b");
    await waitFor(() => expect(files()).toEqual(["invoice.pdf", "wheel.png"]));
    expect(field().value).toBe("For the insurance");
    vi.mocked(open.engine.call).mockClear();
    await userEvent.click(sendButton() as HTMLElement);
    await waitFor(() =>
      expect(commands).toMatchObject([
        { do: "send_file", name: "invoice.pdf", caption: "For the insurance" },
        { do: "send_file", name: "wheel.png" },
      ]),
    );
    const calls = vi.mocked(open.engine.call).mock.calls.map(([name]) => name);
    expect(calls).not.toContain("begin_attachment");
    await waitFor(() => expect(open.engine.world.chats.get("maren-b")?.drafts).toEqual([]));
  });

  it("do not come back once they are taken away", async () => {
    await show("maren-b");
    await choose(pdf("invoice.pdf"));
    await userEvent.click(inside().getByRole("button", { name: "Remove invoice.pdf" }));
    await restart("maren-b");
    expect(files()).toEqual([]);
  });

  it("leave with a sentence where the hub has lost the picture", async () => {
    await show("maren-b");
    await choose(png("wheel.png"), pdf("invoice.pdf"));
    await userEvent.type(field(), "Both");
    window.dispatchEvent(new Event("pagehide"));
    const draft = (): unknown[] | undefined =>
      open.engine.world.chats.get("maren-b")?.drafts[0]?.files;
    await waitFor(() => expect(draft()).toHaveLength(2));
    const kept = open.engine.world.chats.get("maren-b")?.drafts[0]?.files[0];
    open.engine.files.lose(kept?.file.file.id ?? "");
    await restart("maren-b");
    await waitFor(() => expect(files()).toEqual(["invoice.pdf"]));
    expect(second?.screen.notices.at(-1)).toMatchObject({
      text: expect.stringMatching(/^“wheel.png” no longer lies at the hub/),
    });
    expect(field().value).toBe("Both");
  });

  it("leave at Send where the hub has lost the document; the words stay", async () => {
    const { app } = await show("maren-b");
    await choose(pdf("invoice.pdf"));
    await userEvent.type(field(), "Here it is");
    window.dispatchEvent(new Event("pagehide"));
    const chat = open.engine.world.chats.get("maren-b");
    await waitFor(() => expect(chat?.drafts[0]?.files).toHaveLength(1));
    open.engine.files.lose(chat?.drafts[0]?.files[0]?.file.file.id ?? "");
    await userEvent.click(sendButton() as HTMLElement);
    await waitFor(() => expect(field().value).toBe("Here it is"));
    expect(files()).toEqual([]);
    expect(app.screen.notices.map((notice) => notice.text)).toEqual([
      "“invoice.pdf” no longer lies at the hub, so it was taken out. It was not sent; choose the file again.",
    ]);
  });

  it("are never sent twice: one that went out already leaves with a sentence", async () => {
    const { app, engine } = await show("maren-b");
    await choose(pdf("invoice.pdf"));
    window.dispatchEvent(new Event("pagehide"));
    const chat = engine.world.chats.get("maren-b");
    await waitFor(() => expect(chat?.drafts[0]?.files).toHaveLength(1));
    engine.files.claim(chat?.drafts[0]?.files[0]?.file.file.id ?? "");
    const before = itemsOf("maren-b").length;
    await userEvent.click(sendButton() as HTMLElement);
    await waitFor(() => expect(files()).toEqual([]));
    expect(app.screen.notices.at(-1)?.text).toMatch(/went out with another message already/);
    expect(itemsOf("maren-b")).toHaveLength(before);
  });
});

describe("a file that did not go out", () => {
  /** What the thread gives for Edit. */
  function textOf(message: string): WaitingText {
    const item = itemsOf("maren-b").find((one) => one.item === "message" && one.row.id === message);
    if (item?.item !== "message") throw new Error(`no ${message}`);
    const { row } = item;
    return { at: "hub", row, body: "", since: row.at, why: "deadline", deadline: null };
  }

  it("comes back, and its message goes only when it has arrived at the hub", async () => {
    const { app, engine } = await show("maren-b", "scene=files");
    const call = vi.mocked(engine.call).getMockImplementation();
    let arrive = (): void => {};
    const gate = new Promise<void>((done) => (arrive = done));
    vi.mocked(engine.call).mockImplementation(async (what, payload) => {
      if (what === "end_attachment") await gate;
      return call?.(what, payload) as never;
    });
    const discard = vi.fn();
    const text = textOf("refused-picture");
    expect(await fileBack(app, "maren-b", text, discard)).toBe(true);
    await waitFor(() => expect(files()).toEqual(["wheel.webp"]));
    expect(discard).not.toHaveBeenCalled();
    // Pressed once more on the way, it does not come twice.
    expect(await fileBack(app, "maren-b", text, discard)).toBe(false);
    arrive();
    await waitFor(() => expect(discard).toHaveBeenCalledOnce());
    expect(files()).toEqual(["wheel.webp"]);
    await waitFor(() =>
      expect(engine.world.chats.get("maren-b")?.drafts[0]?.files).toHaveLength(1),
    );
    await userEvent.type(field(), "This is the crack{Enter}");
    await waitFor(() =>
      expect(commands.at(-1)).toMatchObject({
        do: "send_file",
        kind: "image",
        caption: "This is the crack",
      }),
    );
  });

  it("stays in the thread while its file cannot be had", async () => {
    const { app, engine } = await show("maren-b", "scene=files");
    const call = vi.mocked(engine.call).getMockImplementation();
    vi.mocked(engine.call).mockImplementation((what, payload) =>
      what === "media" ? Promise.reject(new Error("away")) : (call?.(what, payload) as never),
    );
    const discard = vi.fn();
    expect(await fileBack(app, "maren-b", textOf("parked-invoice"), discard)).toBe(false);
    expect(app.screen.notices.at(-1)?.text).toMatch(/^“invoice 2025-118.pdf” could not be fetched/);
    expect(discard).not.toHaveBeenCalled();
    expect(files()).toEqual([]);
  });

  it("stays a document that was one, also where it is a picture", async () => {
    const { app } = await show("maren-b", "scene=files");
    await fileBack(app, "maren-b", textOf("parked-invoice"), () => {});
    await waitFor(() => expect(sendButton()?.disabled).toBe(false));
    await userEvent.click(sendButton() as HTMLElement);
    await waitFor(() => expect(commands.at(-1)).toMatchObject({ kind: "document" }));
  });

  it("comes back out of this desktop’s outbox without a second upload", async () => {
    const { app, engine } = await show("maren-b");
    const { attachment } = await engine.call("begin_attachment", {
      mime_type: "application/pdf",
      size: 4,
      kind: null,
    });
    const { file } = await engine.call("end_attachment", { attachment });
    const chat = engine.world.chats.get("maren-b");
    if (chat) queuedFile(chat, file.id);
    const item = itemsOf("maren-b").at(-1);
    if (item?.item !== "queued") throw new Error("not queued");
    vi.mocked(engine.call).mockClear();
    const text: WaitingText = {
      at: "here",
      item,
      body: "The new estimate",
      since: item.at,
      why: "deadline",
      deadline: item.send_before,
    };
    const discard = vi.fn();
    expect(await fileBack(app, "maren-b", text, discard)).toBe(true);
    expect(discard).toHaveBeenCalledOnce();
    await waitFor(() => expect(files()).toEqual(["estimate.pdf"]));
    expect(inside().getByText("Ready to send")).toBeTruthy();
    await userEvent.click(sendButton() as HTMLElement);
    await waitFor(() => expect(commands.at(-1)).toMatchObject({ do: "send_file", file: file.id }));
    expect(vi.mocked(engine.call).mock.calls.map(([name]) => name)).not.toContain(
      "begin_attachment",
    );
  });

  it("goes out as the file it is when it is sent again, and is gone when thrown away", async () => {
    const { app } = await show("maren-b", "scene=files");
    await app.act({ do: "release", message: "parked-invoice" });
    const last = itemsOf("maren-b").at(-1);
    expect(last?.item === "message" && last.row.content).toMatchObject({
      kind: "document",
      caption: "The invoice, as promised",
    });
    expect(isThere("maren-b", "parked-invoice")).toBe(false);
    await app.act({ do: "discard", message: "refused-picture" });
    expect(isThere("maren-b", "refused-picture")).toBe(false);
  });
});
