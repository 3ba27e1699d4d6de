//! How the simulated platform behaves where Meta's behaviour varies or is not known.
//!
//! Everything here can be changed while it runs, from Rust ([`crate::Sim::settings`]) and over
//! `/sim/settings`. Delays of the platform itself count on its clock; whatever concerns the
//! transport (retries, time-outs) counts in real time, because sockets do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When the statuses of an accepted message come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum StatusPolicy {
    /// By themselves, in order, each so long after the message was accepted. `None`: never comes.
    Automatic {
        sent_after_ms: u64,
        delivered_after_ms: Option<u64>,
        read_after_ms: Option<u64>,
    },
    /// Only when told: [`crate::Sim::status`], [`crate::Customer::reads`].
    Manual,
}

impl StatusPolicy {
    /// Sent and delivered at once, never read: the calm default of tests.
    pub const PROMPT: StatusPolicy = StatusPolicy::Automatic {
        sent_after_ms: 0,
        delivered_after_ms: Some(0),
        read_after_ms: None,
    };

    /// What one sees with a customer who has the phone in their hand.
    pub const LIFELIKE: StatusPolicy = StatusPolicy::Automatic {
        sent_after_ms: 300,
        delivered_after_ms: Some(900),
        read_after_ms: Some(6_000),
    };

    /// Sent, but the customer's phone is off.
    pub const SENT_ONLY: StatusPolicy = StatusPolicy::Automatic {
        sent_after_ms: 0,
        delivered_after_ms: None,
        read_after_ms: None,
    };
}

/// How Meta refuses what it will not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// In the answer to the send: HTTP 400 with the code.
    AtOnce,
    /// The send is accepted with a wamid; a `failed` status follows. What production shows.
    Late,
    /// Not at all: the platform lets it pass.
    Never,
}

/// The order in which webhooks leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Delivery {
    /// One after the other; a webhook that is refused holds up those behind it.
    InOrder,
    /// Up to so many requests at a time, in no order. What Meta really does.
    Concurrent { connections: usize },
}

impl Delivery {
    pub(crate) fn connections(self) -> usize {
        match self {
            Delivery::InOrder => 1,
            Delivery::Concurrent { connections } => connections.max(1),
        }
    }
}

/// With what falling frequency a webhook is tried again that was not answered with 200.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetrySchedule {
    pub first_after_ms: u64,
    /// Each wait is so many times the one before.
    pub factor: f64,
    pub longest_ms: u64,
    /// Attempts in all after which it is lost, as it is after Meta's seven days. `None`: never.
    pub give_up_after: Option<u32>,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self {
            first_after_ms: 100,
            factor: 2.0,
            longest_ms: 2_000,
            give_up_after: None,
        }
    }
}

impl RetrySchedule {
    /// The wait after `attempts` failed attempts, or `None` if that was the last.
    #[must_use]
    pub fn wait_after(&self, attempts: u32) -> Option<Duration> {
        if self.give_up_after.is_some_and(|most| attempts >= most) {
            return None;
        }
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let factor = self.factor.max(1.0).powi(exponent.min(64));
        let longest = Duration::from_millis(self.longest_ms).as_secs_f64();
        let wait = Duration::from_millis(self.first_after_ms).as_secs_f64() * factor;
        Some(Duration::from_secs_f64(wait.min(longest)))
    }
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Settings {
    /// For customers without a policy of their own.
    pub statuses: StatusPolicy,
    /// Free-form messages outside the window: 131047.
    pub outside_window: Refusal,
    /// Numbers that are not on WhatsApp: 131026.
    pub undeliverable: Refusal,
    /// How long a customer's message holds the window open.
    pub window_ms: u64,
    /// User ids (BSUIDs) in webhooks, as since April 2026. Off: bodies as before.
    pub user_ids: bool,
    /// Direct media addresses in webhooks, as since November 2025.
    pub media_urls: bool,
    /// Free-form messages per number and month that are not billed.
    pub free_service_messages: u32,
    /// Sends per number in one second of the platform's clock, beyond which 130429 answers. Twenty
    /// in Coexistence; `None` does not count.
    pub sends_per_second: Option<u32>,
    /// What customers write takes room from `sends_per_second`, as Meta says. Off by default: a
    /// story in which many write at one moment of a clock that stands still means something else.
    pub inbound_counts: bool,
    /// Refuse sends to one customer beyond one in six seconds with 131056, after a burst of 45. Off
    /// by default, as above.
    pub pair_limit: bool,
    /// How long an address given out for a media file works.
    pub media_url_ms: u64,
    /// Refuse calls without a valid `appsecret_proof`.
    pub require_app_secret_proof: bool,
    pub delivery: Delivery,
    pub retries: RetrySchedule,
    /// Up to so many updates that wait at the same moment travel in one POST.
    pub batch: usize,
    /// The chance of each webhook to be delivered twice (0 to 1).
    pub duplicate_chance: f64,
    /// Webhooks that wait at the same moment leave shuffled among the next so many (0: not).
    pub shuffle_among: usize,
    /// After so long without an answer an attempt counts as failed.
    pub webhook_timeout_ms: u64,
    /// Messages in one `history` webhook.
    pub history_chunk: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            statuses: StatusPolicy::PROMPT,
            outside_window: Refusal::AtOnce,
            undeliverable: Refusal::Late,
            window_ms: 24 * 60 * 60 * 1000,
            user_ids: true,
            media_urls: true,
            free_service_messages: 1_000,
            sends_per_second: None,
            inbound_counts: false,
            pair_limit: false,
            media_url_ms: 5 * 60 * 1000,
            require_app_secret_proof: false,
            delivery: Delivery::InOrder,
            retries: RetrySchedule::default(),
            batch: 1,
            duplicate_chance: 0.0,
            shuffle_among: 0,
            webhook_timeout_ms: 10_000,
            history_chunk: 200,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_grow_rarer_up_to_the_longest_wait_and_end_where_told() {
        let schedule = RetrySchedule {
            first_after_ms: 100,
            factor: 2.0,
            longest_ms: 350,
            give_up_after: Some(5),
        };
        let waits: Vec<_> = (1..=5)
            .map(|n| schedule.wait_after(n).map(|wait| wait.as_millis()))
            .collect();
        assert_eq!(waits, [Some(100), Some(200), Some(350), Some(350), None]);
        assert!(RetrySchedule::default().wait_after(u32::MAX).is_some());
    }
}
