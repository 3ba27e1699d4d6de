//! A file goes to Meta before its message does.
//!
//! ```text
//!   waiting, no id of Meta's ──► handed over ──► waiting, with the id ──► claimed and sent
//!             ▲                      │
//!             └── line away, later ──┴──► failed: Meta takes no such file
//! ```
//!
//! Not part of the claim, because a large file takes minutes: the window is asked afterwards, at
//! the last moment before the message. A file that was handed over twice does no harm.

use std::{sync::Arc, time::Duration};

use ajar_domain::{
    MediaId, Time,
    failure::Retry,
    outbox::{Outbound, SideEffect},
};

use super::settle::{heed, write};
use crate::{
    core::Core,
    meta::graph::{GraphError, Upload},
    store::{
        Result,
        outbox::{OutRow, ToUpload},
    },
};

/// Before a file is tried again whose way to Meta broke off.
const AGAIN: Duration = Duration::from_secs(15);

/// What came of handing a file over.
enum Handed {
    /// A file of ours, and Meta's id of it.
    Over(MediaId, String),
    /// Our own shelf, or the line.
    NotNow,
    Refused(ajar_domain::failure::Failure, Retry),
}

/// Hands the file of a row over and notes what came of it, however long the database takes.
pub(super) async fn hand_over(core: Arc<Core>, row: OutRow) {
    let handed = match hand(&core, &row).await {
        Ok(handed) => handed,
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a file waits: the database refused"
            );
            Handed::NotNow
        }
    };
    let at = core.now();
    while let Err(error) = note(&core, &row, &handed, at).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "what became of a file waits: the database refused"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hand(core: &Core, row: &OutRow) -> Result<Handed> {
    let Some(ToUpload {
        file,
        mime_type,
        name,
    }) = row.payload.to_upload()
    else {
        return Ok(Handed::NotNow);
    };
    let (stored, line) = {
        let mut conn = core.store.read().await?;
        (conn.stored_file(&file).await?, conn.line(&row.inbox).await?)
    };
    let (Some(stored), Some(line)) = (stored, line) else {
        return Ok(Handed::Refused(
            ajar_domain::failure::Failure::unknown(),
            Retry::Never,
        ));
    };
    let bytes = match core.shelf.stream(&file).await {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, media = %file, "a file that is to be sent cannot be read");
            return Ok(Handed::NotNow);
        }
    };
    let upload = Upload {
        name,
        mime_type,
        size: stored.size_bytes,
        bytes: reqwest::Body::wrap_stream(bytes),
    };
    Ok(
        match core.graph.upload(&line.phone_number_id, upload).await {
            Ok(id) => Handed::Over(file, id),
            Err(GraphError::Refused { failure, retry }) => {
                tracing::warn!(code = ?failure.code, meta_code = failure.meta_code, "Meta refused a file");
                Handed::Refused(failure, retry)
            }
            Err(GraphError::NotReached | GraphError::NoAnswer | GraphError::Garbled { .. }) => {
                Handed::NotNow
            }
        },
    )
}

async fn note(core: &Core, row: &OutRow, handed: &Handed, at: Time) -> Result<()> {
    let mut tx = core.store.begin().await?;
    let Some(known) = tx.conn.outbox_row(&row.id).await? else {
        // Thrown away meanwhile.
        return Ok(());
    };
    if !matches!(known.state, Outbound::Waiting { .. }) || known.payload.to_upload().is_none() {
        return Ok(());
    }
    match handed {
        Handed::Over(file, id) => tx.note_uploaded(&known, file, id).await?,
        Handed::NotNow => {
            let later = Outbound::Waiting {
                not_before: at + AGAIN,
                attempt: known.attempt,
            };
            tx.write_outbound(&known.id, &later).await?;
        }
        Handed::Refused(failure, retry) => {
            let attempt = known.attempt + 1;
            let (state, effect) = known.state.clone().file_refused(
                &known.right,
                failure.clone(),
                *retry,
                attempt,
                at,
            );
            write(&mut tx, &known, &state).await?;
            // Whatever Meta says about a file, it says nothing about the window.
            if !matches!(effect, SideEffect::DisputeWindow { .. }) {
                heed(&mut tx, &known, effect, at).await?;
            }
            tx.refresh_head(&known.conversation).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
