//! The team's clock: the hub's, unless a demo or a test supplies another one.

use std::{sync::Arc, time::Duration};

use ajar_domain::{Clock, Time};
use ajar_protocol::hub::HubClock;

/// The machine's clock. The only place in the hub that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that supplies the time to all others"
    )]
    fn now(&self) -> Time {
        Time::from_datetime(chrono::Utc::now())
    }
}

/// How the clock stands now, for a line of the stream.
#[must_use]
pub fn reading(clock: &dyn Clock) -> HubClock {
    HubClock {
        now: clock.now(),
        rate: clock.rate(),
    }
}

/// Waits until the team's clock shows `until`. A clock that is set anew or runs fast is
/// noticed within a quarter of a second; in production the wait is one sleep.
pub async fn wait_until(clock: &Arc<dyn Clock>, until: Time) {
    loop {
        let now = clock.now();
        if now >= until {
            return;
        }
        let left = until.saturating_since(now);
        let rate = clock.rate();
        let real = if rate > 0.0 {
            left.div_f64(rate)
        } else {
            Duration::MAX
        };
        let steady = (rate - 1.0).abs() < f64::EPSILON && clock.epoch() == 0;
        let nap = if steady {
            real
        } else {
            real.min(Duration::from_millis(100))
        };
        tokio::time::sleep(nap.min(Duration::from_secs(3600))).await;
    }
}
