/**
 * How a text will look in WhatsApp, for the quiet lines below the field. The text itself travels
 * as it was typed: its marks are read by the customer's phone.
 */
import { readWords, type Words } from "../thread/words";

export type LookLine =
  | { kind: "plain" | "bullet" | "quote"; words: Words[] }
  | { kind: "number"; number: string; words: Words[] }
  | { kind: "mono"; text: string };

/** The lines as WhatsApp draws them, or `null` where they look just as they were typed. */
export function lookOf(text: string): LookLine[] | null {
  const lines: LookLine[] = [];
  let from = 0;
  // A block over several lines is no list, whatever its lines begin with.
  for (const block of text.matchAll(/```([\s\S]+?)```/gu)) {
    const inner = block[1] ?? "";
    if (!inner.includes("\n") || inner.trim() === "") continue;
    readLines(text.slice(from, block.index), lines);
    lines.push({ kind: "mono", text: inner.replaceAll(/^\n|\n$/gu, "") });
    from = block.index + block[0].length;
  }
  readLines(text.slice(from), lines);
  return lines.some(isDrawn) ? lines : null;
}

function readLines(text: string, lines: LookLine[]): void {
  if (text.trim() === "") return;
  for (const line of text.replaceAll(/^\n|\n$/gu, "").split("\n")) lines.push(readLine(line));
}

function readLine(line: string): LookLine {
  const bullet = /^[-*] +(\S.*)$/u.exec(line);
  if (bullet?.[1]) return { kind: "bullet", words: readWords(bullet[1]) };
  const number = /^(\d{1,3})\. +(\S.*)$/u.exec(line);
  if (number?.[1] && number[2]) {
    return { kind: "number", number: number[1], words: readWords(number[2]) };
  }
  const quote = /^> +(\S.*)$/u.exec(line);
  if (quote?.[1]) return { kind: "quote", words: readWords(quote[1]) };
  return { kind: "plain", words: readWords(line) };
}

/** Whether WhatsApp makes something of it that the letters alone do not show. */
function isDrawn(line: LookLine): boolean {
  return (
    line.kind !== "plain" || line.words.some((part) => part.kind !== "text" && part.kind !== "link")
  );
}

/**
 * The address of which WhatsApp shows a preview: the first one that is written out. The hub asks
 * for a preview only of those, so `www.` alone has none.
 */
export function previewedAddress(text: string): string | null {
  return firstAddress(readWords(text));
}

function firstAddress(words: Words[]): string | null {
  for (const part of words) {
    if (part.kind === "link" && /^https?:\/\//iu.test(part.text)) {
      return new URL(part.href).host;
    }
    const inside = "parts" in part ? firstAddress(part.parts) : null;
    if (inside !== null) return inside;
  }
  return null;
}
