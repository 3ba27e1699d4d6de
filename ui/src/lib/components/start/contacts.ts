/** People we have a chat with already, among the rows that are here. */
import type { ConversationId } from "$lib/protocol/ConversationId";
import type { ListRow } from "$lib/protocol/ListRow";

export interface Contact {
  id: ConversationId;
  name: string;
  number: string | null;
  /** They show no number: they can be written to with a template, and not from a code. */
  hidden: boolean;
}

const MOST = 6;

/** Those whose name has words that begin with what was typed, or whose number contains it. */
export function contacts(rows: ListRow[], typed: string): Contact[] {
  const words = fold(typed);
  const digits = typed.replaceAll(/\D/gu, "");
  if (words === "") return [];
  const found: Contact[] = [];
  for (const row of rows) {
    const name = fold(row.name);
    const number = row.number_shown?.replaceAll(/\D/gu, "") ?? "";
    const byName = /\p{L}/u.test(typed) && (name.startsWith(words) || name.includes(` ${words}`));
    const byNumber = !/\p{L}/u.test(typed) && digits.length >= 3 && number.includes(digits);
    if (!byName && !byNumber) continue;
    found.push({
      id: row.id,
      name: row.name,
      number: row.named ? row.number_shown : null,
      hidden: row.number_shown === null,
    });
    if (found.length === MOST) break;
  }
  return found;
}

function fold(text: string): string {
  return text.trim().normalize("NFD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase();
}
