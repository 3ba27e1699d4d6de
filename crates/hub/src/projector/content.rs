//! What a message says, from Meta's terms to the team's.

use ajar_domain::{
    MediaId,
    content::{Card, CardNumber, Content, FormAnswer, Media, MediaState, NotShownWhy, OrderLine},
};

use serde::{Deserialize, Serialize};

use crate::{
    ids::Ids,
    meta::inbound::{Body, ContactCard, MetaFile},
};

/// Where a file of a message goes, besides the message itself.
pub(super) struct Attached {
    pub media: MediaId,
    pub file: MetaFile,
}

/// The content of a message, and the file that must be fetched for it.
pub(super) fn read(body: Body, ids: &Ids) -> (Content, Option<Attached>) {
    let mut attached = None;
    let mut file = |file: MetaFile, filename: Option<String>| {
        let media = Media {
            id: MediaId::new(ids.next()),
            mime_type: file.mime_type.clone(),
            state: MediaState::Pending,
            width: None,
            height: None,
            size_bytes: None,
            filename,
        };
        attached = Some(Attached {
            media: media.id.clone(),
            file,
        });
        media
    };
    let content = match body {
        Body::Text { text } => Content::Text { body: text },
        Body::Image { file: f, caption } => Content::Image {
            media: file(f, None),
            caption,
        },
        Body::Video { file: f, caption } => Content::Video {
            media: file(f, None),
            caption,
        },
        Body::Audio { file: f, voice } => Content::Audio {
            media: file(f, None),
            voice,
        },
        Body::Document {
            file: f,
            filename,
            caption,
        } => Content::Document {
            media: file(f, filename),
            caption,
        },
        Body::Sticker { file: f, animated } => Content::Sticker {
            media: file(f, None),
            animated,
        },
        Body::Location {
            latitude,
            longitude,
            name,
            address,
            url,
        } => Content::Location {
            latitude,
            longitude,
            name,
            address,
            url,
        },
        Body::Contacts { cards } => Content::Contacts {
            cards: cards.into_iter().map(card).collect(),
        },
        Body::Form {
            name,
            summary,
            answers,
        } => Content::Form {
            name,
            summary,
            answers: answers
                .into_iter()
                .map(|(field, answer)| FormAnswer { field, answer })
                .collect(),
        },
        Body::CallPermission { granted, until } => Content::CallPermission { granted, until },
        Body::Order { note, products, .. } => Content::Order {
            note,
            products: products
                .into_iter()
                .map(|line| OrderLine {
                    product: line.product_id,
                    quantity: line.quantity,
                    price: line.price,
                    currency: line.currency,
                })
                .collect(),
        },
        Body::ButtonReply { title, payload } => Content::ButtonReply { title, payload },
        Body::ListReply {
            title,
            description,
            payload,
        } => Content::ListReply {
            title,
            description,
            payload,
        },
        Body::NotShown { meta_kind, why, .. } => Content::NotShown { meta_kind, why },
        Body::Placeholder => Content::NotShown {
            meta_kind: "media_placeholder".to_owned(),
            why: NotShownWhy::OnThePhone,
        },
    };
    (content, attached)
}

/// Contents that wait for their placeholder, as they lie in the database.
#[derive(Serialize, Deserialize)]
struct Late {
    content: Content,
    file: Option<MetaFile>,
}

/// The contents of a history message, for keeping.
pub(super) fn to_late(body: Body, ids: &Ids) -> crate::store::Result<String> {
    let (content, attached) = read(body, ids);
    crate::store::to_json(&Late {
        content,
        file: attached.map(|attached| attached.file),
    })
}

/// The contents of a history message that were kept.
pub(super) fn from_late(json: &str) -> crate::store::Result<(Content, Option<Attached>)> {
    let late: Late = crate::store::from_json(json, "late_contents", "")?;
    let attached = late
        .content
        .media()
        .map(|media| media.id.clone())
        .zip(late.file)
        .map(|(media, file)| Attached { media, file });
    Ok((late.content, attached))
}

fn card(card: ContactCard) -> Card {
    Card {
        name: card.name,
        organisation: card.organisation,
        phones: card
            .phones
            .into_iter()
            .map(|phone| CardNumber {
                text: phone.text,
                label: phone.label,
                on_whatsapp: phone.wa_id.is_some(),
            })
            .collect(),
        emails: card.emails,
        answers_our_request: card.answers_our_request,
    }
}
