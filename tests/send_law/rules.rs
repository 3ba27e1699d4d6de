//! The rules alone, driven by a worker, a Meta and a person that are a few lines each.

use std::time::Duration;

use ajar_domain::{
    MessageId, Time, WaMessageId,
    delivery::Receipt,
    failure::{Failure, FailureCode, Retry},
    opening::Occurrence,
    outbox::{About, Answer, Doubts, Outbound, Parked, Right, SideEffect},
    window::{DEFAULT_MARGIN, Opening, Refusal, WINDOW, WindowFacts},
};
use proptest::prelude::*;

const START: Time = Time::from_millis(1_795_176_000_000);

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Passes(Duration),
    CustomerWrites,
    /// The worker looks, and its request ends so.
    Looks(End),
    /// The answer under way arrives.
    Answered,
    /// The hub dies and comes back: an answer under way is gone.
    Dies,
    /// Another process gives the request up.
    GivenUp,
    /// A status about one of the messages that Meta took; any, in any order, any number of times.
    Told(usize, Receipt),
    SendsAgain,
    LetsItBe,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Taken,
    TakenAnswerLost,
    Refused(FailureCode, Retry),
    NotSent,
    Lost,
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Taken),
        2 => Just(End::TakenAnswerLost),
        1 => Just(End::NotSent),
        1 => Just(End::Lost),
        3 => proptest::sample::select(vec![
            (FailureCode::MetaFault, Retry::Later),
            (FailureCode::MetaFault, Retry::FewTimes),
            (FailureCode::MetaFault, Retry::Maintenance),
            (FailureCode::RateLimited, Retry::WholeNumber),
            (FailureCode::RateLimited, Retry::PerRecipient),
            (FailureCode::RateLimited, Retry::CallLimit),
            (FailureCode::Unauthorised, Retry::StopQueue),
            (FailureCode::Undeliverable, Retry::Never),
            (FailureCode::WindowClosed, Retry::Never),
        ]).prop_map(|(code, retry)| End::Refused(code, retry)),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let receipts = proptest::sample::select(vec![
        Receipt::Sent,
        Receipt::Failed,
        Receipt::Delivered,
        Receipt::Read,
    ]);
    prop_oneof![
        4 => (0u64..8).prop_map(|power| Step::Passes(Duration::from_secs(5u64.pow(power as u32)))),
        1 => Just(Step::CustomerWrites),
        8 => ends().prop_map(Step::Looks),
        5 => Just(Step::Answered),
        1 => Just(Step::Dies),
        1 => Just(Step::GivenUp),
        3 => (0usize..4, receipts).prop_map(|(which, receipt)| Step::Told(which, receipt)),
        2 => Just(Step::SendsAgain),
        1 => Just(Step::LetsItBe),
    ]
}

/// A message that Meta took.
struct Taken {
    generation: u32,
    wamid: WaMessageId,
    /// The hub has been told so, by an answer or by a report that does not say that it failed.
    known: bool,
    /// The hub has heard what became of it, be it that it failed.
    heard: bool,
    /// Meta said that it failed, and nothing else: the customer does not have it.
    failed: bool,
}

struct Story {
    now: Time,
    facts: WindowFacts,
    state: Outbound,
    right: Right,
    generation: u32,
    attempt: u32,
    doubts: Doubts,
    /// The answer under way, with the attempt and the generation of its request.
    answer: Option<(Answer, u32, u32)>,
    taken: Vec<Taken>,
    /// The earlier sendings of which the row was told that they went out.
    told: Vec<u32>,
    writes: u32,
    thrown_away: bool,
}

impl Story {
    fn new(seen: Option<Duration>) -> Self {
        let mut story = Self {
            now: START,
            facts: WindowFacts::default(),
            state: Outbound::queued(START),
            right: Right::None,
            generation: 1,
            attempt: 0,
            doubts: Doubts::default(),
            answer: None,
            taken: Vec::new(),
            told: Vec::new(),
            writes: 0,
            thrown_away: false,
        };
        story.customer_writes();
        let proof = story
            .facts
            .at(START)
            .require_open(START, DEFAULT_MARGIN)
            .expect("just opened");
        let seen = seen.map(|after| START + after);
        story.right = Right::granted(&proof, &story.facts, seen, START);
        story
    }

    fn customer_writes(&mut self) {
        self.writes += 1;
        self.facts.record_opening(Opening {
            event_id: format!("m{}", self.writes),
            kind: Occurrence::CustomerMessage,
            meta_at: self.now,
            received_at: self.now,
        });
    }

    fn closes_at(&self) -> Time {
        self.facts.closes_at().expect("somebody wrote")
    }

    fn set(&mut self, state: Outbound) {
        self.doubts = self.doubts.clone().after(self.generation, &state);
        if let Outbound::Waiting { attempt, .. } = &state {
            self.attempt = *attempt;
        }
        self.state = state;
    }

    fn looks(&mut self, end: End) -> Result<(), TestCaseError> {
        // What is late is parked whether it is due or not.
        let waits = matches!(self.state, Outbound::Waiting { .. });
        let due =
            matches!(self.state, Outbound::Waiting { not_before, .. } if not_before <= self.now);
        let late = self
            .right
            .send_before()
            .is_some_and(|before| before <= self.now);
        if !waits || !(due || late) {
            return Ok(());
        }
        match Outbound::check_deadline(&self.right, &self.facts, self.now, DEFAULT_MARGIN) {
            Err(parked) => self.set(parked),
            Ok(Some(proof)) if late => {
                self.right = self.right.lengthened(&proof, &self.facts);
                prop_assert!(self.right.send_before() > Some(self.now), "it moves on");
            }
            Ok(_) if due => return self.requests(end),
            Ok(_) => {}
        }
        Ok(())
    }

    fn requests(&mut self, end: End) -> Result<(), TestCaseError> {
        prop_assert!(
            self.now < self.closes_at() - DEFAULT_MARGIN,
            "a request outside the window"
        );
        prop_assert!(self.right.send_before() > Some(self.now), "a late request");
        prop_assert!(
            self.answer.is_none() || self.answer.as_ref().is_some_and(|a| a.2 < self.generation),
            "two requests of one generation under way"
        );
        prop_assert!(
            self.told.is_empty(),
            "it went out before, as Meta had told, and is asked for again"
        );
        self.attempt += 1;
        self.set(Outbound::Sending {
            attempt: self.attempt,
            since: self.now,
            earlier: None,
        });
        let wamid = WaMessageId::new(format!("w{}", self.taken.len()));
        if matches!(end, End::Taken | End::TakenAnswerLost) {
            prop_assert!(
                self.taken
                    .iter()
                    .all(|one| one.generation != self.generation),
                "Meta took one reference twice"
            );
            self.taken.push(Taken {
                generation: self.generation,
                wamid: wamid.clone(),
                known: false,
                heard: false,
                failed: false,
            });
        }
        let answer = match end {
            End::Taken => Answer::Accepted { wamid, held: false },
            End::TakenAnswerLost | End::Lost => Answer::Lost,
            End::NotSent => Answer::NotSent,
            End::Refused(code, retry) => Answer::Refused {
                failure: Failure {
                    code,
                    meta_code: None,
                    detail: None,
                },
                retry,
            },
        };
        self.answer = Some((answer, self.attempt, self.generation));
        Ok(())
    }

    fn answered(&mut self) {
        let Some((answer, attempt, generation)) = self.answer.take() else {
            return;
        };
        if let Answer::Accepted { wamid, .. } = &answer {
            for one in self.taken.iter_mut().filter(|one| one.wamid == *wamid) {
                one.known = true;
                one.heard = true;
            }
        }
        if generation != self.generation {
            if !matches!(answer, Answer::Lost | Answer::NotSent) {
                self.doubts = self.doubts.clone().settled(generation);
            }
            if let Answer::Accepted { wamid, .. } = answer {
                let state = self.state.clone();
                let about = About::AnEarlierOne;
                self.set(state.reported(about, Receipt::Sent, wamid, self.now));
            }
            return;
        }
        let state = self.state.clone();
        let (state, effect) = state.answered(&self.right, answer, attempt, self.now);
        self.set(state);
        if let SideEffect::DisputeWindow { at } = effect {
            self.facts.record_refusal(Refusal {
                at,
                message: MessageId::new("m"),
            });
        }
    }

    fn told(&mut self, which: usize, receipt: Receipt) {
        let Some(one) = self.taken.get_mut(which) else {
            return;
        };
        one.known |= receipt != Receipt::Failed;
        one.heard = true;
        one.failed = receipt == Receipt::Failed && !one.known;
        self.doubts = self.doubts.clone().settled(one.generation);
        let about = About::of(one.generation, self.generation);
        if receipt != Receipt::Failed && about == About::AnEarlierOne {
            self.told.push(one.generation);
        }
        let (state, wamid) = (self.state.clone(), one.wamid.clone());
        self.set(state.reported(about, receipt, wamid, self.now));
    }

    /// Only what the team is shown as settled can be sent again.
    fn sends_again(&mut self) {
        let settled = matches!(
            self.state,
            Outbound::Parked { .. } | Outbound::Failed { .. } | Outbound::Uncertain { .. }
        );
        let proof = self
            .facts
            .at(self.now)
            .require_open(self.now, DEFAULT_MARGIN);
        if let (true, Ok(proof)) = (settled, proof) {
            self.right = Right::granted(&proof, &self.facts, None, self.now);
            self.generation += 1;
            self.attempt = 0;
            // A person decided, knowing what the row had been told.
            self.told.clear();
            self.set(Outbound::queued(self.now));
        }
    }

    fn lets_it_be(&mut self) {
        let settled = matches!(
            self.state,
            Outbound::Parked { .. } | Outbound::Failed { .. } | Outbound::Uncertain { .. }
        );
        if settled {
            match self.state.discarded(&self.doubts) {
                Some(dismissed) => self.set(dismissed),
                None => self.thrown_away = true,
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Passes(time) => self.now = self.now + *time,
            Step::CustomerWrites => self.customer_writes(),
            Step::Looks(end) => self.looks(*end)?,
            Step::Answered => self.answered(),
            Step::Dies => {
                self.answer = None;
                let state = self.state.clone().after_restart(self.now);
                self.set(state);
            }
            Step::GivenUp => {
                let state = self.state.clone().after_restart(self.now);
                self.set(state);
            }
            Step::Told(which, receipt) => self.told(*which, *receipt),
            Step::SendsAgain => self.sends_again(),
            Step::LetsItBe => self.lets_it_be(),
        }
        Ok(())
    }

    /// Every end is one that a person can be told.
    fn ends_well(&self) -> Result<(), TestCaseError> {
        let went_out = |generation: u32| self.taken.iter().any(|one| one.generation == generation);
        match &self.state {
            Outbound::Scheduled { .. } | Outbound::Waiting { .. } | Outbound::Sending { .. } => {
                prop_assert!(false, "it waits for ever: {:?}", self.state);
            }
            Outbound::Accepted { wamid, .. } => {
                let one = self.taken.iter().find(|one| one.wamid == *wamid);
                prop_assert!(one.is_some(), "accepted, says nobody");
                prop_assert!(
                    one.is_some_and(|one| one.known || one.generation == self.generation),
                    "an old failure took the next try away"
                );
            }
            Outbound::Parked {
                why: Parked::DeadlinePassed { .. },
                ..
            } => {
                prop_assert!(!went_out(self.generation), "parked as late, and gone out");
            }
            Outbound::Failed { .. } => {
                prop_assert!(!went_out(self.generation), "refused, and gone out");
            }
            Outbound::Parked { .. } | Outbound::Uncertain { .. } => {}
        }
        if matches!(
            self.state,
            Outbound::Failed { .. } | Outbound::Parked { .. }
        ) {
            let unheard = self.taken.iter().any(|one| !one.heard);
            prop_assert!(
                !unheard || self.doubts.since().is_some(),
                "the customer may have it, and nobody is told"
            );
            let lost = self.taken.is_empty() && self.generation == 1;
            prop_assert!(
                !lost || self.doubts.since().is_none(),
                "a doubt about nothing"
            );
        }
        if self.thrown_away {
            prop_assert!(
                self.taken.iter().all(|one| one.failed),
                "thrown away, and the customer has it"
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: crate::runs().max(4_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_twice_nothing_late_nothing_lost(
        seen in proptest::option::of((0u64..200_000).prop_map(Duration::from_secs)),
        steps in proptest::collection::vec(steps(), 0..40),
    ) {
        let mut story = Story::new(seen);
        for step in &steps {
            if story.thrown_away {
                break;
            }
            story.step(step)?;
        }
        // Left alone, it comes to an end by itself.
        if !story.thrown_away {
            for _ in 0..60 {
                story.step(&Step::Answered)?;
                let waits = matches!(
                    story.state,
                    Outbound::Waiting { .. } | Outbound::Sending { .. }
                );
                if !waits {
                    break;
                }
                story.step(&Step::Looks(End::Refused(
                    FailureCode::MetaFault,
                    Retry::Later,
                )))?;
                story.step(&Step::Passes(WINDOW / 20))?;
            }
            story.step(&Step::Answered)?;
        }
        story.ends_well()?;
    }
}
