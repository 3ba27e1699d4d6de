//! The local outbox: commands that must reach the hub, durable before anything is sent.

use ajar_domain::{ClientRef, ConversationId, Time};
use ajar_protocol::{
    command::{Command, CommandAnswer},
    error::ApiError,
};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Result, Store, read, time, write};

/// A command in this desktop's outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    pub client_ref: ClientRef,
    /// What must keep its order: a conversation, or a number without one.
    pub lane: String,
    pub conversation: Option<ConversationId>,
    pub command: Command,
    pub queued_at: Time,
    pub send_before: Option<Time>,
    pub stage: QueuedStage,
}

/// How far a queued command got. See the drawing in [`crate::outbox`].
#[derive(Clone, Debug, PartialEq)]
pub enum QueuedStage {
    Waiting,
    /// A request was made: the hub may have it.
    UnderWay,
    /// The hub has it; its rows have not come round yet.
    Answered(CommandAnswer),
    Parked,
    Refused(ApiError),
}

impl QueuedStage {
    const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "under_way",
            Self::Answered(_) => "answered",
            Self::Parked => "parked",
            Self::Refused(_) => "refused",
        }
    }
}

impl Store {
    /// Makes a command durable, at the end of its lane.
    pub async fn queue(&self, item: &Queued) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO outbox (client_ref, lane, conversation, command, queued_at, \
             send_before, state, answer, error) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL) \
             ON CONFLICT (client_ref) DO NOTHING",
        )
        .bind(item.client_ref.as_str())
        .bind(&item.lane)
        .bind(item.conversation.as_ref().map(ConversationId::as_str))
        .bind(write(&item.command))
        .bind(item.queued_at.millis())
        .bind(item.send_before.map(Time::millis))
        .bind(item.stage.name())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Everything in the outbox, in the order of queueing.
    pub async fn outbox(&self) -> Result<Vec<Queued>> {
        let rows = sqlx::query(
            "SELECT client_ref, lane, conversation, command, queued_at, send_before, state, \
             answer, error FROM outbox ORDER BY number",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(queued).collect()
    }

    /// What is queued for one conversation.
    pub async fn outbox_of(&self, conversation: &ConversationId) -> Result<Vec<Queued>> {
        let rows = sqlx::query(
            "SELECT client_ref, lane, conversation, command, queued_at, send_before, state, \
             answer, error FROM outbox WHERE conversation = $1 ORDER BY number",
        )
        .bind(conversation.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(queued).collect()
    }

    pub async fn queued(&self, client_ref: &ClientRef) -> Result<Option<Queued>> {
        let row = sqlx::query(
            "SELECT client_ref, lane, conversation, command, queued_at, send_before, state, \
             answer, error FROM outbox WHERE client_ref = $1",
        )
        .bind(client_ref.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(queued).transpose()
    }

    /// Moves an item on. Answers `false` if it is gone, or not in a stage named in `from`.
    pub async fn advance_queued(
        &self,
        client_ref: &ClientRef,
        from: &[&str],
        to: &QueuedStage,
    ) -> Result<bool> {
        let (answer, error) = match to {
            QueuedStage::Answered(answer) => (Some(write(answer)), None),
            QueuedStage::Refused(error) => (None, Some(write(error))),
            QueuedStage::Waiting | QueuedStage::UnderWay | QueuedStage::Parked => (None, None),
        };
        let mut tx = self.begin().await?;
        let written = sqlx::query(
            "UPDATE outbox SET state = $2, answer = $3, error = $4 WHERE client_ref = $1 \
             AND state IN (SELECT value FROM json_each($5))",
        )
        .bind(client_ref.as_str())
        .bind(to.name())
        .bind(answer)
        .bind(error)
        .bind(write(from))
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(written > 0)
    }

    /// Removes an item in one of the stages named; gives it back if it was there.
    pub async fn unqueue(&self, client_ref: &ClientRef, from: &[&str]) -> Result<Option<Queued>> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "DELETE FROM outbox WHERE client_ref = $1 \
             AND state IN (SELECT value FROM json_each($2)) \
             RETURNING client_ref, lane, conversation, command, queued_at, send_before, state, \
             answer, error",
        )
        .bind(client_ref.as_str())
        .bind(write(from))
        .fetch_optional(&mut *tx)
        .await?;
        let item = row.as_ref().map(queued).transpose()?;
        tx.commit().await?;
        Ok(item)
    }
}

fn queued(row: &SqliteRow) -> Result<Queued> {
    let state: &str = row.try_get("state")?;
    let stage = match state {
        "under_way" => QueuedStage::UnderWay,
        "answered" => {
            let answer: Option<&str> = row.try_get("answer")?;
            QueuedStage::Answered(read("outbox", answer.unwrap_or("{}"))?)
        }
        "parked" => QueuedStage::Parked,
        "refused" => {
            let error: Option<&str> = row.try_get("error")?;
            QueuedStage::Refused(read("outbox", error.unwrap_or("{}"))?)
        }
        _ => QueuedStage::Waiting,
    };
    Ok(Queued {
        client_ref: ClientRef::new(row.try_get::<String, _>("client_ref")?),
        lane: row.try_get("lane")?,
        conversation: row
            .try_get::<Option<String>, _>("conversation")?
            .map(ConversationId::new),
        command: read("outbox", row.try_get("command")?)?,
        queued_at: Time::from_millis(row.try_get("queued_at")?),
        send_before: time(row, "send_before")?,
        stage,
    })
}
