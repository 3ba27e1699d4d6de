//! Killed in the middle of the work, with the disk full, with its database taken away: the hub loses
//! nothing that it acknowledged, and goes on by itself.

use std::{
    collections::BTreeSet,
    process::Command as Process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use ajar_simulator::{SIGNATURE_HEADER, Sim, Simulator, sign};
use ajar_tests::{
    TestAgent,
    process::{HubProcess, join_code},
};

/// Rounds of killing; `AJAR_CRASH_ROUNDS` asks for more than the few of every day.
const ROUNDS: usize = 6;

fn rounds() -> usize {
    std::env::var("AJAR_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

const AT_ONCE: usize = 16;

/// Meta, as far as it posts messages: it remembers what was acknowledged.
#[derive(Clone)]
struct Load {
    secret: String,
    number: String,
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
    next: Arc<AtomicUsize>,
}

impl Load {
    fn of(sim: &Sim) -> Self {
        Self {
            secret: sim.app_secret(),
            number: sim.phone_number_id(),
            acknowledged: Arc::default(),
            next: Arc::default(),
        }
    }

    fn so_far(&self) -> usize {
        self.acknowledged.lock().expect("whole").len()
    }

    /// Posts one message; the status of the answer, if there was one.
    async fn post(&self, http: &reqwest::Client, url: &str) -> Option<u16> {
        let no = self.next.fetch_add(1, Ordering::Relaxed);
        let wamid = format!("wamid.crash-{no:06}");
        let body = body(&self.number, &wamid, no);
        let answer = http
            .post(format!("{url}/webhooks/whatsapp"))
            .header(SIGNATURE_HEADER, sign(&self.secret, &body))
            .body(body)
            .send()
            .await
            .ok()?;
        let status = answer.status().as_u16();
        if status == 200 {
            self.acknowledged.lock().expect("whole").insert(wamid);
        }
        Some(status)
    }

    /// Posts from many sides until `goal` messages are acknowledged in all, and until `enough`.
    /// Each side ends with the first answer that is not 200, if `steadfast` does not say otherwise.
    fn storm(&self, url: &str, goal: usize, steadfast: bool) -> Storm {
        let (enough, reached) = tokio::sync::mpsc::channel::<()>(1);
        let stop = Arc::new(AtomicBool::new(false));
        let posters = (0..AT_ONCE)
            .map(|_| {
                let (load, url, enough, stop) = (
                    self.clone(),
                    url.to_owned(),
                    enough.clone(),
                    Arc::clone(&stop),
                );
                tokio::spawn(async move {
                    let http = ajar_tests::http();
                    while !stop.load(Ordering::Relaxed) {
                        // The hub died: whatever had no 200 Meta would send again.
                        if load.post(&http, &url).await != Some(200) && !steadfast {
                            return;
                        }
                        if load.so_far() >= goal {
                            let _ = enough.try_send(());
                        }
                    }
                })
            })
            .collect();
        Storm {
            posters,
            reached,
            stop,
        }
    }
}

struct Storm {
    posters: Vec<tokio::task::JoinHandle<()>>,
    reached: tokio::sync::mpsc::Receiver<()>,
    stop: Arc<AtomicBool>,
}

impl Storm {
    async fn reached(&mut self) {
        self.reached.recv().await.expect("the load goes on");
    }

    async fn over(self) {
        self.stop.store(true, Ordering::Relaxed);
        for poster in self.posters {
            poster.await.expect("a poster");
        }
    }
}

/// Everything that was acknowledged is there, once.
async fn all_are_there(hub: &HubProcess, code: &str, load: &Load) {
    let sami = TestAgent::join(&hub.url, code).await.expect("joined");
    let acknowledged = load.acknowledged.lock().expect("whole").clone();
    let mut missing = acknowledged.clone();
    // The log is drained after the start; each answer shows how far.
    while !missing.is_empty() {
        // Asked first: what was drained by then must be in the snapshot that follows.
        let ready = reqwest::get(format!("{}/metrics", hub.url))
            .await
            .expect("metrics")
            .text()
            .await
            .expect("text");
        let drained = ready.lines().any(|line| line == "ajar_webhooks_waiting 0");
        let mut seen = BTreeSet::new();
        for chat in sami.snapshot().await.conversations {
            let mut before = String::from("~");
            loop {
                let page: ajar_protocol::hub::MessagePage = sami
                    .get(&format!(
                        "/v1/conversations/{}/messages?limit=200&before={before}",
                        chat.id
                    ))
                    .await
                    .expect("a page");
                for row in &page.messages {
                    let wamid = row
                        .wamid
                        .as_ref()
                        .expect("a customer's message")
                        .to_string();
                    assert!(seen.insert(wamid.clone()), "{wamid} is there twice");
                    missing.remove(&wamid);
                }
                match page.before {
                    Some(position) => before = position.0,
                    None => break,
                }
            }
        }
        assert!(
            missing.is_empty() || !drained,
            "acknowledged and lost: {missing:?}"
        );
    }
}

async fn simulator() -> Sim {
    Simulator::builder()
        .seed(5)
        .start()
        .await
        .expect("the simulator")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_under_load_keeps_all_it_acknowledged_and_doubles_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let sim = simulator().await;
    let code = join_code(dir.path(), None);
    let load = Load::of(&sim);
    for round in 0..rounds() {
        let hub = HubProcess::start(&sim, dir.path());
        // Another moment in each round, so that every step of the work is met some time.
        let mut storm = load.storm(&hub.url, load.so_far() + 20 + round * 17 % 83, false);
        storm.reached().await;
        drop(hub);
        storm.over().await;
    }
    let hub = HubProcess::start(&sim, dir.path());
    all_are_there(&hub, &code, &load).await;
    assert!(load.so_far() >= rounds() * 20);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_disk_full_it_says_so_and_goes_on_by_itself_when_there_is_room() {
    let dir = tempfile::tempdir().expect("a folder");
    let sim = simulator().await;
    let code = join_code(dir.path(), None);
    let load = Load::of(&sim);
    let hub = HubProcess::start_short_of_space(&sim, dir.path(), 1_500);
    let http = ajar_tests::http();
    let refused = loop {
        match load.post(&http, &hub.url).await {
            Some(200) => assert!(load.so_far() < 50_000, "the disk never filled"),
            other => break other,
        }
    };
    assert!(load.so_far() > 0, "there was room at first");
    assert_eq!(refused, Some(503), "Meta must send it again");
    let freed = Process::new("prlimit")
        .args(["--pid", &hub.id().to_string(), "--fsize=unlimited"])
        .status()
        .expect("prlimit is part of every Debian");
    assert!(freed.success());
    let before = load.so_far();
    for _ in 0..40 {
        assert_eq!(load.post(&http, &hub.url).await, Some(200), "by itself");
    }
    assert_eq!(load.so_far(), before + 40);
    all_are_there(&hub, &code, &load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgresql_restarted_under_it_nothing_acknowledged_is_missing() {
    let Some(server) = ajar_tests::server::Server::start() else {
        return;
    };
    let (database, dir) = (server.url(), tempfile::tempdir().expect("a folder"));
    let sim = simulator().await;
    let code = join_code(dir.path(), Some(&database));
    let load = Load::of(&sim);
    let hub = HubProcess::start_on(&sim, dir.path(), &database);
    let server = Arc::new(server);
    for _ in 0..rounds() {
        let mut storm = load.storm(&hub.url, load.so_far() + 60, true);
        storm.reached().await;
        // The load goes on meanwhile, and is told to come again.
        let operator = Arc::clone(&server);
        tokio::task::spawn_blocking(move || operator.crash_and_return())
            .await
            .expect("restarted");
        storm.over().await;
    }
    let http = ajar_tests::http();
    while load.post(&http, &hub.url).await != Some(200) {}
    all_are_there(&hub, &code, &load).await;
    assert!(load.so_far() >= rounds() * 60);
}

fn body(number: &str, wamid: &str, no: usize) -> Vec<u8> {
    let from = format!("1555030{:04}", no % 7);
    serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": number },
            "contacts": [{ "profile": { "name": format!("Customer {}", no % 7) }, "wa_id": from }],
            "messages": [{
                "from": from, "id": wamid, "timestamp": (1_795_000_000 + no).to_string(),
                "type": "text", "text": { "body": format!("message {no}") },
            }],
        }}]}],
    })
    .to_string()
    .into_bytes()
}
