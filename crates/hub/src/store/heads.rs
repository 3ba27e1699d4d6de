//! What stands in the list about a conversation, worked out from its messages, and what explains
//! its window.

use std::collections::HashMap;

use ajar_domain::{
    AgentId, ConversationId, Time,
    composer::PhoneFirst,
    content::{Author, Content, Provenance},
    opening::Occurrence,
};
use ajar_protocol::rows::{LastLine, MessageRow};

use super::{
    Conn, Result, Tx, either, from_json, from_word,
    many::{Lazily, Many},
    messages::{Row, author_of, select},
    to_json,
};

/// What is derived from a conversation's messages and stored in its row.
#[derive(Clone, Debug, Default)]
struct Head {
    activity_at: Time,
    last_line: Option<LastLine>,
    unread: i64,
    waiting_since: Option<Time>,
    phone_first: Option<PhoneFirst>,
    only_history: bool,
    first_customer_at: Option<Time>,
    last_customer_at: Option<Time>,
    parked: i64,
}

/// What a head is worked out from, besides the newest message.
#[derive(sqlx::FromRow)]
struct HeadRow {
    id: String,
    waiting: Option<i64>,
    unread: i64,
    first_at: Option<i64>,
    last_at: Option<i64>,
    live: i64,
    activity: Option<i64>,
    newest: Option<i64>,
    parked: i64,
    activity_at: i64,
    opening_event: Option<String>,
    ours_kind: Option<String>,
    ours_at: Option<i64>,
    ours_agent: Option<String>,
}

impl HeadRow {
    fn with(self, last: Option<MessageRow>) -> Head {
        let never_opened = self.opening_event.is_none();
        Head {
            activity_at: self
                .activity
                .map(Time::from_millis)
                .or_else(|| last.as_ref().map(|last| last.at))
                // Only notices, so far.
                .or(self.newest.map(Time::from_millis))
                .unwrap_or(Time::from_millis(self.activity_at)),
            last_line: last.map(|last| LastLine {
                kind: last.content.word().to_owned(),
                preview: last.content.preview(),
                message: last.id,
                author: last.author,
                at: last.at,
                delivery: last.delivery,
            }),
            unread: self.unread,
            waiting_since: self.waiting.map(Time::from_millis),
            phone_first: self
                .ours_at
                .filter(|_| self.ours_kind.as_deref() == Some("phone"))
                .map(|at| PhoneFirst {
                    at: Time::from_millis(at),
                    by: self.ours_agent.map(AgentId::new),
                }),
            only_history: never_opened && self.first_at.is_some() && self.live == 0,
            first_customer_at: self.first_at.map(Time::from_millis),
            last_customer_at: self.last_at.map(Time::from_millis),
            parked: self.parked,
        }
    }
}

impl Tx {
    /// Works the heads of conversations out from their messages. Every walk goes along an index
    /// from one end and stops at the first fit, so a long conversation costs no more than a short
    /// one; only the unread are counted one by one.
    async fn derive_heads(&mut self, ids: &[&ConversationId]) -> Result<Vec<(String, Head)>> {
        static REST: Lazily = Lazily::new(|| {
            Many::new(
                "SELECT v.id, \
                 (SELECT w.at FROM messages w WHERE w.conversation_id = v.id \
                  AND w.author_kind = 'customer' AND w.provenance = 'live' \
                  AND w.position > COALESCE((SELECT o.position FROM messages o \
                  WHERE o.conversation_id = v.id AND o.answers = 1 \
                  ORDER BY o.position DESC LIMIT 1), '') \
                  ORDER BY w.position LIMIT 1) AS waiting, \
                 (SELECT COUNT(*) FROM messages u WHERE u.conversation_id = v.id \
                  AND u.author_kind = 'customer' AND u.provenance = 'live' \
                  AND u.position > v.seen_upto) AS unread, \
                 (SELECT f.at FROM messages f WHERE f.conversation_id = v.id \
                  AND f.author_kind = 'customer' ORDER BY f.position LIMIT 1) AS first_at, \
                 (SELECT l.at FROM messages l WHERE l.conversation_id = v.id \
                  AND l.author_kind = 'customer' ORDER BY l.position DESC LIMIT 1) AS last_at, \
                 (SELECT COUNT(*) FROM (SELECT 1 FROM messages e WHERE e.conversation_id = v.id \
                  AND e.author_kind = 'customer' AND e.provenance = 'live' LIMIT 1) one) AS live, \
                 (SELECT a.at FROM messages a WHERE a.conversation_id = v.id AND a.provenance = 'live' \
                  AND a.author_kind <> 'platform' ORDER BY a.position DESC LIMIT 1) AS activity, \
                 (SELECT n.at FROM messages n WHERE n.conversation_id = v.id \
                  ORDER BY n.position DESC LIMIT 1) AS newest, \
                 (SELECT COUNT(*) FROM outbox b WHERE b.conversation_id = v.id \
                  AND b.state IN ('parked', 'uncertain')) AS parked, \
                 v.activity_at, v.opening_event, \
                 p.author_kind AS ours_kind, p.at AS ours_at, p.author_agent AS ours_agent \
                 FROM conversations v LEFT JOIN messages p ON v.opening_event IS NULL \
                 AND p.id = (SELECT q.id FROM messages q WHERE q.conversation_id = v.id \
                  AND q.author_kind NOT IN ('customer', 'platform') AND q.answers = 1 \
                  AND q.provenance = 'live' ORDER BY q.position DESC LIMIT 1) \
                 WHERE v.id IN (VALUES",
                1,
                ")",
            )
        });
        static LAST: Lazily = Lazily::new(|| {
            Many::new(
                select!(
                    "WHERE id IN (SELECT (SELECT l.id FROM messages l \
                     WHERE l.conversation_id = v.id AND l.author_kind <> 'platform' \
                     ORDER BY l.position DESC LIMIT 1) FROM conversations v WHERE v.id IN (VALUES"
                ),
                1,
                "))",
            )
        });
        let mut last: HashMap<String, MessageRow> = HashMap::with_capacity(ids.len());
        for (sql, some) in LAST.of(&self.conn, ids) {
            let rows: Vec<Row> = either!(&mut self.conn, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for id in some {
                    query = query.bind(id.as_str());
                }
                query.fetch_all(&mut **c).await
            })?;
            for row in rows {
                let row = row.decode()?;
                last.insert(row.conversation.as_str().to_owned(), row);
            }
        }
        let mut heads = Vec::with_capacity(ids.len());
        for (sql, some) in REST.of(&self.conn, ids) {
            let rows: Vec<HeadRow> = either!(&mut self.conn, |c| {
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for id in some {
                    query = query.bind(id.as_str());
                }
                query.fetch_all(&mut **c).await
            })?;
            for row in rows {
                let last = last.remove(&row.id);
                heads.push((row.id.clone(), row.with(last)));
            }
        }
        Ok(heads)
    }

    /// Works heads out anew and stores them.
    pub async fn refresh_heads(&mut self, ids: &[&ConversationId]) -> Result<()> {
        static WRITE: Lazily = Lazily::new(|| {
            Many::new(
                "UPDATE conversations SET rev = v.column2, activity_at = v.column3, \
                 last_line = v.column4, unread = v.column5, waiting_since = v.column6, \
                 phone_first_at = v.column7, phone_first_by = v.column8, \
                 only_history = v.column9, first_customer_at = v.column10, \
                 last_customer_at = v.column11, parked = v.column12 FROM (VALUES",
                12,
                ") AS v WHERE conversations.id = v.column1",
            )
        });
        let heads = self.derive_heads(ids).await?;
        let rows = heads
            .iter()
            .map(|(id, head)| {
                let last_line = head.last_line.as_ref().map(to_json).transpose()?;
                Ok((id, self.touch("conversation", id), last_line, head))
            })
            .collect::<Result<Vec<_>>>()?;
        for (sql, some) in WRITE.of(&self.conn, &rows) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for (id, rev, last_line, head) in some {
                    let phone_first = head.phone_first.as_ref();
                    query = query
                        .bind(*id)
                        .bind(*rev)
                        .bind(head.activity_at.millis())
                        .bind(last_line)
                        .bind(head.unread)
                        .bind(head.waiting_since.map(Time::millis))
                        .bind(phone_first.map(|first| first.at.millis()))
                        .bind(
                            phone_first
                                .and_then(|first| first.by.as_ref())
                                .map(AgentId::as_str),
                        )
                        .bind(i64::from(head.only_history))
                        .bind(head.first_customer_at.map(Time::millis))
                        .bind(head.last_customer_at.map(Time::millis))
                        .bind(head.parked);
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Works one head out anew and stores it.
    pub async fn refresh_head(&mut self, id: &ConversationId) -> Result<()> {
        self.refresh_heads(&[id]).await
    }
}

/// The content's kind as the word it has on the wire.
/// A message as the window's provenance sees it.
#[derive(Debug)]
pub struct Seen {
    pub wamid: Option<String>,
    pub author: Author,
    pub occurrence: Occurrence,
    pub at: Time,
    pub preview: String,
}

impl Conn {
    /// The newest messages of a conversation with what each means for the window.
    pub async fn recent_occurrences(
        &mut self,
        conversation: &ConversationId,
        limit: i64,
    ) -> Result<Vec<Seen>> {
        const RECENT: &str = "SELECT id, wamid, author_kind, author_agent, occurrence, provenance, at, \
             content FROM messages WHERE conversation_id = $1 ORDER BY position DESC LIMIT $2";
        type Recent = (
            String,
            Option<String>,
            String,
            Option<String>,
            String,
            String,
            i64,
            String,
        );
        let rows: Vec<Recent> = either!(self, |c| sqlx::query_as(RECENT)
            .bind(conversation.as_str())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter()
            .map(
                |(id, wamid, author, agent, occurrence, provenance, at, content)| {
                    let content: Content = from_json(&content, "messages", &id)?;
                    let provenance: Provenance = from_word(&provenance, "messages", &id)?;
                    Ok(Seen {
                        wamid,
                        author: author_of(&author, agent.as_deref()),
                        occurrence: match provenance {
                            Provenance::History => Occurrence::History,
                            Provenance::Live => from_word(&occurrence, "messages", &id)?,
                        },
                        at: Time::from_millis(at),
                        preview: content.preview(),
                    })
                },
            )
            .collect()
    }

    /// The newest reactions of a customer: the emoji and its time.
    pub async fn recent_reactions(
        &mut self,
        conversation: &ConversationId,
        limit: i64,
    ) -> Result<Vec<(String, Time)>> {
        const RECENT: &str = "SELECT r.emoji, r.at FROM reactions r \
             JOIN messages m ON m.wamid = r.target_wamid \
             WHERE m.conversation_id = $1 AND r.reactor = 'customer' AND r.emoji <> '' \
             ORDER BY r.at DESC LIMIT $2";
        let rows: Vec<(String, i64)> = either!(self, |c| sqlx::query_as(RECENT)
            .bind(conversation.as_str())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(emoji, at)| (emoji, Time::from_millis(at)))
            .collect())
    }
}
