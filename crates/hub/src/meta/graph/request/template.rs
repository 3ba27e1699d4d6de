//! A filled template as Meta wants to read it (section 10): values in the order of the variables,
//! named ones by name, files by Meta's ids.

use ajar_domain::{
    outgoing::Location,
    template::{ButtonValue, FileValue, FilledTemplate, HeaderMedia, Typed},
};
use serde_json::{Value, json};

use super::{UploadedFiles, degrees, with};

/// `token` is what a form behind a button is told: our reference of the message.
pub(super) fn json(filled: &FilledTemplate, files: &UploadedFiles, token: &str) -> Value {
    let mut components = Vec::new();
    let mut header = texts(&filled.header, filled, false);
    header.extend(filled.header_file.iter().filter_map(|of| file(of, files)));
    header.extend(filled.header_place.iter().map(place));
    components.extend(component("header", header));
    components.extend(component("body", texts(&filled.body, filled, true)));
    if let Some(expires) = filled.offer_expires {
        let offer = json!({"type": "limited_time_offer",
                           "limited_time_offer": {"expiration_time_ms": expires.millis()}});
        components.extend(component("limited_time_offer", vec![offer]));
    }
    components.extend(buttons(&filled.buttons, token));
    if !filled.cards.is_empty() {
        let cards: Vec<Value> = filled
            .cards
            .iter()
            .enumerate()
            .map(|(index, card)| {
                let mut components = Vec::new();
                let header = card.file.iter().filter_map(|of| file(of, files)).collect();
                components.extend(component("header", header));
                components.extend(component("body", texts(&card.body, filled, false)));
                components.extend(buttons(&card.buttons, token));
                json!({"card_index": index, "components": components})
            })
            .collect();
        components.push(json!({"type": "carousel", "cards": cards}));
    }
    let mut template = json!({"name": filled.name, "language": {"code": filled.language}});
    if !components.is_empty() {
        template["components"] = components.into();
    }
    template
}

fn component(kind: &str, parameters: Vec<Value>) -> Option<Value> {
    let parameters = Some(parameters).filter(|given| !given.is_empty())?;
    Some(Value::from_iter([
        ("type", Value::from(kind)),
        ("parameters", Value::from(parameters)),
    ]))
}

fn texts(values: &[(String, String)], filled: &FilledTemplate, in_body: bool) -> Vec<Value> {
    values
        .iter()
        .map(|(variable, value)| {
            let typed = filled.typed.get(variable).filter(|_| in_body);
            let mut parameter = match typed {
                None => json!({"type": "text", "text": value}),
                Some(Typed::Amount {
                    currency,
                    amount_1000,
                }) => json!({"type": "currency", "currency": {
                    "fallback_value": value, "code": currency, "amount_1000": amount_1000,
                }}),
                Some(Typed::Date) => {
                    json!({"type": "date_time", "date_time": {"fallback_value": value}})
                }
            };
            if filled.named_parameters {
                parameter["parameter_name"] = variable.as_str().into();
            }
            parameter
        })
        .collect()
}

/// `None` if Meta does not have it yet; the message is not due then.
fn file(of: &FileValue, files: &UploadedFiles) -> Option<Value> {
    let (id, name) = files.get(&of.file)?;
    let kind = match of.media {
        HeaderMedia::Image => "image",
        HeaderMedia::Video => "video",
        HeaderMedia::Document => "document",
        HeaderMedia::Location => return None,
    };
    let shown = name
        .as_deref()
        .filter(|_| of.media == HeaderMedia::Document);
    let mut parameter = json!({ "type": kind });
    parameter[kind] = with(json!({ "id": id }), [("filename", shown)]);
    Some(parameter)
}

fn place(place: &Location) -> Value {
    let location = with(
        json!({"latitude": degrees(place.latitude), "longitude": degrees(place.longitude)}),
        [
            ("name", place.name.as_deref()),
            ("address", place.address.as_deref()),
        ],
    );
    json!({"type": "location", "location": location})
}

fn buttons(values: &[(usize, ButtonValue)], token: &str) -> Vec<Value> {
    values
        .iter()
        .map(|(index, value)| {
            let (sub_type, parameter) = match value {
                // The code of an authentication template is the end of its button's address.
                ButtonValue::UrlSuffix(text) | ButtonValue::Otp(text) => {
                    ("url", json!({"type": "text", "text": text}))
                }
                ButtonValue::CopyCode(code) => (
                    "copy_code",
                    json!({"type": "coupon_code", "coupon_code": code}),
                ),
                ButtonValue::Flow => (
                    "flow",
                    json!({"type": "action", "action": {"flow_token": token}}),
                ),
            };
            json!({
                "type": "button",
                "sub_type": sub_type,
                "index": index.to_string(),
                "parameters": [parameter],
            })
        })
        .collect()
}
