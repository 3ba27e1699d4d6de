//! Earlier windows of a conversation, worked out from the messages that are loaded.

use ajar_domain::{
    Time,
    content::{Author, Content, NotShownWhy, Provenance},
    delivery::Delivery,
    window::WINDOW,
};
use ajar_protocol::{rows::MessageRow, ui::EarlierWindow};

/// As many as the details show.
const SHOWN: usize = 6;

/// Windows that have closed, newest first, with how long the customer waited for an answer.
#[must_use]
pub(super) fn earlier_windows(messages: &[MessageRow], now: Time) -> Vec<EarlierWindow> {
    struct Stretch {
        opened_at: Time,
        closes_at: Time,
        answered_at: Option<Time>,
    }
    let mut windows: Vec<Stretch> = Vec::new();
    for message in messages {
        if message.provenance == Provenance::History {
            continue;
        }
        if message.author == Author::Customer {
            if !opens(&message.content) {
                continue;
            }
            let at = message.at.min(message.received_at);
            match windows.last_mut() {
                Some(last) if at < last.closes_at => {
                    last.closes_at = last.closes_at.max(at + WINDOW);
                }
                _ => windows.push(Stretch {
                    opened_at: at,
                    closes_at: at + WINDOW,
                    answered_at: None,
                }),
            }
        } else if left(message.delivery.as_ref())
            && let Some(last) = windows.last_mut()
            && last.answered_at.is_none()
            && message.at >= last.opened_at
            && message.at < last.closes_at
        {
            last.answered_at = Some(message.at);
        }
    }
    windows
        .iter()
        .rev()
        .filter(|window| window.closes_at <= now)
        .take(SHOWN)
        .map(|window| EarlierWindow {
            opened_at: window.opened_at,
            answered_after_ms: window
                .answered_at
                .map(|at| at.millis_since(window.opened_at)),
        })
        .collect()
}

/// The placeholder of Coexistence opens nothing: the real message follows.
const fn opens(content: &Content) -> bool {
    !matches!(
        content,
        Content::NotShown {
            why: NotShownWhy::OnThePhone,
            ..
        }
    )
}

/// Whether a message of ours went out.
const fn left(delivery: Option<&Delivery>) -> bool {
    !matches!(
        delivery,
        Some(Delivery::Parked { .. } | Delivery::Failed { .. } | Delivery::Queued)
    )
}
