export * from "./face";
export * from "./format";
export { TeamClock } from "./hub-clock.svelte";
