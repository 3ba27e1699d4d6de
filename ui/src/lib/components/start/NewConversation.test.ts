import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { cast, INBOX } from "$lib/bridge/fake/cast";
import type { Command } from "$lib/protocol/Command";

import { type Inbox, inbox } from "../../../test/inbox";
import { draftsOf } from "../composer/drafts.svelte";
import { contacts } from "./contacts";
import NewConversation from "./NewConversation.svelte";
import { codeOf } from "./qr";

let open: Inbox;
let commands: Command[];
const onclose = vi.fn();
beforeEach(() => {
  Object.assign(navigator, { clipboard: { writeText: vi.fn(async () => {}) } });
});
afterEach(() => {
  open?.stop();
  onclose.mockReset();
});

async function show(request: Record<string, unknown> = {}, options = ""): Promise<Inbox> {
  const opened =
    typeof request["conversation"] === "string" ? `&open=${request["conversation"]}` : "";
  open = await inbox(NewConversation as never, `${options}${opened}`, { request, onclose });
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    if (what === "act") commands.push(payload as Command);
    return call(what, payload);
  });
  await waitFor(() => expect(open.app.team.inboxes).toHaveLength(1));
  return open;
}

const number = (): HTMLElement => screen.getByRole("combobox", { name: "Number or contact" });
const words = (): HTMLTextAreaElement => screen.getByLabelText(/^First words/);
const make = (): HTMLButtonElement => screen.getByRole("button", { name: "Make the code" });

it("judges a number in any form and shows it in international form", async () => {
  await show();
  await userEvent.type(number(), "1 (555) 017-3365");
  expect(await screen.findByText("+1 555 017 3365, valid, no chat yet")).toBeTruthy();
  await userEvent.clear(number());
  await userEvent.type(number(), "99999");
  expect(await screen.findByText("Too short for a phone number")).toBeTruthy();
  expect(make().disabled).toBe(true);
});

it("says when there is a chat already, and opens it", async () => {
  const { app } = await show();
  await userEvent.type(number(), "+1 555 014 2207");
  expect(await screen.findByText(/There is a chat with Maren Oduya already/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Open the chat" }));
  expect(onclose).toHaveBeenCalledOnce();
  expect(app.thread.id).toMatch(/^maren/);
});

it("finds people by name, and opens their chat with Enter", async () => {
  const { app } = await show();
  await waitFor(() => expect(app.list.rows.length).toBeGreaterThan(0));
  await userEvent.type(number(), "ode");
  expect(await screen.findByRole("option", { name: /Odette Crane/ })).toBeTruthy();
  await userEvent.keyboard("{Enter}");
  expect(app.thread.id).toMatch(/^odette/);
});

it("shows the code only after the start was stored, with a link to copy", async () => {
  const { app } = await show();
  await userEvent.type(number(), "+1 555 017 3365");
  await userEvent.type(await screen.findByLabelText("Name, if you know it"), "Juno Hartwell");
  await userEvent.type(words(), "Hi Juno & all");
  expect(screen.queryByRole("img", { name: /QR code/ })).toBeNull();
  await userEvent.click(make());
  await waitFor(() =>
    expect(commands).toMatchObject([
      {
        do: "start_on_phone",
        to: { to: "number", inbox: INBOX, number: "15550173365" },
        name: "Juno Hartwell",
        text: "Hi Juno & all",
      },
    ]),
  );
  expect(await screen.findByRole("img", { name: /QR code/ })).toBeTruthy();
  expect(screen.getByText(/card in the list keeps watch until 14:32/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Copy the link" }));
  expect(navigator.clipboard.writeText).toHaveBeenCalledWith(
    "https://wa.me/15550173365?text=Hi%20Juno%20%26%20all",
  );
  expect(app.starts).toHaveLength(1);
});

it("opens the chat when the echo claims the start", async () => {
  const { app, engine } = await show();
  await userEvent.type(number(), "+1 555 017 3365");
  await userEvent.type(words(), "Hi Juno");
  await waitFor(() => expect(make().disabled).toBe(false));
  await userEvent.click(make());
  await screen.findByRole("img", { name: /QR code/ });
  const [start] = app.starts;
  await engine.call("demo", { action: "phone_sends_start", start: start?.id ?? "" });
  await waitFor(() => expect(onclose).toHaveBeenCalledOnce());
  await waitFor(() => expect(app.thread.id).toMatch(/^conversation-/));
  expect(app.screen.notices.at(-1)?.text).toMatch(/^Sent on the phone/);
});

it("takes the draft along from a closed chat, and brings it back when cancelled", async () => {
  const id = cast.find((part) => part.name.startsWith("Odette"))?.id ?? "";
  const { app } = await show({ conversation: id, text: "Come at five", route: "phone" });
  await waitFor(() => expect(app.thread.view?.conversation.id).toBe(id));
  draftsOf(app).write(id, "reply", { body: "Come at five" });
  expect(screen.getByRole("heading", { name: "Continue on the phone" })).toBeTruthy();
  expect(words().value).toBe("Come at five");
  await userEvent.click(make());
  await screen.findByRole("img", { name: /QR code/ });
  expect(draftsOf(app).of(id, "reply").body).toBe("");
  await userEvent.click(screen.getByRole("button", { name: "Cancel the start" }));
  await waitFor(() => expect(onclose).toHaveBeenCalledOnce());
  expect(commands.map((command) => command.do)).toEqual(["start_on_phone", "cancel_phone_start"]);
  expect(draftsOf(app).of(id, "reply").body).toBe("Come at five");
});

it("lets one change the words: the old code stops waiting", async () => {
  await show({ start: "start-juno" }, "starts");
  await userEvent.click(await screen.findByRole("button", { name: "Change the words" }));
  await waitFor(() => expect(commands).toMatchObject([{ do: "cancel_phone_start" }]));
  expect(onclose).not.toHaveBeenCalled();
});

it("says after ten minutes that nothing came, and why that may be", async () => {
  await show({ start: "start-marek" }, "starts");
  expect(await screen.findByText("Nothing from the phone in ten minutes.")).toBeTruthy();
  expect(screen.getByText(/the phone is offline/)).toBeTruthy();
});

it("goes on to the picker for a number with the other route", async () => {
  await show({ number: "+1 555 017 3365" });
  await userEvent.click(screen.getByRole("radio", { name: /With a template/ }));
  const pick = screen.getByRole("button", { name: "Choose a template" });
  await waitFor(() => expect((pick as HTMLButtonElement).disabled).toBe(false));
  await userEvent.click(pick);
  expect(await screen.findByText("Starts a chat with +1 555 017 3365.")).toBeTruthy();
});

it("leads from the picker to where templates are made, and back to the same number", async () => {
  await show({ number: "+1 555 017 3365", route: "template" });
  const pick = screen.getByRole("button", { name: "Choose a template" });
  await waitFor(() => expect((pick as HTMLButtonElement).disabled).toBe(false));
  await userEvent.click(pick);
  await userEvent.click(await screen.findByRole("button", { name: "Manage templates" }));
  expect(await screen.findByRole("dialog", { name: "Manage templates" })).toBeTruthy();
  await userEvent.keyboard("{Escape}");
  expect(await screen.findByText("Starts a chat with +1 555 017 3365.")).toBeTruthy();
  expect(onclose).not.toHaveBeenCalled();
});

it("says why the phone cannot lead to somebody without a number, and offers the template", async () => {
  const id = cast.find((part) => part.name.startsWith("Odette"))?.id ?? "";
  const { app } = await show({ conversation: id, route: "phone" }, "scene=username");
  await waitFor(() => expect(app.thread.view?.conversation.id).toBe(id));
  expect(await screen.findByText(/Odette shows WhatsApp only a user name/)).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Continue with a template" })).toBeTruthy();
  expect(screen.queryByLabelText(/^First words/)).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Choose a template" }));
  expect(app.screen.overlay).toMatchObject({ kind: "template", conversation: id });
});

it("says of somebody it finds that they show no number", async () => {
  const { app } = await show({}, "scene=username");
  await waitFor(() => expect(app.list.rows.length).toBeGreaterThan(0));
  await userEvent.type(number(), "ode");
  expect((await screen.findByRole("option", { name: /Odette Crane/ })).textContent).toMatch(
    /no phone number/,
  );
});

it("draws a code of whole modules", () => {
  const { size, path } = codeOf("https://wa.me/15550173365?text=Hi");
  expect(size).toBe(29);
  // The three corner marks begin with a row of seven dark modules.
  expect(path.startsWith("M0 0h7v1H0z")).toBe(true);
  expect(path).toContain(`M${size - 7} 0h7v1H${size - 7}z`);
});

it("finds contacts by beginnings of words and by parts of numbers", () => {
  const rows = [
    { id: "a", name: "Zoë Álvarez", number_shown: "+1 555 014 2207", named: true },
    { id: "b", name: "+44 20 7946 0018", number_shown: "+44 20 7946 0018", named: false },
  ] as never;
  expect(contacts(rows, "alv").map((one) => one.id)).toEqual(["a"]);
  expect(contacts(rows, "zoe").map((one) => one.id)).toEqual(["a"]);
  expect(contacts(rows, "varez")).toEqual([]);
  expect(contacts(rows, "7946").map((one) => one.id)).toEqual(["b"]);
  expect(contacts(rows, "79")).toEqual([]);
  expect(contacts(rows, " ")).toEqual([]);
});
