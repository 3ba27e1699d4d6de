//! A customer of the business, who writes, taps, reads and calls.
//!
//! Every verb returns once the platform has the message in its books, with its wamid; the webhook
//! is then on its way.

mod answering;
mod books;
mod doings;
mod writing;

use std::time::Duration;

use ajar_domain::time::{Clock as _, Time};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::ids::Wamid;
use crate::settings::StatusPolicy;
use crate::sim::Sim;
use crate::statuses::Status;
use crate::templates::RenderedTemplate;
use crate::world::{Direction, MessageRecord, Person, PersonId};

pub(crate) use books::received_media;

/// A handle on one customer, in conversation with one number of the business. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Customer {
    sim: Sim,
    id: PersonId,
    phone_number_id: String,
    at: Option<Time>,
}

/// A message as it lies in the customer's phone.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Received {
    pub id: Wamid,
    #[schema(value_type = i64)]
    pub at: Time,
    /// Typed on the business's phone rather than sent through the API.
    pub from_phone: bool,
    /// `text`, `image`, `template` …
    pub kind: String,
    /// The words of it: the text, the caption, the filled-in template.
    pub text: String,
    pub template: Option<RenderedTemplate>,
    /// The message as it was sent.
    #[schema(value_type = Object)]
    pub body: Map<String, Value>,
    /// `biz_opaque_callback_data` of the send.
    pub callback_data: Option<String>,
    pub statuses: Vec<Status>,
    pub revoked: bool,
}

impl From<&MessageRecord> for Received {
    fn from(message: &MessageRecord) -> Self {
        Self {
            id: message.id.clone(),
            at: message.at,
            from_phone: message.direction == Direction::FromPhone,
            kind: message.kind.clone(),
            text: message.text(),
            template: message.template.clone(),
            body: message.body.clone(),
            callback_data: message.callback_data.clone(),
            statuses: message.statuses.clone(),
            revoked: message.revoked,
        }
    }
}

/// Where a customer came from who tapped an ad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ad {
    pub headline: String,
    pub body: String,
    /// Ads in WhatsApp Status carry no click id.
    pub in_status: bool,
}

/// # Who they are
impl Customer {
    pub(crate) fn new(sim: &Sim, id: PersonId) -> Self {
        Self {
            sim: sim.clone(),
            id,
            phone_number_id: sim.phone_number_id(),
            at: None,
        }
    }

    #[must_use]
    pub fn id(&self) -> PersonId {
        self.id
    }

    #[must_use]
    pub fn phone_number_id(&self) -> &str {
        &self.phone_number_id
    }

    /// All that the platform knows of them.
    pub fn person(&self) -> Result<Person> {
        self.sim.core.world().person(self.id).cloned()
    }

    #[must_use]
    pub fn name(&self) -> String {
        self.person().map(|person| person.name).unwrap_or_default()
    }

    /// Their number in digits, hidden or not.
    #[must_use]
    pub fn wa_id(&self) -> Option<String> {
        self.person().ok().and_then(|person| person.wa_id)
    }

    /// Their business-scoped user id.
    #[must_use]
    pub fn user_id(&self) -> String {
        let person = self.person();
        person.map(|person| person.user_id).unwrap_or_default()
    }

    /// The same customer, writing to another number of the account.
    pub fn writing_to(&self, phone_number_id: &str) -> Result<Self> {
        self.sim.core.world().number(phone_number_id)?;
        Ok(Self {
            phone_number_id: phone_number_id.to_owned(),
            ..self.clone()
        })
    }

    /// The same customer, whose next message bears this time. Its webhook still leaves now: so one
    /// makes a past to start from, and deliveries that are late.
    #[must_use]
    pub fn at(&self, at: Time) -> Self {
        Self {
            at: Some(at),
            ..self.clone()
        }
    }

    /// As [`Customer::at`], counted back from now.
    #[must_use]
    pub fn ago(&self, ago: Duration) -> Self {
        self.at(self.sim.core.clock.now() - ago)
    }

    fn change_person(&self, change: impl FnOnce(&mut Person)) -> Result<()> {
        self.sim
            .core
            .change(|world, _| world.person_mut(self.id).map(change))
    }

    /// Hides the number behind this username from now on.
    pub fn adopts_username(&self, username: &str) -> Result<()> {
        self.change_person(|person| {
            person.username = Some(username.to_owned());
            person.number_hidden = true;
        })
    }

    /// A username that hides nothing, as within thirty days of contact.
    pub fn shows_number(&self) -> Result<()> {
        self.change_person(|person| person.number_hidden = false)
    }

    /// Also known by this parent user id.
    pub fn is_enrolled_as(&self, parent_user_id: &str) -> Result<()> {
        self.sim
            .core
            .change(|world, _| world.enrol_person(self.id, parent_user_id.to_owned()))
    }

    /// How the statuses of messages to this customer come, instead of the common setting.
    pub fn answers_statuses(&self, policy: StatusPolicy) -> Result<()> {
        self.change_person(|person| person.statuses = Some(policy))
    }
}

/// # Their phone
impl Customer {
    /// Everything that arrived, in order. What failed is not among it.
    #[must_use]
    pub fn inbox(&self) -> Vec<Received> {
        self.sim.core.world().inbox(self.id)
    }

    /// The words of everything that arrived, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let inbox = self.inbox().into_iter();
        inbox.map(|message| message.text).collect()
    }

    /// The templates that arrived, as they look there.
    #[must_use]
    pub fn templates(&self) -> Vec<RenderedTemplate> {
        let inbox = self.inbox().into_iter();
        inbox.filter_map(|message| message.template).collect()
    }

    /// Resolves with the first message that `which` accepts, now or when it arrives.
    pub async fn receives(&self, mut which: impl FnMut(&Received) -> bool) -> Received {
        self.sim
            .core
            .wait_for(|world, _| world.inbox(self.id).into_iter().find(|m| which(m)))
            .await
    }

    /// Resolves when at least so many messages have arrived, with all of them.
    pub async fn has_received(&self, how_many: usize) -> Vec<Received> {
        self.sim
            .core
            .wait_for(|world, _| {
                let inbox = world.inbox(self.id);
                (inbox.len() >= how_many).then_some(inbox)
            })
            .await
    }

    /// The blue ticks and the typing mark that the business gave: ids of own messages that were
    /// marked as read.
    #[must_use]
    pub fn read_by_business(&self) -> Vec<Wamid> {
        let world = self.sim.core.world();
        world
            .message_order
            .iter()
            .filter_map(|id| world.messages.get(id))
            .filter(|m| m.person == self.id && m.direction == Direction::FromCustomer)
            .filter(|m| m.statuses.contains(&Status::Read))
            .map(|m| m.id.clone())
            .collect()
    }
}
