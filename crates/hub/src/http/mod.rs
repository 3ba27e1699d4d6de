//! The hub's face: Meta's webhooks, the agents' API under `/v1`, and what watches it.
//!
//! Handlers translate; they decide nothing. Internals stay in the log under an id, the answer
//! carries a code the interface has words for.

mod agents;
mod conversations;
mod files;
mod openapi;
mod stream;
mod watch;
mod webhook;

use std::{net::SocketAddr, sync::Arc};

use ajar_protocol::{
    error::{ApiError, ErrorCode, RetryAdvice},
    rows::AgentRow,
};
use axum::{
    Json, Router,
    extract::{FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use watch::install_metrics;

use crate::{commands::CommandError, core::Core, ids::secret_hash, store::StoreError};

/// Meta's webhooks are at most this large (platform notes, section 3).
pub const MAX_WEBHOOK: usize = 3 * 1024 * 1024;
/// What an agent's desktop may send at once.
const MAX_COMMAND: usize = 256 * 1024;
/// A file that is to be sent: a little more than Meta takes, so that whoever has one that is larger
/// hears how large it may be.
const MAX_UPLOAD: usize = 128 * 1024 * 1024;

pub type Shared = Arc<Core>;

/// All routes of a hub.
pub fn router(core: Shared) -> Router {
    let v1 = Router::new()
        .route("/hello", get(agents::hello))
        .route("/join", post(agents::join))
        .route("/snapshot", get(stream::snapshot))
        .route("/events", get(stream::events))
        .route("/commands", post(conversations::command))
        .route("/conversations/{id}/messages", get(conversations::messages))
        .route("/conversations/{id}/window", get(conversations::window))
        .route("/inboxes/{id}/costs", get(conversations::costs))
        .route("/search", get(conversations::search))
        .route("/media/{id}", get(files::media))
        .route("/media/{id}/thumbnail", get(files::thumbnail))
        .route(
            "/media",
            post(files::upload).layer(axum::extract::DefaultBodyLimit::max(MAX_UPLOAD)),
        )
        .route("/presence", post(agents::presence))
        .route("/admin/not-understood", get(agents::not_understood))
        .route("/health", get(agents::health))
        .route("/openapi.json", get(openapi::document))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_COMMAND));
    Router::new()
        .route(
            "/webhooks/whatsapp",
            get(webhook::verify)
                .post(webhook::receive)
                .layer(axum::extract::DefaultBodyLimit::max(MAX_WEBHOOK)),
        )
        .nest("/v1", v1)
        .route("/healthz", get(watch::healthz))
        .route("/readyz", get(watch::readyz))
        .route("/metrics", get(watch::metrics))
        .fallback(|| async { Refusal::from(ApiError::new(ErrorCode::NotFound, "no such route")) })
        .layer(axum::middleware::from_fn(no_store))
        .with_state(core)
}

/// Nothing here may be kept by a proxy.
async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(header::HeaderValue::from_static("no-store"));
    response
}

/// Serves until `stop` resolves.
///
/// # Errors
/// What the listener says.
pub async fn serve(
    core: Shared,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(core).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await
}

/// An error on its way out: a status and the body that the interface understands.
#[derive(Debug)]
pub struct Refusal(pub ApiError);

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a request failed in the store"
        );
        let code = match &error {
            StoreError::Database(_) => ErrorCode::StorageUnavailable,
            StoreError::Migrate(_) | StoreError::Corrupt { .. } | StoreError::Newer { .. } => {
                ErrorCode::Internal
            }
        };
        Self(ApiError::later(code, "the database refused", Some(2000)))
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refused) => Self(refused),
            CommandError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            ErrorCode::Unauthorised => StatusCode::UNAUTHORIZED,
            ErrorCode::WrongCode | ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Conflict
            | ErrorCode::WindowNotOpen
            | ErrorCode::WindowClosing
            | ErrorCode::WindowDisputed
            | ErrorCode::Paused => StatusCode::CONFLICT,
            ErrorCode::CursorExpired => StatusCode::GONE,
            ErrorCode::StorageUnavailable
            | ErrorCode::MetaUnavailable
            | ErrorCode::HubUnreachable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal | ErrorCode::Unknown | ErrorCode::NotAHub => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            ErrorCode::Invalid
            | ErrorCode::TooLong
            | ErrorCode::TemplateRefused
            | ErrorCode::OptedOut
            | ErrorCode::FileRefused
            | ErrorCode::ContentRefused
            | ErrorCode::RefusedByMeta
            | ErrorCode::NotANumber
            | ErrorCode::NoNumber => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut response = (status, Json(&self.0)).into_response();
        if let RetryAdvice::Later {
            after_ms: Some(after),
        } = self.0.retry
            && let Ok(value) = after.div_ceil(1000).to_string().parse()
        {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// The agent whose token came with the request.
pub struct Caller(pub AgentRow);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, core: &Shared) -> Result<Self, Refusal> {
        let unauthorised = || Refusal(ApiError::new(ErrorCode::Unauthorised, "no valid token"));
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(unauthorised)?;
        let mut conn = core.store.read().await?;
        conn.agent_by_token(&secret_hash(token))
            .await?
            .map(Caller)
            .ok_or_else(unauthorised)
    }
}
