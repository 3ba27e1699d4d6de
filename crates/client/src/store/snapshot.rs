//! A snapshot arrives beside the cache and takes its place only when it is whole.

use ajar_domain::HubId;
use ajar_protocol::hub::Change;
use sqlx::{Row, SqliteConnection};

use super::{Result, Store, Trouble, apply::Writing, read, set_meta, write};

impl Store {
    /// Throws away what a torn snapshot left.
    pub async fn begin_snapshot(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM incoming")
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Puts some lines of the snapshot aside.
    pub async fn stage_snapshot(&self, changes: &[Change]) -> Result<()> {
        let mut tx = self.begin().await?;
        for change in changes {
            sqlx::query("INSERT INTO incoming (change) VALUES ($1)")
                .bind(write(change))
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// The snapshot is whole: it becomes the cache, with its cursor, in one transaction.
    /// Messages stay for reading meanwhile, but count as possibly full of holes; drafts, the
    /// outbox and everything else of the agent's own stay as they are.
    ///
    /// # Errors
    /// [`Trouble::TornSnapshot`] if `rows` is not what was put aside.
    pub async fn finish_snapshot(&self, hub_id: &HubId, cursor: i64, rows: u64) -> Result<()> {
        let before: Option<HubId> = self.meta("hub_id").await?;
        let mut tx = self.begin().await?;
        let staged: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM incoming")
            .fetch_one(&mut *tx)
            .await?;
        if u64::try_from(staged).ok() != Some(rows) {
            return Err(Trouble::TornSnapshot);
        }
        for statement in [
            "DELETE FROM conversations",
            "DELETE FROM conversation_rows",
            "DELETE FROM team_rows",
            "DELETE FROM spans",
            "DELETE FROM removed",
        ] {
            sqlx::query(statement).execute(&mut *tx).await?;
        }
        if before.as_ref() != Some(hub_id) {
            for statement in ["DELETE FROM messages", "DELETE FROM notes"] {
                sqlx::query(statement).execute(&mut *tx).await?;
            }
        }
        let mut writing = Writing::default();
        let mut last = 0i64;
        loop {
            let lines = sqlx::query(
                "SELECT number, change FROM incoming WHERE number > $1 ORDER BY number LIMIT 1000",
            )
            .bind(last)
            .fetch_all(&mut *tx)
            .await?;
            if lines.is_empty() {
                break;
            }
            for line in lines {
                last = line.try_get("number")?;
                let change: Change = read("incoming", line.try_get("change")?)?;
                writing.change(&mut tx, change).await?;
            }
            // Only its effect on the tables matters here; the list is loaded anew.
            writing = Writing::default();
        }
        sqlx::query("DELETE FROM incoming")
            .execute(&mut *tx)
            .await?;
        set_meta(&mut tx, "hub_id", hub_id).await?;
        set_meta(&mut tx, "cursor", &cursor).await?;
        set_meta(&mut tx, "snapshot_cursor", &cursor).await?;
        Ok(tx.commit().await?)
    }
}

/// Everything that the hub could tell again.
pub(super) async fn empty_cache(db: &mut SqliteConnection) -> Result<()> {
    for statement in [
        "DELETE FROM conversations",
        "DELETE FROM conversation_rows",
        "DELETE FROM messages",
        "DELETE FROM notes",
        "DELETE FROM team_rows",
        "DELETE FROM spans",
        "DELETE FROM removed",
        "DELETE FROM incoming",
    ] {
        sqlx::query(statement).execute(&mut *db).await?;
    }
    Ok(())
}
