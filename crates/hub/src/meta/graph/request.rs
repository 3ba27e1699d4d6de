//! What we send, as Meta wants to read it (section 8).
//!
//! The right to send is part of the type: whatever is free-form (texts, media, reactions, typing
//! marks) can only be built with an [`OpenProof`]; templates and read marks need none. The JSON
//! is Meta's, field by field as in its pages `messages/*`.

use std::{collections::BTreeMap, fmt};

use ajar_domain::{
    Bsuid, MediaId, PhoneNumberId, WaMessageId,
    content::Card,
    customer::PhoneNumber,
    outgoing::{self as content, Ask},
    template::FilledTemplate,
    window::OpenProof,
};
use serde_json::{Map, Value, json};

mod template;

use super::super::inbound::CustomerRef;

/// Longer references are refused by Meta (section 8.1).
const MAX_CALLBACK_DATA: usize = 512;

/// One request to `/{phone_number_id}/messages`.
#[derive(Clone, PartialEq)]
pub struct OutboundRequest {
    pub phone_number_id: PhoneNumberId,
    pub what: Outgoing,
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What we write to people is in here, and stays out of logs.
        let kind = match &self.what {
            Outgoing::FreeForm { .. } => "free form",
            Outgoing::Template { .. } => "template",
            Outgoing::MarkRead { .. } => "read mark",
        };
        f.debug_struct("OutboundRequest")
            .field("phone_number_id", &self.phone_number_id)
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq)]
pub enum Outgoing {
    /// Only inside the window.
    FreeForm {
        to: Recipient,
        body: FreeForm,
        /// The message it answers.
        reply_to: Option<WaMessageId>,
        /// Comes back in every status (`biz_opaque_callback_data`).
        reference: Option<String>,
        proof: OpenProof,
    },
    /// At any time.
    Template {
        to: Recipient,
        template: Box<FilledTemplate>,
        files: UploadedFiles,
        reference: Option<String>,
    },
    /// Marks this message and the earlier ones as read. The bubble that shows typing goes with
    /// it, and needs the proof (section 8.5).
    MarkRead {
        wamid: WaMessageId,
        typing: Option<OpenProof>,
    },
}

/// Meta's id of each file of a template, and the name that a document shows.
pub type UploadedFiles = BTreeMap<MediaId, (String, Option<String>)>;

/// To whom. Meta takes the number if both are given (section 8.1), so the id is used only where
/// there is no number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recipient {
    pub phone: Option<PhoneNumber>,
    pub bsuid: Option<Bsuid>,
}

impl From<&CustomerRef> for Recipient {
    fn from(customer: &CustomerRef) -> Self {
        Self {
            phone: customer.phone.clone(),
            bsuid: customer.bsuid.clone(),
        }
    }
}

/// The bodies that need an open window.
#[derive(Clone, PartialEq)]
pub enum FreeForm {
    Text {
        body: String,
        /// Meta shows a card for the first link.
        preview_url: bool,
    },
    Media {
        kind: MediaKind,
        source: MediaSource,
        caption: Option<String>,
        /// Documents only.
        filename: Option<String>,
    },
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
    },
    /// `None` takes the emoji away.
    Reaction {
        target: WaMessageId,
        emoji: Option<String>,
    },
    /// One to three buttons.
    Buttons {
        header: Option<String>,
        body: String,
        footer: Option<String>,
        buttons: Vec<ReplyButton>,
    },
    List {
        header: Option<String>,
        body: String,
        footer: Option<String>,
        /// On the button that opens the list.
        label: String,
        sections: Vec<ListSection>,
    },
    /// One button that opens an address.
    Link {
        body: String,
        label: String,
        url: String,
    },
    AskForLocation {
        body: String,
    },
    /// Asks somebody with a username for their number (from July 2026).
    AskForNumber {
        body: String,
    },
    Contacts {
        cards: Vec<Card>,
    },
}

impl FreeForm {
    /// What an agent put together. Buttons and rows are told apart by their place.
    #[must_use]
    pub fn of(content: &content::Outgoing) -> Self {
        match content {
            content::Outgoing::Location { place } => Self::Location {
                latitude: place.latitude,
                longitude: place.longitude,
                name: place.name.clone(),
                address: place.address.clone(),
            },
            content::Outgoing::Contacts { cards } => Self::Contacts {
                cards: cards.clone(),
            },
            content::Outgoing::Question { question } => Self::question(question),
        }
    }

    fn question(question: &content::Question) -> Self {
        let body = question.body.clone();
        let header = said(question.header.as_deref());
        let footer = said(question.footer.as_deref());
        match &question.ask {
            Ask::Choose { buttons } => Self::Buttons {
                header,
                body,
                footer,
                buttons: buttons
                    .iter()
                    .enumerate()
                    .map(|(index, title)| ReplyButton {
                        payload: format!("button.{index}"),
                        title: title.trim().to_owned(),
                    })
                    .collect(),
            },
            Ask::Pick { label, sections } => Self::List {
                header,
                body,
                footer,
                label: label.trim().to_owned(),
                sections: sections
                    .iter()
                    .enumerate()
                    .map(|(at, section)| ListSection {
                        title: section.title.trim().to_owned(),
                        rows: section
                            .choices
                            .iter()
                            .enumerate()
                            .map(|(index, choice)| ListRow {
                                payload: format!("choice.{at}.{index}"),
                                title: choice.title.trim().to_owned(),
                                description: said(choice.description.as_deref()),
                            })
                            .collect(),
                    })
                    .collect(),
            },
            Ask::Number => Self::AskForNumber { body },
            Ask::Location => Self::AskForLocation { body },
        }
    }
}

fn said(words: Option<&str>) -> Option<String> {
    words
        .map(str::trim)
        .filter(|words| !words.is_empty())
        .map(str::to_owned)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaKind {
    Image,
    Video,
    /// Attached as a file.
    Audio,
    /// Recorded: shown with a waveform. OGG with Opus only.
    Voice,
    Document,
    Sticker,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MediaSource {
    /// Uploaded to Meta before.
    Id(String),
    /// Fetched by Meta.
    Link(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyButton {
    pub payload: String,
    pub title: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListSection {
    pub title: String,
    pub rows: Vec<ListRow>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListRow {
    pub payload: String,
    pub title: String,
    pub description: Option<String>,
}

impl OutboundRequest {
    /// A text. Its first link gets a preview.
    #[must_use]
    pub fn text(
        from: PhoneNumberId,
        to: Recipient,
        reference: String,
        body: String,
        reply_to: Option<WaMessageId>,
        proof: OpenProof,
    ) -> Self {
        let preview_url = body.contains("https://") || body.contains("http://");
        Self::free_form(
            from,
            to,
            reference,
            FreeForm::Text { body, preview_url },
            reply_to,
            proof,
        )
    }

    #[must_use]
    pub fn free_form(
        from: PhoneNumberId,
        to: Recipient,
        reference: String,
        body: FreeForm,
        reply_to: Option<WaMessageId>,
        proof: OpenProof,
    ) -> Self {
        Self {
            phone_number_id: from,
            what: Outgoing::FreeForm {
                to,
                body,
                reply_to,
                reference: Some(reference),
                proof,
            },
        }
    }

    #[must_use]
    pub fn template(
        from: PhoneNumberId,
        to: Recipient,
        reference: String,
        template: FilledTemplate,
        files: UploadedFiles,
    ) -> Self {
        Self {
            phone_number_id: from,
            what: Outgoing::Template {
                to,
                template: Box::new(template),
                files,
                reference: Some(reference),
            },
        }
    }

    #[must_use]
    pub fn mark_read(from: PhoneNumberId, wamid: WaMessageId) -> Self {
        Self {
            phone_number_id: from,
            what: Outgoing::MarkRead {
                wamid,
                typing: None,
            },
        }
    }

    /// Shows the customer that somebody types, for 25 seconds or until the answer. Marks their
    /// message as read as well; Meta has no other way.
    #[must_use]
    pub fn typing(from: PhoneNumberId, wamid: WaMessageId, proof: OpenProof) -> Self {
        Self {
            phone_number_id: from,
            what: Outgoing::MarkRead {
                wamid,
                typing: Some(proof),
            },
        }
    }

    /// The message that is marked as read, if that is what this does.
    pub(super) fn read_mark(&self) -> Option<&WaMessageId> {
        match &self.what {
            Outgoing::MarkRead { wamid, .. } => Some(wamid),
            Outgoing::FreeForm { .. } | Outgoing::Template { .. } => None,
        }
    }

    pub(super) fn json(&self) -> Value {
        match &self.what {
            Outgoing::FreeForm {
                to,
                body,
                reply_to,
                reference,
                proof: _,
            } => {
                let mut message = envelope(to, reference.as_deref());
                if let Some(quoted) = reply_to {
                    message.insert("context".into(), json!({"message_id": quoted.as_str()}));
                }
                let (kind, body) = free_form(body);
                message.insert("type".into(), kind.into());
                message.insert(kind.into(), body);
                message.into()
            }
            Outgoing::Template {
                to,
                template: filled,
                files,
                reference,
            } => {
                let mut message = envelope(to, reference.as_deref());
                message.insert("type".into(), "template".into());
                let token = reference.as_deref().unwrap_or_default();
                message.insert("template".into(), template::json(filled, files, token));
                message.into()
            }
            Outgoing::MarkRead { wamid, typing } => {
                let mut mark = json!({
                    "messaging_product": "whatsapp",
                    "status": "read",
                    "message_id": wamid.as_str(),
                });
                if typing.is_some() {
                    mark["typing_indicator"] = json!({"type": "text"});
                }
                mark
            }
        }
    }
}

fn envelope(to: &Recipient, reference: Option<&str>) -> Map<String, Value> {
    let mut message = Map::new();
    message.insert("messaging_product".into(), "whatsapp".into());
    message.insert("recipient_type".into(), "individual".into());
    // With the plus: without it Meta puts the business's own country code in front.
    match (&to.phone, &to.bsuid) {
        (Some(phone), _) => message.insert("to".into(), format!("+{}", phone.digits()).into()),
        (None, Some(bsuid)) => message.insert("recipient".into(), bsuid.0.clone().into()),
        // Meta refuses it with a sentence; nobody else can be meant.
        (None, None) => None,
    };
    if let Some(reference) = reference.filter(|text| text.len() <= MAX_CALLBACK_DATA) {
        message.insert("biz_opaque_callback_data".into(), reference.into());
    }
    message
}

fn free_form(body: &FreeForm) -> (&'static str, Value) {
    match body {
        FreeForm::Text { body, preview_url } => {
            let mut text = json!({ "body": body });
            if *preview_url {
                text["preview_url"] = true.into();
            }
            ("text", text)
        }
        FreeForm::Media {
            kind,
            source,
            caption,
            filename,
        } => media(*kind, source, caption.as_deref(), filename.as_deref()),
        FreeForm::Location {
            latitude,
            longitude,
            name,
            address,
        } => (
            "location",
            with(
                // Texts in Meta's reference, with at least four places here.
                json!({"latitude": degrees(*latitude), "longitude": degrees(*longitude)}),
                [("name", name.as_deref()), ("address", address.as_deref())],
            ),
        ),
        FreeForm::Reaction { target, emoji } => (
            "reaction",
            json!({"message_id": target.as_str(), "emoji": emoji.as_deref().unwrap_or_default()}),
        ),
        FreeForm::Buttons {
            header,
            body,
            footer,
            buttons,
        } => {
            let buttons: Vec<Value> = buttons
                .iter()
                .map(|button| {
                    json!({"type": "reply",
                           "reply": {"id": button.payload, "title": button.title}})
                })
                .collect();
            let action = json!({ "buttons": buttons });
            (
                "interactive",
                interactive(
                    "button",
                    header.as_deref(),
                    body,
                    footer.as_deref(),
                    &action,
                ),
            )
        }
        FreeForm::List {
            header,
            body,
            footer,
            label,
            sections,
        } => {
            let sections: Vec<Value> = sections.iter().map(section).collect();
            let action = json!({"button": label, "sections": sections});
            (
                "interactive",
                interactive("list", header.as_deref(), body, footer.as_deref(), &action),
            )
        }
        FreeForm::Link { body, label, url } => {
            let action = json!({"name": "cta_url",
                                "parameters": {"display_text": label, "url": url}});
            (
                "interactive",
                interactive("cta_url", None, body, None, &action),
            )
        }
        FreeForm::AskForLocation { body } => {
            let action = json!({"name": "send_location"});
            (
                "interactive",
                interactive("location_request_message", None, body, None, &action),
            )
        }
        FreeForm::AskForNumber { body } => {
            let action = json!({"name": "request_contact_info"});
            (
                "interactive",
                interactive("request_contact_info", None, body, None, &action),
            )
        }
        FreeForm::Contacts { cards } => {
            let cards: Vec<Value> = cards.iter().map(card).collect();
            ("contacts", cards.into())
        }
    }
}

fn card(card: &Card) -> Value {
    let name = card.name.as_deref().unwrap_or_default().trim();
    // Meta wants the whole name and at least one part of it.
    let (first, last) = name.split_once(' ').map_or((name, None), |(first, rest)| {
        (first, Some(rest.trim()).filter(|rest| !rest.is_empty()))
    });
    let mut out = json!({
        "name": with(
            json!({"formatted_name": name, "first_name": first}),
            [("last_name", last)],
        ),
    });
    let phones: Vec<Value> = card
        .phones
        .iter()
        .map(|phone| {
            let digits: String = phone.text.chars().filter(char::is_ascii_digit).collect();
            with(
                json!({"phone": phone.text}),
                [
                    ("type", phone.label.as_deref()),
                    // With it the card offers to write to that person.
                    ("wa_id", phone.on_whatsapp.then_some(digits.as_str())),
                ],
            )
        })
        .collect();
    let emails: Vec<Value> = card
        .emails
        .iter()
        .map(|email| json!({ "email": email }))
        .collect();
    if !phones.is_empty() {
        out["phones"] = phones.into();
    }
    if !emails.is_empty() {
        out["emails"] = emails.into();
    }
    if let Some(organisation) = &card.organisation {
        out["org"] = json!({ "company": organisation });
    }
    out
}

fn media(
    kind: MediaKind,
    source: &MediaSource,
    caption: Option<&str>,
    filename: Option<&str>,
) -> (&'static str, Value) {
    let mut file = match source {
        MediaSource::Id(id) => json!({ "id": id }),
        MediaSource::Link(link) => json!({ "link": link }),
    };
    match kind {
        MediaKind::Image => ("image", with(file, [("caption", caption)])),
        MediaKind::Video => ("video", with(file, [("caption", caption)])),
        // Sounds and stickers have no caption.
        MediaKind::Audio => ("audio", file),
        MediaKind::Voice => {
            file["voice"] = true.into();
            ("audio", file)
        }
        MediaKind::Document => (
            "document",
            with(file, [("caption", caption), ("filename", filename)]),
        ),
        MediaKind::Sticker => ("sticker", file),
    }
}

fn degrees(number: f64) -> String {
    let plain = number.to_string();
    let places = plain.split_once('.').map_or(0, |(_, places)| places.len());
    if places < 4 {
        format!("{number:.4}")
    } else {
        plain
    }
}

fn interactive(
    kind: &str,
    header: Option<&str>,
    body: &str,
    footer: Option<&str>,
    action: &Value,
) -> Value {
    let mut message = json!({"type": kind, "body": {"text": body}, "action": action});
    if let Some(header) = header {
        message["header"] = json!({"type": "text", "text": header});
    }
    if let Some(footer) = footer {
        message["footer"] = json!({ "text": footer });
    }
    message
}

fn section(section: &ListSection) -> Value {
    let rows: Vec<Value> = section
        .rows
        .iter()
        .map(|row| {
            with(
                json!({"id": row.payload, "title": row.title}),
                [("description", row.description.as_deref())],
            )
        })
        .collect();
    json!({"title": section.title, "rows": rows})
}

/// `object` with those fields that have a value.
fn with<const N: usize>(mut object: Value, fields: [(&str, Option<&str>); N]) -> Value {
    for (name, value) in fields {
        if let Some(value) = value {
            object[name] = value.into();
        }
    }
    object
}

#[cfg(test)]
mod tests;
