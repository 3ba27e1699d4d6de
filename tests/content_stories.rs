//! What agents send besides texts and files: questions, places, cards, emoji on messages, and texts
//! for later. All of it needs an open window, and is asked for it last.

use std::time::Duration;

use ajar_domain::{
    ConversationId, MessageId, Time, WaMessageId,
    content::{Author, Card, CardNumber, Content},
    delivery::Delivery,
    failure::FailureCode,
    outbox::Parked,
    outgoing::{Ask, Location, Outgoing, Question},
    window::{DEFAULT_MARGIN, WINDOW},
};
use ajar_protocol::{
    command::{Command, Recipient},
    error::{ApiError, ErrorCode},
    rows::Reaction,
};
use ajar_simulator::{Customer, Fault, MessageRecord};
use ajar_tests::{TestAgent, TestTeam, on_every_database};

fn anything_else() -> Outgoing {
    Outgoing::Question {
        question: Question {
            header: None,
            body: "Is there anything else?".into(),
            footer: None,
            ask: Ask::Choose {
                buttons: vec!["Yes, please".into(), "No, thanks".into()],
            },
        },
    }
}

async fn maria_writes(team: &TestTeam, agent: &TestAgent) -> (Customer, ConversationId) {
    let maria = team.sim.customer("Maria", "+1 555 014 2207");
    maria.says("Is the bike ready?").await.expect("sent");
    team.settled().await;
    let chat = agent.chat("Maria").await.id;
    (maria, chat)
}

async fn sends(
    agent: &TestAgent,
    to: &ConversationId,
    content: Outgoing,
) -> Result<MessageId, ApiError> {
    agent
        .does(Command::SendContent {
            conversation: to.clone(),
            content,
            reply_to: None,
            send_before: Time::FAR_FUTURE,
        })
        .await
        .map(|answer| answer.message.expect("a message"))
}

async fn reacts(agent: &TestAgent, to: &MessageId, emoji: Option<&str>) -> Result<(), ApiError> {
    agent
        .does(Command::React {
            message: to.clone(),
            emoji: emoji.map(str::to_owned),
            send_before: Time::FAR_FUTURE,
        })
        .await
        .map(drop)
}

async fn schedules(
    agent: &TestAgent,
    to: &ConversationId,
    body: &str,
    at: Time,
) -> Result<MessageId, ApiError> {
    agent
        .does(Command::ScheduleText {
            conversation: to.clone(),
            body: body.to_owned(),
            reply_to: None,
            at,
        })
        .await
        .map(|answer| answer.message.expect("a message"))
}

fn last(team: &TestTeam) -> MessageRecord {
    team.sim.sends().pop().expect("something was sent")
}

async fn first_message(agent: &TestAgent, chat: &ConversationId) -> MessageId {
    agent.messages(chat).await.remove(0).id
}

async fn reactions(agent: &TestAgent, chat: &ConversationId, to: &MessageId) -> Vec<Reaction> {
    agent.message(chat, to).await.reactions
}

on_every_database! {
    async fn a_question_is_answered_with_a_tap_and_keeps_the_window_open(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = maria_writes(&team, &sami).await;
        team.pass(WINDOW - Duration::from_secs(600)).await;
        let closes = sami.chat("Maria").await.facts.closes_at().expect("open");
        let id = sends(&sami, &chat, anything_else()).await.expect("accepted");
        team.settled().await;
        assert_eq!(last(&team).kind, "interactive");
        let row = sami.message(&chat, &id).await;
        assert!(matches!(row.content, Content::Question { .. }));
        team.pass(Duration::from_secs(5)).await;
        maria.taps(row.wamid.expect("an id").as_str(), "Yes, please").await.expect("tapped");
        team.settled().await;
        let open = sami.chat("Maria").await;
        assert!(open.facts.closes_at().expect("open") > closes);
        assert_eq!(open.last.expect("a line").kind, "button_reply");
    }

    async fn a_place_and_a_card_arrive_as_they_were_written(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let place = Location {
            latitude: 40.7128,
            longitude: -74.006,
            name: Some("Workshop".into()),
            address: None,
        };
        sends(&sami, &chat, Outgoing::Location { place }).await.expect("accepted");
        team.settled().await;
        assert_eq!(last(&team).body["location"]["latitude"], "40.7128");
        let card = Card {
            name: Some("Ana Prado".into()),
            phones: vec![CardNumber {
                text: "+1 555 078 3882".into(),
                label: None,
                on_whatsapp: true,
            }],
            ..Card::default()
        };
        sends(&sami, &chat, Outgoing::Contacts { cards: vec![card] }).await.expect("accepted");
        team.settled().await;
        assert_eq!(last(&team).body["contacts"][0]["name"]["formatted_name"], "Ana Prado");
    }

    async fn what_meta_would_refuse_is_said_at_its_field(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let Outgoing::Question { mut question } = anything_else() else { return };
        question.body = " ".into();
        let refused = sends(&sami, &chat, Outgoing::Question { question }).await.expect_err("empty");
        assert_eq!(refused.code, ErrorCode::ContentRefused);
        assert_eq!(refused.problems[0].field, "body");
        assert!(team.sim.sends().is_empty());
    }

    async fn nothing_of_it_leaves_after_the_window(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let first = first_message(&sami, &chat).await;
        team.pass(WINDOW - DEFAULT_MARGIN).await;
        for code in [
            sends(&sami, &chat, anything_else()).await.expect_err("too late").code,
            reacts(&sami, &first, Some("👍")).await.expect_err("too late").code,
            schedules(&sami, &chat, "Later", team.now() + Duration::from_secs(1)).await.expect_err("too late").code,
        ] {
            assert_eq!(code, ErrorCode::WindowClosing);
        }
        assert!(team.sim.sends().is_empty());
    }

    async fn an_emoji_stands_on_the_message_and_the_newest_of_the_team_counts(team: TestTeam) {
        let (ana, sami) = (team.agent("Ana").await, team.agent("Sami").await);
        let (maria, chat) = maria_writes(&team, &sami).await;
        let first = first_message(&sami, &chat).await;
        reacts(&sami, &first, Some("👍")).await.expect("accepted");
        team.settled().await;
        let sent = last(&team);
        assert_eq!((sent.kind.as_str(), sent.body["reaction"]["emoji"].as_str()), ("reaction", Some("👍")));
        let mine = reactions(&sami, &chat, &first).await;
        assert_eq!(mine.len(), 1);
        assert_eq!(mine[0].by, Author::Agent { agent: sami.id.clone() });
        assert_eq!(mine[0].delivery, None, "it has arrived");

        team.pass(Duration::from_secs(10)).await;
        reacts(&ana, &first, Some("❤️")).await.expect("accepted");
        team.settled().await;
        let shown = reactions(&sami, &chat, &first).await;
        assert_eq!(shown.len(), 1, "WhatsApp shows one of the business");
        assert_eq!(shown[0].emoji, "❤️");

        // The phone is of the business too.
        team.pass(Duration::from_secs(10)).await;
        let wamid = sami.message(&chat, &first).await.wamid.expect("an id");
        team.sim.phone().reacts(wamid.as_str(), "🙏").await.expect("tapped");
        maria.reacts(wamid.as_str(), "😀").await.expect("tapped");
        team.settled().await;
        let mut shown: Vec<String> = reactions(&sami, &chat, &first).await.into_iter().map(|one| one.emoji).collect();
        shown.sort();
        assert_eq!(shown, ["😀", "🙏"]);

        team.pass(Duration::from_secs(10)).await;
        reacts(&ana, &first, None).await.expect("accepted");
        team.settled().await;
        assert_eq!(last(&team).body["reaction"]["emoji"], "");
        let shown = reactions(&sami, &chat, &first).await;
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].by, Author::Customer);
    }

    async fn an_emoji_that_did_not_arrive_says_so(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let first = first_message(&sami, &chat).await;
        // Taken first, refused a moment later.
        team.sim.fail_sends(1, Fault::LateError { code: 131_009 });
        reacts(&sami, &first, Some("👍")).await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(5)).await;
        let shown = reactions(&sami, &chat, &first).await;
        assert!(
            matches!(&shown[0].delivery, Some(Delivery::Failed { failure, .. }) if failure.code == FailureCode::BadRequest),
            "{shown:?}"
        );
        // The answer is lost: nobody knows, and it is not sent again by itself.
        team.sim.fail_sends(1, Fault::DropRequest);
        reacts(&sami, &first, Some("🙏")).await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(200)).await;
        let shown = reactions(&sami, &chat, &first).await;
        assert!(matches!(shown[0].delivery, Some(Delivery::Uncertain { .. })), "{shown:?}");
        assert!(matches!(reacts(&sami, &first, Some("so so")).await, Err(refused) if refused.code == ErrorCode::Invalid));
    }

    async fn a_text_for_later_leaves_at_its_moment_and_holds_nothing_up(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let at = team.now() + Duration::from_secs(3_600);
        let later = schedules(&sami, &chat, "The bike is ready now.", at).await.expect("accepted");
        assert_eq!(sami.message(&chat, &later).await.delivery, Some(Delivery::Scheduled { at }));
        assert!(sami.chat("Maria").await.waiting_since.is_some(), "nobody has answered yet");
        sami.says(&chat, "Nearly!").await.expect("accepted");
        team.settled().await;
        assert_eq!(last(&team).body["text"]["body"], "Nearly!");
        team.pass(Duration::from_secs(3_599)).await;
        assert_eq!(team.sim.sends().len(), 1);
        team.pass(Duration::from_secs(1)).await;
        assert_eq!(last(&team).body["text"]["body"], "The bike is ready now.");
        assert_eq!(team.sim.sends().len(), 2);
    }

    async fn a_text_for_later_can_be_sent_now_or_taken_back(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let at = team.now() + Duration::from_secs(3_600);
        let now = schedules(&sami, &chat, "Come by any time.", at).await.expect("accepted");
        let never = schedules(&sami, &chat, "Never mind.", at).await.expect("accepted");
        sami.does(Command::SendAgain { message: now }).await.expect("sent");
        sami.does(Command::Discard { message: never }).await.expect("gone");
        team.settled().await;
        team.pass(Duration::from_secs(7_200)).await;
        let bodies: Vec<_> = team.sim.sends().into_iter().map(|sent| sent.body["text"]["body"].clone()).collect();
        assert_eq!(bodies, ["Come by any time."]);
        assert_eq!(sami.messages(&chat).await.len(), 2);
    }

    async fn a_text_for_later_that_would_be_too_late_is_refused_and_one_that_becomes_so_is_parked(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let closes = sami.chat("Maria").await.facts.closes_at().expect("open");
        let refused = schedules(&sami, &chat, "Too late", closes).await.expect_err("too late");
        assert_eq!(refused.code, ErrorCode::WindowClosing);
        let at = closes - DEFAULT_MARGIN - Duration::from_secs(1);
        let id = schedules(&sami, &chat, "Just in time", at).await.expect("accepted");
        // Meta says meanwhile that the window is closed.
        team.sim.fail_sends(1, Fault::LateError { code: 131_047 });
        sami.says(&chat, "Hello?").await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(5)).await;
        team.pass(WINDOW).await;
        let delivery = sami.message(&chat, &id).await.delivery;
        assert!(matches!(delivery, Some(Delivery::Parked { why: Parked::Disputed { .. }, .. })), "{delivery:?}");
    }

    async fn a_held_text_keeps_what_it_answers(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (_, chat) = maria_writes(&team, &sami).await;
        let first = first_message(&sami, &chat).await;
        let wamid: Option<WaMessageId> = sami.message(&chat, &first).await.wamid;
        let answer = sami.does(Command::HoldText {
            conversation: chat.clone(),
            body: "Yes, it is.".into(),
            reply_to: Some(first),
        }).await.expect("held");
        let held = answer.message.expect("a message");
        assert_eq!(sami.message(&chat, &held).await.quotes, wamid);
        sami.does(Command::Release { message: held }).await.expect("released");
        team.settled().await;
        assert!(last(&team).body["context"]["message_id"].is_string());
    }

    async fn whoever_holds_the_phone_typed_what_it_says(team: TestTeam) {
        let (ana, sami) = (team.agent("Ana").await, team.agent("Sami").await);
        let (maria, chat) = maria_writes(&team, &sami).await;
        let inbox = sami.inbox().await;
        ana.does(Command::HoldPhone { inbox: inbox.clone(), agent: Some(ana.id.clone()) })
            .await
            .expect("noted");
        let holder = sami.snapshot().await.inboxes.remove(0).phone_holder.expect("somebody");
        assert_eq!(holder.agent, ana.id);
        team.pass(Duration::from_secs(5)).await;
        team.sim.phone().types(&maria, "On my way").await.expect("typed");
        team.settled().await;
        let echo = sami.messages(&chat).await.pop().expect("an echo");
        assert_eq!(echo.author, Author::Phone { claimed_by: Some(ana.id.clone()) });
        ana.does(Command::HoldPhone { inbox, agent: None }).await.expect("noted");
        team.pass(Duration::from_secs(5)).await;
        team.sim.phone().types(&maria, "Here I am").await.expect("typed");
        team.settled().await;
        let echo = sami.messages(&chat).await.pop().expect("an echo");
        assert_eq!(echo.author, Author::Phone { claimed_by: None });
    }

    async fn other_words_from_the_phone_are_asked_about_and_can_be_told_apart(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = maria_writes(&team, &sami).await;
        let to = Recipient::Conversation { conversation: chat.clone() };
        let prepared = |text: &str| Command::StartOnPhone { to: to.clone(), name: None, text: text.into() };
        sami.does(prepared("Your estimate: 80 for the chain.")).await.expect("waits");
        sami.does(prepared("We are closed on Monday.")).await.expect("waits");
        team.pass(Duration::from_secs(5)).await;
        // The words choose between two that wait.
        team.sim.phone().types(&maria, "we are closed on Monday!").await.expect("typed");
        team.settled().await;
        let states = |agent: ajar_tests::team::Snapshot| -> Vec<(String, String)> {
            agent.phone_starts.into_iter().map(|start| {
                let state = serde_json::to_value(&start.state).expect("JSON");
                let word = match state["alike"].as_bool() {
                    Some(false) => "claimed by other words".to_owned(),
                    _ => state["state"].as_str().unwrap_or_default().to_owned(),
                };
                (start.text, word)
            }).collect()
        };
        let now: std::collections::BTreeMap<_, _> = states(sami.snapshot().await).into_iter().collect();
        assert_eq!(now["Your estimate: 80 for the chain."], "waiting");
        // Whatever is typed claims the other; that the words differ is said.
        team.pass(Duration::from_secs(5)).await;
        team.sim.phone().types(&maria, "Lunch?").await.expect("typed");
        team.settled().await;
        let start = sami.snapshot().await.phone_starts.into_iter()
            .find(|start| start.text.starts_with("Your estimate"))
            .expect("it is known still");
        let state = serde_json::to_value(&start.state).expect("JSON");
        assert_eq!((state["state"].as_str(), state["alike"].as_bool()), (Some("claimed"), Some(false)));
        sami.does(Command::WaitAgain { start: start.id.clone() }).await.expect("waits again");
        let lunch = sami.messages(&chat).await.pop().expect("an echo");
        assert_eq!(lunch.author, Author::Phone { claimed_by: None });
        let twice = sami.does(Command::WaitAgain { start: start.id }).await.expect_err("it waits");
        assert_eq!(twice.code, ErrorCode::Conflict);
    }

    async fn the_months_messages_are_counted_by_metas_word_and_priced_by_a_card(team: TestTeam) {
        let (ines, sami) = (team.admin("Inês").await, team.agent("Sami").await);
        let (_, chat) = maria_writes(&team, &sami).await;
        sami.says(&chat, "It is.").await.expect("accepted");
        team.settled().await;
        team.pass(Duration::from_secs(30)).await;
        let inbox = sami.inbox().await;
        let path = format!("/v1/inboxes/{inbox}/costs");
        let report: ajar_protocol::ui::CostReport = sami.get(&path).await.expect("counted");
        assert_eq!(report.billed + report.free, 1, "{report:?}");
        assert_eq!((report.service, report.estimate.is_none()), (1, true));
        let csv = "Market,Currency,Marketing,Utility,Service\nUS,USD,0.025,0.004,0.004\n";
        let load = |csv: Option<&str>| Command::SetRateCard { csv: csv.map(str::to_owned) };
        assert_eq!(sami.does(load(Some(csv))).await.expect_err("an agent").code, ErrorCode::Forbidden);
        assert_eq!(ines.does(load(Some("a,b"))).await.expect_err("no card").code, ErrorCode::ContentRefused);
        ines.does(load(Some(csv))).await.expect("loaded");
        let report: ajar_protocol::ui::CostReport = sami.get(&path).await.expect("counted");
        let estimate = report.estimate.expect("a card");
        assert_eq!(estimate.currency, "USD");
        assert_eq!(estimate.counted + estimate.not_counted, report.billed);
        ines.does(load(None)).await.expect("removed");
        let report: ajar_protocol::ui::CostReport = sami.get(&path).await.expect("counted");
        assert!(report.estimate.is_none());
    }
}
