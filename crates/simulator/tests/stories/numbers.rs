//! Numbers, tokens, subscriptions, synchronisation, and the Date of every answer.

use ajar_simulator::{MediaFile, OldContent, OldMessage};
use serde_json::{Value, json};

use crate::business::{Business, HOUR, NOON, TOKEN, VERIFY, code, field, value};

const MARIA: &str = "+1 555 014 2207";

#[tokio::test]
async fn a_number_says_what_is_asked() {
    let shop = Business::open().await;
    let id = shop.sim.phone_number_id();
    let path = format!("v25.0/{id}?fields=is_on_biz_app,platform_type");
    let expected = json!({ "id": id, "is_on_biz_app": true, "platform_type": "CLOUD_API" });
    assert_eq!(shop.get(&path).await, (200, expected));
    let (_, number) = shop.get(&format!("v25.0/{id}")).await;
    assert_eq!(number["verified_name"], "Quill & Spoke");
    assert_eq!(number["display_phone_number"], "+1 555-078-3881");
    assert_eq!(
        code(&shop.get(&format!("v25.0/{id}?fields=colour")).await.1),
        100
    );
    let (status, unknown) = shop.get("v25.0/42").await;
    assert_eq!((status, code(&unknown)), (400, 100));
    assert_eq!(unknown["error"]["error_subcode"], 33);
    let (_, numbers) = shop
        .get(&format!("v25.0/{}/phone_numbers", shop.sim.waba_id()))
        .await;
    assert_eq!(numbers["data"][0]["id"], id);
}

#[tokio::test]
async fn every_answer_bears_the_time_of_the_platform() {
    let shop = Business::open().await;
    let url = shop.url("v25.0/42");
    let answer = shop.http.get(url).bearer_auth(TOKEN).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.headers()["date"], "Fri, 20 Nov 2026 12:00:00 GMT");
}

#[tokio::test]
async fn paths_that_do_not_exist() {
    let shop = Business::open().await;
    assert_eq!(code(&shop.get("25/42").await.1), 2500);
    assert_eq!(code(&shop.get("v25.0/42/no_such_edge").await.1), 2500);
}

#[tokio::test]
async fn the_token_says_what_it_is_for() {
    let shop = Business::open().await;
    let (_, answer) = shop
        .get(&format!("v25.0/debug_token?input_token={TOKEN}"))
        .await;
    assert_eq!(answer["data"]["is_valid"], true);
    let scopes = answer["data"]["scopes"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("whatsapp_business_messaging")));
    let (_, other) = shop.get("v25.0/debug_token?input_token=other").await;
    assert_eq!(other["data"]["is_valid"], false);
    // Tokens do not appear in the log of requests.
    let log = serde_json::to_string(&shop.sim.requests()).expect("json");
    assert!(!log.contains(TOKEN));
}

#[tokio::test]
async fn an_overriding_address_is_verified_and_used() {
    let shop = Business::open().await;
    let other = Business::open().await;
    let path = format!("v25.0/{}/subscribed_apps", shop.sim.waba_id());
    let body =
        |token: &str| json!({ "override_callback_uri": other.webhook_url, "verify_token": token });
    assert_eq!(code(&shop.post(&path, &body("wrong")).await.1), 100);
    assert_eq!(
        shop.post(&path, &body(VERIFY)).await.1,
        json!({ "success": true })
    );
    let (_, listed) = shop.get(&path).await;
    let uri = &listed["data"][0]["override_callback_uri"];
    assert_eq!(uri, other.webhook_url.as_str());
    shop.sim
        .customer("Maria", MARIA)
        .says("Hi")
        .await
        .expect("said");
    shop.sim.settled().await;
    assert_eq!((shop.arrivals().len(), other.arrivals().len()), (0, 1));
}

#[tokio::test]
async fn the_address_book_and_the_history_are_handed_over_once() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    shop.sim
        .phone()
        .saves_contact(&maria, "Maria (frames)")
        .await
        .expect("saved");
    let saved = shop.only_news().await;
    let contact = &value(&saved)["state_sync"][0]["contact"];
    assert_eq!(contact["full_name"], "Maria (frames)");

    let picture = OldContent::Media {
        kind: "image".to_owned(),
        file: MediaFile::png(1),
        caption: Some("Garden".to_owned()),
    };
    shop.sim.prepare_history(vec![(
        maria.clone(),
        vec![
            OldMessage::from_customer(NOON - HOUR, "Is it ready?"),
            OldMessage::from_business(NOON - 2 * HOUR, "").with_content(picture.clone()),
            OldMessage::from_customer(NOON - 20 * 24 * HOUR, "").with_content(picture),
            OldMessage::from_business(NOON - 100 * 24 * HOUR, "Welcome"),
            OldMessage::from_customer(NOON - 200 * 24 * HOUR, "Too old"),
        ],
    )]);
    let path = format!("v25.0/{}/smb_app_data", shop.sim.phone_number_id());
    let ask = |kind: &str| json!({ "messaging_product": "whatsapp", "sync_type": kind });

    let (status, answer) = shop.post(&path, &ask("smb_app_state_sync")).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["request_id"].is_string());
    assert_eq!(field(&shop.only_news().await), "smb_app_state_sync");

    shop.post(&path, &ask("history")).await;
    let news = shop.news().await;
    let phases: Vec<(Value, Value, usize)> = news
        .iter()
        .filter_map(|body| {
            let chunk = value(body).get("history")?.get(0)?;
            let metadata = &chunk["metadata"];
            let messages = chunk["threads"][0]["messages"].as_array()?.len();
            Some((
                metadata["phase"].clone(),
                metadata["progress"].clone(),
                messages,
            ))
        })
        .collect();
    let row = |phase: u8, progress: u8, messages| (json!(phase), json!(progress), messages);
    assert_eq!(phases, [row(0, 50, 2), row(1, 75, 1), row(2, 100, 1)]);
    // Only the younger picture follows.
    let echo = &value(&news[3])["message_echoes"][0];
    assert_eq!(
        (news.len(), &echo["image"]["caption"]),
        (4, &json!("Garden"))
    );
    assert!(!shop.sim.window_is_open(&maria));

    assert_eq!(code(&shop.post(&path, &ask("history")).await.1), 2_593_107);
    shop.sim.onboard_again();
    shop.clock.advance(24 * HOUR);
    assert_eq!(code(&shop.post(&path, &ask("history")).await.1), 2_593_108);
}

#[tokio::test]
async fn marks_of_reading_reach_the_customer() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let one = maria.says("one").await.expect("said");
    shop.clock.advance(HOUR);
    let two = maria.says("two").await.expect("said");
    shop.clock.advance(HOUR);
    maria.says("three").await.expect("said");
    let mark = |id: &str| {
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id,
                "typing_indicator": { "type": "text" } })
    };
    let (status, answer) = shop.post(&shop.messages(), &mark(two.as_str())).await;
    assert_eq!((status, answer), (200, json!({ "success": true })));
    assert_eq!(maria.read_by_business(), [one, two]);
    let (_, unknown) = shop.post(&shop.messages(), &mark("wamid.unknown")).await;
    assert_eq!(code(&unknown), 131_009);
}

#[tokio::test]
async fn a_username_hides_the_number_and_the_user_id_serves() {
    let shop = Business::open().await;
    let chioma = shop.sim.customer_with_username("Chioma", "chioma_ex");
    chioma.says("Hi").await.expect("said");
    shop.news().await;
    let body = json!({
        "messaging_product": "whatsapp", "recipient": chioma.user_id(),
        "type": "text", "text": { "body": "Hello" },
    });
    let (status, answer) = shop.post(&shop.messages(), &body).await;
    assert_eq!(status, 200, "{answer}");
    let contact = &answer["contacts"][0];
    assert_eq!(contact["user_id"], chioma.user_id());
    assert!(contact.get("wa_id").is_none());
    assert_eq!(chioma.texts(), ["Hello"]);

    let old = chioma.user_id();
    chioma
        .changes_number("+1 555 014 9999")
        .await
        .expect("moved");
    assert_ne!(chioma.user_id(), old);
    let (_, gone) = shop.post(&shop.messages(), &body).await;
    assert_eq!(code(&gone), 131_026);
}

#[tokio::test]
async fn numbers_without_a_plus_are_read_as_meta_reads_them() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    for to in ["15550142207", "+1 (555) 014-2207", "5550142207"] {
        let (status, answer) = shop.text(to, "Hello").await;
        assert_eq!(status, 200, "{to}: {answer}");
        assert_eq!(
            answer["contacts"][0],
            json!({ "input": to, "wa_id": "15550142207" })
        );
    }
}
