//! The rules of Ajar: who may write to whom, until when, why, and what to do when not.
//!
//! Everything here is a function of its arguments. This crate does no I/O, reads no clock,
//! makes no random ids and has no async function; it knows neither Meta's JSON, nor SQL, nor
//! HTTP. It can fail only by returning a domain error. Time is an argument ([`Time`]).

pub mod amendment;
pub mod attachment;
pub mod call;
pub mod composer;
pub mod content;
pub mod context;
pub mod conversation;
pub mod customer;
pub mod delivery;
pub mod failure;
pub mod identity;
pub mod ids;
pub mod import;
pub mod opening;
pub mod outbox;
pub mod outgoing;
pub mod pace;
pub mod phone_start;
pub mod price;
pub mod rate_card;
pub mod template;
pub mod time;
pub mod window;

pub use ids::*;
pub use time::{Clock, Time};
