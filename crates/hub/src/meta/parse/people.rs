//! Who is meant: joins the keys at an update with the `contacts` block beside it.
//!
//! One change may carry updates of several people and one contact for each (section 3), so a
//! contact belongs to an update only if a key says so. Where there is a single contact and no key
//! contradicts, it is the one.

use ajar_domain::{Bsuid, customer::PhoneNumber};

use super::{super::inbound::CustomerRef, super::node::Node};

/// The keys that stand at an update itself.
#[derive(Default)]
pub(super) struct Keys {
    pub phone: Option<PhoneNumber>,
    pub bsuid: Option<Bsuid>,
    pub parent: Option<Bsuid>,
}

impl Keys {
    /// From a field that holds a phone number (or, for people with a username, perhaps their
    /// id), and the two that hold ids.
    pub(super) fn of(phone: Node<'_>, bsuid: Node<'_>, parent: Node<'_>) -> Self {
        Self {
            phone: phone.phone(),
            bsuid: bsuid.bsuid().or_else(|| phone.bsuid_by_form()),
            parent: parent.bsuid(),
        }
    }
}

/// The customer of an update, from its own keys and the contacts of its change.
pub(super) fn customer(keys: Keys, contacts: Node<'_>) -> CustomerRef {
    let contact = contact_of(&keys, contacts);
    let profile = contact.get("profile");
    CustomerRef {
        phone: keys.phone.or_else(|| contact.get("wa_id").phone()),
        bsuid: keys
            .bsuid
            .or_else(|| contact.get("user_id").bsuid())
            .or_else(|| contact.get("wa_id").bsuid_by_form()),
        parent_bsuid: keys
            .parent
            .or_else(|| contact.get("parent_user_id").bsuid()),
        profile_name: profile.get("name").words(),
        username: profile
            .get("username")
            .words()
            .or_else(|| contact.get("username").words()),
    }
}

fn contact_of<'a>(keys: &Keys, contacts: Node<'a>) -> Node<'a> {
    let mut only = Node::NOTHING;
    let mut count = 0usize;
    for contact in contacts.items() {
        match fit(keys, contact) {
            Fit::Same => return contact,
            Fit::NotSaid => {
                only = contact;
                count += 1;
            }
            Fit::Other => count += 1,
        }
    }
    if count == 1 { only } else { Node::NOTHING }
}

enum Fit {
    Same,
    Other,
    /// They have no kind of key in common.
    NotSaid,
}

fn fit(keys: &Keys, contact: Node<'_>) -> Fit {
    // The id decides where both have one: numbers are spelt in several ways.
    if let (Some(ours), Some(theirs)) = (&keys.bsuid, contact.get("user_id").bsuid()) {
        return if *ours == theirs {
            Fit::Same
        } else {
            Fit::Other
        };
    }
    if let (Some(ours), Some(theirs)) = (&keys.phone, contact.get("wa_id").phone()) {
        return if ours.canonical() == theirs.canonical() {
            Fit::Same
        } else {
            Fit::Other
        };
    }
    Fit::NotSaid
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn name(keys: &Value, contacts: &Value) -> Option<String> {
        let keys = Node::of(keys);
        let keys = Keys::of(keys.get("from"), keys.get("id"), keys.get("parent"));
        customer(keys, Node::of(contacts)).profile_name
    }

    fn two_people() -> Value {
        json!([
            {"profile": {"name": "Ana"}, "wa_id": "15550100001", "user_id": "US.1"},
            {"profile": {"name": "Ben"}, "wa_id": "15550100002", "user_id": "US.2"},
        ])
    }

    #[test]
    fn each_update_gets_its_own_contact() {
        let people = two_people();
        assert_eq!(
            name(&json!({"from": "15550100002"}), &people).as_deref(),
            Some("Ben")
        );
        assert_eq!(
            name(&json!({"id": "US.1"}), &people).as_deref(),
            Some("Ana")
        );
    }

    #[test]
    fn a_stranger_in_a_batch_gets_nobodys_name() {
        let people = two_people();
        assert_eq!(name(&json!({"from": "15550100009"}), &people), None);
        assert_eq!(name(&json!({}), &people), None);
    }

    #[test]
    fn a_single_contact_is_meant_unless_a_key_says_otherwise() {
        let one = json!([{"profile": {"name": "Ana"}, "user_id": "US.1"}]);
        assert_eq!(
            name(&json!({"from": "15550100001"}), &one).as_deref(),
            Some("Ana")
        );
        assert_eq!(name(&json!({"id": "US.2"}), &one), None);
    }

    #[test]
    fn two_spellings_of_a_number_are_one_person() {
        let one = json!([{"profile": {"name": "Caio"}, "wa_id": "551187654321"},
                         {"profile": {"name": "Ana"}, "wa_id": "15550100001"}]);
        assert_eq!(
            name(&json!({"from": "5511987654321"}), &one).as_deref(),
            Some("Caio")
        );
    }
}
