//! The number's templates, taken over from Meta at start, on a webhook, and when asked.

use std::{sync::Arc, time::Duration};

use ajar_domain::InboxId;
use ajar_protocol::error::{ApiError, ErrorCode};

use crate::{
    commands::{CommandError, refused},
    core::Core,
};

/// Lists the templates of the number's account and stores what changed.
///
/// # Errors
/// `meta_unavailable` if Meta could not be asked; the known templates stay as they are.
pub async fn refresh(core: &Core, inbox: &InboxId) -> Result<(), CommandError> {
    let line = {
        let mut conn = core.store.read().await?;
        conn.line(inbox).await?
    }
    .ok_or_else(|| refused(ErrorCode::NotFound, "no such number"))?;
    let listed = core
        .graph
        .list_templates(&line.waba_id)
        .await
        .map_err(|error| {
            tracing::warn!(why = %error, "the templates could not be listed");
            CommandError::Refused(ApiError::later(
                ErrorCode::MetaUnavailable,
                "Meta could not be asked for the templates",
                Some(60_000),
            ))
        })?;
    let mut tx = core.store.begin().await?;
    tx.replace_templates(inbox, listed, || core.ids.next())
        .await?;
    tx.commit().await?;
    Ok(())
}

/// At start, and whenever an event said that something changed: every number of this hub, until it
/// worked once. Events come in bursts, so a moment passes before Meta is asked.
pub async fn refresh_all(core: Arc<Core>) {
    loop {
        for inbox in core.inboxes.clone() {
            let mut wait = Duration::from_secs(2);
            while refresh(&core, &inbox).await.is_err() {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(600));
            }
        }
        core.templates_wait.notified().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
