//! A simulated Meta platform for WhatsApp: Graph API, signed webhooks, customers, and the phone
//! with the WhatsApp Business app, on a clock that can run fast or stand still.
//!
//! It drives the demo, the training mode, the tests and the benchmarks. It knows Meta's wire and
//! nothing of the hub: whatever speaks to Meta can speak to it.
//!
//! ```text
//!   Customer, Phone ──► World (books) ──► Outbound ──► signed POST ──► the hub
//!                         ▲    │
//!        Graph API ───────┘    └──► Schedule (statuses on the SimClock) ──► Outbound
//! ```
//!
//! Start with [`Simulator::builder`]; drive it with [`Sim`]; over HTTP the same things stand under
//! `/sim/…`, described by `/sim/openapi.json`.

mod account;
mod builder;
mod clock;
mod controls;
mod core;
mod customer;
mod error;
mod faults;
pub mod graph;
mod history;
mod ids;
mod library;
mod line;
mod media;
pub mod meta_openapi;
mod payload;
mod phone;
mod picture;
mod settings;
mod sim;
mod sound;
mod statuses;
mod templates;
mod validate;
mod webhooks;
mod world;

pub use account::AccountState;
pub use builder::{Builder, Simulator};
pub use clock::SimClock;
pub use customer::{Ad, Customer, Received};
pub use error::{Result, SimError};
pub use faults::Fault;
pub use history::{HistoryStatus, OldContent, OldMessage};
pub use ids::Wamid;
pub use media::MediaFile;
pub use phone::{Phone, To};
pub use settings::{Delivery, Refusal, RetrySchedule, Settings, StatusPolicy};
pub use sim::Sim;
pub use statuses::Status;
pub use templates::{RenderedButton, RenderedCard, RenderedTemplate};
pub use webhooks::{ReleaseOrder, SIGNATURE_HEADER, WebhookRecord, WebhookState, sign};
pub use world::{Direction, GraphRequest, MessageRecord, Number, Person, PersonId};
