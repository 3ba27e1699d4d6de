//! Numbers, the account, the token, the subscription, synchronisation and the block list.

use std::time::Duration;

use axum::Json;
use axum::http::Method;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value, json};

use super::{Answer, Asked, GraphError, iso, only_fields};
use crate::account::AccountState;
use crate::ids;
use crate::sim::Sim;
use crate::world::{Direction, Number, PersonId, World};

/// `GET /{phone_number_id}` and `GET /{waba_id}`.
pub(super) fn object(sim: &Sim, asked: &Asked) -> Answer {
    let world = sim.core.world();
    let (all, by_default): (Value, &[&str]) = if let Ok(number) = world.number(&asked.id) {
        (number_object(&world, number), NUMBER_DEFAULT)
    } else if asked.id == world.account.waba_id {
        (
            waba_object(&world),
            &["id", "name", "timezone_id", "message_template_namespace"],
        )
    } else if asked.id == "me" || asked.id == "app" {
        let app = json!({ "id": world.account.app_id, "name": "Simulated Inbox" });
        (app, &["id", "name"])
    } else {
        return Err(GraphError::no_such_object(&asked.id));
    };
    let fields = asked
        .fields()
        .unwrap_or_else(|| by_default.iter().map(|f| (*f).to_owned()).collect());
    let all = all.as_object().cloned().unwrap_or_default();
    if let Some(unknown) = fields.iter().find(|f| !all.contains_key(*f)) {
        return Err(GraphError::invalid(format!(
            "Tried accessing nonexisting field ({unknown})"
        )));
    }
    Ok(Json(Value::Object(only_fields(&all, &fields))).into_response())
}

const NUMBER_DEFAULT: &[&str] = &[
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
];

fn number_object(world: &World, number: &Number) -> Value {
    let connected = !matches!(
        world.account.state,
        AccountState::PartnerRemoved | AccountState::Offboarded
    );
    let webhook = world.outbound.url.as_ref().map(ToString::to_string);
    json!({
        "id": number.phone_number_id,
        "verified_name": number.verified_name,
        "display_phone_number": number.display_number,
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "quality_rating": "GREEN",
        "status": if connected { "CONNECTED" } else { "DISCONNECTED" },
        "platform_type": if connected { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "is_on_biz_app": true,
        "is_official_business_account": false,
        "account_mode": "LIVE",
        "messaging_limit_tier": "TIER_2K",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        // Fixed in Coexistence: twenty a second, which Meta calls STANDARD.
        "throughput": { "level": "STANDARD" },
        "webhook_configuration": { "application": webhook },
        "last_onboarded_time": iso(number.onboarded_at),
    })
}

fn waba_object(world: &World) -> Value {
    let name = world
        .numbers
        .first()
        .map(|number| number.verified_name.as_str());
    json!({
        "id": world.account.waba_id,
        "name": name,
        "timezone_id": "1",
        "currency": "USD",
        "message_template_namespace": "5f1c8a3e_0000_4a7d_9b61_simulated0001",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "owner_business_info": { "id": world.account.business_id, "name": name },
    })
}

/// `GET /{waba_id}/phone_numbers`.
pub(super) fn phone_numbers(sim: &Sim, asked: &Asked) -> Answer {
    let world = sim.core.world();
    if asked.id != world.account.waba_id {
        return Err(GraphError::no_such_object(&asked.id));
    }
    let fields = asked
        .fields()
        .unwrap_or_else(|| NUMBER_DEFAULT.iter().map(|f| (*f).to_owned()).collect());
    let data: Vec<Value> = world
        .numbers
        .iter()
        .filter_map(|number| number_object(&world, number).as_object().cloned())
        .map(|number| Value::Object(only_fields(&number, &fields)))
        .collect();
    Ok(Json(json!({ "data": data })).into_response())
}

/// `GET /debug_token?input_token=…`.
pub(super) fn debug_token(sim: &Sim, asked: &Asked) -> Answer {
    let Some(input) = asked.query.get("input_token") else {
        return Err(GraphError::invalid(
            "The parameter input_token is required.",
        ));
    };
    let world = sim.core.world();
    let account = &world.account;
    if *input != account.access_token {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token." });
        let data = json!({ "is_valid": false, "error": error, "scopes": [] });
        return Ok(Json(json!({ "data": data })).into_response());
    }
    let scopes = [
        "whatsapp_business_management",
        "whatsapp_business_messaging",
        "business_management",
    ];
    let granular: Vec<Value> = scopes[..2]
        .iter()
        .map(|scope| json!({ "scope": scope, "target_ids": [account.waba_id] }))
        .collect();
    let data = json!({
        "app_id": account.app_id,
        "type": "SYSTEM_USER",
        "application": "Simulated Inbox",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": !account.token_expired,
        "issued_at": world.numbers.first().map(|number| number.onboarded_at.secs()),
        "scopes": scopes,
        "granular_scopes": granular,
        "user_id": "61500000000001",
    });
    Ok(Json(json!({ "data": data })).into_response())
}

/// `GET`, `POST` and `DELETE /{waba_id}/subscribed_apps`.
pub(super) async fn subscribed_apps(sim: &Sim, asked: &Asked) -> Answer {
    if asked.id != sim.waba_id() {
        return Err(GraphError::no_such_object(&asked.id));
    }
    match asked.method {
        Method::GET => {
            let world = sim.core.world();
            let account = &world.account;
            let mut app = json!({
                "whatsapp_business_api_data": {
                    "id": account.app_id,
                    "link": format!("https://www.facebook.com/games/?app_id={}", account.app_id),
                    "name": "Simulated Inbox",
                },
            });
            if let Some(url) = &account.override_url {
                app["override_callback_uri"] = json!(url);
            }
            let data = if account.subscribed {
                vec![app]
            } else {
                vec![]
            };
            Ok(Json(json!({ "data": data })).into_response())
        }
        Method::POST => {
            let body = if asked.body.is_empty() {
                Map::new()
            } else {
                asked.json()?
            };
            let text = |key: &str| body.get(key).and_then(Value::as_str);
            let url = text("override_callback_uri");
            if let Some(url) = url {
                let parsed = url
                    .parse()
                    .ok()
                    .filter(|_| url.len() <= 200)
                    .ok_or_else(|| GraphError::invalid("override_callback_uri is not valid"))?;
                let token = text("verify_token").unwrap_or_default();
                sim.verify(parsed, token).await.map_err(|error| {
                    GraphError::invalid(format!("Callback verification failed: {error}"))
                })?;
            }
            sim.core.change(|world, _| {
                world.account.subscribed = true;
                world.account.override_url = url.map(ToOwned::to_owned);
            });
            Ok(Json(json!({ "success": true })).into_response())
        }
        Method::DELETE => {
            sim.core.change(|world, _| {
                world.account.subscribed = false;
                world.account.override_url = None;
            });
            Ok(Json(json!({ "success": true })).into_response())
        }
        _ => Err(GraphError::invalid("Unsupported method")),
    }
}

/// `POST /{phone_number_id}/smb_app_data`: once per onboarding, within a day of it.
pub(super) fn smb_app_data(sim: &Sim, asked: &Asked) -> Answer {
    const WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
    let body = asked.json()?;
    let sync_type = body.get("sync_type").and_then(Value::as_str);
    let request_id = sim.core.change(|world, now| {
        let number = world
            .number(&asked.id)
            .map_err(|_| GraphError::no_such_object(&asked.id))?
            .clone();
        let done = match sync_type {
            Some("smb_app_state_sync") => number.contacts_synced,
            Some("history") => number.history_synced,
            _ => {
                return Err(GraphError::invalid(
                    "Param sync_type must be one of {SMB_APP_STATE_SYNC, HISTORY}",
                ));
            }
        };
        if done {
            return Err(GraphError::of(2_593_107));
        }
        if now >= number.onboarded_at + WITHIN {
            return Err(GraphError::of(2_593_108));
        }
        let is_history = sync_type == Some("history");
        for own in &mut world.numbers {
            if own.phone_number_id == number.phone_number_id {
                own.history_synced |= is_history;
                own.contacts_synced |= !is_history;
            }
        }
        if is_history {
            world.hand_over_history(&number, now);
        } else {
            world.hand_over_contacts(&number, now);
        }
        Ok(format!("SIM-{}", ids::digits(&mut world.rng, 16)))
    })?;
    let answer = json!({ "messaging_product": "whatsapp", "request_id": request_id });
    Ok(Json(answer).into_response())
}

/// `GET`, `POST` and `DELETE /{phone_number_id}/block_users`.
pub(super) fn block_users(sim: &Sim, asked: &Asked) -> Answer {
    sim.core
        .world()
        .number(&asked.id)
        .map_err(|_| GraphError::no_such_object(&asked.id))?;
    if asked.method == Method::GET {
        let world = sim.core.world();
        let blocked = world.people.values().filter(|p| p.blocked_by_business);
        let data: Vec<Value> = blocked
            .map(|person| match person.visible_wa_id() {
                Some(wa_id) => json!({ "messaging_product": "whatsapp", "wa_id": wa_id }),
                None => json!({ "messaging_product": "whatsapp", "user_id": person.user_id }),
            })
            .collect();
        return Ok(Json(json!({ "data": data })).into_response());
    }
    let body = asked.json()?;
    let Some(users) = body.get("block_users").and_then(Value::as_array) else {
        return Err(GraphError::invalid(
            "The parameter block_users is required.",
        ));
    };
    let block = asked.method == Method::POST;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for user in users {
        let outcome = sim
            .core
            .change(|world, now| block_one(world, &asked.id, user, block, now));
        match outcome {
            Ok(entry) => done.push(entry),
            Err(entry) => failed.push(entry),
        }
    }
    let key = if block {
        "added_users"
    } else {
        "removed_users"
    };
    let mut result = json!({ key: done });
    if failed.is_empty() {
        let answer = json!({ "messaging_product": "whatsapp", "block_users": result });
        return Ok(Json(answer).into_response());
    }
    result["failed_users"] = json!(failed);
    Err(GraphError {
        beside: Some(Box::new(
            json!({ "messaging_product": "whatsapp", "block_users": result }),
        )),
        ..GraphError::of(139_100)
    })
}

fn block_one(
    world: &mut World,
    phone_number_id: &str,
    user: &Value,
    block: bool,
    now: ajar_domain::time::Time,
) -> Result<Value, Value> {
    let input = user["user"].as_str().or(user["user_id"].as_str());
    let input = input.unwrap_or_default();
    let found: Option<PersonId> = world.by_user_id(input).or_else(|| world.by_number(input));
    let mut entry = json!({ "input": input });
    match user["user_id"].as_str() {
        Some(user_id) => entry["user_id"] = json!(user_id),
        None => entry["wa_id"] = json!(ids::digits_of(input)),
    }
    // Only those who wrote within a day may be blocked; anybody may be unblocked.
    let wrote = found.is_some_and(|id| world.window_is_open(phone_number_id, id, now));
    match found.and_then(|id| world.people.get_mut(&id)) {
        Some(person) if wrote || !block => {
            person.blocked_by_business = block;
            Ok(entry)
        }
        _ => {
            entry["errors"] = json!([{
                "message": "User has not messaged in the last 24 hours",
                "code": 139_100,
                "error_data": { "details": "Re-engagement required" },
            }]);
            Err(entry)
        }
    }
}

/// `DELETE /{phone_number_id}/contact_book?bsuid=…`.
pub(super) fn contact_book(sim: &Sim, asked: &Asked) -> Answer {
    let known = asked
        .query
        .get("bsuid")
        .is_some_and(|id| sim.core.world().by_user_id(id).is_some());
    let answer = json!({ "messaging_product": "whatsapp", "success": true, "deleted": known });
    Ok(Json(answer).into_response())
}

/// `GET /{phone_number_id}/message_history?message_id=…`: delivery events, no contents.
pub(super) fn message_history(sim: &Sim, asked: &Asked) -> Answer {
    let world = sim.core.world();
    let wanted = asked.query.get("message_id");
    let app = &world.account.app_id;
    let url = world.outbound.url.as_ref().map(ToString::to_string);
    let data: Vec<Value> = world
        .message_order
        .iter()
        .filter_map(|id| world.messages.get(id))
        .filter(|m| m.direction == Direction::FromApi && m.phone_number_id == asked.id)
        .filter(|m| wanted.is_none_or(|wanted| m.id.as_str() == wanted))
        .enumerate()
        .map(|(index, message)| {
            let events: Vec<Value> = message
                .statuses
                .iter()
                .enumerate()
                .map(|(n, status)| {
                    json!({
                        "id": format!("23{index:08}{n:06}"),
                        "delivery_status": status.as_str().to_uppercase(),
                        "webhook_update_state": "SUCCESS",
                        "timestamp": message.at.secs(),
                        "application": { "id": app },
                        "webhook_uri": url,
                    })
                })
                .collect();
            json!({
                "id": format!("12{index:014}"),
                "message_id": message.id,
                "events": { "data": events },
            })
        })
        .collect();
    Ok(Json(json!({ "data": data })).into_response())
}
