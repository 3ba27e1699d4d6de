//! What the parts of the hub share: store, clock, ids, the way to Meta, and the bells that
//! wake its tasks. Holds no rules.

use std::sync::Arc;

use ajar_domain::{Clock, InboxId, Time};
use tokio::sync::Notify;

use crate::{
    ids::Ids, ingest::Ingest, media::Shelf, meta::graph::Graph, presence::Presence, store::Store,
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
    /// Rings when files wait to be fetched.
    pub media_waits: Arc<Notify>,
    /// The inboxes of this hub's configuration.
    pub inboxes: Vec<InboxId>,
}

impl Core {
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}
