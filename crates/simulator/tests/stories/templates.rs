//! Templates: listed page by page, checked parameter by parameter, rendered for the customer.

use serde_json::{Value, json};

use crate::business::{Business, code, field, value};

const ODETTE: &str = "+1 555 011 8830";

fn text(word: &str) -> Value {
    json!({ "type": "text", "text": word })
}

fn named(name: &str, word: &str) -> Value {
    json!({ "type": "text", "parameter_name": name, "text": word })
}

fn hold_reminder() -> Value {
    json!({
        "name": "hold_reminder",
        "language": { "code": "en" },
        "components": [
            { "type": "header", "parameters": [
                { "type": "image", "image": { "link": "https://a.example/sand-56.jpg" } },
            ]},
            { "type": "body", "parameters": [
                named("name", "Odette"),
                named("item", "sand Tourer, size 56"),
                named("until", "18:00 today"),
            ]},
            { "type": "button", "sub_type": "url", "index": "1", "parameters": [
                text("frames/sand-56"),
            ]},
        ],
    })
}

#[tokio::test]
async fn a_template_reaches_a_customer_who_never_wrote_and_can_be_answered() {
    let shop = Business::open().await;
    let odette = shop.sim.customer("Odette Crane", ODETTE);
    let (status, answer) = shop.template(ODETTE, hold_reminder()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["messages"][0]["message_status"], "accepted");
    let seen = odette.templates().remove(0);
    assert_eq!(
        seen.body,
        "Hi Odette, your sand Tourer, size 56 is on hold until 18:00 today. Shall we keep it \
         longer?"
    );
    assert_eq!(seen.footer.as_deref(), Some("Quill & Spoke workshop"));
    assert_eq!(
        seen.buttons[1].value.as_deref(),
        Some("https://quillandspoke.example/frames/sand-56")
    );
    let sent = &shop.news().await[0];
    let pricing = &value(sent)["statuses"][0]["pricing"];
    assert_eq!(
        (&pricing["category"], &pricing["type"]),
        (&json!("utility"), &json!("regular"))
    );

    assert!(!shop.sim.window_is_open(&odette));
    let id = answer["messages"][0]["id"].as_str().expect("accepted");
    odette
        .taps(id, "Keep holding")
        .await
        .expect("there is such a button");
    assert!(shop.sim.window_is_open(&odette));
    let tapped = value(&shop.only_news().await)["messages"][0].clone();
    assert_eq!(
        tapped["button"],
        json!({ "payload": "Keep holding", "text": "Keep holding" })
    );
    assert_eq!(tapped["context"]["id"], id);
}

#[tokio::test]
async fn what_does_not_fit_a_template_is_refused() {
    let shop = Business::open().await;
    let with = |change: fn(&mut Value)| {
        let mut template = hold_reminder();
        change(&mut template);
        template
    };
    let plain = |name: &str| json!({ "name": name, "language": { "code": "en" } });
    let cases = [
        ("unknown", plain("no_such_template"), 132_001),
        (
            "language",
            with(|t| t["language"]["code"] = json!("fr")),
            132_001,
        ),
        ("pending", plain("repair_survey"), 132_001),
        ("rejected", plain("bike_club"), 132_001),
        ("paused", plain("spring_sale"), 132_015),
        ("disabled", plain("old_newsletter"), 132_016),
        (
            "no header",
            with(|t| t["components"][0] = json!({ "type": "footer" })),
            132_012,
        ),
        (
            "video for image",
            with(|t| {
                let video = json!({ "type": "video", "video": { "id": "1" } });
                t["components"][0]["parameters"][0] = video;
            }),
            132_012,
        ),
        (
            "one too few",
            with(|t| t["components"][1]["parameters"] = json!([named("name", "Odette")])),
            132_000,
        ),
        (
            "wrong name",
            with(|t| t["components"][1]["parameters"][0]["parameter_name"] = json!("nome")),
            132_000,
        ),
        (
            "unnamed",
            with(|t| t["components"][1]["parameters"][0] = text("Odette")),
            132_000,
        ),
        (
            "line break",
            with(|t| t["components"][1]["parameters"][0]["text"] = json!("O\ndette")),
            132_018,
        ),
        (
            "empty",
            with(|t| t["components"][1]["parameters"][0]["text"] = json!("")),
            131_008,
        ),
        (
            "no ending",
            with(|t| drop(t["components"].as_array_mut().map(|c| c.remove(2)))),
            131_008,
        ),
        (
            "index out of range",
            with(|t| t["components"][2]["index"] = json!("7")),
            132_018,
        ),
        (
            "wrong button",
            with(|t| t["components"][2]["sub_type"] = json!("quick_reply")),
            132_012,
        ),
        ("nameless", json!({ "language": { "code": "en" } }), 131_008),
    ];
    for (what, template, expected) in cases {
        let (_, answer) = shop.template(ODETTE, template).await;
        assert_eq!(code(&answer), expected, "{what}: {answer}");
    }
}

#[tokio::test]
async fn every_approved_template_of_the_workshop_can_be_sent() {
    let shop = Business::open().await;
    let odette = shop.sim.customer("Odette Crane", ODETTE);
    let mut sent = 0;
    for template in shop.sim.templates() {
        if template["status"] != "APPROVED" {
            continue;
        }
        let send = filled(&template);
        let (status, answer) = shop.template(ODETTE, send).await;
        assert_eq!(status, 200, "{}: {answer}", template["name"]);
        sent += 1;
    }
    let seen = odette.templates();
    assert_eq!(seen.len(), sent);
    assert!(sent >= 17, "{sent}");
    for template in &seen {
        assert!(!template.text().contains("{{"), "{template:?}");
    }
    let gallery = seen.iter().find(|t| t.name == "frame_gallery");
    let cards = &gallery.expect("sent").cards;
    assert_eq!(cards[2].body.as_deref(), Some("word, size word"));
}

/// A send with something for every blank.
fn filled(template: &Value) -> Value {
    let named = template["parameter_format"] == "NAMED";
    let mut components = fill(&template["components"], named);
    if template["name"] == "weekend_offer" {
        let offer = json!({ "expiration_time_ms": 1_795_348_800_000_i64 });
        let parameter = json!({ "type": "limited_time_offer", "limited_time_offer": offer });
        components.push(json!({ "type": "limited_time_offer", "parameters": [parameter] }));
    }
    json!({
        "name": template["name"],
        "language": { "code": template["language"] },
        "components": components,
    })
}

fn fill(defined: &Value, named: bool) -> Vec<Value> {
    let mut components = Vec::new();
    for component in defined.as_array().expect("components") {
        let words = |text: &Value| -> Vec<Value> {
            let text = text.as_str().unwrap_or_default();
            let names = text
                .split("{{")
                .skip(1)
                .filter_map(|rest| rest.split("}}").next());
            let fill = |name: &str| match named {
                true => crate::templates::named(name, "word"),
                false => crate::templates::text("word"),
            };
            names.map(fill).collect()
        };
        match component["type"].as_str().expect("type") {
            "HEADER" => {
                let format = component["format"].as_str().expect("format").to_lowercase();
                let content = match format.as_str() {
                    "location" => json!({ "latitude": "40.7", "longitude": "-74.0" }),
                    _ => json!({ "link": "https://a.example/file" }),
                };
                let parameters = match format.as_str() {
                    "text" => words(&component["text"]),
                    _ => vec![json!({ "type": format, format.as_str(): content })],
                };
                components.push(json!({ "type": "header", "parameters": parameters }));
            }
            "BODY" => {
                let parameters = words(&component["text"]);
                components.push(json!({ "type": "body", "parameters": parameters }));
            }
            "BUTTONS" => {
                for (index, button) in component["buttons"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .enumerate()
                {
                    let url = button["url"].as_str().unwrap_or_default();
                    let (sub_type, parameter) = match button["type"].as_str() {
                        Some("URL") if url.contains("{{") => ("url", text("word")),
                        Some("COPY_CODE") => (
                            "copy_code",
                            json!({ "type": "coupon_code", "coupon_code": "WORD" }),
                        ),
                        Some("QUICK_REPLY") => (
                            "quick_reply",
                            json!({ "type": "payload", "payload": "word" }),
                        ),
                        _ => continue,
                    };
                    components.push(json!({
                        "type": "button", "sub_type": sub_type, "index": index,
                        "parameters": [parameter],
                    }));
                }
            }
            "CAROUSEL" => {
                let cards: Vec<Value> = component["cards"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .enumerate()
                    .map(|(index, card)| {
                        let components = fill(&card["components"], named);
                        json!({ "card_index": index, "components": components })
                    })
                    .collect();
                components.push(json!({ "type": "carousel", "cards": cards }));
            }
            _ => {}
        }
    }
    components
}

#[tokio::test]
async fn the_workshop_shows_every_kind_of_component_category_and_status() {
    let shop = Business::open().await;
    let all = Value::Array(shop.sim.templates()).to_string();
    for needed in [
        r#""format":"TEXT""#,
        r#""format":"IMAGE""#,
        r#""format":"VIDEO""#,
        r#""format":"DOCUMENT""#,
        r#""format":"LOCATION""#,
        r#""type":"BODY""#,
        r#""type":"FOOTER""#,
        r#""type":"QUICK_REPLY""#,
        r#""type":"URL""#,
        r#""type":"PHONE_NUMBER""#,
        r#""type":"COPY_CODE""#,
        r#""type":"FLOW""#,
        r#""type":"CAROUSEL""#,
        r#""type":"LIMITED_TIME_OFFER""#,
        r#""otp_type"#,
        r#""NAMED""#,
        r#""POSITIONAL""#,
        r#""MARKETING""#,
        r#""UTILITY""#,
        r#""AUTHENTICATION""#,
        r#""APPROVED""#,
        r#""PAUSED""#,
        r#""REJECTED""#,
        r#""DISABLED""#,
        r#""PENDING""#,
    ] {
        let needed = needed.replace("\"otp_type", "otp_type");
        assert!(all.contains(&needed), "{needed} is missing");
    }
}

#[tokio::test]
async fn the_list_comes_page_by_page_and_each_template_once() {
    let shop = Business::open().await;
    let all = shop.sim.templates();
    let mut path = format!("v25.0/{}/message_templates?limit=5", shop.sim.waba_id());
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let (status, page) = shop.get(&path).await;
        assert_eq!(status, 200, "{page}");
        pages += 1;
        for template in page["data"].as_array().expect("data") {
            names.push((template["name"].clone(), template["language"].clone()));
            assert!(template.get("quality_score").is_none(), "only if asked for");
        }
        match page["paging"]["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, all.len().div_ceil(5));
    let expected: Vec<_> = all
        .iter()
        .map(|t| (t["name"].clone(), t["language"].clone()))
        .collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_list_can_be_narrowed() {
    let shop = Business::open().await;
    let path = |query: &str| format!("v25.0/{}/message_templates?{query}", shop.sim.waba_id());
    let (_, page) = shop.get(&path("fields=name,status&status=PAUSED")).await;
    let spring = &page["data"][0];
    assert_eq!(page["data"].as_array().map(Vec::len), Some(1));
    let mut keys: Vec<_> = spring.as_object().expect("object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["id", "name", "status"]);
    let (_, page) = shop.get(&path("name=no_such")).await;
    assert_eq!(page, json!({ "data": [] }));
    let (_, page) = shop
        .get(&path("name=appointment_reminder&language=de"))
        .await;
    assert_eq!(page["data"][0]["language"], "de");
    assert_eq!(code(&shop.get(&path("after=nonsense")).await.1), 100);
    assert_eq!(code(&shop.get("v25.0/999/message_templates").await.1), 100);
}

#[tokio::test]
async fn a_change_of_status_is_told_and_counts_at_once() {
    let shop = Business::open().await;
    shop.sim
        .set_template_status("hold_reminder", "en", "PAUSED")
        .expect("known");
    let news = shop.only_news().await;
    assert_eq!(field(&news), "message_template_status_update");
    assert_eq!(value(&news)["event"], "PAUSED");
    let (_, answer) = shop.template(ODETTE, hold_reminder()).await;
    assert_eq!(code(&answer), 132_015);
}

#[tokio::test]
async fn who_stopped_marketing_gets_none() {
    let shop = Business::open().await;
    let odette = shop.sim.customer("Odette Crane", ODETTE);
    odette.stops_marketing().await.expect("stopped");
    assert_eq!(
        value(&shop.only_news().await)["user_preferences"][0]["value"],
        "stop"
    );
    let marketing = json!({ "name": "how_was_it", "language": { "code": "en" } });
    shop.template(ODETTE, marketing.clone()).await;
    let failed = shop.only_news().await;
    assert_eq!(value(&failed)["statuses"][0]["errors"][0]["code"], 131_050);
    odette.resumes_marketing().await.expect("resumed");
    shop.template(ODETTE, marketing).await;
    assert_eq!(odette.templates().len(), 1);
}

#[tokio::test]
async fn codes_cannot_go_to_a_user_id() {
    let shop = Business::open().await;
    let chioma = shop.sim.customer_with_username("Chioma", "chioma_ex");
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient": chioma.user_id(),
        "type": "template",
        "template": {
            "name": "collect_code",
            "language": { "code": "en" },
            "components": [
                { "type": "body", "parameters": [text("481216")] },
                { "type": "button", "sub_type": "url", "index": "0",
                  "parameters": [text("481216")] },
            ],
        },
    });
    let (_, answer) = shop.post(&shop.messages(), &body).await;
    assert_eq!(code(&answer), 131_062);
}
