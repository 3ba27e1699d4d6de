//! Hand-offs to the phone that wait for their echo.

use ajar_domain::{
    AgentId, ConversationId, InboxId, MessageId, PhoneStartId, Time, customer::PhoneNumber,
    phone_start::PhoneStart,
};
use ajar_protocol::rows::PhoneStartRow;

use super::{Conn, Result, StoreError, Tx, conversations::show_number, either};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rev: i64,
    inbox_id: String,
    number: String,
    name: Option<String>,
    conversation_id: Option<String>,
    body: String,
    asked_by: String,
    asked_at: i64,
    state: String,
    claimed_message: Option<String>,
    settled_at: Option<i64>,
    alike: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, rev, inbox_id, number, name, conversation_id, body, asked_by, asked_at, \
             state, claimed_message, settled_at, alike FROM phone_starts ",
            $rest
        )
    };
}

/// The address that opens WhatsApp with the text ready: digits only, no plus, no zeros in
/// front (platform notes, section 14).
#[must_use]
pub fn phone_link(number: &PhoneNumber, text: &str) -> String {
    let mut link = String::from("https://wa.me/");
    link.push_str(number.digits());
    link.push_str("?text=");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            link.push_str(&format!("%{byte:02X}"));
        }
    }
    link
}

impl Row {
    fn decode(self) -> Result<PhoneStartRow> {
        let number = PhoneNumber::from_digits(&self.number).ok_or_else(|| StoreError::Corrupt {
            table: "phone_starts",
            id: self.id.clone(),
            why: "no phone number".into(),
        })?;
        let asked_at = Time::from_millis(self.asked_at);
        let settled_at = Time::from_millis(self.settled_at.unwrap_or_default());
        let state = match (self.state.as_str(), self.claimed_message) {
            ("claimed", Some(message)) => PhoneStart::Claimed {
                message: MessageId::new(message),
                at: settled_at,
                alike: self.alike != 0,
            },
            ("cancelled", _) => PhoneStart::Cancelled { at: settled_at },
            _ => PhoneStart::Waiting { since: asked_at },
        };
        Ok(PhoneStartRow {
            id: PhoneStartId::new(self.id),
            rev: self.rev,
            inbox: InboxId::new(self.inbox_id),
            number_shown: show_number(&number),
            link: phone_link(&number, &self.body),
            number,
            name: self.name,
            conversation: self.conversation_id.map(ConversationId::new),
            text: self.body,
            asked_by: AgentId::new(self.asked_by),
            asked_at,
            state,
        })
    }
}

/// A start to write for the first time.
#[derive(Clone, Debug)]
pub struct NewStart {
    pub id: PhoneStartId,
    pub inbox: InboxId,
    pub number: PhoneNumber,
    pub name: Option<String>,
    pub conversation: Option<ConversationId>,
    pub text: String,
    pub asked_by: AgentId,
    pub asked_at: Time,
}

impl Conn {
    pub async fn phone_start(&mut self, id: &str) -> Result<Option<PhoneStartRow>> {
        const ONE: &str = select!("WHERE id = $1");
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    /// All that wait, and those about which a person may still say something; oldest first.
    pub async fn open_starts(&mut self, now: Time) -> Result<Vec<PhoneStartRow>> {
        const OPEN: &str = select!(
            "WHERE state = 'waiting' OR (state = 'claimed' AND alike = 0) ORDER BY asked_at, id"
        );
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(OPEN).fetch_all(&mut **c).await)?;
        let mut rows = rows
            .into_iter()
            .map(Row::decode)
            .collect::<Result<Vec<_>>>()?;
        rows.retain(|row| row.state.is_open(now));
        Ok(rows)
    }

    /// Whether anything at all is still to be typed on the phone of this number.
    pub async fn has_waiting_starts(&mut self, inbox: &InboxId) -> Result<bool> {
        const ANY: &str =
            "SELECT id FROM phone_starts WHERE state = 'waiting' AND inbox_id = $1 LIMIT 1";
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(ANY)
            .bind(inbox.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.is_some())
    }

    /// Those that wait for an echo to this number, oldest first.
    pub async fn waiting_starts_to(
        &mut self,
        inbox: &InboxId,
        number: &PhoneNumber,
    ) -> Result<Vec<PhoneStartRow>> {
        const TO: &str = select!(
            "WHERE state = 'waiting' AND inbox_id = $1 AND canonical = $2 ORDER BY asked_at, id"
        );
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(TO)
            .bind(inbox.as_str())
            .bind(number.canonical().digits())
            .fetch_all(&mut **c)
            .await)?;
        rows.into_iter().map(Row::decode).collect()
    }
}

impl Tx {
    pub async fn add_phone_start(&mut self, new: &NewStart) -> Result<()> {
        const ADD: &str = "INSERT INTO phone_starts (id, rev, inbox_id, number, canonical, name, \
             conversation_id, body, asked_by, asked_at, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting')";
        let rev = self.touch("phone_start", new.id.as_str());
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(new.id.as_str())
            .bind(rev)
            .bind(new.inbox.as_str())
            .bind(new.number.digits())
            .bind(new.number.canonical().digits())
            .bind(&new.name)
            .bind(new.conversation.as_ref().map(ConversationId::as_str))
            .bind(&new.text)
            .bind(new.asked_by.as_str())
            .bind(new.asked_at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Writes the end of a start. Does nothing to one that has already ended.
    pub async fn settle_phone_start(
        &mut self,
        id: &PhoneStartId,
        state: &PhoneStart,
        conversation: Option<&ConversationId>,
    ) -> Result<bool> {
        const SETTLE: &str = "UPDATE phone_starts SET rev = $2, state = $3, claimed_message = $4, \
             settled_at = $5, conversation_id = COALESCE($6, conversation_id), alike = $7 \
             WHERE id = $1 AND state = 'waiting' RETURNING id";
        let (state, message, at, alike) = match state {
            PhoneStart::Waiting { .. } => return Ok(false),
            PhoneStart::Claimed { message, at, alike } => {
                ("claimed", Some(message.as_str()), *at, *alike)
            }
            PhoneStart::Cancelled { at } => ("cancelled", None, *at, true),
        };
        let rev = self.touch("phone_start", id.as_str());
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(SETTLE)
            .bind(id.as_str())
            .bind(rev)
            .bind(state)
            .bind(message)
            .bind(at.millis())
            .bind(conversation.map(ConversationId::as_str))
            .bind(i64::from(alike))
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }

    /// The echo that claimed a start was another message: it waits again. `false` if nothing had
    /// claimed it.
    pub async fn reopen_phone_start(&mut self, id: &PhoneStartId) -> Result<bool> {
        const REOPEN: &str = "UPDATE phone_starts SET rev = $2, state = 'waiting', \
             claimed_message = NULL, settled_at = NULL, alike = 1 \
             WHERE id = $1 AND state = 'claimed' RETURNING id";
        let rev = self.touch("phone_start", id.as_str());
        let done: Option<(String,)> = either!(&mut self.conn, |c| sqlx::query_as(REOPEN)
            .bind(id.as_str())
            .bind(rev)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_carries_the_words_untouched() {
        let number = PhoneNumber::from_digits("15550173364").expect("a number");
        assert_eq!(
            phone_link(&number, "Hi & ja, 50 %?\nÜ"),
            "https://wa.me/15550173364?text=Hi%20%26%20ja%2C%2050%20%25%3F%0A%C3%9C"
        );
    }
}
