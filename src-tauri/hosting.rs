//! Hubs in this process: the team's own (*Host on this computer*), or the demo's.
//!
//! The settings of a hosted hub lie beside its database; its secrets lie where the desktop's
//! own token lies.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ajar_client::launcher::{Entry, Launched, Launcher, Progress};
use ajar_client::secrets::Secrets;
use ajar_hub::config::{DEFAULT_API_VERSION, MetaSettings};
use ajar_hub::hub::{Hub, HubConfig};
use ajar_hub::media::Shelf;
use ajar_protocol::error::{ApiError, ErrorCode};
use ajar_protocol::rows::Role;
use ajar_protocol::ui::{DemoAction, HostTeam};
use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use url::Url;

use crate::demo::{self, Demo, DraftOfSami};

const ACCESS_TOKEN: &str = "host-access-token";
const APP_SECRET: &str = "host-app-secret";
const VERIFY_TOKEN: &str = "host-verify-token";

/// What is kept of a hosted hub, besides its secrets.
#[derive(Serialize, Deserialize)]
struct Kept {
    listen: SocketAddr,
    waba_id: String,
    phone_number_id: String,
}

enum Running {
    Nothing,
    Hub(Box<Hub>),
    Demo(Arc<Demo>),
}

/// Starts and ends the hubs of this process.
pub struct Hosting {
    /// `None` where nothing is to outlive the process: only the demo can run then.
    data_dir: Option<PathBuf>,
    secrets: Arc<dyn Secrets>,
    demo: demo::Options,
    /// Where hosted hubs find Meta's Graph API.
    graph: Url,
    running: Mutex<Running>,
}

impl Hosting {
    #[must_use]
    pub fn new(
        data_dir: Option<PathBuf>,
        secrets: Arc<dyn Secrets>,
        demo: demo::Options,
        graph: Url,
    ) -> Self {
        Self {
            data_dir,
            secrets,
            demo,
            graph,
            running: Mutex::new(Running::Nothing),
        }
    }

    /// What the demo's own agent has typed and not sent.
    pub async fn drafts_of_the_demo(&self) -> Vec<DraftOfSami> {
        match &*self.running.lock().await {
            Running::Demo(demo) => demo.drafts().to_vec(),
            Running::Hub(_) | Running::Nothing => Vec::new(),
        }
    }

    fn folder(&self) -> anyhow::Result<PathBuf> {
        let data_dir = self.data_dir.as_ref();
        Ok(data_dir
            .context("there is no folder for a hub")?
            .join("hub"))
    }

    fn keep(&self, kept: &Kept, team: &HostTeam) -> anyhow::Result<()> {
        let folder = self.folder()?;
        std::fs::create_dir_all(&folder)?;
        self.secrets.set(ACCESS_TOKEN, &team.access_token)?;
        self.secrets.set(APP_SECRET, &team.app_secret)?;
        self.secrets.set(VERIFY_TOKEN, &team.verify_token)?;
        std::fs::write(folder.join("settings.json"), serde_json::to_vec(kept)?)?;
        Ok(())
    }

    /// Starts the hub that [`Hosting::keep`] described.
    async fn start_kept(&self) -> anyhow::Result<Hub> {
        let folder = self.folder()?;
        let settings = std::fs::read(folder.join("settings.json"))?;
        let kept: Kept = serde_json::from_slice(&settings)?;
        let secret = |name: &str| {
            let found = self.secrets.get(name)?;
            found.with_context(|| format!("{name} is not there any more"))
        };
        let config = HubConfig {
            // As the hub's own default: three months of raw webhooks.
            log_kept: Some(std::time::Duration::from_secs(90 * 24 * 60 * 60)),
            database_url: format!("sqlite://{}", folder.join("ajar.db").display()),
            team_name: "Our team".to_owned(),
            meta: MetaSettings {
                graph_url: self.graph.clone(),
                api_version: DEFAULT_API_VERSION.to_owned(),
                access_token: secret(ACCESS_TOKEN)?,
                app_secret: secret(APP_SECRET)?,
                verify_token: secret(VERIFY_TOKEN)?,
                waba_id: kept.waba_id,
                phone_number_id: kept.phone_number_id,
            },
            shelf: Shelf::folder(&folder.join("media"))?,
            clock: None,
            seed: None,
            number: None,
        };
        let listener = TcpListener::bind(kept.listen)
            .await
            .with_context(|| format!("cannot listen on {}", kept.listen))?;
        Hub::start(config, listener).await
    }

    async fn run(&self, running: Running) {
        let before = std::mem::replace(&mut *self.running.lock().await, running);
        if let Running::Hub(hub) = before {
            hub.stop().await;
        }
    }
}

#[async_trait]
impl Launcher for Hosting {
    async fn host(&self, team: HostTeam, progress: Progress) -> Result<Launched, ApiError> {
        let listen = team.listen.trim().parse().map_err(|_| {
            ApiError::new(
                ErrorCode::Invalid,
                "an address like 127.0.0.1:8787 is needed",
            )
        })?;
        let kept = Kept {
            listen,
            waba_id: team.waba_id.trim().to_owned(),
            phone_number_id: team.phone_number_id.trim().to_owned(),
        };
        self.run(Running::Nothing).await;
        self.keep(&kept, &team).map_err(|why| failed(&why))?;
        let hub = self.start_kept().await.map_err(|why| failed(&why))?;
        let added = hub.add_agent(team.your_name.trim(), Role::Admin).await;
        let (_, code) = added.map_err(|why| failed(&why))?;
        progress.say("hosting", 1, 1);
        let launched = Launched {
            hub: hub.url(),
            entry: Entry::Code(code),
        };
        self.run(Running::Hub(Box::new(hub))).await;
        Ok(launched)
    }

    async fn wake_host(&self, progress: Progress) -> Result<Launched, ApiError> {
        self.run(Running::Nothing).await;
        let hub = self.start_kept().await.map_err(|why| failed(&why))?;
        progress.say("hosting", 1, 1);
        let launched = Launched {
            hub: hub.url(),
            entry: Entry::AsBefore,
        };
        self.run(Running::Hub(Box::new(hub))).await;
        Ok(launched)
    }

    async fn demo(&self, progress: Progress) -> Result<Launched, ApiError> {
        self.run(Running::Nothing).await;
        let told = progress.clone();
        let demo = Demo::wake(self.demo, move |done, of| told.say("demo", done, of));
        let demo = demo.await.map_err(|why| failed(&why))?;
        let launched = Launched {
            hub: demo.hub_url(),
            entry: Entry::Joined(Box::new(demo.joined())),
        };
        self.run(Running::Demo(Arc::new(demo))).await;
        Ok(launched)
    }

    async fn act(&self, action: DemoAction) -> Result<(), ApiError> {
        let demo = match &*self.running.lock().await {
            Running::Demo(demo) => Arc::clone(demo),
            Running::Hub(_) | Running::Nothing => {
                return Err(ApiError::new(ErrorCode::NotFound, "no demo is running"));
            }
        };
        demo.act(action).await.map_err(|why| {
            tracing::debug!(%why, "the demo could not do that");
            ApiError::new(ErrorCode::Conflict, "the demo could not do that")
        })
    }

    async fn stop(&self) {
        self.run(Running::Nothing).await;
    }
}

fn failed(why: &anyhow::Error) -> ApiError {
    tracing::error!("a hub of this process did not start: {why:#}");
    ApiError::new(
        ErrorCode::Internal,
        "the hub did not start; the log says why",
    )
}

#[cfg(test)]
mod tests {
    use ajar_client::hub::Hub as HubClient;
    use ajar_client::secrets::FileSecrets;

    use super::*;

    fn hosting(folder: &std::path::Path) -> Hosting {
        // Nobody answers there: a hub must host without Meta, and go on asking.
        let nowhere = "http://127.0.0.1:9".parse().expect("an address");
        let secrets = Arc::new(FileSecrets::in_folder(folder.join("secrets")));
        let demo = demo::Options::default();
        Hosting::new(Some(folder.to_owned()), secrets, demo, nowhere)
    }

    fn team(listen: &str) -> HostTeam {
        HostTeam {
            your_name: " Sami ".into(),
            access_token: "token".into(),
            app_secret: "secret".into(),
            verify_token: "verify".into(),
            waba_id: "100000000000101".into(),
            phone_number_id: "100000000000202".into(),
            listen: listen.into(),
        }
    }

    async fn id_of(launched: &Launched) -> ajar_domain::HubId {
        let url = launched.hub.parse().expect("an address");
        let hub = HubClient::at(url, None).expect("a client");
        hub.hello().await.expect("the hub answers").hub_id
    }

    #[tokio::test]
    async fn a_hosted_hub_wakes_again_as_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let progress = || Progress::new(|_| ());
        let first = hosting(folder.path());
        let hosted = first.host(team("127.0.0.1:0"), progress()).await;
        let hosted = hosted.expect("it is hosted");
        assert!(matches!(hosted.entry, Entry::Code(_)));
        let id = id_of(&hosted).await;
        first.stop().await;

        let second = hosting(folder.path());
        let woken = second.wake_host(progress()).await.expect("it wakes");
        assert!(matches!(woken.entry, Entry::AsBefore));
        assert_eq!(id_of(&woken).await, id);
        let settings = std::fs::read_to_string(folder.path().join("hub/settings.json"));
        assert!(
            !settings.expect("settings").contains("token"),
            "no secret lies there"
        );
        second.stop().await;
    }

    #[tokio::test]
    async fn what_cannot_be_listened_on_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let launched = hosting(folder.path())
            .host(team("everywhere"), Progress::new(|_| ()))
            .await;
        assert_eq!(
            launched.map(drop).expect_err("refused").code,
            ErrorCode::Invalid
        );
    }
}
