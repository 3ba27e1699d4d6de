//! Why the window is as it is: from the hub, or as far as the cache knows.

use ajar_domain::{
    Clock, ConversationId, WaMessageId,
    content::{Author, Content, Provenance},
    opening::Occurrence,
};
use ajar_protocol::{
    error::{ApiError, ErrorCode},
    rows::MessageRow,
    ui::{DidNotCount, WhyWindow},
};

use crate::{
    error::{not_found, storage},
    team::Team,
};

/// Messages that are looked through without a hub.
const LOOKED_THROUGH: u32 = 200;

/// Lines under "did not count".
const SHOWN: usize = 8;

/// Asks the hub, which has the whole log; works it out from the cache if it is away.
pub(crate) async fn why_window(
    team: &Team,
    conversation: &ConversationId,
) -> Result<WhyWindow, ApiError> {
    match team.hub.window(conversation).await {
        Err(error) if error.code == ErrorCode::HubUnreachable => {
            from_cache(team, conversation).await
        }
        other => other,
    }
}

async fn from_cache(team: &Team, conversation: &ConversationId) -> Result<WhyWindow, ApiError> {
    let now = team.clock.now();
    let row = team
        .conversation(conversation)
        .await
        .map_err(storage)?
        .ok_or_else(|| not_found("conversation"))?;
    let opened_by = row.facts.last_opening.clone();
    let opening_preview = match &opened_by {
        Some(opening) => team
            .store
            .message_by_wamid(&WaMessageId::new(opening.event_id.as_str()))
            .await
            .map_err(storage)?
            .map(|message| message.content.preview())
            .filter(|preview| !preview.is_empty()),
        None => None,
    };
    let cached = team
        .store
        .thread(conversation, LOOKED_THROUGH)
        .await
        .map_err(storage)?;
    let opened_at = opened_by
        .as_ref()
        .map(ajar_domain::window::Opening::effective_at);
    let since_then = cached
        .messages
        .iter()
        .rev()
        .filter(|message| opened_at.is_none_or(|opened_at| message.at >= opened_at));
    Ok(WhyWindow {
        window: row.facts.at(now),
        closes_at: row.facts.closes_at(),
        opened_by,
        opening_preview,
        refused: row.facts.last_refusal.clone(),
        did_not_count: did_not_count(since_then),
        worked_out_at: now,
        meta_clock_offset_ms: None,
    })
}

/// Neighbouring events of one kind stand in one line.
fn did_not_count<'a>(newest_first: impl Iterator<Item = &'a MessageRow>) -> Vec<DidNotCount> {
    let mut lines: Vec<DidNotCount> = Vec::new();
    for message in newest_first {
        let Some(kind) = occurrence(message) else {
            continue;
        };
        let shown = lines.len();
        match lines.last_mut() {
            Some(last) if last.kind == kind => last.count += 1,
            _ if shown == SHOWN => break,
            _ => lines.push(DidNotCount {
                kind,
                at: message.at,
                by: match &message.author {
                    Author::Agent { agent } => Some(agent.clone()),
                    Author::Phone { claimed_by } => claimed_by.clone(),
                    Author::Customer | Author::OtherApp | Author::Platform => None,
                },
                preview: Some(message.content.preview()).filter(|text| !text.is_empty()),
                count: 1,
            }),
        }
    }
    lines
}

/// What a message was, if it was something that opens nothing.
fn occurrence(message: &MessageRow) -> Option<Occurrence> {
    if message.provenance == Provenance::History {
        return Some(Occurrence::History);
    }
    match (&message.author, &message.content) {
        (
            Author::Customer,
            Content::NotShown {
                why: ajar_domain::content::NotShownWhy::OnThePhone,
                ..
            },
        ) => Some(Occurrence::CoexistencePlaceholder),
        (Author::Customer, _) => None,
        (Author::Platform, _) => Some(Occurrence::Notice),
        (Author::Phone { .. }, _) => Some(Occurrence::Echo),
        (Author::Agent { .. } | Author::OtherApp, _) => Some(Occurrence::OurMessage),
    }
}
