//! Templates: messages that Meta approved, usable outside the window.
//!
//! A template is one name in one language. Its components say what an agent must fill in;
//! [`Template::fields`] lists that, [`Template::fill`] checks the values as Meta checks them
//! and gives the rendered text, which is kept with the sent message because no webhook ever
//! repeats it. Lengths and forbidden characters: platform notes, section 10.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::TemplateId;

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Category {
    Utility,
    Marketing,
    Authentication,
    /// A category that Meta may add later.
    Other,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TemplateStatus {
    Approved,
    Pending,
    Rejected,
    Paused,
    Disabled,
    /// In appeal, locked, archived, being deleted, or a status Meta may add later.
    Other,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum HeaderMedia {
    Image,
    Video,
    Document,
    Location,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "format", rename_all = "snake_case")]
#[ts(export)]
pub enum Header {
    Text { text: String },
    Media { media: HeaderMedia },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Button {
    QuickReply {
        text: String,
    },
    /// `url` may end in one variable.
    Url {
        text: String,
        url: String,
    },
    Phone {
        text: String,
        number: String,
    },
    CopyCode {
        text: String,
    },
    Flow {
        text: String,
    },
    /// A kind that this version does not know.
    Other {
        text: String,
        meta_kind: String,
    },
}

/// A template as Meta lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Template {
    pub id: TemplateId,
    pub name: String,
    pub language: String,
    pub category: Category,
    pub status: TemplateStatus,
    /// Variables are `{{name}}` rather than `{{1}}`.
    pub named_parameters: bool,
    pub header: Option<Header>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
    /// Components that cannot be filled in here yet, by Meta's name (CAROUSEL …).
    pub unsupported: Vec<String>,
    /// Example values by field key, as its author gave them to Meta.
    pub examples: BTreeMap<String, String>,
}

/// Where a value goes.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(tag = "place", rename_all = "snake_case")]
#[ts(export)]
pub enum Place {
    HeaderText {
        variable: String,
    },
    Body {
        variable: String,
    },
    /// The end of a URL button's address.
    UrlSuffix {
        button: usize,
    },
    /// The code that a copy-code button copies.
    CopyCode {
        button: usize,
    },
}

/// One thing an agent must fill in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Field {
    /// Names the value in the command: `header.1`, `body.first_name`, `button.0`.
    pub key: String,
    pub place: Place,
    /// The variable's name, or the button's text.
    pub label: String,
    pub example: Option<String>,
    /// Most characters the value may have on its own.
    pub max_chars: usize,
}

/// Why a template cannot be sent from here, said before anybody fills it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
#[ts(export)]
pub enum NotSendable {
    NotApproved {
        status: TemplateStatus,
    },
    /// A component that this version cannot fill in.
    Component {
        component: String,
    },
    /// The customer asked for an end of marketing messages. Meta would refuse it (131050), and
    /// trying harms the number.
    OptedOut {
        since: crate::Time,
    },
}

/// A value that Meta would refuse, found before it does.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    thiserror::Error,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[ts(export)]
pub enum FieldProblem {
    #[error("a value is missing")]
    Empty { key: String },
    #[error("a value has a line break or a tab")]
    LineBreak { key: String },
    #[error("a value has more than four spaces in a row")]
    ManySpaces { key: String },
    #[error("a value is too long")]
    TooLong { key: String, max: usize },
    #[error("the text after filling in is too long")]
    TextTooLong {
        place: String,
        length: usize,
        max: usize,
    },
    #[error("a button's address has a space in it")]
    SpaceInAddress { key: String },
    #[error("a value is given for a field that the template does not have")]
    UnknownField { key: String },
}

/// What the customer gets, kept with the sent message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct RenderedTemplate {
    pub name: String,
    pub language: String,
    pub category: Category,
    pub header_text: Option<String>,
    pub header_media: Option<HeaderMedia>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
}

/// A template with checked values: the only thing the sender accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledTemplate {
    pub name: String,
    pub language: String,
    pub named_parameters: bool,
    /// In the order of the variables: (variable, value).
    pub header: Vec<(String, String)>,
    pub body: Vec<(String, String)>,
    /// (button index, what it is, value)
    pub buttons: Vec<(usize, ButtonValue)>,
    pub rendered: RenderedTemplate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum ButtonValue {
    UrlSuffix(String),
    CopyCode(String),
}

pub const MAX_HEADER: usize = 60;
pub const MAX_BODY: usize = 1024;
pub const MAX_URL: usize = 2000;
pub const MAX_CODE: usize = 20;

/// The variables of a text in order of first appearance, without repetition.
#[must_use]
pub fn variables(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece
            && !found.iter().any(|known| known == name)
        {
            found.push(name.to_owned());
        }
    }
    found
}

enum Piece<'a> {
    Words(&'a str),
    Variable(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else {
            break;
        };
        out.push(Piece::Words(before));
        out.push(Piece::Variable(name.trim()));
        rest = tail;
    }
    out.push(Piece::Words(rest));
    out
}

/// The text with each variable replaced by its value; a variable without one stays visible.
#[must_use]
pub fn substitute(text: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Variable(name) => value_of(name).unwrap_or_else(|| format!("{{{{{name}}}}}")),
        })
        .collect()
}

impl Template {
    /// What an agent must fill in, in the order of reading.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        if let Some(Header::Text { text }) = &self.header {
            for variable in variables(text) {
                fields.push(self.field(
                    format!("header.{variable}"),
                    Place::HeaderText {
                        variable: variable.clone(),
                    },
                    variable,
                    MAX_HEADER,
                ));
            }
        }
        for variable in variables(&self.body) {
            fields.push(self.field(
                format!("body.{variable}"),
                Place::Body {
                    variable: variable.clone(),
                },
                variable,
                MAX_BODY,
            ));
        }
        for (index, button) in self.buttons.iter().enumerate() {
            match button {
                Button::Url { text, url } if !variables(url).is_empty() => fields.push(self.field(
                    format!("button.{index}"),
                    Place::UrlSuffix { button: index },
                    text.clone(),
                    MAX_URL,
                )),
                Button::CopyCode { text } => fields.push(self.field(
                    format!("button.{index}"),
                    Place::CopyCode { button: index },
                    text.clone(),
                    MAX_CODE,
                )),
                Button::Url { .. }
                | Button::QuickReply { .. }
                | Button::Phone { .. }
                | Button::Flow { .. }
                | Button::Other { .. } => {}
            }
        }
        fields
    }

    fn field(&self, key: String, place: Place, label: String, max_chars: usize) -> Field {
        Field {
            example: self.examples.get(&key).cloned(),
            key,
            place,
            label,
            max_chars,
        }
    }

    /// Why it stands greyed in the picker, if it does.
    #[must_use]
    pub fn not_sendable(&self) -> Option<NotSendable> {
        if self.status != TemplateStatus::Approved {
            return Some(NotSendable::NotApproved {
                status: self.status,
            });
        }
        if let Some(component) = self.unsupported.first() {
            return Some(NotSendable::Component {
                component: component.clone(),
            });
        }
        if let Some(Header::Media { media }) = &self.header {
            return Some(NotSendable::Component {
                component: match media {
                    HeaderMedia::Image => "HEADER_IMAGE",
                    HeaderMedia::Video => "HEADER_VIDEO",
                    HeaderMedia::Document => "HEADER_DOCUMENT",
                    HeaderMedia::Location => "HEADER_LOCATION",
                }
                .into(),
            });
        }
        self.buttons.iter().find_map(|button| match button {
            Button::Flow { .. } => Some(NotSendable::Component {
                component: "FLOW".into(),
            }),
            Button::Other { meta_kind, .. } => Some(NotSendable::Component {
                component: meta_kind.clone(),
            }),
            Button::QuickReply { .. }
            | Button::Url { .. }
            | Button::Phone { .. }
            | Button::CopyCode { .. } => None,
        })
    }

    /// As [`Template::not_sendable`], for one customer.
    #[must_use]
    pub fn not_sendable_to(&self, no_marketing_since: Option<crate::Time>) -> Option<NotSendable> {
        self.not_sendable()
            .or(match (self.category, no_marketing_since) {
                (Category::Marketing, Some(since)) => Some(NotSendable::OptedOut { since }),
                _ => None,
            })
    }

    /// The text as it would read with these values; missing ones stay visible.
    #[must_use]
    pub fn preview(&self, values: &BTreeMap<String, String>) -> RenderedTemplate {
        let value = |prefix: &str, name: &str| {
            values
                .get(&format!("{prefix}.{name}"))
                .filter(|value| !value.is_empty())
                .cloned()
        };
        let (header_text, header_media) = match &self.header {
            Some(Header::Text { text }) => {
                (Some(substitute(text, |name| value("header", name))), None)
            }
            Some(Header::Media { media }) => (None, Some(*media)),
            None => (None, None),
        };
        RenderedTemplate {
            name: self.name.clone(),
            language: self.language.clone(),
            category: self.category,
            header_text,
            header_media,
            body: substitute(&self.body, |name| value("body", name)),
            footer: self.footer.clone(),
            buttons: self
                .buttons
                .iter()
                .enumerate()
                .map(|(index, button)| match button {
                    Button::Url { text, url } => Button::Url {
                        text: text.clone(),
                        url: substitute(url, |_| values.get(&format!("button.{index}")).cloned()),
                    },
                    other => other.clone(),
                })
                .collect(),
        }
    }

    /// Checks the values as Meta checks them.
    ///
    /// # Errors
    /// Every [`FieldProblem`] found, in the order of the fields; never an empty list.
    pub fn fill(
        &self,
        values: &BTreeMap<String, String>,
    ) -> Result<FilledTemplate, Vec<FieldProblem>> {
        let fields = self.fields();
        let mut problems: Vec<FieldProblem> = values
            .keys()
            .filter(|key| !fields.iter().any(|field| field.key == **key))
            .map(|key| FieldProblem::UnknownField { key: key.clone() })
            .collect();
        for field in &fields {
            let value = values.get(&field.key).map_or("", String::as_str);
            problems.extend(check(field, value));
        }
        let rendered = self.preview(values);
        let lengths = [
            ("header", rendered.header_text.as_deref(), MAX_HEADER),
            ("body", Some(rendered.body.as_str()), MAX_BODY),
        ];
        for (place, text, max) in lengths {
            let length = text.map_or(0, |text| text.chars().count());
            if length > max {
                problems.push(FieldProblem::TextTooLong {
                    place: place.into(),
                    length,
                    max,
                });
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let given = |key: &str| values.get(key).cloned().unwrap_or_default();
        let mut filled = FilledTemplate {
            name: self.name.clone(),
            language: self.language.clone(),
            named_parameters: self.named_parameters,
            header: Vec::new(),
            body: Vec::new(),
            buttons: Vec::new(),
            rendered,
        };
        for field in fields {
            let value = given(&field.key);
            match field.place {
                Place::HeaderText { variable } => filled.header.push((variable, value)),
                Place::Body { variable } => filled.body.push((variable, value)),
                Place::UrlSuffix { button } => {
                    filled.buttons.push((button, ButtonValue::UrlSuffix(value)));
                }
                Place::CopyCode { button } => {
                    filled.buttons.push((button, ButtonValue::CopyCode(value)));
                }
            }
        }
        // Positional values go out in the order of their numbers, whatever the text's order.
        if !self.named_parameters {
            for list in [&mut filled.header, &mut filled.body] {
                list.sort_by_key(|(variable, _)| variable.parse::<u32>().unwrap_or(u32::MAX));
            }
        }
        Ok(filled)
    }
}

fn check(field: &Field, value: &str) -> Option<FieldProblem> {
    let key = field.key.clone();
    if value.trim().is_empty() {
        Some(FieldProblem::Empty { key })
    } else if value.contains(['\n', '\r', '\t']) {
        Some(FieldProblem::LineBreak { key })
    } else if value.contains("     ") {
        Some(FieldProblem::ManySpaces { key })
    } else if value.chars().count() > field.max_chars {
        Some(FieldProblem::TooLong {
            key,
            max: field.max_chars,
        })
    } else if matches!(field.place, Place::UrlSuffix { .. }) && value.contains(char::is_whitespace)
    {
        Some(FieldProblem::SpaceInAddress { key })
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
