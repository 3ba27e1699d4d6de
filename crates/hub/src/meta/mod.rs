//! Meta's WhatsApp platform, as far as the hub talks with it.
//!
//! Only this module knows how Meta spells things: webhook bodies, the signature over them,
//! error numbers and the Graph API. Its neighbours see [`inbound`] (what a webhook says, in our
//! terms) and the client in [`graph`]; they never see Meta's JSON. Nothing here keeps state,
//! reads a clock or knows the database.
//!
//! "Section n" in the comments below is the section of that number in the platform notes.

pub mod errors;
pub mod graph;
pub mod inbound;
mod node;
pub mod parse;
pub mod signature;
