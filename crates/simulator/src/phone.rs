//! The phone with the WhatsApp Business app, on which the owner types beside the API.
//!
//! What is done here reaches the business as `smb_message_echoes`. It never opens a window and
//! never asks for one: the 24 hours bind the API alone.

use std::time::Duration;

use ajar_domain::time::{Clock as _, Time};
use serde_json::{Value, json};

use crate::customer::{Customer, received_media};
use crate::error::{Result, SimError};
use crate::ids::{self, Maker, Wamid};
use crate::media::MediaFile;
use crate::payload;
use crate::sim::Sim;
use crate::world::{Direction, MessageRecord, PersonId};

/// Whom the phone writes to: a customer, or any number.
#[derive(Clone, Debug)]
pub enum To {
    Customer(PersonId),
    Number(String),
}

impl From<&Customer> for To {
    fn from(customer: &Customer) -> Self {
        To::Customer(customer.id())
    }
}

impl From<&str> for To {
    fn from(number: &str) -> Self {
        To::Number(number.to_owned())
    }
}

impl From<String> for To {
    fn from(number: String) -> Self {
        To::Number(number)
    }
}

/// A handle on the phone of one number. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Phone {
    sim: Sim,
    phone_number_id: String,
    at: Option<Time>,
}

impl Phone {
    pub(crate) fn new(sim: &Sim, phone_number_id: String) -> Self {
        Self {
            sim: sim.clone(),
            phone_number_id,
            at: None,
        }
    }

    /// The same phone, whose next act bears this time; its webhook still leaves now.
    #[must_use]
    pub fn at(&self, at: Time) -> Self {
        Self {
            at: Some(at),
            ..self.clone()
        }
    }

    /// As [`Phone::at`], counted back from now.
    #[must_use]
    pub fn ago(&self, ago: Duration) -> Self {
        self.at(self.sim.core.clock.now() - ago)
    }

    pub async fn types(&self, to: impl Into<To>, text: impl Into<String>) -> Result<Wamid> {
        let message = json!({ "type": "text", "text": { "body": text.into() } });
        self.sends(to, message).await
    }

    pub async fn sends_image<'a>(
        &self,
        to: impl Into<To>,
        file: impl Into<MediaFile>,
        caption: impl Into<Option<&'a str>>,
    ) -> Result<Wamid> {
        self.sends_media(to, "image", file, caption).await
    }

    /// Any file as a message of this kind: `image`, `video`, `audio`, `document`, `sticker`.
    pub async fn sends_media<'a>(
        &self,
        to: impl Into<To>,
        kind: &str,
        file: impl Into<MediaFile>,
        caption: impl Into<Option<&'a str>>,
    ) -> Result<Wamid> {
        let mut body = received_media(&self.sim, file.into());
        if let Some(caption) = caption.into() {
            body["caption"] = json!(caption);
        }
        match kind {
            "audio" => body["voice"] = json!(true),
            "sticker" => body["animated"] = json!(false),
            _ => {}
        }
        self.sends(to, json!({ "type": kind, kind: body })).await
    }

    /// Changes the words of a message that was typed here.
    pub async fn edits(&self, message: impl Into<Wamid>, text: &str) -> Result<Wamid> {
        let id = message.into();
        let (person, edit) = self.sim.core.change(|world, _| {
            let person = world.message(&id)?.person;
            Ok::<_, SimError>((person, world.edit_body(&id, text)?))
        })?;
        let message = json!({ "type": "edit", "edit": edit });
        self.sends(To::Customer(person), message).await
    }

    /// Deletes a message that was typed here, for everyone.
    pub async fn revokes(&self, message: impl Into<Wamid>) -> Result<Wamid> {
        let id = message.into();
        let person = self.sim.core.change(|world, _| {
            let message = world.message_mut(&id)?;
            message.revoked = true;
            Ok::<_, SimError>(message.person)
        })?;
        let revoke = json!({ "original_message_id": id });
        let message = json!({ "type": "revoke", "revoke": revoke });
        self.sends(To::Customer(person), message).await
    }

    pub async fn reacts(&self, message: impl Into<Wamid>, emoji: &str) -> Result<Wamid> {
        let id = message.into();
        let person = self.sim.core.world().message(&id)?.person;
        let reaction = json!({ "message_id": id, "emoji": emoji });
        let message = json!({ "type": "reaction", "reaction": reaction });
        self.sends(To::Customer(person), message).await
    }

    /// Any message whatever: an object with `type` and what belongs to it. `from`, `to`, `id` and
    /// `timestamp` are put in.
    pub async fn sends(&self, to: impl Into<To>, message: Value) -> Result<Wamid> {
        let Value::Object(mut message) = message else {
            return Err(SimError::Malformed("a message is a JSON object".to_owned()));
        };
        let to = to.into();
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            let number = world.number(&self.phone_number_id)?.clone();
            let person = match to {
                To::Customer(id) => id,
                To::Number(number) => world.person_with_number(None, &number),
            };
            let person = world.person(person)?.clone();
            let id = match message.get("id").and_then(Value::as_str) {
                Some(id) => Wamid::from(id),
                None => ids::wamid(&mut world.rng, &person.party(), Maker::WhatsAppClient),
            };
            message.entry("type").or_insert(json!("text"));
            let record = MessageRecord::new(
                id.clone(),
                &number.phone_number_id,
                person.id,
                Direction::FromPhone,
                at,
                message.clone(),
            );
            message.insert("from".to_owned(), json!(number.digits));
            message.insert("id".to_owned(), json!(id));
            message.insert("timestamp".to_owned(), payload::timestamp(at));
            payload::name_party(&mut message, &person, &world.settings, payload::TO);
            let value = payload::echo(&number, &person, &world.settings, &message);
            // Edits and deletions change what is there; only what is new arrives.
            match record.kind.as_str() {
                "edit" | "revoke" => {}
                _ => world.record(record),
            }
            world.post_message_field("smb_message_echoes", value);
            Ok(id)
        })
    }

    /// Enters a customer into the phone's address book, or changes the name there.
    pub async fn saves_contact(&self, customer: &Customer, name: &str) -> Result<()> {
        self.address_book(customer, Some(name), "add")
    }

    pub async fn removes_contact(&self, customer: &Customer) -> Result<()> {
        self.address_book(customer, None, "remove")
    }

    fn address_book(&self, customer: &Customer, name: Option<&str>, action: &str) -> Result<()> {
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            world.person_mut(customer.id())?.address_book_name = name.map(ToOwned::to_owned);
            let entry = world.address_book_entry(customer.id(), action, at);
            let mut value = payload::value(world.number(&self.phone_number_id)?);
            value["state_sync"] = json!([entry]);
            world.post_message_field("smb_app_state_sync", value);
            Ok(())
        })
    }

    /// The chats with these customers as the phone shows them: what was typed here and through
    /// the API, and what they wrote. Both sides of one conversation, in order of time.
    #[must_use]
    pub fn chat(&self, with: &Customer) -> Vec<(Direction, String)> {
        let world = self.sim.core.world();
        let mut chat: Vec<&MessageRecord> = world
            .message_order
            .iter()
            .filter_map(|id| world.messages.get(id))
            .filter(|m| m.person == with.id() && m.phone_number_id == self.phone_number_id)
            .collect();
        chat.sort_by_key(|message| message.at);
        chat.into_iter().map(|m| (m.direction, m.text())).collect()
    }
}
