/** When a text may leave later: a few sensible moments, in the agent's zone. */
import type { Key } from "$lib/i18n";
import type { Composer } from "$lib/protocol/Composer";
import type { Time } from "$lib/protocol/Time";
import { HOUR, MINUTE } from "$lib/time";

import { atHour, lastSafe, sendBeforeOf } from "../thread/snooze";

export interface LaterChoice {
  key: Key;
  at: Time;
  /** By then free text cannot leave any more. */
  late: boolean;
}

/** The last safe moment leaves the queue this much room before Send goes off. */
export const ROOM_TO_LEAVE = 2 * MINUTE;

const EVENING = 18;
const MORNING = 9;

export function isLate(at: Time, composer: Composer): boolean {
  const sendBefore = sendBeforeOf(composer);
  return sendBefore !== null && at >= sendBefore;
}

/** The last moment from which a text surely gets out; `null` where it must leave now. */
export function lastSafeMoment(now: Time, composer: Composer): Time | null {
  return lastSafe(now, composer, ROOM_TO_LEAVE);
}

/** Moments after `now`, soonest first. */
export function laterChoices(now: Time, composer: Composer): LaterChoice[] {
  const choices: Omit<LaterChoice, "late">[] = [{ key: "later.hour", at: now + HOUR }];
  const evening = atHour(now, 0, EVENING);
  // Shortly before the evening begins, or in it, the evening is no choice of its own.
  if (evening > now + HOUR / 2) choices.push({ key: "later.evening", at: evening });
  choices.push({ key: "later.tomorrow", at: atHour(now, 1, MORNING) });
  return choices
    .sort((a, b) => a.at - b.at)
    .map((choice) => ({ ...choice, late: isLate(choice.at, composer) }));
}

/** A moment out of the two fields of a form, in the agent's zone; `null` until both are there. */
export function momentOf(date: string, time: string): Time | null {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/u.exec(date);
  const clock = /^(\d{2}):(\d{2})/u.exec(time);
  if (!day || !clock) return null;
  const [, year, month, of] = day.map(Number);
  const [, hour, minute] = clock.map(Number);
  const at = new Date(year ?? 0, (month ?? 1) - 1, of, hour, minute).getTime();
  return Number.isNaN(at) ? null : at;
}

/** The two fields for a moment. */
export function fieldsOf(at: Time): { date: string; time: string } {
  const on = new Date(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  return {
    date: `${on.getFullYear()}-${two(on.getMonth() + 1)}-${two(on.getDate())}`,
    time: `${two(on.getHours())}:${two(on.getMinutes())}`,
  };
}
