//! The handle that drives the simulated platform from Rust.
//!
//! Everything that `/sim/…` offers over HTTP is a method here, and nothing more is: the controls
//! call these methods. Calls return as soon as the platform's books are changed; what follows from
//! it (webhooks, statuses) has happened when [`Sim::settled`] resolves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ajar_domain::time::{Clock as _, Time};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::account::AccountState;
use crate::clock::SimClock;
use crate::customer::Customer;
use crate::error::{Result, SimError};
use crate::faults::Fault;
use crate::graph::GraphError;
use crate::history::{OldMessage, PreparedHistory};
use crate::ids::{self, Wamid};
use crate::payload::{self, Update};
use crate::phone::Phone;
use crate::settings::Settings;
use crate::statuses::Status;
use crate::templates::Template;
use crate::webhooks::{ReleaseOrder, WebhookRecord};
use crate::world::{Direction, GraphRequest, MessageRecord, Number, PersonId, World};

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

/// Drives the simulated platform. Cheap to clone; the platform ends with its last handle.
#[derive(Clone)]
pub struct Sim {
    pub(crate) core: Arc<Core>,
    /// The router's own handle holds none, or the platform would keep itself alive.
    pub(crate) _alive: Option<Arc<DropGuard>>,
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim")
            .field("clock", &self.core.clock)
            .finish_non_exhaustive()
    }
}

/// # The platform itself
impl Sim {
    /// The clock that everything here goes by.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        self.core.clock.clone()
    }

    /// Moves the clock forward and lets happen what falls due, in one step.
    pub fn advance(&self, by: Duration) {
        self.core.clock.advance(by);
        self.core.change(|_, _| ());
    }

    /// Where the Graph API answers, without the version: what a hub takes for
    /// `https://graph.facebook.com`. `None` before it listens.
    #[must_use]
    pub fn graph_url(&self) -> Option<Url> {
        self.core.base_url()
    }

    /// Tells the platform under which address the world reaches it; addresses of media begin so.
    pub fn set_base_url(&self, url: Url) {
        self.core.set_base_url(url);
    }

    #[must_use]
    pub fn settings(&self) -> Settings {
        self.core.world().settings.clone()
    }

    /// Changes settings; what is already planned stays planned.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        self.core.change(|world, _| change(&mut world.settings));
    }

    #[must_use]
    pub fn numbers(&self) -> Vec<Number> {
        self.core.world().numbers.clone()
    }

    /// The id of the first number.
    #[must_use]
    pub fn phone_number_id(&self) -> String {
        let world = self.core.world();
        world
            .numbers
            .first()
            .map(|number| number.phone_number_id.clone())
            .unwrap_or_default()
    }

    #[must_use]
    pub fn waba_id(&self) -> String {
        self.core.world().account.waba_id.clone()
    }

    #[must_use]
    pub fn access_token(&self) -> String {
        self.core.world().account.access_token.clone()
    }

    #[must_use]
    pub fn app_secret(&self) -> String {
        self.core.world().account.app_secret.clone()
    }

    /// Lets the token run out, or renews it.
    pub fn expire_token(&self, expired: bool) {
        self.core
            .change(|world, _| world.account.token_expired = expired);
    }

    /// Resolves when no webhook waits or is under way and nothing more is due at the present
    /// moment of the clock. Webhooks that cannot leave (held, or no address set) do not count.
    pub async fn settled(&self) {
        self.core.change(|_, _| ());
        self.core
            .wait_for(|world, now| {
                let due = world.schedule.first().is_some_and(|at| at <= now);
                (!due && world.outbound.is_quiet()).then_some(())
            })
            .await;
    }
}

/// # People
impl Sim {
    /// The customer with this number, who comes into being if nobody has it yet.
    #[must_use]
    pub fn customer(&self, name: &str, number: &str) -> Customer {
        let id = self
            .core
            .change(|world, _| world.person_with_number(Some(name), number));
        Customer::new(self, id)
    }

    /// A customer who has adopted a username: their number appears in no webhook.
    #[must_use]
    pub fn customer_with_username(&self, name: &str, username: &str) -> Customer {
        let id = self.core.change(|world, _| {
            let known = world
                .people
                .values()
                .find(|person| person.username.as_deref() == Some(username))
                .map(|person| person.id);
            known.unwrap_or_else(|| {
                world.add_person(name.to_owned(), None, Some(username.to_owned()))
            })
        });
        Customer::new(self, id)
    }

    /// Somebody known already, by number, user id, username, or our own id of them.
    pub fn find_customer(&self, who: &str) -> Result<Customer> {
        let id = self.core.world().find_person(who)?;
        Ok(Customer::new(self, id))
    }

    #[must_use]
    pub fn customers(&self) -> Vec<Customer> {
        let ids: Vec<PersonId> = self.core.world().people.keys().copied().collect();
        ids.into_iter().map(|id| Customer::new(self, id)).collect()
    }

    /// A number that WhatsApp does not know: sends to it end with 131026.
    pub fn not_on_whatsapp(&self, number: &str) {
        self.core.change(|world, _| {
            let digits = ids::digits_of(number);
            if let Some(id) = world.by_number(&digits)
                && let Ok(person) = world.person_mut(id)
            {
                person.on_whatsapp = false;
            }
            world.not_on_whatsapp.insert(digits);
        });
    }

    /// The phone with the WhatsApp Business app of the first number.
    #[must_use]
    pub fn phone(&self) -> Phone {
        Phone::new(self, self.phone_number_id())
    }

    /// The phone of another number of the account.
    pub fn phone_of(&self, phone_number_id: &str) -> Result<Phone> {
        self.core.world().number(phone_number_id)?;
        Ok(Phone::new(self, phone_number_id.to_owned()))
    }
}

/// # What became of messages
impl Sim {
    pub fn message(&self, id: impl Into<Wamid>) -> Result<MessageRecord> {
        self.core.world().message(&id.into()).cloned()
    }

    /// Everything that was said, in the order in which it came into being.
    #[must_use]
    pub fn messages(&self) -> Vec<MessageRecord> {
        let world = self.core.world();
        world
            .message_order
            .iter()
            .filter_map(|id| world.messages.get(id).cloned())
            .collect()
    }

    /// What came through the API, in order: the sends that the platform accepted.
    #[must_use]
    pub fn sends(&self) -> Vec<MessageRecord> {
        let mut all = self.messages();
        all.retain(|message| message.direction == Direction::FromApi);
        all
    }

    /// Tells a status by hand, whatever was told before: twice, in the wrong order, too late.
    pub fn status(&self, id: impl Into<Wamid>, status: Status) -> Result<()> {
        let id = id.into();
        self.core
            .change(|world, now| world.tell_status(&id, status, now))
    }

    /// Tells that a message failed with Meta's error of this code.
    pub fn fail(&self, id: impl Into<Wamid>, code: u32) -> Result<()> {
        let id = id.into();
        self.core
            .change(|world, now| world.tell_failure(&id, &GraphError::of(code), now))
    }

    /// Whether the platform would let a free-form message to this customer pass now.
    #[must_use]
    pub fn window_is_open(&self, customer: &Customer) -> bool {
        let now = self.core.clock.now();
        self.core
            .world()
            .window_is_open(customer.phone_number_id(), customer.id(), now)
    }

    /// What was asked of the Graph API, newest last.
    #[must_use]
    pub fn requests(&self) -> Vec<GraphRequest> {
        self.core.world().requests.iter().cloned().collect()
    }

    /// What was said in webhooks, newest last.
    #[must_use]
    pub fn webhooks(&self) -> Vec<WebhookRecord> {
        self.core.world().outbound.log().cloned().collect()
    }

    /// Resolves when `enough` is satisfied with the sends that were accepted so far.
    pub async fn wait_for_sends(
        &self,
        mut enough: impl FnMut(&[MessageRecord]) -> bool,
    ) -> Vec<MessageRecord> {
        self.core
            .wait_for(|world, _| {
                let sends: Vec<_> = world
                    .message_order
                    .iter()
                    .filter_map(|id| world.messages.get(id))
                    .filter(|message| message.direction == Direction::FromApi)
                    .cloned()
                    .collect();
                enough(&sends).then_some(sends)
            })
            .await
    }
}

/// # What goes wrong
impl Sim {
    /// The next `times` sends meet this fault.
    pub fn fail_sends(&self, times: u32, fault: Fault) {
        self.core
            .change(move |world, _| world.faults.push(times, &fault));
    }

    pub fn clear_faults(&self) {
        self.core.change(|world, _| world.faults.clear());
    }

    /// What Meta thinks of the account; tells it in an `account_update` where Meta would.
    pub fn set_account(&self, state: AccountState) {
        self.core.change(|world, now| {
            world.account.state = state;
            let event = match state {
                AccountState::Offboarded => Some(json!({ "event": "ACCOUNT_OFFBOARDED" })),
                AccountState::Connected => Some(json!({ "event": "ACCOUNT_RECONNECTED" })),
                AccountState::PartnerRemoved => Some(json!({
                    "event": "PARTNER_REMOVED",
                    "waba_info": {
                        "waba_id": world.account.waba_id,
                        "owner_business_id": world.account.business_id,
                    },
                    "disconnection_info": {
                        "reason": "PRIMARY_INACTIVITY",
                        "initiated_by": "SYSTEM",
                    },
                })),
                AccountState::Restricted => Some(json!({
                    "event": "ACCOUNT_RESTRICTION",
                    "restriction_info": [{
                        "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING",
                        "expiration": now.secs() + 7 * 24 * 60 * 60,
                    }],
                })),
                AccountState::Locked | AccountState::Unpaid | AccountState::Maintenance => None,
            };
            let entry = match state {
                AccountState::PartnerRemoved => world.account.partner_id.clone(),
                _ => world.account.waba_id.clone(),
            };
            if let Some(value) = event {
                world.post_account_field(entry, "account_update", value, now);
            }
        });
    }

    /// The next webhooks travel twice.
    pub fn duplicate_webhooks(&self, how_many: u32) {
        self.core
            .change(|world, _| world.outbound.duplicate_next += how_many);
    }

    /// The next attempts carry a wrong signature; the ones after that a right one.
    pub fn corrupt_signatures(&self, how_many: u32) {
        self.core
            .change(|world, _| world.outbound.corrupt_signatures += how_many);
    }

    /// From now on no webhook leaves, until [`Sim::release_webhooks`].
    pub fn hold_webhooks(&self) {
        self.core.change(|world, _| world.outbound.held = true);
    }

    /// Lets the held webhooks leave.
    pub fn release_webhooks(&self, order: ReleaseOrder) {
        self.core.change(|world, _| {
            let World { outbound, rng, .. } = world;
            outbound.release(order, rng);
        });
    }

    /// Loses the webhooks that have not left yet, as after Meta's seven days. Says how many.
    pub fn lose_webhooks(&self) -> usize {
        self.core.change(|world, _| world.outbound.drop_waiting())
    }

    /// Webhooks that wait for their next attempt try again at once.
    pub fn retry_webhooks_now(&self) {
        self.core.retry_now.notify_waiters();
    }
}

/// # Webhooks
impl Sim {
    /// Where webhooks go from now on. What waited for an address leaves.
    pub fn set_webhook_url(&self, url: Url) {
        self.core.change(|world, _| world.outbound.url = Some(url));
        self.retry_webhooks_now();
    }

    /// What Meta does when an address is entered: asks it to answer the challenge.
    pub async fn verify_webhook(&self) -> Result<()> {
        let (url, verify_token) = {
            let world = self.core.world();
            let url = world.outbound.url.clone().ok_or(SimError::NoWebhookUrl)?;
            (url, world.account.verify_token.clone())
        };
        self.verify(url, &verify_token).await
    }

    pub(crate) async fn verify(&self, url: Url, verify_token: &str) -> Result<()> {
        let challenge = ids::digits(&mut self.core.world().rng, 10);
        let request = self.core.http.get(url).timeout(Duration::from_secs(10));
        let answer = request
            .query(&[
                ("hub.mode", "subscribe"),
                ("hub.challenge", &challenge),
                ("hub.verify_token", verify_token),
            ])
            .send()
            .await
            .map_err(|error| SimError::NotVerified(error.without_url().to_string()))?;
        let status = answer.status();
        let body = answer.text().await.unwrap_or_default();
        if status != reqwest::StatusCode::OK || body != challenge {
            let why = format!("it answered {status} with another body than the challenge");
            return Err(SimError::NotVerified(why));
        }
        Ok(())
    }

    /// Any change of any field, in the usual envelope. Message-like values get `metadata` of the
    /// first number unless they bring their own.
    pub fn webhook(&self, field: &str, mut value: Value) {
        const ACCOUNT_LIKE: [&str; 12] = [
            "account_update",
            "account_alerts",
            "account_review_update",
            "business_capability_update",
            "message_template_status_update",
            "message_template_quality_update",
            "message_template_components_update",
            "template_category_update",
            "phone_number_quality_update",
            "phone_number_name_update",
            "security",
            "messaging_handovers",
        ];
        self.core.change(|world, now| {
            let account_like = ACCOUNT_LIKE.contains(&field);
            if !account_like
                && value.get("metadata").is_none()
                && let (Some(number), Some(object)) = (world.numbers.first(), value.as_object_mut())
                && let Value::Object(frame) = payload::value(number)
            {
                object.extend(frame);
            }
            world.post(Update {
                entry_id: world.account.waba_id.clone(),
                time: account_like.then(|| now.secs()),
                field: field.to_owned(),
                value,
            });
        });
    }

    /// Exactly this JSON as the whole body, escaped and signed as Meta does.
    pub fn raw_webhook(&self, body: &Value) -> u64 {
        self.raw_webhook_bytes(payload::to_bytes(body))
    }

    /// Exactly these bytes, which need not even be JSON, with a right signature.
    pub fn raw_webhook_bytes(&self, body: impl Into<Bytes>) -> u64 {
        self.core
            .change(|world, _| world.outbound.put_whole(body.into()))
    }
}

/// # Templates, history, address book
impl Sim {
    /// Adds a template as Meta would list it; `name` and `components` are enough. One with the
    /// same name and language is replaced.
    pub fn add_template(&self, listed: Value) -> Result<()> {
        let Value::Object(listed) = listed else {
            return Err(SimError::Malformed(
                "a template is a JSON object".to_owned(),
            ));
        };
        if listed.get("name").and_then(Value::as_str).is_none() {
            return Err(SimError::Malformed("a template needs a name".to_owned()));
        }
        self.core.change(|world, _| {
            world.put_template(listed);
        });
        Ok(())
    }

    /// Adds the built-in templates of the workshop "Quill & Spoke".
    pub fn add_built_in_templates(&self) {
        self.core.change(|world, _| {
            for listed in crate::library::templates() {
                world.put_template(listed);
            }
        });
    }

    /// Everything as listed.
    #[must_use]
    pub fn templates(&self) -> Vec<Value> {
        let world = self.core.world();
        let listed = world.templates.iter().map(|t| t.listed.clone());
        listed.map(Value::Object).collect()
    }

    /// Changes a template's status and tells it as Meta does.
    pub fn set_template_status(&self, name: &str, language: &str, status: &str) -> Result<()> {
        self.core.change(|world, now| {
            let template = world
                .templates
                .iter_mut()
                .find(|template| template.name() == name && template.language() == language)
                .ok_or_else(|| SimError::UnknownTemplate {
                    name: name.to_owned(),
                    language: language.to_owned(),
                })?;
            template.listed.insert("status".to_owned(), json!(status));
            let mut value = json!({
                "event": status,
                "message_template_id": template.text("id").parse::<u64>().unwrap_or(0),
                "message_template_name": name,
                "message_template_language": language,
                "reason": "NONE",
                "message_template_category": template.category(),
            });
            match status {
                "PAUSED" => {
                    value["other_info"] = json!({
                        "title": "FIRST_PAUSE",
                        "description": "The template was paused because of negative feedback.",
                    });
                }
                "REJECTED" => {
                    value["reason"] = json!("INVALID_FORMAT");
                    template
                        .listed
                        .insert("rejected_reason".to_owned(), json!("INVALID_FORMAT"));
                }
                "DISABLED" => value["disable_info"] = json!({ "disable_date": now.secs() }),
                _ => {}
            }
            let waba_id = world.account.waba_id.clone();
            world.post_account_field(waba_id, "message_template_status_update", value, now);
            Ok(())
        })
    }

    /// What is handed over when the business asks for the history of its phone.
    pub fn prepare_history(&self, threads: Vec<(Customer, Vec<OldMessage>)>) {
        let threads = threads
            .into_iter()
            .map(|(customer, messages)| (customer.id(), messages))
            .collect();
        self.core
            .change(|world, _| world.history = Some(PreparedHistory::Threads(threads)));
    }

    /// The owner refused to share the history.
    pub fn decline_history(&self) {
        self.core
            .change(|world, _| world.history = Some(PreparedHistory::Declined));
    }

    /// Onboards the number anew, as of now: synchronisation may be asked for once more.
    pub fn onboard_again(&self) {
        self.core.change(|world, now| {
            for number in &mut world.numbers {
                number.onboarded_at = now;
                number.contacts_synced = false;
                number.history_synced = false;
            }
        });
    }
}

impl World {
    pub(crate) fn put_template(&mut self, listed: Map<String, Value>) {
        let World { templates, rng, .. } = self;
        let template = Template::from_listed(listed, || format!("70{}", ids::digits(rng, 13)));
        let same = templates
            .iter_mut()
            .find(|old| old.name() == template.name() && old.language() == template.language());
        match same {
            Some(old) => *old = template,
            None => templates.push(template),
        }
    }
}
