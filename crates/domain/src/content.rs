//! What a message says, in the terms of the people who read it.
//!
//! Contents are stored and sent to the desktops in this shape. Whatever Meta sends that has
//! no variant yet becomes [`Content::NotShown`]: kept in the log, shown as "not shown yet",
//! never dropped.

use serde::{Deserialize, Serialize};

use crate::{
    MediaId, Time, WaMessageId,
    call::{Call, Outcome},
    outgoing::{Ask, Question},
    template::RenderedTemplate,
};

/// The body of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Content {
    Text {
        body: String,
    },
    Image {
        media: Media,
        caption: Option<String>,
    },
    Video {
        media: Media,
        caption: Option<String>,
    },
    Audio {
        media: Media,
        /// Recorded in the chat rather than attached.
        voice: bool,
    },
    /// Any other file. Its name is the sender's word and is never trusted as a path.
    Document {
        media: Media,
        caption: Option<String>,
    },
    Sticker {
        media: Media,
        animated: bool,
    },
    Location {
        latitude: f64,
        longitude: f64,
        name: Option<String>,
        address: Option<String>,
        url: Option<String>,
    },
    Contacts {
        cards: Vec<Card>,
    },
    /// A completed flow or address form, as the customer's phone sums it up.
    Form {
        name: Option<String>,
        summary: Option<String>,
        answers: Vec<FormAnswer>,
    },
    /// The customer allowed, or did not allow, that we call.
    CallPermission {
        granted: bool,
        until: Option<Time>,
    },
    Order {
        note: Option<String>,
        products: Vec<OrderLine>,
    },
    /// A tap on a template's quick reply (`button`) or on a reply button of ours.
    ButtonReply {
        title: String,
        payload: String,
    },
    /// A row chosen from a list message.
    ListReply {
        title: String,
        description: Option<String>,
        payload: String,
    },
    Template {
        template: Box<RenderedTemplate>,
    },
    /// Ours: answered with a tap.
    Question {
        question: Question,
    },
    /// A call, folded from its steps. Its line stands where the call began.
    Call {
        call: Call,
    },
    /// Not said by anybody: something that Meta tells about this chat.
    Notice {
        notice: Notice,
    },
    /// Deleted for everyone by whoever wrote it.
    Deleted {
        at: Time,
    },
    /// Something that is kept but cannot be drawn yet, with Meta's name for its kind.
    NotShown {
        meta_kind: String,
        why: NotShownWhy,
    },
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NotShownWhy {
    /// This version of Ajar does not draw this kind yet.
    NotYet,
    /// Meta itself could not pass it on (131051): look at the phone.
    UnsupportedByMeta,
    /// Coexistence placeholder (131060): the message follows, or is on the phone.
    OnThePhone,
    /// Meta could not take the customer's file (131052), most often because it is too large:
    /// ask them to send it another way.
    FileRefusedByMeta,
    /// Older than the files that Meta hands over at the import (14 days): only on the phone.
    TooOldToImport,
    /// The body did not have the shape its kind promises.
    Malformed,
}

/// What Meta tells about a chat, beside what people say in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "notice", rename_all = "snake_case")]
#[ts(export)]
pub enum Notice {
    /// The customer moved to another number. What was open before counts no more.
    NumberChanged {
        /// In international form, for people; `None` if Meta hides it.
        to: Option<String>,
    },
    /// The customer's id changed, which follows from a new number that Meta hides.
    IdChanged,
    /// The security code of the chat changed: another phone, or WhatsApp set up anew.
    SecurityCodeChanged,
    /// The customer wants no marketing messages any more.
    MarketingStopped,
    MarketingResumed,
    /// Another handler (Meta's own agent, another app) answers this chat from here on.
    HandedAway {
        /// Meta's word for the new owner.
        to: Option<String>,
        /// What the previous owner left in writing.
        summary: Option<String>,
    },
    /// The chat came (back) to the team.
    HandedToUs {
        from: Option<String>,
        summary: Option<String>,
    },
    /// A notice of a kind that this version has no words for, in Meta's.
    Other {
        meta_kind: String,
    },
}

/// A contact card of the sender's address book.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[ts(export)]
pub struct Card {
    pub name: Option<String>,
    pub organisation: Option<String>,
    pub phones: Vec<CardNumber>,
    pub emails: Vec<String>,
    /// The customer's own number, shared because we asked for it.
    pub answers_our_request: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct CardNumber {
    /// As the card spells it.
    pub text: String,
    pub label: Option<String>,
    /// It has a WhatsApp account.
    pub on_whatsapp: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct FormAnswer {
    /// The field's name as the form's author wrote it; names of nested ones joined with a point.
    pub field: String,
    pub answer: String,
}

/// One line of an order from the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct OrderLine {
    pub product: String,
    pub quantity: f64,
    /// Per piece, in `currency`.
    pub price: Option<f64>,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Media {
    pub id: MediaId,
    pub mime_type: String,
    pub state: MediaState,
    /// Pixel size, once known, so that the thread reserves the place and nothing jumps.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub size_bytes: Option<u64>,
    pub filename: Option<String>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MediaState {
    /// Being fetched from Meta.
    Pending,
    Stored,
    /// Cannot be fetched any more (Meta keeps received files seven days).
    Gone,
}

/// A quoted message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Quote {
    pub wamid: WaMessageId,
}

impl Content {
    /// The content's kind by its name on the wire, for lines and quotes that show only that. A
    /// customer's call that nobody took has a word of its own: whoever reads the list should see
    /// it without opening the chat.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Video { .. } => "video",
            Self::Audio { .. } => "audio",
            Self::Document { .. } => "document",
            Self::Sticker { .. } => "sticker",
            Self::Location { .. } => "location",
            Self::Contacts { .. } => "contacts",
            Self::Form { .. } => "form",
            Self::CallPermission { .. } => "call_permission",
            Self::Order { .. } => "order",
            Self::ButtonReply { .. } => "button_reply",
            Self::ListReply { .. } => "list_reply",
            Self::Template { .. } => "template",
            Self::Question { .. } => "question",
            Self::Call { call } => match call.outcome() {
                Outcome::Missed | Outcome::Declined if call.by_customer => "missed_call",
                _ => "call",
            },
            Self::Notice { .. } => "notice",
            Self::Deleted { .. } => "deleted",
            Self::NotShown { .. } => "not_shown",
        }
    }

    /// The line that stands for this content in the list. Empty for kinds the interface has
    /// its own words for (it chooses them by `kind`).
    #[must_use]
    pub fn preview(&self) -> String {
        let text = match self {
            Self::Text { body } => body,
            Self::Image { caption, .. } | Self::Video { caption, .. } => {
                caption.as_deref().unwrap_or_default()
            }
            Self::Document { caption, media } => caption
                .as_deref()
                .or(media.filename.as_deref())
                .unwrap_or_default(),
            Self::Location { name, address, .. } => {
                name.as_deref().or(address.as_deref()).unwrap_or_default()
            }
            Self::Contacts { cards } => cards
                .first()
                .and_then(|card| card.name.as_deref())
                .unwrap_or_default(),
            Self::Form { summary, .. } => summary.as_deref().unwrap_or_default(),
            Self::Order { note, .. } => note.as_deref().unwrap_or_default(),
            Self::ButtonReply { title, .. } | Self::ListReply { title, .. } => title,
            Self::Template { template } => &template.body,
            Self::Question { question } => &question.body,
            Self::Audio { .. }
            | Self::Sticker { .. }
            | Self::CallPermission { .. }
            | Self::Call { .. }
            | Self::Notice { .. }
            | Self::Deleted { .. }
            | Self::NotShown { .. } => "",
        };
        // One line, and short: the list shows some forty characters of it.
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(160)
            .collect()
    }

    /// The words that an edit changes: a text, or what stands under a file.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text { body } => Some(body),
            Self::Image { caption, .. }
            | Self::Video { caption, .. }
            | Self::Document { caption, .. } => Some(caption.as_deref().unwrap_or_default()),
            _ => None,
        }
    }

    /// The same content with other words; unchanged if it has none.
    #[must_use]
    pub fn with_words(mut self, words: &str) -> Self {
        match &mut self {
            Self::Text { body } => words.clone_into(body),
            Self::Image { caption, .. }
            | Self::Video { caption, .. }
            | Self::Document { caption, .. } => {
                *caption = (!words.is_empty()).then(|| words.to_owned());
            }
            _ => {}
        }
        self
    }

    /// The file that belongs to it.
    #[must_use]
    pub const fn media(&self) -> Option<&Media> {
        match self {
            Self::Image { media, .. }
            | Self::Video { media, .. }
            | Self::Audio { media, .. }
            | Self::Document { media, .. }
            | Self::Sticker { media, .. } => Some(media),
            _ => None,
        }
    }

    #[must_use]
    pub const fn media_mut(&mut self) -> Option<&mut Media> {
        match self {
            Self::Image { media, .. }
            | Self::Video { media, .. }
            | Self::Audio { media, .. }
            | Self::Document { media, .. }
            | Self::Sticker { media, .. } => Some(media),
            _ => None,
        }
    }

    /// Words that search finds.
    #[must_use]
    pub fn searchable(&self) -> String {
        let words: Vec<&str> = match self {
            Self::Text { body } => vec![body],
            Self::Image { caption, .. } | Self::Video { caption, .. } => {
                caption.as_deref().into_iter().collect()
            }
            Self::Document { media, caption } => [caption, &media.filename]
                .into_iter()
                .filter_map(Option::as_deref)
                .collect(),
            Self::Location { name, address, .. } => [name, address]
                .into_iter()
                .filter_map(Option::as_deref)
                .collect(),
            Self::Contacts { cards } => cards
                .iter()
                .flat_map(|card| {
                    let named = [&card.name, &card.organisation];
                    named.into_iter().filter_map(Option::as_deref)
                })
                .collect(),
            Self::Form {
                summary, answers, ..
            } => summary
                .as_deref()
                .into_iter()
                .chain(answers.iter().map(|answer| answer.answer.as_str()))
                .collect(),
            Self::Order { note, products } => note
                .as_deref()
                .into_iter()
                .chain(products.iter().map(|line| line.product.as_str()))
                .collect(),
            Self::ButtonReply { title, .. } => vec![title],
            Self::ListReply {
                title, description, ..
            } => std::iter::once(title.as_str())
                .chain(description.as_deref())
                .collect(),
            Self::Template { template } => template
                .header_text
                .as_deref()
                .into_iter()
                .chain([template.body.as_str()])
                .chain(template.cards.iter().map(|card| card.body.as_str()))
                .collect(),
            Self::Question { question } => searched(question),
            Self::Audio { .. }
            | Self::Sticker { .. }
            | Self::CallPermission { .. }
            | Self::Deleted { .. }
            | Self::Call { .. }
            | Self::Notice { .. }
            | Self::NotShown { .. } => Vec::new(),
        };
        words.join(" ")
    }
}

fn searched(question: &Question) -> Vec<&str> {
    let mut words = vec![question.body.as_str()];
    words.extend(question.header.as_deref());
    words.extend(question.footer.as_deref());
    match &question.ask {
        Ask::Choose { buttons } => words.extend(buttons.iter().map(String::as_str)),
        Ask::Pick { sections, .. } => words.extend(
            sections
                .iter()
                .flat_map(|section| &section.choices)
                .map(|choice| choice.title.as_str()),
        ),
        Ask::Number | Ask::Location => {}
    }
    words
}

/// Who wrote a message. The same number is answered from the phone and from here, so this is
/// not a direction flag.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "by", rename_all = "snake_case")]
#[ts(export)]
pub enum Author {
    Customer,
    /// An agent, through the API.
    Agent {
        agent: crate::AgentId,
    },
    /// The business phone. Meta does not say which person typed; a phone start that claimed
    /// the echo does.
    Phone {
        claimed_by: Option<crate::AgentId>,
    },
    /// Sent through the API by somebody else than this hub (another app on the account, or
    /// Meta's own agent).
    OtherApp,
    /// Nobody: a notice of Meta's. Neither unread nor an answer.
    Platform,
}

impl Author {
    #[must_use]
    pub const fn is_customer(&self) -> bool {
        matches!(self, Self::Customer)
    }
}

/// Whether a message arrived live or was imported from the phone's past.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Provenance {
    Live,
    History,
}

impl Provenance {
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Live)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_word_of_a_content_is_its_kind_on_the_wire() {
        let file = json!({ "id": "m-1", "mime_type": "image/jpeg", "state": "stored" });
        let contents = [
            json!({ "kind": "text", "body": "Hi" }),
            json!({ "kind": "image", "media": file, "caption": null }),
            json!({ "kind": "video", "media": file, "caption": null }),
            json!({ "kind": "audio", "media": file, "voice": true }),
            json!({ "kind": "document", "media": file, "caption": null }),
            json!({ "kind": "sticker", "media": file, "animated": false }),
            json!({ "kind": "location", "latitude": 1.0, "longitude": 2.0 }),
            json!({ "kind": "contacts", "cards": [] }),
            json!({ "kind": "form", "answers": [] }),
            json!({ "kind": "call_permission", "granted": true }),
            json!({ "kind": "order", "products": [] }),
            json!({ "kind": "button_reply", "title": "Yes", "payload": "y" }),
            json!({ "kind": "list_reply", "title": "Yes", "payload": "y" }),
            json!({ "kind": "deleted", "at": 1 }),
        ];
        for content in contents {
            let read: Content = serde_json::from_value(content.clone()).expect("a content");
            assert_eq!(read.word(), content["kind"]);
        }
    }

    #[test]
    fn a_call_of_the_customer_that_nobody_took_has_a_word_of_its_own() {
        let rang = Call {
            by_customer: true,
            ..Call::default()
        };
        let word = |call| Content::Call { call }.word();
        assert_eq!(word(rang), "call");
        assert_eq!(
            word(Call {
                ended: true,
                ..rang
            }),
            "missed_call"
        );
        assert_eq!(
            word(Call {
                declined: true,
                ..rang
            }),
            "missed_call"
        );
        assert_eq!(
            word(Call {
                answered: true,
                ended: true,
                ..rang
            }),
            "call"
        );
        assert_eq!(
            word(Call {
                by_customer: false,
                ended: true,
                ..rang
            }),
            "call"
        );
    }
}
