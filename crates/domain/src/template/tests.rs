use super::*;

const NOW: Time = Time::from_millis(1_795_176_000_000);

fn hold_reminder() -> Template {
    Template {
        id: TemplateId::new("t1"),
        name: "hold_reminder".into(),
        language: "en".into(),
        category: Category::Utility,
        status: TemplateStatus::Approved,
        named_parameters: true,
        header: Some(Header::Text {
            text: "For {{name}}".into(),
        }),
        body: "Hi {{name}}, your {{item}} is on hold until {{until}}.".into(),
        footer: Some("Quill & Spoke workshop".into()),
        buttons: vec![
            Button::QuickReply {
                text: "Keep holding".into(),
            },
            Button::Url {
                text: "See the bike".into(),
                url: "https://quillandspoke.example/{{1}}".into(),
            },
        ],
        cards: Vec::new(),
        offer: None,
        unsupported: Vec::new(),
        examples: BTreeMap::new(),
        rejected_reason: None,
        quality: None,
    }
}

fn values(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn odette() -> BTreeMap<String, String> {
    values(&[
        ("header.name", "Odette"),
        ("body.name", "Odette"),
        ("body.item", "sand Tourer, size 56"),
        ("body.until", "18:00 today"),
        ("button.1", "frames/sand-56"),
    ])
}

#[test]
fn every_parameter_is_a_field() {
    let keys: Vec<String> = hold_reminder()
        .fields()
        .into_iter()
        .map(|f| f.key)
        .collect();
    assert_eq!(
        keys,
        [
            "header.name",
            "body.name",
            "body.item",
            "body.until",
            "button.1"
        ]
    );
}

#[test]
fn filled_in_it_reads_as_the_customer_gets_it() {
    let filled = hold_reminder()
        .fill(&odette(), &BTreeMap::new(), NOW)
        .expect("all values given");
    assert_eq!(
        filled.rendered.body,
        "Hi Odette, your sand Tourer, size 56 is on hold until 18:00 today."
    );
    assert!(matches!(
        &filled.rendered.buttons[1],
        Button::Url { url, .. } if url == "https://quillandspoke.example/frames/sand-56"
    ));
}

#[test]
fn what_meta_would_refuse_is_said_at_the_field() {
    let mut given = odette();
    given.insert("body.item".into(), "two\nlines".into());
    given.insert("body.until".into(), " ".into());
    given.insert("button.1".into(), "a b".into());
    assert_eq!(
        hold_reminder().fill(&given, &BTreeMap::new(), NOW),
        Err(vec![
            FieldProblem::LineBreak {
                key: "body.item".into()
            },
            FieldProblem::Empty {
                key: "body.until".into()
            },
            FieldProblem::SpaceInAddress {
                key: "button.1".into()
            },
        ])
    );
}

#[test]
fn the_whole_text_has_a_limit_too() {
    let mut given = odette();
    given.insert("body.item".into(), "x".repeat(1000));
    let problems = hold_reminder()
        .fill(&given, &BTreeMap::new(), NOW)
        .expect_err("too long");
    assert!(matches!(
        problems.as_slice(),
        [FieldProblem::TextTooLong { max: MAX_BODY, .. }]
    ));
}

#[test]
fn positional_values_go_out_by_number() {
    let mut template = hold_reminder();
    template.named_parameters = false;
    template.header = None;
    template.buttons.clear();
    template.body = "{{2}} before {{1}}".into();
    let filled = template
        .fill(
            &values(&[("body.1", "one"), ("body.2", "two")]),
            &BTreeMap::new(),
            NOW,
        )
        .expect("all values given");
    assert_eq!(filled.rendered.body, "two before one");
    assert_eq!(
        filled.body,
        [
            ("1".to_owned(), "one".to_owned()),
            ("2".to_owned(), "two".to_owned())
        ]
    );
}

#[test]
fn a_paused_template_says_why_it_is_grey() {
    let mut template = hold_reminder();
    template.status = TemplateStatus::Paused;
    assert_eq!(
        template.not_sendable(),
        Some(NotSendable::NotApproved {
            status: TemplateStatus::Paused
        })
    );
}

fn filled(
    template: &Template,
    given: &[(&str, &str)],
) -> Result<FilledTemplate, Vec<FieldProblem>> {
    template.fill(&values(given), &BTreeMap::new(), NOW)
}

fn keys(template: &Template) -> Vec<String> {
    template.fields().into_iter().map(|f| f.key).collect()
}

fn plain(body: &str) -> Template {
    Template {
        header: None,
        body: body.into(),
        footer: None,
        buttons: Vec::new(),
        ..hold_reminder()
    }
}

#[test]
fn a_picture_on_top_is_a_field_for_a_file() {
    let template = Template {
        header: Some(Header::Media {
            media: HeaderMedia::Image,
        }),
        ..plain("Hi {{name}}.")
    };
    assert_eq!(template.not_sendable(), None);
    assert_eq!(keys(&template), ["header", "body.name"]);
    assert_eq!(
        filled(&template, &[("body.name", "Ana")]),
        Err(vec![FieldProblem::Empty {
            key: "header".into()
        }])
    );
    let filled = filled(&template, &[("header", "m1"), ("body.name", "Ana")]).expect("filled in");
    let files: Vec<_> = filled.files().map(|file| file.file.as_str()).collect();
    assert_eq!(files, ["m1"]);
    assert_eq!(filled.rendered.values["body.name"], "Ana");
}

#[test]
fn a_place_on_top_has_degrees_and_may_have_words() {
    let template = Template {
        header: Some(Header::Media {
            media: HeaderMedia::Location,
        }),
        ..plain("The courier is near.")
    };
    let here = [("header.latitude", "40.7128"), ("header.longitude", "-74")];
    let filled = super::tests::filled(&template, &here).expect("filled in");
    let place = filled.header_place.expect("a place");
    assert!((place.latitude - 40.7128).abs() < 1e-9 && place.name.is_none());
    assert_eq!(
        super::tests::filled(
            &template,
            &[("header.latitude", "91"), ("header.longitude", "east")]
        ),
        Err(vec![
            FieldProblem::NotDegrees {
                key: "header.latitude".into()
            },
            FieldProblem::NotDegrees {
                key: "header.longitude".into()
            },
        ])
    );
}

#[test]
fn one_code_stands_in_the_text_and_in_the_button() {
    let template = Template {
        category: Category::Authentication,
        buttons: vec![Button::Otp {
            text: "Copy code".into(),
        }],
        ..plain("*{{1}}* is your code.")
    };
    assert_eq!(keys(&template), ["code"]);
    let filled = filled(&template, &[("code", "482911")]).expect("filled in");
    assert_eq!(filled.body, [("1".to_owned(), "482911".to_owned())]);
    assert_eq!(filled.buttons, [(0, ButtonValue::Otp("482911".into()))]);
    assert_eq!(filled.rendered.body, "*482911* is your code.");
    assert_eq!(
        super::tests::filled(&template, &[("code", "48 29")]),
        Err(vec![FieldProblem::SpaceInCode { key: "code".into() }])
    );
    assert_eq!(
        template.not_sendable_to(None, false),
        Some(NotSendable::NeedsNumber)
    );
    assert_eq!(template.not_sendable_to(None, true), None);
}

#[test]
fn every_card_of_a_carousel_has_its_own_fields() {
    let card = |url: &str| TemplateCard {
        header: Some(HeaderMedia::Image),
        body: "From {{1}}".into(),
        buttons: vec![
            Button::QuickReply {
                text: "More".into(),
            },
            Button::Url {
                text: "See".into(),
                url: url.into(),
            },
        ],
    };
    let template = Template {
        named_parameters: false,
        cards: vec![card("https://a.example/{{1}}"), card("https://a.example")],
        ..plain("Hi {{1}}.")
    };
    assert_eq!(template.not_sendable(), None);
    assert_eq!(
        keys(&template),
        [
            "body.1",
            "card.0.header",
            "card.0.body.1",
            "card.0.button.1",
            "card.1.header",
            "card.1.body.1"
        ]
    );
    let filled = filled(
        &template,
        &[
            ("body.1", "Ana"),
            ("card.0.header", "m1"),
            ("card.0.body.1", "$9"),
            ("card.0.button.1", "nine"),
            ("card.1.header", "m2"),
            ("card.1.body.1", "$5"),
        ],
    )
    .expect("filled in");
    assert_eq!(filled.files().count(), 2);
    assert_eq!(filled.cards[1].body, [("1".to_owned(), "$5".to_owned())]);
    assert_eq!(filled.rendered.cards[0].body, "From $9");
}

#[test]
fn an_offer_runs_out_in_the_future() {
    let template = Template {
        category: Category::Marketing,
        offer: Some(Offer {
            text: "Weekend".into(),
            expires: true,
        }),
        buttons: vec![Button::CopyCode {
            text: "Copy".into(),
        }],
        ..plain("Only now.")
    };
    let offer =
        |expires: &str| filled(&template, &[("offer.expires", expires), ("button.0", "A1")]);
    let tomorrow = NOW + std::time::Duration::from_secs(86_400);
    let good = offer(&tomorrow.millis().to_string()).expect("filled in");
    assert_eq!(good.offer_expires, Some(tomorrow));
    for wrong in [NOW.millis().to_string(), "soon".to_owned()] {
        assert_eq!(
            offer(&wrong),
            Err(vec![FieldProblem::NotInTheFuture {
                key: "offer.expires".into()
            }])
        );
    }
}

#[test]
fn an_amount_and_a_date_are_told_to_meta_besides_their_text() {
    let template = plain("You owe {{amount}} by {{day}}.");
    let given = values(&[("body.amount", "10.99 €"), ("body.day", "Monday")]);
    let amount = |currency: &str| Typed::Amount {
        currency: currency.into(),
        amount_1000: 10_990,
    };
    let typed = |key: &str, typed| [(key.to_owned(), typed)].into_iter().collect();
    let good: BTreeMap<_, _> = [
        ("body.amount".to_owned(), amount("EUR")),
        ("body.day".to_owned(), Typed::Date),
    ]
    .into_iter()
    .collect();
    let filled = template.fill(&given, &good, NOW).expect("filled in");
    assert_eq!(filled.typed["amount"], amount("EUR"));
    // What is kept with the message opens in the picker as what it was.
    assert_eq!(filled.rendered.typed, good);
    assert_eq!(
        template.fill(&given, &typed("body.amount", amount("€")), NOW),
        Err(vec![FieldProblem::NotAnAmount {
            key: "body.amount".into()
        }])
    );
    assert_eq!(
        template.fill(&given, &typed("header.day", Typed::Date), NOW),
        Err(vec![FieldProblem::UnknownField {
            key: "header.day".into()
        }])
    );
}

#[test]
fn the_whole_address_has_a_limit() {
    let template = Template {
        buttons: vec![Button::Url {
            text: "See".into(),
            url: format!("https://a.example/{}{{{{1}}}}", "x".repeat(1980)),
        }],
        ..plain("Hi.")
    };
    assert_eq!(
        filled(&template, &[("button.0", "1234")]),
        Err(vec![FieldProblem::TooLong {
            key: "button.0".into(),
            max: 2
        }])
    );
}

#[test]
fn a_form_behind_a_button_needs_no_field() {
    let template = Template {
        buttons: vec![Button::Flow {
            text: "Rate us".into(),
        }],
        ..plain("How was it?")
    };
    assert_eq!(template.not_sendable(), None);
    let filled = filled(&template, &[]).expect("nothing to fill in");
    assert_eq!(filled.buttons, [(0, ButtonValue::Flow)]);
}

#[test]
fn a_button_of_a_kind_that_nobody_knows_keeps_it_grey() {
    let template = Template {
        buttons: vec![Button::Other {
            text: "View".into(),
            meta_kind: "CATALOG".into(),
        }],
        ..plain("See our catalogue.")
    };
    assert_eq!(
        template.not_sendable(),
        Some(NotSendable::Component {
            component: "CATALOG".into()
        })
    );
}

#[test]
fn what_was_stored_before_carousels_is_read() {
    let stored = r#"{"name":"a","language":"en","named_parameters":false,"header":[],"body":[],
        "buttons":[[0,{"kind":"url_suffix","value":"x"}]],"rendered":{"name":"a","language":"en",
        "category":"utility","header_text":null,"header_media":null,"body":"Hi","footer":null,
        "buttons":[]}}"#;
    let read: FilledTemplate = serde_json::from_str(stored).expect("an older row");
    assert_eq!(read.files().count(), 0);
}

#[test]
fn a_brace_that_never_closes_is_only_text() {
    assert_eq!(variables("Hi {{name"), Vec::<String>::new());
    assert_eq!(substitute("Hi {{name", |_| Some("x".into())), "Hi {{name");
}
