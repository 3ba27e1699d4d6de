//! What watches the hub: is it alive, is it ready, how does it do.

use std::sync::OnceLock;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::Shared;

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the one recorder of this process. A second hub in the same process (tests, a demo)
/// shares it.
pub fn install_metrics() {
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().ok());
}

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers, and webhooks can be stored.
pub async fn readyz(State(core): State<Shared>) -> Response {
    match core.store.team().await {
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}

/// Prometheus text.
pub async fn metrics(State(core): State<Shared>) -> Response {
    if let Ok(mut conn) = core.store.read().await {
        if let Ok(counts) = conn.outbox_counts().await {
            for (state, count) in counts {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a gauge of rows; exact far beyond any outbox"
                )]
                metrics::gauge!("ajar_outbox_rows", "state" => state).set(count as f64);
            }
        }
        if let (Ok(team), Ok(end)) = (conn.team().await, core.store.log_end().await) {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a gauge of rows; exact far beyond any backlog"
            )]
            metrics::gauge!("ajar_webhooks_waiting").set((end - team.log_cursor) as f64);
        }
    }
    let text = RECORDER
        .get()
        .and_then(Option::as_ref)
        .map(PrometheusHandle::render)
        .unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
