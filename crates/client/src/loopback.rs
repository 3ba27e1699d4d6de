//! The browser's transport: the same interface and the same two verbs, on this computer only.
//!
//! | route | answers |
//! |---|---|
//! | `GET /…` | the interface's files |
//! | `POST /call/{name}` | the call's answer, or an [`ApiError`] with a fitting status |
//! | `GET /events?session=…` | `text/event-stream`, one envelope per event |
//!
//! The address that is opened carries a token behind `#`, where no server and no referrer sees
//! it; calls and events want it as a bearer token. The host that is asked for must be this
//! computer by name or number, or a page elsewhere could reach in by pointing its own name here;
//! an origin, where there is one, must be ours. There is no CORS: no other page may call.
//!
//! A page names its session itself. A session ends when its event stream has been gone for
//! half a minute, so that a reload or a short break keeps what was open.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use ajar_protocol::{
    error::{ApiError, ErrorCode},
    ui::{UI_CALLS, UiCall, UiEnvelope},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{desk::Desk, session::Session, team::lock};

/// How long a session outlives its event stream.
const GRACE: Duration = Duration::from_secs(30);

/// A line that says that the stream lives, so that a page behind a sleeping lid notices.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Drafts and templates are small; a call is never larger.
const LARGEST_CALL: usize = 1024 * 1024;

const SESSION: &str = "x-ajar-session";

/// The interface's files, as the shell carries them.
pub trait Assets: Send + Sync + 'static {
    /// The bytes at a path without its leading slash, and their kind.
    fn get(&self, path: &str) -> Option<(Vec<u8>, String)>;
}

/// A folder of files, for work on the interface.
#[derive(Debug)]
pub struct AssetFolder(pub std::path::PathBuf);

impl Assets for AssetFolder {
    fn get(&self, path: &str) -> Option<(Vec<u8>, String)> {
        let path = std::path::Path::new(path);
        let plain = path
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain {
            return None;
        }
        let bytes = std::fs::read(self.0.join(path)).ok()?;
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        Some((bytes, mime.to_string()))
    }
}

/// The running transport. Ends when dropped.
pub struct Loopback {
    address: SocketAddr,
    token: String,
    server: JoinHandle<()>,
    _stop: DropGuard,
}

impl Loopback {
    /// Serves a desk on a free port of this computer.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn serve(desk: Desk, assets: Arc<dyn Assets>) -> std::io::Result<Self> {
        Self::serve_on(desk, assets, SocketAddr::from(([127, 0, 0, 1], 0)), GRACE).await
    }

    /// [`Self::serve`] on a certain port, with another grace for sessions.
    ///
    /// # Errors
    /// If the port cannot be had, or is not on this computer.
    pub async fn serve_on(
        desk: Desk,
        assets: Arc<dyn Assets>,
        at: SocketAddr,
        grace: Duration,
    ) -> std::io::Result<Self> {
        if !at.ip().is_loopback() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "only an address of this computer",
            ));
        }
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let stop = CancellationToken::new();
        let front = Arc::new(Front {
            desk,
            assets,
            token: token.clone(),
            port: address.port(),
            grace,
            sessions: Mutex::default(),
            stop: stop.clone(),
        });
        let app = router(front);
        let stopped = stop.clone();
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, app)
                .with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(why) = serving.await {
                tracing::error!(%why, "the browser transport ended");
            }
        });
        Ok(Self {
            address,
            token,
            server,
            _stop: stop.drop_guard(),
        })
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to open, with the token where only the page sees it.
    #[must_use]
    pub fn opening_address(&self) -> String {
        format!("http://{}/#token={}", self.address, self.token)
    }

    /// Runs until the server ends.
    pub async fn wait(mut self) {
        if let Err(why) = (&mut self.server).await {
            tracing::error!(%why, "the browser transport broke off");
        }
    }
}

struct Front {
    desk: Desk,
    assets: Arc<dyn Assets>,
    token: String,
    port: u16,
    grace: Duration,
    sessions: Mutex<HashMap<String, Visitor>>,
    stop: CancellationToken,
}

struct Visitor {
    session: Session,
    /// Grows with every reader, so that an old stream's end does not end a newer one.
    readers: u64,
    reading: bool,
    /// The first events, until somebody reads them.
    first: Option<mpsc::Receiver<UiEnvelope>>,
}

fn router(front: Arc<Front>) -> Router {
    let inside = Router::new()
        .route("/call/{name}", post(call))
        .route("/events", get(events))
        .layer(axum::middleware::from_fn_with_state(
            front.clone(),
            want_token,
        ))
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST_CALL));
    Router::new()
        .merge(inside)
        .fallback(get(asset))
        .layer(axum::middleware::from_fn_with_state(
            front.clone(),
            want_this_computer,
        ))
        .with_state(front)
}

/// An error on its way to the page.
struct Refusal(ApiError);

impl Refusal {
    fn new(code: ErrorCode, why: &str) -> Self {
        Self(ApiError::new(code, why))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            ErrorCode::Unauthorised => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden | ErrorCode::WrongCode => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::CursorExpired => StatusCode::GONE,
            ErrorCode::Invalid
            | ErrorCode::TooLong
            | ErrorCode::WindowNotOpen
            | ErrorCode::WindowClosing
            | ErrorCode::WindowDisputed
            | ErrorCode::Paused
            | ErrorCode::TemplateRefused
            | ErrorCode::OptedOut
            | ErrorCode::FileRefused
            | ErrorCode::ContentRefused
            | ErrorCode::RefusedByMeta
            | ErrorCode::NotANumber
            | ErrorCode::NoNumber => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::HubUnreachable | ErrorCode::NotAHub | ErrorCode::MetaUnavailable => {
                StatusCode::BAD_GATEWAY
            }
            ErrorCode::StorageUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(self.0)).into_response()
    }
}

/// Only requests that were meant for this computer, and from our own page.
async fn want_this_computer(
    State(front): State<Arc<Front>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let ours = [
        format!("127.0.0.1:{}", front.port),
        format!("localhost:{}", front.port),
    ];
    let host = text(headers, &header::HOST);
    if !host.is_some_and(|host| ours.iter().any(|one| one == host)) {
        return Refusal::new(ErrorCode::Forbidden, "meant for another host").into_response();
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = text(headers, &header::ORIGIN).and_then(|it| it.strip_prefix("http://"));
        if !origin.is_some_and(|origin| ours.iter().any(|one| one == origin)) {
            return Refusal::new(ErrorCode::Forbidden, "asked by another page").into_response();
        }
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn want_token(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let given = text(request.headers(), &header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    if !is_same_secret(given, &front.token) {
        return Refusal::new(ErrorCode::Unauthorised, "the token is missing or wrong")
            .into_response();
    }
    next.run(request).await
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Takes the same time wherever the two differ.
fn is_same_secret(given: &str, known: &str) -> bool {
    given.len() == known.len()
        && given
            .bytes()
            .zip(known.bytes())
            .fold(0u8, |difference, (a, b)| difference | (a ^ b))
            == 0
}

impl Front {
    /// The session that a page names, new or known.
    fn session(self: &Arc<Self>, name: &str) -> Result<Session, Refusal> {
        if name.is_empty() || name.len() > 64 {
            return Err(Refusal::new(ErrorCode::Invalid, "no session is named"));
        }
        let mut sessions = lock(&self.sessions);
        if let Some(visitor) = sessions.get(name) {
            return Ok(visitor.session.clone());
        }
        let (session, first) = self.desk.session();
        sessions.insert(
            name.to_owned(),
            Visitor {
                session: session.clone(),
                readers: 0,
                reading: false,
                first: Some(first),
            },
        );
        drop(sessions);
        self.forget_later(name, 0);
        Ok(session)
    }

    /// The events of a session for a new reader, and the reader's number.
    fn read(self: &Arc<Self>, name: &str) -> Result<(u64, mpsc::Receiver<UiEnvelope>), Refusal> {
        let session = self.session(name)?;
        let mut sessions = lock(&self.sessions);
        let visitor = sessions
            .get_mut(name)
            .ok_or_else(|| Refusal::new(ErrorCode::NotFound, "the session has just ended"))?;
        visitor.readers += 1;
        visitor.reading = true;
        let events = visitor.first.take().unwrap_or_else(|| session.subscribe());
        Ok((visitor.readers, events))
    }

    /// The reader went away: the session ends unless another comes in time.
    fn forget_later(self: &Arc<Self>, name: &str, reader: u64) {
        if let Some(visitor) = lock(&self.sessions).get_mut(name)
            && visitor.readers == reader
        {
            visitor.reading = false;
        }
        // Without a runtime the process is ending, and the sessions with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let front = Arc::downgrade(self);
        let (grace, stop) = (self.grace, self.stop.clone());
        let name = name.to_owned();
        runtime.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(grace) => {}
            }
            if let Some(front) = front.upgrade() {
                let mut sessions = lock(&front.sessions);
                let is_over = sessions
                    .get(&name)
                    .is_some_and(|visitor| visitor.readers == reader && !visitor.reading);
                if is_over {
                    sessions.remove(&name);
                }
            }
        });
    }
}

async fn call(
    State(front): State<Arc<Front>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let session = front.session(text(&headers, &SESSION_HEADER).unwrap_or_default())?;
    if !UI_CALLS.contains(&name.as_str()) {
        return Err(Refusal::new(ErrorCode::NotFound, "no such call"));
    }
    let payload: serde_json::Value = if body.is_empty() {
        serde_json::json!({})
    } else {
        serde_json::from_slice(&body)
            .map_err(|_| Refusal::new(ErrorCode::Invalid, "the payload is not JSON"))?
    };
    let call = read_call(&name, &payload).map_err(Refusal)?;
    session
        .call(call)
        .await
        .map(|answer| Json(answer).into_response())
        .map_err(Refusal)
}

static SESSION_HEADER: header::HeaderName = header::HeaderName::from_static(SESSION);

/// A call by its name and payload, as both transports carry it.
///
/// # Errors
/// [`ErrorCode::Invalid`] if the payload has another shape.
pub fn read_call(name: &str, payload: &serde_json::Value) -> Result<UiCall, ApiError> {
    serde_json::from_value(serde_json::json!({ "call": name, "payload": payload }))
        // The reason may quote what somebody typed, so it is not passed on.
        .map_err(|_| ApiError::new(ErrorCode::Invalid, format!("not a payload of {name}")))
}

#[derive(Deserialize)]
struct EventsOf {
    session: String,
}

async fn events(
    State(front): State<Arc<Front>>,
    Query(of): Query<EventsOf>,
) -> Result<Response, Refusal> {
    let (reader, events) = front.read(&of.session)?;
    let left = Left {
        front: front.clone(),
        name: of.session,
        reader,
    };
    let stop = front.stop.clone();
    let lines = futures::stream::unfold((events, left), move |(mut events, left)| {
        let stop = stop.clone();
        async move {
            let line = tokio::select! {
                () = stop.cancelled() => return None,
                envelope = events.recv() => as_event(&envelope?)?,
                () = tokio::time::sleep(KEEP_ALIVE) => Bytes::from_static(b": \n\n"),
            };
            Some((Ok::<_, std::convert::Infallible>(line), (events, left)))
        }
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

fn as_event(envelope: &UiEnvelope) -> Option<Bytes> {
    let mut line = b"data: ".to_vec();
    serde_json::to_writer(&mut line, envelope).ok()?;
    line.extend_from_slice(b"\n\n");
    Some(line.into())
}

/// Dropped with the event stream, however that ends.
struct Left {
    front: Arc<Front>,
    name: String,
    reader: u64,
}

impl Drop for Left {
    fn drop(&mut self) {
        self.front.forget_later(&self.name, self.reader);
    }
}

async fn asset(State(front): State<Arc<Front>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match front.assets.get(path) {
        Some((bytes, mime)) => {
            let mime = HeaderValue::from_str(&mime)
                .unwrap_or(HeaderValue::from_static("application/octet-stream"));
            ([(header::CONTENT_TYPE, mime)], bytes).into_response()
        }
        None => Refusal::new(ErrorCode::NotFound, "no such file").into_response(),
    }
}
