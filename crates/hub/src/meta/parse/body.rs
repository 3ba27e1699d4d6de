//! What a message says: the object under the name of its type (section 4).
//!
//! Used for messages, echoes, edits and history alike; they share the shapes. A body that lacks
//! what its kind promises becomes [`Body::NotShown`], never a lost message.

use ajar_domain::content::NotShownWhy;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::super::{
    errors,
    inbound::{Body, CardPhone, ContactCard, MetaFile, OrderedProduct},
    node::{Node, short},
};

/// The kinds this version has a body for.
pub(super) fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "text"
            | "image"
            | "video"
            | "audio"
            | "document"
            | "sticker"
            | "location"
            | "contacts"
            | "interactive"
            | "button"
            | "order"
            | "media_placeholder"
    )
}

/// The body of `message`, which says its `type` itself.
pub(super) fn read(message: Node<'_>) -> Body {
    let kind = message.get("type").kind().unwrap_or_default();
    let failure = errors::read_first(message.get("errors")).map(|(failure, _)| failure);
    let not_shown = |why| Body::NotShown {
        meta_kind: kind.clone(),
        why,
        failure: failure.clone(),
    };
    if kind == "unsupported" {
        return unsupported(message);
    }
    if !is_known(&kind) {
        return not_shown(NotShownWhy::NotYet);
    }
    match known(&kind, message) {
        Read::Body(body) => body,
        Read::NotYet { meta_kind } => Body::NotShown {
            meta_kind,
            why: NotShownWhy::NotYet,
            failure,
        },
        // An error instead of the contents: Meta says itself that there is nothing to show.
        Read::Malformed if failure.is_some() => not_shown(NotShownWhy::UnsupportedByMeta),
        Read::Malformed => not_shown(NotShownWhy::Malformed),
    }
}

/// Meta could not pass it on. 131060 is the placeholder of Coexistence: the message follows in
/// seconds, or is on the phone only (section 2.8).
fn unsupported(message: Node<'_>) -> Body {
    let failure = errors::read_first(message.get("errors")).map(|(failure, _)| failure);
    let meta_kind = message
        .get("unsupported")
        .get("type")
        .kind()
        .unwrap_or_else(|| "unsupported".to_owned());
    Body::NotShown {
        meta_kind,
        why: if is_placeholder(message) {
            NotShownWhy::OnThePhone
        } else if has_code(message, 131_052) {
            NotShownWhy::FileRefusedByMeta
        } else {
            NotShownWhy::UnsupportedByMeta
        },
        failure,
    }
}

/// Whether Meta marks `message` as the placeholder of Coexistence.
pub(super) fn is_placeholder(message: Node<'_>) -> bool {
    has_code(message, 131_060)
}

fn has_code(message: Node<'_>, code: i64) -> bool {
    message
        .get("errors")
        .items()
        .any(|error| error.get("code").whole() == Some(code))
}

enum Read {
    Body(Body),
    /// A sort of a known kind that is new to us.
    NotYet {
        meta_kind: String,
    },
    Malformed,
}

impl From<Option<Body>> for Read {
    fn from(body: Option<Body>) -> Self {
        body.map_or(Read::Malformed, Read::Body)
    }
}

fn known(kind: &str, message: Node<'_>) -> Read {
    let node = message.get(kind);
    match kind {
        "text" => node
            .get("body")
            .text()
            .map(|text| Body::Text { text })
            .into(),
        "image" => file(node)
            .map(|file| Body::Image {
                file,
                caption: caption(node),
            })
            .into(),
        "video" => file(node)
            .map(|file| Body::Video {
                file,
                caption: caption(node),
            })
            .into(),
        "audio" => file(node)
            .map(|file| Body::Audio {
                file,
                voice: node.get("voice").flag() == Some(true),
            })
            .into(),
        "document" => file(node)
            .map(|file| Body::Document {
                file,
                filename: node.get("filename").words(),
                caption: caption(node),
            })
            .into(),
        "sticker" => file(node)
            .map(|file| Body::Sticker {
                file,
                animated: node.get("animated").flag() == Some(true),
            })
            .into(),
        "location" => location(node).into(),
        "contacts" => contacts(node).into(),
        "button" => button(node).into(),
        "interactive" => interactive(node),
        "order" => order(node).into(),
        "media_placeholder" => Read::Body(Body::Placeholder),
        _ => Read::Malformed,
    }
}

fn caption(node: Node<'_>) -> Option<String> {
    node.get("caption").words()
}

fn file(node: Node<'_>) -> Option<MetaFile> {
    Some(MetaFile {
        meta_media_id: node.get("id").id()?,
        mime_type: node
            .get("mime_type")
            .words()
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        sha256: node.get("sha256").str().and_then(digest),
        url: node.get("url").words(),
    })
}

/// A SHA-256 in either of Meta's encodings (section 17, 10), as lower-case hexadecimal.
pub(in super::super) fn digest(text: &str) -> Option<String> {
    let bytes = match text.len() {
        64 => hex::decode(text).ok()?,
        _ => STANDARD.decode(text).ok()?,
    };
    (bytes.len() == 32).then(|| hex::encode(bytes))
}

fn location(node: Node<'_>) -> Option<Body> {
    let degrees = |key: &str, most: f64| {
        node.get(key)
            .number()
            .filter(|degrees| degrees.abs() <= most)
    };
    Some(Body::Location {
        latitude: degrees("latitude", 90.0)?,
        longitude: degrees("longitude", 180.0)?,
        name: node.get("name").words(),
        address: node.get("address").words(),
        url: node.get("url").words(),
    })
}

fn contacts(node: Node<'_>) -> Option<Body> {
    let cards: Vec<ContactCard> = node
        .items()
        .filter(|card| card.is_object())
        .map(card)
        .collect();
    (!cards.is_empty()).then_some(Body::Contacts { cards })
}

fn card(node: Node<'_>) -> ContactCard {
    let name = node.get("name");
    ContactCard {
        name: name
            .get("formatted_name")
            .words()
            .or_else(|| name.get("first_name").words()),
        organisation: node.get("org").get("company").words(),
        phones: node
            .get("phones")
            .items()
            .filter_map(|phone| {
                Some(CardPhone {
                    text: phone
                        .get("phone")
                        .words()
                        .or_else(|| phone.get("wa_id").words())?,
                    wa_id: phone.get("wa_id").phone(),
                    label: phone.get("type").words(),
                })
            })
            .collect(),
        emails: node
            .get("emails")
            .items()
            .filter_map(|email| email.get("email").words())
            .collect(),
        answers_our_request: is_requested(node),
    }
}

/// The card answers our request for the customer's number (section 7).
fn is_requested(card: Node<'_>) -> bool {
    card.get("origin").str() == Some("contact_request")
}

/// All cards answer our request: the customer tapped a button rather than wrote.
pub(super) fn is_contact_answer(message: Node<'_>) -> bool {
    let mut cards = message.get("contacts").items().peekable();
    cards.peek().is_some() && cards.all(is_requested)
}

/// A tap on a template's quick reply.
fn button(node: Node<'_>) -> Option<Body> {
    let payload = node.get("payload").text();
    let title = node.get("text").words().or_else(|| payload.clone())?;
    Some(Body::ButtonReply {
        payload: payload.unwrap_or_else(|| title.clone()),
        title,
    })
}

fn interactive(node: Node<'_>) -> Read {
    let Some(kind) = node.get("type").kind() else {
        return Read::Malformed;
    };
    let reply = node.get(&kind);
    match kind.as_str() {
        "button_reply" => reply
            .get("title")
            .words()
            .map(|title| Body::ButtonReply {
                payload: reply.get("id").id().unwrap_or_default(),
                title,
            })
            .into(),
        "list_reply" => reply
            .get("title")
            .words()
            .map(|title| Body::ListReply {
                payload: reply.get("id").id().unwrap_or_default(),
                description: reply.get("description").words(),
                title,
            })
            .into(),
        "nfm_reply" => reply.is_object().then(|| form(reply)).into(),
        "call_permission_reply" => reply
            .get("response")
            .str()
            .map(|response| Body::CallPermission {
                granted: response.eq_ignore_ascii_case("accept"),
                until: reply.get("expiration_timestamp").time(),
            })
            .into(),
        other => Read::NotYet {
            meta_kind: format!("interactive/{}", short(other)),
        },
    }
}

/// More answers than this are no form that a person filled in.
const MAX_ANSWERS: usize = 200;

/// `response_json` is a text that holds JSON (section 4).
fn form(reply: Node<'_>) -> Body {
    let mut answers = Vec::new();
    if let Some(json) = reply.get("response_json").str()
        && let Ok(json) = serde_json::from_str::<Value>(json)
    {
        flatten("", &json, &mut answers);
    }
    // The token names our own request for the form; it says nothing to a reader.
    answers.retain(|(name, _)| name != "flow_token");
    answers.sort();
    Body::Form {
        name: reply.get("name").words(),
        summary: reply.get("body").words(),
        answers,
    }
}

fn flatten(name: &str, value: &Value, answers: &mut Vec<(String, String)>) {
    if answers.len() >= MAX_ANSWERS {
        return;
    }
    let inner = |key: &str| {
        if name.is_empty() {
            key.to_owned()
        } else {
            format!("{name}.{key}")
        }
    };
    let answer = match value {
        Value::Null => return,
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&inner(key), value, answers);
            }
            return;
        }
        Value::Array(values)
            if values
                .iter()
                .any(|value| value.is_object() || value.is_array()) =>
        {
            for (index, value) in values.iter().enumerate() {
                flatten(&inner(&(index + 1).to_string()), value, answers);
            }
            return;
        }
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => plain(other),
    };
    answers.push((name.replace('\0', ""), answer.replace('\0', "")));
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn order(node: Node<'_>) -> Option<Body> {
    if !node.is_object() {
        return None;
    }
    Some(Body::Order {
        catalog_id: node.get("catalog_id").id(),
        note: node.get("text").words(),
        products: node
            .get("product_items")
            .items()
            .filter_map(|item| {
                Some(OrderedProduct {
                    product_id: item.get("product_retailer_id").id()?,
                    quantity: item.get("quantity").number().unwrap_or(1.0),
                    price: item.get("item_price").number(),
                    currency: item.get("currency").words(),
                })
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_spellings_of_a_digest_are_one() {
        let hexadecimal = "d7bdd545f09d8a73c2b990337c8211d708a04ccd9748627685e4fc79cc038039";
        let base64 = "173VRfCdinPCuZAzfIIR1wigTM2XSGJ2heT8ecwDgDk=";
        assert_eq!(digest(base64).as_deref(), Some(hexadecimal));
        assert_eq!(
            digest(&hexadecimal.to_uppercase()).as_deref(),
            Some(hexadecimal)
        );
        assert_eq!(digest("short"), None);
    }

    #[test]
    fn an_image_without_an_id_is_kept_as_malformed() {
        let message = json!({"type": "image", "image": {"caption": "lost"}});
        assert!(matches!(
            read(Node::of(&message)),
            Body::NotShown {
                why: NotShownWhy::Malformed,
                ..
            }
        ));
    }

    #[test]
    fn a_new_sort_of_answer_is_named() {
        let message = json!({"type": "interactive", "interactive": {"type": "poll_reply"}});
        assert_eq!(
            read(Node::of(&message)),
            Body::NotShown {
                meta_kind: "interactive/poll_reply".into(),
                why: NotShownWhy::NotYet,
                failure: None
            }
        );
    }

    #[test]
    fn the_answers_of_a_form_can_be_read() {
        let json =
            r#"{"flow_token":"t","when":{"day":"Monday","slot":2},"tags":["a","b"],"x":null}"#;
        let message = json!({"type": "interactive", "interactive": {"type": "nfm_reply",
            "nfm_reply": {"name": "flow", "body": "Sent", "response_json": json}}});
        let Body::Form { answers, .. } = read(Node::of(&message)) else {
            panic!("a form");
        };
        let answers: Vec<_> = answers
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(
            answers,
            [("tags", "a, b"), ("when.day", "Monday"), ("when.slot", "2")]
        );
    }
}
