//! Messages of the customer, echoes of the phone, and what both do to earlier messages.
//!
//! Here it is decided which [`Occurrence`] a message is; what an occurrence does to the window
//! is decided in the domain, in one table.

use ajar_domain::{content::Provenance, opening::Occurrence};

use super::{
    super::{
        inbound::{
            CustomerChange, CustomerRef, Deletion, EchoMessage, Edit, Forwarded, HandOver, Inbound,
            InboundMessage, NewIdentity, Party, Product, Reaction, Referral, Rejected, RejectedWhy,
        },
        node::Node,
    },
    Change, body,
    people::{self, Keys},
};

/// An element of `messages`: from the customer, now.
pub(super) fn live(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let keys = Keys::of(
        node.get("from"),
        node.get("from_user_id"),
        node.get("from_parent_user_id"),
    );
    let customer = people::customer(keys, change.contacts);
    let head = Head::of(change, node, customer, Party::Customer, Provenance::Live)?;
    // What somebody says in a group says nothing about a chat of two, and opens none.
    if node.get("group_id").is_some() {
        return Ok(change.not_used("group_message"));
    }
    if let Some(act) = act(change, node, &head) {
        return act;
    }
    match head.kind.as_str() {
        "system" => return Ok(Inbound::CustomerChanged(system(node, head))),
        // Withdrawn on 2026-03-27: the customer opened an empty chat and said nothing.
        "request_welcome" => return Ok(change.not_used("request_welcome")),
        _ => {}
    }
    if !head.customer.is_known() {
        return Err(change.rejected(head.kind, RejectedWhy::NoCustomer));
    }
    let context = node.get("context");
    Ok(Inbound::Message(InboundMessage {
        occurrence: occurrence(&head.kind, node, change.standby),
        wamid: head.id,
        at: head.at,
        customer: head.customer,
        body: body::read(node),
        quotes: context.get("id").wamid(),
        forwarded: forwarded(context),
        referral: referral(node.get("referral")).map(Box::new),
        product: product(context.get("referred_product")),
    }))
}

/// An element of `message_echoes`: typed on the phone, now.
pub(super) fn echo(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let keys = Keys::of(
        node.get("to"),
        node.get("to_user_id"),
        node.get("to_parent_user_id"),
    );
    let customer = people::customer(keys, change.contacts);
    let head = Head::of(change, node, customer, Party::Phone, Provenance::Live)?;
    if node.get("group_id").is_some() {
        return Ok(change.not_used("group_message"));
    }
    if let Some(act) = act(change, node, &head) {
        return act;
    }
    if !head.customer.is_known() {
        return Err(change.rejected(head.kind, RejectedWhy::NoCustomer));
    }
    let context = node.get("context");
    Ok(Inbound::Echo(EchoMessage {
        wamid: head.id,
        at: head.at,
        customer: head.customer,
        body: body::read(node),
        quotes: context.get("id").wamid(),
        forwarded: forwarded(context),
    }))
}

/// What every message-like update has.
pub(super) struct Head {
    pub id: ajar_domain::WaMessageId,
    pub at: ajar_domain::Time,
    pub kind: String,
    pub customer: CustomerRef,
    pub from: Party,
    pub provenance: Provenance,
}

impl Head {
    pub(super) fn of(
        change: &Change<'_>,
        node: Node<'_>,
        customer: CustomerRef,
        from: Party,
        provenance: Provenance,
    ) -> Result<Self, Rejected> {
        let kind = node.get("type").kind().unwrap_or_else(|| "none".to_owned());
        let rejected = |why| change.rejected(kind.clone(), why);
        Ok(Self {
            id: node
                .get("id")
                .wamid()
                .ok_or_else(|| rejected(RejectedWhy::NoId))?,
            at: node
                .get("timestamp")
                .time()
                .ok_or_else(|| rejected(RejectedWhy::NoTime))?,
            kind,
            customer,
            from,
            provenance,
        })
    }
}

/// Reactions, edits and deletions: they are about another message and are none themselves.
pub(super) fn act(
    change: &Change<'_>,
    node: Node<'_>,
    head: &Head,
) -> Option<Result<Inbound, Rejected>> {
    let body = node.get(&head.kind);
    let target = match head.kind.as_str() {
        "reaction" => body.get("message_id").wamid(),
        "edit" | "revoke" => body.get("original_message_id").wamid(),
        _ => return None,
    };
    let Some(target) = target else {
        return Some(Err(
            change.rejected(head.kind.clone(), RejectedWhy::NoTarget)
        ));
    };
    let (id, at, from) = (head.id.clone(), head.at, head.from);
    let (customer, provenance) = (head.customer.clone(), head.provenance);
    Some(Ok(match head.kind.as_str() {
        "reaction" => Inbound::Reaction(Reaction {
            id,
            at,
            from,
            customer,
            target,
            // A removal has no emoji, or an empty one (section 4).
            emoji: body.get("emoji").words(),
            provenance,
        }),
        "edit" => Inbound::Edit(Edit {
            id,
            at,
            from,
            customer,
            target,
            body: body::read(body.get("message")),
            provenance,
        }),
        _ => Inbound::Deletion(Deletion {
            id,
            at,
            from,
            customer,
            target,
            provenance,
        }),
    }))
}

/// What a customer's message means for the window (section 1.1).
fn occurrence(kind: &str, node: Node<'_>, standby: bool) -> Occurrence {
    let plain = match kind {
        _ if body::is_placeholder(node) => Occurrence::CoexistencePlaceholder,
        "button" => Occurrence::CustomerTap,
        "interactive" => match node.get("interactive").get("call_permission_reply") {
            // Granted by Meta because the customer called, not by a tap of the customer.
            reply if reply.get("response_source").str() == Some("automatic") => Occurrence::Notice,
            _ => Occurrence::CustomerTap,
        },
        "contacts" if body::is_contact_answer(node) => Occurrence::CustomerTap,
        // A placeholder of the history in the wrong place says nothing new.
        "media_placeholder" => Occurrence::History,
        kind if body::is_known(kind) => Occurrence::CustomerMessage,
        // Since July 2026 Meta delivers edits this way (section 2.6); other acts may follow.
        "unsupported" => match node.get("unsupported").get("type").str() {
            Some("edit") => Occurrence::Edit,
            Some("revoke" | "delete") => Occurrence::Deletion,
            Some("reaction") => Occurrence::Reaction,
            _ => Occurrence::UnsupportedMessage,
        },
        // A kind of the future: they sent something that we cannot show.
        _ => Occurrence::UnsupportedMessage,
    };
    if standby && plain.opens_window() {
        Occurrence::StandbyMessage
    } else {
        plain
    }
}

pub(super) fn forwarded(context: Node<'_>) -> Forwarded {
    if context.get("frequently_forwarded").flag() == Some(true) {
        Forwarded::Often
    } else if context.get("forwarded").flag() == Some(true) {
        Forwarded::Once
    } else {
        Forwarded::No
    }
}

fn referral(node: Node<'_>) -> Option<Referral> {
    node.is_object().then(|| Referral {
        source_url: node.get("source_url").words(),
        source_id: node.get("source_id").id(),
        source_kind: node.get("source_type").words(),
        headline: node.get("headline").words(),
        body: node.get("body").words(),
        media_kind: node.get("media_type").words(),
        image_url: node.get("image_url").words(),
        video_url: node.get("video_url").words(),
        thumbnail_url: node.get("thumbnail_url").words(),
        click_id: node.get("ctwa_clid").words(),
        welcome_text: node.get("welcome_message").get("text").words(),
    })
}

fn product(node: Node<'_>) -> Option<Product> {
    Some(Product {
        catalog_id: node.get("catalog_id").id(),
        product_id: node.get("product_retailer_id").id()?,
    })
}

/// A notice about the customer in the shape of a message. `from` is the number so far.
fn system(node: Node<'_>, head: Head) -> CustomerChange {
    let notice = node.get("system");
    let kind = notice.get("type").kind().unwrap_or_default();
    let change = match (kind.as_str(), notice.get("user_id").bsuid()) {
        ("user_changed_user_id", Some(current)) => NewIdentity::UserId {
            // The former id stands in a sentence only, and sentences are not parsed.
            previous: head.customer.bsuid.clone(),
            current,
            parent_previous: None,
            parent_current: notice.get("parent_user_id").bsuid(),
        },
        ("user_changed_number", bsuid) => NewIdentity::Number {
            phone: notice.get("wa_id").phone(),
            bsuid,
        },
        ("customer_identity_changed", _) => {
            let identity = node.get("identity");
            NewIdentity::SecurityCode {
                hash: identity.get("hash").words(),
                acknowledged: identity.get("acknowledged").flag() == Some(true),
            }
        }
        _ => NewIdentity::Other { meta_kind: kind },
    };
    CustomerChange {
        id: Some(head.id),
        at: head.at,
        customer: head.customer,
        change,
    }
}

/// The value of `messaging_handovers`: the thread has another owner.
pub(super) fn hand_over(change: &Change<'_>) -> Result<Inbound, Rejected> {
    let value = change.value;
    let kind = value.get("type").kind().unwrap_or_default();
    let Some(at) = value.get("timestamp").time() else {
        return Err(change.rejected(kind, RejectedWhy::NoTime));
    };
    let sender = value.get("sender");
    let keys = Keys::of(
        sender.get("phone_number"),
        sender.get("user_id"),
        sender.get("parent_user_id"),
    );
    let detail = value.get(&kind);
    Ok(Inbound::HandOver(HandOver {
        at,
        customer: people::customer(keys, change.contacts),
        previous_owner: detail.get("previous_owner_role").kind(),
        new_owner: detail.get("new_owner_role").kind(),
        summary: detail
            .get("conversation_context")
            .get("summary")
            .get("text")
            .words(),
        meta_kind: kind,
    }))
}
