//! One open conversation as it is drawn: what the cache has at once, what is queued here, and
//! the composer that the rules derive at the team's time.

mod past;
mod why;

use std::{collections::HashMap, sync::Arc, time::Duration};

use ajar_domain::{
    Clock, ConversationId, Time, WaMessageId,
    composer::{Composer, ConversationState, CustomerState, NumberState, composer},
    content::Provenance,
    window::DEFAULT_MARGIN,
};
use ajar_protocol::{
    rows::{ConversationRow, InboxRow, MessageRow, Position},
    ui::{LinkState, QuoteView, ThreadItem, ThreadView},
};

pub(crate) use self::why::why_window;
use crate::{
    inbox::clock_face,
    outbox::as_shown,
    store::{ThreadRows, Trouble},
    team::Team,
};

/// Messages on the screen at first, and more with every step into the past.
pub(crate) const PAGE: u32 = 60;

/// A conversation that a session looks at.
#[derive(Clone, Debug)]
pub(crate) struct OpenThread {
    pub conversation: ConversationId,
    pub limit: u32,
    /// Up to where the team had seen it when it was opened.
    seen_at_open: Option<Position>,
    /// The first unread item at that time, once the messages are there.
    unread_from: Option<Option<Position>>,
    /// What this session last said was seen.
    marked: Option<Position>,
}

impl OpenThread {
    pub fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            limit: PAGE,
            seen_at_open: None,
            unread_from: None,
            marked: None,
        }
    }

    /// What must be marked as seen because it is on the screen now. Asked once per position.
    pub fn take_unmarked(&mut self, view: &ThreadView) -> Option<Position> {
        if view.conversation.unread == 0 {
            return None;
        }
        let newest = view.items.iter().rev().find_map(|item| match item {
            ThreadItem::Message { row, .. } => Some(&row.position),
            ThreadItem::Note { .. } | ThreadItem::Queued(_) => None,
        })?;
        if *newest <= view.conversation.seen_upto || self.marked.as_ref() >= Some(newest) {
            return None;
        }
        self.marked = Some(newest.clone());
        self.marked.clone()
    }

    /// The mark did not get through; it is tried again with the next view.
    pub fn unmark(&mut self) {
        self.marked = None;
    }
}

/// A thread to draw, and when it turns by the mere passing of time.
pub(crate) struct Drawn {
    pub view: ThreadView,
    pub turns_at: Option<Time>,
}

/// The distance kept from the closing time on this number.
#[must_use]
pub(crate) fn margin(inbox: Option<&InboxRow>) -> Duration {
    inbox.map_or(DEFAULT_MARGIN, |inbox| {
        Duration::from_millis(u64::from(inbox.margin_ms))
    })
}

/// What an agent may do in this conversation now.
#[must_use]
pub(crate) fn composer_of(row: &ConversationRow, inbox: Option<&InboxRow>, now: Time) -> Composer {
    composer(
        &row.facts,
        &NumberState {
            paused: inbox.and_then(|inbox| inbox.paused.clone()),
        },
        &CustomerState {
            blocked: row.customer.blocked.clone(),
            number_hidden: row.customer.number.is_none(),
        },
        &ConversationState {
            phone_first: row.phone_first.clone(),
            only_history: row.only_history,
            last_customer_message_at: row.last_customer_message_at,
        },
        now,
        margin(inbox),
    )
}

/// Draws the thread from what this desktop has, and asks the hub for what is missing.
/// `None` if there is no such conversation.
pub(crate) async fn draw(
    team: &Arc<Team>,
    open: &mut OpenThread,
) -> Result<Option<Drawn>, Trouble> {
    let Some(row) = team.conversation(&open.conversation).await? else {
        return Ok(None);
    };
    let cached = team.store.thread(&open.conversation, open.limit).await?;
    if cached.span.is_none() && team.is_linked() {
        team.fetch_page(&open.conversation, false, open.limit);
    }
    let drafts = team.store.drafts_of(team.me(), &open.conversation).await?;
    let queued = team.store.outbox_of(&open.conversation).await?;
    let linking = !matches!(
        *team.link.borrow(),
        LinkState::Offline { .. } | LinkState::SignedOut
    );
    let loading = team.is_loading(&open.conversation) || (cached.span.is_none() && linking);

    let seen_at_open = open
        .seen_at_open
        .get_or_insert_with(|| row.seen_upto.clone());
    if open.unread_from.is_none() && (cached.span.is_some() || !linking) {
        open.unread_from = Some(first_unread(&cached.messages, seen_at_open));
    }

    let now = team.clock.now();
    let (composer, phone_starts) = {
        let people = team.people();
        let starts =
            people
                .phone_starts
                .iter()
                .filter(|start| {
                    start.conversation.as_ref() == Some(&row.id)
                        || (start.conversation.is_none()
                            && start.inbox == row.inbox
                            && row.customer.number.as_ref().is_some_and(|number| {
                                number.canonical() == start.number.canonical()
                            }))
                })
                .filter(|start| start.state.is_open(now))
                .cloned()
                .collect();
        (composer_of(&row, people.inbox(&row.inbox), now), starts)
    };
    let earlier_windows = past::earlier_windows(&cached.messages, now);
    let complete = cached.span.as_ref().is_some_and(|span| span.whole) && !cached.more_cached;
    let mut items = items(team, cached).await?;
    let came_round: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            ThreadItem::Message { row, .. } => row.client_ref.clone(),
            ThreadItem::Note { row } => row.client_ref.clone(),
            ThreadItem::Queued(_) => None,
        })
        .collect();
    items.extend(
        queued
            .into_iter()
            .filter(|item| !came_round.contains(&item.client_ref))
            .map(|item| ThreadItem::Queued(as_shown(item))),
    );
    Ok(Some(Drawn {
        turns_at: composer.turns_at(),
        view: ThreadView {
            conversation: row,
            clock: clock_face(&composer),
            composer,
            items,
            complete,
            loading,
            unread_from: open.unread_from.clone().flatten(),
            drafts,
            phone_starts,
            earlier_windows,
        },
    }))
}

/// The first live message of the customer that the team had not seen.
fn first_unread(messages: &[MessageRow], seen_upto: &Position) -> Option<Position> {
    messages
        .iter()
        .find(|message| {
            message.author.is_customer()
                && message.provenance == Provenance::Live
                && message.position > *seen_upto
        })
        .map(|message| message.position.clone())
}

/// Messages and notes in the order of reading, with their quotes.
async fn items(team: &Team, cached: ThreadRows) -> Result<Vec<ThreadItem>, Trouble> {
    let whole = cached.span.is_some_and(|span| span.whole);
    let here: HashMap<WaMessageId, QuoteView> = cached
        .messages
        .iter()
        .filter_map(|message| Some((message.wamid.clone()?, quote_of(message))))
        .collect();
    let mut placed: Vec<(Position, ThreadItem)> = Vec::new();
    for row in cached.messages {
        let quote = match &row.quotes {
            None => None,
            Some(wamid) => match here.get(wamid) {
                Some(quote) => Some(quote.clone()),
                None => match team.store.message_by_wamid(wamid).await? {
                    Some(message) => Some(quote_of(&message)),
                    // It may be further back than what is loaded; only where nothing older
                    // exists is it known to be missing.
                    None => whole.then_some(QuoteView::Missing),
                },
            },
        };
        placed.push((row.position.clone(), ThreadItem::Message { row, quote }));
    }
    placed.extend(
        cached
            .notes
            .into_iter()
            .map(|row| (row.position.clone(), ThreadItem::Note { row })),
    );
    placed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(placed.into_iter().map(|(_, item)| item).collect())
}

fn quote_of(message: &MessageRow) -> QuoteView {
    QuoteView::Found {
        message: message.id.clone(),
        author: message.author.clone(),
        kind: message.content.word().to_owned(),
        preview: message.content.preview(),
    }
}
