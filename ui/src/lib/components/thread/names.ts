/** Names of people as sentences use them. */
import { t } from "$lib/i18n";
import type { AgentId } from "$lib/protocol/AgentId";
import type { Author } from "$lib/protocol/Author";
import type { Customer } from "$lib/protocol/Customer";

interface Team {
  isMe(id: AgentId | null | undefined): boolean;
  name(id: AgentId | null | undefined): string | null;
}

/** `You`, an agent's name, or words for one who is gone. */
export function agentWords(team: Team, id: AgentId): string {
  if (team.isMe(id)) return t("thread.you");
  return team.name(id) ?? t("thread.somebody");
}

/** An agent's name also where it is the reader's own, as in `Typed on the phone, Ana`. */
export function agentName(team: Team, id: AgentId): string {
  return team.name(id) ?? t("thread.somebody");
}

/** A name or number that keeps its own direction inside a sentence of either. */
export function isolated(words: string): string {
  return `\u2068${words}\u2069`;
}

/** The customer in a sentence: the first name if there is a real one. */
export function customerWords(customer: Pick<Customer, "name" | "named">): string {
  if (!customer.named) return t("thread.the_customer");
  const first = customer.name.trim().split(/\s+/u)[0] ?? "";
  // Titles and initials alone would read oddly; the whole name is then better.
  return first.length >= 2 && !first.endsWith(".") ? first : customer.name;
}

/** Who wrote a quoted message. */
export function authorWords(team: Team, author: Author, customer: Customer): string {
  switch (author.by) {
    case "customer":
      return customer.name;
    case "agent":
      return agentWords(team, author.agent);
    case "phone":
      return author.claimed_by === null
        ? t("thread.quote.phone")
        : t("thread.quote.phone_by", { name: agentWords(team, author.claimed_by) });
    case "other_app":
      return t("thread.by.other_app");
    case "platform":
      return t("thread.by.platform");
  }
}
