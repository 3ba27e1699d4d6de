/**
 * The one door to the client engine: calls by name, and a stream of events.
 *
 * The same interface runs over three transports: inside the desktop shell, over HTTP against
 * the loopback server of `ajar --browser`, and against an engine in memory for work on the
 * interface itself. Nothing above this folder knows which.
 */
import type { ApiError } from "$lib/protocol/ApiError";
import type { UiEnvelope } from "$lib/protocol/UiEnvelope";
import type { Calls } from "$lib/protocol/calls";

export type CallName = keyof Calls;
export type Request<Name extends CallName> = Calls[Name]["request"];
export type Answer<Name extends CallName> = Calls[Name]["answer"];

export interface Bridge {
  /** Rejects with a {@link CallError}. */
  call<Name extends CallName>(name: Name, payload: Request<Name>): Promise<Answer<Name>>;
  /**
   * Starts a stream of events, from the beginning: the engine sends anew what is watched.
   * Returns how to end it. `lost` tells that the stream broke and no more will come.
   */
  subscribe(handler: (envelope: UiEnvelope) => void, lost?: () => void): () => void;
}

/** A call that was refused or did not get through. */
export class CallError extends Error {
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.message);
    this.name = "CallError";
    this.error = error;
  }

  /** Whatever was thrown, as an error with a code. */
  static from(cause: unknown): CallError {
    if (cause instanceof CallError) return cause;
    if (isApiError(cause)) return new CallError(cause);
    return new CallError({
      code: "internal",
      message: cause instanceof Error ? cause.message : String(cause),
      retry: { retry: "never" },
    });
  }
}

function isApiError(value: unknown): value is ApiError {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** Chooses the transport by where the page runs. */
export async function openBridge(): Promise<Bridge> {
  const query = new URLSearchParams(location.search);
  if (query.has("fake")) {
    const { fakeBridge } = await import("./fake");
    return fakeBridge(query);
  }
  if ("__TAURI_INTERNALS__" in window) {
    const { tauriBridge } = await import("./tauri");
    return tauriBridge();
  }
  const { httpBridge } = await import("./http");
  return httpBridge();
}
