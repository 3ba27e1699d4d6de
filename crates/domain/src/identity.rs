//! When two identities are one customer (platform notes, section 7).
//!
//! A customer has several keys: a phone number, a business-scoped id, the id of the portfolio's
//! parent, and earlier values of each. The id is the surer key: Meta gives it to one person for
//! one business portfolio, while a number can pass to another person.
//!
//! ```text
//!   a webhook names both keys             what we knew                     verdict
//!   number N and id U            ────►    N without an id, U without a number    same
//!   number N and id U            ────►    N with an id other than U              doubtful
//!   "U is V from now on"         ────►    U and V apart                          same
//! ```
//!
//! A doubtful pair is put to a person, who may join or keep it apart; what was joined can be
//! undone, and what a person kept apart or undid the machine never joins again.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Bsuid, ConversationId, MergeId, Time};

/// What is known of one side, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// All ids that this customer has or had.
    pub ids: Vec<Bsuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// They share a number and have ids that Meta never linked.
    Doubtful,
}

/// Whether two identities that one webhook named together are one customer.
#[must_use]
pub fn same_customer(a: &Side, b: &Side) -> Verdict {
    if a.ids.is_empty() || b.ids.is_empty() || a.ids.iter().any(|id| b.ids.contains(id)) {
        Verdict::Same
    } else {
        Verdict::Doubtful
    }
}

/// Two chats that may belong to one person, for the chat that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Doubt {
    pub merge: MergeId,
    /// The other chat.
    pub other: ConversationId,
    pub other_name: String,
    /// The number that both have had, for people.
    pub shared_number: Option<String>,
    pub since: Time,
}

/// Another chat that was joined into this one, and can be taken out again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Joined {
    pub merge: MergeId,
    /// As the other chat was called.
    pub other_name: String,
    pub at: Time,
    /// Who decided so; `None` for the machine.
    pub by: Option<AgentId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(ids: &[&str]) -> Side {
        Side {
            ids: ids.iter().map(|id| Bsuid((*id).to_owned())).collect(),
        }
    }

    #[test]
    fn history_known_by_number_joins_the_live_chat_known_by_id() {
        assert_eq!(same_customer(&side(&[]), &side(&["US.1"])), Verdict::Same);
    }

    #[test]
    fn a_number_that_passed_to_another_person_is_doubtful() {
        assert_eq!(
            same_customer(&side(&["US.1"]), &side(&["US.2"])),
            Verdict::Doubtful
        );
    }

    #[test]
    fn ids_that_meta_linked_are_one_person() {
        assert_eq!(
            same_customer(&side(&["US.1", "US.2"]), &side(&["US.2"])),
            Verdict::Same
        );
    }
}
