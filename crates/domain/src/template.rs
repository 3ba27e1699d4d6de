//! Templates: messages that Meta approved, usable outside the window.
//!
//! A template is one name in one language. Its components say what an agent must fill in;
//! [`Template::fields`] lists that, [`Template::fill`] checks the values as Meta checks them
//! and gives the rendered text, which is kept with the sent message because no webhook ever
//! repeats it. [`draft`] is what an administrator hands to Meta for approval. Lengths and
//! forbidden characters: platform notes, section 10.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MediaId, TemplateId, Time, content::Media, outgoing};

pub mod draft;
mod fill;
mod text;

pub use text::{substitute, variables};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Category {
    Utility,
    Marketing,
    Authentication,
    /// A category that Meta may add later.
    Other,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TemplateStatus {
    Approved,
    Pending,
    Rejected,
    Paused,
    Disabled,
    /// In appeal, locked, archived, being deleted, or a status Meta may add later.
    Other,
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HeaderMedia {
    Image,
    Video,
    Document,
    Location,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "format", rename_all = "snake_case")]
#[ts(export)]
pub enum Header {
    Text { text: String },
    Media { media: HeaderMedia },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Button {
    QuickReply {
        text: String,
    },
    /// `url` may end in one variable.
    Url {
        text: String,
        url: String,
    },
    Phone {
        text: String,
        number: String,
    },
    CopyCode {
        text: String,
    },
    /// Opens a form in the chat.
    Flow {
        text: String,
    },
    /// Copies or takes over a code, in templates of the category authentication.
    Otp {
        text: String,
    },
    /// Does something on the customer's phone and takes no value (`VOICE_CALL`,
    /// `REQUEST_CONTACT_INFO`).
    Fixed {
        text: String,
        meta_kind: String,
    },
    /// A kind that this version does not know.
    Other {
        text: String,
        meta_kind: String,
    },
}

/// One card of a carousel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct TemplateCard {
    pub header: Option<HeaderMedia>,
    pub body: String,
    pub buttons: Vec<Button>,
}

/// An offer that runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Offer {
    pub text: String,
    /// A clock on the customer's phone counts down to a moment that the sender gives.
    pub expires: bool,
}

/// A template as Meta lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Template {
    pub id: TemplateId,
    pub name: String,
    pub language: String,
    pub category: Category,
    pub status: TemplateStatus,
    /// Variables are `{{name}}` rather than `{{1}}`.
    pub named_parameters: bool,
    pub header: Option<Header>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
    #[serde(default)]
    pub cards: Vec<TemplateCard>,
    #[serde(default)]
    pub offer: Option<Offer>,
    /// Components that cannot be filled in here yet, by Meta's name.
    pub unsupported: Vec<String>,
    /// Example values by field key, as its author gave them to Meta.
    pub examples: BTreeMap<String, String>,
    /// Why Meta rejected it, in Meta's word (`INVALID_FORMAT`).
    #[serde(default)]
    pub rejected_reason: Option<String>,
    /// How customers took it, in Meta's word (`GREEN`, `YELLOW`, `RED`).
    #[serde(default)]
    pub quality: Option<String>,
}

/// Where a value goes.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(tag = "place", rename_all = "snake_case")]
#[ts(export)]
pub enum Place {
    HeaderText {
        variable: String,
    },
    Body {
        variable: String,
    },
    /// The end of a URL button's address.
    UrlSuffix {
        button: usize,
    },
    /// The code that a copy-code button copies.
    CopyCode {
        button: usize,
    },
    /// The picture, film or document on top.
    HeaderFile {
        media: HeaderMedia,
    },
    /// What the document on top is called on the customer's phone.
    HeaderFileName,
    /// The place on top.
    HeaderPlace {
        part: PlacePart,
    },
    /// When an offer runs out.
    OfferExpires,
    /// The one code of an authentication template: it stands in the text and in the button.
    Code,
    CardFile {
        card: usize,
        media: HeaderMedia,
    },
    CardBody {
        card: usize,
        variable: String,
    },
    CardUrlSuffix {
        card: usize,
        button: usize,
    },
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PlacePart {
    Latitude,
    Longitude,
    Name,
    Address,
}

/// What kind of value a field takes. All values travel as text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "input", rename_all = "snake_case")]
#[ts(export)]
pub enum Input {
    Text,
    /// Letters and digits without a space.
    Code,
    /// The id of an uploaded file (`UploadedFile.file.id`).
    File {
        media: HeaderMedia,
    },
    /// Degrees with a point: `40.7128`.
    Degrees,
    /// Milliseconds since 1970.
    Moment,
}

/// One thing an agent must fill in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Field {
    /// Names the value in the command: `header.1`, `body.first_name`, `button.0`, `header`,
    /// `header.filename`, `header.latitude`, `offer.expires`, `code`, `card.0.header`, `card.0.body.1`,
    /// `card.0.button.1`.
    pub key: String,
    pub place: Place,
    /// The variable's name, or the button's text.
    pub label: String,
    pub example: Option<String>,
    /// Most characters the value may have on its own.
    pub max_chars: usize,
    pub input: Input,
    /// It may stay empty.
    pub optional: bool,
}

/// What a value in the body is besides its text. Meta shows the text; it is told the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export)]
pub enum Typed {
    Amount {
        /// ISO 4217.
        currency: String,
        /// The amount times a thousand.
        amount_1000: i64,
    },
    Date,
}

/// Why a template cannot be sent from here, said before anybody fills it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
#[ts(export)]
pub enum NotSendable {
    NotApproved {
        status: TemplateStatus,
    },
    /// A component that this version cannot fill in.
    Component {
        component: String,
    },
    /// The customer asked for an end of marketing messages. Meta would refuse it (131050), and
    /// trying harms the number.
    OptedOut {
        since: Time,
    },
    /// A code can be sent to a phone number only (131062), and this customer's is hidden.
    NeedsNumber,
}

/// A value that Meta would refuse, found before it does.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    thiserror::Error,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[ts(export)]
pub enum FieldProblem {
    #[error("a value is missing")]
    Empty { key: String },
    #[error("a value has a line break or a tab")]
    LineBreak { key: String },
    #[error("a value has more than four spaces in a row")]
    ManySpaces { key: String },
    #[error("a value is too long")]
    TooLong { key: String, max: usize },
    #[error("the text after filling in is too long")]
    TextTooLong {
        place: String,
        length: usize,
        max: usize,
    },
    #[error("a button's address has a space in it")]
    SpaceInAddress { key: String },
    #[error("a code has a space in it")]
    SpaceInCode { key: String },
    #[error("not degrees on this planet")]
    NotDegrees { key: String },
    #[error("no moment in the future")]
    NotInTheFuture { key: String },
    #[error("not an amount in a currency")]
    NotAnAmount { key: String },
    #[error("the file is not there, or not of the kind that stands there")]
    NoSuchFile { key: String },
    #[error("a value is given for a field that the template does not have")]
    UnknownField { key: String },
}

/// What the customer gets, kept with the sent message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct RenderedTemplate {
    pub name: String,
    pub language: String,
    pub category: Category,
    pub header_text: Option<String>,
    pub header_media: Option<HeaderMedia>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
    /// The file on top, once the hub knows it.
    #[serde(default)]
    pub header_file: Option<Media>,
    #[serde(default)]
    pub header_place: Option<outgoing::Location>,
    #[serde(default)]
    pub offer: Option<RenderedOffer>,
    #[serde(default)]
    pub cards: Vec<RenderedCard>,
    /// Which it was and what was filled in, so that it can be opened again with its values.
    #[serde(default)]
    pub template: Option<TemplateId>,
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Those of the values that are amounts or dates, by the keys of their fields.
    #[serde(default)]
    pub typed: BTreeMap<String, Typed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct RenderedOffer {
    pub text: String,
    pub expires_at: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct RenderedCard {
    pub header_media: Option<HeaderMedia>,
    pub file: Option<Media>,
    pub body: String,
    pub buttons: Vec<Button>,
}

/// A template with checked values: the only thing the sender accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilledTemplate {
    pub name: String,
    pub language: String,
    pub named_parameters: bool,
    /// In the order of the variables: (variable, value).
    pub header: Vec<(String, String)>,
    pub body: Vec<(String, String)>,
    /// (button index, what it is, value)
    pub buttons: Vec<(usize, ButtonValue)>,
    #[serde(default)]
    pub header_file: Option<FileValue>,
    #[serde(default)]
    pub header_place: Option<outgoing::Location>,
    #[serde(default)]
    pub offer_expires: Option<Time>,
    #[serde(default)]
    pub cards: Vec<FilledCard>,
    /// By variable of the body.
    #[serde(default)]
    pub typed: BTreeMap<String, Typed>,
    pub rendered: RenderedTemplate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledCard {
    pub file: Option<FileValue>,
    pub body: Vec<(String, String)>,
    pub buttons: Vec<(usize, ButtonValue)>,
}

/// A file that goes out with a template, as the hub knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileValue {
    /// The field it was given for.
    pub key: String,
    pub file: MediaId,
    pub media: HeaderMedia,
    /// Of a document.
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum ButtonValue {
    UrlSuffix(String),
    CopyCode(String),
    /// The form is told from which message it was opened.
    Flow,
    /// The code of an authentication template.
    Otp(String),
}

pub const MAX_HEADER: usize = 60;
pub const MAX_BODY: usize = 1024;
/// Of one card of a carousel (Meta's page of media card carousels).
pub const MAX_CARD_BODY: usize = 160;
pub const MAX_URL: usize = 2000;
pub const MAX_CODE: usize = 20;
/// Of an authentication template (Meta's page of authentication templates).
pub const MAX_OTP: usize = 15;
pub const MAX_CARDS: usize = 10;

impl FilledTemplate {
    /// All files that must be at Meta before it can be sent.
    pub fn files(&self) -> impl Iterator<Item = &FileValue> {
        self.header_file
            .iter()
            .chain(self.cards.iter().filter_map(|card| card.file.as_ref()))
    }
}

impl Template {
    /// Why it stands greyed in the picker, if it does.
    #[must_use]
    pub fn not_sendable(&self) -> Option<NotSendable> {
        let component = |component: &str| {
            Some(NotSendable::Component {
                component: component.to_owned(),
            })
        };
        if self.status != TemplateStatus::Approved {
            return Some(NotSendable::NotApproved {
                status: self.status,
            });
        }
        if let Some(unsupported) = self.unsupported.first() {
            return component(unsupported);
        }
        if self.cards.len() > MAX_CARDS {
            return component("CAROUSEL");
        }
        let buttons = self
            .cards
            .iter()
            .flat_map(|card| &card.buttons)
            .chain(&self.buttons);
        for button in buttons {
            match button {
                Button::Other { meta_kind, .. } => return component(meta_kind),
                // The one code belongs to the one text of the category.
                Button::Otp { .. } if !self.is_code() => return component("OTP"),
                Button::QuickReply { .. }
                | Button::Url { .. }
                | Button::Phone { .. }
                | Button::CopyCode { .. }
                | Button::Flow { .. }
                | Button::Otp { .. }
                | Button::Fixed { .. } => {}
            }
        }
        None
    }

    /// As [`Template::not_sendable`], for one customer.
    #[must_use]
    pub fn not_sendable_to(
        &self,
        no_marketing_since: Option<Time>,
        has_number: bool,
    ) -> Option<NotSendable> {
        self.not_sendable()
            .or(match (self.category, no_marketing_since) {
                (Category::Marketing, Some(since)) => Some(NotSendable::OptedOut { since }),
                (Category::Authentication, _) if !has_number => Some(NotSendable::NeedsNumber),
                _ => None,
            })
    }

    /// Whether it carries one code, which stands in its text and in its button.
    #[must_use]
    pub fn is_code(&self) -> bool {
        self.category == Category::Authentication
            && self.cards.is_empty()
            && variables(&self.body).len() <= 1
            && self
                .buttons
                .iter()
                .any(|button| matches!(button, Button::Otp { .. }))
    }
}

#[cfg(test)]
mod tests;
