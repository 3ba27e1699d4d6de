//! Edits and deletions of messages.

use ajar_domain::{
    MessageId, Time, WaMessageId,
    amendment::{Amended, Amendment, Now, Side, settle},
    content::Content,
};

use super::{Conn, Result, Tx, either, from_word, to_json, word};

impl Conn {
    async fn amendments(&mut self, target: &WaMessageId) -> Result<Vec<Amended>> {
        const OF: &str = "SELECT event_id, at, side, words FROM amendments WHERE target_wamid = $1";
        let rows: Vec<(String, i64, String, Option<String>)> =
            either!(self, |c| sqlx::query_as(OF)
                .bind(target.as_str())
                .fetch_all(&mut **c)
                .await)?;
        rows.into_iter()
            .map(|(event_id, at, side, words)| {
                Ok(Amended {
                    by: from_word(&side, "amendments", &event_id)?,
                    event_id,
                    at: Time::from_millis(at),
                    what: words.map_or(Amendment::Deletion, |words| Amendment::Edit { words }),
                })
            })
            .collect()
    }
}

impl Tx {
    /// Keeps an edit or a deletion. Returns whether it was news.
    pub async fn add_amendment(&mut self, target: &WaMessageId, amended: &Amended) -> Result<bool> {
        const ADD: &str = "INSERT INTO amendments (target_wamid, event_id, at, side, words) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (target_wamid, event_id) DO NOTHING RETURNING at";
        let words = match &amended.what {
            Amendment::Edit { words } => Some(words.as_str()),
            Amendment::Deletion => None,
        };
        let done: Option<(i64,)> = either!(&mut self.conn, |c| sqlx::query_as(ADD)
            .bind(target.as_str())
            .bind(&amended.event_id)
            .bind(amended.at.millis())
            .bind(word(amended.by))
            .bind(words)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// The message stands as it was sent, until its amendments are applied anew.
    pub async fn forget_edits(&mut self, id: &MessageId) -> Result<()> {
        const FORGET: &str = "UPDATE messages SET first_words = NULL, earlier = NULL WHERE id = $1";
        either!(&mut self.conn, |c| sqlx::query(FORGET)
            .bind(id.as_str())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Applies all amendments of `wamid` to the message. The words as sent are kept apart, so the
    /// result depends on the set of amendments and not on their order.
    pub async fn settle_words(&mut self, id: &MessageId, wamid: &WaMessageId) -> Result<()> {
        const FIRST: &str = "SELECT first_words FROM messages WHERE id = $1";
        const WRITE: &str = "UPDATE messages SET rev = $2, content = $3, first_words = $4, \
             earlier = $5 WHERE id = $1";
        let amendments = self.conn.amendments(wamid).await?;
        if amendments.is_empty() {
            return Ok(());
        }
        let Some(message) = self.conn.message(id.as_str()).await? else {
            return Ok(());
        };
        if matches!(message.content, Content::Deleted { .. }) {
            return Ok(());
        }
        let (kept,): (Option<String>,) = either!(&mut self.conn, |c| sqlx::query_as(FIRST)
            .bind(id.as_str())
            .fetch_one(&mut **c)
            .await)?;
        let first = kept.unwrap_or_else(|| message.content.words().unwrap_or_default().to_owned());
        let now = settle(Side::of(&message.author), &first, message.at, &amendments);
        let (content, first, earlier) = match now {
            Now::AsSent => (message.content.clone().with_words(&first), None, Vec::new()),
            // What was deleted for everyone is not kept here either; the log has it until its
            // retention ends.
            Now::Deleted { at } => (Content::Deleted { at }, None, Vec::new()),
            Now::Edited { words, earlier } => (
                message.content.clone().with_words(&words),
                Some(first),
                earlier,
            ),
        };
        if content == message.content && earlier == message.earlier {
            return Ok(());
        }
        let json = to_json(&content)?;
        let earlier = (!earlier.is_empty())
            .then(|| to_json(&earlier))
            .transpose()?;
        let rev = self.touch("message", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(WRITE)
            .bind(id.as_str())
            .bind(rev)
            .bind(&json)
            .bind(&first)
            .bind(&earlier)
            .execute(&mut **c)
            .await
            .map(drop))?;
        self.index_words(id, &content).await
    }
}
