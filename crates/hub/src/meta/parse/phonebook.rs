//! What people and the phone's address book say about who is who: contacts, preferences, ids.

use super::{
    super::{
        inbound::{
            AddressBook, ContactChange, CustomerChange, CustomerRef, Inbound, NewIdentity,
            Preference, Rejected, RejectedWhy,
        },
        node::Node,
    },
    Change,
    people::{self, Keys},
};

/// An element of `state_sync` (section 2.4).
pub(super) fn contact(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let kind = node.get("type").kind().unwrap_or_default();
    if kind != "contact" {
        return Ok(change.not_understood(format!("state_sync/{kind}")));
    }
    let contact = node.get("contact");
    let action = node.get("action").kind().unwrap_or_default();
    let rejected = |why| change.rejected(format!("contact/{action}"), why);
    let phone = contact.get("phone_number");
    let customer = CustomerRef {
        phone: phone.phone(),
        bsuid: contact.get("user_id").bsuid(),
        parent_bsuid: contact.get("parent_user_id").bsuid(),
        profile_name: None,
        username: contact.get("username").words(),
    };
    if !customer.is_known() {
        return Err(rejected(RejectedWhy::NoCustomer));
    }
    let at = node
        .get("metadata")
        .get("timestamp")
        .time()
        .ok_or_else(|| rejected(RejectedWhy::NoTime))?;
    let change = match action.as_str() {
        // Edits come as `add` too; `edit` is not documented, and would mean the same.
        "add" | "edit" => AddressBook::Saved {
            full_name: contact.get("full_name").words(),
            first_name: contact.get("first_name").words(),
        },
        "remove" => AddressBook::Removed,
        _ => return Err(rejected(RejectedWhy::NoChange)),
    };
    Ok(Inbound::Contact(ContactChange {
        at,
        customer,
        change,
    }))
}

/// An element of `user_preferences`.
pub(super) fn preference(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let category = node.get("category").kind().unwrap_or_default();
    let rejected = |why| change.rejected(format!("preference/{category}"), why);
    let customer = named(
        change,
        node,
        node.get("user_id"),
        node.get("parent_user_id"),
    );
    if !customer.is_known() {
        return Err(rejected(RejectedWhy::NoCustomer));
    }
    let wanted = match node.get("value").str() {
        Some("stop") => false,
        Some("resume") => true,
        _ => return Err(rejected(RejectedWhy::NoChange)),
    };
    Ok(Inbound::Preference(Preference {
        at: node
            .get("timestamp")
            .time()
            .ok_or_else(|| rejected(RejectedWhy::NoTime))?,
        customer,
        category,
        wanted,
    }))
}

/// An element of `user_id_update`.
pub(super) fn user_id(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let rejected = |why| change.rejected("user_id_update", why);
    let ids = node.get("user_id");
    let parents = node.get("parent_user_id");
    let Some(current) = ids.get("current").bsuid() else {
        return Err(rejected(RejectedWhy::NoChange));
    };
    Ok(Inbound::CustomerChanged(CustomerChange {
        id: None,
        at: node
            .get("timestamp")
            .time()
            .ok_or_else(|| rejected(RejectedWhy::NoTime))?,
        customer: named(change, node, ids.get("previous"), parents.get("previous")),
        change: NewIdentity::UserId {
            previous: ids.get("previous").bsuid(),
            current,
            parent_previous: parents.get("previous").bsuid(),
            parent_current: parents.get("current").bsuid(),
        },
    }))
}

fn named(change: &Change<'_>, node: Node<'_>, bsuid: Node<'_>, parent: Node<'_>) -> CustomerRef {
    let keys = Keys::of(node.get("wa_id"), bsuid, parent);
    people::customer(keys, change.contacts)
}
