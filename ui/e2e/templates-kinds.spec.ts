import { type Locator, type Page } from "@playwright/test";

import { expect, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the templates are the fake team's");

/** The smallest picture there is. */
const DOT = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);
const picture = (name: string): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: "image/png",
  buffer: DOT,
});

async function pick(page: Page, template: RegExp): Promise<Locator> {
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("t");
  const sheet = page.getByRole("dialog", { name: "Template" });
  await sheet.getByRole("option", { name: template }).click({ force: true });
  return sheet;
}

test("Ana sends a template with a picture on top and named parameters from a closed chat", async ({
  page,
}) => {
  const sheet = await pick(page, /visit_confirmation/);
  await expect(sheet.getByLabel(/^First name/)).toHaveValue("Odette");
  await page.keyboard.press("Control+Enter");
  await expect(
    sheet.getByText("Choose a picture; WhatsApp refuses this template without one."),
  ).toBeVisible();
  await sheet
    .getByLabel(/^Picture on top/)
    .locator("input")
    .setInputFiles({
      name: "notes.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("no picture"),
    });
  await expect(sheet.getByText("WhatsApp takes JPEG and PNG here.")).toBeVisible();
  await sheet.locator('input[data-file="header"]').setInputFiles(picture("wheel.png"));
  await expect(sheet.getByText("wheel.png", { exact: true })).toBeVisible();
  await expect(sheet.getByRole("img", { name: "A picture" })).toBeVisible();

  await sheet.getByLabel(/^Service/).fill("winter check");
  await sheet
    .getByRole("radiogroup", { name: "Kind of value: Visit date" })
    .getByText("Date")
    .click();
  await sheet.getByLabel("Date: Visit date").fill("2026-11-23");
  await expect(sheet.locator("#field-body\\.visit_date")).toHaveValue("November 23, 2026");
  await sheet.getByRole("radiogroup", { name: "Kind of value: Price" }).getByText("Amount").click();
  await sheet.getByLabel("Currency: Price").selectOption("EUR");
  await sheet.getByLabel("Amount: Price").fill("49");
  await expect(sheet.locator("#field-body\\.price")).toHaveValue("€49.00");
  await sheet.getByLabel(/Change the visit/).fill("148");
  await expect(sheet.locator('[aria-invalid="true"]')).toHaveCount(0);
  await page.keyboard.press("Control+Enter");
  await expect(sheet).toHaveCount(0);

  const sent = page.getByRole("article").filter({ hasText: "your winter check is booked" });
  await expect(sent).toContainText("November 23, 2026");
  await expect(sent.getByRole("img", { name: "A picture" })).toBeVisible();
  await expect(sent.getByRole("link", { name: "Change the visit" })).toHaveAttribute(
    "href",
    "https://quillandspoke.example/visit/148",
  );
});

test("words of one's own in an amount are only words again", async ({ page }) => {
  const sheet = await pick(page, /visit_confirmation/);
  const kinds = sheet.getByRole("radiogroup", { name: "Kind of value: Price" });
  await kinds.getByText("Amount").click();
  await sheet.getByLabel("Amount: Price").fill("12.5");
  await sheet.locator("#field-body\\.price").fill("about twelve");
  await expect(kinds.getByRole("radio", { name: "Text" })).toHaveAttribute("aria-checked", "true");
  await expect(sheet.getByLabel("Amount: Price")).toHaveCount(0);
});

test("a carousel is filled in card by card, and the preview is scrolled by key", async ({
  page,
}) => {
  const sheet = await pick(page, /new_frames/);
  for (const n of [1, 2]) {
    const card = sheet.getByRole("group", { name: `Card ${n}`, exact: true });
    await card.locator("input[data-file]").setInputFiles(picture(`frame-${n}.png`));
    await expect(card.getByText(`frame-${n}.png`)).toBeVisible();
    await card.getByLabel(/^Value 1/).fill(n === 1 ? "Blue Tourer" : "Sand Gravel");
    await card.getByLabel(/See it/).fill(String(100 + n));
  }
  const cards = sheet.getByRole("group", { name: "Cards, 2" });
  await cards.focus();
  await expect(cards).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => cards.evaluate((one) => one.scrollLeft)).toBeGreaterThan(0);
  await page.keyboard.press("Control+Enter");
  await expect(sheet).toHaveCount(0);
  const sent = page.getByRole("article").filter({ hasText: "Two frames came in this week" });
  await expect(sent.getByRole("group", { name: "Card 2 of 2" })).toContainText("Sand Gravel");
});

test("a code goes into text and button, and has no spaces", async ({ page }) => {
  const sheet = await pick(page, /sign_in_code/);
  await sheet.getByLabel(/^Code/).fill("12 34");
  await expect(sheet.getByText("A code has no spaces.")).toBeVisible();
  await sheet.getByLabel(/^Code/).fill("482913");
  await expect(sheet.locator("mark", { hasText: "482913" })).toBeVisible();
  await expect(sheet.getByText("A code has no spaces.")).toHaveCount(0);
  await page.keyboard.press("Control+Enter");
  await expect(sheet).toHaveCount(0);
  await expect(page.getByRole("article").filter({ hasText: "482913 is your code" })).toBeVisible();
});

test("a place takes a pasted map link, an offer a moment to come", async ({ page }) => {
  const sheet = await pick(page, /where_we_are/);
  await sheet.getByLabel(/^Latitude/).focus();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "52.51628, 13.37771");
    document.activeElement?.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  });
  await expect(sheet.getByLabel(/^Longitude/)).toHaveValue("13.37771");
  await sheet.getByLabel(/^Latitude/).fill("95");
  await expect(sheet.getByText(/^A number of degrees/)).toBeVisible();

  await sheet.getByRole("option", { name: /light_week/ }).click();
  const ends = sheet.getByLabel("The offer ends");
  await ends.fill("2026-11-18T10:00");
  await expect(sheet.getByText("Choose a moment that is still to come.")).toBeVisible();
  await ends.fill("2026-11-20T18:00");
  await expect(sheet.getByText("Choose a moment that is still to come.")).toHaveCount(0);
  await expect(sheet.getByText(/^Ends .*18:00/)).toBeVisible();
});

test("what Meta rejected says why", async ({ page }) => {
  const sheet = await pick(page, /rim_recall/);
  await expect(sheet.getByText(/Meta found a mistake in how it is written/).first()).toBeVisible();
  await expect(page.getByRole("button", { name: /^Send to Odette/ })).toBeDisabled();
});
