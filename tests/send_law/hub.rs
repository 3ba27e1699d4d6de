//! A whole hub under generated faults, judged by the books of the simulated platform.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use ajar_domain::{
    Clock, ConversationId, MessageId, Time,
    delivery::Delivery,
    outbox::{Parked, Reference},
    window::WINDOW,
};
use ajar_hub::hub::Hub;
use ajar_protocol::{
    command::Command,
    error::ErrorCode,
    rows::{MessageRow, Role},
};
use ajar_simulator::{
    Customer, Fault, MessageRecord, Refusal, ReleaseOrder, Sim, SimClock, Simulator,
};
use ajar_tests::{
    Db, TestAgent, db,
    team::{THURSDAY, start_hub},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;
use tempfile::TempDir;

/// Runs of every day.
const RUNS: u64 = 16;
const CHATS: usize = 3;
/// No run takes so long; one that does stands still.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Debug)]
enum Step {
    Says(usize),
    /// The next sends meet this.
    Goes(Fault),
    Settles,
    Passes(Duration),
    /// Until shortly before the window of a chat closes, or after.
    NearTheEnd(usize, i64),
    CustomerWrites(usize),
    SendsAgain(usize),
    LetsItBe(usize),
    TokenRunsOut,
    TokenIsRenewed,
    HoldsWebhooks,
    ReleasesWebhooks,
    TellsTwice(u32),
    Restarts,
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => proptest::sample::select(vec![
            131_000, 131_016, 131_056, 131_057, 130_429, 80_007, 131_026, 131_047, 368, 190,
        ]).prop_map(|code| Fault::Error { code }),
        3 => proptest::sample::select(vec![131_047, 131_026, 131_053])
            .prop_map(|code| Fault::LateError { code }),
        3 => Just(Fault::SwallowAnswer),
        2 => Just(Fault::DropRequest),
        1 => Just(Fault::Delay { ms: 60 }),
        1 => Just(Fault::Hold),
        1 => proptest::sample::select(vec![200u16, 404, 500, 502])
            .prop_map(|status| Fault::Answer { status, body: json!({"not": "Meta's"}) }),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..CHATS).prop_map(Step::Says),
        9 => faults().prop_map(Step::Goes),
        4 => Just(Step::Settles),
        3 => (0u64..5).prop_map(|power| Step::Passes(Duration::from_secs(7u64.pow(power as u32)))),
        1 => (0..CHATS, -40i64..30).prop_map(|(chat, seconds)| Step::NearTheEnd(chat, seconds)),
        2 => (0..CHATS).prop_map(Step::CustomerWrites),
        5 => (0usize..8).prop_map(Step::SendsAgain),
        1 => (0usize..8).prop_map(Step::LetsItBe),
        1 => Just(Step::TokenRunsOut),
        1 => Just(Step::TokenIsRenewed),
        1 => Just(Step::HoldsWebhooks),
        1 => Just(Step::ReleasesWebhooks),
        1 => (1u32..5).prop_map(Step::TellsTwice),
        1 => Just(Step::Restarts),
    ]
}

/// A message of ours as the team knows it.
struct Said {
    chat: usize,
    id: MessageId,
    body: String,
    /// What the team was shown when somebody said "send again", by the generation that followed.
    shown: HashMap<u32, Delivery>,
    thrown_away: bool,
}

struct World {
    clock: SimClock,
    sim: Sim,
    hub: Option<Hub>,
    url: String,
    _dir: TempDir,
    agent: TestAgent,
    customers: Vec<Customer>,
    chats: Vec<ConversationId>,
    said: Vec<Said>,
    starts: u64,
}

impl World {
    async fn new(restarts: bool) -> Self {
        let clock = SimClock::frozen_at(THURSDAY);
        // A database in memory does not survive its hub.
        let db = if restarts { Db::File } else { Db::Memory };
        let (url, dir) = db::fresh(db).await;
        let sim = Simulator::builder()
            .clock(clock.clone())
            .seed(7)
            .start()
            .await
            .expect("the simulator");
        // It takes what is late: the judge looks at the times.
        sim.configure(|settings| {
            settings.outside_window = Refusal::Never;
            settings.shuffle_among = 4;
        });
        let hub = start_hub(&sim, &clock, &url, 11, None).await;
        let agent = joined(&hub, "Sami").await;
        let mut world = Self {
            clock,
            sim,
            hub: Some(hub),
            url,
            _dir: dir,
            agent,
            customers: Vec::new(),
            chats: Vec::new(),
            said: Vec::new(),
            starts: 11,
        };
        for no in 0..CHATS {
            let customer = world
                .sim
                .customer(&format!("C{no}"), &format!("+1 555 {:07}", 2_000_000 + no));
            customer.says("Hello?").await.expect("sent");
            world.customers.push(customer);
        }
        world.settles().await;
        for no in 0..CHATS {
            world
                .chats
                .push(world.agent.chat(&format!("C{no}")).await.id);
        }
        world
    }

    fn hub(&self) -> &Hub {
        self.hub.as_ref().expect("a hub runs")
    }

    async fn settles(&self) {
        for _ in 0..3 {
            self.sim.settled().await;
            self.hub().settled().await.expect("the store answers");
        }
    }

    /// A request that is under way arrives before the clock is moved: no wire takes an hour.
    async fn passes(&self, time: Duration) {
        self.settles().await;
        self.clock.advance(time);
        self.hub().core().outbox_waits.notify_one();
        self.settles().await;
    }

    async fn row(&self, said: &Said) -> Option<MessageRow> {
        let rows = self.agent.messages(&self.chats[said.chat]).await;
        rows.into_iter().find(|row| row.id == said.id)
    }

    /// Those of our messages that wait for a person.
    async fn settled_ones(&self) -> Vec<(usize, Delivery)> {
        let mut found = Vec::new();
        for (index, said) in self.said.iter().enumerate() {
            if let Some(row) = self.row(said).await
                && let Some(delivery) = row.delivery
                && matches!(
                    delivery,
                    Delivery::Parked { .. } | Delivery::Failed { .. } | Delivery::Uncertain { .. }
                )
            {
                found.push((index, delivery));
            }
        }
        found
    }

    async fn does(&mut self, step: &Step) {
        match step {
            Step::Says(chat) => {
                let body = format!("No. {}", self.said.len());
                match self.agent.says(&self.chats[*chat], &body).await {
                    Ok(id) => self.said.push(Said {
                        chat: *chat,
                        id,
                        body,
                        shown: HashMap::new(),
                        thrown_away: false,
                    }),
                    Err(error) => assert!(is_a_reason(error.code), "{error:?}"),
                }
            }
            Step::Goes(fault) => self.sim.fail_sends(1, fault.clone()),
            Step::Settles => self.settles().await,
            Step::Passes(time) => self.passes(*time).await,
            Step::NearTheEnd(chat, seconds) => {
                self.settles().await;
                let chat = self.agent.chat(&format!("C{chat}")).await;
                let closes_at = chat.facts.closes_at().expect("they wrote");
                let at = Time::from_millis(closes_at.millis() + seconds * 1_000);
                if at > self.clock.now() {
                    self.passes(at.saturating_since(self.clock.now())).await;
                }
            }
            Step::CustomerWrites(chat) => {
                self.customers[*chat].says("And?").await.expect("sent");
            }
            Step::SendsAgain(which) => self.sends_again(*which).await,
            Step::LetsItBe(which) => self.lets_it_be(*which).await,
            Step::TokenRunsOut => self.sim.expire_token(true),
            Step::TokenIsRenewed => {
                self.sim.expire_token(false);
                self.starts_sending().await;
            }
            Step::HoldsWebhooks => self.sim.hold_webhooks(),
            Step::ReleasesWebhooks => self.sim.release_webhooks(ReleaseOrder::Shuffled),
            Step::TellsTwice(how_many) => self.sim.duplicate_webhooks(*how_many),
            Step::Restarts => self.restarts().await,
        }
    }

    async fn starts_sending(&self) {
        self.agent
            .does(Command::StartSending)
            .await
            .expect("Meta agrees");
    }

    async fn sends_again(&mut self, which: usize) {
        let waiting = self.settled_ones().await;
        let Some((index, shown)) = waiting.get(which % waiting.len().max(1)) else {
            return;
        };
        let message = self.said[*index].id.clone();
        match self.agent.does(Command::SendAgain { message }).await {
            Ok(_) => {
                let said = &mut self.said[*index];
                let generation = u32::try_from(said.shown.len()).expect("a few") + 2;
                said.shown.insert(generation, shown.clone());
            }
            Err(error) => assert!(is_a_reason(error.code), "{error:?}"),
        }
    }

    async fn lets_it_be(&mut self, which: usize) {
        let waiting = self.settled_ones().await;
        let Some((index, _)) = waiting.get(which % waiting.len().max(1)) else {
            return;
        };
        let message = self.said[*index].id.clone();
        match self.agent.does(Command::Discard { message }).await {
            Ok(_) => {
                let gone = self.row(&self.said[*index]).await.is_none();
                self.said[*index].thrown_away = gone;
            }
            Err(error) => assert!(is_a_reason(error.code), "{error:?}"),
        }
    }

    /// In the middle of whatever it does.
    async fn restarts(&mut self) {
        if let Some(hub) = self.hub.take() {
            hub.stop().await;
        }
        self.starts += 1;
        let hub = start_hub(&self.sim, &self.clock, &self.url, self.starts, None).await;
        self.agent = joined(&hub, &format!("Sami {}", self.starts)).await;
        self.hub = Some(hub);
    }

    /// Everything is well again, and so long that whatever waits comes to its end.
    async fn comes_to_rest(&self) {
        self.sim.clear_faults();
        self.sim.expire_token(false);
        self.sim.release_webhooks(ReleaseOrder::Shuffled);
        self.settles().await;
        self.starts_sending().await;
        for seconds in [1, 10, 60, 300, 300, 900, 3_600, 3_600, 3_600] {
            self.passes(Duration::from_secs(seconds)).await;
        }
        self.passes(WINDOW).await;
    }

    /// How the messages ended, for whoever wants to see that the runs are worth something.
    async fn ends(&self, ends: &mut BTreeMap<String, usize>) {
        for said in &self.said {
            let end = match self.row(said).await.and_then(|row| row.delivery) {
                Some(delivery) => {
                    serde_json::to_value(delivery).expect("JSON")["state"].to_string()
                }
                None => "thrown away".to_owned(),
            };
            *ends.entry(end).or_default() += 1;
            *ends.entry("(sent again)".to_owned()).or_default() += said.shown.len();
        }
        *ends.entry("(taken by Meta)".to_owned()).or_default() += self.sim.sends().len();
    }

    async fn judge(&self) {
        let sends = self.sim.sends();
        let mut taken: HashMap<(String, u32), &MessageRecord> = HashMap::new();
        for send in &sends {
            let reference = Reference::read(send.callback_data.as_deref().expect("a reference"));
            let key = (reference.id, reference.generation);
            let before = taken.insert(key.clone(), send);
            assert!(before.is_none(), "Meta took {key:?} twice");
            self.was_in_time(send);
        }
        for said in &self.said {
            let mut of_it: Vec<(u32, &MessageRecord)> = taken
                .iter()
                .filter(|((id, _), _)| id == said.id.as_str())
                .map(|((_, generation), send)| (*generation, *send))
                .collect();
            of_it.sort_by_key(|(generation, _)| *generation);
            for pair in of_it.windows(2) {
                let shown = &said.shown[&pair[1].0];
                assert!(
                    matches!(
                        shown,
                        Delivery::Uncertain { .. }
                            | Delivery::Failed { .. }
                            | Delivery::Parked {
                                why: Parked::Disputed { .. },
                                ..
                            }
                    ),
                    "{} went out twice, and the team had been told {shown:?}",
                    said.body
                );
            }
            self.ends_well(said, &of_it).await;
        }
    }

    fn was_in_time(&self, send: &MessageRecord) {
        let opened_at = self
            .sim
            .messages()
            .iter()
            .filter(|message| {
                message.person == send.person
                    && message.direction == ajar_simulator::Direction::FromCustomer
                    && message.at <= send.at
            })
            .map(|message| message.at)
            .max()
            .expect("they wrote");
        assert!(
            send.at < opened_at + WINDOW,
            "a text left {:?} after the customer wrote",
            send.at.saturating_since(opened_at)
        );
    }

    async fn ends_well(&self, said: &Said, taken: &[(u32, &MessageRecord)]) {
        let arrived = taken.iter().any(|(_, send)| send.failed.is_none());
        let Some(row) = self.row(said).await else {
            assert!(said.thrown_away, "{} is lost", said.body);
            assert!(!arrived, "{} was thrown away, and it arrived", said.body);
            return;
        };
        assert_eq!(row.content.preview(), said.body, "the words are kept");
        let delivery = row.delivery.expect("one of ours has a tick");
        let newest = u32::try_from(said.shown.len()).expect("a few") + 1;
        match &delivery {
            Delivery::Delivered { .. } => assert!(arrived, "{}: delivered, says nobody", said.body),
            Delivery::Failed { .. } | Delivery::Parked { .. } => {
                assert!(!arrived, "{}: {delivery:?}, and it arrived", said.body);
            }
            Delivery::Uncertain { .. } => assert!(
                taken.iter().all(|(generation, _)| *generation != newest),
                "{}: every status came, and it is still uncertain",
                said.body
            ),
            // Held back by Meta, which tells nothing more.
            Delivery::Accepted { .. } => {
                assert!(taken.iter().any(|(_, send)| send.statuses.is_empty()));
            }
            other => panic!("{}: {other:?} is no end", said.body),
        }
    }
}

/// Why a command may be refused in the middle of all this.
fn is_a_reason(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::WindowNotOpen
            | ErrorCode::WindowClosing
            | ErrorCode::WindowDisputed
            | ErrorCode::Paused
            | ErrorCode::Conflict
            | ErrorCode::MetaUnavailable
    )
}

async fn joined(hub: &Hub, name: &str) -> TestAgent {
    let (_, code) = hub.add_agent(name, Role::Admin).await.expect("added");
    TestAgent::join(&hub.url(), &code).await.expect("joined")
}

/// Says what was done when a run fails.
struct Told<'a> {
    run: u64,
    steps: &'a [Step],
    done: usize,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "AJAR_SEND_RUNS=1 AJAR_SEND_SEED={}", self.run)?;
        for (no, step) in self.steps.iter().enumerate() {
            let mark = if no < self.done { ' ' } else { '…' };
            writeln!(f, "{mark} {step:?}")?;
        }
        Ok(())
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
    }
}

fn generated(run: u64) -> Vec<Step> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&run.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    proptest::collection::vec(steps(), 10..50)
        .new_tree(&mut runner)
        .expect("steps")
        .current()
}

#[test]
fn nothing_twice_nothing_late_nothing_lost() {
    let first: u64 = crate::from_environment("AJAR_SEND_SEED").unwrap_or(0);
    let mut ends = BTreeMap::new();
    let runs = crate::from_environment("AJAR_SEND_RUNS").unwrap_or(RUNS);
    for run in first..first + runs {
        let steps = generated(run);
        let mut told = Told {
            run,
            steps: &steps,
            done: 0,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let told = &mut told;
        runtime.block_on(async {
            let restarts = steps.iter().any(|step| matches!(step, Step::Restarts));
            let story = async {
                let mut world = World::new(restarts).await;
                for step in &steps {
                    world.does(step).await;
                    told.done += 1;
                }
                world.comes_to_rest().await;
                world.judge().await;
                world.ends(&mut ends).await;
            };
            tokio::time::timeout(PATIENCE, story)
                .await
                .expect("it comes to rest");
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
    eprintln!("{ends:?}");
}
