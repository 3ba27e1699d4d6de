//! Storage: one [`Store`] over two databases, each statement written once.
//!
//! Only this folder contains SQL, and only [`dialect`] knows which database runs. Statements
//! keep to the common subset (CONTRIBUTING.md); whoever wants to change team state opens a
//! [`Tx`], which numbers the changes inside the transaction: the counter row is locked first,
//! so the order of numbers is the order of commits on both databases, with no holes.

pub mod agents;
pub mod amendments;
pub mod arrivals;
pub mod charges;
pub mod commands;
pub mod conversations;
pub mod customers;
pub mod dialect;
pub mod events;
pub mod heads;
pub mod inboxes;
pub mod log;
mod many;
pub mod media;
pub mod merges;
pub mod messages;
pub mod notes;
pub mod number_events;
pub mod outbox;
pub mod phone_starts;
pub mod reactions;
pub mod search;
pub mod templates;

use std::{collections::HashMap, sync::Arc, time::Duration};

use ajar_domain::{HubId, Time};
use sqlx::{
    Connection, PgPool, Postgres, Sqlite, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::watch;

/// Runs one block with `$c` bound to the connection of either database.
macro_rules! either {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite($c) => $body,
            $crate::store::Conn::Postgres($c) => $body,
        }
    };
}
pub(crate) use either;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    #[error("{0}")]
    Migrate(String),
    #[error("table {table}, row {id}: {why}")]
    Corrupt {
        table: &'static str,
        id: String,
        why: String,
    },
    /// A database of a newer version of Ajar.
    #[error(
        "the database was written by a newer version of Ajar (schema {found}, this build knows {known}); start that version instead, nothing was changed"
    )]
    Newer { found: i64, known: i64 },
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Statements that each connection keeps prepared: more than there are, sizes of bulk ones counted.
const STATEMENTS: usize = 512;

/// What each connection to SQLite keeps in memory, in kilobytes. The projector walks through all
/// chats; the log is written and read from one end to the other, and nothing of it twice.
const WRITER_CACHE: u32 = 12_000;
const READER_CACHE: u32 = 2_000;
const LOG_CACHE: u32 = 1_000;

#[derive(Clone)]
enum Pool {
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        /// The webhook log has a file and a writer of its own.
        log: SqlitePool,
        log_read: SqlitePool,
    },
    Postgres(PgPool),
}

/// A connection in a transaction, or one borrowed for reading.
pub enum Conn {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

#[derive(Clone)]
pub struct Store {
    pool: Pool,
    /// The number of the last event known to be committed; only a wake-up, the truth is the table.
    committed: Arc<watch::Sender<i64>>,
    /// The same for the webhook log.
    logged: Arc<watch::Sender<i64>>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a database of a newer version; else whatever the driver says.
    pub async fn open(url: &str, create: &NewTeam) -> Result<Self> {
        let pool = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(10))
                .connect_with(
                    url.parse::<PgConnectOptions>()?
                        .statement_cache_capacity(STATEMENTS),
                )
                .await?;
            migrate_postgres(&pool).await?;
            Pool::Postgres(pool)
        } else {
            open_sqlite(url).await?
        };
        let store = Self {
            pool,
            committed: Arc::new(watch::channel(0).0),
            logged: Arc::new(watch::channel(0).0),
        };
        store.found_team(create).await?;
        store.refresh_wakeups().await?;
        Ok(store)
    }

    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// A transaction that changes team state.
    pub async fn begin(&self) -> Result<Tx> {
        let mut conn = match &self.pool {
            Pool::Sqlite { write, .. } => Conn::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pool::Postgres(pool) => Conn::Postgres(pool.begin().await?),
        };
        // Locks the counter: from here on this transaction is the only one that numbers.
        const LOCK: &str =
            "UPDATE team SET last_event = last_event WHERE id = 1 RETURNING last_event, log_cursor";
        let (last_event, log_cursor): (i64, i64) = either!(&mut conn, |c| sqlx::query_as(LOCK)
            .fetch_one(&mut **c)
            .await)?;
        Ok(Tx {
            conn,
            first: last_event,
            last: last_event,
            log_cursor,
            touched: HashMap::new(),
            order: Vec::new(),
            committed: Arc::clone(&self.committed),
        })
    }

    /// A transaction that only reads: everything it sees is one moment of the database.
    pub async fn read(&self) -> Result<Conn> {
        Ok(match &self.pool {
            Pool::Sqlite { read, .. } => Conn::Sqlite(read.begin().await?),
            Pool::Postgres(pool) => Conn::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        })
    }

    /// Wakes whenever events were committed; holds the newest number known.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.committed.subscribe()
    }

    /// Wakes whenever webhooks were logged; holds the newest number known.
    #[must_use]
    pub fn logged(&self) -> watch::Receiver<i64> {
        self.logged.subscribe()
    }

    /// Reads the true ends of both sequences, for example after another process wrote.
    pub async fn refresh_wakeups(&self) -> Result<()> {
        let mut conn = self.read().await?;
        const ENDS: &str = "SELECT last_event FROM team WHERE id = 1";
        let (last,): (i64,) = either!(&mut conn, |c| sqlx::query_as(ENDS)
            .fetch_one(&mut **c)
            .await)?;
        drop(conn);
        let logged = self.log_end().await?;
        self.committed.send_if_modified(|known| raise(known, last));
        self.logged.send_if_modified(|known| raise(known, logged));
        Ok(())
    }

    async fn found_team(&self, create: &NewTeam) -> Result<()> {
        const FOUND: &str = "INSERT INTO team (id, hub_id, name, last_event, log_cursor, created_at) \
             VALUES (1, $1, $2, 0, 0, $3) ON CONFLICT (id) DO NOTHING";
        let mut conn = self.begin_plain().await?;
        either!(&mut conn, |c| sqlx::query(FOUND)
            .bind(&create.hub_id)
            .bind(&create.name)
            .bind(create.at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        conn.commit().await
    }

    /// A writing transaction that numbers nothing.
    pub(crate) async fn begin_plain(&self) -> Result<Conn> {
        Ok(match &self.pool {
            Pool::Sqlite { write, .. } => Conn::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pool::Postgres(pool) => Conn::Postgres(pool.begin().await?),
        })
    }

    pub async fn team(&self) -> Result<Team> {
        let mut conn = self.read().await?;
        conn.team().await
    }

    /// Closes all connections, so that a folder can be moved or deleted.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite {
                write,
                read,
                log,
                log_read,
            } => {
                for pool in [write, read, log, log_read] {
                    pool.close().await;
                }
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

fn raise(known: &mut i64, seen: i64) -> bool {
    let grew = seen > *known;
    *known = seen.max(*known);
    grew
}

/// What a database is founded with, if it is new.
#[derive(Clone, Debug)]
pub struct NewTeam {
    pub hub_id: String,
    pub name: String,
    pub at: Time,
}

#[derive(Clone, Debug)]
pub struct Team {
    pub hub_id: HubId,
    pub name: String,
    pub last_event: i64,
    pub log_cursor: i64,
    /// Why the whole outbox stands still, and since when.
    pub stopped: Option<(ajar_domain::composer::Pause, Time)>,
    pub meta_clock_offset_ms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct TeamRow {
    hub_id: String,
    name: String,
    last_event: i64,
    log_cursor: i64,
    stopped: Option<String>,
    stopped_at: Option<i64>,
    meta_clock_offset_ms: Option<i64>,
}

impl Conn {
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub async fn team(&mut self) -> Result<Team> {
        const TEAM: &str = "SELECT hub_id, name, last_event, log_cursor, stopped, stopped_at, \
             meta_clock_offset_ms FROM team WHERE id = 1";
        let row: TeamRow = either!(self, |c| sqlx::query_as(TEAM).fetch_one(&mut **c).await)?;
        Ok(Team {
            stopped: pause(row.stopped.as_deref(), row.stopped_at, "team", "1")?,
            hub_id: HubId::new(row.hub_id),
            name: row.name,
            last_event: row.last_event,
            log_cursor: row.log_cursor,
            meta_clock_offset_ms: row.meta_clock_offset_ms,
        })
    }
}

/// Decodes a pause from its two columns.
fn pause(
    json: Option<&str>,
    at: Option<i64>,
    table: &'static str,
    id: &str,
) -> Result<Option<(ajar_domain::composer::Pause, Time)>> {
    json.map(|json| {
        Ok((
            from_json(json, table, id)?,
            Time::from_millis(at.unwrap_or_default()),
        ))
    })
    .transpose()
}

/// A transaction that changes team state and numbers what it changes.
pub struct Tx {
    pub conn: Conn,
    first: i64,
    last: i64,
    /// Where the projector stood when this transaction began.
    pub log_cursor: i64,
    touched: HashMap<(&'static str, String), i64>,
    order: Vec<events::New>,
    committed: Arc<watch::Sender<i64>>,
}

impl Tx {
    /// Numbers a change of this row; the same row gets one number per transaction.
    pub fn touch(&mut self, kind: &'static str, id: &str) -> i64 {
        if let Some(no) = self.touched.get(&(kind, id.to_owned())) {
            return *no;
        }
        self.last += 1;
        self.touched.insert((kind, id.to_owned()), self.last);
        self.order.push((self.last, kind, id.to_owned(), None));
        self.last
    }

    /// Numbers the disappearance of a row, with where it went.
    pub fn touch_gone(&mut self, kind: &'static str, id: &str, extra: Option<String>) -> i64 {
        self.last += 1;
        self.order.push((self.last, kind, id.to_owned(), extra));
        self.last
    }

    /// The number of the last change so far: where a command's result will be visible.
    #[must_use]
    pub fn visible_at(&self) -> i64 {
        self.last
    }

    /// Writes the events and commits; then wakes the streams.
    pub async fn commit(mut self) -> Result<i64> {
        if self.last > self.first {
            events::add(&mut self.conn, &std::mem::take(&mut self.order)).await?;
            const COUNT: &str = "UPDATE team SET last_event = $1 WHERE id = 1";
            either!(&mut self.conn, |c| sqlx::query(COUNT)
                .bind(self.last)
                .execute(&mut **c)
                .await
                .map(drop))?;
            dialect::announce(&mut self.conn, dialect::EVENTS_CHANNEL).await?;
        }
        let last = self.last;
        self.conn.commit().await?;
        self.committed.send_if_modified(|known| raise(known, last));
        Ok(last)
    }
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt {
        table: "(writing)",
        id: String::new(),
        why: error.to_string(),
    })
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &'static str,
    id: &str,
) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt {
        table,
        id: id.to_owned(),
        // The classification only: serde's message may quote the value.
        why: format!("{:?} error in a JSON column", error.classify()),
    })
}

/// Enums that stand as one word in a column.
pub(crate) fn word<T: serde::Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

pub(crate) fn from_word<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &'static str,
    id: &str,
) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| {
        StoreError::Corrupt {
            table,
            id: id.to_owned(),
            why: format!("unknown word {text:?}"),
        }
    })
}

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/sqlite");
static SQLITE_LOG: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/log/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/postgres");
static POSTGRES_LOG: sqlx::migrate::Migrator = sqlx::migrate!("./migrations/log/postgres");

async fn migrate_postgres(pool: &PgPool) -> Result<()> {
    refuse_newer(dialect::schema_version_postgres(pool).await?, &POSTGRES)?;
    // Both sets share one bookkeeping table, so they are run as one.
    let mut all: Vec<sqlx::migrate::Migration> = POSTGRES.iter().cloned().collect();
    all.extend(POSTGRES_LOG.iter().cloned().map(|mut migration| {
        migration.version += LOG_VERSIONS;
        migration
    }));
    let migrator = sqlx::migrate::Migrator::with_migrations(all);
    migrator
        .run(pool)
        .await
        .map_err(|error| StoreError::Migrate(error.to_string()))
}

/// The log's migrations are numbered from here where they share a database with the rest.
const LOG_VERSIONS: i64 = 10_000;

fn refuse_newer(found: Option<i64>, set: &sqlx::migrate::Migrator) -> Result<()> {
    let known = set
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    match found {
        Some(found) if found > known => Err(StoreError::Newer { found, known }),
        Some(_) | None => Ok(()),
    }
}

async fn open_sqlite(url: &str) -> Result<Pool> {
    let in_memory = url.contains(":memory:");
    let options = |url: &str, cache: u32| -> Result<SqliteConnectOptions> {
        let options: SqliteConnectOptions = url.parse()?;
        Ok(options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(STATEMENTS)
            // As many as one statement of ours answers with: the driver's thread never waits for
            // its reader in between.
            .row_buffer_size(4_096)
            // Below zero it is meant in kilobytes.
            .pragma("cache_size", format!("-{cache}"))
            .pragma("temp_store", "memory"))
    };
    let one = || {
        let one = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
        if in_memory {
            // Its one connection is the database.
            return one;
        }
        // With the disk full SQLite ends a transaction by itself, and the driver then believes for
        // ever that the connection is inside one. Such a connection is given up for a new one.
        one.after_release(|connection, _| {
            Box::pin(async move {
                // Whatever is still to be rolled back is, before this is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    };
    let write = one().connect_with(options(url, WRITER_CACHE)?).await?;
    refuse_newer(dialect::schema_version_sqlite(&write).await?, &SQLITE)?;
    SQLITE
        .run(&write)
        .await
        .map_err(|error| StoreError::Migrate(error.to_string()))?;
    let log_url = if in_memory {
        url.to_owned()
    } else {
        log_url(url)
    };
    let log = one().connect_with(options(&log_url, LOG_CACHE)?).await?;
    refuse_newer(dialect::schema_version_sqlite(&log).await?, &SQLITE_LOG)?;
    SQLITE_LOG
        .run(&log)
        .await
        .map_err(|error| StoreError::Migrate(error.to_string()))?;
    // A database in memory is its one connection.
    let (read, log_read) = if in_memory {
        (write.clone(), log.clone())
    } else {
        let readers = |count| SqlitePoolOptions::new().max_connections(count);
        let (data, log) = (options(url, READER_CACHE)?, options(&log_url, LOG_CACHE)?);
        (
            readers(4).connect_with(data.read_only(true)).await?,
            readers(2).connect_with(log.read_only(true)).await?,
        )
    };
    Ok(Pool::Sqlite {
        write,
        read,
        log,
        log_read,
    })
}

/// `sqlite:///data/ajar.db` has its log in `sqlite:///data/ajar-log.db`.
fn log_url(url: &str) -> String {
    let (path, query) = url
        .split_once('?')
        .map_or((url, None), |(p, q)| (p, Some(q)));
    let path = path
        .strip_suffix(".db")
        .map_or_else(|| format!("{path}-log"), |stem| format!("{stem}-log.db"));
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}
