//! What the simulated platform's books say about what a hub did, and the runs themselves.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ajar_domain::{
    Time,
    delivery::Delivery,
    outbox::{Parked, Reference},
    window::WINDOW,
};
use ajar_simulator::{Direction, MessageRecord, PersonId};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::hub::{Said, Step, World, steps};

/// Runs of every day.
const RUNS: u64 = 150;
/// Runs in one world.
const TOGETHER: u64 = 25;
/// Worlds at a time: twice as many as an ordinary machine has cores, for the waits.
const SIDE_BY_SIDE: usize = 4;
/// No world takes so long; one that does stands still.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many messages ended how, for whoever wants to see that the runs are worth something.
type Ends = BTreeMap<String, usize>;

async fn judge(world: &World) -> Ends {
    let messages = world.sim.messages();
    let mut wrote: HashMap<PersonId, Vec<Time>> = HashMap::new();
    let mut taken: HashMap<(String, u32), &MessageRecord> = HashMap::new();
    for message in &messages {
        match message.direction {
            Direction::FromCustomer => wrote.entry(message.person).or_default().push(message.at),
            Direction::FromApi => {
                let reference = message.callback_data.as_deref().expect("a reference");
                let reference = Reference::read(reference);
                let key = (reference.id, reference.generation);
                let before = taken.insert(key.clone(), message);
                assert!(before.is_none(), "Meta took {key:?} twice");
            }
            Direction::FromPhone => {}
        }
    }
    for send in taken.values() {
        was_in_time(send, &wrote[&send.person]);
    }
    let mut ends = Ends::from([("(taken by Meta)".to_owned(), taken.len())]);
    for said in &world.said {
        let mut of_it: Vec<(u32, &MessageRecord)> = (1..=newest(said))
            .filter_map(|generation| {
                let key = (said.id.to_string(), generation);
                Some((generation, *taken.get(&key)?))
            })
            .collect();
        of_it.sort_by_key(|(generation, _)| *generation);
        for pair in of_it.windows(2) {
            was_asked_for(said, pair[0].0);
        }
        *ends.entry(end_of(world, said, &of_it).await).or_default() += 1;
        *ends.entry("(sent again)".to_owned()).or_default() += said.shown.len();
    }
    let known: usize = world.said.iter().map(|said| newest(said) as usize).sum();
    assert!(taken.len() <= known, "Meta took what nobody said");
    ends
}

/// The newest generation of a message.
fn newest(said: &Said) -> u32 {
    u32::try_from(said.shown.len()).expect("a few") + 1
}

fn was_in_time(send: &MessageRecord, wrote: &[Time]) {
    let opened_at = wrote.iter().filter(|at| **at <= send.at).max();
    let opened_at = *opened_at.expect("they wrote");
    assert!(
        send.at < opened_at + WINDOW,
        "a text left {:?} after the customer wrote",
        send.at.saturating_since(opened_at)
    );
}

/// It went out once more after one that Meta had taken: only if whoever first said "send again" after
/// that one had been told what is known of it. Tries in between may have ended otherwise since.
fn was_asked_for(said: &Said, before: u32) {
    let shown = &said.shown[&(before + 1)];
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
        "{} went out again after its try {before}, of which the team had been told {shown:?}",
        said.body
    );
}

async fn end_of(world: &World, said: &Said, taken: &[(u32, &MessageRecord)]) -> String {
    let arrived = taken.iter().any(|(_, send)| send.failed.is_none());
    let told = taken
        .iter()
        .any(|(_, send)| send.failed.is_none() && !send.statuses.is_empty());
    let Some(row) = world.row(said).await else {
        assert!(said.thrown_away, "{} is lost", said.body);
        assert!(!arrived, "{} was thrown away, and it arrived", said.body);
        return "thrown away".to_owned();
    };
    assert_eq!(row.content.preview(), said.body, "the words are kept");
    let delivery = row.delivery.expect("one of ours has a tick");
    match &delivery {
        Delivery::Delivered { .. } | Delivery::Read { .. } => {
            assert!(arrived, "{}: {delivery:?}, says nobody", said.body);
        }
        Delivery::Failed { .. } | Delivery::Parked { .. } => {
            // What Meta holds back it tells nothing of; of that one the team is told the doubt.
            assert!(
                !told && (!arrived || row.doubt.is_some()),
                "{}: {delivery:?}, and it arrived; shown before was {:?}, taken {taken:#?}",
                said.body,
                said.shown
            );
        }
        Delivery::Uncertain { dismissed, .. } => {
            assert!(
                !told,
                "{}: Meta told that it arrived, and it is still uncertain",
                said.body
            );
            // Let be although the last try failed, because of an earlier one: that one is in doubt.
            let in_doubt = |(generation, send): &(u32, &MessageRecord)| {
                *generation != newest(said) || send.statuses.is_empty() || *dismissed
            };
            assert!(
                taken.iter().all(in_doubt),
                "{}: every status came, and it is still uncertain",
                said.body
            );
        }
        // Held back by Meta, which tells nothing more.
        Delivery::Accepted { .. } => {
            assert!(taken.iter().any(|(_, send)| send.statuses.is_empty()));
        }
        other => panic!("{}: {other:?} is no end", said.body),
    }
    serde_json::to_value(delivery).expect("JSON")["state"].to_string()
}

/// Says what was done when a world fails.
struct Told {
    first: u64,
    runs: Vec<Vec<Step>>,
    done: usize,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs.len();
        writeln!(f, "AJAR_SEND_SEED={} AJAR_SEND_RUNS={runs}", self.first)?;
        for (no, step) in self.runs.iter().flatten().enumerate() {
            let mark = if no < self.done { ' ' } else { '…' };
            writeln!(f, "{mark} {step:?}")?;
        }
        Ok(())
    }
}

impl Drop for Told {
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

/// The world that begins with this run.
fn whole_world(first: u64, runs: u64) -> Ends {
    let mut told = Told {
        first,
        runs: (first..first + runs).map(generated).collect(),
        done: 0,
    };
    // One thread for each world: handing every step from thread to thread would cost more than the
    // steps do. The database has threads of its own, so things still happen in any order.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let ends = runtime.block_on(async {
        let story = async {
            let mut world = World::new(first).await;
            for run in &told.runs {
                world.next_run().await;
                for step in run {
                    world.does(step).await;
                    told.done += 1;
                }
            }
            world.comes_to_rest().await;
            judge(&world).await
        };
        tokio::time::timeout(PATIENCE, story)
            .await
            .expect("it comes to rest")
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    ends
}

#[test]
fn nothing_twice_nothing_late_nothing_lost() {
    let first: u64 = crate::from_environment("AJAR_SEND_SEED").unwrap_or(0);
    let end = first + crate::from_environment("AJAR_SEND_RUNS").unwrap_or(RUNS);
    let next = AtomicU64::new(first);
    let worlds = || {
        let mut all = Ends::new();
        loop {
            let begin = next.fetch_add(TOGETHER, Ordering::Relaxed);
            if begin >= end {
                return all;
            }
            for (kind, count) in whole_world(begin, TOGETHER.min(end - begin)) {
                *all.entry(kind).or_default() += count;
            }
        }
    };
    let ends = std::thread::scope(|threads| {
        let sides: Vec<_> = (0..SIDE_BY_SIDE).map(|_| threads.spawn(worlds)).collect();
        let mut all = Ends::new();
        for side in sides {
            let ends = side.join().expect("the law holds");
            for (kind, count) in ends {
                *all.entry(kind).or_default() += count;
            }
        }
        all
    });
    eprintln!("{} runs: {ends:?}", end - first);
}
