//! The handle that drives the simulated platform from Rust.
//!
//! Everything that `/sim/…` offers over HTTP is a method here, and nothing more is: the controls
//! call these methods. Calls return as soon as the platform's books are changed; what follows from
//! it (webhooks, statuses) has happened when [`Sim::settled`] resolves.

mod stock;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use ajar_domain::time::Clock as _;
use serde_json::json;
use tokio_util::sync::DropGuard;
use url::Url;

use crate::account::AccountState;
use crate::clock::SimClock;
use crate::core::Core;
use crate::customer::Customer;
use crate::error::Result;
use crate::faults::Fault;
use crate::graph::GraphError;
use crate::ids::{self, Wamid};
use crate::phone::Phone;
use crate::settings::Settings;
use crate::statuses::Status;
use crate::webhooks::{ReleaseOrder, WebhookRecord};
use crate::world::{Direction, GraphRequest, MessageRecord, Number, PersonId, World};

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

    /// Resolves when nothing that can leave waits to be told, even for a moment.
    pub(crate) async fn all_is_told(&self) {
        self.core
            .wait_for(|world, _| world.outbound.is_quiet().then_some(()))
            .await;
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
    pub fn customer(&self, name: &str, number: &str) -> Customer {
        let id = self
            .core
            .change(|world, _| world.person_with_number(Some(name), number));
        Customer::new(self, id)
    }

    /// A customer who has adopted a username: their number appears in no webhook.
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
        mut enough: impl FnMut(&[&MessageRecord]) -> bool,
    ) -> Vec<MessageRecord> {
        self.core
            .wait_for(|world, _| {
                let sends: Vec<_> = world
                    .message_order
                    .iter()
                    .filter_map(|id| world.messages.get(id))
                    .filter(|message| message.direction == Direction::FromApi)
                    .collect();
                enough(&sends).then(|| sends.into_iter().cloned().collect())
            })
            .await
    }
}

/// # What goes wrong
impl Sim {
    /// The next `times` sends meet this fault.
    pub fn fail_sends(&self, times: u32, fault: Fault) {
        self.core
            .change(move |world, _| world.faults.sends.push(times, &fault));
    }

    /// The next `times` uploads of a file meet this fault.
    pub fn fail_uploads(&self, times: u32, fault: Fault) {
        self.core
            .change(move |world, _| world.faults.uploads.push(times, &fault));
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
