//! Files that came with messages, and the small pictures of them.

use ajar_domain::content::MediaState;
use ajar_protocol::error::{ApiError, ErrorCode};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{Caller, Refusal, Shared, conversations::not_found};
use crate::{
    core::Core,
    media::{kind, thumbnail},
    store::media::MediaRow,
};

#[utoipa::path(get, path = "/v1/media/{id}", params(("id" = String, Path,)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = ApiError)),
    security(("token" = [])))]
pub async fn media(
    State(core): State<Shared>,
    Caller(_): Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let row = stored(&core, &id).await?;
    whole(&core, &row).await
}

/// A small picture of a picture; of a small picture, the picture itself. Where there is neither,
/// the whole file is what there is to show.
#[utoipa::path(get, path = "/v1/media/{id}/thumbnail", params(("id" = String, Path,)),
    responses((status = 200, content_type = "image/jpeg"), (status = 200, content_type = "image/webp"),
        (status = 404, body = ApiError)),
    security(("token" = [])))]
pub async fn thumbnail(
    State(core): State<Shared>,
    Caller(_): Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let row = stored(&core, &id).await?;
    let found = core.shelf.thumbnail(&row.id).await;
    if let Some(bytes) = found.map_err(|error| unreadable(&row, &error))? {
        return Ok((with_bytes(thumbnail::kind(&bytes)), bytes).into_response());
    }
    let size = core.store.read().await?.media_size(&row.id).await?;
    match size {
        Some((width, height)) if width.max(height) <= thumbnail::SIDE => whole(&core, &row).await,
        _ => Err(not_found()),
    }
}

async fn stored(core: &Core, id: &str) -> Result<MediaRow, Refusal> {
    let row = core.store.read().await?.media(id).await?;
    row.filter(|row| row.state == MediaState::Stored)
        .ok_or_else(not_found)
}

async fn whole(core: &Core, row: &MediaRow) -> Result<Response, Refusal> {
    let bytes = core.shelf.stream(&row.id).await;
    let bytes = bytes.map_err(|error| unreadable(row, &error))?;
    let headers = with_bytes(&kind::served(&row.mime_type));
    Ok((headers, Body::from_stream(bytes)).into_response())
}

fn unreadable(row: &MediaRow, error: &object_store::Error) -> Refusal {
    tracing::error!(error = error as &dyn std::error::Error, media = %row.id, "a stored file cannot be read");
    Refusal(ApiError::later(
        ErrorCode::StorageUnavailable,
        "the file cannot be read",
        Some(5000),
    ))
}

/// What goes with the bytes of a file. Whatever a customer sent is never a page: a browser that
/// comes here saves it, whatever its kind, and should it draw it all the same, it does so as a
/// stranger without scripts.
fn with_bytes(kind: &str) -> [(HeaderName, HeaderValue); 5] {
    let fixed = HeaderValue::from_static;
    let kind = HeaderValue::from_str(kind).unwrap_or(fixed(kind::BYTES));
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, fixed("attachment")),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            fixed("sandbox; default-src 'none'"),
        ),
        (
            header::CACHE_CONTROL,
            fixed("private, max-age=31536000, immutable"),
        ),
    ]
}
