//! How a desktop stays in step with its hub, whatever happens on the way.

mod support;

use std::time::Duration;

use ajar_client::{Desk, DeskConfig, Timings};
use ajar_domain::HubId;
use ajar_protocol::{
    error::ErrorCode,
    hub::Viewer,
    ui::{JoinTeam, LinkState, Stage, UiEvent},
};
use support::{FakeHub, agent, config, sit_down, whole_list};

#[tokio::test]
async fn a_customer_writes_and_both_agents_see_it() {
    let hub = FakeHub::start().await;
    let (_a, mut alice) = hub.agent("Alice").await;
    let (_b, mut bob) = hub.agent("Bob").await;
    let maria = hub.new_customer_writes("Maria", "Do you fix bells?");
    for screen in [&mut alice, &mut bob] {
        let seen = screen
            .until(|seen| seen.row("Maria").is_some_and(|row| row.unread == 1))
            .await
            .expect("seen");
        assert_eq!(seen.row("Maria").map(|row| &row.id), Some(&maria));
    }
    let seen = alice
        .until(|seen| {
            seen.said
                .iter()
                .any(|said| matches!(said, UiEvent::Noticed { name, .. } if name == "Maria"))
        })
        .await;
    assert!(seen.is_ok());
}

#[tokio::test]
async fn a_wrong_code_and_a_wrong_address_say_so() {
    let hub = FakeHub::start().await;
    let desk = Desk::open(config("x")).await.expect("opened");
    assert_eq!(desk.stage(), Stage::FirstRun);
    let join = async |hub: &str, code: &str| {
        desk.join(JoinTeam {
            hub: hub.into(),
            code: code.into(),
        })
        .await
        .map_err(|error| error.code)
    };
    assert_eq!(join(&hub.url, "Mallory").await, Err(ErrorCode::WrongCode));
    assert_eq!(join("", "Alice").await, Err(ErrorCode::Invalid));
    assert_eq!(
        join("127.0.0.1:1", "Alice").await,
        Err(ErrorCode::HubUnreachable)
    );
    assert_eq!(desk.stage(), Stage::FirstRun);
    assert_eq!(join(&hub.url, "Alice").await, Ok(()));
    assert!(matches!(desk.stage(), Stage::Ready { me } if me.name == "Alice"));
}

#[tokio::test]
async fn a_cut_stream_comes_back_and_nothing_is_missing() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.misbehave(|hub| hub.down = true);
    alice
        .until(|seen| matches!(seen.link, Some(LinkState::Offline { .. })))
        .await
        .expect("noticed");
    hub.new_customer_writes("Maria", "Hello?");
    hub.misbehave(|hub| hub.down = false);
    alice
        .until(|seen| seen.is_live() && seen.row("Maria").is_some())
        .await
        .expect("caught up");
    assert_eq!(hub.with(|hub| hub.snapshots), 1, "the cursor was enough");
}

#[tokio::test]
async fn a_hub_that_fell_silent_is_noticed() {
    let hub = FakeHub::start().await;
    let quick = DeskConfig {
        timings: Timings {
            heartbeat: Duration::from_millis(40),
            ..config("a").timings
        },
        ..config("a")
    };
    let desk = hub.join(quick, "Alice").await;
    let mut alice = sit_down(&desk).await;
    hub.misbehave(|hub| hub.silent = true);
    alice
        .until(|seen| matches!(seen.link, Some(LinkState::Offline { .. })))
        .await
        .expect("noticed");
    let streams = hub.with(|hub| hub.streams);
    hub.until(|hub| hub.streams > streams).await;
}

#[tokio::test]
async fn a_gap_starts_over_from_a_snapshot() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.misbehave(|hub| {
        hub.one_by_one = true;
        hub.lose_batch = true;
    });
    hub.new_customer_writes("Lost", "never said");
    hub.new_customer_writes("Said", "after the gap");
    alice
        .until(|seen| seen.row("Lost").is_some() && seen.row("Said").is_some())
        .await
        .expect("healed");
    assert_eq!(hub.with(|hub| hub.snapshots), 2);
}

#[tokio::test]
async fn lost_events_at_the_end_are_noticed_by_the_heartbeat() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.misbehave(|hub| hub.lose_batch = true);
    hub.new_customer_writes("Lost", "never said");
    // The first heartbeat announces what should be there by the second.
    let later = support::NOON + Duration::from_secs(1);
    hub.set_clock(later, 0.0);
    alice
        .until(|seen| seen.clock.is_some_and(|clock| clock.now == later))
        .await
        .expect("heard");
    hub.beat();
    alice
        .until(|seen| seen.row("Lost").is_some())
        .await
        .expect("fetched by a new link");
    assert_eq!(hub.with(|hub| hub.snapshots), 1, "the cursor was enough");
}

#[tokio::test]
async fn another_hub_behind_the_address_is_another_team() {
    let hub = FakeHub::start().await;
    hub.new_customer_writes("Old", "from before");
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice
        .until(|seen| seen.row("Old").is_some())
        .await
        .expect("seen");
    hub.with(|hub| {
        hub.hub_id = HubId::new("hub-2");
        hub.conversations.clear();
        hub.messages.clear();
        hub.log.clear();
    });
    hub.new_customer_writes("New", "from after");
    hub.cut();
    let seen = alice
        .until(|seen| seen.row("New").is_some())
        .await
        .expect("started over");
    assert!(seen.row("Old").is_none());
}

#[tokio::test]
async fn a_hub_restored_from_a_backup_takes_us_back_with_it() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.new_customer_writes("Ghost", "will be forgotten");
    alice
        .until(|seen| seen.row("Ghost").is_some())
        .await
        .expect("seen");
    hub.with(|hub| {
        hub.conversations.clear();
        hub.messages.clear();
        hub.log.clear();
        hub.cursor = 1;
    });
    hub.cut();
    alice
        .until(|seen| seen.is_live() && seen.row("Ghost").is_none())
        .await
        .expect("taken back");
}

#[tokio::test]
async fn a_torn_snapshot_is_thrown_away() {
    let hub = FakeHub::start().await;
    hub.new_customer_writes("Maria", "Hello");
    hub.misbehave(|hub| hub.tear_snapshots = 2);
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice
        .until(|seen| seen.row("Maria").is_some())
        .await
        .expect("seen");
    assert_eq!(hub.with(|hub| hub.snapshots), 3);
}

#[tokio::test]
async fn an_expired_cursor_starts_over() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.misbehave(|hub| hub.down = true);
    hub.new_customer_writes("Maria", "Hello");
    hub.with(|hub| {
        hub.mischief.expired_below = hub.cursor;
        hub.mischief.down = false;
    });
    alice
        .until(|seen| seen.is_live() && seen.row("Maria").is_some())
        .await
        .expect("started over");
    assert_eq!(hub.with(|hub| hub.snapshots), 2);
}

#[tokio::test]
async fn a_revoked_desktop_is_signed_out_and_keeps_its_cache() {
    let hub = FakeHub::start().await;
    hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.revoke_everybody();
    let seen = alice
        .until(|seen| seen.link == Some(LinkState::SignedOut))
        .await
        .expect("told");
    assert!(seen.row("Maria").is_some());
}

#[tokio::test]
async fn a_desk_starts_from_its_cache_with_the_network_gone() {
    let hub = FakeHub::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let secrets: std::sync::Arc<dyn ajar_client::Secrets> =
        std::sync::Arc::new(ajar_client::FileSecrets::in_folder(folder.path()));
    let on_disk = || DeskConfig {
        data_dir: Some(folder.path().into()),
        secrets: secrets.clone(),
        ..config("a")
    };
    let maria = hub.new_customer_writes("Maria", "Hello");
    let desk = hub.join(on_disk(), "Alice").await;
    let mut alice = sit_down(&desk).await;
    alice.open(&maria).await.expect("opened");
    alice
        .until(|seen| seen.items().len() == 1)
        .await
        .expect("read");
    drop(alice);
    desk.close().await;
    drop(hub);

    let desk = Desk::open(on_disk()).await.expect("opened");
    assert!(matches!(desk.stage(), Stage::Ready { me } if me.name == "Alice" && me.token_in_file));
    let mut alice = desk.screen();
    alice.watch_list(whole_list()).await.expect("watched");
    alice.open(&maria).await.expect("opened");
    let seen = alice
        .until(|seen| {
            seen.row("Maria").is_some()
                && seen.items().len() == 1
                && matches!(seen.link, Some(LinkState::Offline { .. }))
        })
        .await
        .expect("all there");
    let thread = seen.thread.as_ref().expect("open");
    assert!(thread.complete && !thread.loading);
    assert_eq!(seen.agents.len(), 2);
    desk.close().await;
}

#[tokio::test]
async fn leaving_forgets_everything() {
    let hub = FakeHub::start().await;
    hub.new_customer_writes("Maria", "Hello");
    let (desk, mut alice) = hub.agent("Alice").await;
    let left: ajar_protocol::ui::Nothing = alice
        .call(ajar_protocol::ui::UiCall::Leave(Default::default()))
        .await
        .expect("left");
    let _ = left;
    alice
        .until(|seen| seen.stage == Some(Stage::FirstRun))
        .await
        .expect("told");
    assert_eq!(desk.stage(), Stage::FirstRun);
    desk.join(JoinTeam {
        hub: hub.url.clone(),
        code: "Bob".into(),
    })
    .await
    .expect("joined again");
    alice
        .until(|seen| {
            matches!(&seen.stage, Some(Stage::Ready { me }) if me.name == "Bob")
                && seen.row("Maria").is_some()
        })
        .await
        .expect("the list is watched in the new team too");
}

#[tokio::test]
async fn who_else_looks_is_told_and_forgotten_with_the_link() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.set_viewers(vec![Viewer {
        agent: agent("Bob"),
        conversation: maria.clone(),
        typing: true,
    }]);
    alice
        .until(|seen| seen.viewers.iter().any(|viewer| viewer.typing))
        .await
        .expect("told");
    let look: ajar_protocol::ui::Nothing = alice
        .call(ajar_protocol::ui::UiCall::Presence(
            ajar_protocol::ui::PresenceOf {
                conversation: Some(maria.clone()),
                typing: false,
            },
        ))
        .await
        .expect("said");
    let _ = look;
    hub.until(|hub| {
        hub.presences
            .last()
            .is_some_and(|told| told.conversation.as_ref() == Some(&maria))
    })
    .await;
    hub.misbehave(|hub| hub.down = true);
    alice
        .until(|seen| seen.viewers.is_empty())
        .await
        .expect("forgotten");
    let told = hub.with(|hub| hub.presences.len());
    hub.misbehave(|hub| hub.down = false);
    // The new link is told again where Alice is.
    hub.until(|hub| hub.presences.len() > told).await;
}

#[tokio::test]
async fn a_link_that_started_the_app_waits_for_the_page() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (desk, _alice) = hub.agent("Alice").await;
    let (session, events) = desk.session();
    drop(events);
    desk.show_conversation(maria.clone());
    let mut late = ajar_client::Screen::new(session.clone(), session.subscribe());
    late.until(|seen| {
        let open = UiEvent::Open {
            conversation: maria.clone(),
        };
        seen.said.contains(&open)
    })
    .await
    .expect("told when it came");
}
