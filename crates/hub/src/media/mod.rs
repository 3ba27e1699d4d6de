//! Files that came with messages: fetched soon after arrival, kept outside the database.
//!
//! Meta's ids of received files die after seven days and their addresses after five minutes
//! (platform notes, section 9), so fetching starts with the webhook and is repeated with a
//! growing distance until it works or the id is dead. The same task throws away what agents
//! uploaded and never sent ([`unsent`]).

pub mod kind;
pub mod outgoing;
mod shelf;
pub mod thumbnail;
pub mod unsent;
mod voice;

use std::{sync::Arc, time::Duration};

use ajar_domain::content::{Media, MediaState};
use futures::StreamExt;

pub use self::shelf::{Shelf, ShelfPlace};
use crate::{
    clock::wait_until,
    core::Core,
    meta::graph::MediaError,
    store::{
        Result,
        media::{MediaRow, Stored},
    },
};

/// After this long Meta has thrown a received file away.
const MEDIA_LIVES: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Files fetched at the same time.
const AT_ONCE: usize = 4;

/// Fetches files for ever.
pub async fn run(core: Arc<Core>) {
    loop {
        let next = match fetch_due(&core).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "files wait: the database refused"
                );
                tokio::time::sleep(Duration::from_secs(2)).await;
                continue;
            }
        };
        let due = async {
            match next {
                Some(at) => wait_until(&core.clock, at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = core.media_waits.notified() => {}
            () = due => {}
        }
    }
}

/// Fetches everything that is due; returns when the next is.
async fn fetch_due(core: &Arc<Core>) -> Result<Option<ajar_domain::Time>> {
    loop {
        let due = {
            let mut conn = core.store.read().await?;
            conn.media_due(core.now(), 32).await?
        };
        if due.is_empty() {
            let next = core.store.read().await?.next_media_due().await?;
            let unsent = unsent::throw_away(core).await?;
            return Ok(next.into_iter().chain(unsent).min());
        }
        let results: Vec<Result<()>> = futures::stream::iter(due)
            .map(|row| fetch(core, row))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for result in results {
            result?;
        }
    }
}

async fn fetch(core: &Arc<Core>, row: MediaRow) -> Result<()> {
    match core
        .graph
        .fetch_media(&row.meta_id, row.sha256.as_deref())
        .await
    {
        Ok(file) => {
            let kind = kind::kept(&row.mime_type, file.mime_type.as_deref(), &file.bytes);
            let seen = thumbnail::look(&kind, &file.bytes).await;
            let stored = Stored {
                mime_type: kind,
                width: seen.size.map(|(width, _)| width),
                height: seen.size.map(|(_, height)| height),
                size_bytes: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
            };
            if let Err(error) = core.shelf.put(&row.id, file.bytes).await {
                tracing::error!(error = &error as &dyn std::error::Error, media = %row.id, "a file cannot be stored");
                return again(core, &row).await;
            }
            // Before the row says that the file is there: whoever sees the row may ask for it.
            if let Some(thumbnail) = seen.thumbnail
                && let Err(error) = core.shelf.put_thumbnail(&row.id, thumbnail).await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, media = %row.id, "a thumbnail cannot be stored; the file stands in for it");
            }
            let mut tx = core.store.begin().await?;
            tx.media_stored(&row.id, &stored).await?;
            describe(&mut tx, &row, |media| {
                media.state = MediaState::Stored;
                media.mime_type.clone_from(&stored.mime_type);
                media.width = stored.width;
                media.height = stored.height;
                media.size_bytes = Some(stored.size_bytes);
            })
            .await?;
            tx.commit().await?;
            Ok(())
        }
        Err(error) => {
            tracing::warn!(media = %row.id, why = %error, attempt = row.attempt + 1, "a file could not be fetched");
            if may_come(&error) {
                again(core, &row).await
            } else {
                gone(core, &row).await
            }
        }
    }
}

/// Whether another attempt, which always begins with a fresh lookup of the id, can end otherwise.
///
/// An id that Meta does not know never comes back, and a file that is too large does not shrink.
/// A dead *address* is worth a lookup, which gives a new one. A strange host, a redirect, a wrong
/// digest and a refused token are worth one too: these are faults of the moment, of the settings
/// or of this version, and while the id lives the file can still be had.
fn may_come(error: &MediaError) -> bool {
    match error {
        MediaError::DeadId { .. } | MediaError::TooLarge { .. } => false,
        MediaError::Graph(_)
        | MediaError::ForeignHost
        | MediaError::Redirected
        | MediaError::DeadAddress { .. }
        | MediaError::Failed { .. }
        | MediaError::WrongDigest => true,
    }
}

/// Another try later, while Meta still has the file.
async fn again(core: &Arc<Core>, row: &MediaRow) -> Result<()> {
    let wait = Duration::from_secs(5) * 4u32.saturating_pow(row.attempt.min(7));
    let next = core.now() + wait.min(Duration::from_secs(6 * 60 * 60));
    if next > row.first_seen_at + MEDIA_LIVES {
        return gone(core, row).await;
    }
    let mut tx = core.store.begin().await?;
    tx.media_failed(&row.id, Some(next)).await?;
    tx.commit().await?;
    Ok(())
}

/// It cannot be had any more, and the message says so.
async fn gone(core: &Arc<Core>, row: &MediaRow) -> Result<()> {
    let mut tx = core.store.begin().await?;
    tx.media_failed(&row.id, None).await?;
    describe(&mut tx, row, |media| media.state = MediaState::Gone).await?;
    tx.commit().await?;
    Ok(())
}

async fn describe(
    tx: &mut crate::store::Tx,
    row: &MediaRow,
    change: impl FnOnce(&mut Media),
) -> Result<()> {
    let Some(message) = tx.conn.message(row.message.as_str()).await? else {
        return Ok(());
    };
    let mut content = message.content;
    if let Some(media) = content.media_mut() {
        change(media);
        tx.write_content(&message.id, &content).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::graph::GraphError;

    #[test]
    fn only_what_a_fresh_lookup_can_change_is_tried_again() {
        for (error, may) in [
            (MediaError::DeadId { status: 400 }, false),
            (MediaError::TooLarge { most: 5 }, false),
            (MediaError::DeadAddress { status: 404 }, true),
            (MediaError::Failed { status: 500 }, true),
            (MediaError::ForeignHost, true),
            (MediaError::Redirected, true),
            (MediaError::WrongDigest, true),
            (MediaError::Graph(GraphError::NoAnswer), true),
        ] {
            assert_eq!(may_come(&error), may, "{error}");
        }
    }
}
