/** Events that did not count for a window: what they were, and why they opened nothing. */
import { t, type Key } from "$lib/i18n";
import type { IconName } from "$lib/icons/icons";
import type { DidNotCount } from "$lib/protocol/DidNotCount";
import type { Occurrence } from "$lib/protocol/Occurrence";

interface Reason {
  icon: IconName;
  /** What happened; gets `name`, `count` and, where there are some, the `words`. */
  what: Key;
  why: Key;
}

const reasons: Record<Occurrence, Reason> = {
  our_message: { icon: "reply", what: "why.our_message", why: "why.our_message_why" },
  echo: { icon: "phone", what: "why.echo", why: "why.echo_why" },
  history: { icon: "import", what: "why.history", why: "why.history_why" },
  edit: { icon: "edit", what: "why.edit", why: "why.edit_why" },
  deletion: { icon: "trash", what: "why.deletion", why: "why.deletion_why" },
  reaction: { icon: "smile", what: "why.reaction", why: "why.reaction_why" },
  declined_our_call: { icon: "call", what: "why.declined_call", why: "why.declined_call_why" },
  coexistence_placeholder: {
    icon: "phone",
    what: "why.placeholder",
    why: "why.placeholder_why",
  },
  notice: { icon: "info", what: "why.notice", why: "why.notice_why" },
  receipt: { icon: "check", what: "why.receipt", why: "why.receipt_why" },
  // These open a window; they stand here only when a later one has taken their place.
  customer_message: { icon: "user", what: "why.earlier", why: "why.earlier_why" },
  customer_tap: { icon: "user", what: "why.earlier", why: "why.earlier_why" },
  customer_call: { icon: "call", what: "why.earlier", why: "why.earlier_why" },
  accepted_our_call: { icon: "call", what: "why.earlier", why: "why.earlier_why" },
  unsupported_message: { icon: "user", what: "why.earlier", why: "why.earlier_why" },
  standby_message: { icon: "user", what: "why.earlier", why: "why.earlier_why" },
};

export interface ReasonWords {
  icon: IconName;
  what: string;
  why: string;
}

/** `by` is one of us, where it was one of us; `customer` is the customer's first name. */
export function reasonOf(event: DidNotCount, by: string | null, customer: string): ReasonWords {
  const reason = reasons[event.kind] ?? reasons.notice;
  return {
    icon: reason.icon,
    what: t(reason.what, {
      by: by ?? t("why.somebody"),
      customer,
      count: event.count,
    }),
    why: t(reason.why),
  };
}

/** What the customer did that opened the window. */
export function openingWords(kind: Occurrence, customer: string): string {
  const key: Key =
    kind === "customer_call"
      ? "why.opened_call"
      : kind === "accepted_our_call"
        ? "why.opened_our_call"
        : kind === "customer_tap"
          ? "why.opened_tap"
          : kind === "unsupported_message"
            ? "why.opened_unsupported"
            : "why.opened_message";
  return t(key, { customer });
}
