//! Messages, their reports and reactions.

use std::collections::HashSet;

use ajar_domain::{
    AgentId, ClientRef, ConversationId, MessageId, Time, WaMessageId,
    content::{Author, Content, Provenance},
    context::Context,
    delivery::{Delivery, Receipt, Report},
    opening::Occurrence,
    outbox::Doubts,
    price::Price,
};
use ajar_protocol::rows::{MessageRow, Position};

use super::{
    Conn, Result, Tx, either, from_json, from_word,
    many::{Lazily, Many},
    to_json, word,
};

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    rev: i64,
    conversation_id: String,
    position: String,
    wamid: Option<String>,
    client_ref: Option<String>,
    author_kind: String,
    author_agent: Option<String>,
    content: String,
    provenance: String,
    at: i64,
    received_at: i64,
    quotes: Option<String>,
    delivery: Option<String>,
    send_before: Option<i64>,
    earlier: Option<String>,
    context: Option<String>,
    price: Option<String>,
    doubts: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, rev, conversation_id, position, wamid, client_ref, author_kind, \
             author_agent, content, provenance, at, received_at, quotes, delivery, send_before, \
             earlier, context, (SELECT p.price FROM prices p WHERE p.wamid = messages.wamid) AS price, \
             (SELECT o.doubts FROM outbox o WHERE o.id = messages.id) AS doubts FROM messages ",
            $rest
        )
    };
}

pub(super) use select;

pub(super) fn author_columns(author: &Author) -> (&'static str, Option<&str>) {
    match author {
        Author::Customer => ("customer", None),
        Author::Agent { agent } => ("agent", Some(agent.as_str())),
        Author::Phone { claimed_by } => ("phone", claimed_by.as_ref().map(AgentId::as_str)),
        Author::OtherApp => ("other_app", None),
        Author::Platform => ("platform", None),
    }
}

pub(super) fn author_of(kind: &str, agent: Option<&str>) -> Author {
    match kind {
        "customer" => Author::Customer,
        "agent" => Author::Agent {
            agent: AgentId::new(agent.unwrap_or_default()),
        },
        "phone" => Author::Phone {
            claimed_by: agent.map(AgentId::new),
        },
        "platform" => Author::Platform,
        _ => Author::OtherApp,
    }
}

impl Row {
    pub(super) fn decode(self) -> Result<MessageRow> {
        Ok(MessageRow {
            author: author_of(&self.author_kind, self.author_agent.as_deref()),
            content: from_json(&self.content, "messages", &self.id)?,
            provenance: from_word(&self.provenance, "messages", &self.id)?,
            earlier: self
                .earlier
                .as_deref()
                .map(|json| from_json(json, "messages", &self.id))
                .transpose()?
                .unwrap_or_default(),
            context: self
                .context
                .as_deref()
                .map(|json| from_json(json, "messages", &self.id))
                .transpose()?
                .unwrap_or_default(),
            price: self
                .price
                .as_deref()
                .map(|json| from_json(json, "prices", &self.id))
                .transpose()?,
            doubt: self
                .doubts
                .as_deref()
                .map(|json| from_json::<Doubts>(json, "outbox", &self.id))
                .transpose()?
                .and_then(|doubts| doubts.since()),
            delivery: self
                .delivery
                .as_deref()
                .map(|json| from_json(json, "messages", &self.id))
                .transpose()?,
            id: MessageId::new(self.id),
            rev: self.rev,
            conversation: ConversationId::new(self.conversation_id),
            position: Position(self.position),
            wamid: self.wamid.map(WaMessageId::new),
            client_ref: self.client_ref.map(ClientRef::new),
            at: Time::from_millis(self.at),
            received_at: Time::from_millis(self.received_at),
            quotes: self.quotes.map(WaMessageId::new),
            reactions: Vec::new(),
            send_before: self.send_before.map(Time::from_millis),
        })
    }
}

/// Nearly all messages are plain: those have no column to read.
pub(super) fn context_column(context: &Context) -> Result<Option<String>> {
    (!context.is_plain()).then(|| to_json(context)).transpose()
}

/// What a message's tick says after Meta's reports. A text that Meta refused as outside the window
/// is parked, not failed.
pub(super) fn settled(base: Delivery, reports: &[Report]) -> Delivery {
    let parked = matches!(base, Delivery::Parked { .. });
    reports
        .iter()
        .filter(|report| !(parked && report.receipt <= Receipt::Failed))
        .fold(base, Delivery::apply)
}

/// A text that was not sent is no answer to a customer who waits.
pub(super) const fn is_answer(delivery: &Delivery) -> bool {
    !matches!(delivery, Delivery::Parked { .. } | Delivery::Failed { .. })
}

/// What is now known better about a message.
#[derive(Clone, Copy, Debug)]
pub struct Better<'a> {
    pub content: &'a Content,
    pub author: &'a Author,
    pub provenance: Provenance,
    pub occurrence: Occurrence,
    pub context: &'a Context,
    pub quotes: Option<&'a WaMessageId>,
    pub answers: bool,
    pub at: Time,
    pub position: &'a Position,
}

impl Conn {
    pub async fn message(&mut self, id: &str) -> Result<Option<MessageRow>> {
        const ONE: &str = select!("WHERE id = $1");
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        let Some(row) = row else { return Ok(None) };
        let mut one = vec![row.decode()?];
        self.with_reactions(&mut one).await?;
        Ok(one.pop())
    }

    pub async fn message_by_wamid(&mut self, wamid: &WaMessageId) -> Result<Option<MessageRow>> {
        const ONE: &str = select!("WHERE wamid = $1");
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(wamid.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    pub async fn count_messages(&mut self) -> Result<i64> {
        const COUNT: &str = "SELECT COUNT(*) FROM messages";
        let (count,): (i64,) = either!(self, |c| sqlx::query_as(COUNT).fetch_one(&mut **c).await)?;
        Ok(count)
    }

    /// Those of some messages of which anything is kept: a row, or what came before it.
    pub async fn known_messages(
        &mut self,
        wamids: &HashSet<WaMessageId>,
    ) -> Result<Vec<WaMessageId>> {
        static KNOWN: Lazily = Lazily::new(|| {
            Many::new(
                "WITH asked AS (VALUES",
                1,
                ") SELECT column1 FROM asked WHERE EXISTS (SELECT 1 FROM messages WHERE wamid = column1) \
                 OR EXISTS (SELECT 1 FROM reports WHERE wamid = column1) \
                 OR EXISTS (SELECT 1 FROM amendments WHERE target_wamid = column1) \
                 OR EXISTS (SELECT 1 FROM late_contents WHERE wamid = column1)",
            )
        });
        let all: Vec<&str> = wamids.iter().map(WaMessageId::as_str).collect();
        let mut known = Vec::new();
        for (sql, some) in KNOWN.of(self, &all) {
            let rows: Vec<(String,)> = either!(self, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for wamid in some {
                    query = query.bind(*wamid);
                }
                query.fetch_all(&mut **c).await
            })?;
            known.extend(rows.into_iter().map(|(wamid,)| WaMessageId::new(wamid)));
        }
        Ok(known)
    }

    /// The rows of some messages, without reactions.
    pub async fn messages_by_wamid(&mut self, wamids: &[&WaMessageId]) -> Result<Vec<MessageRow>> {
        static THESE: Lazily = Lazily::new(|| Many::new(select!("WHERE wamid IN (VALUES"), 1, ")"));
        let mut found = Vec::new();
        for (sql, some) in THESE.of(self, wamids) {
            let rows: Vec<Row> = either!(self, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for wamid in some {
                    query = query.bind(wamid.as_str());
                }
                query.fetch_all(&mut **c).await
            })?;
            for row in rows {
                found.push(row.decode()?);
            }
        }
        Ok(found)
    }

    /// At most `limit` messages before `before`, oldest first.
    pub async fn messages_before(
        &mut self,
        conversation: &ConversationId,
        before: &str,
        limit: i64,
    ) -> Result<Vec<MessageRow>> {
        const PAGE: &str =
            select!("WHERE conversation_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3");
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(PAGE)
            .bind(conversation.as_str())
            .bind(before)
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        let mut rows: Vec<MessageRow> = rows.into_iter().map(Row::decode).collect::<Result<_>>()?;
        rows.reverse();
        self.with_reactions(&mut rows).await?;
        Ok(rows)
    }

    /// Meta's reports about a message so far.
    pub async fn reports(&mut self, wamid: &WaMessageId) -> Result<Vec<Report>> {
        const OF: &str = "SELECT receipt, at, failure FROM reports WHERE wamid = $1";
        let rows: Vec<(String, i64, Option<String>)> = either!(self, |c| sqlx::query_as(OF)
            .bind(wamid.as_str())
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter()
            .map(|(receipt, at, failure)| {
                Ok(Report {
                    receipt: from_word(&receipt, "reports", wamid.as_str())?,
                    at: Time::from_millis(at),
                    failure: failure
                        .as_deref()
                        .map(|json| from_json(json, "reports", wamid.as_str()))
                        .transpose()?,
                })
            })
            .collect()
    }

    /// The customer's newest live messages before nothing, for read marks.
    pub async fn newest_customer_wamid(
        &mut self,
        conversation: &ConversationId,
    ) -> Result<Option<WaMessageId>> {
        const NEWEST: &str = "SELECT wamid FROM messages WHERE conversation_id = $1 \
             AND author_kind = 'customer' AND provenance = 'live' AND wamid IS NOT NULL \
             ORDER BY position DESC LIMIT 1";
        let row: Option<(Option<String>,)> = either!(self, |c| sqlx::query_as(NEWEST)
            .bind(conversation.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.and_then(|(wamid,)| wamid).map(WaMessageId::new))
    }

    /// Held and parked texts of a conversation, oldest first.
    pub async fn waiting_texts(&mut self, conversation: &ConversationId) -> Result<Vec<MessageId>> {
        const WAITING: &str = "SELECT m.id FROM messages m JOIN outbox o ON o.id = m.id \
             WHERE m.conversation_id = $1 AND o.state = 'parked' ORDER BY m.position";
        let rows: Vec<(String,)> = either!(self, |c| sqlx::query_as(WAITING)
            .bind(conversation.as_str())
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| MessageId::new(id)).collect())
    }
}

impl Tx {
    /// What came first as a placeholder, or from the phone's past, is now known better: its
    /// contents, where it came from and what it means for the window. Its id, its place in the
    /// thread and its ticks stay.
    pub async fn replace_message(&mut self, id: &MessageId, new: &Better<'_>) -> Result<()> {
        const WRITE: &str = "UPDATE messages SET rev = $2, content = $3, provenance = $4, \
             occurrence = $5, context = $6, quotes = COALESCE($7, quotes), answers = $8, \
             author_kind = $9, at = $10, position = $11 WHERE id = $1";
        let rev = self.touch("message", id.as_str());
        let content = to_json(new.content)?;
        let context = context_column(new.context)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&content)
            .bind(word(new.provenance))
            .bind(word(new.occurrence))
            .bind(&context)
            .bind(new.quotes.map(WaMessageId::as_str))
            .bind(i64::from(new.answers))
            .bind(author_columns(new.author).0)
            .bind(new.at.millis())
            .bind(&new.position.0)
            .execute(&mut **c)
            .await
            .map(drop))?;
        self.index_words(id, new.content).await
    }

    /// Keeps the class of a message's price; of two the greater text, so that order does not
    /// matter. Returns whether it was news.
    pub async fn note_price(&mut self, wamid: &WaMessageId, price: &Price) -> Result<bool> {
        const NOTE: &str = "INSERT INTO prices (wamid, price) VALUES ($1, $2) \
             ON CONFLICT (wamid) DO UPDATE SET price = excluded.price \
             WHERE prices.price < excluded.price RETURNING wamid";
        let json = to_json(price)?;
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(NOTE)
            .bind(wamid.as_str())
            .bind(&json)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// Keeps the contents of a history message until its placeholder comes, or for it.
    pub async fn keep_late_content(&mut self, wamid: &WaMessageId, body: &str) -> Result<()> {
        const KEEP: &str = "INSERT INTO late_contents (wamid, body) VALUES ($1, $2) \
             ON CONFLICT (wamid) DO NOTHING";
        either!(&mut self.conn, |c| sqlx::query(KEEP)
            .bind(wamid.as_str())
            .bind(body)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The contents that came before their placeholder; they are needed once.
    pub async fn take_late_content(&mut self, wamid: &WaMessageId) -> Result<Option<String>> {
        const TAKE: &str = "DELETE FROM late_contents WHERE wamid = $1 RETURNING body";
        let row: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(TAKE)
            .bind(wamid.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(body,)| body))
    }

    /// Numbers a change whose columns were written elsewhere (reactions, media).
    pub async fn stamp_message(&mut self, id: &MessageId) -> Result<()> {
        const STAMP: &str = "UPDATE messages SET rev = $2 WHERE id = $1";
        let rev = self.touch("message", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(STAMP)
            .bind(id.as_str())
            .bind(rev)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn write_content(&mut self, id: &MessageId, content: &Content) -> Result<()> {
        const WRITE: &str = "UPDATE messages SET rev = $2, content = $3 WHERE id = $1";
        let rev = self.touch("message", id.as_str());
        let json = to_json(content)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// A message that goes out again stands where it is now said.
    pub async fn move_message(
        &mut self,
        id: &MessageId,
        position: &Position,
        at: Time,
        send_before: Option<Time>,
    ) -> Result<()> {
        const MOVE: &str =
            "UPDATE messages SET rev = $2, position = $3, at = $4, send_before = $5 WHERE id = $1";
        let rev = self.touch("message", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(MOVE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&position.0)
            .bind(at.millis())
            .bind(send_before.map(Time::millis))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn claim_author(&mut self, id: &MessageId, agent: Option<&AgentId>) -> Result<()> {
        const CLAIM: &str = "UPDATE messages SET rev = $2, author_agent = $3 \
             WHERE id = $1 AND author_kind = 'phone'";
        let rev = self.touch("message", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(CLAIM)
            .bind(id.as_str())
            .bind(rev)
            .bind(agent.map(AgentId::as_str))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// What our outbox knows of the message now; Meta's reports are applied on top.
    pub async fn write_base(
        &mut self,
        id: &MessageId,
        base: &Delivery,
        wamid: Option<&WaMessageId>,
    ) -> Result<()> {
        const WRITE: &str = "UPDATE messages SET rev = $2, base_delivery = $3, delivery = $3, \
             wamid = COALESCE($4, wamid), answers = $5 WHERE id = $1";
        if let Some(wamid) = wamid {
            self.drop_double(id, wamid).await?;
        }
        let rev = self.touch("message", id.as_str());
        let json = to_json(base)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&json)
            .bind(wamid.map(WaMessageId::as_str))
            .bind(i64::from(is_answer(base)))
            .execute(&mut **c)
            .await
            .map(drop))?;
        if let Some(wamid) = wamid {
            self.settle_delivery(id, wamid).await?;
            self.settle_words(id, wamid).await?;
        }
        Ok(())
    }

    /// An echo of our own message came before the answer to our request and made a row of its
    /// own: it is the same message, so that row goes.
    async fn drop_double(&mut self, id: &MessageId, wamid: &WaMessageId) -> Result<()> {
        let double = self.conn.message_by_wamid(wamid).await?;
        if let Some(double) = double.filter(|double| double.id != *id) {
            self.remove_message(&double.id).await?;
        }
        Ok(())
    }

    pub async fn remove_message(&mut self, id: &MessageId) -> Result<()> {
        const REMOVE: &str = "DELETE FROM messages WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(REMOVE)
            .bind(id.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        self.touch_gone("message_removed", id.as_str(), None);
        Ok(())
    }

    /// Keeps a report of Meta's; of two of one kind the earlier. Returns whether it was new.
    pub async fn add_report(&mut self, wamid: &WaMessageId, report: &Report) -> Result<bool> {
        const ADD: &str = "INSERT INTO reports (wamid, receipt, at, failure) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (wamid, receipt) DO UPDATE SET at = excluded.at, failure = excluded.failure \
             WHERE reports.at > excluded.at RETURNING at";
        let failure = report.failure.as_ref().map(to_json).transpose()?;
        let done: Option<(i64,)> = either!(&mut self.conn, |c| sqlx::query_as(ADD)
            .bind(wamid.as_str())
            .bind(word(report.receipt))
            .bind(report.at.millis())
            .bind(&failure)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// Applies all reports about `wamid` to the message's tick.
    pub async fn settle_delivery(&mut self, id: &MessageId, wamid: &WaMessageId) -> Result<()> {
        const BASE: &str = "SELECT base_delivery, delivery FROM messages WHERE id = $1";
        const WRITE: &str =
            "UPDATE messages SET rev = $2, delivery = $3, answers = $4 WHERE id = $1";
        let row: Option<(Option<String>, Option<String>)> =
            either!(&mut self.conn, |c| sqlx::query_as(BASE)
                .bind(id.as_str())
                .fetch_optional(&mut **c)
                .await)?;
        let Some((Some(base), now)) = row else {
            return Ok(());
        };
        let base: Delivery = from_json(&base, "messages", id.as_str())?;
        let reports = self.conn.reports(wamid).await?;
        let settled = settled(base, &reports);
        let json = to_json(&settled)?;
        if now.as_deref() == Some(json.as_str()) {
            return Ok(());
        }
        let rev = self.touch("message", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&json)
            .bind(i64::from(is_answer(&settled)))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
