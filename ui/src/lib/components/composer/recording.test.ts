import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Command } from "$lib/protocol/Command";

import { commandOf, type Inbox, inbox } from "../../../test/inbox";
import ThreadPane from "../thread/ThreadPane.svelte";

let open: Inbox;
let commands: Command[];
let refused: Error | null;
let stopped: ReturnType<typeof vi.fn>;
let formats: string[];

/** A recorder that gives one part when it ends. */
class StubRecorder {
  static isTypeSupported = (format: string): boolean => formats.includes(format);
  state: "inactive" | "recording" | "paused" = "inactive";
  readonly mimeType: string;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  onerror: (() => void) | null = null;
  onstop: (() => void) | null = null;

  constructor(_stream: unknown, options: { mimeType: string }) {
    this.mimeType = options.mimeType;
  }
  start(): void {
    this.state = "recording";
  }
  pause(): void {
    this.state = "paused";
  }
  resume(): void {
    this.state = "recording";
  }
  stop(): void {
    if (this.state === "inactive") return;
    this.state = "inactive";
    queueMicrotask(() => {
      this.ondataavailable?.({ data: new Blob(["said"]) });
      this.onstop?.();
    });
  }
}

beforeEach(() => {
  refused = null;
  formats = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
  stopped = vi.fn();
  vi.stubGlobal("MediaRecorder", StubRecorder);
  vi.stubGlobal("navigator", {
    ...navigator,
    userAgent: navigator.userAgent,
    mediaDevices: {
      getUserMedia: async () => {
        if (refused) throw refused;
        return { getTracks: () => [{ stop: stopped }] };
      },
    },
  });
  URL.createObjectURL = vi.fn(() => "blob:voice");
  URL.revokeObjectURL = vi.fn();
});
afterEach(() => {
  open.stop();
  vi.unstubAllGlobals();
});

async function atMaren(): Promise<void> {
  open = await inbox(ThreadPane as never, "");
  commands = [];
  const call = open.engine.call.bind(open.engine);
  vi.spyOn(open.engine, "call").mockImplementation((what, payload) => {
    const command = commandOf(what, payload);
    if (command) commands.push(command);
    return call(what, payload);
  });
  await waitFor(() => expect(open.app.team.me).not.toBeNull());
  open.app.open("maren-b");
  await screen.findByRole("region", { name: "Composer" });
}

const record = (): Promise<void> =>
  userEvent.click(screen.getByRole("button", { name: "Record a voice note" }));
const note = (): ReturnType<typeof within> =>
  within(screen.getByRole("group", { name: "Voice note" }));
const sendButton = (): HTMLButtonElement => note().getByRole("button", { name: "Send" });
const press = (name: string): Promise<void> =>
  userEvent.click(note().getByRole("button", { name }));

describe("a voice note", () => {
  it("is sent with a press while it is still recorded, and lets the microphone go", async () => {
    await atMaren();
    await record();
    await note().findByText("Recording");
    await press("Send");
    await waitFor(() =>
      expect(commands).toMatchObject([
        { do: "send_file", conversation: "maren-b", kind: "voice", caption: null, name: null },
      ]),
    );
    const begun = vi
      .mocked(open.engine.call)
      .mock.calls.find(([what]) => what === "begin_attachment");
    expect(begun?.[1]).toEqual({ mime_type: "audio/ogg;codecs=opus", size: 4, kind: "voice" });
    expect(stopped).toHaveBeenCalled();
    await waitFor(() => expect(screen.queryByRole("group", { name: "Voice note" })).toBeNull());
  });

  it("goes out once, however often Send is pressed while the recording ends", async () => {
    await atMaren();
    await record();
    await note().findByText("Recording");
    const button = sendButton();
    button.click();
    button.click();
    await waitFor(() => expect(screen.queryByRole("group", { name: "Voice note" })).toBeNull());
    expect(commands.filter((one) => one.do === "send_file")).toHaveLength(1);
  });

  it("does not go out when it is thrown away while it travels", async () => {
    await atMaren();
    let arrive = (): void => {};
    const gate = new Promise<void>((done) => (arrive = done));
    const call = vi.mocked(open.engine.call).getMockImplementation();
    vi.mocked(open.engine.call).mockImplementation(async (what, payload) => {
      if (what === "end_attachment") await gate;
      return call?.(what, payload) as never;
    });
    await record();
    await note().findByText("Recording");
    await press("Send");
    await waitFor(() =>
      expect(open.engine.call).toHaveBeenCalledWith("end_attachment", expect.anything()),
    );
    await press("Throw the recording away");
    arrive();
    await new Promise((later) => setTimeout(later));
    expect(commands).toEqual([]);
  });

  it("pauses, goes on, is listened to and thrown away", async () => {
    await atMaren();
    await record();
    await note().findByText("Recording");
    await press("Pause the recording");
    expect(note().getByText("Paused")).toBeTruthy();
    await press("Go on recording");
    await press("Stop and listen");
    await note().findByText("Recorded, not sent yet");
    await press("Listen");
    await press("Pause");
    await press("Throw the recording away");
    expect(screen.queryByRole("group", { name: "Voice note" })).toBeNull();
    expect(commands).toEqual([]);
  });

  it("takes the best form that there is", async () => {
    formats = ["audio/webm;codecs=opus", "audio/mp4"];
    await atMaren();
    await record();
    await note().findByText("Recording");
    await press("Send");
    await waitFor(() =>
      expect(open.engine.call).toHaveBeenCalledWith("begin_attachment", {
        mime_type: "audio/webm;codecs=opus",
        size: 4,
        kind: "voice",
      }),
    );
  });

  it("is not offered where sound would arrive as a file of music, and says why", async () => {
    formats = ["audio/mp4"];
    await atMaren();
    expect(screen.queryByRole("button", { name: "Record a voice note" })).toBeNull();
    const why = screen.getByRole("button", { name: /^No voice notes here: this browser/ });
    expect(why.getAttribute("aria-disabled")).toBe("true");
    await userEvent.click(why);
    expect(screen.queryByRole("group", { name: "Voice note" })).toBeNull();
    expect(open.app.screen.notices[0]?.text).toMatch(/does not play as one/);
  });

  it("is not offered where nothing can record", async () => {
    formats = [];
    await atMaren();
    expect(screen.queryByRole("button", { name: "Record a voice note" })).toBeNull();
  });

  it("says in words that the microphone is blocked, and tries again", async () => {
    refused = new DOMException("no", "NotAllowedError");
    await atMaren();
    await record();
    expect((await screen.findByRole("alert")).textContent).toContain(
      "The microphone is blocked for this page, so nothing was recorded.",
    );
    refused = null;
    await press("Try again");
    await note().findByText("Recording");
  });

  it("stops when the window closes and keeps what was said", async () => {
    await atMaren();
    await record();
    await note().findByText("Recording");
    open.engine.dispute("maren-b");
    await note().findByText("Recorded, not sent yet");
    expect(stopped).toHaveBeenCalled();
    expect(note().getByText(/it is kept here/)).toBeTruthy();
    expect(sendButton().disabled).toBe(true);
    open.engine.customerWrites("maren-b");
    await waitFor(() => expect(sendButton().disabled).toBe(false));
  });

  it("waits in its chat while one looks at another", async () => {
    await atMaren();
    await record();
    await note().findByText("Recording");
    open.app.open("yusuf-d");
    await waitFor(() => expect(screen.queryByRole("group", { name: "Voice note" })).toBeNull());
    open.app.open("maren-b");
    await waitFor(() => expect(note().getByText("Recorded, not sent yet")).toBeTruthy());
  });

  it("comes back when the hub does not take it", async () => {
    await atMaren();
    const call = vi.mocked(open.engine.call).getMockImplementation();
    vi.mocked(open.engine.call).mockImplementation(async (what, payload) => {
      if (what === "end_attachment") throw new Error("no");
      return call?.(what, payload) as never;
    });
    await record();
    await note().findByText("Recording");
    await press("Send");
    await note().findByText(/The hub did not take the recording/);
    expect(commands).toEqual([]);
  });
});
