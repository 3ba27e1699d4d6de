import type { Locator, Page } from "@playwright/test";

import { expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

const log = (page: Page): Locator => page.getByRole("log", { name: "Messages" });
const latest = (page: Page): Locator => page.getByRole("button", { name: /^Latest/ });

async function atEnd(page: Page): Promise<boolean> {
  return log(page).evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop < 4);
}

/** Turns the wheel and comes back when the messages stand still: the wheel only asks for the
 *  way, the browser goes it over several frames, and rows are measured as they come in sight. */
async function scrollUp(page: Page, by: number): Promise<void> {
  await log(page).hover();
  await page.mouse.wheel(0, -by);
  await log(page).evaluate(
    (box) =>
      new Promise<void>((done) => {
        let place = "";
        let still = 0;
        const look = (): void => {
          const now = `${box.scrollTop} ${box.scrollHeight}`;
          still = now === place ? still + 1 : 0;
          place = now;
          if (still >= 12) done();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}

test("one of everything that a thread can show is there in words", async ({ page }) => {
  await page.setViewportSize({ width: 1360, height: 5400 });
  await open(page, "open=maren-b&scene=kinds");
  const thread = log(page);
  for (const words of [
    "Imported from the phone up to here",
    "Approve",
    "Saturday 10:00",
    "Photo, on its way from WhatsApp",
    "invoice 2025-118.pdf",
    "Canal Street 14",
    "+1 555 014 9000",
    "€71.00",
    "Sand Tourer, 56",
    "They deleted this message.",
    "Answers a message that is only on the phone",
    "WhatsApp shows this only on the phone.",
    "It may have gone out.",
    "Not delivered.",
    "Typed on the phone, Ana",
  ]) {
    await expect(thread.getByText(words).first()).toBeVisible();
  }
  await expect(thread.locator("pre")).toHaveText("frame: 56\nwheel: 622");
  await expect(thread.getByRole("img", { name: "Read" }).first()).toBeVisible();
});

test("stays at the newest message while it is there, also when the composer grows", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await expect(page.getByText("Yes, Saturday from 10:00 is fine").last()).toBeInViewport();
  await page.evaluate(() => window.fakeEngine?.customerWrites("maren-b", "And the bell?"));
  await expect(log(page).getByText("And the bell?")).toBeInViewport();
  await page.getByRole("textbox", { name: "Reply" }).fill("One\nTwo\nThree\nFour\nFive\nSix");
  await expect.poll(() => atEnd(page)).toBe(true);
  await expect(latest(page)).toHaveCount(0);
});

test("does not move what one reads further up, and leads back with one press", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(log(page).getByText("Booked you in with Jonah.")).toBeVisible();
  await scrollUp(page, 500);
  await expect(latest(page)).toBeVisible();
  const read = log(page).getByText("Thanks for this! Is the wheel really beyond saving?");
  await expect(read).toBeInViewport();
  const before = await read.boundingBox();
  await page.evaluate(() => {
    window.fakeEngine?.customerWrites("maren-b", "One more");
    window.fakeEngine?.customerWrites("maren-b", "And another");
  });
  await expect(latest(page)).toHaveText(/2/);
  expect((await read.boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0);
  await latest(page).click();
  await expect(log(page).getByText("And another")).toBeInViewport();
  await expect(latest(page)).toHaveCount(0);
});

test("loads the past while one scrolls up, and keeps what one reads in its place", async ({
  page,
}) => {
  await open(page, "open=odette-b");
  await expect(log(page).getByText("Hi! I saw two touring frames")).toBeVisible();
  const count = (): Promise<number> =>
    page.evaluate(() => window.fakeEngine?.world.chats.get("odette-b")?.items.length ?? 0);
  const some = await count();
  for (let i = 0; i < 12 && (await count()) === some; i += 1) {
    await scrollUp(page, 600);
    await page.waitForTimeout(120);
  }
  expect(await count()).toBeGreaterThan(some);
  // What stands in the middle of the screen when a page arrives stays there.
  const middle = await log(page).evaluate((box) => {
    const { top, height, left } = box.getBoundingClientRect();
    const found = document.elementFromPoint(left + 120, top + height / 2)?.closest("article");
    return found ? { id: found.dataset["message"], y: found.getBoundingClientRect().top } : null;
  });
  if (middle?.id) {
    await page.waitForTimeout(500);
    const now = await page
      .locator(`[data-message="${middle.id}"]`)
      .evaluate((element) => element.getBoundingClientRect().top);
    expect(Math.abs(now - middle.y)).toBeLessThan(3);
  }
});

test("thousands of messages: few elements, and no frame that one would notice", async ({
  page,
}) => {
  await open(page, "open=maren-b&scene=thousands");
  await expect(log(page).getByText("Booked you in with Jonah.")).toBeVisible();
  expect(await log(page).locator("article").count()).toBeLessThan(80);
  await log(page).hover();
  const long = await page.evaluate(async () => {
    const box = document.querySelector('[role="log"]');
    const gaps: number[] = [];
    let last = performance.now();
    for (let i = 0; i < 90; i += 1) {
      box?.scrollBy(0, -220);
      await new Promise((done) => requestAnimationFrame(done));
      gaps.push(performance.now() - last);
      last = performance.now();
    }
    return gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.9)] ?? 0;
  });
  test.info().annotations.push({ type: "p90 frame", description: `${long.toFixed(1)} ms` });
  expect(await log(page).locator("article").count()).toBeLessThan(80);
  expect(await log(page).locator("article").count()).toBeGreaterThan(5);
});

test("a quote leads to its message", async ({ page }) => {
  await open(page, "open=maren-b");
  await page.setViewportSize({ width: 1360, height: 520 });
  await log(page)
    .getByRole("button", { name: /You, on the phone|on the phone/ })
    .click();
  await expect(page.locator('[data-message="maren-rim"]')).toBeInViewport();
});

test("a picture opens large and closes with Escape", async ({ page }) => {
  await open(page, "open=maren-b");
  await scrollUp(page, 300);
  await page.getByRole("button", { name: "Photo: After the pothole. Open large" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("img", { name: "After the pothole" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
});

test("says who else is looking and who is typing", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  const look = (typing: boolean): Promise<void> =>
    page.evaluate((busy) => {
      window.fakeEngine?.emit({
        kind: "viewers",
        viewers: [{ agent: "agent-ana-f", conversation: "maren-b", typing: busy }],
      });
    }, typing);
  await look(false);
  await expect(page.getByRole("img", { name: "Ana is looking at this chat" })).toBeVisible();
  await look(true);
  await expect(page.getByText("Ana is typing", { exact: true })).toBeVisible();
});

test("arrow keys walk from message to message, and r answers the one in focus", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await expect(log(page).getByText("Booked you in with Jonah.")).toBeVisible();
  await log(page).focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("r");
  await expect(page.getByRole("button", { name: "Do not quote" })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Reply" })).toBeFocused();
});

test("assigning, labels, snooze and resolve are one key away", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(heading(page)).toHaveText("Odette Crane");
  await page.keyboard.press("i");
  await expect(page.getByRole("complementary").getByText("Sami (you)")).toBeVisible();
  await page.keyboard.press("l");
  await page.keyboard.type("Tandem");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary").getByText("Tandem")).toBeVisible();
  await page.keyboard.press("h");
  await page.getByRole("menuitem", { name: /Tomorrow morning/ }).click();
  await expect(page.getByText("until tomorrow 09:00")).toBeVisible();
  await page.keyboard.press("e");
  await expect(page.getByRole("button", { name: "Reopen" })).toBeVisible();
});
