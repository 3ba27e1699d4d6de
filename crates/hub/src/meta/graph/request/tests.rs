//! Our requests against Meta's own examples.

use std::{fs, path::Path, time::Duration};

use ajar_domain::{
    Time,
    opening::Occurrence,
    template::{
        Button, Category, Header, HeaderMedia, Offer, Template, TemplateCard, TemplateStatus, Typed,
    },
    window::{Opening, WindowFacts},
};

use super::*;

const NOW: Time = Time::from_secs(1_795_176_000);

fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/meta/graph/send")
        .join(format!("{name}.request.json"));
    serde_json::from_slice(&fs::read(path).expect("the example is there")).expect("JSON")
}

fn proof() -> OpenProof {
    let now = Time::from_secs(1_795_176_000);
    let mut facts = WindowFacts::default();
    facts.record_opening(Opening {
        event_id: "wamid.opening".into(),
        kind: Occurrence::CustomerMessage,
        meta_at: now,
        received_at: now,
    });
    facts
        .at(now)
        .require_open(now, Duration::ZERO)
        .expect("it is open")
}

fn by_phone() -> Recipient {
    Recipient {
        phone: PhoneNumber::from_digits("15550100001"),
        bsuid: Some(Bsuid("US.90000000000000000001".into())),
    }
}

fn by_id() -> Recipient {
    Recipient {
        phone: None,
        bsuid: Some(Bsuid("US.90000000000000000003".into())),
    }
}

fn number() -> PhoneNumberId {
    PhoneNumberId::new("100000000000202")
}

/// The JSON of a free-form message without a reference, as most of Meta's examples have none.
fn free(to: Recipient, body: FreeForm) -> Value {
    OutboundRequest {
        phone_number_id: number(),
        what: Outgoing::FreeForm {
            to,
            body,
            reply_to: None,
            reference: None,
            proof: proof(),
        },
    }
    .json()
}

fn customer_message() -> WaMessageId {
    WaMessageId::new("wamid.HBgLMTU1NTAxMDAwMDEVAgASGBQzQUFGQTRENDdBOThEM0Q5RjczMQA=")
}

#[test]
fn texts_are_as_metas_examples() {
    let text = OutboundRequest::text(
        number(),
        by_phone(),
        "local-send-7f3a".into(),
        "Here is the link: https://shop.example.com/blue".into(),
        None,
        proof(),
    );
    assert_eq!(text.json(), example("text"));

    let mut reply = OutboundRequest::text(
        number(),
        by_phone(),
        String::new(),
        "Quoted answer".into(),
        Some(customer_message()),
        proof(),
    );
    if let Outgoing::FreeForm { reference, .. } = &mut reply.what {
        *reference = None;
    }
    assert_eq!(reply.json(), example("text_reply"));

    let hello = FreeForm::Text {
        body: "Hello".into(),
        preview_url: false,
    };
    assert_eq!(free(by_id(), hello), example("text_to_bsuid"));
}

#[test]
fn a_reference_that_meta_would_refuse_is_left_out() {
    let text = OutboundRequest::text(
        number(),
        by_phone(),
        "x".repeat(513),
        "Hello".into(),
        None,
        proof(),
    );
    assert_eq!(text.json().get("biz_opaque_callback_data"), None);
}

#[test]
fn files_are_as_metas_examples() {
    let file = |kind, source, caption: Option<&str>, filename: Option<&str>| {
        free(
            by_phone(),
            FreeForm::Media {
                kind,
                source,
                caption: caption.map(str::to_owned),
                filename: filename.map(str::to_owned),
            },
        )
    };
    let id = |n: u32| MediaSource::Id(format!("91000000000000{n}"));
    for (ours, name) in [
        (
            file(MediaKind::Image, id(1), Some("Blue model"), None),
            "image_by_id",
        ),
        (
            file(
                MediaKind::Image,
                MediaSource::Link("https://cdn.example.com/blue.jpg".into()),
                None,
                None,
            ),
            "image_by_link",
        ),
        (
            file(MediaKind::Video, id(2), Some("How to fit it"), None),
            "video",
        ),
        (
            file(MediaKind::Voice, id(3), Some("not for sounds"), None),
            "audio_voice",
        ),
        (
            file(
                MediaKind::Document,
                id(4),
                Some("Your quote"),
                Some("quote.pdf"),
            ),
            "document",
        ),
        (file(MediaKind::Sticker, id(5), None, None), "sticker"),
    ] {
        assert_eq!(ours, example(name), "{name}");
    }
}

#[test]
fn locations_and_reactions_are_as_metas_examples() {
    let location = FreeForm::Location {
        latitude: 40.7128,
        longitude: -74.006,
        name: Some("Our shop".into()),
        address: Some("1 Sample Street".into()),
    };
    assert_eq!(free(by_phone(), location), example("location"));
    for (emoji, name) in [(Some("👍"), "reaction"), (None, "reaction_remove")] {
        let reaction = FreeForm::Reaction {
            target: customer_message(),
            emoji: emoji.map(str::to_owned),
        };
        assert_eq!(free(by_phone(), reaction), example(name));
    }
}

#[test]
fn interactive_messages_are_as_metas_examples() {
    let some = |text: &str| Some(text.to_owned());
    let button = |payload: &str, title: &str| ReplyButton {
        payload: payload.into(),
        title: title.into(),
    };
    let row = |payload: &str, title: &str, description: Option<&str>| ListRow {
        payload: payload.into(),
        title: title.into(),
        description: description.map(str::to_owned),
    };
    for (to, ours, name) in [
        (
            by_phone(),
            FreeForm::Buttons {
                header: some("Visit"),
                body: "Can we come tomorrow at nine?".into(),
                footer: some("Example Shop"),
                buttons: vec![
                    button("confirm-visit", "Confirm"),
                    button("other-day", "Another day"),
                ],
            },
            "interactive_buttons",
        ),
        (
            by_phone(),
            FreeForm::List {
                header: some("Pick a slot"),
                body: "Free slots tomorrow".into(),
                footer: some("Example Shop"),
                label: "Slots".into(),
                sections: vec![ListSection {
                    title: "Morning".into(),
                    rows: vec![
                        row("slot-0900", "09:00", Some("Tomorrow morning")),
                        row("slot-1000", "10:00", None),
                    ],
                }],
            },
            "interactive_list",
        ),
        (
            by_phone(),
            FreeForm::Link {
                body: "See all dates".into(),
                label: "See dates".into(),
                url: "https://shop.example.com/dates".into(),
            },
            "interactive_cta_url",
        ),
        (
            by_phone(),
            FreeForm::AskForLocation {
                body: "Where should we deliver?".into(),
            },
            "interactive_location_request",
        ),
        (
            by_id(),
            FreeForm::AskForNumber {
                body: "Please share your number so we can call you.".into(),
            },
            "interactive_request_contact_info",
        ),
    ] {
        assert_eq!(free(to, ours), example(name), "{name}");
    }
}

#[test]
fn read_marks_are_as_metas_examples() {
    let read = OutboundRequest::mark_read(number(), customer_message());
    assert_eq!(read.json(), example("mark_read"));
    let typing = OutboundRequest::typing(number(), customer_message(), proof());
    assert_eq!(typing.json(), example("mark_read_typing"));
}

fn template_of(
    name: &str,
    named: bool,
    header: Option<&str>,
    body: &str,
    buttons: Vec<Button>,
) -> Template {
    Template {
        id: ajar_domain::TemplateId::new("7"),
        name: name.into(),
        language: "en_US".into(),
        category: Category::Utility,
        status: TemplateStatus::Approved,
        named_parameters: named,
        header: header.map(|text| Header::Text { text: text.into() }),
        body: body.into(),
        footer: None,
        buttons,
        cards: Vec::new(),
        offer: None,
        unsupported: Vec::new(),
        examples: std::collections::BTreeMap::new(),
        rejected_reason: None,
        quality: None,
    }
}

fn sent(template: &Template, values: &[(&str, &str)]) -> Value {
    let values = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let typed = std::collections::BTreeMap::new();
    filled_in(&template.fill(&values, &typed, NOW).expect("the values fit"))
}

/// As it goes to Meta, with files that lie there already.
fn filled_in(filled: &FilledTemplate) -> Value {
    let files = filled
        .files()
        .map(|of| {
            let at_meta = (of.file.as_str().to_owned(), of.name.clone());
            (of.file.clone(), at_meta)
        })
        .collect();
    OutboundRequest {
        phone_number_id: number(),
        what: Outgoing::Template {
            to: by_phone(),
            template: Box::new(filled.clone()),
            files,
            reference: Some("flow-token-0002".into()),
        },
    }
    .json()
    .as_object()
    .map(|message| {
        // Meta's examples have no reference of their own.
        let mut message = message.clone();
        message.remove("biz_opaque_callback_data");
        Value::from(message)
    })
    .expect("an object")
}

#[test]
fn templates_are_as_metas_examples() {
    let plain = template_of("hello_world", false, None, "Hello", Vec::new());
    assert_eq!(sent(&plain, &[]), example("template_no_params"));

    let order = template_of(
        "order_update",
        false,
        Some("Hi {{1}}"),
        "Order {{2}} for {{1}}",
        vec![Button::Url {
            text: "Track".into(),
            url: "https://shop.example.com/t/{{1}}".into(),
        }],
    );
    let mut expected = example("template_positional");
    // The payload of a quick reply is optional, and ours have none of their own.
    expected["template"]["components"]
        .as_array_mut()
        .expect("components")
        .pop();
    let values = [
        ("header.1", "Ana"),
        ("body.1", "Ana"),
        ("body.2", "A-1001"),
        ("button.0", "A-1001"),
    ];
    assert_eq!(sent(&order, &values), expected);

    let coupon = template_of(
        "coupon_autumn",
        false,
        None,
        "Take {{1}} off",
        vec![
            Button::QuickReply {
                text: "Stop".into(),
            },
            Button::CopyCode {
                text: "Copy".into(),
            },
        ],
    );
    let values = [("body.1", "25%"), ("button.1", "AUTUMN25")];
    assert_eq!(sent(&coupon, &values), example("template_copy_code"));

    let visit = Template {
        header: Some(Header::Media {
            media: HeaderMedia::Image,
        }),
        ..template_of(
            "visit_confirmation",
            true,
            None,
            "Hello {{first_name}}, see you on {{visit_date}}.",
            Vec::new(),
        )
    };
    let values = [
        ("header", "910000000000001"),
        ("body.first_name", "Ana"),
        ("body.visit_date", "Monday"),
    ];
    assert_eq!(sent(&visit, &values), example("template_named"));
}

#[test]
fn templates_with_files_places_and_forms_are_as_metas_examples() {
    let on_top = |name: &str, body: &str, media| Template {
        header: Some(Header::Media { media }),
        ..template_of(name, false, None, body, Vec::new())
    };
    let invoice = on_top("invoice_ready", "Hello {{1}}", HeaderMedia::Document);
    let values = [
        ("header", "910000000000004"),
        ("header.filename", "invoice.pdf"),
        ("body.1", "Ana"),
    ];
    assert_eq!(sent(&invoice, &values), example("template_document_header"));

    let courier = on_top("courier_near", "Nearly there", HeaderMedia::Location);
    let values = [
        ("header.latitude", "40.7128"),
        ("header.longitude", "-74.0060"),
        ("header.name", "Our shop"),
        ("header.address", "1 Sample Street"),
    ];
    assert_eq!(sent(&courier, &values), example("template_location_header"));

    let survey = template_of(
        "survey",
        false,
        None,
        "How was it?",
        vec![Button::Flow {
            text: "Rate".into(),
        }],
    );
    assert_eq!(sent(&survey, &[]), example("template_flow_button"));
}

#[test]
fn amounts_offers_and_carousels_are_as_metas_examples() {
    let due = template_of("payment_due", false, None, "{{1}} by {{2}}", Vec::new());
    let values = [("body.1", "$10.99"), ("body.2", "November 25, 2026")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let typed = [
        (
            "body.1".to_owned(),
            Typed::Amount {
                currency: "USD".into(),
                amount_1000: 10_990,
            },
        ),
        ("body.2".to_owned(), Typed::Date),
    ];
    let filled = due
        .fill(&values.into(), &typed.into(), NOW)
        .expect("the values fit");
    assert_eq!(filled_in(&filled), example("template_currency_datetime"));

    let offer = Template {
        offer: Some(Offer {
            text: "Weekend".into(),
            expires: true,
        }),
        ..template_of(
            "weekend_offer",
            false,
            None,
            "Only now, {{1}}",
            vec![Button::CopyCode {
                text: "Copy".into(),
            }],
        )
    };
    let values = [
        ("body.1", "Ana"),
        ("offer.expires", "1795348800000"),
        ("button.0", "WKND10"),
    ];
    let mut expected = example("template_limited_time_offer");
    // Meta writes places of buttons as texts nearly everywhere, and as a number here.
    expected["template"]["components"][2]["index"] = "0".into();
    assert_eq!(sent(&offer, &values), expected);

    let card = TemplateCard {
        header: Some(HeaderMedia::Image),
        body: String::new(),
        buttons: vec![
            Button::QuickReply {
                text: "More".into(),
            },
            Button::Url {
                text: "See".into(),
                url: "https://shop.example.com/{{1}}".into(),
            },
        ],
    };
    let carousel = Template {
        cards: vec![card.clone(), card],
        ..template_of("autumn_carousel", false, None, "Look, {{1}}", Vec::new())
    };
    let values = [
        ("body.1", "Ana"),
        ("card.0.header", "910000000000010"),
        ("card.0.button.1", "item-0"),
        ("card.1.header", "910000000000011"),
        ("card.1.button.1", "item-1"),
    ];
    let mut expected = example("template_carousel");
    // The payload of a quick reply is optional, and ours have none of their own.
    for card in expected["template"]["components"][1]["cards"]
        .as_array_mut()
        .expect("cards")
    {
        card["components"].as_array_mut().expect("parts").remove(1);
    }
    assert_eq!(sent(&carousel, &values), expected);
}

#[test]
fn a_contact_card_is_as_metas_example() {
    let card = Card {
        name: Some("Support Desk".into()),
        phones: vec![ajar_domain::content::CardNumber {
            text: "+15550783882".into(),
            label: Some("WORK".into()),
            on_whatsapp: true,
        }],
        emails: vec!["help@example.com".into()],
        ..Card::default()
    };
    let mut expected = example("contacts");
    // Ours has every part of the name, and no kind of mailbox.
    expected["contacts"][0]["name"]["last_name"] = "Desk".into();
    expected["contacts"][0]["emails"][0]
        .as_object_mut()
        .expect("a mailbox")
        .remove("type");
    assert_eq!(
        free(by_phone(), FreeForm::Contacts { cards: vec![card] }),
        expected
    );
}

#[test]
fn questions_are_asked_as_metas_examples_ask_them() {
    use ajar_domain::outgoing::{Choice, Question, Section};
    let ask = |header: Option<&str>, body: &str, footer: Option<&str>, ask| {
        let content = content::Outgoing::Question {
            question: Question {
                header: header.map(str::to_owned),
                body: body.into(),
                footer: footer.map(str::to_owned),
                ask,
            },
        };
        assert_eq!(content.check(), []);
        FreeForm::of(&content)
    };
    let buttons = ask(
        Some("Visit"),
        "Can we come tomorrow at nine?",
        Some("Example Shop"),
        Ask::Choose {
            buttons: vec!["Confirm".into(), "Another day".into()],
        },
    );
    let mut expected = example("interactive_buttons");
    let list = &mut expected["interactive"]["action"]["buttons"];
    for (index, button) in list.as_array_mut().expect("buttons").iter_mut().enumerate() {
        button["reply"]["id"] = format!("button.{index}").into();
    }
    assert_eq!(free(by_phone(), buttons), expected);

    let slots = ask(
        Some("Pick a slot"),
        "Free slots tomorrow",
        Some("Example Shop"),
        Ask::Pick {
            label: "Slots".into(),
            sections: vec![Section {
                title: "Morning".into(),
                choices: vec![
                    Choice {
                        title: "09:00".into(),
                        description: Some("Tomorrow morning".into()),
                    },
                    Choice {
                        title: "10:00".into(),
                        description: None,
                    },
                ],
            }],
        },
    );
    let mut expected = example("interactive_list");
    let rows = &mut expected["interactive"]["action"]["sections"][0]["rows"];
    for (index, row) in rows.as_array_mut().expect("rows").iter_mut().enumerate() {
        row["id"] = format!("choice.0.{index}").into();
    }
    assert_eq!(free(by_phone(), slots), expected);

    let number = ask(
        None,
        "Please share your number so we can call you.",
        None,
        Ask::Number,
    );
    assert_eq!(
        free(by_id(), number),
        example("interactive_request_contact_info")
    );
    let place = ask(None, "Where should we deliver?", None, Ask::Location);
    assert_eq!(
        free(by_phone(), place),
        example("interactive_location_request")
    );
}
