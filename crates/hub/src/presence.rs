//! Who looks at what: kept in memory, told to the streams, and forgotten with them.
//!
//! Presence is a courtesy, not state: it has no event number and survives nothing. With
//! several hub processes on one database each tells only of its own desktops.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ajar_domain::{AgentId, ConversationId};
use ajar_protocol::hub::{PresenceRequest, Viewer};
use tokio::sync::watch;

/// What one device looks at: whose it is, which conversation, and whether somebody types.
type Look = (AgentId, Option<ConversationId>, bool);

#[derive(Clone)]
pub struct Presence {
    /// By device: an agent may have two windows open.
    looking: Arc<Mutex<HashMap<String, Look>>>,
    viewers: Arc<watch::Sender<Vec<Viewer>>>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            looking: Arc::default(),
            viewers: Arc::new(watch::channel(Vec::new()).0),
        }
    }
}

impl Presence {
    #[must_use]
    pub fn viewers(&self) -> watch::Receiver<Vec<Viewer>> {
        self.viewers.subscribe()
    }

    pub fn look(&self, agent: &AgentId, request: &PresenceRequest) {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        looking.insert(
            request.device.clone(),
            (agent.clone(), request.conversation.clone(), request.typing),
        );
        self.tell(&looking);
    }

    /// The device's stream ended.
    pub fn left(&self, device: &str) {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if looking.remove(device).is_some() {
            self.tell(&looking);
        }
    }

    fn tell(&self, looking: &HashMap<String, Look>) {
        let mut viewers: Vec<Viewer> = looking
            .values()
            .filter_map(|(agent, conversation, typing)| {
                Some(Viewer {
                    agent: agent.clone(),
                    conversation: conversation.clone()?,
                    typing: *typing,
                })
            })
            .collect();
        viewers.sort_by(|a, b| (&a.conversation, &a.agent).cmp(&(&b.conversation, &b.agent)));
        viewers.dedup_by(|a, b| {
            let same = a.conversation == b.conversation && a.agent == b.agent;
            b.typing |= same && a.typing;
            same
        });
        self.viewers.send_if_modified(|known| {
            let changed = *known != viewers;
            *known = viewers;
            changed
        });
    }
}
