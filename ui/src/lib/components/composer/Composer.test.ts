import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Command } from "$lib/protocol/Command";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { commandOf, type Inbox, inbox } from "../../../test/inbox";
import ThreadPane from "../thread/ThreadPane.svelte";

let open: Inbox;
let commands: Command[];
afterEach(() => open.stop());
beforeEach(() => {
  Object.assign(navigator, { clipboard: { writeText: vi.fn(async () => {}) } });
});

/** Opens the chat whose id begins with `name`. */
async function show(name: string, options = ""): Promise<Inbox> {
  open = await inbox(ThreadPane as never, options);
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    const command = commandOf(what, payload);
    if (command) commands.push(command);
    return call(what, payload);
  });
  const id = [...open.engine.world.chats.keys()].find((one) => one.startsWith(name)) ?? "";
  await waitFor(() => expect(open.app.team.me).not.toBeNull());
  open.app.open(id);
  await screen.findByRole("region", { name: "Composer" });
  return open;
}

const composer = (): HTMLElement => screen.getByRole("region", { name: "Composer" });
const inside = (): ReturnType<typeof within> => within(composer());
const field = (): HTMLTextAreaElement => inside().getByRole("textbox");
const state = (): string | undefined => composer().dataset["state"];
const ways = (): (string | undefined)[] =>
  [...composer().querySelectorAll<HTMLElement>("[data-way]")].map((way) => way.dataset["way"]);
const chat = (): { items: ThreadItem[] } | undefined =>
  open.engine.world.chats.get(open.app.thread.id ?? "");

describe("open", () => {
  it("sends with Enter, breaks with Shift and Enter, and clears the field", async () => {
    await show("maren");
    expect(state()).toBe("open");
    await userEvent.type(field(), "One{Shift>}{Enter}{/Shift}Two{Enter}");
    await waitFor(() =>
      expect(commands).toMatchObject([{ do: "send_text", body: "One\nTwo", reply_to: null }]),
    );
    const [sent] = commands;
    expect(sent?.do === "send_text" && sent.send_before).toBe(
      open.app.thread.view?.composer.state === "open"
        ? open.app.thread.view.composer.send_before
        : 0,
    );
    expect(field().value).toBe("");
  });

  it("leaves Enter to the input method that composes", async () => {
    await show("maren");
    await userEvent.type(field(), "に");
    field().dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }),
    );
    expect(commands).toEqual([]);
    expect(field().value).toBe("に");
  });

  it("sends with the first Enter of a key that is held down, and not with what follows", async () => {
    await show("maren");
    await userEvent.type(field(), "One");
    const enter = { key: "Enter", bubbles: true, cancelable: true };
    field().dispatchEvent(new KeyboardEvent("keydown", { ...enter, repeat: true }));
    expect(commands).toEqual([]);
    field().dispatchEvent(new KeyboardEvent("keydown", enter));
    await waitFor(() => expect(commands).toMatchObject([{ do: "send_text", body: "One" }]));
  });

  it("does not take a note along to the phone", async () => {
    await show("maren");
    open.app.commands.run("note");
    await userEvent.type(field(), "Do not refund");
    open.app.commands.run("phone");
    expect(open.app.screen.overlay).toMatchObject({
      kind: "new_conversation",
      request: { route: "phone", text: "" },
    });
  });

  it("puts the words back when the hub refuses them", async () => {
    await show("maren");
    vi.spyOn(open.engine, "call").mockRejectedValue(new Error("no"));
    await userEvent.type(field(), "Kept{Enter}");
    await waitFor(() => expect(field().value).toBe("Kept"));
    expect(open.app.screen.notices).toHaveLength(1);
  });

  it("sends a second text after the first, and loses neither", async () => {
    await show("maren");
    const call = vi.mocked(open.engine.call).getMockImplementation();
    let release = (): void => {};
    const gate = new Promise<void>((done) => (release = done));
    vi.mocked(open.engine.call).mockImplementation(async (what, payload) => {
      if (commandOf(what, payload)?.do === "send_text") {
        const first = !commands.some((one) => one.do === "send_text");
        const answer = call?.(what, payload) as never;
        if (first) await gate;
        return answer;
      }
      return call?.(what, payload) as never;
    });
    await userEvent.type(field(), "One{Enter}Two{Enter}Thr");
    expect(commands).toMatchObject([{ body: "One" }]);
    expect(field().value).toBe("Thr");
    release();
    await waitFor(() => expect(commands).toMatchObject([{ body: "One" }, { body: "Two" }]));
    expect(field().value).toBe("Thr");
  });

  it("puts marks around the selection, and shows how it will look", async () => {
    await show("maren");
    await userEvent.type(field(), "It is ready");
    expect(inside().queryByText("How it will look")).toBeNull();
    field().setSelectionRange(6, 11);
    await userEvent.keyboard("{Control>}b{/Control}");
    expect(field().value).toBe("It is *ready*");
    const look = inside().getByRole("group", { name: "How it will look" });
    expect(look.querySelector("b")?.textContent).toBe("ready");
    await userEvent.keyboard("{Control>}b{/Control}");
    expect(field().value).toBe("It is ready");
    await userEvent.keyboard("{Control>}{Shift>}x{/Shift}{/Control}");
    expect(field().value).toBe("It is ~ready~");
    // The words travel as they stand in the field.
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(commands).toMatchObject([{ body: "It is ~ready~" }]));
  });

  it("says that WhatsApp will show a preview of an address", async () => {
    await show("maren");
    await userEvent.type(field(), "See https://quillandspoke.example/e/148 please");
    expect(
      inside().getByText(/^WhatsApp will show a preview of quillandspoke\.example/),
    ).toBeTruthy();
    await userEvent.clear(field());
    await userEvent.type(field(), "See you");
    expect(inside().queryByText(/will show a preview/)).toBeNull();
  });

  it("says at the field that a text is too long, and does not send it", async () => {
    await show("maren");
    await userEvent.click(field());
    await userEvent.paste("a".repeat(4098));
    expect(inside().getByText(/2 characters too many. WhatsApp takes 4,096/)).toBeTruthy();
    expect(field().getAttribute("aria-invalid")).toBe("true");
    await userEvent.keyboard("{Enter}");
    expect(commands).toEqual([]);
  });

  it("says the cost in words and when it closes", async () => {
    await show("maren");
    expect(inside().getByText("Free within the month’s allowance")).toBeTruthy();
    expect(inside().getByText("closes in 3h 12m")).toBeTruthy();
  });

  it("counts the last ten minutes down and says what comes after", async () => {
    await show("yusuf");
    expect(inside().getByText(/^Closes in 8:4\d$/)).toBeTruthy();
    expect(inside().getByText("After 14:30 this chat needs a template or the phone.")).toBeTruthy();
  });

  it("keeps the draft per chat and mode, and gives it back", async () => {
    const { app, engine } = await show("maren");
    const maren = app.thread.id ?? "";
    await userEvent.type(field(), "Half a");
    field().blur();
    await waitFor(() =>
      expect(engine.world.chats.get(maren)?.drafts).toMatchObject([
        { mode: "reply", body: "Half a" },
      ]),
    );
    await userEvent.click(inside().getByRole("radio", { name: "Note" }));
    expect(field().value).toBe("");
    app.open([...engine.world.chats.keys()].find((id) => id.startsWith("yusuf")) ?? "");
    await screen.findByRole("heading", { name: "Yusuf Brandt" });
    expect(field().value).toBe("");
    app.open(maren);
    await screen.findByRole("heading", { name: "Maren Oduya" });
    await waitFor(() => expect(field().value).toBe("Half a"));
  });

  it("holds Send once when the phone spoke while one typed", async () => {
    const { app, engine } = await show("maren");
    await userEvent.type(field(), "Shall we say Friday?");
    engine.phoneTypes(app.thread.id ?? "", "I told them Saturday");
    const warning = await inside().findByRole("alert");
    expect(warning.textContent).toContain("The phone just said:");
    expect(warning.textContent).toContain("I told them Saturday");
    await userEvent.type(field(), "{Enter}");
    expect(commands).toEqual([]);
    expect(inside().getByRole("button", { name: "Send anyway" })).toBeTruthy();
    await userEvent.type(field(), "{Enter}");
    await waitFor(() => expect(commands).toMatchObject([{ do: "send_text" }]));
    expect(inside().queryByRole("alert")).toBeNull();
  });

  it("does not hold Send for what one reads with an empty field", async () => {
    const { app, engine } = await show("maren");
    engine.phoneTypes(app.thread.id ?? "", "I told them Saturday");
    await waitFor(() => expect(app.thread.view?.items.length).toBe(chat()?.items.length));
    expect(inside().queryByRole("alert")).toBeNull();
  });

  it("quotes a message, and lets go of it with Escape", async () => {
    const { app } = await show("maren");
    const row = app.thread.view?.items.find((item) => item.item === "message");
    const { draftsOf } = await import("./drafts.svelte");
    draftsOf(app).write(app.thread.id ?? "", "reply", {
      replyTo: row?.item === "message" ? row.row.id : null,
    });
    await inside().findByRole("button", { name: "Do not quote" });
    await userEvent.type(field(), "{Escape}");
    expect(inside().queryByRole("button", { name: "Do not quote" })).toBeNull();
  });
});

describe("without a link to the hub", () => {
  it("queues until the deadline, which it names", async () => {
    const { engine } = await show("maren");
    engine.goOffline();
    const queue = await inside().findByRole("button", { name: "Queue until 17:33" });
    await userEvent.type(field(), "Later");
    await userEvent.click(queue);
    await waitFor(() =>
      expect(chat()?.items.at(-1)).toMatchObject({ item: "queued", state: { state: "waiting" } }),
    );
  });
});

describe("closing and closed", () => {
  it("turns by itself while one types, and takes neither the words nor the focus", async () => {
    // The team's clock stands until the words are there.
    const { engine } = await show("yusuf", "closing=21&rate=0.001");
    expect(state()).toBe("open");
    await userEvent.type(field(), "It is on the rack");
    engine.setRate(10);
    await waitFor(() => expect(state()).toBe("closing"), { timeout: 3000 });
    engine.setRate(0.001);
    expect(inside().getByText(/^Too late to send safely, 0:\d\d left$/)).toBeTruthy();
    expect(field().value).toBe("It is on the rack");
    expect(document.activeElement).toBe(field());
    expect(ways()).toEqual(["template", "phone", "hold"]);
    await userEvent.type(field(), " by the door{Enter}");
    expect(commands).toEqual([]);
    expect(field().value).toBe("It is on the rack by the door");
    expect(inside().queryByRole("button", { name: "Send" })).toBeNull();
  });

  it("says when it closed, keeps the draft readable and offers the three ways", async () => {
    await show("odette");
    expect(state()).toBe("closed");
    expect(inside().getByText("The 24-hour window closed at 14:02.")).toBeTruthy();
    expect(inside().getByText("Last customer message: yesterday 14:02.")).toBeTruthy();
    expect(inside().getByText("Your draft is kept")).toBeTruthy();
    expect(field().value).toMatch(/^Hi Odette, both are on hold/);
    expect(ways()).toEqual(["template", "phone", "hold"]);
    await userEvent.click(inside().getByRole("button", { name: "Copy" }));
    expect(navigator.clipboard.writeText).toHaveBeenCalledWith(field().value);
  });

  it("opens the picker and the hand-off with the draft", async () => {
    const { app } = await show("odette");
    app.commands.run("template");
    expect(app.screen.overlay).toMatchObject({ kind: "template", conversation: app.thread.id });
    app.commands.run("phone");
    expect(app.screen.overlay).toMatchObject({
      kind: "new_conversation",
      request: { conversation: app.thread.id, route: "phone", text: field().value },
    });
  });

  it("holds the draft and offers it when they write, never sending it by itself", async () => {
    const { app, engine } = await show("odette");
    const text = field().value;
    app.commands.run("hold");
    await waitFor(() => expect(commands).toMatchObject([{ do: "hold_text", body: text }]));
    expect(await inside().findByText("Held until Odette writes")).toBeTruthy();
    engine.customerWrites(app.thread.id ?? "", "Is it still there?");
    expect(await inside().findByText("Odette wrote at 14:22, the window is open")).toBeTruthy();
    expect(commands).toHaveLength(1);
    await userEvent.click(inside().getByRole("button", { name: "Send it" }));
    await waitFor(() => expect(commands.at(-1)).toMatchObject({ do: "release" }));
  });

  it("gives a held text back for editing", async () => {
    await show("teodor", "scene=offered");
    expect(inside().queryByRole("textbox")).toBeNull();
    await userEvent.click(inside().getByRole("button", { name: "Edit first" }));
    await waitFor(() => expect(field().value).toMatch(/^Your bike is on the stand/));
    expect(commands).toMatchObject([{ do: "discard" }]);
  });

  it("shows a text that waited for the link until the window closed", async () => {
    await show("odette", "scene=parked");
    expect(inside().getByText("Parked. It was not sent")).toBeTruthy();
    expect(inside().getByText("Your saddle is here until Friday.")).toBeTruthy();
    expect(ways()).toEqual(["template", "phone", "hold"]);
    await userEvent.click(inside().getByRole("button", { name: /Hold until they write/ }));
    await waitFor(() =>
      expect(commands).toMatchObject([
        { do: "hold_text", body: "Your saddle is here until Friday." },
      ]),
    );
    await waitFor(() => expect(chat()?.items.some((item) => item.item === "queued")).toBe(false));
  });

  it("shows a text that waited at the hub until the window closed", async () => {
    await show("odette", "scene=late");
    expect(inside().getByText("The window closed first, at 14:01.")).toBeTruthy();
  });
});

describe("a customer without a phone number", () => {
  it("has no way over the phone, and says why; the template stays", async () => {
    const { app } = await show("odette", "scene=username");
    expect(ways()).toEqual(["template", "hold"]);
    expect(
      inside().getByText(/the code is made of the phone number, and Odette shows WhatsApp only/),
    ).toBeTruthy();
    expect(app.commands.available("phone")).toBe(false);
    app.commands.run("template");
    expect(app.screen.overlay).toMatchObject({ kind: "template" });
  });

  it("is not offered the phone in an open window either", async () => {
    const { app, engine } = await show("odette", "scene=username");
    engine.customerWrites(app.thread.id ?? "", "Hello");
    await waitFor(() => expect(state()).toBe("open"));
    expect(app.commands.available("phone")).toBe(false);
  });
});

describe("the other states that are not open", () => {
  it.each([
    [
      "kofi",
      "never_opened",
      "Nobody has written to you from this number",
      ["template", "phone", "hold"],
    ],
    [
      "dario",
      "started_from_phone",
      "Started on the phone by Sami, 13:58",
      ["phone", "template", "hold"],
    ],
    ["ivo", "closed", "Known only from the phone’s history", ["template", "phone", "hold"]],
    ["wendell", "paused", "You blocked this customer, Tue 16:02", []],
  ])("%s: %s", async (name, expected, words, offered) => {
    await show(name);
    expect(state()).toBe(expected);
    expect(inside().getByText(words)).toBeTruthy();
    expect(ways()).toEqual(offered);
  });

  it("says what WhatsApp answered in a dispute, with its number small, and tries once more", async () => {
    await show("pilar");
    expect(inside().getByText("WhatsApp says this window is closed")).toBeTruthy();
    expect(inside().getByText(/by our books it was open until 16:20/)).toBeTruthy();
    expect(inside().getByText("131047")).toBeTruthy();
    expect(inside().getByText("The parts are in, shall we start?")).toBeTruthy();
    await userEvent.click(inside().getByRole("button", { name: "Try once more" }));
    expect(commands).toMatchObject([{ do: "release" }]);
  });

  it.each([
    ["number_offboarded", /The number is disconnected since/, /connects it again/],
    ["token_invalid", /Ajar’s access to WhatsApp ended/, /enters a new token/],
    ["account_restricted", /Meta restricted the account/, /Meta’s business settings/],
    ["queue_stopped", /Sending was stopped/, /starts it again/],
  ] as const)(
    "paused, %s: what happened and what an administrator does",
    async (why, lead, hint) => {
      const { engine } = await show("maren");
      engine.pauseNumber(why);
      expect(await inside().findByText(lead)).toBeTruthy();
      expect(inside().getByText(hint)).toBeTruthy();
      expect(ways()).toEqual(["phone"]);
    },
  );
});

describe("a note", () => {
  it("turns the whole composer yellow, says who sees it, and adds it with Enter", async () => {
    const { app } = await show("odette");
    app.commands.run("note");
    await waitFor(() => expect(state()).toBe("note"));
    expect(inside().getByText("Only the team sees this")).toBeTruthy();
    await userEvent.type(field(), "On the rack until six{Enter}");
    await waitFor(() =>
      expect(commands).toMatchObject([{ do: "add_note", body: "On the rack until six" }]),
    );
    await userEvent.click(inside().getByRole("radio", { name: "Reply" }));
    expect(field().value).toMatch(/^Hi Odette/);
  });
});
