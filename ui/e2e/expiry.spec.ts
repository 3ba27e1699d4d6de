import { editor, expect, heading, open, test, words } from "./inbox";

test("the window closes while somebody types: the words stay, Send does not", async ({ page }) => {
  await open(page, "open=yusuf-d&closing=24");
  await expect(heading(page)).toHaveText("Yusuf Brandt");
  const text = "Yes, it is on the rack by the door";
  await editor(page).click();
  await editor(page).pressSequentially(text, { delay: 20 });
  // Inside the safety margin Send is off and says why.
  await expect(page.getByRole("main").getByText(/Too late to send safely/)).toBeVisible({
    timeout: 15_000,
  });
  expect(await words(page)).toContain(text);
  await expect(page.getByRole("button", { name: /^Send\b/ })).toHaveCount(0);
  // Then it is closed, with the draft and the ways on.
  await page.evaluate(() => window.fakeEngine?.setRate(30));
  await expect(page.getByRole("main").getByText(/The 24-hour window closed/)).toBeVisible({
    timeout: 15_000,
  });
  expect(await words(page)).toContain(text);
  await expect(page.getByRole("main").getByText("Hold until they write")).toBeVisible();
});

test("a change of band is announced once, and seconds are not", async ({ page }) => {
  await open(page, "open=yusuf-d&closing=602");
  const announcer = page.getByTestId("announcer");
  await expect(announcer).toHaveText("");
  await expect(announcer).toContainText("Yusuf Brandt", { timeout: 10_000 });
  const said = await announcer.innerText();
  await page.waitForTimeout(2500);
  expect(await announcer.innerText()).toBe(said);
});
