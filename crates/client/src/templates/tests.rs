use ajar_domain::{
    CustomerId, Time,
    template::{Button, TemplateStatus},
};
use ajar_protocol::rows::Customer;

use super::*;

fn template(name: &str, body: &str) -> Template {
    Template {
        id: TemplateId::new(name),
        name: name.into(),
        language: "en".into(),
        category: Category::Utility,
        status: TemplateStatus::Approved,
        named_parameters: false,
        header: None,
        body: body.into(),
        footer: None,
        buttons: Vec::new(),
        cards: Vec::new(),
        offer: None,
        unsupported: Vec::new(),
        examples: BTreeMap::new(),
        rejected_reason: None,
        quality: None,
    }
}

fn row(template: Template) -> TemplateRow {
    TemplateRow {
        rev: 1,
        inbox: InboxId::new("shop"),
        template,
        gone: false,
    }
}

fn maria(named: bool) -> ConversationRow {
    ConversationRow {
        id: ajar_domain::ConversationId::new("c"),
        rev: 1,
        inbox: InboxId::new("shop"),
        customer: Customer {
            id: CustomerId::new("k"),
            name: "Maria da Silva".into(),
            named,
            number: None,
            number_shown: None,
            username: None,
            about: String::new(),
            blocked: None,
            no_marketing_since: None,
        },
        activity_at: Time::default(),
        last: None,
        unread: 0,
        waiting_since: None,
        facts: Default::default(),
        phone_first: None,
        only_history: false,
        first_customer_message_at: None,
        last_customer_message_at: None,
        assignee: None,
        progress: Default::default(),
        labels: Vec::new(),
        parked: 0,
        seen_upto: Default::default(),
        free_until: None,
        elsewhere: None,
        doubts: Vec::new(),
        joined: Vec::new(),
    }
}

fn filled(template: Template, used: Option<TemplateUse>, named: bool) -> BTreeMap<String, Prefill> {
    let id = template.id.clone();
    let uses = used.map(|used| (id, used)).into_iter().collect();
    let conversation = maria(named);
    let known = Known {
        conversation: Some(&conversation),
        my_name: "Sami",
        refreshed_at: None,
    };
    let list = list(vec![row(template)], &InboxId::new("shop"), "", &uses, known);
    list.templates
        .into_iter()
        .next()
        .expect("one template")
        .prefill
}

fn value(prefill: &BTreeMap<String, Prefill>, key: &str) -> Option<(String, PrefillFrom)> {
    prefill
        .get(key)
        .map(|prefill| (prefill.value.clone(), prefill.from))
}

#[test]
fn a_greeting_is_filled_with_the_first_name_and_an_introduction_with_the_agents() {
    let prefill = filled(
        template(
            "hello",
            "Hi {{1}}, this is {{2}} from the shop about order {{3}}.",
        ),
        None,
        true,
    );
    assert_eq!(
        value(&prefill, "body.1"),
        Some(("Maria".into(), PrefillFrom::Contact))
    );
    assert_eq!(
        value(&prefill, "body.2"),
        Some(("Sami".into(), PrefillFrom::Agent))
    );
    assert_eq!(value(&prefill, "body.3"), None);
}

#[test]
fn named_variables_speak_for_themselves() {
    let mut template = template(
        "hello",
        "{{customer_name}} {{first_name}} {{agent_name}} {{product_name}}",
    );
    template.named_parameters = true;
    let prefill = filled(template, None, true);
    let given = |key: &str| value(&prefill, key).map(|(value, _)| value);
    assert_eq!(given("body.customer_name"), Some("Maria da Silva".into()));
    assert_eq!(given("body.first_name"), Some("Maria".into()));
    assert_eq!(given("body.agent_name"), Some("Sami".into()));
    assert_eq!(given("body.product_name"), None);
}

#[test]
fn a_number_in_place_of_a_name_is_not_put_into_a_greeting() {
    let prefill = filled(template("hello", "Hi {{1}}"), None, false);
    assert!(prefill.is_empty());
}

#[test]
fn values_of_last_time_are_offered_but_never_another_customers_name() {
    let used = TemplateUse {
        used_at: Time::default(),
        values: BTreeMap::from([
            ("body.1".into(), "Greta".into()),
            ("body.2".into(), "Friday".into()),
        ]),
    };
    let prefill = filled(
        template("pickup", "Hi {{1}}, come on {{2}}"),
        Some(used),
        false,
    );
    assert_eq!(value(&prefill, "body.1"), None);
    assert_eq!(
        value(&prefill, "body.2"),
        Some(("Friday".into(), PrefillFrom::LastTime))
    );
}

#[test]
fn recently_used_stand_first_and_what_cannot_be_sent_last() {
    let mut paused = template("a_paused", "x");
    paused.status = TemplateStatus::Paused;
    let mut gone = row(template("gone", "x"));
    gone.gone = true;
    let mut elsewhere = row(template("elsewhere", "x"));
    elsewhere.inbox = InboxId::new("other");
    let rows = vec![
        row(paused),
        row(template("c", "x")),
        row(template("b", "x")),
        row(template("used", "x")),
        gone,
        elsewhere,
    ];
    let uses = BTreeMap::from([(
        TemplateId::new("used"),
        TemplateUse {
            used_at: Time::default(),
            values: BTreeMap::new(),
        },
    )]);
    let list = list(rows, &InboxId::new("shop"), "", &uses, Known::default());
    let names: Vec<_> = list
        .templates
        .iter()
        .map(|choice| choice.template.name.as_str())
        .collect();
    assert_eq!(names, ["used", "b", "c", "a_paused"]);
    assert_eq!(list.sendable, 3);
}

#[test]
fn search_looks_at_name_words_category_and_language() {
    let mut order = template("order_ready", "Your Öl is ready");
    order.buttons = vec![Button::QuickReply { text: "ok".into() }];
    let finds = |text: &str| {
        let rows = vec![row(order.clone())];
        !list(
            rows,
            &InboxId::new("shop"),
            text,
            &BTreeMap::new(),
            Known::default(),
        )
        .templates
        .is_empty()
    };
    for text in ["order ready", "ORDER_", "ol ready", "utility", "en", ""] {
        assert!(finds(text), "{text}");
    }
    assert!(!finds("marketing"));
}

#[test]
fn a_preview_says_what_is_still_missing() {
    let template = template("hello", "Hi {{1}}");
    let preview = preview(
        &template,
        &BTreeMap::new(),
        &BTreeMap::new(),
        Time::from_millis(1),
    );
    assert_eq!(preview.rendered.body, "Hi {{1}}");
    assert_eq!(preview.problems.len(), 1);
    assert_eq!(preview.body_max, 1024);
}

#[test]
fn nobody_is_greeted_by_a_picture_or_by_the_name_of_an_account() {
    let greeted = |name: &str, username: Option<&str>| {
        let mut row_of = maria(true);
        row_of.customer.name = name.into();
        row_of.customer.username = username.map(Into::into);
        let known = Known {
            conversation: Some(&row_of),
            my_name: "Sami",
            refreshed_at: None,
        };
        let rows = vec![row(template("hello", "Hi {{1}}, how are you?"))];
        let list = list(rows, &InboxId::new("shop"), "", &BTreeMap::default(), known);
        let first = list.templates.into_iter().next().expect("one template");
        value(&first.prefill, "body.1").map(|(name, _)| name)
    };
    assert_eq!(greeted("☀️ Maria", None).as_deref(), Some("Maria"));
    assert_eq!(greeted("☀️", None), None);
    assert_eq!(greeted("bike_lover99", Some("bike_lover99")), None);
}
