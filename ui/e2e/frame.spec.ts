import { editor, expect, heading, list, open, row, test } from "./inbox";

test("the list shows every state of the window in words", async ({ page }) => {
  await open(page);
  await expect(row(page, /Maren Oduya.*3h 12m/)).toBeVisible();
  await expect(row(page, /Dario Penn.*no answer yet/)).toBeVisible();
  await expect(row(page, /Pilar Westergaard.*disputed/)).toBeVisible();
  await expect(row(page, /Kofi Marlowe.*never opened/)).toBeVisible();
  await expect(page.getByRole("button", { name: /Yusuf Brandt is waiting/ })).toBeVisible();
});

test("clocks tick with the team's time and not with this computer's", async ({ page }) => {
  await page.clock.install({ time: new Date("2031-01-01T00:00:00Z") });
  await open(page);
  const strip = page.getByRole("button", { name: /Yusuf Brandt is waiting/ });
  await page.clock.runFor(1000);
  const before = await strip.innerText();
  expect(before).toMatch(/8:[34]\d/);
  await page.clock.runFor(5000);
  await expect(strip).not.toHaveText(before);
  expect(await strip.innerText()).toMatch(/8:3\d/);
});

test("J and K move, W goes to the one that closes next, Escape leaves a field", async ({
  page,
}) => {
  await open(page);
  await page.keyboard.press("j");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("j");
  await expect(heading(page)).toHaveText("Teodor Quist");
  await page.keyboard.press("k");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("w");
  await expect(heading(page)).toHaveText("Yusuf Brandt");
  await page.keyboard.press("r");
  await expect(editor(page)).toBeFocused();
  await page.keyboard.type("just w and j");
  await expect(heading(page)).toHaveText("Yusuf Brandt");
  await page.keyboard.press("Escape");
  await page.keyboard.press("k");
  await expect(heading(page)).not.toHaveText("Yusuf Brandt");
});

test("the list is a listbox with arrow keys", async ({ page }) => {
  await open(page);
  await list(page).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(row(page, /Teodor Quist/)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("End");
  await expect(list(page).locator('[aria-selected="true"]')).toBeInViewport();
});

test("/ searches people and messages; Escape brings the list back", async ({ page }) => {
  await open(page);
  await page.keyboard.press("/");
  await page.keyboard.type("saddle");
  await expect(page.getByRole("region", { name: "In messages" })).toContainText("Greta Moss");
  await page.keyboard.press("Escape");
  await expect(row(page, /Maren Oduya/)).toBeVisible();
});

test("ten thousand chats scroll, and only those in view exist", async ({ page }) => {
  await open(page, "extra=10000");
  await expect(row(page, /Maren Oduya/)).toBeVisible();
  const scroller = list(page).locator("../..");
  for (const top of [40_000, 200_000, 480_000]) {
    await scroller.evaluate((element, y) => element.scrollTo(0, y), top);
    await expect(list(page).getByRole("option").filter({ hasText: /\w/ }).first()).toBeVisible();
    expect(await list(page).getByRole("option").count()).toBeLessThan(40);
  }
});

test("the Expiring view has lanes, and chats that wait come first", async ({ page }) => {
  await open(page);
  await page.keyboard.press("x");
  await expect(page.getByRole("heading", { name: "Expiring" })).toBeVisible();
  await expect(page.getByRole("heading", { name: /Under 10 minutes/ })).toBeVisible();
  const names = await list(page).getByRole("option").allInnerTexts();
  expect(names.slice(0, 3).map((text) => text.split("\n").find((line) => / /.test(line)))).toEqual([
    "Yusuf Brandt",
    "Salma Holt",
    "Greta Moss",
  ]);
});

test("resolved chats leave the list, and come back on demand", async ({ page }) => {
  await open(page, "open=lina-n");
  await expect(heading(page)).toHaveText("Lina Fairweather");
  await page.keyboard.press("e");
  await expect(row(page, /Lina Fairweather/)).toHaveCount(0);
  await page.getByRole("button", { name: "Order: newest first" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Resolved chats too" }).click();
  await expect(row(page, /Lina Fairweather/)).toBeVisible();
});

test("Ctrl+K offers what can be done here, and does it", async ({ page }) => {
  await open(page);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expect(page.getByRole("option", { name: "Reply" })).toHaveCount(0);
  await page.keyboard.type("expir");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("wheel");
  await page.getByRole("option", { name: /Search for/ }).click();
  await expect(page.getByRole("searchbox")).toHaveValue("wheel");
});

test("? lists all keys", async ({ page }) => {
  await open(page);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await expect(dialog).toContainText("Next to expire");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("theme and language are kept", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Preferences" }).click();
  await page.getByRole("radio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByLabel("Language").selectOption("de");
  await expect(page.getByRole("heading", { name: "Einstellungen" })).toBeVisible();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.getByRole("heading", { name: "Eingang" })).toBeVisible();
});

test("without a link it says since when, counts down, and tries again on demand", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await page.evaluate(() => window.fakeEngine?.goOffline());
  const banner = page.getByText("No link to the hub since 14:19.");
  await expect(banner).toBeVisible();
  await expect(page.getByText(/Trying again in \d s/)).toBeVisible();
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(banner).toBeHidden();
});

test("a disconnected number says what still works and what to do", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.fakeEngine?.pauseNumber("number_offboarded"));
  await expect(page.getByRole("status").getByText("The number is disconnected.")).toBeVisible();
  await page.getByRole("button", { name: /needs attention/ }).click();
  await expect(page.getByText("Still works")).toBeVisible();
  await expect(page.getByText(/Nothing is lost: queued texts wait/).first()).toBeVisible();
});

test("a customer who writes moves up and the clock is full again", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.fakeEngine?.customerWrites("odette-b", "I’ll take the 56!"));
  const first = list(page).getByRole("option").first();
  await expect(first).toContainText("Odette Crane");
  await expect(first).toContainText(/2[34]h/);
});

test("why: the event that opened the window, and what did not count", async ({ page }) => {
  await open(page, "open=maren-b");
  await page.getByRole("button", { name: /3h 1[12]m/ }).click();
  const why = page.getByRole("dialog", { name: "Why the window is as it is" });
  await expect(why).toContainText("OK, go ahead then. Could it be done by Saturday?");
  await expect(why).toContainText("Wed 18 Nov, 17:34:08");
  await expect(why).toContainText("3 s later");
  await expect(why).toContainText("Imported history is shown, never counted.");
  await page.keyboard.press("Escape");
  await expect(why).toBeHidden();
});

test("the first run joins with a code, and says in words what is wrong with it", async ({
  page,
}) => {
  await open(page, "first");
  await page.getByLabel(/Address of the hub/).fill("hub.example.com");
  await page.getByLabel(/Join code/).fill("nope");
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByRole("alert")).toContainText("Ask an administrator for a new one");
  await page.getByLabel(/Join code/).fill("ABCD-EFGH-JKLM");
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(row(page, /Maren Oduya/)).toBeVisible();
});

test("the demo opens from the first run, and can be left again", async ({ page }) => {
  await open(page, "first");
  await page.getByText("Try the demo").click();
  await page.getByRole("button", { name: "Open the demo" }).click();
  await expect(row(page, /Maren Oduya/)).toBeVisible();
  await page.getByRole("button", { name: "Preferences" }).click();
  await page.getByRole("button", { name: "Leave the team on this computer" }).click();
  await page.getByRole("button", { name: "Leave", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Answer WhatsApp together" })).toBeVisible();
});

test.describe("a narrow window", () => {
  test.use({ viewport: { width: 760, height: 600 } });

  test("has the list over the thread", async ({ page }) => {
    await open(page, "open=maren-b");
    await expect(list(page)).not.toBeInViewport();
    await page.getByRole("button", { name: "Chats" }).click();
    await expect(row(page, /Teodor Quist/)).toBeInViewport();
    await row(page, /Teodor Quist/).click();
    await expect(list(page)).not.toBeInViewport();
    await expect(heading(page)).toHaveText("Teodor Quist");
  });
});

for (const [width, height] of [
  [1360, 860],
  [900, 600],
] as const) {
  test.describe(`at ${width}×${height}`, () => {
    test.use({ viewport: { width, height } });

    test("nothing is wider than the screen, with long and right-to-left names too", async ({
      page,
    }) => {
      for (const options of ["hard&open=long-b", "hard&open=rtl-a&dir=rtl"]) {
        await open(page, options);
        await expect(list(page).getByRole("option").first()).toBeVisible();
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        expect(over).toBeLessThanOrEqual(0);
        for (const one of await list(page).getByRole("option").all()) {
          const wide = await one.evaluate((element) => element.scrollWidth - element.clientWidth);
          expect(wide).toBeLessThanOrEqual(0);
        }
      }
    });
  });
}
