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
