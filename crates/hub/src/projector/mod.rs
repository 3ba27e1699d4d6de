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
mod desk;
mod messages;
mod notices;
mod past;
mod people;
mod reports;
mod upkeep;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ajar_domain::{Clock, ConversationId, InboxId, Time};
use tokio::sync::watch;

use crate::{
    ids::Ids,
    meta::parse,
    store::{Result, Store, Tx, inboxes::SignOfLife, log::Logged},
};

/// Webhooks taken per transaction at most. What waits is taken together: the more of a customer's
/// messages stand in one batch, the less each costs.
const BATCH: i64 = 2_048;
/// Bytes of webhooks taken per transaction, so that large ones do not fill the memory.
const BATCH_BYTES: i64 = 1024 * 1024;
/// Webhooks read again per transaction: each may hold thousands of messages.
const AGAIN: usize = 16;

#[derive(Clone)]
pub struct Projector {
    store: Store,
    ids: Ids,
    clock: Arc<dyn Clock>,
    /// The number of the last webhook whose rows are visible.
    done: Arc<watch::Sender<i64>>,
    bells: Bells,
}

/// The bells of the tasks that have something to do because of a webhook.
#[derive(Clone, Default)]
pub struct Bells {
    pub media: Arc<tokio::sync::Notify>,
    pub outbox: Arc<tokio::sync::Notify>,
    pub templates: Arc<tokio::sync::Notify>,
}

/// The rows of one webhook item are written within this.
pub(crate) struct Scope<'a> {
    pub tx: &'a mut Tx,
    pub ids: &'a Ids,
    /// When the webhook reached us.
    pub received_at: Time,
    /// Conversations whose heads must be worked out anew at the end of the batch.
    pub stale: &'a mut BTreeSet<ConversationId>,
    pub desk: &'a mut desk::Desk,
    /// What the batch adds to the imports.
    pub imports: &'a mut BTreeMap<InboxId, past::ImportNews>,
    /// The newest signs of life of the numbers.
    pub signs: &'a mut BTreeMap<(InboxId, SignOfLife), Time>,
    pub reading: Reading,
    pub rung: &'a mut Rung,
}

/// The first reading of a webhook adds; a further one also puts right what was read wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    First,
    Again,
}

/// The bells to ring once the batch is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rung {
    pub media: bool,
    pub outbox: bool,
    pub templates: bool,
}

impl Scope<'_> {
    /// Notes a sign of life of a number; written once, at the end of the batch.
    pub(crate) fn sign_of_life(&mut self, inbox: &InboxId, sign: SignOfLife, at: Time) {
        let newest = self.signs.entry((inbox.clone(), sign)).or_insert(at);
        *newest = at.max(*newest);
    }
}

impl Projector {
    #[must_use]
    pub fn new(store: Store, ids: Ids, clock: Arc<dyn Clock>, bells: Bells) -> Self {
        Self {
            store,
            ids,
            clock,
            done: Arc::new(watch::channel(0).0),
            bells,
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
            let batch = self.store.read_log(cursor, BATCH, BATCH_BYTES).await?;
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
        let parsed = parse(batch);
        let mut tx = self.store.begin().await?;
        if tx.log_cursor != cursor {
            return Ok(false);
        }
        let rung = self.write_rows(&mut tx, parsed, Reading::First).await?;
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
        self.ring(rung);
        Ok(true)
    }

    /// Reads webhooks of which something was not understood again, with this version. Returns how
    /// many were read.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read_again(&self) -> Result<usize> {
        let webhooks = self.store.read().await?.not_understood_webhooks().await?;
        let mut read = 0;
        for some in webhooks.chunks(AGAIN) {
            let batch = self.store.read_logged(some).await?;
            let parsed = parse(&batch);
            let mut tx = self.store.begin().await?;
            tx.unlist_not_understood(batch.iter().map(|logged| logged.no))
                .await?;
            let rung = self.write_rows(&mut tx, parsed, Reading::Again).await?;
            tx.commit().await?;
            self.ring(rung);
            read += batch.len();
        }
        Ok(read)
    }

    /// Reads the whole log again and puts right what the rows say otherwise. The hub may serve
    /// meanwhile: each batch is a transaction like any other, and desktops are told what changed.
    ///
    /// What people did (notes, assignments, their decisions about identities, messages they sent)
    /// is not in the log and stays as it is.
    ///
    /// # Errors
    /// What the store says. What was read until then is written, and reading again is harmless.
    pub async fn replay(&self, mut progress: impl FnMut(Replayed)) -> Result<Replayed> {
        let of = self.store.team().await?.log_cursor;
        let mut so_far = Replayed {
            of,
            ..Replayed::default()
        };
        loop {
            let mut batch = self.store.read_log(so_far.upto, BATCH, BATCH_BYTES).await?;
            // What the projector has not reached yet is its own business.
            batch.retain(|logged| logged.no <= of);
            let Some(last) = batch.last().map(|logged| logged.no) else {
                return Ok(so_far);
            };
            let parsed = parse(&batch);
            let items = parsed
                .iter()
                .map(|(_, items)| items.as_ref().map_or(0, Vec::len))
                .sum::<usize>();
            let mut tx = self.store.begin().await?;
            let before = tx.visible_at();
            tx.unlist_not_understood(batch.iter().map(|logged| logged.no))
                .await?;
            let rung = self.write_rows(&mut tx, parsed, Reading::Again).await?;
            so_far.changed += u64::try_from(tx.visible_at() - before).unwrap_or(0);
            tx.commit().await?;
            self.ring(rung);
            so_far.upto = last;
            so_far.webhooks += batch.len();
            so_far.items += items;
            progress(so_far);
        }
    }

    async fn write_rows(&self, tx: &mut Tx, parsed: Parsed<'_>, reading: Reading) -> Result<Rung> {
        let mut rung = Rung::default();
        let mut stale = BTreeSet::new();
        let mut desk = desk::Desk::default();
        let (mut imports, mut signs) = (BTreeMap::new(), BTreeMap::new());
        let mut scope = Scope {
            tx,
            ids: &self.ids,
            received_at: Time::default(),
            reading,
            stale: &mut stale,
            desk: &mut desk,
            imports: &mut imports,
            signs: &mut signs,
            rung: &mut rung,
        };
        scope
            .look_ahead(parsed.iter().flat_map(|(_, items)| items.iter().flatten()))
            .await?;
        for (logged, items) in parsed {
            scope.received_at = Time::from_millis(logged.received_at);
            match items {
                Ok(items) => {
                    for (index, item) in (0..).zip(items) {
                        scope.item(logged.no, index, item).await?;
                    }
                    scope.write_imports().await?;
                }
                Err(malformed) => {
                    tracing::warn!(webhook = logged.no, why = %malformed, "a webhook that is not readable is kept");
                    scope
                        .keep_unread(logged.no, 0, "(body)", "malformed")
                        .await?;
                }
            }
        }
        scope.write_desk().await?;
        for ((inbox, sign), at) in signs {
            tx.sign_of_life(&inbox, sign, at).await?;
        }
        let stale: Vec<&ConversationId> = stale.iter().collect();
        tx.refresh_heads(&stale).await?;
        Ok(rung)
    }

    fn ring(&self, rung: Rung) {
        if rung.media {
            self.bells.media.notify_one();
        }
        if rung.outbox {
            self.bells.outbox.notify_one();
        }
        if rung.templates {
            self.bells.templates.notify_one();
        }
    }
}

/// How far reading the log again is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The number of the last webhook that was read, of `of`.
    pub upto: i64,
    pub of: i64,
    pub webhooks: usize,
    /// Messages, statuses and everything else in them.
    pub items: usize,
    /// Rows that said something else before.
    pub changed: u64,
}

type Parsed<'a> = Vec<(
    &'a Logged,
    std::result::Result<Vec<crate::meta::inbound::Item>, parse::Malformed>,
)>;

fn parse(batch: &[Logged]) -> Parsed<'_> {
    batch
        .iter()
        .map(|logged| (logged, parse::parse_body(&logged.body)))
        .collect()
}
