//! What becomes of a message after it was sent: its words may be changed, or it is deleted for
//! everyone.
//!
//! ```text
//!   as sent ──edit──► edited ──edit──► edited
//!      │                │
//!      └───deletion─────┴──────────► deleted, for good
//! ```
//!
//! An edit or a deletion may arrive before its message, twice, and in any order with others. So
//! all of them are kept beside the message, and its state is worked out from the whole set: the
//! order of arrival cannot matter. Only the side that wrote a message can amend it.

use serde::{Deserialize, Serialize};

use crate::{Time, content::Author};

/// Which side of the conversation did something.
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
pub enum Side {
    Customer,
    Business,
}

impl Side {
    #[must_use]
    pub const fn of(author: &Author) -> Self {
        match author {
            Author::Customer => Self::Customer,
            Author::Agent { .. } | Author::Phone { .. } | Author::OtherApp | Author::Platform => {
                Self::Business
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amendment {
    Edit { words: String },
    Deletion,
}

/// An amendment as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amended {
    /// Meta's id of the event: the same event twice is one.
    pub event_id: String,
    /// Meta's time, in whole seconds.
    pub at: Time,
    pub by: Side,
    pub what: Amendment,
}

/// Words that a message had before it was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Earlier {
    pub words: String,
    /// Since when it had them.
    pub at: Time,
}

/// What a message is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Now {
    AsSent,
    Edited {
        words: String,
        /// Oldest first, the words as sent at the head.
        earlier: Vec<Earlier>,
    },
    Deleted {
        at: Time,
    },
}

/// The state of a message that `author` sent at `sent_at` with the words `first`, after all
/// `amendments`, in whatever order they come.
#[must_use]
pub fn settle(author: Side, first: &str, sent_at: Time, amendments: &[Amended]) -> Now {
    let mut own: Vec<&Amended> = amendments
        .iter()
        .filter(|amended| amended.by == author)
        .collect();
    // Meta's seconds are coarse; the id breaks ties the same way everywhere.
    own.sort_by(|a, b| (a.at, &a.event_id).cmp(&(b.at, &b.event_id)));
    own.dedup_by(|a, b| a.event_id == b.event_id);
    if let Some(deletion) = own
        .iter()
        .find(|amended| amended.what == Amendment::Deletion)
    {
        return Now::Deleted { at: deletion.at };
    }
    let mut words = first;
    let mut since = sent_at;
    let mut earlier = Vec::new();
    for amended in own {
        if let Amendment::Edit { words: new } = &amended.what
            && new != words
        {
            earlier.push(Earlier {
                words: words.to_owned(),
                at: since,
            });
            words = new;
            since = amended.at;
        }
    }
    if earlier.is_empty() {
        return Now::AsSent;
    }
    Now::Edited {
        words: words.to_owned(),
        earlier,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(id: &str, at: i64, words: &str) -> Amended {
        Amended {
            event_id: id.to_owned(),
            at: Time::from_millis(at),
            by: Side::Customer,
            what: Amendment::Edit {
                words: words.to_owned(),
            },
        }
    }

    fn settled(amendments: &[Amended]) -> Now {
        settle(Side::Customer, "Monday?", Time::from_millis(0), amendments)
    }

    #[test]
    fn the_newest_words_stand_and_the_earlier_ones_are_kept() {
        let now = settled(&[edit("b", 2, "Wednesday?"), edit("a", 1, "Tuesday?")]);
        let Now::Edited { words, earlier } = now else {
            panic!("edited");
        };
        assert_eq!(words, "Wednesday?");
        let words: Vec<_> = earlier.iter().map(|one| one.words.as_str()).collect();
        assert_eq!(words, ["Monday?", "Tuesday?"]);
    }

    #[test]
    fn a_deletion_is_for_good_even_if_an_edit_claims_to_be_later() {
        let gone = Amended {
            what: Amendment::Deletion,
            ..edit("a", 1, "")
        };
        let at = Time::from_millis(1);
        assert_eq!(settled(&[gone, edit("b", 2, "Back")]), Now::Deleted { at });
    }

    #[test]
    fn nobody_amends_the_words_of_the_other_side() {
        let theirs = Amended {
            by: Side::Business,
            ..edit("a", 1, "Never")
        };
        assert_eq!(settled(&[theirs]), Now::AsSent);
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            seeds in proptest::collection::vec((0_u8..6, 0_i64..4, any::<bool>(), 0_u8..3), 0..8),
            order in any::<u64>(),
        ) {
            let mut all: Vec<Amended> = Vec::new();
            for (id, at, business, kind) in seeds {
                let event_id = format!("wamid.{id}");
                // One event says one thing.
                if all.iter().any(|one| one.event_id == event_id) {
                    continue;
                }
                all.push(Amended {
                    event_id,
                    at: Time::from_millis(at),
                    by: if business { Side::Business } else { Side::Customer },
                    what: match kind {
                        0 => Amendment::Deletion,
                        n => Amendment::Edit { words: format!("words {n}") },
                    },
                });
            }
            let expected = settled(&all);
            let mut other = all.clone();
            other.extend(all);
            let turn = usize::try_from(order % 7).unwrap_or(0);
            let len = other.len().max(1);
            other.rotate_left(turn % len);
            if order % 2 == 0 {
                other.reverse();
            }
            prop_assert_eq!(settled(&other), expected);
        }
    }
}
