// Takes the README's pictures: the real engine with the demo team, in Chromium. `./dev shots`.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { chromium } = createRequire(join(root, "ui/package.json"))("playwright-core");
const images = join(root, "docs/images");

/** The engine, and the address it prints first. */
function engine(folder) {
  const options = ["--browser", "--no-open", "--demo", "--demo-quiet", "--data-dir", folder];
  const child = spawn(process.env.AJAR_BIN ?? join(root, "target/debug/ajar"), options, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => reject(new Error("the engine ended")));
  });
  return { child, address };
}

const folder = mkdtempSync(join(tmpdir(), "ajar-shots-"));
const { child, address } = engine(folder);
const browser = await chromium.launch({
  executablePath: process.env.AJAR_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--font-render-hinting=none"],
});

async function shot(name, colorScheme, act) {
  const page = await browser.newPage({
    viewport: { width: 1360, height: 860 },
    deviceScaleFactor: 1.5,
    colorScheme,
    locale: "en-GB",
  });
  await page.goto(await address);
  await page.getByRole("listbox").getByRole("option").first().waitFor({ timeout: 120_000 });
  await act(page);
  // Rings turn and fonts settle; a picture is taken of what stands still.
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(images, `${name}.png`) });
  process.stdout.write(`docs/images/${name}.png\n`);
  await page.close();
}

const open = (name) => async (page) => {
  await page.getByRole("listbox").getByRole("option", { name }).first().click();
  await page.getByRole("main").getByRole("textbox").first().waitFor();
};

try {
  await shot("inbox", "light", open(/Maren Oduya/));
  await shot("inbox-dark", "dark", open(/Maren Oduya/));
  await shot("closed", "light", async (page) => {
    await page.getByRole("searchbox").fill("Odette");
    await open(/Odette Crane/)(page);
    await page.getByRole("searchbox").fill("");
  });
} finally {
  await browser.close();
  child.kill();
  rmSync(folder, { recursive: true, force: true });
}
