import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { UiEnvelope } from "$lib/protocol/UiEnvelope";

import { CallError } from ".";
import { EventLines, httpBridge } from "./http";

beforeEach(() => {
  history.replaceState(null, "", "/?x=1#token=secret");
  sessionStorage.clear();
});
afterEach(() => vi.restoreAllMocks());

function answering(status: number, body: string): typeof fetch {
  return vi.fn(() => Promise.resolve(new Response(body, { status }))) as unknown as typeof fetch;
}

it("sends the token and the page's own name, and hides the token from the address", async () => {
  const fetcher = answering(200, `{"hits":[]}`);
  const bridge = httpBridge("", fetcher);
  await bridge.call("search", { text: "wheel" });
  const [url, init] = vi.mocked(fetcher).mock.calls[0] ?? [];
  const headers = init?.headers as Record<string, string>;
  expect(url).toBe("/call/search");
  expect(headers["authorization"]).toBe("Bearer secret");
  expect(headers["x-ajar-session"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(location.href).not.toContain("secret");
});

it("keeps the token for a reload of the tab", async () => {
  httpBridge("", answering(200, "{}"));
  const fetcher = answering(200, "{}");
  await httpBridge("", fetcher).call("hello", {});
  const headers = vi.mocked(fetcher).mock.calls[0]?.[1]?.headers as Record<string, string>;
  expect(headers["authorization"]).toBe("Bearer secret");
});

it("turns a refusal into an error with its code", async () => {
  const body = `{"code":"wrong_code","message":"no","retry":{"retry":"never"}}`;
  const call = httpBridge("", answering(422, body)).call("join", { hub: "h", code: "c" });
  await expect(call).rejects.toMatchObject({ error: { code: "wrong_code" } });
});

it("has a code also for an answer that is none", async () => {
  const call = httpBridge("", answering(401, "<html>")).call("hello", {});
  await expect(call).rejects.toMatchObject({ error: { code: "unauthorised" } });
  const down = vi.fn(() => Promise.reject(new TypeError("refused"))) as unknown as typeof fetch;
  await expect(httpBridge("", down).call("hello", {})).rejects.toBeInstanceOf(CallError);
});

it("takes an event stream apart wherever it is cut", () => {
  const stream = ': hello\n\ndata: {"a":1}\n\ndata: {"b":\ndata: 2}\r\n\r\nid: 7\ndata:{"c":3}\n\n';
  for (let size = 1; size < stream.length; size += 1) {
    const lines = new EventLines();
    const out: string[] = [];
    for (let at = 0; at < stream.length; at += size) {
      out.push(...lines.push(stream.slice(at, at + size)));
    }
    expect(out.map((data) => JSON.parse(data) as unknown)).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  }
});

it("hands events on and says when the stream is lost", async () => {
  const envelope: UiEnvelope = { seq: 1, event: { kind: "viewers", viewers: [] } };
  const seen: UiEnvelope[] = [];
  await new Promise<void>((lost) => {
    httpBridge("", answering(200, `data: ${JSON.stringify(envelope)}\n\n`)).subscribe(
      (one) => seen.push(one),
      lost,
    );
  });
  expect(seen).toEqual([envelope]);
});
