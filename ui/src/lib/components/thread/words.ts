/**
 * Reads a message as WhatsApp does: *bold*, _italic_, ~strike~, ```mono``` and links.
 *
 * It gives a tree and no markup, so nothing that a customer writes is ever read as HTML. What
 * is not formatting stays exactly as it was typed, its markers included.
 */

export type Words =
  | { kind: "text"; text: string }
  | { kind: "mono"; text: string; block: boolean }
  | { kind: "link"; text: string; href: string }
  | { kind: "bold" | "italic" | "strike"; parts: Words[] };

const MARKERS: Record<string, "bold" | "italic" | "strike"> = {
  "*": "bold",
  _: "italic",
  "~": "strike",
};

// An address ends before closing punctuation, which belongs to the sentence around it.
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"“”]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const TRAILING = /[.,;:!?…'’"»)\]}*_~]+$/u;

/** The tree of one message. */
export function readWords(text: string): Words[] {
  const out: Words[] = [];
  for (const piece of splitMono(text)) {
    if (piece.kind === "mono") out.push(piece);
    else out.push(...readLinks(piece.text));
  }
  return joinText(out);
}

/** What is left when the formatting is taken away, for previews and names of controls. */
export function plainWords(words: Words[]): string {
  return words.map((part) => ("parts" in part ? plainWords(part.parts) : part.text)).join("");
}

/**
 * Up to three emoji and nothing else: such a message is drawn large, as on the phone.
 */
export function isEmojiOnly(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > 48) return false;
  if (!/^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\u200d|\ufe0f|\s)+$/u.test(trimmed)) {
    return false;
  }
  // Digits count as emoji components and must not be drawn large.
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(trimmed)) return false;
  return graphemes(trimmed.replace(/\s/gu, "")) <= 3;
}

const segmenter =
  typeof Intl.Segmenter === "function"
    ? new Intl.Segmenter(undefined, { granularity: "grapheme" })
    : undefined;

function graphemes(text: string): number {
  return segmenter ? [...segmenter.segment(text)].length : [...text].length;
}

type Mono = { kind: "mono"; text: string; block: boolean };

function splitMono(text: string): (Mono | { kind: "text"; text: string })[] {
  const out: (Mono | { kind: "text"; text: string })[] = [];
  const pattern = /```([\s\S]+?)```|`([^`\n]+)`/gu;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const inner = match[1] ?? match[2] ?? "";
    if (inner.trim() === "") continue;
    if (match.index > from) out.push({ kind: "text", text: text.slice(from, match.index) });
    out.push({
      kind: "mono",
      text: inner.replace(/^\n|\n$/gu, ""),
      block: inner.includes("\n"),
    });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ kind: "text", text: text.slice(from) });
  return out;
}

// Links are taken out before the markers are read, because underscores belong to addresses.
// In their place stands one private character, which counts as a word to the markers.
const LINK_MARK = "\ue000";

function readLinks(text: string): Words[] {
  const links: Words[] = [];
  const replaced = text.replaceAll(LINK_MARK, "").replace(ADDRESS, (found) => {
    const address = trimAddress(found);
    const href = hrefOf(address);
    if (href === null) return found;
    links.push({ kind: "link", text: address, href });
    return LINK_MARK + found.slice(address.length);
  });
  return putLinksBack(readMarkers(replaced), links);
}

function trimAddress(found: string): string {
  let address = found;
  for (;;) {
    const trailing = TRAILING.exec(address);
    if (!trailing) return address;
    const kept = address.slice(0, trailing.index);
    const last = address.slice(trailing.index);
    // `…/Foo_(bar)` keeps the bracket that it opened itself.
    if (last.startsWith(")") && kept.includes("(") && !kept.includes(")")) {
      return kept + ")";
    }
    address = kept;
  }
}

/** Only addresses that a browser or a mail program opens; never `javascript:` or a file. */
function hrefOf(address: string): string | null {
  const text =
    address.includes("@") && !address.includes("/")
      ? `mailto:${address}`
      : address.toLowerCase().startsWith("www.")
        ? `https://${address}`
        : address;
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function putLinksBack(words: Words[], links: Words[]): Words[] {
  const out: Words[] = [];
  for (const part of words) {
    if (part.kind === "text") {
      const pieces = part.text.split(LINK_MARK);
      pieces.forEach((piece, index) => {
        if (index > 0) {
          const link = links.shift();
          if (link) out.push(link);
        }
        if (piece !== "") out.push({ kind: "text", text: piece });
      });
    } else if ("parts" in part) {
      out.push({ kind: part.kind, parts: putLinksBack(part.parts, links) });
    } else {
      out.push(part);
    }
  }
  return out;
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}\ue000]/u.test(character);
}

function readMarkers(text: string): Words[] {
  for (let open = 0; open < text.length; open += 1) {
    const marker = text[open];
    const kind = marker === undefined ? undefined : MARKERS[marker];
    if (marker === undefined || kind === undefined) continue;
    if (isWordCharacter(text[open - 1]) || isSpaceOrEnd(text[open + 1])) continue;
    const close = closingMarker(text, open, marker);
    if (close === null) continue;
    return [
      ...(open > 0 ? [{ kind: "text" as const, text: text.slice(0, open) }] : []),
      { kind, parts: readMarkers(text.slice(open + 1, close)) },
      ...(close + 1 < text.length ? readMarkers(text.slice(close + 1)) : []),
    ];
  }
  return text === "" ? [] : [{ kind: "text", text }];
}

function closingMarker(text: string, open: number, marker: string): number | null {
  for (let at = open + 2; at < text.length; at += 1) {
    const character = text[at];
    // Formatting never crosses a line.
    if (character === "\n") return null;
    if (character === marker && !isSpaceOrEnd(text[at - 1]) && !isWordCharacter(text[at + 1])) {
      return at;
    }
  }
  return null;
}

function isSpaceOrEnd(character: string | undefined): boolean {
  return character === undefined || /\s/u.test(character);
}

function joinText(words: Words[]): Words[] {
  const out: Words[] = [];
  for (const part of words) {
    const last = out.at(-1);
    if (part.kind === "text" && last?.kind === "text") last.text += part.text;
    else out.push(part);
  }
  return out;
}
