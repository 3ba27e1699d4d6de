//! What truly differs between the databases, behind the same function names.

use sqlx::{PgPool, SqlitePool};

use super::{Conn, Result, Store};

pub const EVENTS_CHANNEL: &str = "ajar_events";
pub const LOG_CHANNEL: &str = "ajar_log";

/// Wakes the other processes on the same database, once this transaction has committed.
/// SQLite has one process; its wake-up is the in-process channel.
pub async fn announce(conn: &mut Conn, channel: &'static str) -> Result<()> {
    match conn {
        Conn::Sqlite(_) => {}
        Conn::Postgres(c) => {
            sqlx::query("SELECT pg_notify($1, '')")
                .bind(channel)
                .execute(&mut **c)
                .await?;
        }
    }
    Ok(())
}

/// The newest migration a database has seen; `None` for an empty one.
pub async fn schema_version_sqlite(pool: &SqlitePool) -> Result<Option<i64>> {
    let found: Option<(String,)> = sqlx::query_as(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_optional(pool)
    .await?;
    if found.is_none() {
        return Ok(None);
    }
    let (version,): (Option<i64>,) = sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(pool)
        .await?;
    Ok(version)
}

/// The newest migration a database has seen; `None` for an empty one.
pub async fn schema_version_postgres(pool: &PgPool) -> Result<Option<i64>> {
    let (table,): (Option<String>,) =
        sqlx::query_as("SELECT to_regclass('_sqlx_migrations')::text")
            .fetch_one(pool)
            .await?;
    if table.is_none() {
        return Ok(None);
    }
    let (version,): (Option<i64>,) = sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(pool)
        .await?;
    Ok(version)
}

/// Listens for the other processes' commits, for ever. Ends at once on SQLite.
pub async fn listen(store: &Store) -> Result<()> {
    let Some(pool) = store.postgres_pool() else {
        return Ok(());
    };
    let mut listener = sqlx::postgres::PgListener::connect_with(pool).await?;
    listener.listen_all([EVENTS_CHANNEL, LOG_CHANNEL]).await?;
    // Whatever was committed before the listener stood.
    store.refresh_wakeups().await?;
    loop {
        listener.recv().await?;
        store.refresh_wakeups().await?;
    }
}

/// A consistent copy of a SQLite database into a new file.
pub async fn copy_sqlite(pool: &SqlitePool, to: &str) -> Result<()> {
    sqlx::query("VACUUM INTO $1").bind(to).execute(pool).await?;
    Ok(())
}
