import { expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

test("Sami answers Maren with a heart, takes another one, and takes it away again", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  const asked = page.getByRole("article").filter({ hasText: "Could it be done by Saturday" });
  await asked.hover();
  await asked.getByRole("button", { name: "React" }).click();
  await page.getByRole("button", { name: "React with ❤️" }).click();
  await expect(asked.getByRole("img", { name: "You: ❤️, on its way" })).toBeVisible();
  const heart = asked.getByRole("button", { name: /^You reacted ❤️/ });
  await expect(heart).toBeVisible();

  await asked.hover();
  await asked.getByRole("button", { name: "React", exact: true }).click();
  const row = page.getByRole("toolbar", { name: "Reactions" });
  await expect(row.getByRole("button", { name: "Take ❤️ away" })).toBeVisible();
  // WhatsApp keeps one of a number: the new one takes the place of the heart.
  await row.getByRole("button", { name: "React with 🙏" }).click();
  const thanks = asked.getByRole("button", { name: /^You reacted 🙏/ });
  await expect(thanks).toBeVisible();
  await expect(heart).toHaveCount(0);
  await thanks.click();
  await expect(thanks).toHaveCount(0);
});

test("the arrow keys walk the emoji, and Escape leaves them", async ({ page }) => {
  await open(page, "open=maren-b");
  const asked = page.getByRole("article").filter({ hasText: "Could it be done by Saturday" });
  await asked.hover();
  await asked.getByRole("button", { name: "React" }).click();
  const row = page.getByRole("toolbar", { name: "Reactions" });
  await expect(row.getByRole("button", { name: "React with 👍" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(row.getByRole("button", { name: "React with ❤️" })).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(row.getByRole("button", { name: "More emoji" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(row).toHaveCount(0);
});

test("one that WhatsApp refuses says so, and is taken away", async ({ page }) => {
  await open(page, "open=maren-b");
  const asked = page.getByRole("article").filter({ hasText: "Could it be done by Saturday" });
  await asked.hover();
  await asked.getByRole("button", { name: "React" }).click();
  await page.getByRole("button", { name: "More emoji" }).click();
  const search = page.getByRole("combobox");
  await search.fill("eggplant");
  await page.getByRole("option", { name: /eggplant/ }).click();
  const notice = asked.getByRole("note");
  await expect(notice).toContainText("Your 🍆 did not go out. Maren doesn’t see it.");
  await expect(notice.getByRole("button", { name: "Try again" })).toBeVisible();
  await notice.getByRole("button", { name: "Take away" }).click();
  await expect(notice).toHaveCount(0);
  await expect(asked.getByText("🍆")).toHaveCount(0);
});

test("where the window is closed the tool says why it is off", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(heading(page)).toHaveText("Odette Crane");
  const last = page.getByRole("article").last();
  await last.hover();
  const tool = last.getByRole("button", {
    name: "React. Reactions go out only while the window is open.",
  });
  await expect(tool).toHaveAttribute("aria-disabled", "true");
  await tool.click({ force: true });
  await expect(page.getByRole("toolbar", { name: "Reactions" })).toHaveCount(0);
});
