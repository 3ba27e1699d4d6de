//! Snapshot and stream: one JSON object per line.
//!
//! The stream first sends what was missed, then what comes, and a heartbeat with the team's
//! clock. A bell (in-process channel or database notification) only wakes it: what it sends it
//! reads from the table, so a lost bell costs a heartbeat's time and no data.

use std::time::Duration;

use ajar_protocol::hub::{Change, SnapshotLine, StreamLine};
use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{Caller, Refusal, Shared};
use crate::{
    clock::reading,
    store::{Result, StoreError, events::Cursor},
};

/// How often a silent stream says that it lives. Desktops miss two before they give up.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Events per batch.
const BATCH: i64 = 500;
/// Conversations per page of the snapshot.
const PAGE: i64 = 500;

type Lines = mpsc::Sender<std::io::Result<Bytes>>;

/// The reader has gone.
struct Gone;

async fn send(lines: &Lines, line: &impl Serialize) -> std::result::Result<(), Gone> {
    let mut bytes = serde_json::to_vec(line).map_err(|_| Gone)?;
    bytes.push(b'\n');
    lines.send(Ok(bytes.into())).await.map_err(|_| Gone)
}

fn lines_response(lines: mpsc::Receiver<std::io::Result<Bytes>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        // Asks proxies not to hold lines back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(ReceiverStream::new(lines))).into_response()
}

#[utoipa::path(get, path = "/v1/snapshot",
    responses((status = 200, body = SnapshotLine, content_type = "application/x-ndjson")), security(("token" = [])))]
pub async fn snapshot(
    State(core): State<Shared>,
    Caller(agent): Caller,
) -> Result<Response, Refusal> {
    let (lines, reader) = mpsc::channel(64);
    tokio::spawn(async move {
        // A torn snapshot has no last line, and the desktop throws it away.
        if let Err(error) = write_snapshot(&core, agent.id, &lines).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a snapshot was torn"
            );
        }
    });
    Ok(lines_response(reader))
}

async fn write_snapshot(
    core: &Shared,
    me: ajar_domain::AgentId,
    lines: &Lines,
) -> Result<(), StoreError> {
    // One transaction: rows and cursor are one moment of the database.
    let mut conn = core.store.read().await?;
    let team = conn.team().await?;
    let head = SnapshotLine::Head {
        hub_id: team.hub_id,
        cursor: team.last_event,
        me,
        clock: reading(core.clock.as_ref()),
        conversations: u64::try_from(conn.count_conversations().await?).unwrap_or(0),
    };
    let mut rows: u64 = 0;
    if send(lines, &head).await.is_err() {
        return Ok(());
    }
    let mut small: Vec<Change> = Vec::new();
    small.extend(
        conn.inboxes()
            .await?
            .into_iter()
            .map(|row| Change::Inbox(Box::new(row))),
    );
    small.extend(conn.agents().await?.into_iter().map(Change::Agent));
    small.extend(
        conn.templates()
            .await?
            .into_iter()
            .map(|row| Change::Template(Box::new(row))),
    );
    small.extend(
        conn.open_starts(core.now())
            .await?
            .into_iter()
            .map(Change::PhoneStart),
    );
    for change in small {
        rows += 1;
        if send(lines, &SnapshotLine::Row { change }).await.is_err() {
            return Ok(());
        }
    }
    let mut after = String::new();
    loop {
        let page = conn.conversations_after(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        last.id.as_str().clone_into(&mut after);
        for row in page {
            rows += 1;
            let change = Change::Conversation(Box::new(row));
            if send(lines, &SnapshotLine::Row { change }).await.is_err() {
                return Ok(());
            }
        }
    }
    let _ = send(lines, &SnapshotLine::End { rows }).await;
    Ok(())
}

#[derive(Deserialize)]
pub struct After {
    after: i64,
    /// Names the desktop, so that its presence ends with its stream.
    #[serde(default)]
    device: Option<String>,
}

#[utoipa::path(get, path = "/v1/events", params(("after" = i64, Query,), ("device" = Option<String>, Query,)),
    responses((status = 200, body = StreamLine, content_type = "application/x-ndjson")), security(("token" = [])))]
pub async fn events(
    State(core): State<Shared>,
    Caller(agent): Caller,
    Query(from): Query<After>,
) -> Result<Response, Refusal> {
    let (lines, reader) = mpsc::channel(64);
    tokio::spawn(async move {
        let streams = metrics::gauge!("ajar_streams");
        streams.increment(1.0);
        if let Err(error) = write_events(&core, agent.id.as_str(), from.after, &lines).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a stream ended");
        }
        streams.decrement(1.0);
        if let Some(device) = &from.device {
            core.presence.left(device);
        }
    });
    Ok(lines_response(reader))
}

async fn write_events(
    core: &Shared,
    agent: &str,
    mut cursor: i64,
    lines: &Lines,
) -> Result<(), StoreError> {
    let team = core.store.team().await?;
    let hello = StreamLine::Hello {
        hub_id: team.hub_id,
        clock: reading(core.clock.as_ref()),
        cursor: team.last_event,
    };
    if send(lines, &hello).await.is_err() {
        return Ok(());
    }
    let mut committed = core.store.committed();
    let mut viewers = core.presence.viewers();
    viewers.mark_changed();
    let mut epoch = core.clock.epoch();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    // A clock that runs fast or is set anew (demo, training) must be told at once; the
    // production clock never moves its epoch, and the tick costs nothing.
    let mut clock_check = tokio::time::interval(Duration::from_millis(200));
    loop {
        committed.mark_unchanged();
        loop {
            let found = {
                let mut conn = core.store.read().await?;
                conn.changes_after(cursor, BATCH).await?
            };
            match found {
                Ok(batch) => {
                    cursor = batch.upto;
                    let line = StreamLine::Batch {
                        after: batch.after,
                        upto: batch.upto,
                        changes: batch.changes,
                    };
                    if send(lines, &line).await.is_err() {
                        return Ok(());
                    }
                }
                Err(Cursor::AtEnd) => break,
                Err(Cursor::Expired) => {
                    let why = "the cursor is too old".to_owned();
                    let _ = send(lines, &StreamLine::StartOver { why }).await;
                    return Ok(());
                }
            }
        }
        let line = loop {
            tokio::select! {
                () = lines.closed() => return Ok(()),
                changed = committed.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    break None;
                }
                changed = viewers.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let viewers = viewers.borrow_and_update().clone();
                    break Some(StreamLine::Presence { viewers });
                }
                _ = heartbeat.tick() => {
                    // A revoked agent's stream ends here at the latest.
                    let mut conn = core.store.read().await?;
                    if conn.agent(agent).await?.is_none_or(|agent| agent.revoked) {
                        return Ok(());
                    }
                    break Some(StreamLine::Heartbeat { clock: reading(core.clock.as_ref()), upto: cursor });
                }
                _ = clock_check.tick() => {
                    let now = core.clock.epoch();
                    if now != epoch {
                        epoch = now;
                        break Some(StreamLine::Heartbeat { clock: reading(core.clock.as_ref()), upto: cursor });
                    }
                }
            }
        };
        if let Some(line) = line
            && send(lines, &line).await.is_err()
        {
            return Ok(());
        }
    }
}
