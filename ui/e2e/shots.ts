/**
 * Pictures of the interface in many states, to look at: `npm run build && npm run shots`.
 * They go to e2e/.output; `npm run shots -- -g inbox` takes some of them.
 */
import { expect, test, type Page } from "@playwright/test";

interface Shot {
  name: string;
  query: string;
  size?: [number, number];
  dark?: boolean;
  act?: (page: Page) => Promise<void>;
}

const press =
  (key: string) =>
  (page: Page): Promise<void> =>
    page.keyboard.press(key);

async function health(page: Page): Promise<void> {
  await page.getByRole("button", { name: /Sami: account/ }).click();
  await page.getByRole("menuitem", { name: /Health of the number/ }).click();
}

const shots: Shot[] = [
  { name: "inbox", query: "open=maren-b" },
  { name: "inbox-dark", query: "open=maren-b", dark: true },
  { name: "inbox-small", query: "open=maren-b", size: [900, 600] },
  { name: "inbox-narrow", query: "open=maren-b", size: [760, 600] },
  { name: "closed", query: "open=odette-b" },
  { name: "closed-dark", query: "open=odette-b", dark: true },
  { name: "disputed", query: "open=pilar-f" },
  { name: "kinds", query: "open=maren-b&scene=kinds", size: [1360, 5400] },
  { name: "kinds-dark", query: "open=maren-b&scene=kinds", size: [1360, 5400], dark: true },
  { name: "doubt", query: "open=maren-b&scene=identity" },
  { name: "doubt-small", query: "open=maren-b&scene=identity", size: [900, 600], dark: true },
  { name: "joined", query: "open=lina-n&scene=identity" },
  { name: "elsewhere", query: "open=teodor-d&scene=identity" },
  { name: "moved", query: "open=noor-i&scene=identity", act: press("y") },
  { name: "import", query: "open=maren-b&scene=import" },
  { name: "health", query: "open=maren-b", act: health },
  { name: "health-trouble", query: "open=maren-b&scene=health", dark: true, act: health },
  { name: "health-small", query: "open=maren-b&scene=health", size: [900, 600], act: health },
  { name: "username", query: "open=odette-b&scene=username" },
  { name: "username-small", query: "open=odette-b&scene=username", size: [900, 600], dark: true },
  { name: "outbox", query: "open=odette-b&scene=outbox" },
  { name: "uncertain", query: "open=maren-b&scene=uncertain" },
  { name: "snooze", query: "open=maren-b", act: press("h") },
  { name: "snooze-small", query: "open=yusuf-d", size: [900, 600], dark: true, act: press("h") },
  { name: "no-chat", query: "" },
  { name: "starts", query: "open=maren-b&starts" },
  { name: "hard", query: "open=long-b&hard" },
  { name: "hard-rtl", query: "open=rtl-a&hard&dir=rtl" },
  {
    name: "many",
    query: "extra=10000",
    act: async (page) => {
      await page
        .getByRole("listbox")
        .evaluate((list) => list.parentElement?.parentElement?.scrollTo(0, 240_000));
    },
  },
  { name: "expiring", query: "open=yusuf-d", act: press("x") },
  { name: "expiring-dark", query: "open=yusuf-d", dark: true, act: press("x") },
  { name: "expiring-small", query: "open=yusuf-d", size: [900, 600], act: press("x") },
  { name: "why", query: "open=maren-b", act: press("y") },
  { name: "why-dark", query: "open=maren-b", dark: true, act: press("y") },
  { name: "why-closed", query: "open=odette-b", act: press("y") },
  { name: "keys", query: "open=maren-b", act: press("?") },
  { name: "menu", query: "open=maren-b", act: press("Control+k") },
  { name: "menu-dark", query: "open=maren-b", dark: true, act: press("Control+k") },
  { name: "new", query: "open=maren-b", act: press("c") },
  { name: "template", query: "open=odette-b", act: press("t") },
  { name: "soonest", query: "open=maren-b", act: press("o") },
  {
    name: "preferences",
    query: "open=maren-b&token_in_file",
    act: (page) => page.getByRole("button", { name: "Preferences" }).click(),
  },
  {
    name: "number",
    query: "open=maren-b",
    act: async (page) => {
      await page.evaluate(() => window.fakeEngine?.pauseNumber("number_offboarded"));
      await page.getByRole("button", { name: /The number on the phone/ }).click();
    },
  },
  {
    name: "me",
    query: "open=maren-b",
    act: (page) => page.getByRole("button", { name: /Sami: account/ }).click(),
  },
  {
    name: "offline",
    query: "open=maren-b",
    act: async (page) => {
      await page.evaluate(() => window.fakeEngine?.goOffline());
    },
  },
  {
    name: "search-none",
    query: "open=maren-b",
    act: (page) => page.getByRole("searchbox").fill("tandm"),
  },
  {
    name: "search",
    query: "open=maren-b",
    act: (page) => page.getByRole("searchbox").fill("the"),
  },
  { name: "first", query: "first" },
  { name: "first-dark", query: "first", dark: true },
  {
    name: "first-host",
    query: "first",
    act: (page) => page.getByText("Host on this computer").click(),
  },
  { name: "german", query: "open=maren-b&language=de" },
];

for (const shot of shots) {
  const [width, height] = shot.size ?? [1360, 860];

  test.describe(() => {
    test.use({ viewport: { width, height }, colorScheme: shot.dark ? "dark" : "light" });

    test(shot.name, async ({ page }) => {
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.goto(`/?fake&${shot.query}`);
      await page.waitForTimeout(400);
      await shot.act?.(page);
      await page.waitForTimeout(400);
      await page.screenshot({ path: `e2e/.output/${shot.name}.png` });
      expect(errors).toEqual([]);
    });
  });
}
