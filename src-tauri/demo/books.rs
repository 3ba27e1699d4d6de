//! What the demo's agents know of their team: rows as the hub streams them.
//!
//! The agents of the demo are ordinary members of the team who speak with the hub over its API.
//! To answer a customer they must have seen them write; these books say what can be seen.

use std::collections::HashMap;
use std::time::Duration;

use ajar_client::hub::Hub;
use ajar_domain::{AgentId, ConversationId, InboxId, MessageId, PhoneStartId, TemplateId};
use ajar_protocol::error::ApiError;
use ajar_protocol::hub::{Change, SnapshotLine, StreamLine};
use ajar_protocol::rows::{ConversationRow, MessageRow, PhoneStartRow, Position};
use anyhow::{Context as _, Result, bail};
use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What is not seen after so long will not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The team as one of its agents sees it.
#[derive(Default)]
pub struct Rows {
    cursor: i64,
    pub inbox: Option<InboxId>,
    pub agents: HashMap<String, AgentId>,
    /// By number, digits only.
    pub conversations: HashMap<String, ConversationId>,
    pub heads: HashMap<ConversationId, ConversationRow>,
    /// Where each conversation ends.
    positions: HashMap<ConversationId, Position>,
    /// By Meta's id.
    pub messages: HashMap<String, MessageId>,
    pub starts: HashMap<PhoneStartId, PhoneStartRow>,
    /// By name; English before other languages.
    pub templates: HashMap<String, TemplateId>,
}

impl Rows {
    /// Up to where one has seen a conversation who has seen all of it.
    pub fn newest(&self, conversation: &ConversationId) -> Option<Position> {
        self.positions.get(conversation).cloned()
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Inbox(row) => self.inbox = Some(row.id),
            Change::Agent(row) => {
                self.agents.insert(row.name, row.id);
            }
            Change::Conversation(row) => {
                if let Some(number) = &row.customer.number {
                    let digits = digits_of(number.digits());
                    self.conversations.insert(digits, row.id.clone());
                }
                self.heads.insert(row.id.clone(), *row);
            }
            Change::PhoneStart(row) => {
                self.starts.insert(row.id.clone(), row);
            }
            Change::Message(row) => self.message(*row),
            Change::Template(row) => {
                let template = row.template;
                if template.language.starts_with("en")
                    || !self.templates.contains_key(&template.name)
                {
                    self.templates.insert(template.name, template.id);
                }
            }
            _ => {}
        }
    }

    fn message(&mut self, row: MessageRow) {
        let end = self.positions.entry(row.conversation).or_default();
        if *end < row.position {
            *end = row.position;
        }
        if let Some(wamid) = row.wamid {
            self.messages.insert(wamid.into_string(), row.id);
        }
    }
}

/// Follows the hub's stream until dropped.
pub struct Books {
    rows: watch::Receiver<Rows>,
    follower: AbortHandle,
}

impl Drop for Books {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl Books {
    pub async fn open(hub: Hub) -> Result<Self> {
        let mut rows = Rows::default();
        let mut lines = Box::pin(hub.snapshot::<SnapshotLine>().await?);
        while let Some(line) = lines.next().await {
            match line? {
                SnapshotLine::Head { cursor, .. } => rows.cursor = cursor,
                SnapshotLine::Row { change } => rows.apply(change),
                SnapshotLine::End { .. } | SnapshotLine::Unknown => {}
            }
        }
        let (sender, receiver) = watch::channel(rows);
        let follower = tokio::spawn(async move {
            if let Err(error) = follow(&hub, &sender).await {
                tracing::warn!(%error, "the demo lost sight of its team");
            }
        });
        Ok(Self {
            rows: receiver,
            follower: follower.abort_handle(),
        })
    }

    /// Resolves when `look` finds something in the rows, now or after a change.
    pub async fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&Rows) -> Option<T>,
    ) -> Result<T> {
        let mut rows = self.rows.clone();
        let seen = async {
            loop {
                if let Some(found) = look(&rows.borrow_and_update()) {
                    return Ok(found);
                }
                if rows.changed().await.is_err() {
                    bail!("the hub's stream ended");
                }
            }
        };
        tokio::time::timeout(PATIENCE, seen)
            .await
            .with_context(|| format!("waited in vain for {what}"))?
    }

    /// What stands there now.
    pub fn now<T>(&self, look: impl FnOnce(&Rows) -> T) -> T {
        look(&self.rows.borrow())
    }
}

async fn follow(hub: &Hub, rows: &watch::Sender<Rows>) -> Result<(), ApiError> {
    let after = rows.borrow().cursor;
    let mut lines = Box::pin(hub.events::<StreamLine>(after, "demo").await?);
    while let Some(line) = lines.next().await {
        if let StreamLine::Batch { upto, changes, .. } = line? {
            rows.send_modify(|rows| {
                rows.cursor = upto;
                for change in changes {
                    rows.apply(change);
                }
            });
        }
    }
    Ok(())
}

pub fn digits_of(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
