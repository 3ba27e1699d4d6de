/** When a conversation may come back: a few sensible moments, in the reader's zone. */
import type { Key } from "$lib/i18n";
import type { Composer } from "$lib/protocol/Composer";
import type { Time } from "$lib/protocol/Time";
import { HOUR, MINUTE } from "$lib/time";

export interface SnoozeChoice {
  key: Key;
  until: Time;
  /** By then free text cannot go out any more. */
  late: boolean;
}

/**
 * So long before Send goes off the last safe moment lies: time to read, and to answer. Shortly
 * before the end it is half of what is left, so that there is one as long as Send works.
 */
export const TIME_TO_ANSWER = 10 * MINUTE;

/**
 * Moments after `now`, soonest first. An open window adds the hour before it closes, and where
 * other choices would miss it, the last moment from which one can still answer in free text.
 */
export function snoozeChoices(now: Time, composer: Composer): SnoozeChoice[] {
  const sendBefore = sendBeforeOf(composer);
  const closing = composer.state === "closing";
  const choices: Omit<SnoozeChoice, "late">[] = [
    { key: "thread.snooze.hour", until: now + HOUR },
    { key: "thread.snooze.three_hours", until: now + 3 * HOUR },
    { key: "thread.snooze.tomorrow", until: atNine(now, 1) },
    { key: "thread.snooze.next_week", until: atNine(now, daysToMonday(now)) },
  ];
  if (composer.state === "open") {
    const hourBefore = composer.closes_at - HOUR;
    if (hourBefore > now + HOUR / 2) {
      choices.push({ key: "thread.snooze.before_closing", until: hourBefore });
    }
    const half = Math.floor((composer.send_before - now) / 2);
    const safe = half > 0 ? composer.send_before - Math.min(TIME_TO_ANSWER, half) : null;
    if (safe !== null) choices.push({ key: "thread.snooze.last_safe", until: safe });
  }
  return choices
    .sort((a, b) => a.until - b.until)
    .map((choice) => ({
      ...choice,
      late: closing || (sendBefore !== null && choice.until >= sendBefore),
    }));
}

/** Until when free text may leave, where it may at all. */
export function sendBeforeOf(composer: Composer): Time | null {
  return composer.state === "open" ? composer.send_before : null;
}

/** The last moment with so much room before Send goes off; `null` where it is over already. */
export function lastSafe(now: Time, composer: Composer, room: number): Time | null {
  const sendBefore = sendBeforeOf(composer);
  if (sendBefore === null) return null;
  const safe = sendBefore - room;
  return safe > now + MINUTE ? safe : null;
}

/** A full hour of a day from today on, in the reader's zone. */
export function atHour(now: Time, days: number, hour: number): Time {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  date.setHours(hour, 0, 0, 0);
  return date.getTime();
}

function atNine(now: Time, days: number): Time {
  return atHour(now, days, 9);
}

function daysToMonday(now: Time): number {
  const day = new Date(now).getDay();
  const days = (8 - day) % 7;
  return days === 0 ? 7 : days;
}
