import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

/**
 * Folders point one way: protocol ← bridge ← state ← components ← views. `time`, `i18n` and
 * `icons` are leaves that everything above the bridge may use.
 */
const order = ["protocol", "bridge", "state", "components", "views"];
const leaves = ["time", "i18n", "icons"];

const tauri = {
  regex: "^@tauri-apps/",
  message: "Only src/lib/bridge/tauri.ts knows the desktop shell.",
};

function mayNotImport(folder, forbidden) {
  return {
    files: [`src/lib/${folder}/**/*.{ts,svelte}`],
    // Tests may reach up for a fake bridge or a rendered component.
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            tauri,
            {
              regex: `(^|/)(\\$lib|\\.\\.)/(${forbidden.join("|")})(/|$)`,
              message: `${folder} may not import ${forbidden.join(", ")}: folders point one way.`,
            },
          ],
        },
      ],
    },
  };
}

export default ts.config(
  { ignores: ["dist", "src/lib/protocol", "test-results", "e2e/.output"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      "no-restricted-imports": ["error", { patterns: [tauri] }],
      "no-console": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig },
    },
    rules: {
      // The compiler reads `let` in `$props()` as bindable; a const would not be.
      "prefer-const": "off",
      "svelte/no-navigation-without-resolve": "off",
      // Plain maps are caches and look-ups that are replaced whole; what is drawn is state.
      "svelte/prefer-svelte-reactivity": "off",
    },
  },
  mayNotImport("bridge", ["state", "components", "views", "i18n", "icons"]),
  mayNotImport("state", ["components", "views"]),
  mayNotImport("components", ["views"]),
  ...leaves.map((leaf) =>
    mayNotImport(
      leaf,
      order.filter((folder) => folder !== "protocol"),
    ),
  ),
  {
    files: ["src/lib/bridge/tauri.ts"],
    rules: { "no-restricted-imports": "off" },
  },
);
