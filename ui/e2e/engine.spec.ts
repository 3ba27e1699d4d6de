/**
 * The interface in a browser on the real engine: hub, simulator and engine of the demo team behind
 * the loopback transport. What the window test does in the desktop's web view, here in Chromium.
 */
import { editor, expect, heading, list, open, realEngine, row, test } from "./inbox";

test.skip(!realEngine, "needs AJAR_E2E_URL, the address of a running `ajar --browser --demo`");
test.describe.configure({ mode: "serial" });

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

test("a closed window offers the template, and what was sent stands in the thread", async ({
  page,
}) => {
  await open(page);
  await page.getByPlaceholder(/^Search people/).fill("Odette");
  await row(page, /Odette Crane/).click();
  await expect(page.getByText(/The 24-hour window closed at/)).toBeVisible();
  await page
    .getByRole("region", { name: "Composer" })
    .getByRole("button", { name: /^Template/ })
    .click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("option", { name: /ready_to_collect/ }).click();
  await sheet.getByLabel(/\{\{1\}\}/).fill("Odette");
  await sheet.getByLabel(/\{\{2\}\}/).fill("sand Tourer");
  await sheet.getByRole("button", { name: /Send to Odette/ }).click();
  await expect(
    page.getByRole("article").filter({ hasText: "Hi Odette, your sand Tourer is ready." }),
  ).toBeVisible();
  // The draft that was there waits beside it.
  await expect(page.getByText("Held until Odette writes")).toBeVisible();
});

test("an address without its key shows nothing of the team", async ({ page }) => {
  const address = new URL(process.env["AJAR_E2E_URL"] ?? "");
  address.hash = "";
  const answer = await page.request.post(new URL("/call/get_view", address).href, { data: {} });
  expect(answer.ok()).toBe(false);
  await page.goto(address.href);
  await expect(page.getByText(/Maren Oduya/)).toHaveCount(0);
});
