//! How long an answer takes from Enter to Meta's door, and to the bubble that the agent sees.
//!
//! The engine keeps its outbox in a file and the hub its database, both synced before anything goes
//! on, as in earnest; all of it and the simulated platform share this process. The floor is the
//! same body posted to the same door, once, by a plain client: what the loopback gives to anybody.
//! Beside it stand four small writes that are synced one after another, as many as an answer waits
//! for on its way (twice at the desktop, twice at the hub): what the disk gives to anybody.

use std::{
    collections::HashMap,
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use ajar_client::{
    Desk, DeskConfig, Screen, Seen,
    loopback::{AssetFolder, Loopback},
};
use ajar_domain::{ConversationId, Time};
use ajar_protocol::{
    command::Command,
    rows::Role,
    ui::{JoinTeam, ListQuery, QueuedItem, ThreadItem},
};
use ajar_simulator::SimClock;
use ajar_tests::{Db, TestTeam};
use hdrhistogram::Histogram;
use serde_json::json;

use super::{page, root};

const CHATS: usize = 10;
const EACH: usize = 30;
/// Texts of the page that is watched while it paints.
const PAINTED: usize = 60;
/// Sends of each chat before any counts.
const WARM: usize = 3;
/// A little below Meta's twenty in a second, and other than a divisor of it.
const PACE: Duration = Duration::from_millis(67);

type Latencies = Histogram<u64>;

fn latencies() -> Latencies {
    Latencies::new(3).expect("a histogram")
}

fn record(into: &mut Latencies, time: Duration) {
    into.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
        .expect("recorded");
}

fn at(of: &Latencies, quantile: f64) -> f64 {
    of.value_at_quantile(quantile) as f64 / 1000.0
}

fn is_shown(seen: &Seen, words: &str) -> bool {
    seen.items().iter().rev().any(|item| match item {
        ThreadItem::Message { row, .. } => row.content.preview() == words,
        ThreadItem::Queued(QueuedItem {
            command: Command::SendText { body, .. },
            ..
        }) => body == words,
        _ => false,
    })
}

fn shows(seen: &Seen, chat: &ConversationId) -> bool {
    let thread = seen.thread.as_ref();
    thread.is_some_and(|thread| thread.conversation.id == *chat)
}

async fn desk(team: &TestTeam, folder: &std::path::Path) -> (Desk, Screen) {
    let (_, code) = team
        .hub
        .add_agent("Sami", Role::Agent)
        .await
        .expect("added");
    let desk = Desk::open(DeskConfig {
        data_dir: Some(folder.to_owned()),
        ..DeskConfig::in_memory("bench")
    })
    .await
    .expect("a desk");
    let mut screen = desk.screen();
    let hub = team.hub.url();
    desk.join(JoinTeam { hub, code }).await.expect("joined");
    screen.until(Seen::is_live).await.expect("live");
    let list = ListQuery {
        to: 50,
        ..ListQuery::default()
    };
    screen.watch_list(list).await.expect("watched");
    screen
        .until(|seen| seen.rows().len() == CHATS)
        .await
        .expect("rows");
    (desk, screen)
}

/// When each text arrived at Meta's door.
fn arrivals(team: &TestTeam) -> HashMap<String, Instant> {
    team.sim
        .requests()
        .into_iter()
        .filter_map(|request| {
            let body = request.body?;
            Some((body["text"]["body"].as_str()?.to_owned(), request.arrived))
        })
        .collect()
}

pub async fn figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let team = TestTeam::start_at(Db::File, SimClock::new()).await;
    for no in 0..CHATS {
        let number = format!("+1 555 02{no:02} 0000");
        let customer = team.sim.customer(&format!("Customer {no}"), &number);
        customer.says("Hello").await.expect("sent");
    }
    team.settled().await;
    let (desk, mut screen) = desk(&team, folder.path()).await;
    let chats: Vec<ConversationId> = screen
        .seen()
        .rows()
        .iter()
        .map(|row| row.id.clone())
        .collect();
    let mut entered: HashMap<String, Instant> = HashMap::new();
    let mut bubble = latencies();
    let mut ticks = tokio::time::interval(PACE);
    // From chat to chat: what one customer gets in a second, no agent types and Meta does not take.
    for turn in 0..EACH {
        for (no, chat) in chats.iter().enumerate() {
            screen.open(chat).await.expect("opened");
            screen
                .until(|seen| shows(seen, chat))
                .await
                .expect("the thread");
            ticks.tick().await;
            let words = format!("Your bike {no}/{turn} is ready for collection until six.");
            let command = Command::SendText {
                conversation: chat.clone(),
                body: words.clone(),
                reply_to: None,
                send_before: Time::FAR_FUTURE,
            };
            let enter = Instant::now();
            screen.act(command).await.expect("queued");
            screen
                .until(|seen| is_shown(seen, &words))
                .await
                .expect("the bubble");
            if turn >= WARM {
                record(&mut bubble, enter.elapsed());
                entered.insert(words, enter);
            }
        }
    }
    team.sim
        .wait_for_sends(|sends| sends.len() == CHATS * EACH)
        .await;
    let arrived = arrivals(&team);
    let mut out = latencies();
    for (words, enter) in &entered {
        record(&mut out, arrived[words].saturating_duration_since(*enter));
    }
    let painted = painted(&desk).await;
    desk.close().await;
    let floor = floor(&team).await;
    let synced = synced(folder.path()).await;
    println!(
        "Enter to the request at Meta's door, {} texts over {CHATS} chats at {:.0}/s: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms (budget p99 60 ms); a plain POST of the same body to the same door: p50 {:.1} ms, p99 {:.1} ms (ratio p50 {:.0}, p99 {:.0})",
        out.len(),
        1.0 / PACE.as_secs_f64(),
        at(&out, 0.5),
        at(&out, 0.99),
        at(&out, 1.0),
        at(&floor, 0.5),
        at(&floor, 0.99),
        at(&out, 0.5) / at(&floor, 0.5),
        at(&out, 0.99) / at(&floor, 0.99),
    );
    println!(
        "Four synced writes to the same disk: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        at(&synced, 0.5),
        at(&synced, 0.99),
        at(&synced, 1.0),
    );
    println!(
        "Enter to the bubble in the engine's view: p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        at(&bubble, 0.5),
        at(&bubble, 0.99),
        at(&bubble, 1.0),
    );
    println!(
        "Enter to the painted bubble in Chromium: {} of {PAINTED} in the first frame (budget: all), most {} frames, p50 {:.0} ms, longest {:.0} ms with this machine's way of painting",
        painted.first_frame,
        painted.most_frames,
        at(&painted.times, 0.5),
        at(&painted.times, 1.0),
    );
}

struct Painted {
    first_frame: usize,
    most_frames: u32,
    times: Latencies,
}

/// A page on the real interface writes into a chat and counts the frames until it is there. How
/// long a frame takes is the machine's affair; that it is the next one is ours.
async fn painted(desk: &Desk) -> Painted {
    let assets = Arc::new(AssetFolder(root().join("ui/dist")));
    let loopback = Loopback::serve(desk.clone(), assets).await.expect("a port");
    let page = page(&["enter", &loopback.opening_address(), &PAINTED.to_string()]);
    let output = tokio::task::spawn_blocking(move || page.wait_with_output().expect("its output"))
        .await
        .expect("waited");
    let lines = String::from_utf8(output.stdout).expect("text");
    let mut painted = Painted {
        first_frame: 0,
        most_frames: 0,
        times: latencies(),
    };
    for line in lines.lines() {
        let (millis, frames) = line.split_once(' ').expect("two numbers");
        let millis: f64 = millis.parse().expect("a number");
        let frames: u32 = frames.parse().expect("a number");
        painted.first_frame += usize::from(frames == 1);
        painted.most_frames = painted.most_frames.max(frames);
        record(&mut painted.times, Duration::from_secs_f64(millis / 1000.0));
    }
    assert_eq!(painted.times.len(), PAINTED as u64, "one line per text");
    painted
}

/// Four writes of a page each, every one of them on the disk before the next begins.
async fn synced(folder: &std::path::Path) -> Latencies {
    let path = folder.join("synced");
    tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::create(path).expect("a file");
        let mut times = latencies();
        for _ in 0..CHATS * EACH {
            let from = Instant::now();
            for _ in 0..4 {
                file.write_all(&[7; 4096]).expect("written");
                file.sync_data().expect("synced");
            }
            record(&mut times, from.elapsed());
        }
        times
    })
    .await
    .expect("measured")
}

/// The same bodies, posted by a plain client at the same pace.
async fn floor(team: &TestTeam) -> Latencies {
    let http = ajar_tests::http();
    let url = format!(
        "{}v25.0/{}/messages",
        team.sim.graph_url().expect("it listens"),
        team.sim.phone_number_id()
    );
    let token = team.sim.access_token();
    let sent: Vec<serde_json::Value> = team
        .sim
        .requests()
        .into_iter()
        .filter_map(|request| request.body.filter(|body| body["text"].is_object()))
        .collect();
    let mut posted: HashMap<String, Instant> = HashMap::new();
    let mut ticks = tokio::time::interval(PACE);
    for mut body in sent {
        ticks.tick().await;
        let words = format!(
            "{} Again.",
            body["text"]["body"].as_str().unwrap_or_default()
        );
        body["text"]["body"] = json!(words);
        posted.insert(words, Instant::now());
        let request = http.post(&url).bearer_auth(&token).json(&body);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
    }
    let arrived = arrivals(team);
    let mut floor = latencies();
    for (words, at) in &posted {
        record(&mut floor, arrived[words].saturating_duration_since(*at));
    }
    floor
}
