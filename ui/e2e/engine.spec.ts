/**
 * The interface in a browser on the real engine: hub, simulator and engine of the demo team behind
 * the loopback transport. What the window test does in the desktop's web view, here in Chromium.
 */
import type { Locator, Page } from "@playwright/test";

import { editor, expect, heading, list, open, realEngine, row, test } from "./inbox";

test.skip(!realEngine, "needs AJAR_E2E_URL, the address of a running `ajar --browser --demo`");
test.describe.configure({ mode: "serial" });

/** One grey point: the simulator takes it as it takes any picture. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

test("the list has a clock in every row, and the clocks run", async ({ page }) => {
  await open(page);
  await expect(row(page, /Maren Oduya/)).toBeVisible({ timeout: 45_000 });
  expect(await list(page).getByRole("option").count()).toBeGreaterThan(8);
  for (const state of [/no answer yet/, /disputed/, /23h/]) {
    await expect(list(page).getByText(state).first()).toBeVisible();
  }
  const banner = page.getByRole("button", { name: /closes in \d+:\d\d/ });
  const before = await banner.textContent();
  await expect(banner).not.toHaveText(before ?? "", { timeout: 10_000 });
});

test("an answer in an open window gets its ticks, and the field is empty again", async ({
  page,
}) => {
  await open(page);
  await row(page, /Maren Oduya/).click();
  await expect(heading(page)).toHaveText(/Maren Oduya/);
  const words = "Saturday at ten it is.";
  await editor(page).fill(words);
  await editor(page).press("Enter");
  const bubble = page.getByRole("article").filter({ hasText: words });
  await expect(bubble).toBeVisible();
  await expect(bubble.getByRole("img", { name: /^(Delivered|Read)$/ })).toBeVisible();
  await expect(editor(page)).toHaveValue("");
});

/** The menu of the demo, which plays the customer, the phone and Meta. */
async function makeHappen(page: Page, what: string | RegExp): Promise<void> {
  await page.getByRole("button", { name: /^Demo: make something happen/ }).click();
  await page.getByRole("menu").getByText(what).click();
}

const composer = (page: Page): Locator => page.getByRole("region", { name: "Composer" });
const message = (page: Page, words: string): Locator =>
  page.getByRole("article").filter({ hasText: words });
const ticks = (bubble: Locator): Locator => bubble.getByRole("img", { name: /^(Delivered|Read)$/ });

async function odettesClosedChat(page: Page): Promise<void> {
  await open(page);
  await page.getByPlaceholder(/^Search people/).fill("Odette");
  await row(page, /Odette Crane/).click();
  await expect(page.getByText(/The 24-hour window closed at/)).toBeVisible();
}

test("an answer of Meta’s that is lost is settled by the report: one bubble, with ticks", async ({
  page,
}) => {
  await open(page);
  await row(page, /Maren Oduya/).click();
  await expect(heading(page)).toHaveText(/Maren Oduya/);
  await makeHappen(page, /answer to the next message/);
  const words = "The wheel is in the stand.";
  await editor(page).fill(words);
  await editor(page).press("Enter");
  await expect(ticks(message(page, words))).toBeVisible({ timeout: 20_000 });
  await expect(message(page, words)).toHaveCount(1);
  await expect(message(page, words).getByText(/It may have gone out/)).toHaveCount(0);
});

test("a closed chat goes on from the phone, with the draft; that opens nothing", async ({
  page,
}) => {
  await odettesClosedChat(page);
  await expect(composer(page).getByText(/Your draft is kept/)).toBeVisible();
  const words = (await editor(page).inputValue()).split("\n")[0] ?? "";
  expect(words.length).toBeGreaterThan(10);
  await composer(page).getByRole("button", { name: "Continue on the phone" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make the code" }).click();
  await expect(dialog.getByRole("img", { name: /QR code/ })).toBeVisible();
  await dialog.getByRole("button", { name: "Close and wait" }).click();
  await makeHappen(page, /The phone sends to Odette Crane/);
  await expect(message(page, words)).toBeVisible();
  await expect(page.getByText(/Typed on the phone, Sami/).first()).toBeVisible();
  await expect(page.getByText(/The 24-hour window closed at/)).toBeVisible();
});

test("a template with a picture on top and named values leaves a closed chat", async ({ page }) => {
  await odettesClosedChat(page);
  await composer(page)
    .getByRole("button", { name: /^Template/ })
    .click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("option", { name: /hold_reminder/ }).click();
  await sheet.locator('input[data-file="header"]').setInputFiles({
    name: "sand-56.png",
    mimeType: "image/png",
    buffer: PICTURE,
  });
  for (const [field, value] of [
    ["{{name}}", "Odette"],
    ["{{item}}", "sand Tourer"],
    ["{{until}}", "six o'clock"],
    ["See the bike", "frames/sand-56"],
  ] as const) {
    await sheet.getByLabel(field).fill(value);
  }
  await sheet.getByRole("button", { name: /Send to Odette/ }).click();
  const sent = message(page, "Hi Odette, your sand Tourer is on hold until six o'clock.");
  await expect(ticks(sent)).toBeVisible();
  await expect(sent.locator("img")).toBeVisible();
});

test("the window closes while one types; held words wait for the customer and for a person", async ({
  page,
}) => {
  await open(page);
  await page.getByRole("button", { name: /Yusuf Brandt is waiting/ }).click();
  await expect(heading(page)).toHaveText(/Yusuf Brandt/);
  await editor(page).fill("Yes, it is on the rack");
  await makeHappen(page, /60 times faster/);
  await editor(page).pressSequentially(" by the door.");
  await expect(composer(page).getByText(/The 24-hour window closed at/)).toBeVisible({
    timeout: 30_000,
  });
  await makeHappen(page, "Real time");
  const words = "Yes, it is on the rack by the door.";
  await expect(editor(page)).toHaveValue(words);
  await expect(composer(page).getByRole("button", { name: "Send", exact: true })).toHaveCount(0);

  await composer(page)
    .getByRole("button", { name: /^Hold until they write/ })
    .click();
  await expect(message(page, words).getByText(/Held since/)).toBeVisible();
  await makeHappen(page, /Yusuf Brandt writes/);
  await expect(composer(page).getByText(/Read the message first/)).toBeVisible();
  await expect(message(page, words).getByText(/Held since/)).toBeVisible();
  await composer(page).getByRole("button", { name: "Send it" }).click();
  await expect(ticks(message(page, words))).toBeVisible();
});

test("Meta disputes a window that is open by our books: the words stay, and go when they write", async ({
  page,
}) => {
  await open(page);
  await row(page, /Maren Oduya/).click();
  await makeHappen(page, /say that the window is closed/);
  const words = "Shall I true the other one as well?";
  await editor(page).fill(words);
  await editor(page).press("Enter");
  await expect(composer(page).getByText("WhatsApp says this window is closed")).toBeVisible();
  await expect(composer(page).getByRole("button", { name: "Send", exact: true })).toHaveCount(0);
  for (const way of [/^Template/, /^Continue on the phone/, "Try once more"]) {
    await expect(composer(page).getByRole("button", { name: way })).toBeVisible();
  }
  // Meta's times are whole seconds, and within one of them the refusal wins.
  await makeHappen(page, "Skip an hour");
  await makeHappen(page, /Maren Oduya writes/);
  await expect(composer(page).getByText(/This text was not sent before/)).toBeVisible();
  await composer(page).getByRole("button", { name: "Send it" }).click();
  await expect(ticks(message(page, words))).toBeVisible();
  await expect(message(page, words)).toHaveCount(1);
});

test("an address without its key shows nothing of the team", async ({ page }) => {
  const address = new URL(process.env["AJAR_E2E_URL"] ?? "");
  address.hash = "";
  const answer = await page.request.post(new URL("/call/get_view", address).href, { data: {} });
  expect(answer.ok()).toBe(false);
  await page.goto(address.href);
  await expect(page.getByText(/Maren Oduya/)).toHaveCount(0);
});
