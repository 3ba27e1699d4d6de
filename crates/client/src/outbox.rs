//! The local outbox: commands of this desktop that must not be lost, on their way to the hub.
//!
//! ```text
//!   act ──► waiting ────── request made ────────► under way ── answer ──► answered ──► (gone)
//!            │   ▲                                 │    │                     its row, or the
//!            │   └── it never left, or the hub ────┘    │                     event it is visible
//!            │       asked to come again                │                     at, came round
//!            │                                          └── the hub said no ──► refused
//!            └── deadline passed, no request made yet ──► parked
//!
//!   waiting, parked and refused can be taken back by a person; under way cannot, because the
//!   hub may have it.
//! ```
//!
//! A command is repeated under the same reference until it is answered, which is safe: the
//! hub gives the same answer. Within a lane (a conversation) the order of queueing is kept.
//!
//! Races:
//! - *The screen did not hear that a send was taken and asks again*: it does so under the same
//!   reference, and what was taken stays one send.
//! - *The row comes round before the answer*: the item is gone, and the answer finds nothing.
//! - *The deadline passes while the answer is lost*: the hub may have it, so it is asked again;
//!   it has accepted it in time, or refuses it now. It is never parked on suspicion.
//! - *The app dies between request and answer*: what was under way is asked again.
//! - *The deadline passes by a clock that is only guessed, or while the cache catches up*:
//!   nothing is parked before the hub has said what time it is and whether the customer wrote.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use ajar_domain::{ClientRef, Clock, ConversationId, Time};
use ajar_protocol::{
    command::{Command, CommandAnswer, CommandRequest, Recipient},
    error::{ApiError, ErrorCode, RetryAdvice},
    ui::{LinkState, QueuedItem, QueuedState},
};
use rand::RngExt;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    error::storage,
    hub::Unanswered,
    store::{Queued, QueuedStage, Trouble},
    team::{Pulse, Team, lock},
    thread,
};

/// Names of the stages in which an item has not been answered.
const PENDING: &[&str] = &["waiting", "under_way"];

/// Whether a command goes through this outbox; everything else is put to the hub at once.
#[must_use]
pub(crate) const fn is_for_outbox(command: &Command) -> bool {
    matches!(
        command,
        Command::SendText { .. }
            | Command::SendFile { .. }
            | Command::SendContent { .. }
            | Command::SendTemplate { .. }
            | Command::HoldText { .. }
            | Command::AddNote { .. }
    )
}

/// What a command is about, and what must keep its order.
fn lane_of(command: &Command) -> (String, Option<ConversationId>) {
    match command {
        Command::SendText { conversation, .. }
        | Command::SendFile { conversation, .. }
        | Command::SendContent { conversation, .. }
        | Command::HoldText { conversation, .. }
        | Command::AddNote { conversation, .. }
        | Command::SendTemplate {
            to: Recipient::Conversation { conversation },
            ..
        } => (conversation.to_string(), Some(conversation.clone())),
        Command::SendTemplate {
            to: Recipient::Number { inbox, number },
            ..
        } => (format!("{inbox} {number}"), None),
        _ => (String::new(), None),
    }
}

/// How many references are remembered: a screen asks again within a moment or not at all.
const REMEMBERED: usize = 256;

/// Whether a screen's send was taken already, also if it has long reached the hub by now.
pub(crate) fn was_taken(team: &Team, client_ref: &ClientRef) -> bool {
    lock(&team.taken).contains(client_ref)
}

/// Makes a command durable. It is on its way when this returns.
pub(crate) async fn queue(team: &Team, request: CommandRequest) -> Result<Queued, Trouble> {
    let CommandRequest {
        client_ref,
        command,
    } = request;
    let (lane, conversation) = lane_of(&command);
    let item = Queued {
        client_ref,
        lane,
        send_before: match &command {
            Command::SendText { send_before, .. }
            | Command::SendFile { send_before, .. }
            | Command::SendContent { send_before, .. } => Some(*send_before),
            _ => None,
        },
        conversation,
        command,
        queued_at: team.clock.now(),
        stage: QueuedStage::Waiting,
    };
    team.store.queue(&item).await?;
    {
        let mut taken = lock(&team.taken);
        if taken.len() == REMEMBERED {
            taken.pop_front();
        }
        taken.push_back(item.client_ref.clone());
    }
    changed(team, item.conversation.as_ref());
    team.outbox_bell.notify_one();
    Ok(item)
}

/// Takes an item back that has not reached the hub.
pub(crate) async fn take_back(team: &Team, client_ref: &ClientRef) -> Result<(), ApiError> {
    let taken = team
        .store
        .unqueue(client_ref, &["waiting", "parked", "refused"])
        .await
        .map_err(storage)?;
    match taken {
        Some(item) => {
            changed(team, item.conversation.as_ref());
            team.outbox_bell.notify_one();
            Ok(())
        }
        None if team
            .store
            .queued(client_ref)
            .await
            .map_err(storage)?
            .is_some() =>
        {
            Err(ApiError::new(
                ErrorCode::Conflict,
                "the hub may have it already",
            ))
        }
        None => Err(crate::error::not_found("queued text")),
    }
}

/// As the thread shows it.
#[must_use]
pub(crate) fn as_shown(item: Queued) -> QueuedItem {
    QueuedItem {
        client_ref: item.client_ref,
        command: item.command,
        at: item.queued_at,
        send_before: item.send_before,
        state: match item.stage {
            QueuedStage::Waiting | QueuedStage::UnderWay | QueuedStage::Answered(_) => {
                QueuedState::Waiting
            }
            QueuedStage::Parked => QueuedState::Parked,
            QueuedStage::Refused(error) => QueuedState::Refused { error },
        },
    }
}

fn changed(team: &Team, conversation: Option<&ConversationId>) {
    if let Some(conversation) = conversation {
        team.pulse(Pulse::Threads(Arc::new(BTreeSet::from([
            conversation.clone()
        ]))));
    }
}

/// A lane that waits before its next try.
#[derive(Clone, Copy)]
struct Rest {
    tries: u32,
    until: Instant,
}

struct Done {
    item: Queued,
    /// `None` if it was gone before a request was made.
    result: Option<Result<CommandAnswer, Unanswered>>,
}

/// Sends what is queued, as long as the team is joined.
pub(crate) async fn keep_sending(team: &Arc<Team>) {
    let (done, mut dones) = mpsc::unbounded_channel::<Done>();
    let mut busy: HashSet<String> = HashSet::new();
    let mut resting: HashMap<String, Rest> = HashMap::new();
    loop {
        let look = match look_through(team, &busy, &resting).await {
            Ok(look) => look,
            Err(trouble) => {
                storage(trouble);
                Look {
                    again_at: Some(Instant::now() + Duration::from_secs(5)),
                    ..Look::default()
                }
            }
        };
        for item in look.ready {
            busy.insert(item.lane.clone());
            let (sender, done) = (team.clone(), done.clone());
            team.spawn(async move {
                let result = send(&sender, &item).await;
                let _ = done.send(Done { item, result });
            });
        }
        let again = async {
            match look.again_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(Done { item, result }) = dones.recv() => {
                busy.remove(&item.lane);
                let before = resting.get(&item.lane).copied();
                let rest = match result {
                    Some(result) => settle(team, &item, result, before).await,
                    None => None,
                };
                match rest {
                    Some(rest) => resting.insert(item.lane, rest),
                    None => resting.remove(&item.lane),
                };
            }
            () = team.outbox_bell.notified() => {}
            () = team.clock.sleep_until_some(look.deadline) => {}
            () = again => {}
        }
    }
}

/// What there is to do now, and when to look again.
#[derive(Default)]
struct Look {
    ready: Vec<Queued>,
    deadline: Option<Time>,
    again_at: Option<Instant>,
}

async fn look_through(
    team: &Team,
    busy: &HashSet<String>,
    resting: &HashMap<String, Rest>,
) -> Result<Look, Trouble> {
    let mut look = Look::default();
    let items = team.store.outbox().await?;
    if items.is_empty() {
        return Ok(look);
    }
    let cursor = team.store.cursor().await?.map_or(i64::MIN, |at| at.at);
    let mut taken: HashSet<String> = busy.clone();
    for item in items {
        match &item.stage {
            QueuedStage::Answered(answer) if answer.visible_at <= cursor => {
                team.store.unqueue(&item.client_ref, &["answered"]).await?;
                changed(team, item.conversation.as_ref());
            }
            QueuedStage::Answered(_) | QueuedStage::Parked | QueuedStage::Refused(_) => {}
            QueuedStage::Waiting | QueuedStage::UnderWay => {
                let is_busy = busy.contains(&item.lane);
                if item.stage == QueuedStage::Waiting
                    && let Some(deadline) = deadline(team, &item).await?
                {
                    let passed = deadline <= team.clock.now();
                    if passed && !is_busy && may_park(team) {
                        park(team, &item).await?;
                        continue;
                    }
                    if deadline > team.clock.now() {
                        look.deadline = Some(
                            look.deadline
                                .map_or(deadline, |soonest| soonest.min(deadline)),
                        );
                    }
                }
                // Only the first of a lane may go.
                if !taken.insert(item.lane.clone()) || !team.is_linked() {
                    continue;
                }
                match resting.get(&item.lane) {
                    Some(rest) if rest.until > Instant::now() => {
                        look.again_at =
                            Some(look.again_at.map_or(rest.until, |at| at.min(rest.until)));
                    }
                    _ => look.ready.push(item),
                }
            }
        }
    }
    Ok(look)
}

/// Whether what we know is enough to park by: the hub has said what time it is, and no news
/// of the customer is on its way to us.
fn may_park(team: &Team) -> bool {
    team.clock.is_trusted()
        && matches!(
            *team.link.borrow(),
            LinkState::Live { .. } | LinkState::Offline { .. } | LinkState::SignedOut
        )
}

/// Until when a text may leave: what it carries, or more if the customer wrote since.
async fn deadline(team: &Team, item: &Queued) -> Result<Option<Time>, Trouble> {
    let (Some(send_before), Some(id)) = (item.send_before, &item.conversation) else {
        return Ok(None);
    };
    let now = team.clock.now();
    if send_before > now {
        return Ok(Some(send_before));
    }
    let Some(row) = team.conversation(id).await? else {
        return Ok(Some(send_before));
    };
    let margin = thread::margin(team.people().inbox(&row.inbox));
    Ok(Some(match row.facts.at(now).require_open(now, margin) {
        Ok(proof) => proof.send_before().max(send_before),
        Err(_) => send_before,
    }))
}

async fn park(team: &Team, item: &Queued) -> Result<(), Trouble> {
    let parked = team
        .store
        .advance_queued(&item.client_ref, &["waiting"], &QueuedStage::Parked)
        .await?;
    if parked {
        tracing::info!(client_ref = %item.client_ref, "a text is parked: its deadline passed");
        changed(team, item.conversation.as_ref());
    }
    Ok(())
}

async fn send(team: &Team, item: &Queued) -> Option<Result<CommandAnswer, Unanswered>> {
    let mine = team
        .store
        .advance_queued(&item.client_ref, PENDING, &QueuedStage::UnderWay)
        .await;
    match mine {
        Ok(true) => {}
        // Taken back, or come round, a moment ago.
        Ok(false) => return None,
        Err(trouble) => {
            return Some(Err(Unanswered {
                error: ApiError::later(
                    storage(trouble).code,
                    "the outbox cannot be written",
                    Some(5_000),
                ),
                may_have_arrived: matches!(item.stage, QueuedStage::UnderWay),
            }));
        }
    }
    let request = CommandRequest {
        client_ref: item.client_ref.clone(),
        command: item.command.clone(),
    };
    let result = team.hub.command(&request).await;
    // Whether an *earlier* try arrived is not known to this one.
    Some(result.map_err(|unanswered| Unanswered {
        may_have_arrived: unanswered.may_have_arrived
            || (item.stage == QueuedStage::UnderWay
                && unanswered.error.code == ErrorCode::HubUnreachable),
        ..unanswered
    }))
}

/// Writes down what became of a try. Answers how long the lane must rest, if it must.
async fn settle(
    team: &Team,
    item: &Queued,
    result: Result<CommandAnswer, Unanswered>,
    before: Option<Rest>,
) -> Option<Rest> {
    let (stage, rest) = match result {
        Ok(answer) => {
            let _ = team
                .answers
                .send((item.client_ref.clone(), Ok(answer.clone())));
            (QueuedStage::Answered(answer), None)
        }
        Err(Unanswered {
            error,
            may_have_arrived,
        }) => {
            let again_after = match (&error.retry, error.code) {
                (RetryAdvice::Later { after_ms }, _) => Some(*after_ms),
                // Not answers to the command: the link will say what is wrong.
                (RetryAdvice::Never, ErrorCode::Unauthorised | ErrorCode::NotAHub) => Some(None),
                (RetryAdvice::Never, _) => None,
            };
            match again_after {
                None => {
                    tracing::info!(client_ref = %item.client_ref, code = ?error.code, "the hub refused a command");
                    let _ = team
                        .answers
                        .send((item.client_ref.clone(), Err(error.clone())));
                    (QueuedStage::Refused(error), None)
                }
                Some(after_ms) => {
                    let tries = before.map_or(0, |rest| rest.tries).saturating_add(1);
                    let stage = if may_have_arrived {
                        QueuedStage::UnderWay
                    } else {
                        QueuedStage::Waiting
                    };
                    let wait = rest_after(team, tries, after_ms);
                    let until = Instant::now() + wait;
                    (stage, Some(Rest { tries, until }))
                }
            }
        }
    };
    if let Err(trouble) = team
        .store
        .advance_queued(&item.client_ref, PENDING, &stage)
        .await
    {
        storage(trouble);
    }
    changed(team, item.conversation.as_ref());
    rest
}

fn rest_after(team: &Team, tries: u32, after_ms: Option<u64>) -> Duration {
    let doubled = team
        .timings
        .first_retry
        .saturating_mul(
            1u32.checked_shl(tries.saturating_sub(1))
                .unwrap_or(u32::MAX),
        )
        .min(team.timings.longest_retry);
    let jittered = doubled.mul_f64(lock(&team.rng).random_range(0.5..=1.0));
    jittered.max(Duration::from_millis(after_ms.unwrap_or(0)))
}
