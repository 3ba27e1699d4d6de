//! A webhook body, read: bytes → [`Item`]s.
//!
//! ```text
//!   body ─ entry[] ─ changes[] { field, value } ─ arrays of updates ─► one Item each
//! ```
//!
//! The reader is tolerant in the way section 17 asks for: it looks at what is there and not at
//! what should be, takes both envelopes of a refused history, and routes template events by
//! their contents. Whatever it does not know becomes an item that says so. It never panics and
//! never loses a neighbour; only bytes that are no JSON object at all are [`Malformed`].

mod account;
mod body;
mod call;
mod history;
mod mend;
mod message;
mod people;
mod phonebook;
mod status;
mod template;

use ajar_domain::{PhoneNumberId, Time, customer::PhoneNumber};

use super::{
    errors,
    inbound::{Inbound, Item, Rejected, RejectedWhy},
    node::{Node, short},
};

pub(super) use self::{
    body::digest,
    template::{category as template_category, status as template_status},
};

/// More than any body of 3 MB (section 3) can hold of real updates.
const MAX_ITEMS: usize = 50_000;

/// The bytes are no JSON object. Holds none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the body is no JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("the body is JSON, and no object")]
    NotAnObject,
}

/// About how many messages of customers a body brings, found without reading it as JSON: the room
/// they take of the number's throughput needs no better answer.
#[must_use]
pub fn messages_at_a_glance(body: &[u8]) -> usize {
    // In a text of somebody's the quotes would be escaped.
    const FROM: &[u8] = b"\"from\":";
    body.windows(FROM.len())
        .filter(|window| *window == FROM)
        .count()
}

/// Everything a webhook body says.
///
/// # Errors
/// [`Malformed`] if the body as a whole cannot be read. A part that cannot is an item with
/// [`Rejected`] inside.
pub fn parse_body(bytes: &[u8]) -> Result<Vec<Item>, Malformed> {
    let body = mend::read_json(bytes)?;
    if !body.is_object() {
        return Err(Malformed::NotAnObject);
    }
    let body = Node::of(&body);
    let mut items = Items::default();
    let object = body.get("object").kind();
    if body.get("entry").is_list() {
        match object.as_deref() {
            None | Some("whatsapp_business_account") => {
                for (at, entry) in body.get("entry").items().enumerate() {
                    read_entry(entry, &format!("entry[{at}]"), &mut items);
                }
            }
            // An app may be subscribed to other products of Meta's as well.
            Some(other) => items.not_understood_at_root("object", other),
        }
    } else if body.get("value").is_object() {
        // The test button in Meta's app dashboard sends a change without the envelope.
        read_change(&Change::new(body, Entry::default(), ""), &mut items);
    } else if body.get("history").is_list() {
        // A refused history, as the reference prints it (section 17, 3).
        let change = Change::of_value(body, "history", Entry::default(), String::new());
        read_change(&change, &mut items);
    } else {
        items.not_understood_at_root("object", object.as_deref().unwrap_or("none"));
    }
    Ok(items.done())
}

fn read_entry(entry: Node<'_>, place: &str, items: &mut Items) {
    let about = Entry {
        account: entry.get("id").id(),
        at: entry.get("time").time(),
    };
    if !entry.get("changes").is_list() {
        items.push(Item {
            phone_number_id: None,
            account: about.account,
            standby: false,
            place: place.to_owned(),
            what: Err(Rejected {
                field: String::new(),
                kind: "entry".to_owned(),
                why: RejectedWhy::NoChange,
            }),
        });
        return;
    }
    for (at, change) in entry.get("changes").items().enumerate() {
        let place = format!("{place}.changes[{at}]");
        read_change(&Change::new(change, about.clone(), &place), items);
    }
}

/// What the envelope says about all changes of an entry.
#[derive(Clone, Default)]
struct Entry {
    account: Option<String>,
    at: Option<Time>,
}

/// One change of one field, with what its updates have in common.
struct Change<'a> {
    field: String,
    value: Node<'a>,
    entry: Entry,
    phone_number_id: Option<PhoneNumberId>,
    /// The business number's own digits: they tell the direction of history messages.
    business: Option<PhoneNumber>,
    contacts: Node<'a>,
    standby: bool,
    place: String,
}

impl<'a> Change<'a> {
    fn new(change: Node<'a>, entry: Entry, place: &str) -> Self {
        let field = change.get("field").kind().unwrap_or_default();
        let place = below(place, "value");
        Self::of_value(change.get("value"), &field, entry, place)
    }

    fn of_value(value: Node<'a>, field: &str, entry: Entry, place: String) -> Self {
        let metadata = value.get("metadata");
        // Fields without the usual metadata name the number elsewhere, or not at all.
        let number = [
            metadata,
            value.get("recipient"),
            value.get("phone_number_settings"),
        ]
        .into_iter()
        .find_map(|node| node.get("phone_number_id").id());
        Self {
            field: field.to_owned(),
            value,
            entry,
            phone_number_id: number.map(PhoneNumberId::new),
            business: metadata.get("display_phone_number").phone(),
            contacts: value.get("contacts"),
            standby: false,
            place,
        }
    }

    /// The same change, for the updates that stand under `key` because another handler owns the
    /// thread (section 6).
    fn nested(&self, key: &str) -> Self {
        let value = self.value.get(key);
        let own = value.get("contacts");
        Self {
            field: self.field.clone(),
            value,
            entry: self.entry.clone(),
            phone_number_id: self.phone_number_id.clone(),
            business: self.business.clone(),
            contacts: if own.is_list() { own } else { self.contacts },
            standby: true,
            place: below(&self.place, key),
        }
    }

    fn item(&self, place: String, what: Result<Inbound, Rejected>) -> Item {
        Item {
            phone_number_id: self.phone_number_id.clone(),
            account: self.entry.account.clone(),
            standby: self.standby,
            place,
            what,
        }
    }

    fn rejected(&self, kind: impl Into<String>, why: RejectedWhy) -> Rejected {
        Rejected {
            field: self.field.clone(),
            kind: kind.into(),
            why,
        }
    }

    fn not_understood(&self, kind: impl Into<String>) -> Inbound {
        Inbound::NotUnderstood {
            field: self.field.clone(),
            kind: kind.into(),
        }
    }

    fn not_used(&self, kind: impl Into<String>) -> Inbound {
        Inbound::NotUsed {
            field: self.field.clone(),
            kind: kind.into(),
        }
    }

    /// One item for the whole value.
    fn whole(&self, what: Result<Inbound, Rejected>, items: &mut Items) {
        items.push(self.item(self.place.clone(), what));
    }

    /// One item for each element of the list under `key`.
    fn each(
        &self,
        key: &str,
        items: &mut Items,
        read: impl Fn(Node<'a>) -> Result<Inbound, Rejected>,
    ) {
        for (at, node) in self.value.get(key).items().enumerate() {
            let what = if node.is_object() {
                read(node)
            } else {
                Err(self.rejected(key, RejectedWhy::NotAnObject))
            };
            items.push(self.item(format!("{}[{at}]", below(&self.place, key)), what));
        }
    }
}

/// The place of `key` in the object at `place`.
fn below(place: &str, key: &str) -> String {
    if place.is_empty() {
        key.to_owned()
    } else {
        format!("{place}.{key}")
    }
}

/// The items found so far, and a bound on them.
#[derive(Default)]
struct Items {
    found: Vec<Item>,
    too_many: bool,
}

impl Items {
    fn push(&mut self, item: Item) {
        if self.found.len() < MAX_ITEMS {
            self.found.push(item);
        } else {
            self.too_many = true;
        }
    }

    fn not_understood_at_root(&mut self, field: &str, kind: &str) {
        self.push(Item {
            phone_number_id: None,
            account: None,
            standby: false,
            place: String::new(),
            what: Ok(Inbound::NotUnderstood {
                field: field.to_owned(),
                kind: short(kind),
            }),
        });
    }

    fn done(mut self) -> Vec<Item> {
        if self.too_many {
            self.found.push(Item {
                phone_number_id: None,
                account: None,
                standby: false,
                place: String::new(),
                what: Err(Rejected {
                    field: String::new(),
                    kind: "body".to_owned(),
                    why: RejectedWhy::TooMany,
                }),
            });
        }
        self.found
    }
}

fn read_change(change: &Change<'_>, items: &mut Items) {
    if !change.value.is_object() {
        let what = Err(change.rejected("value", RejectedWhy::NotAnObject));
        return change.whole(what, items);
    }
    match change.field.as_str() {
        "messages" | "smb_message_echoes" | "message_echoes" => read_updates(change, items),
        "standby" => read_updates(&change.nested("standby"), items),
        "history" => history::read(change, items),
        "calls" => call::read(change, items),
        "smb_app_state_sync" => {
            change.each("state_sync", items, |node| phonebook::contact(change, node));
        }
        "user_preferences" => change.each("user_preferences", items, |node| {
            phonebook::preference(change, node)
        }),
        "user_id_update" => change.each("user_id_update", items, |node| {
            phonebook::user_id(change, node)
        }),
        "messaging_handovers" => change.whole(message::hand_over(change), items),
        "message_template_status_update"
        | "message_template_quality_update"
        | "message_template_components_update"
        | "template_category_update" => change.whole(template::read(change), items),
        "account_update"
        | "account_alerts"
        | "account_review_update"
        | "account_settings_update"
        | "business_capability_update"
        | "phone_number_quality_update"
        | "phone_number_name_update"
        | "security" => change.whole(account::read(change), items),
        // Exist (section 6), and mean nothing for one-to-one chats.
        "flows"
        | "business_username_updates"
        | "partner_solutions"
        | "payment_configuration_update"
        | "automatic_events"
        | "template_correct_category_detection"
        | "group_lifecycle_update"
        | "group_participants_update"
        | "group_settings_update"
        | "group_status_update" => {
            change.whole(Ok(change.not_used(change.field.clone())), items);
        }
        _ => change.whole(Ok(change.not_understood("field")), items),
    }
}

/// The value of a message-like field: several arrays may stand side by side.
fn read_updates(change: &Change<'_>, items: &mut Items) {
    let before = items.found.len();
    change.each("messages", items, |node| message::live(change, node));
    change.each("message_echoes", items, |node| message::echo(change, node));
    change.each("statuses", items, |node| status::read(change, node));
    read_problems(change, items);
    // Clicks in marketing messages; reported by practitioners only.
    change.each("user_actions", items, |_| {
        Ok(change.not_used("user_actions"))
    });
    for key in change.value.keys() {
        let known = matches!(
            key,
            "messaging_product"
                | "metadata"
                | "contacts"
                | "messages"
                | "message_echoes"
                | "statuses"
                | "errors"
                | "user_actions"
        );
        // Lists and objects hold updates; a plain value is only a field more.
        let updates = change.value.get(key);
        if !known && (updates.is_list() || updates.is_object()) {
            let place = below(&change.place, &short(key));
            items.push(change.item(place, Ok(change.not_understood(short(key)))));
        }
    }
    if items.found.len() == before {
        change.whole(Ok(change.not_understood("empty")), items);
    }
}

/// Errors that stand beside the updates, or instead of them (section 4).
fn read_problems(change: &Change<'_>, items: &mut Items) {
    change.each("errors", items, |node| {
        Ok(match errors::read(node) {
            Some((failure, _)) => Inbound::Problem { failure },
            None => change.not_understood("errors"),
        })
    });
}

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
