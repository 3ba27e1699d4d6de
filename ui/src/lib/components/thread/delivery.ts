/**
 * What an agent is offered when a message did not go out.
 *
 * The interface acts on the closed code of a failure; Meta's number stands small behind it.
 */

import type { FailureCode } from "$lib/protocol/FailureCode";

/** What an agent can do about a failure, in the order in which it is offered. */
export type FailureStep = "again" | "template" | "phone" | "edit" | "discard";

const STEPS: Record<FailureCode, FailureStep[]> = {
  window_closed: ["template", "phone", "discard"],
  undeliverable: ["phone", "discard"],
  opted_out: ["phone", "discard"],
  withheld_by_meta: ["phone", "again", "discard"],
  blocked: ["discard"],
  restricted: ["phone", "again", "discard"],
  payment: ["again", "phone", "discard"],
  rate_limited: ["again", "discard"],
  media_unusable: ["discard"],
  template_unusable: ["template", "discard"],
  unauthorised: ["again", "phone", "discard"],
  number_not_connected: ["phone", "again", "discard"],
  bad_request: ["edit", "discard"],
  meta_fault: ["again", "discard"],
  network: ["again", "discard"],
  unknown: ["again", "discard"],
};

export function stepsFor(code: FailureCode): FailureStep[] {
  // A newer hub may know codes that this interface does not.
  return STEPS[code] ?? STEPS.unknown;
}

/** Whether we have words for this code; others are told as unknown. */
export function knownFailure(code: FailureCode): FailureCode {
  return code in STEPS ? code : "unknown";
}
