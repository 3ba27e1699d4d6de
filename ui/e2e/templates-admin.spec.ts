import { type Locator, type Page } from "@playwright/test";

import { expect, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the templates are the fake team's");

async function manage(page: Page): Promise<Locator> {
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("manage templ");
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Manage templates" });
  await expect(sheet.getByRole("button", { name: /hold_reminder/ })).toBeVisible();
  return sheet;
}

test("an administrator makes a template, and it can be sent once Meta has approved it", async ({
  page,
}) => {
  const sheet = await manage(page);
  await sheet.getByRole("button", { name: "New template" }).first().click();
  await sheet.getByLabel("Name", { exact: false }).first().fill("Wheel Ready");
  await expect(sheet.getByLabel("Name", { exact: false }).first()).toHaveValue("wheel_ready");
  await sheet.getByLabel("Text", { exact: true }).fill("{{name}}, your wheel is true again.");
  await page.keyboard.press("Control+Enter");
  await expect(sheet.getByText(/^Begin and end with words/)).toBeVisible();
  await expect(sheet.getByText("Fill this in.")).toBeVisible();
  await sheet
    .getByLabel("Text", { exact: true })
    .fill("Hi {{name}}, your wheel is true again. See you soon!");
  await sheet.getByRole("group", { name: "Examples" }).getByLabel("Name").fill("Ana");
  await expect(sheet.locator("mark", { hasText: "Ana" })).toBeVisible();
  await sheet.getByRole("button", { name: "Add a button" }).click();
  await page.getByRole("menuitem", { name: "Link" }).click();
  const button = sheet.getByRole("group", { name: "Button 1" });
  await button.getByLabel("Words on it").fill("See it");
  await button.getByLabel("Address").fill("quillandspoke.example");
  await page.keyboard.press("Control+Enter");
  await expect(sheet.getByText(/^A whole address without spaces/)).toBeVisible();
  await button.getByLabel("Address").fill("https://quillandspoke.example/wheels");
  await page.keyboard.press("Control+Enter");
  const row = sheet.getByRole("button", { name: /wheel_ready/ });
  await expect(row).toContainText("In review");
  await expect(page.getByText(/^Handed in/)).toBeVisible();
  await sheet.getByRole("button", { name: "Refresh templates" }).click();
  await expect(row).toContainText("Approved");
});

test("Meta's refusal is said in words, and nothing that was written is lost", async ({ page }) => {
  const sheet = await manage(page);
  await sheet.getByRole("button", { name: "New template" }).first().click();
  await sheet.getByLabel("Name", { exact: false }).first().fill("hold_reminder");
  await sheet.getByLabel("Text", { exact: true }).fill("We still hold your bike.");
  await page.keyboard.press("Control+Enter");
  await expect(sheet.getByRole("alert")).toContainText("Meta refused it, and nothing was changed.");
  await expect(sheet.getByRole("alert")).toContainText("already content in this language");
  await expect(sheet.getByLabel("Text", { exact: true })).toHaveValue("We still hold your bike.");
  await page.keyboard.press("Escape");
  await expect(page.getByText(/^Leave without handing in/)).toBeVisible();
  await page.getByRole("button", { name: "Go on writing" }).click();
  await expect(sheet).toBeVisible();
});

test("a change keeps name and language, warns, and is reviewed again", async ({ page }) => {
  const sheet = await manage(page);
  const row = sheet.getByRole("button", { name: /hello_again/ });
  await row.click();
  await expect(sheet.getByText(/one edit a day and ten in 30 days/)).toBeVisible();
  await expect(sheet.getByLabel("Name", { exact: true }).first()).toHaveAttribute("readonly", "");
  await sheet
    .getByLabel("Text", { exact: true })
    .fill("Hi {{name}}, Quill & Spoke here about your bike.");
  await sheet.getByRole("group", { name: "Examples" }).getByLabel("Name").fill("Ana");
  await sheet.getByRole("button", { name: /^Hand in the change/ }).click();
  await expect(row).toContainText("In review");
});

test("deleting says what it means and asks first; others are made in WhatsApp Manager", async ({
  page,
}) => {
  const sheet = await manage(page);
  await sheet.getByRole("button", { name: /visit_confirmation/ }).click();
  await expect(sheet.getByText(/^This template is made in WhatsApp Manager/)).toBeVisible();
  const row = sheet.getByRole("button", { name: /hello_again/ });
  await row.click();
  await sheet.getByRole("button", { name: "Delete" }).click();
  await expect(sheet.getByText(/cannot be used for 30 days/)).toBeVisible();
  await sheet.getByRole("button", { name: "Keep it" }).click();
  await expect(row).toBeVisible();
  await sheet.getByRole("button", { name: "Delete" }).click();
  await sheet.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(row).toHaveCount(0);
});

test("it opens from the picker's head and leads back there", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("t");
  await page.getByRole("button", { name: "Manage templates" }).click();
  await expect(page.getByRole("dialog", { name: "Manage templates" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("option", { name: /hold_reminder/ })).toBeVisible();
});
