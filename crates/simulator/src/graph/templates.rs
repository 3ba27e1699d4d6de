//! The account's list of templates, page by page.

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Answer, Asked, GraphError, only_fields};
use crate::sim::Sim;
use crate::templates::Template;

const DEFAULT_LIMIT: usize = 25;

/// `GET`, `POST` and `DELETE /{waba_id}/message_templates`.
pub(super) fn list(sim: &Sim, asked: &Asked, version: &str) -> Answer {
    if sim.core.world().account.waba_id != asked.id {
        return Err(GraphError::no_such_object(&asked.id));
    }
    match asked.method {
        Method::GET => page(sim, asked, version),
        Method::POST => create(sim, asked),
        Method::DELETE => delete(sim, asked),
        _ => Err(GraphError::invalid("Unsupported method")),
    }
}

fn page(sim: &Sim, asked: &Asked, version: &str) -> Answer {
    let limit = match asked.query.get("limit").map(|limit| limit.parse::<usize>()) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => return Err(GraphError::invalid("Param limit must be a positive number")),
    };
    let world = sim.core.world();
    let wanted: Vec<&Template> = world
        .templates
        .iter()
        .filter(|template| fits(template, asked))
        .collect();
    let cursor = |key: &str| match asked.query.get(key) {
        None => Ok(None),
        Some(cursor) => position(cursor)
            .map(Some)
            .ok_or_else(|| GraphError::invalid("Invalid cursor")),
    };
    let (start, end) = match (cursor("after")?, cursor("before")?) {
        (Some(after), _) => (after + 1, (after + 1).saturating_add(limit)),
        (None, Some(before)) => (before.saturating_sub(limit), before),
        (None, None) => (0, limit),
    };
    let (start, end) = (start.min(wanted.len()), end.min(wanted.len()));
    let fields = asked.fields();
    let data: Vec<Value> = wanted[start..end]
        .iter()
        .map(|template| match &fields {
            Some(fields) => Value::Object(only_fields(&template.listed, fields)),
            None => Value::Object(by_default(&template.listed)),
        })
        .collect();
    if data.is_empty() {
        return Ok(Json(json!({ "data": [] })).into_response());
    }
    let mut paging = json!({
        "cursors": { "before": named(start), "after": named(end - 1) },
    });
    if end < wanted.len() {
        paging["next"] = json!(neighbour(sim, asked, version, "after", end - 1));
    }
    if start > 0 {
        paging["previous"] = json!(neighbour(sim, asked, version, "before", start));
    }
    Ok(Json(json!({ "data": data, "paging": paging })).into_response())
}

/// The address of the page beside this one. Like Meta's it lacks the token.
fn neighbour(sim: &Sim, asked: &Asked, version: &str, direction: &str, at: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in &asked.query {
        if !["after", "before", "access_token"].contains(&key.as_str()) {
            query.append_pair(key, value);
        }
    }
    query.append_pair(direction, &named(at));
    let path = format!(
        "/{version}/{}/message_templates?{}",
        asked.id,
        query.finish()
    );
    sim.core.absolute(&path)
}

/// A cursor is opaque; ours names a position.
fn named(position: usize) -> String {
    STANDARD.encode(format!("AJAR{position}"))
}

fn position(cursor: &str) -> Option<usize> {
    let bytes = STANDARD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix("AJAR")?.parse().ok()
}

fn fits(template: &Template, asked: &Asked) -> bool {
    let is = |key: &str| {
        asked
            .query
            .get(key)
            .is_none_or(|wanted| template.text(key).eq_ignore_ascii_case(wanted))
    };
    let named_so = asked
        .query
        .get("name")
        .is_none_or(|wanted| template.name().contains(wanted.as_str()));
    named_so && is("status") && is("category") && is("language")
}

/// What Meta lists without being asked for fields.
fn by_default(listed: &Map<String, Value>) -> Map<String, Value> {
    const SHOWN: [&str; 10] = [
        "name",
        "parameter_format",
        "components",
        "language",
        "status",
        "category",
        "sub_category",
        "previous_category",
        "rejected_reason",
        "message_send_ttl_seconds",
    ];
    let shown: Vec<String> = SHOWN.iter().map(|field| (*field).to_owned()).collect();
    only_fields(listed, &shown)
}

fn create(sim: &Sim, asked: &Asked) -> Answer {
    let mut listed = asked.json()?;
    for needed in ["name", "language", "category"] {
        if listed.get(needed).and_then(Value::as_str).is_none() {
            return Err(GraphError::invalid(format!(
                "The parameter {needed} is required."
            )));
        }
    }
    listed.insert("status".to_owned(), json!("PENDING"));
    listed.remove("id");
    let name = listed["name"].clone();
    let answer = sim.core.change(|world, _| {
        world.put_template(listed);
        let made = world.templates.iter().rev().find(|t| name == t.name());
        made.map(|t| json!({ "id": t.text("id"), "status": t.status(), "category": t.category() }))
    });
    Ok(Json(answer.unwrap_or_default()).into_response())
}

fn delete(sim: &Sim, asked: &Asked) -> Answer {
    let Some(name) = asked.query.get("name") else {
        return Err(GraphError::invalid("The parameter name is required."));
    };
    let id = asked.query.get("hsm_id");
    let deleted = sim.core.change(|world, _| {
        let before = world.templates.len();
        world.templates.retain(|template| {
            template.name() != name || id.is_some_and(|id| template.text("id") != id)
        });
        before > world.templates.len()
    });
    if !deleted {
        return Err(GraphError::invalid("Message template does not exist"));
    }
    Ok(Json(json!({ "success": true })).into_response())
}

/// `POST /{template_id}`, if it is one: changed parts replace the old ones, and it is looked at anew.
pub(super) fn edit(sim: &Sim, asked: &Asked) -> Option<Answer> {
    let known = |sim: &Sim| {
        let world = sim.core.world();
        world.templates.iter().any(|t| t.text("id") == asked.id)
    };
    if !known(sim) {
        return None;
    }
    let change = match asked.json() {
        Ok(change) => change,
        Err(error) => return Some(Err(error)),
    };
    if change.contains_key("name") || change.contains_key("language") {
        return Some(Err(GraphError::invalid(
            "The name and the language of a template cannot be changed",
        )));
    }
    sim.core.change(|world, _| {
        let found = world
            .templates
            .iter_mut()
            .find(|t| t.text("id") == asked.id);
        if let Some(template) = found {
            for (key, value) in change {
                template.listed.insert(key, value);
            }
            template
                .listed
                .insert("status".to_owned(), json!("PENDING"));
        }
    });
    Some(Ok(Json(json!({ "success": true })).into_response()))
}

/// `GET /{template_id}`, if it is one.
pub(super) fn object(sim: &Sim, asked: &Asked) -> Option<Response> {
    let world = sim.core.world();
    let found = world.templates.iter().find(|t| t.text("id") == asked.id)?;
    let shown = match asked.fields() {
        Some(fields) => only_fields(&found.listed, &fields),
        None => by_default(&found.listed),
    };
    Some(Json(Value::Object(shown)).into_response())
}
