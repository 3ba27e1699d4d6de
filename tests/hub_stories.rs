//! What the hub promises, told over its own API against a simulated Meta, on every database.

use std::{collections::BTreeMap, time::Duration};

use ajar_domain::{
    Time,
    composer::{Pause, PhoneFirst},
    content::{Author, Content, Media, MediaState},
    delivery::Delivery,
    outbox::Parked,
    template::Input,
    window::{WINDOW, Window},
};
use ajar_protocol::{
    command::{Command, Recipient},
    error::ErrorCode,
    hub::MessagePage,
    rows::{Position, ReadReceipts},
    ui::WhyWindow,
};
use ajar_simulator::{AccountState, Fault};
use ajar_tests::on_every_database;

const MARGIN: Duration = Duration::from_secs(20);

fn body(content: &Content) -> String {
    content.preview()
}

/// The file of the newest message, once it was fetched or given up.
async fn fetched(team: &ajar_tests::TestTeam, agent: &ajar_tests::TestAgent, name: &str) -> Media {
    let mut committed = team.hub.core().store.committed();
    let chat = agent.chat(name).await;
    loop {
        committed.mark_unchanged();
        let row = agent.messages(&chat.id).await.pop().expect("a message");
        let media = row.content.media().expect("a file").clone();
        if media.state != MediaState::Pending {
            return media;
        }
        committed.changed().await.expect("the hub lives");
    }
}

on_every_database! {
    async fn a_customer_writes_and_is_answered(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Is the tandem ready?").await.expect("Meta took it");
        team.settled().await;

        let chat = sami.chat("Maria").await;
        assert_eq!(chat.unread, 1);
        assert!(chat.waiting_since.is_some());
        assert!(matches!(chat.facts.at(team.now()), Window::Open { .. }));

        let message = sami.says(&chat.id, "Yes, any day until six.").await.expect("accepted");
        team.settled().await;
        assert_eq!(maria.texts(), ["Yes, any day until six."]);

        let chat = sami.chat("Maria").await;
        assert_eq!(chat.unread, 0, "who answers has read");
        assert_eq!(chat.waiting_since, None);
        let row = sami.message(&chat.id, &message).await;
        assert_eq!(row.author, Author::Agent { agent: sami.id.clone() });
        assert!(row.wamid.is_some());
        assert_eq!(maria.read_by_business().len(), 1, "read marks go out on reply");
    }

    async fn a_message_typed_on_the_phone_appears_as_an_echo(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let before = sami.chat("Maria").await.facts;
        team.clock.advance(Duration::from_secs(3600));
        team.sim.phone().types(&maria, "Hi Maria, from the counter").await.expect("typed");
        team.settled().await;

        let chat = sami.chat("Maria").await;
        assert_eq!(chat.facts, before, "an echo opens and lengthens nothing");
        assert_eq!(chat.waiting_since, None, "but it is an answer");
        let last = sami.messages(&chat.id).await.pop().expect("the echo");
        assert_eq!(last.author, Author::Phone { claimed_by: None });
        assert_eq!(body(&last.content), "Hi Maria, from the counter");
        assert_eq!(last.delivery, Some(Delivery::Elsewhere));
    }

    async fn a_conversation_started_on_the_phone_opens_when_the_customer_answers(team: TestTeam) {
        let ana = team.agent("Ana").await;
        let inbox = ana.inbox().await;
        let answer = ana.does(Command::StartOnPhone {
            to: Recipient::Number { inbox, number: "+1 555 017 3364".into() },
            name: Some("Juno Hartwell".into()),
            text: "Hi Juno, Ana here. Your tandem is ready.".into(),
        }).await.expect("prepared");
        let snapshot = ana.snapshot().await;
        let start = snapshot.phone_starts.first().expect("a waiting start");
        assert_eq!(Some(&start.id), answer.phone_start.as_ref());
        assert!(start.link.starts_with("https://wa.me/15550173364?text=Hi%20Juno"));
        assert!(snapshot.conversations.is_empty(), "no chat before the echo");

        team.clock.advance(Duration::from_secs(60));
        let juno = team.sim.customer("Juno", "+1 555 017 3364");
        team.sim.phone().types(&juno, "Hi Juno, Ana here. Your tandem is ready.").await.expect("typed");
        team.settled().await;

        let snapshot = ana.snapshot().await;
        assert!(snapshot.phone_starts.is_empty(), "claimed");
        let chat = snapshot.conversations.first().expect("the chat").clone();
        assert_eq!(chat.assignee, Some(ana.id.clone()));
        assert_eq!(chat.phone_first.as_ref().map(|first: &PhoneFirst| first.by.clone()), Some(Some(ana.id.clone())));
        assert_eq!(chat.facts.at(team.now()), Window::NeverOpened);
        let refused = ana.says(&chat.id, "And in blue").await.expect_err("not open");
        assert_eq!(refused.code, ErrorCode::WindowNotOpen);

        team.clock.advance(Duration::from_secs(60));
        juno.says("Great, I'll come by").await.expect("sent");
        team.settled().await;
        let chat = ana.snapshot().await.conversations.remove(0);
        assert!(matches!(chat.facts.at(team.now()), Window::Open { .. }));
        ana.says(&chat.id, "See you!").await.expect("open now");
        team.settled().await;
        assert_eq!(juno.texts().last().map(String::as_str), Some("See you!"));
    }

    async fn free_text_is_refused_a_millisecond_inside_the_margin(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let closes_at = chat.facts.closes_at().expect("open");

        team.clock.set(Time::from_millis(closes_at.millis() - 20_001));
        sami.says(&chat.id, "Just in time").await.expect("the last moment");
        team.clock.set(closes_at - MARGIN);
        let closing = sami.says(&chat.id, "Too late").await.expect_err("inside the margin");
        assert_eq!(closing.code, ErrorCode::WindowClosing);
        team.clock.set(closes_at);
        let closed = sami.says(&chat.id, "Far too late").await.expect_err("closed");
        assert_eq!(closed.code, ErrorCode::WindowNotOpen);
    }

    async fn a_text_that_waits_past_its_deadline_is_parked_and_never_sent(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let closes_at = chat.facts.closes_at().expect("open");
        team.clock.set(closes_at - Duration::from_secs(60));
        // Meta asks to wait, again and again, until the deadline has passed.
        team.sim.fail_sends(20, Fault::Error { code: 130_429 });
        let message = sami.says(&chat.id, "It is on the rack").await.expect("accepted");
        team.settled().await;
        for _ in 0..8 {
            team.pass(Duration::from_secs(30)).await;
        }
        team.sim.clear_faults();
        team.pass(Duration::from_secs(600)).await;
        let row = sami.message(&chat.id, &message).await;
        assert!(
            matches!(row.delivery, Some(Delivery::Parked { why: Parked::DeadlinePassed { .. }, .. })),
            "{:?}", row.delivery
        );
        assert_eq!(body(&row.content), "It is on the rack", "the text is kept");
        assert!(maria.texts().is_empty(), "nothing went out late");
        assert_eq!(sami.chat("Maria").await.parked, 1);

        // The customer writes: the text is offered and goes out when a person says so.
        maria.says("Still there?").await.expect("sent");
        team.settled().await;
        assert!(maria.texts().is_empty(), "never released by the machine");
        sami.does(Command::Release { message }).await.expect("open again");
        team.settled().await;
        assert_eq!(maria.texts(), ["It is on the rack"]);
    }

    async fn a_lost_answer_is_settled_by_a_status_and_never_repeated(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        team.sim.fail_sends(2, Fault::SwallowAnswer);
        let message = sami.says(&chat.id, "Once only").await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(600)).await;
        assert_eq!(maria.texts(), ["Once only"]);
        let row = sami.message(&chat.id, &message).await;
        assert!(
            matches!(row.delivery, Some(Delivery::Delivered { .. } | Delivery::Sent { .. } | Delivery::Read { .. })),
            "{:?}", row.delivery
        );
    }

    async fn a_late_refusal_disputes_the_window_for_the_team(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        team.sim.fail_sends(1, Fault::LateError { code: 131_047 });
        let message = sami.says(&chat.id, "Shall we start?").await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(30)).await;
        let chat = sami.chat("Maria").await;
        assert!(matches!(chat.facts.at(team.now()), Window::Disputed { .. }));
        let row = sami.message(&chat.id, &message).await;
        assert!(matches!(row.delivery, Some(Delivery::Parked { why: Parked::Disputed { .. }, .. })), "{:?}", row.delivery);
        let refused = sami.says(&chat.id, "Hello?").await.expect_err("disputed");
        assert_eq!(refused.code, ErrorCode::WindowDisputed);

        // One more try is granted, and it goes through.
        sami.does(Command::SendAgain { message }).await.expect("one more try");
        team.settled().await;
        assert_eq!(maria.texts(), ["Shall we start?"]);

        team.clock.advance(Duration::from_secs(5));
        maria.says("Yes please").await.expect("sent");
        team.settled().await;
        assert!(matches!(sami.chat("Maria").await.facts.at(team.now()), Window::Open { .. }));
    }

    async fn a_template_goes_out_with_its_values_when_the_window_is_closed(team: TestTeam) {
        let sami = team.admin("Sami").await;
        let odette = team.sim.customer("Odette Crane", "+1 555 011 8830");
        odette.says("Could you hold both?").await.expect("sent");
        team.settled().await;
        team.clock.advance(WINDOW);
        let inbox = sami.inbox().await;
        sami.does(Command::RefreshTemplates { inbox }).await.expect("listed");
        let chat = sami.chat("Odette Crane").await;
        let templates = sami.snapshot().await.templates;
        let template = templates
            .iter()
            .map(|row| &row.template)
            .find(|template| {
                let fields = template.fields();
                let typed_in = fields.iter().all(|field| field.input == Input::Text);
                template.not_sendable().is_none() && !fields.is_empty() && typed_in
            })
            .expect("a template with words to fill in");
        let mut values: BTreeMap<String, String> = template
            .fields()
            .into_iter()
            .map(|field| (field.key, "Odette".to_owned()))
            .collect();

        let broken = values.keys().next().cloned().expect("a field");
        values.insert(broken.clone(), "two\nlines".into());
        let refused = sami.does(Command::SendTemplate {
            to: Recipient::Conversation { conversation: chat.id.clone() },
            template: template.id.clone(),
            values: values.clone(),
            typed: std::collections::BTreeMap::new(),
            hold: None,
        }).await.expect_err("a line break");
        assert_eq!(refused.code, ErrorCode::TemplateRefused);
        assert_eq!(refused.fields.len(), 1);

        values.insert(broken, "Odette".into());
        sami.does(Command::SendTemplate {
            to: Recipient::Conversation { conversation: chat.id.clone() },
            template: template.id.clone(),
            values,
            typed: std::collections::BTreeMap::new(),
            hold: Some("And we set it up for a test ride".into()),
        }).await.expect("accepted");
        team.settled().await;
        assert_eq!(odette.templates().len(), 1);
        let messages = sami.messages(&chat.id).await;
        assert!(messages.iter().any(|row| matches!(row.content, Content::Template { .. })));
        assert!(messages.iter().any(|row| matches!(
            row.delivery, Some(Delivery::Parked { why: Parked::Held, .. })
        )), "the draft is held for the answer");
        assert!(odette.texts().iter().all(|text| !text.contains("test ride")));
    }

    async fn the_same_webhook_twice_is_one_message(team: TestTeam) {
        let sami = team.agent("Sami").await;
        team.sim.duplicate_webhooks(10);
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("One").await.expect("sent");
        maria.says("Two").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let bodies: Vec<String> = sami.messages(&chat.id).await.iter().map(|row| body(&row.content)).collect();
        assert_eq!(bodies.len(), 2, "{bodies:?}");
        assert_eq!(chat.unread, 2);
    }

    async fn a_repeated_command_gets_its_first_answer(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let command = Command::SendText {
            conversation: chat.id.clone(),
            body: "Once".into(),
            reply_to: None,
            send_before: Time::FAR_FUTURE,
        };
        let first = sami.does_as("ref-1", command.clone()).await.expect("accepted");
        let second = sami.does_as("ref-1", command).await.expect("the same answer");
        assert_eq!(first, second);
        team.settled().await;
        assert_eq!(maria.texts(), ["Once"]);
    }

    async fn an_image_is_stored_and_shown_as_received(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.sends_image(ajar_simulator::MediaFile::picture(7), Some("After the pothole")).await.expect("sent");
        team.settled().await;
        // The file is fetched by a task of its own; its row changes once more when it is there.
        let mut committed = team.hub.core().store.committed();
        let chat = sami.chat("Maria").await;
        loop {
            committed.mark_unchanged();
            let row = sami.messages(&chat.id).await.pop().expect("the image");
            let Content::Image { media, caption } = row.content else { panic!("not an image") };
            assert_eq!(caption.as_deref(), Some("After the pothole"));
            if media.state == MediaState::Stored {
                assert!(media.width.is_some_and(|width| width > 0));
                assert!(media.size_bytes.is_some_and(|size| size > 0));
                break;
            }
            committed.changed().await.expect("the hub lives");
        }
    }

    async fn a_picture_has_a_small_one_beside_it(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let get = async |media: &Media, what: &str| {
            ajar_tests::http()
                .get(format!("{}/v1/media/{}{what}", team.hub.url(), media.id))
                .bearer_auth(sami.token())
                .send()
                .await
                .expect("an answer")
        };
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        let mut large = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_fn(1000, 500, |x, y| image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 0]))
            .write_to(&mut large, image::ImageFormat::Png)
            .expect("a picture");
        let large = ajar_simulator::MediaFile::new("image/png", large.into_inner());
        maria.sends_image(large.clone(), None).await.expect("sent");
        team.settled().await;
        let media = fetched(&team, &sami, "Maria").await;
        assert_eq!((media.width, media.height), (Some(1000), Some(500)));
        let small = get(&media, "/thumbnail").await;
        assert_eq!(small.headers()["content-type"], "image/jpeg");
        assert_eq!(small.headers()["content-disposition"], "attachment");
        assert_eq!(small.headers()["x-content-type-options"], "nosniff");
        let small = image::load_from_memory(&small.bytes().await.expect("whole")).expect("a picture");
        assert_eq!((small.width(), small.height()), (640, 320));
        assert_eq!(get(&media, "").await.bytes().await.expect("whole"), large.bytes);

        let juno = team.sim.customer("Juno", "+1 555 014 2208");
        let little = ajar_simulator::MediaFile::sticker(3);
        juno.sends_sticker(little.clone(), false).await.expect("sent");
        team.settled().await;
        let media = fetched(&team, &sami, "Juno").await;
        assert_eq!(get(&media, "/thumbnail").await.bytes().await.expect("whole"), little.bytes);

        let kit = team.sim.customer("Kit", "+1 555 014 2209");
        kit.sends_document(ajar_simulator::MediaFile::pdf("invoice.pdf", "Invoice"), None).await.expect("sent");
        team.settled().await;
        let media = fetched(&team, &sami, "Kit").await;
        assert_eq!(get(&media, "/thumbnail").await.status(), 404);
        assert_eq!(get(&media, "").await.headers()["content-type"], "application/octet-stream");
    }

    async fn a_file_that_is_not_what_it_says_is_saved_and_never_drawn(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let page = b"<!DOCTYPE html><script>alert(1)</script>".to_vec();
        let sticker = ajar_simulator::MediaFile::sticker(3).bytes.to_vec();
        for (name, number, bytes, kind) in [
            ("Maria", "+1 555 014 2207", page, "application/octet-stream"),
            ("Juno", "+1 555 014 2208", sticker, "image/webp"),
        ] {
            let file = ajar_simulator::MediaFile::new("image/jpeg", bytes.clone());
            team.sim.customer(name, number).sends_image(file, None).await.expect("sent");
            team.settled().await;
            let media = fetched(&team, &sami, name).await;
            assert_eq!((media.state, media.mime_type.as_str()), (MediaState::Stored, kind));
            let answer = ajar_tests::http()
                .get(format!("{}/v1/media/{}", team.hub.url(), media.id))
                .bearer_auth(sami.token())
                .send()
                .await
                .expect("an answer");
            let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
            assert_eq!(header("content-type"), kind);
            assert_eq!(header("content-disposition"), "attachment");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert!(header("content-security-policy").starts_with("sandbox"));
            assert_eq!(answer.bytes().await.expect("whole"), bytes);
        }
    }

    async fn a_file_that_meta_does_not_know_any_more_is_said_to_be_gone_at_once(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let now = team.now().secs().to_string();
        let number = team.sim.numbers().into_iter().next().expect("a number");
        let body = serde_json::json!({"object": "whatsapp_business_account", "entry": [{
            "id": team.sim.waba_id(),
            "changes": [{"field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": number.display_number, "phone_number_id": team.sim.phone_number_id()},
                "contacts": [{"profile": {"name": "Maria"}, "wa_id": "15550142207"}],
                "messages": [{"from": "15550142207", "id": "wamid.lost", "timestamp": now, "type": "image",
                    "image": {"id": "9099999999999", "mime_type": "image/jpeg"}}],
            }}],
        }]}).to_string();
        let taken = ajar_tests::http()
            .post(format!("{}/webhooks/whatsapp", team.hub.url()))
            .header(ajar_simulator::SIGNATURE_HEADER, ajar_simulator::sign(&team.sim.app_secret(), body.as_bytes()))
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert!(taken.status().is_success());
        team.settled().await;
        // The clock stands still: there was one attempt, and no later one is waited for.
        assert_eq!(fetched(&team, &sami, "Maria").await.state, MediaState::Gone);
    }

    async fn reactions_taps_and_list_rows_are_understood(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        let first = maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let facts = chat.facts.clone();
        sami.says(&chat.id, "Hi Maria").await.expect("accepted");
        team.settled().await;
        team.clock.advance(Duration::from_secs(60));
        let ours = maria.inbox().pop().expect("received").id;
        maria.reacts(ours, "🙏").await.expect("reacted");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        assert_eq!(chat.facts, facts, "a reaction opens nothing");
        let answered = sami.messages(&chat.id).await.pop().expect("our message");
        assert_eq!(answered.reactions.iter().map(|r| r.emoji.as_str()).collect::<Vec<_>>(), ["🙏"]);
        let _ = first;
    }

    async fn every_kind_of_message_is_shown_as_what_it_is(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        let clip = ajar_simulator::MediaFile::new("video/mp4", vec![0_u8; 64]);
        maria.sends_video(clip, Some("It squeaks")).await.expect("sent");
        maria.sends_voice_note(4).await.expect("sent");
        let invoice = ajar_simulator::MediaFile::pdf("invoice.pdf", "Invoice 17");
        maria.sends_document(invoice, None).await.expect("sent");
        maria.sends_sticker(ajar_simulator::MediaFile::sticker(3), true).await.expect("sent");
        maria.sends_location(52.5, 13.4, Some(("Workshop", "Canal Street 14"))).await.expect("sent");
        maria.sends_contact("Jo Vale", "+1 555 014 9000").await.expect("sent");
        maria.orders("Gift wrap, please", &[("bell-7", 2, 4.5, "EUR")]).await.expect("sent");
        maria.sends_unsupported("poll").await.expect("sent");
        maria.sends_placeholder().await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        assert!(matches!(chat.facts.at(team.now()), Window::Open { .. }));
        let mut kinds: Vec<String> = sami.messages(&chat.id).await.iter().map(|row| match &row.content {
            Content::Video { caption, .. } => format!("video {}", caption.as_deref().unwrap_or_default()),
            Content::Audio { voice, .. } => format!("audio voice={voice}"),
            Content::Document { media, .. } => format!("document {}", media.filename.as_deref().unwrap_or_default()),
            Content::Sticker { animated, .. } => format!("sticker animated={animated}"),
            Content::Location { name, address, .. } => format!("location {name:?} {address:?}"),
            Content::Contacts { cards } => format!("card {:?} {:?}", cards[0].name, cards[0].phones[0].on_whatsapp),
            Content::Order { note, products } => format!("order {note:?} {} × {}", products[0].quantity, products[0].product),
            Content::NotShown { why, .. } => format!("not shown {why:?}"),
            other => format!("{other:?}"),
        }).collect();
        kinds.sort();
        assert_eq!(kinds, [
            "audio voice=true",
            "card Some(\"Jo Vale\") true",
            "document invoice.pdf",
            "location Some(\"Workshop\") Some(\"Canal Street 14\")",
            "not shown OnThePhone",
            "not shown UnsupportedByMeta",
            "order Some(\"Gift wrap, please\") 2 × bell-7",
            "sticker animated=true",
            "video It squeaks",
        ]);
    }

    async fn an_edit_keeps_the_earlier_words_and_a_deletion_keeps_none(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        let first = maria.says("Is Monday free?").await.expect("sent");
        let second = maria.says("My card is 4111").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let facts = chat.facts.clone();
        team.clock.advance(Duration::from_secs(60));
        maria.edits(first, "Is Tuesday free?").await.expect("edited");
        maria.revokes(second).await.expect("deleted");
        team.settled().await;
        let rows = sami.messages(&chat.id).await;
        let edited = rows.iter().find(|row| !row.earlier.is_empty()).expect("the edited one");
        assert_eq!(body(&edited.content), "Is Tuesday free?");
        assert_eq!(edited.earlier.iter().map(|one| one.words.as_str()).collect::<Vec<_>>(), ["Is Monday free?"]);
        assert_eq!(rows.iter().filter(|row| matches!(row.content, Content::Deleted { .. })).count(), 1);
        assert_eq!(rows.len(), 2, "no message of its own for what happened to another");
        assert!(!format!("{rows:?}").contains("4111"), "what was deleted for everyone is gone here too");
        assert_eq!(sami.chat("Maria").await.facts, facts, "neither opens nor closes anything");
    }

    async fn a_customer_without_a_number_works_everywhere_but_on_the_phone(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let kit = team.sim.customer_with_username("Kit Rosander", "kit.rosander");
        kit.says("Do you also fix child seats?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Kit Rosander").await;
        assert_eq!(chat.customer.number, None);
        sami.says(&chat.id, "We do").await.expect("accepted");
        team.settled().await;
        assert_eq!(kit.texts(), ["We do"]);
        let refused = sami.does(Command::StartOnPhone {
            to: Recipient::Conversation { conversation: chat.id },
            name: None,
            text: "Hi".into(),
        }).await.expect_err("no number");
        assert_eq!(refused.code, ErrorCode::NoNumber);
    }

    async fn an_offboarded_number_pauses_every_composer_until_it_is_back(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        team.sim.set_account(AccountState::Offboarded);
        team.settled().await;
        let inbox = sami.snapshot().await.inboxes.remove(0);
        assert!(matches!(inbox.paused, Some((Pause::NumberOffboarded, _))));
        let refused = sami.says(&chat.id, "Hi").await.expect_err("paused");
        assert_eq!(refused.code, ErrorCode::Paused);
        team.sim.set_account(AccountState::Connected);
        team.settled().await;
        sami.says(&chat.id, "Hi").await.expect("back");
        team.settled().await;
        assert_eq!(maria.texts(), ["Hi"]);
    }

    async fn notes_assignment_and_progress_are_the_teams(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let jonah = team.agent("Jonah").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        sami.does(Command::AddNote { conversation: chat.id.clone(), body: "Rim arrives Friday".into() }).await.expect("noted");
        sami.does(Command::Assign { conversation: chat.id.clone(), assignee: Some(jonah.id.clone()) }).await.expect("assigned");
        sami.does(Command::Resolve { conversation: chat.id.clone() }).await.expect("resolved");
        let page: MessagePage = jonah.get(&format!("/v1/conversations/{}/messages", chat.id)).await.expect("a page");
        assert_eq!(page.notes.first().map(|note| note.body.as_str()), Some("Rim arrives Friday"));
        assert_eq!(jonah.chat("Maria").await.assignee, Some(jonah.id.clone()));
        assert!(maria.texts().is_empty(), "a note is not sent");
        team.clock.advance(Duration::from_secs(60));
        maria.says("One more thing").await.expect("sent");
        team.settled().await;
        assert_eq!(jonah.chat("Maria").await.progress, ajar_domain::conversation::Progress::Open);
    }

    async fn why_says_what_opened_the_window_and_what_did_not(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Could it be done by Saturday?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        team.clock.advance(Duration::from_secs(60));
        sami.says(&chat.id, "Yes").await.expect("accepted");
        team.sim.phone().types(&maria, "From the counter: yes").await.expect("typed");
        team.settled().await;
        let why: WhyWindow = sami.get(&format!("/v1/conversations/{}/window", chat.id)).await.expect("the reason");
        assert_eq!(why.opening_preview.as_deref(), Some("Could it be done by Saturday?"));
        let kinds: Vec<_> = why.did_not_count.iter().map(|line| line.kind).collect();
        use ajar_domain::opening::Occurrence;
        assert!(kinds.contains(&Occurrence::Echo) && kinds.contains(&Occurrence::OurMessage), "{kinds:?}");
    }

    async fn a_restart_keeps_everything_and_repeats_nothing(team: TestTeam) {
        let mut team = team;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        let sami = team.agent("Sami").await;
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        sami.says(&chat.id, "Hi").await.expect("accepted");
        team.settled().await;
        if team.database_url.contains(":memory:") {
            return;
        }
        team.restart_hub().await;
        team.settled().await;
        let sami = team.agent("Sami again").await;
        let again = sami.chat("Maria").await;
        assert_eq!(again.id, chat.id);
        assert_eq!(maria.texts(), ["Hi"]);
    }

    async fn marking_as_seen_never_goes_back(team: TestTeam) {
        let sami = team.admin("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("One").await.expect("sent");
        maria.says("Two").await.expect("sent");
        team.settled().await;
        let chat = sami.chat("Maria").await;
        let last = sami.messages(&chat.id).await.pop().expect("two").position;
        sami.does(Command::MarkSeen { conversation: chat.id.clone(), upto: last }).await.expect("seen");
        assert_eq!(sami.chat("Maria").await.unread, 0);
        sami.does(Command::MarkSeen { conversation: chat.id.clone(), upto: Position::default() }).await.expect("ignored");
        assert_eq!(sami.chat("Maria").await.unread, 0);
        team.settled().await;
        assert!(maria.read_by_business().is_empty(), "never on open, unless the team's policy says so");
        sami.does(Command::SetPolicy { inbox: chat.inbox.clone(), margin_ms: 20_000, read_receipts: ReadReceipts::OnOpen }).await.expect("set");
        team.clock.advance(Duration::from_secs(5));
        maria.says("Three").await.expect("sent");
        team.settled().await;
        let last = sami.messages(&chat.id).await.pop().expect("three").position;
        sami.does(Command::MarkSeen { conversation: chat.id, upto: last }).await.expect("seen");
        team.settled().await;
        assert_eq!(maria.read_by_business().len(), 3, "a mark covers the earlier ones as well");
    }
}
