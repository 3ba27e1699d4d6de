//! Why something did not go out, sorted for the one who must react.
//!
//! A [`Failure`] is what an agent is told: a closed code the interface has words for, whether
//! the message may have left, and Meta's number, which stands small behind the words. Meta's
//! numbers are sorted into these codes in the hub's `meta` module, nowhere else.

use std::time::Duration;

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
    /// Meta wants a phone number for this, and knows the customer by a user name only.
    NeedsNumber,
    /// It was addressed to the very number that it was sent from.
    ToOurselves,
    /// The business may not write to this customer's country.
    CountryNotAllowed,
    /// Meta has not approved the name under which the number shows itself.
    NameNotApproved,
    /// The form behind the template's button is blocked or held back.
    FormUnusable,
    /// The customer's phone, or this way of sending, does not know this kind of message.
    KindNotSupported,
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
    /// Once or twice more, and then no more: Meta does not know itself what went wrong.
    FewTimes,
    /// Back off for this one recipient: 4^n seconds.
    PerRecipient,
    /// Back off for the whole number: it sent too fast.
    WholeNumber,
    /// The number is being worked on: nothing for it for a minute at least.
    Maintenance,
    /// Too many calls of the app or the account: minutes to an hour.
    CallLimit,
    /// Stop everything until an administrator has acted (token, account).
    StopQueue,
}

impl Retry {
    /// How often a request is made before the message fails for good.
    #[must_use]
    pub const fn attempts(self) -> u32 {
        match self {
            Self::Never => 1,
            Self::FewTimes => 3,
            Self::Later
            | Self::PerRecipient
            | Self::WholeNumber
            | Self::Maintenance
            | Self::CallLimit => 8,
            // The message is not at fault, so its attempts are not counted.
            Self::StopQueue => u32::MAX,
        }
    }

    /// How long to wait after the given attempt (counted from 1).
    #[must_use]
    pub fn wait(self, attempt: u32) -> Duration {
        let steps = attempt.saturating_sub(1);
        match self {
            Self::Never | Self::StopQueue => Duration::ZERO,
            Self::Later | Self::WholeNumber => growing(1, 2, steps, 300),
            Self::FewTimes => growing(2, 4, steps, 300),
            Self::PerRecipient => growing(1, 4, steps, 4096),
            Self::Maintenance => growing(60, 2, steps, 900),
            Self::CallLimit => growing(120, 2, steps, 3600),
        }
    }
}

/// `first`, then each time so many times more, at most `most`; all in seconds.
fn growing(first: u64, factor: u64, steps: u32, most: u64) -> Duration {
    let seconds = factor
        .checked_pow(steps)
        .and_then(|times| first.checked_mul(times));
    Duration::from_secs(seconds.unwrap_or(most).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(retry: Retry) -> Vec<u64> {
        (1..=9)
            .map(|attempt| retry.wait(attempt).as_secs())
            .collect()
    }

    #[test]
    fn waits_begin_where_meta_says_and_end_somewhere() {
        assert_eq!(waits(Retry::Later), [1, 2, 4, 8, 16, 32, 64, 128, 256]);
        assert_eq!(waits(Retry::PerRecipient)[..4], [1, 4, 16, 64]);
        assert_eq!(waits(Retry::Maintenance)[..3], [60, 120, 240]);
        assert_eq!(waits(Retry::CallLimit)[..3], [120, 240, 480]);
        assert_eq!(Retry::CallLimit.wait(u32::MAX), Duration::from_secs(3600));
        assert_eq!(Retry::FewTimes.attempts(), 3);
    }
}
