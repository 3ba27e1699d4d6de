//! The demo team.
pub mod script;
