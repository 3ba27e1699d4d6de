//! Search over the words of messages.

use ajar_domain::{MessageId, Time, content::Content};
use ajar_protocol::hub::SearchHit;

use super::{
    Conn, Result, Tx,
    dialect::{self, Words},
};

/// The characters of a snippet.
const SNIPPET: usize = 160;

impl Conn {
    /// Messages that have all the words, newest first. No words, no hits.
    pub async fn search(&mut self, text: &str, limit: i64) -> Result<Vec<SearchHit>> {
        let words: Vec<String> = text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(8)
            .map(str::to_lowercase)
            .collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut hits = Vec::new();
        for (message, conversation, text, at) in dialect::search(self, &words, limit).await? {
            let Some(row) = self.conversation(&conversation).await? else {
                continue;
            };
            hits.push(SearchHit {
                conversation: row.id,
                name: row.customer.name,
                message: MessageId::new(message),
                snippet: text.chars().take(SNIPPET).collect(),
                at: Time::from_millis(at),
            });
        }
        Ok(hits)
    }
}

impl Tx {
    pub(super) async fn forget_words(&mut self, id: &MessageId) -> Result<()> {
        dialect::forget_words(&mut self.conn, id.as_str()).await
    }

    /// Makes the words of a message findable, and none that it had before.
    pub(super) async fn index_words(&mut self, id: &MessageId, content: &Content) -> Result<()> {
        self.forget_words(id).await?;
        let words = content.searchable();
        if words.trim().is_empty() {
            return Ok(());
        }
        let words = Words {
            message: id.as_str(),
            words,
            no: self.touch("message", id.as_str()),
        };
        dialect::index_words(&mut self.conn, &[words]).await
    }
}
