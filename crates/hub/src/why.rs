//! Why a window is as it is: the event that opened it, and the recent ones that did not count.

use ajar_domain::{AgentId, ConversationId, Time, content::Author, opening::Occurrence};
use ajar_protocol::ui::{DidNotCount, WhyWindow};

use crate::store::{Conn, Result};

/// The lines shown at most.
const LINES: usize = 8;

/// `None` if there is no such conversation.
pub async fn window(
    conn: &mut Conn,
    conversation: &ConversationId,
    now: Time,
) -> Result<Option<WhyWindow>> {
    let Some(row) = conn.conversation(conversation.as_str()).await? else {
        return Ok(None);
    };
    let recent = conn.recent_occurrences(conversation, 300).await?;
    let opening_preview = row.facts.last_opening.as_ref().and_then(|opening| {
        recent
            .iter()
            .find(|seen| seen.wamid.as_deref() == Some(opening.event_id.as_str()))
            .map(|seen| seen.preview.clone())
            .filter(|preview| !preview.is_empty())
    });
    let mut lines: Vec<DidNotCount> = Vec::new();
    for seen in &recent {
        let kind = match (&seen.author, seen.occurrence) {
            (_, Occurrence::History) => Occurrence::History,
            (_, occurrence) => occurrence,
        };
        if kind.opens_window() {
            continue;
        }
        let by = match &seen.author {
            Author::Agent { agent } => Some(agent.clone()),
            Author::Phone { claimed_by } => claimed_by.clone(),
            Author::Customer | Author::OtherApp | Author::Platform => None,
        };
        add(&mut lines, kind, seen.at, by, &seen.preview);
    }
    for reaction in conn.recent_reactions(conversation, 20).await? {
        add(
            &mut lines,
            Occurrence::Reaction,
            reaction.1,
            None,
            &reaction.0,
        );
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    lines.truncate(LINES);
    let team = conn.team().await?;
    Ok(Some(WhyWindow {
        window: row.facts.at(now),
        closes_at: row.facts.closes_at(),
        opened_by: row.facts.last_opening,
        opening_preview,
        refused: row.facts.last_refusal,
        did_not_count: lines,
        worked_out_at: now,
        meta_clock_offset_ms: team.meta_clock_offset_ms,
    }))
}

/// One line per kind and author; imported history is one line in all.
fn add(
    lines: &mut Vec<DidNotCount>,
    kind: Occurrence,
    at: Time,
    by: Option<AgentId>,
    preview: &str,
) {
    let known = lines
        .iter_mut()
        .find(|line| line.kind == kind && (line.by == by || kind == Occurrence::History));
    match known {
        Some(line) => {
            line.count += 1;
            line.at = line.at.max(at);
        }
        None => lines.push(DidNotCount {
            kind,
            at,
            by,
            preview: Some(preview.to_owned()).filter(|preview| !preview.is_empty()),
            count: 1,
        }),
    }
}
