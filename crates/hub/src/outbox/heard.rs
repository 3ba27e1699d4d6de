//! What customers wrote lately, as far as it takes room from what we send.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use ajar_domain::{Time, pace};

/// The moments of customers' messages that this process heard in the last second.
#[derive(Default)]
pub struct Heard(Mutex<VecDeque<Time>>);

impl Heard {
    /// So many messages arrived. More than can ever count are not kept.
    pub fn note(&self, messages: usize, at: Time) {
        if messages == 0 {
            return;
        }
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend(std::iter::repeat_n(at, messages.min(pace::INBOUND_MOST)));
        let over = heard.len().saturating_sub(pace::INBOUND_MOST);
        heard.drain(..over);
    }

    #[must_use]
    pub fn lately(&self, now: Time) -> Vec<Time> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .iter()
            .copied()
            .filter(|at| *at + pace::NUMBER.span > now)
            .collect()
    }
}
