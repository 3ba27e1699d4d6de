//! Files that came with messages, and the small pictures of them.

use ajar_domain::{
    MediaId,
    attachment::{self, AttachmentKind, AttachmentProblem},
    content::MediaState,
};
use ajar_protocol::{
    error::{ApiError, ErrorCode},
    hub::UploadedFile,
};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, Query, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{Caller, Refusal, Shared, conversations::not_found};
use crate::{
    core::Core,
    media::{kind, outgoing, thumbnail},
    store::media::{MediaRow, Stored},
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

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Meant {
    /// As what the file is to go out; without it, as people expect of such a file.
    kind: Option<AttachmentKind>,
}

/// Takes a file that an agent is about to send, and brings it into a form that Meta takes.
#[utoipa::path(post, path = "/v1/media", params(Meant),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = UploadedFile), (status = 422, body = ApiError)),
    security(("token" = [])))]
pub async fn upload(
    State(core): State<Shared>,
    Caller(_): Caller,
    Query(meant): Query<Meant>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<UploadedFile>, Refusal> {
    let too_large = AttachmentProblem::TooLarge {
        most: attachment::MAX_FILE,
    };
    let bytes = body.map_err(|_| Refusal(ApiError::of_file(too_large)))?;
    let announced = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or(kind::BYTES);
    let ready = outgoing::make_ready(announced, meant.kind, bytes).await;
    let ready = ready.map_err(|problem| Refusal(ApiError::of_file(problem)))?;
    let id = MediaId::new(core.ids.next());
    let stored = Stored {
        mime_type: ready.mime_type,
        width: ready.size.map(|(width, _)| width),
        height: ready.size.map(|(_, height)| height),
        size_bytes: u64::try_from(ready.bytes.len()).unwrap_or(u64::MAX),
    };
    let full = |error: object_store::Error| {
        tracing::error!(error = &error as &dyn std::error::Error, media = %id, "an uploaded file cannot be stored");
        Refusal(ApiError::later(
            ErrorCode::StorageUnavailable,
            "the file cannot be stored",
            Some(5000),
        ))
    };
    core.shelf.put(&id, ready.bytes).await.map_err(full)?;
    if let Some(thumbnail) = ready.thumbnail {
        core.shelf
            .put_thumbnail(&id, thumbnail)
            .await
            .map_err(full)?;
    }
    let mut tx = core.store.begin().await?;
    tx.add_upload(&id, &stored, core.now()).await?;
    tx.commit().await?;
    // One that nobody sends has its day, too.
    core.media_waits.notify_one();
    Ok(Json(UploadedFile {
        file: stored.as_media(id, None),
        kind: ready.kind,
        changed: ready.changed,
    }))
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
