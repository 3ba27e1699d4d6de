/**
 * Times as words. Durations never depend on a zone; moments are shown in the agent's zone by
 * `Intl`.
 */
import { locale, t } from "$lib/i18n";
import type { ClockFace } from "$lib/protocol/ClockFace";
import type { Time } from "$lib/protocol/Time";

import { DAY, HOUR, MINUTE, SECOND, timeLeft } from "./face";

/**
 * Time left on a clock: `23h`, `3h 12m`, `42m`, and `8:41` in the last ten minutes. `full`
 * keeps the minutes also when there is more than four hours left.
 */
export function left(ms: number, full = false): string {
  if (ms <= 10 * MINUTE) {
    // Rounded up: the clock shows 0:01 until the moment it closes, and never 0:00.
    const seconds = Math.max(0, Math.ceil(ms / SECOND));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  if (hours === 0) return t("time.minutes", { minutes });
  if (minutes === 0 || (!full && ms > 4 * HOUR)) return t("time.hours", { hours });
  return t("time.hours_minutes", { hours, minutes });
}

/** The words beside the ring. */
export function faceText(face: ClockFace, now: Time, full = false): string {
  const ms = timeLeft(face, now);
  if (ms !== null) return left(ms, full);
  switch (face.face) {
    case "open":
    case "closed":
      return t("clock.closed");
    case "disputed":
      return t("clock.disputed");
    case "never_opened":
      return t("clock.never_opened");
    case "no_answer_yet":
      return t("clock.no_answer_yet");
    case "only_history":
      return t("clock.only_history");
    case "paused":
      return t("clock.paused");
  }
}

/** How long something has lasted: `just now`, `14 min`, `5h 10m`, `3 days`. */
export function lasted(ms: number): string {
  if (ms < MINUTE) return t("time.just_now");
  if (ms < HOUR) return t("time.min", { minutes: Math.floor(ms / MINUTE) });
  if (ms < 2 * DAY) {
    const hours = Math.floor(ms / HOUR);
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return minutes === 0 ? t("time.hours", { hours }) : t("time.hours_minutes", { hours, minutes });
  }
  return t("time.days", { days: Math.floor(ms / DAY) });
}

/** How long people talked: `38 s`, `4 min 12 s`, `1 h 4 min`. */
export function talked(seconds: number): string {
  if (seconds < 60) return t("time.talked_seconds", { seconds });
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? t("time.talked_minutes", { minutes, seconds: seconds % 60 })
    : t("time.talked_hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** A place in a sound: `0:07`, `12:41`. */
export function playTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale(), options);
    formats.set(key, made);
  }
  return made;
}

/** `14:22` */
export function clockTime(at: Time): string {
  return format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** `14:22:06` */
export function clockTimeSeconds(at: Time): string {
  return format({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at);
}

/** Whole days from the day of `at` to the day of `now` in the agent's zone. */
export function daysAgo(at: Time, now: Time): number {
  const day = (time: Time): number => {
    const date = new Date(time);
    return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  };
  return Math.round((day(now) - day(at)) / DAY);
}

/** The end of the agent's day. */
export function midnightAfter(now: Time): Time {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}

/** The time column of a row: `14:22` today, `Wed` within a week, `12 Nov`, `12 Nov 2025`. */
export function rowTime(at: Time, now: Time): string {
  const days = daysAgo(at, now);
  if (days === 0) return clockTime(at);
  if (days > 0 && days < 7) return format({ weekday: "short" }).format(at);
  if (new Date(at).getFullYear() === new Date(now).getFullYear()) {
    return format({ day: "numeric", month: "short" }).format(at);
  }
  return format({ day: "numeric", month: "short", year: "numeric" }).format(at);
}

/** A moment near now: `14:22`, `yesterday 14:02`, `Wed 17:34`, `12 Nov, 9:00`. */
export function nearTime(at: Time, now: Time): string {
  const days = daysAgo(at, now);
  const time = clockTime(at);
  if (days === 0) return time;
  if (days === 1) return t("time.yesterday_at", { time });
  if (days === -1) return t("time.tomorrow_at", { time });
  const day =
    days > 0 && days < 7
      ? format({ weekday: "short" })
      : format({ day: "numeric", month: "short" });
  return t("time.day_at", { day: day.format(at), time });
}

/** A moment in a narrow column: `14:22` today, else `Wed 17:34` or `12 Nov 9:00`. */
export function columnTime(at: Time, now: Time): string {
  const days = daysAgo(at, now);
  if (days === 0) return clockTime(at);
  const day =
    Math.abs(days) < 7 ? format({ weekday: "short" }) : format({ day: "numeric", month: "short" });
  return t("time.day_at", { day: day.format(at), time: clockTime(at) });
}

/** A number of things that must fit in a small place: `48`, `2.5K`. */
export function compact(count: number): string {
  if (count < 1000) return String(count);
  return new Intl.NumberFormat(locale(), { notation: "compact", maximumFractionDigits: 1 }).format(
    count,
  );
}

/** When a clock closes: `today 17:34`, `tomorrow 9:12`, `Thu 9:12`. */
export function dayTime(at: Time, now: Time): string {
  return daysAgo(at, now) === 0 ? t("time.today_at", { time: clockTime(at) }) : nearTime(at, now);
}

/** A day's heading in a thread: `Today`, `Yesterday, Wednesday 18 November`, … */
export function dayHeading(at: Time, now: Time): string {
  const days = daysAgo(at, now);
  if (days === 0) return t("time.today");
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const day = format({
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(at);
  return days === 1 ? t("time.yesterday_day", { day }) : day;
}

/** `Wed 18 Nov, 17:34:08` */
export function precise(at: Time): string {
  const day = format({ weekday: "short", day: "numeric", month: "short" }).format(at);
  return t("time.day_at_precise", { day, time: clockTimeSeconds(at) });
}

/** `3 March 2025` */
export function fullDate(at: Time): string {
  return format({ day: "numeric", month: "long", year: "numeric" }).format(at);
}

/** `12 Nov` */
export function shortDate(at: Time): string {
  return format({ day: "numeric", month: "short" }).format(at);
}

/** `1.4 MB`. */
export function fileSize(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: units[at] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && at > 0 ? 1 : 0,
  }).format(value);
}
