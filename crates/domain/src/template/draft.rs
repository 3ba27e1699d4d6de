//! A template before Meta has seen it.
//!
//! ```text
//!   written here ──► Meta: PENDING ──► APPROVED ──► edited (once a day, ten times a month) ─┐
//!                        ▲      └────► REJECTED, with a reason ──► edited ──────────────────┤
//!                        └──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! What Meta decides comes with a webhook, and with the next listing. Pictures, films and documents
//! on top need an example that is uploaded in another way; such templates are made in WhatsApp
//! Manager, and sent from here like all others. So are codes, whose text is Meta's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Button, Category, Header, HeaderMedia, MAX_BODY, MAX_HEADER, MAX_URL, Template, text, variables,
};
use crate::outgoing::{MAX_FOOTER, OutgoingProblem, Problems, Trouble};

pub const MAX_NAME: usize = 512;
pub const MAX_BUTTONS: usize = 10;
pub const MAX_BUTTON: usize = 25;

/// What an administrator hands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct TemplateDraft {
    /// Small letters, digits and underscores.
    pub name: String,
    /// Meta's code: `en_US`, `de`, `pt_BR`.
    pub language: String,
    pub category: Category,
    pub header: Option<Header>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
    /// By field key (`body.1`, `header.name`, `button.0`): Meta's people judge by them.
    pub examples: BTreeMap<String, String>,
}

impl TemplateDraft {
    /// To change a template that Meta knows.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        Self {
            name: template.name.clone(),
            language: template.language.clone(),
            category: template.category,
            header: template.header.clone(),
            body: template.body.clone(),
            footer: template.footer.clone(),
            buttons: template.buttons.clone(),
            examples: template.examples.clone(),
        }
    }

    /// Whether this version can write such a template. Others are made in WhatsApp Manager.
    #[must_use]
    pub fn can_be_written(template: &Template) -> bool {
        template.cards.is_empty()
            && template.offer.is_none()
            && template.unsupported.is_empty()
            && matches!(template.category, Category::Utility | Category::Marketing)
            && matches!(
                template.header,
                None | Some(
                    Header::Text { .. }
                        | Header::Media {
                            media: HeaderMedia::Location
                        }
                )
            )
            && template.buttons.iter().all(can_be_written)
    }

    /// Variables have names rather than numbers.
    #[must_use]
    pub fn named_parameters(&self) -> bool {
        let header = match &self.header {
            Some(Header::Text { text }) => variables(text),
            _ => Vec::new(),
        };
        variables(&self.body)
            .iter()
            .chain(&header)
            .any(|name| name.parse::<u32>().is_err())
    }

    /// Everything that Meta would refuse at once, in the order of reading.
    #[must_use]
    pub fn check(&self) -> Vec<OutgoingProblem> {
        let mut problems = Problems::default();
        problems.words("name", &self.name, MAX_NAME);
        if !self
            .name
            .chars()
            .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_')
        {
            problems.add("name", Trouble::WrongCharacter);
        }
        problems.words("language", &self.language, 12);
        if !matches!(self.category, Category::Utility | Category::Marketing) {
            problems.add("category", Trouble::WrongCharacter);
        }
        self.check_header(&mut problems);
        problems.words("body", &self.body, MAX_BODY);
        check_variables("body", &self.body, &mut problems);
        if text::variable_at_the_edge(&self.body) {
            problems.add("body", Trouble::VariableAtTheEdge);
        }
        if let Some(footer) = &self.footer {
            problems.at_most("footer", footer, MAX_FOOTER);
            if !variables(footer).is_empty() {
                problems.add("footer", Trouble::Variables);
            }
        }
        self.check_buttons(&mut problems);
        self.check_examples(&mut problems);
        problems.0
    }

    fn check_header(&self, problems: &mut Problems) {
        match &self.header {
            None
            | Some(Header::Media {
                media: HeaderMedia::Location,
            }) => {}
            Some(Header::Media { .. }) => problems.add("header", Trouble::WrongCharacter),
            Some(Header::Text { text }) => {
                problems.words("header", text, MAX_HEADER);
                if text.contains(['\n', '\r']) {
                    problems.add("header", Trouble::LineBreak);
                }
                check_variables("header", text, problems);
                if variables(text).len() > 1 {
                    problems.add("header", Trouble::TooMany { max: 1 });
                }
            }
        }
    }

    fn check_buttons(&self, problems: &mut Problems) {
        if self.buttons.len() > MAX_BUTTONS {
            problems.add("button", Trouble::TooMany { max: MAX_BUTTONS });
        }
        let mut counts = [0_usize; 3];
        for (index, button) in self.buttons.iter().enumerate() {
            let field = format!("button.{index}");
            let (text, counted) = match button {
                Button::QuickReply { text } => (text, None),
                Button::Url { text, url } => {
                    check_address(&format!("{field}.url"), url, problems);
                    (text, Some((0, 2)))
                }
                Button::Phone { text, number } => {
                    if !(5..=15).contains(&number.chars().filter(char::is_ascii_digit).count()) {
                        problems.add(format!("{field}.number"), Trouble::NotANumber);
                    }
                    (text, Some((1, 1)))
                }
                Button::CopyCode { text } => (text, Some((2, 1))),
                Button::Flow { text }
                | Button::Otp { text }
                | Button::Fixed { text, .. }
                | Button::Other { text, .. } => {
                    problems.add(field.clone(), Trouble::WrongCharacter);
                    (text, None)
                }
            };
            // The label of a code button is Meta's own.
            if !matches!(button, Button::CopyCode { .. }) {
                problems.words(field.clone(), text, MAX_BUTTON);
            }
            if let Some((kind, max)) = counted {
                counts[kind] += 1;
                if counts[kind] > max {
                    problems.add(field, Trouble::TooMany { max });
                }
            }
        }
    }

    fn check_examples(&self, problems: &mut Problems) {
        for field in self.as_template().fields() {
            // A place is given anew with every message.
            if matches!(field.place, super::Place::HeaderPlace { .. }) {
                continue;
            }
            let example = self.examples.get(&field.key).map_or("", String::as_str);
            problems.words(format!("example.{}", field.key), example, field.max_chars);
        }
    }

    /// As it will be listed once Meta has it.
    #[must_use]
    pub fn as_template(&self) -> Template {
        Template {
            id: crate::TemplateId::new(""),
            name: self.name.clone(),
            language: self.language.clone(),
            category: self.category,
            status: super::TemplateStatus::Pending,
            named_parameters: self.named_parameters(),
            header: self.header.clone(),
            body: self.body.clone(),
            footer: self.footer.clone(),
            buttons: self.buttons.clone(),
            cards: Vec::new(),
            offer: None,
            unsupported: Vec::new(),
            examples: self.examples.clone(),
            rejected_reason: None,
            quality: None,
        }
    }
}

fn can_be_written(button: &Button) -> bool {
    matches!(
        button,
        Button::QuickReply { .. }
            | Button::Url { .. }
            | Button::Phone { .. }
            | Button::CopyCode { .. }
    )
}

/// Numbers run from 1 without a gap; names are small letters, digits and underscores.
fn check_variables(field: &str, text: &str, problems: &mut Problems) {
    let names = variables(text);
    let mut numbers: Vec<usize> = names.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    let numbered = numbers.len() == names.len() && numbers.iter().copied().eq(1..=names.len());
    let named = numbers.is_empty()
        && names.iter().all(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_')
        });
    if !numbered && !named {
        problems.add(field, Trouble::Variables);
    }
}

fn check_address(field: &str, url: &str, problems: &mut Problems) {
    problems.words(field, url, MAX_URL);
    let names = variables(url);
    if url.contains(char::is_whitespace) || !url.contains("://") {
        problems.add(field, Trouble::WrongCharacter);
    }
    if names.len() > 1 || (names.len() == 1 && !url.trim_end().ends_with("}}")) {
        problems.add(field, Trouble::Variables);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit() -> TemplateDraft {
        TemplateDraft {
            name: "visit_confirmation".into(),
            language: "en_US".into(),
            category: Category::Utility,
            header: Some(Header::Text {
                text: "Your visit".into(),
            }),
            body: "Hello {{first_name}}, see you on {{visit_date}}.".into(),
            footer: Some("Quill & Spoke".into()),
            buttons: vec![
                Button::Url {
                    text: "Change".into(),
                    url: "https://shop.example.com/v/{{1}}".into(),
                },
                Button::QuickReply {
                    text: "Cancel".into(),
                },
            ],
            examples: [
                ("body.first_name", "Ana"),
                ("body.visit_date", "Monday"),
                ("button.0", "17"),
            ]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        }
    }

    fn fields(draft: &TemplateDraft) -> Vec<String> {
        draft
            .check()
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn a_good_one_goes_to_meta() {
        assert_eq!(visit().check(), []);
        assert!(visit().named_parameters());
    }

    #[test]
    fn what_meta_refuses_is_said_at_its_field() {
        let change = |change: fn(&mut TemplateDraft)| {
            let mut draft = visit();
            change(&mut draft);
            fields(&draft)
        };
        assert_eq!(change(|d| d.name = "Visit".into()), ["name"]);
        assert_eq!(change(|d| d.body = "See {{visit_date}}".into()), ["body"]);
        assert_eq!(
            change(|d| d.body = "See {{1}} and {{3}} then.".into()),
            ["body", "example.body.1", "example.body.3"]
        );
        assert_eq!(
            change(|d| {
                d.examples.clear();
            }),
            [
                "example.body.first_name",
                "example.body.visit_date",
                "example.button.0"
            ]
        );
        assert_eq!(change(|d| d.footer = Some("{{1}}".into())), ["footer"]);
        assert_eq!(
            change(|d| d.category = Category::Authentication),
            ["category"]
        );
        assert_eq!(
            change(|d| {
                d.buttons[0] = Button::Url {
                    text: "Change".into(),
                    url: "https://a.example/{{1}}/edit".into(),
                };
            }),
            ["button.0.url"]
        );
    }

    #[test]
    fn three_links_are_one_too_many() {
        let mut draft = visit();
        let link = Button::Url {
            text: "See".into(),
            url: "https://a.example".into(),
        };
        draft.buttons = vec![link.clone(), link.clone(), link];
        assert_eq!(fields(&draft), ["button.2"]);
    }

    #[test]
    fn what_is_made_elsewhere_is_not_changed_here() {
        let mut template = visit().as_template();
        assert!(TemplateDraft::can_be_written(&template));
        template.header = Some(Header::Media {
            media: HeaderMedia::Image,
        });
        assert!(!TemplateDraft::can_be_written(&template));
    }
}
