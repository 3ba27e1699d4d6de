//! What stands around a message: where it came from, and what it is about.

use serde::{Deserialize, Serialize};

/// Circumstances of a message, beside its contents and the message it quotes.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(default)]
#[ts(export)]
pub struct Context {
    pub forwarded: Forwarded,
    /// The advertisement or post that led the customer here.
    pub referral: Option<Referral>,
    /// The product of the catalogue that it asks about.
    pub product: Option<Product>,
}

impl Context {
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Forwarded {
    #[default]
    No,
    Once,
    /// More than five times.
    Often,
}

/// A click-to-WhatsApp advertisement (platform notes, section 4). The addresses in it are shown,
/// never fetched.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(default)]
#[ts(export)]
pub struct Referral {
    pub source_url: Option<String>,
    pub source_id: Option<String>,
    /// `ad` or `post`.
    pub source_kind: Option<String>,
    pub headline: Option<String>,
    pub body: Option<String>,
    pub media_kind: Option<String>,
    pub image_url: Option<String>,
    pub video_url: Option<String>,
    pub thumbnail_url: Option<String>,
    /// Absent for advertisements placed in WhatsApp Status.
    pub click_id: Option<String>,
    /// The greeting the customer saw before writing.
    pub welcome_text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Product {
    pub catalog_id: Option<String>,
    pub product_id: String,
}
