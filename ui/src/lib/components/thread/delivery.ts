/**
 * What an agent is offered when a message did not go out.
 *
 * The interface acts on the closed code of a failure; Meta's number stands small behind it.
 */

import type { Key } from "$lib/i18n";
import type { Failure } from "$lib/protocol/Failure";
import type { FailureCode } from "$lib/protocol/FailureCode";

/** What an agent can do about a failure, in the order in which it is offered. */
export type FailureStep = "again" | "template" | "phone" | "edit" | "discard";

// Words are never lost: a free text can always be taken back into the field.
const STEPS: Record<FailureCode, FailureStep[]> = {
  window_closed: ["template", "phone", "edit", "discard"],
  undeliverable: ["phone", "edit", "discard"],
  opted_out: ["phone", "edit", "discard"],
  withheld_by_meta: ["phone", "again", "edit", "discard"],
  blocked: ["edit", "discard"],
  restricted: ["phone", "again", "edit", "discard"],
  payment: ["again", "phone", "edit", "discard"],
  rate_limited: ["again", "edit", "discard"],
  media_unusable: ["edit", "discard"],
  template_unusable: ["template", "edit", "discard"],
  unauthorised: ["again", "phone", "edit", "discard"],
  number_not_connected: ["phone", "again", "edit", "discard"],
  needs_number: ["edit", "discard"],
  to_ourselves: ["edit", "discard"],
  country_not_allowed: ["phone", "edit", "discard"],
  name_not_approved: ["phone", "again", "edit", "discard"],
  form_unusable: ["template", "edit", "discard"],
  kind_not_supported: ["phone", "edit", "discard"],
  bad_request: ["edit", "discard"],
  meta_fault: ["again", "edit", "discard"],
  network: ["again", "edit", "discard"],
  unknown: ["again", "edit", "discard"],
};

/**
 * How long WhatsApp's word about a message is awaited whose answer was lost. Most reports come
 * within seconds; until then nobody is asked to decide what may decide itself.
 */
export const WORD_AWAITED_MS = 60_000;

export function stepsFor(code: FailureCode): FailureStep[] {
  // A newer hub may know codes that this interface does not.
  return STEPS[code] ?? STEPS.unknown;
}

/** Where the same template with other values may go out, as its file or a value was the trouble. */
const MENDED: FailureCode[] = [
  "template_unusable",
  "form_unusable",
  "media_unusable",
  "bad_request",
  "kind_not_supported",
  "window_closed",
  "unknown",
];

/** What can be done with a template that failed: it can be opened with its values. */
export function templateSteps(code: FailureCode): FailureStep[] {
  const steps = stepsFor(code).filter((step) => step !== "template");
  return MENDED.includes(code) ? ["template", ...steps] : steps;
}

/** Numbers of Meta's of which more is known than of their kind, or something else is so. */
const SINGLE: Record<number, Key> = {
  130472: "failure.experiment.words",
  131057: "failure.maintenance.words",
  131064: "failure.misfiled.words",
  133016: "failure.registered_often.words",
};

/** What happened, whether it went out, and what to do; the lead says in two words how it ended. */
export function failureKeys(failure: Pick<Failure, "code" | "meta_code">): {
  lead: Key;
  words: Key;
} {
  const code = knownFailure(failure.code);
  const single = failure.meta_code === null ? undefined : SINGLE[failure.meta_code];
  return { lead: `failure.${code}.lead`, words: single ?? `failure.${code}.words` };
}

/** Whether we have words for this code; others are told as unknown. */
export function knownFailure(code: FailureCode): FailureCode {
  return code in STEPS ? code : "unknown";
}
