//! A desk with 100,000 conversations and a million messages: how soon the list can be used
//! after a start without a network, and how quickly it follows from there.
//!
//! `./dev bench` runs this. It measures and fails nothing; figures without optimisation say so.
//! `AJAR_BENCH_CONVERSATIONS` makes it smaller or larger.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ajar_client::{
    Desk, DeskConfig, FileSecrets, Screen, Secrets, Timings,
    inbox::{Head, Inbox},
    store::Store,
    team::{Home, Membership},
};
use ajar_domain::{
    AgentId, ConversationId, CustomerId, HubId, InboxId, MessageId, Time, WaMessageId,
    content::{Author, Content, Provenance},
    conversation::Progress,
    customer::PhoneNumber,
    opening::Occurrence,
    window::{Opening, WindowFacts},
};
use ajar_protocol::{
    hub::{Change, MessagePage},
    rows::{ConversationRow, Customer, InboxRow, LastLine, MessageRow, Position, ReadReceipts},
    ui::{ListFilter, ListOrder, ListQuery, MaybeConversation, UiCall},
};

const MESSAGES_EACH: usize = 10;
const TRIES: usize = 200;

const FIRST_NAMES: &[&str] = &[
    "Anouk", "Bram", "Çağla", "Dörte", "Élodie", "Fatima", "Göran", "Hana", "Iñaki", "Jörg", "Kit",
    "Łukasz", "Maren", "Noor", "Ögür", "Paula", "Quentin", "Rashid", "Salma", "Théo",
];
const LAST_NAMES: &[&str] = &[
    "Brandt", "Delmar", "Holt", "Moss", "Oduya", "Okafor", "Rosander", "Tolland", "Vance", "Aldane",
];

fn main() {
    // Tests build and may start benchmarks; only `cargo bench` asks for figures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    if cfg!(debug_assertions) {
        println!("without optimisation: these figures say nothing about the product");
    }
    let count = std::env::var("AJAR_BENCH_CONVERSATIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(measure(count));
}

async fn measure(count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let started = Instant::now();
    fill(folder.path(), count).await;
    println!(
        "{count} conversations, {} messages: written in {:.1} s, {:.0} MB on disk",
        count * MESSAGES_EACH,
        started.elapsed().as_secs_f64(),
        megabytes(folder.path())
    );

    let before = resident_mb();
    let started = Instant::now();
    let desk = Desk::open(DeskConfig {
        data_dir: Some(folder.path().into()),
        secrets: Arc::new(FileSecrets::in_folder(folder.path())),
        timings: Timings {
            first_retry: Duration::from_secs(3600),
            longest_retry: Duration::from_secs(3600),
            ..Timings::default()
        },
        ..DeskConfig::in_memory("bench")
    })
    .await
    .expect("opened");
    let mut screen = desk.screen();
    look(&mut screen, first_page()).await;
    println!(
        "list on the screen after start: {:.0} ms (budget 1000 ms); memory {:.0} MB more",
        started.elapsed().as_secs_f64() * 1000.0,
        resident_mb() - before
    );
    screens(&mut screen, count).await;
    model(folder.path(), count).await;
    drop(screen);
    desk.close().await;
}

/// What an agent waits for.
async fn screens(screen: &mut Screen, count: usize) {
    let mut figures = Figures::new("another chip or order");
    let orders = [ListOrder::Newest, ListOrder::SoonestToClose];
    let filters = [
        ListFilter::All,
        ListFilter::Unassigned,
        ListFilter::Expiring,
    ];
    for n in 0..TRIES / 4 {
        let query = ListQuery {
            order: orders[n % 2],
            filter: filters[n % 3],
            ..first_page()
        };
        figures.time(async { look(screen, query).await }).await;
    }
    figures.tell();

    let mut figures = Figures::new("search, per key (budget 50 ms at p99)");
    for n in 0..TRIES {
        let words = [
            "o", "og", "ogur", "ogur ce", "0151", "maren od", "vance", "x",
        ];
        let query = ListQuery {
            search: words[n % words.len()].into(),
            ..first_page()
        };
        figures.time(async { look(screen, query).await }).await;
    }
    figures.tell();

    let mut figures = Figures::new("scrolling to another part");
    look(screen, first_page()).await;
    for n in 0..TRIES {
        let from = u32::try_from(n * 397 % count).unwrap_or(0);
        let query = ListQuery {
            from,
            to: from + 60,
            ..first_page()
        };
        figures.time(async { look(screen, query).await }).await;
    }
    figures.tell();

    let mut figures = Figures::new("opening a thread (budget 50 ms)");
    for n in 0..TRIES {
        let id = conversation(n * 397 % count);
        figures
            .time(async {
                screen.open(&id).await.expect("opened");
                screen
                    .until(|seen| {
                        seen.thread
                            .as_ref()
                            .is_some_and(|thread| thread.conversation.id == id)
                    })
                    .await
                    .expect("shown");
            })
            .await;
    }
    figures.tell();

    let mut figures = Figures::new("next to expire");
    for _ in 0..TRIES {
        figures
            .time(async {
                let next: MaybeConversation = screen
                    .call(UiCall::NextToExpire(MaybeConversation {
                        conversation: None,
                    }))
                    .await
                    .expect("answered");
                std::hint::black_box(next);
            })
            .await;
    }
    figures.tell();
}

/// The list model by itself: a change of one row, and the turning of rows by time.
async fn model(folder: &std::path::Path, count: usize) {
    let store = Store::open(Some(&folder.join("desk.sqlite")))
        .await
        .expect("opened");
    let started = Instant::now();
    let heads = store.heads().await.expect("read");
    println!(
        "reading the heads: {:.0} ms",
        started.elapsed().as_secs_f64() * 1000.0
    );
    store.close().await;
    let now = now();
    let mut inbox = Inbox::new(AgentId::new("alice"), now);
    let started = Instant::now();
    inbox.replace(heads.clone(), Default::default(), now);
    println!(
        "making the model: {:.0} ms",
        started.elapsed().as_secs_f64() * 1000.0
    );
    inbox.watch(1, first_page());
    inbox.watch(
        2,
        ListQuery {
            order: ListOrder::SoonestToClose,
            ..first_page()
        },
    );
    let changes: Vec<Head> = (0..10_000)
        .filter_map(|n| heads.get(n * 7919 % count).cloned())
        .map(|head| Head {
            activity_at: now,
            unread: head.unread + 1,
            opened_at: Some(now),
            ..head
        })
        .collect();
    let number = changes.len();
    let started = Instant::now();
    for head in changes {
        inbox.upsert(head);
    }
    println!(
        "one row changes, with two lists watched: {:.1} µs",
        started.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(number).unwrap_or(1))
    );
    let started = Instant::now();
    let mut turns = 0u32;
    while let Some(at) = inbox.next_turn().filter(|_| turns < 10_000) {
        inbox.advance(at);
        turns += 1;
    }
    println!(
        "{turns} moments at which rows turn: {:.1} µs each",
        started.elapsed().as_secs_f64() * 1e6 / f64::from(turns.max(1))
    );
}

fn first_page() -> ListQuery {
    ListQuery {
        to: 60,
        ..ListQuery::default()
    }
}

async fn look(screen: &mut Screen, query: ListQuery) {
    screen.watch_list(query.clone()).await.expect("watched");
    screen
        .until(|seen| seen.list.as_ref().is_some_and(|list| list.query == query))
        .await
        .expect("shown");
}

fn conversation(n: usize) -> ConversationId {
    ConversationId::new(format!("0193c0de-0000-7000-8000-{n:012}"))
}

/// The bench's own idea of now: what the desk guesses without a hub.
fn now() -> Time {
    ajar_client::clock::wall_now()
}

async fn fill(folder: &std::path::Path, count: usize) {
    let store = Store::open(Some(&folder.join("desk.sqlite")))
        .await
        .expect("opened");
    let hub_id = HubId::new("bench");
    store.begin_snapshot().await.expect("begun");
    let mut chunk = vec![Change::Inbox(Box::new(shop()))];
    let mut rows = 0u64;
    for n in 0..count {
        chunk.push(Change::Conversation(Box::new(head(n))));
        if chunk.len() == 5_000 {
            rows += chunk.len() as u64;
            store.stage_snapshot(&chunk).await.expect("staged");
            chunk.clear();
        }
    }
    rows += chunk.len() as u64;
    store.stage_snapshot(&chunk).await.expect("staged");
    store
        .finish_snapshot(&hub_id, 1, rows)
        .await
        .expect("finished");
    let mut chunk = Vec::new();
    for n in 0..count {
        chunk.extend((0..MESSAGES_EACH).map(|m| Change::Message(Box::new(message(n, m)))));
        if chunk.len() >= 10_000 || n + 1 == count {
            store
                .apply(std::mem::take(&mut chunk), 2)
                .await
                .expect("applied");
        }
    }
    // Threads that were opened before are complete in the cache.
    for n in 0..TRIES {
        let page = MessagePage {
            messages: Vec::new(),
            notes: Vec::new(),
            complete: true,
            cursor: 1,
            before: None,
        };
        store
            .save_page(&conversation(n * 397 % count), None, &page)
            .await
            .expect("saved");
    }
    let membership = Membership {
        hub: "http://127.0.0.1:9".into(),
        hub_id,
        agent: AgentId::new("alice"),
        name: "Alice".into(),
        admin: false,
        team: "Bench".into(),
        home: Home::Remote,
    };
    store
        .keep_meta("membership", &membership)
        .await
        .expect("kept");
    FileSecrets::in_folder(folder)
        .set("hub-token", "bench")
        .expect("kept");
    store.close().await;
}

fn shop() -> InboxRow {
    InboxRow {
        id: InboxId::new("shop"),
        rev: 1,
        name: "Shop".into(),
        number: PhoneNumber::from_digits("493012345678").expect("a number"),
        paused: None,
        margin_ms: 20_000,
        read_receipts: ReadReceipts::OnReply,
        last_inbound_at: None,
        last_echo_at: None,
        last_status_at: None,
        import: ajar_domain::import::Import::default(),
        templates_at: None,
        phone_holder: None,
    }
}

/// One in ten has an open window, and half of those wait for an answer.
fn head(n: usize) -> ConversationRow {
    let minutes = u64::try_from(n * 7919 % 1_000_000).unwrap_or(0);
    let hour = Duration::from_secs(3600);
    let activity_at = if n.is_multiple_of(10) {
        now() + Duration::from_secs(60) - Duration::from_secs(minutes % 1440 * 60)
    } else {
        now() - 25 * hour - Duration::from_secs(minutes * 60)
    };
    let name = format!(
        "{} {}",
        FIRST_NAMES[n % FIRST_NAMES.len()],
        LAST_NAMES[n / FIRST_NAMES.len() % LAST_NAMES.len()]
    );
    let digits = format!("49151{n:08}");
    ConversationRow {
        id: conversation(n),
        rev: 1,
        inbox: InboxId::new("shop"),
        customer: Customer {
            id: CustomerId::new(format!("0193c0de-0000-7000-9000-{n:012}")),
            name,
            named: true,
            number: PhoneNumber::from_digits(&digits),
            number_shown: Some(format!("+{digits}")),
            username: None,
            about: String::new(),
            blocked: None,
            no_marketing_since: None,
        },
        activity_at,
        last: Some(LastLine {
            message: MessageId::new(format!("m-{n}-9")),
            author: Author::Customer,
            kind: "text".into(),
            preview: "Is the leather saddle still there, and could I pick it up tomorrow?".into(),
            at: activity_at,
            delivery: None,
        }),
        unread: u32::from(n.is_multiple_of(20)),
        waiting_since: (n.is_multiple_of(20)).then_some(activity_at),
        facts: WindowFacts {
            last_opening: Some(Opening {
                event_id: format!("wamid.{n}.9"),
                kind: Occurrence::CustomerMessage,
                meta_at: activity_at,
                received_at: activity_at,
            }),
            last_refusal: None,
            moved_at: None,
        },
        phone_first: None,
        only_history: false,
        first_customer_message_at: Some(activity_at),
        last_customer_message_at: Some(activity_at),
        assignee: (n.is_multiple_of(3)).then(|| AgentId::new("alice")),
        progress: Progress::Open,
        labels: Vec::new(),
        parked: 0,
        seen_upto: Position::default(),
        free_until: None,
        elsewhere: None,
        doubts: Vec::new(),
        joined: Vec::new(),
    }
}

fn message(n: usize, m: usize) -> MessageRow {
    let id = MessageId::new(format!("m-{n}-{m}"));
    let at = now() - Duration::from_secs(u64::try_from(100_000 - m * 60).unwrap_or(0));
    MessageRow {
        rev: 2,
        conversation: conversation(n),
        position: Position::of(at, id.as_str()),
        wamid: Some(WaMessageId::new(format!("wamid.{n}.{m}"))),
        client_ref: None,
        author: Author::Customer,
        content: Content::Text {
            body: "Is the leather saddle still there, and could I pick it up tomorrow?".into(),
        },
        provenance: Provenance::Live,
        at,
        received_at: at,
        quotes: None,
        reactions: Vec::new(),
        delivery: None,
        send_before: None,
        earlier: Vec::new(),
        context: ajar_domain::context::Context::default(),
        price: None,
        doubt: None,
        id,
    }
}

struct Figures {
    what: &'static str,
    took: Vec<Duration>,
}

impl Figures {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            took: Vec::new(),
        }
    }

    async fn time(&mut self, work: impl Future<Output = ()>) {
        let started = Instant::now();
        work.await;
        self.took.push(started.elapsed());
    }

    fn tell(mut self) {
        self.took.sort_unstable();
        let at = |share: usize| {
            let index = (self.took.len() * share / 100).min(self.took.len().saturating_sub(1));
            self.took.get(index).map_or(0.0, Duration::as_secs_f64) * 1000.0
        };
        println!("{}: p50 {:.1} ms, p99 {:.1} ms", self.what, at(50), at(99));
    }
}

fn megabytes(folder: &std::path::Path) -> f64 {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|data| data.len() as f64 / 1e6)
        .sum()
}

fn resident_mb() -> f64 {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<f64>().ok())
        .map_or(0.0, |pages| pages * 4096.0 / 1e6)
}
