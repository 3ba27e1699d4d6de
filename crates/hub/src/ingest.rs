//! Group commit of webhooks: many requests, one commit to disk.
//!
//! A request hands its body over and waits; one task takes whatever is waiting, appends it in
//! one transaction and answers all of them. Only then do they answer 200 to Meta. Anything
//! else than stored is not 200, so that Meta sends it again.

use std::sync::Arc;

use ajar_domain::{Clock, Time};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::store::Store;

/// The most bodies that one commit takes.
const MAX_GROUP: usize = 512;
/// Bodies that may wait; beyond it requests are told to come again.
const QUEUE: usize = 4096;

struct Waiting {
    at: Time,
    body: Bytes,
    done: oneshot::Sender<Result<i64, NotStored>>,
}

/// The body is not on disk; the request must not be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook could not be stored")]
pub struct NotStored;

#[derive(Clone)]
pub struct Ingest {
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<Waiting>,
}

impl Ingest {
    /// Starts the one task that writes the log.
    #[must_use]
    pub fn start(store: Store, clock: Arc<dyn Clock>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_groups(store, waiting));
        Self { clock, queue }
    }

    /// Makes a body durable. Returns when it is on disk.
    ///
    /// # Errors
    /// [`NotStored`] if the disk or the database refused, or too many are waiting.
    pub async fn append(&self, body: Bytes) -> Result<(), NotStored> {
        let (done, stored) = oneshot::channel();
        let waiting = Waiting {
            at: self.clock.now(),
            body,
            done,
        };
        self.queue.try_send(waiting).map_err(|_| NotStored)?;
        stored.await.map_err(|_| NotStored)?.map(drop)
    }
}

async fn write_groups(store: Store, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
        let bodies: Vec<(Time, Bytes)> = group
            .iter()
            .map(|one: &Waiting| (one.at, one.body.clone()))
            .collect();
        let result = match store.append_to_log(&bodies).await {
            Ok(no) => Ok(no),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    bodies = bodies.len(),
                    "webhooks could not be stored; Meta will send them again"
                );
                metrics::counter!("ajar_webhooks_not_stored_total")
                    .increment(u64::try_from(bodies.len()).unwrap_or(0));
                Err(NotStored)
            }
        };
        for one in group.drain(..) {
            // Whoever gave up waiting has told Meta so; the body is kept all the same.
            let _ = one.done.send(result);
        }
    }
}
