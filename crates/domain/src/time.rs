//! Points in time and the clock that the edges hand in.
//!
//! A [`Time`] is UTC rounded down to the millisecond *where it enters*, so that a value
//! read back from either database equals the value written. The domain itself never asks
//! what time it is: every rule takes `now` as an argument, and [`Clock`] is only the seam
//! through which the edges (hub, simulator, tests) supply it.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// A moment, in whole milliseconds since the Unix epoch. Serialised as that number.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(transparent)]
#[ts(export)]
pub struct Time(i64);

impl Time {
    /// The largest moment we ever compare with; useful as "no deadline".
    pub const FAR_FUTURE: Time = Time(253_402_300_799_000);

    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Meta counts in whole seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    #[must_use]
    pub fn from_datetime(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }

    /// `None` for moments outside what a calendar can say (about ±262,000 years).
    #[must_use]
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        Utc.timestamp_millis_opt(self.0).single()
    }

    /// Milliseconds from `earlier` to `self`; negative if `self` is the earlier one.
    #[must_use]
    pub const fn millis_since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to `self`, or zero if `self` is not later.
    #[must_use]
    pub fn saturating_since(self, earlier: Time) -> Duration {
        Duration::from_millis(u64::try_from(self.millis_since(earlier)).unwrap_or(0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, rhs: Duration) -> Time {
        Time(
            self.0
                .saturating_add(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Time {
    type Output = Time;

    fn sub(self, rhs: Duration) -> Time {
        Time(
            self.0
                .saturating_sub(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_datetime() {
            Some(at) => write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// Where the edges learn the time. The team's clock may run fast (demo, training) or stand
/// still (tests); whoever waits for a moment divides by [`Clock::rate`] and listens for
/// [`Clock::epoch`] to move, because a clock that is set anew makes every running wait wrong.
pub trait Clock: Send + Sync + 'static {
    /// The team's time.
    fn now(&self) -> Time;

    /// How many of the team's seconds pass in one real second. One in production.
    fn rate(&self) -> f64 {
        1.0
    }

    /// Grows whenever the clock is set or its rate changes. Never in production.
    fn epoch(&self) -> u64 {
        0
    }
}
