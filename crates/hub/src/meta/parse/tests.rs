//! Every example body of Meta's, read; and everything else, survived.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ajar_domain::{content::NotShownWhy, opening::Occurrence};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::inbound::{Body, CallStep, Party},
    *,
};

fn webhooks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/meta/webhooks")
}

/// `subject/name` and the bytes of every example, in the order of their names.
pub(super) fn examples() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in fs::read_dir(webhooks()).expect("the examples are there") {
        let folder = folder.expect("a folder").path();
        for file in fs::read_dir(&folder).expect("a folder of examples") {
            let file = file.expect("a file").path();
            let stem = |path: &Path| {
                let stem = path.file_stem().expect("a name");
                stem.to_str().expect("a plain name").to_owned()
            };
            let name = format!("{}/{}", stem(&folder), stem(&file));
            found.push((name, fs::read(&file).expect("it can be read")));
        }
    }
    found.sort();
    found
}

fn read(name: &str) -> Vec<Item> {
    let bytes = fs::read(webhooks().join(format!("{name}.json"))).expect("the example is there");
    parse_body(&bytes).expect("it is JSON")
}

fn read_value(body: &Value) -> Vec<Item> {
    parse_body(body.to_string().as_bytes()).expect("it is JSON")
}

#[test]
fn every_example_is_read_as_its_snapshot_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let examples = examples();
    assert!(examples.len() > 150, "{} examples", examples.len());
    settings.bind(|| {
        for (name, bytes) in examples {
            let items = parse_body(&bytes).expect("it is JSON");
            assert!(!items.is_empty(), "{name} says nothing");
            insta::assert_json_snapshot!(name.replace('/', "__"), items);
        }
    });
}

#[test]
fn of_all_examples_only_those_made_for_it_are_not_understood() {
    for (name, bytes) in examples() {
        for item in parse_body(&bytes).expect("it is JSON") {
            match item.what {
                Ok(Inbound::NotUnderstood { .. }) => assert_eq!(name, "account/unknown_field"),
                Ok(_) => {}
                Err(rejected) => panic!("{name}: {rejected}"),
            }
        }
    }
}

/// What each example means for the window. Messages not named here open it as plain messages of
/// the customer do.
#[test]
fn each_example_opens_the_window_or_not_as_the_law_says() {
    use Occurrence as O;
    let exceptions = [
        ("messages/button_template_quick_reply", O::CustomerTap),
        ("messages/contacts_request_contact_info", O::CustomerTap),
        ("messages/interactive_broken_with_errors", O::CustomerTap),
        ("messages/interactive_button_reply", O::CustomerTap),
        (
            "messages/interactive_call_permission_accept",
            O::CustomerTap,
        ),
        ("messages/interactive_list_reply", O::CustomerTap),
        ("messages/interactive_nfm_reply_address", O::CustomerTap),
        ("messages/interactive_nfm_reply_flow", O::CustomerTap),
        ("messages/unknown_future_type", O::UnsupportedMessage),
        (
            "messages/unsupported_131052_media_too_big",
            O::UnsupportedMessage,
        ),
        (
            "messages/unsupported_131060_coexistence",
            O::CoexistencePlaceholder,
        ),
        ("messages/unsupported_edit", O::Edit),
        ("messages/unsupported_no_detail", O::UnsupportedMessage),
        ("messages/unsupported_poll", O::UnsupportedMessage),
        ("routing/standby_message", O::StandbyMessage),
    ];
    let calls = [
        ("calls/business_initiated_connect", None),
        (
            "calls/business_initiated_status_accepted",
            Some(O::AcceptedOurCall),
        ),
        (
            "calls/business_initiated_status_rejected",
            Some(O::DeclinedOurCall),
        ),
        ("calls/business_initiated_status_ringing", None),
        ("calls/call_created", None),
        ("calls/user_initiated_connect", Some(O::CustomerCall)),
        (
            "calls/user_initiated_terminate_completed",
            Some(O::CustomerCall),
        ),
        (
            "calls/user_initiated_terminate_missed",
            Some(O::CustomerCall),
        ),
    ];
    let mut seen = 0;
    for (name, bytes) in examples() {
        for item in parse_body(&bytes).expect("it is JSON") {
            match item.what.expect("it is read") {
                Inbound::Message(message) => {
                    let expected = exceptions
                        .iter()
                        .find(|(exception, _)| *exception == name)
                        .map_or(O::CustomerMessage, |(_, occurrence)| *occurrence);
                    assert_eq!(message.occurrence, expected, "{name}");
                    assert!(
                        name.starts_with("messages/") || name == "routing/standby_message",
                        "{name} must not be a live message"
                    );
                    seen += usize::from(expected != O::CustomerMessage);
                }
                Inbound::Call(call) => {
                    let expected = calls.iter().find(|(call, _)| *call == name);
                    assert_eq!(Some(call.occurrence), expected.map(|(_, o)| *o), "{name}");
                }
                _ => {}
            }
        }
    }
    assert_eq!(seen, exceptions.len());
}

#[test]
fn a_talk_does_not_lengthen_the_window_it_opened() {
    let items = read("calls/user_initiated_terminate_completed");
    let Ok(Inbound::Call(call)) = &items[0].what else {
        panic!("a call");
    };
    assert_eq!(call.opens_at, Time::from_secs(1_795_176_810));
    assert!(matches!(call.step, CallStep::Ended { answered: true, .. }));
    assert_eq!(call.from, Party::Customer);
}

#[test]
fn a_bad_update_harms_no_neighbour() {
    let bytes = fs::read(webhooks().join("messages/batch_mixed.json")).expect("the example");
    let whole: Value = serde_json::from_slice(&bytes).expect("JSON");
    let before = read_value(&whole);
    for (wrong, why) in [
        (json!(7), RejectedWhy::NotAnObject),
        (json!({"type": "text"}), RejectedWhy::NoId),
        (
            json!({"id": "wamid.x", "type": "text", "timestamp": []}),
            RejectedWhy::NoTime,
        ),
        (
            json!({"id": "wamid.x", "type": "reaction", "timestamp": "1", "from": "15550100001"}),
            RejectedWhy::NoTarget,
        ),
    ] {
        let mut body = whole.clone();
        body["entry"][0]["changes"][0]["value"]["messages"]
            .as_array_mut()
            .expect("messages")
            .insert(1, wrong.clone());
        let mut after = read_value(&body);
        let bad = after.remove(1);
        assert_eq!(bad.what.expect_err("it is rejected").why, why, "{wrong}");
        assert_eq!(bad.place, "entry[0].changes[0].value.messages[1]");
        let contents =
            |items: &[Item]| -> Vec<_> { items.iter().map(|item| item.what.clone()).collect() };
        assert_eq!(contents(&after), contents(&before));
    }
}

#[test]
fn a_batch_for_two_numbers_keeps_them_apart() {
    let items = read("messages/batch_mixed");
    let numbers: Vec<_> = items
        .iter()
        .filter_map(|item| item.phone_number_id.as_ref())
        .map(|id| id.as_str())
        .collect();
    assert_eq!(
        numbers,
        [
            "100000000000202",
            "100000000000202",
            "100000000000202",
            "100000000000298"
        ]
    );
}

#[test]
fn both_forms_of_a_refused_history_say_the_same() {
    let what = |name| {
        let items = read(name);
        assert_eq!(items.len(), 1);
        assert!(items[0].phone_number_id.is_some());
        items[0].what.clone()
    };
    let full = what("history/declined_full_envelope");
    assert_eq!(full, what("history/declined_bare_value"));
    assert!(
        matches!(full, Ok(Inbound::HistoryRefused { failure }) if failure.meta_code == Some(2_593_109))
    );
}

#[test]
fn a_message_in_a_wrong_shape_still_counts() {
    let mut body: Value =
        serde_json::from_slice(&fs::read(webhooks().join("messages/text.json")).expect("there"))
            .expect("JSON");
    body["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = json!("just text");
    let items = read_value(&body);
    let Ok(Inbound::Message(message)) = &items[0].what else {
        panic!("a message");
    };
    assert_eq!(message.occurrence, Occurrence::CustomerMessage);
    assert!(matches!(
        message.body,
        Body::NotShown {
            why: NotShownWhy::Malformed,
            ..
        }
    ));
}

#[test]
fn an_automatic_permission_to_call_opens_nothing() {
    let mut body: Value = serde_json::from_slice(
        &fs::read(webhooks().join("messages/interactive_call_permission_accept.json"))
            .expect("there"),
    )
    .expect("JSON");
    body["entry"][0]["changes"][0]["value"]["messages"][0]["interactive"]["call_permission_reply"]
        ["response_source"] = json!("automatic");
    let Ok(Inbound::Message(message)) = &read_value(&body)[0].what else {
        panic!("a message");
    };
    assert!(!message.occurrence.opens_window());
}

#[test]
fn a_group_message_is_none_of_ours() {
    let mut body: Value =
        serde_json::from_slice(&fs::read(webhooks().join("messages/text.json")).expect("there"))
            .expect("JSON");
    body["entry"][0]["changes"][0]["value"]["messages"][0]["group_id"] = json!("g1");
    assert!(matches!(
        read_value(&body)[0].what,
        Ok(Inbound::NotUsed { .. })
    ));
}

#[test]
fn the_dashboards_test_button_is_read_without_an_envelope() {
    let change = json!({"field": "messages", "value": {
        "metadata": {"display_phone_number": "16505551111", "phone_number_id": "123456123"},
        "contacts": [{"profile": {"name": "test user name"}, "wa_id": "16315551181"}],
        "messages": [{"from": "16315551181", "id": "ABGGFlA5Fpa", "timestamp": "1504902988",
                      "type": "text", "text": {"body": "this is a text message"}}]}});
    assert!(matches!(
        read_value(&change)[0].what,
        Ok(Inbound::Message(_))
    ));
}

#[test]
fn what_is_no_webhook_of_whatsapp_is_named() {
    for (body, kind) in [
        (json!({}), "none"),
        (json!({"object": "page", "entry": [{"id": "1"}]}), "page"),
    ] {
        let items = read_value(&body);
        assert!(
            matches!(&items[0].what, Ok(Inbound::NotUnderstood { kind: k, .. }) if k == kind),
            "{items:?}"
        );
    }
    assert_eq!(parse_body(b"[]"), Err(Malformed::NotAnObject));
    assert!(parse_body(b"").is_err());
    assert!(parse_body(b"hello").is_err());
}

#[test]
fn a_body_of_nothing_but_rubbish_stays_small() {
    let rubbish = format!(
        r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{}0]}}}}]}}]}}"#,
        "0,".repeat(1_000_000)
    );
    let items = parse_body(rubbish.as_bytes()).expect("it is JSON");
    assert_eq!(items.len(), MAX_ITEMS + 1);
    assert_eq!(
        items
            .last()
            .and_then(|item| item.what.as_ref().err())
            .map(|r| r.why),
        Some(RejectedWhy::TooMany)
    );
}

#[test]
fn nothing_personal_is_in_a_rejection_or_a_riddle() {
    let body = json!({"entry": [{"changes": [
        {"field": "messages", "value": {"messages": [
            {"type": "text", "text": {"body": "secret words"}, "from": "15550100001"},
            {"type": "hologram", "id": 1, "from": "15550100001"}]}}]}]});
    let said = read_value(&body)
        .iter()
        .map(|item| item.what.as_ref().expect_err("rejected").to_string())
        .collect::<Vec<_>>()
        .join("\n");
    assert!(!said.contains("secret") && !said.contains("1555"), "{said}");
}

/// Any JSON, with the words that the reader looks for in its keys and values.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("entry"),
        Just("changes"),
        Just("field"),
        Just("value"),
        Just("messages"),
        Just("statuses"),
        Just("contacts"),
        Just("message_echoes"),
        Just("history"),
        Just("threads"),
        Just("calls"),
        Just("standby"),
        Just("errors"),
        Just("id"),
        Just("type"),
        Just("timestamp"),
        Just("from"),
        Just("text"),
        Just("image"),
        Just("interactive"),
        Just("metadata"),
        Just("context"),
        Just("edit"),
        Just("reaction"),
        Just("state_sync"),
        Just("account_update"),
        Just("event"),
        Just("user_preferences"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!("15550100001")),
        Just(json!("1795176000")),
    ];
    leaf.prop_recursive(8, 128, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((word.clone(), inner), 0..6).prop_map(|pairs| {
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

/// Replaces the `nth` node of a body (counted through the tree) by another value.
fn replace(node: &mut Value, nth: &mut usize, with: &Value) -> bool {
    if *nth == 0 {
        *node = with.clone();
        return true;
    }
    *nth -= 1;
    match node {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, nth, with)),
        Value::Object(fields) => fields.values_mut().any(|item| replace(item, nth, with)),
        _ => false,
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_body(&bytes);
    }

    #[test]
    fn no_json_makes_it_panic(value in any_json(), field in "[a-z_]{0,30}") {
        let _ = parse_body(value.to_string().as_bytes());
        for field in [field.as_str(), "messages", "history", "calls", "standby", "account_update",
                      "smb_app_state_sync", "user_preferences", "message_template_status_update"] {
            let body = json!({"entry": [{"changes": [{"field": field, "value": value}]}]});
            let _ = parse_body(body.to_string().as_bytes());
        }
    }

    #[test]
    fn no_changed_example_makes_it_panic(
        which in any::<proptest::sample::Index>(),
        node in 0usize..80,
        with in any_json(),
        cut in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let examples = examples();
        let (_, bytes) = &examples[which.index(examples.len())];
        let mut value: Value = serde_json::from_slice(bytes).expect("JSON");
        let mut nth = node;
        replace(&mut value, &mut nth, &with);
        let _ = parse_body(value.to_string().as_bytes());

        let at = cut.index(bytes.len());
        let _ = parse_body(&bytes[..at]);
        let mut changed = bytes.clone();
        changed[at] = byte;
        let _ = parse_body(&changed);
    }

    #[test]
    fn unknown_fields_change_nothing_else(
        which in any::<proptest::sample::Index>(),
        extra in any_json(),
    ) {
        let examples = examples();
        let (_, bytes) = &examples[which.index(examples.len())];
        let mut value: Value = serde_json::from_slice(bytes).expect("JSON");
        let before = read_value(&value);
        add_to_messages(&mut value, &extra);
        prop_assert_eq!(read_value(&value), before);
    }
}

/// A field of tomorrow on the envelope, the entries, the changes and every update.
fn add_to_messages(body: &mut Value, extra: &Value) {
    fn add(node: &mut Value, extra: &Value) {
        if let Some(object) = node.as_object_mut() {
            object.insert("field_of_tomorrow".into(), extra.clone());
        }
    }
    fn list<'a>(node: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
        node.get_mut(key)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
    }
    add(body, extra);
    for entry in list(body, "entry") {
        add(entry, extra);
        for change in list(entry, "changes") {
            add(change, extra);
            for key in [
                "messages",
                "message_echoes",
                "statuses",
                "contacts",
                "calls",
            ] {
                let Some(value) = change.get_mut("value") else {
                    continue;
                };
                for update in list(value, key) {
                    add(update, extra);
                }
            }
        }
    }
}
