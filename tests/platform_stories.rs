//! Everything else that Meta sends, told over the hub's own API: the phone's past, who a customer
//! is, who answers a chat, and what an administrator must know.

use std::time::Duration;

use ajar_domain::{
    composer::{ConversationState, CustomerState, NumberState, composer},
    content::{Author, Content, NotShownWhy, Notice},
    delivery::Delivery,
    import::Asked,
    opening::Occurrence,
    window::Window,
};
use ajar_protocol::{
    command::{Command, Recipient},
    error::ErrorCode,
    health::{Check, HealthReport},
};
use ajar_tests::on_every_database;
use serde_json::{Value, json};

const MARIA: &str = "15550142207";

/// Seconds of the team's clock, some minutes ago.
fn ago(team: &ajar_tests::TestTeam, minutes: i64) -> String {
    (team.now().millis() / 1000 - minutes * 60).to_string()
}

fn metadata(team: &ajar_tests::TestTeam) -> Value {
    json!({"display_phone_number": "15550783881", "phone_number_id": team.sim.phone_number_id()})
}

/// One chunk of the phone's past with Maria.
fn chunk(team: &ajar_tests::TestTeam, progress: u32, messages: &Value) -> Value {
    json!({"messaging_product": "whatsapp", "metadata": metadata(team), "history": [{
        "metadata": {"phase": 0, "chunk_order": 1, "progress": progress},
        "threads": [{"id": MARIA, "messages": messages}],
    }]})
}

fn live(team: &ajar_tests::TestTeam, who: &Value, message: Value) -> Value {
    let mut message = message;
    if let Some(fields) = message.as_object_mut() {
        for (key, from) in [("wa_id", "from"), ("user_id", "from_user_id")] {
            if let Some(value) = who.get(key) {
                fields.insert(from.into(), value.clone());
            }
        }
    }
    json!({"messaging_product": "whatsapp", "metadata": metadata(team),
        "contacts": [who], "messages": [message]})
}

fn text(id: &str, at: &str, words: &str) -> Value {
    json!({"id": id, "timestamp": at, "type": "text", "text": {"body": words}})
}

on_every_database! {
    async fn the_phones_past_is_taken_over_in_silence(team: TestTeam) {
        let sami = team.admin("Sami").await;
        team.settled().await;
        let asked = sami.snapshot().await.inboxes.remove(0).import;
        assert!(matches!(asked.history, Asked::Yes { .. }), "asked once, by itself: {asked:?}");
        assert!(matches!(asked.contacts, Asked::Yes { .. }));

        let day = 24 * 60;
        team.sim.webhook("history", chunk(&team, 40, &json!([
            {"from": MARIA, "id": "wamid.past-1", "timestamp": ago(&team, 40 * day), "type": "text",
             "text": {"body": "Do you rent tandems?"}, "history_context": {"status": "READ"}},
            {"from": "15550783881", "to": MARIA, "id": "wamid.past-2", "timestamp": ago(&team, 39 * day), "type": "text",
             "text": {"body": "We do!"}, "history_context": {"status": "DELIVERED"}},
            {"from": MARIA, "id": "wamid.past-3", "timestamp": ago(&team, 30 * day), "type": "media_placeholder",
             "history_context": {"status": "READ"}},
            {"from": MARIA, "id": "wamid.past-4", "timestamp": ago(&team, 2 * day), "type": "media_placeholder",
             "history_context": {"status": "READ"}},
        ])));
        team.settled().await;
        let snapshot = sami.snapshot().await;
        let import = &snapshot.inboxes.first().expect("the number").import;
        assert_eq!(import.messages, 4);
        let chat = snapshot.conversations.first().expect("a chat").clone();
        assert_eq!(chat.unread, 0, "not news");
        assert_eq!(chat.waiting_since, None);
        assert!(chat.only_history);
        assert_eq!(chat.facts.at(team.now()), Window::NeverOpened, "opens nothing");
        assert!(chat.activity_at < team.now(), "stands where it was said");
        let messages = sami.messages(&chat.id).await;
        assert!(messages.iter().all(|row| !row.provenance.is_live()));
        assert!(matches!(messages[1].delivery, Some(Delivery::Delivered { .. })));
        assert!(matches!(messages[2].content, Content::NotShown { why: NotShownWhy::TooOldToImport, .. }));
        assert!(matches!(messages[3].content, Content::NotShown { why: NotShownWhy::OnThePhone, .. }));

        // The file follows, with another time and direction than its placeholder.
        team.sim.webhook("history", json!({"messaging_product": "whatsapp", "metadata": metadata(&team),
            "messages": [{"from": "15550783881", "id": "wamid.past-4", "timestamp": ago(&team, 1),
                "type": "image", "image": {"id": "9001", "mime_type": "image/jpeg", "caption": "The tandem"}}]}));
        team.sim.webhook("history", chunk(&team, 100, &json!([])));
        team.settled().await;
        let messages = sami.messages(&chat.id).await;
        let Content::Image { caption, .. } = &messages[3].content else { panic!("{:?}", messages[3].content) };
        assert_eq!(caption.as_deref(), Some("The tandem"));
        assert_eq!(messages[3].author, Author::Customer, "the placeholder's direction stands");
        assert!(sami.snapshot().await.inboxes.remove(0).import.is_done());

        // She writes now, under her id as well: one chat, and the window opens.
        let who = json!({"profile": {"name": "Maria"}, "wa_id": MARIA, "user_id": "US.77"});
        team.sim.webhook("messages", live(&team, &who, text("wamid.now", &ago(&team, 0), "Hello again")));
        team.settled().await;
        let chats = sami.snapshot().await.conversations;
        assert_eq!(chats.len(), 1);
        assert_eq!((chats[0].id.clone(), chats[0].unread), (chat.id, 1));
        assert!(matches!(chats[0].facts.at(team.now()), Window::Open { .. }));
    }

    async fn a_declined_past_is_said_in_both_shapes(team: TestTeam) {
        let sami = team.admin("Sami").await;
        team.settled().await;
        team.sim.webhook("history", json!({"messaging_product": "whatsapp", "metadata": metadata(&team),
            "history": [{"errors": [{"code": 2_593_109, "title": "History sync is turned off"}]}]}));
        team.settled().await;
        let import = sami.snapshot().await.inboxes.remove(0).import;
        assert!(import.declined_at.is_some() && !import.is_running(team.now()));
    }

    async fn the_phones_address_book_names_people_and_a_late_change_undoes_nothing(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("maria 🌻", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        let entry = |action: &str, name: &str, minutes| json!({
            "messaging_product": "whatsapp", "metadata": metadata(&team), "state_sync": [{
                "type": "contact", "action": action,
                "contact": {"full_name": name, "first_name": name, "phone_number": MARIA},
                "metadata": {"timestamp": ago(&team, minutes)}}]});
        team.sim.webhook("smb_app_state_sync", entry("add", "Maria Ortega", 5));
        team.settled().await;
        let chat = sami.chat("Maria Ortega").await;
        team.sim.webhook("smb_app_state_sync", entry("remove", "", 2));
        team.sim.webhook("smb_app_state_sync", entry("add", "Somebody of last week", 9));
        team.settled().await;
        assert_eq!(sami.chat("maria 🌻").await.id, chat.id, "removed, and stays so");
    }

    async fn a_number_that_passed_to_somebody_else_is_put_to_a_person(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let old = json!({"profile": {"name": "Maria"}, "wa_id": MARIA, "user_id": "US.1"});
        let new = json!({"profile": {"name": "Jonas"}, "wa_id": MARIA, "user_id": "US.2"});
        team.sim.webhook("messages", live(&team, &old, text("wamid.m", &ago(&team, 300), "Maria here")));
        team.sim.webhook("messages", live(&team, &new, text("wamid.j", &ago(&team, 5), "Jonas here")));
        team.settled().await;
        let (maria, jonas) = (sami.chat("Maria").await, sami.chat("Jonas").await);
        assert_ne!(maria.id, jonas.id, "not joined by the machine");
        assert_eq!(maria.customer.number, None, "the number is not hers any more: nothing goes there by mistake");
        assert!(jonas.customer.number.is_some());
        let doubt = maria.doubts.first().expect("a question").clone();
        assert_eq!((&doubt.other, doubt.other_name.as_str()), (&jonas.id, "Jonas"));

        sami.does(Command::JoinChats { merge: doubt.merge.clone() }).await.expect("joined");
        let chats = sami.snapshot().await.conversations;
        assert_eq!(chats.len(), 1, "one chat");
        let both = chats.first().expect("the chat").clone();
        assert_eq!(sami.messages(&both.id).await.len(), 2);
        assert!(both.doubts.is_empty());
        let opened = both.facts.last_opening.clone().expect("the greater facts");
        assert_eq!(opened.event_id, "wamid.j");
        let joined = both.joined.first().expect("can be undone").clone();

        sami.does(Command::SplitChats { merge: joined.merge }).await.expect("taken out");
        let chats = sami.snapshot().await.conversations;
        assert_eq!(chats.len(), 2);
        for chat in &chats {
            let messages = sami.messages(&chat.id).await;
            assert_eq!(messages.len(), 1);
            let event = chat.facts.last_opening.as_ref().map(|opening| opening.event_id.clone());
            assert_eq!(event.as_deref(), messages[0].wamid.as_ref().map(ajar_domain::WaMessageId::as_str));
            assert!(chat.doubts.is_empty(), "decided");
        }
        // And the machine never joins them again.
        team.sim.webhook("messages", live(&team, &new, text("wamid.j2", &ago(&team, 1), "Still Jonas")));
        team.settled().await;
        assert_eq!(sami.snapshot().await.conversations.len(), 2);
        let again = sami.does(Command::JoinChats { merge: doubt.merge }).await.expect_err("decided");
        assert_eq!(again.code, ErrorCode::Conflict);
    }

    async fn a_new_number_keeps_the_chat_and_closes_its_window(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let who = json!({"profile": {"name": "Maria"}, "wa_id": MARIA, "user_id": "US.1"});
        team.sim.webhook("messages", live(&team, &who, text("wamid.1", &ago(&team, 60), "Hello")));
        team.settled().await;
        let before = sami.chat("Maria").await;
        assert!(matches!(before.facts.at(team.now()), Window::Open { .. }));
        team.sim.webhook("messages", live(&team, &who, json!({"id": "wamid.s", "timestamp": ago(&team, 10),
            "type": "system", "system": {"type": "user_changed_number", "wa_id": "15550199900", "body": "moved"}})));
        team.settled().await;
        let after = sami.chat("Maria").await;
        assert_eq!(after.id, before.id);
        assert_eq!(after.customer.number.as_ref().map(|number| number.digits().to_owned()), Some("15550199900".into()));
        assert!(matches!(after.facts.at(team.now()), Window::Closed { .. }), "not carried over on our say-so");
        let refused = sami.says(&after.id, "Hi").await.expect_err("not open");
        assert_eq!(refused.code, ErrorCode::WindowNotOpen);
        let notice = sami.messages(&after.id).await.pop().expect("a line");
        assert_eq!(notice.author, Author::Platform);
        assert!(matches!(notice.content, Content::Notice { notice: Notice::NumberChanged { .. } }));
        assert_eq!(after.unread, 1, "a notice is no news");
        // From the new number the window opens as ever.
        let moved = json!({"profile": {"name": "Maria"}, "wa_id": "15550199900"});
        team.sim.webhook("messages", live(&team, &moved, text("wamid.2", &ago(&team, 1), "It is me")));
        team.settled().await;
        assert!(matches!(sami.chat("Maria").await.facts.at(team.now()), Window::Open { .. }));
    }

    async fn an_opt_out_blocks_marketing_templates_with_its_reason(team: TestTeam) {
        let sami = team.admin("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.sim.webhook("user_preferences", json!({"messaging_product": "whatsapp", "metadata": metadata(&team),
            "contacts": [{"wa_id": MARIA}],
            "user_preferences": [{"wa_id": MARIA, "detail": "stop", "category": "marketing_messages", "value": "stop",
                "timestamp": ago(&team, 1).parse::<i64>().expect("seconds")}]}));
        team.settled().await;
        let inbox = sami.inbox().await;
        sami.does(Command::RefreshTemplates { inbox }).await.expect("listed");
        let chat = sami.chat("Maria").await;
        let since = chat.customer.no_marketing_since.expect("opted out");
        let marketing = sami.snapshot().await.templates.into_iter()
            .find(|row| row.template.category == ajar_domain::template::Category::Marketing
                && row.template.not_sendable().is_none())
            .expect("a marketing template");
        assert_eq!(
            marketing.template.not_sendable_to(Some(since), true),
            Some(ajar_domain::template::NotSendable::OptedOut { since })
        );
        let refused = sami.does(Command::SendTemplate {
            to: Recipient::Conversation { conversation: chat.id.clone() },
            template: marketing.template.id.clone(),
            values: marketing.template.fields().into_iter().map(|field| (field.key, "x".into())).collect(),
            typed: std::collections::BTreeMap::new(),
            hold: None,
        }).await.expect_err("opted out");
        assert_eq!(refused.code, ErrorCode::OptedOut);
        assert!(sami.messages(&chat.id).await.iter().any(|row|
            matches!(row.content, Content::Notice { notice: Notice::MarketingStopped })));
    }

    async fn a_chat_that_another_handler_answers_says_so_until_it_is_ours_again(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.settled().await;
        assert_eq!(sami.chat("Maria").await.elsewhere, None);
        team.clock.advance(Duration::from_secs(60));
        let who = json!({"profile": {"name": "Maria"}, "wa_id": MARIA});
        let standby = live(&team, &who, text("wamid.1", &ago(&team, 0), "To the robot"));
        team.sim.webhook("standby", json!({"messaging_product": "whatsapp", "metadata": metadata(&team),
            "standby": {"contacts": standby["contacts"], "messages": standby["messages"]}}));
        team.settled().await;
        let chat = sami.chat("Maria").await;
        assert!(chat.elsewhere.is_some());
        let Window::Open { opened_by, .. } = chat.facts.at(team.now()) else { panic!("reported to open") };
        assert_eq!(opened_by, Occurrence::StandbyMessage);
        // Writing takes the chat over.
        team.clock.advance(Duration::from_secs(60));
        sami.says(&chat.id, "A person here").await.expect("sent");
        team.settled().await;
        assert_eq!(sami.chat("Maria").await.elsewhere, None);
    }

    async fn a_missed_call_stands_in_the_thread_and_opens_the_window(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.calls_in_vain().await.expect("called");
        team.settled().await;
        let chat = sami.snapshot().await.conversations.remove(0);
        let line = sami.messages(&chat.id).await.pop().expect("the call");
        let Content::Call { call } = line.content else { panic!("{:?}", line.content) };
        assert_eq!(call.outcome(), ajar_domain::call::Outcome::Missed);
        assert!(call.by_customer && chat.unread == 1);
        // Whoever only looks at the list sees it as well.
        assert_eq!(chat.last.expect("a line").kind, "missed_call");
        let state = composer(&chat.facts, &NumberState::default(), &CustomerState::default(),
            &ConversationState::default(), team.now(), Duration::from_secs(20));
        assert!(state.allows_free_text());
    }

    async fn a_call_that_was_taken_is_an_answer_and_a_missed_one_waits(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Is it ready?").await.expect("sent");
        team.settled().await;
        assert!(sami.chat("Maria").await.waiting_since.is_some());
        team.clock.advance(Duration::from_secs(60));
        maria.calls(Duration::from_secs(134)).await.expect("called");
        team.clock.advance(Duration::from_secs(200));
        team.settled().await;
        assert_eq!(sami.chat("Maria").await.waiting_since, None, "somebody spoke to her");
        maria.calls_in_vain().await.expect("called");
        team.clock.advance(Duration::from_secs(60));
        team.settled().await;
        assert!(sami.chat("Maria").await.waiting_since.is_some());
    }

    async fn the_health_card_tells_what_an_administrator_must_know(team: TestTeam) {
        let sami = team.admin("Sami").await;
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Hello?").await.expect("sent");
        team.sim.phone().types(&maria, "Hi").await.expect("typed");
        team.sim.webhook("account_alerts", json!({"entity_type": "PHONE_NUMBER", "entity_id": "1",
            "alert_info": {"alert_severity": "WARNING", "alert_status": "ACTIVE", "alert_type": "QUALITY", "alert_description": "Look here"}}));
        team.sim.webhook("something_of_next_year", json!({"anything": 1}));
        team.sim.set_account(ajar_simulator::AccountState::Offboarded);
        team.settled().await;
        team.clock.advance(Duration::from_secs(600));
        team.sim.set_account(ajar_simulator::AccountState::Connected);
        team.settled().await;
        let card: HealthReport = sami.get("/v1/health").await.expect("the card");
        let number = card.numbers.first().expect("the number");
        assert_eq!((&number.token, &number.subscription), (&Check::Good, &Check::Good));
        assert_eq!(number.coexistence, Some(true));
        assert!(number.last_inbound_at.is_some());
        let echo = number.last_echo_at.expect("an echo");
        assert_eq!(number.phone_due_by, Some(echo + Duration::from_secs(14 * 86_400)));
        assert_eq!(number.episodes.len(), 1, "{:?}", number.episodes);
        assert!(number.episodes[0].to.is_some(), "it came back");
        assert!(number.events.iter().any(|event| event.kind == "alert"), "{:?}", number.events);
        assert_eq!(card.webhooks.waiting, 0);
        assert!(card.kept.iter().any(|item| item.field == "something_of_next_year"), "{:?}", card.kept);
        assert_eq!(card.kept_total, u64::try_from(card.kept.len()).expect("few"));

        // Read again with the same version it is understood no better, and stays listed once.
        sami.does(Command::ReadAgain).await.expect("read again");
        let again: HealthReport = sami.get("/v1/health").await.expect("the card");
        assert_eq!(again.kept_total, card.kept_total);
        let ana = team.agent("Ana").await;
        let refused = ana.get::<HealthReport>("/v1/health").await.expect_err("not an administrator");
        assert_eq!(refused.code, ErrorCode::Forbidden);
        assert_eq!(ana.does(Command::ReadAgain).await.expect_err("neither").code, ErrorCode::Forbidden);
    }
}
