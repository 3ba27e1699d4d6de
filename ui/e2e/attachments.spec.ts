import { open as openFile } from "node:fs/promises";

import { editor, expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the files are the fake team's");

const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwADAwH/iZk9HQAAAABJRU5ErkJggg==",
  "base64",
);

test("a picture goes out with the words below it", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "wheel.png", mimeType: "image/png", buffer: PICTURE });
  const files = page.getByRole("list", { name: "Files for this message" });
  await expect(files.getByText("wheel.png")).toBeVisible();
  await expect(files.getByRole("button", { name: "Send as document" })).toBeVisible();
  await editor(page).fill("True again");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(files).toHaveCount(0);
  await expect(editor(page)).toHaveValue("");
  const sent = page.getByRole("article").filter({ hasText: "True again" });
  await expect(sent.locator("img")).toBeVisible();
  await expect(sent.getByRole("img", { name: "Delivered" })).toBeVisible();
});

for (const [width, height] of [
  [900, 600],
  [1360, 860],
] as const) {
  for (const theme of ["light", "dark"] as const) {
    test(`what WhatsApp does not take says so: ${width} ${theme}`, async ({ page }, info) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: theme });
      await open(page, "open=maren-b");
      await expect(heading(page)).toHaveText("Maren Oduya");
      await editor(page).fill("Here is the film");
      const film = info.outputPath("film.mp4");
      const handle = await openFile(film, "w");
      await handle.truncate(200_000_000);
      await handle.close();
      const input = page.locator('input[type="file"]');
      await input.setInputFiles(film);
      await input.setInputFiles({ name: "IMG_2.heic", mimeType: "", buffer: PICTURE });
      await input.setInputFiles({ name: "ok.png", mimeType: "image/png", buffer: PICTURE });
      await expect(page.getByText("WhatsApp takes at most 16 MB.")).toBeVisible();
      await expect(page.getByText(/iPhone photos in HEIC/)).toBeAttached();
      await expect(page.getByRole("button", { name: "Send", exact: true })).toBeDisabled();
      await expect(editor(page)).toHaveValue("Here is the film");
      await page.screenshot({ path: `e2e/.output/attachments-${width}-${theme}.png` });
      await page.getByRole("button", { name: "Remove film.mp4" }).click();
      await page
        .getByRole("listitem")
        .filter({ hasText: "HEIC" })
        .getByRole("button", { name: "Send as document" })
        .click();
      await expect(page.getByRole("button", { name: "Send", exact: true })).toBeEnabled();
    });
  }
}

test("a refused picture goes back into the field with its words, and out once more", async ({
  page,
}) => {
  await open(page, "open=maren-b&scene=files");
  await expect(heading(page)).toHaveText("Maren Oduya");
  const refused = page.getByRole("article").filter({ hasText: "This is the crack" });
  await expect(refused.getByText(/Nothing reached Maren/)).toBeVisible();
  await refused.getByRole("button", { name: "Edit" }).click();
  const files = page.getByRole("list", { name: "Files for this message" });
  await expect(files.getByText("wheel.webp")).toBeVisible();
  await expect(editor(page)).toHaveValue("This is the crack");
  await expect(page.getByText("WhatsApp cannot use this file.")).toHaveCount(0);
  await editor(page).fill("This is the crack, closer");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(files).toHaveCount(0);
  const sent = page.getByRole("article").filter({ hasText: "This is the crack, closer" });
  await expect(sent.getByRole("img", { name: "Delivered" })).toBeVisible();
});

test("a document that waited too long offers what a document can do", async ({ page }) => {
  await open(page, "open=maren-b&scene=files");
  const parked = page.getByRole("article").filter({ hasText: "The invoice, as promised" });
  await expect(parked.getByRole("button", { name: "Edit" })).toBeVisible();
  // A file is neither typed on the phone nor held for an answer.
  await expect(parked.getByRole("button", { name: /Phone|Hold/ })).toHaveCount(0);
  await parked.getByRole("button", { name: "Send now" }).click();
  await expect(parked.getByRole("img", { name: "Delivered" })).toBeVisible();
});

test("what was dropped waits while the window closes, and goes out when they write", async ({
  page,
}) => {
  await open(page, "open=yusuf-d&closing=40");
  await expect(heading(page)).toHaveText("Yusuf Brandt");
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["%PDF"], "estimate.pdf", { type: "application/pdf" }));
    return transfer;
  });
  const thread = page.getByRole("region", { name: "Conversation", exact: true }).first();
  await thread.dispatchEvent("dragenter", { dataTransfer: data });
  await expect(page.getByText("Drop to attach")).toBeVisible();
  await thread.dispatchEvent("drop", { dataTransfer: data });
  const files = page.getByRole("list", { name: "Files for this message" });
  await expect(files.getByText("estimate.pdf")).toBeVisible();
  await page.evaluate(() => window.fakeEngine?.setRate(30));
  const composer = page.getByRole("region", { name: "Composer" });
  await expect(composer.getByText(/The 24-hour window closed/)).toBeVisible();
  await expect(files.getByText("estimate.pdf")).toBeVisible();
  await expect(composer.getByText(/^Files go out only while the window is open/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Send", exact: true })).toHaveCount(0);
  await page.evaluate(() => {
    window.fakeEngine?.setRate(1);
    window.fakeEngine?.customerWrites("yusuf-d", "Is there an estimate?");
  });
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(files).toHaveCount(0);
  await expect(page.getByRole("article").filter({ hasText: "estimate.pdf" })).toBeVisible();
});
