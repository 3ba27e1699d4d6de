//! The link to the hub: snapshot once, then the stream of events, for ever.
//!
//! ```text
//!              no cursor                    whole
//!   Connecting ─────────► snapshot ───────────────────┐
//!    ▲    │                  │ torn                   ▼
//!    │    └── cursor ────────┼──────────────► stream: CatchingUp ──► Live
//!    │                       ▼                        │               │
//!    │◄─── back-off ──── Offline ◄── lost, silent ────┴───────────────┤
//!    │                                                                │
//!    └◄─ forget the cursor ◄── gap, other hub, told to start over, cannot apply
//!                        SignedOut ◄── the token is refused (from anywhere)
//! ```
//!
//! There is one way to heal, and it is the way in which every desktop starts. Races:
//! - *A batch that came twice, or overlaps the last*: rows are guarded by their revision, and
//!   the cursor only grows.
//! - *A batch that begins after our cursor*: something is missing, so we start over.
//! - *A hub that went back in time* (restored from a backup): its cursor is below ours, so we
//!   start over.
//! - *A peer that died without a word*: two heartbeats that do not come end the link.

use std::time::Duration;

use ajar_domain::Clock;
use ajar_protocol::{
    error::{ApiError, ErrorCode},
    hub::{Change, SnapshotLine, StreamLine},
    ui::LinkState,
};
use futures::{Stream, StreamExt};
use rand::RngExt;
use std::sync::Arc;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    error::storage,
    hub::silence,
    store::{Cursor, Trouble},
    team::{Pulse, Team, lock},
};

/// Lines of a snapshot that are put aside at once.
const CHUNK: usize = 1_000;

/// Starting over this often without getting anywhere is a fault like any other.
const FRESH_STARTS: u32 = 2;

/// How a link ended.
#[derive(Debug)]
enum Ended {
    Lost(ApiError),
    /// The cache is of no use as it is, with the reason for the log.
    StartOver(String),
    SignedOut,
}

impl From<ApiError> for Ended {
    fn from(error: ApiError) -> Self {
        match error.code {
            ErrorCode::Unauthorised => Self::SignedOut,
            ErrorCode::CursorExpired => Self::StartOver(error.message),
            _ => Self::Lost(error),
        }
    }
}

impl From<Trouble> for Ended {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupt { table, .. } => {
                Self::StartOver(format!("{table} has a row that cannot be read"))
            }
            Trouble::TornSnapshot => Self::Lost(torn()),
            other => Self::Lost(storage(other)),
        }
    }
}

fn torn() -> ApiError {
    ApiError::later(ErrorCode::HubUnreachable, "the snapshot was torn", None)
}

/// Counts tries that led nowhere.
#[derive(Debug, Default)]
struct Tries {
    lost: u32,
    started_over: u32,
}

/// Keeps the link as long as the team is joined.
pub(crate) async fn keep_linked(team: &Arc<Team>) {
    let mut tries = Tries::default();
    loop {
        let ended = one_link(team, &mut tries).await;
        team.set_viewers(Vec::new());
        keep_clock(team).await;
        let error = match ended {
            Ended::SignedOut => {
                tracing::warn!("the hub does not know this desktop any more");
                team.set_link(LinkState::SignedOut);
                team.try_now.notified().await;
                continue;
            }
            Ended::StartOver(why) => {
                tracing::info!(why, "starting over from a snapshot");
                tries.started_over += 1;
                if let Err(trouble) = team.store.forget_cursor().await {
                    storage(trouble)
                } else if tries.started_over <= FRESH_STARTS {
                    continue;
                } else {
                    ApiError::later(ErrorCode::HubUnreachable, why, None)
                }
            }
            Ended::Lost(error) => error,
        };
        tries.lost = tries.lost.saturating_add(1);
        let wait = back_off(team, tries.lost);
        let now = team.clock.now();
        let since = match &*team.link.borrow() {
            LinkState::Offline { since, .. } => *since,
            _ => now,
        };
        tracing::info!(code = ?error.code, why = error.message, wait_ms = wait.as_millis(), "the link is away");
        team.set_link(LinkState::Offline {
            since,
            retry_at: now + wait.mul_f64(team.clock.rate().max(0.0)),
            error,
        });
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = team.try_now.notified() => team.set_link(LinkState::Connecting),
        }
    }
}

/// Doubles with every try, with jitter so that a team does not come back all at once.
fn back_off(team: &Team, tries: u32) -> Duration {
    let doubled = team
        .timings
        .first_retry
        .saturating_mul(
            1u32.checked_shl(tries.saturating_sub(1))
                .unwrap_or(u32::MAX),
        )
        .min(team.timings.longest_retry);
    doubled.mul_f64(lock(&team.rng).random_range(0.5..=1.0))
}

async fn one_link(team: &Arc<Team>, tries: &mut Tries) -> Ended {
    match linked(team, tries).await {
        Ok(()) => Ended::Lost(ApiError::later(
            ErrorCode::HubUnreachable,
            "the hub closed the stream",
            None,
        )),
        Err(ended) => ended,
    }
}

async fn linked(team: &Arc<Team>, tries: &mut Tries) -> Result<(), Ended> {
    let cursor = match team.store.cursor().await? {
        Some(cursor) => cursor,
        None => take_snapshot(team).await?,
    };
    let device = Uuid::new_v4().to_string();
    let lines = team.hub.events::<StreamLine>(cursor.at, &device).await?;
    team.new_device(device);
    follow(team, tries, cursor, lines).await
}

/// Fetches everything anew. What is shown meanwhile stays until the new state is whole.
async fn take_snapshot(team: &Arc<Team>) -> Result<Cursor, Ended> {
    team.store.begin_snapshot().await?;
    let lines = team.hub.snapshot::<SnapshotLine>().await?;
    let mut lines = std::pin::pin!(lines);
    let patience = team.timings.heartbeat * 2;
    let mut next = async || match tokio::time::timeout(patience, lines.next()).await {
        Ok(Some(line)) => line.map_err(Ended::from),
        Ok(None) => Err(Ended::Lost(torn())),
        Err(_) => Err(Ended::Lost(silence())),
    };
    let SnapshotLine::Head {
        hub_id,
        cursor,
        clock,
        conversations: want,
        ..
    } = next().await?
    else {
        return Err(Ended::Lost(torn()));
    };
    // Said before the clock is: nothing is parked by a cache that is not up to date.
    team.set_link(LinkState::CatchingUp { have: 0, want });
    if team.clock.heard(clock) {
        team.clock_moved();
    }
    let mut chunk: Vec<Change> = Vec::with_capacity(CHUNK);
    let mut have = 0u64;
    let rows = loop {
        match next().await? {
            SnapshotLine::Row { change } => {
                have += u64::from(matches!(change, Change::Conversation(_)));
                chunk.push(change);
                if chunk.len() == CHUNK {
                    team.store.stage_snapshot(&chunk).await?;
                    chunk.clear();
                    team.set_link(LinkState::CatchingUp { have, want });
                }
            }
            SnapshotLine::End { rows } => break rows,
            SnapshotLine::Head { .. } => return Err(Ended::Lost(torn())),
            SnapshotLine::Unknown => {}
        }
    };
    team.store.stage_snapshot(&chunk).await?;
    team.store.finish_snapshot(&hub_id, cursor, rows).await?;
    team.reload().await?;
    Ok(Cursor { hub_id, at: cursor })
}

/// Notices a peer that died without a word. A slower hub is learnt from its own pace.
struct Watchdog {
    pace: Duration,
    last_beat: Option<Instant>,
}

impl Watchdog {
    fn patience(&self) -> Duration {
        // Two missed heartbeats, and a little for the way.
        self.pace * 2 + self.pace / 4
    }

    fn beat(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last_beat.replace(now) {
            self.pace = self.pace.max((now - last).min(self.pace * 2));
        }
    }
}

async fn follow(
    team: &Arc<Team>,
    tries: &mut Tries,
    mut cursor: Cursor,
    lines: impl Stream<Item = Result<StreamLine, ApiError>>,
) -> Result<(), Ended> {
    let mut lines = std::pin::pin!(lines);
    let mut watchdog = Watchdog {
        pace: team.timings.heartbeat,
        last_beat: None,
    };
    // Where the hub stood at its hello: from there on we are live.
    let mut want: Option<i64> = None;
    // What the last heartbeat said we should have by the next.
    let mut owed: Option<i64> = None;
    loop {
        let line = tokio::select! {
            line = tokio::time::timeout(watchdog.patience(), lines.next()) => match line {
                Ok(Some(line)) => line?,
                Ok(None) => return Ok(()),
                Err(_) => return Err(Ended::Lost(silence())),
            },
            () = team.heal.notified() => {
                return Err(Ended::StartOver("the cache cannot be read".into()));
            }
        };
        match line {
            StreamLine::Hello {
                hub_id,
                clock,
                cursor: at,
            } => {
                if hub_id != cursor.hub_id {
                    return Err(Ended::StartOver("another hub answers".into()));
                }
                if at < cursor.at {
                    return Err(Ended::StartOver("the hub went back in time".into()));
                }
                // Said before the clock is: nothing is parked by a cache that is not up to
                // date.
                team.set_link(catching_up(cursor.at, at));
                let tell = team.clock.heard(clock);
                want = Some(at);
                arrived(team, tries, cursor.at, at);
                if tell {
                    team.clock_moved();
                }
                keep_clock(team).await;
            }
            StreamLine::Batch {
                after,
                upto,
                changes,
            } => {
                if after > cursor.at {
                    return Err(Ended::StartOver(format!(
                        "events {} to {after} are missing",
                        cursor.at + 1
                    )));
                }
                if upto > cursor.at {
                    let applied = team.store.apply(changes, upto).await?;
                    cursor.at = upto;
                    team.take(applied).await?;
                }
                if let Some(want) = want {
                    arrived(team, tries, cursor.at, want);
                }
            }
            StreamLine::Heartbeat { clock, upto } => {
                watchdog.beat();
                if team.clock.heard(clock) {
                    team.clock_moved();
                } else {
                    // An interface's own clock may have stood still while the computer slept.
                    team.pulse(Pulse::Clock);
                }
                keep_clock(team).await;
                if owed.is_some_and(|owed| owed > cursor.at) {
                    return Err(Ended::Lost(ApiError::later(
                        ErrorCode::HubUnreachable,
                        "events were announced and did not come",
                        None,
                    )));
                }
                owed = (upto > cursor.at).then_some(upto);
            }
            StreamLine::Presence { viewers } => team.set_viewers(viewers),
            StreamLine::StartOver { why } => return Err(Ended::StartOver(why)),
            StreamLine::Unknown => {}
        }
    }
}

/// Says how far we are: catching up, or live.
fn arrived(team: &Arc<Team>, tries: &mut Tries, at: i64, want: i64) {
    if matches!(*team.link.borrow(), LinkState::Live { .. }) {
        return;
    }
    if at >= want {
        *tries = Tries::default();
        team.set_link(LinkState::Live {
            since: team.clock.now(),
        });
        team.tell_presence();
    } else {
        team.set_link(catching_up(at, want));
    }
}

fn catching_up(at: i64, want: i64) -> LinkState {
    LinkState::CatchingUp {
        have: u64::try_from(at).unwrap_or(0),
        want: u64::try_from(want).unwrap_or(0),
    }
}

/// For a start without a network. Not worth ending a link for.
async fn keep_clock(team: &Team) {
    if team.clock.is_trusted()
        && let Err(trouble) = team.store.keep_meta("clock", &team.clock.to_keep()).await
    {
        storage(trouble);
    }
}
