//! One message's way to Meta: claimed, sent, its answer written down.

use std::{sync::Arc, time::Duration};

use ajar_domain::{
    PhoneNumberId, Time,
    attachment::AttachmentKind,
    failure::{Failure, Retry},
    outbox::{About, Answer, Outbound, SideEffect},
    pace,
    window::OpenProof,
};

use super::settle::{heed, settle_earlier, write};
use crate::{
    core::Core,
    meta::graph::{FreeForm, MediaKind, MediaSource, OutboundRequest, Recipient, Sent},
    store::{
        Result, Tx,
        outbox::{OutRow, Payload},
    },
};

/// How often a read mark is tried.
const MARK_ATTEMPTS: u32 = 3;

/// What came of trying to take a row.
pub(super) enum Claim {
    /// It is ours, as it stood when it was claimed.
    Taken(Box<(OutRow, OutboundRequest)>),
    /// Parked, failed, held back, or another process was quicker: it is not due any more.
    Settled,
    /// The number has sent as much as it may for now.
    NumberHeld,
    /// Nothing is sent at all.
    Stopped,
}

/// The last check before the request.
pub(super) async fn claim(core: &Core, seen: &OutRow) -> Result<Claim> {
    let mut tx = core.store.begin().await?;
    let now = core.now();
    // What was read before this transaction may be old: another process, a person, or a status
    // may have changed it.
    let Some(row) = tx.conn.outbox_row(&seen.id).await? else {
        return Ok(Claim::Settled);
    };
    if !matches!(row.state, Outbound::Waiting { not_before, .. } if not_before <= now) {
        return Ok(Claim::Settled);
    }
    if tx.conn.team().await?.stopped.is_some() {
        return Ok(Claim::Stopped);
    }
    let conversation = tx.conn.conversation(row.conversation.as_str()).await?;
    let inbox = tx.conn.inbox(row.inbox.as_str()).await?;
    let line = tx.conn.line(&row.inbox).await?;
    let (Some(conversation), Some(inbox), Some(line)) = (conversation, inbox, line) else {
        return cannot(tx, &row, now).await;
    };
    let margin = Duration::from_millis(u64::from(inbox.margin_ms));
    let proof = match Outbound::check_deadline(&row.right, &conversation.facts, now, margin) {
        Ok(proof) => proof,
        Err(parked) => {
            write(&mut tx, &row, &parked).await?;
            tx.refresh_head(&row.conversation).await?;
            tx.commit().await?;
            return Ok(Claim::Settled);
        }
    };
    if line.pause_until.is_some_and(|until| until > now) {
        return Ok(Claim::NumberHeld);
    }
    if inbox.paused.is_some() {
        // It waits with its deadline; the reconnection rings the bell.
        return Ok(Claim::NumberHeld);
    }
    if !row.payload.is_mark()
        && let Some(claim) = keep_pace(core, &mut tx, &row, now).await?
    {
        tx.commit().await?;
        return Ok(claim);
    }
    let address = tx.conn.address(&conversation.customer.id).await?;
    let recipient = Recipient {
        phone: address.phone,
        bsuid: address.bsuid,
    };
    let Some(request) = request(&row, proof, recipient, &line.phone_number_id) else {
        return cannot(tx, &row, now).await;
    };
    if !tx.claim(&row, &core.process, now).await? {
        return Ok(Claim::Settled);
    }
    tx.commit().await?;
    let attempt = row.attempt + 1;
    let row = OutRow { attempt, ..row };
    Ok(Claim::Taken(Box::new((row, request))))
}

/// A row that can never be sent must not stand in the way of others for ever.
async fn cannot(mut tx: Tx, row: &OutRow, now: Time) -> Result<Claim> {
    tracing::error!(row = %row.id, "a row of the outbox cannot be sent: what it belongs to is gone");
    let failed = Outbound::Failed {
        at: now,
        failure: Failure::unknown(),
    };
    write(&mut tx, row, &failed).await?;
    tx.commit().await?;
    Ok(Claim::Settled)
}

/// Whether the number or the customer must be given a rest first; noted where all hubs see it.
async fn keep_pace(core: &Core, tx: &mut Tx, row: &OutRow, now: Time) -> Result<Option<Claim>> {
    let sent = tx
        .conn
        .sent_for_number(
            &row.inbox,
            now - pace::NUMBER.span,
            i64::try_from(pace::NUMBER.most).unwrap_or(i64::MAX),
        )
        .await?;
    let ready = pace::number_ready_at(&sent, &core.heard.lately(now), now);
    if ready > now {
        tx.hold_number(&row.inbox, ready).await?;
        return Ok(Some(Claim::NumberHeld));
    }
    let sent = tx
        .conn
        .sent_in_conversation(&row.conversation, now - pace::PAIR.memory())
        .await?;
    let ready = pace::PAIR.ready_at(&sent, now);
    if ready > now {
        tx.hold_recipient(&row.conversation, ready).await?;
        return Ok(Some(Claim::Settled));
    }
    Ok(None)
}

fn request(
    row: &OutRow,
    proof: Option<OpenProof>,
    recipient: Recipient,
    from: &PhoneNumberId,
) -> Option<OutboundRequest> {
    let reference = row.reference().to_string();
    Some(match &row.payload {
        Payload::Text { body, reply_to } => OutboundRequest::text(
            from.clone(),
            recipient,
            reference,
            body.clone(),
            reply_to.clone(),
            proof?,
        ),
        Payload::File {
            goes_as,
            name,
            caption,
            reply_to,
            uploaded,
            ..
        } => OutboundRequest::free_form(
            from.clone(),
            recipient,
            reference,
            FreeForm::Media {
                kind: as_meta_sends(*goes_as),
                source: MediaSource::Id(uploaded.clone()?),
                caption: caption.clone(),
                filename: name
                    .clone()
                    .filter(|_| *goes_as == AttachmentKind::Document),
            },
            reply_to.clone(),
            proof?,
        ),
        Payload::Template { filled, files } => {
            let uploaded = files
                .values()
                .filter_map(|file| Some((file.file.clone(), file.uploaded_as()?)))
                .collect();
            OutboundRequest::template(
                from.clone(),
                recipient,
                reference,
                filled.as_ref().clone(),
                uploaded,
            )
        }
        Payload::Content { content, reply_to } => OutboundRequest::free_form(
            from.clone(),
            recipient,
            reference,
            FreeForm::of(content),
            reply_to.clone(),
            proof?,
        ),
        Payload::Reaction { target, emoji, .. } => OutboundRequest::free_form(
            from.clone(),
            recipient,
            reference,
            FreeForm::Reaction {
                target: target.clone(),
                emoji: emoji.clone(),
            },
            None,
            proof?,
        ),
        Payload::MarkRead { wamid } => OutboundRequest::mark_read(from.clone(), wamid.clone()),
    })
}

const fn as_meta_sends(kind: AttachmentKind) -> MediaKind {
    match kind {
        AttachmentKind::Image => MediaKind::Image,
        AttachmentKind::Video => MediaKind::Video,
        AttachmentKind::Audio => MediaKind::Audio,
        AttachmentKind::Voice => MediaKind::Voice,
        AttachmentKind::Document => MediaKind::Document,
        AttachmentKind::Sticker => MediaKind::Sticker,
    }
}

/// Makes the request of a claimed row and writes its answer down, however long the database takes.
pub(super) async fn send(core: Arc<Core>, row: OutRow, request: OutboundRequest) {
    let sent = core.graph.send_fully(&request).await;
    metrics::counter!("ajar_sends_total", "answer" => word(&sent.answer)).increment(1);
    let at = core.now();
    while let Err(error) = take(&core, &row, &sent, at).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "an answer of Meta's waits: the database refused"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Accepted { .. } => "accepted",
        Answer::Refused { .. } => "refused",
        Answer::NotSent => "not_sent",
        Answer::Lost => "lost",
    }
}

async fn take(core: &Core, row: &OutRow, sent: &Sent, at: Time) -> Result<()> {
    let mut tx = core.store.begin().await?;
    let Some(mut known) = tx.conn.outbox_row(&row.id).await? else {
        return Ok(());
    };
    if row.payload.is_mark() {
        take_mark(&mut tx, row, sent, at).await?;
        tx.commit().await?;
        return Ok(());
    }
    if known.generation != row.generation
        && matches!(
            sent.answer,
            Answer::Accepted { .. } | Answer::Refused { .. }
        )
    {
        settle_earlier(&mut tx, &mut known, row.generation).await?;
    }
    let before = known.state.clone();
    let (mut state, mut effect) = if known.generation == row.generation {
        known
            .state
            .clone()
            .answered(&row.right, sent.answer.clone(), row.attempt, at)
    } else if let Answer::Accepted { wamid, .. } = &sent.answer {
        // It was given up as lost, and a person has sent it again since.
        let told = ajar_domain::delivery::Receipt::Sent;
        let state = before
            .clone()
            .reported(About::AnEarlierOne, told, wamid.clone(), at);
        (state, SideEffect::None)
    } else {
        (before.clone(), SideEffect::None)
    };
    if let Some(wait) = sent.wait {
        state = state.not_before(at + wait);
        effect = effect.not_before(at + wait);
    }
    if state != before {
        write(&mut tx, &known, &state).await?;
    }
    heed(&mut tx, &known, effect, at).await?;
    tx.refresh_head(&known.conversation).await?;
    tx.commit().await?;
    Ok(())
}

/// A read mark is a courtesy: a lost one is not worth a question, one that is refused changes
/// nothing for anybody, and it is tried again only where trying again may help.
async fn take_mark(tx: &mut Tx, row: &OutRow, sent: &Sent, at: Time) -> Result<()> {
    let wait = match &sent.answer {
        Answer::NotSent => Some(Retry::Later.wait(row.attempt)),
        Answer::Refused { retry, .. } if row.attempt < retry.attempts().min(MARK_ATTEMPTS) => {
            match retry {
                Retry::Never | Retry::StopQueue => None,
                _ => Some(retry.wait(row.attempt)),
            }
        }
        Answer::Refused { .. } | Answer::Accepted { .. } | Answer::Lost => None,
    };
    match wait {
        Some(wait) if row.attempt < MARK_ATTEMPTS => {
            let again = Outbound::Waiting {
                not_before: at + wait.max(sent.wait.unwrap_or_default()),
                attempt: row.attempt,
            };
            tx.write_outbound(&row.id, &again).await
        }
        _ => tx.remove_outbound(&row.id).await,
    }
}
