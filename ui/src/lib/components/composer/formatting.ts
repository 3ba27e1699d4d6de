/**
 * WhatsApp's marks around words: what Ctrl+B, Ctrl+I and Ctrl+Shift+X do to the field.
 *
 * Marks are plain characters of the text, and WhatsApp reads them only where they touch the words
 * inside one line. So spaces at the ends stay outside, and every line gets marks of its own.
 */
import { isMac, letter } from "../frame/keyboard";

export type Mark = "*" | "_" | "~";

export interface Change {
  /** The range that is replaced. */
  from: number;
  to: number;
  text: string;
  /** What is selected afterwards. */
  selectFrom: number;
  selectTo: number;
}

/** The mark that a key press asks for. */
export function markOf(event: KeyboardEvent): Mark | null {
  const command = isMac ? event.metaKey : event.ctrlKey;
  if (!command || event.altKey) return null;
  const key = letter(event);
  if (event.shiftKey) return key === "x" ? "~" : null;
  return key === "b" ? "*" : key === "i" ? "_" : null;
}

/** Puts marks around the selection, or takes them away where they are. */
export function toggleMark(value: string, from: number, to: number, mark: Mark): Change | null {
  if (from === to) return atCaret(value, from, mark);
  while (from < to && /\s/u.test(value.charAt(from))) from += 1;
  while (to > from && /\s/u.test(value.charAt(to - 1))) to -= 1;
  if (from === to) return null;
  if (value.charAt(from - 1) === mark && value.charAt(to) === mark) {
    const text = value.slice(from, to);
    return { from: from - 1, to: to + 1, text, selectFrom: from - 1, selectTo: to - 1 };
  }
  const wholeLine = from === 0 || value.charAt(from - 1) === "\n";
  const lines = value
    .slice(from, to)
    .split("\n")
    .map((line, index) => partsOf(line, index > 0 || wholeLine));
  const written = lines.filter((line) => line.words !== "");
  const marked = written.every((line) => isMarked(line.words, mark));
  const text = lines
    .map(({ before, words, after }) => {
      if (words === "") return before + after;
      if (marked) return before + words.slice(1, -1) + after;
      return before + (isMarked(words, mark) ? words : mark + words + mark) + after;
    })
    .join("\n");
  return { from, to, text, selectFrom: from, selectTo: from + text.length };
}

function atCaret(value: string, caret: number, mark: Mark): Change {
  // Two marks with nothing between them are what the key before this one put there.
  if (value.charAt(caret - 1) === mark && value.charAt(caret) === mark) {
    return { from: caret - 1, to: caret + 1, text: "", selectFrom: caret - 1, selectTo: caret - 1 };
  }
  return {
    from: caret,
    to: caret,
    text: mark + mark,
    selectFrom: caret + 1,
    selectTo: caret + 1,
  };
}

/** The sign of a list or a quote stays in front of the marks, or it would be none any more. */
function partsOf(
  line: string,
  fromItsStart: boolean,
): { before: string; words: string; after: string } {
  const pattern = fromItsStart
    ? /^(\s*(?:[-*] +|\d{1,3}\. +|> *)?)(.*?)(\s*)$/u
    : /^(\s*)(.*?)(\s*)$/u;
  const [, before = "", words = "", after = ""] = pattern.exec(line) ?? [];
  return { before, words, after };
}

function isMarked(words: string, mark: Mark): boolean {
  return words.length > 2 && words.startsWith(mark) && words.endsWith(mark);
}

/** Carries a change out in the field as if it had been typed, so that undo takes it back. */
export function carryOut(field: HTMLTextAreaElement, change: Change): void {
  field.setSelectionRange(change.from, change.to);
  const done =
    typeof document.execCommand === "function" &&
    document.execCommand(change.text === "" ? "delete" : "insertText", false, change.text);
  if (!done) {
    field.setRangeText(change.text, change.from, change.to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  field.setSelectionRange(change.selectFrom, change.selectTo);
}
