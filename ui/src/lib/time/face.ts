/**
 * What a window clock shows: its band, its fill and its words, from a face and a moment.
 *
 * Pure. It only draws what the hub worked out; the one thing it adds is that an open face whose
 * closing time has passed is drawn closed, so that no screen shows minus seconds while the
 * event that says so is on its way.
 */
import type { ClockFace } from "$lib/protocol/ClockFace";
import type { Time } from "$lib/protocol/Time";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type Band = "calm" | "notice" | "soon" | "urgent" | "closed" | "disputed" | "unconfirmed";

/** How the ring is drawn; the shape says the state also without colour. */
export type RingShape =
  "draining" | "closed" | "split" | "dotted" | "phone" | "question" | "paused";

/** How much of the window is left at `now`, never below zero; `null` if it is not open. */
export function timeLeft(face: ClockFace, now: Time): number | null {
  if (face.face !== "open") return null;
  const left = face.closes_at - now;
  return left > 0 ? left : null;
}

export function bandOf(face: ClockFace, now: Time): Band {
  switch (face.face) {
    case "open": {
      const left = face.closes_at - now;
      if (left <= 0) return "closed";
      if (left <= 10 * MINUTE) return "urgent";
      if (left <= HOUR) return "soon";
      if (left <= 4 * HOUR) return "notice";
      return "calm";
    }
    case "disputed":
      return "disputed";
    case "only_history":
      return "unconfirmed";
    case "closed":
    case "never_opened":
    case "no_answer_yet":
    case "paused":
      return "closed";
  }
}

export function shapeOf(face: ClockFace, now: Time): RingShape {
  switch (face.face) {
    case "open":
      return face.closes_at > now ? "draining" : "closed";
    case "closed":
      return "closed";
    case "disputed":
      return "split";
    case "never_opened":
      return "dotted";
    case "no_answer_yet":
      return "phone";
    case "only_history":
      return "question";
    case "paused":
      return "paused";
  }
}

/**
 * How full the ring is, from 0 to 1: the square root of the share of 24 hours that is left, so
 * that it never jumps and the last hour stays visible.
 */
export function fillOf(left: number): number {
  return Math.sqrt(Math.min(1, Math.max(0, left / DAY)));
}
