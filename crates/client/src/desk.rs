//! The object that a shell holds: one desktop, on its first run or in a team.
//!
//! ```text
//!                 join ───────────────────────────────┐
//!   FirstRun ──┤  host ──► Preparing (hub) ───────────┼──► Ready { me } ── leave ──► FirstRun
//!       ▲         demo ──► Preparing (hub, simulator) ─┘        ▲
//!       └───────────── it failed ───────┘                       │
//!   started again: a remote team at once from the cache ────────┤
//!                  a hosted one or the demo by way of Preparing ┘
//! ```
//!
//! Interfaces talk to a desk through [`Session`]s, as many as there are windows and pages.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use ajar_domain::ConversationId;
use ajar_protocol::{
    error::{ApiError, ErrorCode},
    hub::{JoinRequest, Joined},
    rows::Role,
    ui::{HostTeam, JoinTeam, Preferences, Stage, UiEnvelope, UiEvent},
};
use tokio::sync::{Mutex, broadcast, mpsc, watch};

use crate::{
    clock::{HubTime, KeptClock, Steady, SystemSteady},
    error::storage,
    hub::{Hub, hub_address},
    launcher::{Entry, Launched, Launcher, Opener, OpensNothing, Progress},
    media::Media,
    screen::Screen,
    secrets::{MemorySecrets, Secrets},
    session::Session,
    store::{Store, Trouble},
    team::{Home, Membership, Pulse, Team, TeamParts, Timings, lock},
};

/// The name of the token in the secrets.
const TOKEN: &str = "hub-token";

/// What a desk is made of.
#[derive(Clone)]
pub struct DeskConfig {
    /// Where the database and kept files lie; `None` keeps everything in memory.
    pub data_dir: Option<PathBuf>,
    /// Names the workstation in the administrator's list.
    pub device: String,
    pub version: String,
    /// `desktop` or `browser`.
    pub shell: String,
    pub secrets: Arc<dyn Secrets>,
    /// Without one this desk can only join.
    pub launcher: Option<Arc<dyn Launcher>>,
    pub opener: Arc<dyn Opener>,
    /// For jitter; nothing that must be unique comes from it.
    pub seed: u64,
    pub timings: Timings,
    pub steady: Arc<dyn Steady>,
}

impl DeskConfig {
    /// A desk that keeps everything in memory and opens nothing: what a test needs.
    #[must_use]
    pub fn in_memory(device: &str) -> Self {
        Self {
            data_dir: None,
            device: device.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            shell: "desktop".to_owned(),
            secrets: Arc::new(MemorySecrets::default()),
            launcher: None,
            opener: Arc::new(OpensNothing),
            seed: 1,
            timings: Timings::default(),
            steady: Arc::new(SystemSteady::start()),
        }
    }
}

pub(crate) struct DeskCore {
    pub config: DeskConfig,
    pub store: Store,
    pub pulses: broadcast::Sender<Pulse>,
    pub stage: watch::Sender<Stage>,
    team: RwLock<Option<Arc<Team>>>,
    /// Joining, hosting and leaving happen one at a time.
    moving: Mutex<()>,
    preferences: watch::Sender<Preferences>,
    sessions: AtomicU64,
    /// Said before anybody listened: the link that started the app.
    unsaid: std::sync::Mutex<Vec<UiEvent>>,
}

/// One desktop.
#[derive(Clone)]
pub struct Desk(Arc<DeskCore>);

impl Desk {
    /// Opens a desk. With a team in its store it starts from the cache, also without a network.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub async fn open(config: DeskConfig) -> Result<Self, Trouble> {
        let file = match &config.data_dir {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(Trouble::Folder)?;
                Some(folder.join("desk.sqlite"))
            }
            None => None,
        };
        let store = Store::open(file.as_deref()).await?;
        let preferences = store.meta("preferences").await?.unwrap_or_default();
        let membership: Option<Membership> = store.meta("membership").await?;
        let core = Arc::new(DeskCore {
            config,
            store,
            // A watcher that misses some looks at everything.
            pulses: broadcast::Sender::new(1024),
            stage: watch::Sender::new(Stage::FirstRun),
            team: RwLock::new(None),
            moving: Mutex::new(()),
            preferences: watch::Sender::new(preferences),
            sessions: AtomicU64::new(1),
            unsaid: std::sync::Mutex::default(),
        });
        if let Some(membership) = membership {
            core.come_back(membership).await?;
        }
        Ok(Self(core))
    }

    /// A connection for one window or page: calls go in, events come out.
    #[must_use]
    pub fn session(&self) -> (Session, mpsc::Receiver<UiEnvelope>) {
        let number = self.0.sessions.fetch_add(1, Ordering::Relaxed);
        Session::begin(self.0.clone(), number)
    }

    /// A session whose events are folded into what a person would see. For tests and tools.
    #[must_use]
    pub fn screen(&self) -> Screen {
        let (session, events) = self.session();
        Screen::new(session, events)
    }

    #[must_use]
    pub fn stage(&self) -> Stage {
        self.0.stage.borrow().clone()
    }

    /// Opens a conversation on every interface: a notification or a link was clicked.
    pub fn show_conversation(&self, conversation: ConversationId) {
        self.0.say(UiEvent::Open { conversation });
    }

    /// Opens *New conversation* with this number.
    pub fn show_start(&self, number: String) {
        self.0.say(UiEvent::StartWith { number });
    }

    /// Joins a team, as the interface does it.
    ///
    /// # Errors
    /// If the address is no hub, or the code is not taken.
    pub async fn join(&self, team: JoinTeam) -> Result<(), ApiError> {
        self.0.join(team).await
    }

    /// Ends everything that runs. What was queued is sent after the next start.
    pub async fn close(self) {
        let team = self.0.set_team(None);
        if let Some(team) = team {
            team.end().await;
        }
        if let Some(launcher) = &self.0.config.launcher {
            launcher.stop().await;
        }
        self.0.store.close().await;
    }
}

impl DeskCore {
    pub fn team(&self) -> Option<Arc<Team>> {
        self.team
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The team, or the answer to a call that needs one.
    pub fn joined(&self) -> Result<Arc<Team>, ApiError> {
        self.team()
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "this desktop is in no team"))
    }

    fn set_team(&self, team: Option<Arc<Team>>) -> Option<Arc<Team>> {
        let mut known = self.team.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, team)
    }

    fn say(&self, event: UiEvent) {
        if self.pulses.receiver_count() == 0 {
            lock(&self.unsaid).push(event);
        } else {
            let _ = self.pulses.send(Pulse::Say(Box::new(event)));
        }
    }

    pub fn take_unsaid(&self) -> Vec<UiEvent> {
        std::mem::take(&mut *lock(&self.unsaid))
    }

    fn set_stage(&self, stage: Stage) {
        self.stage.send_replace(stage);
        let _ = self.pulses.send(Pulse::Stage);
    }

    pub fn preferences(&self) -> Preferences {
        self.preferences.borrow().clone()
    }

    pub async fn save_preferences(&self, preferences: Preferences) -> Result<(), ApiError> {
        self.store
            .keep_meta("preferences", &preferences)
            .await
            .map_err(storage)?;
        self.preferences.send_replace(preferences);
        let _ = self.pulses.send(Pulse::Preferences);
        Ok(())
    }

    fn launcher(&self) -> Result<Arc<dyn Launcher>, ApiError> {
        self.config
            .launcher
            .clone()
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "this shell cannot host a hub"))
    }

    fn progress(self: &Arc<Self>) -> Progress {
        let core = Arc::downgrade(self);
        Progress::new(move |stage| {
            if let Some(core) = core.upgrade() {
                core.set_stage(stage);
            }
        })
    }

    /// The store names a team: back to it.
    async fn come_back(self: &Arc<Self>, membership: Membership) -> Result<(), Trouble> {
        let token = match self.config.secrets.get(TOKEN) {
            Ok(token) => token,
            Err(why) => {
                tracing::error!(%why, "the token cannot be read");
                None
            }
        };
        if membership.home == Home::Remote {
            let hub = hub_address(&membership.hub).and_then(|url| Hub::at(url, token));
            return match hub {
                Ok(hub) => self.enter(membership, hub).await,
                Err(error) => {
                    tracing::error!(code = ?error.code, "the kept address of the hub is of no use");
                    Ok(())
                }
            };
        }
        let Ok(launcher) = self.launcher() else {
            return Ok(());
        };
        let progress = self.progress();
        progress.say(what(membership.home), 0, 1);
        let core = self.clone();
        tokio::spawn(async move {
            let _one_at_a_time = core.moving.lock().await;
            let launched = match membership.home {
                Home::Demo => launcher.demo(progress).await,
                Home::Hosted | Home::Remote => launcher.wake_host(progress).await,
            };
            let entered = match launched {
                Ok(launched) => {
                    core.enter_launched(launched, membership.home, Some(membership.clone()), token)
                        .await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = entered {
                tracing::error!(code = ?error.code, why = error.message, "the hub of this computer did not start");
                core.set_stage(Stage::FirstRun);
            }
        });
        Ok(())
    }

    pub async fn join(self: &Arc<Self>, team: JoinTeam) -> Result<(), ApiError> {
        let _one_at_a_time = self.moving.lock().await;
        let hub = Hub::at(hub_address(&team.hub)?, None)?;
        self.join_with_code(hub, team.code, Home::Remote).await
    }

    async fn join_with_code(
        self: &Arc<Self>,
        hub: Hub,
        code: String,
        home: Home,
    ) -> Result<(), ApiError> {
        let hello = hub.hello().await?;
        tracing::info!(hub = %hello.hub_id, version = hello.version, "joining");
        let request = JoinRequest {
            code,
            device: self.config.device.clone(),
        };
        let joined = hub.join(&request).await?;
        self.enter_joined(&hub, joined, home).await
    }

    async fn enter_joined(
        self: &Arc<Self>,
        hub: &Hub,
        joined: Joined,
        home: Home,
    ) -> Result<(), ApiError> {
        self.config
            .secrets
            .set(TOKEN, &joined.token)
            .map_err(|why| {
                tracing::error!(%why, "the token cannot be kept");
                ApiError::new(ErrorCode::StorageUnavailable, "the token cannot be kept")
            })?;
        let hub = hub.with_token(joined.token);
        let membership = Membership {
            hub: hub.address().to_owned(),
            hub_id: joined.hub_id,
            agent: joined.agent,
            name: joined.name,
            admin: joined.role == Role::Admin,
            team: joined.team,
            home,
        };
        let before: Option<Membership> = self.store.meta("membership").await.map_err(storage)?;
        if let Some(team) = self.set_team(None) {
            team.end().await;
        }
        // Drafts and queued texts belong to an agent of a team; of another one they mean
        // nothing.
        let is_back = before.as_ref().is_some_and(|before| {
            before.hub_id == membership.hub_id && before.agent == membership.agent
        });
        if !is_back {
            self.store.forget_everything().await.map_err(storage)?;
        }
        self.enter(membership, hub).await.map_err(storage)
    }

    async fn enter_launched(
        self: &Arc<Self>,
        launched: Launched,
        home: Home,
        before: Option<Membership>,
        token: Option<String>,
    ) -> Result<(), ApiError> {
        let hub = Hub::at(hub_address(&launched.hub)?, None)?;
        match launched.entry {
            Entry::Code(code) => self.join_with_code(hub, code, home).await,
            Entry::Joined(joined) => self.enter_joined(&hub, *joined, home).await,
            Entry::AsBefore => match (before, token) {
                (Some(before), Some(token)) => {
                    let membership = Membership {
                        hub: hub.address().to_owned(),
                        ..before
                    };
                    self.enter(membership, hub.with_token(token))
                        .await
                        .map_err(storage)
                }
                _ => Err(ApiError::new(
                    ErrorCode::Unauthorised,
                    "there is no token of last time",
                )),
            },
        }
    }

    /// Into the team, from the cache. The link follows.
    async fn enter(self: &Arc<Self>, membership: Membership, hub: Hub) -> Result<(), Trouble> {
        self.store.keep_meta("membership", &membership).await?;
        let kept: Option<KeptClock> = self.store.meta("clock").await?;
        let me = membership.me(self.config.secrets.lies_in_file());
        let media_folder = self
            .config
            .data_dir
            .as_ref()
            .map(|folder| folder.join("media"));
        let team = Team::wake(TeamParts {
            membership,
            store: self.store.clone(),
            hub,
            clock: Arc::new(HubTime::guess(self.config.steady.clone(), kept)),
            pulses: self.pulses.clone(),
            timings: self.config.timings,
            media: Media::in_folder(media_folder),
            seed: self.config.seed,
        })
        .await?;
        team.start();
        self.set_team(Some(team));
        self.set_stage(Stage::Ready { me });
        Ok(())
    }

    pub async fn host(self: &Arc<Self>, team: HostTeam) -> Result<(), ApiError> {
        self.launch(Home::Hosted, Some(team)).await
    }

    pub async fn try_demo(self: &Arc<Self>) -> Result<(), ApiError> {
        self.launch(Home::Demo, None).await
    }

    /// Runs to its end even if whoever asked goes away meanwhile.
    async fn launch(self: &Arc<Self>, home: Home, team: Option<HostTeam>) -> Result<(), ApiError> {
        let launcher = self.launcher()?;
        let core = self.clone();
        let launching = tokio::spawn(async move {
            let _one_at_a_time = core.moving.lock().await;
            let progress = core.progress();
            progress.say(what(home), 0, 1);
            let launched = match team {
                Some(team) => launcher.host(team, progress).await,
                None => launcher.demo(progress).await,
            };
            let entered = match launched {
                Ok(launched) => core.enter_launched(launched, home, None, None).await,
                Err(error) => Err(error),
            };
            if entered.is_err() {
                launcher.stop().await;
                core.set_stage(Stage::FirstRun);
            }
            entered
        });
        launching
            .await
            .unwrap_or_else(|_| Err(ApiError::new(ErrorCode::Internal, "the start broke off")))
    }

    pub async fn leave(self: &Arc<Self>) -> Result<(), ApiError> {
        let _one_at_a_time = self.moving.lock().await;
        if let Some(team) = self.set_team(None) {
            team.end().await;
            team.attachments.drop_all();
            team.media.forget().await;
        }
        if let Err(why) = self.config.secrets.delete(TOKEN) {
            tracing::error!(%why, "the token cannot be deleted");
        }
        self.store.forget_everything().await.map_err(storage)?;
        if let Some(launcher) = &self.config.launcher {
            launcher.stop().await;
        }
        self.set_stage(Stage::FirstRun);
        Ok(())
    }
}

/// What is being prepared, as a code that the interface has words for.
const fn what(home: Home) -> &'static str {
    match home {
        Home::Demo => "demo",
        Home::Hosted | Home::Remote => "hosting",
    }
}
