//! The law of sending, under every fault that the simulated platform knows: no message twice unless
//! a person said so after being told, none after its window, none lost, and every end can be
//! explained.
//!
//! The rules alone are tried by the thousand. Then a whole hub is, with the books of the simulated
//! platform as the judge; `AJAR_SEND_RUNS=10000` asks for more than the few of every day, and
//! `AJAR_SEND_SEED` for those from another one on.

#[path = "send_law/hub.rs"]
mod hub;
#[path = "send_law/rules.rs"]
mod rules;

/// How many runs are asked for, if more than those of every day.
fn runs() -> u32 {
    from_environment("AJAR_SEND_RUNS").unwrap_or(0)
}

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
