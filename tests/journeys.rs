//! The story of the product, told with two desktops, a hub and a simulated Meta, on every
//! database: Maria writes, Alice and Bob see it, the phone answers too, the window closes, and
//! there is always a way on.

use std::{collections::BTreeMap, time::Duration};

use ajar_client::{Desk, DeskConfig, Screen, Seen};
use ajar_domain::{
    ConversationId, Time,
    composer::Composer,
    content::{Author, Content},
    delivery::Delivery,
};
use ajar_protocol::{
    command::{Command, Recipient},
    error::ErrorCode,
    rows::{MessageRow, Role},
    ui::{
        ClockFace, JoinTeam, ListOrder, ListQuery, Nothing, PresenceOf, TemplateChoice,
        TemplateList, TemplateQuery, ThreadItem, UiCall, WhyWindow,
    },
};
use ajar_tests::on_every_database;

const MARGIN: Duration = Duration::from_secs(20);

/// A desktop of this agent, joined, live, with the list on the screen.
async fn desktop(team: &ajar_tests::TestTeam, name: &str) -> (Desk, Screen) {
    let (_, code) = team.hub.add_agent(name, Role::Agent).await.expect("added");
    let desk = Desk::open(DeskConfig::in_memory(name))
        .await
        .expect("a desk");
    let mut screen = desk.screen();
    desk.join(JoinTeam {
        hub: team.hub.url(),
        code,
    })
    .await
    .expect("joined");
    screen.until(Seen::is_live).await.expect("live");
    screen.watch_list(list()).await.expect("watched");
    (desk, screen)
}

fn list() -> ListQuery {
    ListQuery {
        to: 50,
        ..ListQuery::default()
    }
}

fn messages(seen: &Seen) -> Vec<&MessageRow> {
    seen.items()
        .iter()
        .filter_map(|item| match item {
            ThreadItem::Message { row, .. } => Some(row),
            ThreadItem::Note { .. } | ThreadItem::Queued(_) => None,
        })
        .collect()
}

fn says(seen: &Seen, words: &str) -> bool {
    messages(seen)
        .iter()
        .any(|row| matches!(&row.content, Content::Text { body } if body == words))
}

fn composer(seen: &Seen) -> Option<&Composer> {
    seen.thread.as_ref().map(|thread| &thread.composer)
}

fn text(conversation: &ConversationId, body: &str, send_before: Time) -> Command {
    Command::SendText {
        conversation: conversation.clone(),
        body: body.to_owned(),
        reply_to: None,
        send_before,
    }
}

fn send_before(seen: &Seen) -> Time {
    match composer(seen) {
        Some(Composer::Open { send_before, .. }) => *send_before,
        other => panic!("the composer is not open: {other:?}"),
    }
}

on_every_database! {
    async fn maria_writes_and_the_whole_story_follows(team: TestTeam) {
        let (_alices_desk, mut alice) = desktop(&team, "Alice").await;
        let (_bobs_desk, mut bob) = desktop(&team, "Bob").await;

        // Maria writes; both desktops see it with its clock.
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Is the tandem ready?").await.expect("sent");
        for screen in [&mut alice, &mut bob] {
            let seen = screen.until(|seen| seen.row("Maria").is_some_and(|row| row.unread == 1)).await.expect("in the list");
            let row = seen.row("Maria").expect("the row");
            assert!(matches!(row.clock, ClockFace::Open { .. }), "{:?}", row.clock);
            assert!(row.waiting_since.is_some());
        }
        let chat = alice.until(|_| true).await.expect("seen").row("Maria").expect("the row").id.clone();

        // Alice opens the chat and answers; Bob sees who is there, the answer, and its ticks.
        alice.open(&chat).await.expect("opened");
        bob.open(&chat).await.expect("opened");
        alice.call::<Nothing>(UiCall::Presence(PresenceOf { conversation: Some(chat.clone()), typing: false })).await.expect("told");
        bob.until(|seen| seen.viewers.iter().any(|viewer| viewer.conversation == chat)).await.expect("Alice looks at it");
        let deadline = send_before(alice.until(|seen| says(seen, "Is the tandem ready?")).await.expect("the thread"));
        alice.act(text(&chat, "Yes, any day until six.", deadline)).await.expect("queued");
        bob.until(|seen| says(seen, "Yes, any day until six.")).await.expect("Bob sees it");
        maria.has_received(1).await;
        team.pass(Duration::from_secs(10)).await;
        bob.until(|seen| messages(seen).iter().any(|row| row.delivery.as_ref().is_some_and(Delivery::arrived))).await.expect("two ticks");
        assert_eq!(maria.texts(), ["Yes, any day until six."]);

        // The phone answers too: an echo, ours, with no author yet.
        team.sim.phone().types(&maria, "We close at six").await.expect("typed");
        let seen = alice.until(|seen| says(seen, "We close at six")).await.expect("the echo");
        let echo = messages(seen).into_iter().find(|row| row.preview() == "We close at six").expect("the echo").clone();
        assert_eq!(echo.author, Author::Phone { claimed_by: None });

        // Why is it open?
        let why: WhyWindow = alice.call(UiCall::WhyWindow(ajar_protocol::ui::ConversationRef { conversation: chat.clone() })).await.expect("the reason");
        assert_eq!(why.opening_preview.as_deref(), Some("Is the tandem ready?"));

        // The window closes while Alice types: the text is kept, Send is off, then the ways on.
        alice.type_reply(&chat, "By the way, we also").await.expect("kept");
        let closes_at = why.closes_at.expect("open");
        team.clock.set(closes_at - MARGIN);
        alice.until(|seen| matches!(composer(seen), Some(Composer::Closing { .. }))).await.expect("inside the margin");
        team.clock.set(closes_at);
        let seen = alice.until(|seen| matches!(composer(seen), Some(Composer::Closed { .. }))).await.expect("closed");
        let drafts = &seen.thread.as_ref().expect("the thread").drafts;
        assert_eq!(drafts.first().map(|draft| draft.body.as_str()), Some("By the way, we also"));
        bob.until(|seen| seen.row("Maria").is_some_and(|row| matches!(row.clock, ClockFace::Closed { .. }))).await.expect("Bob's list says so");

        // Pressing Enter a moment too late costs nothing: refused here, the draft stays.
        let refused = alice.act(text(&chat, "Too late", closes_at - MARGIN)).await.expect_err("closed");
        assert_eq!(refused.code, ErrorCode::WindowNotOpen);
        assert_eq!(maria.texts(), ["Yes, any day until six.", "We close at six"]);

        // A template goes at any time; the draft is held for the answer.
        let inbox = alice.until(|seen| !seen.inboxes.is_empty()).await.expect("the number").inboxes.first().expect("one").id.clone();
        alice.act(Command::RefreshTemplates { inbox: inbox.clone() }).await.expect("listed");
        let choice = sendable(&mut alice, &inbox, &chat).await;
        let values: BTreeMap<String, String> = choice.fields.iter().map(|field| (field.key.clone(), choice.prefill.get(&field.key).map_or_else(|| "six".to_owned(), |prefill| prefill.value.clone()))).collect();
        alice.act(Command::SendTemplate {
            to: Recipient::Conversation { conversation: chat.clone() },
            template: choice.template.id.clone(),
            values,
            typed: std::collections::BTreeMap::new(),
            hold: Some("By the way, we also have it in blue".into()),
        }).await.expect("accepted");
        maria.receives(|received| received.template.is_some()).await;
        team.settled().await;
        assert_eq!(maria.templates().len(), 1);

        // Maria answers: open again, and the held text is offered and released by hand.
        team.clock.advance(Duration::from_secs(120));
        maria.says("Blue? Yes please").await.expect("sent");
        alice.until(|seen| composer(seen).is_some_and(Composer::allows_free_text)).await.expect("open again");
        let seen = alice.until(|seen| messages(seen).iter().any(|row| matches!(row.delivery, Some(Delivery::Parked { .. })))).await.expect("the held text");
        let held = messages(seen).into_iter().find(|row| matches!(row.delivery, Some(Delivery::Parked { .. }))).expect("held").id.clone();
        alice.act(Command::Release { message: held }).await.expect("released");
        maria.receives(|received| received.text.ends_with("in blue")).await;
        assert_eq!(maria.texts().last().map(String::as_str), Some("By the way, we also have it in blue"));
    }

    async fn a_chat_is_started_by_hand_from_the_phone(team: TestTeam) {
        let (_desk, mut alice) = desktop(&team, "Alice").await;
        let inbox = alice.until(|seen| !seen.inboxes.is_empty()).await.expect("the number").inboxes.first().expect("one").id.clone();
        alice.act(Command::StartOnPhone {
            to: Recipient::Number { inbox, number: "+1 555 017 3364".into() },
            name: Some("Juno Hartwell".into()),
            text: "Hi Juno, Alice here.".into(),
        }).await.expect("prepared");
        alice.until(|seen| seen.phone_starts.len() == 1).await.expect("the card");

        team.clock.advance(Duration::from_secs(60));
        let juno = team.sim.customer("Juno", "+1 555 017 3364");
        team.sim.phone().types(&juno, "Hi Juno, Alice here.").await.expect("typed");
        let seen = alice.until(|seen| seen.phone_starts.is_empty() && !seen.rows().is_empty()).await.expect("the echo claimed it");
        let row = seen.rows().first().expect("the chat").clone();
        assert!(matches!(row.clock, ClockFace::NoAnswerYet { .. }), "{:?}", row.clock);
        assert!(row.assignee.is_some());
        alice.open(&row.id).await.expect("opened");
        alice.until(|seen| matches!(composer(seen), Some(Composer::StartedFromPhone { .. }))).await.expect("no answer yet");

        team.clock.advance(Duration::from_secs(60));
        juno.says("Great, I'll come by").await.expect("sent");
        alice.until(|seen| composer(seen).is_some_and(Composer::allows_free_text)).await.expect("the answer opens it");
    }

    async fn the_desktop_works_from_its_cache_while_the_hub_is_away(team: TestTeam) {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, code) = team.hub.add_agent("Alice", Role::Agent).await.expect("added");
        let maria = team.sim.customer("Maria", "+1 555 014 2207");
        maria.says("Is the tandem ready?").await.expect("sent");
        team.settled().await;
        let config = || DeskConfig {
            data_dir: Some(folder.path().to_owned()),
            secrets: std::sync::Arc::new(ajar_client::FileSecrets::in_folder(folder.path())),
            ..DeskConfig::in_memory("Alice")
        };
        let desk = Desk::open(config()).await.expect("a desk");
        let mut screen = desk.screen();
        desk.join(JoinTeam { hub: team.hub.url(), code }).await.expect("joined");
        screen.until(Seen::is_live).await.expect("live");
        screen.watch_list(list()).await.expect("watched");
        let chat = screen.until(|seen| seen.row("Maria").is_some()).await.expect("the row").row("Maria").expect("the row").id.clone();
        screen.open(&chat).await.expect("opened");
        screen.until(|seen| says(seen, "Is the tandem ready?")).await.expect("the thread");
        desk.close().await;
        drop(screen);
        team.hub.stop().await;

        let desk = Desk::open(config()).await.expect("starts with the network gone");
        let mut screen = desk.screen();
        screen.watch_list(list()).await.expect("watched");
        screen.until(|seen| seen.row("Maria").is_some()).await.expect("from the cache");
        screen.open(&chat).await.expect("opened");
        screen.until(|seen| says(seen, "Is the tandem ready?")).await.expect("from the cache");
        desk.close().await;
    }

    async fn what_waits_for_us_and_closes_soonest_comes_first(team: TestTeam) {
        let (_desk, mut alice) = desktop(&team, "Alice").await;
        let bram = team.sim.customer("Bram Okafor", "+1 555 010 0001");
        let greta = team.sim.customer("Greta Moss", "+1 555 010 0002");
        let yusuf = team.sim.customer("Yusuf Brandt", "+1 555 010 0003");
        let ago = |minutes: u64| Duration::from_secs(24 * 3600 - minutes * 60);
        bram.ago(ago(55)).says("With mudguards?").await.expect("sent");
        greta.ago(ago(42)).says("Still there?").await.expect("sent");
        yusuf.ago(ago(9)).says("Can I pick it up?").await.expect("sent");
        team.settled().await;
        alice.watch_list(ListQuery { order: ListOrder::SoonestToClose, ..list() }).await.expect("watched");
        let seen = alice.until(|seen| seen.list.as_ref().is_some_and(|list| list.query.order == ListOrder::SoonestToClose && list.rows.len() == 3)).await.expect("all three");
        let names: Vec<&str> = seen.rows().iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["Yusuf Brandt", "Greta Moss", "Bram Okafor"]);
        let next = seen.list.as_ref().and_then(|list| list.next.clone()).expect("the strip");
        assert_eq!(next.name, "Yusuf Brandt");
    }

    async fn a_wrong_code_says_so(team: TestTeam) {
        let desk = Desk::open(DeskConfig::in_memory("Mallory")).await.expect("a desk");
        let wrong = desk.join(JoinTeam { hub: team.hub.url(), code: "AAAA-BBBB-CCCC".into() }).await.expect_err("wrong");
        assert_eq!(wrong.code, ErrorCode::WrongCode);
        let not_a_hub = desk.join(JoinTeam { hub: team.sim.graph_url().expect("listens").to_string(), code: "AAAA-BBBB-CCCC".into() }).await.expect_err("no hub");
        assert_eq!(not_a_hub.code, ErrorCode::NotAHub);
    }
}

/// A template that can be sent, with all its fields.
async fn sendable(
    screen: &mut Screen,
    inbox: &ajar_domain::InboxId,
    chat: &ConversationId,
) -> TemplateChoice {
    loop {
        let list: TemplateList = screen
            .call(UiCall::ListTemplates(TemplateQuery {
                inbox: inbox.clone(),
                search: String::new(),
                conversation: Some(chat.clone()),
            }))
            .await
            .expect("a list");
        if let Some(choice) = list
            .templates
            .into_iter()
            .find(|choice| choice.not_sendable.is_none())
        {
            return choice;
        }
        let known = screen.catch_up().said.len();
        screen
            .until(|seen| seen.said.len() > known)
            .await
            .expect("the templates arrive");
    }
}

/// The words of a row, for finding it again.
trait Preview {
    fn preview(&self) -> String;
}

impl Preview for MessageRow {
    fn preview(&self) -> String {
        self.content.preview()
    }
}
