//! A throttled, broken and silent Meta, and what a send is refused for.

use std::time::Duration;

use ajar_simulator::meta_openapi::{Verdict, check_send, expect_requests_fit, expect_traffic_fits};
use ajar_simulator::{AccountState, Fault, Refusal};
use serde_json::json;

use crate::business::{Business, TOKEN, code, field, value, wamid};

const MARIA: &str = "+1 555 014 2207";

async fn shop_with_open_window() -> Business {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    shop.news().await;
    shop
}

#[tokio::test]
async fn errors_are_answered_as_often_as_asked_for() {
    let shop = shop_with_open_window().await;
    shop.sim.fail_sends(2, Fault::Error { code: 130_429 });
    shop.sim.fail_sends(1, Fault::Error { code: 2 });
    shop.sim.fail_sends(
        1,
        Fault::Answer {
            status: 502,
            body: json!("Bad Gateway"),
        },
    );
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (status, answer) = shop.text(MARIA, "Hello").await;
        seen.push((status, code(&answer)));
    }
    assert_eq!(
        seen,
        [(400, 130_429), (400, 130_429), (503, 2), (502, 0), (200, 0)]
    );
}

#[tokio::test]
async fn an_answer_may_have_no_body_at_all() {
    let shop = shop_with_open_window().await;
    shop.sim.fail_sends(
        1,
        Fault::Answer {
            status: 503,
            body: json!(null),
        },
    );
    let body = json!({
        "messaging_product": "whatsapp", "to": MARIA, "type": "text", "text": { "body": "Hello" },
    });
    let request = shop.http.post(shop.url(&shop.messages())).json(&body);
    let answer = request.bearer_auth(TOKEN).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 503);
    assert!(answer.bytes().await.expect("a body").is_empty());
}

#[tokio::test]
async fn statuses_can_overtake_the_answer() {
    let shop = shop_with_open_window().await;
    shop.sim.fail_sends(1, Fault::AnswerLast);
    shop.accepted_text(MARIA, "Hello").await;
    // Whatever was to be told had been taken before the answer came.
    assert_eq!(shop.arrivals().len(), 2);
}

#[tokio::test]
async fn a_cut_line_leaves_the_sender_in_doubt_and_the_platform_knows() {
    let shop = shop_with_open_window().await;
    let maria = shop.sim.find_customer(MARIA).expect("known");
    let body = |text: &str| {
        json!({
            "messaging_product": "whatsapp", "to": MARIA, "type": "text",
            "text": { "body": text }, "biz_opaque_callback_data": text,
        })
    };
    let cut = async |fault, text: &str| {
        shop.sim.fail_sends(1, fault);
        let request = shop.http.post(shop.url(&shop.messages()));
        let request = request.bearer_auth(TOKEN).json(&body(text));
        let error = request.send().await.expect_err("no answer comes");
        assert!(error.is_request(), "{error:?}");
    };
    cut(Fault::DropRequest, "never arrived").await;
    assert!(maria.inbox().is_empty());
    assert!(shop.statuses().await.is_empty());

    cut(Fault::SwallowAnswer, "arrived").await;
    assert_eq!(maria.texts(), ["arrived"]);
    let news = shop.news().await;
    assert_eq!(
        value(&news[0])["statuses"][0]["biz_opaque_callback_data"],
        "arrived"
    );
    // The line works again.
    shop.accepted_text(MARIA, "Hello").await;
}

#[tokio::test]
async fn a_slow_answer_comes_after_the_statuses() {
    let shop = shop_with_open_window().await;
    shop.sim.fail_sends(1, Fault::Delay { ms: 30 });
    let sending = tokio::time::timeout(Duration::from_secs(10), shop.text(MARIA, "Hello"));
    let (answer, statuses) = tokio::join!(sending, async {
        shop.sim.wait_for_sends(|sends| !sends.is_empty()).await;
        shop.statuses().await
    });
    let (_, answer) = answer.expect("in time");
    assert!(statuses.iter().all(|(id, _)| *id == wamid(&answer)));
    assert_eq!(statuses.len(), 2);
}

#[tokio::test]
async fn late_errors_and_held_templates() {
    let shop = shop_with_open_window().await;
    shop.sim.fail_sends(1, Fault::LateError { code: 131_049 });
    shop.accepted_text(MARIA, "Hello").await;
    let failed = shop.only_news().await;
    assert_eq!(value(&failed)["statuses"][0]["errors"][0]["code"], 131_049);

    shop.sim.fail_sends(1, Fault::Hold);
    let template = json!({ "name": "hello_world", "language": { "code": "en_US" } });
    let (_, answer) = shop.template(MARIA, template).await;
    let message = &answer["messages"][0];
    assert_eq!(message["message_status"], "held_for_quality_assessment");
    assert!(shop.statuses().await.is_empty());
}

#[tokio::test]
async fn who_cannot_be_written_to() {
    let shop = shop_with_open_window().await;
    let own = shop.sim.numbers()[0].display_number.clone();
    assert_eq!(code(&shop.text(&own, "Hello me").await.1), 131_021);

    shop.sim.not_on_whatsapp("+1 555 000 0000");
    shop.sim
        .configure(|settings| settings.outside_window = Refusal::Never);
    let id = shop.accepted_text("+1 555 000 0000", "Anybody?").await;
    let failed = shop.only_news().await;
    let status = &value(&failed)["statuses"][0];
    assert_eq!(
        (&status["id"], &status["errors"][0]["code"]),
        (&json!(id), &json!(131_026))
    );
    shop.sim
        .configure(|settings| settings.undeliverable = Refusal::AtOnce);
    assert_eq!(
        code(&shop.text("+1 555 000 0000", "Anybody?").await.1),
        131_026
    );

    let block = json!({ "messaging_product": "whatsapp", "block_users": [{ "user": MARIA }] });
    let path = format!("v25.0/{}/block_users", shop.sim.phone_number_id());
    let (status, answer) = shop.post(&path, &block).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["block_users"]["added_users"][0]["wa_id"],
        "15550142207"
    );
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 130_403);
    assert_eq!(shop.get(&path).await.1["data"][0]["wa_id"], "15550142207");
    shop.delete(&path, &block).await;
    assert_eq!(shop.text(MARIA, "Hello").await.0, 200);
}

#[tokio::test]
async fn only_those_who_wrote_today_can_be_blocked() {
    let shop = shop_with_open_window().await;
    shop.sim.customer("Noor", "+1 555 014 2208");
    let users = json!([{ "user": MARIA }, { "user": "+1 555 014 2208" }]);
    let body = json!({ "messaging_product": "whatsapp", "block_users": users });
    let path = format!("v25.0/{}/block_users", shop.sim.phone_number_id());
    let (status, answer) = shop.post(&path, &body).await;
    assert_eq!((status, code(&answer)), (400, 139_100));
    let users = &answer["block_users"];
    assert_eq!(users["added_users"].as_array().map(Vec::len), Some(1));
    assert_eq!(users["failed_users"][0]["input"], "+1 555 014 2208");
}

#[tokio::test]
async fn what_is_malformed_is_refused_before_anything_else() {
    let shop = shop_with_open_window().await;
    let long = "x".repeat(4097);
    let cases = [
        (json!({ "type": "text", "text": { "body": "" } }), 131_008),
        (json!({ "type": "text" }), 131_008),
        (json!({ "type": "text", "text": { "body": long } }), 100),
        (json!({ "type": "hologram", "hologram": {} }), 100),
        (json!({ "type": "image", "image": {} }), 100),
        (json!({ "type": "image", "image": { "id": "123" } }), 100),
        (
            json!({ "type": "audio", "audio": { "link": "https://a.example/b", "caption": "x" } }),
            100,
        ),
        (
            json!({ "type": "location", "location": { "latitude": "95", "longitude": "0" } }),
            131_009,
        ),
        (
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.x" } }),
            131_008,
        ),
        (json!({ "type": "contacts", "contacts": [] }), 131_008),
        (
            json!({ "type": "contacts", "contacts": [{ "name": { "first_name": "Maria" } }] }),
            131_008,
        ),
        (
            json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Maria" } }] }),
            131_008,
        ),
        (
            json!({ "to": "", "type": "text", "text": { "body": "x" } }),
            100,
        ),
        (
            json!({ "to": "maria", "type": "text", "text": { "body": "x" } }),
            131_009,
        ),
        (
            json!({ "messaging_product": "messenger", "type": "text", "text": { "body": "x" } }),
            100,
        ),
        (
            json!({ "type": "interactive", "interactive": {
                "type": "button", "body": { "text": "x" }, "action": { "buttons": [] },
            }}),
            131_009,
        ),
    ];
    for (message, expected) in cases {
        let shown = message.to_string().chars().take(120).collect::<String>();
        let (status, answer) = shop.send(MARIA, message).await;
        assert_eq!(
            (status, code(&answer)),
            (400, expected),
            "{shown}: {answer}"
        );
    }
    assert_eq!(shop.text(MARIA, &"x".repeat(4096)).await.0, 200);
}

#[tokio::test]
async fn the_account_may_be_taken_away_and_come_back() {
    let shop = shop_with_open_window().await;
    shop.sim.set_account(AccountState::Offboarded);
    let news = shop.only_news().await;
    assert_eq!(field(&news), "account_update");
    assert_eq!(value(&news)["event"], "ACCOUNT_OFFBOARDED");
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 133_010);
    shop.sim.set_account(AccountState::Connected);
    assert_eq!(
        value(&shop.only_news().await)["event"],
        "ACCOUNT_RECONNECTED"
    );
    assert_eq!(shop.text(MARIA, "Hello").await.0, 200);
}

#[tokio::test]
async fn the_token_is_asked_for_and_may_run_out() {
    let shop = shop_with_open_window().await;
    let path = format!("v25.0/{}", shop.sim.phone_number_id());
    let without = shop
        .http
        .get(shop.url(&path))
        .send()
        .await
        .expect("an answer");
    assert_eq!(without.status().as_u16(), 401);
    let wrong = shop.http.get(shop.url(&path)).bearer_auth("other");
    assert_eq!(
        wrong.send().await.expect("an answer").status().as_u16(),
        401
    );
    shop.sim.expire_token(true);
    let (status, answer) = shop.text(MARIA, "Hello").await;
    assert_eq!((status, code(&answer)), (401, 190));
    assert_eq!(answer["error"]["error_subcode"], 463);
}

#[tokio::test]
async fn throughput_is_limited_where_asked_for() {
    let shop = shop_with_open_window().await;
    shop.sim
        .configure(|settings| settings.sends_per_second = Some(2));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(code(&shop.text(MARIA, "Hello").await.1));
    }
    shop.clock.advance(Duration::from_secs(1));
    seen.push(code(&shop.text(MARIA, "Hello").await.1));
    assert_eq!(seen, [0, 0, 130_429, 0]);
    let checked = expect_traffic_fits(&shop.sim);
    let is_described = !matches!(check_send(&json!({})), Verdict::Skipped(_));
    // Three sends that passed, their six statuses, and the first words.
    assert_eq!(checked, if is_described { 10 } else { 0 });
    // The one that was refused as well.
    let asked = expect_requests_fit(&shop.sim);
    assert_eq!(asked, if is_described { 4 } else { 0 });
}

#[tokio::test]
async fn a_request_that_meta_does_not_describe_is_found_although_it_was_refused() {
    let shop = shop_with_open_window().await;
    let (status, _) = shop
        .send(MARIA, json!({ "type": "text", "text": { "body": 5 } }))
        .await;
    assert_eq!(status, 400);
    let is_described = !matches!(check_send(&json!({})), Verdict::Skipped(_));
    let sim = shop.sim.clone();
    let found = std::thread::spawn(move || expect_requests_fit(&sim)).join();
    assert_eq!(found.is_err(), is_described);
}
