//! The hub's outbox: what the team wants sent and is not yet confirmed.
//!
//! Two outboxes exist. The desktop's carries a command to the hub and may repeat it safely,
//! because a `client_ref` always gets the same answer. The hub's, drawn here, carries a
//! message to Meta, which offers no idempotency key: a lost answer must never be repeated
//! blindly.
//!
//! ```text
//!  accepted from a desktop
//!         │   durable, window checked
//!         ▼
//!      Waiting { not_before } ──────── claim, window checked again ──► Sending { attempt }
//!         ▲                                                               │
//!         │ refused, may try again later (Meta answered with an error)    │
//!         ├───────────────────────────────────────────────────────────────┤
//!         │                                                               ├─► Accepted { wamid }
//!         │                                                               ├─► Failed   (Meta refused for good)
//!         │                                                               └─► Uncertain (answer lost)
//!         │                                                                     │ a status with our id
//!         │  a person says "send again"                                         ▼
//!         └── Parked { why } ◄── deadline passed, window closed or disputed   Accepted { wamid }
//! ```
//!
//! Races:
//! - *A status arrives before the answer to the request*: it names our id in
//!   `biz_opaque_callback_data`, so both orders end in `Accepted` with the same wamid.
//! - *The hub dies between request and answer*: at start every `Sending` becomes `Uncertain`,
//!   because we cannot know.
//! - *The deadline passes while a retry waits*: checked immediately before the request; past
//!   it the message is parked, never sent late.
//! - *A newer opening arrives meanwhile*: the deadline is taken from the window as it is at
//!   the moment of sending, so a newer opening lengthens it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Time, WaMessageId,
    failure::{Failure, FailureCode, Retry},
    window::{NotOpen, OpenProof, WindowFacts},
};

/// Why a message waits for a person. Each is something the person can act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
#[ts(export)]
pub enum Parked {
    /// The window closed before it could leave.
    DeadlinePassed { deadline: Time },
    /// Meta refused it as outside the window.
    Disputed { meta_code: Option<i64> },
    /// An agent holds it until the customer writes.
    Held,
}

/// What kind of right a message needs to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "needs", rename_all = "snake_case")]
pub enum Right {
    /// Free-form: the window must be open. The deadline it carried when the agent pressed send.
    OpenWindow { send_before: Time },
    /// A person asked for one more try although Meta disputes the window. Granted once per
    /// message, and only while the window is open by our own books.
    OncePastDispute { send_before: Time },
    /// A template, a read mark: no window needed.
    None,
}

/// The state of one outbox row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outbound {
    Waiting { not_before: Time, attempt: u32 },
    Sending { attempt: u32, since: Time },
    Uncertain { since: Time },
    Accepted { wamid: WaMessageId, at: Time },
    Failed { at: Time, failure: Failure },
    Parked { since: Time, why: Parked },
}

/// What Meta answered to one request, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted {
        wamid: WaMessageId,
    },
    /// An error body of Meta's: the message was not accepted, a retry cannot duplicate.
    Refused {
        failure: Failure,
        retry: Retry,
    },
    /// The request never left (connection refused, name not resolved): safe to repeat.
    NotSent,
    /// Sent, and no answer that says what became of it.
    Lost,
}

/// How often a refused request is tried before it fails for good.
pub const MAX_ATTEMPTS: u32 = 8;

/// What the machine must do for the whole number besides this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideEffect {
    None,
    /// Nothing for this number before the given moment.
    PauseNumberUntil(Time),
    /// Nothing to this recipient before the given moment.
    PauseRecipientUntil(Time),
    /// Nothing at all until an administrator has acted.
    StopQueue,
    /// Record a refusal: the window is disputed.
    DisputeWindow {
        at: Time,
    },
}

impl SideEffect {
    /// As [`Outbound::not_before`], for the pauses.
    #[must_use]
    pub fn not_before(self, at: Time) -> Self {
        match self {
            Self::PauseNumberUntil(until) => Self::PauseNumberUntil(until.max(at)),
            Self::PauseRecipientUntil(until) => Self::PauseRecipientUntil(until.max(at)),
            other => other,
        }
    }
}

impl Outbound {
    #[must_use]
    pub const fn queued(now: Time) -> Self {
        Self::Waiting {
            not_before: now,
            attempt: 0,
        }
    }

    /// Asked at the last moment before the request. `Ok` carries the proof (or none where no
    /// window is needed); `Err` is the parked state to store instead.
    ///
    /// # Errors
    /// The [`Outbound::Parked`] state, when the window is not open any more.
    pub fn check_deadline(
        right: &Right,
        facts: &WindowFacts,
        now: Time,
        margin: Duration,
    ) -> Result<Option<OpenProof>, Outbound> {
        let (send_before, asked) = match right {
            Right::None => return Ok(None),
            Right::OpenWindow { send_before } => {
                (send_before, facts.at(now).require_open(now, margin))
            }
            Right::OncePastDispute { send_before } => {
                (send_before, facts.require_open_by_our_books(now, margin))
            }
        };
        asked.map(Some).map_err(|not_open| Self::Parked {
            since: now,
            why: match not_open {
                NotOpen::Disputed { .. } => Parked::Disputed { meta_code: None },
                NotOpen::Closed { .. } | NotOpen::Closing { .. } | NotOpen::NeverOpened => {
                    Parked::DeadlinePassed {
                        deadline: *send_before,
                    }
                }
            },
        })
    }

    /// Takes Meta's answer to the request of `attempt` (counted from 1).
    #[must_use]
    pub fn answered(
        right: &Right,
        answer: Answer,
        attempt: u32,
        now: Time,
    ) -> (Outbound, SideEffect) {
        match answer {
            Answer::Accepted { wamid } => (Self::Accepted { wamid, at: now }, SideEffect::None),
            Answer::Lost => (Self::Uncertain { since: now }, SideEffect::None),
            Answer::NotSent => (
                Self::Waiting {
                    not_before: now + back_off(attempt),
                    attempt,
                },
                SideEffect::None,
            ),
            Answer::Refused { failure, retry } => {
                Self::refused(right, failure, retry, attempt, now)
            }
        }
    }

    /// Meta named a moment before which it takes nothing (`Retry-After`): a retry waits at least so
    /// long. States that do not wait stay as they are.
    #[must_use]
    pub fn not_before(self, at: Time) -> Self {
        match self {
            Self::Waiting {
                not_before,
                attempt,
            } => Self::Waiting {
                not_before: not_before.max(at),
                attempt,
            },
            other => other,
        }
    }

    fn refused(
        right: &Right,
        failure: Failure,
        retry: Retry,
        attempt: u32,
        now: Time,
    ) -> (Outbound, SideEffect) {
        if failure.code == FailureCode::WindowClosed && !matches!(right, Right::None) {
            let why = Parked::Disputed {
                meta_code: failure.meta_code,
            };
            return (
                Self::Parked { since: now, why },
                SideEffect::DisputeWindow { at: now },
            );
        }
        let failed = Self::Failed { at: now, failure };
        if attempt >= MAX_ATTEMPTS {
            return (failed, SideEffect::None);
        }
        let again = |wait: Duration| Self::Waiting {
            not_before: now + wait,
            attempt,
        };
        match retry {
            Retry::Never => (failed, SideEffect::None),
            Retry::Later => (again(back_off(attempt)), SideEffect::None),
            Retry::PerRecipient => {
                let wait =
                    Duration::from_secs(4u64.saturating_pow(attempt.saturating_sub(1).min(6)));
                (again(wait), SideEffect::PauseRecipientUntil(now + wait))
            }
            Retry::WholeNumber => {
                let wait = back_off(attempt);
                (again(wait), SideEffect::PauseNumberUntil(now + wait))
            }
            // The message itself is fine; it waits where it is until the queue runs again.
            Retry::StopQueue => (again(Duration::ZERO), SideEffect::StopQueue),
        }
    }

    /// A status webhook named our id: Meta has the message, whatever we believed.
    #[must_use]
    pub fn confirmed(self, wamid: WaMessageId, now: Time) -> Self {
        match self {
            Self::Sending { .. } | Self::Uncertain { .. } | Self::Waiting { .. } => {
                Self::Accepted { wamid, at: now }
            }
            settled @ (Self::Accepted { .. } | Self::Failed { .. } | Self::Parked { .. }) => {
                settled
            }
        }
    }

    /// At the hub's start: a request was under way when it died.
    #[must_use]
    pub fn after_restart(self, now: Time) -> Self {
        match self {
            Self::Sending { .. } => Self::Uncertain { since: now },
            other => other,
        }
    }
}

/// One, two, four … seconds, at most five minutes.
#[must_use]
pub fn back_off(attempt: u32) -> Duration {
    Duration::from_secs(
        1u64.checked_shl(attempt.saturating_sub(1))
            .unwrap_or(300)
            .min(300),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::{DEFAULT_MARGIN, Opening, Refusal, WINDOW};

    const NOW: Time = Time::from_millis(1_795_176_000_000);

    fn free_text() -> Right {
        Right::OpenWindow {
            send_before: NOW + WINDOW - DEFAULT_MARGIN,
        }
    }

    fn facts() -> WindowFacts {
        let mut facts = WindowFacts::default();
        facts.record_opening(Opening {
            event_id: "m1".into(),
            kind: crate::opening::Occurrence::CustomerMessage,
            meta_at: NOW,
            received_at: NOW,
        });
        facts
    }

    fn refused(code: FailureCode, retry: Retry) -> Answer {
        Answer::Refused {
            failure: Failure {
                code,
                meta_code: None,
                detail: None,
            },
            retry,
        }
    }

    #[test]
    fn a_lost_answer_is_never_repeated_blindly() {
        let (state, _) = Outbound::answered(&free_text(), Answer::Lost, 1, NOW);
        assert_eq!(state, Outbound::Uncertain { since: NOW });
        let died = Outbound::Sending {
            attempt: 1,
            since: NOW,
        };
        assert_eq!(died.after_restart(NOW), Outbound::Uncertain { since: NOW });
    }

    #[test]
    fn a_status_settles_what_was_uncertain() {
        let state = Outbound::Uncertain { since: NOW }.confirmed(WaMessageId::new("w"), NOW);
        assert!(matches!(state, Outbound::Accepted { .. }));
    }

    #[test]
    fn past_the_deadline_a_text_is_parked_and_a_template_goes() {
        let late = NOW + WINDOW - DEFAULT_MARGIN;
        let parked = Outbound::check_deadline(&free_text(), &facts(), late, DEFAULT_MARGIN);
        assert!(matches!(
            parked,
            Err(Outbound::Parked {
                why: Parked::DeadlinePassed { .. },
                ..
            })
        ));
        assert_eq!(
            Outbound::check_deadline(&Right::None, &facts(), late, DEFAULT_MARGIN),
            Ok(None)
        );
    }

    #[test]
    fn a_refusal_as_outside_the_window_parks_and_disputes() {
        let (state, effect) = Outbound::answered(
            &free_text(),
            refused(FailureCode::WindowClosed, Retry::Never),
            1,
            NOW,
        );
        assert!(matches!(
            state,
            Outbound::Parked {
                why: Parked::Disputed { .. },
                ..
            }
        ));
        assert_eq!(effect, SideEffect::DisputeWindow { at: NOW });
    }

    #[test]
    fn one_more_try_past_a_dispute_still_keeps_to_our_own_books() {
        let once = Right::OncePastDispute {
            send_before: NOW + WINDOW - DEFAULT_MARGIN,
        };
        let mut facts = facts();
        facts.record_refusal(Refusal {
            at: NOW,
            message: crate::MessageId::new("out"),
        });
        assert!(Outbound::check_deadline(&free_text(), &facts, NOW, DEFAULT_MARGIN).is_err());
        assert!(Outbound::check_deadline(&once, &facts, NOW, DEFAULT_MARGIN).is_ok());
        assert!(Outbound::check_deadline(&once, &facts, NOW + WINDOW, DEFAULT_MARGIN).is_err());
    }

    #[test]
    fn retries_end() {
        let (state, _) = Outbound::answered(
            &free_text(),
            refused(FailureCode::MetaFault, Retry::Later),
            MAX_ATTEMPTS,
            NOW,
        );
        assert!(matches!(state, Outbound::Failed { .. }));
    }

    #[test]
    fn a_moment_that_meta_names_is_waited_for_and_shortens_nothing() {
        let (state, effect) = Outbound::answered(
            &free_text(),
            refused(FailureCode::RateLimited, Retry::WholeNumber),
            1,
            NOW,
        );
        let Outbound::Waiting {
            not_before: own, ..
        } = state
        else {
            panic!("it waits");
        };
        let late = own + Duration::from_secs(60);
        for (named, expected) in [(late, late), (NOW, own)] {
            assert!(matches!(
                state.clone().not_before(named),
                Outbound::Waiting { not_before, .. } if not_before == expected
            ));
            assert_eq!(
                effect.not_before(named),
                SideEffect::PauseNumberUntil(expected)
            );
        }
        let lost = Outbound::Uncertain { since: NOW };
        assert_eq!(lost.clone().not_before(late), lost);
    }

    #[test]
    fn the_pair_limit_pauses_one_recipient_only() {
        let (_, effect) = Outbound::answered(
            &free_text(),
            refused(FailureCode::RateLimited, Retry::PerRecipient),
            3,
            NOW,
        );
        assert_eq!(
            effect,
            SideEffect::PauseRecipientUntil(NOW + Duration::from_secs(16))
        );
    }
}
