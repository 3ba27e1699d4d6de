//! How far an outbound message got: a reducer that never steps back.
//!
//! ```text
//!   (Scheduled ─►)
//!   Queued ─► Accepted ─► Sent ─► Delivered ─► Read ─► Played
//!      │          │         │
//!      ├──────────┴─────────┴──► Failed { failure }       (final; never after Delivered)
//!      ├─► Uncertain   the answer was lost; a later report settles it, and a person may dismiss
//!      │               it: the report settles it all the same
//!      └─► Parked { why }   not sent; the text is kept (the outbox decides, not a report)
//! ```
//!
//! Races: reports come in any order and repeatedly (`read` before `delivered`; `delivered`
//! may never come). Reports carry a rank and the greater rank wins, so the order of reports
//! does not matter. A failure wins over everything that is not yet delivered; a delivery wins
//! over a failure, because a message on the customer's phone was not lost.

use serde::{Deserialize, Serialize};

use crate::{Time, failure::Failure};

/// What Meta reported about a message.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Receipt {
    /// Meta answered our request with an id. Not a webhook; means accepted, nothing more.
    Accepted,
    Sent,
    Failed,
    Delivered,
    Read,
    /// First play of a voice message.
    Played,
}

impl Receipt {
    /// The rank that decides between two reports. `Failed` stands above `Sent` and below
    /// `Delivered`: it is final for a message that never arrived, and nothing else.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Accepted => 1,
            Self::Sent => 2,
            Self::Failed => 3,
            Self::Delivered => 4,
            Self::Read => 5,
            Self::Played => 6,
        }
    }
}

/// One report with its time at Meta, and the failure it carries if it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub receipt: Receipt,
    pub at: Time,
    pub failure: Option<Failure>,
}

/// The tick an agent sees. Customer messages have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum Delivery {
    /// Durable in an outbox, not yet at Meta.
    Queued,
    /// It leaves at that moment, if the window is open then.
    Scheduled {
        at: Time,
    },
    /// The answer of Meta was lost: it may have gone out. Settled by a report or by a person.
    Uncertain {
        since: Time,
        /// A person has let it be: it asks for nothing any more. It stays in the thread, because
        /// the customer may have it, and a late report still settles it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        dismissed: bool,
    },
    /// Meta has it.
    Accepted {
        at: Time,
        /// A template that Meta holds back until it has seen how others like it. It may still go
        /// out, or be refused.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        held: bool,
    },
    /// On its way to the customer's phone.
    Sent {
        at: Time,
    },
    Delivered {
        at: Time,
    },
    Read {
        at: Time,
    },
    Played {
        at: Time,
    },
    Failed {
        at: Time,
        failure: Failure,
    },
    /// Not sent and not lost: it waits for a person.
    Parked {
        since: Time,
        why: crate::outbox::Parked,
    },
    /// Typed on the phone or imported. No tick of ours is known for it.
    Elsewhere,
}

impl Delivery {
    const fn rank(&self) -> u8 {
        match self {
            Self::Elsewhere
            | Self::Queued
            | Self::Scheduled { .. }
            | Self::Parked { .. }
            | Self::Uncertain { .. } => 0,
            Self::Accepted { .. } => Receipt::Accepted.rank(),
            Self::Sent { .. } => Receipt::Sent.rank(),
            Self::Failed { .. } => Receipt::Failed.rank(),
            Self::Delivered { .. } => Receipt::Delivered.rank(),
            Self::Read { .. } => Receipt::Read.rank(),
            Self::Played { .. } => Receipt::Played.rank(),
        }
    }

    /// The time at which this rank was reached, if it was reached by a report.
    const fn reported_at(&self) -> Option<Time> {
        match self {
            Self::Accepted { at, .. }
            | Self::Sent { at }
            | Self::Delivered { at }
            | Self::Read { at }
            | Self::Played { at }
            | Self::Failed { at, .. } => Some(*at),
            Self::Queued
            | Self::Scheduled { .. }
            | Self::Elsewhere
            | Self::Parked { .. }
            | Self::Uncertain { .. } => None,
        }
    }

    /// Takes a report. Any order and any repetition of the same reports ends in the same
    /// state: the greater rank wins, and of two reports of one rank the earlier.
    #[must_use]
    pub fn apply(self, report: &Report) -> Self {
        let rank = report.receipt.rank();
        let earlier = self
            .reported_at()
            .is_some_and(|at| rank == self.rank() && report.at < at);
        if rank < self.rank() || (rank == self.rank() && !earlier) {
            return self;
        }
        let at = report.at;
        match report.receipt {
            Receipt::Accepted => Self::Accepted {
                at,
                held: matches!(self, Self::Accepted { held: true, .. }),
            },
            Receipt::Sent => Self::Sent { at },
            Receipt::Delivered => Self::Delivered { at },
            Receipt::Read => Self::Read { at },
            Receipt::Played => Self::Played { at },
            Receipt::Failed => Self::Failed {
                at,
                failure: report.failure.clone().unwrap_or_else(Failure::unknown),
            },
        }
    }

    /// Whether the customer's phone has it.
    #[must_use]
    pub const fn arrived(&self) -> bool {
        matches!(
            self,
            Self::Delivered { .. } | Self::Read { .. } | Self::Played { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(receipt: Receipt, at: i64) -> Report {
        Report {
            receipt,
            at: Time::from_millis(at),
            failure: (receipt == Receipt::Failed).then(Failure::unknown),
        }
    }

    #[test]
    fn a_read_message_stays_read_when_delivered_comes_late() {
        let read = Delivery::Queued
            .apply(&report(Receipt::Read, 5))
            .apply(&report(Receipt::Delivered, 4));
        assert_eq!(
            read,
            Delivery::Read {
                at: Time::from_millis(5)
            }
        );
    }

    #[test]
    fn a_failure_is_final_unless_the_phone_has_it() {
        let failed = Delivery::Queued
            .apply(&report(Receipt::Sent, 1))
            .apply(&report(Receipt::Failed, 2))
            .apply(&report(Receipt::Sent, 3));
        assert!(matches!(failed, Delivery::Failed { .. }));
        assert!(failed.apply(&report(Receipt::Delivered, 4)).arrived());
    }

    #[test]
    fn a_lost_answer_is_settled_by_a_report() {
        let uncertain = Delivery::Uncertain {
            since: Time::from_millis(1),
            dismissed: false,
        };
        assert!(matches!(
            uncertain.apply(&report(Receipt::Sent, 2)),
            Delivery::Sent { .. }
        ));
    }

    #[test]
    fn what_was_stored_before_is_read_as_neither_held_nor_dismissed() {
        for json in [
            r#"{"state":"uncertain","since":1}"#,
            r#"{"state":"accepted","at":1}"#,
        ] {
            let read: Delivery = serde_json::from_str(json).expect("an older form");
            assert_eq!(serde_json::to_string(&read).expect("text"), json);
        }
    }

    fn any_report() -> impl Strategy<Value = Report> {
        (0u8..6, 0i64..50).prop_map(|(kind, at)| {
            let receipt = [
                Receipt::Accepted,
                Receipt::Sent,
                Receipt::Failed,
                Receipt::Delivered,
                Receipt::Read,
                Receipt::Played,
            ][usize::from(kind)];
            report(receipt, at)
        })
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            reports in proptest::collection::vec(any_report(), 0..12).prop_flat_map(|reports| {
                let twice: Vec<Report> = reports.iter().chain(reports.iter()).cloned().collect();
                (Just(reports), Just(twice).prop_shuffle())
            })
        ) {
            let (straight, shuffled) = reports;
            let end = straight.iter().fold(Delivery::Queued, Delivery::apply);
            let other = shuffled.iter().fold(Delivery::Queued, Delivery::apply);
            prop_assert_eq!(end, other);
        }

        #[test]
        fn ticks_never_step_back(reports in proptest::collection::vec(any_report(), 0..20)) {
            let mut state = Delivery::Queued;
            for report in &reports {
                let before = state.rank();
                state = state.apply(report);
                prop_assert!(state.rank() >= before);
            }
        }
    }
}
