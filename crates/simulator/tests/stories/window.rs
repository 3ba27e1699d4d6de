//! The window by the platform's own books.

use std::time::Duration;

use ajar_simulator::{Ad, Refusal};
use serde_json::json;

use crate::business::{Business, HOUR, NOON, code, value};

const MARIA: &str = "+1 555 014 2207";

#[tokio::test]
async fn free_text_passes_for_exactly_a_day_after_the_customer_wrote() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    assert_eq!(code(&shop.text(MARIA, "Hello?").await.1), 131_047);

    maria.says("Hi").await.expect("said");
    assert_eq!(shop.text(MARIA, "Hello!").await.0, 200);

    shop.clock.set(NOON + 24 * HOUR - Duration::from_millis(1));
    assert_eq!(shop.text(MARIA, "Still there?").await.0, 200);
    shop.clock.advance(Duration::from_millis(1));
    let (status, answer) = shop.text(MARIA, "Too late").await;
    assert_eq!((status, code(&answer)), (400, 131_047));
    assert_eq!(maria.texts(), ["Hello!", "Still there?"]);
}

#[tokio::test]
async fn a_late_refusal_is_accepted_first_and_fails_then() {
    let shop = Business::open().await;
    shop.sim
        .configure(|settings| settings.outside_window = Refusal::Late);
    let maria = shop.sim.customer("Maria", MARIA);
    let id = shop.accepted_text(MARIA, "Hello?").await;
    let failed = shop.only_news().await;
    let status = &value(&failed)["statuses"][0];
    assert_eq!(status["id"], id.as_str());
    assert_eq!(status["status"], "failed");
    assert_eq!(status["errors"][0]["code"], 131_047);
    assert!(value(&failed).get("contacts").is_none());
    assert!(status.get("recipient_user_id").is_none());
    assert!(maria.inbox().is_empty());
}

#[tokio::test]
async fn what_the_phone_types_opens_nothing_and_asks_nothing() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    shop.sim
        .phone()
        .types(&maria, "We are open until six")
        .await
        .expect("typed");
    assert!(!shop.sim.window_is_open(&maria));
    assert_eq!(code(&shop.text(MARIA, "Hello?").await.1), 131_047);
    assert_eq!(maria.texts(), ["We are open until six"]);
}

#[tokio::test]
async fn only_what_the_customer_really_writes_opens() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let typed = shop.sim.phone().types(&maria, "Hi").await.expect("typed");
    maria.reacts(&typed, "👍").await.expect("reacted");
    maria.sends_placeholder().await.expect("sent");
    maria.stops_marketing().await.expect("stopped");
    assert!(!shop.sim.window_is_open(&maria));
    maria.sends_unsupported("poll").await.expect("sent");
    assert!(shop.sim.window_is_open(&maria));

    let noor = shop.sim.customer("Noor", "+1 555 014 2208");
    noor.calls_in_vain().await.expect("called");
    assert!(shop.sim.window_is_open(&noor));
}

#[tokio::test]
async fn an_old_message_that_comes_late_moves_nothing_back() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Now").await.expect("said");
    maria.ago(23 * HOUR).says("Then").await.expect("said");
    shop.clock.advance(23 * HOUR);
    assert!(shop.sim.window_is_open(&maria));

    let noor = shop.sim.customer("Noor", "+1 555 014 2208");
    noor.ago(25 * HOUR).says("Long ago").await.expect("said");
    assert!(!shop.sim.window_is_open(&noor));
}

#[tokio::test]
async fn the_window_belongs_to_one_number_and_one_customer() {
    let shop = Business::open_with(|builder| {
        let number = |id: &str, display: &str| ajar_simulator::Number::new(id, display, "Shop");
        builder
            .number(number("1001", "+1 555-078-3881"))
            .number(number("1002", "+1 555-078-3882"))
    })
    .await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria
        .writing_to("1002")
        .expect("known")
        .says("Hi")
        .await
        .expect("said");
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_047);
    let body = json!({
        "messaging_product": "whatsapp", "to": MARIA, "type": "text", "text": { "body": "Hello" },
    });
    assert_eq!(shop.post("v25.0/1002/messages", &body).await.0, 200);
}

#[tokio::test]
async fn an_answered_ad_makes_three_days_free_but_the_window_no_longer() {
    let shop = Business::open().await;
    let ad = Ad {
        headline: "Chat with us".to_owned(),
        body: "Winter service".to_owned(),
        in_status: false,
    };
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says_after_ad("How much?", ad).await.expect("said");
    shop.news().await;
    shop.accepted_text(MARIA, "$25").await;
    let sent = &shop.news().await[0];
    let status = &value(sent)["statuses"][0];
    assert_eq!(status["pricing"]["type"], "free_entry_point");
    assert_eq!(
        status["conversation"]["origin"]["type"],
        "referral_conversion"
    );
    let until = NOON.secs() + 72 * 60 * 60;
    assert_eq!(
        status["conversation"]["expiration_timestamp"],
        until.to_string()
    );
    shop.clock.advance(24 * HOUR);
    assert_eq!(code(&shop.text(MARIA, "Hello?").await.1), 131_047);
}
