//! Writing changes over the cache: upserts guarded by revision, and the cursor with them.

use std::collections::{BTreeMap, BTreeSet};

use ajar_domain::{ClientRef, ConversationId, InboxId, content::Provenance};
use ajar_protocol::{
    hub::Change,
    rows::{ConversationRow, MessageRow, NoteRow},
};
use futures::TryStreamExt;
use sqlx::{Row, SqliteConnection, SqlitePool};

use super::{Result, Store, set_meta, time, write};
use crate::inbox::{Head, HeadProgress};

/// What a batch of changes did to the cache.
#[derive(Debug, Default, PartialEq)]
pub struct Applied {
    pub conversations: Vec<ConversationRow>,
    /// Conversations that live on in another one: (gone, into).
    pub merged: Vec<(ConversationId, ConversationId)>,
    /// Conversations with other messages or notes than before.
    pub threads: BTreeSet<ConversationId>,
    /// Messages that the cache did not have before.
    pub arrived: Vec<MessageRow>,
    /// Commands of this desktop that have come round.
    pub came_round: Vec<ClientRef>,
    /// Inboxes or agents changed.
    pub team: bool,
    pub phone_starts: bool,
    pub templates: BTreeSet<InboxId>,
    /// Changes of kinds that this version does not know: counted and skipped.
    pub skipped: usize,
}

impl Store {
    /// Writes the changes up to event `upto` and the cursor, all or nothing.
    ///
    /// # Errors
    /// What the database said.
    pub async fn apply(&self, changes: Vec<Change>, upto: i64) -> Result<Applied> {
        let mut tx = self.begin().await?;
        let mut writing = Writing::default();
        for change in changes {
            writing.change(&mut tx, change).await?;
        }
        set_meta(&mut tx, "cursor", &upto).await?;
        tx.commit().await?;
        Ok(writing.applied)
    }
}

#[derive(Default)]
pub(super) struct Writing {
    pub applied: Applied,
    /// Whether a conversation's messages are wanted in full, asked once per batch.
    opened: BTreeMap<ConversationId, bool>,
}

impl Writing {
    pub async fn change(&mut self, db: &mut SqliteConnection, change: Change) -> Result<()> {
        match change {
            Change::Conversation(row) => {
                if !is_removed(db, row.id.as_str(), row.rev).await?
                    && conversation(db, &row).await?
                {
                    self.applied.conversations.push(*row);
                }
            }
            Change::Message(row) => self.message(db, *row).await?,
            Change::Note(row) => {
                if note(db, &row).await? {
                    self.applied.came_round.extend(row.client_ref);
                    self.applied.threads.insert(row.conversation);
                }
            }
            Change::Inbox(row) => {
                let id = row.id.as_str();
                self.applied.team |= team_row(db, "inbox", id, row.rev, &write(&row)).await?;
            }
            Change::Agent(row) => {
                let id = row.id.as_str();
                self.applied.team |= team_row(db, "agent", id, row.rev, &write(&row)).await?;
            }
            Change::Template(row) => {
                let id = row.template.id.as_str();
                if team_row(db, "template", id, row.rev, &write(&row)).await? {
                    self.applied.templates.insert(row.inbox);
                }
            }
            Change::PhoneStart(row) => {
                let id = row.id.as_str();
                if team_row(db, "phone_start", id, row.rev, &write(&row)).await? {
                    self.applied.phone_starts = true;
                    self.applied.threads.extend(row.conversation);
                }
            }
            Change::MessageRemoved { id, rev } => {
                remember_removed(db, id.as_str(), rev).await?;
                let conversation: Option<String> = sqlx::query_scalar(
                    "DELETE FROM messages WHERE id = $1 AND rev <= $2 RETURNING conversation",
                )
                .bind(id.as_str())
                .bind(rev)
                .fetch_optional(db)
                .await?;
                self.applied
                    .threads
                    .extend(conversation.map(ConversationId::new));
            }
            Change::ConversationMerged { gone, into, rev } => {
                merge(db, &gone, &into, rev).await?;
                // It may have been made, or changed, by the same batch.
                self.applied.conversations.retain(|row| row.id != gone);
                self.opened.remove(&into);
                self.applied.threads.insert(into.clone());
                self.applied.merged.push((gone, into));
            }
            Change::Unknown => self.applied.skipped += 1,
        }
        Ok(())
    }

    async fn message(&mut self, db: &mut SqliteConnection, row: MessageRow) -> Result<()> {
        // An imported past may have half a million lines. Of conversations that were never
        // opened here it is not kept: opening one fetches what is shown.
        if row.provenance == Provenance::History && !self.is_opened(db, &row.conversation).await? {
            return Ok(());
        }
        if is_removed(db, row.id.as_str(), row.rev).await? {
            return Ok(());
        }
        let known: Option<i64> = sqlx::query_scalar("SELECT rev FROM messages WHERE id = $1")
            .bind(row.id.as_str())
            .fetch_optional(&mut *db)
            .await?;
        if message(db, &row).await? {
            self.applied.came_round.extend(row.client_ref.clone());
            self.applied.threads.insert(row.conversation.clone());
            if known.is_none() {
                self.applied.arrived.push(row);
            }
        }
        Ok(())
    }

    async fn is_opened(
        &mut self,
        db: &mut SqliteConnection,
        conversation: &ConversationId,
    ) -> Result<bool> {
        if let Some(known) = self.opened.get(conversation) {
            return Ok(*known);
        }
        let found: Option<i64> =
            sqlx::query_scalar("SELECT whole FROM spans WHERE conversation = $1")
                .bind(conversation.as_str())
                .fetch_optional(db)
                .await?;
        self.opened.insert(conversation.clone(), found.is_some());
        Ok(found.is_some())
    }
}

/// Whether a row of this revision is older than its removal.
async fn is_removed(db: &mut SqliteConnection, id: &str, rev: i64) -> Result<bool> {
    let removed: Option<i64> = sqlx::query_scalar("SELECT rev FROM removed WHERE id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(removed.is_some_and(|removed| removed >= rev))
}

async fn remember_removed(db: &mut SqliteConnection, id: &str, rev: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO removed (id, rev) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE \
         SET rev = excluded.rev WHERE removed.rev < excluded.rev",
    )
    .bind(id)
    .bind(rev)
    .execute(db)
    .await?;
    Ok(())
}

async fn merge(
    db: &mut SqliteConnection,
    gone: &ConversationId,
    into: &ConversationId,
    rev: i64,
) -> Result<()> {
    remember_removed(db, gone.as_str(), rev).await?;
    for statement in [
        "DELETE FROM conversations WHERE id = $1",
        "DELETE FROM conversation_rows WHERE id = $1",
        "DELETE FROM spans WHERE conversation IN ($1, $2)",
        "UPDATE messages SET conversation = $2 WHERE conversation = $1",
        "UPDATE notes SET conversation = $2 WHERE conversation = $1",
        "UPDATE outbox SET conversation = $2 WHERE conversation = $1",
        "UPDATE OR IGNORE drafts SET conversation = $2 WHERE conversation = $1",
    ] {
        sqlx::query(statement)
            .bind(gone.as_str())
            .bind(into.as_str())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

const UPSERT_CONVERSATION: &str = "INSERT INTO conversations (id, rev, inbox, name, digits, \
     activity_at, unread, waiting_since, opened_at, refused_at, phone_first_at, only_history, \
     blocked_at, assignee, progress, progress_at, parked) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
     ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, inbox = excluded.inbox, \
     name = excluded.name, digits = excluded.digits, activity_at = excluded.activity_at, \
     unread = excluded.unread, waiting_since = excluded.waiting_since, \
     opened_at = excluded.opened_at, refused_at = excluded.refused_at, \
     phone_first_at = excluded.phone_first_at, only_history = excluded.only_history, \
     blocked_at = excluded.blocked_at, assignee = excluded.assignee, \
     progress = excluded.progress, progress_at = excluded.progress_at, \
     parked = excluded.parked WHERE conversations.rev < excluded.rev";

/// Answers whether the row was newer than what was there.
async fn conversation(db: &mut SqliteConnection, row: &ConversationRow) -> Result<bool> {
    let head = Head::of(row);
    let (progress, progress_at) = head.progress.to_columns();
    let written = sqlx::query(UPSERT_CONVERSATION)
        .bind(head.id.as_str())
        .bind(row.rev)
        .bind(head.inbox.as_str())
        .bind(&*head.name)
        .bind(&*head.digits)
        .bind(head.activity_at.millis())
        .bind(head.unread)
        .bind(head.waiting_since.map(ajar_domain::Time::millis))
        .bind(head.opened_at.map(ajar_domain::Time::millis))
        .bind(head.refused_at.map(ajar_domain::Time::millis))
        .bind(head.phone_first_at.map(ajar_domain::Time::millis))
        .bind(head.only_history)
        .bind(head.blocked_at.map(ajar_domain::Time::millis))
        .bind(head.assignee.as_ref().map(ajar_domain::AgentId::as_str))
        .bind(progress)
        .bind(progress_at)
        .bind(head.parked)
        .execute(&mut *db)
        .await?
        .rows_affected();
    if written == 0 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO conversation_rows (id, row) VALUES ($1, $2) \
         ON CONFLICT (id) DO UPDATE SET row = excluded.row",
    )
    .bind(row.id.as_str())
    .bind(write(row))
    .execute(db)
    .await?;
    Ok(true)
}

pub(super) async fn message(db: &mut SqliteConnection, row: &MessageRow) -> Result<bool> {
    let written = sqlx::query(
        "INSERT INTO messages (id, rev, conversation, position, wamid, row) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, \
         conversation = excluded.conversation, position = excluded.position, \
         wamid = excluded.wamid, row = excluded.row WHERE messages.rev < excluded.rev",
    )
    .bind(row.id.as_str())
    .bind(row.rev)
    .bind(row.conversation.as_str())
    .bind(&row.position.0)
    .bind(row.wamid.as_ref().map(ajar_domain::WaMessageId::as_str))
    .bind(write(row))
    .execute(db)
    .await?;
    Ok(written.rows_affected() > 0)
}

pub(super) async fn note(db: &mut SqliteConnection, row: &NoteRow) -> Result<bool> {
    let written = sqlx::query(
        "INSERT INTO notes (id, rev, conversation, position, row) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, \
         conversation = excluded.conversation, position = excluded.position, \
         row = excluded.row WHERE notes.rev < excluded.rev",
    )
    .bind(row.id.as_str())
    .bind(row.rev)
    .bind(row.conversation.as_str())
    .bind(&row.position.0)
    .bind(write(row))
    .execute(db)
    .await?;
    Ok(written.rows_affected() > 0)
}

async fn team_row(
    db: &mut SqliteConnection,
    kind: &'static str,
    id: &str,
    rev: i64,
    row: &str,
) -> Result<bool> {
    let written = sqlx::query(
        "INSERT INTO team_rows (kind, id, rev, row) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, id) DO UPDATE SET rev = excluded.rev, row = excluded.row \
         WHERE team_rows.rev < excluded.rev",
    )
    .bind(kind)
    .bind(id)
    .bind(rev)
    .bind(row)
    .execute(db)
    .await?;
    Ok(written.rows_affected() > 0)
}

pub(super) async fn heads(readers: &SqlitePool) -> Result<Vec<Head>> {
    let mut rows = sqlx::query(
        "SELECT id, inbox, name, digits, activity_at, unread, waiting_since, opened_at, \
         refused_at, phone_first_at, only_history, blocked_at, assignee, progress, \
         progress_at, parked FROM conversations",
    )
    .fetch(readers);
    let mut heads = Vec::new();
    while let Some(row) = rows.try_next().await? {
        heads.push(Head {
            id: ConversationId::new(row.try_get::<String, _>("id")?),
            inbox: InboxId::new(row.try_get::<String, _>("inbox")?),
            name: row.try_get::<String, _>("name")?.into_boxed_str(),
            digits: row.try_get::<String, _>("digits")?.into_boxed_str(),
            activity_at: ajar_domain::Time::from_millis(row.try_get("activity_at")?),
            unread: row.try_get("unread")?,
            waiting_since: time(&row, "waiting_since")?,
            opened_at: time(&row, "opened_at")?,
            refused_at: time(&row, "refused_at")?,
            phone_first_at: time(&row, "phone_first_at")?,
            only_history: row.try_get("only_history")?,
            blocked_at: time(&row, "blocked_at")?,
            assignee: row
                .try_get::<Option<String>, _>("assignee")?
                .map(ajar_domain::AgentId::new),
            progress: HeadProgress::from_columns(
                row.try_get("progress")?,
                row.try_get("progress_at")?,
            ),
            parked: row.try_get("parked")?,
        });
    }
    Ok(heads)
}
