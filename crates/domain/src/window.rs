//! The customer service window: facts are stored, the state is derived.
//!
//! Meta lets a business write free text to a customer for 24 hours after the customer's last
//! message or call, per pair of business number and customer; afterwards only approved
//! templates (platform notes, section 1). Stored are two facts that only grow. Whether the
//! window is open is a question put to those facts with a moment in hand:
//!
//! ```text
//!                     opening event (customer wrote, tapped, called)
//!   NeverOpened ─────────────────────────────► Open ──── 24 h pass ───► Closed
//!                                             ▲  │ ▲                      │
//!                                    opening  │  │ └──── opening ─────────┘
//!                                             │  │ Meta refuses (131047)
//!                                             │  ▼
//!                                           Disputed
//! ```
//!
//! Races, and why they end well:
//! - *Late, repeated or reordered webhooks*: facts keep the greater effective time, so the
//!   result is the same in every order and the window never moves back.
//! - *A message accepted while open and refused late*: the refusal's time decides. A customer
//!   who wrote after the refused send has already reopened the window.
//! - *Meta's clock ahead of ours*: the earlier of Meta's time and our receipt counts, so a
//!   clock ahead of ours cannot lengthen a window.
//!
//! A free-form message can only be built with the [`OpenProof`] that [`Window::require_open`]
//! returns. It is asked three times with this one function: by the desktop to draw, by the hub
//! on accepting, and by the hub at the last moment before the request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{MessageId, Time, opening::Occurrence};

/// How long the window stays open after the effective time of an opening event.
pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Default distance kept from the closing time when sending (a setting from 0 to 15 minutes).
pub const DEFAULT_MARGIN: Duration = Duration::from_secs(20);

/// The largest margin a team may choose.
pub const MAX_MARGIN: Duration = Duration::from_secs(15 * 60);

/// The customer event that opens the window: the one with the greatest effective time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Opening {
    /// Names the event: a message's wamid or a call's id.
    pub event_id: String,
    pub kind: Occurrence,
    /// When Meta says the customer did it.
    pub meta_at: Time,
    /// When it reached the hub.
    pub received_at: Time,
}

impl Opening {
    /// The moment from which the 24 hours count: the earlier of the two.
    #[must_use]
    pub fn effective_at(&self) -> Time {
        self.meta_at.min(self.received_at)
    }
}

/// Meta's refusal of a free-form message as outside the window (131047).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Refusal {
    pub at: Time,
    pub message: MessageId,
}

/// All that is stored about one window, per business number and customer. Nothing else.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[ts(export)]
pub struct WindowFacts {
    pub last_opening: Option<Opening>,
    pub last_refusal: Option<Refusal>,
    /// When the customer last moved to another number or id. What was opened from the old one
    /// is not carried over on our say-so.
    #[serde(default)]
    pub moved_at: Option<Time>,
}

impl WindowFacts {
    /// Takes note of an opening event. Ties are broken by id so that order does not matter.
    pub fn record_opening(&mut self, opening: Opening) {
        let newer = self.last_opening.as_ref().is_none_or(|known| {
            (opening.effective_at(), &opening.event_id) > (known.effective_at(), &known.event_id)
        });
        // The same event again, received earlier: Meta repeats webhooks, and the first receipt
        // is the true one. It can only make the effective time smaller or equal, never larger.
        // One that came by two ways (also on standby) is of the plainer kind.
        let repeated = self.last_opening.as_ref().is_some_and(|known| {
            known.event_id == opening.event_id
                && known.meta_at == opening.meta_at
                && (opening.received_at, opening.kind as u8) < (known.received_at, known.kind as u8)
        });
        if newer && !self.is_same_event(&opening) || repeated {
            self.last_opening = Some(opening);
        }
    }

    fn is_same_event(&self, opening: &Opening) -> bool {
        self.last_opening.as_ref().is_some_and(|known| {
            known.event_id == opening.event_id && known.meta_at == opening.meta_at
        })
    }

    /// Takes note of a refusal by Meta.
    pub fn record_refusal(&mut self, refusal: Refusal) {
        let newer = self
            .last_refusal
            .as_ref()
            .is_none_or(|known| (refusal.at, &refusal.message) > (known.at, &known.message));
        if newer {
            self.last_refusal = Some(refusal);
        }
    }

    /// Two identities turned out to be one customer: the greater facts win.
    pub fn merge(&mut self, other: WindowFacts) {
        if let Some(opening) = other.last_opening {
            self.record_opening(opening);
        }
        if let Some(refusal) = other.last_refusal {
            self.record_refusal(refusal);
        }
        self.record_move(other.moved_at);
    }

    /// Takes note that the customer moved to another number or id.
    pub fn record_move(&mut self, at: Option<Time>) {
        self.moved_at = self.moved_at.max(at);
    }

    /// The state at `now`. Pure and total; the interval is half open: at exactly `closes_at`
    /// the window is closed.
    #[must_use]
    pub fn at(&self, now: Time) -> Window {
        let Some(opening) = &self.last_opening else {
            return Window::NeverOpened;
        };
        let opened_at = opening.effective_at();
        let closes_at = opened_at + WINDOW;
        if let Some(moved_at) = self.moved_at.filter(|moved_at| *moved_at >= opened_at) {
            return Window::Closed {
                since: moved_at.min(closes_at),
            };
        }
        if let Some(refusal) = &self.last_refusal
            && refusal.at >= opened_at
        {
            return Window::Disputed {
                since: refusal.at,
                refused: refusal.message.clone(),
            };
        }
        if now < closes_at {
            Window::Open {
                opened_by: opening.kind,
                opened_at,
                closes_at,
            }
        } else {
            Window::Closed { since: closes_at }
        }
    }

    /// As [`Window::require_open`], without heeding a dispute: for the one more try that a
    /// person may ask for after Meta refused a message.
    ///
    /// # Errors
    /// [`NotOpen`] unless the window is open by our own books, with the margin kept.
    pub fn require_open_by_our_books(
        &self,
        now: Time,
        margin: Duration,
    ) -> Result<OpenProof, NotOpen> {
        let undisputed = Self {
            last_opening: self.last_opening.clone(),
            last_refusal: None,
            moved_at: self.moved_at,
        };
        undisputed.at(now).require_open(now, margin)
    }

    /// The closing time of the present opening, whether it has passed or not.
    #[must_use]
    pub fn closes_at(&self) -> Option<Time> {
        self.last_opening
            .as_ref()
            .map(|opening| opening.effective_at() + WINDOW)
    }
}

/// The derived state of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum Window {
    /// The customer has never written to or called this number, as far as the API knows.
    NeverOpened,
    Open {
        opened_by: Occurrence,
        opened_at: Time,
        closes_at: Time,
    },
    Closed {
        since: Time,
    },
    /// Meta refused a message although by our books the window was open. Ends with the next
    /// opening event.
    Disputed {
        since: Time,
        refused: MessageId,
    },
}

/// Proof that the window was open, with the margin kept, at a given moment. Has no public
/// constructor: a free-form message cannot be built without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenProof {
    closes_at: Time,
    send_before: Time,
}

impl OpenProof {
    #[must_use]
    pub fn closes_at(&self) -> Time {
        self.closes_at
    }

    /// The deadline a message carries: `closes_at - margin` as it was when asked.
    #[must_use]
    pub fn send_before(&self) -> Time {
        self.send_before
    }
}

/// Why free text may not go out now.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    thiserror::Error,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(tag = "why", rename_all = "snake_case")]
#[ts(export)]
pub enum NotOpen {
    #[error("the customer has never written to this number")]
    NeverOpened,
    #[error("the window closed")]
    Closed { since: Time },
    #[error("the window closes too soon to send safely")]
    Closing { closes_at: Time },
    #[error("Meta says that this window is closed")]
    Disputed { since: Time },
}

impl Window {
    /// The proof that free text may go out at `now`, or the reason why not.
    ///
    /// # Errors
    /// [`NotOpen`] unless the window is open and closes later than `now + margin`.
    pub fn require_open(&self, now: Time, margin: Duration) -> Result<OpenProof, NotOpen> {
        match self {
            Self::NeverOpened => Err(NotOpen::NeverOpened),
            Self::Closed { since } => Err(NotOpen::Closed { since: *since }),
            Self::Disputed { since, .. } => Err(NotOpen::Disputed { since: *since }),
            Self::Open { closes_at, .. } if now >= *closes_at => {
                Err(NotOpen::Closed { since: *closes_at })
            }
            Self::Open { closes_at, .. } => {
                let send_before = *closes_at - margin;
                if now >= send_before {
                    Err(NotOpen::Closing {
                        closes_at: *closes_at,
                    })
                } else {
                    Ok(OpenProof {
                        closes_at: *closes_at,
                        send_before,
                    })
                }
            }
        }
    }

    /// When this state turns into another one by the mere passing of time.
    #[must_use]
    pub fn turns_at(&self) -> Option<Time> {
        match self {
            Self::Open { closes_at, .. } => Some(*closes_at),
            Self::NeverOpened | Self::Closed { .. } | Self::Disputed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
