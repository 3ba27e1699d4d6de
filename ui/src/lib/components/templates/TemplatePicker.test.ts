import { cleanup, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { INBOX } from "$lib/bridge/fake/cast";
import type { Command } from "$lib/protocol/Command";
import type { Typed } from "$lib/protocol/Typed";

import Harness from "../../../test/Harness.svelte";
import { type Inbox, inbox } from "../../../test/inbox";
import { draftsOf } from "../composer/drafts.svelte";
import TemplatePicker from "./TemplatePicker.svelte";

let open: Inbox;
let commands: Command[];
const onclose = vi.fn();
const onsent = vi.fn();
afterEach(() => {
  open.stop();
  onclose.mockReset();
  onsent.mockReset();
});

async function show(props: Record<string, unknown> = {}): Promise<Inbox> {
  const conversation = "to" in props ? {} : { conversation: await odette() };
  open = await inbox(TemplatePicker as never, "", { onclose, onsent, ...conversation, ...props });
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    if (what === "act") commands.push(payload as Command);
    return call(what, payload);
  });
  await screen.findByRole("option", { name: /hold_reminder/ });
  return open;
}

async function odette(): Promise<string> {
  const { cast } = await import("$lib/bridge/fake/cast");
  return cast.find((part) => part.name.startsWith("Odette"))?.id ?? "";
}

const option = (name: RegExp): HTMLElement => screen.getByRole("option", { name });
const field = (name: RegExp | string): HTMLInputElement => screen.getByLabelText(name);
const send = (): HTMLElement => screen.getByRole("button", { name: /^Send to/ });

it("lists recently used first, and what cannot be sent last with the reason", async () => {
  await show();
  const names = screen.getAllByRole("option").map((one) => one.textContent ?? "");
  expect(names[0]).toContain("hold_reminder");
  expect(names[1]).toContain("ready_to_collect");
  expect(option(/spring_sale/).textContent).toMatch(/Paused by Meta/);
  expect(option(/spring_sale/).getAttribute("aria-disabled")).toBe("true");
  expect(option(/frame_gallery/).textContent).toMatch(/can’t be filled in here yet \(CATALOG\)/);
});

it("searches names, words, category and language", async () => {
  await show();
  await userEvent.type(screen.getByRole("combobox"), "marketing");
  await waitFor(() => expect(screen.queryByRole("option", { name: /hold_reminder/ })).toBeNull());
  expect(option(/winter_checkup/)).toBeTruthy();
  await userEvent.clear(screen.getByRole("combobox"));
  await userEvent.type(screen.getByRole("combobox"), "zzz");
  expect(await screen.findByText("No template has “zzz” in its name or words.")).toBeTruthy();
});

it("prefills from the contact, and says so until it is changed", async () => {
  await show();
  expect(field(/^Name\s*\{/).value).toBe("Odette");
  expect(screen.getByText("From contact")).toBeTruthy();
  await userEvent.type(field(/^Name\s*\{/), " C.");
  expect(screen.queryByText("From contact")).toBeNull();
});

it("marks what Meta would refuse at its field, and sends nothing", async () => {
  await show();
  expect(screen.queryByText(/Fill this in/)).toBeNull();
  await userEvent.type(field(/^Item/), "sand     Tourer");
  expect(await screen.findByText("Not more than four spaces in a row.")).toBeTruthy();
  await userEvent.click(send());
  await waitFor(() => expect(screen.getAllByText(/Fill this in/)).toHaveLength(2));
  expect(field(/^Until/).getAttribute("aria-invalid")).toBe("true");
  expect(commands).toEqual([]);
  await userEvent.type(field(/See the bike/), "a b");
  expect(await screen.findByText("An address has no spaces.")).toBeTruthy();
});

it("shows what the customer will see while one types, and how long it is", async () => {
  await show();
  await userEvent.type(field(/^Item/), "sand Tourer");
  const mark = [...document.querySelectorAll("mark")].map((one) => one.textContent);
  expect(mark).toContain("sand Tourer");
  expect(mark).toContain("{{until}}");
  await waitFor(() => expect(screen.getByText(/of 1,024/).textContent).toMatch(/^\d+ of 1,024$/));
});

describe("an amount or a date", () => {
  const kind = (name: RegExp): HTMLElement =>
    within(screen.getByRole("radiogroup", { name: /Until/ })).getByRole("radio", { name });

  it("leaves nothing of the words behind when it is emptied, and is missing then", async () => {
    await show();
    await userEvent.click(kind(/Amount/));
    const amount = field(/Until.*amount|amount.*Until/i);
    await userEvent.type(amount, "12.5");
    expect(field(/^Until/).value).toContain("12.50");
    await userEvent.clear(amount);
    expect(field(/^Until/).value).toBe("");
    await userEvent.click(send());
    await waitFor(() => expect(field(/^Until/).getAttribute("aria-invalid")).toBe("true"));
    expect(commands).toEqual([]);
  });

  it("does not take the words of another kind for its own", async () => {
    await show();
    await userEvent.type(field(/^Until/), "this evening");
    await userEvent.click(kind(/Amount/));
    expect(field(/^Until/).value).toBe("");
    await userEvent.type(field(/Until.*amount|amount.*Until/i), "12.5");
    await userEvent.click(kind(/Date/));
    expect(field(/^Until/).value).toBe("");
    await userEvent.click(kind(/Text/));
    await userEvent.type(field(/^Until/), "this evening");
    expect(field(/^Until/).value).toBe("this evening");
  });
});

it("says category and cost in words, without an amount", async () => {
  await show();
  expect(screen.getByText("Utility, billed.")).toBeTruthy();
  expect(screen.getByText(/The window stays closed until Odette answers/)).toBeTruthy();
  await userEvent.click(option(/winter_checkup/));
  expect(screen.getByText("Marketing, always billed.")).toBeTruthy();
  expect(screen.getByRole("dialog").textContent).not.toMatch(/[$€£]\s?\d/);
});

it("sends with Ctrl and Enter, and holds the draft for the answer", async () => {
  const { app } = await show();
  await waitFor(() => expect(app.thread.view).not.toBeNull());
  const conversation = app.thread.id ?? "";
  draftsOf(app).write(conversation, "reply", { body: "For later" });
  expect(await screen.findByLabelText("Hold my draft for the answer")).toBeTruthy();
  await userEvent.type(field(/^Item/), "sand Tourer");
  await userEvent.type(field(/^Until/), "18:00");
  await userEvent.type(field(/See the bike/), "sand-56");
  await waitFor(() => expect(document.querySelector('[aria-invalid="true"]')).toBeNull());
  await vi.waitFor(async () => {
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(commands).toHaveLength(1);
  });
  expect(commands[0]).toMatchObject({
    do: "send_template",
    to: { to: "conversation", conversation },
    template: "tpl-hold",
    values: { "body.name": "Odette", "body.item": "sand Tourer", "button.1": "sand-56" },
    hold: "For later",
  });
  await waitFor(() => expect(onclose).toHaveBeenCalledOnce());
  expect(draftsOf(app).of(conversation, "reply").body).toBe("");
});

it("leaves the draft alone where the switch is off", async () => {
  const { app } = await show();
  await waitFor(() => expect(app.thread.view).not.toBeNull());
  const conversation = app.thread.id ?? "";
  draftsOf(app).write(conversation, "reply", { body: "For later" });
  await userEvent.click(await screen.findByLabelText("Hold my draft for the answer"));
  await userEvent.click(option(/hello_again/));
  await userEvent.click(send());
  await vi.waitFor(() => expect(onclose).toHaveBeenCalledOnce());
  expect(commands).toHaveLength(1);
  expect(commands[0]).toMatchObject({ hold: null });
  expect(draftsOf(app).of(conversation, "reply").body).toBe("For later");
});

it("shows what the hub refused at the fields, and stays", async () => {
  await show();
  await userEvent.click(option(/hello_again/));
  const { CallError } = await import("$lib/bridge");
  const call = vi.mocked(open.engine.call).getMockImplementation();
  vi.mocked(open.engine.call).mockImplementation((what, payload) => {
    if (what === "act") {
      throw new CallError({
        code: "template_refused",
        message: "x",
        retry: { retry: "never" },
        fields: [{ problem: "too_long", key: "body.name", max: 10 }],
      });
    }
    return call?.(what, payload) as never;
  });
  await userEvent.click(send());
  expect(await screen.findByText("Too long: at most 10 characters.")).toBeTruthy();
  expect(onclose).not.toHaveBeenCalled();
});

it("walks the list with the arrow keys and goes on to the first empty field", async () => {
  await show();
  const search = screen.getByRole("combobox");
  search.focus();
  await userEvent.keyboard("{ArrowDown}");
  expect(option(/ready_to_collect.*EN/s).getAttribute("aria-selected")).toBe("true");
  await userEvent.keyboard("{Enter}");
  expect(document.activeElement).toBe(field(/^Value 2/));
});

it("works for a number that nobody knows yet", async () => {
  await show({
    to: { inbox: INBOX, number: "15550173365", shown: "+1 555 017 3365", name: null },
  });
  expect(screen.getByText("Starts a chat with +1 555 017 3365.")).toBeTruthy();
  await userEvent.click(option(/hello_again/));
  await userEvent.type(field(/^Name\s*\{/), "Juno");
  await vi.waitFor(async () => {
    await userEvent.click(send());
    expect(commands).toHaveLength(1);
  });
  expect(commands[0]).toMatchObject({
    to: { to: "number", inbox: INBOX, number: "15550173365" },
    hold: null,
  });
  await waitFor(() => expect(onsent.mock.calls[0]?.[0]?.conversation).toBeTruthy());
});

it("offers the same template in its other languages", async () => {
  await show();
  await userEvent.click(option(/ready_to_collect.*EN/s));
  await userEvent.click(screen.getByRole("button", { name: "English" }));
  await userEvent.click(await screen.findByText("German"));
  expect(option(/ready_to_collect.*DE/s).getAttribute("aria-selected")).toBe("true");
  expect(within(screen.getByRole("dialog")).getAllByText(/Hallo/).length).toBeGreaterThan(0);
});

describe("what was filled in and not sent", () => {
  /** The picker closes, and another one opens over the same app. */
  async function reopen(props: Record<string, unknown> = {}): Promise<void> {
    const { app } = open;
    cleanup();
    const conversation = "to" in props ? {} : { conversation: await odette() };
    render(Harness, {
      props: {
        app,
        part: TemplatePicker as never,
        props: { onclose, onsent, ...conversation, ...props },
      },
    });
    await screen.findByRole("option", { name: /hold_reminder/ });
  }

  it("is there again after a look at where templates are made, and after closing", async () => {
    const { app } = await show();
    await userEvent.click(option(/ready_to_collect.*EN/s));
    await userEvent.type(field(/^Value 2/), "sand Tourer");
    await userEvent.click(screen.getByRole("button", { name: "Manage templates" }));
    expect(app.screen.overlay).toMatchObject({ kind: "templates", inbox: INBOX });
    await reopen();
    expect(option(/ready_to_collect.*EN/s).getAttribute("aria-selected")).toBe("true");
    expect(field(/^Value 2/).value).toBe("sand Tourer");
    await reopen();
    expect(field(/^Value 2/).value).toBe("sand Tourer");
  });

  it("has its files too, and lets go of what had not arrived", async () => {
    await show();
    await userEvent.click(option(/visit_confirmation/));
    const png = new File(["PNG"], "wheel.png", { type: "image/png" });
    const gif = new File(["GIF"], "wheel.gif", { type: "image/gif" });
    const places = (): HTMLInputElement[] =>
      screen.getAllByLabelText<HTMLInputElement>(/^Picture/, { selector: "input" });
    await userEvent.upload(places()[0] as HTMLInputElement, png);
    await screen.findByRole("button", { name: "Remove wheel.png" });
    await userEvent.click(option(/new_frames/));
    const anyKind = userEvent.setup({ applyAccept: false });
    await anyKind.upload(places()[0] as HTMLInputElement, gif);
    await screen.findByText(/WhatsApp takes JPEG and PNG here/);
    await reopen();
    await userEvent.click(option(/visit_confirmation/));
    expect(screen.getByText("wheel.png")).toBeTruthy();
    await userEvent.click(option(/new_frames/));
    expect(screen.queryByText("wheel.gif")).toBeNull();
  });

  it("belongs to its chat, and is no more once it was sent", async () => {
    await show();
    await userEvent.click(option(/hello_again/));
    await userEvent.type(field(/^Name\s*\{/), " C.");
    const to = { inbox: INBOX, number: "15550173365", shown: "+1 555 017 3365", name: null };
    await reopen({ to });
    await userEvent.click(option(/hello_again/));
    expect(field(/^Name\s*\{/).value).toBe("");
    await reopen();
    expect(field(/^Name\s*\{/).value).toBe("Odette C.");
    await userEvent.click(send());
    await vi.waitFor(() => expect(onclose).toHaveBeenCalledOnce());
    await reopen();
    await userEvent.click(option(/hello_again/));
    expect(field(/^Name\s*\{/).value).toBe("Odette");
  });

  it("does not take the place of a failed one’s own values", async () => {
    await show();
    await userEvent.type(field(/^Item/), "blue Tourer");
    const again = { template: "tpl-hold", values: { "body.item": "sand Tourer" } };
    await reopen({ again: { ...again, typed: {}, hold: null, replaces: null } });
    expect(field(/^Item/).value).toBe("sand Tourer");
    await reopen();
    expect(field(/^Item/).value).toBe("blue Tourer");
  });
});

it("leads administrators to where templates are made, also from a new number", async () => {
  const onmanage = vi.fn();
  await show({
    to: { inbox: INBOX, number: "15550173365", shown: "+1 555 017 3365", name: null },
    onmanage,
  });
  await userEvent.click(screen.getByRole("button", { name: "Manage templates" }));
  expect(onmanage).toHaveBeenCalledOnce();
});

describe("refreshing", () => {
  it("asks Meta, says that it does and when it did, and keeps the list", async () => {
    const { app } = await show();
    const call = vi.mocked(open.engine.call).getMockImplementation();
    let release = (): void => {};
    const gate = new Promise<void>((done) => (release = done));
    vi.mocked(open.engine.call).mockImplementation(async (what, payload) => {
      const answer = await call?.(what, payload);
      if (what === "act") await gate;
      return answer as never;
    });
    const version = app.templatesVersion;
    await userEvent.click(screen.getByRole("button", { name: "Refresh templates" }));
    expect(await screen.findByText("Asking Meta…")).toBeTruthy();
    // A second press asks nothing more.
    await userEvent.click(screen.getByRole("button", { name: "Refresh templates" }));
    release();
    expect(await screen.findByText("Listed 14:22")).toBeTruthy();
    expect(commands).toEqual([{ do: "refresh_templates", inbox: INBOX }]);
    expect(app.templatesVersion).toBeGreaterThan(version);
    expect(option(/hold_reminder/)).toBeTruthy();
  });

  it("says in words that it was refused, and can be tried again", async () => {
    await show();
    const { CallError } = await import("$lib/bridge");
    const call = vi.mocked(open.engine.call).getMockImplementation();
    vi.mocked(open.engine.call).mockImplementation(async (what, payload) => {
      if (what !== "act") return call?.(what, payload) as never;
      throw new CallError({
        code: "meta_unavailable",
        message: "x",
        retry: { retry: "later", after_ms: 60_000 },
      });
    });
    await userEvent.click(screen.getByRole("button", { name: "Refresh templates" }));
    expect(
      await screen.findByText("WhatsApp could not be asked. Try again in a moment."),
    ).toBeTruthy();
    vi.mocked(open.engine.call).mockImplementation(
      (what, payload) => call?.(what, payload) as never,
    );
    await userEvent.click(screen.getByRole("button", { name: "Refresh templates" }));
    expect(await screen.findByText("Listed 14:22")).toBeTruthy();
  });
});

describe("a template that waits in the outbox", () => {
  const again = {
    template: "tpl-hold",
    values: {
      "body.name": "Odette",
      "body.item": "sand Tourer",
      "body.until": "18:00",
      "button.1": "sand 56",
    },
    typed: {},
    hold: "Until later then!",
    replaces: "ref-refused",
  };

  it("comes with the values it had and what is wrong with them", async () => {
    await show({ again });
    expect(field(/^Item/).value).toBe("sand Tourer");
    expect(screen.getByText(/These are the values it had/)).toBeTruthy();
    expect(await screen.findByText("An address has no spaces.")).toBeTruthy();
    expect(screen.getByText("Until later then!")).toBeTruthy();
  });

  it("leaves the outbox only when another one goes in its place", async () => {
    const { app, engine } = await show({ again });
    await waitFor(() => expect(app.thread.view).not.toBeNull());
    await userEvent.clear(field(/See the bike/));
    await userEvent.type(field(/See the bike/), "sand-56");
    await waitFor(() => expect(document.querySelector('[aria-invalid="true"]')).toBeNull());
    await userEvent.click(send());
    await vi.waitFor(() => expect(onclose).toHaveBeenCalledOnce());
    expect(vi.mocked(engine.call).mock.calls).toContainEqual([
      "take_back",
      { client_ref: "ref-refused" },
    ]);
    expect(commands).toMatchObject([
      { values: { "button.1": "sand-56" }, hold: "Until later then!" },
    ]);
    expect(draftsOf(app).of(app.thread.id ?? "", "reply").body).toBe("");
  });

  it("keeps what its values are besides their text", async () => {
    const typed: Record<string, Typed> = {
      "body.item": { is: "amount", currency: "EUR", amount_1000: 12_500 },
      "body.until": { is: "date" },
    };
    const values = {
      ...again.values,
      "body.item": "€12.50",
      "body.until": "24 November 2026",
      "button.1": "sand-56",
    };
    await show({ again: { ...again, values, typed } });
    expect(field(/^Item$|Item.*amount|amount.*Item/i).value).toBe("12.5");
    expect(field(/^Until\s*\{/).value).toBe("24 November 2026");
    await userEvent.click(send());
    await vi.waitFor(() => expect(onclose).toHaveBeenCalledOnce());
    expect(commands).toMatchObject([{ values, typed }]);
  });

  it("is not sent twice: where the hub may have it, nothing goes out", async () => {
    await show({ again: { ...again, values: { ...again.values, "button.1": "sand-56" } } });
    const { CallError } = await import("$lib/bridge");
    const call = vi.mocked(open.engine.call).getMockImplementation();
    vi.mocked(open.engine.call).mockImplementation(async (what, payload) => {
      if (what !== "take_back") return call?.(what, payload) as never;
      throw new CallError({ code: "conflict", message: "x", retry: { retry: "never" } });
    });
    await userEvent.click(send());
    await waitFor(() => expect(open.app.screen.notices).toHaveLength(1));
    expect(commands).toEqual([]);
    expect(onclose).not.toHaveBeenCalled();
  });
});
