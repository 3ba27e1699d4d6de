//! What the platform says has the shape of our examples of what Meta says: the same set of paths
//! with the same types, kind by kind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ajar_simulator::meta_openapi::check_webhook;
use ajar_simulator::{
    AccountState, Ad, Direction, MediaFile, OldMessage, Refusal, Settings, Status, StatusPolicy,
};
use serde_json::{Value, json};

use crate::business::{Business, HOUR, NOON};

const MARIA: &str = "+1 555 014 2207";

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/meta/webhooks")
        .join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    serde_json::from_str(&text).expect("json")
}

/// Every path with the type that stands there; the items of a list count as one.
fn paths(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, at: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    walk(value, &format!("{at}/{key}"), found);
                }
            }
            Value::Array(items) => {
                for item in items {
                    walk(item, &format!("{at}[]"), found);
                }
            }
            Value::String(_) => drop(found.insert(format!("{at}: string"))),
            Value::Number(_) => drop(found.insert(format!("{at}: number"))),
            Value::Bool(_) => drop(found.insert(format!("{at}: bool"))),
            Value::Null => drop(found.insert(format!("{at}: null"))),
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}

/// Compares; `optional` names parts of paths that may be on one side only.
#[track_caller]
fn same_shape(ours: &Value, name: &str, optional: &[&str]) {
    let (ours_paths, theirs) = (paths(ours), paths(&fixture(name)));
    let differs: Vec<_> = ours_paths
        .symmetric_difference(&theirs)
        .filter(|path| !optional.iter().any(|part| path.contains(part)))
        .collect();
    assert!(differs.is_empty(), "{name}: {differs:#?}\n{ours:#}");
    check_webhook(ours).expect_fit(name);
}

#[tokio::test]
async fn messages_of_customers() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let check = async |name: &str, optional: &[&str]| {
        same_shape(
            &shop.only_news().await,
            &format!("messages/{name}"),
            optional,
        );
    };
    let hello = maria.says("Hello").await.expect("said");
    check("text", &[]).await;
    let answer = shop.accepted_text(MARIA, "Hi").await;
    shop.news().await;

    maria.replies(answer.as_str(), "Yes").await.expect("said");
    check("text_reply_context", &[]).await;
    maria.forwards("Look", false).await.expect("said");
    check("text_forwarded", &[]).await;
    maria.forwards("Look", true).await.expect("said");
    check("text_frequently_forwarded", &[]).await;
    maria
        .asks_about_product("This?", "1", "sku")
        .await
        .expect("said");
    check("text_referred_product", &[]).await;
    for (in_status, name) in [
        (false, "text_ctwa_referral"),
        (true, "text_ctwa_referral_status_placement"),
    ] {
        let (headline, body) = ("Chat".to_owned(), "Pots".to_owned());
        let ad = Ad {
            headline,
            body,
            in_status,
        };
        maria.says_after_ad("How much?", ad).await.expect("said");
        check(name, &[]).await;
    }

    let image = maria
        .sends_image(MediaFile::picture(1), "Look")
        .await
        .expect("sent");
    check("image", &[]).await;
    maria
        .sends_video(MediaFile::new("video/mp4", vec![0]), "Look")
        .await
        .expect("sent");
    check("video", &[]).await;
    maria
        .sends_audio(MediaFile::new("audio/mpeg", vec![0]), false)
        .await
        .expect("sent");
    check("audio_file", &[]).await;
    maria.sends_voice_note(3).await.expect("sent");
    check("voice_note", &[]).await;
    maria
        .sends_document(MediaFile::pdf("form.pdf", "Form"), "Signed")
        .await
        .expect("sent");
    check("document", &[]).await;
    maria
        .sends_sticker(MediaFile::sticker(1), false)
        .await
        .expect("sent");
    check("sticker_static", &[]).await;
    maria.sends_location(40.7, -74.0, None).await.expect("sent");
    check("location_pin", &[]).await;
    let cafe = Some(("Sample Cafe", "1 Sample Street"));
    maria.sends_location(40.7, -74.0, cafe).await.expect("sent");
    check("location_place", &["/location/url"]).await;
    maria
        .sends_contact("Dana Mock", "+1 555-010-0009")
        .await
        .expect("sent");
    check("contacts_shared", &["/org/company"]).await;
    maria
        .orders("Gift-wrap", &[("sku", 2, 25.5, "USD")])
        .await
        .expect("sent");
    check("order", &[]).await;

    maria.reacts(answer.as_str(), "👍").await.expect("reacted");
    check("reaction", &[]).await;
    maria.unreacts(answer.as_str()).await.expect("unreacted");
    check("reaction_removed_no_emoji", &[]).await;
    maria.edits(&hello, "Hello!").await.expect("edited");
    check("edit_text", &[]).await;
    maria.edits(&image, "Look here").await.expect("edited");
    check("edit_image_caption", &[]).await;
    maria.revokes(&hello).await.expect("revoked");
    check("revoke", &[]).await;
    maria.sends_unsupported("poll").await.expect("sent");
    check("unsupported_poll", &[]).await;
    maria.sends_unsupported(None).await.expect("sent");
    check("unsupported_no_detail", &[]).await;
    maria.sends_placeholder().await.expect("sent");
    check("unsupported_131060_coexistence", &[]).await;

    let news = {
        maria
            .changes_number("+1 555 014 9999")
            .await
            .expect("moved");
        shop.news().await
    };
    same_shape(&news[0], "messages/system_user_changed_number", &[]);
    same_shape(&news[1], "contacts/user_id_update", &[]);
}

#[tokio::test]
async fn answers_to_interactive_messages() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.says("Hello").await.expect("said");
    let send = async |interactive: Value| {
        let message = json!({ "type": "interactive", "interactive": interactive });
        let (status, answer) = shop.send(MARIA, message).await;
        assert_eq!(status, 200, "{answer}");
        shop.news().await;
        crate::business::wamid(&answer)
    };
    let reply = json!({ "type": "reply", "reply": { "id": "yes", "title": "Yes" } });
    let buttons = send(json!({
        "type": "button", "body": { "text": "Tomorrow?" }, "action": { "buttons": [reply] },
    }))
    .await;
    maria.taps(buttons.as_str(), "Yes").await.expect("tapped");
    same_shape(
        &shop.only_news().await,
        "messages/interactive_button_reply",
        &[],
    );
    assert!(maria.taps(buttons.as_str(), "No").await.is_err());

    let row = json!({ "id": "9", "title": "09:00", "description": "Morning" });
    let list = send(json!({
        "type": "list", "body": { "text": "When?" },
        "action": { "button": "Slots", "sections": [{ "title": "Morning", "rows": [row] }] },
    }))
    .await;
    maria.picks(list.as_str(), "09:00").await.expect("picked");
    same_shape(
        &shop.only_news().await,
        "messages/interactive_list_reply",
        &[],
    );
    let answers = json!({ "rating": "5" });
    maria
        .completes_flow(list.as_str(), &answers)
        .await
        .expect("done");
    same_shape(
        &shop.only_news().await,
        "messages/interactive_nfm_reply_flow",
        &[],
    );

    let template = json!({ "name": "how_was_it", "language": { "code": "en" } });
    let (_, answer) = shop.template(MARIA, template).await;
    shop.news().await;
    let id = crate::business::wamid(&answer);
    maria.taps(id.as_str(), "Great").await.expect("tapped");
    same_shape(
        &shop.only_news().await,
        "messages/button_template_quick_reply",
        &[],
    );
}

#[tokio::test]
async fn customers_who_hide_their_number_and_bodies_as_they_used_to_be() {
    let shop = Business::open().await;
    let chioma = shop.sim.customer_with_username("Chioma", "chioma_ex");
    chioma.says("Hi").await.expect("said");
    same_shape(
        &shop.only_news().await,
        "messages/text_bsuid_only_username",
        &[],
    );
    chioma
        .shares_own_number("+1 555-010-0003")
        .await
        .expect("shared");
    same_shape(
        &shop.only_news().await,
        "messages/contacts_request_contact_info",
        &[],
    );
    shop.sim
        .phone()
        .types(&chioma, "Hi Chioma")
        .await
        .expect("typed");
    same_shape(&shop.only_news().await, "echoes/text_bsuid_only", &[]);
    let body = json!({
        "messaging_product": "whatsapp", "recipient": chioma.user_id(),
        "type": "text", "text": { "body": "Hello" },
    });
    shop.post(&shop.messages(), &body).await;
    let delivered = &shop.news().await[1];
    let optional = ["/pricing/", "/profile/username"];
    same_shape(delivered, "statuses/delivered_bsuid_only", &optional);
    shop.sim
        .phone()
        .saves_contact(&chioma, "Chioma Example")
        .await
        .expect("saved");
    same_shape(&shop.only_news().await, "contacts/bsuid_only", &[]);

    let maria = shop.sim.customer("Maria", MARIA);
    maria.adopts_username("maria.b").expect("known");
    maria.shows_number().expect("known");
    maria
        .is_enrolled_as("US.ENT.90000000000000000011")
        .expect("known");
    maria.says("Hi").await.expect("said");
    same_shape(&shop.only_news().await, "messages/text_parent_bsuid", &[]);

    shop.sim.configure(|settings| {
        settings.user_ids = false;
        settings.media_urls = false;
    });
    let ben = shop.sim.customer("Ben", "+1 555 010 0002");
    ben.says("Hi").await.expect("said");
    same_shape(
        &shop.only_news().await,
        "messages/text_phone_only_legacy",
        &[],
    );
    shop.sim.phone().types(&ben, "Hi").await.expect("typed");
    same_shape(&shop.only_news().await, "echoes/text_legacy_no_bsuid", &[]);
    shop.sim
        .phone()
        .saves_contact(&ben, "Ben Sample")
        .await
        .expect("saved");
    same_shape(&shop.only_news().await, "contacts/add_legacy", &[]);
    shop.sim
        .phone()
        .removes_contact(&ben)
        .await
        .expect("removed");
    same_shape(&shop.only_news().await, "contacts/remove", &[]);
}

#[tokio::test]
async fn what_the_phone_does() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    let hello = maria.says("Hello").await.expect("said");
    shop.news().await;
    let phone = shop.sim.phone();
    let check = async |name: &str, optional: &[&str]| {
        same_shape(&shop.only_news().await, &format!("echoes/{name}"), optional);
    };
    let typed = phone.types(&maria, "We close at six").await.expect("typed");
    check("text", &[]).await;
    let image = phone
        .sends_image(&maria, MediaFile::picture(1), "Hours")
        .await
        .expect("sent");
    check("image", &[]).await;
    for (kind, name, file, optional) in [
        (
            "video",
            "video",
            MediaFile::new("video/mp4", vec![0]),
            &[][..],
        ),
        ("document", "document", MediaFile::pdf("a.pdf", "A"), &[]),
        (
            "audio",
            "voice_note",
            MediaFile::voice_note(2),
            &["/audio/url"],
        ),
        (
            "sticker",
            "sticker",
            MediaFile::sticker(1),
            &["/sticker/url"],
        ),
    ] {
        phone
            .sends_media(&maria, kind, file, None)
            .await
            .expect("sent");
        check(name, optional).await;
    }
    let pin = json!({ "latitude": 40.7, "longitude": -74.0, "name": "Our shop" });
    phone
        .sends(&maria, json!({ "type": "location", "location": pin }))
        .await
        .expect("sent");
    check("location", &[]).await;
    phone.reacts(&hello, "❤️").await.expect("reacted");
    check("reaction", &[]).await;
    phone
        .edits(&typed, "We close at seven")
        .await
        .expect("edited");
    check("edit_text", &[]).await;
    phone.edits(&image, "New hours").await.expect("edited");
    check("edit_image_caption", &[]).await;
    phone.revokes(&typed).await.expect("revoked");
    check("revoke", &[]).await;
    let chat = phone.chat(&maria);
    assert_eq!(chat[0], (Direction::FromCustomer, "Hello".to_owned()));
}

#[tokio::test]
async fn statuses() {
    let settings = Settings {
        statuses: StatusPolicy::Manual,
        ..Settings::default()
    };
    let shop = Business::open_with(|builder| builder.settings(settings)).await;
    let maria = shop.sim.customer("Maria", MARIA);
    let ad = Ad {
        headline: String::new(),
        body: String::new(),
        in_status: false,
    };
    maria.says_after_ad("Hello", ad).await.expect("said");
    let id = shop.accepted_text(MARIA, "Hi").await;
    shop.news().await;
    let tell = async |id: &str, status: Status, name: &str, optional: &[&str]| {
        shop.sim.status(id, status).expect("known");
        same_shape(
            &shop.only_news().await,
            &format!("statuses/{name}"),
            optional,
        );
    };
    tell(&id, Status::Sent, "sent_free_entry_point", &[]).await;

    let noor = shop.sim.customer("Noor", "+1 555 014 2208");
    let message_id = noor.says("Hello").await.expect("said");
    let id = shop.accepted_text("+1 555 014 2208", "Hi").await;
    shop.news().await;
    tell(&id, Status::Sent, "sent_service_free_customer_service", &[]).await;
    tell(&id, Status::Delivered, "delivered_with_pricing", &[]).await;
    tell(&id, Status::Delivered, "delivered", &[]).await;
    tell(&id, Status::Read, "read", &[]).await;
    tell(&id, Status::Played, "played_voice", &[]).await;
    shop.sim.fail(id.as_str(), 131_047).expect("known");
    same_shape(
        &shop.only_news().await,
        "statuses/failed_131047_window_closed",
        &[],
    );

    let template = json!({ "name": "hello_world", "language": { "code": "en_US" } });
    let (_, answer) = shop.template(MARIA, template).await;
    let id = crate::business::wamid(&answer);
    let optional = ["/conversation/"];
    tell(
        &id,
        Status::Sent,
        "sent_utility_template_in_window",
        &optional,
    )
    .await;
    let message = json!({
        "type": "text", "text": { "body": "Hi" }, "biz_opaque_callback_data": "local-1",
    });
    let (_, answer) = shop.send("+1 555 014 2208", message).await;
    let id = crate::business::wamid(&answer);
    let optional = ["/pricing/"];
    tell(
        &id,
        Status::Delivered,
        "delivered_with_callback_data",
        &optional,
    )
    .await;
    let reaction = json!({ "message_id": message_id, "emoji": "👍" });
    let reaction = json!({ "type": "reaction", "reaction": reaction });
    let (_, answer) = shop.send("+1 555 014 2208", reaction).await;
    let id = crate::business::wamid(&answer);
    tell(&id, Status::Sent, "reaction_sent_only", &[]).await;

    shop.sim.configure(|settings| {
        settings.user_ids = false;
        settings.outside_window = Refusal::Never;
    });
    let id = shop.accepted_text("+1 555 014 2209", "Hi").await;
    tell(
        &id,
        Status::Delivered,
        "delivered_legacy_no_contacts",
        &["/pricing/"],
    )
    .await;
}

#[tokio::test]
async fn calls_preferences_templates_and_the_account() {
    let shop = Business::open().await;
    let maria = shop.sim.customer("Maria", MARIA);
    maria.calls_in_vain().await.expect("called");
    let news = shop.news().await;
    same_shape(&news[0], "calls/user_initiated_connect", &[]);
    same_shape(&news[1], "calls/user_initiated_terminate_missed", &[]);
    maria.calls(Duration::from_secs(110)).await.expect("called");
    let news = shop.news().await;
    let optional = ["biz_opaque_callback_data"];
    same_shape(
        &news[1],
        "calls/user_initiated_terminate_completed",
        &optional,
    );
    maria.stops_marketing().await.expect("stopped");
    same_shape(
        &shop.only_news().await,
        "contacts/user_preferences_stop",
        &[],
    );

    for (status, name) in [
        ("PAUSED", "status_paused"),
        ("APPROVED", "status_approved"),
        ("DISABLED", "status_disabled"),
        ("REJECTED", "status_rejected"),
        ("FLAGGED", "status_flagged"),
        ("REINSTATED", "status_reinstated"),
    ] {
        shop.sim
            .set_template_status("how_was_it", "en", status)
            .expect("known");
        same_shape(&shop.only_news().await, &format!("templates/{name}"), &[]);
    }
    for (state, name) in [
        (AccountState::Offboarded, "account_offboarded"),
        (AccountState::Connected, "account_reconnected"),
        (
            AccountState::PartnerRemoved,
            "partner_removed_disconnection_portfolio_entry",
        ),
        (AccountState::Restricted, "account_restriction"),
    ] {
        shop.sim.set_account(state);
        same_shape(
            &shop.only_news().await,
            &format!("account/{name}"),
            &["remediation"],
        );
    }
    let value = json!({ "anything": [1, 2, 3] });
    shop.sim.webhook("account_alerts", value);
    same_shape(&shop.only_news().await, "account/unknown_field", &[]);
}

#[tokio::test]
async fn history() {
    let shop = Business::open().await;
    let path = format!("v25.0/{}/smb_app_data", shop.sim.phone_number_id());
    let ask = json!({ "messaging_product": "whatsapp", "sync_type": "history" });
    let maria = shop.sim.customer("Maria", MARIA);
    maria.adopts_username("maria.b").expect("known");
    maria.shows_number().expect("known");
    let picture = ajar_simulator::OldContent::Media {
        kind: "image".to_owned(),
        file: MediaFile::png(1),
        caption: Some("Garden".to_owned()),
    };
    shop.sim.prepare_history(vec![(
        maria,
        vec![
            OldMessage::from_business(NOON - 3 * HOUR, "Thanks for your order"),
            OldMessage::from_customer(NOON - 2 * HOUR, "When?"),
            OldMessage::from_customer(NOON - HOUR, "").with_content(picture),
        ],
    )]);
    shop.post(&path, &ask).await;
    let news = shop.news().await;
    same_shape(&news[0], "history/phase0_chunk1", &[]);
    same_shape(
        &news[1],
        "history/media_content_inbound",
        &["/profile/username"],
    );

    shop.sim.decline_history();
    shop.sim.onboard_again();
    shop.post(&path, &ask).await;
    same_shape(
        &shop.only_news().await,
        "history/declined_full_envelope",
        &[],
    );
}
