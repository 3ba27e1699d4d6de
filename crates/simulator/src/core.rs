//! What every part of the simulator shares: the books, the clock, and who must be woken when they
//! change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ajar_domain::time::{Clock as _, Time};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::SimClock;
use crate::world::World;

/// What every part of the simulator shares.
pub(crate) struct Core {
    pub clock: SimClock,
    pub http: reqwest::Client,
    /// Something new may be due.
    pub wake_schedule: Notify,
    /// Something new may have to be delivered.
    pub wake_sender: Notify,
    /// Webhooks that wait for their next attempt need not wait.
    pub retry_now: Notify,
    progress: watch::Sender<u64>,
    world: Mutex<World>,
    base_url: Mutex<Option<Url>>,
}

impl Core {
    pub fn new(clock: SimClock, world: World) -> Self {
        Self {
            clock,
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(Duration::from_secs(5))
                .build()
                .unwrap_or_default(),
            wake_schedule: Notify::new(),
            wake_sender: Notify::new(),
            retry_now: Notify::new(),
            progress: watch::Sender::new(0),
            world: Mutex::new(world),
            base_url: Mutex::new(None),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody who waits for something to look again.
    pub fn announce(&self) {
        self.progress.send_modify(|n| *n += 1);
    }

    /// Changes the books, lets happen what is due by now, and wakes those who work on the rest.
    pub fn change<T>(&self, change: impl FnOnce(&mut World, Time) -> T) -> T {
        let now = self.clock.now();
        let mut world = self.world();
        let result = change(&mut world, now);
        world.run_due(now);
        drop(world);
        self.wake_schedule.notify_one();
        self.wake_sender.notify_one();
        self.announce();
        result
    }

    /// Resolves when `look` finds something, looking again after every change.
    pub async fn wait_for<T>(&self, mut look: impl FnMut(&mut World, Time) -> Option<T>) -> T {
        let mut progress = self.progress.subscribe();
        loop {
            progress.borrow_and_update();
            if let Some(found) = look(&mut self.world(), self.clock.now()) {
                return found;
            }
            // The sender lives in `self`, so this cannot fail while we are called.
            if progress.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    pub fn set_base_url(&self, url: Url) {
        *self.base_url.lock().unwrap_or_else(PoisonError::into_inner) = Some(url);
    }

    /// Where this platform can be reached, as far as it knows.
    pub fn base_url(&self) -> Option<Url> {
        self.base_url
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The whole address of a path of ours.
    pub fn absolute(&self, path_and_query: &str) -> String {
        self.base_url()
            .and_then(|base| base.join(path_and_query).ok())
            .map_or_else(|| path_and_query.to_owned(), String::from)
    }
}

/// Makes happen what the clock brings.
pub(crate) async fn run_schedule(core: Arc<Core>, cancelled: CancellationToken) {
    loop {
        let new_work = core.wake_schedule.notified();
        let now = core.clock.now();
        let (any, next) = {
            let mut world = core.world();
            (world.run_due(now), world.schedule.first())
        };
        if any {
            core.wake_sender.notify_one();
            core.announce();
        }
        tokio::select! {
            () = cancelled.cancelled() => return,
            () = new_work => {}
            () = core.clock.wait_until(next.unwrap_or(Time::FAR_FUTURE)) => {}
        }
    }
}
