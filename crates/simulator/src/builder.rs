//! Setting a simulated platform up and letting it listen.

use std::io;
use std::sync::Arc;

use ajar_domain::time::Clock as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::account::{Account, AccountState};
use crate::clock::SimClock;
use crate::core::{Core, run_schedule};
use crate::line::LineListener;
use crate::settings::Settings;
use crate::sim::Sim;
use crate::world::{Number, World};
use crate::{controls, graph, webhooks};

/// A simulated Meta platform that does not listen yet.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ajar_simulator::{SimClock, Simulator};
///
/// let sim = Simulator::builder()
///     .clock(SimClock::new())
///     .app_secret("secret")
///     .verify_token("token")
///     .start()
///     .await?;
/// sim.set_webhook_url("http://127.0.0.1:8787/webhooks/whatsapp".parse()?);
/// let maria = sim.customer("Maria", "+1 555 014 2207");
/// let hello = maria.says("Hi").await?;
/// sim.settled().await;
/// # let _ = hello;
/// # Ok(())
/// # }
/// ```
pub struct Simulator {
    sim: Sim,
    cancelled: CancellationToken,
}

impl Simulator {
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    #[must_use]
    pub fn sim(&self) -> Sim {
        self.sim.clone()
    }

    /// Graph API and controls, to be put into a server of one's own. Faults that cut the line need
    /// [`Simulator::serve`]; here they become an empty 502.
    pub fn router(&self) -> Router {
        let inner = Sim {
            core: Arc::clone(&self.sim.core),
            _alive: None,
        };
        controls::router(inner.clone()).merge(graph::router(inner))
    }

    /// Listens until the last handle is gone.
    pub fn serve(self, listener: TcpListener) -> io::Result<Sim> {
        let address = listener.local_addr()?;
        if self.sim.core.base_url().is_none()
            && let Ok(url) = Url::parse(&format!("http://{address}/"))
        {
            self.sim.core.set_base_url(url);
        }
        let service = self
            .router()
            .into_make_service_with_connect_info::<crate::line::Line>();
        let cancelled = self.cancelled.clone();
        tokio::spawn(async move {
            let serving = axum::serve(LineListener::new(listener), service);
            tokio::select! {
                () = cancelled.cancelled() => {}
                ended = serving => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "the simulated platform stopped listening");
                    }
                }
            }
        });
        Ok(self.sim)
    }
}

/// What a simulated platform starts with. Everything has a default.
pub struct Builder {
    clock: SimClock,
    settings: Settings,
    webhook_url: Option<Url>,
    base_url: Option<Url>,
    account: Account,
    numbers: Vec<Number>,
    seed: u64,
    built_in_templates: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            clock: SimClock::new(),
            settings: Settings::default(),
            webhook_url: None,
            base_url: None,
            account: Account {
                waba_id: "100000000000101".to_owned(),
                app_id: "100000000000888".to_owned(),
                business_id: "100000000000303".to_owned(),
                partner_id: "100000000000777".to_owned(),
                app_secret: "simulated-app-secret".to_owned(),
                verify_token: "simulated-verify-token".to_owned(),
                access_token: "simulated-access-token".to_owned(),
                token_expired: false,
                state: AccountState::Connected,
                override_url: None,
                subscribed: true,
            },
            numbers: Vec::new(),
            seed: 1,
            built_in_templates: true,
        }
    }
}

impl Builder {
    #[must_use]
    pub fn clock(mut self, clock: SimClock) -> Self {
        self.clock = clock;
        self
    }

    /// Where webhooks go. Without one they wait until [`Sim::set_webhook_url`].
    #[must_use]
    pub fn webhook_url(mut self, url: Url) -> Self {
        self.webhook_url = Some(url);
        self
    }

    /// Under which address the world reaches this platform, if not the one it listens on.
    #[must_use]
    pub fn base_url(mut self, url: Url) -> Self {
        self.base_url = Some(url);
        self
    }

    #[must_use]
    pub fn app_secret(mut self, secret: impl Into<String>) -> Self {
        self.account.app_secret = secret.into();
        self
    }

    #[must_use]
    pub fn verify_token(mut self, token: impl Into<String>) -> Self {
        self.account.verify_token = token.into();
        self
    }

    #[must_use]
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.account.access_token = token.into();
        self
    }

    #[must_use]
    pub fn waba_id(mut self, id: impl Into<String>) -> Self {
        self.account.waba_id = id.into();
        self
    }

    /// Adds a number. Without any there is one: `+1 555-078-3881` of "Quill & Spoke".
    #[must_use]
    pub fn number(mut self, number: Number) -> Self {
        self.numbers.push(number);
        self
    }

    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The same seed gives the same ids for the same story. A receiver that keeps its books longer
    /// than the simulator runs needs another seed each time, or it will take news for repetitions.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts without the workshop's templates.
    #[must_use]
    pub fn without_templates(mut self) -> Self {
        self.built_in_templates = false;
        self
    }

    /// Sets the platform to work, inside the present runtime; it does not listen yet.
    #[must_use]
    pub fn build(mut self) -> Simulator {
        if self.numbers.is_empty() {
            let name = "Quill & Spoke";
            self.numbers
                .push(Number::new("100000000000202", "+1 555-078-3881", name));
        }
        let now = self.clock.now();
        for number in &mut self.numbers {
            number.onboarded_at = now;
        }
        let mut world = World::new(self.settings, self.account, self.numbers, self.seed);
        world.outbound.url = self.webhook_url;
        let core = Arc::new(Core::new(self.clock, world));
        if let Some(url) = self.base_url {
            core.set_base_url(url);
        }
        let cancelled = CancellationToken::new();
        tokio::spawn(run_schedule(Arc::clone(&core), cancelled.clone()));
        tokio::spawn(webhooks::run(Arc::clone(&core), cancelled.clone()));
        let sim = Sim {
            core,
            _alive: Some(Arc::new(cancelled.clone().drop_guard())),
        };
        if self.built_in_templates {
            sim.add_built_in_templates();
        }
        Simulator { sim, cancelled }
    }

    /// Builds and listens on this listener.
    pub fn serve(self, listener: TcpListener) -> io::Result<Sim> {
        self.build().serve(listener)
    }

    /// Builds and listens on a free port of this machine.
    pub async fn start(self) -> io::Result<Sim> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        self.serve(listener)
    }
}
