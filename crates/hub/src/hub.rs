//! A running hub: the parts, started together and stopped together.
//!
//! The same hub runs as `ajar-hub serve`, inside the desktop (*Host on this computer*), in the
//! demo beside the simulator, and in every test.

use std::{net::SocketAddr, sync::Arc};

use ajar_domain::{
    Clock, InboxId, PhoneNumberId, Time, customer::PhoneNumber, window::DEFAULT_MARGIN,
};
use ajar_protocol::rows::{AgentRow, Role};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::SystemClock,
    config::MetaSettings,
    core::Core,
    http,
    ids::{Ids, normalise_code, secret_hash},
    import,
    ingest::Ingest,
    media::{self, Shelf},
    meta::graph::{Graph, GraphConfig},
    outbox,
    presence::Presence,
    projector::{Bells, Projector},
    store::{NewTeam, Store},
    templates,
};

/// How long a join code may be used.
pub const CODE_LIVES: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);
/// Events are kept for desktops that were away; older ones make them start over.
const EVENTS_KEPT: i64 = 200_000;

/// What a hub is started with.
pub struct HubConfig {
    pub database_url: String,
    pub team_name: String,
    pub meta: MetaSettings,
    pub shelf: Shelf,
    /// `None` for the system's clock.
    pub clock: Option<Arc<dyn Clock>>,
    /// Makes ids repeatable, for tests.
    pub seed: Option<u64>,
    /// Shown until Meta has told the number's own name.
    pub number: Option<String>,
    /// How long raw webhooks are kept; `None` for ever.
    pub log_kept: Option<std::time::Duration>,
}

/// A running hub. Dropping it stops it.
pub struct Hub {
    core: Arc<Core>,
    address: SocketAddr,
    projector: Projector,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Hub {
    /// Opens the database, starts all tasks, and serves on the listener.
    ///
    /// # Errors
    /// If the database cannot be opened or the clients cannot be built.
    pub async fn start(config: HubConfig, listener: TcpListener) -> anyhow::Result<Self> {
        http::install_metrics();
        let clock: Arc<dyn Clock> = config.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let ids = Ids::new(Arc::clone(&clock), config.seed);
        let store = Store::open(
            &config.database_url,
            &NewTeam {
                hub_id: ids.next(),
                name: config.team_name.clone(),
                at: clock.now(),
            },
        )
        .await?;
        let inbox = ensure_inbox(&store, &ids, &config.meta, config.number.as_deref()).await?;
        let (heard, meta_dates) = tokio::sync::watch::channel(None);
        let graph = Graph::new(GraphConfig {
            base_url: config.meta.graph_url.clone(),
            version: config.meta.api_version.clone(),
            access_token: config.meta.access_token.clone(),
        })?
        .on_date({
            let clock = Arc::clone(&clock);
            Arc::new(move |date: Time| {
                // Meta's dates are whole seconds; half a second is the fair middle.
                heard.send_replace(Some(date.millis_since(clock.now()) + 500));
            })
        });
        let bells = Bells::default();
        let core = Arc::new(Core {
            ingest: Ingest::start(store.clone(), Arc::clone(&clock)),
            shelf: config.shelf,
            presence: Presence::default(),
            process: ids.next(),
            team_name: config.team_name,
            app_secret: config.meta.app_secret,
            verify_token: config.meta.verify_token,
            outbox_waits: Arc::clone(&bells.outbox),
            heard: outbox::Heard::default(),
            media_waits: Arc::clone(&bells.media),
            templates_wait: Arc::clone(&bells.templates),
            refusals: crate::core::Refusals::default(),
            checks: crate::health::Checks::default(),
            inboxes: vec![inbox],
            graph,
            store: store.clone(),
            clock: Arc::clone(&clock),
            ids: ids.clone(),
        });
        let projector = Projector::new(store.clone(), ids, clock, bells);
        let stop = CancellationToken::new();
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(projector.clone().run());
        tasks.spawn(outbox::run(Arc::clone(&core)));
        tasks.spawn(media::run(Arc::clone(&core)));
        tasks.spawn(templates::refresh_all(Arc::clone(&core)));
        tasks.spawn(describe_numbers(Arc::clone(&core)));
        tasks.spawn(import::ask_all(Arc::clone(&core)));
        tasks.spawn(prune(Arc::clone(&core), config.log_kept));
        tasks.spawn(compare_clocks(Arc::clone(&core), meta_dates));
        tasks.spawn(listen(store));
        let serving = Arc::clone(&core);
        let stopped = stop.clone();
        tasks.spawn(async move {
            if let Err(error) = http::serve(serving, listener, stopped.cancelled_owned()).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the listener ended"
                );
            }
        });
        tracing::info!(%address, "the hub is up");
        Ok(Self {
            core,
            address,
            projector,
            stop,
            tasks,
        })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address it listens on.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    #[must_use]
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Adds an agent and returns a join code for them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn add_agent(&self, name: &str, role: Role) -> anyhow::Result<(AgentRow, String)> {
        let core = &self.core;
        Ok(add_agent(&core.store, &core.ids, name, role, core.now()).await?)
    }

    /// Resolves when everything logged so far is visible and the outbox has nothing due.
    ///
    /// # Errors
    /// What the store says.
    pub async fn settled(&self) -> anyhow::Result<()> {
        let mut done = self.projector.done();
        loop {
            let end = self.core.store.log_end().await?;
            done.wait_for(|done| *done >= end).await?;
            let mut committed = self.core.store.committed();
            committed.mark_unchanged();
            let busy = {
                let mut conn = self.core.store.read().await?;
                let counts = conn.outbox_counts().await?;
                let sending = counts
                    .iter()
                    .any(|(state, count)| state == "sending" && *count > 0);
                let stopped = conn.team().await?.stopped.is_some();
                let now = self.core.now();
                sending
                    || (!stopped && !conn.due(now, 1).await?.is_empty())
                    || !conn.past_deadline(now, 1).await?.is_empty()
                    || !conn.schedule_due(now, 1).await?.is_empty()
            };
            if !busy && self.core.store.log_end().await? == end {
                return Ok(());
            }
            if busy {
                self.core.outbox_waits.notify_one();
                // The answer to a request is a commit; a parked row is one as well.
                let _ =
                    tokio::time::timeout(std::time::Duration::from_millis(50), committed.changed())
                        .await;
            }
        }
    }

    /// Stops taking requests, then all tasks, then closes the database.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.tasks.shutdown().await;
        self.core.store.close().await;
    }

    /// Waits until the hub ends by itself, which it does not.
    pub async fn run(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.stop.cancel();
        self.tasks.abort_all();
    }
}

/// Adds an agent with a fresh join code.
///
/// # Errors
/// What the store says.
pub async fn add_agent(
    store: &Store,
    ids: &Ids,
    name: &str,
    role: Role,
    now: Time,
) -> crate::store::Result<(AgentRow, String)> {
    let id = ajar_domain::AgentId::new(ids.next());
    let code = ids.join_code();
    let mut tx = store.begin().await?;
    tx.add_agent(&id, name, role, now).await?;
    tx.add_join_code(&secret_hash(&normalise_code(&code)), &id, now + CODE_LIVES)
        .await?;
    tx.commit().await?;
    let row = AgentRow {
        id,
        rev: 0,
        name: name.to_owned(),
        role,
        revoked: false,
    };
    Ok((row, code))
}

async fn ensure_inbox(
    store: &Store,
    ids: &Ids,
    meta: &MetaSettings,
    number: Option<&str>,
) -> anyhow::Result<InboxId> {
    // Until Meta has told the number, its id stands in: digits, and never dialled.
    let shown = number
        .and_then(PhoneNumber::from_digits)
        .or_else(|| PhoneNumber::from_digits(&meta.phone_number_id))
        .or_else(|| PhoneNumber::from_digits("00000"))
        .ok_or_else(|| anyhow::anyhow!("no number"))?;
    let mut tx = store.begin().await?;
    let id = tx
        .ensure_inbox(
            &InboxId::new(ids.next()),
            &PhoneNumberId::new(meta.phone_number_id.clone()),
            &meta.waba_id,
            "WhatsApp",
            &shown,
            u32::try_from(DEFAULT_MARGIN.as_millis()).unwrap_or(20_000),
        )
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// Meta counts the window by its clock. Beyond this the administrator is warned.
const CLOCK_DOUBT_MS: i64 = 5_000;

/// Keeps the difference between Meta's clock and ours, and warns when it is large.
async fn compare_clocks(core: Arc<Core>, mut heard: tokio::sync::watch::Receiver<Option<i64>>) {
    let mut kept: Option<i64> = None;
    while heard.changed().await.is_ok() {
        let Some(offset) = *heard.borrow_and_update() else {
            continue;
        };
        if kept.is_some_and(|kept| (kept - offset).abs() < 1_000) {
            continue;
        }
        kept = Some(offset);
        if offset.abs() > CLOCK_DOUBT_MS {
            tracing::warn!(
                offset_ms = offset,
                "this machine's clock differs from Meta's; windows may close earlier or later than shown"
            );
        }
        let written = async {
            let mut tx = core.store.begin().await?;
            tx.note_meta_clock(offset).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the clock difference could not be kept"
            );
        }
    }
}

/// Asks Meta for the numbers' own names, until it answered once.
async fn describe_numbers(core: Arc<Core>) {
    for inbox in &core.inboxes {
        let mut wait = std::time::Duration::from_secs(2);
        while let Err(why) = describe_number(&core, inbox).await {
            tracing::warn!(%why, "Meta did not tell the number's name; it is asked again later");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(std::time::Duration::from_secs(600));
        }
    }
}

async fn describe_number(core: &Arc<Core>, inbox: &InboxId) -> anyhow::Result<()> {
    let line = core
        .store
        .read()
        .await?
        .line(inbox)
        .await?
        .ok_or_else(|| anyhow::anyhow!("the number is gone"))?;
    let info = core.graph.phone_number(&line.phone_number_id).await?;
    let (Some(name), Some(number)) = (
        info.verified_name,
        info.display_number
            .as_deref()
            .and_then(PhoneNumber::from_digits),
    ) else {
        return Ok(());
    };
    let mut tx = core.store.begin().await?;
    tx.describe_inbox(inbox, &name, &number).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets old events and old raw webhooks once an hour.
async fn prune(core: Arc<Core>, log_kept: Option<std::time::Duration>) {
    loop {
        if let Err(error) = prune_once(&core, log_kept).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old events could not be pruned"
            );
        }
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    }
}

async fn prune_once(
    core: &Core,
    log_kept: Option<std::time::Duration>,
) -> crate::store::Result<()> {
    let last = core.store.team().await?.last_event;
    if last > EVENTS_KEPT {
        let mut conn = core.store.begin_plain().await?;
        conn.prune_events(last - EVENTS_KEPT).await?;
        conn.commit().await?;
    }
    if let Some(kept) = log_kept {
        // What was not understood yet stays, however old: a later version may read it.
        let (upto, riddles) = {
            let mut conn = core.store.read().await?;
            let upto = conn.team().await?.log_cursor;
            (upto, conn.not_understood_webhooks().await?)
        };
        let gone = core
            .store
            .prune_log(core.now() - kept, upto, &riddles)
            .await?;
        if gone > 0 {
            tracing::info!(gone, "old raw webhooks were thrown away");
        }
    }
    Ok(())
}

/// Hears of other processes' commits. A broken connection is made anew.
async fn listen(store: Store) {
    if !store.is_postgres() {
        return;
    }
    loop {
        if let Err(error) = crate::store::dialect::listen(&store).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database's bell is lost; it is hung up again"
            );
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
