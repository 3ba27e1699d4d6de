//! What this desktop keeps, in one SQLite database. The only module with SQL.
//!
//! Two kinds of things lie side by side. Rows of the team are a *cache*: every one carries the
//! revision the hub gave it, is written only over an older one, and is saved together with the
//! cursor it stands for. Drafts, the outbox, preferences and recent values are this agent's
//! *own* and survive every start over from a snapshot.
//!
//! This module knows nothing of the network, the clock or the interface.

mod apply;
mod outbox;
mod own;
mod snapshot;
mod threads;

use std::{path::Path, str::FromStr, time::Duration};

use ajar_domain::{HubId, Time};
use ajar_protocol::rows::{AgentRow, ConversationRow, InboxRow, PhoneStartRow, TemplateRow};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Connection, Row, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use self::{
    apply::Applied,
    outbox::{Queued, QueuedStage},
    own::TemplateUse,
    threads::{Span, ThreadRows},
};
use crate::inbox::Head;

/// Raised when the cache must be filled anew although its tables did not change: the shape of
/// a stored row gained something that older rows lack.
const CACHE_SHAPE: &str = "1";

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the database of this desktop could not be used")]
    Database(#[from] sqlx::Error),
    #[error("the folder of this desktop could not be made")]
    Folder(#[source] std::io::Error),
    #[error("this database was made by a newer version of Ajar")]
    Newer,
    #[error("the database of this desktop could not be prepared")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The cache holds something that cannot be read: start over from a snapshot.
    #[error("{table} has a row that cannot be read")]
    Corrupt {
        table: &'static str,
        #[source]
        why: serde_json::Error,
    },
    #[error("the snapshot is torn")]
    TornSnapshot,
}

type Result<T> = std::result::Result<T, Trouble>;

/// Where the cache stands in the hub's order of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub hub_id: HubId,
    pub at: i64,
}

/// The database of one desktop.
#[derive(Clone, Debug)]
pub struct Store {
    /// One connection: SQLite has one writer, and waiting here is fair where its lock is not.
    writer: SqlitePool,
    readers: SqlitePool,
    /// A database in memory lives as long as a connection to it, and the driver gives one up whose
    /// work was broken off, as when a page goes away. This one does no work.
    _keeps_memory: Option<SqlitePool>,
}

impl Store {
    /// Opens the database in a file, or a fresh one in memory.
    ///
    /// # Errors
    /// [`Trouble::Newer`] if a newer version of Ajar made it; otherwise what the database said.
    pub async fn open(file: Option<&Path>) -> Result<Self> {
        let options = match file {
            Some(file) => SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // What an agent sent must survive a power cut, too.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(10)),
            None => SqliteConnectOptions::from_str("sqlite::memory:")?,
        }
        .row_buffer_size(2_000);
        let one = || {
            SqlitePoolOptions::new()
                .max_connections(1)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let keeps_memory = match file {
            Some(_) => None,
            None => Some(one().connect_with(options.clone()).await?),
        };
        // With the disk full SQLite ends a transaction by itself, and the driver then believes for
        // ever that the connection is inside one. Such a connection is given up for a new one.
        let writer = one().after_release(|connection, _| {
            Box::pin(async move {
                // Whatever is still to be rolled back is, before this is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        });
        let writer = writer.connect_with(options.clone()).await?;
        let readers = if file.is_some() {
            SqlitePoolOptions::new()
                .max_connections(4)
                .connect_with(options.pragma("query_only", "ON"))
                .await?
        } else {
            writer.clone()
        };
        sqlx::migrate!("./migrations")
            .run(&writer)
            .await
            .map_err(|trouble| match trouble {
                sqlx::migrate::MigrateError::VersionMissing(_)
                | sqlx::migrate::MigrateError::VersionMismatch(_) => Trouble::Newer,
                other => Trouble::Migration(other),
            })?;
        let store = Self {
            writer,
            readers,
            _keeps_memory: keeps_memory,
        };
        store.check_shape().await?;
        Ok(store)
    }

    /// A cache that another version wrote stays readable, but is filled anew on the next link.
    async fn check_shape(&self) -> Result<()> {
        let shape: Option<String> = self.meta("shape").await?;
        if shape.as_deref() != Some(CACHE_SHAPE) {
            let mut tx = self.begin().await?;
            forget_cursor(&mut tx).await?;
            set_meta(&mut tx, "shape", &CACHE_SHAPE).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A value under a name.
    pub async fn meta<T: DeserializeOwned>(&self, key: &'static str) -> Result<Option<T>> {
        let text: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE key = $1")
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        text.map(|text| read("meta", &text)).transpose()
    }

    pub async fn keep_meta<T: Serialize + Sync>(&self, key: &'static str, value: &T) -> Result<()> {
        let mut tx = self.begin().await?;
        set_meta(&mut tx, key, value).await?;
        Ok(tx.commit().await?)
    }

    /// Where the cache stands; `None` before the first snapshot.
    pub async fn cursor(&self) -> Result<Option<Cursor>> {
        let hub_id: Option<HubId> = self.meta("hub_id").await?;
        let at: Option<i64> = self.meta("cursor").await?;
        Ok(hub_id.zip(at).map(|(hub_id, at)| Cursor { hub_id, at }))
    }

    /// All conversation heads, for the list.
    ///
    /// # Errors
    /// What the database said.
    pub async fn heads(&self) -> Result<Vec<Head>> {
        apply::heads(&self.readers).await
    }

    /// Heads in full, in the order asked for; those that do not exist are left out.
    pub async fn conversations(&self, ids: &[&str]) -> Result<Vec<ConversationRow>> {
        let wanted = write(&ids);
        let rows = sqlx::query(
            "SELECT conversation_rows.row AS row FROM json_each($1) AS wanted \
             JOIN conversation_rows ON conversation_rows.id = wanted.value ORDER BY wanted.key",
        )
        .bind(wanted)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| read("conversation_rows", row.try_get("row")?))
            .collect()
    }

    pub async fn inboxes(&self) -> Result<Vec<InboxRow>> {
        self.team_rows("inbox").await
    }

    pub async fn agents(&self) -> Result<Vec<AgentRow>> {
        self.team_rows("agent").await
    }

    pub async fn templates(&self) -> Result<Vec<TemplateRow>> {
        self.team_rows("template").await
    }

    pub async fn phone_starts(&self) -> Result<Vec<PhoneStartRow>> {
        self.team_rows("phone_start").await
    }

    async fn team_rows<T: DeserializeOwned>(&self, kind: &'static str) -> Result<Vec<T>> {
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT row FROM team_rows WHERE kind = $1 ORDER BY id")
                .bind(kind)
                .fetch_all(&self.readers)
                .await?;
        rows.iter().map(|row| read("team_rows", row)).collect()
    }

    /// Throws the cache and everything of the agent away: this desktop left its team.
    pub async fn forget_everything(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        snapshot::empty_cache(&mut tx).await?;
        for statement in [
            "DELETE FROM drafts",
            "DELETE FROM outbox",
            "DELETE FROM template_uses",
            "DELETE FROM media",
            "DELETE FROM incoming",
            "DELETE FROM meta WHERE key NOT IN ('preferences', 'shape')",
        ] {
            sqlx::query(statement).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes the next link start over from a snapshot.
    pub async fn forget_cursor(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        forget_cursor(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}

async fn forget_cursor(db: &mut SqliteConnection) -> Result<()> {
    sqlx::query("DELETE FROM meta WHERE key = 'cursor'")
        .execute(db)
        .await?;
    Ok(())
}

async fn set_meta<T: Serialize + Sync + ?Sized>(
    db: &mut SqliteConnection,
    key: &'static str,
    value: &T,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO meta (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(key)
    .bind(write(value))
    .execute(db)
    .await?;
    Ok(())
}

/// JSON of our own types, whose keys are always text.
fn write<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

fn read<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|why| Trouble::Corrupt { table, why })
}

fn time(row: &sqlx::sqlite::SqliteRow, column: &str) -> Result<Option<Time>> {
    let millis: Option<i64> = row.try_get(column)?;
    Ok(millis.map(Time::from_millis))
}

#[cfg(test)]
mod tests;
