//! The Graph API: the door that checks token and version, and the objects behind it.
//!
//! It knows how Meta answers and refuses; what is true it asks of the books.

mod error;
mod limits;
mod media;
mod messages;
mod numbers;
mod templates;
mod used_media;

use std::collections::HashMap;

use ajar_domain::time::Clock as _;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

pub use error::GraphError;

use crate::line::Line;
use crate::media::DOWNLOAD_PATH;
use crate::sim::Sim;
use crate::world::{GraphRequest, LOG_LENGTH, World};

type Answer = std::result::Result<Response, GraphError>;

/// More than Meta's largest document would make a test slow and prove nothing.
const LARGEST_BODY: usize = 101 * 1024 * 1024;

/// Everything under `/{version}/`, and the downloads beside it.
pub(crate) fn router(sim: Sim) -> Router {
    Router::new()
        .route("/{version}/{id}", any(object))
        .route("/{version}/{id}/{edge}", any(edge))
        .layer(middleware::from_fn_with_state(sim.clone(), door))
        .route(DOWNLOAD_PATH, get(media::download))
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(sim.clone(), dated))
        .with_state(sim)
}

/// Marks an answer that must not reach the caller.
#[derive(Clone)]
struct CutTheLine;

fn cut_the_line() -> Response {
    let mut response = StatusCode::BAD_GATEWAY.into_response();
    response.extensions_mut().insert(CutTheLine);
    response
}

/// Every answer bears the time of the simulated clock, as a receiver may compare it with its own.
async fn dated(State(sim): State<Sim>, request: Request, next: Next) -> Response {
    let line = request
        .extensions()
        .get::<ConnectInfo<Line>>()
        .map(|ConnectInfo(line)| line.clone());
    let mut response = next.run(request).await;
    if response.extensions().get::<CutTheLine>().is_some()
        && let Some(line) = line
    {
        line.cut();
    }
    if let Some(date) = date_header(&sim) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn date_header(sim: &Sim) -> Option<HeaderValue> {
    let now = sim.core.clock.now().to_datetime()?;
    let text = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&text).ok()
}

/// Version and token are checked before anything else, and every request is written down.
async fn door(State(sim): State<Sim>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let is_json = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|kind| kind.starts_with("application/json"));
    let mut entry = GraphRequest {
        at: sim.core.clock.now(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(without_secrets),
        body: None,
        status: 0,
        arrived: std::time::Instant::now(),
    };
    let refused = admitted(&sim, parts.uri.path(), parts.uri.query(), &parts.headers).err();
    let response = if let Some(error) = refused {
        error.into_response()
    } else if is_json {
        match axum::body::to_bytes(body, LARGEST_BODY).await {
            Ok(bytes) => {
                entry.body = serde_json::from_slice(&bytes).ok();
                next.run(Request::from_parts(parts, Body::from(bytes)))
                    .await
            }
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    if response.extensions().get::<CutTheLine>().is_none() {
        entry.status = response.status().as_u16();
    }
    sim.core.change(|world, _| {
        if world.requests.len() == LOG_LENGTH {
            world.requests.pop_front();
        }
        world.requests.push_back(entry);
    });
    response
}

/// Tokens do not belong into a log, not even into that of a simulator.
fn without_secrets(query: &str) -> String {
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key @ ("access_token" | "input_token" | "appsecret_proof"), _)) => {
            format!("{key}=…")
        }
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join("&")
}

fn admitted(
    sim: &Sim,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<(), GraphError> {
    let version = path.split('/').nth(1).unwrap_or_default();
    let is_version = version
        .strip_prefix('v')
        .and_then(|number| number.split_once('.'))
        .is_some_and(|(major, minor)| major.parse::<u16>().is_ok() && minor.parse::<u16>().is_ok());
    if !is_version {
        return Err(GraphError {
            http: StatusCode::BAD_REQUEST,
            code: 2500,
            message: Some(format!("Unknown path components: {path}").into()),
            details: None,
            ..GraphError::of(100)
        });
    }
    let query: HashMap<String, String> = query
        .map(|query| {
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect()
        })
        .unwrap_or_default();
    let token = bearer(headers).or_else(|| query.get("access_token").cloned());
    let world = sim.core.world();
    check_token(&world, token.as_deref())?;
    let proof = query.get("appsecret_proof");
    let expected = app_secret_proof(&world.account.app_secret, &world.account.access_token);
    if proof.is_some_and(|proof| *proof != expected) {
        return Err(GraphError::invalid(
            "Invalid appsecret_proof provided in the API argument",
        ));
    }
    if proof.is_none() && world.settings.require_app_secret_proof {
        return Err(GraphError::invalid(
            "API calls from the server require an appsecret_proof argument",
        ));
    }
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = value
        .strip_prefix("Bearer ")
        .or_else(|| value.strip_prefix("OAuth "))?;
    Some(token.trim().to_owned())
}

fn check_token(world: &World, token: Option<&str>) -> Result<(), GraphError> {
    if token != Some(world.account.access_token.as_str()) {
        return Err(GraphError::bad_token());
    }
    if world.account.token_expired {
        return Err(GraphError::of(190));
    }
    Ok(())
}

/// Hex HMAC of the access token under the app secret.
fn app_secret_proof(app_secret: &str, access_token: &str) -> String {
    Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(access_token.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// What a request brings, taken apart once.
struct Asked {
    method: Method,
    id: String,
    query: HashMap<String, String>,
    body: Bytes,
}

impl Asked {
    /// The body as a JSON object.
    fn json(&self) -> Result<Map<String, Value>, GraphError> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(GraphError::invalid("Invalid JSON in the request body")),
        }
    }

    /// The names given in `fields=`, without what stands in braces behind them.
    fn fields(&self) -> Option<Vec<String>> {
        let fields = self.query.get("fields")?;
        let mut depth = 0_usize;
        let flat: String = fields
            .chars()
            .filter(|c| {
                match c {
                    '{' => depth += 1,
                    '}' => {
                        depth = depth.saturating_sub(1);
                        return false;
                    }
                    _ => {}
                }
                depth == 0
            })
            .collect();
        Some(
            flat.split(',')
                .map(|field| field.trim().to_owned())
                .collect(),
        )
    }
}

async fn object(
    State(sim): State<Sim>,
    Path((_, id)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    body: Bytes,
) -> Answer {
    let asked = Asked {
        method,
        id,
        query,
        body,
    };
    if asked.id == "debug_token" {
        return numbers::debug_token(&sim, &asked);
    }
    if sim
        .core
        .world()
        .media
        .get(&asked.id, sim.core.clock.now())
        .is_some()
    {
        return media::object(&sim, &asked);
    }
    if asked.method == axum::http::Method::POST
        && let Some(answer) = templates::edit(&sim, &asked)
    {
        return answer;
    }
    if let Some(answer) = templates::object(&sim, &asked) {
        return Ok(answer);
    }
    numbers::object(&sim, &asked)
}

async fn edge(
    State(sim): State<Sim>,
    Path((version, id, edge)): Path<(String, String, String)>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Answer {
    if edge == "media" && request.method() == Method::POST {
        return media::upload(&sim, &id, request).await;
    }
    let method = request.method().clone();
    let body = axum::body::to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|_| GraphError::invalid("The request body could not be read"))?;
    let asked = Asked {
        method,
        id,
        query,
        body,
    };
    let method = asked.method.as_str();
    match (method, edge.as_str()) {
        ("POST", "messages") => messages::post(&sim, &asked).await,
        (_, "message_templates") => templates::list(&sim, &asked, &version),
        (_, "subscribed_apps") => numbers::subscribed_apps(&sim, &asked).await,
        ("GET", "phone_numbers") => numbers::phone_numbers(&sim, &asked),
        ("POST", "smb_app_data") => numbers::smb_app_data(&sim, &asked),
        (_, "block_users") => numbers::block_users(&sim, &asked),
        ("DELETE", "contact_book") => numbers::contact_book(&sim, &asked),
        ("GET", "message_history") => numbers::message_history(&sim, &asked),
        _ => Err(GraphError {
            code: 2500,
            message: Some(format!("Unknown path components: /{edge}").into()),
            details: None,
            ..GraphError::of(100)
        }),
    }
}

/// An object with only the asked fields; `id` always comes along.
fn only_fields(object: &Map<String, Value>, fields: &[String]) -> Map<String, Value> {
    object
        .iter()
        .filter(|(key, _)| *key == "id" || fields.contains(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The moment as Graph writes moments in objects.
fn iso(at: ajar_domain::time::Time) -> Option<String> {
    let at = at.to_datetime()?;
    Some(at.format("%Y-%m-%dT%H:%M:%S%z").to_string())
}
