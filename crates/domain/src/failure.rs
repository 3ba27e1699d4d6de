//! Why something did not go out, sorted for the one who must react.
//!
//! A [`Failure`] is what an agent is told: a closed code the interface has words for, whether
//! the message may have left, and Meta's number, which stands small behind the words. Meta's
//! numbers are sorted into these codes in the hub's `meta` module, nowhere else.

use serde::{Deserialize, Serialize};

/// What happened, as the interface says it. Added to only when the interface acts on it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FailureCode {
    /// Outside the customer service window.
    WindowClosed,
    /// The recipient cannot get it: not on WhatsApp, old version, terms not accepted.
    Undeliverable,
    /// The customer opted out of marketing messages.
    OptedOut,
    /// Withheld by Meta to limit marketing per person, or by an experiment.
    WithheldByMeta,
    /// We blocked this customer.
    Blocked,
    /// The number's or the account's sending is restricted for quality or policy.
    Restricted,
    /// No valid payment method.
    Payment,
    /// Too much, too fast.
    RateLimited,
    /// Our file cannot be used by Meta.
    MediaUnusable,
    /// The template is missing, paused, disabled, or its values do not fit.
    TemplateUnusable,
    /// The access token is invalid or lacks a permission.
    Unauthorised,
    /// The number is not registered or not connected.
    NumberNotConnected,
    /// Meta refused the request as malformed.
    BadRequest,
    /// A fault on Meta's side.
    MetaFault,
    /// We could not reach Meta; the message did not leave.
    Network,
    /// Meta gave a number that we do not know.
    Unknown,
}

/// A failure with its provenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Failure {
    pub code: FailureCode,
    /// Meta's error number, for support.
    pub meta_code: Option<i64>,
    /// Meta's own words about it. Never contains what was written to the customer.
    pub detail: Option<String>,
}

impl Failure {
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            code: FailureCode::Unknown,
            meta_code: None,
            detail: None,
        }
    }
}

/// What the machine may do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Not this message, ever, by the machine.
    Never,
    /// The same message again after a back-off (transient faults of Meta, no answer lost).
    Later,
    /// Back off for this one recipient: 4^n seconds (131056).
    PerRecipient,
    /// Back off for the whole number (130429).
    WholeNumber,
    /// Stop everything until an administrator has acted (token, account).
    StopQueue,
}
