//! Meta's own description of its API, where it is at hand, agrees with our examples and refuses
//! what is wrong; so a check against it means something.

use std::fs;
use std::path::{Path, PathBuf};

use ajar_simulator::meta_openapi::{Verdict, check_send, check_webhook};
use serde_json::{Value, json};

fn fixtures(folder: &str) -> Vec<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/meta");
    let mut found: Vec<_> = fs::read_dir(root.join(folder))
        .expect("the fixtures are there")
        .map(|entry| entry.expect("entry").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("readable");
            (path, serde_json::from_str(&text).expect("json"))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn the_example_sends_fit() {
    let mut checked = 0;
    for (path, body) in fixtures("graph/send") {
        if path.to_string_lossy().ends_with(".request.json") {
            checked += usize::from(check_send(&body).expect_fit(path.display()));
        }
    }
    if !matches!(check_send(&json!({})), Verdict::Skipped(_)) {
        assert!(checked >= 25, "only {checked} were covered");
    }
}

#[test]
fn the_example_webhooks_fit() {
    let mut checked = 0;
    for folder in ["webhooks/messages", "webhooks/statuses"] {
        for (path, body) in fixtures(folder) {
            // Broken on purpose: a message without its body.
            if !path.ends_with("interactive_broken_with_errors.json") {
                checked += usize::from(check_webhook(&body).expect_fit(path.display()));
            }
        }
    }
    if !matches!(check_webhook(&json!({})), Verdict::Skipped(_)) {
        assert!(checked >= 60, "only {checked} were covered");
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let wrong = [
        json!({ "messaging_product": "whatsapp", "type": "text", "to": "+1", "text": { "body": 5 } }),
        json!({ "messaging_product": "whatsapp", "type": "text", "to": "+1" }),
        json!({ "messaging_product": "whatsapp", "type": "text", "text": { "body": "Hi" } }),
        json!({ "type": "text", "to": "+1", "text": { "body": "Hi" } }),
        json!({ "messaging_product": "whatsapp", "type": "template", "to": "+1",
                "template": { "name": "x" } }),
    ];
    for body in wrong {
        match check_send(&body) {
            Verdict::Misfits(_) => {}
            skipped @ Verdict::Skipped(_) => assert!(!skipped.expect_fit("a wrong send")),
            other => panic!("{body} is {other:?}"),
        }
    }
}
