//! Calls through the API (section 6), and what they mean for the window.
//!
//! ```text
//!   customer calls us:  connect ─► terminate { COMPLETED | FAILED }      both open it
//!   we call:  call_created ─► RINGING ─► ACCEPTED ─► connect ─► terminate { COMPLETED }
//!                                │         opens                  opens, as of the answer
//!                                └─► REJECTED, terminate { FAILED }      do not
//! ```
//!
//! Each step is judged alone, because any of them may be the only one to arrive, and in any
//! order. The time that counts is when the customer called or answered, not when they hung up.
//! A missed call is known by its end alone if the first step is lost; its ringing is then
//! counted as if it had started when it ended, the only time that Meta gives.

use std::time::Duration;

use ajar_domain::{Time, opening::Occurrence};

use super::{
    super::{
        inbound::{Call, CallStep, CustomerRef, Inbound, Party, Rejected, RejectedWhy},
        node::Node,
    },
    Change, Items,
    people::{self, Keys},
    read_problems,
    status::recipient,
};

pub(super) fn read(change: &Change<'_>, items: &mut Items) {
    let before = items.found.len();
    change.each("calls", items, |node| event(change, node));
    change.each("statuses", items, |node| status(change, node));
    read_problems(change, items);
    if items.found.len() == before {
        change.whole(Ok(change.not_understood("empty")), items);
    }
}

fn event(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let from = direction(change, node);
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
    let customer = people::customer(keys, change.contacts);
    let kind = node.get("event").kind().unwrap_or_default();
    let step = match kind.as_str() {
        "call_created" => CallStep::Created,
        "connect" => CallStep::Connecting,
        "terminate" => CallStep::Ended {
            answered: node.get("status").str() == Some("COMPLETED"),
            started_at: node.get("start_time").time(),
            seconds: node.get("duration").count(),
        },
        _ => CallStep::Other { meta_kind: kind },
    };
    call(change, node, customer, from, step)
}

/// A status of a call that we placed. Upper case, unlike the statuses of messages.
pub(super) fn status(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    let kind = node.get("status").kind().unwrap_or_default();
    let step = match kind.as_str() {
        "RINGING" => CallStep::Ringing,
        "ACCEPTED" => CallStep::Accepted,
        "REJECTED" => CallStep::Rejected,
        _ => CallStep::Other { meta_kind: kind },
    };
    let customer = people::customer(recipient(node), change.contacts);
    call(change, node, customer, Party::Phone, step)
}

fn call(
    change: &Change<'_>,
    node: Node<'_>,
    customer: CustomerRef,
    from: Party,
    step: CallStep,
) -> Result<Inbound, Rejected> {
    let rejected = |why| change.rejected("call", why);
    let id = node
        .get("id")
        .id()
        .ok_or_else(|| rejected(RejectedWhy::NoId))?;
    let at = node
        .get("timestamp")
        .time()
        .ok_or_else(|| rejected(RejectedWhy::NoTime))?;
    if !customer.is_known() {
        return Err(rejected(RejectedWhy::NoCustomer));
    }
    let occurrence = occurrence(from, &step);
    Ok(Inbound::Call(Call {
        event_id: format!("{id}/{}", name(&step)),
        opens_at: opens_at(&step, at),
        callback_data: node.get("biz_opaque_callback_data").words(),
        id,
        at,
        customer,
        from,
        step,
        occurrence,
    }))
}

fn occurrence(from: Party, step: &CallStep) -> Option<Occurrence> {
    match (from, step) {
        (Party::Customer, CallStep::Connecting | CallStep::Ended { .. }) => {
            Some(Occurrence::CustomerCall)
        }
        (Party::Phone, CallStep::Accepted | CallStep::Ended { answered: true, .. }) => {
            Some(Occurrence::AcceptedOurCall)
        }
        (
            Party::Phone,
            CallStep::Rejected
            | CallStep::Ended {
                answered: false, ..
            },
        ) => Some(Occurrence::DeclinedOurCall),
        _ => None,
    }
}

fn opens_at(step: &CallStep, at: Time) -> Time {
    match step {
        CallStep::Ended {
            started_at,
            seconds,
            ..
        } => started_at
            .or_else(|| seconds.map(|seconds| at - Duration::from_secs(seconds)))
            .map_or(at, |answered| answered.min(at)),
        _ => at,
    }
}

fn name(step: &CallStep) -> &str {
    match step {
        CallStep::Created => "created",
        CallStep::Connecting => "connecting",
        CallStep::Ringing => "ringing",
        CallStep::Accepted => "accepted",
        CallStep::Rejected => "rejected",
        CallStep::Ended { .. } => "ended",
        CallStep::Other { meta_kind } => meta_kind,
    }
}

fn direction(change: &Change<'_>, node: Node<'_>) -> Party {
    match node.get("direction").str() {
        Some("USER_INITIATED") => Party::Customer,
        Some("BUSINESS_INITIATED") => Party::Phone,
        _ => match (node.get("from").phone(), &change.business) {
            (Some(from), Some(business)) if from == *business => Party::Phone,
            _ => Party::Customer,
        },
    }
}
