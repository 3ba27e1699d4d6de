//! Conversations: the heads, and the window's facts.

use std::collections::BTreeMap;

use ajar_domain::{
    AgentId, ConversationId, CustomerId, InboxId, MessageId, Time,
    composer::PhoneFirst,
    conversation::Progress,
    customer::{PhoneNumber, as_name},
    window::{Opening, Refusal, WindowFacts},
};
use ajar_protocol::rows::{ConversationRow, Customer, HandledElsewhere, Position};

use super::{
    Conn, Result, Tx, either, from_json, from_word,
    many::{Lazily, Many},
    pause, to_json, word,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rev: i64,
    inbox_id: String,
    customer_id: String,
    activity_at: i64,
    last_line: Option<String>,
    unread: i64,
    waiting_since: Option<i64>,
    opening_event: Option<String>,
    opening_kind: Option<String>,
    opening_meta_at: Option<i64>,
    opening_received_at: Option<i64>,
    refusal_at: Option<i64>,
    refusal_message: Option<String>,
    phone_first_at: Option<i64>,
    phone_first_by: Option<String>,
    only_history: i64,
    first_customer_at: Option<i64>,
    last_customer_at: Option<i64>,
    assignee: Option<String>,
    progress: String,
    labels: String,
    parked: i64,
    seen_upto: String,
    phone: Option<String>,
    username: Option<String>,
    book_name: Option<String>,
    profile_name: Option<String>,
    given_name: Option<String>,
    about: String,
    blocked: Option<String>,
    blocked_at: Option<i64>,
    moved_at: Option<i64>,
    marketing: Option<i64>,
    marketing_at: i64,
    free_until: Option<i64>,
    elsewhere_at: Option<i64>,
    elsewhere_owner: Option<String>,
    ours_at: Option<i64>,
    /// Whether doubts or joined chats must be looked up: most conversations have none.
    merged: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.rev, v.inbox_id, v.customer_id, v.activity_at, v.last_line, v.unread, \
             v.waiting_since, v.opening_event, v.opening_kind, v.opening_meta_at, \
             v.opening_received_at, v.refusal_at, v.refusal_message, v.phone_first_at, \
             v.phone_first_by, v.only_history, v.first_customer_at, v.last_customer_at, v.assignee, \
             v.progress, v.labels, v.parked, v.seen_upto, k.phone, k.username, k.book_name, \
             k.profile_name, k.given_name, k.about, k.blocked, k.blocked_at, k.moved_at, \
             k.marketing, k.marketing_at, v.free_until, v.elsewhere_at, v.elsewhere_owner, v.ours_at, \
             (SELECT COUNT(*) FROM merges g WHERE g.state <> 'apart' \
             AND (g.kept_customer = k.id OR g.gone_customer = k.id)) AS merged \
             FROM conversations v JOIN customers k ON k.id = v.customer_id ",
            $rest
        )
    };
}

/// International form with spaces, as people write numbers.
#[must_use]
pub fn show_number(number: &PhoneNumber) -> String {
    let plus = format!("+{}", number.digits());
    phonenumber::parse(None, &plus).map_or(plus, |parsed| {
        parsed
            .format()
            .mode(phonenumber::Mode::International)
            .to_string()
    })
}

impl Row {
    fn facts(&self) -> Result<WindowFacts> {
        let opening = match (&self.opening_event, &self.opening_kind) {
            (Some(event), Some(kind)) => Some(Opening {
                event_id: event.clone(),
                kind: from_word(kind, "conversations", &self.id)?,
                meta_at: Time::from_millis(self.opening_meta_at.unwrap_or_default()),
                received_at: Time::from_millis(self.opening_received_at.unwrap_or_default()),
            }),
            _ => None,
        };
        Ok(WindowFacts {
            last_opening: opening,
            last_refusal: match (&self.refusal_message, self.refusal_at) {
                (Some(message), Some(at)) => Some(Refusal {
                    at: Time::from_millis(at),
                    message: MessageId::new(message.clone()),
                }),
                _ => None,
            },
            moved_at: self.moved_at.map(Time::from_millis),
        })
    }

    /// The later sign counts: another handler's, or ours.
    fn elsewhere(&self) -> Option<HandledElsewhere> {
        let since = self.elsewhere_at?;
        self.ours_at
            .is_none_or(|ours| since > ours)
            .then(|| HandledElsewhere {
                since: Time::from_millis(since),
                owner: self.elsewhere_owner.clone(),
            })
    }

    fn decode(self) -> Result<ConversationRow> {
        let facts = self.facts()?;
        let elsewhere = self.elsewhere();
        let number = self.phone.as_deref().and_then(PhoneNumber::from_digits);
        let number_shown = number.as_ref().map(show_number);
        // Address book over profile name over what the team typed over user name over number.
        let real = [
            &self.book_name,
            &self.profile_name,
            &self.given_name,
            &self.username,
        ]
        .into_iter()
        .find_map(|name| name.as_deref().and_then(as_name));
        let customer = Customer {
            name: real
                .or(number_shown.as_deref())
                .unwrap_or_default()
                .to_owned(),
            named: real.is_some(),
            id: CustomerId::new(self.customer_id),
            number,
            number_shown,
            blocked: pause(
                self.blocked.as_deref(),
                self.blocked_at,
                "customers",
                &self.id,
            )?,
            username: self.username,
            about: self.about,
            no_marketing_since: (self.marketing == Some(0))
                .then_some(Time::from_millis(self.marketing_at)),
        };
        Ok(ConversationRow {
            rev: self.rev,
            inbox: InboxId::new(self.inbox_id),
            customer,
            activity_at: Time::from_millis(self.activity_at),
            last: self
                .last_line
                .as_deref()
                .map(|json| from_json(json, "conversations", &self.id))
                .transpose()?,
            unread: u32::try_from(self.unread).unwrap_or(0),
            waiting_since: self.waiting_since.map(Time::from_millis),
            facts,
            phone_first: self.phone_first_at.map(|at| PhoneFirst {
                at: Time::from_millis(at),
                by: self.phone_first_by.map(AgentId::new),
            }),
            only_history: self.only_history != 0,
            first_customer_message_at: self.first_customer_at.map(Time::from_millis),
            last_customer_message_at: self.last_customer_at.map(Time::from_millis),
            assignee: self.assignee.map(AgentId::new),
            progress: from_json(&self.progress, "conversations", &self.id)?,
            labels: from_json(&self.labels, "conversations", &self.id)?,
            parked: u32::try_from(self.parked).unwrap_or(0),
            seen_upto: Position(self.seen_upto),
            free_until: self.free_until.map(Time::from_millis),
            elsewhere,
            doubts: Vec::new(),
            joined: Vec::new(),
            id: ConversationId::new(self.id),
        })
    }
}

/// What a batch of webhooks learnt about a conversation. All of it only ever grows.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    pub facts: WindowFacts,
    /// The newest sign that we answer this chat.
    pub ours_at: Option<Time>,
    /// When the customer wrote last.
    pub wrote_at: Option<Time>,
}

impl Conn {
    pub async fn conversation(&mut self, id: &str) -> Result<Option<ConversationRow>> {
        const ONE: &str = select!("WHERE v.id = $1");
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        match row {
            Some(row) => Ok(Some(self.whole(row).await?)),
            None => Ok(None),
        }
    }

    async fn whole(&mut self, row: Row) -> Result<ConversationRow> {
        let merged = row.merged > 0;
        let mut row = row.decode()?;
        if merged {
            self.read_merges(&mut row).await?;
        }
        Ok(row)
    }

    async fn all_whole(&mut self, rows: Vec<Row>) -> Result<Vec<ConversationRow>> {
        let mut whole = Vec::with_capacity(rows.len());
        for row in rows {
            whole.push(self.whole(row).await?);
        }
        Ok(whole)
    }

    /// Conversations by id, a page at a time, for the snapshot.
    pub async fn conversations_after(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ConversationRow>> {
        const PAGE: &str = select!("WHERE v.id > $1 ORDER BY v.id LIMIT $2");
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(PAGE)
            .bind(after)
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        self.all_whole(rows).await
    }

    pub async fn count_conversations(&mut self) -> Result<i64> {
        const COUNT: &str = "SELECT COUNT(*) FROM conversations";
        let (count,): (i64,) = either!(self, |c| sqlx::query_as(COUNT).fetch_one(&mut **c).await)?;
        Ok(count)
    }

    pub async fn conversation_between(
        &mut self,
        inbox: &InboxId,
        customer: &CustomerId,
    ) -> Result<Option<ConversationId>> {
        const BETWEEN: &str =
            "SELECT id FROM conversations WHERE inbox_id = $1 AND customer_id = $2";
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(BETWEEN)
            .bind(inbox.as_str())
            .bind(customer.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(id,)| ConversationId::new(id)))
    }

    /// All conversations of some customers, by number of ours and customer.
    pub async fn conversations_with(
        &mut self,
        customers: &[&CustomerId],
    ) -> Result<Vec<(InboxId, CustomerId, ConversationId)>> {
        static WITH: Lazily = Lazily::new(|| {
            Many::new(
                "SELECT inbox_id, customer_id, id FROM conversations WHERE customer_id IN (VALUES",
                1,
                ")",
            )
        });
        let mut found = Vec::with_capacity(customers.len());
        for (sql, some) in WITH.of(self, customers) {
            let rows: Vec<(String, String, String)> = either!(self, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for customer in some {
                    query = query.bind(customer.as_str());
                }
                query.fetch_all(&mut **c).await
            })?;
            found.extend(rows.into_iter().map(|(inbox, customer, id)| {
                (
                    InboxId::new(inbox),
                    CustomerId::new(customer),
                    ConversationId::new(id),
                )
            }));
        }
        Ok(found)
    }

    pub async fn conversation_ids_of(
        &mut self,
        customer: &CustomerId,
    ) -> Result<Vec<ConversationId>> {
        const OF: &str = "SELECT id FROM conversations WHERE customer_id = $1 ORDER BY id";
        let rows: Vec<(String,)> = either!(self, |c| sqlx::query_as(OF)
            .bind(customer.as_str())
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(id,)| ConversationId::new(id))
            .collect())
    }

    pub async fn conversations_of(
        &mut self,
        customer: &CustomerId,
    ) -> Result<Vec<ConversationRow>> {
        const OF: &str = select!("WHERE v.customer_id = $1 ORDER BY v.id");
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(OF)
            .bind(customer.as_str())
            .fetch_all(&mut **c)
            .await)?;
        self.all_whole(rows).await
    }
}

impl Tx {
    pub async fn add_conversation(
        &mut self,
        id: &ConversationId,
        inbox: &InboxId,
        customer: &CustomerId,
        at: Time,
    ) -> Result<()> {
        const ADD: &str = "INSERT INTO conversations (id, rev, inbox_id, customer_id, activity_at, \
             unread, only_history, progress, labels, parked, seen_upto) \
             VALUES ($1, $2, $3, $4, $5, 0, 0, $6, '[]', 0, '')";
        let rev = self.touch("conversation", id.as_str());
        let progress = to_json(&Progress::Open)?;
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(id.as_str())
            .bind(rev)
            .bind(inbox.as_str())
            .bind(customer.as_str())
            .bind(at.millis())
            .bind(&progress)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Numbers a change whose columns were written elsewhere (customer names).
    pub async fn stamp_conversation(&mut self, id: &ConversationId) -> Result<()> {
        const STAMP: &str = "UPDATE conversations SET rev = $2 WHERE id = $1";
        let rev = self.touch("conversation", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(STAMP)
            .bind(id.as_str())
            .bind(rev)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn facts(&mut self, id: &ConversationId) -> Result<WindowFacts> {
        match self.bare(&[id]).await?.first() {
            Some(row) => row.facts(),
            None => Ok(WindowFacts::default()),
        }
    }

    pub async fn write_facts(&mut self, id: &ConversationId, facts: &WindowFacts) -> Result<()> {
        const WRITE: &str = "UPDATE conversations SET rev = $2, opening_event = $3, \
             opening_kind = $4, opening_meta_at = $5, opening_received_at = $6, refusal_at = $7, \
             refusal_message = $8 WHERE id = $1";
        let rev = self.touch("conversation", id.as_str());
        let opening = facts.last_opening.as_ref();
        let refusal = facts.last_refusal.as_ref();
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(opening.map(|opening| opening.event_id.as_str()))
            .bind(opening.map(|opening| word(opening.kind)))
            .bind(opening.map(|opening| opening.meta_at.millis()))
            .bind(opening.map(|opening| opening.received_at.millis()))
            .bind(refusal.map(|refusal| refusal.at.millis()))
            .bind(refusal.map(|refusal| refusal.message.as_str()))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn assign(&mut self, id: &ConversationId, assignee: Option<&AgentId>) -> Result<()> {
        const ASSIGN: &str = "UPDATE conversations SET rev = $2, assignee = $3 WHERE id = $1";
        let rev = self.touch("conversation", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(ASSIGN)
            .bind(id.as_str())
            .bind(rev)
            .bind(assignee.map(AgentId::as_str))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn write_progress(&mut self, id: &ConversationId, progress: &Progress) -> Result<()> {
        const WRITE: &str = "UPDATE conversations SET rev = $2, progress = $3 WHERE id = $1";
        let rev = self.touch("conversation", id.as_str());
        let json = to_json(progress)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// What a batch of webhooks learnt about conversations: read once, written once. Returns those
    /// whose window's facts changed.
    pub async fn grow_conversations(
        &mut self,
        news: BTreeMap<ConversationId, Growth>,
    ) -> Result<Vec<ConversationId>> {
        static WRITE: Lazily = Lazily::new(|| {
            Many::new(
                "UPDATE conversations SET rev = v.column2, opening_event = v.column3, \
                 opening_kind = v.column4, opening_meta_at = v.column5, \
                 opening_received_at = v.column6, refusal_at = v.column7, \
                 refusal_message = v.column8, ours_at = v.column9, progress = v.column10 \
                 FROM (VALUES",
                10,
                ") AS v WHERE conversations.id = v.column1",
            )
        });
        let mut moved = Vec::new();
        let mut grown = Vec::new();
        let ids: Vec<&ConversationId> = news.keys().collect();
        for row in self.bare(&ids).await? {
            let id = ConversationId::new(row.id.clone());
            let Some(by) = news.get(&id) else { continue };
            let before = row.facts()?;
            let mut facts = before.clone();
            facts.merge(by.facts.clone());
            let ours_at = row.ours_at.max(by.ours_at.map(Time::millis));
            let progress: Progress = from_json(&row.progress, "conversations", id.as_str())?;
            let progress = match by.wrote_at {
                Some(at) => progress.customer_wrote(at),
                None => progress,
            };
            let progress = to_json(&progress)?;
            if facts == before && ours_at == row.ours_at && progress == row.progress {
                continue;
            }
            if facts != before {
                moved.push(id.clone());
            }
            let rev = self.touch("conversation", id.as_str());
            grown.push((id, rev, facts, ours_at, progress));
        }
        for (sql, some) in WRITE.of(&self.conn, &grown) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for (id, rev, facts, ours_at, progress) in some {
                    let opening = facts.last_opening.as_ref();
                    let refusal = facts.last_refusal.as_ref();
                    query = query
                        .bind(id.as_str())
                        .bind(*rev)
                        .bind(opening.map(|opening| opening.event_id.as_str()))
                        .bind(opening.map(|opening| word(opening.kind)))
                        .bind(opening.map(|opening| opening.meta_at.millis()))
                        .bind(opening.map(|opening| opening.received_at.millis()))
                        .bind(refusal.map(|refusal| refusal.at.millis()))
                        .bind(refusal.map(|refusal| refusal.message.as_str()))
                        .bind(*ours_at)
                        .bind(progress);
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        Ok(moved)
    }

    /// Bare rows: without names of pairs and doubts.
    async fn bare(&mut self, ids: &[&ConversationId]) -> Result<Vec<Row>> {
        static THESE: Lazily = Lazily::new(|| Many::new(select!("WHERE v.id IN (VALUES"), 1, ")"));
        let mut found = Vec::with_capacity(ids.len());
        for (sql, some) in THESE.of(&self.conn, ids) {
            let rows: Vec<Row> = either!(&mut self.conn, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for id in some {
                    query = query.bind(id.as_str());
                }
                query.fetch_all(&mut **c).await
            })?;
            found.extend(rows);
        }
        Ok(found)
    }

    pub async fn write_labels(&mut self, id: &ConversationId, labels: &[String]) -> Result<()> {
        const WRITE: &str = "UPDATE conversations SET rev = $2, labels = $3 WHERE id = $1";
        let rev = self.touch("conversation", id.as_str());
        let json = to_json(&labels)?;
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// After an answered advertisement everything is free until then; the later end counts.
    pub async fn note_free_until(&mut self, id: &ConversationId, until: Time) -> Result<()> {
        const NOTE: &str = "UPDATE conversations SET free_until = $2 \
             WHERE id = $1 AND (free_until IS NULL OR free_until < $2) RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(NOTE)
            .bind(id.as_str())
            .bind(until.millis())
            .fetch_optional(&mut **c)
            .await)?;
        if done.is_some() {
            self.stamp_conversation(id).await?;
        }
        Ok(())
    }

    /// A sign that another handler answers this chat.
    pub async fn note_elsewhere(
        &mut self,
        id: &ConversationId,
        at: Time,
        owner: Option<&str>,
    ) -> Result<()> {
        const SINCE: &str = "UPDATE conversations SET elsewhere_at = $2 \
             WHERE id = $1 AND (elsewhere_at IS NULL OR elsewhere_at < $2) RETURNING id";
        const OWNER: &str = "UPDATE conversations SET elsewhere_owner = $3, elsewhere_owner_at = $2 \
             WHERE id = $1 AND (elsewhere_owner_at IS NULL OR elsewhere_owner_at < $2) RETURNING id";
        let since: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(SINCE)
            .bind(id.as_str())
            .bind(at.millis())
            .fetch_optional(&mut **c)
            .await)?;
        let mut news = since.is_some();
        if let Some(owner) = owner {
            let named: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(OWNER)
                .bind(id.as_str())
                .bind(at.millis())
                .bind(owner)
                .fetch_optional(&mut **c)
                .await)?;
            news |= named.is_some();
        }
        if news {
            self.stamp_conversation(id).await?;
        }
        Ok(())
    }

    /// A sign that we answer this chat.
    pub async fn note_ours(&mut self, id: &ConversationId, at: Time) -> Result<()> {
        const NOTE: &str = "UPDATE conversations SET ours_at = $2 \
             WHERE id = $1 AND (ours_at IS NULL OR ours_at < $2) RETURNING elsewhere_at";
        let done: Option<(Option<i64>,)> = either!(&mut self.conn, |c| sqlx::query_as(NOTE)
            .bind(id.as_str())
            .bind(at.millis())
            .fetch_optional(&mut **c)
            .await)?;
        // Nearly every chat is ours all the time: only a chat that was elsewhere has news.
        if let Some((Some(_),)) = done {
            self.stamp_conversation(id).await?;
        }
        Ok(())
    }

    /// The team has seen messages up to `position`; never moves back.
    pub async fn mark_seen(&mut self, id: &ConversationId, position: &Position) -> Result<bool> {
        const SEEN: &str =
            "UPDATE conversations SET seen_upto = $2 WHERE id = $1 AND seen_upto < $2 RETURNING id";
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(SEEN)
            .bind(id.as_str())
            .bind(&position.0)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    pub async fn move_conversation_to(
        &mut self,
        id: &ConversationId,
        customer: &CustomerId,
    ) -> Result<()> {
        const MOVE: &str = "UPDATE conversations SET rev = $2, customer_id = $3 WHERE id = $1";
        let rev = self.touch("conversation", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(MOVE)
            .bind(id.as_str())
            .bind(rev)
            .bind(customer.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Everything in `gone` becomes part of `kept`.
    pub async fn absorb_conversation(
        &mut self,
        kept: &ConversationId,
        gone: &ConversationId,
    ) -> Result<()> {
        const MESSAGES: &str =
            "UPDATE messages SET conversation_id = $1, rev = $3 WHERE conversation_id = $2";
        const NOTES: &str =
            "UPDATE notes SET conversation_id = $1, rev = $3 WHERE conversation_id = $2";
        const OUTBOX: &str = "UPDATE outbox SET conversation_id = $1 WHERE conversation_id = $2";
        const STARTS: &str =
            "UPDATE phone_starts SET conversation_id = $1 WHERE conversation_id = $2";
        const GONE: &str = "DELETE FROM conversations WHERE id = $1";
        let rev = self.touch_gone("merged", gone.as_str(), Some(kept.as_str().to_owned()));
        either!(&mut self.conn, |c| {
            for statement in [MESSAGES, NOTES] {
                sqlx::query(statement)
                    .bind(kept.as_str())
                    .bind(gone.as_str())
                    .bind(rev)
                    .execute(&mut **c)
                    .await?;
            }
            for statement in [OUTBOX, STARTS] {
                sqlx::query(statement)
                    .bind(kept.as_str())
                    .bind(gone.as_str())
                    .execute(&mut **c)
                    .await?;
            }
            sqlx::query(GONE)
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
        });
        Ok(())
    }
}
