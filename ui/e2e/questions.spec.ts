import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";

import { editor, expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the stories are the fake team's");

/** Opens a builder out of the menu beside the paper clip. */
async function add(page: Page, name: RegExp): Promise<Locator> {
  await page.getByRole("button", { name: /^Add a question/ }).click();
  await page.getByRole("menuitem", { name }).click();
  const form = page.getByRole("main").getByRole("form");
  await expect(form).toBeVisible();
  return form;
}

/** The newest message of ours. */
const newest = (page: Page): Locator => page.getByRole("log").getByRole("article").last();

test("Sami asks Maren for a day with two buttons, and goes on with the text he had begun", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await editor(page).fill("And bring the lock, please");
  const form = await add(page, /^Question with buttons/);
  await expect(form.getByRole("textbox", { name: "Question" })).toBeFocused();
  await page.keyboard.type("Your rim is here. Which day suits you?");
  await form.getByRole("textbox", { name: "Button 1" }).fill("Friday");
  await form.getByRole("textbox", { name: "Button 2" }).fill("Saturday at ten in the morning");
  await expect(form.getByText("10 characters too many; WhatsApp takes 20.")).toBeVisible();
  await form.getByRole("button", { name: "Send", exact: true }).click();
  await expect(form.getByRole("textbox", { name: "Button 2" })).toBeFocused();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Saturday");
  const seen = form.getByRole("img", { name: "How the customer will see it" });
  await expect(seen).toContainText("Which day suits you?");
  await expect(seen).toContainText("Saturday");
  await page.keyboard.press("Control+Enter");
  await expect(form).toBeHidden();
  await expect(newest(page)).toContainText("Which day suits you?");
  await expect(newest(page)).toContainText("Friday");
  await expect(newest(page).getByRole("img", { name: "Delivered" })).toBeVisible();
  await expect(editor(page)).toHaveValue("And bring the lock, please");
});

test("Ana offers times in a list, which folds open in the thread", async ({ page }) => {
  await open(page, "open=maren-b");
  const form = await add(page, /^List/);
  await form.getByRole("textbox", { name: "Question" }).fill("When will you pick it up?");
  await form.getByRole("textbox", { name: "On the button that opens the list" }).fill("See times");
  await form.getByRole("textbox", { name: "Row 1", exact: true }).fill("Thursday 16:00");
  await form.getByRole("textbox", { name: "More about row 1" }).fill("Sami is at the counter");
  await form.getByRole("textbox", { name: "Row 2", exact: true }).fill("Friday 10:00");
  await form.getByRole("button", { name: "Send", exact: true }).click();
  await expect(form).toBeHidden();
  await expect(newest(page)).not.toContainText("Thursday 16:00");
  await newest(page)
    .getByRole("button", { name: /See times/ })
    .click();
  await expect(newest(page)).toContainText("Thursday 16:00");
  await expect(newest(page)).toContainText("Sami is at the counter");
});

test("a map link that Mei pastes becomes the place of the workshop", async ({ page }) => {
  await open(page, "open=maren-b");
  const form = await add(page, /^Place/);
  const link = form.getByRole("textbox", { name: "Paste a map link" });
  await link.fill("https://maps.app.goo.gl/a1B2c3");
  await expect(form.getByText(/^A short link hides the place/)).toBeVisible();
  await link.fill(
    "https://www.google.com/maps/place/Quill+%26+Spoke/@41.88,-87.63,17z/data=!8m2!3d41.8781136!4d-87.6297982",
  );
  await expect(form.getByRole("textbox", { name: "Latitude" })).toHaveValue("41.8781136");
  await expect(form.getByRole("textbox", { name: "Name" })).toHaveValue("Quill & Spoke");
  await form.getByRole("textbox", { name: "Address" }).fill("14 Canal Street");
  await form.getByRole("button", { name: "Send", exact: true }).click();
  await expect(newest(page)).toContainText("Quill & Spoke");
  await expect(newest(page)).toContainText("41.87811, -87.62980");
});

test("Rashid’s window is kept open with two keys", async ({ page }) => {
  await open(page, "open=rashid-k");
  await expect(heading(page)).toHaveText("Rashid Tolland");
  await expect(page.getByRole("button", { name: "Ask if there is anything else" })).toBeVisible();
  await page.keyboard.press("Shift+K");
  const form = page.getByRole("form", { name: "Keep the window open" });
  await expect(form.getByRole("button", { name: "Send", exact: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(form).toBeHidden();
  await expect(newest(page)).toContainText("Is there anything else I can help you with?");
  await expect(newest(page)).toContainText("No, thanks");
  await expect(page.getByRole("button", { name: "Ask if there is anything else" })).toBeHidden();
});

test("what was put together for Yusuf outlives the close of his window", async ({ page }) => {
  await open(page, "open=yusuf-d&closing=40");
  await expect(heading(page)).toHaveText("Yusuf Brandt");
  const form = await add(page, /^Question with buttons/);
  await form.getByRole("textbox", { name: "Question" }).fill("Today or tomorrow?");
  await form.getByRole("textbox", { name: "Button 1" }).fill("Today");
  await page.evaluate(() => window.fakeEngine?.setRate(60));
  const send = form.getByRole("button", { name: "Send", exact: true });
  await expect(send).toBeDisabled();
  await expect(send).toHaveAccessibleDescription(/Nothing was sent/);
  await expect(
    page.getByRole("region", { name: "Composer" }).getByText(/^The 24-hour window closed at/),
  ).toBeVisible();
  await expect(form.getByRole("textbox", { name: "Question" })).toHaveValue("Today or tomorrow?");
  await page.evaluate(() => window.fakeEngine?.setRate(1));
  await page.evaluate(() => window.fakeEngine?.customerWrites("yusuf-d"));
  await expect(send).toBeEnabled();
  await send.click();
  await expect(newest(page)).toContainText("Today or tomorrow?");
});

test("without a link to the hub a question waits with its deadline, and goes out after", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.evaluate(() => window.fakeEngine?.goOffline());
  const form = await add(page, /^Question with buttons/);
  await form.getByRole("textbox", { name: "Question" }).fill("Shall we go ahead?");
  await form.getByRole("textbox", { name: "Button 1" }).fill("Yes");
  await form.getByRole("button", { name: /^Queue/ }).click();
  await expect(newest(page)).toContainText("Shall we go ahead?");
  await page.evaluate(() => window.fakeEngine?.goOnline());
  await expect(newest(page).getByRole("img", { name: "Delivered" })).toBeVisible();
});

test("Odette shows no number, so asking for it comes first; what was begun says so", async ({
  page,
}) => {
  await open(page, "open=odette-b&scene=username");
  await page.evaluate(() => window.fakeEngine?.customerWrites("odette-b"));
  const menu = page.getByRole("button", { name: /^Add a question/ });
  await menu.click();
  const first = page.getByRole("menuitem").first();
  await expect(first).toContainText("Ask for contact details");
  await expect(first).toContainText("WhatsApp shows no number for this customer");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const form = page.getByRole("form", { name: "Ask for contact details" });
  await form.getByRole("textbox", { name: "Question" }).fill("May we have your number?");
  await page.keyboard.press("Escape");
  await expect(editor(page)).toBeFocused();
  await menu.click();
  await expect(first).toContainText("begun");
  await first.click();
  await form.getByRole("button", { name: "Send", exact: true }).click();
  await expect(newest(page)).toContainText("May we have your number?");
});

const builders = [
  { name: "a question with buttons", pick: /^Question with buttons/, field: "Question" },
  { name: "a list", pick: /^List/, field: "Question" },
  { name: "a request for a number", pick: /^Ask for contact details/, field: "Question" },
  { name: "a place", pick: /^Place/, field: "Longitude" },
  { name: "a contact card", pick: /^Contact card/, field: "Name" },
] as const;

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, height] of [
    [900, 600],
    [1360, 860],
  ] as const) {
    test.describe(`${colorScheme} ${width}`, () => {
      test.use({ colorScheme, viewport: { width, height } });

      for (const { name, pick, field } of builders) {
        test(`${name}, with its troubles, has no barrier and stays in the window`, async ({
          page,
        }) => {
          await open(page, "open=maren-b");
          const form = await add(page, pick);
          // As it is when somebody sends too early: with what is missing at the fields.
          const box = form.getByRole("textbox", { name: field });
          await box.fill("");
          await form.getByRole("button", { name: "Send", exact: true }).click();
          await expect(box).toHaveAttribute("aria-invalid", "true");
          await expect(form.locator('[aria-invalid="true"]').first()).toBeFocused();
          const place = await form.boundingBox();
          expect(place && place.y >= 60 && place.y + place.height <= height).toBe(true);
          const { violations } = await new AxeBuilder({ page })
            .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"])
            .disableRules(["page-has-heading-one"])
            .analyze();
          const found = violations.map(
            (one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(" | ")}`,
          );
          expect(found).toEqual([]);
        });
      }
    });
  }
}
