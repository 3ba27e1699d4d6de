//! The two doors between the window's page and the engine: `call` and `subscribe`.
//!
//! A page is one session of the engine. Loading it again begins another session and ends the
//! old one, so that nothing is worked out for a page that is gone. Whether a call makes sense
//! is the engine's business; nothing is decided here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ajar_client::desk::Desk;
use ajar_client::session::Session;
use ajar_protocol::error::{ApiError, ErrorCode};
use ajar_protocol::ui::{UiCall, UiEnvelope};
use serde_json::{Value, json};
use tauri::State;
use tauri::ipc::Channel;
use tokio::sync::mpsc::Receiver;

/// The page's end of the engine.
pub struct Bridge {
    desk: Desk,
    page: Mutex<Page>,
}

struct Page {
    session: Session,
    /// Until the page subscribes.
    events: Option<Receiver<UiEnvelope>>,
}

impl Page {
    fn of(desk: &Desk) -> Self {
        let (session, events) = desk.session();
        Self {
            session,
            events: Some(events),
        }
    }
}

impl Bridge {
    #[must_use]
    pub fn to(desk: Desk) -> Self {
        Self {
            page: Mutex::new(Page::of(&desk)),
            desk,
        }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events of a page that was just loaded.
    fn begin(&self) -> Option<Receiver<UiEnvelope>> {
        let mut page = self.page();
        if page.events.is_none() {
            *page = Page::of(&self.desk);
        }
        page.events.take()
    }
}

#[tauri::command]
pub async fn call(
    bridge: State<'_, Bridge>,
    name: String,
    payload: Value,
) -> Result<Value, ApiError> {
    let call: UiCall = serde_json::from_value(json!({ "call": name, "payload": payload }))
        .map_err(|why| {
            // The reason names fields and kinds, not what was in them.
            tracing::error!(
                name,
                line = why.line(),
                "a call that does not have its shape"
            );
            ApiError::new(
                ErrorCode::Invalid,
                format!("{name}: not a call of this version"),
            )
        })?;
    let session = bridge.page().session.clone();
    session.call(call).await
}

#[tauri::command]
pub async fn subscribe(
    bridge: State<'_, Bridge>,
    channel: Channel<UiEnvelope>,
) -> Result<(), ApiError> {
    let Some(mut events) = bridge.begin() else {
        return Err(ApiError::new(ErrorCode::Internal, "no events to listen to"));
    };
    tokio::spawn(async move {
        while let Some(envelope) = events.recv().await {
            if channel.send(envelope).is_err() {
                break;
            }
        }
    });
    Ok(())
}
