//! A fresh database for each story.

use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Db {
    Memory,
    File,
    Postgres,
}

/// Where the server for tests is, if there is one.
#[must_use]
pub fn postgres_url() -> Option<String> {
    std::env::var("AJAR_TEST_POSTGRES_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// Whether stories can run on PostgreSQL. Says so when they cannot.
#[must_use]
pub fn postgres_is_there() -> bool {
    let there = postgres_url().is_some();
    if !there {
        eprintln!("skipped on PostgreSQL: AJAR_TEST_POSTGRES_URL is not set (./dev test sets it)");
    }
    there
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The address of a fresh, empty database, and the folder it lies in if it has one.
pub async fn fresh(db: Db) -> (String, TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let url = match db {
        Db::Memory => "sqlite::memory:".to_owned(),
        Db::File => format!("sqlite://{}", dir.path().join("ajar.db").display()),
        Db::Postgres => fresh_postgres().await,
    };
    (url, dir)
}

async fn fresh_postgres() -> String {
    let server = postgres_url().expect("AJAR_TEST_POSTGRES_URL");
    let name = format!(
        "ajar_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let pool = sqlx::PgPool::connect(&server)
        .await
        .expect("the test server");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&pool)
        .await
        .expect("a fresh database");
    pool.close().await;
    let mut url: url::Url = server.parse().expect("an address");
    url.set_path(&format!("/{name}"));
    url.to_string()
}
