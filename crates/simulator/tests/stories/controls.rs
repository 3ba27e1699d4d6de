//! The controls over HTTP do what the handles do.

use serde_json::{Value, json};

use crate::business::{Business, code, value};

const MARIA: &str = "+1 555 014 2207";

async fn ok(shop: &Business, path: &str, body: Value) -> Value {
    let (status, answer) = shop.post(path, &body).await;
    assert!(status < 300, "{path} {body}: {status} {answer}");
    answer
}

#[tokio::test]
async fn a_conversation_driven_over_http() {
    let shop = Business::open().await;
    let maria = ok(
        &shop,
        "sim/customers",
        json!({ "name": "Maria", "number": MARIA }),
    )
    .await;
    assert_eq!(maria["wa_id"], "15550142207");
    let acts = format!("sim/customers/{}/acts", maria["id"]);
    let hello = ok(&shop, &acts, json!({ "act": "says", "text": "Hi" })).await;
    assert_eq!(
        value(&shop.only_news().await)["messages"][0]["id"],
        hello["id"]
    );
    let sent = shop.accepted_text(MARIA, "Hello").await;
    ok(&shop, &acts, json!({ "act": "reads", "message": sent })).await;
    ok(
        &shop,
        &acts,
        json!({ "act": "reacts", "message": sent, "emoji": "🚲" }),
    )
    .await;
    ok(
        &shop,
        &acts,
        json!({ "act": "sends_image", "caption": "My bike" }),
    )
    .await;
    let at = 1_795_000_000_000_i64;
    ok(
        &shop,
        &acts,
        json!({ "act": "says", "text": "Earlier", "at": at }),
    )
    .await;
    ok(
        &shop,
        "sim/phone/acts",
        json!({ "act": "types", "to": MARIA, "text": "From the phone" }),
    )
    .await;
    let (_, inbox) = shop
        .get(&format!("sim/customers/{}/inbox", maria["id"]))
        .await;
    let texts: Vec<_> = inbox
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| &m["text"])
        .collect();
    assert_eq!(texts, ["Hello", "From the phone"]);
    let (_, state) = shop.get("sim/state").await;
    assert_eq!(state["windows"][0]["is_open"], true);
    assert_eq!(state["messages"].as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn clock_settings_and_faults() {
    let shop = Business::open().await;
    let clock = ok(
        &shop,
        "sim/clock",
        json!({ "advance_ms": 1500, "rate": 60.0 }),
    )
    .await;
    assert_eq!(clock["iso"], "2026-11-20T12:00:01.500Z");
    assert_eq!(
        (&clock["frozen"], &clock["rate"]),
        (&json!(true), &json!(0.0))
    );
    let clock = ok(&shop, "sim/clock", json!({ "frozen": false })).await;
    assert_eq!(clock["rate"], 60.0);

    let patch = |body: Value| shop.call(shop.http.patch(shop.url("sim/settings")).json(&body));
    let (status, settings) = patch(json!({ "outside_window": "late" })).await;
    assert_eq!((status, &settings["outside_window"]), (200, &json!("late")));
    assert_eq!(patch(json!({ "no_such": 1 })).await.0, 400);

    ok(
        &shop,
        "sim/faults",
        json!({ "fault": { "kind": "error", "code": 131_056 } }),
    )
    .await;
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_056);
    ok(&shop, "sim/settled", json!({})).await;
}

#[tokio::test]
async fn mistakes_are_answered_in_words() {
    let shop = Business::open().await;
    let says = json!({ "act": "says", "text": "Hi" });
    let (status, answer) = shop.post("sim/customers/nobody/acts", &says).await;
    assert_eq!(status, 404);
    assert_eq!(answer["error"], "no customer \"nobody\" is known here");
    let (status, _) = shop
        .post("sim/customers", &json!({ "name": "Ghost" }))
        .await;
    assert_eq!(status, 400);
    let status = json!({ "status": "read" });
    assert_eq!(
        shop.post("sim/messages/wamid.x/status", &status).await.0,
        404
    );
}

#[tokio::test]
async fn the_description_is_served() {
    let shop = Business::open().await;
    let (status, description) = shop.get("sim/openapi.json").await;
    assert_eq!(status, 200);
    let act = &description["paths"]["/sim/customers/{who}/acts"]["post"];
    assert!(act["requestBody"].is_object(), "{act}");
}
