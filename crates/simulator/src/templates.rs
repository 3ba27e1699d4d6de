//! The account's templates and what they look like once filled in.
//!
//! A template is kept as the JSON that Meta lists, so that what is listed is exactly what was put
//! in. Whether a send fits it is [`crate::validate::template`]'s business.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// One template in one language.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// As listed: `name`, `language`, `status`, `category`, `components`, `id` …
    pub listed: Map<String, Value>,
}

impl Template {
    /// Takes what Meta would list. A missing id, status, category or format is filled in.
    pub fn from_listed(mut listed: Map<String, Value>, new_id: impl FnOnce() -> String) -> Self {
        for (key, value) in [
            ("status", json!("APPROVED")),
            ("category", json!("UTILITY")),
            ("language", json!("en")),
            ("parameter_format", json!("POSITIONAL")),
            ("components", json!([])),
        ] {
            listed.entry(key).or_insert(value);
        }
        listed.entry("id").or_insert_with(|| json!(new_id()));
        Self { listed }
    }

    pub fn text(&self, key: &str) -> &str {
        self.listed
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.text("name")
    }

    pub fn language(&self) -> &str {
        self.text("language")
    }

    pub fn status(&self) -> &str {
        self.text("status")
    }

    pub fn category(&self) -> &str {
        self.text("category")
    }

    pub fn is_named(&self) -> bool {
        self.text("parameter_format").eq_ignore_ascii_case("named")
    }

    pub fn components(&self) -> &[Value] {
        components_in(&self.listed)
    }
}

pub(crate) fn components_in(holder: &Map<String, Value>) -> &[Value] {
    holder
        .get("components")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The component of this type among these, if there is one.
pub(crate) fn component<'a>(components: &'a [Value], kind: &str) -> Option<&'a Value> {
    components
        .iter()
        .find(|component| is_kind(component, "type", kind))
}

/// Meta writes kinds in capitals in definitions and in small letters in sends, not always.
pub(crate) fn is_kind(object: &Value, key: &str, kind: &str) -> bool {
    object[key]
        .as_str()
        .is_some_and(|found| found.eq_ignore_ascii_case(kind))
}

/// The names (or numbers) of the variables in a text, in the order of their first appearance.
pub(crate) fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else {
            break;
        };
        let name = rest[start + 2..start + end].trim();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
        rest = &rest[start + end + 2..];
    }
    names
}

/// A template as the customer sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RenderedTemplate {
    pub name: String,
    pub language: String,
    pub category: String,
    /// The words of a text header, or the kind of another one: `image`, `location` …
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<RenderedButton>,
    pub cards: Vec<RenderedCard>,
}

/// A button as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RenderedButton {
    /// `QUICK_REPLY`, `URL` … as Meta spells it.
    pub kind: String,
    pub text: String,
    /// The address, number, code or payload behind it.
    pub value: Option<String>,
}

/// A card of a carousel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RenderedCard {
    pub body: Option<String>,
    pub buttons: Vec<RenderedButton>,
}

impl RenderedTemplate {
    /// Header, body and footer as lines.
    #[must_use]
    pub fn text(&self) -> String {
        let parts = [
            self.header.as_deref(),
            Some(self.body.as_str()),
            self.footer.as_deref(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

/// Fills in a template with the components of a send that fits it.
pub(crate) fn render(template: &Template, sent: &[Value]) -> RenderedTemplate {
    let named = template.is_named();
    let components = template.components();
    let mut rendered = RenderedTemplate {
        name: template.name().to_owned(),
        language: template.language().to_owned(),
        category: template.category().to_owned(),
        buttons: buttons(components, sent),
        ..RenderedTemplate::default()
    };
    if let Some(header) = component(components, "HEADER") {
        let format = header["format"].as_str().unwrap_or("TEXT");
        let parameters = parameters(component(sent, "header"));
        rendered.header = Some(if format == "TEXT" {
            filled(
                header["text"].as_str().unwrap_or_default(),
                parameters,
                named,
            )
        } else {
            format.to_lowercase()
        });
    }
    if let Some(body) = component(components, "BODY") {
        let parameters = parameters(component(sent, "body"));
        rendered.body = filled(body["text"].as_str().unwrap_or_default(), parameters, named);
        if body["text"].is_null() && template.category() == "AUTHENTICATION" {
            let code = parameters.first().map(shown).unwrap_or_default();
            rendered.body = format!("{code} is your verification code.");
        }
    }
    if let Some(footer) = component(components, "FOOTER") {
        rendered.footer = footer["text"].as_str().map(ToOwned::to_owned);
    }
    if let Some(carousel) = component(components, "CAROUSEL") {
        let cards = carousel["cards"].as_array().map_or(&[][..], Vec::as_slice);
        let sent_cards = component(sent, "carousel").map_or(&Value::Null, |c| &c["cards"]);
        rendered.cards = cards
            .iter()
            .enumerate()
            .map(|(index, card)| {
                let sent = sent_cards[index]["components"]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice);
                let components = card["components"].as_array().map_or(&[][..], Vec::as_slice);
                RenderedCard {
                    body: component(components, "BODY").map(|body| {
                        let text = body["text"].as_str().unwrap_or_default();
                        filled(text, parameters(component(sent, "body")), named)
                    }),
                    buttons: buttons(components, sent),
                }
            })
            .collect();
    }
    rendered
}

fn buttons(components: &[Value], sent: &[Value]) -> Vec<RenderedButton> {
    let defined = component(components, "BUTTONS")
        .and_then(|buttons| buttons["buttons"].as_array())
        .map_or(&[][..], Vec::as_slice);
    defined
        .iter()
        .enumerate()
        .map(|(index, button)| {
            let given = parameters(button_at(sent, index)).first();
            let kind = button["type"].as_str().unwrap_or_default();
            let value = match kind {
                "URL" => button["url"].as_str().map(|url| match given {
                    Some(given) => filled(url, std::slice::from_ref(given), false),
                    None => url.to_owned(),
                }),
                "PHONE_NUMBER" => button["phone_number"].as_str().map(ToOwned::to_owned),
                "COPY_CODE" | "OTP" => given.map(shown),
                // Without a payload of its own a quick reply sends back its label.
                "QUICK_REPLY" => given
                    .map(shown)
                    .or_else(|| button["text"].as_str().map(ToOwned::to_owned)),
                _ => None,
            };
            RenderedButton {
                kind: kind.to_owned(),
                text: button["text"].as_str().unwrap_or("Copy code").to_owned(),
                value,
            }
        })
        .collect()
}

/// The component of a send that is about the button with this index. Meta takes the index as a
/// string or as a number.
pub(crate) fn button_at(sent: &[Value], index: usize) -> Option<&Value> {
    sent.iter().find(|component| {
        is_kind(component, "type", "button") && button_index(component) == Some(index)
    })
}

pub(crate) fn button_index(component: &Value) -> Option<usize> {
    match &component["index"] {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        _ => None,
    }
}

pub(crate) fn parameters(component: Option<&Value>) -> &[Value] {
    component
        .and_then(|component| component["parameters"].as_array())
        .map_or(&[], Vec::as_slice)
}

/// A parameter as words.
fn shown(parameter: &Value) -> String {
    let kind = parameter["type"].as_str().unwrap_or("text");
    let text = match kind {
        "currency" | "date_time" => &parameter[kind]["fallback_value"],
        other => &parameter[other],
    };
    match text {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn filled(text: &str, parameters: &[Value], named: bool) -> String {
    let mut out = text.to_owned();
    for (position, name) in variables(text).into_iter().enumerate() {
        let parameter = if named {
            parameters.iter().find(|p| p["parameter_name"] == name)
        } else {
            let index = name
                .parse::<usize>()
                .map_or(position, |n| n.saturating_sub(1));
            parameters.get(index)
        };
        if let Some(parameter) = parameter {
            out = out.replace(&format!("{{{{{name}}}}}"), &shown(parameter));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_once_each_in_order() {
        assert_eq!(variables("{{2}} of {{1}}, {{2}}"), ["2", "1"]);
        assert_eq!(variables("{{ name }} and {{item}} {{"), ["name", "item"]);
        assert!(variables("no {braces} here").is_empty());
    }
}
