use super::*;

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
        unsupported: Vec::new(),
        examples: BTreeMap::new(),
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
    let filled = hold_reminder().fill(&odette()).expect("all values given");
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
        hold_reminder().fill(&given),
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
    let problems = hold_reminder().fill(&given).expect_err("too long");
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
        .fill(&values(&[("body.1", "one"), ("body.2", "two")]))
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

#[test]
fn a_template_with_a_picture_is_grey_until_pictures_can_be_sent() {
    let mut template = hold_reminder();
    template.header = Some(Header::Media {
        media: HeaderMedia::Image,
    });
    assert!(matches!(
        template.not_sendable(),
        Some(NotSendable::Component { .. })
    ));
}

#[test]
fn a_brace_that_never_closes_is_only_text() {
    assert_eq!(variables("Hi {{name"), Vec::<String>::new());
    assert_eq!(substitute("Hi {{name", |_| Some("x".into())), "Hi {{name");
}
