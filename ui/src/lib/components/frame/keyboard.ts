/** Which key does what. Single letters are off while somebody types. */
import type { Key } from "$lib/i18n";
import type { CommandId } from "$lib/state";

export interface KeyBinding {
  command: CommandId;
  /** As `KeyboardEvent.key`, small; with `⇧` before it where Shift belongs to it. */
  key: string;
  /** As it is printed. */
  shown: string;
  label: Key;
  group: "move" | "answer" | "sort" | "screen";
}

export const bindings: KeyBinding[] = [
  { command: "next", key: "j", shown: "J", label: "command.next", group: "move" },
  { command: "previous", key: "k", shown: "K", label: "command.previous", group: "move" },
  {
    command: "next_to_expire",
    key: "w",
    shown: "W",
    label: "command.next_to_expire",
    group: "move",
  },
  { command: "search", key: "/", shown: "/", label: "command.search", group: "move" },
  { command: "reply", key: "r", shown: "R", label: "command.reply", group: "answer" },
  { command: "note", key: "n", shown: "N", label: "command.note", group: "answer" },
  { command: "template", key: "t", shown: "T", label: "command.template", group: "answer" },
  { command: "phone", key: "p", shown: "P", label: "command.phone", group: "answer" },
  { command: "hold", key: "u", shown: "U", label: "command.hold", group: "answer" },
  // K alone is the previous chat, so that J and K stay a pair.
  { command: "keep_open", key: "⇧k", shown: "⇧K", label: "command.keep_open", group: "answer" },
  { command: "assign", key: "a", shown: "A", label: "command.assign", group: "sort" },
  { command: "assign_me", key: "i", shown: "I", label: "command.assign_me", group: "sort" },
  { command: "label", key: "l", shown: "L", label: "command.label", group: "sort" },
  { command: "snooze", key: "h", shown: "H", label: "command.snooze", group: "sort" },
  { command: "resolve", key: "e", shown: "E", label: "command.resolve", group: "sort" },
  {
    command: "new_conversation",
    key: "c",
    shown: "C",
    label: "command.new_conversation",
    group: "screen",
  },
  { command: "expiring", key: "x", shown: "X", label: "command.expiring", group: "screen" },
  { command: "order", key: "o", shown: "O", label: "command.order", group: "screen" },
  { command: "details", key: "d", shown: "D", label: "command.details", group: "screen" },
  { command: "why", key: "y", shown: "Y", label: "command.why", group: "screen" },
  { command: "keys", key: "?", shown: "?", label: "command.keys", group: "screen" },
];

/** Commands without a letter, for the menu. */
export const unbound: { command: CommandId; label: Key }[] = [
  { command: "inbox", label: "command.inbox" },
  { command: "starts", label: "command.starts" },
  { command: "theme", label: "command.theme" },
  { command: "preferences", label: "command.preferences" },
  { command: "health", label: "command.health" },
  { command: "manage_templates", label: "command.manage_templates" },
];

const byKey = new Map(bindings.map((binding) => [binding.key, binding.command]));

export const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");
export const menuKey = isMac ? "⌘K" : "Ctrl K";

/** Whether the focus is where letters are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return (
    target instanceof HTMLInputElement &&
    !["button", "checkbox", "radio", "range", "submit", "reset"].includes(target.type)
  );
}

/** The command of a key press, if it is one. */
export function commandOf(event: KeyboardEvent): CommandId | null {
  if (event.isComposing) return null;
  const withCommand = isMac ? event.metaKey : event.ctrlKey;
  if (withCommand && !event.altKey && !event.shiftKey && letter(event) === "k") return "menu";
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (isTyping(event.target)) return null;
  const pressed = letter(event);
  const shifted = event.shiftKey ? byKey.get(`⇧${pressed}`) : undefined;
  return shifted ?? byKey.get(pressed) ?? null;
}

/** The letter on the key: on a keyboard of another script, the one at its place. */
export function letter(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  if (/^[\x20-\x7e]$/.test(key)) return key;
  return /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase() ?? key;
}
