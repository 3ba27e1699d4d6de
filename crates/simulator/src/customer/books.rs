//! How what a customer does enters the platform's books.

use std::time::Duration;

use ajar_domain::time::Time;
use serde_json::{Map, Value, json};

use super::{Customer, Received};
use crate::error::Result;
use crate::ids::{self, Maker, Wamid};
use crate::media::{self, MediaFile, MediaOrigin};
use crate::payload;
use crate::sim::Sim;
use crate::world::{Direction, MessageRecord, PersonId, World};

/// Puts a file on the shelf and gives the object that stands for it in a webhook.
pub(crate) fn received_media(sim: &Sim, file: MediaFile) -> Value {
    let filename = file.filename.clone();
    let mut body = sim.core.change(|world, now| {
        let World { media, rng, .. } = world;
        let stored = media.store(rng, file, MediaOrigin::Received, now);
        let url = world.settings.media_urls.then(|| {
            let expires_at = now + Duration::from_millis(world.settings.media_url_ms);
            let address = world.media.address(&mut world.rng, &stored.id, expires_at);
            sim.core.absolute(&address)
        });
        media::in_webhook(&stored, url.as_deref())
    });
    if let Some(filename) = filename {
        body["filename"] = json!(filename);
    }
    body
}

impl World {
    pub(crate) fn inbox(&self, person: PersonId) -> Vec<Received> {
        let Some(person) = self.people.get(&person) else {
            return Vec::new();
        };
        let messages = person.inbox.iter().filter_map(|id| self.messages.get(id));
        messages.map(Received::from).collect()
    }

    /// Enters a customer's message into the books and sends it off as a webhook.
    pub(crate) fn customer_message(
        &mut self,
        from: &Customer,
        mut message: Map<String, Value>,
        at: Time,
    ) -> Result<Wamid> {
        let person = self.person(from.id)?.clone();
        let number = self.number(&from.phone_number_id)?.clone();
        let id = match message.get("id").and_then(Value::as_str) {
            Some(id) => Wamid::from(id),
            None => ids::wamid(&mut self.rng, &person.party(), Maker::WhatsAppClient),
        };
        message.entry("type").or_insert(json!("text"));
        let record = MessageRecord::new(
            id.clone(),
            &number.phone_number_id,
            from.id,
            Direction::FromCustomer,
            at,
            message.clone(),
        );
        message.insert("id".to_owned(), json!(id));
        message.insert("timestamp".to_owned(), payload::timestamp(at));
        payload::name_party(&mut message, &person, &self.settings, payload::FROM);
        if message.get("type") == Some(&json!("system")) {
            message.remove(payload::FROM[1]);
            message.remove(payload::FROM[2]);
        }
        if opens_window(&message) {
            self.note_opening(&number.phone_number_id, from.id, at);
        }
        if message.contains_key("referral") {
            let pair = (number.phone_number_id.clone(), from.id);
            self.ad_leads.insert(pair, at);
        }
        let value = payload::message(&number, &person, &self.settings, &message);
        self.count_inbound(&number.phone_number_id, at);
        self.record(record);
        self.post_message_field("messages", value);
        Ok(id)
    }

    /// The body of an edit of this message to these words; the books then have the new words.
    pub(crate) fn edit_body(&mut self, id: &Wamid, text: &str) -> Result<Value> {
        let original = self.message_mut(id)?;
        original.edited_text = Some(text.to_owned());
        let kind = original.kind.clone();
        let mut content = original
            .body
            .get(&kind)
            .cloned()
            .unwrap_or_else(|| json!({}));
        let words = if kind == "text" { "body" } else { "caption" };
        content[words] = json!(text);
        Ok(json!({
            "original_message_id": id,
            "message": { "context": { "id": "M0" }, "type": kind, kind.as_str(): content },
        }))
    }
}

/// The code of Coexistence's placeholder for a message that only the phone can show.
const PLACEHOLDER: u32 = 131_060;

/// Which of a customer's doings open the window, by the platform's own books.
fn opens_window(message: &Map<String, Value>) -> bool {
    const NOT_MESSAGES: [&str; 5] = ["reaction", "edit", "revoke", "system", "request_welcome"];
    let kind = message.get("type").and_then(Value::as_str).unwrap_or("");
    let placeholder = message
        .get("errors")
        .is_some_and(|errors| errors[0]["code"] == PLACEHOLDER);
    !NOT_MESSAGES.contains(&kind) && !placeholder
}
