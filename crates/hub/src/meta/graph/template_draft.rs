//! Templates that are handed to Meta for approval (section 10).

use ajar_domain::template::{
    Button, Category, Header, HeaderMedia, draft::TemplateDraft, variables,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{super::node::Node, Graph, GraphError};

impl Graph {
    /// Hands a new template in. Meta's decision comes with a webhook.
    ///
    /// # Errors
    /// [`GraphError::Refused`] with Meta's reason if it is refused at once.
    pub async fn create_template(
        &self,
        waba_id: &str,
        draft: &TemplateDraft,
    ) -> Result<(), GraphError> {
        let exchange = self
            .post(&[waba_id, "message_templates"], &new(draft))
            .await?;
        exchange.accepted().map(drop)
    }

    /// Changes a template that Meta knows by this id. It goes back to review.
    ///
    /// # Errors
    /// As [`Graph::create_template`].
    pub async fn edit_template(
        &self,
        meta_id: &str,
        draft: &TemplateDraft,
    ) -> Result<(), GraphError> {
        let change = json!({
            "category": category(draft.category),
            "components": components(draft),
        });
        let exchange = self.post(&[meta_id], &change).await?;
        exchange.accepted().map(drop)
    }

    /// Removes one language of a template. Its name cannot be used again for 30 days.
    ///
    /// # Errors
    /// As [`Graph::create_template`].
    pub async fn delete_template(
        &self,
        waba_id: &str,
        name: &str,
        meta_id: &str,
    ) -> Result<(), GraphError> {
        let query = [("name", name), ("hsm_id", meta_id)];
        let address = self.address(&[waba_id, "message_templates"], &query);
        let exchange = self.exchange(Method::DELETE, address, None).await?;
        let body = exchange.accepted()?;
        if Node::of(&body).get("success").flag() == Some(true) {
            Ok(())
        } else {
            Err(GraphError::Garbled {
                status: exchange.status,
            })
        }
    }
}

fn new(draft: &TemplateDraft) -> Value {
    let format = if draft.named_parameters() {
        "NAMED"
    } else {
        "POSITIONAL"
    };
    json!({
        "name": draft.name,
        "language": draft.language,
        "category": category(draft.category),
        "parameter_format": format,
        "components": components(draft),
    })
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Marketing => "MARKETING",
        Category::Authentication => "AUTHENTICATION",
        Category::Utility | Category::Other => "UTILITY",
    }
}

fn components(draft: &TemplateDraft) -> Vec<Value> {
    let mut components = Vec::new();
    match &draft.header {
        Some(Header::Text { text }) => {
            let mut header = json!({"type": "HEADER", "format": "TEXT", "text": text});
            let named = draft.named_parameters();
            if let Some(example) = examples(draft, "header", text, named) {
                // A header has one variable at most, and a plain list.
                header["example"] = if named {
                    json!({ "header_text_named_params": example })
                } else {
                    json!({ "header_text": example })
                };
            }
            components.push(header);
        }
        Some(Header::Media {
            media: HeaderMedia::Location,
        }) => components.push(json!({"type": "HEADER", "format": "LOCATION"})),
        // The draft was checked: others are made elsewhere.
        Some(Header::Media { .. }) | None => {}
    }
    let mut body = json!({"type": "BODY", "text": draft.body});
    let named = draft.named_parameters();
    if let Some(example) = examples(draft, "body", &draft.body, named) {
        body["example"] = if named {
            json!({ "body_text_named_params": example })
        } else {
            json!({ "body_text": [example] })
        };
    }
    components.push(body);
    if let Some(footer) = draft
        .footer
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    {
        components.push(json!({"type": "FOOTER", "text": footer}));
    }
    let buttons: Vec<Value> = draft
        .buttons
        .iter()
        .enumerate()
        .filter_map(|(index, of)| button(draft, index, of))
        .collect();
    if !buttons.is_empty() {
        components.push(json!({"type": "BUTTONS", "buttons": buttons}));
    }
    components
}

/// Example values in the order of the variables; `None` if the text has none.
fn examples(draft: &TemplateDraft, place: &str, text: &str, named: bool) -> Option<Vec<Value>> {
    let mut names = variables(text);
    if names.is_empty() {
        return None;
    }
    if !named {
        names.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
    }
    let value = |name: &str| {
        let key = format!("{place}.{name}");
        draft.examples.get(&key).cloned().unwrap_or_default()
    };
    let example = names
        .iter()
        .map(|name| {
            if named {
                json!({"param_name": name, "example": value(name)})
            } else {
                value(name).into()
            }
        })
        .collect();
    Some(example)
}

fn button(draft: &TemplateDraft, index: usize, button: &Button) -> Option<Value> {
    let example = || draft.examples.get(&format!("button.{index}")).cloned();
    Some(match button {
        Button::QuickReply { text } => json!({"type": "QUICK_REPLY", "text": text}),
        Button::Url { text, url } => {
            let mut link = json!({"type": "URL", "text": text, "url": url});
            if !variables(url).is_empty() {
                // The whole address, as Meta's pages show it.
                let whole = ajar_domain::template::substitute(url, |_| example());
                link["example"] = json!([whole]);
            }
            link
        }
        Button::Phone { text, number } => {
            json!({"type": "PHONE_NUMBER", "text": text, "phone_number": number})
        }
        Button::CopyCode { .. } => {
            json!({"type": "COPY_CODE", "example": example().unwrap_or_default()})
        }
        // The draft was checked: others are made elsewhere.
        Button::Flow { .. } | Button::Otp { .. } | Button::Fixed { .. } | Button::Other { .. } => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn a_named_one_is_written_as_meta_shows_it() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/meta/graph/templates/create_named.request.json");
        let shown: Value =
            serde_json::from_slice(&fs::read(path).expect("the example")).expect("JSON");
        let draft = TemplateDraft {
            name: "visit_confirmation".into(),
            language: "en_US".into(),
            category: Category::Utility,
            header: None,
            body: "Hello {{first_name}}, see you on {{visit_date}}.".into(),
            footer: Some("Example Shop".into()),
            buttons: Vec::new(),
            examples: [("body.first_name", "Ana"), ("body.visit_date", "Monday")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        };
        assert_eq!(draft.check(), []);
        assert_eq!(new(&draft), shown);
    }

    #[test]
    fn what_is_handed_in_is_listed_as_it_was_written() {
        let draft = TemplateDraft {
            name: "order_update".into(),
            language: "de".into(),
            category: Category::Marketing,
            header: Some(Header::Text {
                text: "Hallo {{1}}".into(),
            }),
            body: "Ihre Bestellung {{2}}, {{1}}, ist da.".into(),
            footer: None,
            buttons: vec![
                Button::Url {
                    text: "Ansehen".into(),
                    url: "https://shop.example.com/o/{{1}}".into(),
                },
                Button::CopyCode {
                    text: "Copy".into(),
                },
                Button::Phone {
                    text: "Anrufen".into(),
                    number: "+15550783881".into(),
                },
            ],
            examples: [
                ("header.1", "Ana"),
                ("body.1", "Ana"),
                ("body.2", "A-1001"),
                ("button.0", "A-1001"),
                ("button.1", "HERBST"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        };
        assert_eq!(draft.check(), []);
        let mut listed = new(&draft);
        listed["id"] = "7".into();
        listed["status"] = "PENDING".into();
        let read = super::super::template_list::template(Node::of(&listed)).expect("a template");
        assert_eq!(read.body, draft.body);
        assert_eq!(read.header, draft.header);
        assert_eq!(read.examples, draft.examples);
        assert_eq!(read.buttons.len(), 3);
    }
}
