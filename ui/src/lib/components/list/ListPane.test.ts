import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it } from "vitest";

import { type Inbox, inbox } from "../../../test/inbox";
import ListPane from "./ListPane.svelte";

let open: Inbox | undefined;
afterEach(() => open?.stop());

async function show(options = ""): Promise<Inbox> {
  open = await inbox(ListPane as never, options);
  await waitFor(() => expect(open?.app.list.ready).toBe(true));
  return open;
}

const row = (name: RegExp): HTMLElement => screen.getByRole("option", { name });

it("shows each chat with its name, its words and its clock in words", async () => {
  await show();
  expect(row(/Maren Oduya.*3h 12m.*Queued.*You: Yes, Saturday/s)).toBeTruthy();
  expect(row(/Teodor Quist.*23h.*1 unread message.*Assigned to Ana/s)).toBeTruthy();
  expect(row(/Dario Penn.*no answer yet.*Typed on the phone/s)).toBeTruthy();
  expect(row(/Pilar Westergaard.*disputed.*Not sent. Window disputed/s)).toBeTruthy();
  expect(row(/Kofi Marlowe.*never opened/s)).toBeTruthy();
  expect(row(/Ivo Castellan.*history only/s)).toBeTruthy();
  expect(row(/Noor Aldane.*Draft.*We could lend/s)).toBeTruthy();
});

it("names the chat that closes next while somebody waits", async () => {
  const { app } = await show();
  const strip = screen.getByRole("button", { name: /Yusuf Brandt.*closes in.*8:4\d/s });
  await userEvent.click(strip);
  expect(app.thread.id).toMatch(/^yusuf/);
});

it("renders only what can be seen of ten thousand chats, and says how many there are", async () => {
  await show("extra=10000");
  const options = screen.getAllByRole("option");
  expect(options.length).toBeLessThan(60);
  expect(options[0]?.getAttribute("aria-setsize")).toBe("10020");
});

it("moves the choice with the arrow keys", async () => {
  const { app } = await show();
  const list = screen.getByRole("listbox");
  list.focus();
  await userEvent.keyboard("{ArrowDown}");
  await waitFor(() => expect(app.thread.id).toMatch(/^maren/));
  await userEvent.keyboard("{ArrowDown}");
  await waitFor(() => expect(app.thread.id).toMatch(/^teodor/));
  await waitFor(() =>
    expect(list.getAttribute("aria-activedescendant")).toBe(`row-${app.thread.id}`),
  );
  await userEvent.keyboard("{ArrowUp}");
  await waitFor(() => expect(app.thread.id).toMatch(/^maren/));
});

it("finds people by name and number, and words in messages", async () => {
  const { app } = await show();
  const field = screen.getByRole("searchbox");
  await userEvent.type(field, "saddle");
  const messages = await screen.findByRole("region", { name: "In messages" });
  expect(within(messages).getByText("Greta Moss")).toBeTruthy();
  await userEvent.clear(field);
  await userEvent.type(field, "014 2207");
  await waitFor(() => expect(app.list.rows.map((one) => one.name)).toEqual(["Maren Oduya"]));
  await userEvent.clear(field);
  await userEvent.type(field, "tandm");
  expect(await screen.findByText("No match for “tandm”")).toBeTruthy();
});

it("shows hand-offs that wait, and why one may be late", async () => {
  const { engine } = await show("starts");
  const juno = await screen.findByRole("article", { name: /Juno Hartwell/ });
  expect(within(juno).getByText("Waiting for the phone to send")).toBeTruthy();
  const marek = screen.getByRole("article", { name: /Marek Osei/ });
  expect(within(marek).getByText(/Nothing from the phone in 10 min/)).toBeTruthy();
  expect(within(marek).getByText(/phone is offline/)).toBeTruthy();
  await engine.call("demo", { action: "phone_sends_start", start: "start-juno" });
  await waitFor(() => expect(screen.queryByRole("article", { name: /Juno/ })).toBeNull());
  expect(row(/Juno Hartwell.*no answer yet/s)).toBeTruthy();
});

it("puts chats into lanes, those that wait before those that we answered", async () => {
  const { app } = await show();
  app.commands.run("order");
  await screen.findByRole("heading", { name: /Under 10 minutes/ });
  expect(app.list.rows.slice(0, 5).map((one) => one.name)).toEqual([
    "Yusuf Brandt",
    "Salma Holt",
    "Greta Moss",
    "Bram Okafor",
    "Rashid Tolland",
  ]);
  expect(app.preferences.list_order).toBe("soonest_to_close");
});
