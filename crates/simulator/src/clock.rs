//! The simulated platform's clock, which the hub of a demo, a training or a test shares.
//!
//! It knows nothing of what waits for it: whoever waits asks [`SimClock::wait_until`], or listens
//! for [`SimClock::changed`] and counts anew, because a clock that is set, sped up or frozen makes
//! every running wait wrong.
//!
//! ```text
//!            set / advance / set_rate / freeze              resume
//!   Real ────────────────────────────────────► Anchored ◄────────────► Frozen
//!   (the system's time)                       (moment, instant, rate)   (moment, rate to resume)
//! ```
//!
//! There is no way back to `Real`: after the first change this clock is only as true as it was set.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ajar_domain::time::{Clock, Time};
use chrono::Utc;
use tokio::sync::watch;
use tokio::time::Instant;

/// A clock that can be set, sped up and frozen. Clones share one time.
#[derive(Clone)]
pub struct SimClock {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    epoch: watch::Sender<u64>,
}

#[derive(Clone, Copy)]
enum State {
    Real,
    Anchored { at: Time, since: Instant, rate: f64 },
    Frozen { at: Time, resume_at_rate: f64 },
}

impl State {
    #[expect(
        clippy::disallowed_methods,
        reason = "a clock is where time comes from"
    )]
    fn now(self) -> Time {
        match self {
            State::Real => Time::from_datetime(Utc::now()),
            State::Anchored { at, since, rate } => at + since.elapsed().mul_f64(rate),
            State::Frozen { at, .. } => at,
        }
    }

    fn rate(self) -> f64 {
        match self {
            State::Real => 1.0,
            State::Anchored { rate, .. } => rate,
            State::Frozen { .. } => 0.0,
        }
    }

    /// The same course of time, with the hands moved to `at`.
    fn moved_to(self, at: Time) -> State {
        match self {
            State::Frozen { resume_at_rate, .. } => State::Frozen { at, resume_at_rate },
            running => State::Anchored {
                at,
                since: Instant::now(),
                rate: running.rate(),
            },
        }
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new()
    }
}

impl SimClock {
    /// The system's time, running at rate 1 until somebody changes it.
    #[must_use]
    pub fn new() -> Self {
        Self::from_state(State::Real)
    }

    /// A clock that stands still at `at` until it is advanced or resumed: what tests want.
    #[must_use]
    pub fn frozen_at(at: Time) -> Self {
        Self::from_state(State::Frozen {
            at,
            resume_at_rate: 1.0,
        })
    }

    /// A clock that runs from `at` on, `rate` of its seconds in one real second.
    #[must_use]
    pub fn running_from(at: Time, rate: f64) -> Self {
        let clock = Self::frozen_at(at);
        clock.set_rate(rate);
        clock.resume();
        clock
    }

    fn from_state(state: State) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                epoch: watch::Sender::new(0),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(State) -> State) {
        let mut state = self.state();
        *state = change(*state);
        // Announced while the state is held, so that nobody who sees the new epoch reads old hands.
        self.shared.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// Moves the hands, forward or back. A frozen clock stays frozen.
    pub fn set(&self, at: Time) {
        self.change(|state| state.moved_to(at));
    }

    /// Moves the hands forward.
    pub fn advance(&self, by: Duration) {
        self.change(|state| state.moved_to(state.now() + by));
    }

    /// How many simulated seconds pass in one real one from now on. A frozen clock takes the rate
    /// up when it is resumed. Nonsense (negative, not a number) counts as zero: standing still.
    pub fn set_rate(&self, rate: f64) {
        let rate = if rate.is_finite() { rate.max(0.0) } else { 0.0 };
        self.change(|state| match state {
            State::Frozen { at, .. } => State::Frozen {
                at,
                resume_at_rate: rate,
            },
            running => State::Anchored {
                at: running.now(),
                since: Instant::now(),
                rate,
            },
        });
    }

    /// Stops the hands where they are.
    pub fn freeze(&self) {
        self.change(|state| match state {
            State::Frozen { .. } => state,
            running => State::Frozen {
                at: running.now(),
                resume_at_rate: running.rate(),
            },
        });
    }

    /// Lets a frozen clock run again, at the rate it had or was given meanwhile.
    pub fn resume(&self) {
        self.change(|state| match state {
            State::Frozen { at, resume_at_rate } => State::Anchored {
                at,
                since: Instant::now(),
                rate: resume_at_rate,
            },
            running => running,
        });
    }

    #[must_use]
    pub fn is_frozen(&self) -> bool {
        matches!(*self.state(), State::Frozen { .. })
    }

    /// Resolves at the next change of the clock after this call.
    pub async fn changed(&self) {
        self.changed_since(self.epoch()).await;
    }

    /// Resolves as soon as the epoch is another than `seen`, at once if it is already.
    pub async fn changed_since(&self, seen: u64) -> u64 {
        let mut epoch = self.shared.epoch.subscribe();
        // The sender lives in `self`, so waiting cannot fail; if it did, `seen` is still true.
        epoch
            .wait_for(|epoch| *epoch != seen)
            .await
            .map_or(seen, |epoch| *epoch)
    }

    /// Resolves when the clock shows `at` or later, however it gets there.
    pub async fn wait_until(&self, at: Time) {
        loop {
            let seen = self.epoch();
            let now = self.now();
            if now >= at {
                return;
            }
            let rate = self.rate();
            if rate <= 0.0 {
                self.changed_since(seen).await;
                continue;
            }
            let remaining = at.saturating_since(now).div_f64(rate).min(LONGEST_SLEEP);
            tokio::select! {
                // A millisecond more than the quotient: clocks round down, waits must not.
                () = tokio::time::sleep(remaining + Duration::from_millis(1)) => {}
                _ = self.changed_since(seen) => {}
            }
        }
    }
}

/// A wait is cut into pieces so that a system clock that was corrected is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl Clock for SimClock {
    fn now(&self) -> Time {
        self.state().now()
    }

    fn rate(&self) -> f64 {
        self.state().rate()
    }

    fn epoch(&self) -> u64 {
        *self.shared.epoch.borrow()
    }
}

impl std::fmt::Debug for SimClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimClock")
            .field("now", &self.now())
            .field("rate", &self.rate())
            .field("epoch", &self.epoch())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time::from_secs(1_795_176_000);

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = SimClock::frozen_at(NOON);
        assert_eq!(clock.now(), NOON);
        clock.advance(Duration::from_millis(1));
        assert_eq!(clock.now(), NOON + Duration::from_millis(1));
        clock.set(NOON);
        assert_eq!((clock.now(), clock.epoch(), clock.rate()), (NOON, 2, 0.0));
    }

    #[tokio::test(start_paused = true)]
    async fn at_rate_sixty_an_hour_passes_in_a_minute() {
        let clock = SimClock::running_from(NOON, 60.0);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(clock.now(), NOON + Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn freezing_keeps_the_moment_and_resuming_goes_on_from_it() {
        let clock = SimClock::running_from(NOON, 2.0);
        tokio::time::advance(Duration::from_secs(5)).await;
        clock.freeze();
        tokio::time::advance(Duration::from_secs(500)).await;
        assert_eq!(clock.now(), NOON + Duration::from_secs(10));
        clock.resume();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), NOON + Duration::from_secs(12));
    }

    #[tokio::test]
    async fn a_wait_on_a_frozen_clock_ends_when_it_is_advanced() {
        let clock = SimClock::frozen_at(NOON);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.wait_until(NOON + Duration::from_secs(86_400)).await }
        });
        clock.advance(Duration::from_secs(86_399));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1));
        waiting.await.expect("the wait ends");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_counted_anew_when_the_rate_changes() {
        let clock = SimClock::running_from(NOON, 1.0);
        let started = Instant::now();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.wait_until(NOON + Duration::from_secs(3600)).await }
        });
        tokio::task::yield_now().await;
        clock.set_rate(3600.0);
        waiting.await.expect("the wait ends");
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}
