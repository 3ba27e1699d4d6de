//! What the parts of the hub share: store, clock, ids, the way to Meta, and the bells that
//! wake its tasks. Holds no rules.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use ajar_domain::{Clock, InboxId, Time};
use tokio::sync::Notify;

use crate::{
    ids::Ids,
    ingest::Ingest,
    media::Shelf,
    meta::graph::Graph,
    presence::Presence,
    projector::{Bells, Projector},
    store::Store,
};

pub struct Core {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    pub ingest: Ingest,
    pub graph: Graph,
    pub shelf: Shelf,
    pub presence: Presence,
    /// Names this process in the outbox's claims.
    pub process: String,
    pub team_name: String,
    pub app_secret: String,
    pub verify_token: String,
    /// Rings when the outbox may have something to send.
    pub outbox_waits: Arc<Notify>,
    /// Customers' messages of the last second: they take room from what we send.
    pub heard: crate::outbox::Heard,
    /// Rings when files wait to be fetched.
    pub media_waits: Arc<Notify>,
    /// Rings when Meta's listing of templates should be read again.
    pub templates_wait: Arc<Notify>,
    /// Webhooks that were refused since this process started.
    pub refusals: Refusals,
    /// What Meta said last about numbers and token.
    pub checks: crate::health::Checks,
    /// The inboxes of this hub's configuration.
    pub inboxes: Vec<InboxId>,
}

/// Counts webhooks whose signature did not fit: somebody guesses, or the app secret is wrong.
#[derive(Default)]
pub struct Refusals {
    count: AtomicU64,
    last_at: AtomicI64,
}

impl Refusals {
    pub fn note(&self, at: Time) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.last_at.store(at.millis(), Ordering::Relaxed);
    }

    /// How many, and when the last was.
    #[must_use]
    pub fn so_far(&self) -> (u64, Option<Time>) {
        let count = self.count.load(Ordering::Relaxed);
        let last = Time::from_millis(self.last_at.load(Ordering::Relaxed));
        (count, (count > 0).then_some(last))
    }
}

impl Core {
    /// A projector of its own, for reading webhooks again.
    #[must_use]
    pub fn projector(&self) -> Projector {
        Projector::new(
            self.store.clone(),
            self.ids.clone(),
            Arc::clone(&self.clock),
            Bells {
                media: Arc::clone(&self.media_waits),
                outbox: Arc::clone(&self.outbox_waits),
                templates: Arc::clone(&self.templates_wait),
            },
        )
    }

    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}
