import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { type Inbox, inbox } from "../../../test/inbox";
import HealthCard from "./HealthCard.svelte";

let open: Inbox | undefined;
afterEach(() => open?.stop());

it("asks once when it is opened, and again only when somebody wants to know", async () => {
  open = await inbox(HealthCard as never, "", { onclose: () => {} });
  expect(await screen.findByText("All is well.")).toBeTruthy();
  const asked = vi.spyOn(open.engine, "call");
  await new Promise((done) => setTimeout(done, 50));
  expect(asked).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Look again" }));
  expect(asked).toHaveBeenCalledExactlyOnceWith("health", {});
});

it("keeps the last answer readable when the next one does not come", async () => {
  open = await inbox(HealthCard as never, "", { onclose: () => {} });
  expect(await screen.findByText("All is well.")).toBeTruthy();
  open.engine.goOffline();
  await userEvent.click(screen.getByRole("button", { name: "Look again" }));
  expect((await screen.findByRole("alert")).textContent).toMatch(/The hub does not answer/);
  expect(screen.getByText("All is well.")).toBeTruthy();
});

it("says why, where there never was an answer, and comes back", async () => {
  open = await inbox(HealthCard as never, "scene=health", { onclose: () => {} });
  await screen.findByText("Access token");
  open.stop();
  open = await inbox(HealthCard as never, "agent", { onclose: () => {} });
  await waitFor(() => expect(screen.getByText("For administrators")).toBeTruthy());
});

it("reads again what was kept, and has less of it then", async () => {
  open = await inbox(HealthCard as never, "", { onclose: () => {} });
  expect(await screen.findByText("3 items")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Read again" }));
  expect(await screen.findByText("1 item")).toBeTruthy();
});
