//! What truly differs between the databases, behind the same function names.

use sqlx::{PgPool, SqlitePool};

use super::{
    Conn, Result, Store,
    many::{Lazily, Many},
};

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
    let (version,): (Option<i64>,) = sqlx::query_as(
        // The log's own migrations are numbered from 10,000 (see the store's `LOG_VERSIONS`).
        "SELECT MAX(version) FROM _sqlx_migrations WHERE version < 10000",
    )
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

/// A hit of a search: message, conversation, words, time.
pub type Hit = (String, String, String, i64);

/// Messages that have all the words, the last one as a beginning; newest first.
pub async fn search(conn: &mut Conn, words: &[String], limit: i64) -> Result<Vec<Hit>> {
    match conn {
        Conn::Sqlite(c) => {
            // Each word stands in quotes, so that nothing in it is read as query syntax.
            let query = words
                .iter()
                .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")))
                .collect::<Vec<_>>()
                .join(" ");
            Ok(sqlx::query_as(
                "SELECT m.id, m.conversation_id, w.words, m.at FROM message_words w \
                 JOIN messages m ON m.id = w.message_id \
                 WHERE message_words MATCH $1 ORDER BY m.at DESC LIMIT $2",
            )
            .bind(query)
            .bind(limit)
            .fetch_all(&mut **c)
            .await?)
        }
        Conn::Postgres(c) => {
            let query = words
                .iter()
                .map(|word| format!("'{}':*", word.replace('\'', "''").replace('\\', "\\\\")))
                .collect::<Vec<_>>()
                .join(" & ");
            Ok(sqlx::query_as(
                "SELECT m.id, m.conversation_id, w.words, m.at FROM message_words w \
                 JOIN messages m ON m.id = w.message_id \
                 WHERE to_tsvector('simple', w.words) @@ to_tsquery('simple', $1) \
                 ORDER BY m.at DESC LIMIT $2",
            )
            .bind(query)
            .bind(limit)
            .fetch_all(&mut **c)
            .await?)
        }
    }
}

/// What the search keeps of a message: its id, its words, and a number that is higher than that of
/// every message before.
pub struct Words<'a> {
    pub message: &'a str,
    pub words: String,
    pub no: i64,
}

/// Makes the words of messages findable that were not before.
pub async fn index_words(conn: &mut Conn, messages: &[Words<'_>]) -> Result<()> {
    static SQLITE: Lazily = Lazily::new(|| {
        Many::new(
            "INSERT INTO message_words (rowid, message_id, words) VALUES",
            3,
            "",
        )
    });
    static NUMBERS: Lazily = Lazily::new(|| {
        Many::new(
            "INSERT INTO message_word_rows (message_id, row_no) VALUES",
            2,
            "",
        )
    });
    static POSTGRES: Lazily = Lazily::new(|| {
        Many::new(
            "INSERT INTO message_words (message_id, words) VALUES",
            2,
            "",
        )
    });
    match conn {
        Conn::Sqlite(c) => {
            for (sql, some) in SQLITE.for_sqlite(messages) {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for one in some {
                    query = query.bind(one.no).bind(one.message).bind(&one.words);
                }
                query.execute(&mut **c).await?;
            }
            for (sql, some) in NUMBERS.for_sqlite(messages) {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for one in some {
                    query = query.bind(one.message).bind(one.no);
                }
                query.execute(&mut **c).await?;
            }
        }
        Conn::Postgres(c) => {
            for (sql, some) in POSTGRES.for_postgres(messages) {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for one in some {
                    query = query.bind(one.message).bind(&one.words);
                }
                query.execute(&mut **c).await?;
            }
        }
    }
    Ok(())
}

/// Takes the words of a message out of the search.
pub async fn forget_words(conn: &mut Conn, message: &str) -> Result<()> {
    match conn {
        Conn::Sqlite(c) => {
            // SQLite's index knows rows by number only: finding them by the message's id would
            // read the whole index.
            for forget in [
                "DELETE FROM message_words WHERE rowid = \
                 (SELECT row_no FROM message_word_rows WHERE message_id = $1)",
                "DELETE FROM message_word_rows WHERE message_id = $1",
            ] {
                sqlx::query(forget).bind(message).execute(&mut **c).await?;
            }
        }
        Conn::Postgres(c) => {
            sqlx::query("DELETE FROM message_words WHERE message_id = $1")
                .bind(message)
                .execute(&mut **c)
                .await?;
        }
    }
    Ok(())
}
