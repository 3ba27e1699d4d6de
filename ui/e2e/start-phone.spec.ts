import { expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "somebody must hold the fake phone");

test("a conversation begins on the phone, becomes a chat, and opens when they answer", async ({
  page,
}) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog", { name: "New conversation" });
  await page.keyboard.type("1 555 017-3365");
  await expect(dialog.getByText("+1 555 017 3365, valid, no chat yet")).toBeVisible();
  await dialog.getByLabel("Name, if you know it").fill("Juno Hartwell");
  await dialog.getByLabel(/^First words/).fill("Hi Juno, your tandem is ready.");
  await page.keyboard.press("Control+Enter");
  await expect(dialog.getByRole("img", { name: /QR code/ })).toBeVisible();
  await expect(dialog.getByText("Waiting for the phone.")).toBeVisible();
  await dialog.getByRole("button", { name: "Close and wait" }).click();
  const card = page.getByRole("article", { name: /Juno Hartwell/ });
  await expect(card).toBeVisible();
  await card.getByRole("button", { name: "Show the code" }).click();
  await page.evaluate(async () => {
    const start = window.fakeEngine?.world.starts.at(-1)?.id ?? "";
    await window.fakeEngine?.call("demo", { action: "phone_sends_start", start });
  });
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(heading(page)).toHaveText("Juno Hartwell");
  await expect(page.getByText("Typed on the phone, Sami")).toBeVisible();
  const composer = page.getByRole("region", { name: "Composer" });
  await expect(composer.getByText(/^Started on the phone by Sami/)).toBeVisible();
  await page.evaluate(() => {
    const id = [...(window.fakeEngine?.world.chats.keys() ?? [])].at(-1) ?? "";
    window.fakeEngine?.customerWrites(id, "Great, I will come by");
  });
  await expect(composer.getByRole("button", { name: "Send", exact: true })).toBeVisible();
});

test("a closed chat goes on on the phone with its draft", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(page.getByText("Your draft is kept")).toBeVisible();
  await page.keyboard.press("p");
  const dialog = page.getByRole("dialog", { name: "Continue on the phone" });
  await expect(dialog.getByLabel(/^First words/)).toHaveValue(/^Hi Odette, both are on hold/);
  await dialog.getByRole("button", { name: "Make the code" }).click();
  const code = dialog.getByRole("img", { name: /QR code/ });
  await expect(code).toBeVisible();
  // Crisp: every module is a whole number of pixels.
  const [side, modules] = await code.evaluate((svg) => [
    svg.getBoundingClientRect().width,
    Number(svg.getAttribute("viewBox")?.split(" ")[2]),
  ]);
  expect((side ?? 0) % (modules ?? 1)).toBe(0);
  await dialog.getByRole("button", { name: "Cancel the start" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("Your draft is kept")).toBeVisible();
});

test("in a small window the code is there without scrolling", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "open=maren-b&starts");
  await page.getByRole("button", { name: "Show the code" }).first().click();
  await expect(page.getByRole("img", { name: /QR code/ })).toBeInViewport({ ratio: 1 });
});
