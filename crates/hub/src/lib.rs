//! The team server of Ajar.
//!
//! Meta delivers customer messages and phone echoes only as webhooks, so something must listen
//! at a public address at any hour, keep the truth, enforce the customer service window, and
//! send. That is the hub; desktops sync from it. How a message travels through it is told in
//! ARCHITECTURE.md.

pub mod clock;
mod commands;
pub mod config;
pub mod core;
mod costs;
pub mod health;
pub mod http;
pub mod hub;
pub mod ids;
pub mod import;
pub mod ingest;
pub mod media;
pub mod meta;
pub mod outbox;
mod presence;
pub mod projector;
pub mod store;
mod templates;
mod why;
