import { expect, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the templates are the fake team's");

test("a template is chosen, filled in, checked and sent; the draft is held for the answer", async ({
  page,
}) => {
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("t");
  const sheet = page.getByRole("dialog", { name: "Template" });
  await expect(sheet.getByRole("option", { name: /hold_reminder/ })).toHaveAttribute(
    "aria-selected",
    "true",
  );
  await expect(sheet.getByLabel(/^Name\s*\{/)).toHaveValue("Odette");
  await page.keyboard.press("Enter");
  await page.keyboard.type("sand Tourer");
  await page.keyboard.press("Control+Enter");
  await expect(
    sheet.getByText("Fill this in; WhatsApp refuses empty values.").first(),
  ).toBeVisible();
  await sheet.getByLabel(/^Until\s*\{/).fill("18:00 today");
  await sheet.getByLabel(/See the bike/).fill("sand-56");
  await expect(sheet.locator("mark", { hasText: "18:00 today" })).toBeVisible();
  await expect(sheet.locator('[aria-invalid="true"]')).toHaveCount(0);
  await page.keyboard.press("Control+Enter");
  await expect(sheet).toHaveCount(0);
  const sent = page.getByRole("article").filter({ hasText: "your sand Tourer is on hold" });
  await expect(sent).toContainText("Keep holding");
  await expect(sent.getByRole("img", { name: "Delivered" })).toBeVisible();
  await expect(page.getByText("Held until Odette writes")).toBeVisible();
});

test("the list stays lit, and Escape leads back to the draft", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("t");
  const sheet = page.getByRole("dialog", { name: "Template" });
  const box = await sheet.boundingBox();
  expect(box?.x).toBeGreaterThan(400);
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await expect(page.getByText("Your draft is kept")).toBeVisible();
});

test("it fits a small window", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("t");
  const send = page.getByRole("button", { name: /^Send to Odette/ });
  await expect(send).toBeInViewport({ ratio: 1 });
  await expect(page.getByText("What Odette sees")).toBeInViewport();
  await page.getByRole("button", { name: "Refresh templates" }).click();
  await expect(page.getByText("Listed 14:22")).toBeInViewport({ ratio: 1 });
});
