//! What Meta says about people, templates and accounts, beside the conversations themselves.

use ajar_domain::{
    Bsuid, TemplateId, Time, WaMessageId,
    customer::PhoneNumber,
    template::{Category, TemplateStatus},
};
use serde::Serialize;

use super::CustomerRef;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactChange {
    /// Orders the changes of one contact; a late one must not undo a newer one.
    pub at: Time,
    pub customer: CustomerRef,
    pub change: AddressBook,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AddressBook {
    /// Added or edited: Meta does not tell which.
    Saved {
        full_name: Option<String>,
        first_name: Option<String>,
    },
    Removed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerChange {
    /// Set if it came as a message.
    pub id: Option<WaMessageId>,
    pub at: Time,
    /// As known so far, or the part of it that Meta names.
    pub customer: CustomerRef,
    pub change: NewIdentity,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum NewIdentity {
    /// The person moved to another number.
    Number {
        phone: Option<PhoneNumber>,
        bsuid: Option<Bsuid>,
    },
    /// The business-scoped id is another now; follows from a new number.
    UserId {
        previous: Option<Bsuid>,
        current: Bsuid,
        parent_previous: Option<Bsuid>,
        parent_current: Option<Bsuid>,
    },
    /// The security code of the chat changed.
    SecurityCode {
        hash: Option<String>,
        acknowledged: bool,
    },
    Other {
        meta_kind: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preference {
    pub at: Time,
    pub customer: CustomerRef,
    /// `marketing_messages` is the only one known.
    pub category: String,
    /// `false` after *stop*, `true` after *resume*.
    pub wanted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandOver {
    pub at: Time,
    pub customer: CustomerRef,
    /// Meta's word: `control_passed`, `control_taken`.
    pub meta_kind: String,
    pub previous_owner: Option<String>,
    pub new_owner: Option<String>,
    /// A summary that the previous owner left.
    pub summary: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateEvent {
    pub template: TemplateId,
    pub name: Option<String>,
    pub language: Option<String>,
    /// The time of the entry, if it has one.
    pub at: Option<Time>,
    pub change: TemplateChange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum TemplateChange {
    Status {
        status: TemplateStatus,
        /// Meta's word for it (FLAGGED, LIMIT_EXCEEDED …).
        event: String,
        /// Why, in Meta's words or its code.
        reason: Option<String>,
        category: Option<Category>,
    },
    Quality {
        previous: Option<String>,
        now: String,
    },
    /// The texts were edited; list the templates again.
    Components,
    /// Meta moved it to another category, or announces that it will.
    Category {
        now: Option<Category>,
        next: Option<Category>,
        previous: Option<Category>,
        moves_at: Option<Time>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountEvent {
    /// The time of the entry, if it has one.
    pub at: Option<Time>,
    /// The WhatsApp Business Account, from the entry or from the event (section 17, 4).
    pub account: Option<String>,
    /// The business number, where Meta names it. Most events concern all numbers of the account.
    pub phone: Option<PhoneNumber>,
    pub change: AccountChange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AccountChange {
    /// The owner or Meta took the number away from us.
    Disconnected {
        reason: Option<DisconnectReason>,
        /// `USER` or `SYSTEM`.
        by: Option<String>,
    },
    /// The phone was changed or set up anew: sends fail until `Reconnected`.
    Offboarded,
    Reconnected,
    /// Some abilities are restricted for a while.
    Restricted {
        restrictions: Vec<Restriction>,
    },
    Violation {
        meta_kind: Option<String>,
    },
    /// The account is banned, or the ban was lifted.
    Disabled {
        state: Option<String>,
        date: Option<String>,
    },
    Deleted,
    PartnerAdded,
    AppInstalled,
    AppUninstalled,
    Alert {
        severity: Option<String>,
        state: Option<String>,
        meta_kind: String,
        description: Option<String>,
    },
    Reviewed {
        decision: String,
    },
    /// The messaging limit: customers written to first in a rolling day.
    Limit {
        /// `None` is unlimited.
        customers_per_day: Option<u64>,
    },
    /// Throughput of one number. Not its quality rating, despite the name of the field.
    Throughput {
        meta_kind: String,
        limit: Option<String>,
    },
    NameDecided {
        decision: String,
        name: Option<String>,
        reason: Option<String>,
    },
    Security {
        meta_kind: String,
    },
    /// Known, and of no use to an inbox (price tiers, primary location, call settings).
    Other {
        meta_kind: String,
    },
}

/// Why the number was disconnected (section 2.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DisconnectReason {
    AccountDisconnected,
    BusinessDowngrade,
    ChangeNumber,
    /// Our side was silent for about 30 days.
    CompanionInactivity,
    /// The phone was not opened for about 14 days.
    PrimaryInactivity,
    UserReRegistered,
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restriction {
    pub meta_kind: String,
    pub until: Option<Time>,
    pub remediation: Option<String>,
}
