//! The one-shot import of the phone's contacts and past (platform notes, section 2.2 and 2.3).
//!
//! ```text
//!   NotAsked ──► Asked { at } ──► chunks arrive: percent grows ──► 100: done
//!       │            └──────────► refused by the owner (2593109): final, live goes on
//!       ├──► TooLate  (2593108, more than 24 h after onboarding)
//!       └──► AskedBefore (2593107): somebody asked already; chunks may still come
//! ```
//!
//! Races: chunks come in any order, so the greatest percentage counts and never steps back; a
//! refusal may come before the answer to our own request; a crash between the request and its
//! answer makes us ask again, which Meta answers with 2593107. Meta allows each question once.

use serde::{Deserialize, Serialize};

use crate::Time;

/// What became of one of the two questions.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "asked", rename_all = "snake_case")]
#[ts(export)]
pub enum Asked {
    #[default]
    NotYet,
    Yes {
        at: Time,
    },
    /// Meta says that the question was asked before; what was asked for may still come.
    Before {
        at: Time,
    },
    /// More than 24 hours after onboarding. The owner must disconnect and connect again.
    TooLate {
        at: Time,
    },
    /// Meta said no for another reason, named by its number.
    Refused {
        at: Time,
        meta_code: Option<i64>,
    },
}

/// How far the import of one number is.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(default)]
#[ts(export)]
pub struct Import {
    pub contacts: Asked,
    pub history: Asked,
    /// The greatest percentage that a chunk carried; 100 is the end.
    pub percent: Option<u32>,
    /// Messages taken over so far.
    pub messages: u64,
    /// Contacts of the phone's address book taken over so far.
    pub contacts_seen: u64,
    /// The owner did not share the past (2593109).
    pub declined_at: Option<Time>,
    /// When the last chunk reached us.
    pub last_chunk_at: Option<Time>,
}

/// After this long without a chunk an import that is not at its end is said to stand still.
pub const SILENCE: std::time::Duration = std::time::Duration::from_secs(30 * 60);

impl Import {
    /// A chunk said how far it is.
    pub fn heard(&mut self, percent: Option<u32>, at: Time) {
        self.percent = self.percent.max(percent.map(|percent| percent.min(100)));
        self.last_chunk_at = self.last_chunk_at.max(Some(at));
    }

    pub fn declined(&mut self, at: Time) {
        self.declined_at = Some(self.declined_at.map_or(at, |known| known.min(at)));
    }

    #[must_use]
    pub fn is_done(&self) -> bool {
        self.percent == Some(100)
    }

    /// Chunks are expected: people see a bar.
    #[must_use]
    pub fn is_running(&self, now: Time) -> bool {
        // Asked again after an old chunk, chunks are expected anew.
        let heard = self.last_chunk_at.max(match self.history {
            Asked::Yes { at } => Some(at),
            _ => None,
        });
        !self.is_done()
            && self.declined_at.is_none()
            && heard.is_some_and(|heard| now < heard + SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Time = Time::from_millis(43_200_000);

    proptest! {
        #[test]
        fn chunks_in_any_order_end_the_same(mut chunks in proptest::collection::vec((proptest::option::of(0u32..=100), 0i64..1_000), 1..12)) {
            let fold = |chunks: &[(Option<u32>, i64)]| {
                let mut import = Import::default();
                for (percent, at) in chunks {
                    import.heard(*percent, NOON + std::time::Duration::from_millis(at.unsigned_abs()));
                }
                import
            };
            let forth = fold(&chunks);
            chunks.reverse();
            prop_assert_eq!(forth, fold(&chunks));
        }
    }

    #[test]
    fn a_refusal_ends_the_bar_and_says_so() {
        let mut import = Import {
            history: Asked::Yes { at: NOON },
            ..Import::default()
        };
        assert!(import.is_running(NOON));
        import.declined(NOON);
        assert!(!import.is_running(NOON) && !import.is_done());
    }

    #[test]
    fn an_import_that_falls_silent_is_not_running_for_ever() {
        let mut import = Import::default();
        import.heard(Some(40), NOON);
        assert!(import.is_running(NOON));
        assert!(!import.is_running(NOON + SILENCE));
    }
}
