//! A team: hub, simulated Meta, and agents who speak the hub's own API.

use std::{sync::Arc, time::Duration};

use ajar_domain::{
    AgentId, ClientRef, Clock, ConversationId, InboxId, MediaId, MessageId, Time,
    attachment::AttachmentKind,
};
use ajar_hub::{
    config::MetaSettings,
    hub::{Hub, HubConfig},
    media::Shelf,
};
use ajar_protocol::{
    command::{Command, CommandAnswer, CommandRequest},
    error::ApiError,
    hub::{Change, JoinRequest, Joined, MessagePage, SnapshotLine, UploadedFile},
    rows::{ConversationRow, InboxRow, MessageRow, PhoneStartRow, Role, TemplateRow},
};
use ajar_simulator::{MediaFile, Sim, SimClock, Simulator};
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::db::{self, Db};

/// Thursday 19 November 2026, 14:22 in Greenwich: the moment of the mockups.
pub const THURSDAY: Time = Time::from_secs(1_795_098_120);

pub struct TestTeam {
    pub clock: SimClock,
    pub sim: Sim,
    pub hub: Hub,
    pub database_url: String,
    pub dir: TempDir,
    _as_described: AsDescribed,
}

impl TestTeam {
    /// Hub and Meta on a clock that stands still.
    pub async fn start(db: Db) -> Self {
        Self::start_at(db, SimClock::frozen_at(THURSDAY)).await
    }

    pub async fn start_at(db: Db, clock: SimClock) -> Self {
        let (database_url, dir) = db::fresh(db).await;
        let sim = Simulator::builder()
            .clock(clock.clone())
            .seed(7)
            .start()
            .await
            .expect("the simulator");
        let hub = start_hub(&sim, &clock, &database_url, 11, None).await;
        Self {
            _as_described: AsDescribed(sim.clone()),
            clock,
            sim,
            hub,
            database_url,
            dir,
        }
    }

    /// Everything that is under way has arrived: webhooks, rows, the outbox, and statuses.
    pub async fn settled(&self) {
        for _ in 0..3 {
            self.sim.settled().await;
            self.hub.settled().await.expect("the store answers");
        }
    }

    /// Lets time pass, and everything that it causes.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.hub.core().outbox_waits.notify_one();
        self.settled().await;
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// An agent who has joined.
    pub async fn agent(&self, name: &str) -> TestAgent {
        self.joined(name, Role::Agent).await
    }

    pub async fn admin(&self, name: &str) -> TestAgent {
        self.joined(name, Role::Admin).await
    }

    async fn joined(&self, name: &str, role: Role) -> TestAgent {
        let (_, code) = self.hub.add_agent(name, role).await.expect("added");
        TestAgent::join(&self.hub.url(), &code)
            .await
            .expect("joined")
    }

    /// Stops the hub and starts it again on the same database, as after a crash.
    pub async fn restart_hub(&mut self) {
        let hub = start_hub(&self.sim, &self.clock, &self.database_url, 12, None).await;
        let old = std::mem::replace(&mut self.hub, hub);
        drop(old);
    }
}

/// Whatever a story was about, what was sent in it is what Meta describes.
struct AsDescribed(Sim);

impl Drop for AsDescribed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            ajar_simulator::meta_openapi::expect_requests_fit(&self.0);
        }
    }
}

/// A hub for this simulated Meta, on this database.
pub async fn start_hub(
    sim: &Sim,
    clock: &SimClock,
    database_url: &str,
    seed: u64,
    listener: Option<TcpListener>,
) -> Hub {
    let listener = match listener {
        Some(listener) => listener,
        None => TcpListener::bind("127.0.0.1:0").await.expect("a port"),
    };
    let number = sim.numbers().into_iter().next().expect("a number");
    let hub = Hub::start(
        HubConfig {
            log_kept: None,
            database_url: database_url.to_owned(),
            team_name: "Quill & Spoke".into(),
            meta: MetaSettings {
                graph_url: sim.graph_url().expect("the simulator listens"),
                api_version: "v25.0".into(),
                access_token: sim.access_token(),
                app_secret: sim.app_secret(),
                verify_token: "verify".into(),
                waba_id: sim.waba_id(),
                phone_number_id: sim.phone_number_id(),
            },
            shelf: Shelf::in_memory(),
            clock: Some(Arc::new(clock.clone())),
            seed: Some(seed),
            number: Some(number.display_number.clone()),
        },
        listener,
    )
    .await
    .expect("the hub");
    sim.set_webhook_url(
        format!("{}/webhooks/whatsapp", hub.url())
            .parse()
            .expect("an address"),
    );
    hub
}

/// An agent at the hub's API, without a desktop in between.
pub struct TestAgent {
    pub id: AgentId,
    pub name: String,
    base: String,
    token: String,
    http: reqwest::Client,
    refs: std::sync::atomic::AtomicU32,
}

/// All rows of a snapshot.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub cursor: i64,
    pub inboxes: Vec<InboxRow>,
    pub conversations: Vec<ConversationRow>,
    pub templates: Vec<TemplateRow>,
    pub phone_starts: Vec<PhoneStartRow>,
}

impl TestAgent {
    pub async fn join(hub_url: &str, code: &str) -> Result<Self, ApiError> {
        let http = crate::http();
        let asked = JoinRequest {
            code: code.to_owned(),
            device: "a test".into(),
        };
        let response = http
            .post(format!("{hub_url}/v1/join"))
            .json(&asked)
            .send()
            .await
            .expect("an answer");
        let joined: Joined = read(response).await?;
        Ok(Self {
            id: joined.agent,
            name: joined.name,
            base: hub_url.to_owned(),
            token: joined.token,
            http,
            refs: std::sync::atomic::AtomicU32::new(0),
        })
    }

    /// The same agent, at a hub that has another address now.
    #[must_use]
    pub fn at(&self, hub_url: &str) -> Self {
        Self {
            id: self.id.clone(),
            name: self.name.clone(),
            base: hub_url.to_owned(),
            token: self.token.clone(),
            http: self.http.clone(),
            // Of a reference that was used before the hub would say what it said then.
            refs: self.refs.load(std::sync::atomic::Ordering::Relaxed).into(),
        }
    }

    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        let response = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send()
            .await
            .expect("an answer");
        read(response).await
    }

    /// Does something, under a fresh reference.
    pub async fn does(&self, command: Command) -> Result<CommandAnswer, ApiError> {
        let no = self.refs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.does_as(&format!("{}-{no}", self.name), command).await
    }

    /// Does something under a reference that may have been used before.
    pub async fn does_as(
        &self,
        reference: &str,
        command: Command,
    ) -> Result<CommandAnswer, ApiError> {
        self.tries(reference, command).await.expect("an answer")
    }

    /// The same with a hub that may die meanwhile; `None` if no answer came.
    pub async fn tries(
        &self,
        reference: &str,
        command: Command,
    ) -> Option<Result<CommandAnswer, ApiError>> {
        let request = CommandRequest {
            client_ref: ClientRef::new(reference),
            command,
        };
        let response = self
            .http
            .post(format!("{}/v1/commands", self.base))
            .bearer_auth(&self.token)
            .json(&request)
            .send()
            .await
            .ok()?;
        let is_error = !response.status().is_success();
        let body = response.bytes().await.ok()?;
        Some(if is_error {
            Err(serde_json::from_slice(&body).expect("an error in words"))
        } else {
            Ok(serde_json::from_slice(&body).expect("the promised body"))
        })
    }

    pub async fn says(&self, to: &ConversationId, body: &str) -> Result<MessageId, ApiError> {
        self.does(Command::SendText {
            conversation: to.clone(),
            body: body.to_owned(),
            reply_to: None,
            send_before: Time::FAR_FUTURE,
        })
        .await
        .map(|answer| answer.message.expect("a message"))
    }

    /// Hands a file over that is to be sent.
    pub async fn uploads(
        &self,
        file: &MediaFile,
        kind: Option<AttachmentKind>,
    ) -> Result<UploadedFile, ApiError> {
        let response = self
            .http
            .post(format!("{}/v1/media", self.base))
            .bearer_auth(&self.token)
            .query(&kind.map(|kind| [("kind", kind)]))
            .header("content-type", &file.mime_type)
            .body(file.bytes.clone())
            .send()
            .await
            .expect("an answer");
        read(response).await
    }

    /// The bytes of a file.
    pub async fn file(&self, id: &MediaId) -> bytes::Bytes {
        let response = self
            .http
            .get(format!("{}/v1/media/{id}", self.base))
            .bearer_auth(&self.token)
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        response.bytes().await.expect("the bytes")
    }

    pub async fn snapshot(&self) -> Snapshot {
        let text = self
            .http
            .get(format!("{}/v1/snapshot", self.base))
            .bearer_auth(&self.token)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("lines");
        let mut all = Snapshot::default();
        let mut ended = false;
        for line in text.lines() {
            match serde_json::from_str(line).expect("a line of a snapshot") {
                SnapshotLine::Head { cursor, .. } => all.cursor = cursor,
                SnapshotLine::Row { change } => match change {
                    Change::Inbox(row) => all.inboxes.push(*row),
                    Change::Conversation(row) => all.conversations.push(*row),
                    Change::Template(row) => all.templates.push(*row),
                    Change::PhoneStart(row) => all.phone_starts.push(row),
                    _ => {}
                },
                SnapshotLine::End { .. } => ended = true,
                SnapshotLine::Unknown => panic!("an unknown line"),
            }
        }
        assert!(ended, "the snapshot is whole");
        all
    }

    /// The conversation with this name.
    pub async fn chat(&self, name: &str) -> ConversationRow {
        self.snapshot()
            .await
            .conversations
            .into_iter()
            .find(|row| row.customer.name == name)
            .unwrap_or_else(|| panic!("no conversation with {name}"))
    }

    pub async fn messages(&self, conversation: &ConversationId) -> Vec<MessageRow> {
        let page: MessagePage = self
            .get(&format!("/v1/conversations/{conversation}/messages"))
            .await
            .expect("a page");
        page.messages
    }

    pub async fn message(&self, conversation: &ConversationId, id: &MessageId) -> MessageRow {
        self.messages(conversation)
            .await
            .into_iter()
            .find(|row| row.id == *id)
            .expect("the message")
    }

    pub async fn inbox(&self) -> InboxId {
        self.snapshot()
            .await
            .inboxes
            .into_iter()
            .next()
            .expect("an inbox")
            .id
    }
}

async fn read<T: DeserializeOwned>(response: reqwest::Response) -> Result<T, ApiError> {
    if response.status().is_success() {
        Ok(response.json().await.expect("the promised body"))
    } else {
        Err(response.json().await.expect("an error in words"))
    }
}
