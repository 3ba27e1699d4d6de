import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { INBOX } from "$lib/bridge/fake/cast";
import type { Command } from "$lib/protocol/Command";

import { type Inbox, inbox } from "../../../test/inbox";
import Preferences from "./Preferences.svelte";

let open: Inbox;
afterEach(() => open.stop());

it("says of each choice of blue ticks what it does on the phones, and what nobody knows", async () => {
  open = await inbox(Preferences as never, "", { onclose: () => {} });
  const commands: Command[] = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    if (what === "act") commands.push(payload as Command);
    return call(what, payload);
  });
  const choices = await screen.findByRole("radiogroup", { name: "Blue ticks for customers" });
  expect(choices).toBeTruthy();
  const choice = (name: string): HTMLElement => screen.getByRole("radio", { name });
  const does = (name: string): string =>
    document.getElementById(choice(name).getAttribute("aria-describedby") ?? "")?.textContent ?? "";
  expect(choice("When we answer").getAttribute("aria-checked")).toBe("true");
  expect(does("When we answer")).toMatch(/blue when one of us answers.*stay grey/);
  expect(does("When somebody opens the chat")).toMatch(/blue as soon as one of us has/);
  expect(does("Never")).toMatch(/Ajar tells WhatsApp nothing/);
  expect(screen.getByText(/^Not known: whether the app on your phone/)).toBeTruthy();
  await userEvent.click(choice("Never"));
  await waitFor(() =>
    expect(commands).toMatchObject([
      { do: "set_policy", inbox: INBOX, margin_ms: 20_000, read_receipts: "never" },
    ]),
  );
  await waitFor(() => expect(choice("Never").getAttribute("aria-checked")).toBe("true"));
});
