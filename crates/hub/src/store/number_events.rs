//! What Meta told about a number or its account: the administrator's diary of the line.

use ajar_domain::{InboxId, Time};
use ajar_protocol::health::NumberEvent;

use super::{Conn, Result, Tx, either};

/// One entry, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub event: NumberEvent,
    /// `user` or `system`, for disconnections.
    pub side: String,
}

impl Conn {
    /// Newest first.
    pub async fn number_events(&mut self, inbox: &InboxId, limit: i64) -> Result<Vec<Entry>> {
        const OF: &str = "SELECT at, kind, detail, side FROM number_events WHERE inbox_id = $1 \
             ORDER BY at DESC, kind, detail LIMIT $2";
        let rows: Vec<(i64, String, String, String)> = either!(self, |c| sqlx::query_as(OF)
            .bind(inbox.as_str())
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(at, kind, detail, side)| Entry {
                event: NumberEvent {
                    at: Time::from_millis(at),
                    kind,
                    detail: (!detail.is_empty()).then_some(detail),
                },
                side,
            })
            .collect())
    }

    /// The newest entry of certain kinds that decide whether the number is connected.
    pub async fn newest_link_event(&mut self, inbox: &InboxId) -> Result<Option<(String, Time)>> {
        // Of two in one second the return counts: nobody returns who was not away before.
        const NEWEST: &str = "SELECT kind, at FROM number_events WHERE inbox_id = $1 \
             AND kind IN ('disconnected', 'offboarded', 'reconnected', 'disabled', 'deleted') \
             ORDER BY at DESC, CASE kind WHEN 'reconnected' THEN 0 ELSE 1 END, kind LIMIT 1";
        let row: Option<(String, i64)> = either!(self, |c| sqlx::query_as(NEWEST)
            .bind(inbox.as_str())
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(kind, at)| (kind, Time::from_millis(at))))
    }
}

impl Tx {
    /// Writes an entry. The same event twice is one. Returns whether it was news.
    pub async fn add_number_event(&mut self, inbox: &InboxId, entry: &Entry) -> Result<bool> {
        const ADD: &str = "INSERT INTO number_events (inbox_id, at, kind, detail, side) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (inbox_id, at, kind, detail) DO NOTHING \
             RETURNING at";
        let done: Option<(i64,)> = either!(&mut self.conn, |c| sqlx::query_as(ADD)
            .bind(inbox.as_str())
            .bind(entry.event.at.millis())
            .bind(&entry.event.kind)
            .bind(entry.event.detail.as_deref().unwrap_or(""))
            .bind(&entry.side)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(done.is_some())
    }
}
