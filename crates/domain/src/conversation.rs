//! The working state of a conversation. The assignee stands beside it, not inside.
//!
//! ```text
//!              snooze                       resolve
//!    Open ───────────► Snoozed { until }      ┌──► Resolved { at, by }
//!     ▲ └──────────────────────────────────────┘        │
//!     └── wake (time came) ── customer wrote ── reopen ──┘
//! ```
//!
//! A customer message reopens from any state; an imported one or an echo never does.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Time};

#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum Progress {
    #[default]
    Open,
    Snoozed {
        until: Time,
        by: AgentId,
    },
    Resolved {
        at: Time,
        by: AgentId,
    },
}

/// A wrong move, which is said and not silently ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the moment to wake up has already passed")]
    InThePast,
    #[error("the conversation is already resolved")]
    AlreadyResolved,
    #[error("the conversation is already open")]
    AlreadyOpen,
}

impl Progress {
    /// # Errors
    /// [`Refused::InThePast`] if `until` is not after `now`.
    pub fn snooze(self, until: Time, by: AgentId, now: Time) -> Result<Self, Refused> {
        if until <= now {
            return Err(Refused::InThePast);
        }
        Ok(Self::Snoozed { until, by })
    }

    /// # Errors
    /// [`Refused::AlreadyResolved`].
    pub fn resolve(self, by: AgentId, now: Time) -> Result<Self, Refused> {
        match self {
            Self::Resolved { .. } => Err(Refused::AlreadyResolved),
            Self::Open | Self::Snoozed { .. } => Ok(Self::Resolved { at: now, by }),
        }
    }

    /// # Errors
    /// [`Refused::AlreadyOpen`].
    pub fn reopen(self) -> Result<Self, Refused> {
        match self {
            Self::Open => Err(Refused::AlreadyOpen),
            Self::Snoozed { .. } | Self::Resolved { .. } => Ok(Self::Open),
        }
    }

    /// The customer wrote at `at` (effective time). A message older than the resolution does
    /// not reopen: it was there when the agent resolved, only its webhook came late.
    #[must_use]
    pub fn customer_wrote(self, at: Time) -> Self {
        match self {
            Self::Resolved { at: resolved, .. } if at <= resolved => self,
            Self::Open | Self::Snoozed { .. } | Self::Resolved { .. } => Self::Open,
        }
    }

    /// What it is at `now`: a snooze whose time has come is open.
    #[must_use]
    pub fn at(self, now: Time) -> Self {
        match self {
            Self::Snoozed { until, .. } if until <= now => Self::Open,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time::from_millis(43_200_000);
    const LATER: Time = Time::from_millis(46_800_000);

    #[test]
    fn a_customer_message_reopens_from_any_state() {
        let sami = AgentId::new("sami");
        let snoozed = Progress::Open.snooze(LATER, sami.clone(), NOON);
        assert_eq!(snoozed.map(|p| p.customer_wrote(NOON)), Ok(Progress::Open));
        let resolved = Progress::Open.resolve(sami, NOON);
        assert_eq!(
            resolved.map(|p| p.customer_wrote(LATER)),
            Ok(Progress::Open)
        );
    }

    #[test]
    fn a_late_webhook_of_an_older_message_does_not_reopen() {
        let resolved = Progress::Open
            .resolve(AgentId::new("sami"), LATER)
            .expect("open can be resolved");
        assert_eq!(resolved.clone().customer_wrote(NOON), resolved);
    }

    #[test]
    fn snoozing_into_the_past_is_refused() {
        assert_eq!(
            Progress::Open.snooze(NOON, AgentId::new("sami"), NOON),
            Err(Refused::InThePast)
        );
    }
}
