//! What a person at this desk would see, folded from the events of a session.
//!
//! Journeys are told with it: *Alice opens the chat with Maria, and when Bob answers, Alice sees
//! it*. A [`Screen`] waits for events and never sleeps.

use std::{fmt, time::Duration};

use ajar_domain::ConversationId;
use ajar_protocol::{
    command::Command,
    error::ApiError,
    hub::{HubClock, Viewer},
    rows::{AgentRow, InboxRow, PhoneStartRow},
    ui::{
        Acted, ConversationRef, Draft, DraftMode, LinkState, ListQuery, ListRow, ListView, Nothing,
        Preferences, Stage, ThreadItem, ThreadView, UiCall, UiEnvelope, UiEvent, WatchConversation,
    },
};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::session::Session;

/// How long a wait may take on a slow machine before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// The newest of everything that the interface was told.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub stage: Option<Stage>,
    pub link: Option<LinkState>,
    pub clock: Option<HubClock>,
    pub list: Option<ListView>,
    pub thread: Option<ThreadView>,
    /// The open conversation is gone.
    pub gone: Option<ConversationId>,
    pub inboxes: Vec<InboxRow>,
    pub agents: Vec<AgentRow>,
    pub phone_starts: Vec<PhoneStartRow>,
    pub viewers: Vec<Viewer>,
    pub preferences: Preferences,
    /// What was said once: noticed messages, links that were clicked, templates that changed.
    pub said: Vec<UiEvent>,
}

impl Seen {
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.link, Some(LinkState::Live { .. }))
    }

    #[must_use]
    pub fn rows(&self) -> &[ListRow] {
        self.list.as_ref().map_or(&[], |list| &list.rows)
    }

    /// The row of the customer with this name, if it is on the screen.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&ListRow> {
        self.rows().iter().find(|row| row.name == name)
    }

    #[must_use]
    pub fn items(&self) -> &[ThreadItem] {
        self.thread.as_ref().map_or(&[], |thread| &thread.items)
    }

    fn take(&mut self, event: UiEvent) {
        match event {
            UiEvent::Stage { stage } => self.stage = Some(stage),
            UiEvent::Link { state } => self.link = Some(state),
            UiEvent::Clock { clock } => self.clock = Some(clock),
            UiEvent::List { view } => self.list = Some(view),
            UiEvent::Thread { view } => {
                self.gone = None;
                self.thread = Some(*view);
            }
            UiEvent::ThreadGone { conversation } => {
                self.thread = None;
                self.gone = Some(conversation);
            }
            UiEvent::Team { inboxes, agents } => {
                self.inboxes = inboxes;
                self.agents = agents;
            }
            UiEvent::PhoneStarts { starts } => self.phone_starts = starts,
            UiEvent::Viewers { viewers } => self.viewers = viewers,
            UiEvent::Preferences { preferences } => self.preferences = preferences,
            said @ (UiEvent::TemplatesChanged { .. }
            | UiEvent::Open { .. }
            | UiEvent::StartWith { .. }
            | UiEvent::Noticed { .. }) => self.said.push(said),
        }
    }
}

/// A wait that did not come true in time, with what was to be seen instead.
#[derive(Debug)]
pub struct NeverSeen(pub Box<Seen>);

impl fmt::Display for NeverSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it never came to be seen; on the screen was {:#?}",
            self.0
        )
    }
}

impl std::error::Error for NeverSeen {}

/// A session with somebody in front of it.
pub struct Screen {
    pub session: Session,
    events: mpsc::Receiver<UiEnvelope>,
    last_seq: u64,
    seen: Seen,
}

impl Screen {
    #[must_use]
    pub fn new(session: Session, events: mpsc::Receiver<UiEnvelope>) -> Self {
        Self {
            session,
            events,
            last_seq: 0,
            seen: Seen::default(),
        }
    }

    /// As of the last wait.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Waits until `is_so` of what is seen.
    ///
    /// # Errors
    /// [`NeverSeen`] after half a minute, or if the session ended.
    pub async fn until(&mut self, is_so: impl FnMut(&Seen) -> bool) -> Result<&Seen, NeverSeen> {
        self.until_within(PATIENCE, is_so).await
    }

    /// [`Self::until`] with another patience.
    ///
    /// # Errors
    /// [`NeverSeen`] after that time, or if the session ended.
    pub async fn until_within(
        &mut self,
        patience: Duration,
        mut is_so: impl FnMut(&Seen) -> bool,
    ) -> Result<&Seen, NeverSeen> {
        self.catch_up();
        let deadline = tokio::time::Instant::now() + patience;
        while !is_so(&self.seen) {
            match tokio::time::timeout_at(deadline, self.events.recv()).await {
                Ok(Some(envelope)) => self.take(envelope),
                Ok(None) | Err(_) => return Err(NeverSeen(Box::new(self.seen.clone()))),
            }
        }
        Ok(&self.seen)
    }

    /// Takes what has already come, without waiting.
    pub fn catch_up(&mut self) -> &Seen {
        while let Ok(envelope) = self.events.try_recv() {
            self.take(envelope);
        }
        &self.seen
    }

    fn take(&mut self, envelope: UiEnvelope) {
        debug_assert_eq!(envelope.seq, self.last_seq + 1, "an envelope is missing");
        self.last_seq = envelope.seq;
        self.seen.take(envelope.event);
    }

    /// A call with its answer in the shape that is declared for it.
    ///
    /// # Errors
    /// What the call says.
    pub async fn call<T: DeserializeOwned>(&self, call: UiCall) -> Result<T, ApiError> {
        let answer = self.session.call(call).await?;
        serde_json::from_value(answer).map_err(|why| {
            ApiError::new(
                ajar_protocol::error::ErrorCode::Internal,
                format!("the answer has another shape: {why}"),
            )
        })
    }

    /// Looks at a list.
    ///
    /// # Errors
    /// What the call says.
    pub async fn watch_list(&mut self, query: ListQuery) -> Result<(), ApiError> {
        self.seen.list = None;
        self.call::<Nothing>(UiCall::WatchList(query))
            .await
            .map(|_| ())
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// What the call says.
    pub async fn open(&mut self, conversation: &ConversationId) -> Result<(), ApiError> {
        self.seen.thread = None;
        self.seen.gone = None;
        self.call::<Nothing>(UiCall::WatchConversation(WatchConversation {
            conversation: Some(conversation.clone()),
        }))
        .await
        .map(|_| ())
    }

    /// Scrolls up.
    ///
    /// # Errors
    /// What the call says.
    pub async fn load_older(&self, conversation: &ConversationId) -> Result<(), ApiError> {
        self.call::<Nothing>(UiCall::LoadOlder(ConversationRef {
            conversation: conversation.clone(),
        }))
        .await
        .map(|_| ())
    }

    /// Does something.
    ///
    /// # Errors
    /// What the call says.
    pub async fn act(&self, command: Command) -> Result<Acted, ApiError> {
        self.call(UiCall::Act(command)).await
    }

    /// Types a reply without sending it.
    ///
    /// # Errors
    /// What the call says.
    pub async fn type_reply(
        &self,
        conversation: &ConversationId,
        body: &str,
    ) -> Result<(), ApiError> {
        self.call::<Nothing>(UiCall::SaveDraft(Draft {
            conversation: conversation.clone(),
            mode: DraftMode::Reply,
            body: body.to_owned(),
            reply_to: None,
            files: Vec::new(),
            saved_at: None,
        }))
        .await
        .map(|_| ())
    }
}
