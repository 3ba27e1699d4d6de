//! The figures of the budgets, printed with the machine they were measured on.
//!
//! `./dev bench` runs this with optimisation. Nothing here passes or fails: it measures. Where
//! a figure depends on the machine more than on us, a plain trial of the same work is measured
//! in the same run and the ratio stands beside it.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ajar_client::{
    Desk, DeskConfig, Seen,
    loopback::{AssetFolder, Loopback},
};
use ajar_protocol::{
    rows::Role,
    ui::{JoinTeam, ListQuery},
};
use ajar_simulator::SimClock;
use ajar_tests::{Db, TestTeam};
use hdrhistogram::Histogram;

/// Messages per second of the journey.
const PACE: u32 = 50;
const JOURNEY: Duration = Duration::from_secs(20);
/// As many as the window shows rows. A row shows its chat's last line, and of several messages in
/// one of Meta's whole seconds the id decides which is last, so not every message is painted here.
const CHATS: usize = 12;
const ROWS: usize = 1000;
const IDLE: u64 = 20;

mod intake;
mod sending;

fn main() {
    if let Some(role) = std::env::args()
        .nth(1)
        .filter(|role| role.starts_with("as-"))
    {
        intake::child(&role);
        return;
    }
    // A test runner that only asks which tests are in here gets none and measures nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("machine: {}", machine());
    if cfg!(debug_assertions) {
        println!("without optimisation: these figures say nothing about the product");
    }
    runtime.block_on(async {
        if asked_for("journey") {
            journey().await;
        }
        if asked_for("sending") {
            sending::figures().await;
        }
        if asked_for("clocks") {
            clocks().await;
        }
        // The long one comes last.
        if asked_for("intake") {
            intake::figures().await;
        }
    });
}

/// `./dev bench journey` measures that alone; without a name, everything.
fn asked_for(figure: &str) -> bool {
    let mut names = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    names.peek().is_none() || names.any(|name| figure.contains(&name))
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let line = |text: &str, key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .and_then(|line| line.split_once(':'))
            .map_or_else(
                || "unknown".to_owned(),
                |(_, value)| value.trim().to_owned(),
            )
    };
    let cpu = line(&read("/proc/cpuinfo"), "model name");
    let memory = line(&read("/proc/meminfo"), "MemTotal");
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores of {cpu}, {memory} of memory, Linux {}",
        kernel.trim()
    )
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests lies in the root")
        .to_owned()
}

fn micros() -> u128 {
    #[expect(
        clippy::disallowed_methods,
        reason = "compared with the browser's wall clock on the same machine"
    )]
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_micros()
}

async fn desk(team: &TestTeam) -> (Desk, Loopback) {
    let (_, code) = team
        .hub
        .add_agent("Sami", Role::Agent)
        .await
        .expect("added");
    let desk = Desk::open(DeskConfig::in_memory("bench"))
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
    screen
        .watch_list(ListQuery {
            to: 50,
            ..ListQuery::default()
        })
        .await
        .expect("watched");
    screen
        .until(|seen| !seen.rows().is_empty())
        .await
        .expect("rows");
    let assets = Arc::new(AssetFolder(root().join("ui/dist")));
    let loopback = Loopback::serve(desk.clone(), assets).await.expect("a port");
    (desk, loopback)
}

fn page(arguments: &[&str]) -> Child {
    Process::new("node")
        .arg(root().join("tests/benches/page.mjs"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed")
}

/// From the moment a customer presses send to the moment it is painted on a desktop.
async fn journey() {
    let team = TestTeam::start_at(Db::File, SimClock::new()).await;
    let customers: Vec<_> = (0..CHATS)
        .map(|no| {
            team.sim
                .customer(&format!("Customer {no}"), &format!("+1 555 02{no:02} 0000"))
        })
        .collect();
    for customer in &customers {
        customer.says("Hello").await.expect("sent");
    }
    team.settled().await;
    let (_desk, loopback) = desk(&team).await;
    let mut page = page(&["drawn", &loopback.opening_address()]);
    let mut lines = BufReader::new(page.stdout.take().expect("its output")).lines();
    let ready = lines.next().expect("a line").expect("text");
    assert_eq!(ready, "ready");
    let reader = std::thread::spawn(move || {
        let mut drawn = Histogram::<u64>::new(3).expect("a histogram");
        for line in lines.map_while(Result::ok) {
            let millis: f64 = line.parse().expect("a number");
            drawn
                .record((millis.max(0.0) * 1000.0) as u64)
                .expect("recorded");
        }
        drawn
    });
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PACE);
    let total = PACE * u32::try_from(JOURNEY.as_secs()).unwrap_or(u32::MAX);
    for (_, customer) in (0..total).zip(customers.iter().cycle()) {
        ticks.tick().await;
        customer
            .says(format!("sent:{}", micros()))
            .await
            .expect("sent");
    }
    team.settled().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    page.stdin.take().expect("its input").flush().expect("open");
    let _ = page.wait();
    let drawn = reader.join().expect("the reader");
    println!(
        "customer presses send to painted in Chromium, {PACE} messages/s over {CHATS} chats: {} of {total} drawn, p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms (budget p99 250 ms)",
        drawn.len(),
        drawn.value_at_quantile(0.5) as f64 / 1000.0,
        drawn.value_at_quantile(0.99) as f64 / 1000.0,
        drawn.max() as f64 / 1000.0,
    );
}

/// What a thousand ticking clocks cost.
async fn clocks() {
    let team = TestTeam::start_at(Db::File, SimClock::new()).await;
    for no in 0..ROWS {
        let customer = team
            .sim
            .customer(&format!("Customer {no}"), &format!("+1 555 1{no:03} 0000"));
        // Spread over the day, so that all bands tick.
        let ago = Duration::from_secs((no as u64 * 86) % 86_000);
        customer.ago(ago).says("Hello").await.expect("sent");
    }
    team.settled().await;
    let (_desk, loopback) = desk(&team).await;
    let before = cpu_seconds();
    let started = Instant::now();
    let mut page = page(&["idle", &loopback.opening_address(), &IDLE.to_string()]);
    let mut line = String::new();
    BufReader::new(page.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    let _ = page.wait();
    let share: f64 = line.trim().parse().expect("a number");
    let engine = 100.0 * (cpu_seconds() - before) / started.elapsed().as_secs_f64();
    println!(
        "{ROWS} conversations with ticking clocks, {IDLE} s at rest: page {share:.2} % of a core (budget 1 %); hub, simulator, engine and the page's start together {engine:.2} %",
    );
}

/// Processor time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    // utime and stime, in hundredths of a second on every Linux that we know.
    (ticks(11) + ticks(12)) / 100.0
}
