//! The composer is a state, not a widget: what an agent may do in a conversation now.
//!
//! [`composer`] is one pure function. The hub answers with it, the desktop draws from it, and
//! the screen never guesses. The first state that applies wins:
//!
//! ```text
//!   paused → disputed → closing → open → started from the phone → closed (why) → never opened
//! ```
//!
//! *Offline* is the desktop's own overlay and changes none of these.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    AgentId, MessageId, Time,
    window::{Window, WindowFacts},
};

/// Why nothing goes out through the API for a number or a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
#[ts(export)]
pub enum Pause {
    /// The number was disconnected in the phone's settings or by Meta.
    NumberOffboarded,
    /// The access token is no longer valid, or lacks a permission.
    TokenInvalid,
    /// Meta restricted or locked the account.
    AccountRestricted,
    /// An administrator stopped sending.
    QueueStopped,
    /// We blocked this customer.
    CustomerBlocked { by: Option<AgentId> },
}

/// What is known about the business number that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberState {
    pub paused: Option<(Pause, Time)>,
}

/// What is known about the customer that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerState {
    pub blocked: Option<(Pause, Time)>,
    /// WhatsApp shows a user name only. No link opens such a chat on the phone.
    pub number_hidden: bool,
}

/// Our newest message was typed on the phone, and the customer has never written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct PhoneFirst {
    pub at: Time,
    /// The agent whose hand-off the echo claimed, if any.
    pub by: Option<AgentId>,
}

/// What is known about the conversation that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationState {
    pub phone_first: Option<PhoneFirst>,
    /// Known from the phone's imported past, in which the customer wrote.
    pub only_history: bool,
    /// The last thing the customer said, live or imported.
    pub last_customer_message_at: Option<Time>,
}

/// A way on when free text is not possible, in the order in which it is offered.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum WayOn {
    Template,
    /// Continue on the phone: free, by hand.
    Phone,
    /// Hold until they write: the text waits and is offered, never sent by itself.
    Hold,
    /// Once, after a dispute.
    TryOnceMore,
}

/// Why a window is not open although the state is simply "closed".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
#[ts(export)]
pub enum ClosedWhy {
    /// The 24 hours ran out.
    RanOut {
        closed_at: Time,
        last_message_at: Time,
    },
    /// Only known from the phone's imported history, which opens nothing.
    OnlyHistory,
    /// The customer moved to another number, and has not written from it yet.
    Moved { at: Time },
}

/// Exactly one of the states that agents see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum Composer {
    Paused {
        pause: Pause,
        since: Time,
        ways: Vec<WayOn>,
    },
    Disputed {
        since: Time,
        refused: MessageId,
        /// When the window would have closed by our books.
        closes_at: Option<Time>,
        ways: Vec<WayOn>,
    },
    /// Inside the safety margin: too late to send safely.
    Closing {
        closes_at: Time,
        ways: Vec<WayOn>,
    },
    Open {
        opened_at: Time,
        closes_at: Time,
        /// The last moment at which Send works: `closes_at` less the margin.
        send_before: Time,
    },
    StartedFromPhone {
        at: Time,
        by: Option<AgentId>,
        ways: Vec<WayOn>,
    },
    Closed {
        why: ClosedWhy,
        ways: Vec<WayOn>,
    },
    NeverOpened {
        ways: Vec<WayOn>,
    },
}

/// What an agent may do at `now`. Pure and total.
#[must_use]
pub fn composer(
    facts: &WindowFacts,
    number: &NumberState,
    customer: &CustomerState,
    conversation: &ConversationState,
    now: Time,
    margin: Duration,
) -> Composer {
    let state = state(facts, number, customer, conversation, now, margin);
    if customer.number_hidden {
        state.without(WayOn::Phone)
    } else {
        state
    }
}

fn state(
    facts: &WindowFacts,
    number: &NumberState,
    customer: &CustomerState,
    conversation: &ConversationState,
    now: Time,
    margin: Duration,
) -> Composer {
    use WayOn::{Hold, Phone, Template, TryOnceMore};
    if let Some((pause, since)) = number.paused.as_ref().or(customer.blocked.as_ref()) {
        // The phone still works where the number lives on; a blocked customer must be
        // unblocked first, and a number that left Coexistence still has its phone.
        let ways = match pause {
            Pause::CustomerBlocked { .. } => Vec::new(),
            Pause::NumberOffboarded
            | Pause::TokenInvalid
            | Pause::AccountRestricted
            | Pause::QueueStopped => vec![Phone],
        };
        return Composer::Paused {
            pause: pause.clone(),
            since: *since,
            ways,
        };
    }
    let window = facts.at(now);
    match window {
        Window::Disputed { since, refused } => Composer::Disputed {
            since,
            refused,
            closes_at: facts.closes_at(),
            ways: vec![Template, Phone, Hold, TryOnceMore],
        },
        Window::Open {
            opened_at,
            closes_at,
            ..
        } => match window.require_open(now, margin) {
            Ok(proof) => Composer::Open {
                opened_at,
                closes_at,
                send_before: proof.send_before(),
            },
            Err(_) => Composer::Closing {
                closes_at,
                ways: vec![Template, Phone, Hold],
            },
        },
        Window::Closed { since } => Composer::Closed {
            why: closed_why(facts, since),
            ways: vec![Template, Phone, Hold],
        },
        Window::NeverOpened => match (&conversation.phone_first, conversation.only_history) {
            (Some(first), _) => Composer::StartedFromPhone {
                at: first.at,
                by: first.by.clone(),
                ways: vec![Phone, Template, Hold],
            },
            (None, true) => Composer::Closed {
                why: ClosedWhy::OnlyHistory,
                ways: vec![Template, Phone, Hold],
            },
            (None, false) => Composer::NeverOpened {
                ways: vec![Template, Phone, Hold],
            },
        },
    }
}

fn closed_why(facts: &WindowFacts, since: Time) -> ClosedWhy {
    let opened_at = facts
        .last_opening
        .as_ref()
        .map_or(since, crate::window::Opening::effective_at);
    match facts.moved_at {
        // Had the 24 hours run out before the move, then that is why.
        Some(at) if at >= opened_at && since == at => ClosedWhy::Moved { at },
        _ => ClosedWhy::RanOut {
            closed_at: since,
            last_message_at: opened_at,
        },
    }
}

impl Composer {
    /// When this state turns into another one by the mere passing of time; the one task that
    /// announces changes sleeps until then.
    #[must_use]
    pub fn turns_at(&self) -> Option<Time> {
        match self {
            Self::Open { send_before, .. } => Some(*send_before),
            Self::Closing { closes_at, .. } => Some(*closes_at),
            Self::Paused { .. }
            | Self::Disputed { .. }
            | Self::StartedFromPhone { .. }
            | Self::Closed { .. }
            | Self::NeverOpened { .. } => None,
        }
    }

    fn without(mut self, way: WayOn) -> Self {
        match &mut self {
            Self::Paused { ways, .. }
            | Self::Disputed { ways, .. }
            | Self::Closing { ways, .. }
            | Self::StartedFromPhone { ways, .. }
            | Self::Closed { ways, .. }
            | Self::NeverOpened { ways } => ways.retain(|offered| *offered != way),
            Self::Open { .. } => {}
        }
        self
    }

    #[must_use]
    pub const fn allows_free_text(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{DEFAULT_MARGIN, Opening, Refusal, WINDOW};

    const NOON: Time = Time::from_millis(1_795_176_000_000);

    fn written_at(at: Time) -> WindowFacts {
        let mut facts = WindowFacts::default();
        facts.record_opening(Opening {
            event_id: "m1".into(),
            kind: crate::opening::Occurrence::CustomerMessage,
            meta_at: at,
            received_at: at,
        });
        facts
    }

    fn at(facts: &WindowFacts, conversation: &ConversationState, now: Time) -> Composer {
        composer(
            facts,
            &NumberState::default(),
            &CustomerState::default(),
            conversation,
            now,
            DEFAULT_MARGIN,
        )
    }

    fn plain() -> ConversationState {
        ConversationState::default()
    }

    #[test]
    fn it_walks_from_open_over_closing_to_closed() {
        let facts = written_at(NOON);
        let closes_at = NOON + WINDOW;
        let open = at(&facts, &plain(), NOON);
        assert!(open.allows_free_text());
        let turns = open.turns_at().expect("an open composer turns");
        assert_eq!(turns, closes_at - DEFAULT_MARGIN);
        let closing = at(&facts, &plain(), turns);
        assert!(matches!(closing, Composer::Closing { .. }));
        assert_eq!(closing.turns_at(), Some(closes_at));
        assert_eq!(
            at(&facts, &plain(), closes_at),
            Composer::Closed {
                why: ClosedWhy::RanOut {
                    closed_at: closes_at,
                    last_message_at: NOON
                },
                ways: vec![WayOn::Template, WayOn::Phone, WayOn::Hold],
            }
        );
    }

    #[test]
    fn a_new_number_does_not_inherit_the_open_window() {
        let mut facts = written_at(NOON);
        let moved = NOON + std::time::Duration::from_secs(3_600);
        facts.record_move(Some(moved));
        assert!(matches!(
            at(&facts, &plain(), moved),
            Composer::Closed { why: ClosedWhy::Moved { at }, .. } if at == moved
        ));
        facts.record_opening(Opening {
            event_id: "m2".into(),
            kind: crate::opening::Occurrence::CustomerMessage,
            meta_at: moved + std::time::Duration::from_millis(1),
            received_at: moved + std::time::Duration::from_millis(1),
        });
        assert!(at(&facts, &plain(), moved + std::time::Duration::from_secs(1)).allows_free_text());
    }

    #[test]
    fn a_chat_started_on_the_phone_says_so_until_the_customer_answers() {
        let started = ConversationState {
            phone_first: Some(PhoneFirst {
                at: NOON,
                by: Some(AgentId::new("ana")),
            }),
            ..ConversationState::default()
        };
        let state = at(&WindowFacts::default(), &started, NOON);
        assert!(
            matches!(&state, Composer::StartedFromPhone { ways, .. } if ways.first() == Some(&WayOn::Phone))
        );
        assert!(at(&written_at(NOON), &started, NOON).allows_free_text());
    }

    #[test]
    fn imported_history_opens_nothing_and_says_why() {
        let imported = ConversationState {
            only_history: true,
            ..ConversationState::default()
        };
        assert!(matches!(
            at(&WindowFacts::default(), &imported, NOON),
            Composer::Closed {
                why: ClosedWhy::OnlyHistory,
                ..
            }
        ));
    }

    #[test]
    fn a_pause_goes_before_everything() {
        let facts = written_at(NOON);
        let number = NumberState {
            paused: Some((Pause::NumberOffboarded, NOON)),
        };
        let state = composer(
            &facts,
            &number,
            &CustomerState::default(),
            &plain(),
            NOON,
            DEFAULT_MARGIN,
        );
        assert!(matches!(state, Composer::Paused { .. }));
    }

    #[test]
    fn a_chat_without_a_number_is_not_sent_to_the_phone() {
        let hidden = CustomerState {
            number_hidden: true,
            ..CustomerState::default()
        };
        let state = composer(
            &WindowFacts::default(),
            &NumberState::default(),
            &hidden,
            &plain(),
            NOON,
            DEFAULT_MARGIN,
        );
        assert_eq!(
            state,
            Composer::NeverOpened {
                ways: vec![WayOn::Template, WayOn::Hold]
            }
        );
    }

    #[test]
    fn a_dispute_offers_one_more_try() {
        let mut facts = written_at(NOON);
        facts.record_refusal(Refusal {
            at: NOON,
            message: MessageId::new("out"),
        });
        assert!(matches!(
            at(&facts, &plain(), NOON),
            Composer::Disputed { ways, .. } if ways.contains(&WayOn::TryOnceMore)
        ));
    }
}
