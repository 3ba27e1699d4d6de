//! The team server: takes webhooks, keeps the truth, enforces the window, sends.
pub mod clock;
pub mod ids;
pub mod meta;
pub mod store;
