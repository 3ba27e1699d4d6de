/** A call as the thread tells it: how it ended, and what that means for writing. */
import { t } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";
import type { Call } from "$lib/protocol/Call";
import type { Time } from "$lib/protocol/Time";
import { MINUTE, talked } from "$lib/time";

/** A call without an end this old is over; its last step never reached us. */
const LOST_AFTER = 10 * MINUTE;

export interface CallWords {
  icon: IconName;
  tone: "missed" | "talked" | "plain";
  lead: string;
  /** What follows from it. */
  words: string | null;
}

/** `open` says that the window is open now. `at` is when the call began. */
export function callWords(
  call: Call,
  { at, now, open, name }: { at: Time; now: Time; open: boolean; name: string },
): CallWords {
  const side = call.by_customer ? "theirs" : "ours";
  if (call.answered) {
    return {
      icon: call.by_customer ? "called" : "calling",
      tone: "talked",
      lead:
        call.seconds !== null
          ? t("thread.calls.talked", { time: talked(call.seconds) })
          : call.ended || now - at > LOST_AFTER
            ? t("thread.calls.answered")
            : t("thread.calls.talking"),
      words: null,
    };
  }
  if (call.declined) {
    return {
      icon: "missed",
      tone: "plain",
      lead: t(`thread.calls.declined_${side}`, { name }),
      words: call.by_customer
        ? t(open ? "thread.calls.opened" : "thread.calls.opened_then")
        : t("thread.calls.opens_nothing"),
    };
  }
  if (call.ended) {
    return {
      icon: "missed",
      tone: call.by_customer ? "missed" : "plain",
      lead: t(`thread.calls.missed_${side}`),
      words: call.by_customer
        ? t(open ? "thread.calls.opened" : "thread.calls.opened_then")
        : t("thread.calls.opens_nothing"),
    };
  }
  return now - at > LOST_AFTER
    ? {
        icon: call.by_customer ? "called" : "calling",
        tone: "plain",
        lead: t("thread.kind.call"),
        words: t("thread.calls.end_unknown"),
      }
    : {
        icon: call.by_customer ? "called" : "calling",
        tone: "plain",
        lead: t(`thread.calls.rings_${side}`, { name }),
        words: null,
      };
}
