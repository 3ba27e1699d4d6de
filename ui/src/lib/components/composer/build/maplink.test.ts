import { describe, expect, it } from "vitest";

import { degreesOf, placeIn } from "./maplink";

function point(text: string): unknown {
  const pasted = placeIn(text);
  return pasted.found === "place"
    ? [pasted.point.latitude, pasted.point.longitude, pasted.point.name]
    : pasted.found;
}

describe("Ana pastes where the workshop is", () => {
  it.each([
    // The pin, and not the middle of the map that happened to be on her screen.
    [
      "https://www.google.com/maps/place/Quill+%26+Spoke/@41.8800,-87.6300,17z/data=!3m1!4b1!4m6!3m5!1s0x0:0x0!8m2!3d41.8781136!4d-87.6297982!16s",
      [41.8781136, -87.6297982, "Quill & Spoke"],
    ],
    ["https://www.google.de/maps/@52.5200066,13.404954,15z", [52.5200066, 13.404954, null]],
    ["https://www.google.co.uk/maps?q=51.5007,-0.1246", [51.5007, -0.1246, null]],
    ["https://maps.google.com/?q=loc:-33.8568,151.2153", [-33.8568, 151.2153, null]],
    [
      "https://www.google.com/maps/search/?api=1&query=47.5951518%2C-122.3316393",
      [47.5951518, -122.3316393, null],
    ],
    ["https://www.google.com/maps/search/48.8584,+2.2945", [48.8584, 2.2945, null]],
  ])("from Google Maps: %s", (text, found) => expect(point(text)).toEqual(found));

  it.each([
    [
      "https://www.openstreetmap.org/?mlat=52.51628&mlon=13.37771#map=19/52.51700/13.37800",
      [52.51628, 13.37771, null],
    ],
    ["https://www.openstreetmap.org/#map=17/48.20817/16.37382", [48.20817, 16.37382, null]],
    [
      "https://www.openstreetmap.org/node/240109189#map=19/-6.1754/106.8272",
      [-6.1754, 106.8272, null],
    ],
  ])("from OpenStreetMap: %s", (text, found) => expect(point(text)).toEqual(found));

  it.each([
    ["https://maps.apple.com/?ll=50.894967,4.341626&q=Atomium", [50.894967, 4.341626, "Atomium"]],
    [
      "https://maps.apple.com/place?coordinate=37.3349,-122.00902&name=Apple%20Park",
      [37.3349, -122.00902, "Apple Park"],
    ],
    ["https://maps.apple.com/?q=40.6892,-74.0445", [40.6892, -74.0445, null]],
  ])("from Apple Maps: %s", (text, found) => expect(point(text)).toEqual(found));

  it.each([
    ["41.8781, -87.6298", [41.8781, -87.6298, null]],
    ["  (41.8781 -87.6298) ", [41.8781, -87.6298, null]],
    ["52,5200; 13,4050", [52.52, 13.405, null]],
    ["−33.8568, 151.2153", [-33.8568, 151.2153, null]],
    ["33.8568° S, 70.6483° W", [-33.8568, -70.6483, null]],
    ["geo:48.2010,16.3695;u=35", [48.201, 16.3695, null]],
    ["We are here: https://maps.google.com/?q=48.1,11.5", [48.1, 11.5, null]],
  ])("as numbers or in words: %s", (text, found) => expect(point(text)).toEqual(found));

  it("is told that a short link hides the place", () => {
    expect(point("https://maps.app.goo.gl/a1B2c3D4")).toBe("short_link");
  });

  it.each([
    "the blue door beside the canal",
    "https://example.com/?q=48.1,11.5",
    "https://evilgoogle.com/maps?q=48.1,11.5",
    "https://www.google.com/maps/place/Canal+Street",
    "https://",
    "14:30",
    "",
  ])("and nothing is made up from: %s", (text) => expect(point(text)).toBe("none"));
});

it("reads degrees with a point or a comma, and nothing else", () => {
  expect(["52.5", "52,5", "-0.1", "+7", "13°", ".5"].map(degreesOf)).toEqual([
    52.5, 52.5, -0.1, 7, 13, 0.5,
  ]);
  expect(["", "north", "1e3", "5 2", "--1", "0x10"].map(degreesOf)).toEqual(
    Array.from({ length: 6 }, () => null),
  );
});
