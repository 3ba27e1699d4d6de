//! One call between a customer and the number, folded from the steps that Meta reports.
//!
//! ```text
//!   began ──► ringing ──► answered ──► ended (seconds)
//!                 ├─────► declined
//!                 └─────► ended, never answered: missed
//! ```
//!
//! Races: steps come in any order and repeatedly, and any of them may be the only one that
//! reaches us. So a call is a set of facts that only grow, and its outcome is read from them.

use serde::{Deserialize, Serialize};

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[ts(export)]
pub struct Call {
    /// The customer called us; otherwise we called them.
    pub by_customer: bool,
    pub answered: bool,
    pub declined: bool,
    pub ended: bool,
    /// How long people talked, once known.
    pub seconds: Option<u64>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Begun, and nothing else is known yet.
    Under,
    Answered,
    Declined,
    Missed,
}

impl Call {
    /// Everything that two reports of the same call say. Commutative and idempotent.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            by_customer: self.by_customer || other.by_customer,
            answered: self.answered || other.answered,
            declined: self.declined || other.declined,
            ended: self.ended || other.ended,
            seconds: self.seconds.max(other.seconds),
        }
    }

    #[must_use]
    pub const fn outcome(self) -> Outcome {
        if self.answered {
            Outcome::Answered
        } else if self.declined {
            Outcome::Declined
        } else if self.ended {
            Outcome::Missed
        } else {
            Outcome::Under
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_call() -> impl Strategy<Value = Call> {
        (
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            proptest::option::of(0u64..4_000),
        )
            .prop_map(|(by_customer, answered, declined, ended, seconds)| Call {
                by_customer,
                answered,
                declined,
                ended,
                seconds,
            })
    }

    proptest! {
        #[test]
        fn order_and_repetition_of_steps_do_not_matter(a in any_call(), b in any_call(), c in any_call()) {
            prop_assert_eq!(a.and(b), b.and(a));
            prop_assert_eq!(a.and(b).and(c), a.and(b.and(c)));
            prop_assert_eq!(a.and(a), a);
        }
    }

    #[test]
    fn an_end_without_an_answer_is_a_missed_call() {
        let rang = Call {
            by_customer: true,
            ..Call::default()
        };
        assert_eq!(rang.outcome(), Outcome::Under);
        assert_eq!(
            Call {
                ended: true,
                ..rang
            }
            .outcome(),
            Outcome::Missed
        );
        assert_eq!(
            Call {
                ended: true,
                answered: true,
                ..rang
            }
            .outcome(),
            Outcome::Answered
        );
    }
}
