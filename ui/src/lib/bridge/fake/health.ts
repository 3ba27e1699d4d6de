/** How the fake number is, for the card that administrators look at. */
import type { HealthReport } from "$lib/protocol/HealthReport";
import type { KeptItem } from "$lib/protocol/KeptItem";

import { at, DAY } from "./cast";
import type { World } from "./world";

/** What Meta sent and this version did not understand. */
export function keptItems(): KeptItem[] {
  return [
    { webhook: 90_412, item: 0, field: "messages", what: "hologram", at: at(0, 11, 3) },
    {
      webhook: 88_117,
      item: 2,
      field: "group_lifecycle_update",
      what: "field",
      at: at(-2, 16, 40),
    },
    { webhook: 88_116, item: 0, field: "messages", what: "malformed text", at: at(-2, 16, 39) },
  ];
}

export function healthOf(world: World, now: number): HealthReport {
  const { inbox, kept } = world;
  return {
    numbers: [
      {
        inbox: inbox.id,
        last_inbound_at: inbox.last_inbound_at,
        last_echo_at: inbox.last_echo_at,
        last_status_at: inbox.last_status_at,
        phone_due_by: inbox.last_echo_at === null ? null : inbox.last_echo_at + 14 * DAY,
        token: { check: "good" },
        subscription: { check: "good" },
        coexistence: true,
        quality: "GREEN",
        messaging_limit: "TIER_1K",
        episodes: [
          {
            from: at(-31, 18, 20),
            to: at(-29, 9, 2),
            reason: "primary_inactivity",
            by: "system",
          },
          { from: at(-64, 12, 0), to: at(-64, 12, 9), reason: "moon_phase", by: null },
        ],
        events: [
          { at: at(-3, 10, 12), kind: "limit", detail: "TIER_250 → TIER_1K" },
          { at: at(-9, 8, 55), kind: "template", detail: "spring_sale: PAUSED" },
          { at: at(-29, 9, 2), kind: "reconnected", detail: null },
          {
            at: at(-33, 15, 1),
            kind: "alert",
            detail: "The phone of this number was not used for 12 days.",
          },
          { at: at(-40, 10, 2), kind: "name_decided", detail: "APPROVED" },
        ],
        ...world.numberHealth,
      },
    ],
    worked_out_at: now,
    meta_clock_offset_ms: 180,
    webhooks: {
      wrong_signatures: 0,
      last_wrong_signature_at: null,
      waiting: 0,
      kept_since: at(-40, 10, 0),
    },
    kept,
    kept_total: kept.length,
    ...world.health,
  };
}
