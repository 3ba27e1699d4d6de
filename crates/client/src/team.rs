//! One team as this desktop knows it: cache, list, clock and link, and the tasks that keep
//! them in step. Made when a team is joined or found in the store, ended when it is left.
//!
//! What changed is told as a [`Pulse`]: it names what to look at again and carries no state,
//! so a watcher that missed some looks at everything and has lost nothing.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use ajar_domain::{
    AgentId, ClientRef, Clock, ConversationId, HubId, InboxId, Time,
    content::{Author, Provenance},
};
use ajar_protocol::{
    command::{Command, CommandAnswer, CommandRequest},
    error::{ApiError, ErrorCode},
    hub::{PresenceRequest, Viewer},
    rows::{AgentRow, ConversationRow, InboxRow, PhoneStartRow},
    ui::{LinkState, Me, UiEvent},
};
use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    attachments::Attachments,
    clock::HubTime,
    error::storage,
    hub::Hub,
    inbox::{Inbox, Watcher},
    media::Media,
    store::{Applied, Store, Trouble},
};

/// A customer message older than this is no news when it arrives.
const NEWS_FOR: Duration = Duration::from_secs(10 * 60);

/// Heads in full that are kept in memory: some screens full.
const ROWS_IN_MEMORY: usize = 1_000;

/// What to look at again. Carries no state.
#[derive(Clone, Debug)]
pub enum Pulse {
    /// Rows, orders or counts of the list.
    List,
    /// These conversations, their messages, or what is queued in them.
    Threads(Arc<BTreeSet<ConversationId>>),
    /// Everything that a thread shows may have changed.
    EveryThread,
    /// Somebody typed; whoever typed has it on the screen already.
    Draft {
        conversation: ConversationId,
        by: Watcher,
    },
    Merged {
        gone: ConversationId,
        into: ConversationId,
    },
    Stage,
    Link,
    Clock,
    Team,
    PhoneStarts,
    Viewers,
    Preferences,
    /// To be passed on as it is.
    Say(Box<UiEvent>),
}

/// Durations of this side; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// How often the hub says that it lives. Two missed ones mean that it does not.
    pub heartbeat: Duration,
    /// The shortest and longest wait before another try.
    pub first_retry: Duration,
    pub longest_retry: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(20),
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(30),
        }
    }
}

/// How the team is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// A hub somewhere else.
    #[default]
    Remote,
    /// A hub in this process, which must be woken at start.
    Hosted,
    Demo,
}

/// Kept in the store: which team this desktop belongs to. The token lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub hub: String,
    pub hub_id: HubId,
    pub agent: AgentId,
    pub name: String,
    pub admin: bool,
    pub team: String,
    pub home: Home,
}

impl Membership {
    #[must_use]
    pub fn me(&self, token_in_file: bool) -> Me {
        Me {
            agent: self.agent.clone(),
            name: self.name.clone(),
            admin: self.admin,
            team: self.team.clone(),
            hub: self.hub.clone(),
            demo: self.home == Home::Demo,
            token_in_file,
        }
    }
}

/// The few rows that everybody needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    pub inboxes: Vec<InboxRow>,
    pub agents: Vec<AgentRow>,
    /// Those that wait, oldest first.
    pub phone_starts: Vec<PhoneStartRow>,
}

impl People {
    #[must_use]
    pub fn inbox(&self, id: &InboxId) -> Option<&InboxRow> {
        self.inboxes.iter().find(|inbox| inbox.id == *id)
    }

    fn paused(&self) -> HashMap<InboxId, Time> {
        self.inboxes
            .iter()
            .filter_map(|inbox| {
                let (_, since) = inbox.paused.as_ref()?;
                Some((inbox.id.clone(), *since))
            })
            .collect()
    }
}

/// Heads in full, for the rows on the screen.
#[derive(Default)]
struct Rows {
    by_id: HashMap<ConversationId, ConversationRow>,
    order: VecDeque<ConversationId>,
}

impl Rows {
    fn keep(&mut self, row: ConversationRow) {
        let id = row.id.clone();
        match self.by_id.get(&id) {
            Some(known) if known.rev > row.rev => return,
            Some(_) => {}
            None => self.order.push_back(id.clone()),
        }
        self.by_id.insert(id, row);
        if self.order.len() > ROWS_IN_MEMORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}

pub(crate) struct TeamParts {
    pub membership: Membership,
    pub store: Store,
    pub hub: Hub,
    pub clock: Arc<HubTime>,
    pub pulses: broadcast::Sender<Pulse>,
    pub timings: Timings,
    pub media: Media,
    /// For jitter.
    pub seed: u64,
}

/// The engine of one joined team.
pub(crate) struct Team {
    pub membership: Membership,
    pub store: Store,
    pub hub: Hub,
    pub clock: Arc<HubTime>,
    pub timings: Timings,
    pub media: Media,
    pub attachments: Attachments,
    pub link: watch::Sender<LinkState>,
    pub try_now: Notify,
    /// The cache holds something that cannot be read.
    pub heal: Notify,
    /// Something in the outbox may be ready to go on.
    pub outbox_bell: Notify,
    pub answers: broadcast::Sender<(ClientRef, Result<CommandAnswer, ApiError>)>,
    /// The latest sends of the screens, by their references.
    pub taken: Mutex<VecDeque<ClientRef>>,
    pub rng: Mutex<StdRng>,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    pulses: broadcast::Sender<Pulse>,
    inbox: RwLock<Inbox>,
    people: RwLock<People>,
    rows: Mutex<Rows>,
    /// First words of unsent replies.
    drafts: Mutex<HashMap<ConversationId, String>>,
    viewers: Mutex<Vec<Viewer>>,
    loading: Mutex<HashSet<ConversationId>>,
    presence: Mutex<Presence>,
    inbox_turned: Notify,
}

#[derive(Default)]
struct Presence {
    /// By session, the latest last.
    looking: Vec<(Watcher, ConversationId, bool)>,
    /// Changes with every link, so that a dying stream cannot end the presence of the next.
    device: String,
    told: Option<(ConversationId, bool)>,
}

impl Team {
    /// Everything from the cache; nothing from the network yet.
    pub async fn wake(parts: TeamParts) -> Result<Arc<Self>, Trouble> {
        let TeamParts {
            membership,
            store,
            hub,
            clock,
            pulses,
            timings,
            media,
            seed,
        } = parts;
        let team = Arc::new(Self {
            inbox: RwLock::new(Inbox::new(membership.agent.clone(), clock.now())),
            membership,
            store,
            hub,
            clock,
            timings,
            media,
            attachments: Attachments::default(),
            link: watch::Sender::new(LinkState::Connecting),
            try_now: Notify::new(),
            heal: Notify::new(),
            outbox_bell: Notify::new(),
            answers: broadcast::Sender::new(64),
            taken: Mutex::default(),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            pulses,
            people: RwLock::default(),
            rows: Mutex::default(),
            drafts: Mutex::default(),
            viewers: Mutex::default(),
            loading: Mutex::default(),
            presence: Mutex::default(),
            inbox_turned: Notify::new(),
        });
        team.reload().await?;
        Ok(team)
    }

    /// Starts what runs beside: the link, the outbox, and the turning of the list.
    pub fn start(self: &Arc<Self>) {
        let team = self.clone();
        self.spawn(async move { crate::sync::keep_linked(&team).await });
        let team = self.clone();
        self.spawn(async move { crate::outbox::keep_sending(&team).await });
        let team = self.clone();
        self.spawn(async move { team.keep_turning().await });
    }

    pub async fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Runs until the team is left.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    pub fn me(&self) -> &AgentId {
        &self.membership.agent
    }

    pub fn pulse(&self, pulse: Pulse) {
        // Nobody listening is no trouble.
        let _ = self.pulses.send(pulse);
    }

    pub fn inbox(&self) -> RwLockReadGuard<'_, Inbox> {
        self.inbox.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn inbox_mut(&self) -> RwLockWriteGuard<'_, Inbox> {
        self.inbox.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn people(&self) -> RwLockReadGuard<'_, People> {
        self.people.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn viewers(&self) -> Vec<Viewer> {
        lock(&self.viewers).clone()
    }

    pub fn set_viewers(&self, viewers: Vec<Viewer>) {
        let changed = {
            let mut known = lock(&self.viewers);
            let changed = *known != viewers;
            *known = viewers;
            changed
        };
        if changed {
            self.pulse(Pulse::Viewers);
        }
    }

    pub fn set_link(&self, state: LinkState) {
        self.link.send_replace(state);
        self.outbox_bell.notify_one();
        self.pulse(Pulse::Link);
    }

    /// Whether requests have a chance.
    pub fn is_linked(&self) -> bool {
        matches!(
            *self.link.borrow(),
            LinkState::Live { .. } | LinkState::CatchingUp { .. }
        )
    }

    /// Fills everything in memory from the store: at start, and after a snapshot.
    pub async fn reload(&self) -> Result<(), Trouble> {
        let heads = self.store.heads().await?;
        self.reload_people().await?;
        self.reload_drafts().await?;
        *lock(&self.rows) = Rows::default();
        let paused = self.people().paused();
        self.inbox_mut().replace(heads, paused, self.clock.now());
        self.inbox_turned.notify_one();
        for pulse in [
            Pulse::List,
            Pulse::EveryThread,
            Pulse::Team,
            Pulse::PhoneStarts,
        ] {
            self.pulse(pulse);
        }
        Ok(())
    }

    async fn reload_people(&self) -> Result<(), Trouble> {
        let mut phone_starts = self.store.phone_starts().await?;
        let now = self.clock.now();
        phone_starts.retain(|start| start.state.is_open(now));
        phone_starts.sort_by(|a, b| (a.asked_at, &a.id).cmp(&(b.asked_at, &b.id)));
        let people = People {
            inboxes: self.store.inboxes().await?,
            agents: self.store.agents().await?,
            phone_starts,
        };
        *self.people.write().unwrap_or_else(PoisonError::into_inner) = people;
        Ok(())
    }

    async fn reload_drafts(&self) -> Result<(), Trouble> {
        let drafts = self.store.drafts(self.me()).await?;
        *lock(&self.drafts) = drafts
            .into_iter()
            .map(|draft| (draft.conversation, first_words(&draft.body)))
            .collect();
        Ok(())
    }

    /// The list's mark of an unsent reply.
    pub fn draft_mark(&self, conversation: &ConversationId) -> Option<String> {
        lock(&self.drafts).get(conversation).cloned()
    }

    pub fn set_draft_mark(&self, conversation: &ConversationId, body: &str) {
        let words = first_words(body);
        let mut drafts = lock(&self.drafts);
        let changed = if words.is_empty() {
            drafts.remove(conversation).is_some()
        } else {
            drafts.insert(conversation.clone(), words.clone()) != Some(words)
        };
        drop(drafts);
        if changed {
            self.pulse(Pulse::List);
        }
    }

    /// The store has taken a batch of changes; memory and watchers follow.
    pub async fn take(&self, applied: Applied) -> Result<(), Trouble> {
        let now = self.clock.now();
        let mut threads = applied.threads;
        {
            let mut rows = lock(&self.rows);
            for (gone, _) in &applied.merged {
                rows.by_id.remove(gone);
                rows.order.retain(|id| id != gone);
            }
            for row in &applied.conversations {
                threads.insert(row.id.clone());
                rows.keep(row.clone());
            }
        }
        if applied.team || applied.phone_starts {
            self.reload_people().await?;
        }
        {
            let mut inbox = self.inbox_mut();
            if applied.team {
                let paused = self.people().paused();
                inbox.set_paused(paused);
            }
            for (gone, _) in &applied.merged {
                inbox.remove(gone);
            }
            for row in &applied.conversations {
                inbox.upsert(crate::inbox::Head::of(row));
            }
            inbox.advance(now);
        }
        self.inbox_turned.notify_one();
        for client_ref in &applied.came_round {
            self.store
                .unqueue(client_ref, &["waiting", "under_way", "answered", "refused"])
                .await?;
        }
        if !applied.merged.is_empty() {
            self.reload_drafts().await?;
        }
        let heads_changed = !applied.conversations.is_empty();
        let concerned = self.news(&applied.arrived, now);
        if heads_changed || !applied.merged.is_empty() || applied.team {
            self.pulse(Pulse::List);
        }
        if applied.team {
            self.pulse(Pulse::Team);
            self.pulse(Pulse::EveryThread);
        }
        if applied.phone_starts {
            self.pulse(Pulse::PhoneStarts);
        }
        for inbox in applied.templates {
            self.pulse(Pulse::Say(Box::new(UiEvent::TemplatesChanged { inbox })));
        }
        for (gone, into) in applied.merged {
            self.pulse(Pulse::Merged { gone, into });
        }
        if !threads.is_empty() {
            self.pulse(Pulse::Threads(Arc::new(threads)));
        }
        for (conversation, preview) in concerned {
            if let Ok(Some(row)) = self.conversation(&conversation).await {
                self.pulse(Pulse::Say(Box::new(UiEvent::Noticed {
                    conversation,
                    name: row.customer.name,
                    preview,
                })));
            }
        }
        self.outbox_bell.notify_one();
        Ok(())
    }

    /// Live customer messages that this agent should notice, the newest of each conversation.
    fn news(
        &self,
        arrived: &[ajar_protocol::rows::MessageRow],
        now: Time,
    ) -> Vec<(ConversationId, String)> {
        let inbox = self.inbox();
        let mut news: Vec<(ConversationId, String)> = Vec::new();
        for message in arrived {
            let is_news = message.author == Author::Customer
                && message.provenance == Provenance::Live
                && now.saturating_since(message.received_at) < NEWS_FOR
                && inbox.concerns_me(&message.conversation);
            if is_news {
                news.retain(|(conversation, _)| *conversation != message.conversation);
                news.push((message.conversation.clone(), message.content.preview()));
            }
        }
        news
    }

    /// A head in full.
    pub async fn conversation(
        &self,
        id: &ConversationId,
    ) -> Result<Option<ConversationRow>, Trouble> {
        Ok(self
            .conversations(std::slice::from_ref(id))
            .await?
            .into_iter()
            .next())
    }

    /// Heads in full, in the order asked for; those that do not exist are left out.
    pub async fn conversations(
        &self,
        ids: &[ConversationId],
    ) -> Result<Vec<ConversationRow>, Trouble> {
        let missing: Vec<&str> = {
            let rows = lock(&self.rows);
            ids.iter()
                .filter(|id| !rows.by_id.contains_key(*id))
                .map(ConversationId::as_str)
                .collect()
        };
        let mut found: HashMap<ConversationId, ConversationRow> = HashMap::new();
        if !missing.is_empty() {
            for row in self.store.conversations(&missing).await? {
                found.insert(row.id.clone(), row);
            }
        }
        let mut rows = lock(&self.rows);
        let answer = ids
            .iter()
            .filter_map(|id| rows.by_id.get(id).or_else(|| found.get(id)).cloned())
            .collect();
        for (_, row) in found {
            rows.keep(row);
        }
        Ok(answer)
    }

    /// Turns the rows of the list when their time comes, and only then.
    async fn keep_turning(&self) {
        loop {
            let next = self.inbox().next_turn();
            tokio::select! {
                () = self.clock.sleep_until_some(next) => {}
                () = self.inbox_turned.notified() => {}
            }
            let turned = self.inbox_mut().advance(self.clock.now());
            if turned {
                self.pulse(Pulse::List);
            }
        }
    }

    /// The clock was set: what depends on it is looked at again.
    pub fn clock_moved(&self) {
        let turned = self.inbox_mut().advance(self.clock.now());
        self.inbox_turned.notify_one();
        self.outbox_bell.notify_one();
        self.pulse(Pulse::Clock);
        self.pulse(Pulse::EveryThread);
        if turned {
            self.pulse(Pulse::List);
        }
    }

    /// Puts a command to the hub and waits for what it says. Repeats it once if the answer was
    /// lost, which is safe because of its reference.
    pub async fn ask(&self, request: &CommandRequest) -> Result<CommandAnswer, ApiError> {
        if matches!(*self.link.borrow(), LinkState::SignedOut) {
            return Err(ApiError::new(ErrorCode::Unauthorised, "signed out"));
        }
        let answer = match self.hub.command(request).await {
            Err(unanswered) if unanswered.may_have_arrived => self.hub.command(request).await,
            other => other,
        };
        answer.map_err(|unanswered| unanswered.error)
    }

    /// Whether a page of this conversation's past is being fetched.
    pub fn is_loading(&self, conversation: &ConversationId) -> bool {
        lock(&self.loading).contains(conversation)
    }

    /// Fetches a page of the past beside, once at a time per conversation.
    pub fn fetch_page(self: &Arc<Self>, conversation: &ConversationId, older: bool, limit: u32) {
        if !lock(&self.loading).insert(conversation.clone()) {
            return;
        }
        let team = self.clone();
        let conversation = conversation.clone();
        self.spawn(async move {
            if let Err(error) = team.load_page(&conversation, older, limit).await {
                tracing::info!(%conversation, code = ?error.code, "a page could not be fetched");
            }
            lock(&team.loading).remove(&conversation);
            team.pulse(Pulse::Threads(Arc::new(BTreeSet::from([conversation]))));
        });
    }

    async fn load_page(
        &self,
        conversation: &ConversationId,
        older: bool,
        limit: u32,
    ) -> Result<(), ApiError> {
        // A page may be made useless by a snapshot meanwhile; then the next one will do.
        for _ in 0..3 {
            let span = self.store.span(conversation).await.map_err(storage)?;
            let before = match span {
                Some(span) if span.whole => return Ok(()),
                Some(span) if older => Some(span.complete_from),
                Some(_) => return Ok(()),
                None => None,
            };
            let page = self
                .hub
                .messages(conversation, before.as_ref(), limit)
                .await?;
            let used = self
                .store
                .save_page(conversation, before.as_ref(), &page)
                .await
                .map_err(storage)?;
            if used {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A session looks at a conversation, or at none.
    pub fn look(self: &Arc<Self>, session: Watcher, at: Option<(ConversationId, bool)>) {
        {
            let mut presence = lock(&self.presence);
            presence.looking.retain(|(known, _, _)| *known != session);
            if let Some((conversation, typing)) = at {
                presence.looking.push((session, conversation, typing));
            }
        }
        self.tell_presence();
    }

    /// A new link: what was told to the last one is forgotten there.
    pub fn new_device(&self, device: String) {
        let mut presence = lock(&self.presence);
        presence.device = device;
        presence.told = None;
    }

    /// Tells the hub who looks at what, if that changed.
    pub fn tell_presence(self: &Arc<Self>) {
        if !self.is_linked() {
            return;
        }
        let request = {
            let mut presence = lock(&self.presence);
            let looking = presence
                .looking
                .last()
                .map(|(_, conversation, typing)| (conversation.clone(), *typing));
            if presence.told == looking {
                return;
            }
            presence.told.clone_from(&looking);
            let (conversation, typing) = looking.unzip();
            PresenceRequest {
                device: presence.device.clone(),
                conversation,
                typing: typing.unwrap_or_default(),
            }
        };
        let team = self.clone();
        self.spawn(async move {
            // A courtesy: lost, it is told again with the next change or link.
            if team.hub.presence(&request).await.is_err() {
                lock(&team.presence).told = None;
            }
        });
    }
}

/// Under a reference that is random, so that no two desktops and no two starts ever make the same
/// one.
pub(crate) fn request(command: Command) -> CommandRequest {
    CommandRequest {
        client_ref: ClientRef::new(Uuid::new_v4().to_string()),
        command,
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn first_words(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(120).collect()
}
