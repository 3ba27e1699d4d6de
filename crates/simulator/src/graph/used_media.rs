//! The uploaded files that a message names: as its content, in its header, or in a template's.

use ajar_domain::time::Time;
use serde_json::{Map, Value};

use super::GraphError;
use crate::templates::is_kind;
use crate::world::World;

/// A file that a message names by its id.
struct Used<'a> {
    /// As Meta names the parameter.
    place: String,
    kind: &'a str,
    content: &'a Value,
    id: &'a str,
}

fn used_at<'a>(place: String, kind: &'a str, content: &'a Value) -> Option<Used<'a>> {
    const MEDIA: [&str; 5] = ["image", "video", "audio", "document", "sticker"];
    let id = content["id"].as_str().filter(|_| MEDIA.contains(&kind))?;
    Some(Used {
        place,
        kind,
        content,
        id,
    })
}

fn listed(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Those in the headers of a template's components, and of its cards.
fn in_components<'a>(components: &'a Value, used: &mut Vec<Used<'a>>) {
    for component in listed(components) {
        if is_kind(component, "type", "header") {
            used.extend(listed(&component["parameters"]).iter().filter_map(|given| {
                let kind = given["type"].as_str()?;
                let place = format!("template['components']['parameters']['{kind}']");
                used_at(place, kind, &given[kind])
            }));
        }
        for card in listed(&component["cards"]) {
            in_components(&card["components"], used);
        }
    }
}

fn used<'a>(body: &'a Map<String, Value>, kind: &'a str) -> Vec<Used<'a>> {
    let mut used = Vec::new();
    let content = body.get(kind).unwrap_or(&Value::Null);
    match kind {
        "template" => in_components(&content["components"], &mut used),
        "interactive" => {
            let header = &content["header"];
            let kind = header["type"].as_str().unwrap_or_default();
            let place = format!("interactive['header']['{kind}']");
            used.extend(used_at(place, kind, &header[kind]));
        }
        _ => used.extend(used_at(kind.to_owned(), kind, content)),
    }
    used
}

/// A file that was never uploaded, or is no more, is refused in the answer.
pub(super) fn exists(
    world: &World,
    body: &Map<String, Value>,
    kind: &str,
    now: Time,
) -> Result<(), GraphError> {
    for used in used(body, kind) {
        if world.media.get(used.id, now).is_none() {
            let place = used.place;
            return Err(GraphError::invalid(format!(
                "Param {place}['id'] is not a valid whatsapp business account media attachment ID"
            )));
        }
    }
    Ok(())
}

/// Whether every file is of the kind as which it is sent. One that is not is taken, and fails.
pub(super) fn fits(world: &World, body: &Map<String, Value>, kind: &str, now: Time) -> bool {
    used(body, kind).iter().all(|used| {
        let Some(stored) = world.media.get(used.id, now) else {
            return true;
        };
        let mime_type = stored.file.mime_type.as_str();
        match used.kind {
            "image" => matches!(mime_type, "image/jpeg" | "image/png"),
            "sticker" => mime_type == "image/webp",
            "video" => mime_type.starts_with("video/"),
            "audio" if used.content["voice"] == true => mime_type.starts_with("audio/ogg"),
            "audio" => mime_type.starts_with("audio/"),
            _ => true,
        }
    })
}
