import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import type { Command } from "$lib/protocol/Command";

import { type Inbox, inbox } from "../../../test/inbox";
import ThreadPane from "./ThreadPane.svelte";

let open: Inbox;
afterEach(() => open.stop());

async function show(id: string): Promise<Command[]> {
  open = await inbox(ThreadPane as never, "");
  const commands: Command[] = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    if (what === "act") commands.push(payload as Command);
    return call(what, payload);
  });
  await waitFor(() => expect(open.app.team.me).not.toBeNull());
  open.app.open(id);
  await screen.findByRole("region", { name: "Composer" });
  open.app.commands.run("snooze");
  await screen.findByRole("menu");
  return commands;
}

it("warns in words of the choices behind the closing, and offers the last safe moment", async () => {
  const commands = await show("maren-b");
  const late = screen.getByRole("group", { name: /^After the window closes \(today 17:34\)/ });
  expect(
    within(late)
      .getAllByRole("menuitem")
      .map((item) => item.textContent?.trim()),
  ).toEqual([expect.stringContaining("Tomorrow morning"), expect.stringContaining("Next Monday")]);
  const safe = screen.getByRole("menuitem", { name: /Last safe moment to answer/ });
  expect(late.contains(safe)).toBe(false);
  expect(safe.textContent).toContain("today 17:23");
  await userEvent.click(safe);
  const closes = open.app.thread.view?.composer;
  await waitFor(() =>
    expect(commands).toContainEqual({
      do: "snooze",
      conversation: "maren-b",
      until: closes?.state === "open" ? closes.send_before - 600_000 : 0,
    }),
  );
});

it("warns of nothing where no window is open", async () => {
  await show("odette-b");
  expect(screen.getAllByRole("menuitem")).toHaveLength(4);
  expect(screen.queryByText(/After the window closes/)).toBeNull();
});
