//! Joining, saying hello, and presence.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::LazyLock,
};

use ajar_protocol::{
    PROTOCOL,
    error::{ApiError, ErrorCode},
    health::HealthReport,
    hub::{Hello, JoinRequest, Joined, PresenceRequest},
    rows::Role,
};
use axum::{
    Json,
    extract::{ConnectInfo, State},
    http::StatusCode,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::Serialize;

use super::{Caller, Refusal, Shared};
use crate::{
    clock::reading,
    ids::{normalise_code, secret_hash},
    store::agents::Redeemed,
};

/// Join codes have about 58 bits; ten tries at once and then one every six seconds per address
/// leave no hope of guessing one.
static TRIES: LazyLock<DefaultKeyedRateLimiter<IpAddr>> = LazyLock::new(|| {
    let burst = NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN);
    let per_minute = NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN);
    RateLimiter::keyed(Quota::per_minute(per_minute).allow_burst(burst))
});

#[utoipa::path(get, path = "/v1/hello", responses((status = 200, body = Hello)))]
pub async fn hello(State(core): State<Shared>) -> Result<Json<Hello>, Refusal> {
    let team = core.store.team().await?;
    Ok(Json(Hello {
        service: "ajar-hub".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        protocol: PROTOCOL,
        hub_id: team.hub_id,
        team: team.name,
        clock: reading(core.clock.as_ref()),
    }))
}

#[utoipa::path(post, path = "/v1/join", request_body = JoinRequest,
    responses((status = 200, body = Joined), (status = 403, body = ApiError), (status = 429, body = ApiError)))]
pub async fn join(
    State(core): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(asked): Json<JoinRequest>,
) -> Result<Json<Joined>, Refusal> {
    let code = normalise_code(&asked.code);
    let token = core.ids.token();
    let mut tx = core.store.begin().await?;
    let redeemed = tx
        .redeem(
            &secret_hash(&code),
            &secret_hash(&token),
            &asked.device.chars().take(120).collect::<String>(),
            core.now(),
        )
        .await?;
    match redeemed {
        Redeemed::Agent(agent) => {
            tx.commit().await?;
            let team = core.store.team().await?;
            tracing::info!(agent = %agent.id, "an agent joined");
            Ok(Json(Joined {
                token,
                hub_id: team.hub_id,
                agent: agent.id,
                name: agent.name,
                role: agent.role,
                team: team.name,
            }))
        }
        Redeemed::Wrong => {
            drop(tx);
            // Only wrong codes count, so a whole office can join through one address.
            if TRIES.check_key(&peer.ip()).is_err() {
                tracing::warn!("too many wrong join codes from one address");
                return Err(ApiError::later(
                    ErrorCode::TooManyTries,
                    "too many wrong codes",
                    Some(60_000),
                )
                .into());
            }
            Err(ApiError::new(ErrorCode::WrongCode, "this code is wrong, used or expired").into())
        }
    }
}

#[utoipa::path(post, path = "/v1/presence", request_body = PresenceRequest,
    responses((status = 204)), security(("token" = [])))]
pub async fn presence(
    State(core): State<Shared>,
    Caller(agent): Caller,
    Json(request): Json<PresenceRequest>,
) -> StatusCode {
    core.presence.look(&agent.id, &request);
    StatusCode::NO_CONTENT
}

/// An item of a webhook that was kept and not understood.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NotUnderstood {
    pub webhook: i64,
    pub item: i64,
    pub field: String,
    pub kind: String,
    pub at: i64,
}

#[utoipa::path(get, path = "/v1/health",
    responses((status = 200, body = HealthReport)), security(("token" = [])))]
pub async fn health(
    State(core): State<Shared>,
    Caller(agent): Caller,
) -> Result<Json<HealthReport>, Refusal> {
    if agent.role != Role::Admin {
        return Err(ApiError::new(ErrorCode::Forbidden, "only administrators may do this").into());
    }
    Ok(Json(crate::health::report(&core).await?))
}

#[utoipa::path(get, path = "/v1/admin/not-understood",
    responses((status = 200, body = Vec<NotUnderstood>)), security(("token" = [])))]
pub async fn not_understood(
    State(core): State<Shared>,
    Caller(agent): Caller,
) -> Result<Json<Vec<NotUnderstood>>, Refusal> {
    if agent.role != Role::Admin {
        return Err(ApiError::new(ErrorCode::Forbidden, "only administrators may do this").into());
    }
    let mut conn = core.store.read().await?;
    let rows = conn.not_understood(200).await?;
    Ok(Json(
        rows.into_iter()
            .map(|row| NotUnderstood {
                webhook: row.log_no,
                item: row.item_no,
                field: row.field,
                kind: row.kind,
                at: row.at,
            })
            .collect(),
    ))
}
