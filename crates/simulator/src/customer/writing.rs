//! What a customer writes and sends.

use serde_json::{Value, json};

use super::{Ad, Customer};
use crate::customer::books::received_media;
use crate::error::{Result, SimError};
use crate::ids::{self, Maker, Wamid};
use crate::media::MediaFile;
use crate::world::Direction;

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
            "welcome_message": { "text": "Hi! How can we help?" },
        });
        if ad.in_status {
            referral["media_type"] = json!("video");
            referral["video_url"] = json!("https://scontent.example.net/ad.mp4");
            referral["thumbnail_url"] = json!("https://scontent.example.net/ad-thumb.jpg");
        } else {
            referral["media_type"] = json!("image");
            referral["image_url"] = json!("https://scontent.example.net/ad.jpg");
            referral["ctwa_clid"] = json!("AffSIMULATEDCLICKID00000000000000000000001");
        }
        self.sends(json!({
            "type": "text", "text": { "body": text.into() }, "referral": referral,
        }))
        .await
    }

    /// A question from a product's page in the catalogue. It quotes the catalogue's own message,
    /// which nobody but Meta has ever seen.
    pub async fn asks_about_product(
        &self,
        text: impl Into<String>,
        catalog_id: &str,
        product: &str,
    ) -> Result<Wamid> {
        let unseen = self.sim.core.change(|world, _| {
            let party = world.person(self.id)?.party();
            Ok::<_, SimError>(ids::wamid(&mut world.rng, &party, Maker::CloudApi))
        })?;
        let mut context = self.context(&unseen);
        context["referred_product"] = json!({
            "catalog_id": catalog_id, "product_retailer_id": product,
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
        let mut parts = name.splitn(2, ' ');
        let mut names = json!({ "first_name": parts.next(), "formatted_name": name });
        if let Some(last) = parts.next() {
            names["last_name"] = json!(last);
        }
        let card = json!({
            "name": names,
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
    pub(super) fn context(&self, quoted: &Wamid) -> Value {
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
