//! The law of sending, under every fault that the simulated platform knows: no message twice unless
//! a person said so after being told, none after its window, none lost, and every end can be
//! explained.
//!
//! The rules alone are tried by the thousand. Then a whole hub is, with the books of the simulated
//! platform as the judge. More than the runs of every day are asked for with
//! `AJAR_SEND_RUNS`, those from another one on with `AJAR_SEND_SEED`; ten thousand take some
//! minutes with optimisation:
//!
//! ```sh
//! AJAR_SEND_RUNS=10000 cargo test --profile bench -p ajar-tests --test send_law -- --nocapture
//! ```

#[path = "send_law/hub.rs"]
mod hub;
#[path = "send_law/judge.rs"]
mod judge;
#[path = "send_law/rules.rs"]
mod rules;

/// How many runs are asked for, if more than those of every day.
fn runs() -> u32 {
    from_environment("AJAR_SEND_RUNS").unwrap_or(0)
}

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
