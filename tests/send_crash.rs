//! Killed in the middle of sending, the hub or a desktop: nothing goes out twice, nothing that a
//! person had pressed Enter on is lost, and what is not certain is shown as uncertain.
//!
//! Each is a process of its own that gets no farewell. The books of the simulated platform say what
//! left. `AJAR_CRASH_ROUNDS` asks for more rounds than the few of every day, `AJAR_CRASH_SEED` for
//! other moments.

#[path = "send_crash/desk.rs"]
mod desk;
#[path = "send_crash/hub.rs"]
mod hub;

use std::{collections::BTreeMap, time::Duration};

use ajar_domain::ConversationId;
use ajar_simulator::{Customer, Sim};

const ROUNDS: usize = 6;
const CHATS: usize = 8;
/// Longer than anything here takes; what does not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn rounds() -> usize {
    from_environment("AJAR_CRASH_ROUNDS").unwrap_or(ROUNDS)
}

/// The moments of the kills: the same for the same seed, as far as processes repeat themselves.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let seed = from_environment("AJAR_CRASH_SEED").unwrap_or(1);
        eprintln!("AJAR_CRASH_SEED={seed}");
        Self(seed)
    }

    /// Less than `end`.
    fn next(&mut self, end: usize) -> usize {
        // Knuth's line; its upper bits are good enough to choose a moment.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }
}

/// Customers who wrote and wait for an answer.
async fn customers(sim: &Sim) -> Vec<Customer> {
    let mut all = Vec::new();
    for no in 0..CHATS {
        let customer = sim.customer(&format!("C{no}"), &format!("+1 555 {:07}", 2_000_000 + no));
        customer.says("Hello?").await.expect("sent");
        all.push(customer);
    }
    all
}

async fn chats(agent: &ajar_tests::TestAgent) -> Vec<ConversationId> {
    loop {
        let rows = agent.snapshot().await.conversations;
        if rows.len() == CHATS {
            return rows.into_iter().map(|row| row.id).collect();
        }
    }
}

/// How often Meta took each text.
fn taken(sim: &Sim) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for send in sim.sends() {
        *counts.entry(send.text()).or_default() += 1;
    }
    counts
}

/// Nobody got anything twice.
fn nothing_twice(sim: &Sim) {
    let twice: Vec<_> = taken(sim).into_iter().filter(|one| one.1 > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
}

async fn within_patience<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("it never came: {what}"),
    }
}
