//! The hub's outbox in the database: durable before anything leaves, claimed by one process.

use ajar_domain::{
    ConversationId, InboxId, Time, WaMessageId,
    outbox::{Outbound, Right},
    template::FilledTemplate,
};
use serde::{Deserialize, Serialize};

use super::{Conn, Result, Tx, either, from_json, to_json};

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payload {
    Text {
        body: String,
        reply_to: Option<WaMessageId>,
    },
    Template {
        filled: Box<FilledTemplate>,
    },
    /// Blue ticks for this and earlier messages of the customer.
    MarkRead {
        wamid: WaMessageId,
    },
}

/// One row of the outbox. Its id is the message's id, or `read:<wamid>`.
#[derive(Clone, Debug)]
pub struct OutRow {
    pub id: String,
    pub inbox: InboxId,
    pub conversation: ConversationId,
    pub seq: i64,
    pub payload: Payload,
    pub right: Right,
    pub state: Outbound,
    pub attempt: u32,
    pub queued_at: Time,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    inbox_id: String,
    conversation_id: String,
    seq: i64,
    payload: String,
    rights: String,
    detail: String,
    attempt: i64,
    queued_at: i64,
}

impl Row {
    fn decode(self) -> Result<OutRow> {
        Ok(OutRow {
            payload: from_json(&self.payload, "outbox", &self.id)?,
            right: from_json(&self.rights, "outbox", &self.id)?,
            state: from_json(&self.detail, "outbox", &self.id)?,
            inbox: InboxId::new(self.inbox_id),
            conversation: ConversationId::new(self.conversation_id),
            seq: self.seq,
            attempt: u32::try_from(self.attempt).unwrap_or(0),
            queued_at: Time::from_millis(self.queued_at),
            id: self.id,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.inbox_id, o.conversation_id, o.seq, o.payload, o.rights, o.detail, \
             o.attempt, o.queued_at FROM outbox o ",
            $rest
        )
    };
}

fn state_word(state: &Outbound) -> &'static str {
    match state {
        Outbound::Waiting { .. } => "waiting",
        Outbound::Sending { .. } => "sending",
        Outbound::Uncertain { .. } => "uncertain",
        Outbound::Accepted { .. } => "accepted",
        Outbound::Failed { .. } => "failed",
        Outbound::Parked { .. } => "parked",
    }
}

/// The column by which the worker finds what is due: when to try, or since when it is under way.
fn due_at(state: &Outbound) -> Time {
    match state {
        Outbound::Waiting { not_before, .. } => *not_before,
        Outbound::Sending { since, .. }
        | Outbound::Uncertain { since }
        | Outbound::Parked { since, .. } => *since,
        Outbound::Accepted { at, .. } | Outbound::Failed { at, .. } => *at,
    }
}

impl Conn {
    pub async fn outbox_row(&mut self, id: &str) -> Result<Option<OutRow>> {
        const ONE: &str = select!("WHERE o.id = $1");
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    /// What may leave now: due, nothing earlier of its conversation still under way, neither
    /// its number nor its customer held back. At most one row of a conversation, so that one
    /// agent's burst never starves the others.
    pub async fn due(&mut self, now: Time, limit: i64) -> Result<Vec<OutRow>> {
        const DUE: &str = select!(
            "JOIN conversations v ON v.id = o.conversation_id \
             JOIN inboxes i ON i.id = o.inbox_id \
             WHERE o.state = 'waiting' AND o.not_before <= $1 \
             AND (v.pause_until IS NULL OR v.pause_until <= $1) \
             AND (i.pause_until IS NULL OR i.pause_until <= $1) \
             AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id \
             AND e.seq < o.seq AND e.state IN ('waiting', 'sending')) \
             ORDER BY o.queued_at, o.seq LIMIT $2"
        );
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(DUE)
            .bind(now.millis())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// The next moment at which something that waits may become due.
    pub async fn next_due(&mut self, now: Time) -> Result<Option<Time>> {
        const NEXT: &str = "SELECT MIN(CASE \
             WHEN v.pause_until IS NOT NULL AND v.pause_until > o.not_before THEN v.pause_until \
             WHEN i.pause_until IS NOT NULL AND i.pause_until > o.not_before THEN i.pause_until \
             ELSE o.not_before END) FROM outbox o \
             JOIN conversations v ON v.id = o.conversation_id \
             JOIN inboxes i ON i.id = o.inbox_id WHERE o.state = 'waiting'";
        let (next,): (Option<i64>,) =
            either!(self, |c| sqlx::query_as(NEXT).fetch_one(&mut **c).await)?;
        // What is due already but stands behind another row wakes with that row.
        Ok(next.map(Time::from_millis).filter(|next| *next > now))
    }

    /// Requests under way since before `since`: whoever sent them died.
    pub async fn stale_sending(&mut self, since: Time) -> Result<Vec<OutRow>> {
        const STALE: &str = select!("WHERE o.state = 'sending' AND o.not_before <= $1");
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(STALE)
            .bind(since.millis())
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// How many rows are in each state, for the metrics.
    pub async fn outbox_counts(&mut self) -> Result<Vec<(String, i64)>> {
        const COUNTS: &str = "SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state";
        Ok(either!(self, |c| sqlx::query_as(COUNTS)
            .fetch_all(&mut **c)
            .await)?)
    }
}

impl Tx {
    pub async fn enqueue(&mut self, row: &OutRow) -> Result<()> {
        const ADD: &str = "INSERT INTO outbox (id, inbox_id, conversation_id, seq, payload, rights, \
             state, detail, not_before, attempt, queued_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING";
        let payload = to_json(&row.payload)?;
        let rights = to_json(&row.right)?;
        let detail = to_json(&row.state)?;
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(&row.id)
            .bind(row.inbox.as_str())
            .bind(row.conversation.as_str())
            .bind(row.seq)
            .bind(&payload)
            .bind(&rights)
            .bind(state_word(&row.state))
            .bind(&detail)
            .bind(due_at(&row.state).millis())
            .bind(i64::from(row.attempt))
            .bind(row.queued_at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes a waiting row for one request. `false`: another process was quicker.
    pub async fn claim(&mut self, row: &OutRow, process: &str, now: Time) -> Result<bool> {
        const CLAIM: &str = "UPDATE outbox SET state = 'sending', claimed_by = $2, attempt = $3, \
             detail = $4, not_before = $5 WHERE id = $1 AND state = 'waiting' RETURNING id";
        let attempt = row.attempt + 1;
        let detail = to_json(&Outbound::Sending {
            attempt,
            since: now,
        })?;
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(CLAIM)
            .bind(&row.id)
            .bind(process)
            .bind(i64::from(attempt))
            .bind(&detail)
            .bind(now.millis())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    pub async fn write_outbound(&mut self, id: &str, state: &Outbound) -> Result<()> {
        const WRITE: &str =
            "UPDATE outbox SET state = $2, detail = $3, not_before = $4 WHERE id = $1";
        let detail = to_json(state)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id)
            .bind(state_word(state))
            .bind(&detail)
            .bind(due_at(state).millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Puts a settled row back in line, at the end of its conversation.
    pub async fn requeue(&mut self, id: &str, right: &Right, seq: i64, now: Time) -> Result<()> {
        const AGAIN: &str = "UPDATE outbox SET state = 'waiting', detail = $2, rights = $3, \
             not_before = $4, attempt = 0, seq = $5, queued_at = $4 WHERE id = $1";
        let detail = to_json(&Outbound::queued(now))?;
        let rights = to_json(right)?;
        either!(&mut self.conn, |c| sqlx::query(AGAIN)
            .bind(id)
            .bind(&detail)
            .bind(&rights)
            .bind(now.millis())
            .bind(seq)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn remove_outbound(&mut self, id: &str) -> Result<()> {
        const REMOVE: &str = "DELETE FROM outbox WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(REMOVE)
            .bind(id)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Nothing to Meta for this customer before `until` (131056).
    pub async fn hold_recipient(
        &mut self,
        conversation: &ConversationId,
        until: Time,
    ) -> Result<()> {
        const SET: &str = "UPDATE conversations SET pause_until = $2 WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(conversation.as_str())
            .bind(until.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
