//! How the platform spells what it says in webhooks. The only place that builds envelopes.

use ajar_domain::time::Time;
use serde_json::{Map, Value, json};

use crate::settings::Settings;
use crate::world::{Number, Person};

/// One change on its way out: entry, field, value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    pub entry_id: String,
    /// Account and template changes say when, in seconds; message changes do not.
    pub time: Option<i64>,
    pub field: String,
    pub value: Value,
}

/// One POST with these updates; neighbours of one account share an entry.
pub(crate) fn envelope(updates: &[Update]) -> Value {
    let mut entries: Vec<Value> = Vec::new();
    for update in updates {
        let change = json!({ "field": update.field, "value": update.value });
        let same_entry = entries
            .last_mut()
            .filter(|entry| entry["id"] == update.entry_id.as_str() && update.time.is_none())
            .filter(|entry| entry.get("time").is_none());
        if let Some(changes) = same_entry.and_then(|entry| entry["changes"].as_array_mut()) {
            changes.push(change);
            continue;
        }
        let mut entry = json!({ "id": update.entry_id, "changes": [change] });
        if let Some(time) = update.time {
            entry["time"] = json!(time);
        }
        entries.push(entry);
    }
    json!({ "object": "whatsapp_business_account", "entry": entries })
}

/// The frame of every message-like value.
pub(crate) fn value(number: &Number) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": number.digits,
            "phone_number_id": number.phone_number_id,
        },
    })
}

/// The entry of `contacts[]` for a person.
pub(crate) fn contact(person: &Person, settings: &Settings, with_username: bool) -> Value {
    let mut profile = Map::new();
    profile.insert("name".to_owned(), json!(person.name));
    if let Some(username) = person.username.as_ref().filter(|_| with_username) {
        profile.insert("username".to_owned(), json!(username));
    }
    let mut contact = Map::new();
    contact.insert("profile".to_owned(), Value::Object(profile));
    if let Some(wa_id) = person.visible_wa_id() {
        contact.insert("wa_id".to_owned(), json!(wa_id));
    }
    if settings.user_ids {
        contact.insert("user_id".to_owned(), json!(person.user_id));
        if let Some(parent) = &person.parent_user_id {
            contact.insert("parent_user_id".to_owned(), json!(parent));
        }
    }
    Value::Object(contact)
}

/// Names a person inside an object: `from` and `from_user_id`, `to` and `to_user_id`,
/// `recipient_id` and `recipient_user_id`.
pub(crate) fn name_party(
    object: &mut Map<String, Value>,
    person: &Person,
    settings: &Settings,
    [number, user_id, parent]: [&str; 3],
) {
    if let Some(wa_id) = person.visible_wa_id() {
        object.insert(number.to_owned(), json!(wa_id));
    }
    if settings.user_ids {
        object.insert(user_id.to_owned(), json!(person.user_id));
        if let Some(id) = &person.parent_user_id {
            object.insert(parent.to_owned(), json!(id));
        }
    }
}

pub(crate) const FROM: [&str; 3] = ["from", "from_user_id", "from_parent_user_id"];
pub(crate) const TO: [&str; 3] = ["to", "to_user_id", "to_parent_user_id"];
pub(crate) const RECIPIENT: [&str; 3] = [
    "recipient_id",
    "recipient_user_id",
    "recipient_parent_user_id",
];

/// Meta counts in whole seconds and writes them as a string.
pub(crate) fn timestamp(at: Time) -> Value {
    json!(at.secs().to_string())
}

/// A customer message in its frame.
pub(crate) fn message(
    number: &Number,
    person: &Person,
    settings: &Settings,
    message: &Map<String, Value>,
) -> Value {
    let mut value = value(number);
    // Notices of a changed number or user id come without a profile.
    let bare = message.get("type") == Some(&json!("system")) && message.get("identity").is_none();
    if !bare {
        value["contacts"] = json!([contact(person, settings, true)]);
    }
    value["messages"] = json!([message]);
    value
}

/// An echo of what was typed on the phone, in its frame.
pub(crate) fn echo(
    number: &Number,
    person: &Person,
    settings: &Settings,
    echo: &Map<String, Value>,
) -> Value {
    let mut value = value(number);
    if settings.user_ids {
        value["contacts"] = json!([contact(person, settings, true)]);
    }
    value["message_echoes"] = json!([echo]);
    value
}

/// JSON as Meta writes it before signing: everything beyond ASCII escaped, slashes too.
pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let plain = value.to_string();
    let mut out = Vec::with_capacity(plain.len() + plain.len() / 8);
    let mut units = [0_u16; 2];
    for c in plain.chars() {
        match c {
            // Slashes stand only inside strings, where they may be escaped.
            '/' => out.extend_from_slice(b"\\/"),
            c if c.is_ascii() => out.push(c as u8),
            c => {
                for unit in c.encode_utf16(&mut units) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_ascii_and_mean_the_same() {
        let value = json!({ "body": "Grüße 🚲 \"https://a.example/b\"\n\\" });
        let bytes = to_bytes(&value);
        assert!(bytes.is_ascii());
        assert!(bytes.windows(6).any(|w| w == b"\\ud83d"));
        assert!(bytes.windows(4).any(|w| w == b"\\/\\/"));
        assert_eq!(
            serde_json::from_slice::<Value>(&bytes).expect("json"),
            value
        );
    }

    #[test]
    fn neighbours_of_one_account_share_an_entry() {
        let update = |entry: &str, time| Update {
            entry_id: entry.to_owned(),
            time,
            field: "messages".to_owned(),
            value: json!({}),
        };
        let all = envelope(&[
            update("1", None),
            update("1", None),
            update("1", Some(5)),
            update("2", None),
        ]);
        let changes: Vec<_> = all["entry"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| entry["changes"].as_array().map_or(0, Vec::len))
            .collect();
        assert_eq!(changes, [2, 1, 1]);
    }
}
