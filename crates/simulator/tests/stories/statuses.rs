//! What is told about messages that were sent, and when.

use std::time::Duration;

use ajar_simulator::{Status, StatusPolicy};
use serde_json::json;

use crate::business::{Business, value};

const MARIA: &str = "+1 555 014 2207";

fn names(statuses: &[(String, String)]) -> Vec<&str> {
    statuses.iter().map(|(_, status)| status.as_str()).collect()
}

#[tokio::test]
async fn statuses_come_in_order_as_the_clock_brings_them() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.statuses = StatusPolicy::LIFELIKE);
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    shop.news().await;
    let id = shop.accepted_text(MARIA, "Hello").await;
    assert!(shop.statuses().await.is_empty());
    shop.sim.advance(Duration::from_millis(300));
    assert_eq!(names(&shop.statuses().await), ["sent"]);
    shop.sim.advance(Duration::from_secs(60));
    let rest = shop.statuses().await;
    assert_eq!(names(&rest), ["delivered", "read"]);
    assert!(rest.iter().all(|(of, _)| *of == id));
}

#[tokio::test]
async fn each_customer_may_have_a_policy_of_their_own_and_hands_do_the_rest() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.answers_statuses(StatusPolicy::Manual).expect("known");
    maria.says("Hi").await.expect("said");
    shop.news().await;
    let id = shop.accepted_text(MARIA, "Hello").await;
    shop.sim.advance(Duration::from_secs(60 * 60));
    assert!(shop.statuses().await.is_empty());
    for status in [
        Status::Read,
        Status::Delivered,
        Status::Delivered,
        Status::Sent,
    ] {
        shop.sim.status(id.as_str(), status).expect("known");
    }
    let told = shop.statuses().await;
    assert_eq!(names(&told), ["read", "delivered", "delivered", "sent"]);
}

#[tokio::test]
async fn reading_a_message_reads_those_before_it() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.statuses = StatusPolicy::SENT_ONLY);
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    let first = shop.accepted_text(MARIA, "One").await;
    let second = shop.accepted_text(MARIA, "Two").await;
    shop.news().await;
    maria.reads(second.as_str()).await.expect("read");
    let told = shop.statuses().await;
    let expected: Vec<(String, String)> = [&first, &second]
        .iter()
        .flat_map(|id| ["delivered", "read"].map(|status| ((*id).clone(), status.to_owned())))
        .collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn callback_data_comes_back_in_every_status_also_in_failure() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    shop.news().await;
    let message = json!({
        "type": "text", "text": { "body": "Hello" }, "biz_opaque_callback_data": "local-1",
    });
    let (_, answer) = shop.send(MARIA, message).await;
    let id = crate::business::wamid(&answer);
    shop.sim.fail(id.as_str(), 131_026).expect("known");
    let news = shop.news().await;
    assert_eq!(news.len(), 3);
    for body in &news {
        assert_eq!(
            value(body)["statuses"][0]["biz_opaque_callback_data"],
            "local-1"
        );
    }
}

#[tokio::test]
async fn the_first_thousand_service_messages_of_a_month_are_free() {
    let shop = Business::open().await;
    shop.sim.configure(|settings| {
        settings.free_service_messages = 1;
        settings.statuses = StatusPolicy::PROMPT;
    });
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    let mut kinds = Vec::new();
    for _ in 0..2 {
        shop.news().await;
        shop.accepted_text(MARIA, "Hello").await;
        let sent = &shop.news().await[0];
        let pricing = &value(sent)["statuses"][0]["pricing"];
        kinds.push((pricing["type"].clone(), pricing["billable"].clone()));
    }
    assert_eq!(
        kinds,
        [
            (json!("free_customer_service"), json!(false)),
            (json!("regular"), json!(true))
        ]
    );
}

#[tokio::test]
async fn pricing_is_told_once_more_on_delivery_and_not_again() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    shop.news().await;
    let id = shop.accepted_text(MARIA, "Hello").await;
    maria.reads(id.as_str()).await.expect("read");
    let priced: Vec<bool> = shop
        .news()
        .await
        .iter()
        .map(|body| value(body)["statuses"][0].get("pricing").is_some())
        .collect();
    assert_eq!(priced, [true, true, false]);
}

#[tokio::test]
async fn a_reaction_of_ours_is_only_ever_sent() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let hello = maria.says("Hi").await.expect("said");
    shop.news().await;
    let reaction = json!({ "message_id": hello, "emoji": "👍" });
    shop.send(MARIA, json!({ "type": "reaction", "reaction": reaction }))
        .await;
    assert_eq!(names(&shop.statuses().await), ["sent"]);
}
