//! Taking apart what was joined: each side gets back what it was and what is its own.

use ajar_domain::{
    AgentId, ConversationId, CustomerId, InboxId, MergeId, MessageId, Time,
    opening::Occurrence,
    window::{Opening, WindowFacts},
};

use super::{Chat, MergeState, Person, Was};
use crate::store::{Result, Tx, either, from_json, from_word};

impl Tx {
    /// Takes a joined customer out again, with everything that came from it. Returns the
    /// conversations whose heads must be worked out anew.
    pub async fn split_customers(
        &mut self,
        id: &MergeId,
        by: &AgentId,
        at: Time,
    ) -> Result<Vec<ConversationId>> {
        const KEYS: &str =
            "SELECT origin, part FROM merge_parts WHERE merge_id = $1 AND kind = 'key'";
        const GIVE_KEY: &str =
            "UPDATE identities SET customer_id = $3 WHERE kind = $1 AND value = $2";
        let Some(row) = self.conn.merge_row(id).await? else {
            return Ok(Vec::new());
        };
        let Some(was) = &row.was else {
            return Ok(Vec::new());
        };
        let was: Was = from_json(was, "merges", &row.id)?;
        let kept = CustomerId::new(row.kept_customer.clone());
        self.write_person(&was.gone).await?;
        // What the kept side took over from the gone one goes back; what it learnt since stays.
        if let Some(now) = self.conn.person(&kept).await? {
            let before = was.kept.clone();
            self.write_person(&Person {
                phone: if now.phone == was.gone.phone {
                    before.phone
                } else {
                    now.phone
                },
                bsuid: if now.bsuid == was.gone.bsuid {
                    before.bsuid
                } else {
                    now.bsuid
                },
                username: if now.username == was.gone.username {
                    before.username
                } else {
                    now.username
                },
                book_name: if now.book_name == was.gone.book_name {
                    before.book_name
                } else {
                    now.book_name
                },
                profile_name: if now.profile_name == was.gone.profile_name {
                    before.profile_name
                } else {
                    now.profile_name
                },
                given_name: if now.given_name == was.gone.given_name {
                    before.given_name
                } else {
                    now.given_name
                },
                about: if now.about == was.gone.about {
                    before.about
                } else {
                    now.about
                },
                ..now
            })
            .await?;
        }
        let keys: Vec<(String, String)> = either!(&mut self.conn, |c| sqlx::query_as(KEYS)
            .bind(id.as_str())
            .fetch_all(&mut **c)
            .await)?;
        for (kind, value) in keys {
            either!(&mut self.conn, |c| sqlx::query(GIVE_KEY)
                .bind(&kind)
                .bind(&value)
                .bind(&was.gone.id)
                .execute(&mut **c)
                .await
                .map(drop))?;
        }
        let mut stale = Vec::new();
        for chat in &was.gone_chats {
            let theirs = ConversationId::new(chat.id.clone());
            if self.conn.conversation(theirs.as_str()).await?.is_some() {
                self.move_conversation_to(&theirs, &CustomerId::new(was.gone.id.clone()))
                    .await?;
            } else {
                self.bring_back(id, chat, &was.gone.id).await?;
                let inbox = InboxId::new(chat.inbox_id.clone());
                if let Some(ours) = self.conn.conversation_between(&inbox, &kept).await? {
                    let before = was.kept_chats.iter().find(|kept| kept.id == ours.as_str());
                    let facts = self.facts_without(&ours, before).await?;
                    self.write_facts(&ours, &facts).await?;
                    stale.push(ours);
                }
            }
            stale.push(theirs);
        }
        self.settle_merge(id, MergeState::Apart, Some(by), at)
            .await?;
        self.stamp_customer(&kept).await?;
        Ok(stale)
    }

    async fn bring_back(&mut self, id: &MergeId, chat: &Chat, customer: &str) -> Result<()> {
        const ADD: &str = "INSERT INTO conversations (id, rev, inbox_id, customer_id, activity_at, \
             unread, only_history, progress, labels, parked, seen_upto, opening_event, opening_kind, \
             opening_meta_at, opening_received_at, refusal_at, refusal_message, assignee, free_until, \
             elsewhere_at, elsewhere_owner, elsewhere_owner_at, ours_at) VALUES ($1, $2, $3, $4, $5, 0, \
             0, $6, $7, 0, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
        const MESSAGES: &str = "UPDATE messages SET conversation_id = $1, rev = $3 \
             WHERE id IN (SELECT part FROM merge_parts \
             WHERE merge_id = $2 AND kind = 'message' AND origin = $1)";
        const NOTES: &str = "UPDATE notes SET conversation_id = $1, rev = $3 \
             WHERE id IN (SELECT part FROM merge_parts \
             WHERE merge_id = $2 AND kind = 'note' AND origin = $1)";
        const OUTBOX: &str = "UPDATE outbox SET conversation_id = $1 \
             WHERE id IN (SELECT part FROM merge_parts \
             WHERE merge_id = $2 AND kind = 'message' AND origin = $1)";
        const MOVED: &str = "SELECT part FROM merge_parts \
             WHERE merge_id = $1 AND kind = $2 AND origin = $3";
        let rev = self.touch("conversation", &chat.id);
        either!(&mut self.conn, |c| {
            sqlx::query(ADD)
                .bind(&chat.id)
                .bind(rev)
                .bind(&chat.inbox_id)
                .bind(customer)
                .bind(chat.activity_at)
                .bind(&chat.progress)
                .bind(&chat.labels)
                .bind(&chat.seen_upto)
                .bind(&chat.opening_event)
                .bind(&chat.opening_kind)
                .bind(chat.opening_meta_at)
                .bind(chat.opening_received_at)
                .bind(chat.refusal_at)
                .bind(&chat.refusal_message)
                .bind(&chat.assignee)
                .bind(chat.free_until)
                .bind(chat.elsewhere_at)
                .bind(&chat.elsewhere_owner)
                .bind(chat.elsewhere_owner_at)
                .bind(chat.ours_at)
                .execute(&mut **c)
                .await?;
            sqlx::query(OUTBOX)
                .bind(&chat.id)
                .bind(id.as_str())
                .execute(&mut **c)
                .await?;
            for statement in [MESSAGES, NOTES] {
                sqlx::query(statement)
                    .bind(&chat.id)
                    .bind(id.as_str())
                    .bind(rev)
                    .execute(&mut **c)
                    .await?;
            }
        });
        // Each row that moved is told, so that desktops move it too.
        for kind in ["message", "note"] {
            let moved: Vec<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(MOVED)
                .bind(id.as_str())
                .bind(kind)
                .bind(&chat.id)
                .fetch_all(&mut **c)
                .await)?;
            for (part,) in moved {
                if kind == "message" {
                    self.stamp_message(&MessageId::new(part)).await?;
                } else {
                    self.stamp_note(&part).await?;
                }
            }
        }
        Ok(())
    }

    /// The window of a chat from which another was taken out: what it was before, and what its
    /// own messages opened since.
    async fn facts_without(
        &mut self,
        conversation: &ConversationId,
        before: Option<&Chat>,
    ) -> Result<WindowFacts> {
        const OPENINGS: &str = "SELECT wamid, occurrence, at, received_at FROM messages \
             WHERE conversation_id = $1 AND provenance = 'live' AND wamid IS NOT NULL \
             AND author_kind IN ('customer', 'phone') ORDER BY position DESC LIMIT 200";
        let mut facts = WindowFacts {
            last_opening: None,
            last_refusal: self.facts(conversation).await?.last_refusal,
            moved_at: None,
        };
        if let Some(Chat {
            opening_event: Some(event),
            opening_kind: Some(kind),
            opening_meta_at: Some(meta_at),
            opening_received_at: Some(received_at),
            ..
        }) = before
        {
            facts.record_opening(Opening {
                event_id: event.clone(),
                kind: from_word(kind, "merges", conversation.as_str())?,
                meta_at: Time::from_millis(*meta_at),
                received_at: Time::from_millis(*received_at),
            });
        }
        let rows: Vec<(String, String, i64, i64)> =
            either!(&mut self.conn, |c| sqlx::query_as(OPENINGS)
                .bind(conversation.as_str())
                .fetch_all(&mut **c)
                .await)?;
        for (event_id, occurrence, at, received_at) in rows {
            let kind: Occurrence = from_word(&occurrence, "messages", &event_id)?;
            if kind.opens_window() {
                facts.record_opening(Opening {
                    event_id,
                    kind,
                    meta_at: Time::from_millis(at),
                    received_at: Time::from_millis(received_at),
                });
            }
        }
        Ok(facts)
    }
}
