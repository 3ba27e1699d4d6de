// The page's side of the figures: a real Chromium on the real interface.
//
//   node page.mjs drawn ADDRESS   prints `ready`, then one latency in milliseconds per message
//                                 whose text is `sent:<microseconds since 1970>`, until stdin ends
//   node page.mjs enter ADDRESS TEXTS
//                                 writes into the first open chat and presses Enter; prints one line
//                                 per text: milliseconds from the key to the painted bubble, and how
//                                 many frames were drawn meanwhile, with the one that shows it
//   node page.mjs idle ADDRESS SECONDS
//                                 prints the share of a core that the page takes while only its
//                                 clocks tick
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [what, address, amount] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.AJAR_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });

if (what === 'drawn') {
  await page.exposeFunction('drawn', (latency) => process.stdout.write(`${latency}\n`));
  await page.addInitScript(() => {
    const seen = new Set();
    const look = (root) => {
      const text = root.textContent ?? '';
      for (const [, sent] of text.matchAll(/sent:(\d{16})/g)) {
        if (seen.has(sent)) continue;
        seen.add(sent);
        // After the frame in which it was painted.
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () =>
            window.drawn(performance.timeOrigin + performance.now() - Number(sent) / 1000);
          channel.port2.postMessage(null);
        });
      }
    };
    new MutationObserver((changes) => {
      for (const change of changes) {
        look(change.target);
        for (const node of change.addedNodes) look(node);
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
}

await page.goto(address);
await page.getByRole('option').first().waitFor();

if (what === 'drawn') {
  process.stdout.write('ready\n');
  for await (const _ of process.stdin);
} else if (what === 'enter') {
  await page.getByRole('option').first().click();
  const field = page.getByRole('textbox', { name: 'Reply', exact: true });
  await field.waitFor();
  await page.exposeFunction('shown', (ms, frames) => process.stdout.write(`${ms} ${frames}\n`));
  for (let no = 0; no < Number(amount); no += 1) {
    const words = `Your bike is ready, number ${no}.`;
    await field.fill(words);
    // Drafts are kept a moment after the last key; a person who reads once more before Enter, too.
    await page.waitForTimeout(400);
    await page.evaluate((words) => {
      let frames = 0;
      let pressed = 0;
      let found = false;
      const painted = () => {
        window.shown(performance.now() - pressed, frames);
        window.settled?.();
      };
      const frame = () => {
        frames += 1;
        if (!found) return void requestAnimationFrame(frame);
        const channel = new MessageChannel();
        channel.port1.onmessage = painted;
        channel.port2.postMessage(null);
      };
      const look = new MutationObserver(() => {
        const bubbles = [...document.querySelectorAll('article')];
        if (!bubbles.some((bubble) => bubble.textContent.includes(words))) return;
        found = true;
        look.disconnect();
      });
      const key = (event) => {
        if (event.key !== 'Enter') return;
        document.removeEventListener('keydown', key, true);
        pressed = event.timeStamp;
        look.observe(document, { childList: true, subtree: true, characterData: true });
        requestAnimationFrame(frame);
      };
      document.addEventListener('keydown', key, true);
      window.after = new Promise((resolve) => (window.settled = resolve));
    }, words);
    await field.press('Enter');
    await page.evaluate(() => window.after);
  }
} else {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const busy = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  await page.waitForTimeout(3000);
  const before = await busy();
  await page.waitForTimeout(Number(amount) * 1000);
  const share = (await busy()) - before;
  process.stdout.write(`${(100 * share) / Number(amount)}\n`);
}
await browser.close();
