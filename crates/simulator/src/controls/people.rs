//! Customers, the phone and what is prepared for the synchronisation, over HTTP.

use std::time::Duration;

use ajar_domain::time::Time;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::customer::{Ad, Customer, Received};
use crate::error::{Result, SimError};
use crate::history::{HistoryStatus, OldContent, OldMessage};
use crate::ids::Wamid;
use crate::media::MediaFile;
use crate::phone::To;
use crate::settings::StatusPolicy;
use crate::sim::Sim;
use crate::world::Person;

/// A new customer: with a number, or with a username that hides it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCustomer {
    name: String,
    number: Option<String>,
    username: Option<String>,
    /// How the owner's address book spells them. Tells nobody; see the phone's acts for that.
    address_book_name: Option<String>,
    statuses: Option<StatusPolicy>,
}

#[utoipa::path(post, path = "/sim/customers", request_body = NewCustomer,
    responses((status = 200, body = Person), (status = 400)))]
pub(super) async fn add_customer(
    State(sim): State<Sim>,
    Json(new): Json<NewCustomer>,
) -> Result<Json<Person>> {
    let customer = match (&new.number, &new.username) {
        (Some(number), username) => {
            let customer = sim.customer(&new.name, number);
            if let Some(username) = username {
                customer.adopts_username(username)?;
            }
            customer
        }
        (None, Some(username)) => sim.customer_with_username(&new.name, username),
        (None, None) => {
            let why = "a customer needs a number or a username";
            return Err(SimError::Malformed(why.to_owned()));
        }
    };
    if let Some(policy) = new.statuses {
        customer.answers_statuses(policy)?;
    }
    if new.address_book_name.is_some() {
        sim.core.change(|world, _| {
            world
                .person_mut(customer.id())
                .map(|person| person.address_book_name = new.address_book_name)
        })?;
    }
    customer.person().map(Json)
}

#[utoipa::path(get, path = "/sim/customers", responses((status = 200, body = Vec<Person>)))]
pub(super) async fn customers(State(sim): State<Sim>) -> Json<Vec<Person>> {
    Json(sim.core.world().people.values().cloned().collect())
}

/// By number, user id, username, or the id given here.
#[utoipa::path(get, path = "/sim/customers/{who}", params(("who" = String, Path)),
    responses((status = 200, body = Person), (status = 404)))]
pub(super) async fn customer(
    State(sim): State<Sim>,
    Path(who): Path<String>,
) -> Result<Json<Person>> {
    sim.find_customer(&who)?.person().map(Json)
}

/// What the customer's phone received.
#[utoipa::path(get, path = "/sim/customers/{who}/inbox", params(("who" = String, Path)),
    responses((status = 200, body = Vec<Received>), (status = 404)))]
pub(super) async fn inbox(
    State(sim): State<Sim>,
    Path(who): Path<String>,
) -> Result<Json<Vec<Received>>> {
    Ok(Json(sim.find_customer(&who)?.inbox()))
}

/// A file: its bytes in base64, or a built-in one by seed.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    base64: Option<String>,
    mime_type: Option<String>,
    filename: Option<String>,
    /// Which of the built-in pictures, if there are no bytes.
    seed: u64,
}

impl File {
    fn take(self, built_in: impl FnOnce(u64) -> MediaFile) -> Result<MediaFile> {
        let mut file = match self.base64 {
            None => built_in(self.seed),
            Some(text) => {
                let bytes = STANDARD.decode(text);
                let bytes = bytes.map_err(|error| SimError::Malformed(error.to_string()))?;
                MediaFile::from(bytes)
            }
        };
        if let Some(mime_type) = self.mime_type {
            file.mime_type = mime_type;
        }
        Ok(match self.filename {
            Some(filename) => file.named(filename),
            None => file,
        })
    }
}

/// What a customer can do.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(super) enum CustomerAct {
    Says {
        text: String,
        /// The id of a message that it quotes.
        quoting: Option<String>,
    },
    Forwards {
        text: String,
        #[serde(default)]
        often: bool,
    },
    SaysAfterAd {
        text: String,
        headline: String,
        body: String,
        #[serde(default)]
        in_status: bool,
    },
    SendsImage {
        #[serde(default)]
        file: File,
        caption: Option<String>,
    },
    SendsVideo {
        file: File,
        caption: Option<String>,
    },
    SendsVoiceNote {
        seconds: u32,
    },
    SendsDocument {
        #[serde(default)]
        file: File,
        caption: Option<String>,
    },
    SendsSticker {
        #[serde(default)]
        file: File,
        #[serde(default)]
        animated: bool,
    },
    SendsLocation {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    SendsContact {
        name: String,
        number: String,
    },
    SendsUnsupported {
        kind: Option<String>,
    },
    SendsPlaceholder,
    /// Any message object with its `type`.
    Sends {
        #[schema(value_type = Object)]
        message: Value,
    },
    Taps {
        message: String,
        button: String,
    },
    Picks {
        message: String,
        row: String,
    },
    Reacts {
        message: String,
        emoji: String,
    },
    Unreacts {
        message: String,
    },
    Edits {
        message: String,
        text: String,
    },
    Revokes {
        message: String,
    },
    Reads {
        message: String,
    },
    Plays {
        message: String,
    },
    Calls {
        /// Missed if it is left out.
        talk_ms: Option<u64>,
    },
    StopsMarketing,
    ResumesMarketing,
    ChangesNumber {
        number: String,
    },
}

/// An act, and when and to which number it was done if not now and to the first.
#[derive(Deserialize, ToSchema)]
pub(super) struct CustomerRequest {
    /// The moment that the message bears, in milliseconds since the epoch.
    #[schema(value_type = Option<i64>)]
    at: Option<Time>,
    phone_number_id: Option<String>,
    #[serde(flatten)]
    act: CustomerAct,
}

/// The id of what came into being, where something did.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    id: Option<String>,
}

impl From<Wamid> for Done {
    fn from(id: Wamid) -> Self {
        Done {
            id: Some(id.into()),
        }
    }
}

const NOTHING_NEW: Done = Done { id: None };

#[utoipa::path(post, path = "/sim/customers/{who}/acts", params(("who" = String, Path)),
    request_body = CustomerRequest,
    responses((status = 200, body = Done), (status = 400), (status = 404), (status = 409)))]
pub(super) async fn customer_acts(
    State(sim): State<Sim>,
    Path(who): Path<String>,
    Json(request): Json<CustomerRequest>,
) -> Result<Json<Done>> {
    let mut customer = sim.find_customer(&who)?;
    if let Some(number) = &request.phone_number_id {
        customer = customer.writing_to(number)?;
    }
    if let Some(at) = request.at {
        customer = customer.at(at);
    }
    act(&customer, request.act).await.map(Json)
}

async fn act(customer: &Customer, act: CustomerAct) -> Result<Done> {
    let done = match act {
        CustomerAct::Says { text, quoting } => match quoting {
            Some(quoted) => customer.replies(quoted, text).await?,
            None => customer.says(text).await?,
        },
        CustomerAct::Forwards { text, often } => customer.forwards(text, often).await?,
        CustomerAct::SaysAfterAd {
            text,
            headline,
            body,
            in_status,
        } => {
            let ad = Ad {
                headline,
                body,
                in_status,
            };
            customer.says_after_ad(text, ad).await?
        }
        CustomerAct::SendsImage { file, caption } => {
            let file = file.take(MediaFile::picture)?;
            customer.sends_image(file, caption.as_deref()).await?
        }
        CustomerAct::SendsVideo { file, caption } => {
            let file = file.take(|_| MediaFile::new("video/mp4", Vec::new()))?;
            customer.sends_video(file, caption.as_deref()).await?
        }
        CustomerAct::SendsVoiceNote { seconds } => customer.sends_voice_note(seconds).await?,
        CustomerAct::SendsDocument { file, caption } => {
            let file = file.take(|_| MediaFile::pdf("form.pdf", "Form"))?;
            customer.sends_document(file, caption.as_deref()).await?
        }
        CustomerAct::SendsSticker { file, animated } => {
            let file = file.take(MediaFile::sticker)?;
            customer.sends_sticker(file, animated).await?
        }
        CustomerAct::SendsLocation {
            latitude,
            longitude,
            name,
            address,
        } => {
            let place = name.as_deref().zip(address.as_deref());
            customer.sends_location(latitude, longitude, place).await?
        }
        CustomerAct::SendsContact { name, number } => {
            customer.sends_contact(&name, &number).await?
        }
        CustomerAct::SendsUnsupported { kind } => {
            customer.sends_unsupported(kind.as_deref()).await?
        }
        CustomerAct::SendsPlaceholder => customer.sends_placeholder().await?,
        CustomerAct::Sends { message } => customer.sends(message).await?,
        CustomerAct::Taps { message, button } => customer.taps(message, &button).await?,
        CustomerAct::Picks { message, row } => customer.picks(message, &row).await?,
        CustomerAct::Reacts { message, emoji } => customer.reacts(message, &emoji).await?,
        CustomerAct::Unreacts { message } => customer.unreacts(message).await?,
        CustomerAct::Edits { message, text } => customer.edits(message, &text).await?,
        CustomerAct::Revokes { message } => customer.revokes(message).await?,
        CustomerAct::ChangesNumber { number } => customer.changes_number(&number).await?,
        CustomerAct::Reads { message } => {
            customer.reads(message).await?;
            return Ok(NOTHING_NEW);
        }
        CustomerAct::Plays { message } => {
            customer.plays(message).await?;
            return Ok(NOTHING_NEW);
        }
        CustomerAct::StopsMarketing => {
            customer.stops_marketing().await?;
            return Ok(NOTHING_NEW);
        }
        CustomerAct::ResumesMarketing => {
            customer.resumes_marketing().await?;
            return Ok(NOTHING_NEW);
        }
        CustomerAct::Calls { talk_ms } => {
            let id = match talk_ms {
                Some(ms) => customer.calls(Duration::from_millis(ms)).await?,
                None => customer.calls_in_vain().await?,
            };
            return Ok(Done { id: Some(id) });
        }
    };
    Ok(done.into())
}

/// What can be done on the phone. `to` is anything that names a customer, or a new number.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(super) enum PhoneAct {
    Types {
        to: String,
        text: String,
    },
    SendsMedia {
        to: String,
        /// `image`, `video`, `audio`, `document`, `sticker`.
        kind: String,
        #[serde(default)]
        file: File,
        caption: Option<String>,
    },
    /// Any message object with its `type`.
    Sends {
        to: String,
        #[schema(value_type = Object)]
        message: Value,
    },
    Edits {
        message: String,
        text: String,
    },
    Revokes {
        message: String,
    },
    Reacts {
        message: String,
        emoji: String,
    },
    SavesContact {
        who: String,
        name: String,
    },
    RemovesContact {
        who: String,
    },
}

/// An act, and when and on which number's phone if not now and on the first.
#[derive(Deserialize, ToSchema)]
pub(super) struct PhoneRequest {
    #[schema(value_type = Option<i64>)]
    at: Option<Time>,
    phone_number_id: Option<String>,
    #[serde(flatten)]
    act: PhoneAct,
}

#[utoipa::path(post, path = "/sim/phone/acts", request_body = PhoneRequest,
    responses((status = 200, body = Done), (status = 400), (status = 404)))]
pub(super) async fn phone_acts(
    State(sim): State<Sim>,
    Json(request): Json<PhoneRequest>,
) -> Result<Json<Done>> {
    let mut phone = match &request.phone_number_id {
        Some(number) => sim.phone_of(number)?,
        None => sim.phone(),
    };
    if let Some(at) = request.at {
        phone = phone.at(at);
    }
    // Somebody known by whatever name, or else a number that the phone writes to first.
    let whom = |who: String| match sim.find_customer(&who) {
        Ok(customer) => To::from(&customer),
        Err(_) => To::from(who),
    };
    let id = match request.act {
        PhoneAct::Types { to, text } => phone.types(whom(to), text).await?,
        PhoneAct::SendsMedia {
            to,
            kind,
            file,
            caption,
        } => {
            let file = file.take(|seed| match kind.as_str() {
                "audio" => MediaFile::voice_note(5),
                "document" => MediaFile::pdf("paper.pdf", "Paper"),
                "sticker" => MediaFile::sticker(seed),
                "video" => MediaFile::new("video/mp4", Vec::new()),
                _ => MediaFile::picture(seed),
            })?;
            let to = whom(to);
            phone
                .sends_media(to, &kind, file, caption.as_deref())
                .await?
        }
        PhoneAct::Sends { to, message } => phone.sends(whom(to), message).await?,
        PhoneAct::Edits { message, text } => phone.edits(message, &text).await?,
        PhoneAct::Revokes { message } => phone.revokes(message).await?,
        PhoneAct::Reacts { message, emoji } => phone.reacts(message, &emoji).await?,
        PhoneAct::SavesContact { who, name } => {
            let customer = sim.find_customer(&who)?;
            phone.saves_contact(&customer, &name).await?;
            return Ok(Json(NOTHING_NEW));
        }
        PhoneAct::RemovesContact { who } => {
            phone.removes_contact(&sim.find_customer(&who)?).await?;
            return Ok(Json(NOTHING_NEW));
        }
    };
    Ok(Json(id.into()))
}

/// A number that WhatsApp does not know.
#[derive(Deserialize, ToSchema)]
pub(super) struct UnknownToWhatsApp {
    number: String,
}

#[utoipa::path(post, path = "/sim/not-on-whatsapp", request_body = UnknownToWhatsApp,
    responses((status = 204)))]
pub(super) async fn not_on_whatsapp(
    State(sim): State<Sim>,
    Json(unknown): Json<UnknownToWhatsApp>,
) -> StatusCode {
    sim.not_on_whatsapp(&unknown.number);
    StatusCode::NO_CONTENT
}

/// What is handed over when the business asks for the history, or that nothing will be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct History {
    #[serde(default)]
    declined: bool,
    #[serde(default)]
    threads: Vec<HistoryThread>,
}

/// The old messages with one customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryThread {
    who: String,
    messages: Vec<HistoryMessage>,
}

/// One old message: a text, or any object with its `type`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryMessage {
    #[schema(value_type = i64)]
    at: Time,
    #[serde(default)]
    by_business: bool,
    text: Option<String>,
    #[schema(value_type = Option<Object>)]
    message: Option<Value>,
    status: Option<HistoryStatus>,
}

#[utoipa::path(post, path = "/sim/history", request_body = History,
    responses((status = 204), (status = 400), (status = 404)))]
pub(super) async fn prepare_history(
    State(sim): State<Sim>,
    Json(history): Json<History>,
) -> Result<StatusCode> {
    if history.declined {
        sim.decline_history();
        return Ok(StatusCode::NO_CONTENT);
    }
    let mut threads = Vec::new();
    for thread in history.threads {
        let customer = sim.find_customer(&thread.who)?;
        let messages: Result<Vec<OldMessage>> = thread
            .messages
            .into_iter()
            .map(|old| {
                let content = match (old.text, old.message) {
                    (Some(text), None) => OldContent::Text(text),
                    (None, Some(Value::Object(message))) => OldContent::Raw(message),
                    _ => {
                        let why = "an old message has either text or a message object";
                        return Err(SimError::Malformed(why.to_owned()));
                    }
                };
                Ok(OldMessage {
                    by_business: old.by_business,
                    at: old.at,
                    content,
                    status: old.status.unwrap_or(HistoryStatus::Read),
                })
            })
            .collect();
        threads.push((customer, messages?));
    }
    sim.prepare_history(threads);
    Ok(StatusCode::NO_CONTENT)
}
