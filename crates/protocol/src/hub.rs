//! The hub's API under `/v1`: joining, snapshot, stream, pages.
//!
//! | route | answers |
//! |---|---|
//! | `POST /v1/join` | [`Joined`] for a [`JoinRequest`]; no token needed |
//! | `GET /v1/hello` | [`Hello`]; tells a desktop that this is a hub, before it has a token |
//! | `GET /v1/snapshot` | [`SnapshotLine`]s, one JSON object per line |
//! | `GET /v1/events?after=N` | [`StreamLine`]s, one JSON object per line, never ends by itself |
//! | `POST /v1/commands` | [`crate::command::CommandAnswer`] for a `CommandRequest` |
//! | `GET /v1/conversations/{id}/messages?before=POSITION&limit=N` | [`MessagePage`] |
//! | `GET /v1/conversations/{id}/window` | [`crate::ui::WhyWindow`] |
//! | `GET /v1/inboxes/{id}/costs` | [`crate::ui::CostReport`] |
//! | `GET /v1/search?q=…` | [`SearchPage`] |
//! | `GET /v1/health` | [`crate::health::HealthReport`]; administrators only |
//! | `GET /v1/media/{id}` | the bytes |
//! | `GET /v1/media/{id}/thumbnail` | a small picture of a picture |
//! | `POST /v1/media?kind=…` | [`UploadedFile`] for the bytes of a file that is to be sent |
//! | `POST /v1/presence` | nothing, for a [`PresenceRequest`] |
//!
//! All but the first two want `Authorization: Bearer <token>`. Every error is an
//! [`crate::error::ApiError`].

use ajar_domain::{
    AgentId, ConversationId, HubId, Time, attachment::AttachmentKind, content::Media,
};
use serde::{Deserialize, Serialize};

use crate::rows::{
    AgentRow, ConversationRow, InboxRow, MessageRow, NoteRow, PhoneStartRow, Position, Role,
    TemplateRow,
};

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hello {
    /// Always `ajar-hub`: a desktop checks it before it says more.
    pub service: String,
    pub version: String,
    pub protocol: u32,
    pub hub_id: HubId,
    pub team: String,
    pub clock: HubClock,
}

/// A file that lies at the hub and waits to be sent. Perhaps not byte by byte what was uploaded: a
/// photo that is too large for Meta has been made smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct UploadedFile {
    pub file: Media,
    /// As what it can go out.
    pub kind: AttachmentKind,
    /// It was made smaller, or brought into another form.
    pub changed: bool,
}

#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JoinRequest {
    /// One-time, as `ajar-hub agent add` printed it. Spaces, dashes and case do not matter.
    pub code: String,
    /// Names the workstation in the administrator's list.
    pub device: String,
}

#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Joined {
    pub token: String,
    pub hub_id: HubId,
    pub agent: AgentId,
    pub name: String,
    pub role: Role,
    pub team: String,
}

/// The team's clock at the moment of writing the line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct HubClock {
    pub now: Time,
    /// Team seconds per real second: one, except in the demo and in training.
    pub rate: f64,
}

/// One row of team state that changed. Kinds that a reader does not know are skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    Inbox(Box<InboxRow>),
    Agent(AgentRow),
    Conversation(Box<ConversationRow>),
    Message(Box<MessageRow>),
    Note(NoteRow),
    Template(Box<TemplateRow>),
    PhoneStart(PhoneStartRow),
    /// A message that no longer exists: a discarded text.
    MessageRemoved {
        id: ajar_domain::MessageId,
        rev: i64,
    },
    /// Two conversations became one; `gone` lives on in `into`.
    ConversationMerged {
        gone: ConversationId,
        into: ConversationId,
        rev: i64,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum SnapshotLine {
    /// First. The snapshot and its cursor are one moment of the database.
    Head {
        hub_id: HubId,
        cursor: i64,
        me: AgentId,
        clock: HubClock,
        conversations: u64,
    },
    Row {
        change: Change,
    },
    /// Last; a snapshot without it is torn and must be thrown away.
    End {
        rows: u64,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum StreamLine {
    Hello {
        hub_id: HubId,
        clock: HubClock,
        cursor: i64,
    },
    /// Everything that changed with the numbers `after + 1 ..= upto`, newest state of each row.
    Batch {
        after: i64,
        upto: i64,
        changes: Vec<Change>,
    },
    Heartbeat {
        clock: HubClock,
        upto: i64,
    },
    /// Who looks at what: the whole list, whenever it changes.
    Presence {
        viewers: Vec<Viewer>,
    },
    /// The cursor is too old or from another hub.
    StartOver {
        why: String,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Viewer {
    pub agent: AgentId,
    pub conversation: ConversationId,
    pub typing: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PresenceRequest {
    /// One per running desktop, so that two windows of one agent do not erase each other.
    pub device: String,
    pub conversation: Option<ConversationId>,
    pub typing: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessagePage {
    pub messages: Vec<MessageRow>,
    pub notes: Vec<NoteRow>,
    /// Whether nothing older exists.
    pub complete: bool,
    /// The event number this page stands for.
    pub cursor: i64,
    /// Ask with this for the page before; `None` if `complete`.
    pub before: Option<Position>,
}

/// Hits of a search over names, numbers and words, best first.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct SearchPage {
    pub hits: Vec<SearchHit>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct SearchHit {
    pub conversation: ConversationId,
    /// The customer's name, as the list shows it.
    pub name: String,
    pub message: ajar_domain::MessageId,
    pub snippet: String,
    pub at: Time,
}
