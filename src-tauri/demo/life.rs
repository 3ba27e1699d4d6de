//! The demo team after the screenplay: customers who write and answer, a phone that sometimes
//! types, colleagues who look in. And what the person at the screen asks to see.
//!
//! Who, what and when come from one seeded generator, so that the same start gives the same
//! evening. Pauses are real time, also when the team's clock runs fast: people read in theirs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ajar_domain::ConversationId;
use ajar_protocol::hub::PresenceRequest;
use ajar_protocol::rows::ConversationRow;
use ajar_protocol::ui::DemoAction;
use ajar_simulator::{Customer, Fault, MediaFile};
use anyhow::{Context as _, Result};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::play::Company;
use super::script::Agent;

/// What customers say when they think of something.
const THOUGHTS: [&str; 14] = [
    "One more thing: do you have inner tubes for 28 inch?",
    "Is there parking for a cargo bike at your place?",
    "Could I pay by card?",
    "I may be ten minutes late, is that all right?",
    "Do you also look at the lights while you’re at it?",
    "My neighbour asks whether you repair scooters too 😄",
    "Is it done by any chance?",
    "What time do you close today?",
    "Can my son come along and watch?",
    "By the way, the new bell is wonderful",
    "Would you take my old helmet?",
    "Which pump would you recommend?",
    "Do you sell gift cards?",
    "The front tyre is soft again. Puncture, or my imagination?",
];

/// What they answer when somebody has written to them.
const ANSWERS: [&str; 10] = [
    "Perfect, thank you!",
    "Great, see you then 🙂",
    "That was quick. Thanks!",
    "Sounds good to me",
    "Let me check and come back to you",
    "Wonderful. Until tomorrow!",
    "Hm, and without the mudguards?",
    "👍",
    "All right, I’ll be there",
    "You’ve saved my weekend",
];

/// What is typed on the shop’s phone.
const BY_HAND: [&str; 6] = [
    "I have it in front of me: looks fine.",
    "Just tried it on the road, runs well.",
    "We’re in the yard, come around the back.",
    "It’s ready, take your time.",
    "I’ll put it aside for you.",
    "Pads are in. Ten minutes more.",
];

/// New people with a first question.
const NEWCOMERS: [(&str, &str); 6] = [
    ("Quentin Marsh", "Hello! Do you repair child trailers?"),
    (
        "Rhea Lindgren",
        "Hi, how long is the wait for a service at the moment?",
    ),
    ("Silas Crowe", "Do you buy back bikes after a year?"),
    (
        "Tamsin Oakes",
        "Good day, I found your card in my saddlebag. Are you the ones with the dog?",
    ),
    (
        "Ulla Feder",
        "Hallo, ist das Bianchi im Fenster verkäuflich?",
    ),
    (
        "Vito Amaral",
        "Can you make an old road bike fit for commuting?",
    ),
];

/// The team as it lives on. Ends when dropped.
pub struct Life {
    company: Arc<Company>,
    rng: Arc<Mutex<StdRng>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Life {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Life {
    /// `quiet`: only what is asked for happens.
    pub fn begin(company: Arc<Company>, seed: u64, quiet: bool) -> Self {
        let rng = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
        let mut life = Self {
            company,
            rng,
            tasks: Vec::new(),
        };
        if !quiet {
            life.tasks.push(tokio::spawn(customers_answer(life.part())));
            life.tasks.push(tokio::spawn(customers_write(life.part())));
            life.tasks.push(tokio::spawn(phone_types(life.part())));
            life.tasks
                .push(tokio::spawn(colleagues_look_in(life.part())));
        }
        life
    }

    fn part(&self) -> Part {
        Part {
            company: Arc::clone(&self.company),
            rng: Arc::clone(&self.rng),
        }
    }

    /// Makes happen what the person at the screen wants to see.
    pub async fn act(&self, action: DemoAction) -> Result<()> {
        let part = self.part();
        let sim = &self.company.sim;
        match action {
            DemoAction::CustomerWrites { conversation } => {
                let text = part.one_of(&THOUGHTS);
                part.customer_of(&conversation)?.says(text).await?;
            }
            DemoAction::PhoneTypes { conversation } => {
                let text = part.one_of(&BY_HAND);
                let customer = part.customer_of(&conversation)?;
                sim.phone().types(&customer, text).await?;
            }
            DemoAction::PhoneSendsStart { start } => {
                let start = self
                    .company
                    .books
                    .until("the start", |rows| rows.starts.get(&start).cloned())
                    .await?;
                let number = start.number.digits().to_owned();
                sim.phone().types(number, start.text).await?;
            }
            DemoAction::SetRate { rate } => sim.clock().set_rate(rate.clamp(1.0, 3600.0)),
            DemoAction::Skip { seconds } => {
                sim.clock().advance(Duration::from_secs(u64::from(seconds)));
            }
            DemoAction::LoseNextAnswer => sim.fail_sends(1, Fault::SwallowAnswer),
            DemoAction::DisputeNext => sim.fail_sends(1, Fault::LateError { code: 131_047 }),
        }
        Ok(())
    }
}

/// What each strand of the team's life holds.
struct Part {
    company: Arc<Company>,
    rng: Arc<Mutex<StdRng>>,
}

impl Part {
    fn with_rng<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn one_of<'a>(&self, lines: &[&'a str]) -> &'a str {
        self.with_rng(|rng| lines.choose(rng).copied().unwrap_or_default())
    }

    async fn pause(&self, seconds: std::ops::Range<u64>) {
        let seconds = self.with_rng(|rng| rng.random_range(seconds));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    fn customer_of(&self, conversation: &ConversationId) -> Result<Customer> {
        let number = self
            .company
            .books
            .now(|rows| {
                let head = rows.heads.get(conversation)?;
                Some(head.customer.number.as_ref()?.digits().to_owned())
            })
            .context("nobody of this conversation has a number")?;
        Ok(self.company.sim.find_customer(&number)?)
    }

    /// Some conversation that fits, in an order that the generator alone decides.
    fn some_conversation(&self, fits: impl Fn(&ConversationRow) -> bool) -> Option<ConversationId> {
        let mut found: Vec<_> = self.company.books.now(|rows| {
            let heads = rows.heads.values().filter(|head| fits(head));
            heads.map(|head| head.id.clone()).collect()
        });
        found.sort();
        self.with_rng(|rng| found.choose(rng).cloned())
    }
}

/// Whoever was written to answers, often, after having read.
async fn customers_answer(part: Part) {
    let sim = &part.company.sim;
    let mut seen = sim.sends().len();
    loop {
        let sends = sim.wait_for_sends(|sends| sends.len() > seen).await;
        let fresh = sends.into_iter().skip(seen).collect::<Vec<_>>();
        seen += fresh.len();
        for message in fresh {
            if !part.with_rng(|rng| rng.random_bool(0.7)) {
                continue;
            }
            let part = Part {
                company: Arc::clone(&part.company),
                rng: Arc::clone(&part.rng),
            };
            tokio::spawn(async move {
                part.pause(7..20).await;
                let sim = &part.company.sim;
                let writer = sim
                    .customers()
                    .into_iter()
                    .find(|customer| customer.id() == message.person);
                let Some(customer) = writer else { return };
                let said = match part.with_rng(|rng| rng.random_range(0..5)) {
                    0 => customer.reacts(message.id, "❤️").await,
                    1 => customer.replies(message.id, part.one_of(&ANSWERS)).await,
                    _ => customer.says(part.one_of(&ANSWERS)).await,
                };
                log(said);
            });
        }
    }
}

async fn customers_write(part: Part) {
    let mut newcomers = NEWCOMERS.iter().enumerate();
    loop {
        part.pause(20..60).await;
        let sim = &part.company.sim;
        if part.with_rng(|rng| rng.random_bool(0.15))
            && let Some((index, (name, question))) = newcomers.next()
        {
            let number = format!("+1 555 020 {:04}", 1100 + index * 37);
            log(sim.customer(name, &number).says(*question).await);
            continue;
        }
        // Where we spoke last: nobody likes to ask twice.
        let Some(conversation) = part.some_conversation(|head| {
            head.waiting_since.is_none() && head.last_customer_message_at.is_some()
        }) else {
            continue;
        };
        let Ok(customer) = part.customer_of(&conversation) else {
            continue;
        };
        let seed = part.with_rng(|rng| rng.random_range(100..200));
        log(match seed % 6 {
            0 => customer.sends_image(MediaFile::picture(seed), None).await,
            _ => customer.says(part.one_of(&THOUGHTS)).await,
        });
    }
}

async fn phone_types(part: Part) {
    loop {
        part.pause(90..240).await;
        let Some(conversation) = part.some_conversation(|head| head.waiting_since.is_some()) else {
            continue;
        };
        if let Ok(customer) = part.customer_of(&conversation) {
            let phone = part.company.sim.phone();
            log(phone.types(&customer, part.one_of(&BY_HAND)).await);
        }
    }
}

/// Ana, Jonah and Mei open their chats, type a while, and sometimes note something down.
async fn colleagues_look_in(part: Part) {
    loop {
        for agent in [Agent::Ana, Agent::Jonah, Agent::Mei] {
            part.pause(6..18).await;
            let Some(member) = part.company.agents.get(&agent) else {
                continue;
            };
            let mine = part.some_conversation(|head| head.assignee.as_ref() == Some(&member.id));
            let typing = part.with_rng(|rng| rng.random_bool(0.4));
            let looking = PresenceRequest {
                device: format!("demo-{}", agent.name()),
                conversation: mine.clone(),
                typing,
            };
            log(member.hub.presence(&looking).await);
            if let Some(conversation) = mine
                && part.with_rng(|rng| rng.random_bool(0.3))
            {
                log(part.company.see(agent, conversation).await);
            }
        }
    }
}

/// The demo goes on without what did not work; the log says why.
fn log<T, E: std::fmt::Display>(said: Result<T, E>) {
    if let Err(error) = said {
        tracing::debug!(%error, "somebody in the demo was not heard");
    }
}
