//! The worker that carries the outbox to Meta.
//!
//! One loop: find what is due, claim each row in the database, check its window at the last
//! moment, make the request, write down the answer. The states are drawn in
//! [`ajar_domain::outbox`]; here they meet the database and the network:
//!
//! - A row is claimed in a transaction before its request. Whoever dies in between leaves a
//!   `Sending` row that nobody repeats; it becomes uncertain.
//! - At most one row of a conversation is under way, and rows of different conversations go
//!   out side by side, so one agent's burst never starves the others.
//! - The bell ([`Core::outbox_waits`]) only wakes the loop; the truth is the table.

use std::{sync::Arc, time::Duration};

use ajar_domain::{
    MessageId, Time,
    composer::Pause,
    delivery::Delivery,
    failure::FailureCode,
    outbox::{Answer, Outbound, SideEffect},
    window::{OpenProof, Refusal},
};
use futures::StreamExt;

use crate::{
    clock::wait_until,
    core::Core,
    meta::graph::{OutboundRequest, Recipient},
    store::{
        Result, Tx,
        outbox::{OutRow, Payload},
    },
};

/// Requests under way at once. The number's rate is 20 per second in Coexistence (platform
/// notes, section 12); with answers in under a second this keeps below it.
const AT_ONCE: usize = 8;
/// A request that takes longer has lost its sender.
const STALE_AFTER: Duration = Duration::from_secs(120);

/// Sends for ever.
pub async fn run(core: Arc<Core>) {
    if let Err(error) = settle_after_restart(&core).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the outbox could not be settled after the restart"
        );
    }
    loop {
        let next = match send_due(&core).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the outbox waits: the database refused"
                );
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let due = async {
            match next {
                Some(at) => wait_until(&core.clock, at).await,
                // Another process may have died in the middle of a request.
                None => tokio::time::sleep(STALE_AFTER).await,
            }
        };
        tokio::select! {
            () = core.outbox_waits.notified() => {}
            () = due => {}
        }
    }
}

/// Requests that were under way when this hub died: nobody knows what became of them.
async fn settle_after_restart(core: &Arc<Core>) -> Result<()> {
    // On PostgreSQL another process may be in the middle of its own requests.
    let grace = if core.store.is_postgres() {
        STALE_AFTER
    } else {
        Duration::ZERO
    };
    settle_stale(core, grace).await
}

async fn settle_stale(core: &Arc<Core>, grace: Duration) -> Result<()> {
    let now = core.now();
    let stale = {
        let mut conn = core.store.read().await?;
        conn.stale_sending(now - grace).await?
    };
    for row in stale {
        let mut tx = core.store.begin().await?;
        let state = row.state.clone().after_restart(now);
        write(&mut tx, &row, &state).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Sends everything that is due; returns when the next is.
async fn send_due(core: &Arc<Core>) -> Result<Option<Time>> {
    settle_stale(core, STALE_AFTER).await?;
    loop {
        if core.store.team().await?.stopped.is_some() {
            return Ok(None);
        }
        let now = core.now();
        let due = {
            let mut conn = core.store.read().await?;
            let due = conn.due(now, 64).await?;
            if due.is_empty() {
                return conn.next_due(now).await;
            }
            due
        };
        let results: Vec<Result<()>> = futures::stream::iter(due)
            .map(|row| send(core, row))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for result in results {
            result?;
        }
    }
}

/// What is sent, with its proof where it needs one.
async fn send(core: &Arc<Core>, row: OutRow) -> Result<()> {
    let Some((request, attempt)) = claim(core, &row).await? else {
        return Ok(());
    };
    let sent = core.graph.send_fully(&request).await;
    metrics::counter!("ajar_sends_total", "answer" => word(&sent.answer)).increment(1);
    let now = core.now();
    let (mut state, mut effect) = Outbound::answered(&row.right, sent.answer, attempt, now);
    if let Some(wait) = sent.wait {
        state = state.not_before(now + wait);
        effect = effect.not_before(now + wait);
    }
    let mut tx = core.store.begin().await?;
    // A status may have been quicker than the answer. Whatever it decided (accepted, or refused
    // late and so parked) stands; the answer only settles what is still being sent.
    let settled = tx
        .conn
        .outbox_row(&row.id)
        .await?
        .is_none_or(|known| !matches!(known.state, Outbound::Sending { .. }));
    if !settled {
        write(&mut tx, &row, &state).await?;
        heed(&mut tx, &row, effect, &state, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Accepted { .. } => "accepted",
        Answer::Refused { .. } => "refused",
        Answer::NotSent => "not_sent",
        Answer::Lost => "lost",
    }
}

/// The last check before the request. `None`: parked, or another process was quicker.
async fn claim(core: &Arc<Core>, row: &OutRow) -> Result<Option<(OutboundRequest, u32)>> {
    let mut tx = core.store.begin().await?;
    let Some(conversation) = tx.conn.conversation(row.conversation.as_str()).await? else {
        return Ok(None);
    };
    let (Some(inbox), Some(line)) = (
        tx.conn.inbox(row.inbox.as_str()).await?,
        tx.conn.line(&row.inbox).await?,
    ) else {
        return Ok(None);
    };
    let now = core.now();
    let margin = Duration::from_millis(u64::from(inbox.margin_ms));
    let proof = match Outbound::check_deadline(&row.right, &conversation.facts, now, margin) {
        Ok(proof) => proof,
        Err(parked) => {
            write(&mut tx, row, &parked).await?;
            tx.commit().await?;
            return Ok(None);
        }
    };
    if inbox.paused.is_some() {
        // It waits with its deadline; the reconnection rings the bell.
        let later = Outbound::Waiting {
            not_before: now + Duration::from_secs(60),
            attempt: row.attempt,
        };
        tx.write_outbound(&row.id, &later).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let address = tx.conn.address(&conversation.customer.id).await?;
    if !tx.claim(row, &core.process, now).await? {
        return Ok(None);
    }
    tx.commit().await?;
    let recipient = Recipient {
        phone: address.phone,
        bsuid: address.bsuid,
    };
    Ok(request(row, proof, recipient, &line.phone_number_id)
        .map(|request| (request, row.attempt + 1)))
}

fn request(
    row: &OutRow,
    proof: Option<OpenProof>,
    recipient: Recipient,
    from: &ajar_domain::PhoneNumberId,
) -> Option<OutboundRequest> {
    Some(match &row.payload {
        Payload::Text { body, reply_to } => OutboundRequest::text(
            from.clone(),
            recipient,
            row.id.clone(),
            body.clone(),
            reply_to.clone(),
            proof?,
        ),
        Payload::Template { filled } => OutboundRequest::template(
            from.clone(),
            recipient,
            row.id.clone(),
            filled.as_ref().clone(),
        ),
        Payload::MarkRead { wamid } => OutboundRequest::mark_read(from.clone(), wamid.clone()),
    })
}

/// Writes a new state to the outbox row and, where it is a message, to its tick.
async fn write(tx: &mut Tx, row: &OutRow, state: &Outbound) -> Result<()> {
    if matches!(row.payload, Payload::MarkRead { .. }) {
        // A read mark is a courtesy: it is not shown, and a lost one is not worth a question.
        return match state {
            Outbound::Waiting { .. } | Outbound::Sending { .. } => {
                tx.write_outbound(&row.id, state).await
            }
            Outbound::Accepted { .. }
            | Outbound::Uncertain { .. }
            | Outbound::Failed { .. }
            | Outbound::Parked { .. } => tx.remove_outbound(&row.id).await,
        };
    }
    tx.write_outbound(&row.id, state).await?;
    if let Outbound::Accepted { at, .. } = state {
        // Sending takes the chat over from another handler (platform notes, section 6).
        tx.note_ours(&row.conversation, *at).await?;
    }
    let id = MessageId::new(row.id.clone());
    let (base, wamid) = match state {
        Outbound::Waiting { .. } | Outbound::Sending { .. } => (Delivery::Queued, None),
        Outbound::Uncertain { since } => (Delivery::Uncertain { since: *since }, None),
        Outbound::Accepted { wamid, at } => (Delivery::Accepted { at: *at }, Some(wamid)),
        Outbound::Failed { at, failure } => (
            Delivery::Failed {
                at: *at,
                failure: failure.clone(),
            },
            None,
        ),
        Outbound::Parked { since, why } => (
            Delivery::Parked {
                since: *since,
                why: why.clone(),
            },
            None,
        ),
    };
    tx.write_base(&id, &base, wamid).await?;
    tx.refresh_head(&row.conversation).await
}

/// What one answer means beyond its message.
async fn heed(
    tx: &mut Tx,
    row: &OutRow,
    effect: SideEffect,
    state: &Outbound,
    now: Time,
) -> Result<()> {
    match effect {
        SideEffect::None => Ok(()),
        SideEffect::PauseNumberUntil(until) => tx.hold_number(&row.inbox, until).await,
        SideEffect::PauseRecipientUntil(until) => tx.hold_recipient(&row.conversation, until).await,
        SideEffect::StopQueue => {
            let why = match state {
                Outbound::Failed { failure, .. } if failure.code == FailureCode::Restricted => {
                    Pause::AccountRestricted
                }
                _ => Pause::TokenInvalid,
            };
            tracing::error!(
                ?why,
                "Meta refuses everything: sending is stopped until an administrator has acted"
            );
            tx.stop_queue(Some((why, now))).await
        }
        SideEffect::DisputeWindow { at } => {
            let mut facts = tx.facts(&row.conversation).await?;
            facts.record_refusal(Refusal {
                at,
                message: MessageId::new(row.id.clone()),
            });
            tx.write_facts(&row.conversation, &facts).await?;
            tx.refresh_head(&row.conversation).await
        }
    }
}
