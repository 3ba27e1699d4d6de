//! The hub's outbox: what the team wants sent and is not yet confirmed.
//!
//! Two outboxes exist. The desktop's carries a command to the hub and may repeat it safely,
//! because a `client_ref` always gets the same answer. The hub's, drawn here, carries a
//! message to Meta, which offers no idempotency key: a lost answer must never be repeated
//! blindly.
//!
//! ```text
//!  accepted from a desktop ──── for later ────► Scheduled { at }
//!         │   durable, window checked                │ its moment came, or a person: "send now"
//!         ▼                                          │
//!         ├◄─────────────────────────────────────────┘
//!      Waiting { not_before } ──────── claim, window checked again ──► Sending { attempt }
//!         ▲      │ deadline passed                                        │
//!         │      │ refused, may try again later (Meta answered with an error)
//!         ├──────┼────────────────────────────────────────────────────────┤
//!         │      │                                                        ├─► Accepted { wamid }
//!         │      │                                                        ├─► Failed   (Meta refused for good)
//!         │      │                                                        └─► Uncertain (answer lost)
//!         │      ▼                                                              │      │ a status with our
//!         │  Parked { why } ◄── window closed or disputed        a person says  │      │ reference
//!         │      │                                              "let it be" ──► │      ▼
//!         └──────┴── a person says "send again": next generation ◄── dismissed ─┘   Accepted { wamid }
//! ```
//!
//! Every message leaves under a [`Reference`]: its id and a *generation*, which grows by one each
//! time a person says "send again". The machine's own retries of one generation share it, for
//! they follow only on a refusal, and what was refused has no statuses.
//!
//! Races:
//! - *A status arrives before the answer to the request*: it names our reference, so both orders
//!   end in `Accepted` with the same wamid.
//! - *A status of an earlier generation arrives*: that it failed is old news and settles nothing;
//!   that it went out means that the customer has the words, so what still waits is not sent. If
//!   the next request is under way already, its answer is awaited, and the earlier one counts
//!   only where that answer is no. Once an earlier one is on the customer's phone, it is the one
//!   that counts: the next may still fail.
//! - *The hub dies between request and answer*: at start every `Sending` becomes `Uncertain`,
//!   because we cannot know.
//! - *The answer comes after another process gave the request up as lost*: it settles the doubt,
//!   but is no reason to try again, because a person has been told.
//! - *The deadline passes while a message waits, whatever it waits for*: the worker looks for
//!   such rows by themselves, and once more immediately before the request; past it the message
//!   is parked, never sent late.
//! - *The later sending fails or is parked, while the answer to an earlier one is still lost*: the
//!   doubt about the earlier one stays beside the tick ([`Doubts`]).
//! - *A newer opening arrives meanwhile*: it lengthens the deadline that the message carries.

mod doubts;

use std::{fmt, time::Duration};

pub use self::doubts::Doubts;

use serde::{Deserialize, Serialize};

use crate::{
    Time, WaMessageId,
    delivery::Receipt,
    failure::{Failure, FailureCode, Retry},
    window::{NotOpen, OpenProof, Opening, WindowFacts},
};

/// What travels to Meta with a message and comes back with each of its statuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub id: String,
    pub generation: u32,
}

/// The generation of a message that nobody has sent again.
pub const FIRST_GENERATION: u32 = 1;

impl Reference {
    /// Reads `<id>.<generation>`. Messages of earlier versions travelled under their id alone.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let parts = text
            .rsplit_once('.')
            .and_then(|(id, generation)| Some((id, generation.parse().ok()?)));
        let (id, generation) = parts.unwrap_or((text, FIRST_GENERATION));
        Self {
            id: id.to_owned(),
            generation,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.generation)
    }
}

/// Which sending of a message a report or an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The present generation.
    ThisOne,
    /// One before a person said "send again".
    AnEarlierOne,
}

impl About {
    /// A report about `told`, while the row is of generation `now`.
    #[must_use]
    pub const fn of(told: u32, now: u32) -> Self {
        if told < now {
            Self::AnEarlierOne
        } else {
            Self::ThisOne
        }
    }
}

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
    /// Free-form: the window must be open. The deadline it carries, and since when the window had
    /// been open that the deadline was taken from (unknown in rows of earlier versions).
    OpenWindow {
        send_before: Time,
        #[serde(default)]
        opened_at: Option<Time>,
    },
    /// A person asked for one more try although Meta disputes the window. Granted once per
    /// message, and only while the window is open by our own books.
    OncePastDispute {
        send_before: Time,
        #[serde(default)]
        opened_at: Option<Time>,
    },
    /// A template, a read mark: no window needed.
    None,
}

impl Right {
    /// The right of a free-form message that is accepted now. It carries the earlier of the
    /// deadline that the agent saw and the one that the window allows. A deadline that has passed
    /// although the window is open was taken from an older opening than the present one, so it
    /// does not count.
    #[must_use]
    pub fn granted(proof: &OpenProof, facts: &WindowFacts, seen: Option<Time>, now: Time) -> Self {
        let allowed = proof.send_before();
        let send_before = seen
            .filter(|seen| *seen > now)
            .map_or(allowed, |seen| seen.min(allowed));
        Self::OpenWindow {
            send_before,
            opened_at: opened_at(facts),
        }
    }

    /// The right to one more try past a dispute.
    #[must_use]
    pub fn past_dispute(proof: &OpenProof, facts: &WindowFacts) -> Self {
        Self::OncePastDispute {
            send_before: proof.send_before(),
            opened_at: opened_at(facts),
        }
    }

    /// The last moment at which a message with this right may leave.
    #[must_use]
    pub const fn send_before(&self) -> Option<Time> {
        match self {
            Self::OpenWindow { send_before, .. } | Self::OncePastDispute { send_before, .. } => {
                Some(*send_before)
            }
            Self::None => None,
        }
    }

    /// The right after a newer opening: the deadline that the proof allows.
    #[must_use]
    pub fn lengthened(&self, proof: &OpenProof, facts: &WindowFacts) -> Self {
        match self {
            Self::OpenWindow { .. } => Self::granted(proof, facts, None, Time::default()),
            Self::OncePastDispute { .. } => Self::past_dispute(proof, facts),
            Self::None => Self::None,
        }
    }
}

fn opened_at(facts: &WindowFacts) -> Option<Time> {
    facts.last_opening.as_ref().map(Opening::effective_at)
}

/// The state of one outbox row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outbound {
    /// It takes its place in line at that moment, and not before: what is written meanwhile leaves
    /// ahead of it.
    Scheduled {
        at: Time,
    },
    Waiting {
        not_before: Time,
        attempt: u32,
    },
    Sending {
        attempt: u32,
        since: Time,
        /// An earlier generation turned out to have reached Meta meanwhile.
        #[serde(default)]
        earlier: Option<WaMessageId>,
    },
    Uncertain {
        since: Time,
        /// A person has let it be.
        #[serde(default)]
        dismissed: bool,
    },
    Accepted {
        wamid: WaMessageId,
        at: Time,
        /// Meta holds the template back for now.
        #[serde(default)]
        held: bool,
    },
    Failed {
        at: Time,
        failure: Failure,
    },
    Parked {
        since: Time,
        why: Parked,
    },
}

/// What Meta answered to one request, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted {
        wamid: WaMessageId,
        /// A template that Meta holds back until it has seen how others like it.
        held: bool,
    },
    /// An error body of Meta's: the message was not accepted, a retry cannot duplicate.
    Refused { failure: Failure, retry: Retry },
    /// The request never left (connection refused, name not resolved): safe to repeat.
    NotSent,
    /// Sent, and no answer that says what became of it.
    Lost,
}

/// What the machine must do for the whole number besides this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideEffect {
    None,
    /// Nothing for this number before the given moment.
    PauseNumberUntil(Time),
    /// Nothing to this recipient before the given moment.
    PauseRecipientUntil(Time),
    /// Nothing at all until an administrator has acted.
    StopQueue {
        why: FailureCode,
    },
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

    /// The moment of a scheduled message has come: it stands in line like one written now.
    #[must_use]
    pub fn in_line(self, now: Time) -> Self {
        match self {
            Self::Scheduled { .. } => Self::queued(now),
            other => other,
        }
    }

    /// Asked at the last moment before the request, and whenever the deadline that the message
    /// carries has passed. `Ok` has the proof (or none where no window is needed); `Err` is the
    /// parked state to store instead.
    ///
    /// # Errors
    /// The [`Outbound::Parked`] state, when the window is not open any more, or when the deadline
    /// has passed and no newer opening lengthened it.
    pub fn check_deadline(
        right: &Right,
        facts: &WindowFacts,
        now: Time,
        margin: Duration,
    ) -> Result<Option<OpenProof>, Outbound> {
        let (send_before, since, asked) = match right {
            Right::None => return Ok(None),
            Right::OpenWindow {
                send_before,
                opened_at,
            } => (
                *send_before,
                *opened_at,
                facts.at(now).require_open(now, margin),
            ),
            Right::OncePastDispute {
                send_before,
                opened_at,
            } => (
                *send_before,
                *opened_at,
                facts.require_open_by_our_books(now, margin),
            ),
        };
        let late = Parked::DeadlinePassed {
            deadline: send_before,
        };
        let why = match asked {
            Ok(proof) => {
                let lengthened = since.is_none_or(|since| opened_at(facts) > Some(since));
                if now < send_before || lengthened {
                    return Ok(Some(proof));
                }
                late
            }
            Err(NotOpen::Disputed { .. }) => Parked::Disputed { meta_code: None },
            Err(NotOpen::Closed { .. } | NotOpen::Closing { .. } | NotOpen::NeverOpened) => late,
        };
        Err(Self::Parked { since: now, why })
    }

    /// Takes Meta's answer to the request of `attempt` (counted from 1) of the present
    /// generation; `self` is the state as it stands when the answer arrives.
    #[must_use]
    pub fn answered(
        self,
        right: &Right,
        answer: Answer,
        attempt: u32,
        now: Time,
    ) -> (Outbound, SideEffect) {
        let earlier = match self {
            Self::Sending { earlier, .. } => earlier,
            Self::Uncertain { .. } => return self.answered_late(right, answer, attempt, now),
            // A status was quicker. Whatever it decided stands.
            Self::Scheduled { .. }
            | Self::Waiting { .. }
            | Self::Accepted { .. }
            | Self::Failed { .. }
            | Self::Parked { .. } => return (self, SideEffect::None),
        };
        let (state, effect) = match answer {
            Answer::Accepted { wamid, held } => (
                Self::Accepted {
                    wamid,
                    at: now,
                    held,
                },
                SideEffect::None,
            ),
            Answer::Lost => (Self::lost(now), SideEffect::None),
            Answer::NotSent => (
                Self::Waiting {
                    not_before: now + Retry::Later.wait(attempt),
                    attempt,
                },
                SideEffect::None,
            ),
            Answer::Refused { failure, retry } => {
                Self::refused(right, failure, retry, attempt, now)
            }
        };
        match (state, earlier) {
            // The customer has the words from the earlier sending.
            (
                Self::Waiting { .. }
                | Self::Uncertain { .. }
                | Self::Failed { .. }
                | Self::Parked { .. },
                Some(wamid),
            ) => (
                Self::Accepted {
                    wamid,
                    at: now,
                    held: false,
                },
                effect,
            ),
            (state, _) => (state, effect),
        }
    }

    /// Meta refused the file of a message that waits. Nothing was sent.
    #[must_use]
    pub fn file_refused(
        self,
        right: &Right,
        failure: Failure,
        retry: Retry,
        attempt: u32,
        now: Time,
    ) -> (Outbound, SideEffect) {
        match self {
            Self::Waiting { .. } => Self::refused(right, failure, retry, attempt, now),
            other => (other, SideEffect::None),
        }
    }

    /// The answer to a request that was given up as lost.
    fn answered_late(
        self,
        right: &Right,
        answer: Answer,
        attempt: u32,
        now: Time,
    ) -> (Outbound, SideEffect) {
        match answer {
            Answer::Accepted { wamid, held } => (
                Self::Accepted {
                    wamid,
                    at: now,
                    held,
                },
                SideEffect::None,
            ),
            Answer::Refused { failure, retry } => {
                match Self::refused(right, failure.clone(), retry, attempt, now) {
                    (Self::Waiting { .. }, effect) => (Self::Failed { at: now, failure }, effect),
                    decided => decided,
                }
            }
            Answer::NotSent | Answer::Lost => (self, SideEffect::None),
        }
    }

    /// The answer to a request is lost.
    #[must_use]
    pub const fn lost(now: Time) -> Self {
        Self::Uncertain {
            since: now,
            dismissed: false,
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
        let until = now + retry.wait(attempt);
        let effect = match retry {
            Retry::Never | Retry::Later | Retry::FewTimes => SideEffect::None,
            Retry::PerRecipient => SideEffect::PauseRecipientUntil(until),
            Retry::WholeNumber | Retry::Maintenance | Retry::CallLimit => {
                SideEffect::PauseNumberUntil(until)
            }
            Retry::StopQueue => SideEffect::StopQueue { why: failure.code },
        };
        let state = if attempt >= retry.attempts() {
            Self::Failed { at: now, failure }
        } else {
            let counted = match retry {
                // The message itself is fine; it waits where it is until the queue runs again.
                Retry::StopQueue => attempt.saturating_sub(1),
                _ => attempt,
            };
            Self::Waiting {
                not_before: until,
                attempt: counted,
            }
        };
        (state, effect)
    }

    /// A status webhook named our reference: Meta has, or had, the message, whatever we believed.
    #[must_use]
    pub fn reported(self, about: About, receipt: Receipt, wamid: WaMessageId, at: Time) -> Self {
        let accepted = |wamid| Self::Accepted {
            wamid,
            at,
            held: false,
        };
        if receipt == Receipt::Failed {
            return match (self, about) {
                // It had been taken, and the report says what became of it.
                (Self::Sending { .. } | Self::Uncertain { .. }, About::ThisOne) => accepted(wamid),
                // What waits was refused, and is told so once more.
                (other, _) => other,
            };
        }
        let arrived = receipt > Receipt::Failed;
        match self {
            Self::Waiting { .. } | Self::Uncertain { .. } => accepted(wamid),
            Self::Sending { attempt, since, .. } if about == About::AnEarlierOne => Self::Sending {
                attempt,
                since,
                earlier: Some(wamid),
            },
            Self::Sending { .. } => accepted(wamid),
            Self::Parked {
                why: Parked::DeadlinePassed { .. } | Parked::Held,
                ..
            } => accepted(wamid),
            Self::Parked {
                why: Parked::Disputed { .. },
                ..
            }
            | Self::Failed { .. }
                if arrived || about == About::AnEarlierOne =>
            {
                accepted(wamid)
            }
            // The customer has the words, whatever becomes of the next sending.
            Self::Accepted { wamid: known, .. }
                if arrived && about == About::AnEarlierOne && known != wamid =>
            {
                accepted(wamid)
            }
            settled @ (Self::Scheduled { .. }
            | Self::Accepted { .. }
            | Self::Failed { .. }
            | Self::Parked { .. }) => settled,
        }
    }

    /// At the hub's start: a request was under way when it died.
    #[must_use]
    pub fn after_restart(self, now: Time) -> Self {
        match self {
            Self::Sending {
                earlier: Some(wamid),
                ..
            } => Self::Accepted {
                wamid,
                at: now,
                held: false,
            },
            Self::Sending { earlier: None, .. } => Self::lost(now),
            other => other,
        }
    }

    /// A person throws it away. What the customer may have is kept, as dismissed. `None`: nobody
    /// can have it, so nothing needs to stay.
    #[must_use]
    pub fn discarded(&self, doubts: &Doubts) -> Option<Self> {
        let since = match self {
            Self::Uncertain { since, .. } => Some(*since),
            _ => doubts.since(),
        };
        since.map(|since| Self::Uncertain {
            since,
            dismissed: true,
        })
    }
}

#[cfg(test)]
mod tests;
