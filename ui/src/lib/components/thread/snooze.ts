/** When a conversation may come back: a few sensible moments, in the reader's zone. */
import type { Key } from "$lib/i18n";
import type { ClockFace } from "$lib/protocol/ClockFace";
import type { Time } from "$lib/protocol/Time";
import { HOUR } from "$lib/time";

export interface SnoozeChoice {
  key: Key;
  until: Time;
}

/** Moments after `now`, soonest first. An open window adds the hour before it closes. */
export function snoozeChoices(now: Time, face: ClockFace): SnoozeChoice[] {
  const choices: SnoozeChoice[] = [
    { key: "thread.snooze.hour", until: now + HOUR },
    { key: "thread.snooze.three_hours", until: now + 3 * HOUR },
    { key: "thread.snooze.tomorrow", until: atNine(now, 1) },
    { key: "thread.snooze.next_week", until: atNine(now, daysToMonday(now)) },
  ];
  if (face.face === "open" && face.closes_at - HOUR > now + HOUR / 2) {
    choices.push({ key: "thread.snooze.before_closing", until: face.closes_at - HOUR });
  }
  return choices.sort((a, b) => a.until - b.until);
}

function atNine(now: Time, days: number): Time {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  date.setHours(9, 0, 0, 0);
  return date.getTime();
}

function daysToMonday(now: Time): number {
  const day = new Date(now).getDay();
  const days = (8 - day) % 7;
  return days === 0 ? 7 : days;
}
