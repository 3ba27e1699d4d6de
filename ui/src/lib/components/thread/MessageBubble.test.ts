import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { ANA, at, JONAH, SAMI, STORY_NOW } from "$lib/bridge/fake/cast";
import { message } from "$lib/bridge/fake/threads";
import type { Content } from "$lib/protocol/Content";
import type { Customer } from "$lib/protocol/Customer";
import type { Delivery } from "$lib/protocol/Delivery";
import type { FailureCode } from "$lib/protocol/FailureCode";
import type { ThreadItem } from "$lib/protocol/ThreadItem";

import { type Inbox, inbox } from "../../../test/inbox";
import type { LineActions } from "./actions";
import { linesOf } from "./lines";
import MessageBubble from "./MessageBubble.svelte";

let open: Inbox | undefined;
afterEach(() => open?.stop());

const customer: Customer = {
  id: "customer-maren",
  name: "Maren Oduya",
  named: true,
  number: "15550142207",
  number_shown: "+1 555 014 2207",
  username: null,
  about: "",
  blocked: null,
  no_marketing_since: null,
};

async function show(
  item: ThreadItem,
  more: { open?: boolean; offered?: boolean; active?: boolean; customer?: Customer } = {},
): Promise<{ [Name in keyof LineActions]: ReturnType<typeof vi.fn> }> {
  const names = [
    "openLink",
    "picture",
    "sound",
    "thumbnail",
    "view",
    "jump",
    "reply",
    "copy",
    "react",
    "claim",
    "again",
    "discard",
    "edit",
    "template",
    "phone",
    "hold",
    "takeBack",
    "templateAgain",
    "rendered",
  ] as const;
  const actions = Object.fromEntries(names.map((name) => [name, vi.fn()])) as {
    [Name in keyof LineActions]: ReturnType<typeof vi.fn>;
  };
  actions.picture.mockResolvedValue("blob:picture");
  actions.sound.mockResolvedValue({ address: "blob:sound", blob: new Blob(["x"]) });
  actions.thumbnail.mockResolvedValue("blob:small");
  const lines = linesOf(
    {
      items: [item],
      composer: { state: "never_opened", ways: [] },
      unread_from: null,
    },
    SAMI,
  );
  const line = lines.find((one) => one.kind === "message");
  open = await inbox(MessageBubble as never, "", {
    line,
    customer,
    open: true,
    offered: false,
    lit: false,
    active: false,
    actions,
    ...more,
  });
  await waitFor(() => expect(open?.app.team.agents.length).toBeGreaterThan(0));
  return actions;
}

const ours = (delivery: Delivery | Delivery["state"]): ThreadItem =>
  message("c", { agent: SAMI }, at(0, 14, 2), "Hello", { delivery });
const theirs = (content: Content): ThreadItem => message("c", "customer", at(0, 14, 2), content);

describe("the tick says how far it got", () => {
  it.each([
    ["queued", "Queued"],
    ["accepted", "Accepted by WhatsApp"],
    ["sent", "Accepted by WhatsApp"],
    ["delivered", "Delivered"],
    ["read", "Read"],
  ] as const)("%s: %s", async (state, words) => {
    await show(ours(state));
    expect(screen.getByRole("img", { name: words })).toBeTruthy();
    expect(screen.queryByRole("note")).toBeNull();
  });

  it("has none for theirs and for what was typed on the phone", async () => {
    await show(message("c", { phone: ANA }, at(0, 14, 2), "Typed", { delivery: "elsewhere" }));
    expect(screen.queryByRole("img")).toBeNull();
    expect(await screen.findByText("Typed on the phone, Ana")).toBeTruthy();
  });
});

describe("what did not simply go out says what happened, whether it went out, and what to do", () => {
  const codes: FailureCode[] = [
    "window_closed",
    "undeliverable",
    "opted_out",
    "withheld_by_meta",
    "blocked",
    "restricted",
    "payment",
    "rate_limited",
    "media_unusable",
    "template_unusable",
    "unauthorised",
    "number_not_connected",
    "bad_request",
    "meta_fault",
    "network",
    "unknown",
  ];
  it.each(codes)("failed: %s", async (code) => {
    await show(
      ours({
        state: "failed",
        at: at(0, 14, 3),
        failure: { code, meta_code: 131000, detail: null },
      }),
    );
    const note = screen.getByRole("note");
    expect(note.textContent).toMatch(/Not (sent|delivered)\./);
    expect(note.textContent).toContain("131000");
    expect(note.textContent?.length).toBeGreaterThan(50);
    expect(note.querySelectorAll("button").length).toBeGreaterThan(0);
  });

  it("sends again or throws away on a press", async () => {
    const actions = await show(
      ours({
        state: "failed",
        at: at(0, 14, 3),
        failure: { code: "rate_limited", meta_code: 130429, detail: null },
      }),
    );
    await userEvent.click(screen.getByRole("button", { name: "Send again" }));
    expect(actions.again).toHaveBeenCalledOnce();
    await userEvent.click(screen.getByRole("button", { name: "Discard" }));
    expect(actions.discard).toHaveBeenCalledOnce();
  });

  const steps = (): (string | null)[] =>
    screen.queryAllByRole("button").map((button) => button.textContent);
  const hidden = { ...customer, number: null, number_shown: null };

  it.each(codes)("gives the words back after %s", async (code) => {
    const actions = await show(
      ours({ state: "failed", at: at(0, 14, 3), failure: { code, meta_code: 1, detail: null } }),
    );
    await userEvent.click(screen.getByRole("button", { name: "Edit" }));
    expect(actions.edit).toHaveBeenCalledWith(expect.objectContaining({ body: "Hello" }));
  });

  it("does not contradict itself where it does not know the reason", async () => {
    await show(
      ours({
        state: "failed",
        at: at(0, 14, 3),
        failure: { code: "unknown", meta_code: 131999, detail: null },
      }),
    );
    const words = screen.getByRole("note").textContent;
    expect(words).toMatch(/Not sent\.\s+WhatsApp did not accept it.*Nothing reached Maren/s);
    expect(words).not.toMatch(/Look at the phone/);
  });

  it("offers no phone to whom no code can lead", async () => {
    await show(
      ours({
        state: "failed",
        at: at(0, 14, 3),
        failure: { code: "window_closed", meta_code: 131047, detail: null },
      }),
      { customer: hidden },
    );
    expect(steps()).toEqual(["Template", "Edit", "Discard"]);
  });

  it("uncertain: awaits WhatsApp’s word for a minute, with the time", async () => {
    await show(ours({ state: "uncertain", since: STORY_NOW - 30_000 }));
    const words = screen.getByRole("note").textContent;
    expect(words).toMatch(/Waiting for WhatsApp’s word\./);
    expect(words).toContain("14:22:36");
    expect(steps()).toEqual([]);
  });

  it("uncertain: turns into a decision when the minute is over", async () => {
    const { engine } = await (async () => {
      await show(ours({ state: "uncertain", since: STORY_NOW - 58_000 }));
      return open as Inbox;
    })();
    expect(steps()).toEqual([]);
    engine.setRate(50);
    await waitFor(() => expect(steps()).toEqual(["Send again", "Edit", "Discard"]));
  });

  it("uncertain: then says the risk of each way in words", async () => {
    const actions = await show(ours({ state: "uncertain", since: at(0, 14, 3) }));
    expect(screen.getByRole("note").textContent).toMatch(
      /may have gone out.*lost \(14:03\).*Look at the phone.*may get it twice.*may have it all the same/s,
    );
    await userEvent.click(screen.getByRole("button", { name: "Edit" }));
    expect(actions.edit).toHaveBeenCalledOnce();
  });

  it("a later failure keeps the doubt about an earlier try in sight", async () => {
    const delivery: Delivery = {
      state: "failed",
      at: at(0, 14, 5),
      failure: { code: "meta_fault", meta_code: 131000, detail: null },
    };
    const doubt = at(0, 14, 3);
    await show(message("c", { agent: SAMI }, at(0, 14, 2), "Hello", { delivery, doubt }));
    expect(screen.getByRole("note").textContent).toMatch(
      /Nothing reached Maren.*about the last try.*earlier one was lost \(14:03\).*Look at the phone/s,
    );
  });

  const parked: Delivery = {
    state: "parked",
    since: at(0, 14, 3),
    why: { why: "deadline_passed", deadline: at(0, 14, 1) },
  };
  it("parked in a closed chat: the three ways", async () => {
    const actions = await show(ours(parked), { open: false });
    expect(screen.getByRole("note").textContent).toMatch(
      /Not sent\. The window closed first, at 14:01/,
    );
    await userEvent.click(screen.getByRole("button", { name: "Phone" }));
    expect(actions.phone).toHaveBeenCalledWith(expect.objectContaining({ body: "Hello" }), "Hello");
    await userEvent.click(screen.getByRole("button", { name: "Hold until they write" }));
    expect(actions.hold).toHaveBeenCalledOnce();
    expect(screen.getByRole("button", { name: "Template" })).toBeTruthy();
  });

  it("parked in an open chat: send it now, or edit it first", async () => {
    await show(ours(parked), { open: true });
    const names = screen.getAllByRole("button").map((button) => button.textContent);
    expect(names).toEqual(["Send now", "Edit", "Discard"]);
  });

  it("leaves the ways to the composer where that offers this very text", async () => {
    await show(ours(parked), { open: false, offered: true });
    expect(screen.getByRole("note")).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });
});

describe("what a message says", () => {
  it("opens links only by the engine's call", async () => {
    const actions = await show(theirs({ kind: "text", body: "see https://a.example/x" }));
    await userEvent.click(screen.getByRole("link", { name: "https://a.example/x" }));
    expect(actions.openLink).toHaveBeenCalledWith("https://a.example/x");
  });

  it("never reads what a customer wrote as markup", async () => {
    await show(theirs({ kind: "text", body: "<img src=x onerror=alert(1)> <b>no</b>" }));
    expect(screen.getByText(/<img src=x onerror=alert\(1\)> <b>no<\/b>/)).toBeTruthy();
    expect(document.querySelector(".words img")).toBeNull();
  });

  const media = {
    id: "m",
    mime_type: "image/jpeg",
    width: 100,
    height: 100,
    size_bytes: 1,
    filename: null,
  };
  it("shows a picture and opens it large", async () => {
    const actions = await show(
      theirs({ kind: "image", caption: "The rim", media: { ...media, state: "stored" } }),
    );
    await userEvent.click(screen.getByRole("button", { name: "Photo: The rim. Open large" }));
    expect(actions.view).toHaveBeenCalledOnce();
    const picture = await screen.findByRole("img", { name: "Photo: The rim" });
    // The thread makes do with a small one; the viewer fetches the whole.
    expect(picture.getAttribute("src")).toBe("blob:small");
    expect(actions.picture).not.toHaveBeenCalled();
  });

  it.each([
    ["pending", "Photo, on its way from WhatsApp"],
    ["gone", "Photo, no longer at WhatsApp. It is still on the phone."],
  ] as const)("says that a picture is %s", async (state, words) => {
    await show(theirs({ kind: "image", caption: null, media: { ...media, state } }));
    expect(screen.getByText(words)).toBeTruthy();
  });

  const file = { ...media, state: "stored", width: null, height: null } as const;

  it("saves a document under a name that leads nowhere else", async () => {
    const named = { ...file, filename: "../../etc/\u202efdp.exe", size_bytes: 1_400_000 };
    const actions = await show(theirs({ kind: "document", caption: "As asked", media: named }));
    expect(screen.getByText("As asked")).toBeTruthy();
    expect(screen.getByText("1.4 MB")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Save fdp.exe" }));
    expect(actions.picture).toHaveBeenCalledOnce();
  });

  it("offers a picture that is none to be saved, and draws nothing of it", async () => {
    const none = { ...media, mime_type: "application/octet-stream", state: "stored" } as const;
    const actions = await show(theirs({ kind: "image", caption: null, media: none }));
    expect(actions.picture).not.toHaveBeenCalled();
    expect(actions.thumbnail).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Save file.bin" }));
    expect(actions.picture).toHaveBeenCalledOnce();
    expect(document.querySelector(".words img")).toBeNull();
  });

  it("fetches a long voice note only when it is to be played, and plays at three speeds", async () => {
    const actions = await show(
      theirs({ kind: "audio", voice: true, media: { ...file, size_bytes: 4_000_000 } }),
    );
    expect(actions.sound).not.toHaveBeenCalled();
    expect(document.querySelector("audio")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Play: Voice message" }));
    expect(await screen.findByRole("button", { name: "Pause" })).toBeTruthy();
    const player = document.querySelector("audio");
    for (const [before, after] of [
      [1, 1.5],
      [1.5, 2],
      [2, 1],
    ]) {
      await userEvent.click(screen.getByRole("button", { name: `Speed ${before}. Change it` }));
      expect(player?.playbackRate).toBe(after);
    }
    await userEvent.click(screen.getByRole("button", { name: "Pause" }));
    expect(screen.getByRole("button", { name: "Play: Voice message" })).toBeTruthy();
  });

  it("has a short voice note ready, with an even bar where its shape cannot be read", async () => {
    const actions = await show(theirs({ kind: "audio", voice: true, media: file }));
    await waitFor(() => expect(document.querySelector("audio")).toBeTruthy());
    expect(actions.sound).toHaveBeenCalledOnce();
    const bars = [...screen.getByRole("slider").querySelectorAll("i")];
    expect(new Set(bars.map((bar) => bar.style.blockSize)).size).toBe(1);
  });

  it("says that a voice note cannot be fetched, and tries again on a press", async () => {
    const actions = await show(
      theirs({ kind: "audio", voice: true, media: { ...file, size_bytes: 4_000_000 } }),
    );
    actions.sound.mockRejectedValueOnce(new Error("away"));
    await userEvent.click(screen.getByRole("button", { name: "Play: Voice message" }));
    expect(await screen.findByText(/cannot be fetched right now/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Play: Voice message" }));
    expect(await screen.findByRole("button", { name: "Pause" })).toBeTruthy();
  });

  it.each([
    ["pending", "On its way from WhatsApp"],
    ["gone", "No longer at WhatsApp. It is still on the phone."],
  ] as const)("says that a video is %s", async (state, words) => {
    await show(theirs({ kind: "video", caption: null, media: { ...file, state } }));
    expect(screen.getByText(words)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Video" })).toHaveProperty("disabled", true);
  });

  it("shows places, cards, forms, orders and permissions as facts", async () => {
    const actions = await show(
      theirs({
        kind: "location",
        latitude: 52.5,
        longitude: 13.4,
        name: "Workshop",
        address: "Canal Street 14",
        url: null,
      }),
    );
    await userEvent.click(screen.getByRole("button", { name: "Open the map" }));
    expect(actions.openLink.mock.calls[0]?.[0]).toMatch(/^https:\/\/www\.openstreetmap\.org\//);
    open?.stop();
    const phones = [{ text: "+1 555 014 9000", label: null, on_whatsapp: true }];
    const card = { name: "Jo Vale", organisation: null, phones, emails: [] };
    await show(theirs({ kind: "contacts", cards: [{ ...card, answers_our_request: false }] }));
    expect(screen.getByText("+1 555 014 9000")).toBeTruthy();
    const product = { product: "bell-7", quantity: 2, price: 4.5, currency: "EUR" };
    await show(theirs({ kind: "order", note: "Gift wrap", products: [product] }));
    expect(screen.getAllByText("€9.00")).toHaveLength(1);
    await show(
      theirs({
        kind: "form",
        name: null,
        summary: "Sent",
        answers: [{ field: "size", answer: "M" }],
      }),
    );
    expect(screen.getByText("M")).toBeTruthy();
    await show(theirs({ kind: "call_permission", granted: false, until: null }));
    expect(screen.getByText("They do not want to be called.")).toBeTruthy();
  });

  it("opens what an edited message said before", async () => {
    const earlier = [{ words: "Is Monday free?", at: at(0, 9, 0) }];
    await show(message("c", "customer", at(0, 9, 5), "Is Tuesday free?", { earlier }));
    expect(screen.queryByText("Is Monday free?")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "edited" }));
    expect(screen.getByRole("list", { name: "What it said before" }).textContent).toContain(
      "Is Monday free?",
    );
  });

  it("leaves a mark where a message was deleted", async () => {
    await show(theirs({ kind: "deleted", at: at(0, 9, 0) }));
    expect(screen.getByText("They deleted this message.")).toBeTruthy();
  });

  it.each([
    ["not_yet", "audio", /A voice message or sound\..*look at the phone/],
    ["unsupported_by_meta", "unsupported", /shows this only on the phone/],
    ["unsupported_by_meta", "poll", /A poll\..*only on the phone.*look at the phone/],
    ["unsupported_by_meta", "edit", /A message was edited\..*before you answer the old ones/],
    ["file_refused_by_meta", "video", /A video\..*ask Maren to send it another way/],
    ["too_old_to_import", "image", /A photo\..*14 days.*on the phone/],
    ["not_yet", "hologram", /Something new\..*hologram/],
    ["on_the_phone", "unsupported", /It is on the phone/],
    ["malformed", "text", /a shape that nobody expected/],
  ] as const)("says why %s is not shown", async (why, meta_kind, words) => {
    await show(theirs({ kind: "not_shown", meta_kind, why }));
    expect(screen.getByRole("article").textContent?.replaceAll(/\s+/g, " ")).toMatch(words);
  });

  it("shows taps, reactions and a quote that jumps", async () => {
    const item = message(
      "c",
      "customer",
      at(0, 14, 2),
      { kind: "button_reply", title: "Approve", payload: "ok" },
      {
        reactions: [
          { emoji: "❤️", by: { by: "customer" }, at: 0, delivery: null },
          { emoji: "❤️", by: { by: "agent", agent: JONAH }, at: 0, delivery: null },
        ],
        quote: {
          quote: "found",
          message: "m-1",
          author: { by: "phone", claimed_by: null },
          kind: "text",
          preview: "Shall we?",
        },
      },
    );
    const actions = await show(item);
    expect(screen.getByText("Approve")).toBeTruthy();
    await userEvent.click(
      screen.getByRole("button", { name: /^Maren Oduya, Jonah reacted ❤️ · press to take it/ }),
    );
    expect(actions.react).toHaveBeenCalledWith(expect.anything(), null);
    await userEvent.click(screen.getByRole("button", { name: /You, on the phone.*Shall we/s }));
    expect(actions.jump).toHaveBeenCalledWith("m-1");
  });

  it("says what is missing where a quote names a message that we never had", async () => {
    await show(
      message("c", "customer", at(0, 14, 2), "About that", { quote: { quote: "missing" } }),
    );
    expect(screen.getByText("Answers a message that is only on the phone")).toBeTruthy();
  });

  it("keeps a template's heading, text, footer and buttons", async () => {
    await show(
      message("c", { agent: JONAH }, at(0, 14, 2), {
        kind: "template",
        template: {
          name: "estimate",
          language: "en",
          category: "utility",
          header_text: "Your estimate",
          header_media: null,
          header_file: null,
          header_place: null,
          offer: null,
          cards: [],
          template: null,
          values: {},
          typed: {},
          body: "Rim: *$148*",
          footer: "Workshop",
          buttons: [
            { kind: "quick_reply", text: "Approve" },
            { kind: "url", text: "See it", url: "https://a.example/e" },
          ],
        },
      }),
    );
    expect(await screen.findByText("Template, sent by Jonah")).toBeTruthy();
    for (const words of ["Your estimate", "$148", "Workshop", "Approve"]) {
      expect(screen.getByText(words)).toBeTruthy();
    }
    expect(screen.getByRole("link", { name: "See it" })).toBeTruthy();
  });
});

describe("what stands around a message", () => {
  it("marks what was forwarded", async () => {
    await show(
      message("c", "customer", at(0, 14, 2), "Tell everybody", {
        context: { forwarded: "often" },
      }),
    );
    expect(screen.getByText("Forwarded many times")).toBeTruthy();
  });

  it("shows the ad that led here, opens its page on demand and fetches nothing of it", async () => {
    const actions = await show(
      message("c", "customer", at(0, 14, 2), "Still good?", {
        context: {
          referral: {
            source_url: "https://fb.me/winter",
            source_id: null,
            source_kind: "ad",
            headline: "Ready for snow?",
            body: "Half price",
            media_kind: "image",
            image_url: "https://scontent.example/spy.jpg",
            video_url: null,
            thumbnail_url: "https://scontent.example/spy-small.jpg",
            click_id: null,
            welcome_text: null,
          },
        },
      }),
    );
    expect(screen.getByText("From an ad")).toBeTruthy();
    expect(screen.getByText("Ready for snow?")).toBeTruthy();
    expect(document.body.innerHTML).not.toContain("scontent.example");
    await userEvent.click(screen.getByRole("button", { name: /fb\.me/ }));
    expect(actions.openLink).toHaveBeenCalledWith("https://fb.me/winter");
  });

  it("has no link for an address that is not one of a page", async () => {
    await show(
      message("c", "customer", at(0, 14, 2), "Hi", {
        context: {
          referral: {
            source_url: "javascript:alert(1)",
            source_id: null,
            source_kind: "post",
            headline: "A post",
            body: null,
            media_kind: null,
            image_url: null,
            video_url: null,
            thumbnail_url: null,
            click_id: null,
            welcome_text: null,
          },
        },
      }),
    );
    expect(screen.getByText("From a post")).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("names the product that it is about", async () => {
    await show(
      message("c", "customer", at(0, 14, 2), "In green?", {
        context: { product: { catalog_id: "538211", product_id: "saddle-brown" } },
      }),
    );
    expect(screen.getByText("saddle-brown")).toBeTruthy();
    expect(screen.getByText("Catalogue 538211")).toBeTruthy();
  });
});

it("says the price with the tick, once Meta has said it", async () => {
  await show(
    message("c", { agent: SAMI }, at(0, 14, 2), "Hello", {
      delivery: "delivered",
      price: { class: "regular", category: "utility" },
    }),
  );
  expect(screen.getByRole("img", { name: "Delivered" })).toBeTruthy();
  expect(screen.getByText("Billed as utility.")).toBeTruthy();
});

it("offers to say who typed what came from the phone", async () => {
  const actions = await show(message("c", { phone: null }, at(0, 14, 2), "Typed"), {
    active: true,
  });
  await userEvent.click(screen.getByRole("button", { name: "Who typed this?" }));
  await userEvent.click(await screen.findByText("Ana"));
  expect(actions.claim).toHaveBeenCalledWith(expect.anything(), ANA);
});
