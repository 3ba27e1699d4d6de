//! Commands, pages of messages, the window's provenance, and search.

use ajar_domain::{ConversationId, InboxId};
use ajar_protocol::{
    command::{CommandAnswer, CommandRequest},
    error::{ApiError, ErrorCode},
    hub::{MessagePage, SearchPage},
    ui::{CostReport, WhyWindow},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;

use super::{Caller, Refusal, Shared};
use crate::{commands, costs, why};

const MAX_PAGE: i64 = 200;

#[utoipa::path(post, path = "/v1/commands", request_body = CommandRequest,
    responses((status = 200, body = CommandAnswer), (status = 409, body = ApiError), (status = 422, body = ApiError)),
    security(("token" = [])))]
pub async fn command(
    State(core): State<Shared>,
    Caller(agent): Caller,
    Json(request): Json<CommandRequest>,
) -> Result<Json<CommandAnswer>, Refusal> {
    Ok(Json(commands::execute(&core, &agent, request).await?))
}

#[derive(Deserialize)]
pub struct Page {
    before: Option<String>,
    limit: Option<i64>,
}

pub(super) fn not_found() -> Refusal {
    ApiError::new(ErrorCode::NotFound, "no such thing").into()
}

#[utoipa::path(get, path = "/v1/conversations/{id}/messages",
    params(("id" = String, Path,), ("before" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = MessagePage)), security(("token" = [])))]
pub async fn messages(
    State(core): State<Shared>,
    Caller(_): Caller,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<MessagePage>, Refusal> {
    // Higher than every position: positions begin with digits.
    let before = page.before.unwrap_or_else(|| "~".to_owned());
    let limit = page.limit.unwrap_or(50).clamp(1, MAX_PAGE);
    let conversation = ConversationId::new(id);
    let mut conn = core.store.read().await?;
    if conn.conversation(conversation.as_str()).await?.is_none() {
        return Err(not_found());
    }
    let cursor = conn.team().await?.last_event;
    let messages = conn.messages_before(&conversation, &before, limit).await?;
    let complete = i64::try_from(messages.len()).unwrap_or(i64::MAX) < limit;
    let oldest = messages.first().map(|row| row.position.clone());
    let from = match (&oldest, complete) {
        (Some(oldest), false) => oldest.0.clone(),
        _ => String::new(),
    };
    let notes = conn.notes_between(&conversation, &from, &before).await?;
    Ok(Json(MessagePage {
        messages,
        notes,
        complete,
        cursor,
        before: oldest.filter(|_| !complete),
    }))
}

#[utoipa::path(get, path = "/v1/conversations/{id}/window", params(("id" = String, Path,)),
    responses((status = 200)), security(("token" = [])))]
pub async fn window(
    State(core): State<Shared>,
    Caller(_): Caller,
    Path(id): Path<String>,
) -> Result<Json<WhyWindow>, Refusal> {
    let mut conn = core.store.read().await?;
    why::window(&mut conn, &ConversationId::new(id), core.now())
        .await?
        .map(Json)
        .ok_or_else(not_found)
}

#[utoipa::path(get, path = "/v1/inboxes/{id}/costs", params(("id" = String, Path,)),
    responses((status = 200, body = CostReport)), security(("token" = [])))]
pub async fn costs(
    State(core): State<Shared>,
    Caller(_): Caller,
    Path(id): Path<String>,
) -> Result<Json<CostReport>, Refusal> {
    let inbox = InboxId::new(id);
    let mut conn = core.store.read().await?;
    if conn.inbox(inbox.as_str()).await?.is_none() {
        return Err(not_found());
    }
    Ok(Json(costs::report(&mut conn, &inbox, core.now()).await?))
}

#[derive(Deserialize)]
pub struct Words {
    q: String,
}

#[utoipa::path(get, path = "/v1/search", params(("q" = String, Query,)),
    responses((status = 200, body = SearchPage)), security(("token" = [])))]
pub async fn search(
    State(core): State<Shared>,
    Caller(_): Caller,
    Query(words): Query<Words>,
) -> Result<Json<SearchPage>, Refusal> {
    let mut conn = core.store.read().await?;
    let hits = conn.search(&words.q, 50).await?;
    Ok(Json(SearchPage { hits }))
}
