//! The controls over HTTP: the same things as the Rust API, under `/sim/…`.

use axum::Router;

use crate::sim::Sim;

pub(crate) fn router(sim: Sim) -> Router {
    Router::new().with_state(sim)
}
