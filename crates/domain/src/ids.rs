//! One type per kind of id, so that two kinds cannot be swapped.
//!
//! Ids of ours are opaque text (time-ordered UUIDs given out by the hub's generator). Ids
//! that Meta gives are other types; they are opaque as well, and never parsed for meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[ts(export)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

text_id! {
    /// One hub's database. A desktop that meets another hub id starts over from a snapshot.
    HubId,
    /// A business phone number connected to the team.
    InboxId,
    /// A person who writes to an inbox.
    CustomerId,
    /// All messages between one inbox and one customer.
    ConversationId,
    /// One thing said in a conversation, by anybody.
    MessageId,
    /// A person on the team who answers.
    AgentId,
    /// Text that only the team sees.
    NoteId,
    /// A stored file: a picture, a voice note, a document.
    MediaId,
    /// A hand-off to the phone that waits for its echo.
    PhoneStartId,
    /// Two identities that are, or may be, one customer.
    MergeId,
    /// Made by the sender of a command; the same reference always gets the same answer.
    ClientRef,
    /// A template in one language, as our database knows it.
    TemplateId,
    /// Meta's id of a message (`wamid.…`).
    WaMessageId,
    /// Meta's id of a business phone number.
    PhoneNumberId,
}

/// Meta's business-scoped user id: one per customer and business portfolio. It changes when
/// the customer changes their phone number (platform notes, section 7).
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(transparent)]
#[ts(export)]
pub struct Bsuid(pub String);

impl fmt::Debug for Bsuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It identifies a person, so it stays out of logs like a phone number.
        f.write_str("Bsuid(…)")
    }
}
