export { chooseLanguage, direction, language, languages, locale, t } from "./i18n.svelte";
export { errorText } from "./errors";
export type { Key, Language } from "./i18n.svelte";
