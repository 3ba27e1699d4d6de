//! The phone's past, as it is shared once at onboarding (section 2.3).
//!
//! One body can hold thousands of messages in many threads; each becomes an item of its own, and
//! the chunk's progress one more. Nothing here ever opens a window.

use ajar_domain::content::Provenance;

use super::{
    super::{
        errors,
        inbound::{
            CustomerRef, HistoryMedia, HistoryMessage, HistoryProgress, HistoryState, Inbound,
            Item, Party, Rejected, RejectedWhy,
        },
        node::Node,
    },
    Change, Items, below, body, message,
    message::Head,
    people::{self, Keys},
    read_problems,
};

pub(super) fn read(change: &Change<'_>, items: &mut Items) {
    let before = items.found.len();
    for (at, part) in change.value.get("history").items().enumerate() {
        let place = format!("{}[{at}]", below(&change.place, "history"));
        if part.is_object() {
            read_part(change, part, &place, items);
        } else {
            let what = Err(change.rejected("history", RejectedWhy::NotAnObject));
            items.push(change.item(place, what));
        }
    }
    // The contents of files come later under the same field, as if they were live.
    let incoming = |node: Node<'_>| {
        let keys = Keys::of(
            node.get("from"),
            node.get("from_user_id"),
            node.get("from_parent_user_id"),
        );
        media(change, node, people::customer(keys, change.contacts))
    };
    let outgoing = |node: Node<'_>| {
        let keys = Keys::of(
            node.get("to"),
            node.get("to_user_id"),
            node.get("to_parent_user_id"),
        );
        media(change, node, people::customer(keys, change.contacts))
    };
    change.each("messages", items, incoming);
    change.each("message_echoes", items, outgoing);
    read_problems(change, items);
    if items.found.len() == before {
        change.whole(Ok(change.not_understood("empty")), items);
    }
}

fn media(change: &Change<'_>, node: Node<'_>, customer: CustomerRef) -> Result<Inbound, Rejected> {
    let kind = node.get("type").kind().unwrap_or_default();
    let wamid = node
        .get("id")
        .wamid()
        .ok_or_else(|| change.rejected(kind, RejectedWhy::NoId))?;
    Ok(Inbound::HistoryMedia(HistoryMedia {
        wamid,
        customer,
        body: body::read(node),
    }))
}

fn read_part(change: &Change<'_>, part: Node<'_>, place: &str, items: &mut Items) {
    for (at, error) in part.get("errors").items().enumerate() {
        let what = match errors::read(error) {
            Some((failure, _)) => Inbound::HistoryRefused { failure },
            None => change.not_understood("history/errors"),
        };
        items.push(change.item(format!("{place}.errors[{at}]"), Ok(what)));
    }
    let mut messages = 0;
    for (at, thread) in part.get("threads").items().enumerate() {
        let customer = customer_of(thread);
        for (nth, node) in thread.get("messages").items().enumerate() {
            messages += 1;
            items.push(Item {
                place: format!("{place}.threads[{at}].messages[{nth}]"),
                ..change.item(String::new(), one(change, &customer, node))
            });
        }
    }
    let metadata = part.get("metadata");
    if metadata.is_object() {
        let number = |key: &str| {
            metadata
                .get(key)
                .count()
                .and_then(|number| u32::try_from(number).ok())
        };
        let progress = HistoryProgress {
            phase: number("phase"),
            chunk: number("chunk_order"),
            percent: number("progress"),
            messages,
        };
        items.push(change.item(
            format!("{place}.metadata"),
            Ok(Inbound::HistoryProgress(progress)),
        ));
    }
}

/// Whose thread it is. The thread's own id is the number where there is one; what it is when the
/// number is hidden nobody says (section 18, 12), so it counts only if nothing better is there.
fn customer_of(thread: Node<'_>) -> CustomerRef {
    let context = thread.get("context");
    let keys = Keys::of(
        context.get("wa_id"),
        context.get("user_id"),
        context.get("parent_user_id"),
    );
    let mut customer = people::customer(keys, Node::NOTHING);
    customer.username = context.get("username").words();
    if !customer.is_known() {
        customer.phone = thread.get("id").phone();
        customer.bsuid = thread.get("id").bsuid_by_form();
    }
    customer
}

fn one(change: &Change<'_>, thread: &CustomerRef, node: Node<'_>) -> Result<Inbound, Rejected> {
    if !node.is_object() {
        return Err(change.rejected("history", RejectedWhy::NotAnObject));
    }
    let from = direction(change, node);
    let mut customer = thread.clone();
    if !customer.is_known() {
        // `from_user_id` of our own messages may hold the customer's id or ours (section 17,
        // 9), so only theirs is read.
        let keys = match from {
            Party::Customer => Keys::of(
                node.get("from"),
                node.get("from_user_id"),
                node.get("from_parent_user_id"),
            ),
            Party::Phone => Keys::of(
                node.get("to"),
                node.get("to_user_id"),
                node.get("to_parent_user_id"),
            ),
        };
        customer = people::customer(keys, Node::NOTHING);
    }
    let head = Head::of(change, node, customer, from, Provenance::History)?;
    if let Some(act) = message::act(change, node, &head) {
        return act;
    }
    if !head.customer.is_known() {
        return Err(change.rejected(head.kind, RejectedWhy::NoCustomer));
    }
    let context = node.get("context");
    Ok(Inbound::History(HistoryMessage {
        wamid: head.id,
        customer: head.customer,
        from,
        at: head.at,
        body: body::read(node),
        quotes: context.get("id").wamid(),
        forwarded: message::forwarded(context),
        state: state(node.get("history_context").get("status").str()),
    }))
}

/// Ours if `from` is the business number, or if it says to whom it went: `to` stands only on
/// messages of the business.
fn direction(change: &Change<'_>, node: Node<'_>) -> Party {
    let from_us = match (node.get("from").phone(), &change.business) {
        (Some(from), Some(business)) => from.canonical() == business.canonical(),
        _ => node.get("to").is_some() || node.get("to_user_id").is_some(),
    };
    if from_us {
        Party::Phone
    } else {
        Party::Customer
    }
}

fn state(word: Option<&str>) -> HistoryState {
    match word.map(str::to_ascii_uppercase).as_deref() {
        Some("PENDING") => HistoryState::Pending,
        Some("SENT") => HistoryState::Sent,
        Some("DELIVERED") => HistoryState::Delivered,
        Some("READ") => HistoryState::Read,
        Some("PLAYED") => HistoryState::Played,
        Some("ERROR") => HistoryState::Failed,
        _ => HistoryState::Unknown,
    }
}
