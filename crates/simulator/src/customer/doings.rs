//! What a customer does beside writing: call, stop marketing, move to another number.

use std::time::Duration;

use serde_json::{Map, json};

use super::Customer;
use crate::error::Result;
use crate::ids::{self, Wamid};
use crate::payload;

/// # What else they do
impl Customer {
    /// Calls the number; nobody answers. Opens the window all the same.
    pub async fn calls_in_vain(&self) -> Result<String> {
        self.call(None).await
    }

    /// Calls the number and talks for so long.
    pub async fn calls(&self, talk: Duration) -> Result<String> {
        self.call(Some(talk)).await
    }

    async fn call(&self, talk: Option<Duration>) -> Result<String> {
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            let person = world.person(self.id)?.clone();
            let number = world.number(&self.phone_number_id)?.clone();
            let id = ids::wacid(&mut world.rng, &person.party());
            let mut call = Map::new();
            call.insert("id".to_owned(), json!(id));
            call.insert("to".to_owned(), json!(number.digits));
            call.insert("direction".to_owned(), json!("USER_INITIATED"));
            payload::name_party(&mut call, &person, &world.settings, payload::FROM);
            let mut connect = call.clone();
            connect.insert("event".to_owned(), json!("connect"));
            connect.insert("timestamp".to_owned(), payload::timestamp(at));
            connect.insert(
                "session".to_owned(),
                json!({ "sdp_type": "offer", "sdp": "v=0\r\n" }),
            );
            let ended = at + talk.unwrap_or(Duration::from_secs(45));
            call.insert("event".to_owned(), json!("terminate"));
            call.insert("timestamp".to_owned(), payload::timestamp(ended));
            call.insert("status".to_owned(), json!("FAILED"));
            if let Some(talk) = talk {
                call.insert("status".to_owned(), json!("COMPLETED"));
                call.insert("start_time".to_owned(), payload::timestamp(at));
                call.insert("end_time".to_owned(), payload::timestamp(ended));
                call.insert("duration".to_owned(), json!(talk.as_secs()));
            }
            for call in [connect, call] {
                let mut value = payload::value(&number);
                let contact = payload::contact(&person, &world.settings, true);
                value["contacts"] = json!([contact]);
                value["calls"] = json!([call]);
                world.post_message_field("calls", value);
            }
            world.note_opening(&self.phone_number_id, self.id, at);
            Ok(id)
        })
    }

    /// Wants no more marketing from the business. Such templates fail with 131050 from now on.
    pub async fn stops_marketing(&self) -> Result<()> {
        self.marketing("stop", true)
    }

    pub async fn resumes_marketing(&self) -> Result<()> {
        self.marketing("resume", false)
    }

    fn marketing(&self, value: &str, stopped: bool) -> Result<()> {
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            world.person_mut(self.id)?.stopped_marketing = stopped;
            let person = world.person(self.id)?.clone();
            let number = world.number(&self.phone_number_id)?.clone();
            let mut preference = Map::new();
            let names = ["wa_id", "user_id", "parent_user_id"];
            payload::name_party(&mut preference, &person, &world.settings, names);
            preference.insert(
                "detail".to_owned(),
                json!(format!("User requested to {value} marketing messages")),
            );
            preference.insert("category".to_owned(), json!("marketing_messages"));
            preference.insert("value".to_owned(), json!(value));
            preference.insert("timestamp".to_owned(), json!(at.secs()));
            let mut update = payload::value(&number);
            let contact = payload::contact(&person, &world.settings, true);
            update["contacts"] = json!([contact]);
            update["user_preferences"] = json!([preference]);
            world.post_message_field("user_preferences", update);
            Ok(())
        })
    }

    /// Moves to another number: a new number and a new user id, told as Meta tells it.
    pub async fn changes_number(&self, number: &str) -> Result<Wamid> {
        let wa_id = ids::digits_of(number);
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            let old = world.person(self.id)?.clone();
            let user_id = ids::bsuid(&mut world.rng, Some(&wa_id));
            let from = old.visible_wa_id().unwrap_or(&old.user_id).to_owned();
            let system = json!({
                "body": format!("User {} changed from {from} to {wa_id}", old.name),
                "wa_id": wa_id,
                "type": "user_changed_number",
            });
            let mut message = Map::new();
            message.insert("type".to_owned(), json!("system"));
            message.insert("system".to_owned(), system);
            let told = world.customer_message(self, message, at)?;
            world.rename_person(self.id, Some(wa_id.clone()), Some(user_id.clone()))?;
            let person = world.person(self.id)?.clone();
            let mut update = payload::value(world.number(&self.phone_number_id)?);
            let mut contact = payload::contact(&person, &world.settings, true);
            if let Some(contact) = contact.as_object_mut() {
                contact.remove("user_id");
            }
            update["contacts"] = json!([contact]);
            update["user_id_update"] = json!([{
                "wa_id": wa_id,
                "detail": format!("User id for {} has been updated.", person.name),
                "user_id": { "previous": old.user_id, "current": user_id },
                "timestamp": payload::timestamp(at),
            }]);
            if world.settings.user_ids {
                world.post_message_field("user_id_update", update);
            }
            Ok(told)
        })
    }
}
