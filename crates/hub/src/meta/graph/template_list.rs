//! The account's templates, as Meta lists them (section 10).
//!
//! Components that this version cannot fill in are named in [`Template::unsupported`], so that
//! the picker can say why a template stands there in grey. Nothing is dropped silently.

use std::collections::{BTreeMap, BTreeSet};

use ajar_domain::{
    TemplateId,
    template::{Button, Header, HeaderMedia, Offer, Template, TemplateCard, variables},
};

use super::{
    super::{
        node::{Node, short},
        parse,
    },
    Graph, GraphError,
};

const FIELDS: &str = "id,name,status,category,language,components,parameter_format,\
                      rejected_reason,quality_score";
const PER_PAGE: &str = "100";
/// An account holds 6,000 templates at most.
const MAX_PAGES: usize = 100;

impl Graph {
    /// All templates of the account, page by page.
    ///
    /// # Errors
    /// [`GraphError`] if any page fails; a part of the list would look like deleted templates.
    pub async fn list_templates(&self, waba_id: &str) -> Result<Vec<Template>, GraphError> {
        let mut templates = Vec::new();
        let mut after: Option<String> = None;
        let mut seen = BTreeSet::new();
        for _ in 0..MAX_PAGES {
            let mut query = vec![("fields", FIELDS), ("limit", PER_PAGE)];
            if let Some(after) = &after {
                query.push(("after", after));
            }
            let exchange = self.get(&[waba_id, "message_templates"], &query).await?;
            let page = exchange.accepted()?;
            let page = Node::of(&page);
            if !page.get("data").is_list() {
                return Err(GraphError::Garbled {
                    status: exchange.status,
                });
            }
            templates.extend(page.get("data").items().filter_map(template));
            let paging = page.get("paging");
            // The last page has no `next`. The address in it is not used: it names a host and
            // carries the token; the cursor is enough.
            let next = paging
                .get("next")
                .is_some()
                .then(|| paging.get("cursors").get("after").words())
                .flatten();
            match next {
                Some(cursor) if seen.insert(cursor.clone()) => after = Some(cursor),
                _ => return Ok(templates),
            }
        }
        Ok(templates)
    }
}

/// One template of the listing; `None` if it has no id or name to be sent by.
pub(super) fn template(node: Node<'_>) -> Option<Template> {
    let mut read = Template {
        id: TemplateId::new(node.get("id").id()?),
        name: node.get("name").words()?,
        language: node.get("language").words()?,
        category: parse::template_category(node.get("category").str().unwrap_or_default()),
        status: parse::template_status(node.get("status").str().unwrap_or_default()),
        named_parameters: node.get("parameter_format").str() == Some("NAMED"),
        header: None,
        body: String::new(),
        footer: None,
        buttons: Vec::new(),
        cards: Vec::new(),
        offer: None,
        unsupported: Vec::new(),
        examples: BTreeMap::new(),
        rejected_reason: node
            .get("rejected_reason")
            .kind()
            .filter(|reason| reason != "NONE"),
        quality: node.get("quality_score").get("score").kind(),
    };
    let mut has_body = false;
    for component in node.get("components").items() {
        let kind = component
            .get("type")
            .kind()
            .unwrap_or_default()
            .to_ascii_uppercase();
        match kind.as_str() {
            "HEADER" => header(&mut read, component),
            "BODY" => {
                has_body = true;
                read.body = component.get("text").text().unwrap_or_default();
                examples(&mut read, "body", component.get("example"));
            }
            "FOOTER" => read.footer = component.get("text").words(),
            "BUTTONS" => {
                let buttons = buttons(component, "", &mut read.examples);
                read.buttons.extend(buttons);
            }
            "LIMITED_TIME_OFFER" => read.offer = Some(offer(component)),
            "CAROUSEL" => carousel(&mut read, component),
            // What Meta may add.
            _ => read.unsupported.push(short(&kind)),
        }
    }
    if !has_body {
        // Listed without its text, so nobody could see what they send.
        read.unsupported.push("BODY".into());
    }
    Some(read)
}

fn header(template: &mut Template, component: Node<'_>) {
    let format = header_format(component);
    if format == "TEXT" {
        template.header = Some(Header::Text {
            text: component.get("text").text().unwrap_or_default(),
        });
        examples(template, "header", component.get("example"));
        return;
    }
    match header_media(&format) {
        Some(media) => template.header = Some(Header::Media { media }),
        None => template
            .unsupported
            .push(format!("HEADER_{}", short(&format))),
    }
}

fn header_format(component: Node<'_>) -> String {
    component
        .get("format")
        .kind()
        .unwrap_or_default()
        .to_ascii_uppercase()
}

fn header_media(format: &str) -> Option<HeaderMedia> {
    Some(match format {
        "IMAGE" => HeaderMedia::Image,
        "VIDEO" => HeaderMedia::Video,
        "DOCUMENT" => HeaderMedia::Document,
        "LOCATION" => HeaderMedia::Location,
        _ => return None,
    })
}

fn offer(component: Node<'_>) -> Offer {
    let offer = component.get("limited_time_offer");
    Offer {
        text: offer.get("text").text().unwrap_or_default(),
        expires: offer.get("has_expiration").flag() != Some(false),
    }
}

/// The cards of a carousel. Products have no place here: they come from a catalogue.
fn carousel(template: &mut Template, component: Node<'_>) {
    for (index, card) in component.get("cards").items().enumerate() {
        let mut read = TemplateCard {
            header: None,
            body: String::new(),
            buttons: Vec::new(),
        };
        for part in card.get("components").items() {
            let kind = part
                .get("type")
                .kind()
                .unwrap_or_default()
                .to_ascii_uppercase();
            match kind.as_str() {
                "HEADER" => {
                    let format = header_format(part);
                    match header_media(&format) {
                        Some(media @ (HeaderMedia::Image | HeaderMedia::Video)) => {
                            read.header = Some(media);
                        }
                        _ => template
                            .unsupported
                            .push(format!("CAROUSEL_{}", short(&format))),
                    }
                }
                "BODY" => {
                    read.body = part.get("text").text().unwrap_or_default();
                    let values = part.get("example").get("body_text").first();
                    for (name, value) in variables(&read.body).into_iter().zip(values.items()) {
                        if let Some(value) = value.words() {
                            let key = format!("card.{index}.body.{name}");
                            template.examples.insert(key, value);
                        }
                    }
                }
                "BUTTONS" => {
                    let prefix = format!("card.{index}.");
                    read.buttons = buttons(part, &prefix, &mut template.examples);
                }
                _ => template
                    .unsupported
                    .push(format!("CAROUSEL_{}", short(&kind))),
            }
        }
        template.cards.push(read);
    }
    if template.cards.is_empty() {
        template.unsupported.push("CAROUSEL".into());
    }
}

fn buttons(
    component: Node<'_>,
    prefix: &str,
    examples: &mut BTreeMap<String, String>,
) -> Vec<Button> {
    let mut buttons = Vec::new();
    for (index, node) in component.get("buttons").items().enumerate() {
        let text = node.get("text").text().unwrap_or_default();
        let key = format!("{prefix}button.{index}");
        let kind = node
            .get("type")
            .kind()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let button = match kind.as_str() {
            "QUICK_REPLY" => Button::QuickReply { text },
            "URL" => {
                let url = node.get("url").text().unwrap_or_default();
                if is_code_address(&url) {
                    Button::Otp { text }
                } else {
                    if let Some(example) = button_example(node) {
                        examples.insert(key, suffix(&url, &example));
                    }
                    Button::Url { text, url }
                }
            }
            "PHONE_NUMBER" => Button::Phone {
                text,
                number: node.get("phone_number").text().unwrap_or_default(),
            },
            "COPY_CODE" => {
                if let Some(example) = button_example(node) {
                    examples.insert(key, example);
                }
                Button::CopyCode { text }
            }
            "FLOW" => Button::Flow { text },
            "OTP" => Button::Otp { text },
            // They act on the customer's phone and take no value.
            "VOICE_CALL" | "REQUEST_CONTACT_INFO" | "CALL_PERMISSION_REQUEST" => Button::Fixed {
                text,
                meta_kind: kind,
            },
            _ => Button::Other {
                text,
                meta_kind: kind,
            },
        };
        buttons.push(button);
    }
    buttons
}

/// Meta lists the button of an authentication template as a link to a page of its own that takes
/// the code.
fn is_code_address(url: &str) -> bool {
    url.starts_with("https://www.whatsapp.com/otp/")
}

/// A list of one in the documentation of links, a plain text in that of codes.
fn button_example(button: Node<'_>) -> Option<String> {
    let example = button.get("example");
    example.words().or_else(|| example.first().words())
}

/// Authors give the whole address as the example; an agent fills in only its end.
fn suffix(url: &str, example: &str) -> String {
    url.split_once("{{")
        .and_then(|(before, _)| example.strip_prefix(before))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(example)
        .to_owned()
}

/// The example values of a header or body text, by field key.
fn examples(template: &mut Template, place: &str, example: Node<'_>) {
    for named in example.get(&format!("{place}_text_named_params")).items() {
        if let (Some(name), Some(value)) = (
            named.get("param_name").words(),
            named.get("example").words(),
        ) {
            template.examples.insert(format!("{place}.{name}"), value);
        }
    }
    // A body has a list of lists, a header a plain list.
    let values = example.get(&format!("{place}_text"));
    let values = if values.first().is_list() {
        values.first()
    } else {
        values
    };
    let text = match (place, &template.header) {
        ("header", Some(Header::Text { text })) => text.as_str(),
        _ => template.body.as_str(),
    };
    let mut names = variables(text);
    // In the order of their numbers, whatever the order in the text.
    if !template.named_parameters {
        names.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
    }
    for (name, value) in names.into_iter().zip(values.items()) {
        if let Some(value) = value.words() {
            template
                .examples
                .entry(format!("{place}.{name}"))
                .or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use ajar_domain::template::{Category, NotSendable, TemplateStatus};
    use serde_json::{Value, json};

    use super::*;

    fn listing(name: &str) -> Vec<Template> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/meta/graph/templates")
            .join(format!("{name}.response.json"));
        let body: Value =
            serde_json::from_slice(&fs::read(path).expect("the example")).expect("JSON");
        Node::of(&body)
            .get("data")
            .items()
            .filter_map(template)
            .collect()
    }

    fn one(components: &Value) -> Template {
        template(Node::of(&json!({
            "id": "7", "name": "t", "language": "en", "status": "APPROVED",
            "category": "MARKETING", "components": components,
        })))
        .expect("a template")
    }

    #[test]
    fn every_listing_is_read_as_its_snapshot_says() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            for name in ["list_page1", "list_last_page", "list_fields", "list_empty"] {
                insta::assert_json_snapshot!(format!("graph__templates__{name}"), listing(name));
            }
        });
    }

    #[test]
    fn examples_stand_under_the_keys_of_the_fields() {
        let page = listing("list_page1");
        let visit = &page[0];
        assert_eq!(visit.examples["body.first_name"], "Ana");
        assert_eq!(visit.examples["button.0"], "1");
        let order = &page[1];
        assert_eq!(order.examples["header.1"], "Ana");
        assert_eq!(order.examples["body.2"], "A-1001");
        for template in &page {
            // A picture's example is an address of Meta's that dies soon.
            let typed = |field: &ajar_domain::template::Field| {
                !matches!(field.input, ajar_domain::template::Input::File { .. })
            };
            for field in template.fields().into_iter().filter(typed) {
                assert!(field.example.is_some(), "{}", field.key);
            }
        }
    }

    #[test]
    fn a_listing_without_components_sends_nothing() {
        let bare = &listing("list_fields")[0];
        assert_eq!(bare.status, TemplateStatus::Paused);
        assert_eq!(bare.unsupported, ["BODY"]);
    }

    #[test]
    fn components_of_every_kind_are_kept_or_named() {
        let read = one(&json!([
            {"type": "HEADER", "format": "GIF"},
            {"type": "BODY", "text": "Hello {{2}} and {{1}}",
             "example": {"body_text": [["first", "second"]]}},
            {"type": "FOOTER", "text": "Shop"},
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Now"}},
            {"type": "CAROUSEL", "cards": []},
            {"type": "MYSTERY"},
            {"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Yes"},
                {"type": "URL", "text": "See", "url": "https://s.example.com/{{1}}",
                 "example": ["abc"]},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550783881"},
                {"type": "COPY_CODE", "text": "Copy", "example": "AUTUMN25"},
                {"type": "FLOW", "text": "Rate", "flow_id": 1},
                {"type": "CATALOG", "text": "View"},
                "no button",
            ]},
        ]));
        assert_eq!(read.unsupported, ["HEADER_GIF", "CAROUSEL", "MYSTERY"]);
        assert_eq!(read.category, Category::Marketing);
        assert_eq!(read.footer.as_deref(), Some("Shop"));
        assert_eq!(read.examples["body.1"], "first");
        assert_eq!(read.examples["body.2"], "second");
        assert_eq!(read.examples["button.1"], "abc");
        assert_eq!(read.examples["button.3"], "AUTUMN25");
        assert_eq!(read.buttons.len(), 7);
        assert!(
            matches!(&read.buttons[5], Button::Other { meta_kind, .. } if meta_kind == "CATALOG")
        );
        assert!(matches!(
            read.not_sendable(),
            Some(NotSendable::Component { .. })
        ));
    }

    #[test]
    fn headers_with_files_are_known_by_their_kind() {
        for (format, media) in [
            ("IMAGE", HeaderMedia::Image),
            ("VIDEO", HeaderMedia::Video),
            ("DOCUMENT", HeaderMedia::Document),
            ("LOCATION", HeaderMedia::Location),
        ] {
            let read = one(&json!([{"type": "HEADER", "format": format},
                                   {"type": "BODY", "text": "Hi"}]));
            assert_eq!(read.header, Some(Header::Media { media }));
            assert!(read.unsupported.is_empty());
        }
    }

    #[test]
    fn an_offer_a_carousel_and_a_code_can_be_filled_in() {
        let offer = one(&json!([
            {"type": "BODY", "text": "Only now"},
            {"type": "LIMITED_TIME_OFFER",
             "limited_time_offer": {"text": "Weekend", "has_expiration": true}},
            {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy", "example": "W10"}]},
        ]));
        let keys = |template: &Template| -> Vec<String> {
            template
                .fields()
                .into_iter()
                .map(|field| field.key)
                .collect()
        };
        assert_eq!(keys(&offer), ["offer.expires", "button.0"]);
        let carousel = one(&json!([
            {"type": "BODY", "text": "Look, {{1}}", "example": {"body_text": [["Ana"]]}},
            {"type": "CAROUSEL", "cards": [{"components": [
                {"type": "HEADER", "format": "IMAGE"},
                {"type": "BODY", "text": "From {{1}}", "example": {"body_text": [["$9"]]}},
                {"type": "BUTTONS", "buttons": [
                    {"type": "QUICK_REPLY", "text": "More"},
                    {"type": "URL", "text": "See", "url": "https://s.example.com/{{1}}",
                     "example": ["https://s.example.com/nine"]},
                ]},
            ]}]},
        ]));
        assert_eq!(carousel.not_sendable(), None);
        assert_eq!(
            keys(&carousel),
            [
                "body.1",
                "card.0.header",
                "card.0.body.1",
                "card.0.button.1"
            ]
        );
        assert_eq!(carousel.examples["card.0.body.1"], "$9");
        assert_eq!(carousel.examples["card.0.button.1"], "nine");
        for button in [
            json!({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}),
            json!({"type": "URL", "text": "Copy code",
                   "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}),
        ] {
            let code = template(Node::of(&json!({
                "id": "7", "name": "code", "language": "en", "status": "APPROVED",
                "category": "AUTHENTICATION", "components": [
                    {"type": "BODY", "text": "*{{1}}* is your code."},
                    {"type": "BUTTONS", "buttons": [button]},
                ],
            })))
            .expect("a template");
            assert_eq!(code.not_sendable(), None);
            assert_eq!(keys(&code), ["code"]);
        }
    }

    #[test]
    fn a_rejection_has_its_reason() {
        let last = &listing("list_last_page")[0];
        assert_eq!(last.rejected_reason.as_deref(), Some("INVALID_FORMAT"));
        let few = &listing("list_fields")[0];
        assert_eq!(few.quality.as_deref(), Some("YELLOW"));
    }

    #[test]
    fn what_cannot_be_sent_by_name_is_left_out() {
        assert_eq!(
            template(Node::of(&json!({"name": "no_id", "language": "en"}))),
            None
        );
        assert_eq!(template(Node::of(&json!("text"))), None);
    }
}
