//! What becomes of rows, and what one answer means beyond its message.

use std::{collections::HashSet, time::Duration};

use ajar_domain::{
    MessageId, Time, WaMessageId,
    composer::Pause,
    delivery::Delivery,
    failure::{Failure, FailureCode},
    outbox::{Outbound, SideEffect},
    window::Refusal,
};

use super::SWEEP;
use crate::{
    commands::own_position,
    core::Core,
    store::{
        Result, Tx,
        outbox::{OutRow, Payload},
    },
};

/// Gives up requests that are older than `grace` and not among those under way here.
pub(super) async fn stale(core: &Core, grace: Duration, mine: &HashSet<&str>) -> Result<()> {
    let before = core.now() - grace;
    let stale = core.store.read().await?.stale_sending(before).await?;
    for seen in stale {
        if mine.contains(seen.id.as_str()) {
            continue;
        }
        let mut tx = core.store.begin().await?;
        let Some(row) = tx.conn.outbox_row(&seen.id).await? else {
            continue;
        };
        // Its answer may have come since.
        if !matches!(row.state, Outbound::Sending { since, .. } if since <= before) {
            continue;
        }
        let state = row.state.clone().after_restart(core.now());
        if row.payload.is_mark() {
            tx.remove_outbound(&row.id).await?;
        } else {
            write(&mut tx, &row, &state).await?;
            tx.refresh_head(&row.conversation).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Scheduled messages whose moment has come stand in line like those that are written now: behind
/// what waits already, with a right that is asked anew before the request.
pub(super) async fn stand_in_line(core: &Core) -> Result<()> {
    loop {
        let now = core.now();
        let due = core.store.read().await?.schedule_due(now, SWEEP).await?;
        if due.is_empty() {
            return Ok(());
        }
        for seen in due {
            let mut tx = core.store.begin().await?;
            let Some(row) = tx.conn.outbox_row(&seen.id).await? else {
                continue;
            };
            // A person may have taken it back, or sent it, since.
            if !matches!(row.state, Outbound::Scheduled { at } if at <= now) {
                continue;
            }
            let id = MessageId::new(row.id.clone());
            tx.move_message(&id, &own_position(now, &id), now, row.right.send_before())
                .await?;
            tx.write_base(&id, &Delivery::Queued, None).await?;
            let again = OutRow {
                seq: tx.visible_at(),
                state: row.state.clone().in_line(now),
                queued_at: now,
                ..row
            };
            tx.requeue(&again).await?;
            tx.refresh_head(&again.conversation).await?;
            tx.commit().await?;
        }
    }
}

/// Parks what waits although its deadline has passed, whatever it waits for: the queue that is
/// stopped, a back-off, another row. Where a newer opening lengthened the deadline, it goes on.
pub(super) async fn park_late(core: &Core) -> Result<()> {
    loop {
        let late = core
            .store
            .read()
            .await?
            .past_deadline(core.now(), SWEEP)
            .await?;
        if late.is_empty() {
            return Ok(());
        }
        for seen in late {
            let mut tx = core.store.begin().await?;
            let Some(row) = tx.conn.outbox_row(&seen.id).await? else {
                continue;
            };
            if !matches!(row.state, Outbound::Waiting { .. }) {
                continue;
            }
            let conversation = tx.conn.conversation(row.conversation.as_str()).await?;
            let inbox = tx.conn.inbox(row.inbox.as_str()).await?;
            let facts = conversation.map(|row| row.facts).unwrap_or_default();
            let margin = Duration::from_millis(u64::from(inbox.map_or(0, |row| row.margin_ms)));
            match Outbound::check_deadline(&row.right, &facts, core.now(), margin) {
                Ok(None) => {}
                Ok(Some(proof)) => {
                    let right = row.right.lengthened(&proof, &facts);
                    tx.lengthen(&row.id, &right).await?;
                }
                Err(parked) => {
                    write(&mut tx, &row, &parked).await?;
                    tx.refresh_head(&row.conversation).await?;
                }
            }
            tx.commit().await?;
        }
    }
}

/// The tick that a state stands for, and Meta's id where there is one.
fn shown(state: &Outbound) -> (Delivery, Option<&WaMessageId>) {
    match state {
        Outbound::Scheduled { at } => (Delivery::Scheduled { at: *at }, None),
        Outbound::Waiting { .. } | Outbound::Sending { .. } => (Delivery::Queued, None),
        Outbound::Uncertain { since, dismissed } => (
            Delivery::Uncertain {
                since: *since,
                dismissed: *dismissed,
            },
            None,
        ),
        Outbound::Accepted { wamid, at, held } => (
            Delivery::Accepted {
                at: *at,
                held: *held,
            },
            Some(wamid),
        ),
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
    }
}

/// Writes a new state to the row of a message and to its tick. The conversation's head is the
/// caller's to refresh.
pub(crate) async fn write(tx: &mut Tx, row: &OutRow, state: &Outbound) -> Result<()> {
    if row.payload.is_mark() {
        // Nothing is shown of a mark, so none is kept that will not be tried again.
        return match state {
            Outbound::Waiting { .. } | Outbound::Sending { .. } => {
                tx.write_outbound(&row.id, state).await
            }
            _ => tx.remove_outbound(&row.id).await,
        };
    }
    if let Payload::Reaction {
        message, target, ..
    } = &row.payload
    {
        return reacted(tx, row, (message, target), state).await;
    }
    tx.write_outbound(&row.id, state).await?;
    let doubts = row.doubts.clone().after(row.generation, state);
    if doubts != row.doubts {
        tx.write_doubts(&row.id, &doubts).await?;
    }
    if let Outbound::Accepted { at, .. } = state {
        // Sending takes the chat over from another handler (platform notes, section 6).
        tx.note_ours(&row.conversation, *at).await?;
    }
    let (base, wamid) = shown(state);
    tx.write_base(&MessageId::new(row.id.clone()), &base, wamid)
        .await
}

/// It was heard after all what became of an earlier sending of a message.
pub(crate) async fn settle_earlier(tx: &mut Tx, row: &mut OutRow, generation: u32) -> Result<()> {
    let doubts = row.doubts.clone().settled(generation);
    if doubts != row.doubts {
        tx.write_doubts(&row.id, &doubts).await?;
        tx.stamp_message(&MessageId::new(row.id.clone())).await?;
        row.doubts = doubts;
    }
    Ok(())
}

/// A reaction has no message of its own: how far it got stands beside the emoji. What is late or
/// disputed is not kept for a person to release; pressing the emoji again is as quick.
async fn reacted(
    tx: &mut Tx,
    row: &OutRow,
    (message, target): (&MessageId, &WaMessageId),
    state: &Outbound,
) -> Result<()> {
    let closed = |at: &Time| Outbound::Failed {
        at: *at,
        failure: Failure {
            code: FailureCode::WindowClosed,
            meta_code: None,
            detail: None,
        },
    };
    let state = match state {
        Outbound::Parked { since, .. } => closed(since),
        other => other.clone(),
    };
    tx.write_outbound(&row.id, &state).await?;
    if let Outbound::Accepted { at, .. } = &state {
        tx.note_ours(&row.conversation, *at).await?;
    }
    let (delivery, _) = shown(&state);
    let arrived = matches!(delivery, Delivery::Accepted { .. });
    tx.reaction_delivered(message, target, &row.id, (!arrived).then_some(&delivery))
        .await
}

/// What one answer means beyond its message.
pub(super) async fn heed(tx: &mut Tx, row: &OutRow, effect: SideEffect, now: Time) -> Result<()> {
    match effect {
        SideEffect::None => Ok(()),
        SideEffect::PauseNumberUntil(until) => tx.hold_number(&row.inbox, until).await,
        SideEffect::PauseRecipientUntil(until) => tx.hold_recipient(&row.conversation, until).await,
        SideEffect::StopQueue { why } => {
            let why = match why {
                FailureCode::Restricted => Pause::AccountRestricted,
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
            tx.write_facts(&row.conversation, &facts).await
        }
    }
}
