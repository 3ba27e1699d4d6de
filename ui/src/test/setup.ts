import { configure } from "@testing-library/svelte";
import { vi } from "vitest";

// Tests wait for what they expect; on a busy machine that may take a while.
configure({ asyncUtilTimeout: 8000 });
vi.setConfig({ testTimeout: 30_000 });

// jsdom lacks a few things that components ask the browser for.
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
globalThis.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    onchange: null,
    addEventListener: () => {},
    removeEventListener: () => {},
    addListener: () => {},
    removeListener: () => {},
    dispatchEvent: () => false,
  }) as MediaQueryList;
Element.prototype.scrollIntoView ??= () => {};
// Nor is there sound: players only say that they began and stopped.
HTMLMediaElement.prototype.play = function play(): Promise<void> {
  this.dispatchEvent(new Event("play"));
  return Promise.resolve();
};
HTMLMediaElement.prototype.pause = function pause(): void {
  this.dispatchEvent(new Event("pause"));
};
// There is no layout either: lists that draw only what is seen get a screen of 800 pixels.
Object.defineProperty(HTMLElement.prototype, "clientHeight", { get: () => 800 });
Element.prototype.scrollTo ??= () => {};
