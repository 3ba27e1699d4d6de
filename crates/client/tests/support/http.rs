//! The routes of the hub of the tests.

use std::sync::Arc;

use ajar_domain::{AgentId, ConversationId};
use ajar_protocol::{
    PROTOCOL,
    command::{Command, CommandRequest},
    error::{ApiError, ErrorCode},
    hub::{
        Hello, JoinRequest, Joined, MessagePage, PresenceRequest, SearchPage, StreamLine, Viewer,
    },
    rows::MessageRow,
    ui::WhyWindow,
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{Shared, state::HubState};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/hello", get(hello))
        .route("/v1/join", post(join))
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/events", get(events))
        .route("/v1/commands", post(commands))
        .route("/v1/conversations/{id}/messages", get(messages))
        .route("/v1/conversations/{id}/window", get(window))
        .route("/v1/search", get(search))
        .route("/v1/media/{id}", get(media))
        .route("/v1/media/{id}/thumbnail", get(thumbnail))
        .route("/v1/presence", post(presence))
        .with_state(shared)
}

struct Refused(ApiError);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            ErrorCode::Unauthorised => StatusCode::UNAUTHORIZED,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, Json(self.0)).into_response()
    }
}

fn refused(code: ErrorCode) -> Response {
    Refused(ApiError::new(code, "the test hub says no")).into_response()
}

fn apology() -> Response {
    (StatusCode::BAD_GATEWAY, "nobody home").into_response()
}

/// Who asks, or the answer to a stranger.
fn caller(hub: &HubState, headers: &HeaderMap) -> Result<AgentId, Box<Response>> {
    if hub.mischief.down {
        return Err(Box::new(apology()));
    }
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(|token| hub.tokens.get(token))
        .cloned()
        .ok_or_else(|| Box::new(refused(ErrorCode::Unauthorised)))
}

async fn hello(State(shared): State<Arc<Shared>>) -> Response {
    let hub = shared.lock();
    if hub.mischief.down {
        return apology();
    }
    Json(Hello {
        service: "ajar-hub".into(),
        version: "test".into(),
        protocol: PROTOCOL,
        hub_id: hub.hub_id.clone(),
        team: "Test".into(),
        clock: hub.clock(),
    })
    .into_response()
}

async fn join(State(shared): State<Arc<Shared>>, Json(request): Json<JoinRequest>) -> Response {
    let mut hub = shared.lock();
    let Some(row) = hub
        .agents
        .iter()
        .find(|row| row.name == request.code)
        .cloned()
    else {
        return refused(ErrorCode::WrongCode);
    };
    let token = hub.next("token");
    hub.tokens.insert(token.clone(), row.id.clone());
    Json(Joined {
        token,
        hub_id: hub.hub_id.clone(),
        agent: row.id,
        name: row.name,
        role: row.role,
        team: "Test".into(),
    })
    .into_response()
}

fn line(value: &impl serde::Serialize) -> Bytes {
    let mut bytes = serde_json::to_vec(value).expect("written");
    bytes.push(b'\n');
    bytes.into()
}

async fn snapshot(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let lines = {
        let mut hub = shared.lock();
        if let Err(answer) = caller(&hub, &headers) {
            return *answer;
        }
        hub.snapshots += 1;
        hub.snapshot()
    };
    shared.changed.send_modify(|count| *count += 1);
    let body: Vec<u8> = lines.iter().flat_map(|one| line(one).to_vec()).collect();
    body.into_response()
}

#[derive(Deserialize)]
struct After {
    after: i64,
}

async fn events(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(from): Query<After>,
) -> Response {
    let first = {
        let mut hub = shared.lock();
        if let Err(answer) = caller(&hub, &headers) {
            return *answer;
        }
        hub.streams += 1;
        let hello = StreamLine::Hello {
            hub_id: hub.hub_id.clone(),
            clock: hub.clock(),
            cursor: hub.cursor,
        };
        (line(&hello), hub.cut, hub.beats)
    };
    shared.changed.send_modify(|count| *count += 1);
    let (lines, reader) = mpsc::channel::<std::io::Result<Bytes>>(8);
    tokio::spawn(async move {
        let _ = speak(&shared, first, from.after, &lines).await;
    });
    Body::from_stream(ReceiverStream::new(reader)).into_response()
}

async fn speak(
    shared: &Shared,
    (hello, cut, mut beats): (Bytes, u64, u64),
    mut cursor: i64,
    lines: &mpsc::Sender<std::io::Result<Bytes>>,
) -> Result<(), mpsc::error::SendError<std::io::Result<Bytes>>> {
    let mut changed = shared.changed.subscribe();
    lines.send(Ok(hello)).await?;
    let mut viewers: Vec<Viewer> = Vec::new();
    loop {
        changed.mark_unchanged();
        let mut out: Vec<Bytes> = Vec::new();
        {
            let mut hub = shared.lock();
            if hub.cut != cut || hub.mischief.down {
                return Ok(());
            }
            if !hub.mischief.silent {
                if cursor < hub.mischief.expired_below {
                    out.push(line(&StreamLine::StartOver {
                        why: "too old".into(),
                    }));
                }
                let most = if hub.mischief.one_by_one {
                    1
                } else {
                    usize::MAX
                };
                while let Some((upto, changes)) = hub.changes_after(cursor, most) {
                    let batch = line(&StreamLine::Batch {
                        after: cursor,
                        upto,
                        changes,
                    });
                    cursor = upto;
                    if std::mem::take(&mut hub.mischief.lose_batch) {
                        continue;
                    }
                    if hub.mischief.stutter {
                        out.push(batch.clone());
                    }
                    out.push(batch);
                }
                if hub.beats != beats {
                    beats = hub.beats;
                    out.push(line(&StreamLine::Heartbeat {
                        clock: hub.clock(),
                        upto: hub.cursor,
                    }));
                }
                if hub.viewers != viewers {
                    viewers.clone_from(&hub.viewers);
                    out.push(line(&StreamLine::Presence {
                        viewers: viewers.clone(),
                    }));
                }
            }
        }
        for one in out {
            lines.send(Ok(one)).await?;
        }
        tokio::select! {
            () = lines.closed() => return Ok(()),
            told = changed.changed() => if told.is_err() { return Ok(()) },
        }
    }
}

async fn commands(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<CommandRequest>,
) -> Response {
    let answer = {
        let mut hub = shared.lock();
        let agent = match caller(&hub, &headers) {
            Ok(agent) => agent,
            Err(answer) => return *answer,
        };
        hub.requests.push(request.clone());
        let known = hub.answers.get(&request.client_ref).cloned();
        let answer = match known {
            Some(answer) => answer,
            None => {
                let answer = hub.carry_out(&agent, &request);
                hub.answers
                    .insert(request.client_ref.clone(), answer.clone());
                answer
            }
        };
        let is_text = matches!(request.command, Command::SendText { .. });
        if is_text && hub.mischief.lose_answers > 0 {
            hub.mischief.lose_answers -= 1;
            None
        } else {
            Some(answer)
        }
    };
    shared.changed.send_modify(|count| *count += 1);
    match answer {
        None => apology(),
        Some(Ok(answer)) => Json(answer).into_response(),
        Some(Err(error)) => Refused(error).into_response(),
    }
}

#[derive(Deserialize)]
struct Page {
    before: Option<String>,
    limit: usize,
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let mut changed = shared.changed.subscribe();
    loop {
        changed.mark_unchanged();
        {
            let mut hub = shared.lock();
            if let Err(answer) = caller(&hub, &headers) {
                return *answer;
            }
            if !hub.mischief.hold_pages {
                hub.pages += 1;
                let page = page_of(&hub, &ConversationId::new(id), &page);
                return Json(page).into_response();
            }
        }
        changed.changed().await.expect("the hub lives");
    }
}

fn page_of(hub: &HubState, id: &ConversationId, page: &Page) -> MessagePage {
    let before = page.before.clone().unwrap_or_else(|| "~".into());
    let mut rows: Vec<MessageRow> = hub
        .messages
        .values()
        .filter(|row| row.conversation == *id && row.position.0 < before)
        .cloned()
        .collect();
    rows.sort_by(|a, b| a.position.cmp(&b.position));
    let complete = rows.len() < page.limit;
    let messages = rows.split_off(rows.len().saturating_sub(page.limit));
    let oldest = messages.first().map(|row| row.position.clone());
    let from = oldest.clone().filter(|_| !complete).unwrap_or_default();
    let notes = hub
        .notes
        .iter()
        .filter(|note| note.conversation == *id)
        .filter(|note| note.position >= from && note.position.0 < before)
        .cloned()
        .collect();
    MessagePage {
        messages,
        notes,
        complete,
        cursor: hub.cursor,
        before: oldest.filter(|_| !complete),
    }
}

async fn window(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let hub = shared.lock();
    if let Err(answer) = caller(&hub, &headers) {
        return *answer;
    }
    let Some(row) = hub.conversations.get(&ConversationId::new(id)) else {
        return refused(ErrorCode::NotFound);
    };
    Json(WhyWindow {
        window: row.facts.at(hub.now),
        opened_by: row.facts.last_opening.clone(),
        opening_preview: Some("as the hub knows it".into()),
        refused: None,
        closes_at: row.facts.closes_at(),
        did_not_count: Vec::new(),
        worked_out_at: hub.now,
        meta_clock_offset_ms: None,
    })
    .into_response()
}

async fn search(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let hub = shared.lock();
    match caller(&hub, &headers) {
        Ok(_) => Json(SearchPage { hits: Vec::new() }).into_response(),
        Err(answer) => *answer,
    }
}

async fn media(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let mut hub = shared.lock();
    match caller(&hub, &headers) {
        Ok(_) => {
            hub.media_asked += 1;
            ([(header::CONTENT_TYPE, "image/png")], "picture").into_response()
        }
        Err(answer) => *answer,
    }
}

/// There is one of every file but `plain`.
async fn thumbnail(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut hub = shared.lock();
    if let Err(answer) = caller(&hub, &headers) {
        return *answer;
    }
    hub.thumbnails_asked += 1;
    if hub.no_thumbnails {
        return apology();
    }
    if id == "plain" {
        return refused(ErrorCode::NotFound);
    }
    ([(header::CONTENT_TYPE, "image/jpeg")], "small").into_response()
}

async fn presence(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<PresenceRequest>,
) -> Response {
    {
        let mut hub = shared.lock();
        if let Err(answer) = caller(&hub, &headers) {
            return *answer;
        }
        hub.presences.push(request);
    }
    shared.changed.send_modify(|count| *count += 1);
    StatusCode::NO_CONTENT.into_response()
}
