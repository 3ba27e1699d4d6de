//! Errors as they travel: a closed code for the interface, a retry kind for the machine.

use serde::{Deserialize, Serialize};

/// What went wrong, as something the interface acts on. Words for it live in the interface.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// The token is missing, wrong or revoked.
    Unauthorised,
    /// Only administrators may do this.
    Forbidden,
    /// A wrong or used join code.
    WrongCode,
    /// Too many tries; wait.
    TooManyTries,
    NotFound,
    /// Somebody else changed it meanwhile, or the move makes no sense any more.
    Conflict,
    /// The request does not have the shape it must have.
    Invalid,
    /// Longer than Meta allows.
    TooLong,
    /// Free text while the window is not open.
    WindowNotOpen,
    /// The window closes too soon to send safely.
    WindowClosing,
    /// Meta says that the window is closed.
    WindowDisputed,
    /// The number or the customer is paused.
    Paused,
    /// The template cannot be sent, or its values do not fit.
    TemplateRefused,
    /// The file cannot go out as it is: see [`ApiError::file`].
    FileRefused,
    /// A place, cards, a question or a template draft with problems: see [`ApiError::problems`].
    ContentRefused,
    /// Meta refused what an administrator asked for: see [`ApiError::meta`].
    RefusedByMeta,
    /// The customer wants no marketing messages.
    OptedOut,
    /// Not a phone number that can exist.
    NotANumber,
    /// The customer has no phone number, only a WhatsApp user name.
    NoNumber,
    /// The cursor is too old: start over from a snapshot.
    CursorExpired,
    /// The hub cannot be reached.
    HubUnreachable,
    /// What answered is not an Ajar hub, or speaks another protocol.
    NotAHub,
    /// The hub cannot store anything right now (disk full, database away).
    StorageUnavailable,
    /// Meta could not be asked.
    MetaUnavailable,
    Internal,
    #[serde(other)]
    Unknown,
}

/// What a machine may do about an error.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "retry", rename_all = "snake_case")]
#[ts(export)]
pub enum RetryAdvice {
    /// The same request will get the same answer.
    Never,
    /// Try again after a back-off.
    Later { after_ms: Option<u64> },
}

/// The body of every answer that is not a success.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    thiserror::Error,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[error("{code:?}: {message}")]
#[ts(export)]
pub struct ApiError {
    pub code: ErrorCode,
    /// For logs and support, never shown alone. Holds no message text, number or token.
    pub message: String,
    pub retry: RetryAdvice,
    /// Problems at single fields, where the code is `template_refused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ajar_domain::template::FieldProblem>,
    /// What is wrong with a file, where the code is `file_refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<ajar_domain::attachment::AttachmentProblem>,
    /// Problems at single fields, where the code is `content_refused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ajar_domain::outgoing::OutgoingProblem>,
    /// What Meta said, where the code is `refused_by_meta`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Box<ajar_domain::failure::Failure>>,
}

impl ApiError {
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry: RetryAdvice::Never,
            fields: Vec::new(),
            file: None,
            problems: Vec::new(),
            meta: None,
        }
    }

    /// A file that cannot go out.
    #[must_use]
    pub fn of_file(problem: ajar_domain::attachment::AttachmentProblem) -> Self {
        Self {
            file: Some(problem),
            ..Self::new(ErrorCode::FileRefused, "the file cannot be sent")
        }
    }

    /// Something that Meta would refuse, said before it is asked.
    #[must_use]
    pub fn of_problems(problems: Vec<ajar_domain::outgoing::OutgoingProblem>) -> Self {
        Self {
            problems,
            ..Self::new(ErrorCode::ContentRefused, "Meta would refuse this")
        }
    }

    #[must_use]
    pub fn later(code: ErrorCode, message: impl Into<String>, after_ms: Option<u64>) -> Self {
        Self {
            retry: RetryAdvice::Later { after_ms },
            ..Self::new(code, message)
        }
    }
}
