//! The worker that carries the outbox to Meta.
//!
//! The states of a message are drawn in [`ajar_domain::outbox`]; here they meet the database and
//! the network. One task decides, many requests are under way:
//!
//! ```text
//!            ┌── the bell, a moment that came, an answer that came ◄─────────────┐
//!            ▼                                                                   │
//!   look: settle what died · stand in line what was scheduled · park what is late ·
//!            │  claim what is due (each in a transaction) ──► requests under way (at most AT_ONCE)
//!            └── sleep until the next is due, or the next deadline passes
//! ```
//!
//! - A row is claimed in a transaction before its request. Whoever dies in between leaves a
//!   `Sending` row that nobody repeats; it becomes uncertain.
//! - At most one message of a conversation is under way, so their order is kept. Conversations do
//!   not wait for each other: a slow answer takes one place, and every place that becomes free is
//!   given away again at once.
//! - Agents take turns, and nobody takes more than half of the places that are left, so there is
//!   always one for somebody who has sent nothing yet.
//! - How fast messages leave is asked of [`ajar_domain::pace`] inside the claiming transaction,
//!   from the moments of all hubs' requests that stand in the table. Claims are taken one after
//!   the other across all processes, so for what we send both limits hold for the sum of all
//!   hubs, also after a restart. What customers write is counted by the hub that heard it, so
//!   two hubs together may be too quick by the other's share; Meta says so then, and the whole
//!   number waits.
//! - The bell ([`Core::outbox_waits`]) only wakes the task; the truth is the table.
//!
//! Races:
//! - *An answer comes and the database is away*: the answer is kept and written when it is back.
//!   Only if this process dies meanwhile does the message become uncertain.
//! - *The clock runs fast, or jumps*: what this process has under way is never taken for dead,
//!   however old it looks.

mod flight;
mod heard;
mod settle;
mod start;
mod upload;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use ajar_domain::{AgentId, Time};
use tokio::task::{JoinError, JoinSet};

pub(crate) use self::settle::{settle_earlier, write};
pub use self::{
    heard::Heard,
    start::{StartRefused, start_again},
};
use crate::{clock::wait_until, core::Core, store::Result};

/// Requests under way at once: what twenty a second need when Meta takes three seconds to answer.
const AT_ONCE: usize = 64;
/// A request that takes longer has lost its sender.
const STALE_AFTER: Duration = Duration::from_secs(120);
/// Late rows looked at in one go.
const SWEEP: i64 = 256;

/// Sends for ever.
pub async fn run(core: Arc<Core>) {
    start::at_start(&core).await;
    let mut worker = Worker {
        core: Arc::clone(&core),
        flights: JoinSet::new(),
        under_way: HashMap::new(),
        settled_first: false,
    };
    loop {
        let next = match worker.look().await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the outbox waits: the database refused"
                );
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let due = async {
            match next {
                Some(at) => wait_until(&core.clock, at).await,
                // Another process may have died in the middle of a request.
                None => tokio::time::sleep(STALE_AFTER).await,
            }
        };
        tokio::select! {
            () = core.outbox_waits.notified() => {}
            () = due => {}
            Some(ended) = worker.flights.join_next_with_id() => worker.landed(&ended),
        }
    }
}

/// What is known of a request under way.
struct Flight {
    id: String,
    agent: Option<AgentId>,
}

struct Worker {
    core: Arc<Core>,
    flights: JoinSet<()>,
    under_way: HashMap<tokio::task::Id, Flight>,
    /// Whether what an earlier life of this hub left behind was looked at.
    settled_first: bool,
}

impl Worker {
    fn landed(&mut self, ended: &std::result::Result<(tokio::task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        // One that ended badly leaves its row as it is; it is settled as that of a dead process.
        self.under_way.remove(&id);
    }

    /// Does everything that can be done now; returns when there is more to do.
    async fn look(&mut self) -> Result<Option<Time>> {
        while let Some(ended) = self.flights.try_join_next_with_id() {
            self.landed(&ended);
        }
        let core = Arc::clone(&self.core);
        self.settle_stale().await?;
        settle::stand_in_line(&core).await?;
        settle::park_late(&core).await?;
        let wakes = {
            let mut conn = core.store.read().await?;
            [conn.next_deadline().await?, conn.next_scheduled().await?]
        };
        let deadline = wakes.into_iter().flatten().min();
        loop {
            if core.store.team().await?.stopped.is_some() {
                return Ok(deadline);
            }
            let room = AT_ONCE.saturating_sub(self.flights.len());
            if room == 0 {
                // An answer makes room, and wakes us.
                return Ok(deadline);
            }
            let now = core.now();
            let mut conn = core.store.read().await?;
            let due = conn.due(now, i64::try_from(AT_ONCE).unwrap_or(64)).await?;
            let next = conn.next_due(now).await?;
            drop(conn);
            if !self.take_off(due).await? {
                return Ok([next, deadline].into_iter().flatten().min());
            }
        }
    }

    /// Claims rows and sends them on their way. Returns whether it is worth looking again.
    async fn take_off(&mut self, due: Vec<crate::store::outbox::OutRow>) -> Result<bool> {
        let mut progress = false;
        let mut held = HashSet::new();
        for row in due {
            let room = AT_ONCE.saturating_sub(self.flights.len());
            let mine = self
                .under_way
                .values()
                .filter(|flight| flight.agent == row.agent)
                .count();
            if room == 0 || mine >= room || held.contains(&row.inbox) {
                continue;
            }
            if self.under_way.values().any(|flight| flight.id == row.id) {
                // Its file is being handed over.
                continue;
            }
            if row.payload.to_upload().is_some() {
                let flight = Flight {
                    id: row.id.clone(),
                    agent: row.agent.clone(),
                };
                let core = Arc::clone(&self.core);
                let task = self.flights.spawn(upload::hand_over(core, row));
                self.under_way.insert(task.id(), flight);
                continue;
            }
            let claimed = flight::claim(&self.core, &row).await?;
            progress = true;
            match claimed {
                flight::Claim::Taken(taken) => {
                    let (row, request) = *taken;
                    let flight = Flight {
                        id: row.id.clone(),
                        agent: row.agent.clone(),
                    };
                    let task =
                        self.flights
                            .spawn(flight::send(Arc::clone(&self.core), row, request));
                    self.under_way.insert(task.id(), flight);
                }
                flight::Claim::NumberHeld => {
                    held.insert(row.inbox);
                }
                flight::Claim::Stopped => return Ok(false),
                flight::Claim::Settled => {}
            }
        }
        Ok(progress)
    }

    /// Requests whose sender died: nobody knows what became of them.
    async fn settle_stale(&mut self) -> Result<()> {
        // At the start on SQLite every request is that of an earlier life. On PostgreSQL another
        // process may be in the middle of its own.
        let grace = if self.settled_first || self.core.store.is_postgres() {
            STALE_AFTER
        } else {
            Duration::ZERO
        };
        let mine: HashSet<&str> = self
            .under_way
            .values()
            .map(|flight| flight.id.as_str())
            .collect();
        settle::stale(&self.core, grace, &mine).await?;
        self.settled_first = true;
        Ok(())
    }
}
