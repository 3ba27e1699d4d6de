// The page's side of the figures: a real Chromium on the real interface.
//
//   node page.mjs drawn ADDRESS   prints `ready`, then one latency in milliseconds per message
//                                 whose text is `sent:<microseconds since 1970>`, until stdin ends
//   node page.mjs idle ADDRESS SECONDS
//                                 prints the share of a core that the page takes while only its
//                                 clocks tick
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [what, address, seconds] = process.argv.slice(2);
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
} else {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const busy = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  await page.waitForTimeout(3000);
  const before = await busy();
  await page.waitForTimeout(Number(seconds) * 1000);
  const share = (await busy()) - before;
  process.stdout.write(`${(100 * share) / Number(seconds)}\n`);
}
await browser.close();
