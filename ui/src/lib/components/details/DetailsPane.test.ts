import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { at, JONAH, SAMI } from "$lib/bridge/fake/cast";
import { message } from "$lib/bridge/fake/threads";
import type { Command } from "$lib/protocol/Command";

import { type Inbox, inbox } from "../../../test/inbox";
import { lastAnswer } from "./answers";
import DetailsPane from "./DetailsPane.svelte";

let open: Inbox;
let commands: Command[];
afterEach(() => open?.stop());

async function show(name: string): Promise<Inbox> {
  open = await inbox(DetailsPane as never);
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    if (what === "act") commands.push(payload as Command);
    return call(what, payload);
  });
  await waitFor(() => expect(open.app.team.me).not.toBeNull());
  open.app.open([...open.engine.world.chats.keys()].find((id) => id.startsWith(name)) ?? "");
  await screen.findByRole("heading", { level: 4, name: "Window" });
  return open;
}

it("says who it is, who has it, and what the window's past was", async () => {
  await show("maren");
  expect(screen.getByRole("heading", { name: "Maren Oduya" })).toBeTruthy();
  expect(screen.getByText("Opened Wed 17:34")).toBeTruthy();
  expect(screen.getByText("Closes 17:34")).toBeTruthy();
  expect(screen.getByText("3h 12m left. You answered 14:22.")).toBeTruthy();
  expect(screen.getByText("22h 5m")).toBeTruthy();
  expect(screen.getByText("unanswered")).toBeTruthy();
  expect(screen.getByText("3 March 2025")).toBeTruthy();
});

it("says of a closed window when it closed and that nobody answered", async () => {
  await show("odette");
  expect(screen.getByText("Closed 14:02")).toBeTruthy();
  expect(screen.getByText("The last message was not answered.")).toBeTruthy();
});

it("changes labels by typing, and takes one away", async () => {
  await show("maren");
  await userEvent.click(screen.getByRole("button", { name: "Edit the labels" }));
  await userEvent.type(screen.getByRole("textbox", { name: "Add" }), "Tourer{Enter}");
  await waitFor(() =>
    expect(commands).toMatchObject([
      { do: "set_labels", labels: ["Estimate", "Wheels", "Tourer"] },
    ]),
  );
  await userEvent.click(await screen.findByRole("button", { name: "Remove Wheels" }));
  await waitFor(() => expect(commands.at(-1)).toMatchObject({ labels: ["Estimate", "Tourer"] }));
  await userEvent.type(screen.getByRole("textbox", { name: "Add" }), "estimate{Enter}");
  expect(commands).toHaveLength(2);
});

it("edits the team's notes, and Escape leaves them as they were", async () => {
  await show("maren");
  await userEvent.click(screen.getByRole("button", { name: "Edit the team notes" }));
  const field = screen.getByRole("textbox", { name: "Team notes" });
  await userEvent.type(field, " Likes tea.");
  await userEvent.keyboard("{Escape}");
  expect(commands).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Edit the team notes" }));
  await userEvent.type(screen.getByRole("textbox", { name: "Team notes" }), " Likes tea.");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/calls before nine are fine\. Likes tea\.$/)).toBeTruthy();
  expect(commands).toMatchObject([{ do: "set_about" }]);
});

it("knows the answer in the present window, and what is none", () => {
  const opened = at(0, 9, 0);
  const theirs = message("c", "customer", opened, "Hi");
  const ours = message("c", { agent: JONAH }, at(0, 9, 5), "Hello");
  const parked = message("c", { agent: SAMI }, at(0, 9, 6), "Held", {
    delivery: { state: "parked", since: at(0, 9, 6), why: { why: "held" } },
  });
  expect(lastAnswer([theirs], opened)).toBeNull();
  expect(lastAnswer([theirs, ours, parked], opened)?.at).toBe(at(0, 9, 5));
  expect(lastAnswer([theirs, parked], opened)).toBeNull();
  expect(
    lastAnswer([theirs, ours, message("c", "customer", at(0, 9, 9), "And?")], opened),
  ).toBeNull();
  expect(lastAnswer([ours], at(0, 10, 0))).toBeNull();
});
