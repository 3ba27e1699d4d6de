//! The two doors between the window's page and the engine: `call` and `subscribe`.
//!
//! The window is one session of the engine. A page that is loaded again subscribes again, and
//! the events of the page before end. Whether a call makes sense is the engine's business;
//! nothing is decided here.

use ajar_client::Session;
use ajar_protocol::error::{ApiError, ErrorCode};
use ajar_protocol::ui::{UiCall, UiEnvelope};
use serde_json::{Value, json};
use tauri::State;
use tauri::ipc::Channel;

#[tauri::command]
pub async fn call(
    session: State<'_, Session>,
    name: String,
    payload: Value,
) -> Result<Value, ApiError> {
    let call: UiCall = serde_json::from_value(json!({ "call": name, "payload": payload }))
        .map_err(|_| {
            // Without the reason, which may quote what was in the call.
            tracing::error!(name, "a call that does not have its shape");
            ApiError::new(
                ErrorCode::Invalid,
                format!("{name}: not a call of this version"),
            )
        })?;
    session.call(call).await
}

#[tauri::command]
pub async fn subscribe(
    session: State<'_, Session>,
    channel: Channel<UiEnvelope>,
) -> Result<(), ApiError> {
    let mut events = session.subscribe();
    tauri::async_runtime::spawn(async move {
        while let Some(envelope) = events.recv().await {
            if channel.send(envelope).is_err() {
                break;
            }
        }
    });
    Ok(())
}
