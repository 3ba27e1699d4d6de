/**
 * What an agent is offered when a message did not go out.
 *
 * The interface acts on the closed code of a failure; Meta's number stands small behind it.
 */

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

/** Whether we have words for this code; others are told as unknown. */
export function knownFailure(code: FailureCode): FailureCode {
  return code in STEPS ? code : "unknown";
}
