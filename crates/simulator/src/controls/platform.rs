//! Clock, settings, account, templates, media, and a look at everything.

use std::time::Duration;

use ajar_domain::time::{Clock as _, Time};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::account::AccountState;
use crate::error::{Result, SimError};
use crate::settings::Settings;
use crate::sim::Sim;
use crate::world::{MessageRecord, Number, Person};

/// Everything at a glance.
#[derive(Serialize, ToSchema)]
pub(super) struct StateDump {
    clock: ClockReading,
    waba_id: String,
    account: AccountState,
    numbers: Vec<Number>,
    customers: Vec<Person>,
    messages: Vec<MessageRecord>,
    windows: Vec<WindowBook>,
    /// Statuses and other things that the clock will bring.
    planned: usize,
    /// Webhooks that wait or are under way.
    webhooks_pending: usize,
    faults_waiting: usize,
    templates: usize,
}

/// What the platform's own books say about one window.
#[derive(Serialize, ToSchema)]
pub(super) struct WindowBook {
    phone_number_id: String,
    customer: u64,
    #[schema(value_type = i64)]
    opened_at: Time,
    is_open: bool,
}

#[utoipa::path(get, path = "/sim/state", responses((status = 200, body = StateDump)))]
pub(super) async fn state(State(sim): State<Sim>) -> Json<StateDump> {
    let messages = sim.messages();
    let clock = reading(&sim);
    let now = sim.core.clock.now();
    let world = sim.core.world();
    let mut windows: Vec<WindowBook> = world
        .openings
        .iter()
        .map(|((number, person), opened_at)| WindowBook {
            phone_number_id: number.clone(),
            customer: person.0,
            opened_at: *opened_at,
            is_open: world.window_is_open(number, *person, now),
        })
        .collect();
    windows.sort_by_key(|window| window.customer);
    Json(StateDump {
        clock,
        waba_id: world.account.waba_id.clone(),
        account: world.account.state,
        numbers: world.numbers.clone(),
        customers: world.people.values().cloned().collect(),
        messages,
        windows,
        planned: world.schedule.len(),
        webhooks_pending: world.outbound.pending(),
        faults_waiting: world.faults.waiting(),
        templates: world.templates.len(),
    })
}

/// How long to wait at most.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct Patience {
    timeout_ms: Option<u64>,
}

/// Answers when no webhook is under way and nothing is due; 504 if that takes too long.
#[utoipa::path(post, path = "/sim/settled", request_body = Option<Patience>,
    responses((status = 204), (status = 504)))]
pub(super) async fn settled(
    State(sim): State<Sim>,
    patience: Option<Json<Patience>>,
) -> StatusCode {
    let timeout = patience.and_then(|Json(patience)| patience.timeout_ms);
    let timeout = Duration::from_millis(timeout.unwrap_or(10_000));
    match tokio::time::timeout(timeout, sim.settled()).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// What the clock shows.
#[derive(Serialize, ToSchema)]
pub(super) struct ClockReading {
    #[schema(value_type = i64)]
    now: Time,
    iso: String,
    rate: f64,
    frozen: bool,
    epoch: u64,
}

fn reading(sim: &Sim) -> ClockReading {
    let clock = sim.clock();
    let now = clock.now();
    ClockReading {
        now,
        iso: format!("{now:?}"),
        rate: clock.rate(),
        frozen: clock.is_frozen(),
        epoch: clock.epoch(),
    }
}

#[utoipa::path(get, path = "/sim/clock", responses((status = 200, body = ClockReading)))]
pub(super) async fn clock(State(sim): State<Sim>) -> Json<ClockReading> {
    Json(reading(&sim))
}

/// What to do with the clock. Several at once are done in this order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockChange {
    /// Set it, in milliseconds since the epoch.
    #[schema(value_type = Option<i64>)]
    set: Option<Time>,
    advance_ms: Option<u64>,
    /// So many simulated seconds in one real second.
    rate: Option<f64>,
    frozen: Option<bool>,
}

#[utoipa::path(post, path = "/sim/clock", request_body = ClockChange,
    responses((status = 200, body = ClockReading)))]
pub(super) async fn set_clock(
    State(sim): State<Sim>,
    Json(change): Json<ClockChange>,
) -> Json<ClockReading> {
    let clock = sim.clock();
    if let Some(at) = change.set {
        clock.set(at);
    }
    if let Some(by) = change.advance_ms {
        clock.advance(Duration::from_millis(by));
    }
    if let Some(rate) = change.rate {
        clock.set_rate(rate);
    }
    match change.frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.resume(),
        None => {}
    }
    sim.core.change(|_, _| ());
    Json(reading(&sim))
}

#[utoipa::path(get, path = "/sim/settings", responses((status = 200, body = Settings)))]
pub(super) async fn settings(State(sim): State<Sim>) -> Json<Settings> {
    Json(sim.settings())
}

/// Changes the settings that are named; the others stay.
#[utoipa::path(patch, path = "/sim/settings", request_body = Settings,
    responses((status = 200, body = Settings), (status = 400)))]
pub(super) async fn change_settings(
    State(sim): State<Sim>,
    Json(changes): Json<Value>,
) -> Result<Json<Settings>> {
    let malformed = |error: serde_json::Error| SimError::Malformed(error.to_string());
    let mut all = serde_json::to_value(sim.settings()).map_err(malformed)?;
    let Value::Object(changes) = changes else {
        return Err(SimError::Malformed("settings are a JSON object".to_owned()));
    };
    for (key, value) in changes {
        if all.get(&key).is_none() {
            return Err(SimError::Malformed(format!("there is no setting {key:?}")));
        }
        all[key] = value;
    }
    let settings: Settings = serde_json::from_value(all).map_err(malformed)?;
    sim.configure(|own| *own = settings.clone());
    Ok(Json(settings))
}

/// What Meta thinks of the account from now on.
#[derive(Deserialize, ToSchema)]
pub(super) struct AccountChange {
    state: AccountState,
}

#[utoipa::path(post, path = "/sim/account", request_body = AccountChange,
    responses((status = 204)))]
pub(super) async fn set_account(
    State(sim): State<Sim>,
    Json(change): Json<AccountChange>,
) -> StatusCode {
    sim.set_account(change.state);
    StatusCode::NO_CONTENT
}

/// Whether the token has run out.
#[derive(Deserialize, ToSchema)]
pub(super) struct TokenChange {
    expired: bool,
}

#[utoipa::path(post, path = "/sim/token", request_body = TokenChange, responses((status = 204)))]
pub(super) async fn set_token(
    State(sim): State<Sim>,
    Json(change): Json<TokenChange>,
) -> StatusCode {
    sim.expire_token(change.expired);
    StatusCode::NO_CONTENT
}

#[utoipa::path(get, path = "/sim/templates", responses((status = 200, body = Vec<Object>)))]
pub(super) async fn templates(State(sim): State<Sim>) -> Json<Vec<Value>> {
    Json(sim.templates())
}

/// Adds or replaces a template, as Meta would list it.
#[utoipa::path(post, path = "/sim/templates", request_body = Object,
    responses((status = 204), (status = 400)))]
pub(super) async fn add_template(
    State(sim): State<Sim>,
    Json(listed): Json<Value>,
) -> Result<StatusCode> {
    sim.add_template(listed)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `APPROVED`, `PAUSED`, `DISABLED`, `REJECTED` …
#[derive(Deserialize, ToSchema)]
pub(super) struct TemplateStatus {
    status: String,
}

/// Changes the status and tells it in a webhook.
#[utoipa::path(post, path = "/sim/templates/{name}/{language}/status",
    params(("name" = String, Path), ("language" = String, Path)),
    request_body = TemplateStatus, responses((status = 204), (status = 404)))]
pub(super) async fn set_template_status(
    State(sim): State<Sim>,
    Path((name, language)): Path<(String, String)>,
    Json(change): Json<TemplateStatus>,
) -> Result<StatusCode> {
    sim.set_template_status(&name, &language, &change.status)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The files that were sent or uploaded.
#[utoipa::path(get, path = "/sim/media", responses((status = 200, body = Vec<Object>)))]
pub(super) async fn media(State(sim): State<Sim>) -> Json<Vec<Value>> {
    let world = sim.core.world();
    let mut all: Vec<Value> = world
        .media
        .all()
        .map(|stored| {
            json!({
                "id": stored.id,
                "mime_type": stored.file.mime_type,
                "filename": stored.file.filename,
                "size": stored.file.bytes.len(),
                "sha256": stored.sha256_hex(),
                "stored_at": stored.stored_at,
            })
        })
        .collect();
    all.sort_by_key(|file| file["stored_at"].as_i64());
    Json(all)
}

/// A file, without token or time limit.
#[utoipa::path(get, path = "/sim/media/{id}", params(("id" = String, Path)),
    responses((status = 200, description = "the bytes"), (status = 404)))]
pub(super) async fn media_file(State(sim): State<Sim>, Path(id): Path<String>) -> Response {
    let world = sim.core.world();
    match world.media.all().find(|stored| stored.id == id) {
        Some(stored) => {
            let file = stored.file.clone();
            ([(header::CONTENT_TYPE, file.mime_type)], file.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
