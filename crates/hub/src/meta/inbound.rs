//! What a webhook body says, in our terms: the types that the projector consumes.
//!
//! A body is a batch (section 3: up to 1,000 updates per request). Each update becomes one
//! [`Item`], and a bad one becomes a [`Rejected`] item that harms no neighbour. These types hold
//! what Meta said and nothing else: whether a message is new, whom it belongs to and what it
//! does to a conversation is the projector's business.
//!
//! Keys of people (`PhoneNumber`, `Bsuid`) hide themselves in debug output; the words people
//! wrote do not, so an [`Inbound`] must never be logged.

mod upkeep;

use std::fmt;

use ajar_domain::{
    Bsuid, PhoneNumberId, Time, WaMessageId,
    content::{NotShownWhy, Provenance},
    customer::PhoneNumber,
    delivery::Receipt,
    failure::{Failure, Retry},
    opening::Occurrence,
};
use serde::{Deserialize, Serialize};

pub use ajar_domain::{
    context::{Forwarded, Product, Referral},
    price::{Price, PriceCategory, PriceClass},
};

pub use self::upkeep::{
    AccountChange, AccountEvent, AddressBook, ContactChange, CustomerChange, DisconnectReason,
    HandOver, NewIdentity, Preference, Restriction, TemplateChange, TemplateEvent,
};

/// One thing a webhook body says. Neighbours never harm each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The business number it is about. Template and account events have none.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Meta's id of the entry: the WhatsApp Business Account, except for some partner events,
    /// which are filed under a business portfolio (section 2.9).
    pub account: Option<String>,
    /// Another handler (Meta's own agent, another app) owns the thread: it came on `standby`.
    pub standby: bool,
    /// Where in the body it stands (`entry[0].changes[1].value.messages[2]`), so that a person
    /// can find it in the raw log.
    pub place: String,
    pub what: Result<Inbound, Rejected>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Inbound {
    /// The customer wrote to us, now.
    Message(InboundMessage),
    /// Typed on the phone, now. On `standby` it may as well be the other handler's words.
    Echo(EchoMessage),
    Reaction(Reaction),
    Edit(Edit),
    Deletion(Deletion),
    /// Sent, delivered, read, played, failed.
    Status(StatusReport),
    Call(Call),
    /// One message of the phone's past.
    History(HistoryMessage),
    /// The contents of a history message that came first as a placeholder.
    HistoryMedia(HistoryMedia),
    /// How far the import of the phone's past is.
    HistoryProgress(HistoryProgress),
    /// The owner of the phone did not share its past (2593109), or Meta could not.
    HistoryRefused {
        failure: Failure,
    },
    /// An entry of the phone's address book was added, edited or removed.
    Contact(ContactChange),
    /// The customer's number, id or security code changed.
    CustomerChanged(CustomerChange),
    /// The customer asked for an end, or for the return, of marketing messages.
    Preference(Preference),
    /// Who owns the thread has changed.
    HandOver(HandOver),
    Template(TemplateEvent),
    Account(AccountEvent),
    /// Meta reports an error that belongs to no message.
    Problem {
        failure: Failure,
    },
    /// Known, and without meaning for an inbox of one-to-one chats (`request_welcome`, groups,
    /// click tracking). Kept raw, not counted as a riddle.
    NotUsed {
        field: String,
        kind: String,
    },
    /// Not known. Kept raw, counted and listed for the administrator.
    NotUnderstood {
        field: String,
        kind: String,
    },
}

/// How Meta names the customer in this item. At least one of `phone` and `bsuid` is there where
/// the item makes no sense without (messages, echoes, history); where another message's id says
/// enough (reactions, edits, deletions, statuses) it may be empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct CustomerRef {
    /// Absent for people who adopted a username (section 7).
    pub phone: Option<PhoneNumber>,
    /// Absent in bodies of before April 2026 and in part of the history.
    pub bsuid: Option<Bsuid>,
    /// Only portfolios enrolled for it.
    pub parent_bsuid: Option<Bsuid>,
    /// The name the customer gave themselves.
    pub profile_name: Option<String>,
    /// Shown as a name, never a key: it can be changed and taken by another person.
    pub username: Option<String>,
}

impl CustomerRef {
    /// Whether it names anybody.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.phone.is_some() || self.bsuid.is_some()
    }
}

impl fmt::Debug for CustomerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names identify a person as well as numbers do.
        f.debug_struct("CustomerRef")
            .field("phone", &self.phone.is_some())
            .field("bsuid", &self.bsuid.is_some())
            .finish_non_exhaustive()
    }
}

/// Which side did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Customer,
    /// The business, from its phone. Meta does not say which person.
    Phone,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InboundMessage {
    pub wamid: WaMessageId,
    pub customer: CustomerRef,
    /// Meta's time, in whole seconds.
    pub at: Time,
    pub body: Body,
    /// The message it answers or taps on. We may never have had that one.
    pub quotes: Option<WaMessageId>,
    pub forwarded: Forwarded,
    /// The advertisement or post that led here.
    pub referral: Option<Box<Referral>>,
    /// The product it asks about.
    pub product: Option<Product>,
    /// What it means for the window.
    pub occurrence: Occurrence,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EchoMessage {
    pub wamid: WaMessageId,
    /// To whom it went.
    pub customer: CustomerRef,
    pub at: Time,
    pub body: Body,
    pub quotes: Option<WaMessageId>,
    pub forwarded: Forwarded,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    Text {
        text: String,
    },
    Image {
        file: MetaFile,
        caption: Option<String>,
    },
    Video {
        file: MetaFile,
        caption: Option<String>,
    },
    Audio {
        file: MetaFile,
        /// Recorded in the chat rather than attached.
        voice: bool,
    },
    Document {
        file: MetaFile,
        filename: Option<String>,
        caption: Option<String>,
    },
    Sticker {
        file: MetaFile,
        animated: bool,
    },
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
        url: Option<String>,
    },
    Contacts {
        cards: Vec<ContactCard>,
    },
    /// A tap on a template's quick reply, or on a reply button.
    ButtonReply {
        title: String,
        payload: String,
    },
    /// A row chosen from a list.
    ListReply {
        title: String,
        description: Option<String>,
        payload: String,
    },
    /// A completed flow or address form.
    Form {
        /// `flow`, `address_message` …
        name: Option<String>,
        /// What the customer's phone shows for it.
        summary: Option<String>,
        /// Name and answer, by name; the names of nested ones are joined with a point.
        answers: Vec<(String, String)>,
    },
    /// The customer allowed, or did not allow, that we call.
    CallPermission {
        granted: bool,
        until: Option<Time>,
    },
    Order {
        catalog_id: Option<String>,
        note: Option<String>,
        products: Vec<OrderedProduct>,
    },
    /// In the history only: a file whose content comes in a later webhook, or never (older than
    /// 14 days at onboarding).
    Placeholder,
    /// Something that is kept and cannot be drawn, with Meta's name for its kind.
    NotShown {
        meta_kind: String,
        why: NotShownWhy,
        /// What Meta said about it, if it gave an error.
        failure: Option<Failure>,
    },
}

/// A file at Meta's. The id of a received one dies after seven days, `url` after five minutes
/// (section 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaFile {
    pub meta_media_id: String,
    pub mime_type: String,
    /// Lower-case hexadecimal, whichever of its two encodings Meta used.
    pub sha256: Option<String>,
    /// Only with the access token, and only if its host is one of Meta's.
    pub url: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContactCard {
    /// Absent on a card that only answers our question for the phone number.
    pub name: Option<String>,
    pub organisation: Option<String>,
    pub phones: Vec<CardPhone>,
    pub emails: Vec<String>,
    /// The customer's own number, shared because we asked for it.
    pub answers_our_request: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardPhone {
    /// As the card spells it.
    pub text: String,
    /// Set if the number is on WhatsApp.
    pub wa_id: Option<PhoneNumber>,
    pub label: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderedProduct {
    pub product_id: String,
    pub quantity: f64,
    /// Per piece, in `currency`.
    pub price: Option<f64>,
    pub currency: Option<String>,
}

/// An emoji put on a message, or taken away. Never opens a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    pub id: WaMessageId,
    pub at: Time,
    pub from: Party,
    pub customer: CustomerRef,
    pub target: WaMessageId,
    /// `None` takes it away.
    pub emoji: Option<String>,
    pub provenance: Provenance,
}

/// The new words of a message. May arrive before the message itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edit {
    pub id: WaMessageId,
    pub at: Time,
    pub from: Party,
    pub customer: CustomerRef,
    pub target: WaMessageId,
    pub body: Body,
    pub provenance: Provenance,
}

/// Deleted for everyone. May arrive before the message itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deletion {
    pub id: WaMessageId,
    pub at: Time,
    pub from: Party,
    pub customer: CustomerRef,
    pub target: WaMessageId,
    pub provenance: Provenance,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    pub wamid: WaMessageId,
    pub receipt: Receipt,
    pub at: Time,
    /// Set exactly if `receipt` is `Failed`.
    pub failure: Option<Failure>,
    /// What the machine may do about the failure.
    pub retry: Option<Retry>,
    /// What we put into `biz_opaque_callback_data` when sending.
    pub callback_data: Option<String>,
    /// Whom it went to. May be empty (section 1.3: a failure has no contacts block).
    pub recipient: CustomerRef,
    /// Amounts of money are never in a webhook (section 13).
    pub pricing: Option<Price>,
    /// After an advertisement everything is free until then (section 1.5). Price only; it says
    /// nothing about the window.
    pub free_until: Option<Time>,
}

/// One step of a call (section 6). Numbers in Coexistence are not expected to send these
/// (section 2.10), but a number that left Coexistence may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Meta's id of the call (`wacid.…`), the same for all its steps.
    pub id: String,
    pub at: Time,
    pub customer: CustomerRef,
    /// Who called whom.
    pub from: Party,
    pub step: CallStep,
    /// What it means for the window, if anything. Several steps of one call may open it, and
    /// any of them may be the only one that reaches us.
    pub occurrence: Option<Occurrence>,
    /// From when the window counts, if `occurrence` opens it: when the customer called or
    /// accepted, as near as this step tells. Never the end of a long talk.
    pub opens_at: Time,
    /// Names this step of the call for the window's books. Differs from step to step, so that
    /// the greatest time wins in whatever order the steps arrive.
    pub event_id: String,
    pub callback_data: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum CallStep {
    Created,
    Connecting,
    Ringing,
    Accepted,
    Rejected,
    Ended {
        answered: bool,
        started_at: Option<Time>,
        seconds: Option<u64>,
    },
    Other {
        meta_kind: String,
    },
}

/// A message imported from the phone. Opens nothing, is not news, is not unread.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryMessage {
    pub wamid: WaMessageId,
    pub customer: CustomerRef,
    pub from: Party,
    pub at: Time,
    pub body: Body,
    pub quotes: Option<WaMessageId>,
    pub forwarded: Forwarded,
    pub state: HistoryState,
}

/// How far it had got on the phone when it was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryState {
    Pending,
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
    Unknown,
}

/// To be joined with its placeholder by id alone: the direction and time that Meta repeats here
/// may differ from the true ones (section 2.3).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryMedia {
    pub wamid: WaMessageId,
    pub customer: CustomerRef,
    pub body: Body,
}

/// `percent` decides about the end; Meta's two descriptions of `phase` contradict each other
/// (section 17, 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryProgress {
    pub phase: Option<u32>,
    pub chunk: Option<u32>,
    pub percent: Option<u32>,
    /// Messages in this chunk.
    pub messages: usize,
}

/// Something that could not be taken in. Holds no contents, so it may be shown and logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{field}/{kind}: {why}")]
pub struct Rejected {
    /// The webhook field.
    pub field: String,
    /// Meta's word for the kind of item, as far as it was readable.
    pub kind: String,
    pub why: RejectedWhy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RejectedWhy {
    #[error("it is not an object")]
    NotAnObject,
    #[error("its id is missing or not a text")]
    NoId,
    #[error("its time is missing or no time")]
    NoTime,
    #[error("it names no customer")]
    NoCustomer,
    #[error("it names no message that it is about")]
    NoTarget,
    #[error("it does not say what changed")]
    NoChange,
    #[error("the body has more updates than Meta sends; the rest is left out")]
    TooMany,
}
