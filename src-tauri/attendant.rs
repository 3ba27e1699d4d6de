//! The shell's own look at the team, beside the page's: numbers in the tray, and the system's
//! notifications.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ajar_client::desk::Desk;
use ajar_client::session::Session;
use ajar_domain::ConversationId;
use ajar_protocol::ui::{ListQuery, Nothing, Stage, UiCall, UiEvent};
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt as _;

use crate::links::Link;
use crate::tray::{Numbers, Tray};
use crate::{window, words};

/// Runs as long as the desk does.
pub async fn attend(app: AppHandle, desk: Desk, tray: Tray) {
    let (session, mut events) = desk.session();
    let notices = Notices::hear_clicks(&app);
    let mut language = String::new();
    let mut numbers = Numbers::default();
    tray.show(numbers, &language);
    watch(&session).await;
    while let Some(envelope) = events.recv().await {
        match envelope.event {
            UiEvent::Stage {
                stage: Stage::Ready { .. },
            } => watch(&session).await,
            UiEvent::List { view } => {
                numbers = Numbers {
                    unread: view.counts.unread,
                    closing_soon: view.counts.expiring,
                };
                tray.show(numbers, &language);
                badge(&app, numbers);
            }
            UiEvent::Preferences { preferences } => {
                language = preferences.language;
                tray.show(numbers, &language);
            }
            UiEvent::Noticed {
                conversation,
                name,
                preview,
            } => notices.give(conversation, &name, &preview, &language),
            _ => {}
        }
    }
}

/// No rows are wanted, only the counts that come with them.
async fn watch(session: &Session) {
    log(session.call(UiCall::Hello(Nothing {})).await);
    log(session.call(UiCall::WatchList(ListQuery::default())).await);
}

fn badge(app: &AppHandle, numbers: Numbers) {
    if let Some(window) = window::main_window(app)
        && let Err(why) = window.set_badge_count(Some(i64::from(numbers.unread)))
    {
        tracing::debug!(%why, "no badge on this system");
    }
}

/// Notifications that are shown, so that a click finds its conversation.
#[derive(Clone)]
struct Notices {
    app: AppHandle,
    given: Arc<Mutex<HashMap<i32, ConversationId>>>,
}

impl Notices {
    fn hear_clicks(app: &AppHandle) -> Self {
        let notices = Self {
            app: app.clone(),
            given: Arc::default(),
        };
        let clicked = notices.clone();
        let heard = app.notification().on_action(move |performed| {
            if let Some(notification) = performed.notification() {
                clicked.open(notification.id());
            }
        });
        log(heard);
        notices
    }

    fn give(&self, conversation: ConversationId, name: &str, preview: &str, language: &str) {
        // Whoever looks at the window sees it there.
        let looking = window::main_window(&self.app)
            .and_then(|window| window.is_focused().ok())
            .unwrap_or(false);
        if looking {
            return;
        }
        let body = match preview {
            "" => words::of(language).new_message,
            words => words,
        };
        let id = {
            let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
            let id = i32::try_from(given.len()).unwrap_or(0);
            given.insert(id, conversation);
            id
        };
        let shown = self
            .app
            .notification()
            .builder()
            .id(id)
            .title(name)
            .body(body);
        log(shown.show());
    }

    fn open(&self, id: i32) {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(conversation) = given.get(&id).cloned() {
            window::come_forward(&self.app);
            window::follow(&self.app, Some(Link::Conversation(conversation)));
        }
    }
}

fn log<T, E: std::fmt::Display>(done: Result<T, E>) {
    if let Err(why) = done {
        tracing::debug!(%why, "the shell's own look failed");
    }
}
