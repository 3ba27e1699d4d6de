import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { at, SAMI } from "$lib/bridge/fake/cast";
import { previewOf, templates } from "$lib/bridge/fake/templates";
import type { Command } from "$lib/protocol/Command";
import type { Customer } from "$lib/protocol/Customer";
import type { QueuedItem } from "$lib/protocol/QueuedItem";
import type { QueuedState } from "$lib/protocol/QueuedState";
import type { TemplateId } from "$lib/protocol/TemplateId";

import { type Inbox, inbox } from "../../../test/inbox";
import { linesOf } from "./lines";
import QueuedBubble from "./QueuedBubble.svelte";

let open: Inbox | undefined;
afterEach(() => open?.stop());

const customer: Customer = {
  id: "customer-odette",
  name: "Odette Crane",
  named: true,
  number: "15550118830",
  number_shown: "+1 555 011 8830",
  username: null,
  about: "",
  blocked: null,
  no_marketing_since: null,
};

const template: Command = {
  do: "send_template",
  to: { to: "conversation", conversation: "c" },
  template: "tpl-hold",
  values: { "body.name": "Odette", "body.item": "sand Tourer", "body.until": "18:00" },
  typed: {},
  hold: null,
};
const text: Command = {
  do: "send_text",
  conversation: "c",
  body: "Back it comes",
  reply_to: null,
  send_before: 1,
};
const note: Command = { do: "add_note", conversation: "c", body: "Back it comes" };
const refused = (code: "template_refused" | "invalid"): QueuedState => ({
  state: "refused",
  error: { code, message: "x", retry: { retry: "never" } },
});

interface Shown {
  item: QueuedItem;
  actions: Record<
    "edit" | "takeBack" | "templateAgain" | "phone" | "hold" | "template" | "rendered",
    ReturnType<typeof vi.fn>
  >;
}

async function show(
  command: Command,
  state: QueuedState,
  more: { open?: boolean; customer?: Customer } = {},
): Promise<Shown> {
  const item: QueuedItem = {
    client_ref: "ref",
    command,
    at: at(0, 14, 2),
    send_before: null,
    state,
  };
  const [line] = linesOf(
    {
      items: [{ item: "queued", ...item }],
      composer: { state: "never_opened", ways: [] },
      unread_from: null,
    },
    SAMI,
  ).filter((one) => one.kind === "queued");
  const actions: Shown["actions"] = {
    edit: vi.fn(),
    takeBack: vi.fn(),
    templateAgain: vi.fn(),
    phone: vi.fn(),
    hold: vi.fn(),
    template: vi.fn(),
    rendered: vi.fn(async (id: TemplateId, values: Record<string, string>) => {
      const found = templates.find((one) => one.id === id);
      return found ? previewOf(found, values).rendered : null;
    }),
  };
  open = await inbox(QueuedBubble as never, "", {
    line,
    customer,
    open: false,
    offered: false,
    actions,
    ...more,
  });
  return { item, actions };
}

const steps = (): (string | null)[] =>
  screen.queryAllByRole("button").map((button) => button.textContent);

it("draws a template that waits as it will look, asking once", async () => {
  const { actions } = await show(template, { state: "waiting" });
  expect(await screen.findByText(/your sand Tourer is on hold until 18:00/)).toBeTruthy();
  expect(screen.getByText("Keep holding")).toBeTruthy();
  expect(actions.rendered).toHaveBeenCalledOnce();
});

it("says only that it is a template where its words are not known here", async () => {
  const { actions } = await show({ ...template, template: "tpl-gone" }, { state: "waiting" });
  await waitFor(() => expect(actions.rendered).toHaveBeenCalledOnce());
  expect(screen.getByText(/^Template/, { selector: ".words" })).toBeTruthy();
});

it("sends a refused template to the picker, where what is wrong is marked", async () => {
  const { item, actions } = await show(template, refused("template_refused"));
  expect(screen.getByRole("note").textContent).toMatch(/Not sent.*Open it in the picker/s);
  expect(steps()).toEqual(["Open in the picker", "Discard"]);
  await userEvent.click(screen.getByRole("button", { name: "Open in the picker" }));
  expect(actions.templateAgain).toHaveBeenCalledWith(expect.objectContaining(item));
  expect(actions.takeBack).not.toHaveBeenCalled();
});

it("offers a waiting template for a change while the link is away", async () => {
  const { item, actions } = await show(template, { state: "waiting" });
  expect(steps()).toEqual([]);
  open?.engine.goOffline();
  await waitFor(() => expect(steps()).toEqual(["Open in the picker", "Take back"]));
  await userEvent.click(screen.getByRole("button", { name: "Take back" }));
  expect(actions.takeBack).toHaveBeenCalledWith(expect.objectContaining(item));
});

it("gives a waiting text back to the field while the link is away", async () => {
  const { item, actions } = await show(text, { state: "waiting" });
  open?.engine.goOffline();
  await userEvent.click(await screen.findByRole("button", { name: "Take back" }));
  expect(actions.edit).toHaveBeenCalledWith(
    expect.objectContaining({ at: "here", item: expect.objectContaining(item) }),
  );
  expect(actions.takeBack).not.toHaveBeenCalled();
});

it.each([
  ["a parked text", text, { state: "parked" }, ["Template", "Phone", "Hold until they write"]],
  ["a refused text", text, refused("invalid"), ["Template", "Phone", "Hold until they write"]],
  ["a refused note", note, refused("invalid"), []],
] as const)("gives back the words of %s", async (_, command, state, ways) => {
  const { actions } = await show(command, state);
  expect(steps()).toEqual([...ways, "Edit", "Discard"]);
  await userEvent.click(screen.getByRole("button", { name: "Edit" }));
  expect(actions.edit).toHaveBeenCalledWith(expect.objectContaining({ body: "Back it comes" }));
});

it("offers no phone where there is no number", async () => {
  await show(text, { state: "parked" }, { customer: { ...customer, number: null } });
  expect(steps()).toEqual(["Template", "Hold until they write", "Edit", "Discard"]);
});
