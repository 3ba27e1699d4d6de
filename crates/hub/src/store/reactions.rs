//! Reactions: of each side the newest one on a message.
//!
//! WhatsApp knows one reaction of the business to a message, whoever of it reacted and by which way.
//! So both sides have one row each, and an agent's emoji takes the place of the phone's.

use ajar_domain::{AgentId, MessageId, Time, WaMessageId, content::Author, delivery::Delivery};
use ajar_protocol::rows::{MessageRow, Reaction};

use super::{Conn, Result, Tx, either, from_json, to_json};

/// Whose reaction it is.
#[derive(Clone, Copy, Debug)]
pub enum Reactor<'a> {
    Customer,
    Phone,
    Agent(&'a AgentId),
}

impl Reactor<'_> {
    const fn side(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Phone | Self::Agent(_) => "phone",
        }
    }
}

/// One reaction, or that there is none any more.
#[derive(Clone, Copy, Debug)]
pub struct Reacted<'a> {
    pub target: &'a WaMessageId,
    pub by: Reactor<'a>,
    /// Empty: taken away.
    pub emoji: &'a str,
    pub at: Time,
    /// Names the event, or the row of the outbox.
    pub event: &'a str,
    pub delivery: Option<&'a Delivery>,
}

#[derive(sqlx::FromRow)]
struct Row {
    reactor: String,
    emoji: String,
    at: i64,
    agent_id: Option<String>,
    delivery: Option<String>,
}

impl Conn {
    pub(super) async fn with_reactions(&mut self, rows: &mut [MessageRow]) -> Result<()> {
        const OF: &str = "SELECT reactor, emoji, at, agent_id, delivery FROM reactions \
             WHERE target_wamid = $1 AND (emoji <> '' OR delivery IS NOT NULL) \
             ORDER BY at, reactor";
        for row in rows {
            let Some(wamid) = &row.wamid else { continue };
            let found: Vec<Row> = either!(self, |c| sqlx::query_as(OF)
                .bind(wamid.as_str())
                .fetch_all(&mut **c)
                .await)?;
            row.reactions = found
                .into_iter()
                .map(|found| {
                    Ok(Reaction {
                        by: match (found.reactor.as_str(), found.agent_id) {
                            ("customer", _) => Author::Customer,
                            (_, Some(agent)) => Author::Agent {
                                agent: AgentId::new(agent),
                            },
                            (_, None) => Author::Phone { claimed_by: None },
                        },
                        emoji: found.emoji,
                        at: Time::from_millis(found.at),
                        delivery: found
                            .delivery
                            .map(|json| from_json(&json, "reactions", wamid.as_str()))
                            .transpose()?,
                    })
                })
                .collect::<Result<_>>()?;
        }
        Ok(())
    }
}

impl Tx {
    /// Keeps the newest reaction of one side on one message. Returns whether it was news.
    pub async fn add_reaction(&mut self, reacted: &Reacted<'_>) -> Result<bool> {
        const ADD: &str = "INSERT INTO reactions (target_wamid, reactor, emoji, at, event_id, \
             agent_id, delivery) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (target_wamid, reactor) DO UPDATE SET \
             emoji = excluded.emoji, at = excluded.at, event_id = excluded.event_id, \
             agent_id = excluded.agent_id, delivery = excluded.delivery \
             WHERE reactions.at < excluded.at \
             OR (reactions.at = excluded.at AND reactions.event_id < excluded.event_id) RETURNING at";
        let agent = match reacted.by {
            Reactor::Agent(agent) => Some(agent.as_str()),
            Reactor::Customer | Reactor::Phone => None,
        };
        let delivery = reacted.delivery.map(to_json).transpose()?;
        let done: Option<(i64,)> = either!(&mut self.conn, |c| sqlx::query_as(ADD)
            .bind(reacted.target.as_str())
            .bind(reacted.by.side())
            .bind(reacted.emoji)
            .bind(reacted.at.millis())
            .bind(reacted.event)
            .bind(agent)
            .bind(&delivery)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// How far a reaction of ours got. Nothing happens if a newer one took its place. `None`: it
    /// has arrived.
    pub async fn reaction_delivered(
        &mut self,
        message: &MessageId,
        target: &WaMessageId,
        event: &str,
        delivery: Option<&Delivery>,
    ) -> Result<()> {
        const WRITE: &str = "UPDATE reactions SET delivery = $3 \
             WHERE target_wamid = $1 AND event_id = $2 RETURNING at";
        let json = delivery.map(to_json).transpose()?;
        let done: Option<(i64,)> = either!(&mut self.conn, |c| sqlx::query_as(WRITE)
            .bind(target.as_str())
            .bind(event)
            .bind(&json)
            .fetch_optional(&mut **c)
            .await)?;
        if done.is_some() {
            self.stamp_message(message).await?;
        }
        Ok(())
    }
}
