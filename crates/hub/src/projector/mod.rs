//! The projector: drains the webhook log in order and makes rows of it.
//!
//! ```text
//!   log ──► body ──► items (one bad item never loses its neighbours) ──► rows + events
//!                                                                     one transaction per batch
//! ```
//!
//! Rows are a function of the log: any order and any repetition of the same webhooks ends in
//! the same rows (facts take the maximum, reports are ranked, reactions and names carry their
//! own time). The cursor into the log is moved in the same transaction as the rows, so a crash
//! at any moment repeats a batch or does not, and both end the same. Several processes on one
//! database take turns by the lock on the counter row.

mod apply;
mod content;
mod people;

use std::{collections::BTreeSet, sync::Arc};

use ajar_domain::{Clock, ConversationId, Time};
use tokio::sync::watch;

use crate::{
    ids::Ids,
    meta::parse,
    store::{Result, Store, Tx, log::Logged},
};

/// Webhooks taken per transaction.
const BATCH: i64 = 256;

#[derive(Clone)]
pub struct Projector {
    store: Store,
    ids: Ids,
    clock: Arc<dyn Clock>,
    /// The number of the last webhook whose rows are visible.
    done: Arc<watch::Sender<i64>>,
    /// Rings when files wait to be fetched.
    media_waits: Arc<tokio::sync::Notify>,
    /// Rings when the outbox may have changed.
    outbox_waits: Arc<tokio::sync::Notify>,
}

/// The rows of one webhook item are written within this.
pub(crate) struct Scope<'a> {
    pub tx: &'a mut Tx,
    pub ids: &'a Ids,
    /// When the webhook reached us.
    pub received_at: Time,
    /// Conversations whose heads must be worked out anew at the end of the batch.
    pub stale: &'a mut BTreeSet<ConversationId>,
    pub media_waits: &'a mut bool,
    pub outbox_waits: &'a mut bool,
}

impl Projector {
    #[must_use]
    pub fn new(
        store: Store,
        ids: Ids,
        clock: Arc<dyn Clock>,
        media_waits: Arc<tokio::sync::Notify>,
        outbox_waits: Arc<tokio::sync::Notify>,
    ) -> Self {
        Self {
            store,
            ids,
            clock,
            done: Arc::new(watch::channel(0).0),
            media_waits,
            outbox_waits,
        }
    }

    /// The number of the last webhook whose rows are visible.
    #[must_use]
    pub fn done(&self) -> watch::Receiver<i64> {
        self.done.subscribe()
    }

    /// Runs for ever. A batch that cannot be written is tried again after a second: the
    /// database is away, and Meta's webhooks wait safely in the log.
    pub async fn run(self) {
        let mut logged = self.store.logged();
        loop {
            match self.drain().await {
                Ok(()) => {}
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "webhooks wait in the log: the projection cannot be written"
                    );
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    continue;
                }
            }
            if logged.changed().await.is_err() {
                return;
            }
        }
    }

    /// Projects everything that is in the log now.
    pub async fn drain(&self) -> Result<()> {
        loop {
            let cursor = self.store.team().await?.log_cursor;
            let batch = self.store.read_log(cursor, BATCH).await?;
            let Some(last) = batch.last().map(|logged| logged.no) else {
                self.done.send_if_modified(|done| {
                    let grew = cursor > *done;
                    *done = cursor.max(*done);
                    grew
                });
                return Ok(());
            };
            if self.project(cursor, &batch, last).await? {
                self.done.send_modify(|done| *done = last.max(*done));
            }
        }
    }

    /// Writes the rows of one batch. `false`: another process was quicker.
    async fn project(&self, cursor: i64, batch: &[Logged], last: i64) -> Result<bool> {
        // Parsing needs no lock.
        let parsed: Vec<_> = batch
            .iter()
            .map(|logged| (logged, parse::parse_body(&logged.body)))
            .collect();
        let mut tx = self.store.begin().await?;
        if tx.log_cursor != cursor {
            return Ok(false);
        }
        let mut stale = BTreeSet::new();
        let (mut media_waits, mut outbox_waits) = (false, false);
        for (logged, items) in parsed {
            let received_at = Time::from_millis(logged.received_at);
            let mut scope = Scope {
                tx: &mut tx,
                ids: &self.ids,
                received_at,
                stale: &mut stale,
                media_waits: &mut media_waits,
                outbox_waits: &mut outbox_waits,
            };
            match items {
                Ok(items) => {
                    for (index, item) in (0..).zip(items) {
                        scope.item(logged.no, index, item).await?;
                    }
                }
                Err(malformed) => {
                    tracing::warn!(webhook = logged.no, why = %malformed, "a webhook that is not readable is kept");
                    scope
                        .keep_unread(logged.no, 0, "(body)", "malformed")
                        .await?;
                }
            }
        }
        for conversation in &stale {
            tx.refresh_head(conversation).await?;
        }
        tx.move_log_cursor(last).await?;
        tx.commit().await?;
        metrics::counter!("ajar_webhooks_projected_total")
            .increment(u64::try_from(batch.len()).unwrap_or(0));
        if let Some(logged) = batch.last() {
            let behind = self
                .clock
                .now()
                .saturating_since(Time::from_millis(logged.received_at));
            metrics::histogram!("ajar_webhook_to_rows_seconds").record(behind.as_secs_f64());
        }
        if media_waits {
            self.media_waits.notify_one();
        }
        if outbox_waits {
            self.outbox_waits.notify_one();
        }
        Ok(true)
    }
}
