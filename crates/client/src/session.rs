//! One window or page: its calls go in, what it watches comes out.
//!
//! Views are drawn from the present state whenever something they show has changed, and sent
//! only if they differ from the last one. A slow page is not flooded: while it takes one view,
//! changes add up, and the next view shows them all.
//!
//! ```text
//!   pulses ──┐
//!   wishes ──┼──► what to look at again ──► draw ──► differs? ──► envelope 1, 2, 3 …
//!   time ────┘
//! ```

use std::sync::{Arc, Mutex};

use ajar_domain::{Clock, ConversationId, Time, conversation::Progress, phone_start::PhoneStart};
use ajar_protocol::{
    command::Command,
    error::ApiError,
    rows::{ConversationRow, Position},
    ui::{
        Lane, LinkState, ListQuery, ListRow, ListView, Stage, ThreadView, UiCall, UiEnvelope,
        UiEvent,
    },
};
use serde_json::Value;
use tokio::sync::{Notify, broadcast, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    calls,
    clock::HubTime,
    desk::DeskCore,
    error::storage,
    inbox::{Sketch, Watcher},
    store::Trouble,
    team::{Pulse, Team, lock, request},
    thread::{self, Drawn, OpenThread},
};

/// Envelopes that may wait for a page to take them.
const WAITING: usize = 64;

/// A connection of one interface. Clones are the same session; it ends with the last.
#[derive(Clone)]
pub struct Session(Arc<Handle>);

struct Handle {
    state: Arc<SessionState>,
    _end: DropGuard,
}

pub(crate) struct SessionState {
    pub number: Watcher,
    pub core: Arc<DeskCore>,
    wish: Mutex<Wish>,
    bell: Notify,
}

/// What the interface wants to see, as it changes from outside.
#[derive(Default)]
struct Wish {
    list: Option<ListQuery>,
    /// The list is to be sent even if it is the same.
    list_asked: bool,
    thread: Option<OpenThread>,
    thread_asked: bool,
    /// Grows with every other conversation.
    thread_generation: u64,
    /// A new reader of the events, who gets everything anew.
    reader: Option<mpsc::Sender<UiEnvelope>>,
}

impl Session {
    pub(crate) fn begin(
        core: Arc<DeskCore>,
        number: Watcher,
    ) -> (Self, mpsc::Receiver<UiEnvelope>) {
        let stop = CancellationToken::new();
        let pulses = core.pulses.subscribe();
        let state = Arc::new(SessionState {
            number,
            core,
            wish: Mutex::default(),
            bell: Notify::new(),
        });
        tokio::spawn(run(state.clone(), pulses, stop.clone()));
        let session = Self(Arc::new(Handle {
            state,
            _end: stop.drop_guard(),
        }));
        let events = session.subscribe();
        (session, events)
    }

    /// Carries a call out. The answer has the shape that `protocol::ui` declares for it.
    ///
    /// # Errors
    /// What the call says; the code has words in the interface.
    pub async fn call(&self, call: UiCall) -> Result<Value, ApiError> {
        calls::call(&self.0.state, call).await
    }

    /// Begins the events anew, numbered from 1, with everything that is watched; the reader
    /// before gets no more.
    #[must_use]
    pub fn subscribe(&self) -> mpsc::Receiver<UiEnvelope> {
        let (sender, receiver) = mpsc::channel(WAITING);
        lock(&self.0.state.wish).reader = Some(sender);
        self.0.state.bell.notify_one();
        receiver
    }
}

impl SessionState {
    pub fn watch_list(&self, query: ListQuery) {
        if let Some(team) = self.core.team() {
            team.inbox_mut().watch(self.number, query.clone());
        }
        let mut wish = lock(&self.wish);
        wish.list = Some(query);
        wish.list_asked = true;
        drop(wish);
        self.bell.notify_one();
    }

    pub fn watch_conversation(&self, conversation: Option<ConversationId>) {
        let mut wish = lock(&self.wish);
        let same = wish.thread.as_ref().map(|open| &open.conversation) == conversation.as_ref();
        if !same {
            wish.thread = conversation.map(OpenThread::new);
            wish.thread_generation += 1;
        }
        wish.thread_asked = true;
        drop(wish);
        self.bell.notify_one();
    }

    /// More of the past on the screen; answers how much, if this conversation is open.
    pub fn show_older(&self, conversation: &ConversationId) -> Option<u32> {
        let mut wish = lock(&self.wish);
        let open = wish
            .thread
            .as_mut()
            .filter(|open| open.conversation == *conversation)?;
        open.limit += thread::PAGE;
        Some(open.limit)
    }

    pub fn look_again_at_thread(&self) {
        lock(&self.wish).thread_asked = true;
        self.bell.notify_one();
    }

    fn is_open(&self, conversation: &ConversationId) -> bool {
        lock(&self.wish)
            .thread
            .as_ref()
            .is_some_and(|open| open.conversation == *conversation)
    }

    fn open_thread(&self) -> (u64, Option<OpenThread>) {
        let wish = lock(&self.wish);
        (wish.thread_generation, wish.thread.clone())
    }

    /// Keeps what drawing found out, unless another conversation was opened meanwhile.
    fn keep_thread(&self, generation: u64, mut drawn: OpenThread) {
        let mut wish = lock(&self.wish);
        if wish.thread_generation == generation
            && let Some(open) = &mut wish.thread
        {
            drawn.limit = drawn.limit.max(open.limit);
            *open = drawn;
        }
    }

    fn unmark(&self, conversation: &ConversationId) {
        if let Some(open) = &mut lock(&self.wish).thread
            && open.conversation == *conversation
        {
            open.unmark();
        }
    }
}

/// What to look at again.
#[derive(Default)]
struct Dirty {
    stage: bool,
    link: bool,
    clock: bool,
    team: bool,
    phone_starts: bool,
    viewers: bool,
    preferences: bool,
    list: bool,
    thread: bool,
    say: Vec<UiEvent>,
}

impl Dirty {
    fn everything() -> Self {
        Self {
            stage: true,
            link: true,
            clock: true,
            team: true,
            phone_starts: true,
            viewers: true,
            preferences: true,
            list: true,
            thread: true,
            say: Vec::new(),
        }
    }

    /// Where somebody wants to go: kept until there is a page to go there.
    fn last_wanted(&self) -> Option<UiEvent> {
        self.say
            .iter()
            .rev()
            .find(|event| matches!(event, UiEvent::Open { .. } | UiEvent::StartWith { .. }))
            .cloned()
    }

    fn note(&mut self, pulse: Pulse, state: &SessionState) {
        match pulse {
            Pulse::List => self.list = true,
            Pulse::Threads(changed) => {
                self.thread |= changed.iter().any(|one| state.is_open(one));
            }
            Pulse::EveryThread => self.thread = true,
            Pulse::Draft { conversation, by } => {
                self.thread |= by != state.number && state.is_open(&conversation);
            }
            Pulse::Merged { gone, into } => {
                if state.is_open(&gone) {
                    self.say.push(UiEvent::ThreadGone { conversation: gone });
                    self.say.push(UiEvent::Open { conversation: into });
                }
            }
            Pulse::Stage => {
                let say = std::mem::take(&mut self.say);
                *self = Self {
                    say,
                    ..Self::everything()
                };
            }
            Pulse::Link => {
                self.link = true;
                // Whether something is still being fetched depends on the link.
                self.thread = true;
            }
            Pulse::Clock => self.clock = true,
            Pulse::Team => self.team = true,
            Pulse::PhoneStarts => {
                self.phone_starts = true;
                self.thread = true;
            }
            Pulse::Viewers => self.viewers = true,
            Pulse::Preferences => self.preferences = true,
            Pulse::Say(event) => self.say.push(*event),
        }
    }
}

/// The reader of the events, and what it has.
struct Reader {
    sender: mpsc::Sender<UiEnvelope>,
    seq: u64,
    link: Option<LinkState>,
    list: Option<ListView>,
    thread: Option<ThreadView>,
    /// The open conversation was said to be gone.
    gone: bool,
}

/// The page went away; the session waits for another reader.
struct Gone;

impl Reader {
    fn new(sender: mpsc::Sender<UiEnvelope>) -> Self {
        Self {
            sender,
            seq: 0,
            link: None,
            list: None,
            thread: None,
            gone: false,
        }
    }

    async fn send(&mut self, event: UiEvent) -> Result<(), Gone> {
        self.seq += 1;
        let envelope = UiEnvelope {
            seq: self.seq,
            event,
        };
        self.sender.send(envelope).await.map_err(|_| Gone)
    }
}

async fn run(
    state: Arc<SessionState>,
    mut pulses: broadcast::Receiver<Pulse>,
    stop: CancellationToken,
) {
    let mut reader: Option<Reader> = None;
    let mut dirty = Dirty::default();
    let mut drawing = Drawing::default();
    loop {
        {
            let mut wish = lock(&state.wish);
            if let Some(sender) = wish.reader.take() {
                reader = Some(Reader::new(sender));
                let say = std::mem::take(&mut dirty.say);
                dirty = Dirty::everything();
                dirty.say = state.core.take_unsaid();
                dirty.say.extend(say);
            }
            if std::mem::take(&mut wish.list_asked) {
                dirty.list = true;
                if let Some(reader) = &mut reader {
                    reader.list = None;
                }
            }
            if std::mem::take(&mut wish.thread_asked) {
                dirty.thread = true;
                if let Some(reader) = &mut reader {
                    reader.thread = None;
                    reader.gone = false;
                }
            }
        }
        while let Some(pulse) = missed_or(pulses.try_recv()) {
            match pulse {
                Some(pulse) => dirty.note(pulse, &state),
                None => dirty = Dirty::everything(),
            }
        }
        let wanted = dirty.last_wanted();
        if let Some(current) = &mut reader {
            let flushing = drawing.flush(&state, current, std::mem::take(&mut dirty));
            let flushed = tokio::select! {
                flushed = flushing => flushed,
                () = stop.cancelled() => break,
                () = new_reader(&state) => Err(Gone),
            };
            if flushed.is_err() {
                reader = None;
                dirty.say.extend(wanted);
                if lock(&state.wish).reader.is_some() {
                    continue;
                }
            }
        } else {
            dirty = Dirty::default();
            dirty.say.extend(wanted);
        }
        let turn = drawing.turn.clone();
        tokio::select! {
            () = stop.cancelled() => break,
            () = state.bell.notified() => {}
            pulse = pulses.recv() => match pulse {
                Ok(pulse) => dirty.note(pulse, &state),
                Err(broadcast::error::RecvError::Lagged(_)) => dirty = Dirty::everything(),
                Err(broadcast::error::RecvError::Closed) => break,
            },
            () = sleep_until(turn) => {
                drawing.turn = None;
                dirty.thread = true;
            }
        }
    }
    if let Some(team) = state.core.team() {
        team.inbox_mut().unwatch(state.number);
        team.look(state.number, None);
    }
}

/// Resolves when somebody else wants to read, so that a reader who stopped reading without
/// going away does not hold the session up.
async fn new_reader(state: &SessionState) {
    loop {
        if lock(&state.wish).reader.is_some() {
            return;
        }
        state.bell.notified().await;
    }
}

/// `None` when there are no more; `Some(None)` when some were missed.
fn missed_or(received: Result<Pulse, broadcast::error::TryRecvError>) -> Option<Option<Pulse>> {
    match received {
        Ok(pulse) => Some(Some(pulse)),
        Err(broadcast::error::TryRecvError::Lagged(_)) => Some(None),
        Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
    }
}

async fn sleep_until(turn: Option<(Arc<HubTime>, Time)>) {
    match turn {
        Some((clock, at)) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Draws what is dirty and sends what differs.
#[derive(Default)]
struct Drawing {
    /// When the composer of the open thread turns by itself.
    turn: Option<(Arc<HubTime>, Time)>,
    /// The team whose list is watched, to notice that it is another one.
    team: Option<Arc<Team>>,
}

impl Drawing {
    async fn flush(
        &mut self,
        state: &Arc<SessionState>,
        reader: &mut Reader,
        dirty: Dirty,
    ) -> Result<(), Gone> {
        if dirty.stage {
            let stage: Stage = state.core.stage.borrow().clone();
            reader.send(UiEvent::Stage { stage }).await?;
        }
        if dirty.preferences {
            let preferences = state.core.preferences();
            reader.send(UiEvent::Preferences { preferences }).await?;
        }
        let team = state.core.team();
        self.notice_team(state, team.as_ref());
        if let Some(team) = &team {
            self.flush_team(team, reader, &dirty).await?;
        }
        for event in dirty.say {
            reader.send(event).await?;
        }
        let Some(team) = team else {
            return Ok(());
        };
        let drawn = match self
            .draw(state, &team, reader, dirty.list, dirty.thread)
            .await
        {
            Ok(drawn) => drawn,
            Err(trouble) => {
                if matches!(trouble, Trouble::Corrupt { .. }) {
                    team.heal.notify_one();
                }
                storage(trouble);
                Vec::new()
            }
        };
        for event in drawn {
            reader.send(event).await?;
        }
        Ok(())
    }

    /// Joined, left or joined another: the list is watched where it is now.
    fn notice_team(&mut self, state: &SessionState, team: Option<&Arc<Team>>) {
        let same = match (&self.team, team) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        self.turn = None;
        self.team = team.cloned();
        let query = lock(&state.wish).list.clone();
        if let (Some(team), Some(query)) = (team, query) {
            team.inbox_mut().watch(state.number, query);
        }
    }

    async fn flush_team(
        &self,
        team: &Arc<Team>,
        reader: &mut Reader,
        dirty: &Dirty,
    ) -> Result<(), Gone> {
        if dirty.clock {
            let clock = team.clock.as_told();
            reader.send(UiEvent::Clock { clock }).await?;
        }
        if dirty.link {
            let link = team.link.borrow().clone();
            if reader.link.as_ref() != Some(&link) {
                reader.link = Some(link.clone());
                reader.send(UiEvent::Link { state: link }).await?;
            }
        }
        if dirty.team {
            let event = {
                let people = team.people();
                UiEvent::Team {
                    inboxes: people.inboxes.clone(),
                    agents: people.agents.clone(),
                }
            };
            reader.send(event).await?;
        }
        if dirty.phone_starts {
            let mut starts = team.people().phone_starts.clone();
            starts.retain(|start| matches!(start.state, PhoneStart::Waiting { .. }));
            reader.send(UiEvent::PhoneStarts { starts }).await?;
        }
        if dirty.viewers {
            let viewers = team.viewers();
            reader.send(UiEvent::Viewers { viewers }).await?;
        }
        Ok(())
    }

    async fn draw(
        &mut self,
        state: &Arc<SessionState>,
        team: &Arc<Team>,
        reader: &mut Reader,
        list: bool,
        thread: bool,
    ) -> Result<Vec<UiEvent>, Trouble> {
        let mut events = Vec::new();
        if thread {
            events.extend(self.draw_thread(state, team, reader).await?);
        }
        if list
            && let Some(view) = draw_list(state, team).await?
            && reader.list.as_ref() != Some(&view)
        {
            reader.list = Some(view.clone());
            events.push(UiEvent::List { view });
        }
        Ok(events)
    }

    async fn draw_thread(
        &mut self,
        state: &Arc<SessionState>,
        team: &Arc<Team>,
        reader: &mut Reader,
    ) -> Result<Option<UiEvent>, Trouble> {
        let (generation, open) = state.open_thread();
        let Some(mut open) = open else {
            self.turn = None;
            reader.thread = None;
            return Ok(None);
        };
        let Some(Drawn { view, turns_at }) = thread::draw(team, &mut open).await? else {
            self.turn = None;
            reader.thread = None;
            // Before the first snapshot nothing is known to be missing.
            let known = team.store.cursor().await?.is_some();
            if !known || std::mem::replace(&mut reader.gone, true) {
                return Ok(None);
            }
            return Ok(Some(UiEvent::ThreadGone {
                conversation: open.conversation,
            }));
        };
        self.turn = turns_at.map(|at| (team.clock.clone(), at));
        if team.is_linked()
            && let Some(upto) = open.take_unmarked(&view)
        {
            mark_seen(state, team, open.conversation.clone(), upto);
        }
        state.keep_thread(generation, open);
        if reader.thread.as_ref() == Some(&view) {
            return Ok(None);
        }
        reader.thread = Some(view.clone());
        Ok(Some(UiEvent::Thread {
            view: Box::new(view),
        }))
    }
}

/// Tells the hub that the team has seen a conversation. Tried again with the next view if it
/// does not get through.
fn mark_seen(
    state: &Arc<SessionState>,
    team: &Arc<Team>,
    conversation: ConversationId,
    upto: Position,
) {
    let asking = team.clone();
    let state = state.clone();
    team.spawn(async move {
        let seen = Command::MarkSeen {
            conversation: conversation.clone(),
            upto,
        };
        if let Err(error) = asking.ask(&request(seen)).await {
            tracing::info!(%conversation, code = ?error.code, "seen was not marked");
            state.unmark(&conversation);
        }
    });
}

async fn draw_list(state: &SessionState, team: &Arc<Team>) -> Result<Option<ListView>, Trouble> {
    let Some(part) = team.inbox().part(state.number) else {
        return Ok(None);
    };
    let ids: Vec<ConversationId> = part.rows.iter().map(|row| row.id.clone()).collect();
    let heads = team.conversations(&ids).await?;
    let now = team.clock.now();
    let mut heads = heads.into_iter().peekable();
    let rows = part
        .rows
        .into_iter()
        .filter_map(|sketch| {
            // Both are in one order; a head may be gone meanwhile.
            let head = heads.next_if(|head| head.id == sketch.id)?;
            Some(list_row(team, sketch, head, now))
        })
        .collect();
    Ok(Some(ListView {
        query: part.query,
        total: part.total,
        from: part.from,
        rows,
        lanes: part.lanes,
        counts: part.counts,
        next: part.next,
        horizon: part.horizon,
    }))
}

fn list_row(team: &Team, sketch: Sketch, head: ConversationRow, now: Time) -> ListRow {
    ListRow {
        draft: team.draft_mark(&head.id),
        inbox: head.inbox,
        name: head.customer.name,
        named: head.customer.named,
        number_shown: head.customer.number_shown,
        last: head.last,
        activity_at: head.activity_at,
        unread: head.unread,
        assignee: head.assignee,
        clock: sketch.face,
        waiting_since: head.waiting_since,
        resolved: matches!(head.progress, Progress::Resolved { .. }),
        snoozed_until: match head.progress {
            Progress::Snoozed { until, .. } if until > now => Some(until),
            _ => None,
        },
        parked: head.parked,
        lane: (sketch.lane != Lane::NotOpen).then_some(sketch.lane),
        id: head.id,
    }
}
