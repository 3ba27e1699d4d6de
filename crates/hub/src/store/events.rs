//! Numbered events: reading what changed after a cursor, with the newest state of each row.

use std::collections::HashSet;

use ajar_domain::{ConversationId, MessageId};
use ajar_protocol::hub::Change;

use super::{
    Conn, Result, either,
    many::{Lazily, Many},
};

#[derive(sqlx::FromRow)]
struct EventRow {
    no: i64,
    kind: String,
    row_id: String,
    extra: Option<String>,
}

/// A change that is to be told: number, kind, row, and where the row went if it is gone.
pub(super) type New = (i64, &'static str, String, Option<String>);

/// Writes the numbered changes of a transaction.
pub(super) async fn add(conn: &mut Conn, changes: &[New]) -> Result<()> {
    static ADD: Lazily =
        Lazily::new(|| Many::new("INSERT INTO events (no, kind, row_id, extra) VALUES", 4, ""));
    for (sql, some) in ADD.of(conn, changes) {
        either!(conn, |c| {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (no, kind, id, extra) in some {
                query = query.bind(no).bind(*kind).bind(id).bind(extra);
            }
            query.execute(&mut **c).await.map(drop)
        })?;
    }
    Ok(())
}

/// What changed with the numbers `after + 1 ..= upto`.
#[derive(Debug)]
pub struct Batch {
    pub after: i64,
    pub upto: i64,
    pub changes: Vec<Change>,
}

/// Why there is no batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Numbers after the cursor have been pruned, or the cursor is from the future.
    Expired,
    /// Nothing new.
    AtEnd,
}

impl Conn {
    /// The next batch after a cursor. Each row appears once, in its newest state.
    pub async fn changes_after(
        &mut self,
        after: i64,
        limit: i64,
    ) -> Result<std::result::Result<Batch, Cursor>> {
        const NEXT: &str = "SELECT no, kind, row_id, extra FROM events \
             WHERE no > $1 ORDER BY no LIMIT $2";
        let rows: Vec<EventRow> = either!(self, |c| sqlx::query_as(NEXT)
            .bind(after)
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            let end = self.team().await?.last_event;
            return Ok(Err(if after == end {
                Cursor::AtEnd
            } else {
                Cursor::Expired
            }));
        };
        if first.no != after + 1 {
            return Ok(Err(Cursor::Expired));
        }
        let upto = last.no;
        let mut seen = HashSet::new();
        let mut changes = Vec::new();
        // From the newest back, so that each row is read once and gone rows are known.
        for row in rows.iter().rev() {
            if seen.insert((row.kind.as_str(), row.row_id.as_str()))
                && let Some(change) = self.change(row).await?
            {
                changes.push(change);
            }
        }
        changes.reverse();
        Ok(Ok(Batch {
            after,
            upto,
            changes,
        }))
    }

    async fn change(&mut self, row: &EventRow) -> Result<Option<Change>> {
        let id = row.row_id.as_str();
        Ok(match row.kind.as_str() {
            "inbox" => self
                .inbox(id)
                .await?
                .map(|row| Change::Inbox(Box::new(row))),
            "agent" => self.agent(id).await?.map(Change::Agent),
            "conversation" => self
                .conversation(id)
                .await?
                .map(|found| Change::Conversation(Box::new(found))),
            "message" => self
                .message(id)
                .await?
                .map(|found| Change::Message(Box::new(found))),
            "note" => self.note(id).await?.map(Change::Note),
            "template" => self
                .template(id)
                .await?
                .map(|found| Change::Template(Box::new(found))),
            "phone_start" => self.phone_start(id).await?.map(Change::PhoneStart),
            "message_removed" => Some(Change::MessageRemoved {
                id: MessageId::new(id),
                rev: row.no,
            }),
            "merged" => row.extra.as_deref().map(|into| Change::ConversationMerged {
                gone: ConversationId::new(id),
                into: ConversationId::new(into),
                rev: row.no,
            }),
            _ => None,
        })
    }

    /// Forgets events up to and including `no`; desktops behind it start over.
    pub async fn prune_events(&mut self, no: i64) -> Result<u64> {
        const PRUNE: &str = "DELETE FROM events WHERE no <= $1";
        Ok(either!(self, |c| sqlx::query(PRUNE)
            .bind(no)
            .execute(&mut **c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
