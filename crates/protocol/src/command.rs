//! What an agent asks the hub to do.
//!
//! Every command travels with a `client_ref` made by the desktop. The same reference always
//! gets the same answer, so a desktop may repeat a command whose answer was lost.

use std::collections::BTreeMap;

use ajar_domain::{
    AgentId, ClientRef, ConversationId, InboxId, MediaId, MergeId, MessageId, PhoneStartId,
    TemplateId, Time,
    attachment::AttachmentKind,
    outgoing::Outgoing,
    template::{Typed, draft::TemplateDraft},
};
use serde::{Deserialize, Serialize};

use crate::rows::{Position, ReadReceipts};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
#[ts(export)]
pub enum Command {
    /// Free text, only while the window is open.
    SendText {
        conversation: ConversationId,
        body: String,
        reply_to: Option<MessageId>,
        /// The deadline as the agent saw it when pressing Send.
        send_before: Time,
    },
    /// A file that was uploaded before, only while the window is open.
    SendFile {
        conversation: ConversationId,
        /// As [`UploadedFile`](crate::hub::UploadedFile) named it.
        file: MediaId,
        kind: AttachmentKind,
        /// What the file is called; documents show it.
        name: Option<String>,
        caption: Option<String>,
        reply_to: Option<MessageId>,
        /// The deadline as the agent saw it when pressing Send.
        send_before: Time,
    },
    /// A place, contact cards or a question, only while the window is open.
    SendContent {
        conversation: ConversationId,
        content: Outgoing,
        reply_to: Option<MessageId>,
        /// The deadline as the agent saw it when pressing Send.
        send_before: Time,
    },
    /// An emoji on a message, only while the window is open. It takes the place of an earlier one
    /// of ours.
    React {
        message: MessageId,
        /// `None` takes it away.
        emoji: Option<String>,
        /// The deadline as the agent saw it.
        send_before: Time,
    },
    /// Free text that leaves at a later moment, which must lie before the window closes as it is
    /// known now. The window is asked again then.
    ScheduleText {
        conversation: ConversationId,
        body: String,
        reply_to: Option<MessageId>,
        at: Time,
    },
    SendTemplate {
        to: Recipient,
        template: TemplateId,
        /// By field key (`body.1`, `header.name`, `button.0`, `header`).
        values: BTreeMap<String, String>,
        /// What values of the body are besides their text, by field key.
        #[serde(default)]
        typed: BTreeMap<String, Typed>,
        /// A draft to hold for the customer's answer.
        hold: Option<String>,
    },
    /// Keep a text until the customer writes. Never released by the machine.
    HoldText {
        conversation: ConversationId,
        body: String,
        #[serde(default)]
        reply_to: Option<MessageId>,
    },
    /// Send a held, parked or scheduled text now; the window is checked again.
    Release {
        message: MessageId,
    },
    /// Send a failed or uncertain message again. A person decided so.
    SendAgain {
        message: MessageId,
    },
    /// Throw a held, parked, scheduled, failed or uncertain text away.
    Discard {
        message: MessageId,
    },
    AddNote {
        conversation: ConversationId,
        body: String,
    },
    Assign {
        conversation: ConversationId,
        assignee: Option<AgentId>,
    },
    Snooze {
        conversation: ConversationId,
        until: Time,
    },
    Resolve {
        conversation: ConversationId,
    },
    Reopen {
        conversation: ConversationId,
    },
    SetLabels {
        conversation: ConversationId,
        labels: Vec<String>,
    },
    /// What the team knows about this customer.
    SetAbout {
        conversation: ConversationId,
        about: String,
    },
    /// The team has seen everything up to here.
    MarkSeen {
        conversation: ConversationId,
        upto: Position,
    },
    /// Prepare words for the phone; answered with a [`CommandAnswer::phone_start`].
    StartOnPhone {
        to: Recipient,
        /// The name the agent gave, for a number we do not know yet.
        name: Option<String>,
        text: String,
    },
    CancelPhoneStart {
        start: PhoneStartId,
    },
    /// The echo that claimed this hand-off was another message: it waits again.
    WaitAgain {
        start: PhoneStartId,
    },
    /// Who holds the phone from now on: the author of what is typed on it, unless somebody says
    /// otherwise. `None`: nobody in particular.
    HoldPhone {
        inbox: InboxId,
        agent: Option<AgentId>,
    },
    /// Say which agent typed an echo.
    ClaimEcho {
        message: MessageId,
        agent: Option<AgentId>,
    },
    RefreshTemplates {
        inbox: InboxId,
    },
    /// Hand a new template to Meta. Administrators only, as are the next two.
    CreateTemplate {
        inbox: InboxId,
        draft: TemplateDraft,
    },
    /// Change one. Its name and language stay.
    EditTemplate {
        template: TemplateId,
        draft: TemplateDraft,
    },
    DeleteTemplate {
        template: TemplateId,
    },
    /// Meta's prices, as a table with commas; `None` takes them away. Administrators only.
    SetRateCard {
        csv: Option<String>,
    },
    /// Two chats that may be one person's are.
    JoinChats {
        merge: MergeId,
    },
    /// Two chats that may be one person's are not; never proposed again.
    KeepApart {
        merge: MergeId,
    },
    /// Take a joined chat out again.
    SplitChats {
        merge: MergeId,
    },
    /// Ask Meta once more for the phone's contacts and past. Administrators only.
    AskForHistory {
        inbox: InboxId,
    },
    /// Read what was kept and not understood again, with this version. Administrators only.
    ReadAgain,
    /// Let messages go out again after Meta refused the token or the account. Meta is asked first.
    /// Administrators only.
    StartSending,
    /// Administrators only.
    SetPolicy {
        inbox: InboxId,
        margin_ms: u32,
        read_receipts: ReadReceipts,
    },
}

/// To whom: a conversation we have, or a number we may not know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
#[ts(export)]
pub enum Recipient {
    Conversation { conversation: ConversationId },
    Number { inbox: InboxId, number: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct CommandRequest {
    pub client_ref: ClientRef,
    pub command: Command,
}

/// The hub has made the command durable.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[ts(export)]
pub struct CommandAnswer {
    /// The event number at which the result is visible.
    pub visible_at: i64,
    pub message: Option<MessageId>,
    pub conversation: Option<ConversationId>,
    pub phone_start: Option<PhoneStartId>,
}
