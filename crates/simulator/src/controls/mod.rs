//! The controls over HTTP: the same things as the Rust API, under `/sim/…`, described by
//! `/sim/openapi.json`. They ask for no token: whoever reaches the simulator may drive it.

mod people;
mod platform;
mod traffic;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use utoipa::OpenApi;

use crate::error::SimError;
use crate::sim::Sim;

pub(crate) fn router(sim: Sim) -> Router {
    Router::new()
        .route("/sim/openapi.json", get(openapi))
        .route("/sim/state", get(platform::state))
        .route("/sim/settled", post(platform::settled))
        .route("/sim/clock", get(platform::clock).post(platform::set_clock))
        .route(
            "/sim/settings",
            get(platform::settings).patch(platform::change_settings),
        )
        .route("/sim/account", post(platform::set_account))
        .route("/sim/token", post(platform::set_token))
        .route(
            "/sim/templates",
            get(platform::templates).post(platform::add_template),
        )
        .route(
            "/sim/templates/{name}/{language}/status",
            post(platform::set_template_status),
        )
        .route("/sim/media", get(platform::media))
        .route("/sim/media/{id}", get(platform::media_file))
        .route("/sim/history", post(people::prepare_history))
        .route(
            "/sim/customers",
            get(people::customers).post(people::add_customer),
        )
        .route("/sim/customers/{who}", get(people::customer))
        .route("/sim/customers/{who}/acts", post(people::customer_acts))
        .route("/sim/customers/{who}/inbox", get(people::inbox))
        .route("/sim/phone/acts", post(people::phone_acts))
        .route("/sim/not-on-whatsapp", post(people::not_on_whatsapp))
        .route("/sim/messages", get(traffic::messages))
        .route("/sim/messages/{id}/status", post(traffic::status))
        .route("/sim/messages/{id}/failure", post(traffic::failure))
        .route("/sim/requests", get(traffic::requests))
        .route(
            "/sim/faults",
            post(traffic::fault).delete(traffic::no_faults),
        )
        .route(
            "/sim/webhooks",
            get(traffic::webhooks).post(traffic::send_webhook),
        )
        .route("/sim/webhooks/raw", post(traffic::send_raw))
        .route("/sim/webhooks/acts", post(traffic::webhook_acts))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(sim)
}

/// Files come as base64 inside JSON.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Simulated Meta platform: controls",
        description = "Drives the customers, the phone, the clock and the faults of a simulated \
                       WhatsApp Business Platform. The Graph API itself stands under /{version}/.",
    ),
    paths(
        platform::state,
        platform::settled,
        platform::clock,
        platform::set_clock,
        platform::settings,
        platform::change_settings,
        platform::set_account,
        platform::set_token,
        platform::templates,
        platform::add_template,
        platform::set_template_status,
        platform::media,
        platform::media_file,
        people::prepare_history,
        people::customers,
        people::add_customer,
        people::customer,
        people::customer_acts,
        people::inbox,
        people::phone_acts,
        people::not_on_whatsapp,
        traffic::messages,
        traffic::status,
        traffic::failure,
        traffic::requests,
        traffic::fault,
        traffic::no_faults,
        traffic::webhooks,
        traffic::send_webhook,
        traffic::send_raw,
        traffic::webhook_acts,
    )
)]
struct Description;

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

impl IntoResponse for SimError {
    fn into_response(self) -> Response {
        let status = match &self {
            SimError::UnknownCustomer(_)
            | SimError::UnknownNumber(_)
            | SimError::UnknownMessage(_)
            | SimError::UnknownTemplate { .. } => StatusCode::NOT_FOUND,
            SimError::NothingToTap { .. } | SimError::NoWebhookUrl => StatusCode::CONFLICT,
            SimError::Malformed(_) => StatusCode::BAD_REQUEST,
            SimError::NotVerified(_) => StatusCode::BAD_GATEWAY,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_is_described() {
        let described = Description::openapi().paths.paths.len();
        let source = include_str!("mod.rs");
        let routes = source.split("fn router").nth(1).unwrap_or_default();
        let routes = routes.split(".layer(").next().unwrap_or_default();
        let routed = routes.matches("\"/sim/").count();
        // The description itself is not described.
        assert_eq!(described, routed - 1);
    }
}
