/** Errors in words: what happened, and what to do now. The code stands small behind them. */
import type { ApiError } from "$lib/protocol/ApiError";
import type { ErrorCode } from "$lib/protocol/ErrorCode";

import { type Key, t } from "./i18n.svelte";

const words: Record<ErrorCode, Key> = {
  unauthorised: "error.unauthorised",
  forbidden: "error.forbidden",
  wrong_code: "error.wrong_code",
  too_many_tries: "error.too_many_tries",
  not_found: "error.not_found",
  conflict: "error.conflict",
  invalid: "error.invalid",
  too_long: "error.too_long",
  window_not_open: "error.window_not_open",
  window_closing: "error.window_closing",
  window_disputed: "error.window_disputed",
  paused: "error.paused",
  template_refused: "error.template_refused",
  file_refused: "error.file_refused",
  content_refused: "error.content_refused",
  refused_by_meta: "error.refused_by_meta",
  opted_out: "error.opted_out",
  not_a_number: "error.not_a_number",
  no_number: "error.no_number",
  cursor_expired: "error.internal",
  hub_unreachable: "error.hub_unreachable",
  not_a_hub: "error.not_a_hub",
  storage_unavailable: "error.storage_unavailable",
  meta_unavailable: "error.meta_unavailable",
  internal: "error.internal",
  unknown: "error.internal",
};

export function errorText(error: ApiError): string {
  return t(words[error.code] ?? "error.internal");
}
