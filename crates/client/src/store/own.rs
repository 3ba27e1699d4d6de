//! What is this agent's own: drafts, recently used templates, the index of kept files.

use std::collections::BTreeMap;

use ajar_domain::{AgentId, ConversationId, MediaId, MessageId, TemplateId, Time};
use ajar_protocol::ui::{Draft, DraftMode};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Result, Store, read, time, write};

/// When a template was used here last, and with which values.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateUse {
    pub used_at: Time,
    pub values: BTreeMap<String, String>,
}

const fn mode_name(mode: DraftMode) -> &'static str {
    match mode {
        DraftMode::Reply => "reply",
        DraftMode::Note => "note",
    }
}

impl Store {
    /// Keeps what an agent has typed; an empty text forgets it.
    pub async fn save_draft(&self, agent: &AgentId, draft: &Draft, now: Time) -> Result<()> {
        let mut tx = self.begin().await?;
        if draft.body.is_empty() && draft.reply_to.is_none() && draft.files.is_empty() {
            sqlx::query("DELETE FROM drafts WHERE conversation = $1 AND agent = $2 AND mode = $3")
                .bind(draft.conversation.as_str())
                .bind(agent.as_str())
                .bind(mode_name(draft.mode))
                .execute(&mut *tx)
                .await?;
        } else {
            sqlx::query(
                "INSERT INTO drafts (conversation, agent, mode, body, reply_to, saved_at, files) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (conversation, agent, mode) \
                 DO UPDATE SET body = excluded.body, reply_to = excluded.reply_to, \
                 saved_at = excluded.saved_at, files = excluded.files",
            )
            .bind(draft.conversation.as_str())
            .bind(agent.as_str())
            .bind(mode_name(draft.mode))
            .bind(&draft.body)
            .bind(draft.reply_to.as_ref().map(MessageId::as_str))
            .bind(now.millis())
            .bind(if draft.files.is_empty() {
                String::new()
            } else {
                write(&draft.files)
            })
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    pub async fn drafts_of(
        &self,
        agent: &AgentId,
        conversation: &ConversationId,
    ) -> Result<Vec<Draft>> {
        let rows = sqlx::query(
            "SELECT conversation, mode, body, reply_to, saved_at, files FROM drafts \
             WHERE agent = $1 AND conversation = $2 ORDER BY mode",
        )
        .bind(agent.as_str())
        .bind(conversation.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(draft).collect()
    }

    /// All unsent replies of an agent, for the marks in the list.
    pub async fn drafts(&self, agent: &AgentId) -> Result<Vec<Draft>> {
        let rows = sqlx::query(
            "SELECT conversation, mode, body, reply_to, saved_at, files FROM drafts \
             WHERE agent = $1 AND mode = 'reply' AND body <> ''",
        )
        .bind(agent.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(draft).collect()
    }

    pub async fn keep_template_use(
        &self,
        template: &TemplateId,
        values: &BTreeMap<String, String>,
        now: Time,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO template_uses (template, used_at, last_values) VALUES ($1, $2, $3) \
             ON CONFLICT (template) DO UPDATE SET used_at = excluded.used_at, \
             last_values = excluded.last_values",
        )
        .bind(template.as_str())
        .bind(now.millis())
        .bind(write(values))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub async fn template_uses(&self) -> Result<BTreeMap<TemplateId, TemplateUse>> {
        let rows = sqlx::query("SELECT template, used_at, last_values FROM template_uses")
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    TemplateId::new(row.try_get::<String, _>("template")?),
                    TemplateUse {
                        used_at: time(row, "used_at")?.unwrap_or_default(),
                        values: read("template_uses", row.try_get("last_values")?)?,
                    },
                ))
            })
            .collect()
    }

    /// The kind of a kept file, which counts as used now.
    pub async fn kept_media(&self, id: &MediaId) -> Result<Option<String>> {
        let mut tx = self.begin().await?;
        let mime = sqlx::query_scalar(
            "UPDATE media SET used = (SELECT COALESCE(MAX(used), 0) + 1 FROM media) \
             WHERE id = $1 RETURNING mime_type",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(mime)
    }

    /// Takes note of a kept file. Answers which ones must go so that all fit into `room` bytes.
    pub async fn keep_media(
        &self,
        id: &MediaId,
        mime_type: &str,
        size: u64,
        room: u64,
    ) -> Result<Vec<MediaId>> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO media (id, mime_type, size, used) \
             VALUES ($1, $2, $3, (SELECT COALESCE(MAX(used), 0) + 1 FROM media)) \
             ON CONFLICT (id) DO UPDATE SET mime_type = excluded.mime_type, \
             size = excluded.size, used = excluded.used",
        )
        .bind(id.as_str())
        .bind(mime_type)
        .bind(i64::try_from(size).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await?;
        let rows = sqlx::query("SELECT id, size FROM media ORDER BY used DESC")
            .fetch_all(&mut *tx)
            .await?;
        let mut kept = 0u64;
        let mut too_many = Vec::new();
        for row in rows {
            kept = kept.saturating_add(u64::try_from(row.try_get::<i64, _>("size")?).unwrap_or(0));
            if kept > room {
                too_many.push(MediaId::new(row.try_get::<String, _>("id")?));
            }
        }
        for id in &too_many {
            sqlx::query("DELETE FROM media WHERE id = $1")
                .bind(id.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(too_many)
    }
}

fn draft(row: &SqliteRow) -> Result<Draft> {
    let mode: &str = row.try_get("mode")?;
    let files: &str = row.try_get("files")?;
    Ok(Draft {
        files: if files.is_empty() {
            Vec::new()
        } else {
            read("drafts", files)?
        },
        conversation: ConversationId::new(row.try_get::<String, _>("conversation")?),
        mode: if mode == "note" {
            DraftMode::Note
        } else {
            DraftMode::Reply
        },
        body: row.try_get("body")?,
        reply_to: row
            .try_get::<Option<String>, _>("reply_to")?
            .map(MessageId::new),
        saved_at: time(row, "saved_at")?,
    })
}
