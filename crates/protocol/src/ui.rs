//! Calls and events between the client engine and the interface.
//!
//! The list of calls is declared once, below; it makes the Rust match that needs a handler for
//! each ([`UiCall`]) and the TypeScript map (`ui/src/lib/protocol/calls.ts`). Both transports,
//! the desktop's and the browser's, carry the same two verbs: `call(name, payload)` and
//! `subscribe`. Events are whole small views: what a watcher asked for, whenever it changes.

use std::collections::BTreeMap;

use ajar_domain::{
    AgentId, ClientRef, ConversationId, InboxId, MediaId, MessageId, TemplateId, Time,
    attachment::AttachmentKind,
    composer::Composer,
    content::Author,
    opening::Occurrence,
    outgoing::{Outgoing, OutgoingProblem},
    rate_card::{Charged, Estimate},
    template::{
        Field, FieldProblem, NotSendable, RenderedTemplate, Template, Typed, draft::TemplateDraft,
    },
    window::{Opening, Refusal, Window},
};
use serde::{Deserialize, Serialize};

use crate::{
    command::{Command, CommandAnswer, CommandRequest},
    error::ApiError,
    health::HealthReport,
    hub::{HubClock, SearchPage, UploadedFile, Viewer},
    rows::{
        AgentRow, ConversationRow, InboxRow, LastLine, MessageRow, NoteRow, PhoneStartRow, Position,
    },
};

macro_rules! ui_calls {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal ( $request:ty ) -> $answer:ty ; )+) => {
        /// Every call that the interface can make.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "call", content = "payload")]
        pub enum UiCall {
            $( $(#[$doc])* #[serde(rename = $name)] $variant($request), )+
        }

        /// The names of all calls, in the order of declaration.
        pub const UI_CALLS: &[&str] = &[$($name),+];

        /// The TypeScript map from call to request and answer.
        #[must_use]
        pub fn calls_typescript() -> String {
            use ts_rs::TS;
            let config = ts_rs::Config::from_env();
            let mut imports = std::collections::BTreeSet::new();
            let mut body = String::new();
            $(
                let request = <$request as TS>::name(&config);
                let answer = <$answer as TS>::name(&config);
                imports.insert(request.clone());
                imports.insert(answer.clone());
                body.push_str(&format!("  {}: {{ request: {request}; answer: {answer} }};\n", $name));
            )+
            let mut out = String::from("// Generated from crates/protocol/src/ui.rs. Do not edit.\n");
            for name in imports {
                out.push_str(&format!("import type {{ {name} }} from \"./{name}\";\n"));
            }
            out.push_str("\nexport interface Calls {\n");
            out.push_str(&body);
            out.push_str("}\n");
            out
        }
    };
}

ui_calls! {
    /// The first call: what this desktop is, and where it stands.
    Hello = "hello" (Nothing) -> UiHello;
    /// First run: join a team.
    Join = "join" (JoinTeam) -> Nothing;
    /// First run: host a hub in this process.
    Host = "host" (HostTeam) -> Nothing;
    /// First run: hub and simulator in this process, nothing to configure.
    TryDemo = "try_demo" (Nothing) -> Nothing;
    /// Forget the team on this computer.
    Leave = "leave" (Nothing) -> Nothing;
    /// Which part of which list is on the screen. Answered by `list` events.
    WatchList = "watch_list" (ListQuery) -> Nothing;
    /// Which conversation is open. Answered by `thread` events.
    WatchConversation = "watch_conversation" (WatchConversation) -> Nothing;
    /// More of the open conversation's past.
    LoadOlder = "load_older" (ConversationRef) -> Nothing;
    /// Do something. Sends are durable in the local outbox before this answers; everything
    /// else is answered by the hub.
    Act = "act" (Command) -> Acted;
    /// As `act`, under a reference that the screen made up: it draws what it sends before this
    /// answers and finds it again by that. Asked twice under one reference, it is one send.
    Send = "send" (CommandRequest) -> Acted;
    /// Take a queued or parked text of this desktop's own outbox back.
    TakeBack = "take_back" (TakeBack) -> Nothing;
    SaveDraft = "save_draft" (Draft) -> Nothing;
    /// Why the window is as it is.
    WhyWindow = "why_window" (ConversationRef) -> WhyWindow;
    /// How the numbers are, for administrators.
    Health = "health" (Nothing) -> HealthReport;
    InspectNumber = "inspect_number" (InspectNumber) -> NumberVerdict;
    ListTemplates = "list_templates" (TemplateQuery) -> TemplateList;
    /// A template with these values, as the customer would see it, with its problems.
    PreviewTemplate = "preview_template" (TemplateValues) -> TemplatePreview;
    /// Words in messages.
    Search = "search" (SearchText) -> SearchPage;
    /// Which chat needs an answer next.
    NextToExpire = "next_to_expire" (MaybeConversation) -> MaybeConversation;
    /// The row above or below in the present list.
    Neighbour = "neighbour" (NeighbourOf) -> MaybeConversation;
    Presence = "presence" (PresenceOf) -> Nothing;
    Media = "media" (MediaRef) -> MediaBytes;
    /// A file is about to be sent: checked by what is said of it, before a byte of it travels.
    BeginAttachment = "begin_attachment" (NewAttachment) -> AttachmentRef;
    /// The next part of it. Answered when the hub has taken most of what came before.
    AttachPart = "attach_part" (AttachmentPart) -> Nothing;
    /// That was all: what lies at the hub now.
    EndAttachment = "end_attachment" (AttachmentRef) -> UploadedFile;
    DropAttachment = "drop_attachment" (AttachmentRef) -> Nothing;
    /// Whether Meta would take this, asked while it is being written.
    CheckContent = "check_content" (Outgoing) -> ContentVerdict;
    /// As `check_content`, for a template that is being written.
    CheckTemplateDraft = "check_template_draft" (TemplateDraft) -> ContentVerdict;
    /// What the month's messages of a number were, and what they cost by the rate card.
    Costs = "costs" (InboxRef) -> CostReport;
    SavePreferences = "save_preferences" (Preferences) -> Nothing;
    /// Try the link to the hub now instead of waiting.
    TryNow = "try_now" (Nothing) -> Nothing;
    /// Open an address in the system's browser.
    OpenLink = "open_link" (Link) -> Nothing;
    /// Only in the demo: make something happen, so that one can watch it.
    Demo = "demo" (DemoAction) -> Nothing;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct NewAttachment {
    /// As the system names its kind; empty if it does not know.
    pub mime_type: String,
    /// In bytes.
    pub size: u64,
    /// As what it is to go out; `None` for what people expect of such a file.
    pub kind: Option<AttachmentKind>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct AttachmentRef {
    pub attachment: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct AttachmentPart {
    pub attachment: String,
    /// At most 256 KB, as base64.
    pub base64: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ContentVerdict {
    /// Empty: it can go out.
    pub problems: Vec<OutgoingProblem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct InboxRef {
    pub inbox: InboxId,
}

/// The answer of `GET /v1/inboxes/{id}/costs`. Counts come from Meta's own word in the statuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct CostReport {
    /// The first moment of the month, in UTC.
    pub since: Time,
    /// Most messages first.
    pub lines: Vec<Charged>,
    pub billed: u32,
    pub free: u32,
    /// Service messages that are free every month, billed or not (platform notes, section 13).
    pub allowance: u32,
    /// Service messages of this month so far.
    pub service: u32,
    /// `None`: no rate card is loaded.
    pub estimate: Option<Estimate>,
}

/// An empty object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Nothing {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct UiHello {
    pub version: String,
    pub stage: Stage,
    pub preferences: Preferences,
    /// `desktop` or `browser`.
    pub shell: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "stage", rename_all = "snake_case")]
#[ts(export)]
pub enum Stage {
    /// Join, host or demo.
    FirstRun,
    /// Getting ready: hosting a hub, or waking the demo team.
    Preparing {
        what: String,
        done: u32,
        of: u32,
    },
    Ready {
        me: Me,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Me {
    pub agent: AgentId,
    pub name: String,
    pub admin: bool,
    pub team: String,
    pub hub: String,
    pub demo: bool,
    /// The fallback that keeps the token where there is no keychain, said to the person.
    pub token_in_file: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct JoinTeam {
    pub hub: String,
    pub code: String,
}

#[derive(Clone, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct HostTeam {
    pub your_name: String,
    pub access_token: String,
    pub app_secret: String,
    pub verify_token: String,
    pub waba_id: String,
    pub phone_number_id: String,
    /// Where the tunnel must point to, `127.0.0.1:8787` unless changed.
    pub listen: String,
}

impl std::fmt::Debug for HostTeam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HostTeam { … }")
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ListFilter {
    #[default]
    All,
    Mine,
    Unassigned,
    /// Open windows that close today, soonest first.
    Expiring,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ListOrder {
    #[default]
    Newest,
    SoonestToClose,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ListQuery {
    pub filter: ListFilter,
    pub order: ListOrder,
    /// Names and numbers; empty for all.
    pub search: String,
    /// Show resolved conversations too (always shown when searching).
    pub resolved: bool,
    /// The rows on the screen, with some reserve: `from ..= to`.
    pub from: u32,
    pub to: u32,
}

/// The window as a row's clock draws it. The interface counts down; it decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "face", rename_all = "snake_case")]
#[ts(export)]
pub enum ClockFace {
    Open {
        opened_at: Time,
        closes_at: Time,
    },
    Closed {
        since: Time,
    },
    Disputed {
        since: Time,
    },
    NeverOpened,
    /// Started on the phone, no answer yet.
    NoAnswerYet {
        at: Time,
    },
    /// Known only from imported history.
    OnlyHistory,
    /// The number or the customer is paused.
    Paused {
        since: Time,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ListRow {
    pub id: ConversationId,
    pub inbox: InboxId,
    pub name: String,
    pub named: bool,
    pub number_shown: Option<String>,
    pub last: Option<LastLine>,
    pub activity_at: Time,
    pub unread: u32,
    pub assignee: Option<AgentId>,
    /// The first words of this agent's unsent text.
    pub draft: Option<String>,
    pub clock: ClockFace,
    pub waiting_since: Option<Time>,
    pub resolved: bool,
    pub snoozed_until: Option<Time>,
    /// Texts that wait for a person.
    pub parked: u32,
    pub lane: Option<Lane>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Lane {
    UnderTenMinutes,
    UnderOneHour,
    UnderFourHours,
    /// Up to 24 hours.
    Later,
    /// Not open.
    NotOpen,
}

/// Where a lane begins in the list, and how many of it need an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct LaneHead {
    pub lane: Lane,
    pub from: u32,
    pub count: u32,
    pub waiting: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Counts {
    pub all: u32,
    pub mine: u32,
    pub unassigned: u32,
    /// Open, waiting for our answer, closing within four hours.
    pub expiring: u32,
    pub unread: u32,
}

/// The chat that closes next while somebody waits in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct NextToClose {
    pub id: ConversationId,
    pub name: String,
    pub closes_at: Time,
}

/// A dot on the horizon strip of the Expiring view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct HorizonDot {
    pub id: ConversationId,
    pub closes_at: Time,
    pub waiting: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ListView {
    pub query: ListQuery,
    pub total: u32,
    /// The index of `rows[0]` in the whole list.
    pub from: u32,
    pub rows: Vec<ListRow>,
    pub lanes: Vec<LaneHead>,
    pub counts: Counts,
    pub next: Option<NextToClose>,
    /// Only when the filter is Expiring; at most 200.
    pub horizon: Vec<HorizonDot>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct WatchConversation {
    /// `None` closes the thread.
    pub conversation: Option<ConversationId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ConversationRef {
    pub conversation: ConversationId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct MaybeConversation {
    pub conversation: Option<ConversationId>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct NeighbourOf {
    pub conversation: Option<ConversationId>,
    /// 1 for the next, -1 for the previous.
    pub step: i32,
}

/// A quote as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "quote", rename_all = "snake_case")]
#[ts(export)]
pub enum QuoteView {
    Found {
        message: MessageId,
        author: Author,
        kind: String,
        preview: String,
    },
    /// We never had it: it exists only on the phone, or is older than our store.
    Missing,
}

/// One thing in the thread, in the order of reading.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all items are messages; a box would only add an allocation to each"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "item", rename_all = "snake_case")]
#[ts(export)]
pub enum ThreadItem {
    Message {
        row: MessageRow,
        quote: Option<QuoteView>,
    },
    Note {
        row: NoteRow,
    },
    /// In this desktop's own outbox: not at the hub yet.
    Queued(QueuedItem),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct QueuedItem {
    pub client_ref: ClientRef,
    pub command: Command,
    pub at: Time,
    pub send_before: Option<Time>,
    pub state: QueuedState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum QueuedState {
    /// Waits for the link, or is on its way to the hub.
    Waiting,
    /// The window closed before it could leave. Not sent; the text is kept.
    Parked,
    /// The hub said no.
    Refused { error: ApiError },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DraftMode {
    #[default]
    Reply,
    Note,
}

/// What an agent has typed and not sent, kept per chat and agent, also through a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Draft {
    pub conversation: ConversationId,
    pub mode: DraftMode,
    pub body: String,
    pub reply_to: Option<MessageId>,
    /// Files that lie at the hub and wait for Send.
    #[serde(default)]
    pub files: Vec<DraftFile>,
    /// Set by the engine.
    #[serde(default)]
    pub saved_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct DraftFile {
    pub file: UploadedFile,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ThreadView {
    pub conversation: ConversationRow,
    pub composer: Composer,
    pub clock: ClockFace,
    pub items: Vec<ThreadItem>,
    /// Nothing older exists.
    pub complete: bool,
    /// Being fetched; the items shown may be old.
    pub loading: bool,
    /// The first item that was unread when the thread was opened.
    pub unread_from: Option<Position>,
    pub drafts: Vec<Draft>,
    /// Those that wait, and those that other words claimed within a day: a person may say that
    /// this was another message.
    pub phone_starts: Vec<PhoneStartRow>,
    /// Earlier windows, newest first, at most six: how long until we answered.
    pub earlier_windows: Vec<EarlierWindow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct EarlierWindow {
    pub opened_at: Time,
    /// `None`: closed unanswered.
    pub answered_after_ms: Option<i64>,
}

/// The answer to `act`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Acted {
    pub client_ref: ClientRef,
    /// What the hub said; `None` if it waits in the local outbox.
    pub answer: Option<CommandAnswer>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct TakeBack {
    pub client_ref: ClientRef,
}

/// Why the window is as it is: the event that opened it, and what did not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct WhyWindow {
    pub window: Window,
    pub opened_by: Option<Opening>,
    /// The opening event's words, where it had some.
    pub opening_preview: Option<String>,
    pub refused: Option<Refusal>,
    pub closes_at: Option<Time>,
    /// Newest first.
    pub did_not_count: Vec<DidNotCount>,
    /// When the hub worked this out, by its clock.
    pub worked_out_at: Time,
    /// Meta's clock less the hub's at the last answer of Meta, in milliseconds.
    pub meta_clock_offset_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct DidNotCount {
    pub kind: Occurrence,
    pub at: Time,
    /// Who, where it was one of us.
    pub by: Option<AgentId>,
    pub preview: Option<String>,
    /// How many of the kind stand behind this line.
    pub count: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct InspectNumber {
    pub inbox: InboxId,
    /// As typed: any format. Without a country code the inbox's own country is assumed.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[ts(export)]
pub enum NumberVerdict {
    /// Nothing to judge yet.
    Empty,
    Valid {
        digits: String,
        /// International form with spaces.
        shown: String,
        /// ISO 3166 code, where it is known.
        country: Option<String>,
        conversation: Option<ConversationId>,
        name: Option<String>,
    },
    /// Cannot be a phone number, with the reason as a code: `too_short`, `too_long`,
    /// `not_a_number`, `unknown_country`, `own_number`.
    Invalid { why: String },
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct TemplateQuery {
    pub inbox: InboxId,
    /// Name, words, category, language; empty for all.
    pub search: String,
    /// For prefilling.
    pub conversation: Option<ConversationId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct TemplateList {
    /// Recently used first, then by name; what cannot be sent comes last.
    pub templates: Vec<TemplateChoice>,
    pub sendable: u32,
    /// When Meta was last asked.
    pub refreshed_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct TemplateChoice {
    pub template: Template,
    pub fields: Vec<Field>,
    pub not_sendable: Option<NotSendable>,
    pub last_used_at: Option<Time>,
    /// By field key, with where the value came from.
    pub prefill: BTreeMap<String, Prefill>,
    /// Whether it can be changed here; others are made in WhatsApp Manager.
    pub can_be_edited: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Prefill {
    pub value: String,
    pub from: PrefillFrom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PrefillFrom {
    Contact,
    Agent,
    LastTime,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct TemplateValues {
    pub template: TemplateId,
    pub values: BTreeMap<String, String>,
    #[serde(default)]
    pub typed: BTreeMap<String, Typed>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct TemplatePreview {
    pub rendered: RenderedTemplate,
    pub problems: Vec<FieldProblem>,
    pub body_chars: u32,
    pub body_max: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct SearchText {
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct PresenceOf {
    pub conversation: Option<ConversationId>,
    pub typing: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct MediaRef {
    pub media: MediaId,
    /// A small picture will do, where there is one.
    pub thumbnail: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct MediaBytes {
    pub mime_type: String,
    pub base64: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// This agent's choices on this computer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
#[ts(export)]
pub struct Preferences {
    pub theme: Theme,
    /// BCP 47; empty for the system's.
    pub language: String,
    pub details_hidden: bool,
    pub list_order: ListOrder,
    pub last_conversation: Option<ConversationId>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct Link {
    pub url: String,
}

/// Things to watch in the demo.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "action", rename_all = "snake_case")]
#[ts(export)]
pub enum DemoAction {
    /// The customer of this conversation writes.
    CustomerWrites { conversation: ConversationId },
    /// Somebody types on the phone in this conversation.
    PhoneTypes { conversation: ConversationId },
    /// Somebody scans the code of this start and taps send.
    PhoneSendsStart { start: ajar_domain::PhoneStartId },
    /// The team's clock runs at this rate (1 to 3600).
    SetRate { rate: f64 },
    /// The team's clock is put forward, as if so much time had passed.
    Skip { seconds: u32 },
    /// Meta takes the next message, and its answer is lost on the way. Its status comes as usual.
    LoseNextAnswer,
    /// Meta takes the next message, and says a moment later that the window is closed.
    DisputeNext,
}

/// How this desktop stands to its hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "link", rename_all = "snake_case")]
#[ts(export)]
pub enum LinkState {
    Connecting,
    CatchingUp {
        have: u64,
        want: u64,
    },
    Live {
        since: Time,
    },
    /// `retry_at` and `since` by the corrected clock.
    Offline {
        since: Time,
        retry_at: Time,
        error: ApiError,
    },
    /// The token was revoked: this desktop must join again.
    SignedOut,
}

/// What the engine tells the interface, each with a sequence number on the channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum UiEvent {
    Stage {
        stage: Stage,
    },
    Link {
        state: LinkState,
    },
    /// The team's clock; the interface counts from here with its own monotonic clock.
    Clock {
        clock: HubClock,
    },
    List {
        view: ListView,
    },
    Thread {
        view: Box<ThreadView>,
    },
    /// The watched conversation does not exist (any more).
    ThreadGone {
        conversation: ConversationId,
    },
    Team {
        inboxes: Vec<InboxRow>,
        agents: Vec<AgentRow>,
    },
    /// Those that wait, oldest first.
    PhoneStarts {
        starts: Vec<PhoneStartRow>,
    },
    Viewers {
        viewers: Vec<Viewer>,
    },
    TemplatesChanged {
        inbox: InboxId,
    },
    Preferences {
        preferences: Preferences,
    },
    /// Open this conversation: a notification or a link was clicked.
    Open {
        conversation: ConversationId,
    },
    /// Open *New conversation* with this number.
    StartWith {
        number: String,
    },
    /// A message the agent should notice (the shell makes the system's notification of it).
    Noticed {
        conversation: ConversationId,
        name: String,
        preview: String,
    },
}

/// One event on the channel. A gap in `seq` means: ask anew for everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct UiEnvelope {
    pub seq: u64,
    pub event: UiEvent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn export_calls() {
        let dir = std::env::var("TS_RS_EXPORT_DIR").expect("set in .cargo/config.toml");
        let path = std::path::Path::new(&dir).join("calls.ts");
        std::fs::create_dir_all(&dir).expect("the folder of generated types");
        std::fs::write(path, calls_typescript()).expect("written");
    }

    #[test]
    fn a_call_is_known_by_its_name() {
        let call: UiCall =
            serde_json::from_str(r#"{"call":"try_now","payload":{}}"#).expect("a call");
        assert!(matches!(call, UiCall::TryNow(_)));
    }

    #[test]
    fn an_unknown_change_is_skipped_and_not_an_error() {
        let change: crate::hub::Change =
            serde_json::from_str(r#"{"kind":"something_new","id":7}"#).expect("read");
        assert_eq!(change, crate::hub::Change::Unknown);
    }
}
