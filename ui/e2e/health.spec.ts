import type { Locator, Page } from "@playwright/test";

import { expect, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

const card = (page: Page): Locator => page.getByRole("dialog", { name: "Health of the number" });

test("the health card tells how the number is, and ticks with the team's clock", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await page.getByRole("button", { name: "The number on the phone: connected" }).click();
  await page.getByRole("button", { name: "Health of the number" }).click();
  const health = card(page);
  await expect(health).toContainText("All is well.");
  await expect(health).toContainText("14 days left of 14");
  await expect(health).toContainText("WhatsApp accepts it.");
  await expect(health).toContainText("With 1,000 customers in a rolling day.");
  await expect(health).toContainText("18,204 messages and 412 contacts");
  await expect(health).toContainText("The phone was not used for about 14 days.");
  await expect(health).toContainText("moon_phase");
  await expect(health).toContainText(/Clocks agree within 0\.2 s/);
  await expect(health.getByText("15 min ago")).toBeVisible();
  await page.evaluate(() => window.fakeEngine?.setRate(600));
  await expect(health.getByText("15 min ago")).toBeHidden();
});

test("it says what is wrong and what to do, and the way there has a dot", async ({ page }) => {
  await open(page, "open=maren-b&scene=health");
  await expect(
    page.getByRole("button", { name: "The number on the phone: needs attention" }),
  ).toBeVisible();
  await page.getByRole("button", { name: /Sami: account/ }).click();
  const entry = page.getByRole("menuitem", { name: /Health of the number/ });
  await expect(entry.getByRole("img", { name: "needs attention" })).toBeVisible();
  await entry.click();
  const health = card(page);
  for (const words of [
    "3 things need you.",
    "3 days left of 14",
    "Open WhatsApp Business on the phone and send a message there",
    "Subscribe the app to the WhatsApp account again",
    "Send fewer marketing templates",
    "8.4 s apart",
    "3 deliveries were not signed by WhatsApp",
    "5 deliveries wait",
  ]) {
    await expect(health).toContainText(words);
  }
  await health.getByRole("button", { name: "Ask again" }).click();
  await expect(health).toContainText("Asked for, and on its way");
  await expect(health.getByRole("button", { name: "Ask again" })).toHaveCount(0);
  await expect(health).toContainText("3 items");
  await health.getByRole("button", { name: "Read again" }).click();
  await expect(health).toContainText("1 item");
  await page.keyboard.press("Escape");
  await expect(health).toHaveCount(0);
});

test("the command menu leads there, and without a link it says so", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(page.getByRole("button", { name: "Preferences" })).toBeVisible();
  await page.evaluate(() => window.fakeEngine?.goOffline());
  await page.keyboard.press("Control+k");
  await page.keyboard.type("health");
  await page.keyboard.press("Enter");
  await expect(card(page).getByRole("alert")).toContainText("The hub does not answer.");
  await page.evaluate(() => window.fakeEngine?.goOnline());
  await card(page).getByRole("button", { name: "Look again" }).click();
  await expect(card(page)).toContainText("All is well.");
});

test("whoever is no administrator is not offered it", async ({ page }) => {
  await open(page, "open=maren-b&agent");
  await page.getByRole("button", { name: "The number on the phone: connected" }).click();
  await expect(page.getByText("Last message from a customer")).toBeVisible();
  await expect(page.getByRole("button", { name: "Health of the number" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("health");
  await expect(page.getByRole("option", { name: "Health of the number" })).toHaveCount(0);
});

test("while the phone's past comes, a strip says how far it is and goes when it is done", async ({
  page,
}) => {
  await open(page, "open=maren-b&scene=import");
  const strip = page.getByText(
    "Taking over the phone’s past: 42 %, 12,310 messages. Live messages go on.",
  );
  await expect(strip).toBeVisible();
  const bar = page.getByRole("progressbar", { name: "Taking over the past of Quill & Spoke" });
  await expect(bar).toHaveAttribute("value", "42");
  await page.evaluate(() => {
    const engine = window.fakeEngine;
    if (!engine) return;
    const { inbox } = engine.world;
    inbox.import = { ...inbox.import, percent: 100, messages: 18_204 };
    engine.emit({ kind: "team", inboxes: [inbox], agents: [] });
  });
  await expect(strip).toHaveCount(0);
  await expect(bar).toHaveCount(0);
});

test("an import that falls silent does not stay on the screen for ever", async ({ page }) => {
  await open(page, "open=maren-b&scene=import&rate=600");
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(page.getByRole("progressbar")).toHaveCount(0, { timeout: 15_000 });
});

test("the card fits a small window", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "open=maren-b&scene=health");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("health");
  await page.keyboard.press("Enter");
  await expect(card(page).getByRole("button", { name: "Look again" })).toBeInViewport({ ratio: 1 });
  await expect(card(page).getByText("3 days left of 14")).toBeInViewport();
  const over = await card(page).evaluate((one) => one.scrollWidth - one.clientWidth);
  expect(over).toBeLessThanOrEqual(0);
});
