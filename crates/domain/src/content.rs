//! What a message says, in the terms of the people who read it.
//!
//! Contents are stored and sent to the desktops in this shape. Whatever Meta sends that has
//! no variant yet becomes [`Content::NotShown`]: kept in the log, shown as "not shown yet",
//! never dropped.

use serde::{Deserialize, Serialize};

use crate::{MediaId, WaMessageId, template::RenderedTemplate};

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
        template: RenderedTemplate,
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
    /// The body did not have the shape its kind promises.
    Malformed,
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
    /// The line that stands for this content in the list. Empty for kinds the interface has
    /// its own words for (it chooses them by `kind`).
    #[must_use]
    pub fn preview(&self) -> String {
        let text = match self {
            Self::Text { body } => body,
            Self::Image { caption, .. } => caption.as_deref().unwrap_or_default(),
            Self::ButtonReply { title, .. } | Self::ListReply { title, .. } => title,
            Self::Template { template } => &template.body,
            Self::NotShown { .. } => "",
        };
        // One line, and short: the list shows some forty characters of it.
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(160)
            .collect()
    }

    /// Words that search finds.
    #[must_use]
    pub fn searchable(&self) -> String {
        match self {
            Self::Text { body } => body.clone(),
            Self::Image { caption, .. } => caption.clone().unwrap_or_default(),
            Self::ButtonReply { title, .. } => title.clone(),
            Self::ListReply {
                title, description, ..
            } => match description {
                Some(description) => format!("{title} {description}"),
                None => title.clone(),
            },
            Self::Template { template } => {
                let mut words = template.header_text.clone().unwrap_or_default();
                words.push(' ');
                words.push_str(&template.body);
                words
            }
            Self::NotShown { .. } => String::new(),
        }
    }
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
    /// Sent through the API by somebody else than this hub (another app on the account).
    OtherApp,
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
