//! How fast webhooks are taken in: acknowledged durably, made visible, imported, read again.
//!
//! The hub runs as a process of its own, and this process posts signed requests over loopback. The
//! floor is the same HTTP and the same signature check over a bare log that is written and synced
//! in groups, in a process of its own as well: what the machine gives to anybody.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command as Process, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ajar_hub::{
    config::MetaSettings,
    hub::{Hub, HubConfig},
    ids::Ids,
    media::Shelf,
    meta::signature,
    projector::{Bells, Projector},
    store::{NewTeam, Store},
};
use ajar_simulator::{SIGNATURE_HEADER, sign};
use ajar_tests::Db;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

const SECRET: &str = "the secret of the figures";
const NUMBER: &str = "100000000000202";
/// Requests that are under way at once.
const AT_ONCE: usize = 64;
/// Customers who write in turn.
const CUSTOMERS: usize = 500;
const SUSTAINED: Duration = Duration::from_secs(60);
const PACE: u32 = 1_000;
const PACED: Duration = Duration::from_secs(10);
const PAST: usize = 500_000;
/// Messages in one webhook of the phone's past: about half of the 3 MB that Meta allows.
const CHUNK: usize = 5_000;

/// This program in another role, as a process of its own.
struct Role {
    child: Child,
    url: String,
}

impl Role {
    fn start(role: &str, database: &str) -> Self {
        let mut child = Process::new(std::env::current_exe().expect("this program"))
            .args([role, database])
            // As the unit that comes with the hub sets it.
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut url)
            .expect("its address");
        Self {
            child,
            url: url.trim().to_owned(),
        }
    }

    /// Megabytes of memory that the process holds.
    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| line.trim().strip_suffix("kB"))
            .and_then(|kilobytes| kilobytes.trim().parse::<f64>().ok())
            .map_or(0.0, |kilobytes| kilobytes / 1024.0)
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs as the child that `role` names, until the parent is gone.
pub fn child(role: &str) {
    let database = std::env::args().nth(2).expect("where its data lie");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        match role {
            "as-hub" => hub(&database).await,
            _ => floor(&database).await,
        }
    });
}

async fn hub(database: &str) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let running = Hub::start(
        HubConfig {
            database_url: database.to_owned(),
            team_name: "Figures".into(),
            meta: MetaSettings {
                // Nobody listens there: only what comes in is measured.
                graph_url: "http://127.0.0.1:9".parse().expect("an address"),
                api_version: "v25.0".into(),
                access_token: "token".into(),
                app_secret: SECRET.into(),
                verify_token: "verify".into(),
                waba_id: "100000000000101".into(),
                phone_number_id: NUMBER.into(),
            },
            shelf: Shelf::in_memory(),
            clock: None,
            seed: None,
            number: Some("15550783881".into()),
            log_kept: None,
        },
        listener,
    )
    .await
    .expect("the hub");
    println!("{}", running.url());
    std::future::pending::<()>().await;
}

type Waiting = (axum::body::Bytes, tokio::sync::oneshot::Sender<()>);

async fn floor(folder: &str) {
    use axum::{
        Router,
        body::Bytes,
        extract::{DefaultBodyLimit, State},
        http::{HeaderMap, StatusCode},
        routing::post,
    };
    let (queue, mut waiting) = tokio::sync::mpsc::channel::<Waiting>(4096);
    let path = Path::new(folder).join("floor.log");
    std::thread::spawn(move || {
        use std::io::Write;
        let mut file = std::fs::File::create(path).expect("a file");
        let mut group = Vec::new();
        while waiting.blocking_recv_many(&mut group, 512) > 0 {
            for (body, _) in &group {
                file.write_all(body).expect("written");
            }
            file.sync_data().expect("on disk");
            for (_, done) in group.drain(..) {
                let _ = done.send(());
            }
        }
    });
    async fn take(
        State(queue): State<tokio::sync::mpsc::Sender<Waiting>>,
        headers: HeaderMap,
        body: Bytes,
    ) -> StatusCode {
        let header = headers
            .get(signature::HEADER)
            .map(axum::http::HeaderValue::as_bytes);
        if signature::verify(SECRET.as_bytes(), header, &body).is_err() {
            return StatusCode::UNAUTHORIZED;
        }
        let (done, stored) = tokio::sync::oneshot::channel();
        if queue.send((body, done)).await.is_err() || stored.await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        StatusCode::OK
    }
    let app = Router::new()
        .route("/webhooks/whatsapp", post(take))
        .layer(DefaultBodyLimit::max(3 * 1024 * 1024))
        .with_state(queue);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    println!("http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("served");
}

fn wrapped(field: &str, value: &Value) -> Value {
    json!({"object": "whatsapp_business_account",
        "entry": [{"id": "100000000000101", "changes": [{"field": field, "value": value}]}]})
}

fn metadata() -> Value {
    json!({"display_phone_number": "15550783881", "phone_number_id": NUMBER})
}

/// The `no`th message of the load: customers write in turn.
fn message(no: usize) -> Vec<u8> {
    let who = no % CUSTOMERS;
    let number = format!("15550{who:06}");
    let id = format!("US.{who:020}");
    wrapped(
        "messages",
        &json!({
        "messaging_product": "whatsapp", "metadata": metadata(),
        "contacts": [{"profile": {"name": format!("Customer {who}")}, "wa_id": number, "user_id": id}],
        "messages": [{"from": number, "from_user_id": id, "id": format!("wamid.load-{no:09}"),
            "timestamp": (1_795_000_000 + no / 1_000).to_string(), "type": "text",
            "text": {"body": format!("Message {no}: is the tandem ready for Saturday?")}}],
    }))
    .to_string()
    .into_bytes()
}

struct Load {
    sent: usize,
    time: Duration,
    latencies: Histogram<u64>,
}

impl Load {
    fn rate(&self) -> f64 {
        self.sent as f64 / self.time.as_secs_f64()
    }

    fn p99(&self) -> f64 {
        self.latencies.value_at_quantile(0.99) as f64 / 1000.0
    }
}

/// Posts messages for a while; with a pace, that many per second.
async fn post(url: &str, first: usize, time: Duration, pace: Option<u32>) -> Load {
    let http = ajar_tests::http();
    let url = format!("{url}/webhooks/whatsapp");
    let next = Arc::new(AtomicUsize::new(first));
    let started = Instant::now();
    let workers = (0..AT_ONCE).map(|_| {
        let (http, url, next) = (http.clone(), url.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            let mut latencies = Histogram::<u64>::new(3).expect("a histogram");
            while started.elapsed() < time {
                let no = next.fetch_add(1, Ordering::Relaxed);
                if let Some(pace) = pace {
                    let due =
                        Duration::from_secs(1) * u32::try_from(no - first).unwrap_or(0) / pace;
                    tokio::time::sleep(due.saturating_sub(started.elapsed())).await;
                }
                let body = message(no);
                let signature = sign(SECRET, &body);
                let asked = Instant::now();
                let answer = http
                    .post(&url)
                    .header(SIGNATURE_HEADER, signature)
                    .body(body)
                    .send()
                    .await
                    .expect("an answer");
                assert_eq!(answer.status().as_u16(), 200);
                latencies
                    .record(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX))
                    .expect("recorded");
            }
            latencies
        })
    });
    let mut latencies = Histogram::<u64>::new(3).expect("a histogram");
    for worker in futures::future::join_all(workers).await {
        latencies.add(worker.expect("a worker")).expect("added");
    }
    Load {
        sent: usize::try_from(latencies.len()).unwrap_or(0),
        time: started.elapsed(),
        latencies,
    }
}

/// Waits until everything that was acknowledged is visible.
async fn visible(store: &Store) {
    let end = store.log_end().await.expect("the log");
    while store.team().await.expect("the team").log_cursor < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn open(database: &str) -> Store {
    let team = NewTeam {
        hub_id: String::new(),
        name: String::new(),
        at: ajar_domain::Time::default(),
    };
    Store::open(database, &team).await.expect("opened")
}

pub async fn figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let floor = Role::start("as-floor", &folder.path().display().to_string());
    post(&floor.url, 0, Duration::from_secs(2), None).await;
    let floor_load = post(&floor.url, 0, Duration::from_secs(15), None).await;
    drop(floor);
    println!(
        "the floor, the same HTTP and signatures over a bare log synced in groups: {:.0}/s (p99 {:.1} ms with {AT_ONCE} at once)",
        floor_load.rate(),
        floor_load.p99(),
    );
    on(
        Db::File,
        "SQLite, synchronous FULL",
        floor_load.rate(),
        true,
    )
    .await;
    if ajar_tests::db::postgres_is_there() {
        // Imports and reading again are told for SQLite, the default.
        on(
            Db::Postgres,
            "PostgreSQL (a test server without fsync)",
            floor_load.rate(),
            false,
        )
        .await;
    }
}

async fn on(db: Db, name: &str, floor: f64, with_past: bool) {
    let (database, _folder) = ajar_tests::db::fresh(db).await;
    let hub = Role::start("as-hub", &database);
    let store = open(&database).await;
    // Customers are known by then, as they are on an ordinary day.
    post(&hub.url, 0, Duration::from_secs(3), None).await;
    visible(&store).await;
    let before = store.team().await.expect("the team").log_cursor;
    let first = usize::try_from(before).unwrap_or(0) + 1_000_000;
    let started = Instant::now();
    let load = post(&hub.url, first, SUSTAINED, None).await;
    let behind =
        store.log_end().await.expect("the log") - store.team().await.expect("the team").log_cursor;
    visible(&store).await;
    let all = started.elapsed().as_secs_f64();
    let seen = load.sent as f64 / all;
    println!(
        "{name}: {:.0}/s acknowledged durably over {} s (ratio to the floor {:.2}, p99 {:.1} ms with {AT_ONCE} at once); {seen:.0}/s made visible (ratio {:.2}), {behind} behind when the load ended; {CUSTOMERS} customers, one message per webhook",
        load.rate(),
        SUSTAINED.as_secs(),
        load.rate() / floor,
        load.p99(),
        seen / floor,
    );
    let paced = post(&hub.url, first + 10_000_000, PACED, Some(PACE)).await;
    println!(
        "{name}: at {:.0}/s acknowledged with p50 {:.1} ms, p99 {:.1} ms (budget p99 50 ms)",
        paced.rate(),
        paced.latencies.value_at_quantile(0.5) as f64 / 1000.0,
        paced.p99(),
    );
    visible(&store).await;
    println!("{name}: {}", held(&hub, &store).await);
    if with_past {
        past(&hub, &store, name).await;
        fill_up(&hub, &store).await;
        println!("{name}: {}", held(&hub, &store).await);
        drop(hub);
        replay(&store, name).await;
    }
}

/// What the hub takes up once it has taken in so much.
async fn held(hub: &Role, store: &Store) -> String {
    let messages = store
        .read()
        .await
        .expect("a connection")
        .count_messages()
        .await;
    format!(
        "with {} messages the hub holds {:.0} MB of memory (budget 100 MB at 1,000,000)",
        messages.expect("counted"),
        hub.resident(),
    )
}

/// The phone's past arrives in large webhooks, while customers go on writing.
async fn past(hub: &Role, store: &Store, name: &str) {
    let http = ajar_tests::http();
    let started = Instant::now();
    let live = {
        let url = hub.url.clone();
        tokio::spawn(async move { post(&url, 50_000_000, Duration::from_secs(20), Some(50)).await })
    };
    for chunk in 0..PAST / CHUNK {
        post_chunk(&http, hub, chunk).await;
    }
    visible(store).await;
    let all = started.elapsed();
    let live = live.await.expect("the live load");
    println!(
        "{name}: {PAST} messages of the phone's past taken over in {:.0} s, {:.0}/s (budget 2 min); meanwhile live webhooks at 50/s were acknowledged with p99 {:.1} ms",
        all.as_secs_f64(),
        PAST as f64 / all.as_secs_f64(),
        live.p99(),
    );
}

/// One webhook of the phone's past.
async fn post_chunk(http: &reqwest::Client, hub: &Role, chunk: usize) {
    let messages: Vec<Value> = (0..CHUNK)
        .map(|no| {
            let no = chunk * CHUNK + no;
            let number = format!("15550{:06}", chunk % CUSTOMERS);
            json!({"from": number, "id": format!("wamid.past-{no:09}"),
                "timestamp": (1_780_000_000 + no).to_string(), "type": "text",
                "text": {"body": format!("Said long ago, number {no}")},
                "history_context": {"status": "READ"}})
        })
        .collect();
    let body = wrapped(
        "history",
        &json!({
        "messaging_product": "whatsapp", "metadata": metadata(), "history": [{
            "metadata": {"phase": 1, "chunk_order": chunk, "progress": 50},
            "threads": [{"id": format!("15550{:06}", chunk % CUSTOMERS), "messages": messages}]}]}),
    )
    .to_string()
    .into_bytes();
    let signature = sign(SECRET, &body);
    let answer = http
        .post(format!("{}/webhooks/whatsapp", hub.url))
        .header(SIGNATURE_HEADER, signature)
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
}

/// Until there are a million messages.
async fn fill_up(hub: &Role, store: &Store) {
    let http = ajar_tests::http();
    for chunk in PAST / CHUNK.. {
        let mut conn = store.read().await.expect("a connection");
        if conn.count_messages().await.expect("counted") >= 1_000_000 {
            return;
        }
        drop(conn);
        post_chunk(&http, hub, chunk).await;
        visible(store).await;
    }
}

/// Reads the whole log again, in this process, as `ajar-hub replay` does.
async fn replay(store: &Store, name: &str) {
    let clock: Arc<dyn ajar_domain::Clock> = Arc::new(ajar_hub::clock::SystemClock);
    let projector = Projector::new(
        store.clone(),
        Ids::new(Arc::clone(&clock), None),
        clock,
        Bells::default(),
    );
    let started = Instant::now();
    let done = projector.replay(|_| {}).await.expect("read again");
    println!(
        "{name}: {} items of {} webhooks read again at {:.0}/s (budget 10,000/s)",
        done.items,
        done.webhooks,
        done.items as f64 / started.elapsed().as_secs_f64(),
    );
}
