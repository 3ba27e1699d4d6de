//! Interactive messages: buttons, lists and the other kinds, with their lengths.

use serde_json::Value;

use super::{Checked, at_most, invalid, missing, required};

pub(super) fn interactive(interactive: &Value) -> Checked {
    let kind = required(interactive, "interactive", "type")?;
    header(&interactive["header"])?;
    if let Some(footer) = interactive["footer"]["text"].as_str() {
        at_most(footer, 60, "interactive['footer']['text']")?;
    }
    let action = &interactive["action"];
    if action.is_null() {
        return Err(missing("interactive['action']"));
    }
    let body_limit = if kind == "list" { 4096 } else { 1024 };
    // Catalogue messages may do without words of their own.
    if !matches!(kind, "product" | "catalog_message") {
        let body = required(&interactive["body"], "interactive['body']", "text")?;
        at_most(body, body_limit, "interactive['body']['text']")?;
    }
    match kind {
        "button" => buttons(action),
        "list" => list(interactive),
        "cta_url" => cta_url(action),
        "flow" => flow(action),
        "location_request_message" => named(action, "send_location"),
        "product" => {
            required(action, "interactive['action']", "catalog_id")?;
            required(action, "interactive['action']", "product_retailer_id").map(|_| ())
        }
        "carousel" => carousel(action),
        "request_contact_info"
        | "address_message"
        | "call_permission_request"
        | "voice_call"
        | "product_list"
        | "catalog_message" => Ok(()),
        other => Err(invalid(format!("interactive['type'] cannot be {other}"))),
    }
}

fn header(header: &Value) -> Checked {
    let Some(kind) = header["type"].as_str() else {
        return match header {
            Value::Null => Ok(()),
            _ => Err(missing("interactive['header']['type']")),
        };
    };
    match kind {
        "text" => {
            let text = required(header, "interactive['header']", "text")?;
            at_most(text, 60, "interactive['header']['text']")
        }
        "image" | "video" | "document" => {
            let media = &header[kind];
            if media["id"].is_string() || media["link"].is_string() {
                return Ok(());
            }
            Err(missing(&format!("interactive['header']['{kind}']['id']")))
        }
        other => Err(invalid(format!("interactive['header'] cannot be {other}"))),
    }
}

fn buttons(action: &Value) -> Checked {
    let buttons = action["buttons"].as_array().map_or(&[][..], Vec::as_slice);
    if buttons.is_empty() || buttons.len() > 3 {
        return Err(invalid("interactive needs one to three buttons"));
    }
    let mut seen = Vec::new();
    for button in buttons {
        let title = required(&button["reply"], "button['reply']", "title")?;
        let id = required(&button["reply"], "button['reply']", "id")?;
        at_most(title, 20, "button['reply']['title']")?;
        at_most(id, 256, "button['reply']['id']")?;
        if seen.contains(&title) || seen.contains(&id) {
            return Err(invalid("the titles and ids of buttons must differ"));
        }
        seen.push(id);
    }
    Ok(())
}

fn list(interactive: &Value) -> Checked {
    let header = &interactive["header"]["type"];
    if !header.is_null() && header != "text" {
        return Err(invalid("the header of a list must be text"));
    }
    let action = &interactive["action"];
    let label = required(action, "interactive['action']", "button")?;
    at_most(label, 20, "interactive['action']['button']")?;
    let sections = action["sections"].as_array().map_or(&[][..], Vec::as_slice);
    if sections.is_empty() || sections.len() > 10 {
        return Err(invalid("a list needs one to ten sections"));
    }
    let mut seen = Vec::new();
    for section in sections {
        // One section may do without a title; several may not.
        match section["title"].as_str() {
            Some(title) => at_most(title, 24, "section['title']")?,
            None if sections.len() > 1 => return Err(missing("section['title']")),
            None => {}
        }
        for row in section["rows"].as_array().map_or(&[][..], Vec::as_slice) {
            at_most(required(row, "row", "title")?, 24, "row['title']")?;
            let id = required(row, "row", "id")?;
            at_most(id, 200, "row['id']")?;
            if seen.contains(&id) {
                return Err(invalid("the ids of rows must differ"));
            }
            seen.push(id);
            if let Some(description) = row["description"].as_str() {
                at_most(description, 72, "row['description']")?;
            }
        }
    }
    if seen.is_empty() || seen.len() > 10 {
        return Err(invalid("a list needs one to ten rows in all"));
    }
    Ok(())
}

fn cta_url(action: &Value) -> Checked {
    let parameters = &action["parameters"];
    let label = required(parameters, "parameters", "display_text")?;
    at_most(label, 20, "parameters['display_text']")?;
    required(parameters, "parameters", "url").map(|_| ())
}

fn named(action: &Value, name: &str) -> Checked {
    match required(action, "interactive['action']", "name")? {
        given if given == name => Ok(()),
        other => Err(invalid(format!(
            "interactive['action']['name'] must be {name}, not {other}"
        ))),
    }
}

fn flow(action: &Value) -> Checked {
    named(action, "flow")?;
    let parameters = &action["parameters"];
    required(parameters, "parameters", "flow_message_version")?;
    required(parameters, "parameters", "flow_cta")?;
    match (&parameters["flow_id"], &parameters["flow_name"]) {
        (Value::String(_), Value::Null) | (Value::Null, Value::String(_)) => Ok(()),
        (Value::Null, Value::Null) => Err(missing("parameters['flow_id']")),
        _ => Err(invalid("a flow is named by flow_id or by flow_name")),
    }
}

fn carousel(action: &Value) -> Checked {
    let cards = action["cards"].as_array().map_or(0, Vec::len);
    if !(2..=10).contains(&cards) {
        return Err(invalid("a carousel needs two to ten cards"));
    }
    Ok(())
}
