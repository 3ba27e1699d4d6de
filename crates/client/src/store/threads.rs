//! Messages and notes of one conversation: what is cached, how completely, and pages of the
//! past as the hub sends them.

use ajar_domain::{ConversationId, MessageId, WaMessageId};
use ajar_protocol::{
    hub::MessagePage,
    rows::{MessageRow, NoteRow, Position},
};
use sqlx::Row;

use super::{Result, Store, apply, read};

/// From where to the newest the cache holds what the hub holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub complete_from: Position,
    /// Nothing older exists at the hub.
    pub whole: bool,
}

/// The newest part of a thread, in the order of reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThreadRows {
    pub messages: Vec<MessageRow>,
    pub notes: Vec<NoteRow>,
    /// The cache holds older ones within the span, or, without a span, at all.
    pub more_cached: bool,
    pub span: Option<Span>,
}

impl Store {
    /// The newest `limit` messages, and the notes between them.
    pub async fn thread(&self, conversation: &ConversationId, limit: u32) -> Result<ThreadRows> {
        let span = self.span(conversation).await?;
        let from = span
            .as_ref()
            .map_or("", |span| span.complete_from.0.as_str());
        let rows = sqlx::query(
            "SELECT row FROM messages WHERE conversation = $1 AND position >= $2 \
             ORDER BY position DESC LIMIT $3",
        )
        .bind(conversation.as_str())
        .bind(from)
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.readers)
        .await?;
        let mut messages = rows
            .iter()
            .map(|row| read::<MessageRow>("messages", row.try_get("row")?))
            .collect::<Result<Vec<_>>>()?;
        let more_cached = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        messages.reverse();
        for message in &mut messages {
            // A merged conversation's messages keep the text of their rows.
            message.conversation.clone_from(conversation);
        }
        let oldest_shown = match messages.first() {
            Some(first) if more_cached => first.position.0.clone(),
            _ => from.to_owned(),
        };
        let rows = sqlx::query(
            "SELECT row FROM notes WHERE conversation = $1 AND position >= $2 ORDER BY position",
        )
        .bind(conversation.as_str())
        .bind(oldest_shown)
        .fetch_all(&self.readers)
        .await?;
        let notes = rows
            .iter()
            .map(|row| read("notes", row.try_get("row")?))
            .collect::<Result<Vec<_>>>()?;
        Ok(ThreadRows {
            messages,
            notes,
            more_cached,
            span,
        })
    }

    pub async fn span(&self, conversation: &ConversationId) -> Result<Option<Span>> {
        let row = sqlx::query("SELECT complete_from, whole FROM spans WHERE conversation = $1")
            .bind(conversation.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| {
            Ok(Span {
                complete_from: Position(row.try_get("complete_from")?),
                whole: row.try_get("whole")?,
            })
        })
        .transpose()
    }

    /// The message with Meta's id, in whichever conversation.
    pub async fn message_by_wamid(&self, wamid: &WaMessageId) -> Result<Option<MessageRow>> {
        let row: Option<String> = sqlx::query_scalar("SELECT row FROM messages WHERE wamid = $1")
            .bind(wamid.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| read("messages", &row)).transpose()
    }

    pub async fn message(&self, id: &MessageId) -> Result<Option<MessageRow>> {
        let row: Option<String> = sqlx::query_scalar("SELECT row FROM messages WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| read("messages", &row)).transpose()
    }

    /// Saves a page of the past that was asked for with `before` (`None` for the newest).
    /// Answers whether it could be used: a page older than the last snapshot may lack what
    /// changed between the two, and a page that does not reach the present span is of no use.
    pub async fn save_page(
        &self,
        conversation: &ConversationId,
        before: Option<&Position>,
        page: &MessagePage,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let snapshot: Option<String> =
            sqlx::query_scalar("SELECT value FROM meta WHERE key = 'snapshot_cursor'")
                .fetch_optional(&mut *tx)
                .await?;
        let snapshot: i64 = snapshot
            .map(|text| read("meta", &text))
            .transpose()?
            .unwrap_or(i64::MAX);
        if page.cursor < snapshot {
            return Ok(false);
        }
        let span = sqlx::query("SELECT complete_from FROM spans WHERE conversation = $1")
            .bind(conversation.as_str())
            .fetch_optional(&mut *tx)
            .await?
            .map(|row| row.try_get::<String, _>("complete_from"))
            .transpose()?;
        if before.is_some() && span.as_deref() != before.map(|before| before.0.as_str()) {
            return Ok(false);
        }
        let from = page
            .before
            .as_ref()
            .filter(|_| !page.complete)
            .map_or("", |before| before.0.as_str());
        // What the page covers and does not name is gone at the hub, unless it is newer than
        // the page. The end is open for the newest page; no position begins with `~`.
        let to = before.map_or("~", |before| before.0.as_str());
        let messages: Vec<&str> = page.messages.iter().map(|row| row.id.as_str()).collect();
        let notes: Vec<&str> = page.notes.iter().map(|row| row.id.as_str()).collect();
        for (statement, named) in [
            (
                "DELETE FROM messages WHERE conversation = $1 AND position >= $2 \
                 AND position < $3 AND rev <= $4 AND id NOT IN (SELECT value FROM json_each($5))",
                messages,
            ),
            (
                "DELETE FROM notes WHERE conversation = $1 AND position >= $2 \
                 AND position < $3 AND rev <= $4 AND id NOT IN (SELECT value FROM json_each($5))",
                notes,
            ),
        ] {
            sqlx::query(statement)
                .bind(conversation.as_str())
                .bind(from)
                .bind(to)
                .bind(page.cursor)
                .bind(super::write(&named))
                .execute(&mut *tx)
                .await?;
        }
        for row in &page.messages {
            let removed: Option<i64> =
                sqlx::query_scalar("SELECT rev FROM removed WHERE id = $1 AND rev >= $2")
                    .bind(row.id.as_str())
                    .bind(row.rev)
                    .fetch_optional(&mut *tx)
                    .await?;
            if removed.is_none() {
                apply::message(&mut tx, row).await?;
            }
        }
        for row in &page.notes {
            apply::note(&mut tx, row).await?;
        }
        sqlx::query(
            "INSERT INTO spans (conversation, complete_from, whole) VALUES ($1, $2, $3) \
             ON CONFLICT (conversation) DO UPDATE SET complete_from = excluded.complete_from, \
             whole = excluded.whole",
        )
        .bind(conversation.as_str())
        .bind(from)
        .bind(page.complete)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}
