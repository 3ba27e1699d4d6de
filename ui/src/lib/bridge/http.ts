/**
 * The browser's transport: the loopback server of `ajar --browser`.
 *
 * The address it opens carries a one-time token behind `#token=`. It is kept for this tab only
 * and taken out of the address bar, so that it does not end in a history or a copied link.
 * Events come as `text/event-stream`, read with `fetch` because `EventSource` cannot send the
 * token in a header.
 */
import type { ApiError } from "$lib/protocol/ApiError";
import type { UiEnvelope } from "$lib/protocol/UiEnvelope";

import { type Answer, type Bridge, CallError, type CallName, type Request } from ".";

const TOKEN_KEY = "ajar.token";

function takeToken(): string {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get("token");
  if (token) {
    sessionStorage.setItem(TOKEN_KEY, token);
    history.replaceState(null, "", location.pathname + location.search);
    return token;
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? "";
}

export function httpBridge(base = "", fetcher: typeof fetch = (...args) => fetch(...args)): Bridge {
  // What is watched belongs to this page, so that two tabs do not fight over it.
  const session = crypto.randomUUID();
  const headers = { authorization: `Bearer ${takeToken()}`, "x-ajar-session": session };

  return {
    async call<Name extends CallName>(name: Name, payload: Request<Name>): Promise<Answer<Name>> {
      let response: Response;
      try {
        response = await fetcher(`${base}/call/${name}`, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(payload),
        });
      } catch {
        throw new CallError({
          code: "internal",
          message: "the loopback server does not answer",
          retry: { retry: "later", after_ms: null },
        });
      }
      if (!response.ok) throw await readError(response);
      return (await response.json()) as Answer<Name>;
    },

    subscribe(handler, lost) {
      const stop = new AbortController();
      void readEvents(
        () => fetcher(`${base}/events?session=${session}`, { headers, signal: stop.signal }),
        handler,
      )
        .catch(() => {})
        .then(() => {
          if (!stop.signal.aborted) lost?.();
        });
      return () => stop.abort();
    },
  };
}

async function readError(response: Response): Promise<CallError> {
  try {
    return CallError.from((await response.json()) as ApiError);
  } catch {
    return new CallError({
      code: response.status === 401 ? "unauthorised" : "internal",
      message: `HTTP ${response.status}`,
      retry: { retry: "never" },
    });
  }
}

async function readEvents(
  open: () => Promise<Response>,
  handler: (envelope: UiEnvelope) => void,
): Promise<void> {
  const response = await open();
  if (!response.ok || !response.body) throw await readError(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const lines = new EventLines();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const data of lines.push(value)) handler(JSON.parse(data) as UiEnvelope);
  }
}

/** Takes an event stream apart: pieces of text in, whole `data` fields out. */
export class EventLines {
  #rest = "";
  #data: string[] = [];

  push(text: string): string[] {
    const out: string[] = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") {
        if (this.#data.length > 0) out.push(this.#data.join("\n"));
        this.#data = [];
      } else if (line.startsWith("data:")) {
        this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      }
    }
    return out;
  }
}
