//! Files over the Graph API: upload, look up, delete; and the download beside it.

use std::collections::HashMap;
use std::time::Duration;

use ajar_domain::time::Clock as _;
use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::{Answer, Asked, GraphError, bearer, check_token, cut_the_line};
use crate::faults::Fault;
use crate::media::{MediaFile, MediaOrigin};
use crate::sim::Sim;
use crate::validate;
use crate::world::World;

/// `POST /{phone_number_id}/media`, a form with `messaging_product`, `type` and `file`.
pub(super) async fn upload(sim: &Sim, phone_number_id: &str, request: Request) -> Answer {
    if sim.core.world().number(phone_number_id).is_err() {
        return Err(GraphError::no_such_object(phone_number_id));
    }
    let fault = sim.core.world().faults.uploads.take();
    if let Some(refusal) = fault.as_ref().and_then(Fault::refusal) {
        return Ok(refusal);
    }
    if fault == Some(Fault::DropRequest) {
        return Ok(cut_the_line());
    }
    let malformed = |_| GraphError::invalid("The request body is not a valid form");
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| GraphError::invalid("The parameter file is required."))?;
    let (mut product, mut kind, mut file) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(|_| malformed(()))? {
        match field.name() {
            Some("messaging_product") => {
                product = Some(field.text().await.map_err(|_| malformed(()))?);
            }
            Some("type") => kind = Some(field.text().await.map_err(|_| malformed(()))?),
            Some("file") => {
                let name = field.file_name().map(ToOwned::to_owned);
                let declared = field.content_type().map(ToOwned::to_owned);
                let bytes = field.bytes().await.map_err(|_| malformed(()))?;
                file = Some((name, declared, bytes));
            }
            _ => {}
        }
    }
    if product.as_deref() != Some("whatsapp") {
        return Err(GraphError::invalid(
            "The parameter messaging_product is required.",
        ));
    }
    let Some((filename, declared, bytes)) = file else {
        return Err(GraphError::invalid("The parameter file is required."));
    };
    let mime_type = declared.or(kind).unwrap_or_default();
    validate::uploaded(&mime_type, bytes.len())?;
    let file = MediaFile {
        mime_type,
        filename,
        bytes,
    };
    let id = sim.core.change(|world, now| {
        let World { media, rng, .. } = world;
        media.store(rng, file, MediaOrigin::Uploaded, now).id
    });
    if let Some(delay) = fault.as_ref().and_then(Fault::delay) {
        tokio::time::sleep(delay).await;
    }
    if fault == Some(Fault::SwallowAnswer) {
        return Ok(cut_the_line());
    }
    Ok(Json(json!({ "id": id })).into_response())
}

/// `GET` and `DELETE /{media_id}`.
pub(super) fn object(sim: &Sim, asked: &Asked) -> Answer {
    if asked.method == Method::DELETE {
        let deleted = sim.core.change(|world, _| world.media.delete(&asked.id));
        return Ok(Json(json!({ "success": deleted })).into_response());
    }
    if let Some(number) = asked.query.get("phone_number_id")
        && sim.core.world().number(number).is_err()
    {
        return Err(GraphError::no_such_object(number));
    }
    let answer = sim.core.change(|world, now| {
        let stored = world.media.get(&asked.id, now)?.clone();
        let expires_at = now + Duration::from_millis(world.settings.media_url_ms);
        let address = world.media.address(&mut world.rng, &stored.id, expires_at);
        Some(json!({
            "messaging_product": "whatsapp",
            "url": sim.core.absolute(&address),
            "mime_type": stored.file.mime_type,
            "sha256": stored.sha256_hex(),
            "file_size": stored.file.bytes.len().to_string(),
            "id": stored.id,
        }))
    });
    match answer {
        Some(answer) => Ok(Json(answer).into_response()),
        None => Err(GraphError::no_such_object(&asked.id)),
    }
}

/// The file itself: only with the token, and only while the address works.
pub(super) async fn download(
    State(sim): State<Sim>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let now = sim.core.clock.now();
    let world = sim.core.world();
    if check_token(&world, bearer(&headers).as_deref()).is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let part = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
    let Some(stored) = world.media.by_address(part("hash"), part("mid"), now) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let file = stored.file.clone();
    ([(header::CONTENT_TYPE, file.mime_type)], file.bytes).into_response()
}
