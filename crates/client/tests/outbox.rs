//! What an agent sends is never lost, never sent twice, and never sent late.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ajar_client::{Desk, DeskConfig, Screen, Seen, clock::Steady};
use ajar_domain::{ClientRef, ConversationId, Time, window::DEFAULT_MARGIN};
use ajar_protocol::{
    command::{Command, CommandRequest, Recipient},
    error::ErrorCode,
    ui::{Acted, LinkState, Nothing, QueuedItem, QueuedState, TakeBack, ThreadItem, UiCall},
};
use support::{FakeHub, NOON, closes, config, sit_down};

fn text(conversation: &ConversationId, body: &str) -> Command {
    Command::SendText {
        conversation: conversation.clone(),
        body: body.into(),
        reply_to: None,
        send_before: Time::FAR_FUTURE,
    }
}

fn queued(seen: &Seen) -> Vec<&QueuedItem> {
    seen.items()
        .iter()
        .filter_map(|item| match item {
            ThreadItem::Queued(item) => Some(item),
            _ => None,
        })
        .collect()
}

fn said(seen: &Seen) -> Vec<String> {
    seen.items()
        .iter()
        .filter_map(|item| match item {
            ThreadItem::Message { row, .. } if row.client_ref.is_some() => {
                Some(row.content.preview())
            }
            _ => None,
        })
        .collect()
}

async fn open(screen: &mut Screen, conversation: &ConversationId) {
    screen.open(conversation).await.expect("opened");
    screen
        .until(|seen| seen.thread.as_ref().is_some_and(|thread| thread.complete))
        .await
        .expect("read");
}

async fn go_offline(hub: &FakeHub, screen: &mut Screen) {
    hub.misbehave(|hub| hub.down = true);
    screen
        .until(|seen| matches!(seen.link, Some(LinkState::Offline { .. })))
        .await
        .expect("offline");
}

fn on_disk(folder: &tempfile::TempDir) -> DeskConfig {
    DeskConfig {
        data_dir: Some(folder.path().into()),
        secrets: Arc::new(ajar_client::FileSecrets::in_folder(folder.path())),
        ..config("a")
    }
}

#[tokio::test]
async fn a_reply_goes_out_and_its_row_takes_the_place_of_the_queued_one() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    open(&mut alice, &maria).await;
    alice.type_reply(&maria, "Hi Maria").await.expect("saved");
    let acted = alice.act(text(&maria, "Hi Maria")).await.expect("queued");
    assert_eq!(acted.answer, None);
    alice
        .until(|seen| {
            let answered = seen
                .thread
                .as_ref()
                .is_some_and(|thread| thread.conversation.waiting_since.is_none());
            said(seen) == ["Hi Maria"] && queued(seen).is_empty() && answered
        })
        .await
        .expect("sent");
    let drafts = alice.seen().thread.as_ref().map(|thread| &thread.drafts);
    assert_eq!(drafts, Some(&Vec::new()), "what was sent is no draft");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_reference() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    open(&mut alice, &maria).await;
    hub.misbehave(|hub| {
        hub.lose_answers = 3;
        // Only the answer can tell, the row does not come round.
        hub.silent = true;
    });
    let acted = alice.act(text(&maria, "once")).await.expect("queued");
    hub.until(|hub| {
        let texts = hub
            .requests
            .iter()
            .filter(|request| matches!(request.command, Command::SendText { .. }));
        texts.count() >= 4
    })
    .await;
    hub.misbehave(|hub| hub.silent = false);
    alice
        .until(|seen| said(seen) == ["once"] && queued(seen).is_empty())
        .await
        .expect("sent");
    assert_eq!(hub.texts(), ["once"]);
    hub.with(|hub| {
        let sends: Vec<_> = hub
            .requests
            .iter()
            .filter(|request| matches!(request.command, Command::SendText { .. }))
            .collect();
        assert_eq!(sends.len(), 4);
        assert!(sends.iter().all(|send| send.client_ref == acted.client_ref));
    });
}

#[tokio::test]
async fn a_screen_that_asks_twice_under_one_reference_sends_once() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    open(&mut alice, &maria).await;
    let request = CommandRequest {
        client_ref: ClientRef::new("made-by-the-screen"),
        command: text(&maria, "once"),
    };
    let send = || alice.call::<Acted>(UiCall::Send(request.clone()));
    // Two at a time, as of a page that lost the answer and of one that is impatient.
    let (first, second) = tokio::join!(send(), send());
    for acted in [first, second] {
        assert_eq!(acted.expect("queued").client_ref, request.client_ref);
    }
    alice
        .until(|seen| said(seen) == ["once"] && queued(seen).is_empty())
        .await
        .expect("sent");
    // Also when it has long gone round, and after the window has closed.
    hub.set_clock(closes() + Duration::from_secs(3600), 0.0);
    let late = alice.call::<Acted>(UiCall::Send(request.clone())).await;
    assert_eq!(late.expect("known").client_ref, request.client_ref);
    assert!(queued(alice.seen()).is_empty());
    assert_eq!(hub.texts(), ["once"]);
}

#[tokio::test]
async fn what_may_be_at_the_hub_cannot_be_taken_back() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    open(&mut alice, &maria).await;
    hub.misbehave(|hub| {
        hub.lose_answers = u32::MAX;
        hub.silent = true;
    });
    let acted = alice.act(text(&maria, "under way")).await.expect("queued");
    hub.until(|hub| {
        hub.requests
            .iter()
            .any(|it| it.client_ref == acted.client_ref)
    })
    .await;
    let refused = alice
        .call::<Nothing>(UiCall::TakeBack(TakeBack {
            client_ref: acted.client_ref,
        }))
        .await;
    assert_eq!(
        refused.map_err(|error| error.code),
        Err(ErrorCode::Conflict)
    );
}

#[tokio::test]
async fn the_outbox_survives_the_app_and_keeps_its_order_and_references() {
    let hub = FakeHub::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let maria = hub.new_customer_writes("Maria", "Hello");
    let desk = hub.join(on_disk(&folder), "Alice").await;
    let mut alice = sit_down(&desk).await;
    open(&mut alice, &maria).await;
    go_offline(&hub, &mut alice).await;
    let mut references = Vec::new();
    for body in ["one", "two", "three"] {
        let acted = alice.act(text(&maria, body)).await.expect("queued");
        references.push(acted.client_ref);
    }
    alice
        .until(|seen| queued(seen).len() == 3)
        .await
        .expect("shown");
    drop(alice);
    desk.close().await;

    let desk = Desk::open(on_disk(&folder)).await.expect("opened");
    hub.misbehave(|hub| hub.down = false);
    let mut alice = sit_down(&desk).await;
    open(&mut alice, &maria).await;
    alice
        .until(|seen| said(seen) == ["one", "two", "three"] && queued(seen).is_empty())
        .await
        .expect("sent");
    assert_eq!(hub.texts(), ["one", "two", "three"]);
    hub.with(|hub| {
        let sent: Vec<_> = hub
            .requests
            .iter()
            .filter(|request| matches!(request.command, Command::SendText { .. }))
            .map(|request| request.client_ref.clone())
            .collect();
        assert_eq!(sent, references);
    });
    desk.close().await;
}

#[derive(Default)]
struct ByHand(AtomicU64);

impl Steady for ByHand {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_text_whose_deadline_passes_is_parked_and_can_be_taken_back() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let steady = Arc::new(ByHand::default());
    let by_hand = DeskConfig {
        steady: steady.clone(),
        ..config("a")
    };
    hub.set_clock(NOON, 1.0);
    let desk = hub.join(by_hand, "Alice").await;
    let mut alice = sit_down(&desk).await;
    open(&mut alice, &maria).await;
    go_offline(&hub, &mut alice).await;
    let acted = alice.act(text(&maria, "too late")).await.expect("queued");
    let seen = alice
        .until(|seen| !queued(seen).is_empty())
        .await
        .expect("shown");
    let deadline = queued(seen).first().and_then(|item| item.send_before);
    assert_eq!(deadline, Some(closes() - DEFAULT_MARGIN));
    // A night passes, and somebody does something else.
    steady.0.store(86_400_000, Ordering::SeqCst);
    let note = Command::AddNote {
        conversation: maria.clone(),
        body: "good morning".into(),
    };
    alice.act(note).await.expect("queued");
    alice
        .until(|seen| {
            queued(seen)
                .first()
                .is_some_and(|item| item.state == QueuedState::Parked)
        })
        .await
        .expect("parked");
    hub.with(|hub| {
        hub.now = closes();
        hub.mischief.down = false;
    });
    alice
        .until(|seen| seen.is_live() && queued(seen).len() == 1)
        .await
        .expect("live again, and the note has gone out");
    assert!(hub.texts().is_empty(), "never sent late");
    alice
        .call::<Nothing>(UiCall::TakeBack(TakeBack {
            client_ref: acted.client_ref,
        }))
        .await
        .expect("taken back");
    alice
        .until(|seen| queued(seen).is_empty())
        .await
        .expect("gone");
}

#[tokio::test]
async fn a_customer_who_writes_meanwhile_lengthens_the_deadline() {
    let hub = FakeHub::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let maria = hub.new_customer_writes("Maria", "Hello");
    let desk = hub.join(on_disk(&folder), "Alice").await;
    let mut alice = sit_down(&desk).await;
    open(&mut alice, &maria).await;
    go_offline(&hub, &mut alice).await;
    alice.act(text(&maria, "in time")).await.expect("queued");
    drop(alice);
    desk.close().await;
    // A day later she has written again; the desk starts with a clock that it only guesses.
    hub.with(|hub| {
        hub.now = closes() + Duration::from_secs(60);
        hub.mischief.down = false;
    });
    hub.customer_writes(&maria, "Are you there?");
    let desk = Desk::open(on_disk(&folder)).await.expect("opened");
    let mut alice = sit_down(&desk).await;
    open(&mut alice, &maria).await;
    alice
        .until(|seen| {
            said(seen) == ["in time"]
                || queued(seen)
                    .first()
                    .is_some_and(|item| item.state == QueuedState::Parked)
        })
        .await
        .expect("decided");
    assert_eq!(hub.texts(), ["in time"]);
    desk.close().await;
}

#[tokio::test]
async fn what_the_hub_refuses_is_kept_with_its_reason() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    open(&mut alice, &maria).await;
    hub.misbehave(|hub| hub.refuse_texts = Some(ErrorCode::WindowClosing));
    alice.act(text(&maria, "refused")).await.expect("queued");
    let note = Command::AddNote {
        conversation: maria.clone(),
        body: "she called".into(),
    };
    alice.act(note).await.expect("queued");
    let seen = alice
        .until(|seen| {
            matches!(queued(seen).as_slice(), [item]
                if matches!(item.state, QueuedState::Refused { .. }))
                && seen
                    .items()
                    .iter()
                    .any(|item| matches!(item, ThreadItem::Note { .. }))
        })
        .await
        .expect("kept, and what came behind went on");
    let state = queued(seen).first().map(|item| item.state.clone());
    assert!(
        matches!(state, Some(QueuedState::Refused { error }) if error.code == ErrorCode::WindowClosing)
    );
}

#[tokio::test]
async fn everything_else_is_answered_by_the_hub_or_refused_offline() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    let assign = Command::Assign {
        conversation: maria.clone(),
        assignee: Some(support::agent("Alice")),
    };
    let acted = alice.act(assign.clone()).await.expect("done");
    assert!(acted.answer.is_some());
    alice
        .until(|seen| seen.list.as_ref().is_some_and(|list| list.counts.mine == 1))
        .await
        .expect("seen");
    go_offline(&hub, &mut alice).await;
    let refused = alice.act(assign).await.map_err(|error| error.code);
    assert_eq!(refused, Err(ErrorCode::HubUnreachable));
}

#[tokio::test]
async fn a_template_to_a_new_number_answers_with_its_conversation() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    let to_new_number = |values: &[(&str, &str)]| Command::SendTemplate {
        to: Recipient::Number {
            inbox: ajar_domain::InboxId::new("shop"),
            number: "0151 234 567 89".into(),
        },
        template: ajar_domain::TemplateId::new("greeting"),
        values: values
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
        typed: std::collections::BTreeMap::new(),
        hold: None,
    };
    let missing = alice.act(to_new_number(&[])).await;
    let error = missing.expect_err("a value is missing");
    assert_eq!(error.code, ErrorCode::TemplateRefused);
    assert_eq!(error.fields.len(), 1);
    let acted = alice
        .act(to_new_number(&[("body.1", "Maria")]))
        .await
        .expect("sent");
    let conversation = acted.answer.and_then(|answer| answer.conversation);
    let seen = alice
        .until(|seen| seen.row("+4915123456789").is_some())
        .await
        .expect("seen");
    assert_eq!(
        seen.row("+4915123456789").map(|row| &row.id),
        conversation.as_ref()
    );
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_it_is_queued() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let silent = hub.with(|hub| hub.add_conversation("Silent"));
    let (_desk, alice) = hub.agent("Alice").await;
    let refused = async |command| alice.act(command).await.map_err(|error| error.code);
    assert_eq!(refused(text(&maria, "  ")).await, Err(ErrorCode::Invalid));
    assert_eq!(
        refused(text(&maria, &"x".repeat(4097))).await,
        Err(ErrorCode::TooLong)
    );
    assert_eq!(
        refused(text(&silent, "Hello?")).await,
        Err(ErrorCode::WindowNotOpen)
    );
    hub.set_clock(NOON, 0.0);
    assert!(hub.texts().is_empty());
}
