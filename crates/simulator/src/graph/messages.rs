//! `POST /{phone_number_id}/messages`: sends, read marks, typing.
//!
//! The order of the checks is Meta's as far as it is known: what is malformed is refused before
//! what is forbidden, and what is forbidden before what is impossible.

use std::time::Duration;

use ajar_domain::time::Time;
use axum::Json;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value, json};

use super::{Answer, Asked, GraphError, cut_the_line, limits, used_media};
use crate::faults::Fault;
use crate::ids::{self, Maker, Wamid};
use crate::settings::Refusal;
use crate::sim::Sim;
use crate::statuses::{Due, Status};
use crate::templates;
use crate::validate;
use crate::world::{Direction, MessageRecord, Person, PersonId, World};

pub(super) async fn post(sim: &Sim, asked: &Asked) -> Answer {
    let body = asked.json()?;
    if body.contains_key("status") {
        let result = sim
            .core
            .change(|world, now| mark_read(world, asked, &body, now));
        return result.map(|()| Json(json!({ "success": true })).into_response());
    }
    let fault = sim.core.world().faults.sends.take();
    if let Some(refusal) = fault.as_ref().and_then(Fault::refusal) {
        return Ok(refusal);
    }
    if fault == Some(Fault::DropRequest) {
        return Ok(cut_the_line());
    }
    let accepted = sim
        .core
        .change(|world, now| accept(world, asked, &body, fault.as_ref(), now));
    if let Some(delay) = fault.as_ref().and_then(Fault::delay) {
        tokio::time::sleep(delay).await;
    }
    if fault == Some(Fault::AnswerLast) {
        sim.all_is_told().await;
    }
    if fault == Some(Fault::SwallowAnswer) && accepted.is_ok() {
        return Ok(cut_the_line());
    }
    accepted.map(|answer| Json(answer).into_response())
}

fn mark_read(
    world: &mut World,
    asked: &Asked,
    body: &Map<String, Value>,
    now: Time,
) -> Result<(), GraphError> {
    known_number(world, &asked.id)?;
    messaging_product(body)?;
    if body.get("status") != Some(&json!("read")) {
        return Err(GraphError::invalid("Param status must be one of {READ}"));
    }
    let Some(id) = body.get("message_id").and_then(Value::as_str) else {
        return Err(GraphError::because(
            131_008,
            "The parameter message_id is required.",
        ));
    };
    let unknown = || GraphError::because(131_009, "Message id does not exist or has expired.");
    let id = Wamid::from(id);
    let marked = world.message(&id).map_err(|_| unknown())?.clone();
    const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
    if marked.direction != Direction::FromCustomer || now.millis_since(marked.at) > KEPT_MS {
        return Err(unknown());
    }
    if body.contains_key("typing_indicator") && body["typing_indicator"]["type"] != "text" {
        return Err(GraphError::invalid(
            "Param typing_indicator.type must be text",
        ));
    }
    // This message and all before it.
    let person = world.people.get(&marked.person);
    let wrote = person.map(|person| person.wrote.clone());
    for id in wrote.unwrap_or_default() {
        if let Some(message) = world.messages.get_mut(&id)
            && message.phone_number_id == marked.phone_number_id
            && message.at <= marked.at
            && !message.statuses.contains(&Status::Read)
        {
            message.statuses.push(Status::Read);
        }
    }
    Ok(())
}

fn known_number(world: &World, id: &str) -> Result<(), GraphError> {
    world
        .number(id)
        .map(|_| ())
        .map_err(|_| GraphError::no_such_object(id))
}

fn messaging_product(body: &Map<String, Value>) -> Result<(), GraphError> {
    match body.get("messaging_product") {
        Some(Value::String(product)) if product == "whatsapp" => Ok(()),
        Some(_) => Err(GraphError::invalid(
            "Param messaging_product must be one of {WHATSAPP}",
        )),
        None => Err(GraphError::invalid(
            "The parameter messaging_product is required.",
        )),
    }
}

/// To whom, and how they were addressed.
struct Addressee {
    person: Person,
    input: String,
    by_user_id: bool,
}

fn addressee(
    world: &mut World,
    phone_number_id: &str,
    body: &Map<String, Value>,
) -> Result<Addressee, GraphError> {
    if body
        .get("recipient_type")
        .is_some_and(|kind| kind != "individual")
    {
        return Err(GraphError::because(
            131_009,
            "recipient_type must be individual: groups are not simulated",
        ));
    }
    let to = body
        .get("to")
        .and_then(Value::as_str)
        .filter(|to| !to.is_empty());
    let user_id = body.get("recipient").and_then(Value::as_str);
    // `to` wins when both are given.
    let Some(input) = to.or(user_id).map(ToOwned::to_owned) else {
        return Err(GraphError::invalid("The parameter to is required."));
    };
    let by_user_id = to.is_none();
    let id = if by_user_id {
        world
            .by_user_id(&input)
            .ok_or_else(|| GraphError::because(131_026, "Message undeliverable."))?
    } else {
        let number = world
            .number(phone_number_id)
            .map_err(|_| GraphError::no_such_object(phone_number_id))?;
        let digits = full_number(&input, &number.digits, |digits| {
            world.by_number(digits).is_some()
        })?;
        if digits == number.digits {
            return Err(GraphError::of(131_021));
        }
        world.person_with_number(None, &digits)
    };
    let person = world
        .person(id)
        .map_err(|_| GraphError::of(131_026))?
        .clone();
    Ok(Addressee {
        person,
        input,
        by_user_id,
    })
}

/// The digits that are meant. Without a plus sign Meta reads a number as one of the business's own
/// country, unless it is somebody's whole number already.
fn full_number(
    input: &str,
    business: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<String, GraphError> {
    let digits = ids::digits_of(input);
    let well_formed = input
        .chars()
        .all(|c| c.is_ascii_digit() || "+-() .".contains(c));
    if digits.len() < 5 || digits.len() > 15 || !well_formed {
        return Err(GraphError::because(
            131_009,
            "Parameter value is not valid: to",
        ));
    }
    if input.trim_start().starts_with('+') || is_known(&digits) || digits.len() > 10 {
        return Ok(digits);
    }
    Ok(format!("{}{digits}", &business[..1]))
}

fn accept(
    world: &mut World,
    asked: &Asked,
    body: &Map<String, Value>,
    fault: Option<&Fault>,
    now: Time,
) -> Result<Value, GraphError> {
    known_number(world, &asked.id)?;
    messaging_product(body)?;
    validate::message(body)?;
    if let Some(refusal) = world.account.state.refusal() {
        return Err(refusal);
    }
    limits::within_throughput(world, &asked.id, now)?;
    let to = addressee(world, &asked.id, body)?;
    let kind = body.get("type").and_then(Value::as_str).unwrap_or("text");
    if kind != "template" {
        used_media::exists(world, body, kind, now)?;
    }
    let mut late: Option<GraphError> = match fault {
        Some(Fault::LateError { code }) => Some(GraphError::of(*code)),
        _ => None,
    };
    let mut refuse = |error: GraphError, how: Refusal| match how {
        Refusal::AtOnce => Err(error),
        Refusal::Late => {
            late.get_or_insert(error);
            Ok(())
        }
        Refusal::Never => Ok(()),
    };
    if let Some(error) = impossible(world, body, kind, to.person.id, now) {
        refuse(error, Refusal::Late)?;
    }
    if to.person.blocked_by_business {
        return Err(GraphError::of(130_403));
    }
    if !to.person.on_whatsapp {
        refuse(GraphError::of(131_026), world.settings.undeliverable)?;
    }
    let mut category = None;
    let mut rendered = None;
    if kind == "template" {
        let sent = body.get("template").unwrap_or(&Value::Null);
        let template = validate::template(&world.templates, sent, to.by_user_id)?;
        used_media::exists(world, body, kind, now)?;
        let components = sent["components"].as_array().map_or(&[][..], Vec::as_slice);
        rendered = Some(templates::render(template, components));
        category = Some(template.category().to_owned());
        if category.as_deref() == Some("MARKETING") && to.person.stopped_marketing {
            refuse(GraphError::of(131_050), Refusal::Late)?;
        }
    } else if !world.window_is_open(&asked.id, to.person.id, now) {
        refuse(GraphError::of(131_047), world.settings.outside_window)?;
    }
    limits::within_pair_limit(world, &asked.id, to.person.id, now)?;

    let id = ids::wamid(&mut world.rng, &to.person.party(), Maker::CloudApi);
    let mut message = MessageRecord::new(
        id.clone(),
        &asked.id,
        to.person.id,
        Direction::FromApi,
        now,
        said(body),
    );
    message.callback_data = body
        .get("biz_opaque_callback_data")
        .and_then(Value::as_str)
        .map(ToOwned::to_owned);
    message.by_user_id = to.by_user_id;
    let is_template = rendered.is_some();
    message.template = rendered;
    answer_ad_lead(world, &mut message, now);
    message.pricing = world.price(&message, category.as_deref(), now);
    world.record(message);
    let held = fault == Some(&Fault::Hold);
    match late {
        Some(error) => world.schedule.put(now, Due::Failure(id.clone(), error)),
        None if held => {}
        None => world.plan_statuses(&id, now),
    }
    Ok(answer(&to, &id, is_template, held))
}

/// The first answer to somebody who came through an ad makes 72 hours of deliveries free.
fn answer_ad_lead(world: &mut World, message: &mut MessageRecord, now: Time) {
    const ANSWER_WITHIN_MS: i64 = 24 * 60 * 60 * 1000;
    const FREE: Duration = Duration::from_secs(72 * 60 * 60);
    let pair = (message.phone_number_id.clone(), message.person);
    if let Some(came) = world.ad_leads.remove(&pair)
        && now.millis_since(came) < ANSWER_WITHIN_MS
    {
        world.free_entry_until.insert(pair.clone(), now + FREE);
    }
    if let Some(until) = world
        .free_entry_until
        .get(&pair)
        .filter(|until| now < **until)
    {
        message.conversation = Some(json!({
            "id": ids::hex_upper(&mut world.rng, 32).to_lowercase(),
            "expiration_timestamp": until.secs().to_string(),
            "origin": { "type": "referral_conversion" },
        }));
    }
}

/// What of the request is the message itself.
fn said(body: &Map<String, Value>) -> Map<String, Value> {
    const FRAME: [&str; 5] = [
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "biz_opaque_callback_data",
    ];
    let own = |(key, value): (&String, &Value)| {
        (!FRAME.contains(&key.as_str())).then(|| (key.clone(), value.clone()))
    };
    body.iter().filter_map(own).collect()
}

/// What Meta takes, but cannot do: told by webhook.
fn impossible(
    world: &World,
    body: &Map<String, Value>,
    kind: &str,
    to: PersonId,
    now: Time,
) -> Option<GraphError> {
    const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
    let content = body.get(kind)?;
    if kind == "reaction" {
        let target = content["message_id"].as_str().map(Wamid::from)?;
        let possible = world.messages.get(&target).is_some_and(|message| {
            message.person == to
                && message.kind != "reaction"
                && now.millis_since(message.at) <= KEPT_MS
        });
        return (!possible).then(|| GraphError::of(131_009));
    }
    (!used_media::fits(world, body, kind, now)).then(|| GraphError::of(131_053))
}

fn answer(to: &Addressee, id: &Wamid, is_template: bool, held: bool) -> Value {
    let mut contact = json!({ "input": to.input });
    if to.by_user_id {
        contact["user_id"] = json!(to.person.user_id);
    } else if let Some(wa_id) = &to.person.wa_id {
        contact["wa_id"] = json!(wa_id);
    }
    let mut message = json!({ "id": id });
    if is_template {
        message["message_status"] = json!(if held {
            "held_for_quality_assessment"
        } else {
            "accepted"
        });
    }
    json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [message],
    })
}
