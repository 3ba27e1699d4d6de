export { App, provideApp, useApp } from "./app.svelte";
export { commandIds, Commands, type CommandId } from "./commands.svelte";
export type { NewConversationRequest, Notice, Overlay, TemplateAgain, View } from "./screen.svelte";
