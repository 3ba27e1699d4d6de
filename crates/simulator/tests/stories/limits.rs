//! How fast a business may write, to one customer and to all.

use std::time::Duration;

use serde_json::json;

use crate::business::{Business, code};

const MARIA: &str = "+1 555 014 2207";
const NOOR: &str = "+1 555 014 2208";

#[tokio::test]
async fn a_burst_to_one_customer_must_be_paid_back() {
    let shop = Business::open().await;
    shop.sim.configure(|settings| settings.pair_limit = true);
    for number in [MARIA, NOOR] {
        let customer = shop.sim.customer("Somebody", number);
        customer.says("Hi").await.expect("said");
    }
    let mut taken = 0;
    while code(&shop.text(MARIA, "Hello").await.1) == 0 {
        taken += 1;
    }
    assert_eq!(taken, 45);
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_056);
    assert_eq!(shop.text(NOOR, "Hello").await.0, 200, "others do not wait");

    // What was refused was not counted: one in six seconds is there again.
    shop.clock.advance(Duration::from_secs(5));
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_056);
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(shop.text(MARIA, "Hello").await.0, 200);
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_056);
    shop.clock.advance(Duration::from_secs(45 * 6));
    for _ in 0..45 {
        assert_eq!(shop.text(MARIA, "Hello").await.0, 200);
    }
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_056);
}

#[tokio::test]
async fn what_customers_write_takes_room_from_what_the_business_sends() {
    let shop = Business::open().await;
    shop.sim.configure(|settings| {
        settings.sends_per_second = Some(3);
        settings.inbound_counts = true;
    });
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    maria.says("Are you there?").await.expect("said");
    // What was written long ago and comes in late is not the traffic of this second.
    maria
        .ago(Duration::from_secs(60))
        .says("Well?")
        .await
        .expect("said");
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(code(&shop.text(MARIA, "Hello").await.1));
    }
    shop.clock.advance(Duration::from_secs(1));
    for _ in 0..4 {
        seen.push(code(&shop.text(MARIA, "Hello").await.1));
    }
    assert_eq!(seen, [0, 130_429, 0, 0, 0, 130_429]);
}

#[tokio::test]
async fn both_limits_wait_to_be_asked_for() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    for _ in 0..30 {
        maria.says("Hi").await.expect("said");
    }
    for _ in 0..60 {
        let body = json!({ "type": "text", "text": { "body": "Hello" } });
        assert_eq!(shop.send(MARIA, body).await.0, 200);
    }
}
