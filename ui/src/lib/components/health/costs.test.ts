import { expect, it } from "vitest";

import { cardProblem, categoryWords, classWords, countryName } from "./costs";

it("names kinds and classes for people, and new ones by Meta's word", () => {
  expect(categoryWords("service")).toBe("Replies");
  expect(categoryWords("marketing_lite")).toBe("Marketing templates");
  expect(categoryWords({ other: "brand_new" })).toBe("brand_new");
  expect(classWords("regular")).toBe("billed");
  expect(classWords({ other: "brand_new" })).toBe("brand_new");
});

it("calls a country by its name, and says when the number is hidden", () => {
  expect(countryName("DE")).toBe("Germany");
  expect(countryName(null)).toBe("Number hidden");
  expect(countryName("not a code")).toBe("not a code");
});

it("says which lines of a rate card cannot be read", () => {
  expect(cardProblem([{ field: "csv", trouble: "empty" }])).toMatch(/no columns/);
  expect(
    cardProblem([
      { field: "line.6", trouble: "not_a_number" },
      { field: "line.9", trouble: "repeated" },
    ]),
  ).toBe("Not loaded: line 6 and line 9 cannot be read as prices in one currency.");
});
