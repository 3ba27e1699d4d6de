//! Identities that are, or may be, one customer: joining them, and taking them apart again.
//!
//! ```text
//!   proposed ──► joined ──► apart        a person undid it
//!       └──────────────────► apart       a person said no
//!   (the machine joins what is certain at once: joined)
//! ```
//!
//! What the gone side was is kept with the merge, and each thing that passed over is listed, so
//! joining can be undone. What arrives after joining stays with the kept side.

mod apart;

use ajar_domain::{
    AgentId, ConversationId, CustomerId, InboxId, MergeId, Time,
    customer::PhoneNumber,
    identity::{Doubt, Joined},
};
use ajar_protocol::rows::ConversationRow;
use serde::{Deserialize, Serialize};

use super::{
    Conn, Result, Tx, conversations::show_number, either, from_json, from_word, to_json, word,
};

/// All columns of a customer.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, Serialize, Deserialize)]
pub struct Person {
    id: String,
    phone: Option<String>,
    phone_at: i64,
    bsuid: Option<String>,
    bsuid_at: i64,
    username: Option<String>,
    username_at: i64,
    book_name: Option<String>,
    book_name_at: i64,
    profile_name: Option<String>,
    profile_name_at: i64,
    given_name: Option<String>,
    about: String,
    blocked: Option<String>,
    blocked_at: Option<i64>,
    moved_at: Option<i64>,
    marketing: Option<i64>,
    marketing_at: i64,
}

impl Person {
    /// What two records of one person say together: of each the newest, and of two in one second
    /// the greater. Does not depend on the order, except for what the team wrote.
    fn and(self, other: &Self) -> Self {
        fn newest(a: (Option<String>, i64), b: (Option<String>, i64)) -> (Option<String>, i64) {
            if (b.1, &b.0) > (a.1, &a.0) { b } else { a }
        }
        let o = other.clone();
        let (phone, phone_at) = newest((self.phone, self.phone_at), (o.phone, o.phone_at));
        let (bsuid, bsuid_at) = newest((self.bsuid, self.bsuid_at), (o.bsuid, o.bsuid_at));
        let (username, username_at) = newest(
            (self.username, self.username_at),
            (o.username, o.username_at),
        );
        let (book_name, book_name_at) = newest(
            (self.book_name, self.book_name_at),
            (o.book_name, o.book_name_at),
        );
        let (profile_name, profile_name_at) = newest(
            (self.profile_name, self.profile_name_at),
            (o.profile_name, o.profile_name_at),
        );
        let (marketing, marketing_at) = if (o.marketing_at, std::cmp::Reverse(o.marketing))
            > (self.marketing_at, std::cmp::Reverse(self.marketing))
        {
            (o.marketing, o.marketing_at)
        } else {
            (self.marketing, self.marketing_at)
        };
        let (blocked, blocked_at) = if self.blocked.is_some() {
            (self.blocked, self.blocked_at)
        } else {
            (o.blocked, o.blocked_at)
        };
        Self {
            id: self.id,
            phone,
            phone_at,
            bsuid,
            bsuid_at,
            username,
            username_at,
            book_name,
            book_name_at,
            profile_name,
            profile_name_at,
            given_name: self.given_name.or(o.given_name),
            about: if self.about.is_empty() {
                o.about
            } else {
                self.about
            },
            blocked,
            blocked_at,
            moved_at: self.moved_at.max(o.moved_at),
            marketing,
            marketing_at,
        }
    }
}

/// What must be known of a conversation to bring it back.
#[derive(Clone, Debug, sqlx::FromRow, Serialize, Deserialize)]
struct Chat {
    id: String,
    inbox_id: String,
    activity_at: i64,
    opening_event: Option<String>,
    opening_kind: Option<String>,
    opening_meta_at: Option<i64>,
    opening_received_at: Option<i64>,
    refusal_at: Option<i64>,
    refusal_message: Option<String>,
    assignee: Option<String>,
    progress: String,
    labels: String,
    seen_upto: String,
    free_until: Option<i64>,
    elsewhere_at: Option<i64>,
    elsewhere_owner: Option<String>,
    elsewhere_owner_at: Option<i64>,
    ours_at: Option<i64>,
}

/// What the two sides were before they were joined.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Was {
    /// The gone side as it was called.
    name: String,
    gone: Person,
    gone_chats: Vec<Chat>,
    kept: Person,
    kept_chats: Vec<Chat>,
}

#[derive(Clone, Debug, sqlx::FromRow)]
struct MergeRow {
    id: String,
    kept_customer: String,
    gone_customer: String,
    state: String,
    shared: Option<String>,
    at: i64,
    by_agent: Option<String>,
    was: Option<String>,
}

/// A merge as it stands.
#[derive(Clone, Debug)]
pub struct Merge {
    pub id: MergeId,
    pub kept: CustomerId,
    pub gone: CustomerId,
    pub state: MergeState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeState {
    Proposed,
    Joined,
    Apart,
}

macro_rules! merges {
    ($rest:literal) => {
        concat!(
            "SELECT id, kept_customer, gone_customer, state, shared, at, by_agent, was FROM merges ",
            $rest
        )
    };
}

const CHATS: &str = "SELECT id, inbox_id, activity_at, opening_event, opening_kind, \
     opening_meta_at, opening_received_at, refusal_at, refusal_message, assignee, progress, labels, \
     seen_upto, free_until, elsewhere_at, elsewhere_owner, elsewhere_owner_at, ours_at \
     FROM conversations WHERE customer_id = $1 ORDER BY id";

impl Conn {
    pub async fn merge(&mut self, id: &MergeId) -> Result<Option<Merge>> {
        let row = self.merge_row(id).await?;
        row.map(|row| {
            Ok(Merge {
                state: from_word(&row.state, "merges", &row.id)?,
                id: MergeId::new(row.id),
                kept: CustomerId::new(row.kept_customer),
                gone: CustomerId::new(row.gone_customer),
            })
        })
        .transpose()
    }

    async fn merge_row(&mut self, id: &MergeId) -> Result<Option<MergeRow>> {
        const ONE: &str = merges!("WHERE id = $1");
        Ok(either!(self, |c| sqlx::query_as(ONE)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?)
    }

    /// Whether a person kept these two apart, or a proposal waits for one.
    pub async fn merge_between(
        &mut self,
        a: &CustomerId,
        b: &CustomerId,
    ) -> Result<Option<MergeState>> {
        const BETWEEN: &str = "SELECT state FROM merges WHERE state <> 'joined' \
             AND (kept_customer = $1 AND gone_customer = $2 OR kept_customer = $2 AND gone_customer = $1) \
             ORDER BY state LIMIT 1";
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(BETWEEN)
            .bind(a.as_str())
            .bind(b.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        row.map(|(state,)| from_word(&state, "merges", a.as_str()))
            .transpose()
    }

    async fn person(&mut self, id: &CustomerId) -> Result<Option<Person>> {
        const ONE: &str = "SELECT id, phone, phone_at, bsuid, bsuid_at, username, username_at, \
             book_name, book_name_at, profile_name, profile_name_at, given_name, about, blocked, \
             blocked_at, moved_at, marketing, marketing_at FROM customers WHERE id = $1";
        Ok(either!(self, |c| sqlx::query_as(ONE)
            .bind(id.as_str())
            .fetch_optional(&mut **c)
            .await)?)
    }

    async fn chats(&mut self, customer: &CustomerId) -> Result<Vec<Chat>> {
        Ok(either!(self, |c| sqlx::query_as(CHATS)
            .bind(customer.as_str())
            .fetch_all(&mut **c)
            .await)?)
    }

    async fn name_of(
        &mut self,
        customer: &CustomerId,
        inbox: &InboxId,
    ) -> Result<(Option<ConversationId>, String)> {
        const NAME: &str = "SELECT COALESCE(book_name, profile_name, given_name, username), phone \
             FROM customers WHERE id = $1";
        let row: Option<(Option<String>, Option<String>)> =
            either!(self, |c| sqlx::query_as(NAME)
                .bind(customer.as_str())
                .fetch_optional(&mut **c)
                .await)?;
        let (name, phone) = row.unwrap_or_default();
        let name = name
            .or_else(|| {
                let number = phone.as_deref().and_then(PhoneNumber::from_digits)?;
                Some(show_number(&number))
            })
            .unwrap_or_default();
        let between = match self.conversation_between(inbox, customer).await? {
            Some(id) => Some(id),
            None => self.conversation_ids_of(customer).await?.into_iter().next(),
        };
        Ok((between, name))
    }

    /// Looks up what waits for a decision about a conversation's customer, and what was decided.
    pub(super) async fn read_merges(&mut self, row: &mut ConversationRow) -> Result<()> {
        const OF: &str = merges!(
            "WHERE state <> 'apart' AND (kept_customer = $1 OR gone_customer = $1) ORDER BY at, id"
        );
        let me = row.customer.id.clone();
        let found: Vec<MergeRow> = either!(self, |c| sqlx::query_as(OF)
            .bind(me.as_str())
            .fetch_all(&mut **c)
            .await)?;
        for merge in found {
            let state: MergeState = from_word(&merge.state, "merges", &merge.id)?;
            match state {
                MergeState::Proposed => {
                    let other = CustomerId::new(if merge.kept_customer == me.as_str() {
                        merge.gone_customer
                    } else {
                        merge.kept_customer
                    });
                    let (conversation, name) = self.name_of(&other, &row.inbox).await?;
                    if let Some(conversation) = conversation {
                        row.doubts.push(Doubt {
                            merge: MergeId::new(merge.id),
                            other: conversation,
                            other_name: name,
                            shared_number: merge
                                .shared
                                .as_deref()
                                .and_then(PhoneNumber::from_digits)
                                .as_ref()
                                .map(show_number),
                            since: Time::from_millis(merge.at),
                        });
                    }
                }
                MergeState::Joined if merge.kept_customer == me.as_str() => {
                    if let Some(was) = &merge.was {
                        let was: Was = from_json(was, "merges", &merge.id)?;
                        // A record without a chat of its own (an entry of the address book) has
                        // nothing to take out again.
                        if !was.gone_chats.is_empty() {
                            row.joined.push(Joined {
                                merge: MergeId::new(merge.id),
                                other_name: was.name,
                                at: Time::from_millis(merge.at),
                                by: merge.by_agent.map(AgentId::new),
                            });
                        }
                    }
                }
                MergeState::Joined | MergeState::Apart => {}
            }
        }
        Ok(())
    }
}

impl Tx {
    /// Puts a pair to a person. Once, whatever the order in which it is noticed.
    pub async fn propose_merge(
        &mut self,
        id: &MergeId,
        a: &CustomerId,
        b: &CustomerId,
        shared: Option<&PhoneNumber>,
        at: Time,
    ) -> Result<()> {
        const PROPOSE: &str = "INSERT INTO merges (id, kept_customer, gone_customer, state, shared, at) \
             VALUES ($1, $2, $3, 'proposed', $4, $5)";
        if a == b || self.conn.merge_between(a, b).await?.is_some() {
            return Ok(());
        }
        let (kept, gone) = if a < b { (a, b) } else { (b, a) };
        either!(&mut self.conn, |c| sqlx::query(PROPOSE)
            .bind(id.as_str())
            .bind(kept.as_str())
            .bind(gone.as_str())
            .bind(shared.map(PhoneNumber::digits))
            .bind(at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        self.stamp_customer(a).await?;
        self.stamp_customer(b).await
    }

    /// Writes what became of a pair.
    pub async fn settle_merge(
        &mut self,
        id: &MergeId,
        state: MergeState,
        by: Option<&AgentId>,
        at: Time,
    ) -> Result<()> {
        const SETTLE: &str = "UPDATE merges SET state = $2, by_agent = $3, at = $4 WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(SETTLE)
            .bind(id.as_str())
            .bind(word(state))
            .bind(by.map(AgentId::as_str))
            .bind(at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// `gone` becomes part of `kept`: keys, conversations (one per business number), and the
    /// greater window facts. Returns the conversations whose heads must be worked out anew, and
    /// those that are no more.
    ///
    /// `id` names the merge: a proposal that a person agreed to, or a fresh one.
    pub async fn join_customers(
        &mut self,
        id: &MergeId,
        kept: &CustomerId,
        gone: &CustomerId,
        by: Option<&AgentId>,
        at: Time,
    ) -> Result<(Vec<ConversationId>, Vec<ConversationId>)> {
        const RECORD: &str = "INSERT INTO merges (id, kept_customer, gone_customer, state, at, by_agent, was) \
             VALUES ($1, $2, $3, 'joined', $4, $5, $6) ON CONFLICT (id) DO UPDATE SET \
             kept_customer = excluded.kept_customer, gone_customer = excluded.gone_customer, \
             state = 'joined', at = excluded.at, by_agent = excluded.by_agent, was = excluded.was";
        const KEYS: &str = "INSERT INTO merge_parts (merge_id, kind, part, origin) \
             SELECT $1, 'key', value, kind FROM identities WHERE customer_id = $2";
        const TAKE_KEYS: &str = "UPDATE identities SET customer_id = $1 WHERE customer_id = $2";
        // Other pairs with the gone side are pairs with the kept side now.
        const KEPT: &str = "UPDATE merges SET kept_customer = $1 WHERE kept_customer = $2";
        const GONE: &str =
            "UPDATE merges SET gone_customer = $1 WHERE gone_customer = $2 AND state <> 'joined'";
        const SELF: &str =
            "DELETE FROM merges WHERE kept_customer = gone_customer AND state <> 'joined'";
        const DELETE: &str = "DELETE FROM customers WHERE id = $1";
        let (Some(kept_was), Some(gone_was)) =
            (self.conn.person(kept).await?, self.conn.person(gone).await?)
        else {
            return Ok((Vec::new(), Vec::new()));
        };
        let gone_chats = self.conn.chats(gone).await?;
        let kept_chats = self.conn.chats(kept).await?;
        let name = match gone_chats.first() {
            Some(chat) => {
                self.conn
                    .name_of(gone, &InboxId::new(chat.inbox_id.clone()))
                    .await?
                    .1
            }
            None => String::new(),
        };
        let was = to_json(&Was {
            name,
            gone: gone_was.clone(),
            gone_chats: gone_chats.clone(),
            kept: kept_was.clone(),
            kept_chats,
        })?;
        either!(&mut self.conn, |c| {
            sqlx::query(KEPT)
                .bind(kept.as_str())
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
            sqlx::query(GONE)
                .bind(kept.as_str())
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
            sqlx::query(RECORD)
                .bind(id.as_str())
                .bind(kept.as_str())
                .bind(gone.as_str())
                .bind(at.millis())
                .bind(by.map(AgentId::as_str))
                .bind(&was)
                .execute(&mut **c)
                .await?;
            sqlx::query(SELF).execute(&mut **c).await?;
            sqlx::query(KEYS)
                .bind(id.as_str())
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
            sqlx::query(TAKE_KEYS)
                .bind(kept.as_str())
                .bind(gone.as_str())
                .execute(&mut **c)
                .await?;
        });
        let mut stale = Vec::new();
        let mut vanished = Vec::new();
        for chat in &gone_chats {
            let theirs = ConversationId::new(chat.id.clone());
            let inbox = InboxId::new(chat.inbox_id.clone());
            if let Some(ours) = self.conn.conversation_between(&inbox, kept).await? {
                self.list_parts(id, &theirs).await?;
                let mut facts = self.facts(&ours).await?;
                facts.merge(self.facts(&theirs).await?);
                self.write_facts(&ours, &facts).await?;
                self.take_signs(&ours, chat).await?;
                self.absorb_conversation(&ours, &theirs).await?;
                stale.push(ours);
                vanished.push(theirs);
            } else {
                self.move_conversation_to(&theirs, kept).await?;
                stale.push(theirs);
            }
        }
        self.write_person(&kept_was.and(&gone_was)).await?;
        either!(&mut self.conn, |c| sqlx::query(DELETE)
            .bind(gone.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        self.stamp_customer(kept).await?;
        Ok((stale, vanished))
    }

    /// Lists what passes from a gone conversation to the kept one.
    async fn list_parts(&mut self, id: &MergeId, gone: &ConversationId) -> Result<()> {
        const MESSAGES: &str = "INSERT INTO merge_parts (merge_id, kind, part, origin) \
             SELECT $1, 'message', id, $2 FROM messages WHERE conversation_id = $2";
        const NOTES: &str = "INSERT INTO merge_parts (merge_id, kind, part, origin) \
             SELECT $1, 'note', id, $2 FROM notes WHERE conversation_id = $2";
        either!(&mut self.conn, |c| {
            for statement in [MESSAGES, NOTES] {
                sqlx::query(statement)
                    .bind(id.as_str())
                    .bind(gone.as_str())
                    .execute(&mut **c)
                    .await?;
            }
        });
        Ok(())
    }

    /// Who answers, and until when everything is free: the later sign of both chats.
    async fn take_signs(&mut self, kept: &ConversationId, gone: &Chat) -> Result<()> {
        if let Some(at) = gone.elsewhere_at {
            let owner = gone.elsewhere_owner.as_deref();
            self.note_elsewhere(kept, Time::from_millis(at), owner)
                .await?;
        }
        if let Some(at) = gone.ours_at {
            self.note_ours(kept, Time::from_millis(at)).await?;
        }
        if let Some(until) = gone.free_until {
            self.note_free_until(kept, Time::from_millis(until)).await?;
        }
        Ok(())
    }

    async fn write_person(&mut self, person: &Person) -> Result<()> {
        const WRITE: &str = "INSERT INTO customers (id, phone, phone_at, bsuid, bsuid_at, username, \
             username_at, book_name, book_name_at, profile_name, profile_name_at, given_name, about, \
             blocked, blocked_at, moved_at, marketing, marketing_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
             ON CONFLICT (id) DO UPDATE SET phone = excluded.phone, phone_at = excluded.phone_at, \
             bsuid = excluded.bsuid, bsuid_at = excluded.bsuid_at, username = excluded.username, \
             username_at = excluded.username_at, book_name = excluded.book_name, \
             book_name_at = excluded.book_name_at, profile_name = excluded.profile_name, \
             profile_name_at = excluded.profile_name_at, given_name = excluded.given_name, \
             about = excluded.about, blocked = excluded.blocked, blocked_at = excluded.blocked_at, \
             moved_at = excluded.moved_at, marketing = excluded.marketing, \
             marketing_at = excluded.marketing_at";
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(&person.id)
            .bind(&person.phone)
            .bind(person.phone_at)
            .bind(&person.bsuid)
            .bind(person.bsuid_at)
            .bind(&person.username)
            .bind(person.username_at)
            .bind(&person.book_name)
            .bind(person.book_name_at)
            .bind(&person.profile_name)
            .bind(person.profile_name_at)
            .bind(&person.given_name)
            .bind(&person.about)
            .bind(&person.blocked)
            .bind(person.blocked_at)
            .bind(person.moved_at)
            .bind(person.marketing)
            .bind(person.marketing_at)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
