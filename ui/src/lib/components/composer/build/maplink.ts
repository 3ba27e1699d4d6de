/**
 * Degrees out of what people paste for a place: a link of Google Maps, OpenStreetMap or Apple
 * Maps, a `geo:` address, or the two numbers themselves.
 *
 * Nothing is fetched: short links hide the place behind a redirect, and whoever follows one for us
 * would learn which customer's street it is.
 */

export interface Point {
  latitude: number;
  longitude: number;
  /** The name that stands in the link, where one does. */
  name: string | null;
}

export type Pasted = { found: "place"; point: Point } | { found: "short_link" } | { found: "none" };

const NUMBER = String.raw`[+-]?\d{1,3}(?:\.\d+)?`;
const PAIR = new RegExp(String.raw`^\s*\(?\s*(${NUMBER})\s*[,;/\s]\s*(${NUMBER})\s*\)?\s*$`, "u");
/** As maps in other languages print them: `52,52 13,405` or `52,52; 13,405`. */
const COMMA_PAIR = /^\s*([+-]?\d{1,3},\d+)\s*[;/\s]\s*([+-]?\d{1,3},\d+)\s*$/u;
/** `48.2082° N, 16.3738° E`. */
const COMPASS_PAIR = new RegExp(
  String.raw`^\s*(\d{1,3}(?:\.\d+)?)\s*°?\s*([NS])\s*[,;\s]\s*(\d{1,3}(?:\.\d+)?)\s*°?\s*([EW])\s*$`,
  "iu",
);
const SHORT_HOSTS = new Set(["maps.app.goo.gl", "goo.gl", "g.co", "osm.org", "maps.apple"]);

/** One number of degrees, with a point or a comma; `null` if it is none. */
export function degreesOf(text: string): number | null {
  const words = text.trim().replace("−", "-").replace(/°$/u, "");
  if (!/^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)$/u.test(words)) return null;
  return Number(words.replace(",", "."));
}

export function placeIn(text: string): Pasted {
  const words = text.trim().replaceAll("−", "-");
  const plain = pairIn(words);
  if (plain) return { found: "place", point: { ...plain, name: null } };
  const address = /(?:https?:\/\/|geo:)\S+/iu.exec(words)?.[0];
  if (address === undefined) return { found: "none" };
  if (/^geo:/iu.test(address))
    return placed(pairIn(address.slice(4).split(/[?;]/u)[0] ?? ""), null);
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return { found: "none" };
  }
  const host = url.hostname.replace(/^(?:www|m)\./u, "").toLowerCase();
  if (isGoogle(host)) return inGoogle(url);
  if (host === "openstreetmap.org" || host === "osm.org") {
    const found = inOpenStreetMap(url);
    if (found.found === "place") return found;
  }
  if (host === "maps.apple.com") return inApple(url);
  return SHORT_HOSTS.has(host) ? { found: "short_link" } : { found: "none" };
}

function isGoogle(host: string): boolean {
  return /^(?:maps\.)?google\.(?:[a-z]{2,3}|com?\.[a-z]{2})$/u.test(host);
}

function inGoogle(url: URL): Pasted {
  const path = decoded(url.pathname);
  const name = /\/place\/([^/@]+)/u.exec(path)?.[1]?.replaceAll("+", " ") ?? null;
  const named = name !== null && pairIn(name) === null ? name.trim() : null;
  // The pin, where there is one; the middle of the map is only near it.
  const pin = new RegExp(String.raw`!3d(${NUMBER})!4d(${NUMBER})`, "u").exec(path);
  if (pin) return placed(pairIn(`${pin[1]},${pin[2]}`), named);
  for (const key of ["q", "query", "ll", "destination", "daddr", "center"]) {
    const pair = pairIn((url.searchParams.get(key) ?? "").replace(/^loc:/u, ""));
    if (pair) return placed(pair, named);
  }
  const inPath = /\/(?:place|search|dir\/)\/?([^/@]+)/u.exec(path)?.[1] ?? "";
  const direct = pairIn(inPath.replaceAll("+", " "));
  if (direct) return placed(direct, null);
  const middle = new RegExp(String.raw`@(${NUMBER}),(${NUMBER})`, "u").exec(path);
  return middle ? placed(pairIn(`${middle[1]},${middle[2]}`), named) : { found: "none" };
}

function inOpenStreetMap(url: URL): Pasted {
  const { searchParams } = url;
  const marked = pairIn(`${searchParams.get("mlat") ?? ""},${searchParams.get("mlon") ?? ""}`);
  if (marked) return placed(marked, null);
  const shown = new RegExp(String.raw`map=\d+(?:\.\d+)?/(${NUMBER})/(${NUMBER})`, "u").exec(
    `${url.hash}&${url.search}`,
  );
  return shown ? placed(pairIn(`${shown[1]},${shown[2]}`), null) : { found: "none" };
}

function inApple(url: URL): Pasted {
  const { searchParams } = url;
  const words = searchParams.get("name") ?? searchParams.get("q");
  const name = words !== null && pairIn(words) === null ? words.trim() : null;
  for (const key of ["coordinate", "ll", "q", "daddr", "sll", "center"]) {
    const pair = pairIn(searchParams.get(key) ?? "");
    if (pair) return placed(pair, name);
  }
  return { found: "none" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function placed(pair: { latitude: number; longitude: number } | null, name: string | null): Pasted {
  return pair
    ? { found: "place", point: { ...pair, name: name === "" ? null : name } }
    : { found: "none" };
}

function pairIn(text: string): { latitude: number; longitude: number } | null {
  const compass = COMPASS_PAIR.exec(text);
  if (compass) {
    const [, north = "", ns = "", east = "", ew = ""] = compass;
    return {
      latitude: Number(north) * (/s/iu.test(ns) ? -1 : 1),
      longitude: Number(east) * (/w/iu.test(ew) ? -1 : 1),
    };
  }
  const match = PAIR.exec(text) ?? COMMA_PAIR.exec(text);
  if (!match) return null;
  const latitude = degreesOf(match[1] ?? "");
  const longitude = degreesOf(match[2] ?? "");
  return latitude === null || longitude === null ? null : { latitude, longitude };
}
