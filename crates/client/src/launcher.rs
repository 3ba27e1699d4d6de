//! What the shell does for a desk, because only it knows how: host a hub in its process, run
//! the demo, open an address in the browser.

use std::sync::Arc;

use ajar_protocol::{
    error::{ApiError, ErrorCode},
    hub::Joined,
    ui::{DemoAction, HostTeam, Stage},
};
use async_trait::async_trait;

/// A hub that was started in this process, and how this desktop gets in.
#[derive(Clone)]
pub struct Launched {
    /// `http://127.0.0.1:…`
    pub hub: String,
    pub entry: Entry,
}

/// How this desktop gets into a hub of its own process.
#[derive(Clone)]
pub enum Entry {
    /// With a join code, like everybody.
    Code(String),
    /// The hub has made the agent and the token already.
    Joined(Box<Joined>),
    /// The token of last time still holds.
    AsBefore,
}

/// Tells the person how far a start is.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Stage) + Send + Sync>);

impl Progress {
    #[must_use]
    pub fn new(tell: impl Fn(Stage) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// `what` is a code that the interface has words for.
    pub fn say(&self, what: &str, done: u32, of: u32) {
        (self.0)(Stage::Preparing {
            what: what.to_owned(),
            done,
            of,
        });
    }
}

/// Hubs in this process. What a launcher starts it ends in [`Launcher::stop`].
#[async_trait]
pub trait Launcher: Send + Sync + 'static {
    /// Hosts a new hub with these settings.
    async fn host(&self, team: HostTeam, progress: Progress) -> Result<Launched, ApiError>;

    /// Wakes the hub that was hosted before.
    async fn wake_host(&self, progress: Progress) -> Result<Launched, ApiError>;

    /// Hub and simulator with the demo team.
    async fn demo(&self, progress: Progress) -> Result<Launched, ApiError>;

    /// Makes something happen in the demo.
    async fn act(&self, action: DemoAction) -> Result<(), ApiError> {
        let _ = action;
        Err(ApiError::new(ErrorCode::NotFound, "no demo is running"))
    }

    /// Ends whatever was started. The team is left, or the app ends.
    async fn stop(&self);
}

/// Opens an address outside.
pub trait Opener: Send + Sync + 'static {
    /// # Errors
    /// If nothing can open it.
    fn open(&self, url: &str) -> std::io::Result<()>;
}

/// Opens nothing: for tests, and where there is no screen.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpensNothing;

impl Opener for OpensNothing {
    fn open(&self, _url: &str) -> std::io::Result<()> {
        Ok(())
    }
}
