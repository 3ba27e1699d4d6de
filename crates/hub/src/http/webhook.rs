//! Meta's webhooks: proven genuine over the raw bytes, stored, then acknowledged.

use axum::{
    body::Bytes,
    extract::{Query, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::Shared;
use crate::meta::{parse, signature};

#[derive(Deserialize)]
pub struct Verification {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
}

/// `GET`: Meta asks whether this address is ours; answered with its challenge.
pub async fn verify(State(core): State<Shared>, Query(asked): Query<Verification>) -> Response {
    let ours = asked.mode.as_deref() == Some("subscribe")
        && asked
            .token
            .is_some_and(|token| token.as_bytes().ct_eq(core.verify_token.as_bytes()).into());
    if ours {
        (StatusCode::OK, asked.challenge.unwrap_or_default()).into_response()
    } else {
        tracing::warn!("a webhook verification with a wrong token was refused");
        StatusCode::FORBIDDEN.into_response()
    }
}

/// `POST`: 401 for a wrong signature, 413 for a body over 3 MB, 200 once it is on disk,
/// 503 if it cannot be stored. Whether it can be understood is no question here.
pub async fn receive(
    State(core): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    let header = headers
        .get(signature::HEADER)
        .map(axum::http::HeaderValue::as_bytes);
    if let Err(why) = signature::verify(core.app_secret.as_bytes(), header, &body) {
        tracing::warn!(bytes = body.len(), why = %why, "a webhook with a wrong signature was refused");
        metrics::counter!("ajar_webhooks_refused_total").increment(1);
        core.refusals.note(core.now());
        return StatusCode::UNAUTHORIZED.into_response();
    }
    core.heard
        .note(parse::messages_at_a_glance(&body), core.now());
    match core.ingest.append(body).await {
        Ok(()) => {
            metrics::counter!("ajar_webhooks_stored_total").increment(1);
            StatusCode::OK.into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
