//! What stands in the list about a conversation, worked out from its messages, and what explains
//! its window.

use ajar_domain::{
    AgentId, ConversationId, Time,
    content::{Author, Content, Provenance},
    opening::Occurrence,
};
use ajar_protocol::rows::LastLine;

use super::{
    Conn, Result, Tx,
    conversations::Head,
    either, from_json, from_word,
    messages::{Row, author_of, select},
};

/// What a head is worked out from, besides the newest message.
#[derive(sqlx::FromRow)]
struct HeadRow {
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
}

impl Tx {
    /// Works the head of a conversation out from its messages. All walks go along the index from
    /// one end and stop at the first fit, so a long conversation costs no more than a short one.
    pub async fn derive_head(&mut self, id: &ConversationId) -> Result<Option<Head>> {
        const LAST: &str = select!(
            "WHERE conversation_id = $1 AND author_kind <> 'platform' ORDER BY position DESC LIMIT 1"
        );
        const REST: &str = "SELECT \
             (SELECT MIN(w.at) FROM messages w WHERE w.conversation_id = v.id \
              AND w.author_kind = 'customer' AND w.provenance = 'live' \
              AND w.position > COALESCE((SELECT o.position FROM messages o \
              WHERE o.conversation_id = v.id AND o.author_kind NOT IN ('customer', 'platform') \
              AND o.answers = 1 ORDER BY o.position DESC LIMIT 1), '')) AS waiting, \
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
             v.activity_at, v.opening_event FROM conversations v WHERE v.id = $1";
        const NEWEST_OURS: &str = "SELECT author_kind, at, author_agent FROM messages \
             WHERE conversation_id = $1 AND author_kind NOT IN ('customer', 'platform') \
             AND answers = 1 AND provenance = 'live' ORDER BY position DESC LIMIT 1";
        let rest: Option<HeadRow> = either!(&mut self.conn, |c| sqlx::query_as(REST)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        let Some(rest) = rest else { return Ok(None) };
        let last: Option<Row> = either!(&mut self.conn, |c| sqlx::query_as(LAST)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        let last = last.map(Row::decode).transpose()?;
        let never_opened = rest.opening_event.is_none();
        let mut newest_ours: Option<(String, i64, Option<String>)> = None;
        if never_opened {
            newest_ours = either!(&mut self.conn, |c| sqlx::query_as(NEWEST_OURS)
                .bind(id.as_str())
                .fetch_optional(&mut **c)
                .await)?;
        }
        let phone_first = newest_ours
            .filter(|(kind, ..)| kind == "phone")
            .map(|(_, at, agent)| ajar_domain::composer::PhoneFirst {
                at: Time::from_millis(at),
                by: agent.map(AgentId::new),
            });
        Ok(Some(Head {
            activity_at: rest
                .activity
                .map(Time::from_millis)
                .or_else(|| last.as_ref().map(|last| last.at))
                // Only notices, so far.
                .or(rest.newest.map(Time::from_millis))
                .unwrap_or(Time::from_millis(rest.activity_at)),
            last_line: last.map(|last| LastLine {
                kind: kind_word(&last.content),
                preview: last.content.preview(),
                message: last.id,
                author: last.author,
                at: last.at,
                delivery: last.delivery,
            }),
            unread: rest.unread,
            waiting_since: rest.waiting.map(Time::from_millis),
            phone_first,
            only_history: never_opened && rest.first_at.is_some() && rest.live == 0,
            first_customer_at: rest.first_at.map(Time::from_millis),
            last_customer_at: rest.last_at.map(Time::from_millis),
            parked: rest.parked,
        }))
    }

    /// Works the head out anew and stores it.
    pub async fn refresh_head(&mut self, id: &ConversationId) -> Result<()> {
        if let Some(head) = self.derive_head(id).await? {
            self.write_head(id, &head).await?;
        }
        Ok(())
    }
}

/// The content's kind as the word it has on the wire.
fn kind_word(content: &Content) -> String {
    serde_json::to_value(content)
        .ok()
        .and_then(|value| Some(value.get("kind")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

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
