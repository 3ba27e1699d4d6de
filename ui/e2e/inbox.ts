/** Where the tests find things, whichever engine answers. */
import { expect, test as base, type Locator, type Page } from "@playwright/test";

/** True when a real engine is under test (`AJAR_E2E_URL`), whose stories differ from the fake's. */
export const realEngine =
  process.env["AJAR_E2E_URL"] !== undefined && !process.env["AJAR_E2E_FAKE"];

/**
 * Opens the interface. `options` are the fake team's; a real engine gets the address as it stands
 * in `AJAR_E2E_URL`, with its token behind the `#`.
 */
export async function open(page: Page, options = ""): Promise<void> {
  const address = realEngine ? (process.env["AJAR_E2E_URL"] ?? "/") : `/?fake&${options}`;
  await page.goto(address);
  await expect(page.locator("#app > *").first()).toBeVisible();
}

export const list = (page: Page): Locator => page.getByRole("listbox");
export const row = (page: Page, name: string | RegExp): Locator =>
  list(page).getByRole("option", { name });
export const heading = (page: Page): Locator => page.getByRole("main").getByRole("heading").first();
export const editor = (page: Page): Locator => page.getByRole("main").getByRole("textbox").first();

/** All that can be read in the conversation, also what stands in its text fields. */
export async function words(page: Page): Promise<string> {
  return page.getByRole("main").evaluate((main) => {
    const fields = [...main.querySelectorAll("textarea")].map((field) => field.value);
    return [(main as HTMLElement).innerText, ...fields].join("\n");
  });
}

/** A test fails when the page has an error that nobody caught. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
    await use(page);
    expect(errors).toEqual([]);
  },
});
export { expect };
