export { App, provideApp, useApp } from "./app.svelte";
export { commandIds, Commands, type CommandId } from "./commands.svelte";
export type { NewConversationRequest, Notice, Overlay, View } from "./screen.svelte";
