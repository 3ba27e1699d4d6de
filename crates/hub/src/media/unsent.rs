//! Files that agents uploaded and never sent: kept for a month, then thrown away.
//!
//! ```text
//!   stored, no message ──── taken by a message ────► stored (kept as long as the message)
//!          │ a month passed
//!          ▼
//!       withdrawn ──── gone from the shelf ────► forgotten
//! ```
//!
//! Races: *an agent sends it while it is thrown away*: the row decides, before the shelf is touched.
//! *The hub dies in between*: what is withdrawn is found again, and thrown away once more.

use std::{sync::Arc, time::Duration};

use ajar_domain::Time;

use crate::{core::Core, store::Result};

/// So long a file waits in a draft for being sent.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const AT_ONCE: i64 = 50;
/// The shelf is out of reach: it is asked again after this.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// Throws away what waited too long; returns when the next will have.
pub(super) async fn throw_away(core: &Arc<Core>) -> Result<Option<Time>> {
    loop {
        let now = core.now();
        let (old, oldest) = {
            let mut conn = core.store.read().await?;
            let old = conn.unsent_uploads(now - KEPT, AT_ONCE).await?;
            (old, conn.oldest_unsent().await?)
        };
        if old.is_empty() {
            // Strictly after a month: at the very moment nothing would be found.
            return Ok(oldest.map(|at| at + KEPT + Duration::from_millis(1)));
        }
        for id in old {
            let mut tx = core.store.begin().await?;
            let ours = tx.withdraw_upload(&id).await?;
            tx.commit().await?;
            if !ours {
                continue;
            }
            if let Err(error) = core.shelf.remove(&id).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    media = %id,
                    "an upload that nobody sent cannot be thrown away now"
                );
                return Ok(Some(now + AGAIN));
            }
            let mut tx = core.store.begin().await?;
            tx.forget_upload(&id).await?;
            tx.commit().await?;
        }
    }
}
