//! What can go wrong when somebody drives the simulator. Never what Meta answers: that is
//! [`crate::graph::GraphError`].

use crate::ids::Wamid;

/// A control that cannot be carried out, said so that one sees what to change.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SimError {
    #[error("no customer {0:?} is known here")]
    UnknownCustomer(String),
    #[error("no phone number {0:?} belongs to this account")]
    UnknownNumber(String),
    #[error("no message {0} was sent or received here")]
    UnknownMessage(Wamid),
    #[error("message {message} has nothing called {wanted:?}; it has {has:?}")]
    NothingToTap {
        message: Wamid,
        wanted: String,
        has: Vec<String>,
    },
    #[error("no template {name:?} in {language:?} is known here")]
    UnknownTemplate { name: String, language: String },
    #[error("{0}")]
    Malformed(String),
    #[error("the webhook address did not take the verification: {0}")]
    NotVerified(String),
    #[error("no webhook address is set")]
    NoWebhookUrl,
}

pub type Result<T> = std::result::Result<T, SimError>;
