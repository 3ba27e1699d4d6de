import { defineConfig } from "@playwright/test";

/** The engine under test: a running loopback bridge, or by default the built app with `?fake`. */
const base = process.env["AJAR_E2E_URL"];

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  reporter: process.env["CI"] ? "dot" : "list",
  use: {
    baseURL: base ?? "http://127.0.0.1:4173",
    viewport: { width: 1360, height: 860 },
    timezoneId: "Europe/London",
    locale: "en-GB",
    reducedMotion: "reduce",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    },
  },
  ...(base
    ? {}
    : {
        webServer: {
          command: "npx vite preview",
          cwd: "..",
          url: "http://127.0.0.1:4173",
          reuseExistingServer: true,
        },
      }),
});
