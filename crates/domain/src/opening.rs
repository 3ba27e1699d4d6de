//! Which events open the customer service window: the one table.
//!
//! Meta documents part of this and is silent about the rest; where it is silent the choice
//! is ours and cautious. Every line says how sure it is, so that a fact learnt later changes
//! one line here and nothing else.

use serde::{Deserialize, Serialize};

/// Something that happened on a number, sorted by what it may mean for the window.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Occurrence {
    /// Text, media, sticker, location, contact card or order from the customer.
    CustomerMessage,
    /// Tap on a template's quick reply, a reply button or a list row; a completed flow; shared
    /// contact info. Meta delivers all of these as customer messages.
    CustomerTap,
    /// The customer called the number, answered or missed.
    CustomerCall,
    /// The customer accepted a call of ours.
    AcceptedOurCall,
    /// The customer rejected or missed a call of ours.
    DeclinedOurCall,
    /// `unsupported` (131051): they sent something that the API cannot show.
    UnsupportedMessage,
    /// The placeholder of Coexistence (131060): the real message follows, or is on the phone.
    CoexistencePlaceholder,
    Reaction,
    Edit,
    Deletion,
    /// A customer message seen while another handler owns the thread.
    StandbyMessage,
    /// `system`, `user_preferences`, `user_id_update`, `request_welcome`.
    Notice,
    /// Anything we send through the API: template, free text, reaction.
    OurMessage,
    /// Typed on the phone.
    Echo,
    /// Imported from the phone's past, whoever wrote it.
    History,
    /// Sent, delivered, read, played.
    Receipt,
}

/// How sure we are that a line of the table is what Meta does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Certainty {
    Documented,
    /// Seen by practitioners, not written by Meta.
    Reported,
    /// Meta is silent; the cautious choice is ours.
    OurChoice,
}

impl Occurrence {
    /// The law: `(does it open the window, how sure are we)`. See `docs/window.md`.
    #[must_use]
    pub const fn law(self) -> (bool, Certainty) {
        use Certainty::{Documented, OurChoice, Reported};
        match self {
            Self::CustomerMessage
            | Self::CustomerTap
            | Self::CustomerCall
            | Self::AcceptedOurCall => (true, Documented),
            Self::StandbyMessage => (true, Reported),
            Self::UnsupportedMessage => (true, OurChoice),
            Self::DeclinedOurCall
            | Self::CoexistencePlaceholder
            | Self::Reaction
            | Self::Edit
            | Self::Deletion => (false, OurChoice),
            Self::Notice | Self::OurMessage | Self::Echo | Self::History | Self::Receipt => {
                (false, Documented)
            }
        }
    }

    #[must_use]
    pub const fn opens_window(self) -> bool {
        self.law().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_say_never_opens_a_window() {
        for ours in [
            Occurrence::OurMessage,
            Occurrence::Echo,
            Occurrence::History,
            Occurrence::Receipt,
        ] {
            assert!(!ours.opens_window(), "{ours:?}");
        }
    }

    #[test]
    fn a_customer_who_speaks_opens_it() {
        for theirs in [
            Occurrence::CustomerMessage,
            Occurrence::CustomerTap,
            Occurrence::CustomerCall,
            Occurrence::AcceptedOurCall,
            Occurrence::UnsupportedMessage,
            Occurrence::StandbyMessage,
        ] {
            assert!(theirs.opens_window(), "{theirs:?}");
        }
    }

    #[test]
    fn doubtful_signs_do_not_open_it() {
        for doubtful in [
            Occurrence::Reaction,
            Occurrence::Edit,
            Occurrence::Deletion,
            Occurrence::CoexistencePlaceholder,
            Occurrence::DeclinedOurCall,
            Occurrence::Notice,
        ] {
            assert!(!doubtful.opens_window(), "{doubtful:?}");
        }
    }
}
