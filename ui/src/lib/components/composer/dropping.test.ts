import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { pastedPictures, takeDrops } from "./dropping";

const png = new File(["PNG"], "wheel.png", { type: "image/png" });
const pdf = new File(["%PDF"], "invoice.pdf", { type: "application/pdf" });

function drag(kind: string, files: File[] | null): Event {
  const event = new Event(kind, { bubbles: true, cancelable: true });
  const value = { files: files ?? [], types: files ? ["Files"] : ["text/plain"] };
  Object.defineProperty(event, "dataTransfer", { value });
  return event;
}

let place: HTMLElement;
let inner: HTMLElement;
let stop: () => void;
const onover = vi.fn();
const ondrop = vi.fn();
beforeEach(() => {
  place = document.createElement("div");
  inner = document.createElement("i");
  place.append(inner);
  onover.mockReset();
  ondrop.mockReset();
  stop = takeDrops(place, { onover, ondrop });
});
afterEach(() => stop());

it("knows that files are over it while they cross its parts", () => {
  place.dispatchEvent(drag("dragenter", [png]));
  inner.dispatchEvent(drag("dragenter", [png]));
  inner.dispatchEvent(drag("dragleave", [png]));
  expect(onover.mock.calls).toEqual([[true], [true]]);
  place.dispatchEvent(drag("dragleave", [png]));
  expect(onover).toHaveBeenLastCalledWith(false);
});

it("takes files and keeps the page; words that are dragged are not its business", () => {
  expect(drop([png, pdf]).defaultPrevented).toBe(true);
  expect(ondrop).toHaveBeenCalledExactlyOnceWith([png, pdf]);
  expect(drop(null).defaultPrevented).toBe(false);
  expect(ondrop).toHaveBeenCalledOnce();
});

it("takes nothing any more once it was stopped", () => {
  stop();
  expect(onover).toHaveBeenLastCalledWith(false);
  expect(drop([png]).defaultPrevented).toBe(false);
  expect(ondrop).not.toHaveBeenCalled();
});

it("finds the pictures among what is pasted", () => {
  const pasted = (files: File[], types = ["Files"]): ClipboardEvent =>
    ({ clipboardData: { files, types } }) as unknown as ClipboardEvent;
  expect(pastedPictures(pasted([pdf, png]))).toEqual([png]);
  expect(pastedPictures(pasted([]))).toEqual([]);
  // Cells of a table bring a picture of themselves.
  expect(pastedPictures(pasted([png], ["text/plain", "Files"]))).toEqual([]);
});

function drop(files: File[] | null): Event {
  const event = drag("drop", files);
  inner.dispatchEvent(event);
  return event;
}
