//! Rows of team state as desktops hold them.
//!
//! Every row carries its revision `rev`: the number of the event that last changed it. Applying
//! a row is an upsert guarded by `rev`, so applying it twice, or late, is harmless.

use ajar_domain::{
    AgentId, ClientRef, ConversationId, CustomerId, InboxId, MessageId, NoteId, PhoneStartId, Time,
    WaMessageId,
    amendment::Earlier,
    composer::{Pause, PhoneFirst},
    content::{Author, Content, Provenance},
    context::Context,
    conversation::Progress,
    customer::PhoneNumber,
    delivery::Delivery,
    identity::{Doubt, Joined},
    import::Import,
    phone_start::PhoneStart,
    price::Price,
    template::Template,
    window::WindowFacts,
};
use serde::{Deserialize, Serialize};

/// A business phone number connected to the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct InboxRow {
    pub id: InboxId,
    pub rev: i64,
    pub name: String,
    pub number: PhoneNumber,
    /// Nothing goes out through the API since the given time.
    pub paused: Option<(Pause, Time)>,
    /// Distance kept from the closing time, in milliseconds.
    pub margin_ms: u32,
    pub read_receipts: ReadReceipts,
    /// Age of the last sign of life, for the phone's health card.
    pub last_inbound_at: Option<Time>,
    pub last_echo_at: Option<Time>,
    pub last_status_at: Option<Time>,
    /// How far the phone's past has been taken over.
    #[serde(default)]
    pub import: Import,
    /// When the templates were last listed.
    #[serde(default)]
    pub templates_at: Option<Time>,
    /// Who holds the phone now.
    #[serde(default)]
    pub phone_holder: Option<PhoneHolder>,
}

/// The agent who has the phone in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct PhoneHolder {
    pub agent: AgentId,
    pub since: Time,
}

/// When Meta is told that a message was read (blue ticks on the customer's phone).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReadReceipts {
    #[default]
    OnReply,
    OnOpen,
    Never,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    Admin,
    Agent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct AgentRow {
    pub id: AgentId,
    pub rev: i64,
    pub name: String,
    pub role: Role,
    pub revoked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Customer {
    pub id: CustomerId,
    /// Address book over profile name over number over "Customer without a number".
    pub name: String,
    /// Whether `name` is a real name and not the number standing in for one.
    pub named: bool,
    pub number: Option<PhoneNumber>,
    /// In international form with spaces, for people. `None` if the number is hidden.
    pub number_shown: Option<String>,
    pub username: Option<String>,
    /// What the team wrote down about them.
    pub about: String,
    pub blocked: Option<(Pause, Time)>,
    /// Since when the customer wants no marketing messages. Marketing templates are not sent.
    #[serde(default)]
    pub no_marketing_since: Option<Time>,
}

/// Another handler (Meta's own agent, another app) answers this chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct HandledElsewhere {
    pub since: Time,
    /// Meta's word for it (`ai_agent`), where it said one.
    pub owner: Option<String>,
}

/// The newest line of a conversation, for the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct LastLine {
    pub message: MessageId,
    pub author: Author,
    /// The content's kind (`text`, `image`, …): the interface has words for those without text.
    pub kind: String,
    pub preview: String,
    pub at: Time,
    pub delivery: Option<Delivery>,
}

/// The head of a conversation: what the list and the header need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct ConversationRow {
    pub id: ConversationId,
    pub rev: i64,
    pub inbox: InboxId,
    pub customer: Customer,
    /// Newest live message, or the newest imported one if there is no other.
    pub activity_at: Time,
    pub last: Option<LastLine>,
    pub unread: u32,
    /// The earliest customer message that nobody has answered; `None` if we spoke last.
    pub waiting_since: Option<Time>,
    pub facts: WindowFacts,
    pub phone_first: Option<PhoneFirst>,
    pub only_history: bool,
    pub first_customer_message_at: Option<Time>,
    pub last_customer_message_at: Option<Time>,
    pub assignee: Option<AgentId>,
    pub progress: Progress,
    pub labels: Vec<String>,
    /// Texts of this conversation that wait for a person.
    pub parked: u32,
    /// The team has seen messages up to this position.
    pub seen_upto: Position,
    /// After an answered advertisement everything is free until then. A note about the price;
    /// it says nothing about the window.
    #[serde(default)]
    pub free_until: Option<Time>,
    #[serde(default)]
    pub elsewhere: Option<HandledElsewhere>,
    /// Chats that may belong to the same person: a person decides.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
    /// Chats that were joined into this one.
    #[serde(default)]
    pub joined: Vec<Joined>,
}

/// Where a message stands in its conversation: time first, then a tie-breaker that is the
/// same on every machine. Written `millis-tie`, with the milliseconds zero-padded so that the
/// text orders as the position does.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[ts(export)]
pub struct Position(pub String);

impl Position {
    #[must_use]
    pub fn of(at: Time, tie: &str) -> Self {
        Self(format!("{:015}-{tie}", at.millis().max(0)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Reaction {
    pub emoji: String,
    pub by: Author,
    pub at: Time,
    /// How far one of ours got; `None` for all others, and once it has arrived.
    #[serde(default)]
    pub delivery: Option<Delivery>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct MessageRow {
    pub id: MessageId,
    pub rev: i64,
    pub conversation: ConversationId,
    pub position: Position,
    pub wamid: Option<WaMessageId>,
    /// Set on what a desktop sent: the desktop finds its own message again by it.
    pub client_ref: Option<ClientRef>,
    pub author: Author,
    pub content: Content,
    pub provenance: Provenance,
    /// Meta's time for received messages and echoes; the hub's for ours.
    pub at: Time,
    /// When it reached the hub.
    pub received_at: Time,
    /// The message it quotes; it may be one that we never had.
    pub quotes: Option<WaMessageId>,
    pub reactions: Vec<Reaction>,
    /// The tick. `None` for customer messages.
    pub delivery: Option<Delivery>,
    /// The last moment at which a free-form message may leave.
    pub send_before: Option<Time>,
    /// The words it had before it was edited, oldest first.
    #[serde(default)]
    pub earlier: Vec<Earlier>,
    /// Forwarded, from an advertisement, about a product.
    #[serde(default)]
    pub context: Context,
    /// What it cost, by class, once Meta has said so.
    #[serde(default)]
    pub price: Option<Price>,
    /// A sending of it lost its answer then, and nothing was heard of it since: the customer may
    /// have it, although a later sending failed or is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub doubt: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct NoteRow {
    pub id: NoteId,
    pub rev: i64,
    pub conversation: ConversationId,
    pub position: Position,
    pub client_ref: Option<ClientRef>,
    pub author: AgentId,
    pub body: String,
    pub at: Time,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct TemplateRow {
    pub rev: i64,
    pub inbox: InboxId,
    #[serde(flatten)]
    pub template: Template,
    /// Meta lists it no more.
    pub gone: bool,
}

/// A hand-off to the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct PhoneStartRow {
    pub id: PhoneStartId,
    pub rev: i64,
    pub inbox: InboxId,
    pub number: PhoneNumber,
    pub number_shown: String,
    /// The name the agent gave, or the one we know.
    pub name: Option<String>,
    /// The conversation, once there is one.
    pub conversation: Option<ConversationId>,
    pub text: String,
    /// `https://wa.me/<digits>?text=…`, also drawn as the QR code.
    pub link: String,
    pub asked_by: AgentId,
    pub asked_at: Time,
    #[serde(flatten)]
    pub state: PhoneStart,
}
