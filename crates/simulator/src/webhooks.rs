//! The sender of webhooks: a queue, a signature, retries of falling frequency.
//!
//! ```text
//!   put ──► waiting ──► in flight ──► delivered (200)
//!              ▲            │
//!              │            ├── anything else ──► wait ──► in flight again
//!              │            └── the schedule is exhausted ──► lost
//!           (held: nothing leaves until released)
//! ```
//!
//! In order, one POST is in flight at a time and a refused one holds up the rest; concurrently,
//! several are, and whichever the receiver takes first is first. The sender knows no world: it
//! carries bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::core::Core;
use crate::payload::{self, Update};
use crate::settings::RetrySchedule;
use crate::world::LOG_LENGTH;

/// The header with the signature of the body.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// `sha256=` and the HMAC of exactly these bytes under the app secret, in hex.
#[must_use]
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    let mut mac = match Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) {
        Ok(mac) => mac,
        Err(impossible) => unreachable!("HMAC takes keys of every length: {impossible}"),
    };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// In which order held webhooks leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOrder {
    Kept,
    Reversed,
    Shuffled,
}

/// What became of one webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Waiting,
    Delivered,
    Lost,
}

/// One webhook, for looking at.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookRecord {
    pub id: u64,
    /// The field of its only update, or `raw`.
    pub field: String,
    pub attempts: u32,
    /// What the receiver last answered; none if there was no answer.
    pub last_answer: Option<u16>,
    pub state: WebhookState,
    /// The value of the update, or the whole body of a raw one if that is JSON.
    #[schema(value_type = Object)]
    pub value: Value,
}

#[derive(Clone)]
enum Content {
    Update(Update),
    Whole(Bytes),
}

struct Job {
    id: u64,
    content: Content,
}

/// What is on its way out.
#[derive(Default)]
pub(crate) struct Outbound {
    pub url: Option<Url>,
    pub held: bool,
    pub corrupt_signatures: u32,
    pub duplicate_next: u32,
    waiting: VecDeque<Job>,
    in_flight: usize,
    next_id: u64,
    log: VecDeque<WebhookRecord>,
}

impl Outbound {
    pub fn put(&mut self, update: &Update, duplicate_chance: f64, rng: &mut StdRng) {
        let by_chance = duplicate_chance > 0.0 && rng.random_bool(duplicate_chance.min(1.0));
        let by_order = self.duplicate_next > 0;
        self.duplicate_next = self.duplicate_next.saturating_sub(1);
        let times = if by_chance || by_order { 2 } else { 1 };
        for _ in 0..times {
            self.enqueue(Content::Update(update.clone()));
        }
    }

    /// Exactly these bytes, signed as they are.
    pub fn put_whole(&mut self, body: Bytes) -> u64 {
        self.enqueue(Content::Whole(body))
    }

    fn enqueue(&mut self, content: Content) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let (field, value) = match &content {
            Content::Update(update) => (update.field.clone(), update.value.clone()),
            Content::Whole(body) => (
                "raw".to_owned(),
                serde_json::from_slice(body).unwrap_or(Value::Null),
            ),
        };
        if self.log.len() == LOG_LENGTH {
            self.log.pop_front();
        }
        self.log.push_back(WebhookRecord {
            id,
            field,
            attempts: 0,
            last_answer: None,
            state: WebhookState::Waiting,
            value,
        });
        self.waiting.push_back(Job { id, content });
        id
    }

    /// Whether everything that can leave has left and was taken.
    pub fn is_quiet(&self) -> bool {
        let stuck = self.held || self.url.is_none();
        self.in_flight == 0 && (stuck || self.waiting.is_empty())
    }

    pub fn pending(&self) -> usize {
        self.in_flight + self.waiting.len()
    }

    pub fn log(&self) -> impl Iterator<Item = &WebhookRecord> {
        self.log.iter()
    }

    pub fn release(&mut self, order: ReleaseOrder, rng: &mut StdRng) {
        self.held = false;
        let waiting = self.waiting.make_contiguous();
        match order {
            ReleaseOrder::Kept => {}
            ReleaseOrder::Reversed => waiting.reverse(),
            ReleaseOrder::Shuffled => waiting.shuffle(rng),
        }
    }

    /// Forgets what has not left yet.
    pub fn drop_waiting(&mut self) -> usize {
        let dropped: Vec<_> = self.waiting.drain(..).collect();
        for job in &dropped {
            self.note(&[job.id], |record| record.state = WebhookState::Lost);
        }
        dropped.len()
    }

    fn take(&mut self, batch: usize, shuffle_among: usize, rng: &mut StdRng) -> Vec<Job> {
        if self.held || self.url.is_none() {
            return Vec::new();
        }
        if shuffle_among > 1 {
            let among = shuffle_among.min(self.waiting.len());
            self.waiting.make_contiguous()[..among].shuffle(rng);
        }
        let mut jobs: Vec<Job> = Vec::new();
        while let Some(job) = self.waiting.front() {
            let alone = matches!(job.content, Content::Whole(_));
            if !jobs.is_empty() && (alone || jobs.len() >= batch.max(1)) {
                break;
            }
            jobs.extend(self.waiting.pop_front());
            if alone {
                break;
            }
        }
        self.in_flight += jobs.len();
        jobs
    }

    fn note(&mut self, ids: &[u64], note: impl Fn(&mut WebhookRecord)) {
        // Ids grow by one from the first record on, so a record is found by counting.
        let Some(first) = self.log.front().map(|record| record.id) else {
            return;
        };
        for id in ids {
            let index = id.checked_sub(first).and_then(|i| usize::try_from(i).ok());
            if let Some(record) = index.and_then(|index| self.log.get_mut(index)) {
                note(record);
            }
        }
    }
}

fn body_of(jobs: &[Job]) -> Bytes {
    if let [
        Job {
            content: Content::Whole(body),
            ..
        },
    ] = jobs
    {
        return body.clone();
    }
    let updates: Vec<Update> = jobs
        .iter()
        .filter_map(|job| match &job.content {
            Content::Update(update) => Some(update.clone()),
            Content::Whole(_) => None,
        })
        .collect();
    payload::to_bytes(&payload::envelope(&updates)).into()
}

/// Delivers until it is cancelled.
pub(crate) async fn run(core: Arc<Core>, cancelled: CancellationToken) {
    let mut flights = JoinSet::new();
    loop {
        let new_work = core.wake_sender.notified();
        tokio::pin!(new_work);
        new_work.as_mut().enable();
        loop {
            let jobs = {
                let mut world = core.world();
                let room = world.settings.delivery.connections() > flights.len();
                let (batch, among) = (world.settings.batch, world.settings.shuffle_among);
                let world = &mut *world;
                match room {
                    true => world.outbound.take(batch, among, &mut world.rng),
                    false => Vec::new(),
                }
            };
            if jobs.is_empty() {
                break;
            }
            flights.spawn(deliver(Arc::clone(&core), jobs, cancelled.clone()));
        }
        tokio::select! {
            () = cancelled.cancelled() => return,
            () = &mut new_work => {}
            Some(_) = flights.join_next() => {}
        }
    }
}

async fn deliver(core: Arc<Core>, jobs: Vec<Job>, cancelled: CancellationToken) {
    let ids: Vec<u64> = jobs.iter().map(|job| job.id).collect();
    let body = body_of(&jobs);
    let mut attempts = 0;
    let state = loop {
        attempts += 1;
        let answer = attempt(&core, body.clone()).await;
        core.world().outbound.note(&ids, |record| {
            record.attempts = attempts;
            record.last_answer = answer;
        });
        if answer == Some(200) {
            break WebhookState::Delivered;
        }
        let retries: RetrySchedule = core.world().settings.retries;
        let Some(wait) = retries.wait_after(attempts) else {
            break WebhookState::Lost;
        };
        tracing::debug!(
            attempts,
            ?answer,
            "a webhook was not taken; it will be tried again"
        );
        core.announce();
        tokio::select! {
            () = cancelled.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            () = core.retry_now.notified() => {}
        }
    };
    let mut world = core.world();
    world.outbound.note(&ids, |record| record.state = state);
    world.outbound.in_flight -= ids.len();
    drop(world);
    core.announce();
}

/// One POST; the status it was answered with, if it was.
async fn attempt(core: &Core, body: Bytes) -> Option<u16> {
    let (url, signature, timeout) = {
        let mut world = core.world();
        let mut signature = sign(&world.account.app_secret, &body);
        if world.outbound.corrupt_signatures > 0 {
            world.outbound.corrupt_signatures -= 1;
            signature = sign("not the app secret", &body);
        }
        let url = world
            .account
            .override_url
            .as_deref()
            .and_then(|url| url.parse().ok())
            .or_else(|| world.outbound.url.clone())?;
        let timeout = Duration::from_millis(world.settings.webhook_timeout_ms);
        (url, signature, timeout)
    };
    let answer = core
        .http
        .post(url)
        .timeout(timeout)
        .header("content-type", "application/json")
        .header("user-agent", "facebookexternalua")
        .header(SIGNATURE_HEADER, signature)
        .body(body)
        .send()
        .await
        .ok()?;
    Some(answer.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_hmac_of_the_bytes() {
        // Checked against `openssl dgst -sha256 -hmac`.
        assert_eq!(
            sign("secret", b"{\"a\":1}"),
            "sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"
        );
    }
}
