//! The team's clock, as this computer can know it.
//!
//! The hub says what time it is in every hello and heartbeat. From there time is counted with
//! a steady clock that goes on through sleep and that nobody can set, so a workstation clock
//! that is wrong by days, a changed zone or a daylight-saving night change nothing. The wall
//! clock is read in one place only ([`wall_now`]): to guess, when the app starts with the
//! network gone, what the team's time may be. Such a guess draws countdowns; it decides
//! nothing that could not be decided again ([`HubTime::is_trusted`]).
//!
//! A line from the hub is always a little old when it is read. Of the last samples the one
//! that travelled fastest is believed, so a slow line does not set the clock back.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ajar_domain::{Clock, Time};
use ajar_protocol::hub::HubClock;
use tokio::sync::watch;

/// Time that only goes forward, at one second per second, also while the computer sleeps.
pub trait Steady: Send + Sync + 'static {
    /// Since some moment that stays the same while this process runs.
    fn elapsed(&self) -> Duration;
}

/// The system's steady clock.
#[derive(Debug)]
pub struct SystemSteady {
    #[cfg(not(unix))]
    start: std::time::Instant,
}

impl SystemSteady {
    #[must_use]
    pub fn start() -> Self {
        Self {
            #[cfg(not(unix))]
            start: std::time::Instant::now(),
        }
    }
}

impl Steady for SystemSteady {
    #[cfg(unix)]
    fn elapsed(&self) -> Duration {
        // Linux's monotonic clock stands still in suspend, its boot-time clock does not; the
        // monotonic clock of macOS goes on.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const THROUGH_SLEEP: rustix::time::ClockId = rustix::time::ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        const THROUGH_SLEEP: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
        let at = rustix::time::clock_gettime(THROUGH_SLEEP);
        Duration::new(
            u64::try_from(at.tv_sec).unwrap_or(0),
            u32::try_from(at.tv_nsec).unwrap_or(0),
        )
    }

    #[cfg(not(unix))]
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Follows tokio's clock, which tests can pause and advance.
#[derive(Debug)]
pub struct TokioSteady(tokio::time::Instant);

impl TokioSteady {
    #[must_use]
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl Steady for TokioSteady {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What this computer's own clock says. Wrong by anything; never used by a rule.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks this computer; no rule hears the answer"
)]
pub fn wall_now() -> Time {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What is kept of the clock over a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeptClock {
    /// The team's time less the workstation's at the last word from the hub.
    pub ahead_of_wall_ms: i64,
    /// The latest moment that is known to have passed.
    pub seen: Time,
}

/// How many samples of the hub's clock are compared.
const SAMPLES: usize = 8;

/// A difference beyond which the clock was set, and did not merely drift.
const SET_BEYOND_MS: f64 = 2_000.0;

/// A wait is checked again after this long at the latest, because timers stand still while
/// the computer sleeps.
const LONGEST_NAP: Duration = Duration::from_secs(20);

struct State {
    /// Team milliseconds when the steady clock stood at zero, by the recent samples.
    offsets: VecDeque<f64>,
    offset: f64,
    rate: f64,
    epoch: u64,
    trusted: bool,
    /// Time never steps back while the clock is not set anew.
    floor: i64,
}

/// The team's time.
pub struct HubTime {
    steady: Arc<dyn Steady>,
    state: Mutex<State>,
    moved: watch::Sender<u64>,
}

impl HubTime {
    /// A clock that has not heard from its hub yet, and guesses.
    #[must_use]
    pub fn guess(steady: Arc<dyn Steady>, kept: Option<KeptClock>) -> Self {
        let kept = kept.unwrap_or_default();
        let guess = wall_now()
            .millis()
            .saturating_add(kept.ahead_of_wall_ms)
            .max(kept.seen.millis());
        let offset = to_f64(guess) - to_f64_ms(steady.elapsed());
        Self {
            steady,
            state: Mutex::new(State {
                offsets: VecDeque::new(),
                offset,
                rate: 1.0,
                epoch: 0,
                trusted: false,
                floor: i64::MIN,
            }),
            moved: watch::Sender::new(0),
        }
    }

    /// The hub said what time it is. Answers whether those who draw clocks should be told.
    pub fn heard(&self, clock: HubClock) -> bool {
        let elapsed = to_f64_ms(self.steady.elapsed());
        let rate = if clock.rate.is_finite() && clock.rate >= 0.0 {
            clock.rate
        } else {
            1.0
        };
        let sample = to_f64(clock.now.millis()) - elapsed * rate;
        let (tell, moved) = {
            let mut state = self.lock();
            let known = state.offset + elapsed * state.rate;
            let difference = to_f64(clock.now.millis()) - known;
            let rate_changed = (rate - state.rate).abs() > f64::EPSILON;
            if !state.trusted || rate_changed || difference.abs() > SET_BEYOND_MS * rate.max(1.0) {
                state.offsets.clear();
                state.offsets.push_back(sample);
                state.offset = sample;
                state.rate = rate;
                state.epoch += 1;
                state.trusted = true;
                state.floor = i64::MIN;
                (true, true)
            } else {
                let before = state.offset;
                if state.offsets.len() == SAMPLES {
                    state.offsets.pop_front();
                }
                state.offsets.push_back(sample);
                state.offset = state.offsets.iter().copied().fold(f64::MIN, f64::max);
                let step = (state.offset - before).abs();
                (step > 50.0, step > 1.0)
            }
        };
        if moved {
            self.moved.send_modify(|count| *count += 1);
        }
        tell
    }

    /// Whether the hub itself has said what time it is since this process started.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.lock().trusted
    }

    /// As it is told to the interface, which counts on from here.
    #[must_use]
    pub fn as_told(&self) -> HubClock {
        HubClock {
            now: self.now(),
            rate: self.rate(),
        }
    }

    /// What to keep for a start without a network.
    #[must_use]
    pub fn to_keep(&self) -> KeptClock {
        let now = self.now();
        KeptClock {
            ahead_of_wall_ms: now.millis_since(wall_now()),
            seen: now,
        }
    }

    /// Waits until the team's clock shows `at`, whatever happens to it meanwhile. A clock that
    /// stands still is waited for.
    pub async fn sleep_until(&self, at: Time) {
        let mut moved = self.moved.subscribe();
        loop {
            moved.mark_unchanged();
            let left = at.millis_since(self.now());
            if left <= 0 {
                return;
            }
            let rate = self.rate();
            let nap = if rate > 0.0 {
                // Rounded up, so that one nap is enough; a moment already reached is not
                // waited for, hence at least one millisecond.
                let real = (to_f64(left) / rate).ceil().max(1.0);
                Duration::from_secs_f64((real / 1000.0).min(LONGEST_NAP.as_secs_f64()))
            } else {
                LONGEST_NAP
            };
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                _ = moved.changed() => {}
            }
        }
    }

    /// [`Self::sleep_until`], or for ever if there is no such moment.
    pub async fn sleep_until_some(&self, at: Option<Time>) {
        match at {
            Some(at) => self.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for HubTime {
    fn now(&self) -> Time {
        let elapsed = to_f64_ms(self.steady.elapsed());
        let mut state = self.lock();
        let now = to_i64(state.offset + elapsed * state.rate).max(state.floor);
        state.floor = now;
        Time::from_millis(now)
    }

    fn rate(&self) -> f64 {
        self.lock().rate
    }

    fn epoch(&self) -> u64 {
        self.lock().epoch
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay exact in a double for 285,000 years"
)]
fn to_f64(ms: i64) -> f64 {
    ms as f64
}

fn to_f64_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, which is meant")]
fn to_i64(ms: f64) -> i64 {
    ms.floor() as i64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct ByHand(AtomicU64);

    impl ByHand {
        fn advance(&self, ms: u64) {
            self.0.fetch_add(ms, Ordering::SeqCst);
        }
    }

    impl Steady for ByHand {
        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    const NOON: Time = Time::from_millis(1_795_176_000_000);

    fn said(now: Time) -> HubClock {
        HubClock { now, rate: 1.0 }
    }

    #[test]
    fn a_workstation_clock_that_is_wrong_by_days_changes_nothing() {
        let steady = Arc::new(ByHand::default());
        for wrong_by in [-172_800_000, 172_800_000] {
            let kept = KeptClock {
                ahead_of_wall_ms: wrong_by,
                seen: Time::default(),
            };
            let clock = HubTime::guess(steady.clone(), Some(kept));
            assert!(!clock.is_trusted());
            clock.heard(said(NOON));
            assert_eq!(clock.now(), NOON);
            steady.advance(1500);
            assert_eq!(clock.now(), NOON + Duration::from_millis(1500));
        }
    }

    #[test]
    fn a_slow_line_does_not_set_the_clock_back() {
        let steady = Arc::new(ByHand::default());
        let clock = HubTime::guess(steady.clone(), None);
        clock.heard(said(NOON));
        steady.advance(1000);
        let before = clock.now();
        assert!(!clock.heard(said(NOON + Duration::from_millis(400))));
        assert!(clock.now() >= before);
        assert_eq!(clock.now(), NOON + Duration::from_millis(1000));
    }

    #[test]
    fn a_faster_line_brings_it_nearer_to_the_truth() {
        let steady = Arc::new(ByHand::default());
        let clock = HubTime::guess(steady.clone(), None);
        clock.heard(said(NOON));
        steady.advance(1000);
        clock.heard(said(NOON + Duration::from_millis(1300)));
        assert_eq!(clock.now(), NOON + Duration::from_millis(1300));
    }

    #[test]
    fn a_drifting_clock_is_followed_when_all_samples_agree() {
        let steady = Arc::new(ByHand::default());
        let clock = HubTime::guess(steady.clone(), None);
        clock.heard(said(NOON));
        for beat in 1..=8u64 {
            steady.advance(1010);
            clock.heard(said(NOON + Duration::from_millis(beat * 1000)));
        }
        let off = clock.now().millis_since(NOON + Duration::from_secs(8));
        assert!((0..=80).contains(&off), "{off}");
    }

    #[test]
    fn a_clock_that_is_set_is_followed_at_once() {
        let steady = Arc::new(ByHand::default());
        let clock = HubTime::guess(steady, None);
        clock.heard(said(NOON));
        let epoch = clock.epoch();
        assert!(clock.heard(said(NOON - Duration::from_secs(3600))));
        assert_eq!(clock.now(), NOON - Duration::from_secs(3600));
        assert!(clock.epoch() > epoch);
    }

    #[test]
    fn in_the_demo_time_runs_fast() {
        let steady = Arc::new(ByHand::default());
        let clock = HubTime::guess(steady.clone(), None);
        clock.heard(HubClock {
            now: NOON,
            rate: 60.0,
        });
        steady.advance(1000);
        assert_eq!(clock.now(), NOON + Duration::from_secs(60));
    }

    #[test]
    fn the_guess_is_never_before_what_is_known_to_have_passed() {
        let future = wall_now() + Duration::from_secs(86_400);
        let kept = KeptClock {
            ahead_of_wall_ms: 0,
            seen: future,
        };
        let clock = HubTime::guess(Arc::new(ByHand::default()), Some(kept));
        assert!(clock.now() >= future);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_the_moment_by_the_teams_clock() {
        let clock = HubTime::guess(Arc::new(TokioSteady::start()), None);
        clock.heard(HubClock {
            now: NOON,
            rate: 120.0,
        });
        let started = tokio::time::Instant::now();
        clock.sleep_until(NOON + Duration::from_secs(7200)).await;
        let took = started.elapsed().as_secs_f64();
        assert!((60.0..60.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_notices_that_the_clock_was_set() {
        let clock = Arc::new(HubTime::guess(Arc::new(TokioSteady::start()), None));
        clock.heard(said(NOON));
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(NOON + Duration::from_secs(86_400)).await }
        });
        tokio::task::yield_now().await;
        clock.heard(said(NOON + Duration::from_secs(86_401)));
        waiting.await.expect("woken");
    }
}
