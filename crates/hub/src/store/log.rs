//! The append-only webhook log: raw bodies, as received, in the order of their numbers.

use ajar_domain::Time;

use super::{
    Conn, Pool, Result, Store, dialect, either,
    many::{Lazily, Many},
};

/// One logged webhook.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Logged {
    pub no: i64,
    pub received_at: i64,
    pub body: Vec<u8>,
}

impl Store {
    async fn begin_log(&self) -> Result<Conn> {
        Ok(match &self.pool {
            Pool::Sqlite { log, .. } => Conn::Sqlite(log.begin_with("BEGIN IMMEDIATE").await?),
            Pool::Postgres(pool) => Conn::Postgres(pool.begin().await?),
        })
    }

    /// Appends bodies in one transaction: one commit to disk for all of them. Returns the
    /// number of the last one, which is durable when this returns.
    pub async fn append_to_log(&self, bodies: &[(Time, bytes::Bytes)]) -> Result<i64> {
        const COUNT: &str =
            "UPDATE webhook_log_counter SET last = last + $1 WHERE id = 1 RETURNING last";
        static APPEND: Lazily = Lazily::new(|| {
            Many::new(
                "INSERT INTO webhook_log (no, received_at, body) VALUES",
                3,
                "",
            )
        });
        let mut conn = self.begin_log().await?;
        let how_many = i64::try_from(bodies.len()).unwrap_or(i64::MAX);
        let (last,): (i64,) = either!(&mut conn, |c| sqlx::query_as(COUNT)
            .bind(how_many)
            .fetch_one(&mut **c)
            .await)?;
        let mut no = last - how_many;
        for (sql, some) in APPEND.of(&conn, bodies) {
            either!(&mut conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for (at, body) in some {
                    no += 1;
                    query = query.bind(no).bind(at.millis()).bind(body.as_ref());
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        dialect::announce(&mut conn, dialect::LOG_CHANNEL).await?;
        conn.commit().await?;
        self.logged
            .send_if_modified(|known| super::raise(known, last));
        Ok(last)
    }

    /// At most `limit` webhooks after `cursor`, in order, and no more than fit into `bytes`, but
    /// one at least: a webhook of the phone's past may be as large as thousands of others.
    pub async fn read_log(&self, cursor: i64, limit: i64, bytes: i64) -> Result<Vec<Logged>> {
        const LAST: &str = "SELECT MAX(no) FROM (SELECT no, \
             SUM(size) OVER (ORDER BY no ROWS UNBOUNDED PRECEDING) - size AS before \
             FROM (SELECT no, CAST(LENGTH(body) AS BIGINT) AS size FROM webhook_log \
             WHERE no > $1 ORDER BY no LIMIT $2) sized) summed WHERE before < $3";
        const READ: &str = "SELECT no, received_at, body FROM webhook_log \
             WHERE no > $1 AND no <= $2 ORDER BY no";
        let mut conn = self.begin_log_read().await?;
        let (last,): (Option<i64>,) = either!(&mut conn, |c| sqlx::query_as(LAST)
            .bind(cursor)
            .bind(limit)
            .bind(bytes)
            .fetch_one(&mut **c)
            .await)?;
        let Some(last) = last else {
            return Ok(Vec::new());
        };
        Ok(either!(&mut conn, |c| sqlx::query_as(READ)
            .bind(cursor)
            .bind(last)
            .fetch_all(&mut **c)
            .await)?)
    }

    /// When the oldest webhook that is still kept was received.
    pub async fn log_start(&self) -> Result<Option<Time>> {
        const START: &str = "SELECT received_at FROM webhook_log ORDER BY no LIMIT 1";
        let mut conn = self.begin_log_read().await?;
        let row: Option<(i64,)> = either!(&mut conn, |c| sqlx::query_as(START)
            .fetch_optional(&mut **c)
            .await)?;
        Ok(row.map(|(at,)| Time::from_millis(at)))
    }

    /// Some webhooks by number, in order.
    pub async fn read_logged(&self, numbers: &[i64]) -> Result<Vec<Logged>> {
        const ONE: &str = "SELECT no, received_at, body FROM webhook_log WHERE no = $1";
        let mut conn = self.begin_log_read().await?;
        let mut found = Vec::with_capacity(numbers.len());
        for no in numbers {
            let row: Option<Logged> = either!(&mut conn, |c| sqlx::query_as(ONE)
                .bind(no)
                .fetch_optional(&mut **c)
                .await)?;
            found.extend(row);
        }
        Ok(found)
    }

    /// Throws raw bodies away that were received before `before` and are projected (`upto`),
    /// except those in `keep`. Returns how many went.
    pub async fn prune_log(&self, before: Time, upto: i64, keep: &[i64]) -> Result<u64> {
        const OLD: &str = "SELECT no FROM webhook_log \
             WHERE received_at < $1 AND no <= $2 AND no > $3 ORDER BY no LIMIT 500";
        static FORGET: Lazily =
            Lazily::new(|| Many::new("DELETE FROM webhook_log WHERE no IN (VALUES", 1, ")"));
        let mut after = 0;
        let mut gone = 0;
        loop {
            // In small transactions: webhooks are taken all the while.
            let mut conn = self.begin_log().await?;
            let old: Vec<(i64,)> = either!(&mut conn, |c| sqlx::query_as(OLD)
                .bind(before.millis())
                .bind(upto)
                .bind(after)
                .fetch_all(&mut **c)
                .await)?;
            let Some((last,)) = old.last() else {
                return Ok(gone);
            };
            after = *last;
            let old: Vec<i64> = old
                .into_iter()
                .map(|(no,)| no)
                .filter(|no| !keep.contains(no))
                .collect();
            for (sql, some) in FORGET.of(&conn, &old) {
                either!(&mut conn, |c| {
                    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                    for no in some {
                        query = query.bind(no);
                    }
                    query.execute(&mut **c).await.map(drop)
                })?;
            }
            gone += u64::try_from(old.len()).unwrap_or(0);
            conn.commit().await?;
        }
    }

    /// The number of the last logged webhook.
    pub async fn log_end(&self) -> Result<i64> {
        const END: &str = "SELECT last FROM webhook_log_counter WHERE id = 1";
        let mut conn = self.begin_log_read().await?;
        let (last,): (i64,) =
            either!(&mut conn, |c| sqlx::query_as(END).fetch_one(&mut **c).await)?;
        Ok(last)
    }

    async fn begin_log_read(&self) -> Result<Conn> {
        Ok(match &self.pool {
            Pool::Sqlite { log_read, .. } => Conn::Sqlite(log_read.begin().await?),
            Pool::Postgres(pool) => Conn::Postgres(pool.begin().await?),
        })
    }

    pub(crate) fn postgres_pool(&self) -> Option<&sqlx::PgPool> {
        match &self.pool {
            Pool::Postgres(pool) => Some(pool),
            Pool::Sqlite { .. } => None,
        }
    }

    /// Copies the database and its log into new files. SQLite only: PostgreSQL has its own
    /// tools for this, and the caller says so.
    pub async fn backup_sqlite(&self, to: &str, log_to: &str) -> Result<bool> {
        match &self.pool {
            Pool::Sqlite { write, log, .. } => {
                // The projection first: one that is older than its log catches up by itself.
                dialect::copy_sqlite(write, to).await?;
                dialect::copy_sqlite(log, log_to).await?;
                Ok(true)
            }
            Pool::Postgres(_) => Ok(false),
        }
    }
}

impl super::Tx {
    /// Everything up to and including `no` is projected, in the transaction of the rows.
    pub async fn move_log_cursor(&mut self, no: i64) -> Result<()> {
        const MOVE: &str = "UPDATE team SET log_cursor = $1 WHERE id = 1";
        either!(&mut self.conn, |c| sqlx::query(MOVE)
            .bind(no)
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Lists an item that was kept and not understood.
    pub async fn list_not_understood(
        &mut self,
        webhook: i64,
        item: i64,
        field: &str,
        kind: &str,
        at: Time,
    ) -> Result<()> {
        const LIST: &str = "INSERT INTO not_understood (log_no, item_no, field, kind, at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (log_no, item_no) DO NOTHING";
        either!(&mut self.conn, |c| sqlx::query(LIST)
            .bind(webhook)
            .bind(item)
            .bind(field)
            .bind(kind)
            .bind(at.millis())
            .execute(&mut **c)
            .await
            .map(drop))?;
        Ok(())
    }
}

/// One entry of the administrator's list.
#[derive(Debug, sqlx::FromRow)]
pub struct NotUnderstoodRow {
    pub log_no: i64,
    pub item_no: i64,
    pub field: String,
    pub kind: String,
    pub at: i64,
}

impl super::Tx {
    /// Webhooks are read again: what is not understood now is listed anew.
    pub async fn unlist_not_understood(
        &mut self,
        webhooks: impl Iterator<Item = i64>,
    ) -> Result<()> {
        static UNLIST: Lazily =
            Lazily::new(|| Many::new("DELETE FROM not_understood WHERE log_no IN (VALUES", 1, ")"));
        let webhooks: Vec<i64> = webhooks.collect();
        for (sql, some) in UNLIST.of(&self.conn, &webhooks) {
            either!(&mut self.conn, |c| {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for no in some {
                    query = query.bind(no);
                }
                query.execute(&mut **c).await.map(drop)
            })?;
        }
        Ok(())
    }
}

impl Conn {
    /// The webhooks of which something was not understood.
    pub async fn not_understood_webhooks(&mut self) -> Result<Vec<i64>> {
        const LIST: &str = "SELECT DISTINCT log_no FROM not_understood ORDER BY log_no";
        let rows: Vec<(i64,)> = either!(self, |c| sqlx::query_as(LIST).fetch_all(&mut **c).await)?;
        Ok(rows.into_iter().map(|(no,)| no).collect())
    }

    pub async fn count_not_understood(&mut self) -> Result<u64> {
        const COUNT: &str = "SELECT COUNT(*) FROM not_understood";
        let (count,): (i64,) = either!(self, |c| sqlx::query_as(COUNT).fetch_one(&mut **c).await)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// What was kept and not understood, newest first.
    pub async fn not_understood(&mut self, limit: i64) -> Result<Vec<NotUnderstoodRow>> {
        const LIST: &str = "SELECT log_no, item_no, field, kind, at FROM not_understood \
             ORDER BY log_no DESC, item_no LIMIT $1";
        Ok(either!(self, |c| sqlx::query_as(LIST)
            .bind(limit)
            .fetch_all(&mut **c)
            .await)?)
    }
}
