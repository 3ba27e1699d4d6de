//! Files that came with messages: what is known of each, and which are due for fetching.

use ajar_domain::{
    InboxId, MediaId, MessageId, Time,
    content::{Media, MediaState},
};

use super::{Conn, Result, Tx, either, from_word, word};

#[derive(Clone, Debug)]
pub struct MediaRow {
    pub id: MediaId,
    pub message: MessageId,
    pub inbox: InboxId,
    /// Meta's id of the file; dies seven days after receipt.
    pub meta_id: String,
    pub mime_type: String,
    pub sha256: Option<String>,
    pub state: MediaState,
    pub attempt: u32,
    pub first_seen_at: Time,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    message_id: String,
    inbox_id: String,
    meta_id: String,
    mime_type: String,
    sha256: Option<String>,
    state: String,
    attempt: i64,
    first_seen_at: i64,
}

impl Row {
    fn decode(self) -> Result<MediaRow> {
        Ok(MediaRow {
            state: from_word(&self.state, "media", &self.id)?,
            id: MediaId::new(self.id),
            message: MessageId::new(self.message_id),
            inbox: InboxId::new(self.inbox_id),
            meta_id: self.meta_id,
            mime_type: self.mime_type,
            sha256: self.sha256,
            attempt: u32::try_from(self.attempt).unwrap_or(0),
            first_seen_at: Time::from_millis(self.first_seen_at),
        })
    }
}

/// What was found out about a file when it was stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The kind under which it is kept, which need not be the announced one.
    pub mime_type: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub size_bytes: u64,
}

impl Stored {
    /// As a message shows it.
    #[must_use]
    pub fn as_media(&self, id: MediaId, filename: Option<String>) -> Media {
        Media {
            id,
            mime_type: self.mime_type.clone(),
            state: MediaState::Stored,
            width: self.width,
            height: self.height,
            size_bytes: Some(self.size_bytes),
            filename,
        }
    }
}

impl Conn {
    /// What is known of a stored file.
    pub async fn stored_file(&mut self, id: &MediaId) -> Result<Option<Stored>> {
        const STORED: &str = "SELECT mime_type, width, height, size_bytes FROM media \
             WHERE id = $1 AND state = 'stored'";
        type Columns = (String, Option<i64>, Option<i64>, Option<i64>);
        let row: Option<Columns> = either!(self, |c| sqlx::query_as(STORED)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        let side = |side: Option<i64>| side.and_then(|side| u32::try_from(side).ok());
        Ok(row.map(|(mime_type, width, height, size)| Stored {
            mime_type,
            width: side(width),
            height: side(height),
            size_bytes: size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        }))
    }

    pub async fn media(&mut self, id: &str) -> Result<Option<MediaRow>> {
        const ONE: &str = "SELECT id, message_id, inbox_id, meta_id, mime_type, sha256, state, \
             attempt, first_seen_at FROM media WHERE id = $1";
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    /// How large a picture is, in dots, if that could be found out.
    pub async fn media_size(&mut self, id: &MediaId) -> Result<Option<(u32, u32)>> {
        const SIZE: &str = "SELECT width, height FROM media \
             WHERE id = $1 AND width IS NOT NULL AND height IS NOT NULL";
        let size: Option<(i64, i64)> = either!(self, |c| sqlx::query_as(SIZE)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        let side = |side: i64| u32::try_from(side).unwrap_or(u32::MAX);
        Ok(size.map(|(width, height)| (side(width), side(height))))
    }

    pub async fn media_due(&mut self, now: Time, limit: i64) -> Result<Vec<MediaRow>> {
        const DUE: &str = "SELECT id, message_id, inbox_id, meta_id, mime_type, sha256, state, \
             attempt, first_seen_at FROM media WHERE state = 'pending' AND not_before <= $1 \
             ORDER BY not_before, id LIMIT $2";
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(DUE)
            .bind(now.millis())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// Uploads from before this moment that no message took, and those that are half thrown away.
    pub async fn unsent_uploads(&mut self, before: Time, limit: i64) -> Result<Vec<MediaId>> {
        const UNSENT: &str = "SELECT id FROM media WHERE message_id = '' AND first_seen_at < $1 \
             ORDER BY first_seen_at, id LIMIT $2";
        let rows: Vec<(String,)> = either!(self, |c| sqlx::query_as(UNSENT)
            .bind(before.millis())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| MediaId::new(id)).collect())
    }

    /// When the oldest upload that no message took was made.
    pub async fn oldest_unsent(&mut self) -> Result<Option<Time>> {
        const OLDEST: &str = "SELECT MIN(first_seen_at) FROM media WHERE message_id = ''";
        let (oldest,): (Option<i64>,) =
            either!(self, |c| sqlx::query_as(OLDEST).fetch_one(&mut **c).await)?;
        Ok(oldest.map(Time::from_millis))
    }

    pub async fn next_media_due(&mut self) -> Result<Option<Time>> {
        const NEXT: &str = "SELECT MIN(not_before) FROM media WHERE state = 'pending'";
        let (next,): (Option<i64>,) =
            either!(self, |c| sqlx::query_as(NEXT).fetch_one(&mut **c).await)?;
        Ok(next.map(Time::from_millis))
    }
}

impl Tx {
    pub async fn add_media(&mut self, row: &MediaRow) -> Result<()> {
        const ADD: &str = "INSERT INTO media (id, message_id, inbox_id, meta_id, mime_type, sha256, \
             state, attempt, not_before, first_seen_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8) ON CONFLICT (id) DO NOTHING";
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(row.id.as_str())
            .bind(row.message.as_str())
            .bind(row.inbox.as_str())
            .bind(&row.meta_id)
            .bind(&row.mime_type)
            .bind(&row.sha256)
            .bind(word(row.state))
            .bind(row.first_seen_at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// A file that an agent uploaded. It belongs to no message yet.
    pub async fn add_upload(&mut self, id: &MediaId, stored: &Stored, now: Time) -> Result<()> {
        const ADD: &str = "INSERT INTO media (id, message_id, inbox_id, meta_id, mime_type, state, \
             attempt, not_before, first_seen_at, width, height, size_bytes) \
             VALUES ($1, '', '', '', $2, 'stored', 0, $3, $3, $4, $5, $6)";
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(id.as_str())
            .bind(&stored.mime_type)
            .bind(now.millis())
            .bind(stored.width.map(i64::from))
            .bind(stored.height.map(i64::from))
            .bind(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// An uploaded file goes out with this message. `false` if it is no such file, or went out
    /// with another.
    pub async fn claim_upload(
        &mut self,
        id: &MediaId,
        message: &MessageId,
        inbox: &InboxId,
    ) -> Result<bool> {
        const CLAIM: &str = "UPDATE media SET message_id = $2, inbox_id = $3 \
             WHERE id = $1 AND message_id = '' AND state = 'stored' RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(CLAIM)
            .bind(id.as_str())
            .bind(message.as_str())
            .bind(inbox.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// From here on nobody can send the upload. `false`: a message was quicker.
    pub async fn withdraw_upload(&mut self, id: &MediaId) -> Result<bool> {
        const WITHDRAW: &str = "UPDATE media SET state = 'gone' \
             WHERE id = $1 AND message_id = '' RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(WITHDRAW)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// Nothing is left of a withdrawn upload.
    pub async fn forget_upload(&mut self, id: &MediaId) -> Result<()> {
        const FORGET: &str = "DELETE FROM media WHERE id = $1 AND message_id = ''";
        either!(&mut self.conn, |c| sqlx::query(FORGET)
            .bind(id.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn media_stored(&mut self, id: &MediaId, stored: &Stored) -> Result<()> {
        const WRITE: &str = "UPDATE media SET state = 'stored', width = $2, height = $3, \
             size_bytes = $4, mime_type = $5 WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(stored.width.map(i64::from))
            .bind(stored.height.map(i64::from))
            .bind(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX))
            .bind(&stored.mime_type)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Another try later, or never (`not_before` is `None`).
    pub async fn media_failed(&mut self, id: &MediaId, not_before: Option<Time>) -> Result<()> {
        const LATER: &str = "UPDATE media SET attempt = attempt + 1, not_before = $2 WHERE id = $1";
        const GONE: &str = "UPDATE media SET state = 'gone' WHERE id = $1";
        match not_before {
            Some(at) => either!(&mut self.conn, |c| sqlx::query(LATER)
                .bind(id.as_str())
                .bind(at.millis())
                .execute(&mut **c)
                .await
                .map(drop))?,
            None => either!(&mut self.conn, |c| sqlx::query(GONE)
                .bind(id.as_str())
                .execute(&mut **c)
                .await
                .map(drop))?,
        }
        Ok(())
    }
}
