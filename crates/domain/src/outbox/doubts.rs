//! The sendings of one message whose answer was lost and of which nothing was heard since.
//!
//! ```text
//!            answer lost                     its answer, or a report about it, after all
//!   (none) ──────────────► in doubt since t ────────────────────────────────────────────► (none)
//! ```
//!
//! A message can be sent again while an earlier sending is in doubt, and the later one can fail, or
//! be parked. Then the tick alone, which is about the later one, would say that nothing went out.
//!
//! Races: a late answer or report names its generation, so it settles that one and no other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Outbound;
use crate::Time;

/// When the answer was lost, by generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubts(BTreeMap<u32, Time>);

impl Doubts {
    /// What stands after the sending of `generation` came to `state`.
    #[must_use]
    pub fn after(mut self, generation: u32, state: &Outbound) -> Self {
        match state {
            Outbound::Uncertain {
                since,
                dismissed: false,
            } => {
                self.0.insert(generation, *since);
            }
            // A person lets it be, which settles nothing.
            Outbound::Uncertain {
                dismissed: true, ..
            } => {}
            Outbound::Scheduled { .. }
            | Outbound::Waiting { .. }
            | Outbound::Sending { .. }
            | Outbound::Accepted { .. }
            | Outbound::Failed { .. }
            | Outbound::Parked { .. } => {
                self.0.remove(&generation);
            }
        }
        self
    }

    /// It was heard after all what became of that sending.
    #[must_use]
    pub fn settled(mut self, generation: u32) -> Self {
        self.0.remove(&generation);
        self
    }

    /// Since when the latest of them is in doubt.
    #[must_use]
    pub fn since(&self) -> Option<Time> {
        self.0.values().next_back().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{failure::Failure, outbox::FIRST_GENERATION};

    const NOW: Time = Time::from_millis(1_000);
    const SECOND: u32 = FIRST_GENERATION + 1;

    fn failed() -> Outbound {
        Outbound::Failed {
            at: NOW,
            failure: Failure::unknown(),
        }
    }

    #[test]
    fn a_later_failure_leaves_the_earlier_doubt() {
        let doubts = Doubts::default()
            .after(FIRST_GENERATION, &Outbound::lost(NOW))
            .after(SECOND, &failed());
        assert_eq!(doubts.since(), Some(NOW));
        assert_eq!(doubts.settled(FIRST_GENERATION).since(), None);
    }

    #[test]
    fn its_own_answer_ends_a_doubt_and_letting_it_be_does_not() {
        let doubts = Doubts::default().after(FIRST_GENERATION, &Outbound::lost(NOW));
        let let_be = Outbound::Uncertain {
            since: NOW,
            dismissed: true,
        };
        let doubts = doubts.after(FIRST_GENERATION, &let_be);
        assert_eq!(doubts.since(), Some(NOW));
        assert_eq!(doubts.after(FIRST_GENERATION, &failed()).since(), None);
    }
}
