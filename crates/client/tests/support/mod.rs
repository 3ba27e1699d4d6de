//! A small hub that speaks the protocol from memory, and misbehaves on demand: it can cut
//! streams, fall silent, go away, repeat and lose lines, tear snapshots, and lose answers.

#![expect(dead_code, reason = "every test file uses another part of it")]

mod http;
mod state;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use ajar_client::{Desk, DeskConfig, Screen, Timings};
use ajar_domain::{
    AgentId, ConversationId, HubId, InboxId, MessageId, TemplateId, Time,
    content::{Author, Content},
    customer::PhoneNumber,
    template::{Category, Template, TemplateStatus},
    window::WINDOW,
};
use ajar_protocol::{
    hub::{Change, Viewer},
    rows::{AgentRow, ConversationRow, InboxRow, MessageRow, ReadReceipts, Role, TemplateRow},
    ui::{JoinTeam, ListQuery},
};
use tokio::sync::watch;

pub use self::state::Mischief;
use self::{http::router, state::HubState};

pub const NOON: Time = Time::from_millis(1_795_176_000_000);

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
        cards: Vec::new(),
        offer: None,
        unsupported: Vec::new(),
        examples: BTreeMap::new(),
        rejected_reason: None,
        quality: None,
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
            import: ajar_domain::import::Import::default(),
            templates_at: None,
            phone_holder: None,
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
            thumbnails_asked: 0,
            no_thumbnails: false,
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

impl FakeHub {
    pub fn revoke_everybody(&self) {
        self.with(|hub| {
            hub.tokens.clear();
            hub.cut += 1;
        });
    }
}

/// When a window that was opened at noon closes.
pub const fn closes() -> Time {
    Time::from_millis(NOON.millis() + WINDOW.as_millis() as i64)
}
