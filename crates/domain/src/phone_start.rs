//! Hand-offs to the phone: words prepared here, sent by hand there, found again by the echo.
//!
//! An agent writes the first words, the app shows a code, somebody scans it with the phone and
//! taps send. What the phone then sends comes back as an echo, which claims the start.
//!
//! ```text
//!   asked for ─► Waiting { since } ── an echo to this customer ──► Claimed { message, at, alike }
//!                 │  ▲      │                                            │
//!                 │  │      └── ten minutes without an echo: shown as    │
//!                 │  │          late, still claimable                    │
//!                 │  └────────── a person: "that was another message" ───┘
//!                 └── cancelled by a person ──► Cancelled { at }
//! ```
//!
//! What counts is the customer and the time. How alike the words are is a hint: it chooses between
//! several starts to one customer, and where the words are quite others the card asks whether that
//! was it. The echo stands in the thread either way; no claim ever hides a message.
//!
//! Races: the echo may arrive before the start is stored only if the phone was quicker than
//! our own database, which cannot be: the code is shown after the start is durable. Two starts
//! to one customer: the one whose words are most alike is claimed, of equals the older. An echo that was typed before the
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
    Waiting {
        since: Time,
    },
    Claimed {
        message: MessageId,
        at: Time,
        /// The words are those that were prepared, or nearly. Otherwise a person may say that this
        /// was another message.
        #[serde(default = "yes")]
        alike: bool,
    },
    Cancelled {
        at: Time,
    },
}

/// Rows of earlier versions did not compare.
const fn yes() -> bool {
    true
}

/// From here on two texts count as one that was changed a little before it was sent.
const ALIKE: f64 = 0.5;

/// How much of two texts is the same, from 0 to 1: words in common, each counted as often as it
/// stands in both (Dice's coefficient). Case and punctuation do not count.
#[must_use]
pub fn likeness(prepared: &str, sent: &str) -> f64 {
    let (prepared, mut sent) = (words(prepared), words(sent));
    let all = prepared.len() + sent.len();
    if all == 0 {
        // Nothing but pictures or signs on both sides says nothing either way.
        return 1.0;
    }
    let mut common = 0_usize;
    for word in prepared {
        if let Some(at) = sent.iter().position(|other| *other == word) {
            sent.swap_remove(at);
            common += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of words")]
    let share = 2.0 * common as f64 / all as f64;
    share
}

#[must_use]
pub fn is_alike(prepared: &str, sent: &str) -> bool {
    likeness(prepared, sent) >= ALIKE
}

/// Of the prepared texts of the starts that may be claimed, oldest first, the one that an echo
/// claims: the most alike, of equals the oldest.
#[must_use]
pub fn choose<'a>(prepared: impl Iterator<Item = &'a str>, sent: &str) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (index, text) in prepared.enumerate() {
        let likeness = likeness(text, sent);
        if best.is_none_or(|(_, most)| likeness > most) {
            best = Some((index, likeness));
        }
    }
    best.map(|(index, _)| index)
}

fn words(text: &str) -> Vec<String> {
    text.split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
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

    /// Whether people must see it: it waits, or it was claimed by other words lately and a person
    /// may still say that this was another message.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        match self {
            Self::Waiting { .. } => true,
            Self::Claimed { at, alike, .. } => !alike && now < *at + CLAIMABLE_FOR,
            Self::Cancelled { .. } => false,
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
    fn words_choose_between_several_starts_and_decide_nothing_else() {
        let prepared = [
            "Hi Odette, your Tourer is ready.",
            "Hello, the invoice is attached.",
        ];
        let choose = |sent| choose(prepared.into_iter(), sent);
        assert_eq!(choose("hello! the invoice is attached"), Some(1));
        assert_eq!(choose("Hi Odette, your bike is ready"), Some(0));
        assert_eq!(choose("👍"), Some(0));
        assert_eq!(super::choose(std::iter::empty(), "Hi"), None);
    }

    #[test]
    fn a_text_that_was_changed_a_little_is_still_that_text() {
        let prepared = "Hi Odette, your Tourer is ready. You can come until six.";
        assert!(is_alike(prepared, prepared));
        assert!(is_alike(
            prepared,
            "Hi Odette! Your Tourer is ready, come until 6"
        ));
        assert!(!is_alike(prepared, "Sorry, wrong chat"));
        assert!(is_alike("👍", "❤️"));
    }

    #[test]
    fn it_is_late_after_ten_minutes() {
        let start = PhoneStart::Waiting { since: ASKED };
        assert!(!start.is_late(ASKED + Duration::from_secs(599)));
        assert!(start.is_late(ASKED + Duration::from_secs(600)));
    }
}
