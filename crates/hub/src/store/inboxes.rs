//! Inboxes: the business numbers, and what holds for a whole number.

use ajar_domain::{
    AgentId, InboxId, PhoneNumberId, Time, composer::Pause, customer::PhoneNumber, import::Import,
};
use ajar_protocol::rows::{InboxRow, PhoneHolder, ReadReceipts};

use super::{Conn, Result, StoreError, Tx, either, from_json, from_word, pause, to_json, word};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rev: i64,
    name: String,
    number: String,
    paused: Option<String>,
    paused_at: Option<i64>,
    margin_ms: i64,
    read_receipts: String,
    last_inbound_at: Option<i64>,
    last_echo_at: Option<i64>,
    last_status_at: Option<i64>,
    import: Option<String>,
    templates_at: Option<i64>,
    phone_holder: Option<String>,
    phone_since: Option<i64>,
}

impl Row {
    fn decode(self) -> Result<InboxRow> {
        Ok(InboxRow {
            number: PhoneNumber::from_digits(&self.number).ok_or_else(|| StoreError::Corrupt {
                table: "inboxes",
                id: self.id.clone(),
                why: "no phone number".into(),
            })?,
            paused: pause(self.paused.as_deref(), self.paused_at, "inboxes", &self.id)?,
            read_receipts: from_word(&self.read_receipts, "inboxes", &self.id)?,
            margin_ms: u32::try_from(self.margin_ms).unwrap_or(u32::MAX),
            import: self
                .import
                .as_deref()
                .map(|json| from_json(json, "inboxes", &self.id))
                .transpose()?
                .unwrap_or_default(),
            id: InboxId::new(self.id),
            rev: self.rev,
            name: self.name,
            last_inbound_at: self.last_inbound_at.map(Time::from_millis),
            last_echo_at: self.last_echo_at.map(Time::from_millis),
            last_status_at: self.last_status_at.map(Time::from_millis),
            templates_at: self.templates_at.map(Time::from_millis),
            phone_holder: self.phone_holder.map(|agent| PhoneHolder {
                agent: AgentId::new(agent),
                since: Time::from_millis(self.phone_since.unwrap_or_default()),
            }),
        })
    }
}

/// What only the hub needs to know of a number.
#[derive(Clone, Debug)]
pub struct Line {
    pub inbox: InboxId,
    pub phone_number_id: PhoneNumberId,
    pub waba_id: String,
    pub pause_until: Option<Time>,
}

/// A sign of life of the number, for the phone's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignOfLife {
    Inbound,
    Echo,
    Status,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, rev, name, number, paused, paused_at, margin_ms, read_receipts, \
             last_inbound_at, last_echo_at, last_status_at, import, templates_at, phone_holder, \
             phone_since FROM inboxes ",
            $rest
        )
    };
}

impl Conn {
    pub async fn inbox(&mut self, id: &str) -> Result<Option<InboxRow>> {
        const ONE: &str = select!("WHERE id = $1");
        let row: Option<Row> = either!(self, |c| sqlx::query_as(ONE)
            .bind(id)
            .fetch_optional(&mut **c)
            .await)?;
        row.map(Row::decode).transpose()
    }

    pub async fn inboxes(&mut self) -> Result<Vec<InboxRow>> {
        const ALL: &str = select!("ORDER BY id");
        let rows: Vec<Row> = either!(self, |c| sqlx::query_as(ALL).fetch_all(&mut **c).await)?;
        rows.into_iter().map(Row::decode).collect()
    }

    pub async fn inbox_of_number(&mut self, number: &PhoneNumberId) -> Result<Option<InboxId>> {
        const BY: &str = "SELECT id FROM inboxes WHERE phone_number_id = $1";
        let row: Option<(String,)> = either!(self, |c| sqlx::query_as(BY)
            .bind(number.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(id,)| InboxId::new(id)))
    }

    /// The numbers of a WhatsApp Business Account; events about an account name no number.
    pub async fn inboxes_of_account(&mut self, waba_id: &str) -> Result<Vec<InboxId>> {
        const OF: &str = "SELECT id FROM inboxes WHERE waba_id = $1 ORDER BY id";
        let rows: Vec<(String,)> = either!(self, |c| sqlx::query_as(OF)
            .bind(waba_id)
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows.into_iter().map(|(id,)| InboxId::new(id)).collect())
    }

    pub async fn line(&mut self, inbox: &InboxId) -> Result<Option<Line>> {
        const LINE: &str =
            "SELECT phone_number_id, waba_id, pause_until FROM inboxes WHERE id = $1";
        let row: Option<(String, String, Option<i64>)> = either!(self, |c| sqlx::query_as(LINE)
            .bind(inbox.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(phone_number_id, waba_id, pause_until)| Line {
            inbox: inbox.clone(),
            phone_number_id: PhoneNumberId::new(phone_number_id),
            waba_id,
            pause_until: pause_until.map(Time::from_millis),
        }))
    }
}

impl Tx {
    /// Creates the inbox of a configured number, or leaves the known one as it is.
    pub async fn ensure_inbox(
        &mut self,
        id: &InboxId,
        phone_number_id: &PhoneNumberId,
        waba_id: &str,
        name: &str,
        number: &PhoneNumber,
        margin_ms: u32,
    ) -> Result<InboxId> {
        const ADD: &str = "INSERT INTO inboxes (id, rev, name, number, phone_number_id, waba_id, \
             margin_ms, read_receipts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        if let Some(known) = self.conn.inbox_of_number(phone_number_id).await? {
            return Ok(known);
        }
        let rev = self.touch("inbox", id.as_str());
        either!(&mut self.conn, |c| sqlx::query(ADD)
            .bind(id.as_str())
            .bind(rev)
            .bind(name)
            .bind(number.digits())
            .bind(phone_number_id.as_str())
            .bind(waba_id)
            .bind(i64::from(margin_ms))
            .bind(word(ReadReceipts::default()))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(id.clone())
    }

    /// Takes over what Meta says about the number.
    pub async fn describe_inbox(
        &mut self,
        inbox: &InboxId,
        name: &str,
        number: &PhoneNumber,
    ) -> Result<()> {
        const SET: &str = "UPDATE inboxes SET rev = $2, name = $3, number = $4 \
             WHERE id = $1 AND (name <> $3 OR number <> $4)";
        let rev = self.touch("inbox", inbox.as_str());
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(rev)
            .bind(name)
            .bind(number.digits())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    pub async fn set_policy(
        &mut self,
        inbox: &InboxId,
        margin_ms: u32,
        read_receipts: ReadReceipts,
    ) -> Result<()> {
        const SET: &str =
            "UPDATE inboxes SET rev = $2, margin_ms = $3, read_receipts = $4 WHERE id = $1";
        let rev = self.touch("inbox", inbox.as_str());
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(rev)
            .bind(i64::from(margin_ms))
            .bind(word(read_receipts))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Who holds the phone from `since` on.
    pub async fn hold_phone(
        &mut self,
        inbox: &InboxId,
        holder: Option<(&AgentId, Time)>,
    ) -> Result<()> {
        const SET: &str =
            "UPDATE inboxes SET rev = $2, phone_holder = $3, phone_since = $4 WHERE id = $1";
        let rev = self.touch("inbox", inbox.as_str());
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(rev)
            .bind(holder.map(|(agent, _)| agent.as_str()))
            .bind(holder.map(|(_, since)| since.millis()))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Meta has just listed the templates.
    pub async fn templates_listed(&mut self, inbox: &InboxId, at: Time) -> Result<()> {
        const SET: &str = "UPDATE inboxes SET rev = $2, templates_at = $3 WHERE id = $1";
        let rev = self.touch("inbox", inbox.as_str());
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(rev)
            .bind(at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Writes how far the phone's past has been taken over.
    pub async fn write_import(&mut self, inbox: &InboxId, import: &Import) -> Result<()> {
        const SET: &str = "UPDATE inboxes SET rev = $2, import = $3 WHERE id = $1";
        let rev = self.touch("inbox", inbox.as_str());
        let json = to_json(import)?;
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(rev)
            .bind(&json)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    async fn pause_inbox(&mut self, inbox: &InboxId, paused: Option<(Pause, Time)>) -> Result<()> {
        const SET: &str = "UPDATE inboxes SET rev = $2, paused = $3, paused_at = $4 WHERE id = $1";
        let rev = self.touch("inbox", inbox.as_str());
        let json = paused.as_ref().map(|(why, _)| to_json(why)).transpose()?;
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(rev)
            .bind(&json)
            .bind(paused.as_ref().map(|(_, at)| at.millis()))
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Records that nothing may go to Meta for this number before `until`. A longer pause stays.
    pub async fn hold_number(&mut self, inbox: &InboxId, until: Time) -> Result<()> {
        const SET: &str = "UPDATE inboxes SET pause_until = $2 \
             WHERE id = $1 AND (pause_until IS NULL OR pause_until < $2)";
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(inbox.as_str())
            .bind(until.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Notes a sign of life; the later time wins. No event below a minute's difference: a busy
    /// number would otherwise announce itself with every message.
    pub async fn sign_of_life(
        &mut self,
        inbox: &InboxId,
        sign: SignOfLife,
        at: Time,
    ) -> Result<()> {
        const INBOUND: &str = "UPDATE inboxes SET last_inbound_at = $2 \
             WHERE id = $1 AND (last_inbound_at IS NULL OR last_inbound_at < $2) RETURNING id";
        const ECHO: &str = "UPDATE inboxes SET last_echo_at = $2 \
             WHERE id = $1 AND (last_echo_at IS NULL OR last_echo_at < $2) RETURNING id";
        const STATUS: &str = "UPDATE inboxes SET last_status_at = $2 \
             WHERE id = $1 AND (last_status_at IS NULL OR last_status_at < $2) RETURNING id";
        let statement = match sign {
            SignOfLife::Inbound => INBOUND,
            SignOfLife::Echo => ECHO,
            SignOfLife::Status => STATUS,
        };
        either!(&mut self.conn, |c| sqlx::query(statement)
            .bind(inbox.as_str())
            .bind(at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Stops or restarts the whole outbox (token, account).
    pub async fn stop_queue(&mut self, stopped: Option<(Pause, Time)>) -> Result<()> {
        const STOP: &str = "UPDATE team SET stopped = $1, stopped_at = $2 WHERE id = 1";
        let json = stopped.as_ref().map(|(why, _)| to_json(why)).transpose()?;
        either!(&mut self.conn, |c| sqlx::query(STOP)
            .bind(&json)
            .bind(stopped.as_ref().map(|(_, at)| at.millis()))
            .execute(&mut **c)
            .await
            .map(drop))?;
        // Every composer says so at once: the inboxes carry the pause.
        for inbox in self.conn.inboxes().await? {
            self.settle_pause(&inbox.id).await?;
        }
        Ok(())
    }

    /// Works out anew whether a number rests. The newest of the events that connect and disconnect
    /// it decides, in whatever order they came; what stops the whole outbox (a dead token) holds
    /// besides. Returns whether that changed anything.
    pub async fn settle_pause(&mut self, inbox: &InboxId) -> Result<bool> {
        let newest = self.conn.newest_link_event(inbox).await?;
        let unlinked = newest.and_then(|(kind, at)| match kind.as_str() {
            "disconnected" | "offboarded" => Some((Pause::NumberOffboarded, at)),
            "disabled" | "deleted" => Some((Pause::AccountRestricted, at)),
            _ => None,
        });
        let paused = match unlinked {
            Some(unlinked) => Some(unlinked),
            None => self.conn.team().await?.stopped,
        };
        let before = self.conn.inbox(inbox.as_str()).await?;
        let changes = before.is_some_and(|row| row.paused != paused);
        if changes {
            self.pause_inbox(inbox, paused).await?;
        }
        Ok(changes)
    }

    pub async fn note_meta_clock(&mut self, offset_ms: i64) -> Result<()> {
        const SET: &str = "UPDATE team SET meta_clock_offset_ms = $1 WHERE id = 1";
        either!(&mut self.conn, |c| sqlx::query(SET)
            .bind(offset_ms)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}
