import { editor, expect, heading, open, realEngine, test } from "./inbox";

test.skip(realEngine, "the scenes are the fake team's");

test("a text goes out with Enter and its ticks follow", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("On my way");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("at five");
  await page.keyboard.press("Enter");
  const sent = page.getByRole("article").filter({ hasText: "On my way" });
  await expect(sent.getByRole("img", { name: "Delivered" })).toBeVisible();
  await expect(sent.getByRole("img", { name: "Read" })).toBeVisible({ timeout: 8000 });
  await expect(editor(page)).toHaveValue("");
  await expect(editor(page)).toBeFocused();
});

test("Ctrl+B makes words bold as if typed: undo takes it back", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("It is ready");
  await page.keyboard.press("Control+Shift+ArrowLeft");
  await page.keyboard.press("Control+b");
  await expect(editor(page)).toHaveValue("It is *ready*");
  const look = page.getByRole("group", { name: "How it will look" });
  await expect(look.locator("b")).toHaveText("ready");
  await page.keyboard.press("Control+z");
  await expect(editor(page)).toHaveValue("It is ready");
  await expect(look).toHaveCount(0);
  await page.keyboard.press("Control+Shift+x");
  await expect(editor(page)).toHaveValue("It is ~ready~");
});

test("in a small window a long formatted text leaves the conversation in sight", async ({
  page,
}) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("*See* https://quillandspoke.example/e/148 and");
  for (let line = 1; line <= 9; line += 1) {
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type(`${line}. line`);
  }
  await expect(page.getByText(/WhatsApp will show a preview of quillandspoke/)).toBeInViewport();
  await expect(page.getByRole("button", { name: "Send", exact: true })).toBeInViewport({
    ratio: 1,
  });
  const log = await page.getByRole("log").boundingBox();
  expect(log?.height ?? 0).toBeGreaterThan(90);
});

test("in a small window the snooze choices open by their key and warn", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "open=yusuf-d");
  await expect(heading(page)).toHaveText("Yusuf Brandt");
  await page.keyboard.press("h");
  await expect(page.getByText(/^After the window closes \(today 14:30\)/)).toBeInViewport();
  await expect(page.getByRole("menuitem", { name: /Next Monday/ })).toBeInViewport({ ratio: 1 });
});

test("a refused template goes out from the picker with what it had", async ({ page }) => {
  await open(page, "open=odette-b&scene=outbox");
  await page.getByRole("button", { name: "Open in the picker" }).click();
  const sheet = page.getByRole("dialog", { name: "Template" });
  await expect(sheet.getByText("An address has no spaces.")).toBeVisible();
  await sheet.getByLabel(/See the bike/).fill("sand-56");
  await expect(sheet.locator('[aria-invalid="true"]')).toHaveCount(0);
  await page.keyboard.press("Control+Enter");
  await expect(sheet).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Open in the picker" })).toHaveCount(0);
  const sent = page.getByRole("article").filter({ hasText: "your sand Tourer is on hold" });
  await expect(sent).toHaveCount(1);
  await expect(sent.getByRole("img", { name: "Delivered" })).toBeVisible();
});

test("a failed text comes back to the field, above what one has typed", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("And the lamp?");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(editor(page)).toHaveValue("Here is the revised estimate.\nAnd the lamp?");
  await expect(editor(page)).toBeFocused();
  await expect(page.getByText("The text stands above what you had typed.")).toBeVisible();
  await expect(
    page.getByRole("article").filter({ hasText: "Here is the revised estimate." }),
  ).toHaveCount(0);
});

test("a refused template that is thrown away gives its held draft back", async ({ page }) => {
  await open(page, "open=odette-b&scene=outbox");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(editor(page)).toHaveValue("Until later then!");
  await expect(page.getByRole("button", { name: "Open in the picker" })).toHaveCount(0);
});

test("the emoji picker puts one where the caret is", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("ab");
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("button", { name: "Emoji" }).click();
  const picker = page.locator("emoji-picker");
  await picker.locator("input").fill("thumbs up");
  await picker
    .getByRole("option", { name: /thumbs up/ })
    .first()
    .click();
  await expect(editor(page)).toHaveValue(/^a👍\ufe0f?b$/u);
  await expect(editor(page)).toBeFocused();
});

test("what the phone says meanwhile holds Send once", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("Shall we say Friday?");
  await page.evaluate(() => window.fakeEngine?.phoneTypes("maren-b", "I told them Saturday"));
  await expect(page.getByRole("alert")).toContainText("I told them Saturday");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Send anyway" })).toBeVisible();
  await expect(editor(page)).toHaveValue("Shall we say Friday?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article").filter({ hasText: "Shall we say Friday?" })).toBeVisible();
});

test("a held text is offered when they write, and released by one key", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(heading(page)).toHaveText("Odette Crane");
  const text = await editor(page).inputValue();
  await page.keyboard.press("u");
  await expect(page.getByText("Held until Odette writes")).toBeVisible();
  // Whoever is at the composer finds the offer under the key.
  await page.getByRole("button", { name: "Edit first" }).focus();
  await page.evaluate(() => window.fakeEngine?.customerWrites("odette-b", "Still there?"));
  await expect(page.getByText(/^Odette wrote at 14:22, the window is open$/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Send it" })).toBeFocused();
  await page.keyboard.press("Enter");
  const sent = page.getByRole("article").filter({ hasText: text.slice(0, 40) });
  await expect(sent.getByRole("img", { name: "Delivered" })).toBeVisible();
});

test("a note is yellow, full width and says that it was not sent", async ({ page }) => {
  await open(page, "open=odette-b");
  await expect(heading(page)).toHaveText("Odette Crane");
  await page.keyboard.press("n");
  await page.keyboard.type("@Jonah on the rack until six");
  await page.keyboard.press("Enter");
  const note = page.getByRole("note").filter({ hasText: "on the rack until six" });
  await expect(note).toContainText("Not sent, 14:22");
  await expect(note.locator("mark")).toHaveText("@Jonah");
});

test("without a link a text queues with its deadline, and can be taken back", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.evaluate(() => window.fakeEngine?.goOffline());
  await page.keyboard.press("r");
  await page.keyboard.type("Later");
  await page.getByRole("button", { name: "Queue until 17:33" }).click();
  await expect(page.getByText("Queued. Goes out if the link is back by 17:33")).toBeVisible();
  await page.getByRole("button", { name: "Take back" }).click();
  await expect(page.getByText("Queued. Goes out if the link is back by 17:33")).toHaveCount(0);
});

test("a draft waits in its chat", async ({ page }) => {
  await open(page, "open=maren-b");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await page.keyboard.press("r");
  await page.keyboard.type("Half a sentence");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await expect(heading(page)).not.toHaveText("Maren Oduya");
  await page.keyboard.press("k");
  await expect(heading(page)).toHaveText("Maren Oduya");
  await expect(editor(page)).toHaveValue("Half a sentence");
});

const states = [
  { open: "odette-b", words: "The 24-hour window closed at 14:02." },
  { open: "kofi-b", words: "Nobody has written to you from this number" },
  { open: "dario-b", words: "Started on the phone by Sami, 13:58" },
  { open: "pilar-f", words: "WhatsApp says this window is closed" },
  { open: "ivo-a", words: "Known only from the phone’s history" },
  { open: "wendell-k", words: /^You blocked this customer/ },
  { open: "odette-b&scene=parked", words: "Parked. It was not sent" },
  { open: "odette-b&scene=username", words: /^Continue on the phone is not offered/ },
  { open: "odette-b&scene=held", words: "Held until Odette writes" },
  { open: "teodor-d&scene=offered", words: "Teodor wrote at 14:19, the window is open" },
];
for (const state of states) {
  test(`the composer of ${state.open} fits and says what it is`, async ({ page }) => {
    for (const [width, height] of [
      [1360, 860],
      [900, 600],
    ] as const) {
      await page.setViewportSize({ width, height });
      await open(page, `open=${state.open}`);
      const composer = page.getByRole("region", { name: "Composer" });
      await expect(composer.getByText(state.words)).toBeVisible();
      const box = await composer.boundingBox();
      expect(box && box.y + box.height).toBeLessThanOrEqual(height);
      // Some of the conversation is always to be seen above it.
      const log = await page.getByRole("log").boundingBox();
      expect(log?.height ?? 0).toBeGreaterThan(90);
      const wide = await composer.evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(wide).toBeLessThanOrEqual(0);
    }
  });
}
