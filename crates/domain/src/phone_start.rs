//! Hand-offs to the phone: words prepared here, sent by hand there, found again by the echo.
//!
//! An agent writes the first words, the app shows a code, somebody scans it with the phone and
//! taps send. What the phone then sends comes back as an echo, which claims the start.
//!
//! ```text
//!   asked for ─► Waiting { since } ── an echo to this customer ──► Claimed { message, at }
//!                   │        │
//!                   │        └── ten minutes without an echo: shown as late, still claimable
//!                   └── cancelled by a person ──► Cancelled { at }
//! ```
//!
//! Races: the echo may arrive before the start is stored only if the phone was quicker than
//! our own database, which cannot be: the code is shown after the start is durable. Two starts
//! to one customer: the older waiting one is claimed first. An echo that was typed before the
//! start was asked for (its Meta time is earlier, beyond one second of rounding) claims nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{MessageId, Time};

/// After this long without an echo the card says so, and why that may be.
pub const LATE_AFTER: Duration = Duration::from_secs(10 * 60);

/// A start this old is not claimed any more: the echo is somebody's new message.
pub const CLAIMABLE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum PhoneStart {
    Waiting { since: Time },
    Claimed { message: MessageId, at: Time },
    Cancelled { at: Time },
}

impl PhoneStart {
    /// Whether an echo typed at `echo_at` (Meta's time, whole seconds) to the same customer is
    /// the one this start waits for.
    #[must_use]
    pub fn is_claimed_by(&self, echo_at: Time) -> bool {
        match self {
            Self::Waiting { since } => {
                // Meta's seconds are rounded down, ours are milliseconds.
                echo_at.secs() >= since.secs() && echo_at <= *since + CLAIMABLE_FOR
            }
            Self::Claimed { .. } | Self::Cancelled { .. } => false,
        }
    }

    #[must_use]
    pub fn is_late(&self, now: Time) -> bool {
        matches!(self, Self::Waiting { since } if now >= *since + LATE_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Time = Time::from_millis(1_795_176_000_700);

    #[test]
    fn the_echo_claims_it_even_in_the_same_second() {
        let start = PhoneStart::Waiting { since: ASKED };
        assert!(start.is_claimed_by(Time::from_secs(1_795_176_000)));
        assert!(start.is_claimed_by(Time::from_secs(1_795_176_300)));
    }

    #[test]
    fn an_older_echo_claims_nothing() {
        let start = PhoneStart::Waiting { since: ASKED };
        assert!(!start.is_claimed_by(Time::from_secs(1_795_175_999)));
    }

    #[test]
    fn a_cancelled_start_is_not_claimed() {
        let start = PhoneStart::Cancelled { at: ASKED };
        assert!(!start.is_claimed_by(Time::from_secs(1_795_176_100)));
    }

    #[test]
    fn it_is_late_after_ten_minutes() {
        let start = PhoneStart::Waiting { since: ASKED };
        assert!(!start.is_late(ASKED + Duration::from_secs(599)));
        assert!(start.is_late(ASKED + Duration::from_secs(600)));
    }
}
