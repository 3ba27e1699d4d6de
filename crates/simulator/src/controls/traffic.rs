//! Messages, requests, webhooks and faults, over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

use crate::error::Result;
use crate::faults::Fault;
use crate::sim::Sim;
use crate::statuses::Status;
use crate::webhooks::{ReleaseOrder, WebhookRecord};
use crate::world::{GraphRequest, MessageRecord};

/// Everything that was said, in order.
#[utoipa::path(get, path = "/sim/messages", responses((status = 200, body = Vec<MessageRecord>)))]
pub(super) async fn messages(State(sim): State<Sim>) -> Json<Vec<MessageRecord>> {
    Json(sim.messages())
}

/// A status to be told.
#[derive(Deserialize, ToSchema)]
pub(super) struct StatusChange {
    status: Status,
}

/// Tells a status, whatever was told before.
#[utoipa::path(post, path = "/sim/messages/{id}/status", params(("id" = String, Path)),
    request_body = StatusChange, responses((status = 204), (status = 404)))]
pub(super) async fn status(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    Json(change): Json<StatusChange>,
) -> Result<StatusCode> {
    sim.status(id, change.status)?;
    Ok(StatusCode::NO_CONTENT)
}

/// One of Meta's error codes.
#[derive(Deserialize, ToSchema)]
pub(super) struct Failure {
    code: u32,
}

/// Tells that a message failed.
#[utoipa::path(post, path = "/sim/messages/{id}/failure", params(("id" = String, Path)),
    request_body = Failure, responses((status = 204), (status = 404)))]
pub(super) async fn failure(
    State(sim): State<Sim>,
    Path(id): Path<String>,
    Json(failure): Json<Failure>,
) -> Result<StatusCode> {
    sim.fail(id, failure.code)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was asked of the Graph API.
#[utoipa::path(get, path = "/sim/requests", responses((status = 200, body = Vec<GraphRequest>)))]
pub(super) async fn requests(State(sim): State<Sim>) -> Json<Vec<GraphRequest>> {
    Json(sim.requests())
}

/// What meets a fault.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Meets {
    #[default]
    Sends,
    Uploads,
}

/// A fault, and how many requests it meets.
#[derive(Deserialize, ToSchema)]
pub(super) struct Faults {
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    of: Meets,
    fault: Fault,
}

fn once() -> u32 {
    1
}

#[utoipa::path(post, path = "/sim/faults", request_body = Faults, responses((status = 204)))]
pub(super) async fn fault(State(sim): State<Sim>, Json(faults): Json<Faults>) -> StatusCode {
    match faults.of {
        Meets::Sends => sim.fail_sends(faults.times, faults.fault),
        Meets::Uploads => sim.fail_uploads(faults.times, faults.fault),
    }
    StatusCode::NO_CONTENT
}

#[utoipa::path(delete, path = "/sim/faults", responses((status = 204)))]
pub(super) async fn no_faults(State(sim): State<Sim>) -> StatusCode {
    sim.clear_faults();
    StatusCode::NO_CONTENT
}

/// What was said in webhooks, and what became of it.
#[utoipa::path(get, path = "/sim/webhooks", responses((status = 200, body = Vec<WebhookRecord>)))]
pub(super) async fn webhooks(State(sim): State<Sim>) -> Json<Vec<WebhookRecord>> {
    Json(sim.webhooks())
}

/// A change of one field.
#[derive(Deserialize, ToSchema)]
pub(super) struct FieldChange {
    field: String,
    #[schema(value_type = Object)]
    value: Value,
}

/// Sends any change in the usual envelope.
#[utoipa::path(post, path = "/sim/webhooks", request_body = FieldChange,
    responses((status = 204)))]
pub(super) async fn send_webhook(
    State(sim): State<Sim>,
    Json(change): Json<FieldChange>,
) -> StatusCode {
    sim.webhook(&change.field, change.value);
    StatusCode::NO_CONTENT
}

/// Sends exactly this body, escaped and signed as Meta does.
#[utoipa::path(post, path = "/sim/webhooks/raw", request_body = Object,
    responses((status = 204)))]
pub(super) async fn send_raw(State(sim): State<Sim>, Json(body): Json<Value>) -> StatusCode {
    sim.raw_webhook(&body);
    StatusCode::NO_CONTENT
}

/// What to do with webhooks on their way.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(super) enum WebhookAct {
    SetUrl {
        #[schema(value_type = String)]
        url: Url,
    },
    Verify,
    Hold,
    Release {
        order: ReleaseOrder,
    },
    Lose,
    RetryNow,
    Duplicate {
        how_many: u32,
    },
    CorruptSignatures {
        how_many: u32,
    },
}

/// How many webhooks were concerned, where that is known.
#[derive(Serialize, ToSchema)]
pub(super) struct Concerned {
    webhooks: Option<usize>,
}

#[utoipa::path(post, path = "/sim/webhooks/acts", request_body = WebhookAct,
    responses((status = 200, body = Concerned), (status = 409), (status = 502)))]
pub(super) async fn webhook_acts(
    State(sim): State<Sim>,
    Json(act): Json<WebhookAct>,
) -> Result<Json<Concerned>> {
    let mut webhooks = None;
    match act {
        WebhookAct::SetUrl { url } => sim.set_webhook_url(url),
        WebhookAct::Verify => sim.verify_webhook().await?,
        WebhookAct::Hold => sim.hold_webhooks(),
        WebhookAct::Release { order } => sim.release_webhooks(order),
        WebhookAct::Lose => webhooks = Some(sim.lose_webhooks()),
        WebhookAct::RetryNow => sim.retry_webhooks_now(),
        WebhookAct::Duplicate { how_many } => sim.duplicate_webhooks(how_many),
        WebhookAct::CorruptSignatures { how_many } => sim.corrupt_signatures(how_many),
    }
    Ok(Json(Concerned { webhooks }))
}
