/** The people and numbers of the team, by id. */
import type { AgentId } from "$lib/protocol/AgentId";
import type { AgentRow } from "$lib/protocol/AgentRow";
import type { InboxId } from "$lib/protocol/InboxId";
import type { InboxRow } from "$lib/protocol/InboxRow";
import type { Me } from "$lib/protocol/Me";

export class TeamState {
  me = $state.raw<Me | null>(null);
  inboxes = $state.raw<InboxRow[]>([]);
  agents = $state.raw<AgentRow[]>([]);
  /** Those who still work here, me first, then by name. */
  active = $derived(
    this.agents
      .filter((agent) => !agent.revoked)
      .sort(
        (a, b) => Number(this.isMe(b.id)) - Number(this.isMe(a.id)) || a.name.localeCompare(b.name),
      ),
  );
  #byId = $derived(new Map(this.agents.map((agent) => [agent.id, agent])));

  isMe(id: AgentId | null | undefined): boolean {
    return id != null && id === this.me?.agent;
  }

  /** An agent's name, or `null` for one we do not know. */
  name(id: AgentId | null | undefined): string | null {
    if (id == null) return null;
    return this.#byId.get(id)?.name ?? null;
  }

  inbox(id: InboxId): InboxRow | undefined {
    return this.inboxes.find((inbox) => inbox.id === id);
  }
}
