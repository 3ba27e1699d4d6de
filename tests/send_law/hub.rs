//! A whole hub under generated faults, with a Meta and a team that are driven step by step.
//!
//! A run is a list of steps with customers of its own. Many runs follow each other in one world, on
//! one hub, so that what an earlier one left waiting is still on its way in the next; then the
//! whole world comes to rest and is judged. A world is a function of its number.

use std::{collections::HashMap, time::Duration};

use ajar_domain::{Clock, ConversationId, MessageId, Time, delivery::Delivery, window::WINDOW};
use ajar_hub::hub::Hub;
use ajar_protocol::{
    command::Command,
    error::ErrorCode,
    rows::{MessageRow, Role},
};
use ajar_simulator::{
    Customer, Fault, MessageRecord, Refusal, ReleaseOrder, RetrySchedule, Sim, SimClock, Simulator,
    Status,
};
use ajar_tests::{
    TestAgent,
    team::{THURSDAY, start_hub},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Customers of one run.
const CHATS: usize = 3;

#[derive(Clone, Debug)]
pub enum Step {
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
    /// A status of one of the newest messages is told again, or in the wrong order.
    TellsAgain(usize, Status),
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
        2 => Just(Fault::AnswerLast),
        1 => Just(Fault::Delay { ms: 5 }),
        1 => Just(Fault::Hold),
        2 => (
            proptest::sample::select(vec![200u16, 404, 429, 500, 502, 503]),
            proptest::sample::select(vec![Value::Null, json!({"not": "Meta's"})]),
        ).prop_map(|(status, body)| Fault::Answer { status, body }),
    ]
}

pub fn steps() -> impl Strategy<Value = Step> {
    let told = proptest::sample::select(vec![Status::Sent, Status::Delivered, Status::Read]);
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
        1 => (0usize..4, told).prop_map(|(which, status)| Step::TellsAgain(which, status)),
        1 => Just(Step::Restarts),
    ]
}

/// A message of ours as the team knows it.
pub struct Said {
    chat: ConversationId,
    pub id: MessageId,
    pub body: String,
    /// What the team was shown when somebody said "send again", by the generation that followed.
    pub shown: HashMap<u32, Delivery>,
    pub thrown_away: bool,
}

/// A customer of the present run.
struct Chat {
    name: String,
    customer: Customer,
    id: ConversationId,
}

pub struct World {
    clock: SimClock,
    pub sim: Sim,
    hub: Option<Hub>,
    url: String,
    _dir: TempDir,
    agent: TestAgent,
    chats: Vec<Chat>,
    pub said: Vec<Said>,
    /// The first of those that the present run said.
    first: usize,
    customers: usize,
    starts: u64,
}

/// Where nothing is synced to a disk, if the machine has such a place: what is tried here is the
/// end of a hub, not that of its machine.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder")
}

impl World {
    pub async fn new(number: u64) -> Self {
        let clock = SimClock::frozen_at(THURSDAY);
        let dir = folder();
        let url = format!("sqlite://{}", dir.path().join("ajar.db").display());
        let sim = Simulator::builder()
            .clock(clock.clone())
            .seed(number)
            .start()
            .await
            .expect("the simulator");
        sim.configure(|settings| {
            // It takes what is late: the judge looks at the times.
            settings.outside_window = Refusal::Never;
            settings.shuffle_among = 4;
            // A hub that starts again is not waited for.
            settings.retries = RetrySchedule {
                first_after_ms: 1,
                longest_ms: 20,
                ..RetrySchedule::default()
            };
        });
        let hub = start_hub(&sim, &clock, &url, number, None).await;
        let agent = joined(&hub, "Sami").await;
        Self {
            clock,
            sim,
            hub: Some(hub),
            url,
            _dir: dir,
            agent,
            chats: Vec::new(),
            said: Vec::new(),
            first: 0,
            customers: 0,
            starts: number,
        }
    }

    /// New customers write, to a platform that is well. Older messages may still be on their way.
    pub async fn next_run(&mut self) {
        self.is_well().await;
        // The number may send another twenty.
        self.clock.advance(Duration::from_secs(2));
        self.hub().core().outbox_waits.notify_one();
        let mut names = Vec::new();
        for _ in 0..CHATS {
            let (name, number) = (
                format!("C{}", self.customers),
                format!("+1 555 {:07}", 2_000_000 + self.customers),
            );
            self.customers += 1;
            let customer = self.sim.customer(&name, &number);
            customer.says("Hello?").await.expect("sent");
            names.push((name, customer));
        }
        self.settles().await;
        let rows = self.agent.snapshot().await.conversations;
        let chats = names.into_iter().map(|(name, customer)| {
            let row = rows.iter().find(|row| row.customer.name == name);
            let id = row.expect("they wrote").id.clone();
            Chat { name, customer, id }
        });
        self.chats = chats.collect();
        self.first = self.said.len();
    }

    fn hub(&self) -> &Hub {
        self.hub.as_ref().expect("a hub runs")
    }

    /// Until a whole round has changed nothing.
    async fn settles(&self) {
        let mut committed = self.hub().core().store.committed();
        loop {
            committed.mark_unchanged();
            self.sim.settled().await;
            self.hub().settled().await.expect("the store answers");
            if !committed.has_changed().unwrap_or(false) {
                return;
            }
        }
    }

    /// A request that is under way arrives before the clock is moved: no wire takes an hour.
    async fn passes(&self, time: Duration) {
        self.settles().await;
        self.clock.advance(time);
        self.hub().core().outbox_waits.notify_one();
        self.settles().await;
    }

    pub async fn row(&self, said: &Said) -> Option<MessageRow> {
        let rows = self.agent.messages(&said.chat).await;
        rows.into_iter().find(|row| row.id == said.id)
    }

    /// Those of the present run's messages that wait for a person.
    async fn settled_ones(&self) -> Vec<(usize, Delivery)> {
        let mut found = Vec::new();
        for chat in &self.chats {
            if !self.said[self.first..]
                .iter()
                .any(|said| said.chat == chat.id)
            {
                continue;
            }
            for row in self.agent.messages(&chat.id).await {
                if let Some(index) = self.said[self.first..]
                    .iter()
                    .position(|said| said.id == row.id)
                    && let Some(delivery) = row.delivery
                    && matches!(
                        delivery,
                        Delivery::Parked { .. }
                            | Delivery::Failed { .. }
                            | Delivery::Uncertain { .. }
                    )
                {
                    found.push((self.first + index, delivery));
                }
            }
        }
        found
    }

    pub async fn does(&mut self, step: &Step) {
        match step {
            Step::Says(chat) => {
                let body = format!("No. {}", self.said.len());
                let chat = self.chats[*chat].id.clone();
                match self.agent.says(&chat, &body).await {
                    Ok(id) => self.said.push(Said {
                        chat,
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
                let chat = self.agent.chat(&self.chats[*chat].name).await;
                let closes_at = chat.facts.closes_at().expect("they wrote");
                let at = Time::from_millis(closes_at.millis() + seconds * 1_000);
                if at > self.clock.now() {
                    self.passes(at.saturating_since(self.clock.now())).await;
                }
            }
            Step::CustomerWrites(chat) => {
                self.chats[*chat].customer.says("And?").await.expect("sent");
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
            Step::TellsAgain(which, status) => self.tells_again(*which, *status),
            Step::Restarts => self.restarts().await,
        }
    }

    /// Only what may be true: neither of what failed nor of what Meta holds back.
    fn tells_again(&self, which: usize, status: Status) {
        let sends = self.sim.sends();
        let told = |send: &&MessageRecord| send.failed.is_none() && !send.statuses.is_empty();
        if let Some(send) = sends.iter().rev().filter(told).nth(which) {
            self.sim.status(send.id.clone(), status).expect("told");
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
        self.agent = self.agent.at(&hub.url());
        self.hub = Some(hub);
    }

    /// Nothing goes wrong any more.
    async fn is_well(&self) {
        self.sim.clear_faults();
        self.sim.expire_token(false);
        self.sim.release_webhooks(ReleaseOrder::Shuffled);
        self.starts_sending().await;
    }

    /// Everything is well again, and so long that whatever waits comes to its end.
    pub async fn comes_to_rest(&self) {
        self.is_well().await;
        for seconds in [1, 10, 60, 300, 300, 900, 3_600, 3_600, 3_600] {
            self.passes(Duration::from_secs(seconds)).await;
        }
        self.passes(WINDOW).await;
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
