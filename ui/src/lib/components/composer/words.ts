/**
 * What the composer says in each of its states.
 *
 * The state comes with the event; nothing here works out whether the window is open. Each
 * blocked state says what happened, whether it went out, and what to do now.
 */
import { t } from "$lib/i18n";
import type { ClockFace } from "$lib/protocol/ClockFace";
import type { Composer } from "$lib/protocol/Composer";
import type { ThreadView } from "$lib/protocol/ThreadView";
import type { Time } from "$lib/protocol/Time";
import { type Band, dayTime, daysAgo, clockTime, left, nearTime } from "$lib/time";

/** Most characters of one text, as Meta counts them. */
export const MAX_TEXT = 4096;
/** From here on the field says how much room is left. */
export const NEAR_MAX_TEXT = 3600;

export interface Names {
  /** The customer in a sentence. */
  customer: string;
  agent: (id: string) => string;
}

export interface StateWords {
  band: Band;
  /** The ring beside the words; `null` where a sign stands instead. */
  face: ClockFace | null;
  icon: "ban" | "plug" | "key" | "alert" | "pause" | null;
  lead: string;
  words: string;
  /** Something to do that is not a way on: ask an administrator. */
  hint: string | null;
  /** `Why?` makes sense here. */
  why: boolean;
}

/** The head of the composer, or `null` while it is open. */
export function stateWords(composer: Composer, now: Time, names: Names): StateWords | null {
  const name = names.customer;
  switch (composer.state) {
    case "open":
      return null;
    case "closing":
      return {
        band: "urgent",
        face: { face: "open", opened_at: composer.closes_at, closes_at: composer.closes_at },
        icon: null,
        lead: t("composer.closing.lead", { left: left(Math.max(0, composer.closes_at - now)) }),
        words: t("composer.closing.words"),
        hint: null,
        why: true,
      };
    case "closed":
      return composer.why.why === "ran_out"
        ? {
            band: "closed",
            face: { face: "closed", since: composer.why.closed_at },
            icon: null,
            lead:
              daysAgo(composer.why.closed_at, now) === 0
                ? t("composer.closed.lead_at", { time: clockTime(composer.why.closed_at) })
                : t("composer.closed.lead", { time: dayTime(composer.why.closed_at, now) }),
            words: t("composer.closed.words", {
              time: dayTime(composer.why.last_message_at, now),
            }),
            hint: null,
            why: true,
          }
        : composer.why.why === "moved"
          ? {
              band: "closed",
              face: { face: "closed", since: composer.why.at },
              icon: null,
              lead: t("composer.moved.lead", { name, time: nearTime(composer.why.at, now) }),
              words: t("composer.moved.words"),
              hint: null,
              why: true,
            }
          : {
              band: "unconfirmed",
              face: { face: "only_history" },
              icon: null,
              lead: t("composer.history.lead"),
              words: t("composer.history.words", { name }),
              hint: null,
              why: true,
            };
    case "never_opened":
      return {
        band: "closed",
        face: { face: "never_opened" },
        icon: null,
        lead: t("composer.never.lead"),
        words: t("composer.never.words"),
        hint: null,
        why: true,
      };
    case "started_from_phone": {
      const time = nearTime(composer.at, now);
      return {
        band: "closed",
        face: { face: "no_answer_yet", at: composer.at },
        icon: null,
        lead:
          composer.by === null
            ? t("composer.phone_first.lead", { time })
            : t("composer.phone_first.lead_by", { time, name: names.agent(composer.by) }),
        words: t("composer.phone_first.words", { name }),
        hint: null,
        why: true,
      };
    }
    case "disputed":
      return {
        band: "disputed",
        face: { face: "disputed", since: composer.since },
        icon: null,
        lead: t("composer.disputed.lead"),
        words:
          composer.closes_at === null
            ? t("composer.disputed.words_plain")
            : t("composer.disputed.words", { time: nearTime(composer.closes_at, now) }),
        hint: null,
        why: true,
      };
    case "paused":
      return pausedWords(composer, now, names);
  }
}

function pausedWords(
  composer: Extract<Composer, { state: "paused" }>,
  now: Time,
  names: Names,
): StateWords {
  const time = nearTime(composer.since, now);
  const { pause } = composer;
  const base = { face: null, why: false } as const;
  switch (pause.why) {
    case "number_offboarded":
      return {
        ...base,
        band: "closed",
        icon: "plug",
        lead: t("composer.paused.offboarded.lead", { time }),
        words: t("composer.paused.offboarded.words"),
        hint: t("composer.paused.offboarded.hint"),
      };
    case "token_invalid":
      return {
        ...base,
        band: "closed",
        icon: "key",
        lead: t("composer.paused.token.lead", { time }),
        words: t("composer.paused.token.words"),
        hint: t("composer.paused.token.hint"),
      };
    case "account_restricted":
      return {
        ...base,
        band: "closed",
        icon: "alert",
        lead: t("composer.paused.restricted.lead", { time }),
        words: t("composer.paused.restricted.words"),
        hint: t("composer.paused.restricted.hint"),
      };
    case "queue_stopped":
      return {
        ...base,
        band: "closed",
        icon: "pause",
        lead: t("composer.paused.stopped.lead", { time }),
        words: t("composer.paused.stopped.words"),
        hint: t("composer.paused.stopped.hint"),
      };
    case "customer_blocked":
      return {
        ...base,
        band: "closed",
        icon: "ban",
        lead: t("composer.paused.blocked.lead", { time }),
        words:
          pause.by === null
            ? t("composer.paused.blocked.words")
            : t("composer.paused.blocked.words_by", { name: names.agent(pause.by) }),
        hint: t("composer.paused.blocked.hint"),
      };
  }
}

/** Characters as people count them, so that an emoji is not two. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Meta's number for the refusal that made the dispute, for support. */
export function refusedCodeOf(view: Pick<ThreadView, "composer" | "items">): number | null {
  const { composer } = view;
  if (composer.state !== "disputed") return null;
  for (const item of view.items) {
    if (item.item !== "message" || item.row.id !== composer.refused) continue;
    const { delivery } = item.row;
    if (delivery?.state === "parked" && delivery.why.why === "disputed") {
      return delivery.why.meta_code;
    }
    return delivery?.state === "failed" ? delivery.failure.meta_code : null;
  }
  return null;
}
