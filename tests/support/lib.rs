//! Support for the journeys: a team on a simulated Meta, with every database.
//!
//! [`TestTeam`] starts hub and simulator in this process on one clock that stands still until a
//! story moves it. Nothing here sleeps: whoever waits, waits for an event.

pub mod db;
pub mod process;
pub mod server;
pub mod team;

pub use db::Db;
pub use team::{TestAgent, TestTeam};

/// A client that gives up on an address nobody listens at.
///
/// # Panics
/// If the machine has no way to make one.
#[must_use]
pub fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .connect_timeout(std::time::Duration::from_secs(10))
        .build()
        .expect("a client")
}

/// One story on every database: in memory, in a file, and on PostgreSQL where
/// `AJAR_TEST_POSTGRES_URL` names a server (`./dev test` starts one). The name of the database
/// is in the test's name.
#[macro_export]
macro_rules! on_every_database {
    ($($(#[$meta:meta])* async fn $name:ident($team:ident: TestTeam) $body:block)+) => {
        $(
            mod $name {
                use super::*;

                async fn story($team: $crate::TestTeam) $body

                $(#[$meta])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn in_memory() {
                    story($crate::TestTeam::start($crate::Db::Memory).await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn in_a_file() {
                    story($crate::TestTeam::start($crate::Db::File).await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_postgres() {
                    if $crate::db::postgres_is_there() {
                        story($crate::TestTeam::start($crate::Db::Postgres).await).await;
                    }
                }
            }
        )+
    };
}
