/** How a number is, in words: what is, what it means, and what to do. */
import { t } from "$lib/i18n";
import { DAY, dayTime, lasted, MINUTE, SECOND } from "$lib/time";
import type { Check } from "$lib/protocol/Check";
import type { Episode } from "$lib/protocol/Episode";
import type { InboxRow } from "$lib/protocol/InboxRow";
import type { NumberHealth } from "$lib/protocol/NumberHealth";
import type { Time } from "$lib/protocol/Time";
import type { WebhookHealth } from "$lib/protocol/WebhookHealth";

/** Meta disconnects a number whose phone was not used for about so long. */
const PHONE_RULE = 14 * DAY;
/** From here on somebody should be told. */
const PHONE_NEAR = 4 * DAY;
/** Clocks further apart than this are worth a word. */
const CLOCKS_APART = 5 * SECOND;

export type Verdict = "good" | "bad" | "unknown";

export interface CheckWords {
  verdict: Verdict;
  title: string;
  words: string;
  /** Meta's number or word, small behind it. */
  code: string | null;
}

/** When the phone must have been used: the report's word, or a later sign of the phone. */
export function phoneDueBy(report: Time | null, lastEchoAt: Time | null): Time | null {
  const bySign = lastEchoAt === null ? null : lastEchoAt + PHONE_RULE;
  if (report === null) return bySign;
  return bySign === null ? report : Math.max(report, bySign);
}

export interface PhoneWords {
  band: "calm" | "notice" | "urgent" | "closed";
  lead: string;
  words: string;
  /** How much of the fourteen days is left, from 0 to 1. */
  share: number;
}

export function phoneWords(due: Time | null, now: Time): PhoneWords {
  if (due === null) {
    return {
      band: "closed",
      lead: t("health.phone.unknown"),
      words: t("health.phone.rule"),
      share: 0,
    };
  }
  const left = due - now;
  if (left <= 0) {
    return {
      band: "urgent",
      lead: t("health.phone.over"),
      words: t("health.phone.overdue"),
      share: 0,
    };
  }
  const near = left < PHONE_NEAR;
  return {
    band: left < DAY ? "urgent" : near ? "notice" : "calm",
    // Where days begin to count, a begun one is not counted in.
    lead: t("health.phone.left", { days: near ? Math.floor(left / DAY) : Math.round(left / DAY) }),
    words: near ? t("health.phone.due", { time: dayTime(due, now) }) : t("health.phone.rule"),
    share: Math.min(1, left / PHONE_RULE),
  };
}

/** Whether an administrator should look at this number, as far as its row says. */
export function needsAttention(
  inbox: Pick<InboxRow, "paused" | "last_echo_at">,
  now: Time,
): boolean {
  if (inbox.paused !== null) return true;
  const due = phoneDueBy(null, inbox.last_echo_at);
  // Before the hub has said what time it is, nothing is late.
  return due !== null && now > 0 && due - now < PHONE_NEAR;
}

/** `3 min ago`, ticking with the team's clock. */
export function agoWords(at: Time | null, now: Time): string {
  if (at === null) return t("health.sign.never");
  const ms = Math.max(0, now - at);
  return ms < MINUTE ? t("health.sign.now") : t("health.sign.ago", { time: lasted(ms) });
}

function codeOf(check: Check): string | null {
  return check.check === "bad" && check.meta_code !== null ? String(check.meta_code) : null;
}

const QUALITIES: Record<string, { verdict: Verdict; key: "green" | "yellow" | "red" }> = {
  GREEN: { verdict: "good", key: "green" },
  YELLOW: { verdict: "bad", key: "yellow" },
  RED: { verdict: "bad", key: "red" },
};

function quality(word: string | null): Pick<CheckWords, "verdict" | "words"> {
  if (word === null || word === "UNKNOWN" || word === "NA") {
    return { verdict: "unknown", words: t("health.quality.unknown") };
  }
  const known = QUALITIES[word.toUpperCase()];
  return known
    ? { verdict: known.verdict, words: t(`health.quality.${known.key}`) }
    : { verdict: "unknown", words: t("health.quality.raw", { word }) };
}

/** `TIER_250`, `TIER_10K`, `TIER_UNLIMITED` as a sentence. */
export function limitWords(word: string | null): string {
  if (word === null) return t("health.limit.unknown");
  const found = /^TIER_(\d+)(K)?$/u.exec(word.toUpperCase());
  if (found) {
    return t("health.limit.count", { count: Number(found[1]) * (found[2] ? 1000 : 1) });
  }
  return word.toUpperCase() === "TIER_UNLIMITED"
    ? t("health.limit.unlimited")
    : t("health.quality.raw", { word });
}

/** Everything that was checked with WhatsApp, in the order of reading. */
export function checksOf(number: NumberHealth): CheckWords[] {
  const together =
    number.coexistence === null ? "unknown" : number.coexistence ? "good" : ("bad" as const);
  return [
    {
      verdict: number.token.check,
      title: t("health.token"),
      words: t(`health.token.${number.token.check}`),
      code: codeOf(number.token),
    },
    {
      verdict: number.subscription.check,
      title: t("health.subscription"),
      words: t(`health.subscription.${number.subscription.check}`),
      code: codeOf(number.subscription),
    },
    {
      verdict: together,
      title: t("health.coexistence"),
      words: t(`health.coexistence.${together}`),
      code: null,
    },
    { ...quality(number.quality), title: t("health.quality"), code: null },
    {
      verdict: number.messaging_limit === null ? "unknown" : "good",
      title: t("health.limit"),
      words: limitWords(number.messaging_limit),
      code: null,
    },
  ];
}

/** How many things of a number need a person. */
export function troublesOf(number: NumberHealth, inbox: InboxRow | undefined, now: Time): number {
  const due = phoneDueBy(number.phone_due_by, inbox?.last_echo_at ?? null);
  return (
    checksOf(number).filter((check) => check.verdict === "bad").length +
    (due !== null && due - now < PHONE_NEAR ? 1 : 0) +
    (inbox?.paused || number.episodes.some((one) => one.to === null) ? 1 : 0)
  );
}

const REASONS = [
  "account_disconnected",
  "business_downgrade",
  "change_number",
  "companion_inactivity",
  "primary_inactivity",
  "user_re_registered",
] as const;

export interface EpisodeWords {
  lead: string;
  why: string;
  /** Meta's own word for the reason, where we have none. */
  raw: string | null;
  /** What to do, as long as it lasts. */
  todo: string | null;
}

export function episodeWords(episode: Episode, now: Time): EpisodeWords {
  const { from, to, reason, by } = episode;
  const when =
    to === null
      ? t("health.episode.now", { time: dayTime(from, now) })
      : t("health.episode.was", { from: dayTime(from, now), to: dayTime(to, now) });
  const whom = by === "user" || by === "system" ? `, ${t(`health.by.${by}`)}` : "";
  const long = t("health.episode.lasted", { time: lasted((to ?? now) - from) });
  const known = REASONS.find((one) => one === reason?.toLowerCase());
  return {
    lead: `${when}${whom} · ${long}`,
    why: known
      ? t(`health.reason.${known}`)
      : t(reason === null ? "health.reason.none" : "health.reason.raw"),
    raw: known ? null : reason,
    todo: to === null ? t(`health.todo.${known ?? "unknown"}`) : null,
  };
}

const EVENTS = [
  "disconnected",
  "offboarded",
  "reconnected",
  "restricted",
  "violation",
  "disabled",
  "deleted",
  "alert",
  "reviewed",
  "limit",
  "throughput",
  "name_decided",
  "security",
  "partner_added",
  "app_installed",
  "app_uninstalled",
  "template",
  "problem",
] as const;

/** Kinds of events that a newer hub may send are told as something else. */
export function eventWords(kind: string): string {
  return t(`health.event.${EVENTS.find((one) => one === kind) ?? "other"}`);
}

export interface Said {
  tone: "good" | "bad" | "plain";
  words: string;
}

/** How far the clocks are apart, if that is known. */
export function clockWords(offset: number | null): Said | null {
  if (offset === null) return null;
  const seconds = Math.abs(offset) / SECOND;
  const shown = seconds < 10 ? Math.ceil(seconds * 10) / 10 : Math.round(seconds);
  const bad = Math.abs(offset) > CLOCKS_APART;
  return {
    tone: bad ? "bad" : "good",
    words: t(bad ? "health.clock.differ" : "health.clock.agree", { seconds: shown }),
  };
}

/** What comes in from WhatsApp: forged, waiting, or as it should be. */
export function webhookWords(webhooks: WebhookHealth, now: Time, date: string | null): Said[] {
  const { wrong_signatures, last_wrong_signature_at, waiting } = webhooks;
  const said: Said[] = [];
  if (wrong_signatures > 0) {
    said.push({
      tone: "bad",
      words: t("health.webhooks.wrong", {
        count: wrong_signatures,
        time: agoWords(last_wrong_signature_at, now),
      }),
    });
  }
  if (waiting > 0) {
    said.push({ tone: "plain", words: t("health.webhooks.waiting", { count: waiting }) });
  }
  if (said.length === 0) {
    said.push({
      tone: "good",
      words: date === null ? t("health.webhooks.good_plain") : t("health.webhooks.good", { date }),
    });
  }
  return said;
}
