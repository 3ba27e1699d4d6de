import type { Page } from "@playwright/test";

import { editor, expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

/** Maren's window closes today at 17:34. */
async function atMaren(page: Page, words: string): Promise<void> {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  if (words !== "") await page.keyboard.type(words);
}

const later = (page: Page): Promise<void> =>
  page.getByRole("button", { name: "Send later" }).click();

test("Sami lets a text leave in an hour, and sends it now after all", async ({ page }) => {
  await atMaren(page, "The wheel is here");
  await later(page);
  await page.getByRole("menuitem", { name: /In one hour/ }).click();
  await expect(editor(page)).toHaveValue("");
  const text = page.getByRole("article").filter({ hasText: "The wheel is here" });
  await expect(text.getByRole("img", { name: "Leaves later" })).toBeVisible();
  await expect(text.getByRole("note")).toContainText(
    /Leaves today \d\d:\d\d\. It was not sent yet/,
  );
  await text.getByRole("button", { name: "Send now" }).click();
  await expect(text.getByRole("img", { name: "Delivered" })).toBeVisible();
  await expect(text.getByRole("note")).toHaveCount(0);
});

test("a text that waits goes back into the field to be changed, or away", async ({ page }) => {
  await atMaren(page, "Come at five");
  await later(page);
  await page.getByRole("menuitem", { name: /In one hour/ }).click();
  const text = page.getByRole("article").filter({ hasText: "Come at five" });
  await text.getByRole("button", { name: "Edit" }).click();
  await expect(editor(page)).toHaveValue("Come at five");
  await expect(text).toHaveCount(0);
  await expect(editor(page)).toBeFocused();
  await page.keyboard.press("End");
  await page.keyboard.type(" thirty");
  await later(page);
  await page.getByRole("menuitem", { name: /In one hour/ }).click();
  const again = page.getByRole("article").filter({ hasText: "Come at five thirty" });
  await again.getByRole("button", { name: "Remove" }).click();
  await expect(again).toHaveCount(0);
});

test("what lies behind the closing cannot be chosen: the last safe moment can", async ({
  page,
}) => {
  await atMaren(page, "Sleep well");
  await later(page);
  const menu = page.getByRole("menu");
  await expect(menu.getByText(/^This evening, Tomorrow morning: too late/)).toBeVisible();
  await expect(menu.getByText(/The window closes today 17:34/)).toBeVisible();
  await expect(menu.getByRole("menuitem", { name: /^This evening/ })).toHaveCount(0);
  await menu.getByRole("menuitem", { name: /Last safe moment.*today 17:3\d/ }).click();
  const text = page.getByRole("article").filter({ hasText: "Sleep well" });
  await expect(text.getByRole("note")).toContainText(/Leaves today 17:3\d/);
});

test("a moment of one's own after the closing offers to hold the text instead", async ({
  page,
}) => {
  await atMaren(page, "About the estimate");
  await later(page);
  await page.getByRole("menuitem", { name: "Pick date and time…" }).click();
  const dialog = page.getByRole("dialog", { name: "Send later" });
  await dialog.getByLabel("Time").fill("23:30");
  await expect(dialog.getByRole("status")).toContainText("At this moment it could not leave");
  await expect(dialog.getByRole("button", { name: "Send then" })).toBeDisabled();
  await dialog.getByLabel("Time").fill("00:01");
  await expect(dialog.getByRole("status")).toContainText("This moment has passed");
  await dialog.getByLabel("Time").fill("23:30");
  await dialog.getByRole("button", { name: "Hold until they write" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText(/Held since/).first()).toBeVisible();
  await expect(page.getByRole("article").filter({ hasText: "About the estimate" })).toBeVisible();
});

test("an empty field says what to do first", async ({ page }) => {
  await atMaren(page, "");
  await later(page);
  await expect(page.getByText("Write something first, then choose when it leaves.")).toBeVisible();
  await expect(page.getByRole("menuitem")).toHaveCount(0);
});
