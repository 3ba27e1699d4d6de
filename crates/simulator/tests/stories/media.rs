//! Files: up, down, and how long their addresses work.

use std::time::Duration;

use ajar_simulator::{Fault, MediaFile};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::business::{Business, HOUR, TOKEN, code, value};

const MARIA: &str = "+1 555 014 2207";

async fn upload(shop: &Business, mime_type: &str, bytes: Vec<u8>) -> (u16, Value) {
    let file = Part::bytes(bytes).file_name("file").mime_str(mime_type);
    let form = Form::new()
        .text("messaging_product", "whatsapp")
        .text("type", mime_type.to_owned())
        .part("file", file.expect("a mime type"));
    let path = format!("v25.0/{}/media", shop.sim.phone_number_id());
    shop.call(shop.http.post(shop.url(&path)).multipart(form))
        .await
}

#[tokio::test]
async fn what_a_customer_sends_can_be_fetched_for_five_minutes_with_the_token() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let picture = MediaFile::png(3);
    maria
        .sends_image(picture.clone(), "My bike")
        .await
        .expect("sent");
    let image = value(&shop.only_news().await)["messages"][0]["image"].clone();
    assert_eq!(image["mime_type"], "image/png");
    assert_eq!(image["caption"], "My bike");

    let fetch = async |url: &str, token: &str| {
        let answer = shop.http.get(url).bearer_auth(token).send().await;
        let answer = answer.expect("an answer");
        (
            answer.status().as_u16(),
            answer.bytes().await.expect("bytes"),
        )
    };
    let direct = image["url"].as_str().expect("an address");
    assert_eq!(fetch(direct, TOKEN).await, (200, picture.bytes.clone()));
    assert_eq!(fetch(direct, "other").await.0, 401);

    shop.clock.advance(Duration::from_secs(300));
    assert_eq!(fetch(direct, TOKEN).await.0, 404);
    let path = format!("v25.0/{}", image["id"].as_str().expect("an id"));
    let (_, looked_up) = shop.get(&path).await;
    assert_eq!(looked_up["file_size"], picture.bytes.len().to_string());
    let again = looked_up["url"].as_str().expect("an address");
    assert_eq!(fetch(again, TOKEN).await, (200, picture.bytes));

    shop.clock.advance(7 * 24 * HOUR);
    assert_eq!(code(&shop.get(&path).await.1), 100);
}

#[tokio::test]
async fn an_upload_can_be_sent_and_deleted() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    let (status, answer) = upload(&shop, "image/jpeg", vec![0xff; 1000]).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["id"].as_str().expect("an id");
    let image = json!({ "type": "image", "image": { "id": id, "caption": "Blue" } });
    assert_eq!(shop.send(MARIA, image.clone()).await.0, 200);
    assert_eq!(maria.inbox()[0].text, "Blue");
    let (_, gone) = shop.delete(&format!("v25.0/{id}"), &json!({})).await;
    assert_eq!(gone, json!({ "success": true }));
    assert_eq!(code(&shop.send(MARIA, image).await.1), 100);
}

#[tokio::test]
async fn uploads_of_the_wrong_kind_or_size_are_refused() {
    let shop = Business::open().await;
    assert_eq!(code(&upload(&shop, "image/gif", vec![1; 10]).await.1), 100);
    let large = vec![1; 5 * 1024 * 1024 + 1];
    assert_eq!(code(&upload(&shop, "image/png", large).await.1), 131_053);
}

#[tokio::test]
async fn a_file_that_does_not_fit_its_kind_is_taken_and_fails() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    shop.news().await;
    let (_, answer) = upload(&shop, "audio/mpeg", vec![1; 10]).await;
    let id = answer["id"].as_str().expect("an id");
    for (kind, voice) in [("image", json!(null)), ("audio", json!(true))] {
        let media = json!({ "id": id, "voice": voice });
        let (status, _) = shop.send(MARIA, json!({ "type": kind, kind: media })).await;
        assert_eq!(status, 200);
        let failed = shop.only_news().await;
        assert_eq!(value(&failed)["statuses"][0]["errors"][0]["code"], 131_053);
    }
    let plain = json!({ "type": "audio", "audio": { "id": id } });
    shop.send(MARIA, plain).await;
    assert_eq!(maria.inbox().len(), 1);
}

#[tokio::test]
async fn an_upload_may_be_refused_lost_or_slow() {
    let shop = Business::open().await;
    let form = || {
        let path = format!("v25.0/{}/media", shop.sim.phone_number_id());
        let file = Part::bytes(vec![0xff; 1000]).file_name("a.jpg");
        let file = file.mime_str("image/jpeg").expect("a mime type");
        let form = Form::new().text("messaging_product", "whatsapp");
        let request = shop.http.post(shop.url(&path)).bearer_auth(TOKEN);
        request.multipart(form.part("file", file))
    };
    shop.sim.fail_uploads(1, Fault::Error { code: 131_053 });
    let refused = upload(&shop, "image/jpeg", vec![0xff; 10]).await;
    assert_eq!((refused.0, code(&refused.1)), (400, 131_053));
    for fault in [Fault::DropRequest, Fault::SwallowAnswer] {
        shop.sim.fail_uploads(1, fault);
        form().send().await.expect_err("no answer comes");
    }
    // A fault of an upload is none of a send.
    shop.sim.fail_sends(1, Fault::Error { code: 131_016 });
    shop.sim.fail_uploads(1, Fault::Delay { ms: 20 });
    let (status, answer) = upload(&shop, "image/jpeg", vec![0xff; 10]).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(code(&shop.text(MARIA, "Hello").await.1), 131_016);
}

#[tokio::test]
async fn the_file_in_a_templates_header_is_looked_at() {
    let shop = Business::open().await;
    shop.sim.customer("Maria", MARIA);
    let template = |id: &str| {
        let named = |name: &str| json!({ "type": "text", "parameter_name": name, "text": "x" });
        json!({
            "name": "hold_reminder", "language": { "code": "en" },
            "components": [
                { "type": "header", "parameters": [{ "type": "image", "image": { "id": id } }] },
                { "type": "body", "parameters": [named("name"), named("item"), named("until")] },
                { "type": "button", "sub_type": "url", "index": "1",
                  "parameters": [{ "type": "text", "text": "x" }] },
            ],
        })
    };
    assert_eq!(code(&shop.template(MARIA, template("123")).await.1), 100);
    let (_, uploaded) = upload(&shop, "application/pdf", vec![1; 10]).await;
    let id = uploaded["id"].as_str().expect("an id");
    assert_eq!(shop.template(MARIA, template(id)).await.0, 200);
    let failed = shop.only_news().await;
    assert_eq!(value(&failed)["statuses"][0]["errors"][0]["code"], 131_053);
    let (_, uploaded) = upload(&shop, "image/png", vec![1; 10]).await;
    let id = uploaded["id"].as_str().expect("an id");
    assert_eq!(shop.template(MARIA, template(id)).await.0, 200);
    let told = shop.statuses().await;
    assert_eq!(told.last().expect("told").1, "delivered");
}

#[tokio::test]
async fn a_reaction_to_what_is_a_month_old_fails() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let old = maria.says("Hi").await.expect("said");
    shop.clock.advance(30 * 24 * HOUR + HOUR);
    let new = maria.says("Hi again").await.expect("said");
    shop.news().await;
    for (message, failed) in [(old, true), (new, false)] {
        let reaction = json!({ "message_id": message, "emoji": "👍" });
        let (status, answer) = shop
            .send(MARIA, json!({ "type": "reaction", "reaction": reaction }))
            .await;
        assert_eq!(status, 200, "{answer}");
        let told = value(&shop.only_news().await)["statuses"][0].clone();
        let errors = told.get("errors").map(|errors| errors[0]["code"].clone());
        assert_eq!(errors, failed.then(|| json!(131_009)));
    }
}

#[tokio::test]
async fn a_reaction_to_nothing_fails() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hi").await.expect("said");
    shop.news().await;
    let reaction = json!({ "message_id": "wamid.unknown", "emoji": "👍" });
    shop.send(MARIA, json!({ "type": "reaction", "reaction": reaction }))
        .await;
    let failed = shop.only_news().await;
    assert_eq!(value(&failed)["statuses"][0]["errors"][0]["code"], 131_009);
}
