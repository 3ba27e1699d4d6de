//! The desktop without its window: sync, local cache, local outbox, and the views of the
//! interface.
//!
//! ```text
//!             snapshot, events, pages                       calls, events
//!   hub ◄────────────────────────────► sync ─► store ─► inbox, thread ─► Session ◄──► interface
//!        ◄──────── commands ────────── outbox ◄────────────────────────┘
//! ```
//!
//! A [`Desk`] is what a shell holds: a desktop window, a browser ([`loopback`]), a test. It
//! starts from its cache with the network gone, and heals everything by starting over from a
//! snapshot. This crate knows no window toolkit and does not depend on the hub; both meet in
//! `ajar_protocol`.

mod attachments;
mod calls;
pub mod clock;
pub mod desk;
mod error;
pub mod hub;
pub mod inbox;
pub mod launcher;
pub mod loopback;
mod media;
mod numbers;
mod outbox;
pub mod screen;
pub mod secrets;
pub mod session;
pub mod store;
mod sync;
pub mod team;
mod templates;
mod thread;

pub use desk::{Desk, DeskConfig};
pub use launcher::{Entry, Launched, Launcher, Opener, OpensNothing, Progress};
pub use screen::{Screen, Seen};
pub use secrets::{FileSecrets, MemorySecrets, Secrets};
pub use session::Session;
pub use team::Timings;
