//! The hub's outbox in the database: durable before anything leaves, claimed by one process.

use std::collections::BTreeMap;

use ajar_domain::{
    AgentId, ConversationId, InboxId, MediaId, MessageId, Time, WaMessageId,
    attachment::AttachmentKind,
    outbox::{Doubts, Outbound, Reference, Right},
    outgoing::Outgoing,
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
        /// Its files by field key.
        #[serde(default)]
        files: BTreeMap<String, HandedFile>,
    },
    Content {
        content: Outgoing,
        reply_to: Option<WaMessageId>,
    },
    /// An emoji on a message, or none any more.
    Reaction {
        message: MessageId,
        target: WaMessageId,
        emoji: Option<String>,
    },
    File {
        file: MediaId,
        goes_as: AttachmentKind,
        mime_type: String,
        name: Option<String>,
        caption: Option<String>,
        reply_to: Option<WaMessageId>,
        /// Meta's id of it, once Meta has it.
        uploaded: Option<String>,
    },
    /// Blue ticks for this and earlier messages of the customer.
    MarkRead { wamid: WaMessageId },
}

/// A file on its way to Meta.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedFile {
    pub file: MediaId,
    pub mime_type: String,
    pub name: Option<String>,
    /// Meta's id of it, once Meta has it.
    pub uploaded: Option<String>,
}

impl HandedFile {
    /// As Meta knows it, with the name that people see.
    #[must_use]
    pub fn uploaded_as(&self) -> Option<(String, Option<String>)> {
        Some((self.uploaded.clone()?, self.name.clone()))
    }
}

/// The next file that must go to Meta before the message can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToUpload {
    pub file: MediaId,
    pub mime_type: String,
    pub name: Option<String>,
}

impl Payload {
    #[must_use]
    pub fn to_upload(&self) -> Option<ToUpload> {
        match self {
            Self::File {
                file,
                mime_type,
                name,
                uploaded: None,
                ..
            } => Some(ToUpload {
                file: file.clone(),
                mime_type: mime_type.clone(),
                name: name.clone(),
            }),
            Self::Template { files, .. } => files
                .values()
                .find(|file| file.uploaded.is_none())
                .map(|file| ToUpload {
                    file: file.file.clone(),
                    mime_type: file.mime_type.clone(),
                    name: file.name.clone(),
                }),
            _ => None,
        }
    }

    /// Meta has this file.
    fn note_uploaded(&mut self, handed: &MediaId, meta_id: &str) {
        match self {
            Self::File { file, uploaded, .. } if file == handed => {
                *uploaded = Some(meta_id.to_owned());
            }
            Self::Template { files, .. } => {
                for file in files.values_mut().filter(|file| file.file == *handed) {
                    file.uploaded = Some(meta_id.to_owned());
                }
            }
            _ => {}
        }
    }

    /// A person sends it again: what Meta had of it may be gone by now (it keeps files for 30
    /// days), so it goes there anew.
    #[must_use]
    pub fn anew(mut self) -> Self {
        match &mut self {
            Self::File { uploaded, .. } => *uploaded = None,
            Self::Template { files, .. } => {
                for file in files.values_mut() {
                    file.uploaded = None;
                }
            }
            _ => {}
        }
        self
    }

    /// A read mark is a courtesy: it is not shown, nothing waits for it, and it counts for no pace.
    #[must_use]
    pub const fn is_mark(&self) -> bool {
        matches!(self, Self::MarkRead { .. })
    }
}

/// One row of the outbox. Its id is the message's id, `read:<wamid>`, or `react:<id>`.
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
    pub generation: u32,
    /// Who asked for it; unknown in rows of earlier versions whose message has no agent.
    pub agent: Option<AgentId>,
    pub doubts: Doubts,
}

impl OutRow {
    /// Under which its statuses come back.
    #[must_use]
    pub fn reference(&self) -> Reference {
        Reference {
            id: self.id.clone(),
            generation: self.generation,
        }
    }
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
    generation: i64,
    agent_id: Option<String>,
    doubts: Option<String>,
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
            generation: u32::try_from(self.generation).unwrap_or(u32::MAX),
            agent: self.agent_id.map(AgentId::new),
            doubts: self
                .doubts
                .as_deref()
                .map(|json| from_json(json, "outbox", &self.id))
                .transpose()?
                .unwrap_or_default(),
            id: self.id,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.inbox_id, o.conversation_id, o.seq, o.payload, o.rights, o.detail, \
             o.attempt, o.queued_at, o.generation, o.agent_id, o.doubts FROM outbox o ",
            $rest
        )
    };
}

fn state_word(state: &Outbound) -> &'static str {
    match state {
        Outbound::Scheduled { .. } => "scheduled",
        Outbound::Waiting { .. } => "waiting",
        Outbound::Sending { .. } => "sending",
        Outbound::Uncertain {
            dismissed: false, ..
        } => "uncertain",
        // It asks nobody for anything any more, so no count of open questions finds it.
        Outbound::Uncertain {
            dismissed: true, ..
        } => "dismissed",
        Outbound::Accepted { .. } => "accepted",
        Outbound::Failed { .. } => "failed",
        Outbound::Parked { .. } => "parked",
    }
}

/// The column by which the worker finds what is due: when to try, or since when it is under way.
fn due_at(state: &Outbound) -> Time {
    match state {
        Outbound::Scheduled { at } => *at,
        Outbound::Waiting { not_before, .. } => *not_before,
        Outbound::Sending { since, .. }
        | Outbound::Uncertain { since, .. }
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

    /// What may leave now: due, nothing earlier of its conversation still under way, neither its
    /// number nor its customer held back or paused. At most one message of a conversation.
    ///
    /// Agents take turns: the first that waits of each, then the second of each. A read mark keeps
    /// no order with messages, so it holds none of them up.
    pub async fn due(&mut self, now: Time, limit: i64) -> Result<Vec<OutRow>> {
        const DUE: &str = "SELECT q.id, q.inbox_id, q.conversation_id, q.seq, q.payload, q.rights, \
             q.detail, q.attempt, q.queued_at, q.generation, q.agent_id, q.doubts FROM \
             (SELECT o.*, ROW_NUMBER() OVER (PARTITION BY o.agent_id \
             ORDER BY o.queued_at, o.seq, o.id) AS turn FROM outbox o \
             JOIN conversations v ON v.id = o.conversation_id \
             JOIN inboxes i ON i.id = o.inbox_id \
             WHERE o.state = 'waiting' AND o.not_before <= $1 AND i.paused IS NULL \
             AND (v.pause_until IS NULL OR v.pause_until <= $1) \
             AND (i.pause_until IS NULL OR i.pause_until <= $1) \
             AND (o.id LIKE 'read:%' OR NOT EXISTS (SELECT 1 FROM outbox e \
             WHERE e.conversation_id = o.conversation_id AND e.seq < o.seq \
             AND e.state IN ('waiting', 'sending') AND e.id NOT LIKE 'read:%'))) q \
             ORDER BY q.turn, q.queued_at, q.seq, q.id LIMIT $2";
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(DUE)
            .bind(now.millis())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// The next moment at which something that waits may become due.
    pub async fn next_due(&mut self, now: Time) -> Result<Option<Time>> {
        // What is due already but stands behind another row, or for a paused number, wakes with
        // that row, or with the number: it must not hide what only waits for its time.
        const NEXT: &str = "SELECT MIN(q.at) FROM (SELECT CASE \
             WHEN COALESCE(v.pause_until, 0) >= o.not_before \
             AND COALESCE(v.pause_until, 0) >= COALESCE(i.pause_until, 0) THEN v.pause_until \
             WHEN COALESCE(i.pause_until, 0) >= o.not_before THEN i.pause_until \
             ELSE o.not_before END AS at FROM outbox o \
             JOIN conversations v ON v.id = o.conversation_id \
             JOIN inboxes i ON i.id = o.inbox_id \
             WHERE o.state = 'waiting' AND i.paused IS NULL) q WHERE q.at > $1";
        let (next,): (Option<i64>,) = either!(self, |c| sqlx::query_as(NEXT)
            .bind(now.millis())
            .fetch_one(&mut **c)
            .await)?;
        Ok(next.map(Time::from_millis))
    }

    /// Scheduled messages whose moment has come, the oldest first.
    pub async fn schedule_due(&mut self, now: Time, limit: i64) -> Result<Vec<OutRow>> {
        const DUE: &str = select!(
            "WHERE o.state = 'scheduled' AND o.not_before <= $1 \
             ORDER BY o.not_before, o.seq, o.id LIMIT $2"
        );
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(DUE)
            .bind(now.millis())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// When the next scheduled message wants to leave.
    pub async fn next_scheduled(&mut self) -> Result<Option<Time>> {
        const NEXT: &str = "SELECT MIN(not_before) FROM outbox WHERE state = 'scheduled'";
        let (next,): (Option<i64>,) =
            either!(self, |c| sqlx::query_as(NEXT).fetch_one(&mut **c).await)?;
        Ok(next.map(Time::from_millis))
    }

    /// What waits although the deadline it carries has passed, the oldest first.
    pub async fn past_deadline(&mut self, now: Time, limit: i64) -> Result<Vec<OutRow>> {
        const PAST: &str = select!(
            "WHERE o.state = 'waiting' AND o.send_before <= $1 ORDER BY o.send_before LIMIT $2"
        );
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(PAST)
            .bind(now.millis())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    /// The earliest deadline of what waits.
    pub async fn next_deadline(&mut self) -> Result<Option<Time>> {
        const NEXT: &str = "SELECT MIN(send_before) FROM outbox WHERE state = 'waiting'";
        let (next,): (Option<i64>,) =
            either!(self, |c| sqlx::query_as(NEXT).fetch_one(&mut **c).await)?;
        Ok(next.map(Time::from_millis))
    }

    /// When requests for messages of this number were last made, by any hub: the newest `most`.
    pub async fn sent_for_number(
        &mut self,
        inbox: &InboxId,
        since: Time,
        most: i64,
    ) -> Result<Vec<Time>> {
        const RECENT: &str = "SELECT claimed_at FROM outbox \
             WHERE inbox_id = $1 AND claimed_at > $2 ORDER BY claimed_at DESC LIMIT $3";
        let rows: Vec<(i64,)> = either!(self, |c| sqlx::query_as(RECENT)
            .bind(inbox.as_str())
            .bind(since.millis())
            .bind(most)
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(at,)| Time::from_millis(at))
            .collect())
    }

    /// When requests for messages of this conversation were made, by any hub, in order.
    pub async fn sent_in_conversation(
        &mut self,
        conversation: &ConversationId,
        since: Time,
    ) -> Result<Vec<Time>> {
        const RECENT: &str = "SELECT claimed_at FROM outbox \
             WHERE conversation_id = $1 AND claimed_at > $2 ORDER BY claimed_at";
        let rows: Vec<(i64,)> = either!(self, |c| sqlx::query_as(RECENT)
            .bind(conversation.as_str())
            .bind(since.millis())
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(at,)| Time::from_millis(at))
            .collect())
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
    /// Meta has the file of a row that waits.
    pub async fn note_uploaded(
        &mut self,
        row: &OutRow,
        file: &MediaId,
        meta_id: &str,
    ) -> Result<()> {
        const NOTE: &str = "UPDATE outbox SET payload = $2 WHERE id = $1";
        let mut payload = row.payload.clone();
        payload.note_uploaded(file, meta_id);
        let json = to_json(&payload)?;
        either!(&mut self.conn, |c| sqlx::query(NOTE)
            .bind(&row.id)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn enqueue(&mut self, row: &OutRow) -> Result<()> {
        const ADD: &str = "INSERT INTO outbox (id, inbox_id, conversation_id, seq, payload, rights, \
             state, detail, not_before, attempt, queued_at, generation, agent_id, send_before) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT (id) DO NOTHING";
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
            .bind(i64::from(row.generation))
            .bind(row.agent.as_ref().map(AgentId::as_str))
            .bind(row.right.send_before().map(Time::millis))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes a waiting row for one request. `false`: another process was quicker.
    pub async fn claim(&mut self, row: &OutRow, process: &str, now: Time) -> Result<bool> {
        const CLAIM: &str = "UPDATE outbox SET state = 'sending', claimed_by = $2, attempt = $3, \
             detail = $4, not_before = $5, claimed_at = $6 \
             WHERE id = $1 AND state = 'waiting' RETURNING id";
        let attempt = row.attempt + 1;
        let detail = to_json(&Outbound::Sending {
            attempt,
            since: now,
            earlier: None,
        })?;
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(CLAIM)
            .bind(&row.id)
            .bind(process)
            .bind(i64::from(attempt))
            .bind(&detail)
            .bind(now.millis())
            .bind((!row.payload.is_mark()).then_some(now.millis()))
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    pub async fn write_outbound(&mut self, id: &str, state: &Outbound) -> Result<()> {
        const WRITE: &str = "UPDATE outbox SET state = $2, detail = $3, not_before = $4, \
             attempt = COALESCE($5, attempt) WHERE id = $1";
        let detail = to_json(state)?;
        let attempt = match state {
            Outbound::Waiting { attempt, .. } => Some(i64::from(*attempt)),
            _ => None,
        };
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id)
            .bind(state_word(state))
            .bind(&detail)
            .bind(due_at(state).millis())
            .bind(attempt)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Which sendings of it are in doubt. The message says so beside its tick.
    pub async fn write_doubts(&mut self, id: &str, doubts: &Doubts) -> Result<()> {
        const WRITE: &str = "UPDATE outbox SET doubts = $2 WHERE id = $1";
        let json = doubts.since().map(|_| to_json(doubts)).transpose()?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// A newer opening lengthened the deadline of a row that waits, and so of its message.
    pub async fn lengthen(&mut self, id: &str, right: &Right) -> Result<()> {
        const ROW: &str = "UPDATE outbox SET rights = $2, send_before = $3 WHERE id = $1";
        const MESSAGE: &str = "UPDATE messages SET rev = $2, send_before = $3 WHERE id = $1";
        let rights = to_json(right)?;
        let send_before = right.send_before().map(Time::millis);
        let rev = self.touch("message", id);
        either!(&mut self.conn, |c| {
            sqlx::query(ROW)
                .bind(id)
                .bind(&rights)
                .bind(send_before)
                .execute(&mut **c)
                .await?;
            sqlx::query(MESSAGE)
                .bind(id)
                .bind(rev)
                .bind(send_before)
                .execute(&mut **c)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Puts a settled row back in line, at the end of its conversation and as a new generation.
    ///
    /// Its message forgets Meta's id of the sending before: reports about that one are not about
    /// the message any more, unless they say that it went out after all.
    pub async fn requeue(&mut self, again: &OutRow) -> Result<()> {
        const AGAIN: &str = "UPDATE outbox SET state = $2, detail = $3, rights = $4, \
             not_before = $5, attempt = 0, seq = $6, queued_at = $7, generation = $8, \
             agent_id = $9, send_before = $10, payload = $11 WHERE id = $1";
        const FORGET: &str = "UPDATE messages SET wamid = NULL WHERE id = $1";
        let detail = to_json(&again.state)?;
        let rights = to_json(&again.right)?;
        let payload = to_json(&again.payload)?;
        either!(&mut self.conn, |c| {
            sqlx::query(AGAIN)
                .bind(&again.id)
                .bind(state_word(&again.state))
                .bind(&detail)
                .bind(&rights)
                .bind(due_at(&again.state).millis())
                .bind(again.seq)
                .bind(again.queued_at.millis())
                .bind(i64::from(again.generation))
                .bind(again.agent.as_ref().map(AgentId::as_str))
                .bind(again.right.send_before().map(Time::millis))
                .bind(&payload)
                .execute(&mut **c)
                .await?;
            sqlx::query(FORGET)
                .bind(&again.id)
                .execute(&mut **c)
                .await
                .map(drop)
        })?;
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

    /// Nothing to Meta for this customer before `until`. A longer pause stays.
    pub async fn hold_recipient(
        &mut self,
        conversation: &ConversationId,
        until: Time,
    ) -> Result<()> {
        const SET: &str = "UPDATE conversations SET pause_until = $2 \
             WHERE id = $1 AND (pause_until IS NULL OR pause_until < $2)";
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(conversation.as_str())
            .bind(until.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
