//! What an agent sees in an open conversation, and how it turns.

mod support;

use std::time::Duration;

use ajar_client::DeskConfig;
use ajar_domain::{Time, composer::Composer, window::DEFAULT_MARGIN};
use ajar_protocol::{
    command::Command,
    error::ErrorCode,
    rows::Position,
    ui::{
        ClockFace, ConversationRef, Draft, DraftMode, InspectNumber, ListFilter, ListQuery,
        MediaBytes, MediaRef, Nothing, NumberVerdict, QuoteView, TemplateList, TemplateQuery,
        ThreadItem, UiCall, UiEvent, WhyWindow,
    },
};
use support::{FakeHub, NOON, closes, config, sit_down, whole_list};

fn bodies(items: &[ThreadItem]) -> Vec<String> {
    items
        .iter()
        .map(|item| match item {
            ThreadItem::Message { row, .. } => row.content.preview(),
            ThreadItem::Note { row } => format!("note: {}", row.body),
            ThreadItem::Queued(_) => "queued".into(),
        })
        .collect()
}

#[tokio::test]
async fn the_composer_turns_by_itself_while_somebody_types() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice.open(&maria).await.expect("opened");
    let seen = alice
        .until(|seen| seen.thread.is_some())
        .await
        .expect("open");
    let thread = seen.thread.as_ref().expect("open");
    assert_eq!(
        thread.composer,
        Composer::Open {
            opened_at: NOON,
            closes_at: closes(),
            send_before: closes() - DEFAULT_MARGIN,
        }
    );
    alice.type_reply(&maria, "I am just").await.expect("saved");
    // The team's clock runs fast towards the end; nothing else happens.
    hub.set_clock(closes() - DEFAULT_MARGIN - Duration::from_secs(5), 100.0);
    alice
        .until(|seen| {
            seen.thread
                .as_ref()
                .is_some_and(|thread| matches!(thread.composer, Composer::Closing { .. }))
        })
        .await
        .expect("closing");
    let seen = alice
        .until(|seen| {
            seen.thread
                .as_ref()
                .is_some_and(|thread| matches!(thread.composer, Composer::Closed { .. }))
        })
        .await
        .expect("closed");
    let thread = seen.thread.as_ref().expect("open");
    assert_eq!(thread.clock, ClockFace::Closed { since: closes() });
    let kept: Vec<_> = thread.drafts.iter().map(|draft| &draft.body).collect();
    assert_eq!(kept, ["I am just"]);
    let refused = alice
        .act(Command::SendText {
            conversation: maria.clone(),
            body: "too late".into(),
            reply_to: None,
            send_before: closes(),
        })
        .await;
    assert_eq!(
        refused.map_err(|error| error.code),
        Err(ErrorCode::WindowNotOpen)
    );
}

#[tokio::test]
async fn a_row_of_the_list_turns_by_itself() {
    let hub = FakeHub::start().await;
    hub.new_customer_writes("Maria", "Hello");
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice
        .watch_list(ListQuery {
            filter: ListFilter::Expiring,
            ..whole_list()
        })
        .await
        .expect("watched");
    alice
        .until(|seen| seen.row("Maria").is_some())
        .await
        .expect("open");
    hub.set_clock(closes() - Duration::from_secs(3), 100.0);
    alice
        .until(|seen| seen.list.as_ref().is_some_and(|list| list.total == 0))
        .await
        .expect("it closed and left the expiring ones");
}

#[tokio::test]
async fn a_workstation_clock_that_is_wrong_by_two_days_changes_nothing() {
    let hub = FakeHub::start().await;
    // The hub's noon is years away from this machine's clock, and so is what a last time kept.
    for hours in [-48i64, 48] {
        let now = Time::from_millis(NOON.millis() + hours * 3_600_000);
        hub.set_clock(now, 0.0);
        let maria = hub.new_customer_writes("Maria", "Hello");
        let (_desk, mut alice) = hub.agent("Alice").await;
        alice.open(&maria).await.expect("opened");
        let seen = alice
            .until(|seen| seen.thread.is_some())
            .await
            .expect("open");
        assert_eq!(
            seen.thread.as_ref().map(|thread| &thread.clock),
            Some(&ClockFace::Open {
                opened_at: now,
                closes_at: now + ajar_domain::window::WINDOW
            })
        );
        assert_eq!(seen.clock.map(|clock| clock.now), Some(now));
    }
}

#[tokio::test]
async fn the_past_comes_page_by_page() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "message 1");
    for n in 2..=150 {
        hub.with(|hub| hub.now = hub.now + Duration::from_secs(1));
        hub.customer_writes(&maria, &format!("message {n}"));
    }
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice.open(&maria).await.expect("opened");
    let mut shown = 0;
    for expected in [60, 120, 150] {
        let seen = alice
            .until(|seen| {
                seen.items().len() > shown
                    && seen.thread.as_ref().is_some_and(|thread| !thread.loading)
            })
            .await
            .expect("a page");
        shown = seen.items().len();
        assert_eq!(shown, expected);
        assert_eq!(
            bodies(seen.items()).last().map(String::as_str),
            Some("message 150")
        );
        let complete = seen.thread.as_ref().is_some_and(|thread| thread.complete);
        assert_eq!(complete, expected == 150);
        if !complete {
            alice.load_older(&maria).await.expect("asked");
        }
    }
    let pages = hub.with(|hub| hub.pages);
    // Opened again, it comes from the cache alone.
    alice
        .open(&hub.new_customer_writes("Greta", "Hi"))
        .await
        .expect("opened");
    alice
        .until(|seen| seen.items().len() == 1)
        .await
        .expect("read");
    alice.open(&maria).await.expect("opened");
    alice
        .until(|seen| seen.items().len() == 60)
        .await
        .expect("read");
    assert_eq!(hub.with(|hub| hub.pages), pages + 1, "one for Greta");
}

#[tokio::test]
async fn a_page_that_was_overtaken_by_a_removal_does_not_bring_it_back() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "one");
    let two = hub.customer_writes(&maria, "two");
    let (_desk, mut alice) = hub.agent("Alice").await;
    hub.misbehave(|hub| hub.hold_pages = true);
    alice.open(&maria).await.expect("opened");
    alice
        .until(|seen| seen.thread.as_ref().is_some_and(|thread| thread.loading))
        .await
        .expect("loading");
    hub.remove(&two);
    hub.edit(&hub.customer_writes(&maria, "three"), "three, edited");
    hub.misbehave(|hub| hub.hold_pages = false);
    let seen = alice
        .until(|seen| {
            seen.thread
                .as_ref()
                .is_some_and(|thread| thread.complete && thread.items.len() == 2)
        })
        .await
        .expect("there");
    assert_eq!(bodies(seen.items()), ["one", "three, edited"]);
}

#[tokio::test]
async fn opening_marks_as_seen_and_keeps_the_unread_line() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "one");
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice.open(&maria).await.expect("opened");
    hub.until(|hub| hub.conversations[&maria].unread == 0).await;
    let seen = alice
        .until(|seen| {
            seen.thread
                .as_ref()
                .is_some_and(|thread| thread.conversation.unread == 0)
        })
        .await
        .expect("seen");
    let thread = seen.thread.as_ref().expect("open");
    assert!(thread.unread_from.is_some(), "the line stays");
    // While she watches, the next one is seen as well.
    hub.with(|hub| hub.now = hub.now + Duration::from_secs(1));
    hub.customer_writes(&maria, "two");
    hub.until(|hub| {
        let row = &hub.conversations[&maria];
        row.unread == 0 && row.seen_upto > Position::of(NOON + Duration::from_secs(1), "")
    })
    .await;
}

#[tokio::test]
async fn quotes_are_found_or_said_to_be_missing() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "the source");
    let quoting = hub.customer_writes(&maria, "quotes it");
    let lost = hub.customer_writes(&maria, "quotes the phone");
    hub.with(|hub| {
        let source = hub
            .messages
            .values()
            .find(|row| row.content.preview() == "the source")
            .and_then(|row| row.wamid.clone());
        hub.messages.get_mut(&quoting).expect("there").quotes = source;
        hub.messages.get_mut(&lost).expect("there").quotes =
            Some(ajar_domain::WaMessageId::new("wamid.unknown"));
    });
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice.open(&maria).await.expect("opened");
    let seen = alice
        .until(|seen| seen.items().len() == 3)
        .await
        .expect("read");
    let quotes: Vec<_> = seen
        .items()
        .iter()
        .map(|item| match item {
            ThreadItem::Message { quote, .. } => quote.clone(),
            _ => None,
        })
        .collect();
    assert!(
        matches!(&quotes[1], Some(QuoteView::Found { preview, kind, .. })
            if preview == "the source" && kind == "text")
    );
    assert_eq!(quotes[2], Some(QuoteView::Missing));
}

#[tokio::test]
async fn a_draft_marks_the_list_and_survives_the_app() {
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
    alice
        .type_reply(&maria, "Yes,\n  tomorrow")
        .await
        .expect("saved");
    let marked = |seen: &ajar_client::Seen| {
        seen.row("Maria")
            .is_some_and(|row| row.draft.as_deref() == Some("Yes, tomorrow"))
    };
    alice.until(marked).await.expect("marked");
    drop(alice);
    desk.close().await;
    let desk = ajar_client::Desk::open(on_disk()).await.expect("opened");
    let mut alice = sit_down(&desk).await;
    alice.until(marked).await.expect("marked");
    alice
        .call::<Nothing>(UiCall::SaveDraft(Draft {
            conversation: maria,
            mode: DraftMode::Reply,
            body: String::new(),
            reply_to: None,
            files: Vec::new(),
            saved_at: None,
        }))
        .await
        .expect("forgotten");
    alice
        .until(|seen| seen.row("Maria").is_some_and(|row| row.draft.is_none()))
        .await
        .expect("no mark");
    desk.close().await;
}

#[tokio::test]
async fn why_comes_from_the_hub_or_from_what_the_cache_knows() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria", "Is it ready?");
    hub.with(|hub| hub.now = hub.now + Duration::from_secs(60));
    hub.phone_types(&maria, "Nearly");
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice.open(&maria).await.expect("opened");
    alice
        .until(|seen| seen.thread.as_ref().is_some_and(|thread| thread.complete))
        .await
        .expect("read");
    let why = || {
        UiCall::WhyWindow(ConversationRef {
            conversation: maria.clone(),
        })
    };
    let from_hub: WhyWindow = alice.call(why()).await.expect("asked");
    assert_eq!(
        from_hub.opening_preview.as_deref(),
        Some("as the hub knows it")
    );
    hub.misbehave(|hub| hub.down = true);
    let from_cache: WhyWindow = alice.call(why()).await.expect("worked out");
    assert_eq!(from_cache.opening_preview.as_deref(), Some("Is it ready?"));
    assert_eq!(from_cache.closes_at, Some(closes()));
    assert_eq!(from_cache.did_not_count.len(), 1);
}

#[tokio::test]
async fn merged_conversations_lead_to_the_one_that_is_left() {
    let hub = FakeHub::start().await;
    let gone = hub.new_customer_writes("Maria (old number)", "one");
    let into = hub.new_customer_writes("Maria", "two");
    let (_desk, mut alice) = hub.agent("Alice").await;
    alice.open(&gone).await.expect("opened");
    alice
        .until(|seen| seen.items().len() == 1)
        .await
        .expect("read");
    hub.merge(&gone, &into);
    alice
        .until(|seen| {
            seen.row("Maria (old number)").is_none()
                && seen.said.iter().any(|said| {
                    *said
                        == UiEvent::Open {
                            conversation: into.clone(),
                        }
                })
        })
        .await
        .expect("led on");
    alice.open(&into).await.expect("opened");
    let seen = alice
        .until(|seen| seen.items().len() == 2)
        .await
        .expect("both");
    assert_eq!(bodies(seen.items()), ["one", "two"]);
}

#[tokio::test]
async fn a_conversation_that_does_not_exist_is_gone() {
    let hub = FakeHub::start().await;
    let (_desk, mut alice) = hub.agent("Alice").await;
    let nobody = ajar_domain::ConversationId::new("c-nobody");
    alice.open(&nobody).await.expect("asked");
    alice
        .until(|seen| seen.gone.as_ref() == Some(&nobody))
        .await
        .expect("told");
}

#[tokio::test]
async fn numbers_templates_and_files() {
    let hub = FakeHub::start().await;
    let maria = hub.new_customer_writes("Maria Lopez", "Hello");
    let digits = hub.with(|hub| {
        hub.conversations[&maria]
            .customer
            .number
            .as_ref()
            .map(|number| number.digits().to_owned())
    });
    let digits = digits.expect("a number");
    let (_desk, alice) = hub.agent("Alice").await;
    let shop = ajar_domain::InboxId::new("shop");
    let verdict: NumberVerdict = alice
        .call(UiCall::InspectNumber(InspectNumber {
            inbox: shop.clone(),
            text: format!("0{}", &digits[2..]),
        }))
        .await
        .expect("judged");
    assert!(
        matches!(&verdict, NumberVerdict::Valid { conversation: Some(known), name: Some(name), .. }
            if *known == maria && name == "Maria Lopez"),
        "{verdict:?}"
    );
    let list: TemplateList = alice
        .call(UiCall::ListTemplates(TemplateQuery {
            inbox: shop,
            search: "hello".into(),
            conversation: Some(maria),
        }))
        .await
        .expect("listed");
    let greeting = list.templates.first().expect("one");
    assert_eq!(
        greeting.prefill.get("body.1").map(|it| it.value.as_str()),
        Some("Maria")
    );
    let file: MediaBytes = alice
        .call(UiCall::Media(MediaRef {
            media: ajar_domain::MediaId::new("pic"),
            thumbnail: false,
        }))
        .await
        .expect("fetched");
    assert_eq!(file.mime_type, "image/png");
    assert_eq!(file.base64, "cGljdHVyZQ==");
}

#[tokio::test]
async fn files_are_kept_on_disk() {
    let hub = FakeHub::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let desk = hub
        .join(
            DeskConfig {
                data_dir: Some(folder.path().into()),
                ..config("a")
            },
            "Alice",
        )
        .await;
    let alice = sit_down(&desk).await;
    for _ in 0..2 {
        let file: MediaBytes = alice
            .call(UiCall::Media(MediaRef {
                media: ajar_domain::MediaId::new("../Pic"),
                thumbnail: false,
            }))
            .await
            .expect("fetched");
        assert_eq!(file.mime_type, "image/png");
    }
    assert_eq!(hub.with(|hub| hub.media_asked), 1);
    desk.close().await;
}

#[tokio::test]
async fn a_small_picture_is_fetched_where_it_will_do() {
    let hub = FakeHub::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let desk = hub
        .join(
            DeskConfig {
                data_dir: Some(folder.path().into()),
                ..config("a")
            },
            "Alice",
        )
        .await;
    let alice = sit_down(&desk).await;
    let fetch = async |media: &str, thumbnail: bool| -> MediaBytes {
        let media = ajar_domain::MediaId::new(media);
        alice
            .call(UiCall::Media(MediaRef { media, thumbnail }))
            .await
            .expect("fetched")
    };
    for _ in 0..2 {
        assert_eq!(fetch("pic", true).await.base64, "c21hbGw=");
    }
    let asked = || hub.with(|hub| (hub.thumbnails_asked, hub.media_asked));
    assert_eq!(asked(), (1, 0), "it is kept");
    assert_eq!(fetch("pic", false).await.base64, "cGljdHVyZQ==");
    assert_eq!(asked(), (1, 1), "and never taken for the picture itself");

    // Where there is none, the file is what there is to show.
    assert_eq!(fetch("plain", true).await.base64, "cGljdHVyZQ==");
    assert_eq!(asked(), (2, 2));
    // And where nobody can say, the file that was kept.
    hub.with(|hub| hub.no_thumbnails = true);
    assert_eq!(fetch("plain", true).await.base64, "cGljdHVyZQ==");
    assert_eq!(asked(), (3, 2));
    desk.close().await;
}
