//! How fast messages may leave, as a function of when others left.
//!
//! Meta knows two speeds (platform notes, section 12): twenty messages per second for a number in
//! Coexistence, what customers write included; and for one customer one message in six seconds on
//! average, with bursts of up to 45 in six seconds that must be paid back. Both are token buckets,
//! kept as the moments at which tokens were taken, so that nothing has to be stored besides the
//! moments of the requests, and every hub that knows those comes to the same answer.
//!
//! ```text
//!   taken:   ▏▏▏    ▏  ▏▏▏▏ now      ready_at ──► now or earlier: go
//!                                             └─► later: nothing before then
//! ```
//!
//! The number's bucket is refilled by each token separately, a second after it was taken. One
//! that is refilled at a steady rate would let twice as many through in the second after a rest.

use std::time::Duration;

use crate::Time;

/// Messages of one number in any second. The tenth more is for the way: requests that left evenly
/// arrive unevenly, and one that is refused makes the whole number wait.
pub const NUMBER: Span = Span {
    most: 20,
    span: Duration::from_millis(1_100),
};

/// How much of the number's room customers' messages can take away. They cannot be made to wait,
/// and the phone's imported past comes by the thousand: the team must still get through.
pub const INBOUND_MOST: usize = 10;

/// Messages to one customer. With the one token that grows back meanwhile this is Meta's burst of
/// 45 in six seconds.
pub const PAIR: Bucket = Bucket {
    capacity: 44,
    every: Duration::from_secs(6),
};

/// Not more than so many in any span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub most: usize,
    pub span: Duration,
}

impl Span {
    /// The earliest moment for the next one. `taken` in any order; what lies longer back than the
    /// span does not count.
    #[must_use]
    pub fn ready_at(&self, taken: &[Time], now: Time) -> Time {
        let mut recent: Vec<Time> = taken
            .iter()
            .copied()
            .filter(|at| *at + self.span > now)
            .collect();
        recent.sort_unstable();
        match recent.len().checked_sub(self.most) {
            None => now,
            Some(over) => recent.get(over).map_or(now, |at| *at + self.span),
        }
    }
}

/// The number's bucket, with what customers wrote.
#[must_use]
pub fn number_ready_at(sent: &[Time], heard: &[Time], now: Time) -> Time {
    let mut heard: Vec<Time> = heard
        .iter()
        .copied()
        .filter(|at| *at + NUMBER.span > now)
        .collect();
    heard.sort_unstable();
    let skipped = heard.len().saturating_sub(INBOUND_MOST);
    let taken: Vec<Time> = sent
        .iter()
        .chain(heard.iter().skip(skipped))
        .copied()
        .collect();
    NUMBER.ready_at(&taken, now)
}

/// A bucket that gains one token each `every`, up to `capacity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub capacity: u32,
    pub every: Duration,
}

impl Bucket {
    /// How far back taken tokens still matter.
    #[must_use]
    pub fn memory(&self) -> Duration {
        self.every * (self.capacity + 1)
    }

    /// The earliest moment for the next one; `taken` in the order of time.
    #[must_use]
    pub fn ready_at(&self, taken: &[Time], now: Time) -> Time {
        // When the bucket will be full again: the one number in which its level can be kept.
        let full_at = taken
            .iter()
            .fold(None, |full: Option<Time>, at| {
                Some(full.map_or(*at, |full| full.max(*at)) + self.every)
            })
            .unwrap_or(now);
        let ready = full_at + self.every - self.every * self.capacity;
        ready.max(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Time = Time::from_millis(1_795_176_000_000);

    fn after(millis: u64) -> Time {
        NOON + Duration::from_millis(millis)
    }

    /// Sends as early as allowed, at moments when somebody wants to.
    fn paced(wanted: &[u64], ready_at: impl Fn(&[Time], Time) -> Time) -> Vec<Time> {
        let mut taken: Vec<Time> = Vec::new();
        for at in wanted {
            let now = taken
                .last()
                .map_or(after(*at), |last| after(*at).max(*last));
            let at = ready_at(&taken, now);
            assert!(ready_at(&taken, at) == at, "ready when it says so");
            taken.push(at);
        }
        taken
    }

    fn most_within(taken: &[Time], span: Duration) -> usize {
        taken
            .iter()
            .enumerate()
            .map(|(first, at)| {
                taken[first..]
                    .iter()
                    .take_while(|other| **other < *at + span)
                    .count()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn a_burst_to_one_customer_is_45_in_six_seconds_and_is_paid_back() {
        let taken = paced(&[0; 60], |taken, now| PAIR.ready_at(taken, now));
        assert_eq!(taken[43], NOON, "44 at once");
        assert_eq!(taken[44], after(6_000));
        assert_eq!(taken[59], after(16 * 6_000));
        // After a pause that pays everything back the burst is there again.
        let rested = taken[59] + PAIR.memory();
        assert_eq!(PAIR.ready_at(&taken, rested), rested);
    }

    #[test]
    fn what_customers_write_takes_room_but_never_all_of_it() {
        let heard = vec![NOON; 5_000];
        assert_eq!(number_ready_at(&[NOON; 9], &heard, NOON), NOON);
        assert_eq!(number_ready_at(&[NOON; 10], &heard, NOON), after(1_100));
        assert_eq!(number_ready_at(&[NOON; 19], &[NOON], NOON), after(1_100));
        assert_eq!(number_ready_at(&[NOON; 19], &[], NOON), NOON);
    }

    proptest! {
        #[test]
        fn no_second_has_more_than_twenty(mut wanted in proptest::collection::vec(0u64..4_000, 0..120)) {
            wanted.sort_unstable();
            let taken = paced(&wanted, |taken, now| NUMBER.ready_at(taken, now));
            prop_assert!(most_within(&taken, NUMBER.span) <= NUMBER.most);
        }

        #[test]
        fn no_six_seconds_have_more_than_a_burst(mut wanted in proptest::collection::vec(0u64..400_000, 0..120)) {
            wanted.sort_unstable();
            let taken = paced(&wanted, |taken, now| PAIR.ready_at(taken, now));
            prop_assert!(most_within(&taken, PAIR.every) <= 45);
            // On average over any longer time one in six seconds, besides the burst.
            if let (Some(first), Some(last)) = (taken.first(), taken.last()) {
                let seconds = last.saturating_since(*first).as_secs();
                prop_assert!(taken.len() as u64 <= 45 + seconds / 6);
            }
        }
    }
}
