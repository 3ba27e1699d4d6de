//! Asks Meta once for the phone's contacts and past, within the 24 hours that Meta allows, and
//! keeps what became of it. What is asked for comes by webhook (`projector::past`).

use std::{sync::Arc, time::Duration};

use ajar_domain::{InboxId, Time, import::Asked};
use ajar_protocol::error::{ApiError, ErrorCode};

use crate::{
    commands::{CommandError, refused},
    core::Core,
    meta::{
        errors::{self, SyncRefused},
        graph::{GraphError, PhoneSync},
    },
};

/// Why nothing was asked, or nothing came of asking.
#[derive(Debug, thiserror::Error)]
enum NotAsked {
    /// The number is not on the WhatsApp Business app: there is no past to share.
    #[error("the number is not in Coexistence")]
    NotInCoexistence,
    /// Meta was not reached, so the question still stands.
    #[error("Meta could not be asked")]
    Graph(#[from] GraphError),
    #[error("the database refused")]
    Store(#[from] crate::store::StoreError),
}

/// At start: every number of this hub that was never asked, until Meta answered.
pub async fn ask_all(core: Arc<Core>) {
    for inbox in core.inboxes.clone() {
        let mut wait = Duration::from_secs(5);
        loop {
            match ask(&core, &inbox, false).await {
                Ok(()) | Err(NotAsked::NotInCoexistence) => break,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the phone's past was not asked for yet"
                    );
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(600));
                }
            }
        }
    }
}

/// An administrator wants Meta to be asked once more, for example after connecting anew.
///
/// # Errors
/// `conflict` if the number is not in Coexistence, `meta_unavailable` if Meta was not reached.
pub async fn ask_again(core: &Core, inbox: &InboxId) -> Result<(), CommandError> {
    ask(core, inbox, true).await.map_err(|error| match error {
        NotAsked::NotInCoexistence => refused(
            ErrorCode::Conflict,
            "the number is not on the WhatsApp Business app",
        ),
        NotAsked::Graph(_) => CommandError::Refused(ApiError::later(
            ErrorCode::MetaUnavailable,
            "Meta could not be asked",
            Some(60_000),
        )),
        NotAsked::Store(error) => CommandError::Store(error),
    })
}

async fn ask(core: &Core, inbox: &InboxId, again: bool) -> Result<(), NotAsked> {
    let (row, line) = {
        let mut conn = core.store.read().await?;
        (conn.inbox(inbox.as_str()).await?, conn.line(inbox).await?)
    };
    let (Some(row), Some(line)) = (row, line) else {
        return Ok(());
    };
    let open = |asked: &Asked| again || *asked == Asked::NotYet;
    let wanted: Vec<PhoneSync> = [
        open(&row.import.contacts).then_some(PhoneSync::Contacts),
        open(&row.import.history).then_some(PhoneSync::History),
    ]
    .into_iter()
    .flatten()
    .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let info = core.graph.phone_number(&line.phone_number_id).await?;
    if info.is_on_biz_app != Some(true) {
        return Err(NotAsked::NotInCoexistence);
    }
    for what in wanted {
        // A crash between the request and this line makes us ask again, and Meta then says that
        // it was asked before: both end in an account that is true.
        let answer = core.graph.request_sync(&line.phone_number_id, what).await;
        let asked = account_of(answer, core.now())?;
        let mut tx = core.store.begin().await?;
        if let Some(row) = tx.conn.inbox(inbox.as_str()).await? {
            let mut import = row.import;
            match what {
                PhoneSync::Contacts => import.contacts = asked,
                PhoneSync::History => import.history = asked,
            }
            tx.write_import(inbox, &import).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn account_of(answer: Result<Option<String>, GraphError>, at: Time) -> Result<Asked, GraphError> {
    match answer {
        Ok(_) => Ok(Asked::Yes { at }),
        Err(GraphError::Refused { failure, .. }) => Ok(match errors::sync_refused(&failure) {
            SyncRefused::AskedBefore => Asked::Before { at },
            SyncRefused::TooLate => Asked::TooLate { at },
            SyncRefused::Otherwise => Asked::Refused {
                at,
                meta_code: failure.meta_code,
            },
        }),
        Err(error) => Err(error),
    }
}
