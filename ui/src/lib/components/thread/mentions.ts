/** Names of colleagues in a note, as in `@Sami`. */

export interface NotePart {
  text: string;
  mention: boolean;
}

/** Splits a note at the mentions of these names; the longest name wins. */
export function splitMentions(text: string, names: string[]): NotePart[] {
  const known = [...new Set(names.flatMap((name) => [name, name.split(/\s+/u)[0] ?? name]))]
    .filter((name) => name !== "")
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  if (known.length === 0) return [{ text, mention: false }];
  const pattern = new RegExp(`@(?:${known.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  const parts: NotePart[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index), mention: false });
    parts.push({ text: match[0], mention: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), mention: false });
  return parts;
}
