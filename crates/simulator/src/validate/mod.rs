//! What Meta refuses about a send before it looks at anything else: missing, too long, of the
//! wrong kind. Pure functions of the body; they know no books.

mod interactive;
mod template;

use serde_json::{Map, Value};

use crate::graph::GraphError;

pub(crate) use template::template;

pub(crate) type Checked = Result<(), GraphError>;

/// Checks the body of a message that is to be sent.
pub(crate) fn message(body: &Map<String, Value>) -> Checked {
    let kind = body.get("type").map_or(Some("text"), Value::as_str);
    let Some(kind) = kind else {
        return Err(GraphError::invalid("Param type must be a string"));
    };
    if let Some(data) = body.get("biz_opaque_callback_data") {
        match data.as_str() {
            Some(data) if data.chars().count() <= 512 => {}
            _ => {
                return Err(invalid(
                    "biz_opaque_callback_data must be a string of at most 512 characters",
                ));
            }
        }
    }
    if let Some(context) = body.get("context")
        && context["message_id"].as_str().is_none_or(str::is_empty)
    {
        return Err(missing("context['message_id']"));
    }
    let content = body.get(kind).unwrap_or(&Value::Null);
    let check: fn(&Value) -> Checked = match kind {
        "text" => text,
        "image" => |media| file("image", media, true),
        "video" => |media| file("video", media, true),
        "document" => |media| file("document", media, true),
        "audio" => |media| file("audio", media, false),
        "sticker" => |media| file("sticker", media, false),
        "location" => location,
        "contacts" => contacts,
        "reaction" => reaction,
        "interactive" => interactive::interactive,
        "template" => |template| {
            required(template, "template", "name")?;
            match template["language"]["code"].as_str() {
                Some(code) if !code.is_empty() => Ok(()),
                _ => Err(missing("template['language']['code']")),
            }
        },
        other => {
            return Err(GraphError::invalid(format!(
                "Param type must be one of {{AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, \
                 LOCATION, REACTION, STICKER, TEMPLATE, TEXT, VIDEO}} - got \"{other}\"."
            )));
        }
    };
    if content.is_null() {
        return Err(missing(kind));
    }
    check(content)
}

fn text(text: &Value) -> Checked {
    let body = required(text, "text", "body")?;
    at_most(body, 4096, "text['body']")
}

fn file(kind: &str, media: &Value, captioned: bool) -> Checked {
    let given = |key: &str| media[key].as_str().filter(|value| !value.is_empty());
    match (given("id"), given("link")) {
        (None, None) => {
            return Err(GraphError::invalid(format!(
                "The parameter {kind}['id'] or {kind}['link'] is required."
            )));
        }
        (None, Some(link)) if !link.starts_with("http://") && !link.starts_with("https://") => {
            return Err(invalid(format!(
                "{kind}['link'] must be an http(s) address"
            )));
        }
        _ => {}
    }
    match (media["caption"].as_str(), captioned) {
        (Some(caption), true) => at_most(caption, 1024, &format!("{kind}['caption']")),
        (Some(_), false) => Err(GraphError::invalid(format!(
            "Unexpected key \"caption\" on param \"{kind}\"."
        ))),
        (None, _) => Ok(()),
    }
}

fn location(location: &Value) -> Checked {
    for (key, limit) in [("latitude", 90.0), ("longitude", 180.0)] {
        let degrees = match &location[key] {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        match degrees {
            None => return Err(missing(&format!("location['{key}']"))),
            Some(degrees) if degrees.abs() > limit => {
                return Err(invalid(format!("location['{key}'] is out of range")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn contacts(contacts: &Value) -> Checked {
    let cards = contacts.as_array().filter(|cards| !cards.is_empty());
    let Some(cards) = cards else {
        return Err(missing("contacts"));
    };
    for card in cards {
        required(&card["name"], "contacts['name']", "formatted_name")?;
        let another = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !another.iter().any(|part| card["name"][part].is_string()) {
            return Err(missing("contacts['name']['first_name']"));
        }
    }
    Ok(())
}

fn reaction(reaction: &Value) -> Checked {
    required(reaction, "reaction", "message_id")?;
    // An empty emoji takes the reaction back; a missing one is a mistake.
    match reaction["emoji"].as_str() {
        Some(_) => Ok(()),
        None => Err(missing("reaction['emoji']")),
    }
}

/// Checks a file that is uploaded.
pub(crate) fn uploaded(mime_type: &str, size: usize) -> Checked {
    const KB: usize = 1024;
    const MB: usize = 1024 * KB;
    let kind = mime_type.split(';').next().unwrap_or_default().trim();
    let limit = match kind {
        "image/jpeg" | "image/png" => 5 * MB,
        "image/webp" => 500 * KB,
        "video/mp4" | "video/3gpp" | "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4"
        | "audio/ogg" => 16 * MB,
        "text/plain"
        | "application/pdf"
        | "application/msword"
        | "application/vnd.ms-excel"
        | "application/vnd.ms-powerpoint"
        | "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        | "application/vnd.openxmlformats-officedocument.presentationml.presentation" => 100 * MB,
        other => {
            return Err(GraphError::invalid(format!(
                "Param file must be a file with one of the following types: audio/aac, audio/mp4, \
                 audio/mpeg, audio/amr, audio/ogg, application/pdf, image/jpeg, image/png, \
                 image/webp, video/mp4, video/3gpp, text/plain and office documents. Received \
                 file of type '{other}'."
            )));
        }
    };
    if size > limit {
        return Err(GraphError::because(
            131_053,
            format!("The file is larger than the {limit} bytes allowed for {kind}."),
        ));
    }
    if size == 0 {
        return Err(GraphError::because(131_053, "The file is empty."));
    }
    Ok(())
}

/// The text under this key, which must be there and not empty.
fn required<'a>(object: &'a Value, name: &str, key: &str) -> Result<&'a str, GraphError> {
    match object[key].as_str() {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(missing(&format!("{name}['{key}']"))),
    }
}

fn missing(what: &str) -> GraphError {
    GraphError::because(131_008, format!("The parameter {what} is required."))
}

fn invalid(why: impl Into<String>) -> GraphError {
    GraphError::because(131_009, why)
}

fn at_most(text: &str, limit: usize, name: &str) -> Checked {
    if text.chars().count() > limit {
        return Err(GraphError::invalid(format!(
            "Param {name} must be at most {limit} characters long."
        )));
    }
    Ok(())
}
