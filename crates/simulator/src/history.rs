//! The one-shot synchronisation after onboarding: old chats and the address book.
//!
//! What is handed over is prepared beforehand ([`crate::Sim::prepare_history`]); it leaves when
//! the business asks through `smb_app_data`. Never again after that, and never a window from it.

use ajar_domain::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::graph::GraphError;
use crate::ids::{self, Maker, Wamid};
use crate::media::{self, MediaFile, MediaOrigin};
use crate::payload;
use crate::statuses::Due;
use crate::world::{Number, PersonId, World};

/// One old message.
#[derive(Clone, Debug)]
pub struct OldMessage {
    pub by_business: bool,
    pub at: Time,
    pub content: OldContent,
    pub status: HistoryStatus,
}

/// What an old message holds.
#[derive(Clone, Debug)]
pub enum OldContent {
    Text(String),
    /// Announced as a placeholder; the content follows if it is younger than fourteen days.
    Media {
        kind: String,
        file: MediaFile,
        caption: Option<String>,
    },
    /// Any body with its `type`, as in a webhook.
    Raw(Map<String, Value>),
}

/// How far an old message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HistoryStatus {
    Delivered,
    Error,
    Pending,
    Played,
    Read,
    Sent,
}

impl OldMessage {
    /// The customer wrote this text then; it was read.
    #[must_use]
    pub fn from_customer(at: Time, text: impl Into<String>) -> Self {
        Self {
            by_business: false,
            at,
            content: OldContent::Text(text.into()),
            status: HistoryStatus::Read,
        }
    }

    /// The business wrote this text then; it was read.
    #[must_use]
    pub fn from_business(at: Time, text: impl Into<String>) -> Self {
        Self {
            by_business: true,
            ..Self::from_customer(at, text)
        }
    }

    #[must_use]
    pub fn with_content(mut self, content: OldContent) -> Self {
        self.content = content;
        self
    }

    #[must_use]
    pub fn with_status(mut self, status: HistoryStatus) -> Self {
        self.status = status;
        self
    }
}

/// What will be handed over when it is asked for.
#[derive(Clone, Debug)]
pub(crate) enum PreparedHistory {
    Threads(Vec<(PersonId, Vec<OldMessage>)>),
    Declined,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// 0 to 1 day, 1 to 90 days, 90 to 180 days before onboarding; older is not handed over.
fn phase_of(at: Time, onboarded_at: Time) -> Option<usize> {
    match onboarded_at.millis_since(at) {
        age if age <= DAY_MS => Some(0),
        age if age <= 90 * DAY_MS => Some(1),
        age if age <= 180 * DAY_MS => Some(2),
        _ => None,
    }
}

/// A message on its way into a chunk: its phase, whose thread, and its JSON.
struct Item {
    phase: usize,
    person: PersonId,
    object: Map<String, Value>,
}

impl World {
    /// Hands over the history of a number, chunk by chunk, now.
    pub fn hand_over_history(&mut self, number: &Number, now: Time) {
        let threads = match self.history.clone() {
            None => Vec::new(),
            Some(PreparedHistory::Threads(threads)) => threads,
            Some(PreparedHistory::Declined) => {
                let mut value = payload::value(number);
                let mut error = GraphError::of(2_593_109).in_status();
                if let Some(error) = error.as_object_mut() {
                    error.remove("href");
                }
                value["history"] = json!([{ "errors": [error] }]);
                return self.post_history(value, now);
            }
        };
        let mut items = Vec::new();
        let mut contents = Vec::new();
        for (person, messages) in threads {
            for message in messages {
                if let Some(phase) = phase_of(message.at, number.onboarded_at) {
                    let (object, content) = self.old_message(number, person, &message, now);
                    contents.extend(content);
                    items.push(Item {
                        phase,
                        person,
                        object,
                    });
                }
            }
        }
        items.sort_by_key(|item| item.phase);
        self.post_chunks(number, &items, now);
        for value in contents {
            self.post_history(value, now);
        }
    }

    fn post_chunks(&mut self, number: &Number, items: &[Item], now: Time) {
        let total = items.len();
        let mut sent = 0;
        for phase in 0..3 {
            let of_phase: Vec<&Item> = items.iter().filter(|item| item.phase == phase).collect();
            let chunks = of_phase.chunks(self.settings.history_chunk.max(1));
            for (order, chunk) in chunks.enumerate() {
                sent += chunk.len();
                let mut value = payload::value(number);
                value["history"] = json!([{
                    "metadata": {
                        "phase": phase,
                        "chunk_order": order + 1,
                        "progress": sent * 100 / total.max(1),
                    },
                    "threads": self.threads(chunk),
                }]);
                self.post_history(value, now);
            }
        }
        if total == 0 {
            let mut value = payload::value(number);
            let metadata = json!({ "phase": 2, "chunk_order": 1, "progress": 100 });
            value["history"] = json!([{ "metadata": metadata, "threads": [] }]);
            self.post_history(value, now);
        }
    }

    fn threads(&self, items: &[&Item]) -> Vec<Value> {
        let mut threads: Vec<(PersonId, Vec<&Map<String, Value>>)> = Vec::new();
        for item in items {
            match threads
                .iter_mut()
                .find(|(person, _)| *person == item.person)
            {
                Some((_, messages)) => messages.push(&item.object),
                None => threads.push((item.person, vec![&item.object])),
            }
        }
        threads
            .into_iter()
            .filter_map(|(person, messages)| {
                let person = self.people.get(&person)?;
                let id = person.visible_wa_id().unwrap_or(&person.user_id);
                let mut thread = json!({ "id": id, "messages": messages });
                if self.settings.user_ids {
                    let mut context = json!({ "user_id": person.user_id });
                    if let Some(wa_id) = person.visible_wa_id() {
                        context["wa_id"] = json!(wa_id);
                    }
                    if let Some(username) = &person.username {
                        context["username"] = json!(username);
                    }
                    thread["context"] = context;
                }
                Some(thread)
            })
            .collect()
    }

    /// The message in its thread, and for young media the webhook that fills the placeholder.
    fn old_message(
        &mut self,
        number: &Number,
        person: PersonId,
        message: &OldMessage,
        now: Time,
    ) -> (Map<String, Value>, Option<Value>) {
        let Some(party) = self.people.get(&person).cloned() else {
            return (Map::new(), None);
        };
        let id: Wamid = ids::wamid(&mut self.rng, &party.party(), Maker::WhatsAppClient);
        let mut object = Map::new();
        if message.by_business {
            object.insert("from".to_owned(), json!(number.digits));
            if let Some(wa_id) = party.visible_wa_id() {
                object.insert("to".to_owned(), json!(wa_id));
            }
        } else if let Some(wa_id) = party.visible_wa_id() {
            object.insert("from".to_owned(), json!(wa_id));
        } else {
            object.insert("from_user_id".to_owned(), json!(party.user_id));
        }
        object.insert("id".to_owned(), json!(id));
        object.insert("timestamp".to_owned(), payload::timestamp(message.at));
        let status = json!({ "status": message.status });
        let mut content = None;
        match &message.content {
            OldContent::Text(text) => {
                object.insert("type".to_owned(), json!("text"));
                object.insert("text".to_owned(), json!({ "body": text }));
            }
            OldContent::Raw(body) => object.extend(body.clone()),
            OldContent::Media {
                kind,
                file,
                caption,
            } => {
                let mut filled = object.clone();
                object.insert("type".to_owned(), json!("media_placeholder"));
                if number.onboarded_at.millis_since(message.at) <= 14 * DAY_MS {
                    let stored =
                        self.media
                            .store(&mut self.rng, file.clone(), MediaOrigin::Received, now);
                    let mut body = media::in_webhook(&stored, None);
                    body["sha256"] = json!(stored.sha256_hex());
                    if let Some(caption) = caption {
                        body["caption"] = json!(caption);
                    }
                    let names = if message.by_business {
                        payload::TO
                    } else {
                        payload::FROM
                    };
                    payload::name_party(&mut filled, &party, &self.settings, names);
                    filled.insert("type".to_owned(), json!(kind));
                    filled.insert(kind.clone(), body);
                    let place = if message.by_business {
                        "message_echoes"
                    } else {
                        "messages"
                    };
                    let mut value = payload::value(number);
                    value["contacts"] = json!([payload::contact(&party, &self.settings, true)]);
                    value[place] = json!([filled]);
                    content = Some(value);
                }
            }
        }
        object.insert("history_context".to_owned(), status);
        (object, content)
    }

    fn post_history(&mut self, value: Value, now: Time) {
        let update = payload::Update {
            entry_id: self.account.waba_id.clone(),
            time: None,
            field: "history".to_owned(),
            value,
        };
        self.schedule.put(now, Due::Webhook(update));
    }

    /// Hands over the address book of the phone, and every name in it.
    pub fn hand_over_contacts(&mut self, number: &Number, now: Time) {
        let entries: Vec<Value> = self
            .people
            .values()
            .filter(|person| person.address_book_name.is_some())
            .map(|person| self.address_book_entry(person.id, "add", now))
            .collect();
        for chunk in entries.chunks(100) {
            let mut value = payload::value(number);
            value["state_sync"] = json!(chunk);
            self.post_message_field("smb_app_state_sync", value);
        }
    }

    /// One entry of `state_sync[]`. A removal carries no names.
    pub fn address_book_entry(&self, person: PersonId, action: &str, now: Time) -> Value {
        let mut contact = Map::new();
        if let Some(person) = self.people.get(&person) {
            if let (Some(name), "add") = (&person.address_book_name, action) {
                let first = name.split_whitespace().next().unwrap_or(name);
                contact.insert("full_name".to_owned(), json!(name));
                contact.insert("first_name".to_owned(), json!(first));
            }
            if let Some(wa_id) = person.visible_wa_id() {
                contact.insert("phone_number".to_owned(), json!(wa_id));
            }
            if self.settings.user_ids && (action == "add" || person.number_hidden) {
                contact.insert("user_id".to_owned(), json!(person.user_id));
                if let Some(username) = &person.username {
                    contact.insert("username".to_owned(), json!(username));
                }
            }
        }
        json!({
            "type": "contact",
            "contact": contact,
            "action": action,
            "metadata": { "timestamp": payload::timestamp(now) },
        })
    }
}
