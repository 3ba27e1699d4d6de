import { expect, heading, open, realEngine, row, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

test("two chats that may be one person are joined, and taken apart again", async ({ page }) => {
  await open(page, "open=maren-b&scene=identity");
  const banner = page.getByRole("region", { name: "May be the same person" });
  await expect(banner).toContainText("M. Oduya (courier)");
  await expect(banner).toContainText("+1 555 014 2207");
  await banner.getByRole("button", { name: "Join chats" }).click();
  await expect(banner).toHaveCount(0);
  await expect(heading(page)).toHaveText("Maren Oduya");
  await expect(row(page, /courier/)).toHaveCount(0);
  const details = page.getByRole("complementary", { name: "Details" });
  await expect(details).toContainText(/The chat with .M\. Oduya \(courier\). was joined here/);
  await details.getByRole("button", { name: "Take it out again" }).click();
  const sure = page.getByRole("alertdialog", { name: "Take it out again" });
  await expect(sure).toContainText("Nothing is lost");
  await sure.getByRole("button", { name: "Take it out" }).click();
  await expect(details.getByText("Joined chats")).toHaveCount(0);
  await page.getByRole("searchbox").fill("courier");
  await expect(row(page, /courier/)).toBeVisible();
});

test("joining from the chat that goes leads to the one that stays", async ({ page }) => {
  await open(page, "open=oduya-e&scene=identity");
  await expect(heading(page)).toHaveText("M. Oduya (courier)");
  await page.getByRole("button", { name: "Join chats" }).click();
  await expect(heading(page)).toHaveText("Maren Oduya");
  await expect(page.getByText("It can be undone in the details.")).toBeVisible();
});

test("two people with one number after the other are kept apart", async ({ page }) => {
  await open(page, "open=maren-b&scene=identity");
  const banner = page.getByRole("region", { name: "May be the same person" });
  await banner.getByRole("button", { name: "Open the other chat" }).click();
  await expect(heading(page)).toHaveText("M. Oduya (courier)");
  await expect(banner).toContainText("Maren Oduya");
  await banner.getByRole("button", { name: "Keep apart" }).click();
  await expect(banner).toHaveCount(0);
  await expect(page.getByText("Ajar will not ask again.")).toBeVisible();
});

test("says that another handler answers, and that writing takes the chat over", async ({
  page,
}) => {
  await open(page, "open=teodor-d&scene=identity");
  await expect(page.getByText("Meta’s AI agent has answered this chat since 13:02.")).toBeVisible();
  await expect(page.getByText("Writing from here takes the chat over.")).toBeVisible();
});

test("a new number closes what was open, and says so everywhere", async ({ page }) => {
  await open(page, "open=noor-i&scene=identity");
  const composer = page.getByRole("region", { name: "Composer" });
  await expect(composer).toContainText("Noor has a new number, since 13:30");
  await expect(composer).toContainText("Free text opens when they write from the new number.");
  await page.keyboard.press("y");
  const why = page.getByRole("dialog", { name: "Why the window is as it is" });
  await expect(why).toContainText("Closed today 13:30");
  await expect(why).toContainText("WhatsApp counts only what is written from there.");
  await expect(why).toContainText("when the number changed");
});

test("after an ad everything is free, and that says nothing about the window", async ({ page }) => {
  await open(page, "open=lina-n&scene=identity");
  await expect(page.getByText(/Everything is free of charge until 21 Nov/)).toBeVisible();
  await expect(page.getByRole("region", { name: "Composer" })).toContainText(
    "Free of charge until 21 Nov",
  );
  await page.keyboard.press("t");
  await expect(page.getByRole("dialog", { name: "Template" })).toContainText(
    "Meta bills nothing until then",
  );
});

test("who wants no marketing is sent none: such templates are greyed and say why", async ({
  page,
}) => {
  await open(page, "open=kofi-b&scene=identity");
  await expect(page.getByText(/No marketing messages since 3 November/)).toBeVisible();
  await page.keyboard.press("t");
  const option = page.getByRole("option", { name: /winter_checkup/ });
  await expect(option).toHaveAttribute("aria-disabled", "true");
  await expect(option).toContainText("has wanted no marketing messages since 3 November 2026");
});

for (const [width, height] of [
  [1360, 860],
  [900, 600],
] as const) {
  test(`banners leave room to read and write at ${width}×${height}, in both directions`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height });
    for (const dir of ["ltr", "rtl"]) {
      await open(page, `open=maren-b&scene=identity&dir=${dir}`);
      await expect(page.getByRole("button", { name: "Join chats" })).toBeInViewport({ ratio: 1 });
      await expect(page.getByRole("button", { name: "Keep apart" })).toBeInViewport({ ratio: 1 });
      await expect(page.getByRole("textbox", { name: "Reply" })).toBeInViewport({ ratio: 1 });
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      expect(over).toBeLessThanOrEqual(0);
    }
  });
}
