import AxeBuilder from "@axe-core/playwright";

import { expect, list, open, test } from "./inbox";

interface Place {
  name: string;
  options: string;
  act?: string;
}

const places: Place[] = [
  { name: "an open chat", options: "open=maren-b&starts" },
  { name: "a closed chat", options: "open=odette-b" },
  { name: "a disputed chat", options: "open=pilar-f" },
  { name: "a thread with one of everything", options: "open=maren-b&scene=kinds" },
  { name: "a doubtful pair", options: "open=maren-b&scene=identity" },
  { name: "a chat that another handler answers", options: "open=teodor-d&scene=identity" },
  { name: "an import", options: "open=maren-b&scene=import" },
  { name: "a customer without a number", options: "open=odette-b&scene=username" },
  { name: "templates in the outbox", options: "open=odette-b&scene=outbox" },
  { name: "answers that were lost", options: "open=maren-b&scene=uncertain" },
  { name: "formatting while one types", options: "open=maren-b", act: "r * a *" },
  { name: "the snooze menu", options: "open=maren-b", act: "h" },
  { name: "the assign menu", options: "open=maren-b", act: "a" },
  { name: "the preferences", options: "open=maren-b", act: "Control+k p r e f e r Enter" },
  { name: "nothing chosen", options: "" },
  { name: "the Expiring view", options: "open=yusuf-d", act: "x" },
  { name: "lanes in the list", options: "open=maren-b", act: "o" },
  { name: "why the window", options: "open=maren-b", act: "y" },
  { name: "the keys", options: "open=maren-b", act: "?" },
  { name: "the command menu", options: "open=maren-b", act: "Control+k" },
  {
    name: "the health card",
    options: "open=maren-b&scene=health",
    act: "Control+k h e a l t h Enter",
  },
  { name: "a new conversation", options: "open=maren-b", act: "c" },
  { name: "the template picker", options: "open=odette-b", act: "t" },
  { name: "the first run", options: "first" },
];

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    for (const place of places) {
      test(`${place.name} has no barrier that a machine can find`, async ({ page }) => {
        await open(page, place.options);
        if (!place.options.includes("first")) await expect(list(page)).toBeVisible();
        if (place.act) {
          await page.waitForTimeout(300);
          for (const key of place.act.split(" ")) await page.keyboard.press(key);
        }
        await page.waitForTimeout(400);
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"])
          // One page, whose regions change; a heading of the first level is not always there.
          .disableRules(["page-has-heading-one"])
          .analyze();
        const found = violations.map(
          (one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(" | ")}`,
        );
        expect(found).toEqual([]);
      });
    }
  });
}
