//! A customer of the business, who writes, taps, reads and calls.
//!
//! Every verb returns once the platform has the message in its books, with its wamid; the webhook
//! is then on its way.

use std::time::Duration;

use ajar_domain::time::{Clock as _, Time};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::{Result, SimError};
use crate::ids::{self, Maker, Wamid};
use crate::media::{self, MediaFile, MediaOrigin};
use crate::payload;
use crate::settings::StatusPolicy;
use crate::sim::Sim;
use crate::statuses::Status;
use crate::templates::RenderedTemplate;
use crate::world::{Direction, MessageRecord, Person, PersonId, World};

/// A handle on one customer, in conversation with one number of the business. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Customer {
    sim: Sim,
    id: PersonId,
    phone_number_id: String,
    at: Option<Time>,
}

/// A message as it lies in the customer's phone.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Received {
    pub id: Wamid,
    #[schema(value_type = i64)]
    pub at: Time,
    /// Typed on the business's phone rather than sent through the API.
    pub from_phone: bool,
    /// `text`, `image`, `template` …
    pub kind: String,
    /// The words of it: the text, the caption, the filled-in template.
    pub text: String,
    pub template: Option<RenderedTemplate>,
    /// The message as it was sent.
    #[schema(value_type = Object)]
    pub body: Map<String, Value>,
    /// `biz_opaque_callback_data` of the send.
    pub callback_data: Option<String>,
    pub statuses: Vec<Status>,
    pub revoked: bool,
}

impl From<&MessageRecord> for Received {
    fn from(message: &MessageRecord) -> Self {
        Self {
            id: message.id.clone(),
            at: message.at,
            from_phone: message.direction == Direction::FromPhone,
            kind: message.kind.clone(),
            text: message.text(),
            template: message.template.clone(),
            body: message.body.clone(),
            callback_data: message.callback_data.clone(),
            statuses: message.statuses.clone(),
            revoked: message.revoked,
        }
    }
}

/// Where a customer came from who tapped an ad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ad {
    pub headline: String,
    pub body: String,
    /// Ads in WhatsApp Status carry no click id.
    pub in_status: bool,
}

/// # Who they are
impl Customer {
    pub(crate) fn new(sim: &Sim, id: PersonId) -> Self {
        Self {
            sim: sim.clone(),
            id,
            phone_number_id: sim.phone_number_id(),
            at: None,
        }
    }

    #[must_use]
    pub fn id(&self) -> PersonId {
        self.id
    }

    #[must_use]
    pub fn phone_number_id(&self) -> &str {
        &self.phone_number_id
    }

    /// All that the platform knows of them.
    pub fn person(&self) -> Result<Person> {
        self.sim.core.world().person(self.id).cloned()
    }

    #[must_use]
    pub fn name(&self) -> String {
        self.person().map(|person| person.name).unwrap_or_default()
    }

    /// Their number in digits, hidden or not.
    #[must_use]
    pub fn wa_id(&self) -> Option<String> {
        self.person().ok().and_then(|person| person.wa_id)
    }

    /// Their business-scoped user id.
    #[must_use]
    pub fn user_id(&self) -> String {
        let person = self.person();
        person.map(|person| person.user_id).unwrap_or_default()
    }

    /// The same customer, writing to another number of the account.
    pub fn writing_to(&self, phone_number_id: &str) -> Result<Self> {
        self.sim.core.world().number(phone_number_id)?;
        Ok(Self {
            phone_number_id: phone_number_id.to_owned(),
            ..self.clone()
        })
    }

    /// The same customer, whose next message bears this time. Its webhook still leaves now: so one
    /// makes a past to start from, and deliveries that are late.
    #[must_use]
    pub fn at(&self, at: Time) -> Self {
        Self {
            at: Some(at),
            ..self.clone()
        }
    }

    /// As [`Customer::at`], counted back from now.
    #[must_use]
    pub fn ago(&self, ago: Duration) -> Self {
        self.at(self.sim.core.clock.now() - ago)
    }

    fn change_person(&self, change: impl FnOnce(&mut Person)) -> Result<()> {
        self.sim
            .core
            .change(|world, _| world.person_mut(self.id).map(change))
    }

    /// Hides the number behind this username from now on.
    pub fn adopts_username(&self, username: &str) -> Result<()> {
        self.change_person(|person| {
            person.username = Some(username.to_owned());
            person.number_hidden = true;
        })
    }

    /// A username that hides nothing, as within thirty days of contact.
    pub fn shows_number(&self) -> Result<()> {
        self.change_person(|person| person.number_hidden = false)
    }

    /// Also known by this parent user id.
    pub fn is_enrolled_as(&self, parent_user_id: &str) -> Result<()> {
        self.sim
            .core
            .change(|world, _| world.enrol_person(self.id, parent_user_id.to_owned()))
    }

    /// How the statuses of messages to this customer come, instead of the common setting.
    pub fn answers_statuses(&self, policy: StatusPolicy) -> Result<()> {
        self.change_person(|person| person.statuses = Some(policy))
    }
}

/// # Writing
impl Customer {
    pub async fn says(&self, text: impl Into<String>) -> Result<Wamid> {
        self.sends(json!({ "type": "text", "text": { "body": text.into() } }))
            .await
    }

    /// A text that quotes a message.
    pub async fn replies(&self, to: impl Into<Wamid>, text: impl Into<String>) -> Result<Wamid> {
        let context = self.context(&to.into());
        self.sends(json!({
            "type": "text", "text": { "body": text.into() }, "context": context,
        }))
        .await
    }

    /// A forwarded text; `often`: more than five times.
    pub async fn forwards(&self, text: impl Into<String>, often: bool) -> Result<Wamid> {
        let context = match often {
            true => json!({ "frequently_forwarded": true }),
            false => json!({ "forwarded": true }),
        };
        self.sends(json!({
            "type": "text", "text": { "body": text.into() }, "context": context,
        }))
        .await
    }

    /// The first words after a tap on an ad. An answer within 24 hours makes deliveries free for
    /// 72.
    pub async fn says_after_ad(&self, text: impl Into<String>, ad: Ad) -> Result<Wamid> {
        let mut referral = json!({
            "source_url": "https://fb.me/SIMULATEDAD",
            "source_id": "120200000000000001",
            "source_type": "ad",
            "body": ad.body,
            "headline": ad.headline,
            "media_type": "image",
            "image_url": "https://scontent.example.net/ad.jpg",
            "welcome_message": { "text": "Hi! How can we help?" },
        });
        if !ad.in_status {
            referral["ctwa_clid"] = json!("AffSIMULATEDCLICKID00000000000000000000001");
        }
        self.sends(json!({
            "type": "text", "text": { "body": text.into() }, "referral": referral,
        }))
        .await
    }

    /// A question from a product's page in the catalogue.
    pub async fn asks_about_product(
        &self,
        text: impl Into<String>,
        catalog_id: &str,
        product: &str,
    ) -> Result<Wamid> {
        let context = json!({
            "referred_product": { "catalog_id": catalog_id, "product_retailer_id": product },
        });
        self.sends(json!({
            "type": "text", "text": { "body": text.into() }, "context": context,
        }))
        .await
    }

    pub async fn sends_image<'a>(
        &self,
        file: impl Into<MediaFile>,
        caption: impl Into<Option<&'a str>>,
    ) -> Result<Wamid> {
        self.sends_media("image", file.into(), caption.into()).await
    }

    pub async fn sends_video<'a>(
        &self,
        file: impl Into<MediaFile>,
        caption: impl Into<Option<&'a str>>,
    ) -> Result<Wamid> {
        self.sends_media("video", file.into(), caption.into()).await
    }

    /// A voice note of so many seconds.
    pub async fn sends_voice_note(&self, seconds: u32) -> Result<Wamid> {
        let file = MediaFile::voice_note(seconds);
        self.sends_audio(file, true).await
    }

    pub async fn sends_audio(&self, file: impl Into<MediaFile>, voice: bool) -> Result<Wamid> {
        let mut body = self.media_body("audio", file.into(), None)?;
        body["audio"]["voice"] = json!(voice);
        self.sends(body).await
    }

    /// The file's name is shown if it has one.
    pub async fn sends_document<'a>(
        &self,
        file: impl Into<MediaFile>,
        caption: impl Into<Option<&'a str>>,
    ) -> Result<Wamid> {
        self.sends_media("document", file.into(), caption.into())
            .await
    }

    pub async fn sends_sticker(&self, file: impl Into<MediaFile>, animated: bool) -> Result<Wamid> {
        let mut body = self.media_body("sticker", file.into(), None)?;
        body["sticker"]["animated"] = json!(animated);
        self.sends(body).await
    }

    /// A pin; with a name and an address it is a place.
    pub async fn sends_location(
        &self,
        latitude: f64,
        longitude: f64,
        place: Option<(&str, &str)>,
    ) -> Result<Wamid> {
        let mut location = json!({ "latitude": latitude, "longitude": longitude });
        if let Some((name, address)) = place {
            location["name"] = json!(name);
            location["address"] = json!(address);
        }
        self.sends(json!({ "type": "location", "location": location }))
            .await
    }

    /// Somebody's contact card.
    pub async fn sends_contact(&self, name: &str, number: &str) -> Result<Wamid> {
        let first = name.split_whitespace().next().unwrap_or(name);
        let card = json!({
            "name": { "first_name": first, "formatted_name": name },
            "phones": [{ "phone": number, "wa_id": ids::digits_of(number), "type": "CELL" }],
        });
        self.sends(json!({ "type": "contacts", "contacts": [card] }))
            .await
    }

    /// A username adopter taps "share contact": their number, and nothing else.
    pub async fn shares_own_number(&self, number: &str) -> Result<Wamid> {
        let card = json!({
            "origin": "contact_request",
            "phones": [{ "phone": number, "wa_id": ids::digits_of(number), "type": "CELL" }],
        });
        self.sends(json!({ "type": "contacts", "contacts": [card] }))
            .await
    }

    /// A cart: retailer id, quantity, price of one, currency.
    pub async fn orders(&self, note: &str, items: &[(&str, u32, f64, &str)]) -> Result<Wamid> {
        let items: Vec<Value> = items
            .iter()
            .map(|(id, quantity, price, currency)| {
                json!({
                    "product_retailer_id": id,
                    "quantity": quantity,
                    "item_price": price,
                    "currency": currency,
                })
            })
            .collect();
        let order = json!({
            "catalog_id": "100000000000404", "text": note, "product_items": items,
        });
        self.sends(json!({ "type": "order", "order": order })).await
    }

    /// Something that the API cannot show (131051); `kind` names it where Meta does: `poll` …
    pub async fn sends_unsupported<'a>(&self, kind: impl Into<Option<&'a str>>) -> Result<Wamid> {
        let mut body = json!({
            "type": "unsupported",
            "errors": [{
                "code": 131_051,
                "title": "Message type unknown",
                "message": "Message type unknown",
                "error_data": { "details": "Message type is currently not supported." },
            }],
        });
        if let Some(kind) = kind.into() {
            body["unsupported"] = json!({ "type": kind });
        }
        self.sends(body).await
    }

    /// The placeholder of Coexistence (131060): the real message is only on the phone.
    pub async fn sends_placeholder(&self) -> Result<Wamid> {
        self.sends(json!({
            "type": "unsupported",
            "errors": [{
                "code": 131_060,
                "title": "This message is unavailable",
                "message": "This message is unavailable",
                "error_data": {
                    "details": "This message is currently unavailable. Please check the WhatsApp \
                                Business app for the message.",
                },
            }],
        }))
        .await
    }

    /// Any message whatever: an object with `type` and what belongs to it. `from`, `id` and
    /// `timestamp` are put in.
    pub async fn sends(&self, message: Value) -> Result<Wamid> {
        let Value::Object(message) = message else {
            return Err(SimError::Malformed("a message is a JSON object".to_owned()));
        };
        self.sim
            .core
            .change(|world, now| world.customer_message(self, message, self.at.unwrap_or(now)))
    }

    async fn sends_media(
        &self,
        kind: &str,
        file: MediaFile,
        caption: Option<&str>,
    ) -> Result<Wamid> {
        let body = self.media_body(kind, file, caption)?;
        self.sends(body).await
    }

    fn media_body(&self, kind: &str, file: MediaFile, caption: Option<&str>) -> Result<Value> {
        let mut body = received_media(&self.sim, file);
        if let Some(caption) = caption {
            body["caption"] = json!(caption);
        }
        Ok(json!({ "type": kind, kind: body }))
    }

    /// `context` of a message that quotes another.
    fn context(&self, quoted: &Wamid) -> Value {
        let world = self.sim.core.world();
        let from_customer = world
            .messages
            .get(quoted)
            .is_some_and(|message| message.direction == Direction::FromCustomer);
        let from = if from_customer {
            let person = world.people.get(&self.id);
            person.and_then(|p| p.visible_wa_id().map(ToOwned::to_owned))
        } else {
            let number = world.number(&self.phone_number_id).ok();
            number.map(|number| number.digits.clone())
        };
        match from {
            Some(from) => json!({ "from": from, "id": quoted }),
            None => json!({ "id": quoted }),
        }
    }
}

/// # Answering what they got
impl Customer {
    /// Taps a button of a message or template, by its label, id or payload.
    pub async fn taps(&self, message: impl Into<Wamid>, button: &str) -> Result<Wamid> {
        let id = message.into();
        let message = self.sim.message(id.clone())?;
        let context = self.context(&id);
        if let Some(template) = &message.template {
            let cards = template.cards.iter().flat_map(|card| &card.buttons);
            let all: Vec<_> = template.buttons.iter().chain(cards).collect();
            let tapped = all.iter().find(|b| {
                b.kind == "QUICK_REPLY" && (b.text == button || b.value.as_deref() == Some(button))
            });
            let Some(tapped) = tapped else {
                let has = all.iter().map(|b| b.text.clone()).collect();
                return Err(nothing_to_tap(id, button, has));
            };
            let payload = tapped.value.clone().unwrap_or_else(|| tapped.text.clone());
            return self
                .sends(json!({
                    "type": "button",
                    "button": { "payload": payload, "text": tapped.text },
                    "context": context,
                }))
                .await;
        }
        let buttons = message
            .body
            .get("interactive")
            .and_then(|interactive| interactive["action"]["buttons"].as_array())
            .cloned()
            .unwrap_or_default();
        let tapped = buttons.iter().map(|b| &b["reply"]).find(|reply| {
            reply["id"].as_str() == Some(button) || reply["title"].as_str() == Some(button)
        });
        let Some(reply) = tapped else {
            let titles = buttons.iter().filter_map(|b| b["reply"]["title"].as_str());
            let has = titles.map(ToOwned::to_owned).collect();
            return Err(nothing_to_tap(id, button, has));
        };
        let reply = json!({ "id": reply["id"], "title": reply["title"] });
        self.sends(json!({
            "type": "interactive",
            "interactive": { "type": "button_reply", "button_reply": reply },
            "context": context,
        }))
        .await
    }

    /// Picks a row of a list message, by its title or id.
    pub async fn picks(&self, message: impl Into<Wamid>, row: &str) -> Result<Wamid> {
        let id = message.into();
        let message = self.sim.message(id.clone())?;
        let context = self.context(&id);
        let sections = message
            .body
            .get("interactive")
            .and_then(|interactive| interactive["action"]["sections"].as_array())
            .cloned()
            .unwrap_or_default();
        let rows: Vec<&Value> = sections
            .iter()
            .filter_map(|section| section["rows"].as_array())
            .flatten()
            .collect();
        let picked = rows
            .iter()
            .find(|r| r["id"].as_str() == Some(row) || r["title"].as_str() == Some(row));
        let Some(picked) = picked else {
            let titles = rows.iter().filter_map(|r| r["title"].as_str());
            let has = titles.map(ToOwned::to_owned).collect();
            return Err(nothing_to_tap(id, row, has));
        };
        self.sends(json!({
            "type": "interactive",
            "interactive": { "type": "list_reply", "list_reply": picked },
            "context": context,
        }))
        .await
    }

    /// Completes a flow; `answers` travels as a string of JSON.
    pub async fn completes_flow(
        &self,
        message: impl Into<Wamid>,
        answers: &Value,
    ) -> Result<Wamid> {
        let context = self.context(&message.into());
        let reply = json!({ "response_json": answers.to_string(), "body": "Sent", "name": "flow" });
        self.sends(json!({
            "type": "interactive",
            "interactive": { "type": "nfm_reply", "nfm_reply": reply },
            "context": context,
        }))
        .await
    }

    pub async fn reacts(&self, to: impl Into<Wamid>, emoji: &str) -> Result<Wamid> {
        let reaction = json!({ "message_id": to.into(), "emoji": emoji });
        self.sends(json!({ "type": "reaction", "reaction": reaction }))
            .await
    }

    /// Takes a reaction back: the emoji is missing then.
    pub async fn unreacts(&self, to: impl Into<Wamid>) -> Result<Wamid> {
        let reaction = json!({ "message_id": to.into() });
        self.sends(json!({ "type": "reaction", "reaction": reaction }))
            .await
    }

    /// Changes the words of an own message: text or caption.
    pub async fn edits(&self, message: impl Into<Wamid>, text: &str) -> Result<Wamid> {
        let id = message.into();
        let edit = self
            .sim
            .core
            .change(|world, _| world.edit_body(&id, text))?;
        self.sends(json!({ "type": "edit", "edit": edit })).await
    }

    /// Deletes an own message for everyone.
    pub async fn revokes(&self, message: impl Into<Wamid>) -> Result<Wamid> {
        let id = message.into();
        self.sim.core.change(|world, _| {
            if let Ok(message) = world.message_mut(&id) {
                message.revoked = true;
            }
        });
        let revoke = json!({ "original_message_id": id });
        self.sends(json!({ "type": "revoke", "revoke": revoke }))
            .await
    }

    /// Reads a message, and with it all before it that they had not read.
    pub async fn reads(&self, message: impl Into<Wamid>) -> Result<()> {
        let id = message.into();
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            let until = world.message(&id)?.at;
            let inbox = world.person(self.id)?.inbox.clone();
            let unread: Vec<Wamid> = inbox
                .into_iter()
                .filter_map(|id| world.messages.get(&id))
                .filter(|m| m.direction == Direction::FromApi && m.kind != "reaction")
                .filter(|m| m.at <= until && !m.statuses.contains(&Status::Read))
                .map(|m| m.id.clone())
                .collect();
            for unread in unread {
                world.schedule.forget(&unread);
                let told = world.message(&unread)?.statuses.clone();
                for status in [Status::Sent, Status::Delivered] {
                    if !told.contains(&status) {
                        world.tell_status(&unread, status, at)?;
                    }
                }
                world.tell_status(&unread, Status::Read, at)?;
            }
            Ok(())
        })
    }

    /// Plays a voice message for the first time.
    pub async fn plays(&self, message: impl Into<Wamid>) -> Result<()> {
        self.sim.status(message, Status::Played)
    }
}

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

/// # Their phone
impl Customer {
    /// Everything that arrived, in order. What failed is not among it.
    #[must_use]
    pub fn inbox(&self) -> Vec<Received> {
        self.sim.core.world().inbox(self.id)
    }

    /// The words of everything that arrived, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let inbox = self.inbox().into_iter();
        inbox.map(|message| message.text).collect()
    }

    /// The templates that arrived, as they look there.
    #[must_use]
    pub fn templates(&self) -> Vec<RenderedTemplate> {
        let inbox = self.inbox().into_iter();
        inbox.filter_map(|message| message.template).collect()
    }

    /// Resolves with the first message that `which` accepts, now or when it arrives.
    pub async fn receives(&self, mut which: impl FnMut(&Received) -> bool) -> Received {
        self.sim
            .core
            .wait_for(|world, _| world.inbox(self.id).into_iter().find(|m| which(m)))
            .await
    }

    /// Resolves when at least so many messages have arrived, with all of them.
    pub async fn has_received(&self, how_many: usize) -> Vec<Received> {
        self.sim
            .core
            .wait_for(|world, _| {
                let inbox = world.inbox(self.id);
                (inbox.len() >= how_many).then_some(inbox)
            })
            .await
    }

    /// The blue ticks and the typing mark that the business gave: ids of own messages that were
    /// marked as read.
    #[must_use]
    pub fn read_by_business(&self) -> Vec<Wamid> {
        let world = self.sim.core.world();
        world
            .message_order
            .iter()
            .filter_map(|id| world.messages.get(id))
            .filter(|m| m.person == self.id && m.direction == Direction::FromCustomer)
            .filter(|m| m.statuses.contains(&Status::Read))
            .map(|m| m.id.clone())
            .collect()
    }
}

fn nothing_to_tap(message: Wamid, wanted: &str, has: Vec<String>) -> SimError {
    SimError::NothingToTap {
        message,
        wanted: wanted.to_owned(),
        has,
    }
}

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
        let value = payload::message(&number, &person, &self.settings, message);
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
