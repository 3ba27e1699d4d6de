//! What the outbox promises: nothing twice, nothing late, nothing lost, nobody held up by anybody
//! else. The simulator's own books say what Meta accepted.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use ajar_domain::{
    Clock, ConversationId, MessageId, Time,
    composer::Pause,
    delivery::Delivery,
    failure::FailureCode,
    outbox::{Doubts, FIRST_GENERATION, Outbound, Parked, Reference, Right},
    template::Input,
};
use ajar_hub::store::outbox::{OutRow, Payload};
use ajar_protocol::{
    command::{Command, Recipient},
    error::ErrorCode,
    rows::Role,
};
use ajar_simulator::{AccountState, Customer, Fault, SimClock, Status, StatusPolicy};
use ajar_tests::{
    Db, TestAgent, TestTeam, db, on_every_database,
    team::{THURSDAY, start_hub},
};

/// Longer than anything here takes; what does not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(20);
/// After this the number may send another twenty.
const TURN: Duration = Duration::from_millis(1_100);

async fn chat_with(
    team: &TestTeam,
    agent: &TestAgent,
    name: &str,
    number: &str,
) -> (Customer, ConversationId) {
    let customer = team.sim.customer(name, number);
    customer.says("Hello?").await.expect("sent");
    team.settled().await;
    let chat = agent.chat(name).await.id;
    (customer, chat)
}

async fn delivery(agent: &TestAgent, chat: &ConversationId, id: &MessageId) -> Delivery {
    agent
        .message(chat, id)
        .await
        .delivery
        .expect("one of ours has a tick")
}

/// Waits until the tick of a message is as wanted, looking again after every commit.
async fn until(
    team: &TestTeam,
    agent: &TestAgent,
    chat: &ConversationId,
    id: &MessageId,
    wanted: impl Fn(&Delivery) -> bool,
) -> Delivery {
    let mut committed = team.hub.core().store.committed();
    let waiting = async {
        loop {
            committed.mark_unchanged();
            let now = delivery(agent, chat, id).await;
            if wanted(&now) {
                return now;
            }
            committed.changed().await.expect("the hub lives");
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it comes")
}

/// How often Meta accepted each message, by its reference.
fn accepted(team: &TestTeam) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for send in team.sim.sends() {
        *counts
            .entry(send.callback_data.expect("a reference"))
            .or_default() += 1;
    }
    counts
}

/// Meta counts as it says that it does, what customers write included.
fn counts_strictly(team: &TestTeam) {
    team.sim.configure(|settings| {
        settings.sends_per_second = Some(20);
        settings.inbound_counts = true;
        settings.pair_limit = true;
    });
}

fn nothing_was_refused(team: &TestTeam) {
    let requests = team.sim.requests();
    let refused: Vec<_> = requests.iter().filter(|one| one.status >= 400).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

fn most_in_a_second(times: &[Time]) -> usize {
    times
        .iter()
        .map(|first| {
            let end = *first + Duration::from_secs(1);
            times.iter().filter(|at| *at >= first && **at < end).count()
        })
        .max()
        .unwrap_or(0)
}

on_every_database! {
    async fn a_stopped_queue_is_started_by_an_administrator_once_meta_agrees(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let olu = team.admin("Olu").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.expire_token(true);
        let message = sami.says(&chat, "It is ready").await.expect("accepted");
        team.settled().await;
        let paused = |inboxes: Vec<ajar_protocol::rows::InboxRow>| inboxes[0].paused.clone();
        assert!(matches!(paused(sami.snapshot().await.inboxes), Some((Pause::TokenInvalid, _))));

        let refused = sami.does(Command::StartSending).await.expect_err("not an administrator");
        assert_eq!(refused.code, ErrorCode::Forbidden);
        let refused = olu.does(Command::StartSending).await.expect_err("Meta says no");
        assert_eq!(refused.code, ErrorCode::Paused);
        assert!(maria.texts().is_empty());

        team.sim.expire_token(false);
        olu.does(Command::StartSending).await.expect("Meta agrees");
        team.settled().await;
        assert_eq!(maria.texts(), ["It is ready"]);
        assert_eq!(paused(sami.snapshot().await.inboxes), None);
        assert!(delivery(&sami, &chat, &message).await.arrived());
        olu.does(Command::StartSending).await.expect("starting what runs is no error");
    }

    async fn starting_the_queue_does_not_bring_a_disconnected_number_back(team: TestTeam) {
        let olu = team.admin("Olu").await;
        let (_, chat) = chat_with(&team, &olu, "Maria", "+1 555 014 2207").await;
        team.sim.expire_token(true);
        olu.says(&chat, "It is ready").await.expect("accepted");
        team.settled().await;
        team.sim.set_account(AccountState::Offboarded);
        team.settled().await;
        team.sim.expire_token(false);
        olu.does(Command::StartSending).await.expect("Meta agrees");
        team.settled().await;
        let inbox = olu.snapshot().await.inboxes.remove(0);
        assert!(matches!(inbox.paused, Some((Pause::NumberOffboarded, _))), "{:?}", inbox.paused);
        assert!(team.sim.sends().is_empty());
        team.sim.set_account(AccountState::Connected);
        team.settled().await;
        assert_eq!(team.sim.sends().len(), 1, "and once it is back, what waited goes out at once");
    }

    async fn a_restricted_account_is_said_to_be_one(team: TestTeam) {
        let olu = team.admin("Olu").await;
        let (_, chat) = chat_with(&team, &olu, "Maria", "+1 555 014 2207").await;
        team.sim.fail_sends(1, Fault::Error { code: 368 });
        olu.says(&chat, "It is ready").await.expect("accepted");
        team.settled().await;
        let inbox = olu.snapshot().await.inboxes.remove(0);
        assert!(matches!(inbox.paused, Some((Pause::AccountRestricted, _))), "{:?}", inbox.paused);
    }

    async fn a_deadline_passes_while_the_queue_is_stopped(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.expire_token(true);
        let message = sami.says(&chat, "It is ready").await.expect("accepted");
        team.settled().await;
        // Nobody rings the bell: the worker wakes for the deadline by itself.
        let closes_at = sami.chat("Maria").await.facts.closes_at().expect("open");
        team.clock.set(closes_at);
        let now = until(&team, &sami, &chat, &message, |now| *now != Delivery::Queued).await;
        assert!(matches!(now, Delivery::Parked { why: Parked::DeadlinePassed { .. }, .. }), "{now:?}");
        assert!(maria.texts().is_empty());
    }

    async fn a_deadline_passes_behind_a_back_off(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        let closes_at = sami.chat("Maria").await.facts.closes_at().expect("open");
        team.clock.set(closes_at - Duration::from_secs(60));
        // The account's calls are used up: nothing for two minutes.
        team.sim.fail_sends(1, Fault::Error { code: 80_007 });
        let first = sami.says(&chat, "One").await.expect("accepted");
        let second = sami.says(&chat, "Two").await.expect("accepted");
        team.settled().await;
        team.clock.set(closes_at - Duration::from_secs(20));
        for id in [first, second] {
            let now = until(&team, &sami, &chat, &id, |now| *now != Delivery::Queued).await;
            assert!(matches!(now, Delivery::Parked { why: Parked::DeadlinePassed { .. }, .. }), "{now:?}");
        }
        assert!(maria.texts().is_empty());
    }

    async fn the_deadline_that_the_agent_saw_holds_unless_the_customer_writes_again(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        let says = async |body: &str| {
            sami.does(Command::SendText {
                conversation: chat.clone(),
                body: body.to_owned(),
                reply_to: None,
                send_before: team.now() + Duration::from_secs(60),
            }).await.expect("accepted").message.expect("a message")
        };
        team.sim.fail_sends(1, Fault::Error { code: 80_007 });
        let parked = says("For the next minute only").await;
        team.settled().await;
        assert_eq!(
            sami.message(&chat, &parked).await.send_before,
            Some(team.now() + Duration::from_secs(60)),
            "the clock that is shown is the one that holds"
        );
        team.pass(Duration::from_secs(60)).await;
        let now = delivery(&sami, &chat, &parked).await;
        assert!(matches!(now, Delivery::Parked { why: Parked::DeadlinePassed { .. }, .. }), "{now:?}");
        team.pass(Duration::from_secs(300)).await;
        assert!(maria.texts().is_empty());

        team.sim.fail_sends(1, Fault::Error { code: 80_007 });
        let lengthened = says("As long as you are there").await;
        team.settled().await;
        team.clock.advance(Duration::from_secs(30));
        maria.says("Still here").await.expect("sent");
        team.settled().await;
        team.pass(Duration::from_secs(60)).await;
        let row = sami.message(&chat, &lengthened).await;
        assert_eq!(row.delivery, Some(Delivery::Queued));
        assert!(row.send_before.expect("a deadline") > team.now() + Duration::from_secs(3_600));
        team.pass(Duration::from_secs(300)).await;
        assert_eq!(maria.texts(), ["As long as you are there"]);
    }

    async fn an_old_failure_does_not_swallow_the_next_try(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.fail_sends(1, Fault::LateError { code: 131_053 });
        let message = sami.says(&chat, "Here it is").await.expect("accepted");
        team.settled().await;
        assert!(matches!(delivery(&sami, &chat, &message).await, Delivery::Failed { .. }));
        let first = team.sim.sends()[0].id.clone();

        team.sim.fail_sends(1, Fault::Error { code: 131_016 });
        sami.does(Command::SendAgain { message: message.clone() }).await.expect("again");
        team.settled().await;
        team.clock.advance(Duration::from_millis(500));
        team.sim.fail(first, 131_053).expect("Meta repeats itself");
        team.settled().await;
        assert_eq!(delivery(&sami, &chat, &message).await, Delivery::Queued);
        team.pass(Duration::from_secs(10)).await;
        assert_eq!(maria.texts(), ["Here it is"]);
        assert!(delivery(&sami, &chat, &message).await.arrived());
        let references: Vec<u32> = team.sim.sends().iter()
            .map(|send| Reference::read(send.callback_data.as_deref().expect("one")).generation)
            .collect();
        assert_eq!(references, [1, 2]);
    }

    async fn an_old_delivery_spares_the_customer_the_second_copy(team: TestTeam) {
        let sami = team.agent("Sami").await;
        team.sim.configure(|settings| settings.statuses = StatusPolicy::Manual);
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.fail_sends(1, Fault::SwallowAnswer);
        let message = sami.says(&chat, "Once only").await.expect("accepted");
        team.settled().await;
        assert!(matches!(delivery(&sami, &chat, &message).await, Delivery::Uncertain { dismissed: false, .. }));
        let first = team.sim.sends()[0].id.clone();
        team.sim.fail_sends(1, Fault::Error { code: 131_016 });
        sami.does(Command::SendAgain { message: message.clone() }).await.expect("again");
        team.settled().await;
        team.sim.status(first, Status::Delivered).expect("told");
        team.settled().await;
        team.pass(Duration::from_secs(600)).await;
        assert_eq!(maria.texts(), ["Once only"]);
        assert!(delivery(&sami, &chat, &message).await.arrived());
    }

    async fn a_second_try_that_fails_leaves_the_doubt_about_the_first(team: TestTeam) {
        let sami = team.agent("Sami").await;
        team.sim.configure(|settings| settings.statuses = StatusPolicy::Manual);
        let (_, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.fail_sends(1, Fault::SwallowAnswer);
        let message = sami.says(&chat, "Did you get this?").await.expect("accepted");
        team.settled().await;
        let first = team.sim.sends()[0].id.clone();

        team.sim.fail_sends(1, Fault::Error { code: 131_026 });
        sami.does(Command::SendAgain { message: message.clone() }).await.expect("again");
        team.settled().await;
        let row = sami.message(&chat, &message).await;
        assert!(matches!(row.delivery, Some(Delivery::Failed { .. })), "{:?}", row.delivery);
        assert!(row.doubt.is_some(), "Maria may have the first one");

        team.clock.advance(Duration::from_millis(500));
        team.sim.fail(first, 131_026).expect("told at last");
        team.settled().await;
        let row = sami.message(&chat, &message).await;
        assert!(matches!(row.delivery, Some(Delivery::Failed { .. })), "{:?}", row.delivery);
        assert_eq!(row.doubt, None);
    }

    async fn what_may_have_arrived_is_dismissed_and_not_deleted(team: TestTeam) {
        let sami = team.agent("Sami").await;
        team.sim.configure(|settings| settings.statuses = StatusPolicy::Manual);
        let (_, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.fail_sends(1, Fault::SwallowAnswer);
        let message = sami.says(&chat, "Did you get this?").await.expect("accepted");
        team.settled().await;
        assert_eq!(sami.chat("Maria").await.parked, 1);
        sami.does(Command::Discard { message: message.clone() }).await.expect("let it be");
        assert!(matches!(delivery(&sami, &chat, &message).await, Delivery::Uncertain { dismissed: true, .. }));
        assert_eq!(sami.chat("Maria").await.parked, 0, "it asks for nothing any more");
        let sent = team.sim.sends()[0].id.clone();
        team.sim.status(sent, Status::Delivered).expect("told");
        team.settled().await;
        assert!(delivery(&sami, &chat, &message).await.arrived());
    }

    async fn a_template_that_meta_holds_back_says_so(team: TestTeam) {
        let sami = team.admin("Sami").await;
        let (_, chat) = chat_with(&team, &sami, "Odette", "+1 555 011 8830").await;
        let inbox = sami.inbox().await;
        sami.does(Command::RefreshTemplates { inbox }).await.expect("listed");
        let templates = sami.snapshot().await.templates;
        let template = templates.iter().map(|row| &row.template)
            .find(|template| template.not_sendable().is_none()
                && template.fields().iter().all(|field| field.input == Input::Text))
            .expect("a template of words");
        let values: BTreeMap<String, String> = template.fields().into_iter()
            .map(|field| (field.key, "Odette".to_owned()))
            .collect();
        team.sim.fail_sends(1, Fault::Hold);
        let message = sami.does(Command::SendTemplate {
            to: Recipient::Conversation { conversation: chat.clone() },
            template: template.id.clone(),
            values,
            typed: std::collections::BTreeMap::new(),
            hold: None,
        }).await.expect("accepted").message.expect("a message");
        team.settled().await;
        let now = delivery(&sami, &chat, &message).await;
        assert!(matches!(now, Delivery::Accepted { held: true, .. }), "{now:?}");
    }

    async fn a_read_mark_that_waits_holds_no_words_up(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        let inbox = sami.inbox().await;
        let mut tx = team.hub.core().store.begin().await.expect("a transaction");
        let wamid = ajar_domain::WaMessageId::new("wamid.of-long-ago");
        tx.enqueue(&OutRow {
            id: format!("read:{wamid}"),
            inbox,
            conversation: chat.clone(),
            seq: 0,
            payload: Payload::MarkRead { wamid },
            right: Right::None,
            state: Outbound::Waiting { not_before: team.now() + Duration::from_secs(3_600), attempt: 1 },
            attempt: 1,
            queued_at: team.now(),
            generation: FIRST_GENERATION,
            agent: None,
            doubts: Doubts::default(),
        }).await.expect("queued");
        tx.commit().await.expect("committed");
        sami.says(&chat, "It is ready").await.expect("accepted");
        team.settled().await;
        assert_eq!(maria.texts(), ["It is ready"]);
        // Meta does not know that message: the mark is given up, and nobody is told.
        team.pass(Duration::from_secs(3_600)).await;
        sami.says(&chat, "Until six").await.expect("accepted");
        team.settled().await;
        assert_eq!(maria.texts().len(), 2);
        assert_eq!(sami.chat("Maria").await.parked, 0);
    }

    async fn an_unknown_fault_of_meta_is_tried_twice_more_and_then_said(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.sim.fail_sends(3, Fault::Error { code: 131_000 });
        let message = sami.says(&chat, "It is ready").await.expect("accepted");
        for _ in 0..4 {
            team.pass(Duration::from_secs(60)).await;
        }
        let now = delivery(&sami, &chat, &message).await;
        assert!(
            matches!(&now, Delivery::Failed { failure, .. } if failure.code == FailureCode::MetaFault),
            "{now:?}"
        );
        assert!(maria.texts().is_empty());
    }

    async fn the_order_of_a_conversation_is_kept(team: TestTeam) {
        let sami = team.agent("Sami").await;
        let jonah = team.agent("Jonah").await;
        let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
        team.pass(TURN).await;
        let mut said = Vec::new();
        for no in 0..24 {
            if no % 5 == 1 {
                team.sim.fail_sends(1, Fault::Error { code: 131_016 });
            }
            let agent = if no % 3 == 0 { &jonah } else { &sami };
            let text = format!("{no}");
            agent.says(&chat, &text).await.expect("accepted");
            said.push(text);
        }
        // The faults meet the first of them one after the other, and the others wait for it.
        for _ in 0..8 {
            team.pass(Duration::from_secs(8)).await;
        }
        assert_eq!(maria.texts(), said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_stalls_nobody_else() {
    let team = TestTeam::start(Db::File).await;
    team.sim
        .configure(|settings| settings.statuses = StatusPolicy::Manual);
    let sami = team.agent("Sami").await;
    let (maria, slow) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
    let (juno, quick) = chat_with(&team, &sami, "Juno", "+1 555 014 2208").await;
    // Longer than this story lasts.
    team.sim.fail_sends(1, Fault::Delay { ms: 60_000 });
    sami.says(&slow, "Slow").await.expect("accepted");
    let arrived = async |customer: &Customer, how_many| {
        tokio::time::timeout(PATIENCE, customer.has_received(how_many))
            .await
            .expect("nobody waits")
    };
    arrived(&maria, 1).await;
    for no in 1..=4 {
        let message = sami
            .says(&quick, &format!("Quick {no}"))
            .await
            .expect("accepted");
        arrived(&juno, no).await;
        until(&team, &sami, &quick, &message, |now| {
            matches!(now, Delivery::Accepted { .. })
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_ones_own_is_not_given_up_because_the_clock_runs_fast() {
    let clock = SimClock::running_from(THURSDAY, 600.0);
    let team = TestTeam::start_at(Db::File, clock.clone()).await;
    team.sim
        .configure(|settings| settings.statuses = StatusPolicy::Manual);
    let sami = team.agent("Sami").await;
    let (maria, slow) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
    let (juno, quick) = chat_with(&team, &sami, "Juno", "+1 555 014 2208").await;
    team.sim.fail_sends(1, Fault::Delay { ms: 1_500 });
    let message = sami.says(&slow, "Slow").await.expect("accepted");
    tokio::time::timeout(PATIENCE, maria.has_received(1))
        .await
        .expect("it is on its way");
    // A quarter of an hour of that clock passes, and the worker looks around in between.
    clock
        .wait_until(clock.now() + Duration::from_secs(400))
        .await;
    sami.says(&quick, "Quick").await.expect("accepted");
    tokio::time::timeout(PATIENCE, juno.has_received(1))
        .await
        .expect("it looked around");
    assert_eq!(delivery(&sami, &slow, &message).await, Delivery::Queued);
    let end = until(&team, &sami, &slow, &message, |now| {
        *now != Delivery::Queued
    })
    .await;
    assert!(matches!(end, Delivery::Accepted { .. }), "{end:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_burst_of_one_agent_does_not_starve_another() {
    const BURST: usize = 200;
    let team = TestTeam::start(Db::Memory).await;
    counts_strictly(&team);
    let (sami, jonah) = (team.agent("Sami").await, team.agent("Jonah").await);
    for no in 0..=BURST {
        let customer = team
            .sim
            .customer(&format!("C{no}"), &format!("+1 555 {:07}", 2_000_000 + no));
        customer.says("Hello?").await.expect("sent");
    }
    team.settled().await;
    team.pass(TURN).await;
    let mut chats: Vec<ConversationId> = sami
        .snapshot()
        .await
        .conversations
        .into_iter()
        .map(|row| row.id)
        .collect();
    let last = chats.pop().expect("a chat");
    for chat in &chats {
        sami.says(chat, "Closed on Monday").await.expect("accepted");
    }
    jonah.says(&last, "Yours is ready").await.expect("accepted");
    let jonahs = || {
        team.sim
            .sends()
            .iter()
            .position(|send| send.body["text"]["body"] == "Yours is ready")
    };
    team.settled().await;
    let before = team.sim.sends().len();
    assert!(before <= 20, "{before} in one moment");
    team.pass(TURN).await;
    let place = jonahs().expect("it is among the next twenty");
    assert!(place < 40, "{place}");
    for _ in 0..12 {
        team.pass(TURN).await;
    }
    let sends = team.sim.sends();
    assert_eq!(sends.len(), BURST + 1);
    let times: Vec<Time> = sends.iter().map(|send| send.at).collect();
    assert!(most_in_a_second(&times) <= 20);
    nothing_was_refused(&team);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_to_one_customer_keep_to_the_pair_limit() {
    let team = TestTeam::start(Db::File).await;
    counts_strictly(&team);
    let sami = team.agent("Sami").await;
    let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
    let (juno, other) = chat_with(&team, &sami, "Juno", "+1 555 014 2208").await;
    team.pass(TURN).await;
    for no in 0..50 {
        sami.says(&chat, &format!("{no}")).await.expect("accepted");
    }
    for _ in 0..4 {
        team.pass(TURN).await;
    }
    let at_once = maria.texts().len();
    assert!((44..=45).contains(&at_once), "{at_once}");
    sami.says(&other, "You do not wait")
        .await
        .expect("accepted");
    team.settled().await;
    assert_eq!(juno.texts().len(), 1);
    for _ in 0..6 {
        team.pass(Duration::from_secs(6)).await;
    }
    let all: Vec<String> = (0..50).map(|no| no.to_string()).collect();
    assert_eq!(maria.texts(), all);
    nothing_was_refused(&team);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_starts_with_a_good_token_sends_what_the_bad_one_stopped() {
    let mut team = TestTeam::start(Db::File).await;
    let sami = team.agent("Sami").await;
    let (maria, chat) = chat_with(&team, &sami, "Maria", "+1 555 014 2207").await;
    team.sim.expire_token(true);
    sami.says(&chat, "It is ready").await.expect("accepted");
    team.settled().await;
    team.restart_hub().await;
    team.settled().await;
    assert!(maria.texts().is_empty(), "Meta still refuses");
    team.sim.expire_token(false);
    team.restart_hub().await;
    tokio::time::timeout(PATIENCE, maria.has_received(1))
        .await
        .expect("started again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hubs_on_one_database_send_nothing_twice() {
    if !db::postgres_is_there() {
        return;
    }
    const CHATS: usize = 12;
    const EACH: usize = 5;
    let team = TestTeam::start(Db::Postgres).await;
    let second = start_hub(&team.sim, &team.clock, &team.database_url, 99, None).await;
    let sami = team.agent("Sami").await;
    let (_, code) = second.add_agent("Jonah", Role::Agent).await.expect("added");
    let jonah = TestAgent::join(&second.url(), &code).await.expect("joined");
    for no in 0..CHATS {
        let customer = team
            .sim
            .customer(&format!("C{no}"), &format!("+1 555 {:07}", 2_000_000 + no));
        customer.says("Hello?").await.expect("sent");
    }
    let settled = async || {
        for _ in 0..2 {
            team.settled().await;
            second.settled().await.expect("the store answers");
        }
    };
    settled().await;
    let chats: Vec<ConversationId> = sami
        .snapshot()
        .await
        .conversations
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(chats.len(), CHATS);
    let mut said = HashMap::new();
    for no in 0..EACH {
        for (at, chat) in chats.iter().enumerate() {
            if (at + no) % 4 == 0 {
                let faults = [
                    Fault::SwallowAnswer,
                    Fault::Error { code: 131_016 },
                    Fault::Error { code: 130_429 },
                ];
                team.sim
                    .fail_sends(1, faults[(at + no) / 4 % faults.len()].clone());
            }
            let agent = if (at + no) % 2 == 0 { &sami } else { &jonah };
            let id = agent
                .says(chat, &format!("{at}/{no}"))
                .await
                .expect("accepted");
            said.insert(id.as_str().to_owned(), chat.clone());
        }
    }
    for _ in 0..40 {
        team.clock.advance(Duration::from_secs(2));
        team.hub.core().outbox_waits.notify_one();
        second.core().outbox_waits.notify_one();
        settled().await;
    }
    let accepted = accepted(&team);
    assert!(
        accepted.values().all(|count| *count == 1),
        "something went out twice: {accepted:?}"
    );
    assert_eq!(accepted.len(), said.len(), "and nothing is missing");
    for (id, chat) in said {
        let now = delivery(&sami, &chat, &MessageId::new(id)).await;
        assert!(now.arrived(), "{now:?}");
    }
    let times: Vec<Time> = team.sim.sends().iter().map(|send| send.at).collect();
    assert!(most_in_a_second(&times) <= 20, "the sum of both");
}
