//! Killed in the middle of the work, the hub loses nothing that it acknowledged.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use ajar_simulator::{SIGNATURE_HEADER, Sim, Simulator, sign};
use ajar_tests::TestAgent;

const ROUNDS: usize = 6;
const AT_ONCE: usize = 16;

fn program() -> PathBuf {
    let mut path = std::env::current_exe().expect("this test");
    path.pop();
    path.pop();
    path.push(format!("ajar-hub{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is built by cargo build --workspace",
        path.display()
    );
    path
}

/// The hub as a process of its own, on this folder.
struct HubProcess {
    child: Child,
    url: String,
}

impl HubProcess {
    fn start(sim: &Sim, dir: &Path) -> Self {
        let mut child = Process::new(program())
            .arg("serve")
            .env("AJAR_LISTEN", "127.0.0.1:0")
            .env("AJAR_DATA_DIR", dir)
            .env(
                "AJAR_META_GRAPH_URL",
                sim.graph_url().expect("listens").as_str(),
            )
            .env("AJAR_META_ACCESS_TOKEN", sim.access_token())
            .env("AJAR_META_APP_SECRET", sim.app_secret())
            .env("AJAR_META_VERIFY_TOKEN", "verify")
            .env("AJAR_META_WABA_ID", sim.waba_id())
            .env("AJAR_META_PHONE_NUMBER_ID", sim.phone_number_id())
            .env("AJAR_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the hub starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its address");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("its address")
            .to_owned();
        Self { child, url }
    }
}

impl Drop for HubProcess {
    /// `SIGKILL`: no farewell.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn join_code(dir: &Path) -> String {
    let output = Process::new(program())
        .args(["agent", "add", "Sami"])
        .env("AJAR_DATA_DIR", dir)
        .output()
        .expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    said.lines()
        .find_map(|line| line.strip_prefix("join code for Sami: "))
        .expect("a code")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_under_load_keeps_all_it_acknowledged_and_doubles_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let sim = Simulator::builder()
        .seed(5)
        .start()
        .await
        .expect("the simulator");
    let code = join_code(dir.path());
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    for round in 0..ROUNDS {
        let hub = HubProcess::start(&sim, dir.path());
        let goal = acknowledged.lock().expect("whole").len() + 40 + round * 17;
        let (enough, mut reached) = tokio::sync::mpsc::channel::<()>(1);
        let posters: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (url, secret, number) =
                    (hub.url.clone(), sim.app_secret(), sim.phone_number_id());
                let (acknowledged, next, enough) =
                    (Arc::clone(&acknowledged), Arc::clone(&next), enough.clone());
                tokio::spawn(async move {
                    let http = ajar_tests::http();
                    loop {
                        let no = next.fetch_add(1, Ordering::Relaxed);
                        let wamid = format!("wamid.crash-{no:06}");
                        let body = body(&number, &wamid, no);
                        let answer = http
                            .post(format!("{url}/webhooks/whatsapp"))
                            .header(SIGNATURE_HEADER, sign(&secret, &body))
                            .body(body)
                            .send()
                            .await;
                        // The hub died: whatever had no 200 Meta would send again.
                        let Ok(answer) = answer else { return };
                        if answer.status().as_u16() != 200 {
                            return;
                        }
                        let mut acknowledged = acknowledged.lock().expect("whole");
                        acknowledged.insert(wamid);
                        if acknowledged.len() >= goal {
                            let _ = enough.try_send(());
                        }
                    }
                })
            })
            .collect();
        drop(enough);
        reached.recv().await.expect("the load goes on");
        drop(hub);
        for poster in posters {
            poster.await.expect("a poster");
        }
    }
    let hub = HubProcess::start(&sim, dir.path());
    let sami = TestAgent::join(&hub.url, &code).await.expect("joined");
    let acknowledged = acknowledged.lock().expect("whole").clone();
    let mut missing = acknowledged.clone();
    // The log is drained after the start; each answer shows how far.
    while !missing.is_empty() {
        let before = missing.len();
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
        let ready = reqwest::get(format!("{}/metrics", hub.url))
            .await
            .expect("metrics")
            .text()
            .await
            .expect("text");
        let drained = ready.lines().any(|line| line == "ajar_webhooks_waiting 0");
        assert!(
            missing.is_empty() || !drained || missing.len() < before,
            "acknowledged and lost: {missing:?}"
        );
    }
    assert!(acknowledged.len() >= ROUNDS * 40);
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
