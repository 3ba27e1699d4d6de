import { beforeEach, expect, it, vi } from "vitest";

import { type Bridge, CallError } from "$lib/bridge";
import type { AttachmentKind } from "$lib/protocol/AttachmentKind";
import type { AttachmentProblem } from "$lib/protocol/AttachmentProblem";

import { Attachments, type Chip, PART_BYTES, withWords } from "./attachments.svelte";
import { Outgoing } from "./outgoing.svelte";

let calls: string[];
let refuse: AttachmentProblem | null;
let hold: Promise<void> | null;
let kind: AttachmentKind;
let attachments: Attachments;

beforeEach(() => {
  calls = [];
  refuse = null;
  hold = null;
  kind = "document";
  URL.createObjectURL = () => "blob:look";
  URL.revokeObjectURL = () => {};
  let count = 0;
  const call = async (name: string, payload: Record<string, unknown>): Promise<unknown> => {
    calls.push(
      name.replace("_attachment", "") +
        (name === "begin_attachment" ? "" : ` ${payload["attachment"]}`),
    );
    if (name === "begin_attachment") {
      if (refuse && payload["kind"] === null) {
        const retry = { retry: "never" } as const;
        throw new CallError({ code: "file_refused", message: "x", retry, file: refuse });
      }
      return { attachment: `a${(count += 1)}` };
    }
    if (name === "attach_part" && hold) await hold;
    if (name !== "end_attachment") return {};
    const id = `media-${payload["attachment"]}`;
    return { file: { id, size_bytes: 1 }, kind, changed: false };
  };
  attachments = new Attachments({ call: call as unknown as Bridge["call"] });
});

const file = (name: string, bytes = 3, type = "application/pdf"): File =>
  new File([new Uint8Array(bytes)], name, { type });
const states = (): string[] => attachments.of("c").map((chip) => chip.state);

it("brings one file after the other, in parts", async () => {
  attachments.add("c", [file("one.pdf", PART_BYTES + 1), file("two.pdf")]);
  await vi.waitFor(() => expect(states()).toEqual(["ready", "ready"]));
  expect(calls).toEqual([
    "begin",
    "attach_part a1",
    "attach_part a1",
    "end a1",
    "begin",
    "attach_part a2",
    "end a2",
  ]);
  expect(attachments.of("c")[0]?.progress).toBe(1);
});

it("drops at the hub what is taken away on its way, and goes on with the next", async () => {
  let release = (): void => {};
  hold = new Promise((done) => (release = done));
  attachments.add("c", [file("one.pdf"), file("two.pdf")]);
  await vi.waitFor(() => expect(calls).toContain("attach_part a1"));
  attachments.remove("c", attachments.of("c")[0] as Chip);
  release();
  await vi.waitFor(() => expect(states()).toEqual(["ready"]));
  expect(calls).toContain("drop a1");
  expect(calls).not.toContain("end a1");
});

it("keeps a refused file with its reason, and takes it as a document", async () => {
  refuse = { problem: "heic" };
  attachments.add("c", [file("IMG_1.heic", 3, "")]);
  await vi.waitFor(() => expect(states()).toEqual(["refused"]));
  const [chip] = attachments.of("c") as [Chip];
  expect(chip.mime).toBe("image/heic");
  expect(chip.problem).toEqual({ problem: "heic" });
  attachments.sendAsDocument(chip, true);
  await vi.waitFor(() => expect(states()).toEqual(["ready"]));
});

it.each([
  ["document", "Here you are", "Here you are", ""],
  ["audio", "Here you are", null, "Here you are"],
  ["image", "x".repeat(1024), "x".repeat(1024), ""],
  ["image", "x".repeat(1025), null, "x".repeat(1025)],
] as const)(
  "puts words to a file of kind %s where they may stand",
  async (of, words, caption, text) => {
    kind = of;
    attachments.add("c", [file("one"), file("two")]);
    await vi.waitFor(() => expect(states()).toEqual(["ready", "ready"]));
    const out = withWords(attachments.of("c"), words);
    expect(out.parcels.map((one) => one.caption)).toEqual([caption, null]);
    expect(out.text).toBe(text);
  },
);

it("gives files and words back, in their order, when the first is refused", async () => {
  attachments.add("c", [file("one"), file("two")]);
  await vi.waitFor(() => expect(states()).toEqual(["ready", "ready"]));
  const chips = attachments.of("c");
  attachments.take("c", chips);
  const putBack = vi.fn();
  const outgoing = new Outgoing(
    async () => null,
    { putBack, settle: vi.fn() },
    () => 0,
  );
  for (const [index, chip] of chips.entries()) {
    outgoing.send({
      conversation: "c",
      mode: "reply",
      body: index === 0 ? "Two files" : "",
      replyTo: null,
      command: { do: "read_again" },
      onback: () => attachments.giveBack("c", [chip]),
    });
  }
  await vi.waitFor(() => expect(putBack).toHaveBeenCalledWith("c", "reply", "Two files", null));
  expect(attachments.of("c").map((chip) => chip.file.name)).toEqual(["one", "two"]);
});
