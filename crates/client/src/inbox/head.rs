//! A conversation as the list needs it: small, because there may be 100,000 of them.

use ajar_domain::{
    AgentId, ConversationId, InboxId, MessageId, Time,
    composer::{
        ClosedWhy, Composer, ConversationState, CustomerState, NumberState, Pause, PhoneFirst,
        composer,
    },
    conversation::Progress,
    opening::Occurrence,
    window::{Opening, Refusal, WINDOW, WindowFacts},
};
use ajar_protocol::{
    rows::ConversationRow,
    ui::{ClockFace, Lane},
};

const MINUTE_MS: i64 = 60_000;

/// The ends of the lanes, as time left until the window closes; the widest first.
const EDGES_MS: [i64; 3] = [240 * MINUTE_MS, 60 * MINUTE_MS, 10 * MINUTE_MS];

/// What the list sorts, filters and searches by.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub id: ConversationId,
    pub inbox: InboxId,
    pub name: Box<str>,
    /// Of the customer's number; empty if it is hidden.
    pub digits: Box<str>,
    pub activity_at: Time,
    pub unread: u32,
    pub waiting_since: Option<Time>,
    /// Effective time of the last opening event.
    pub opened_at: Option<Time>,
    pub refused_at: Option<Time>,
    pub phone_first_at: Option<Time>,
    pub only_history: bool,
    pub blocked_at: Option<Time>,
    pub assignee: Option<AgentId>,
    pub progress: HeadProgress,
    pub parked: u32,
}

/// [`Progress`] without the names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadProgress {
    #[default]
    Open,
    Snoozed {
        until: Time,
    },
    Resolved {
        at: Time,
    },
}

impl HeadProgress {
    #[must_use]
    pub const fn to_columns(self) -> (i64, Option<i64>) {
        match self {
            Self::Open => (0, None),
            Self::Snoozed { until } => (1, Some(until.millis())),
            Self::Resolved { at } => (2, Some(at.millis())),
        }
    }

    #[must_use]
    pub fn from_columns(progress: i64, at: Option<i64>) -> Self {
        let at = Time::from_millis(at.unwrap_or_default());
        match progress {
            1 => Self::Snoozed { until: at },
            2 => Self::Resolved { at },
            _ => Self::Open,
        }
    }
}

impl Head {
    #[must_use]
    pub fn of(row: &ConversationRow) -> Self {
        Self {
            id: row.id.clone(),
            inbox: row.inbox.clone(),
            name: row.customer.name.as_str().into(),
            digits: row
                .customer
                .number
                .as_ref()
                .map_or("", |number| number.digits())
                .into(),
            activity_at: row.activity_at,
            unread: row.unread,
            waiting_since: row.waiting_since,
            opened_at: opened_at(&row.facts),
            refused_at: row.facts.last_refusal.as_ref().map(|refusal| refusal.at),
            phone_first_at: row.phone_first.as_ref().map(|first| first.at),
            only_history: row.only_history,
            blocked_at: row.customer.blocked.as_ref().map(|(_, since)| *since),
            assignee: row.assignee.clone(),
            progress: match row.progress {
                Progress::Open => HeadProgress::Open,
                Progress::Snoozed { until, .. } => HeadProgress::Snoozed { until },
                Progress::Resolved { at, .. } => HeadProgress::Resolved { at },
            },
            parked: row.parked,
        }
    }

    /// The clock of the row at `now`. The rules are the domain's; only the times matter here,
    /// so the names in the facts are left empty.
    #[must_use]
    pub fn face(&self, number_paused_at: Option<Time>, now: Time) -> ClockFace {
        let facts = WindowFacts {
            last_opening: self.opened_at.map(|at| Opening {
                event_id: String::new(),
                kind: Occurrence::CustomerMessage,
                meta_at: at,
                received_at: at,
            }),
            last_refusal: self.refused_at.map(|at| Refusal {
                at,
                message: MessageId::new(""),
            }),
            moved_at: None,
        };
        let number = NumberState {
            paused: number_paused_at.map(|since| (Pause::QueueStopped, since)),
        };
        let customer = CustomerState {
            blocked: self
                .blocked_at
                .map(|since| (Pause::CustomerBlocked { by: None }, since)),
            // The ways on are not asked for here.
            number_hidden: false,
        };
        let conversation = ConversationState {
            phone_first: self.phone_first_at.map(|at| PhoneFirst { at, by: None }),
            only_history: self.only_history,
            last_customer_message_at: None,
        };
        clock_face(&composer(
            &facts,
            &number,
            &customer,
            &conversation,
            now,
            std::time::Duration::ZERO,
        ))
    }
}

/// The effective time of the last opening. A customer's move to another number closes the window,
/// which a clock shows as if it had been opened 24 hours before the move.
fn opened_at(facts: &WindowFacts) -> Option<Time> {
    let opened_at = facts.last_opening.as_ref().map(Opening::effective_at)?;
    Some(match facts.moved_at {
        Some(moved_at) if moved_at >= opened_at => opened_at.min(moved_at - WINDOW),
        _ => opened_at,
    })
}

/// The clock that stands beside a composer.
#[must_use]
pub fn clock_face(composer: &Composer) -> ClockFace {
    match composer {
        Composer::Paused { since, .. } => ClockFace::Paused { since: *since },
        Composer::Disputed { since, .. } => ClockFace::Disputed { since: *since },
        Composer::Open {
            opened_at,
            closes_at,
            ..
        } => ClockFace::Open {
            opened_at: *opened_at,
            closes_at: *closes_at,
        },
        Composer::Closing { closes_at, .. } => ClockFace::Open {
            opened_at: *closes_at - ajar_domain::window::WINDOW,
            closes_at: *closes_at,
        },
        Composer::StartedFromPhone { at, .. } => ClockFace::NoAnswerYet { at: *at },
        Composer::Closed {
            why: ClosedWhy::RanOut { closed_at, .. },
            ..
        } => ClockFace::Closed { since: *closed_at },
        Composer::Closed {
            why: ClosedWhy::Moved { at },
            ..
        } => ClockFace::Closed { since: *at },
        Composer::Closed {
            why: ClosedWhy::OnlyHistory,
            ..
        } => ClockFace::OnlyHistory,
        Composer::NeverOpened { .. } => ClockFace::NeverOpened,
    }
}

/// The lane of a clock at `now`. Its edges are those of the clock's colours.
#[must_use]
pub fn lane(face: &ClockFace, now: Time) -> Lane {
    let ClockFace::Open { closes_at, .. } = face else {
        return Lane::NotOpen;
    };
    let left = closes_at.millis_since(now);
    match EDGES_MS {
        [_, _, ten_minutes] if left <= ten_minutes => Lane::UnderTenMinutes,
        [_, one_hour, _] if left <= one_hour => Lane::UnderOneHour,
        [four_hours, _, _] if left <= four_hours => Lane::UnderFourHours,
        _ => Lane::Later,
    }
}

/// When the row changes its lane, its clock or its snooze by the mere passing of time.
#[must_use]
pub fn turns_at(face: &ClockFace, progress: HeadProgress, now: Time) -> Option<Time> {
    let clock = match face {
        ClockFace::Open { closes_at, .. } => EDGES_MS
            .iter()
            .copied()
            .chain([0])
            .map(|left| Time::from_millis(closes_at.millis() - left))
            .find(|edge| *edge > now),
        _ => None,
    };
    let wakes = match progress {
        HeadProgress::Snoozed { until } if until > now => Some(until),
        _ => None,
    };
    match (clock, wakes) {
        (Some(clock), Some(wakes)) => Some(clock.min(wakes)),
        (clock, wakes) => clock.or(wakes),
    }
}
