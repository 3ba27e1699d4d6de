import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { CallError } from "$lib/bridge";
import type { Command } from "$lib/protocol/Command";

import { commandOf, type Inbox, inbox } from "../../../../test/inbox";
import ThreadPane from "../../thread/ThreadPane.svelte";
import { draftsOf } from "../drafts.svelte";
import { buildsOf } from "./builds.svelte";
import type { BuilderKind } from "./forms";

let open: Inbox;
let commands: Command[];
let refuse = false;
afterEach(() => {
  refuse = false;
  open.stop();
});

async function show(name: string, options = ""): Promise<void> {
  open = await inbox(ThreadPane as never, options);
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    const command = commandOf(what, payload);
    if (command) commands.push(command);
    if (command && refuse) {
      const error = { code: "meta_unavailable", message: "no", retry: { retry: "never" } } as const;
      return Promise.reject(new CallError(error));
    }
    return call(what, payload);
  });
  await waitFor(() => expect(open.app.team.me).not.toBeNull());
  open.app.open([...open.engine.world.chats.keys()].find((one) => one.startsWith(name)) ?? "");
  await screen.findByRole("region", { name: "Composer" });
}

/** As the menu beside the paper clip does. */
async function add(kind: BuilderKind): Promise<HTMLElement> {
  buildsOf(open.app).open(open.app.thread.id ?? "", kind);
  return screen.findByRole("form");
}

const box = (name: string | RegExp): HTMLInputElement => screen.getByRole("textbox", { name });
const sendButton = (): HTMLButtonElement =>
  within(screen.getByRole("form")).getByRole("button", { name: "Send" });
const sent = (): Command[] => commands.filter((one) => one.do === "send_content");

describe("Sami asks Maren which day suits her", () => {
  it("with two buttons, as the answer to her message", async () => {
    await show("maren");
    const asked = open.app.thread.view?.items.find(
      (item) => item.item === "message" && item.row.author.by === "customer",
    );
    const quoted = asked?.item === "message" ? asked.row : null;
    await userEvent.type(box("Reply"), "Later: bring the lock");
    draftsOf(open.app).write("maren-b", "reply", { replyTo: quoted?.id ?? null });
    const form = await add("choose");
    expect(form.getAttribute("aria-label")).toBe("Question with buttons");
    await waitFor(() => expect(document.activeElement).toBe(box("Question")));
    await userEvent.type(box("Question"), "Which day?");
    await userEvent.type(box("Button 1"), "Friday");
    await userEvent.type(box("Button 2"), "Saturday");
    expect(within(form).getByRole("img").textContent).toMatch(/Which day\?.*Friday.*Saturday/s);
    await userEvent.click(sendButton());
    await waitFor(() =>
      expect(sent()).toEqual([
        {
          do: "send_content",
          conversation: "maren-b",
          content: {
            kind: "question",
            question: {
              header: null,
              body: "Which day?",
              footer: null,
              ask: "choose",
              buttons: ["Friday", "Saturday"],
            },
          },
          reply_to: quoted?.id,
          send_before:
            open.app.thread.view?.composer.state === "open"
              ? open.app.thread.view.composer.send_before
              : 0,
        },
      ]),
    );
    // The text that waited is there again, without the quote that the question took along.
    await waitFor(() => expect(screen.queryByRole("form")).toBeNull());
    expect(box("Reply").value).toBe("Later: bring the lock");
    expect(draftsOf(open.app).of("maren-b", "reply").replyTo).toBeNull();
  });

  it("and hears at the field what WhatsApp would not take, before anything goes out", async () => {
    await show("maren");
    await add("choose");
    expect(screen.queryByText("Something is missing here.")).toBeNull();
    await userEvent.click(sendButton());
    await waitFor(() => expect(screen.getAllByText("Something is missing here.")).toHaveLength(2));
    expect(document.activeElement).toBe(box("Question"));
    await userEvent.type(box("Question"), "Which day?");
    await userEvent.type(box("Button 1"), "Saturday at ten in the morning");
    expect(await screen.findByText("10 characters too many; WhatsApp takes 20.")).toBeTruthy();
    expect(box("Button 1").getAttribute("aria-invalid")).toBe("true");
    await userEvent.clear(box("Button 1"));
    await userEvent.type(box("Button 1"), "Saturday");
    await userEvent.type(box("Button 2"), "Saturday");
    expect(await screen.findByText(/The same words stand in another one/)).toBeTruthy();
    await userEvent.click(sendButton());
    await waitFor(() => expect(document.activeElement).toBe(box("Button 2")));
    expect(sent()).toEqual([]);
  });

  it("and finds the question again after a look at another chat", async () => {
    await show("maren");
    await add("pick");
    await userEvent.type(box("Question"), "When?");
    open.app.open("teodor-d");
    await waitFor(() => expect(screen.queryByRole("form")).toBeNull());
    open.app.open("maren-b");
    await screen.findByRole("form", { name: "List" });
    expect(box("Question").value).toBe("When?");
    await userEvent.click(screen.getByRole("button", { name: "Back to the text" }));
    await waitFor(() => expect(document.activeElement).toBe(box("Reply")));
    expect(buildsOf(open.app).begun("maren-b", "pick")).toBe(true);
    expect(buildsOf(open.app).begun("maren-b", "choose")).toBe(false);
  });

  it("and loses nothing when the hub does not take it", async () => {
    await show("maren");
    await add("choose");
    await userEvent.type(box("Question"), "Which day?");
    await userEvent.type(box("Button 1"), "Friday");
    refuse = true;
    await userEvent.click(sendButton());
    await waitFor(() => expect(sent()).toHaveLength(1));
    await screen.findByRole("form", { name: "Question with buttons" });
    expect([box("Question").value, box("Button 1").value]).toEqual(["Which day?", "Friday"]);
    expect(open.app.screen.notices).toHaveLength(1);
  });
});

it("keeps what Ana put together for Yusuf when his window closes, and says why Send is off", async () => {
  await show("yusuf", "closing=40");
  await add("place");
  await userEvent.type(box("Paste a map link"), "41.8781, -87.6298");
  expect(box("Latitude").value).toBe("41.8781");
  expect(sendButton().disabled).toBe(false);
  open.engine.setRate(100);
  await waitFor(() => expect(open.app.thread.view?.composer.state).toBe("closed"));
  await waitFor(() => expect(sendButton().disabled).toBe(true));
  const why = document.getElementById(sendButton().getAttribute("aria-describedby") ?? "");
  expect(why?.textContent).toContain("Nothing was sent; what you put together is kept.");
  expect(screen.getByText(/^The 24-hour window closed at/)).toBeTruthy();
  open.engine.setRate(1);
  open.engine.customerWrites("yusuf-d");
  await waitFor(() => expect(sendButton().disabled).toBe(false));
  await userEvent.click(sendButton());
  await waitFor(() =>
    expect(sent()).toMatchObject([
      { content: { kind: "location", latitude: 41.8781, longitude: -87.6298 } },
    ]),
  );
});

it("fills a card of this number under a colleague's name", async () => {
  await show("maren");
  await add("card");
  await userEvent.click(screen.getByRole("button", { name: "Ana" }));
  expect(box("Name").value).toBe("Ana");
  await userEvent.click(screen.getByRole("button", { name: "Another number" }));
  await userEvent.type(box("Phone number 2"), "12");
  await userEvent.click(sendButton());
  expect(await screen.findByText("This is not a phone number.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Remove: Phone number 2" }));
  await userEvent.click(sendButton());
  await waitFor(() =>
    expect(sent()).toMatchObject([
      {
        content: {
          kind: "contacts",
          cards: [
            {
              name: "Ana",
              organisation: "Quill & Spoke",
              phones: [{ text: "+15550100200" }],
            },
          ],
        },
      },
    ]),
  );
});

describe("the question that keeps Rashid's window open", () => {
  it("is offered in the last hour, goes out with Enter, and keeps its words for the next one", async () => {
    await show("rashid");
    expect(screen.getByText(/^Closes in 4\dm$/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Ask if there is anything else" }));
    await screen.findByRole("form", { name: "Keep the window open" });
    await waitFor(() => expect(document.activeElement).toBe(sendButton()));
    await userEvent.clear(box("Question"));
    await userEvent.type(box("Question"), "Anything else, Rashid?{Enter}");
    await waitFor(() =>
      expect(sent()).toMatchObject([
        {
          content: {
            question: {
              body: "Anything else, Rashid?",
              ask: "choose",
              buttons: ["Yes, please", "No, thanks"],
            },
          },
        },
      ]),
    );
    // Once asked, nobody is urged to ask again.
    await waitFor(() => expect(box("Reply")).toBeTruthy());
    await waitFor(() => expect(screen.queryByText(/^Closes in 4\dm$/)).toBeNull());
    open.app.open("maren-b");
    await waitFor(() => expect(open.app.thread.view?.conversation.id).toBe("maren-b"));
    open.app.commands.run("keep_open");
    await screen.findByRole("form", { name: "Keep the window open" });
    expect(box("Question").value).toBe("Anything else, Rashid?");
  });

  it("is put away for this window, and for no other", async () => {
    await show("rashid");
    await userEvent.click(
      screen.getByRole("button", { name: "Don’t suggest this for this window" }),
    );
    expect(screen.queryByText(/^Closes in/)).toBeNull();
    open.app.open("greta-j");
    expect(await screen.findByText(/^Closes in 4\dm$/)).toBeTruthy();
    open.app.open("rashid-k");
    await waitFor(() => expect(open.app.thread.view?.conversation.id).toBe("rashid-k"));
    await waitFor(() => expect(screen.queryByText(/^Closes in/)).toBeNull());
    // The key still works for whoever wants it.
    expect(open.app.commands.available("keep_open")).toBe(true);
  });

  it("is not there while the window is closed", async () => {
    await show("odette");
    expect(open.app.commands.available("keep_open")).toBe(false);
    expect(screen.queryByRole("button", { name: /^Add a question/ })).toBeNull();
  });
});
