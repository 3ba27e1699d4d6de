//! How the numbers are: what an administrator looks at when something seems quiet.

use ajar_domain::{InboxId, Time};
use serde::{Deserialize, Serialize};

/// The answer of `GET /v1/health`.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct HealthReport {
    pub numbers: Vec<NumberHealth>,
    /// By the hub's clock.
    pub worked_out_at: Time,
    /// Meta's clock less the hub's at the last answer of Meta, in milliseconds.
    pub meta_clock_offset_ms: Option<i64>,
    pub webhooks: WebhookHealth,
    /// Kept and not understood, newest first; at most 100.
    pub kept: Vec<KeptItem>,
    pub kept_total: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct NumberHealth {
    pub inbox: InboxId,
    pub last_inbound_at: Option<Time>,
    pub last_echo_at: Option<Time>,
    pub last_status_at: Option<Time>,
    /// Meta disconnects a number whose phone was not used for about 14 days. The last sure sign
    /// of the phone is its last echo; this is 14 days after it.
    pub phone_due_by: Option<Time>,
    pub token: Check,
    /// Whether an app gets the account's webhooks.
    pub subscription: Check,
    /// Whether the number is in Coexistence, as Meta says.
    pub coexistence: Option<bool>,
    /// GREEN, YELLOW, RED.
    pub quality: Option<String>,
    /// Customers that may be written to first in a rolling day, in Meta's word (`TIER_250`).
    pub messaging_limit: Option<String>,
    /// Newest first.
    pub episodes: Vec<Episode>,
    /// What else Meta told about the number and its account, newest first; at most 50.
    pub events: Vec<NumberEvent>,
}

/// What came of asking Meta just now (or within the last minute).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "check", rename_all = "snake_case")]
#[ts(export)]
pub enum Check {
    Good,
    /// Meta says no.
    Bad {
        meta_code: Option<i64>,
    },
    /// Meta could not be asked: this says nothing.
    Unknown,
}

/// A time without connection: from the disconnection to the return, if there was one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Episode {
    pub from: Time,
    pub to: Option<Time>,
    /// Meta's word, in small letters (`primary_inactivity`), where it said one.
    pub reason: Option<String>,
    /// `user` or `system`.
    pub by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct NumberEvent {
    pub at: Time,
    /// `disconnected`, `offboarded`, `reconnected`, `restricted`, `violation`, `disabled`,
    /// `deleted`, `alert`, `reviewed`, `limit`, `throughput`, `name_decided`, `security`,
    /// `partner_added`, `app_installed`, `app_uninstalled`, `template`, `problem`, `other`.
    pub kind: String,
    /// In Meta's words, for reading: the alert's text, the decision, the template's name.
    pub detail: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct WebhookHealth {
    /// Since this process started: posts whose signature did not fit.
    pub wrong_signatures: u64,
    pub last_wrong_signature_at: Option<Time>,
    /// In the log, and not yet made visible.
    pub waiting: u64,
    /// The raw bodies are kept from here on.
    pub kept_since: Option<Time>,
}

/// Something that Meta sent and this version did not understand. It is kept raw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct KeptItem {
    pub webhook: i64,
    pub item: i64,
    /// Meta's name of the webhook field.
    pub field: String,
    /// Meta's name of the kind, or ours for what is wrong with it.
    pub what: String,
    pub at: Time,
}
