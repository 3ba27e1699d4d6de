/**
 * How the import of the phone's past stands, in words. The hub counts; this only reads.
 *
 * ```text
 *   not asked ──► asked ──► running (a chunk or the question within half an hour) ──► done (100 %)
 *       │            ├──► silent: no chunk for half an hour
 *       │            └──► declined by the owner
 *       └──► too late, asked before, refused
 * ```
 */
import { locale, t } from "$lib/i18n";
import { dayTime, MINUTE } from "$lib/time";
import type { Asked } from "$lib/protocol/Asked";
import type { Import } from "$lib/protocol/Import";
import type { Time } from "$lib/protocol/Time";

/** After this long without a chunk an import that is not at its end stands still. */
const SILENCE = 30 * MINUTE;

export type Standing =
  "not_asked" | "running" | "silent" | "done" | "declined" | "before" | "too_late" | "refused";

export function standingOf(imported: Import, now: Time): Standing {
  const { history, percent, declined_at, last_chunk_at } = imported;
  if (declined_at !== null) return "declined";
  if (percent === 100) return "done";
  const heard = Math.max(last_chunk_at ?? 0, history.asked === "yes" ? history.at : 0);
  if (heard > 0 && now - heard < SILENCE) return "running";
  switch (history.asked) {
    case "not_yet":
      return last_chunk_at === null ? "not_asked" : "silent";
    case "yes":
      return "silent";
    case "before":
    case "too_late":
    case "refused":
      return history.asked;
  }
}

export function isRunning(imported: Import, now: Time): boolean {
  return standingOf(imported, now) === "running";
}

/**
 * Meta takes each question once. To ask again makes sense where it was never asked, or where the
 * answer had nothing to do with that.
 */
export function mayAsk({ contacts, history, declined_at, percent }: Import): boolean {
  const open = (asked: Asked): boolean => asked.asked === "not_yet" || asked.asked === "refused";
  return declined_at === null && percent !== 100 && (open(history) || open(contacts));
}

export function askedYet({ contacts, history }: Import): boolean {
  return contacts.asked !== "not_yet" || history.asked !== "not_yet";
}

/** `12,310` in the agent's language. */
export function number(count: number): string {
  return new Intl.NumberFormat(locale()).format(count);
}

/** What the strip above the list says. */
export function stripWords(imported: Import): string {
  const { percent, messages } = imported;
  if (percent === null) return t("import.strip_begins");
  return t("import.strip", { percent, count: messages });
}

export interface ImportWords {
  tone: "good" | "bad" | "plain";
  lead: string;
  /** What it means, and what to do. */
  words: string;
}

export function importWords(imported: Import, now: Time): ImportWords {
  const { messages, contacts_seen, percent, declined_at, history, last_chunk_at } = imported;
  const counts = { messages, contacts: contacts_seen };
  switch (standingOf(imported, now)) {
    case "not_asked":
      return { tone: "plain", lead: t("import.not_asked"), words: t("import.not_asked_words") };
    case "running":
      return {
        tone: "plain",
        lead: percent === null ? t("import.begins") : t("import.running", { percent }),
        words: t("import.running_words", counts),
      };
    case "silent":
      return {
        tone: "bad",
        lead: percent === null ? t("import.silent") : t("import.silent_at", { percent }),
        words:
          last_chunk_at === null
            ? t("import.silent_words")
            : t("import.silent_words_since", { time: dayTime(last_chunk_at, now), ...counts }),
      };
    case "done":
      return { tone: "good", lead: t("import.done"), words: t("import.done_words", counts) };
    case "declined":
      return {
        tone: "plain",
        lead: t("import.declined", { time: dayTime(declined_at ?? now, now) }),
        words: t("import.declined_words"),
      };
    case "before":
      return { tone: "plain", lead: t("import.before"), words: t("import.before_words", counts) };
    case "too_late":
      return { tone: "bad", lead: t("import.too_late"), words: t("import.too_late_words") };
    case "refused":
      return {
        tone: "bad",
        lead: t("import.refused"),
        words: t("import.refused_words", {
          code:
            history.asked === "refused" && history.meta_code !== null
              ? String(history.meta_code)
              : "",
        }),
      };
  }
}
