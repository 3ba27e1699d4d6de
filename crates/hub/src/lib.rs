//! ajar-hub
pub mod meta;
