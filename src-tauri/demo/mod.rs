//! The demo team: hub and simulated WhatsApp in this process, on one clock, with a past that
//! was lived and a present that goes on.
//!
//! [`script`] says what happened, [`play`] lets it happen, [`life`] goes on from there. The hub
//! does not know that it is a demo. Nothing of it outlives the process.

mod books;
mod life;
mod play;
pub mod script;

use std::collections::BTreeMap;
use std::sync::Arc;

use ajar_client::hub::Hub as HubClient;
use ajar_domain::Clock as _;
use ajar_hub::config::{DEFAULT_API_VERSION, MetaSettings};
use ajar_hub::hub::{Hub, HubConfig};
use ajar_hub::media::Shelf;
use ajar_protocol::hub::{JoinRequest, Joined};
use ajar_protocol::rows::Role;
use ajar_protocol::ui::DemoAction;
use ajar_simulator::{Number, Settings, Sim, SimClock, Simulator, StatusPolicy};
use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use books::Books;
use life::Life;
pub use play::DraftOfSami;
use play::{Company, Member};
use script::Agent;

#[cfg(test)]
mod tests;

const NUMBER: &str = "+1 555-078-3881";
const NUMBER_ID: &str = "100000000000202";
const TEAM: &str = "Quill & Spoke";

/// How the demo runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The team's seconds in one real second, once the past is played.
    pub rate: f64,
    /// Nobody writes by themselves.
    pub quiet: bool,
    /// The same seed, the same evening.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rate: 1.0,
            quiet: false,
            seed: 1,
        }
    }
}

/// A demo team that is awake. Dropping it ends hub and simulator.
pub struct Demo {
    life: Life,
    company: Arc<Company>,
    drafts: Vec<DraftOfSami>,
    sami: Joined,
}

impl Demo {
    /// Builds the team and lives through its past, telling how far that is.
    pub async fn wake(options: Options, mut progress: impl FnMut(u32, u32)) -> Result<Self> {
        let scenes = script::screenplay()?;
        let present = SimClock::new().now();
        let clock = SimClock::frozen_at(present - play::longest_ago(&scenes) - BEFORE_OPENING);
        let sim = simulator(&clock, options.seed).await?;
        let hub = hub(&sim, &clock, options.seed).await?;
        sim.set_webhook_url(format!("{}/webhooks/whatsapp", hub.url()).parse()?);

        let mut agents = BTreeMap::new();
        let door = HubClient::at(hub.url().parse()?, None)?;
        let (sami, joined) = join(&hub, &door, Agent::Sami).await?;
        let books = Books::open(sami.hub.clone()).await?;
        agents.insert(Agent::Sami, sami);
        for agent in [Agent::Ana, Agent::Jonah, Agent::Mei] {
            agents.insert(agent, join(&hub, &door, agent).await?.0);
        }
        let company = Company {
            hub,
            sim,
            agents,
            books,
        };
        let started = std::time::Instant::now();
        let drafts = company
            .play(&scenes, present, |done, of| {
                progress(
                    u32::try_from(done).unwrap_or(0),
                    u32::try_from(of).unwrap_or(0),
                );
            })
            .await?;
        // From here on the clock is everybody's.
        clock.set(SimClock::new().now());
        clock.set_rate(options.rate);
        clock.resume();
        tracing::info!(took = ?started.elapsed(), "the demo team has lived its past");
        let company = Arc::new(company);
        Ok(Self {
            life: Life::begin(Arc::clone(&company), options.seed, options.quiet),
            company,
            drafts,
            sami: joined,
        })
    }

    /// Where the demo's hub is reached.
    #[must_use]
    pub fn hub_url(&self) -> String {
        self.company.hub.url()
    }

    /// How the desktop of this process becomes Sami's.
    #[must_use]
    pub fn joined(&self) -> Joined {
        self.sami.clone()
    }

    /// What Sami has typed and not sent, for the desktop to keep.
    #[must_use]
    pub fn drafts(&self) -> &[DraftOfSami] {
        &self.drafts
    }

    /// Makes happen what the person at the screen wants to see.
    pub async fn act(&self, action: DemoAction) -> Result<()> {
        self.life.act(action).await
    }
}

/// The workshop is set up a little before the first customer writes.
const BEFORE_OPENING: std::time::Duration = std::time::Duration::from_secs(60);

async fn simulator(clock: &SimClock, seed: u64) -> Result<Sim> {
    let settings = Settings {
        // Ticks come with the clock's jumps: read soon after, so that old chats look read.
        statuses: StatusPolicy::LIFELIKE,
        ..Settings::default()
    };
    let sim = Simulator::builder()
        .clock(clock.clone())
        .settings(settings)
        .number(Number::new(NUMBER_ID, NUMBER, TEAM))
        .seed(seed)
        .start()
        .await?;
    let own: Vec<serde_json::Value> = serde_json::from_str(include_str!("templates.json"))?;
    for template in own {
        sim.add_template(template)?;
    }
    Ok(sim)
}

async fn hub(sim: &Sim, clock: &SimClock, seed: u64) -> Result<Hub> {
    let config = HubConfig {
        log_kept: None,
        database_url: "sqlite::memory:".to_owned(),
        team_name: TEAM.to_owned(),
        meta: MetaSettings {
            graph_url: sim.graph_url().context("the simulator listens")?,
            api_version: DEFAULT_API_VERSION.to_owned(),
            access_token: sim.access_token(),
            app_secret: sim.app_secret(),
            verify_token: "demo".to_owned(),
            waba_id: sim.waba_id(),
            phone_number_id: NUMBER_ID.to_owned(),
        },
        shelf: Shelf::in_memory(),
        clock: Some(Arc::new(clock.clone())),
        seed: Some(seed),
        number: Some(NUMBER.to_owned()),
    };
    Hub::start(config, TcpListener::bind(("127.0.0.1", 0)).await?).await
}

async fn join(hub: &Hub, door: &HubClient, agent: Agent) -> Result<(Member, Joined)> {
    let role = match agent {
        Agent::Sami => Role::Admin,
        Agent::Ana | Agent::Jonah | Agent::Mei => Role::Agent,
    };
    let (row, code) = hub.add_agent(agent.name(), role).await?;
    let joined = door
        .join(&JoinRequest {
            code,
            device: "the demo".to_owned(),
        })
        .await?;
    let member = Member {
        id: row.id,
        hub: door.with_token(joined.token.clone()),
    };
    Ok((member, joined))
}
