use proptest::prelude::*;

use super::*;

const T0: Time = Time::from_millis(1_795_176_000_000);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn wrote(id: &str, meta_at: Time, received_at: Time) -> Opening {
    Opening {
        event_id: id.into(),
        kind: Occurrence::CustomerMessage,
        meta_at,
        received_at,
    }
}

fn facts(opening: Opening) -> WindowFacts {
    let mut facts = WindowFacts::default();
    facts.record_opening(opening);
    facts
}

fn ms(offset: i64) -> Time {
    Time::from_millis(T0.millis() + offset)
}

#[test]
fn the_edge_is_half_open_to_the_millisecond() {
    let facts = facts(wrote("m1", T0, T0));
    assert!(matches!(facts.at(ms(DAY_MS - 1)), Window::Open { .. }));
    assert_eq!(facts.at(ms(DAY_MS)), Window::Closed { since: ms(DAY_MS) });
}

#[test]
fn the_margin_is_kept_to_the_millisecond() {
    let window = facts(wrote("m1", T0, T0)).at(T0);
    let margin = Duration::from_secs(20);
    let last = ms(DAY_MS - 20_000 - 1);
    assert!(window.require_open(last, margin).is_ok());
    assert_eq!(
        window.require_open(ms(DAY_MS - 20_000), margin),
        Err(NotOpen::Closing {
            closes_at: ms(DAY_MS)
        })
    );
    assert_eq!(
        window.require_open(ms(DAY_MS), margin),
        Err(NotOpen::Closed { since: ms(DAY_MS) }),
        "a state kept too long is caught by the moment in hand"
    );
}

#[test]
fn the_earlier_of_both_clocks_counts() {
    // Meta's clock runs ahead of ours by an hour.
    let ahead = facts(wrote("m1", ms(3_600_000), T0));
    assert_eq!(ahead.closes_at(), Some(ms(DAY_MS)));
    // The webhook arrived an hour late.
    let late = facts(wrote("m1", T0, ms(3_600_000)));
    assert_eq!(late.closes_at(), Some(ms(DAY_MS)));
}

#[test]
fn a_refusal_disputes_until_the_customer_writes_again() {
    let mut facts = facts(wrote("m1", T0, T0));
    facts.record_refusal(Refusal {
        at: ms(1000),
        message: MessageId::new("out-1"),
    });
    assert_eq!(
        facts.at(ms(2000)),
        Window::Disputed {
            since: ms(1000),
            refused: MessageId::new("out-1")
        }
    );
    assert_eq!(
        facts.at(ms(2000)).require_open(ms(2000), DEFAULT_MARGIN),
        Err(NotOpen::Disputed { since: ms(1000) })
    );
    facts.record_opening(wrote("m2", ms(3000), ms(3000)));
    assert!(matches!(facts.at(ms(4000)), Window::Open { .. }));
}

#[test]
fn a_refusal_in_the_same_millisecond_as_the_opening_disputes() {
    let mut facts = facts(wrote("m1", T0, T0));
    facts.record_refusal(Refusal {
        at: T0,
        message: MessageId::new("out-1"),
    });
    assert!(matches!(facts.at(T0), Window::Disputed { .. }));
}

#[test]
fn a_dispute_outlives_the_closing_time_and_ends_with_the_next_opening() {
    let mut facts = facts(wrote("m1", T0, T0));
    facts.record_refusal(Refusal {
        at: ms(1000),
        message: MessageId::new("out-1"),
    });
    assert!(matches!(facts.at(ms(DAY_MS + 5)), Window::Disputed { .. }));
}

#[test]
fn an_event_that_reaches_us_a_day_late_opens_nothing() {
    let facts = facts(wrote("m1", T0, ms(DAY_MS + 1)));
    assert_eq!(
        facts.at(ms(DAY_MS + 1)),
        Window::Closed { since: ms(DAY_MS) }
    );
}

#[derive(Clone, Debug)]
enum Fact {
    Opening(u8, i64, i64),
    Refusal(u8, i64),
}

fn some_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        (0u8..6, -5000i64..5000, -5000i64..5000).prop_map(|(id, m, r)| Fact::Opening(id, m, r)),
        (0u8..6, -5000i64..5000).prop_map(|(id, at)| Fact::Refusal(id, at)),
    ]
}

fn apply(facts: &mut WindowFacts, fact: &Fact) {
    match fact {
        // One event has one time at Meta; repetitions differ only in when they reach us.
        Fact::Opening(id, _, r) => {
            facts.record_opening(wrote(&format!("m{id}"), ms(i64::from(*id) * 700), ms(*r)));
        }
        Fact::Refusal(id, at) => facts.record_refusal(Refusal {
            at: ms(*at),
            message: MessageId::new(format!("out-{id}")),
        }),
    }
}

proptest! {
    /// Facts recorded with one receipt each: any order and any repetition ends the same.
    #[test]
    fn order_and_repetition_do_not_matter(
        history in proptest::collection::vec(some_fact(), 0..12),
        seed in any::<u64>(),
    ) {
        // One receipt per event: the first one of the generated list is the true one.
        let mut seen = std::collections::HashMap::new();
        let history: Vec<Fact> = history.into_iter().map(|fact| match fact {
            Fact::Opening(id, m, r) => Fact::Opening(id, m, *seen.entry(id).or_insert(r)),
            refusal @ Fact::Refusal(..) => refusal,
        }).collect();
        let mut straight = WindowFacts::default();
        for fact in &history {
            apply(&mut straight, fact);
        }
        let mut shuffled: Vec<&Fact> = history.iter().chain(history.iter()).collect();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, usize::try_from(state >> 33).unwrap_or(0) % (i + 1));
        }
        let mut other = WindowFacts::default();
        for fact in shuffled {
            apply(&mut other, fact);
        }
        prop_assert_eq!(straight, other);
    }

    /// The closing time never moves back while new events arrive.
    #[test]
    fn the_window_never_moves_back(openings in proptest::collection::vec((0u8..200, 0i64..9000), 1..20)) {
        let mut facts = WindowFacts::default();
        let mut before = None;
        for (id, r) in openings {
            if facts.is_same_event(&wrote(&format!("m{id}"), T0, T0)) { continue; }
            facts.record_opening(wrote(&format!("m{id}"), ms(r), ms(r)));
            let after = facts.closes_at();
            prop_assert!(after >= before);
            before = after;
        }
    }

    /// No proof is ever given outside the window, whatever the facts.
    #[test]
    fn no_proof_outside_the_window(
        history in proptest::collection::vec(some_fact(), 0..10),
        now in -10_000i64..(DAY_MS + 20_000),
        margin in 0u64..900_000,
    ) {
        let mut facts = WindowFacts::default();
        for fact in &history {
            apply(&mut facts, fact);
        }
        let now = ms(now);
        if let Ok(proof) = facts.at(now).require_open(now, Duration::from_millis(margin)) {
            let closes_at = facts.closes_at();
            prop_assert_eq!(Some(proof.closes_at()), closes_at);
            prop_assert!(now < proof.send_before());
            prop_assert!(proof.send_before() <= proof.closes_at());
        }
    }
}
