import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

/** `:global(.name)` alone styles every element of that name, in whatever file it stands. */
const UNSCOPED = /^\s*:global\(\.([\w-]+)[^.)\s]*\)\s*[{,]/gm;
const CLASSES = /\bclass=["{`]([^"}]*)["}]|\bclass:([\w-]+)/g;

const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".svelte"))
  .map((name) => ({ name, text: readFileSync(join(__dirname, name), "utf8") }));

test("a class that is styled everywhere is named in one file only", () => {
  const clashes: string[] = [];
  for (const owner of files) {
    for (const [, name] of owner.text.matchAll(UNSCOPED)) {
      for (const other of files) {
        if (other === owner) continue;
        const used = [...other.text.matchAll(CLASSES)].some(([, list, one]) =>
          (list ?? one ?? "").split(/[\s"'`]+/).includes(name ?? ""),
        );
        if (used) clashes.push(`.${name} of ${owner.name} also hits ${other.name}`);
      }
    }
  }
  expect(clashes, "rename the global class, or say :global(…) below a class of its own").toEqual(
    [],
  );
});
