//! Whether a template send fits the template: name, language, status, and every parameter.

use serde_json::Value;

use super::{Checked, at_most};
use crate::graph::GraphError;
use crate::templates::{
    Template, button_at, button_index, component, components_in, is_kind, parameters, variables,
};

/// Finds the template that a send means and checks the send against it.
pub(crate) fn template<'a>(
    templates: &'a [Template],
    sent: &Value,
    by_user_id: bool,
) -> Result<&'a Template, GraphError> {
    let name = sent["name"].as_str().unwrap_or_default();
    let language = sent["language"]["code"].as_str().unwrap_or_default();
    let unknown = || {
        let details = format!("template name ({name}) does not exist in {language}");
        GraphError::because(132_001, details)
    };
    let template = templates
        .iter()
        .find(|template| template.name() == name && template.language() == language)
        .ok_or_else(unknown)?;
    match template.status() {
        "APPROVED" => {}
        "PAUSED" => return Err(GraphError::of(132_015)),
        "DISABLED" => return Err(GraphError::of(132_016)),
        // What was never approved does not exist for a send.
        _ => return Err(unknown()),
    }
    let components = sent["components"].as_array().map_or(&[][..], Vec::as_slice);
    for component in components {
        known_component(component)?;
    }
    let defined = template.components();
    if by_user_id && has_code_button(defined) && template.category() == "AUTHENTICATION" {
        return Err(GraphError::of(131_062));
    }
    header(defined, components, template.is_named())?;
    body(template, defined, components)?;
    buttons(defined, components)?;
    limited_time_offer(defined, components)?;
    carousel(template, components)?;
    Ok(template)
}

fn known_component(component: &Value) -> Checked {
    const KNOWN: [&str; 7] = [
        "header",
        "body",
        "footer",
        "button",
        "carousel",
        "limited_time_offer",
        "order_status",
    ];
    if KNOWN.iter().any(|kind| is_kind(component, "type", kind)) {
        return Ok(());
    }
    let kind = component["type"].as_str().unwrap_or("nothing");
    Err(GraphError::invalid(format!(
        "Invalid parameter: component type {kind} is not known"
    )))
}

/// One-tap, zero-tap and copy-code buttons. Meta lists them as addresses of its own.
fn has_code_button(defined: &[Value]) -> bool {
    button_definitions(defined).iter().any(|button| {
        let is_code_url = button["url"]
            .as_str()
            .is_some_and(|url| url.contains("otp_type="));
        is_code_url || is_kind(button, "type", "OTP")
    })
}

fn button_definitions(defined: &[Value]) -> &[Value] {
    component(defined, "BUTTONS")
        .and_then(|buttons| buttons["buttons"].as_array())
        .map_or(&[], Vec::as_slice)
}

fn mismatch(place: &str, expected: &str, received: &str) -> GraphError {
    let details = format!("{place}: Format mismatch, expected {expected}, received {received}");
    GraphError::because(132_012, details)
}

fn wrong_count(place: &str, given: usize, expected: usize) -> GraphError {
    let details = format!(
        "{place}: number of localizable_params ({given}) does not match the expected number of \
         params ({expected})"
    );
    GraphError::because(132_000, details)
}

/// Checks the words for the variables of one text.
fn words(place: &str, text: &str, given: &[Value], named: bool) -> Checked {
    let expected = variables(text);
    if given.len() != expected.len() {
        return Err(wrong_count(place, given.len(), expected.len()));
    }
    for parameter in given {
        let kind = parameter["type"].as_str().unwrap_or("unknown");
        if !matches!(kind, "text" | "currency" | "date_time") {
            return Err(mismatch(place, "TEXT", &kind.to_uppercase()));
        }
        if kind == "text" {
            word(place, &parameter["text"])?;
        }
        let name = parameter["parameter_name"].as_str();
        match (named, name) {
            (true, None) => {
                let details = format!("{place}: Parameter name is missing or empty");
                return Err(GraphError::because(132_000, details));
            }
            (true, Some(name)) if !expected.contains(&name) => {
                let details = format!("{place}: Parameter name ({name}) is not in the template");
                return Err(GraphError::because(132_000, details));
            }
            (false, Some(_)) => {
                let details = format!("{place}: the template takes positional parameters");
                return Err(GraphError::because(132_012, details));
            }
            _ => {}
        }
    }
    Ok(())
}

/// One parameter may not be empty, nor hold line breaks, tabs or a run of spaces.
fn word(place: &str, text: &Value) -> Checked {
    let Some(text) = text.as_str().filter(|text| !text.is_empty()) else {
        return Err(GraphError::because(
            131_008,
            format!("{place}: Parameter of type text is missing text value"),
        ));
    };
    if text.contains(['\n', '\t']) || text.contains("     ") {
        return Err(GraphError::because(
            132_018,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        ));
    }
    Ok(())
}

fn header(defined: &[Value], sent: &[Value], named: bool) -> Checked {
    let given = component(sent, "header");
    let Some(header) = component(defined, "HEADER") else {
        return match parameters(given) {
            [] => Ok(()),
            extra => Err(wrong_count("header", extra.len(), 0)),
        };
    };
    let format = header["format"].as_str().unwrap_or("TEXT");
    let given = parameters(given);
    if format == "TEXT" {
        let text = header["text"].as_str().unwrap_or_default();
        return words("header", text, given, named);
    }
    let received = given.first().and_then(|p| p["type"].as_str());
    let expected = format.to_lowercase();
    if received != Some(expected.as_str()) {
        let received = received.unwrap_or("unknown").to_uppercase();
        return Err(mismatch("header", format, &received));
    }
    if given.len() != 1 {
        return Err(wrong_count("header", given.len(), 1));
    }
    let content = &given[0][&expected];
    let complete = match format {
        "LOCATION" => !content["latitude"].is_null() && !content["longitude"].is_null(),
        _ => content["id"].is_string() || content["link"].is_string(),
    };
    if !complete {
        return Err(mismatch("header", format, "UNKNOWN"));
    }
    Ok(())
}

fn body(template: &Template, defined: &[Value], sent: &[Value]) -> Checked {
    let given = parameters(component(sent, "body"));
    let text = component(defined, "BODY").and_then(|body| body["text"].as_str());
    // The words of an authentication template are Meta's; its one parameter is the code.
    if template.category() == "AUTHENTICATION" && text.is_none_or(|t| variables(t).is_empty()) {
        return match given {
            [code] => {
                word("body", &code["text"])?;
                at_most(
                    code["text"].as_str().unwrap_or_default(),
                    15,
                    "body['text']",
                )
            }
            _ => Err(wrong_count("body", given.len(), 1)),
        };
    }
    words("body", text.unwrap_or_default(), given, template.is_named())
}

fn buttons(defined: &[Value], sent: &[Value]) -> Checked {
    let definitions = button_definitions(defined);
    for component in sent.iter().filter(|c| is_kind(c, "type", "button")) {
        let index = button_index(component).filter(|index| *index < definitions.len());
        if index.is_none() {
            let details = "buttons: Button index is missing or out of range";
            return Err(GraphError::because(132_018, details));
        }
    }
    for (index, button) in definitions.iter().enumerate() {
        let place = format!(
            "buttons: Button at index {index} of type {}",
            button["type"]
        );
        let place = place.replace('"', "");
        let component = button_at(sent, index);
        let given = parameters(component);
        let kind = button["type"].as_str().unwrap_or_default();
        // Which sub_type the send must name, what kind of parameter, and whether it must come.
        let url_varies = button["url"]
            .as_str()
            .is_some_and(|url| !variables(url).is_empty());
        let (sub_type, parameter, needed) = match kind {
            "QUICK_REPLY" => ("quick_reply", "payload", false),
            "URL" => ("url", "text", url_varies),
            "COPY_CODE" => ("copy_code", "coupon_code", true),
            "OTP" => ("url", "text", true),
            "FLOW" => ("flow", "action", false),
            "CATALOG" | "MPM" => ("catalog", "action", false),
            _ => ("", "", false),
        };
        let Some(component) = component else {
            if needed {
                let details = format!("{place} requires a parameter");
                return Err(GraphError::because(131_008, details));
            }
            continue;
        };
        if sub_type.is_empty() || (kind == "URL" && !url_varies) {
            let details = format!("{place} does not take parameters");
            return Err(GraphError::because(132_018, details));
        }
        let right_sub_type = is_kind(component, "sub_type", sub_type)
            || (kind == "OTP" && is_kind(component, "sub_type", "copy_code"));
        if !right_sub_type {
            let received = component["sub_type"].as_str().unwrap_or("unknown");
            return Err(mismatch(&place, sub_type, received));
        }
        let [one] = given else {
            return Err(wrong_count(&place, given.len(), 1));
        };
        let received = one["type"].as_str().unwrap_or("unknown");
        if received != parameter {
            return Err(mismatch(&place, parameter, received));
        }
        match parameter {
            "text" | "payload" | "coupon_code" => word(&place, &one[parameter])?,
            "action" if !one["action"].is_object() => {
                let details = format!("{place}: Parameter of type action is missing its action");
                return Err(GraphError::because(131_008, details));
            }
            _ => {}
        }
        if let Some(code) = one["coupon_code"].as_str() {
            at_most(code, 20, "coupon_code")?;
        }
    }
    Ok(())
}

fn limited_time_offer(defined: &[Value], sent: &[Value]) -> Checked {
    let Some(offer) = component(defined, "LIMITED_TIME_OFFER") else {
        return Ok(());
    };
    if offer["limited_time_offer"]["has_expiration"] == Value::Bool(false) {
        return Ok(());
    }
    let given = parameters(component(sent, "limited_time_offer"));
    let at = given
        .first()
        .and_then(|p| p["limited_time_offer"]["expiration_time_ms"].as_i64());
    match at {
        Some(_) => Ok(()),
        None => Err(GraphError::because(
            131_008,
            "limited_time_offer: expiration_time_ms is required",
        )),
    }
}

fn carousel(template: &Template, sent: &[Value]) -> Checked {
    let Some(carousel) = component(template.components(), "CAROUSEL") else {
        return Ok(());
    };
    let defined = carousel["cards"].as_array().map_or(&[][..], Vec::as_slice);
    let cards = component(sent, "carousel")
        .and_then(|carousel| carousel["cards"].as_array())
        .map_or(&[][..], Vec::as_slice);
    if cards.len() != defined.len() {
        return Err(wrong_count("carousel", cards.len(), defined.len()));
    }
    for (index, (card, definition)) in cards.iter().zip(defined).enumerate() {
        if card["card_index"]
            .as_u64()
            .and_then(|i| usize::try_from(i).ok())
            != Some(index)
        {
            let details = format!("carousel: card_index {index} is missing");
            return Err(GraphError::because(132_018, details));
        }
        let none = serde_json::Map::new();
        let definition = components_in(definition.as_object().unwrap_or(&none));
        let sent = components_in(card.as_object().unwrap_or(&none));
        header(definition, sent, template.is_named())?;
        if let Some(text) = component(definition, "BODY").and_then(|body| body["text"].as_str()) {
            let given = parameters(component(sent, "body"));
            words("carousel body", text, given, template.is_named())?;
        }
        buttons(definition, sent)?;
    }
    Ok(())
}
