//! Interactive messages that Meta would refuse, and those at the edge that it takes.

use serde_json::{Value, json};

use crate::business::{Business, code};

const MARIA: &str = "+1 555 014 2207";

fn list(rows: usize, row: impl Fn(usize) -> Value) -> Value {
    let rows: Vec<Value> = (0..rows).map(row).collect();
    json!({
        "type": "list", "body": { "text": "x".repeat(4096) },
        "action": { "button": "x".repeat(20), "sections": [{ "title": "Bikes", "rows": rows }] },
    })
}

fn row(no: usize) -> Value {
    json!({ "id": format!("{no}"), "title": "x".repeat(24), "description": "x".repeat(72) })
}

fn buttons(how_many: usize, title: usize) -> Value {
    let buttons: Vec<Value> = (0..how_many)
        .map(|no| {
            let title = format!("{no}{}", "x".repeat(title - 1));
            json!({ "type": "reply", "reply": { "id": format!("b{no}"), "title": title } })
        })
        .collect();
    json!({ "type": "button", "body": { "text": "Which one?" }, "action": { "buttons": buttons } })
}

fn flow(parameters: &Value) -> Value {
    json!({
        "type": "flow", "body": { "text": "Book a fitting" },
        "action": { "name": "flow", "parameters": parameters },
    })
}

fn with(mut message: Value, pointer: &str, to: Value) -> Value {
    match message.pointer_mut(pointer) {
        Some(place) => *place = to,
        None => {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            message.pointer_mut(parent).expect("a parent")[key] = to;
        }
    }
    message
}

fn carousel(cards: usize) -> Value {
    let cards: Vec<Value> = (0..cards).map(|no| json!({ "card_index": no })).collect();
    json!({ "type": "carousel", "body": { "text": "These" }, "action": { "cards": cards } })
}

#[tokio::test]
async fn lengths_and_counts_are_those_of_meta() {
    let shop = Business::open().await;
    shop.sim
        .customer("Maria", MARIA)
        .says("Hi")
        .await
        .expect("said");
    let whole = json!({ "flow_message_version": "3", "flow_id": "1", "flow_cta": "Book" });
    let cases = [
        ("three buttons of twenty", buttons(3, 20), 0),
        ("four buttons", buttons(4, 5), 131_009),
        ("a longer title", buttons(1, 21), 100),
        ("ten rows", list(10, row), 0),
        ("eleven rows", list(11, row), 131_009),
        ("two rows of one id", list(2, |_| row(1)), 131_009),
        (
            "a list under a picture",
            with(
                list(1, row),
                "/header",
                json!({
            "type": "image", "image": { "link": "https://a.example/b.jpg" } }),
            ),
            131_009,
        ),
        (
            "a longer row",
            with(
                list(1, row),
                "/action/sections/0/rows/0/title",
                json!("x".repeat(25)),
            ),
            100,
        ),
        (
            "a longer footer",
            with(buttons(1, 5), "/footer", json!({ "text": "x".repeat(61) })),
            100,
        ),
        (
            "a file that nobody uploaded",
            with(
                buttons(1, 5),
                "/header",
                json!({
            "type": "image", "image": { "id": "123" } }),
            ),
            100,
        ),
        ("a flow", flow(&whole), 0),
        (
            "a flow without its button",
            flow(&with(whole.clone(), "/flow_cta", json!(null))),
            131_008,
        ),
        (
            "a flow without its id",
            flow(&with(whole.clone(), "/flow_id", json!(null))),
            131_008,
        ),
        (
            "a flow of two names",
            flow(&with(whole, "/flow_name", json!("book"))),
            131_009,
        ),
        ("two cards", carousel(2), 0),
        ("one card", carousel(1), 131_009),
        ("eleven cards", carousel(11), 131_009),
        (
            "where are you",
            json!({
            "type": "location_request_message", "body": { "text": "Where are you?" },
            "action": { "name": "send_location" } }),
            0,
        ),
        (
            "where are you, misspelt",
            json!({
            "type": "location_request_message", "body": { "text": "Where are you?" },
            "action": { "name": "location" } }),
            131_009,
        ),
        (
            "something new",
            json!({
            "type": "hologram", "body": { "text": "x" }, "action": {} }),
            131_009,
        ),
    ];
    for (what, interactive, expected) in cases {
        let message = json!({ "type": "interactive", "interactive": interactive });
        let (_, answer) = shop.send(MARIA, message).await;
        assert_eq!(code(&answer), expected, "{what}: {answer}");
    }
}
