//! Starting the queue again after Meta refused everything.
//!
//! ```text
//!   runs ── Meta refuses token or account ──► stopped ──┐ an administrator says "start", or the
//!    ▲                                                  │ hub starts: Meta is asked
//!    └───────────────── Meta knows the number ──────────┘ … and refuses: it stays stopped
//! ```
//!
//! Races: *two administrators, or two hubs, start at once*: starting what runs changes nothing.
//! *Meta refuses again right afterwards*: the next message stops the queue again, and waits.

use ajar_domain::composer::Pause;

use crate::{
    core::Core,
    meta::graph::GraphError,
    store::{Result, StoreError},
};

/// Why the queue stays stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartRefused {
    /// Meta still refuses the token, or the account.
    #[error("Meta still refuses")]
    ByMeta(#[source] GraphError),
    /// Meta could not be asked.
    #[error("Meta could not be asked")]
    NotAsked(#[source] GraphError),
    #[error("the database refused")]
    Store(#[from] StoreError),
}

/// Lets the outbox run again, if Meta knows the numbers under our token. Starting what runs is no
/// error.
///
/// # Errors
/// [`StartRefused`].
pub async fn start_again(core: &Core) -> Result<(), StartRefused> {
    if core.store.team().await?.stopped.is_none() {
        return Ok(());
    }
    for inbox in &core.inboxes {
        let line = core.store.read().await?.line(inbox).await?;
        let Some(line) = line else { continue };
        core.graph
            .check_token(&line.phone_number_id)
            .await
            .map_err(|error| match error {
                GraphError::Refused { .. } => StartRefused::ByMeta(error),
                _ => StartRefused::NotAsked(error),
            })?;
    }
    let mut tx = core.store.begin().await?;
    tx.stop_queue(None).await?;
    tx.commit().await?;
    tracing::info!("sending is started again: Meta knows the number under our token");
    core.outbox_waits.notify_one();
    Ok(())
}

/// A hub that starts with a stopped queue may have got a new token meanwhile.
pub(super) async fn at_start(core: &Core) {
    let started = async {
        match core.store.team().await?.stopped {
            // What a person stopped a person starts.
            None | Some((Pause::QueueStopped, _)) => Ok(()),
            Some(_) => start_again(core).await,
        }
    };
    if let Err(why) = started.await {
        tracing::warn!(
            error = &why as &dyn std::error::Error,
            "sending stays stopped until an administrator starts it"
        );
    }
}
