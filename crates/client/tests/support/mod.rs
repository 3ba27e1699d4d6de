//! A small hub that speaks the protocol from memory, and misbehaves on demand: it can cut
//! streams, fall silent, go away, repeat and lose lines, tear snapshots, and lose answers.

#![expect(dead_code, reason = "every test file uses another part of it")]

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use ajar_client::{Desk, DeskConfig, Screen, Timings};
use ajar_domain::{
    AgentId, ClientRef, ConversationId, CustomerId, HubId, InboxId, MessageId, NoteId,
    PhoneStartId, TemplateId, Time, WaMessageId,
    content::{Author, Content, Provenance},
    conversation::Progress,
    customer::PhoneNumber,
    delivery::Delivery,
    opening::Occurrence,
    phone_start::PhoneStart,
    template::{Category, Template, TemplateStatus},
    window::{Opening, WINDOW},
};
use ajar_protocol::{
    PROTOCOL,
    command::{Command, CommandAnswer, CommandRequest, Recipient},
    error::{ApiError, ErrorCode},
    hub::{
        Change, Hello, HubClock, JoinRequest, Joined, MessagePage, PresenceRequest, SearchPage,
        SnapshotLine, StreamLine, Viewer,
    },
    rows::{
        AgentRow, ConversationRow, Customer, InboxRow, LastLine, MessageRow, NoteRow,
        PhoneStartRow, Position, ReadReceipts, Role, TemplateRow,
    },
    ui::{JoinTeam, ListQuery, WhyWindow},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

pub const NOON: Time = Time::from_millis(1_795_176_000_000);

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Mischief {
    /// Nobody answers, except with a proxy's apology.
    pub down: bool,
    /// Streams say nothing at all, not even that they live.
    pub silent: bool,
    /// Every batch is said twice.
    pub stutter: bool,
    /// Batches of one event each.
    pub one_by_one: bool,
    /// The next batch is left out.
    pub lose_batch: bool,
    /// The next snapshots end without their last line.
    pub tear_snapshots: u32,
    /// Texts are carried out, but the answer is lost.
    pub lose_answers: u32,
    /// Commands with free text are refused so.
    pub refuse_texts: Option<ErrorCode>,
    /// Pages of messages wait until this is lifted.
    pub hold_pages: bool,
    /// Streams refuse cursors below this.
    pub expired_below: i64,
}

pub struct HubState {
    pub hub_id: HubId,
    pub cursor: i64,
    pub now: Time,
    pub rate: f64,
    pub conversations: BTreeMap<ConversationId, ConversationRow>,
    pub messages: BTreeMap<MessageId, MessageRow>,
    pub notes: Vec<NoteRow>,
    pub agents: Vec<AgentRow>,
    pub inboxes: Vec<InboxRow>,
    pub templates: Vec<TemplateRow>,
    pub phone_starts: Vec<PhoneStartRow>,
    pub log: Vec<(i64, Change)>,
    /// Every command request that reached the hub, repeated ones too.
    pub requests: Vec<CommandRequest>,
    pub presences: Vec<PresenceRequest>,
    pub snapshots: u32,
    pub streams: u32,
    pub pages: u32,
    pub media_asked: u32,
    pub mischief: Mischief,
    answers: HashMap<ClientRef, Result<CommandAnswer, ApiError>>,
    tokens: HashMap<String, AgentId>,
    viewers: Vec<Viewer>,
    /// Grows to end all streams.
    cut: u64,
    beats: u64,
    made: u64,
}

impl HubState {
    fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{:04}", self.made)
    }

    fn tell(&mut self, change: impl FnOnce(i64) -> Change) {
        self.cursor += 1;
        let change = change(self.cursor);
        self.log.push((self.cursor, change));
    }

    fn tell_conversation(&mut self, id: &ConversationId) {
        self.cursor += 1;
        let rev = self.cursor;
        let row = self.conversations.get_mut(id).expect("a conversation");
        row.rev = rev;
        let change = Change::Conversation(Box::new(row.clone()));
        self.log.push((rev, change));
    }

    fn tell_message(&mut self, id: &MessageId) {
        self.cursor += 1;
        let rev = self.cursor;
        let row = self.messages.get_mut(id).expect("a message");
        row.rev = rev;
        let change = Change::Message(Box::new(row.clone()));
        self.log.push((rev, change));
    }

    fn add_message(&mut self, row: MessageRow) -> MessageId {
        let id = row.id.clone();
        let conversation = row.conversation.clone();
        let head = self
            .conversations
            .get_mut(&conversation)
            .expect("a conversation");
        head.activity_at = head.activity_at.max(row.at);
        head.last = Some(LastLine {
            message: id.clone(),
            author: row.author.clone(),
            kind: "text".into(),
            preview: row.content.preview(),
            at: row.at,
            delivery: row.delivery.clone(),
        });
        if row.author == Author::Customer {
            head.unread += 1;
            head.waiting_since.get_or_insert(row.at);
            head.last_customer_message_at = Some(row.at);
            head.facts.record_opening(Opening {
                event_id: row
                    .wamid
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                kind: Occurrence::CustomerMessage,
                meta_at: row.at,
                received_at: row.at,
            });
        } else {
            head.waiting_since = None;
        }
        self.messages.insert(id.clone(), row);
        self.tell_message(&id);
        self.tell_conversation(&conversation);
        id
    }

    fn message(&mut self, conversation: &ConversationId, author: Author, body: &str) -> MessageRow {
        let id = MessageId::new(self.next("m"));
        MessageRow {
            rev: 0,
            conversation: conversation.clone(),
            position: Position::of(self.now, id.as_str()),
            wamid: Some(WaMessageId::new(format!("wamid.{id}"))),
            client_ref: None,
            delivery: (author != Author::Customer).then_some(Delivery::Accepted { at: self.now }),
            author,
            content: Content::Text { body: body.into() },
            provenance: Provenance::Live,
            at: self.now,
            received_at: self.now,
            quotes: None,
            reactions: Vec::new(),
            send_before: None,
            id,
        }
    }

    pub fn add_conversation(&mut self, name: &str) -> ConversationId {
        let id = ConversationId::new(self.next("c"));
        let digits = format!("49151{:07}", self.made);
        let row = ConversationRow {
            id: id.clone(),
            rev: 0,
            inbox: InboxId::new("shop"),
            customer: Customer {
                id: CustomerId::new(format!("k-{id}")),
                name: name.into(),
                named: true,
                number: PhoneNumber::from_digits(&digits),
                number_shown: Some(format!("+{digits}")),
                username: None,
                about: String::new(),
                blocked: None,
            },
            activity_at: self.now,
            last: None,
            unread: 0,
            waiting_since: None,
            facts: Default::default(),
            phone_first: None,
            only_history: false,
            first_customer_message_at: None,
            last_customer_message_at: None,
            assignee: None,
            progress: Progress::Open,
            labels: Vec::new(),
            parked: 0,
            seen_upto: Position::default(),
        };
        self.conversations.insert(id.clone(), row);
        self.tell_conversation(&id);
        id
    }

    fn carry_out(
        &mut self,
        agent: &AgentId,
        request: &CommandRequest,
    ) -> Result<CommandAnswer, ApiError> {
        let mut answer = CommandAnswer::default();
        match &request.command {
            Command::SendText {
                conversation, body, ..
            } => {
                if let Some(code) = self.mischief.refuse_texts {
                    return Err(ApiError::new(code, "refused by the test"));
                }
                if !self.conversations.contains_key(conversation) {
                    return Err(ApiError::new(ErrorCode::NotFound, "no such conversation"));
                }
                let author = Author::Agent {
                    agent: agent.clone(),
                };
                let mut row = self.message(conversation, author, body);
                row.client_ref = Some(request.client_ref.clone());
                answer.message = Some(self.add_message(row));
            }
            Command::SendTemplate {
                to: Recipient::Number { number, .. },
                ..
            } => {
                let conversation = self.add_conversation(&format!("+{number}"));
                let author = Author::Agent {
                    agent: agent.clone(),
                };
                let mut row = self.message(&conversation, author, "template");
                row.client_ref = Some(request.client_ref.clone());
                answer.message = Some(self.add_message(row));
                answer.conversation = Some(conversation);
            }
            Command::AddNote { conversation, body } => {
                let id = NoteId::new(self.next("n"));
                let row = NoteRow {
                    rev: self.cursor + 1,
                    conversation: conversation.clone(),
                    position: Position::of(self.now, id.as_str()),
                    client_ref: Some(request.client_ref.clone()),
                    author: agent.clone(),
                    body: body.clone(),
                    at: self.now,
                    id,
                };
                self.notes.push(row.clone());
                self.tell(|_| Change::Note(row));
            }
            Command::Assign {
                conversation,
                assignee,
            } => {
                self.head(conversation)?.assignee.clone_from(assignee);
                self.tell_conversation(conversation);
            }
            Command::Resolve { conversation } => {
                let resolved = Progress::Resolved {
                    at: self.now,
                    by: agent.clone(),
                };
                self.head(conversation)?.progress = resolved;
                self.tell_conversation(conversation);
            }
            Command::MarkSeen { conversation, upto } => {
                let head = self.head(conversation)?;
                head.unread = 0;
                head.seen_upto = head.seen_upto.clone().max(upto.clone());
                self.tell_conversation(conversation);
            }
            Command::StartOnPhone { to, name, text } => {
                let Recipient::Number { inbox, number } = to else {
                    return Err(ApiError::new(ErrorCode::Invalid, "not in the test hub"));
                };
                let number = PhoneNumber::from_digits(number)
                    .ok_or_else(|| ApiError::new(ErrorCode::NotANumber, "no number"))?;
                let id = PhoneStartId::new(self.next("p"));
                let row = PhoneStartRow {
                    id: id.clone(),
                    rev: self.cursor + 1,
                    inbox: inbox.clone(),
                    number_shown: format!("+{}", number.digits()),
                    link: format!("https://wa.me/{}", number.digits()),
                    number,
                    name: name.clone(),
                    conversation: None,
                    text: text.clone(),
                    asked_by: agent.clone(),
                    asked_at: self.now,
                    state: PhoneStart::Waiting { since: self.now },
                };
                self.phone_starts.push(row.clone());
                self.tell(|_| Change::PhoneStart(row));
                answer.phone_start = Some(id);
            }
            _ => return Err(ApiError::new(ErrorCode::Invalid, "not in the test hub")),
        }
        answer.visible_at = self.cursor;
        Ok(answer)
    }

    fn head(&mut self, id: &ConversationId) -> Result<&mut ConversationRow, ApiError> {
        self.conversations
            .get_mut(id)
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no such conversation"))
    }

    fn clock(&self) -> HubClock {
        HubClock {
            now: self.now,
            rate: self.rate,
        }
    }

    /// The newest state of each row that changed after a cursor.
    fn changes_after(&self, after: i64, most: usize) -> Option<(i64, Vec<Change>)> {
        let events: Vec<&(i64, Change)> = self
            .log
            .iter()
            .filter(|(number, _)| *number > after)
            .take(most)
            .collect();
        let upto = events.last()?.0;
        Some((
            upto,
            events
                .into_iter()
                .map(|(_, change)| change.clone())
                .collect(),
        ))
    }

    fn snapshot(&mut self) -> Vec<SnapshotLine> {
        let mut changes: Vec<Change> = Vec::new();
        changes.extend(self.inboxes.iter().cloned().map(Change::Inbox));
        changes.extend(self.agents.iter().cloned().map(Change::Agent));
        changes.extend(
            self.templates
                .iter()
                .cloned()
                .map(|row| Change::Template(Box::new(row))),
        );
        changes.extend(self.phone_starts.iter().cloned().map(Change::PhoneStart));
        changes.extend(
            self.conversations
                .values()
                .cloned()
                .map(|row| Change::Conversation(Box::new(row))),
        );
        let rows = changes.len() as u64;
        let mut lines = vec![SnapshotLine::Head {
            hub_id: self.hub_id.clone(),
            cursor: self.cursor,
            me: AgentId::new("alice"),
            clock: self.clock(),
            conversations: self.conversations.len() as u64,
        }];
        lines.extend(
            changes
                .into_iter()
                .map(|change| SnapshotLine::Row { change }),
        );
        if self.mischief.tear_snapshots > 0 {
            self.mischief.tear_snapshots -= 1;
        } else {
            lines.push(SnapshotLine::End { rows });
        }
        lines
    }
}

struct Shared {
    state: Mutex<HubState>,
    changed: watch::Sender<u64>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().expect("no test panicked in here")
    }
}

/// The hub. Ends when dropped.
pub struct FakeHub {
    shared: Arc<Shared>,
    pub url: String,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub fn agent(name: &str) -> AgentId {
    AgentId::new(name.to_lowercase())
}

pub fn greeting_template() -> Template {
    Template {
        id: TemplateId::new("greeting"),
        name: "greeting".into(),
        language: "en".into(),
        category: Category::Utility,
        status: TemplateStatus::Approved,
        named_parameters: false,
        header: None,
        body: "Hello {{1}}".into(),
        footer: None,
        buttons: Vec::new(),
        unsupported: Vec::new(),
        examples: BTreeMap::new(),
    }
}

impl FakeHub {
    /// A hub with one inbox, the agents Alice and Bob, one template, and a clock that stands
    /// still at noon.
    pub async fn start() -> Self {
        let shop = InboxRow {
            id: InboxId::new("shop"),
            rev: 1,
            name: "Shop".into(),
            number: PhoneNumber::from_digits("493012345678").expect("a number"),
            paused: None,
            margin_ms: 20_000,
            read_receipts: ReadReceipts::OnReply,
            last_inbound_at: None,
            last_echo_at: None,
            last_status_at: None,
        };
        let agents = ["Alice", "Bob"]
            .map(|name| AgentRow {
                id: agent(name),
                rev: 1,
                name: name.into(),
                role: Role::Agent,
                revoked: false,
            })
            .to_vec();
        let template = TemplateRow {
            rev: 1,
            inbox: shop.id.clone(),
            template: greeting_template(),
            gone: false,
        };
        let state = HubState {
            hub_id: HubId::new("hub-1"),
            cursor: 1,
            now: NOON,
            rate: 0.0,
            conversations: BTreeMap::new(),
            messages: BTreeMap::new(),
            notes: Vec::new(),
            agents,
            inboxes: vec![shop],
            templates: vec![template],
            phone_starts: Vec::new(),
            log: Vec::new(),
            requests: Vec::new(),
            presences: Vec::new(),
            snapshots: 0,
            streams: 0,
            pages: 0,
            media_asked: 0,
            mischief: Mischief::default(),
            answers: HashMap::new(),
            tokens: HashMap::new(),
            viewers: Vec::new(),
            cut: 0,
            beats: 0,
            made: 0,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let app = router(shared.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("served");
        });
        Self {
            shared,
            url,
            server,
        }
    }

    /// Changes anything, and wakes everybody who waits.
    pub fn with<T>(&self, change: impl FnOnce(&mut HubState) -> T) -> T {
        let answer = change(&mut self.shared.lock());
        self.shared.changed.send_modify(|count| *count += 1);
        answer
    }

    /// Waits until something is so at the hub.
    pub async fn until(&self, mut is_so: impl FnMut(&HubState) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        let wait = async {
            while !is_so(&self.shared.lock()) {
                changed.changed().await.expect("the hub lives");
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait)
            .await
            .expect("it never came to be so at the hub");
    }

    pub fn misbehave(&self, change: impl FnOnce(&mut Mischief)) {
        self.with(|hub| change(&mut hub.mischief));
    }

    pub fn cut(&self) {
        self.with(|hub| hub.cut += 1);
    }

    /// Says that the hub lives and what time it is.
    pub fn beat(&self) {
        self.with(|hub| hub.beats += 1);
    }

    pub fn set_clock(&self, now: Time, rate: f64) {
        self.with(|hub| {
            hub.now = now;
            hub.rate = rate;
            hub.beats += 1;
        });
    }

    /// A customer who has not written before writes.
    pub fn new_customer_writes(&self, name: &str, body: &str) -> ConversationId {
        let id = self.with(|hub| hub.add_conversation(name));
        self.customer_writes(&id, body);
        id
    }

    pub fn customer_writes(&self, conversation: &ConversationId, body: &str) -> MessageId {
        self.with(|hub| {
            let row = hub.message(conversation, Author::Customer, body);
            hub.add_message(row)
        })
    }

    pub fn phone_types(&self, conversation: &ConversationId, body: &str) -> MessageId {
        self.with(|hub| {
            let row = hub.message(conversation, Author::Phone { claimed_by: None }, body);
            hub.add_message(row)
        })
    }

    pub fn edit(&self, message: &MessageId, body: &str) {
        self.with(|hub| {
            if let Some(row) = hub.messages.get_mut(message) {
                row.content = Content::Text { body: body.into() };
                hub.tell_message(message);
            }
        });
    }

    pub fn remove(&self, message: &MessageId) {
        self.with(|hub| {
            if hub.messages.remove(message).is_some() {
                let id = message.clone();
                hub.tell(|rev| Change::MessageRemoved { id, rev });
            }
        });
    }

    pub fn change_head(&self, id: &ConversationId, change: impl FnOnce(&mut ConversationRow)) {
        self.with(|hub| {
            if let Some(row) = hub.conversations.get_mut(id) {
                change(row);
                hub.tell_conversation(id);
            }
        });
    }

    pub fn merge(&self, gone: &ConversationId, into: &ConversationId) {
        self.with(|hub| {
            hub.conversations.remove(gone);
            for message in hub.messages.values_mut() {
                if message.conversation == *gone {
                    message.conversation = into.clone();
                }
            }
            for note in &mut hub.notes {
                if note.conversation == *gone {
                    note.conversation = into.clone();
                }
            }
            let (gone, into) = (gone.clone(), into.clone());
            hub.tell(|rev| Change::ConversationMerged { gone, into, rev });
        });
    }

    pub fn set_viewers(&self, viewers: Vec<Viewer>) {
        self.with(|hub| hub.viewers = viewers);
    }

    pub fn texts(&self) -> Vec<String> {
        self.with(|hub| {
            let mut rows: Vec<&MessageRow> = hub
                .messages
                .values()
                .filter(|row| row.client_ref.is_some())
                .collect();
            rows.sort_by_key(|row| &row.id);
            rows.iter().map(|row| row.content.preview()).collect()
        })
    }

    /// A desk that has joined as this agent.
    pub async fn join(&self, config: DeskConfig, name: &str) -> Desk {
        let desk = Desk::open(config).await.expect("the desk opens");
        desk.join(JoinTeam {
            hub: self.url.clone(),
            code: name.into(),
        })
        .await
        .expect("joined");
        desk
    }

    /// An agent in front of a live desk, looking at the whole list.
    pub async fn agent(&self, name: &str) -> (Desk, Screen) {
        let desk = self.join(config(name), name).await;
        let screen = sit_down(&desk).await;
        (desk, screen)
    }
}

/// Somebody sits down in front of a desk and waits until it is live.
pub async fn sit_down(desk: &Desk) -> Screen {
    let mut screen = desk.screen();
    screen
        .watch_list(whole_list())
        .await
        .expect("the list is watched");
    screen
        .until(|seen| seen.is_live() && seen.list.is_some())
        .await
        .expect("live");
    screen
}

pub fn whole_list() -> ListQuery {
    ListQuery {
        to: 999,
        ..ListQuery::default()
    }
}

/// A desk in memory that does not wait long.
pub fn config(name: &str) -> DeskConfig {
    DeskConfig {
        timings: Timings {
            heartbeat: Duration::from_secs(20),
            first_retry: Duration::from_millis(5),
            longest_retry: Duration::from_millis(40),
        },
        ..DeskConfig::in_memory(name)
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/hello", get(hello))
        .route("/v1/join", post(join))
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/events", get(events))
        .route("/v1/commands", post(commands))
        .route("/v1/conversations/{id}/messages", get(messages))
        .route("/v1/conversations/{id}/window", get(window))
        .route("/v1/search", get(search))
        .route("/v1/media/{id}", get(media))
        .route("/v1/presence", post(presence))
        .with_state(shared)
}

struct Refused(ApiError);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            ErrorCode::Unauthorised => StatusCode::UNAUTHORIZED,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, Json(self.0)).into_response()
    }
}

fn refused(code: ErrorCode) -> Response {
    Refused(ApiError::new(code, "the test hub says no")).into_response()
}

fn apology() -> Response {
    (StatusCode::BAD_GATEWAY, "nobody home").into_response()
}

/// Who asks, or the answer to a stranger.
fn caller(hub: &HubState, headers: &HeaderMap) -> Result<AgentId, Response> {
    if hub.mischief.down {
        return Err(apology());
    }
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(|token| hub.tokens.get(token))
        .cloned()
        .ok_or_else(|| refused(ErrorCode::Unauthorised))
}

async fn hello(State(shared): State<Arc<Shared>>) -> Response {
    let hub = shared.lock();
    if hub.mischief.down {
        return apology();
    }
    Json(Hello {
        service: "ajar-hub".into(),
        version: "test".into(),
        protocol: PROTOCOL,
        hub_id: hub.hub_id.clone(),
        team: "Test".into(),
        clock: hub.clock(),
    })
    .into_response()
}

async fn join(State(shared): State<Arc<Shared>>, Json(request): Json<JoinRequest>) -> Response {
    let mut hub = shared.lock();
    let Some(row) = hub
        .agents
        .iter()
        .find(|row| row.name == request.code)
        .cloned()
    else {
        return refused(ErrorCode::WrongCode);
    };
    let token = hub.next("token");
    hub.tokens.insert(token.clone(), row.id.clone());
    Json(Joined {
        token,
        hub_id: hub.hub_id.clone(),
        agent: row.id,
        name: row.name,
        role: row.role,
        team: "Test".into(),
    })
    .into_response()
}

impl FakeHub {
    pub fn revoke_everybody(&self) {
        self.with(|hub| {
            hub.tokens.clear();
            hub.cut += 1;
        });
    }
}

fn line(value: &impl serde::Serialize) -> Bytes {
    let mut bytes = serde_json::to_vec(value).expect("written");
    bytes.push(b'\n');
    bytes.into()
}

async fn snapshot(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let lines = {
        let mut hub = shared.lock();
        if let Err(answer) = caller(&hub, &headers) {
            return answer;
        }
        hub.snapshots += 1;
        hub.snapshot()
    };
    shared.changed.send_modify(|count| *count += 1);
    let body: Vec<u8> = lines.iter().flat_map(|one| line(one).to_vec()).collect();
    body.into_response()
}

#[derive(Deserialize)]
struct After {
    after: i64,
}

async fn events(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(from): Query<After>,
) -> Response {
    let first = {
        let mut hub = shared.lock();
        if let Err(answer) = caller(&hub, &headers) {
            return answer;
        }
        hub.streams += 1;
        let hello = StreamLine::Hello {
            hub_id: hub.hub_id.clone(),
            clock: hub.clock(),
            cursor: hub.cursor,
        };
        (line(&hello), hub.cut, hub.beats)
    };
    shared.changed.send_modify(|count| *count += 1);
    let (lines, reader) = mpsc::channel::<std::io::Result<Bytes>>(8);
    tokio::spawn(async move {
        let _ = speak(&shared, first, from.after, &lines).await;
    });
    Body::from_stream(ReceiverStream::new(reader)).into_response()
}

async fn speak(
    shared: &Shared,
    (hello, cut, mut beats): (Bytes, u64, u64),
    mut cursor: i64,
    lines: &mpsc::Sender<std::io::Result<Bytes>>,
) -> Result<(), mpsc::error::SendError<std::io::Result<Bytes>>> {
    let mut changed = shared.changed.subscribe();
    lines.send(Ok(hello)).await?;
    let mut viewers: Vec<Viewer> = Vec::new();
    loop {
        changed.mark_unchanged();
        let mut out: Vec<Bytes> = Vec::new();
        {
            let mut hub = shared.lock();
            if hub.cut != cut || hub.mischief.down {
                return Ok(());
            }
            if !hub.mischief.silent {
                if cursor < hub.mischief.expired_below {
                    out.push(line(&StreamLine::StartOver {
                        why: "too old".into(),
                    }));
                }
                let most = if hub.mischief.one_by_one {
                    1
                } else {
                    usize::MAX
                };
                while let Some((upto, changes)) = hub.changes_after(cursor, most) {
                    let batch = line(&StreamLine::Batch {
                        after: cursor,
                        upto,
                        changes,
                    });
                    cursor = upto;
                    if std::mem::take(&mut hub.mischief.lose_batch) {
                        continue;
                    }
                    if hub.mischief.stutter {
                        out.push(batch.clone());
                    }
                    out.push(batch);
                }
                if hub.beats != beats {
                    beats = hub.beats;
                    out.push(line(&StreamLine::Heartbeat {
                        clock: hub.clock(),
                        upto: hub.cursor,
                    }));
                }
                if hub.viewers != viewers {
                    viewers.clone_from(&hub.viewers);
                    out.push(line(&StreamLine::Presence {
                        viewers: viewers.clone(),
                    }));
                }
            }
        }
        for one in out {
            lines.send(Ok(one)).await?;
        }
        tokio::select! {
            () = lines.closed() => return Ok(()),
            told = changed.changed() => if told.is_err() { return Ok(()) },
        }
    }
}

async fn commands(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<CommandRequest>,
) -> Response {
    let answer = {
        let mut hub = shared.lock();
        let agent = match caller(&hub, &headers) {
            Ok(agent) => agent,
            Err(answer) => return answer,
        };
        hub.requests.push(request.clone());
        let known = hub.answers.get(&request.client_ref).cloned();
        let answer = match known {
            Some(answer) => answer,
            None => {
                let answer = hub.carry_out(&agent, &request);
                hub.answers
                    .insert(request.client_ref.clone(), answer.clone());
                answer
            }
        };
        let is_text = matches!(request.command, Command::SendText { .. });
        if is_text && hub.mischief.lose_answers > 0 {
            hub.mischief.lose_answers -= 1;
            None
        } else {
            Some(answer)
        }
    };
    shared.changed.send_modify(|count| *count += 1);
    match answer {
        None => apology(),
        Some(Ok(answer)) => Json(answer).into_response(),
        Some(Err(error)) => Refused(error).into_response(),
    }
}

#[derive(Deserialize)]
struct Page {
    before: Option<String>,
    limit: usize,
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let mut changed = shared.changed.subscribe();
    loop {
        changed.mark_unchanged();
        {
            let mut hub = shared.lock();
            if let Err(answer) = caller(&hub, &headers) {
                return answer;
            }
            if !hub.mischief.hold_pages {
                hub.pages += 1;
                let page = page_of(&hub, &ConversationId::new(id), &page);
                return Json(page).into_response();
            }
        }
        changed.changed().await.expect("the hub lives");
    }
}

fn page_of(hub: &HubState, id: &ConversationId, page: &Page) -> MessagePage {
    let before = page.before.clone().unwrap_or_else(|| "~".into());
    let mut rows: Vec<MessageRow> = hub
        .messages
        .values()
        .filter(|row| row.conversation == *id && row.position.0 < before)
        .cloned()
        .collect();
    rows.sort_by(|a, b| a.position.cmp(&b.position));
    let complete = rows.len() < page.limit;
    let messages = rows.split_off(rows.len().saturating_sub(page.limit));
    let oldest = messages.first().map(|row| row.position.clone());
    let from = oldest.clone().filter(|_| !complete).unwrap_or_default();
    let notes = hub
        .notes
        .iter()
        .filter(|note| note.conversation == *id)
        .filter(|note| note.position >= from && note.position.0 < before)
        .cloned()
        .collect();
    MessagePage {
        messages,
        notes,
        complete,
        cursor: hub.cursor,
        before: oldest.filter(|_| !complete),
    }
}

async fn window(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let hub = shared.lock();
    if let Err(answer) = caller(&hub, &headers) {
        return answer;
    }
    let Some(row) = hub.conversations.get(&ConversationId::new(id)) else {
        return refused(ErrorCode::NotFound);
    };
    Json(WhyWindow {
        window: row.facts.at(hub.now),
        opened_by: row.facts.last_opening.clone(),
        opening_preview: Some("as the hub knows it".into()),
        refused: None,
        closes_at: row.facts.closes_at(),
        did_not_count: Vec::new(),
        worked_out_at: hub.now,
        meta_clock_offset_ms: None,
    })
    .into_response()
}

async fn search(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let hub = shared.lock();
    match caller(&hub, &headers) {
        Ok(_) => Json(SearchPage { hits: Vec::new() }).into_response(),
        Err(answer) => answer,
    }
}

async fn media(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let mut hub = shared.lock();
    match caller(&hub, &headers) {
        Ok(_) => {
            hub.media_asked += 1;
            ([(header::CONTENT_TYPE, "image/png")], "picture").into_response()
        }
        Err(answer) => answer,
    }
}

async fn presence(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<PresenceRequest>,
) -> Response {
    {
        let mut hub = shared.lock();
        if let Err(answer) = caller(&hub, &headers) {
            return answer;
        }
        hub.presences.push(request);
    }
    shared.changed.send_modify(|count| *count += 1);
    StatusCode::NO_CONTENT.into_response()
}

/// When a window that was opened at noon closes.
pub const fn closes() -> Time {
    Time::from_millis(NOON.millis() + WINDOW.as_millis() as i64)
}
