//! How fast a business may send: to all its customers together, and to each of them.

use std::time::Duration;

use ajar_domain::time::Time;

use super::GraphError;
use crate::world::{PersonId, World};

/// What may go to one customer at once …
const BURST: u32 = 45;
/// … and how soon each of them is paid back.
const PAID_BACK_AFTER: Duration = Duration::from_secs(6);

/// Every send counts, whatever becomes of it.
pub(super) fn within_throughput(
    world: &mut World,
    number: &str,
    now: Time,
) -> Result<(), GraphError> {
    let Some(limit) = world.settings.sends_per_second else {
        return Ok(());
    };
    let recent = world.recent_messages.entry(number.to_owned()).or_default();
    recent.retain(|at| now.millis_since(*at) < 1_000);
    if recent.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(GraphError::of(130_429));
    }
    recent.push_back(now);
    Ok(())
}

/// Of these only what was taken counts: what was refused never reached the customer.
pub(super) fn within_pair_limit(
    world: &mut World,
    number: &str,
    to: PersonId,
    now: Time,
) -> Result<(), GraphError> {
    if !world.settings.pair_limit {
        return Ok(());
    }
    // When all will be paid back: the one number in which the whole debt can be kept.
    let paid_back_at = world
        .pair_debts
        .entry((number.to_owned(), to))
        .or_insert(now);
    let after_this = (*paid_back_at).max(now) + PAID_BACK_AFTER;
    if after_this.saturating_since(now) > PAID_BACK_AFTER * BURST {
        return Err(GraphError::of(131_056));
    }
    *paid_back_at = after_this;
    Ok(())
}

impl World {
    /// A customer wrote to this number.
    pub(crate) fn count_inbound(&mut self, number: &str, at: Time) {
        if self.settings.inbound_counts && self.settings.sends_per_second.is_some() {
            let recent = self.recent_messages.entry(number.to_owned()).or_default();
            recent.retain(|earlier| at.millis_since(*earlier) < 1_000);
            recent.push_back(at);
        }
    }
}
