import type { Locator, Page } from "@playwright/test";

import { expect, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

const log = (page: Page): Locator => page.getByRole("log", { name: "Messages" });

test.describe("everything at one glance", () => {
  test.use({ viewport: { width: 1360, height: 5200 } });

  test("calls of either side say how they ended, and what that means", async ({ page }) => {
    await open(page, "open=maren-b&scene=kinds");
    for (const words of [
      "Missed call",
      "the window is open, so you can write back",
      "We called, no answer",
      "Call, 4 min 12 s",
      "Maren declined our call",
      "Call, 38 s",
    ]) {
      await expect(log(page).getByText(words).first()).toBeVisible();
    }
    // A call stands on the side of who called.
    const box = (words: string): Promise<{ x: number } | null> =>
      log(page).getByText(words, { exact: true }).boundingBox();
    expect((await box("Missed call"))?.x).toBeLessThan((await box("We called, no answer"))?.x ?? 0);
  });

  test("notices stand in the middle and say what they mean", async ({ page }) => {
    await open(page, "open=maren-b&scene=kinds");
    for (const words of [
      /Maren moved to .\+1 555 014 8800.\. What was open before counts no more/,
      /security code with Maren changed/,
      /wants no marketing messages any more/,
      /takes marketing messages again/,
      /From here on Meta’s AI agent answers this chat/,
      /came back to the team from Meta’s AI agent/,
      /no words for/,
    ]) {
      await expect(log(page).getByRole("note").getByText(words)).toBeVisible();
    }
    await expect(log(page).getByRole("blockquote")).toContainText("wants to ride on Saturday");
  });

  test("what is not here says why and what to do", async ({ page }) => {
    await open(page, "open=maren-b&scene=kinds");
    for (const words of [
      "A poll.",
      "A message was edited.",
      "ask Maren to send it another way",
      "older than the files that WhatsApp hands over",
    ]) {
      await expect(log(page).getByText(words)).toBeVisible();
    }
  });

  test("an ad led here: its card has a link and fetches no picture", async ({ page }) => {
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(new URL(request.url()).host));
    await open(page, "open=maren-b&scene=kinds");
    await expect(log(page).getByText("From an ad")).toBeVisible();
    await expect(log(page).getByText("Ready for salt and snow?")).toBeVisible();
    await expect(log(page).getByRole("button", { name: /fb\.me/ })).toBeVisible();
    await expect(log(page).getByText("Forwarded many times")).toBeVisible();
    await expect(log(page).getByText("saddle-brown", { exact: true })).toBeVisible();
    expect(fetched.filter((host) => host.includes("scontent") || host.includes("fb.me"))).toEqual(
      [],
    );
  });

  test("the tick tells the price class on demand", async ({ page }) => {
    await open(page, "open=maren-b&scene=kinds");
    const sent = log(page).getByRole("article").filter({ hasText: "Pick a time that suits you" });
    await sent.getByRole("img", { name: "Read" }).hover();
    await expect(page.getByRole("tooltip")).toHaveText(/Read .*Billed as utility\./);
  });
});

test("a voice note plays at the chosen speed, and only one at a time", async ({ page }) => {
  await page.setViewportSize({ width: 1360, height: 5200 });
  await open(page, "open=maren-b&scene=kinds");
  const notes = log(page).getByRole("group", { name: "Voice message" });
  await expect(notes).toHaveCount(2);
  const first = notes.nth(0);
  const second = notes.nth(1);
  await expect(first.getByText("0:24")).toBeVisible();
  // Its shape was worked out: the bars are not even.
  await expect
    .poll(() =>
      first
        .getByRole("slider")
        .evaluate((bars) => new Set([...bars.children].map((bar) => bar.clientHeight)).size),
    )
    .toBeGreaterThan(5);
  await first.getByRole("button", { name: "Speed 1. Change it" }).click();
  await first.getByRole("button", { name: "Play: Voice message" }).click();
  await expect(first.getByRole("button", { name: "Pause" })).toBeVisible();
  const rate = (note: Locator): Promise<number> =>
    note.locator("audio").evaluate((player: HTMLAudioElement) => player.playbackRate);
  expect(await rate(first)).toBe(1.5);
  await second.getByRole("button", { name: "Play: Voice message" }).click();
  await expect(second.getByRole("button", { name: "Pause" })).toBeVisible();
  await expect(first.getByRole("button", { name: "Play: Voice message" })).toBeVisible();
  expect(await rate(second)).toBe(1.5);
});

test("the arrow keys seek in a voice note and leave the focus where it is", async ({ page }) => {
  await open(page, "open=maren-b");
  const slider = log(page).getByRole("slider", { name: "Place in the sound" });
  await slider.focus();
  await expect(slider).toHaveAttribute("aria-valuemax", "24");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveAttribute("aria-valuetext", "0:10 of 0:24");
  await page.keyboard.press("ArrowDown");
  await expect(slider).toHaveAttribute("aria-valuenow", "5");
  await expect(slider).toBeFocused();
  const box = await slider.boundingBox();
  await slider.click({ position: { x: (box?.width ?? 0) / 2, y: 10 } });
  await expect(slider).toHaveAttribute("aria-valuenow", "12");
});

test("a photo opens large: whole, at its full size, and saved", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "open=hanne-g");
  await page.getByRole("button", { name: /Open large/ }).click();
  const dialog = page.getByRole("dialog");
  const photo = dialog.getByRole("img");
  await expect(photo).toBeInViewport({ ratio: 1 });
  await dialog.getByRole("button", { name: "Full size" }).click();
  expect((await photo.boundingBox())?.width).toBe(708);
  await page.keyboard.press("z");
  await expect(dialog.getByRole("button", { name: "Full size" })).toBeVisible();
  const saving = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save the photo" }).click();
  expect((await saving).suggestedFilename()).toMatch(/\.webp$/);
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
});
