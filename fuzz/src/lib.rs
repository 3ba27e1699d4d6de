//! What foreign bytes meet first, under fire: the webhook's body and the signature over it.
//!
//! The modules of the hub that read them are taken in by their files. They need neither database
//! nor network, whose instrumented build would take several times as long. The same laws run on
//! the stable compiler in `crates/hub/tests/kept_corpus.rs`, where they meet the hub itself.

pub mod laws;

#[path = "../../crates/hub/src/meta"]
#[expect(
    unused_imports,
    reason = "the Graph client, which is not here, uses the rest"
)]
pub mod meta {
    pub mod errors;
    pub mod inbound;
    mod node;
    pub mod parse;
    pub mod signature;
}
