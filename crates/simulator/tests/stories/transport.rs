//! How webhooks travel: signed, tried again, in order or not.

use std::collections::BTreeSet;

use ajar_simulator::{
    Delivery, Refusal, ReleaseOrder, RetrySchedule, SimError, WebhookState, sign,
};
use serde_json::json;

use crate::business::{Business, SECRET, value};

const MARIA: &str = "+1 555 014 2207";

fn quick_retries(give_up_after: Option<u32>) -> RetrySchedule {
    RetrySchedule {
        first_after_ms: 1,
        factor: 2.0,
        longest_ms: 4,
        give_up_after,
    }
}

#[tokio::test]
async fn the_signature_covers_exactly_the_bytes_and_the_bytes_are_ascii() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("María", MARIA);
    maria
        .says("Grüße 🚲 https://a.example/b")
        .await
        .expect("said");
    shop.sim.settled().await;
    let arrival = shop.arrivals().remove(0);
    assert_eq!(arrival.signature, sign(SECRET, &arrival.body));
    assert!(arrival.body.is_ascii());
    let text = std::str::from_utf8(&arrival.body).expect("ascii");
    assert!(text.contains("Gr\\u00fc\\u00dfe \\ud83d\\udeb2 https:\\/\\/a.example\\/b"));
    // Written again by any other serialiser it would not match.
    let again = arrival.json().to_string();
    assert_ne!(arrival.signature, sign(SECRET, again.as_bytes()));
}

#[tokio::test]
async fn a_webhook_that_is_not_taken_is_tried_again_and_holds_up_those_behind_it() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.retries = quick_retries(None));
    shop.answers(&[500, 302, 404]);
    let maria = shop.sim.customer("Maria", MARIA);
    for text in ["one", "two"] {
        maria.says(text).await.expect("said");
    }
    shop.sim.settled().await;
    let told: Vec<_> = shop
        .arrivals()
        .iter()
        .map(|arrival| {
            let text = value(&arrival.json())["messages"][0]["text"]["body"].clone();
            (text, arrival.answered)
        })
        .collect();
    let one = || json!("one");
    assert_eq!(
        told,
        [
            (one(), 500),
            (one(), 302),
            (one(), 404),
            (one(), 200),
            (json!("two"), 200)
        ]
    );
    let log = shop.sim.webhooks();
    assert_eq!(log[0].attempts, 4);
    assert!(log.iter().all(|w| w.state == WebhookState::Delivered));
}

#[tokio::test]
async fn when_the_schedule_is_exhausted_the_webhook_is_lost() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.retries = quick_retries(Some(2)));
    shop.answers(&[500, 500]);
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("one").await.expect("said");
    maria.says("two").await.expect("said");
    shop.sim.settled().await;
    let states: Vec<_> = shop.sim.webhooks().iter().map(|w| w.state).collect();
    assert_eq!(states, [WebhookState::Lost, WebhookState::Delivered]);
}

#[tokio::test]
async fn concurrent_delivery_takes_them_all() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.delivery = Delivery::Concurrent { connections: 4 });
    let maria = shop.sim.customer("Maria", MARIA);
    let mut said = BTreeSet::new();
    for n in 0..40 {
        said.insert(maria.says(n.to_string()).await.expect("said").to_string());
    }
    let news = shop.news().await;
    let told: BTreeSet<String> = news
        .iter()
        .filter_map(|body| value(body)["messages"][0]["id"].as_str())
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(told, said);
}

#[tokio::test]
async fn held_webhooks_leave_in_the_order_asked_for_and_together_if_asked_for() {
    let shop = Business::open().await;
    shop.sim.configure(|settings| settings.batch = 10);
    shop.sim.hold_webhooks();
    let maria = shop.sim.customer("Maria", MARIA);
    for text in ["one", "two", "three"] {
        maria.says(text).await.expect("said");
    }
    shop.sim.settled().await;
    assert!(shop.arrivals().is_empty());
    shop.sim.release_webhooks(ReleaseOrder::Reversed);
    let batch = shop.only_news().await;
    let changes = batch["entry"][0]["changes"].as_array().expect("changes");
    let texts: Vec<_> = changes
        .iter()
        .map(|change| change["value"]["messages"][0]["text"]["body"].clone())
        .collect();
    assert_eq!(texts, ["three", "two", "one"]);
}

#[tokio::test]
async fn duplicates_are_the_same_to_the_byte() {
    let shop = Business::open().await;
    shop.sim.duplicate_webhooks(1);
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("one").await.expect("said");
    maria.says("two").await.expect("said");
    shop.sim.settled().await;
    let arrivals = shop.arrivals();
    assert_eq!(arrivals.len(), 3);
    assert_eq!(arrivals[0].body, arrivals[1].body);
    assert_ne!(arrivals[1].body, arrivals[2].body);
}

#[tokio::test]
async fn a_wrong_signature_is_followed_by_a_right_one() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.retries = quick_retries(None));
    shop.sim.corrupt_signatures(1);
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("one").await.expect("said");
    shop.sim.settled().await;
    let answers: Vec<_> = shop.arrivals().iter().map(|a| a.answered).collect();
    assert_eq!(answers, [401, 200]);
}

#[tokio::test]
async fn webhooks_wait_for_an_address() {
    let shop = Business::open().await;
    let other = ajar_simulator::Simulator::builder()
        .app_secret(SECRET)
        .start()
        .await
        .expect("a port");
    let maria = other.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    other.settled().await;
    assert_eq!(other.webhooks()[0].state, WebhookState::Waiting);
    assert_eq!(other.verify_webhook().await, Err(SimError::NoWebhookUrl));
    other.set_webhook_url(shop.webhook_url.clone());
    other.settled().await;
    assert_eq!(other.webhooks()[0].state, WebhookState::Delivered);
    assert_eq!(shop.arrivals().len(), 1);
}

#[tokio::test]
async fn an_address_is_verified_with_a_challenge() {
    let shop = Business::open().await;
    assert_eq!(shop.sim.verify_webhook().await, Ok(()));
    let wrong = Business::open_with(|builder| builder.verify_token("something else")).await;
    let refused = wrong.sim.verify_webhook().await;
    assert!(
        matches!(refused, Err(SimError::NotVerified(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn raw_bodies_go_out_as_they_are() {
    let shop = Business::open().await;
    shop.sim.raw_webhook_bytes("{\"object\": ");
    shop.sim.raw_webhook(&json!({ "anything": "goes / ü" }));
    shop.sim.settled().await;
    let arrivals = shop.arrivals();
    assert_eq!(&arrivals[0].body[..], b"{\"object\": ");
    assert_eq!(arrivals[0].answered, 200, "the signature is right");
    assert_eq!(&arrivals[1].body[..], br#"{"anything":"goes \/ \u00fc"}"#);
}

#[tokio::test]
async fn the_same_seed_tells_the_same_story() {
    let mut stories = Vec::new();
    for seed in [7, 7, 8] {
        let shop = Business::open_with(|builder| builder.seed(seed)).await;
        shop.sim
            .configure(|settings| settings.outside_window = Refusal::Never);
        let maria = shop.sim.customer("Maria", MARIA);
        maria.says("Hi").await.expect("said");
        shop.accepted_text(MARIA, "Hello").await;
        stories.push(shop.news().await);
    }
    assert_eq!(stories[0], stories[1]);
    assert_ne!(stories[0], stories[2]);
}

#[tokio::test]
async fn by_setting_webhooks_come_twice_and_in_disorder_but_all_come() {
    let shop = Business::open().await;
    shop.sim.configure(|settings| {
        settings.duplicate_chance = 0.5;
        settings.shuffle_among = 10;
    });
    shop.sim.hold_webhooks();
    let maria = shop.sim.customer("Maria", MARIA);
    let mut said = Vec::new();
    for n in 0..40 {
        said.push(maria.says(n.to_string()).await.expect("said").to_string());
    }
    shop.sim.release_webhooks(ReleaseOrder::Kept);
    let news = shop.news().await;
    let told: Vec<String> = news
        .iter()
        .filter_map(|body| value(body)["messages"][0]["id"].as_str())
        .map(ToOwned::to_owned)
        .collect();
    assert!(told.len() > said.len());
    let mut first_sights: Vec<String> = Vec::new();
    for id in told {
        if !first_sights.contains(&id) {
            first_sights.push(id);
        }
    }
    assert_ne!(first_sights, said);
    let (all, told): (BTreeSet<_>, BTreeSet<_>) =
        (said.iter().collect(), first_sights.iter().collect());
    assert_eq!(all, told);
}
