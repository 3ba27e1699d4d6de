//! What the hub of the tests holds, and what it does with a command.

use std::collections::{BTreeMap, HashMap};

use ajar_domain::{
    AgentId, ClientRef, ConversationId, CustomerId, HubId, InboxId, MessageId, NoteId,
    PhoneStartId, Time, WaMessageId,
    content::{Author, Content, Provenance},
    conversation::Progress,
    customer::PhoneNumber,
    delivery::Delivery,
    opening::Occurrence,
    phone_start::PhoneStart,
    window::Opening,
};
use ajar_protocol::{
    command::{Command, CommandAnswer, CommandRequest, Recipient},
    error::{ApiError, ErrorCode},
    hub::{Change, HubClock, PresenceRequest, SnapshotLine, Viewer},
    rows::{
        AgentRow, ConversationRow, Customer, InboxRow, LastLine, MessageRow, NoteRow,
        PhoneStartRow, Position, TemplateRow,
    },
};

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
    pub thumbnails_asked: u32,
    pub no_thumbnails: bool,
    pub mischief: Mischief,
    pub(super) answers: HashMap<ClientRef, Result<CommandAnswer, ApiError>>,
    pub(super) tokens: HashMap<String, AgentId>,
    pub(super) viewers: Vec<Viewer>,
    /// Grows to end all streams.
    pub(super) cut: u64,
    pub(super) beats: u64,
    pub(super) made: u64,
}

impl HubState {
    pub(super) fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{:04}", self.made)
    }

    pub(super) fn tell(&mut self, change: impl FnOnce(i64) -> Change) {
        self.cursor += 1;
        let change = change(self.cursor);
        self.log.push((self.cursor, change));
    }

    pub(super) fn tell_conversation(&mut self, id: &ConversationId) {
        self.cursor += 1;
        let rev = self.cursor;
        let row = self.conversations.get_mut(id).expect("a conversation");
        row.rev = rev;
        let change = Change::Conversation(Box::new(row.clone()));
        self.log.push((rev, change));
    }

    pub(super) fn tell_message(&mut self, id: &MessageId) {
        self.cursor += 1;
        let rev = self.cursor;
        let row = self.messages.get_mut(id).expect("a message");
        row.rev = rev;
        let change = Change::Message(Box::new(row.clone()));
        self.log.push((rev, change));
    }

    pub(super) fn add_message(&mut self, row: MessageRow) -> MessageId {
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

    pub(super) fn message(
        &mut self,
        conversation: &ConversationId,
        author: Author,
        body: &str,
    ) -> MessageRow {
        let id = MessageId::new(self.next("m"));
        MessageRow {
            rev: 0,
            conversation: conversation.clone(),
            position: Position::of(self.now, id.as_str()),
            wamid: Some(WaMessageId::new(format!("wamid.{id}"))),
            client_ref: None,
            delivery: (author != Author::Customer).then_some(Delivery::Accepted {
                at: self.now,
                held: false,
            }),
            author,
            content: Content::Text { body: body.into() },
            provenance: Provenance::Live,
            at: self.now,
            received_at: self.now,
            quotes: None,
            reactions: Vec::new(),
            send_before: None,
            earlier: Vec::new(),
            context: ajar_domain::context::Context::default(),
            price: None,
            doubt: None,
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
                no_marketing_since: None,
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
            free_until: None,
            elsewhere: None,
            doubts: Vec::new(),
            joined: Vec::new(),
        };
        self.conversations.insert(id.clone(), row);
        self.tell_conversation(&id);
        id
    }

    pub(super) fn carry_out(
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

    pub(super) fn clock(&self) -> HubClock {
        HubClock {
            now: self.now,
            rate: self.rate,
        }
    }

    /// The newest state of each row that changed after a cursor.
    pub(super) fn changes_after(&self, after: i64, most: usize) -> Option<(i64, Vec<Change>)> {
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

    pub(super) fn snapshot(&mut self) -> Vec<SnapshotLine> {
        let mut changes: Vec<Change> = Vec::new();
        changes.extend(
            self.inboxes
                .iter()
                .cloned()
                .map(|row| Change::Inbox(Box::new(row))),
        );
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
