//! The books of the simulated platform: numbers, people, messages, openings.
//!
//! Plain data behind one lock that is never held over an `await`. It knows no HTTP; what it wants
//! told to the world it puts into [`crate::webhooks::Outbound`].

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use ajar_domain::time::Time;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::account::Account;
use crate::error::{Result, SimError};
use crate::faults::Faults;
use crate::history::PreparedHistory;
use crate::ids::{self, Wamid};
use crate::media::MediaShelf;
use crate::settings::{Settings, StatusPolicy};
use crate::statuses::{Schedule, Status};
use crate::templates::{RenderedTemplate, Template};
use crate::webhooks::Outbound;

/// One business number of the account.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Number {
    pub phone_number_id: String,
    /// As people write it: `+1 555-078-3881`.
    pub display_number: String,
    pub verified_name: String,
    /// Digits only, as webhooks spell it.
    pub digits: String,
    #[schema(value_type = i64)]
    pub onboarded_at: Time,
    pub contacts_synced: bool,
    pub history_synced: bool,
}

impl Number {
    #[must_use]
    pub fn new(
        phone_number_id: impl Into<String>,
        display_number: impl Into<String>,
        verified_name: impl Into<String>,
    ) -> Self {
        let display_number = display_number.into();
        Self {
            phone_number_id: phone_number_id.into(),
            digits: ids::digits_of(&display_number),
            display_number,
            verified_name: verified_name.into(),
            onboarded_at: Time::default(),
            contacts_synced: false,
            history_synced: false,
        }
    }
}

/// Names one person of the simulated world, whatever happens to their number or user id.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct PersonId(pub(crate) u64);

impl std::fmt::Display for PersonId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A customer: somebody with WhatsApp who may write to the business.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// Digits. Known to the platform even where it is hidden from the business.
    pub wa_id: Option<String>,
    pub user_id: String,
    pub parent_user_id: Option<String>,
    pub username: Option<String>,
    /// Username adopters: the number appears in no webhook.
    pub number_hidden: bool,
    pub on_whatsapp: bool,
    pub blocked_by_business: bool,
    pub stopped_marketing: bool,
    /// How the owner's address book spells them, if they are in it.
    pub address_book_name: Option<String>,
    pub statuses: Option<StatusPolicy>,
    /// What arrived in their phone.
    #[serde(skip)]
    pub(crate) inbox: Vec<Wamid>,
    /// What they wrote.
    #[serde(skip)]
    pub(crate) wrote: Vec<Wamid>,
}

impl Person {
    /// The number as the business may see it.
    pub(crate) fn visible_wa_id(&self) -> Option<&str> {
        self.wa_id.as_deref().filter(|_| !self.number_hidden)
    }

    /// What goes into a wamid.
    pub(crate) fn party(&self) -> String {
        self.wa_id.clone().unwrap_or_else(|| {
            let digits = ids::digits_of(&self.user_id);
            digits[digits.len().saturating_sub(11)..].to_owned()
        })
    }
}

/// Which way a message went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The customer wrote it.
    FromCustomer,
    /// Through the Cloud API.
    FromApi,
    /// Typed on the business's phone.
    FromPhone,
}

/// One message in the books.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MessageRecord {
    pub id: Wamid,
    pub phone_number_id: String,
    pub person: PersonId,
    pub direction: Direction,
    #[schema(value_type = i64)]
    pub at: Time,
    /// `text`, `image`, `template` … as Meta names it.
    pub kind: String,
    /// The message as it travelled: `{"type": "text", "text": {"body": "…"}, …}`.
    #[schema(value_type = Object)]
    pub body: Map<String, Value>,
    pub statuses: Vec<Status>,
    /// The code of the `failed` status, if it failed.
    pub failed: Option<u32>,
    pub template: Option<RenderedTemplate>,
    #[schema(value_type = Option<Object>)]
    pub pricing: Option<Value>,
    /// `biz_opaque_callback_data` of the send.
    pub callback_data: Option<String>,
    /// Sent to the user id instead of the number.
    pub by_user_id: bool,
    pub edited_text: Option<String>,
    pub revoked: bool,
    #[serde(skip)]
    pub(crate) pricing_told_on_delivery: bool,
    #[serde(skip)]
    pub(crate) conversation: Option<Value>,
}

/// A request that somebody made to the Graph API, kept for looking at.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct GraphRequest {
    #[schema(value_type = i64)]
    pub at: Time,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    /// JSON bodies only.
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// What was answered; 0 while the request is being worked on, and when the line was cut.
    pub status: u16,
    /// The moment of arrival on the clock of the machine, for benchmarks.
    #[serde(skip)]
    pub arrived: std::time::Instant,
}

pub(crate) struct World {
    pub settings: Settings,
    pub account: Account,
    pub numbers: Vec<Number>,
    pub people: BTreeMap<PersonId, Person>,
    person_of_number: HashMap<String, PersonId>,
    person_of_user_id: HashMap<String, PersonId>,
    pub messages: HashMap<Wamid, MessageRecord>,
    /// Ids in the order in which the messages came into being.
    pub message_order: Vec<Wamid>,
    /// When each customer last did what opens the window of a number.
    pub openings: HashMap<(String, PersonId), Time>,
    /// Customers who came through an ad, until the business answers: number, person, since when.
    pub ad_leads: HashMap<(String, PersonId), Time>,
    /// Until when deliveries are free after an answered ad.
    pub free_entry_until: HashMap<(String, PersonId), Time>,
    /// Delivered free-form messages per number and month.
    pub service_counts: HashMap<(String, String), u32>,
    pub not_on_whatsapp: BTreeSet<String>,
    /// The latest messages of each number, for the throughput limit.
    pub recent_messages: HashMap<String, VecDeque<Time>>,
    /// When the burst that a customer was sent will be paid back.
    pub pair_debts: HashMap<(String, PersonId), Time>,
    pub templates: Vec<Template>,
    pub media: MediaShelf,
    pub history: Option<PreparedHistory>,
    pub schedule: Schedule,
    pub faults: Faults,
    pub outbound: Outbound,
    pub requests: VecDeque<GraphRequest>,
    pub rng: StdRng,
    next_person: u64,
}

/// Logs are for looking at, not for keeping.
pub(crate) const LOG_LENGTH: usize = 20_000;

impl World {
    pub fn new(settings: Settings, account: Account, numbers: Vec<Number>, seed: u64) -> Self {
        Self {
            settings,
            account,
            numbers,
            people: BTreeMap::new(),
            person_of_number: HashMap::new(),
            person_of_user_id: HashMap::new(),
            messages: HashMap::new(),
            message_order: Vec::new(),
            openings: HashMap::new(),
            ad_leads: HashMap::new(),
            free_entry_until: HashMap::new(),
            service_counts: HashMap::new(),
            not_on_whatsapp: BTreeSet::new(),
            recent_messages: HashMap::new(),
            pair_debts: HashMap::new(),
            templates: Vec::new(),
            media: MediaShelf::default(),
            history: None,
            schedule: Schedule::default(),
            faults: Faults::default(),
            outbound: Outbound::default(),
            requests: VecDeque::new(),
            rng: StdRng::seed_from_u64(seed),
            next_person: 1,
        }
    }

    pub fn number(&self, phone_number_id: &str) -> Result<&Number> {
        self.numbers
            .iter()
            .find(|number| number.phone_number_id == phone_number_id)
            .ok_or_else(|| SimError::UnknownNumber(phone_number_id.to_owned()))
    }

    pub fn person(&self, id: PersonId) -> Result<&Person> {
        self.people
            .get(&id)
            .ok_or_else(|| SimError::UnknownCustomer(id.to_string()))
    }

    pub fn person_mut(&mut self, id: PersonId) -> Result<&mut Person> {
        self.people
            .get_mut(&id)
            .ok_or_else(|| SimError::UnknownCustomer(id.to_string()))
    }

    pub fn message(&self, id: &Wamid) -> Result<&MessageRecord> {
        self.messages
            .get(id)
            .ok_or_else(|| SimError::UnknownMessage(id.clone()))
    }

    pub fn message_mut(&mut self, id: &Wamid) -> Result<&mut MessageRecord> {
        self.messages
            .get_mut(id)
            .ok_or_else(|| SimError::UnknownMessage(id.clone()))
    }

    pub fn by_number(&self, number: &str) -> Option<PersonId> {
        let digits = ids::digits_of(number);
        self.person_of_number.get(&digits).copied()
    }

    pub fn by_user_id(&self, user_id: &str) -> Option<PersonId> {
        self.person_of_user_id.get(user_id).copied()
    }

    /// Gives a person another number or another user id; the old ones lead to nobody.
    pub fn rename_person(
        &mut self,
        id: PersonId,
        wa_id: Option<String>,
        user_id: Option<String>,
    ) -> Result<()> {
        let person = self.person_mut(id)?;
        if let Some(wa_id) = wa_id {
            let old = person.wa_id.replace(wa_id.clone());
            self.person_of_number.insert(wa_id, id);
            old.map(|old| self.person_of_number.remove(&old));
        }
        let person = self.person_mut(id)?;
        if let Some(user_id) = user_id {
            let old = std::mem::replace(&mut person.user_id, user_id.clone());
            self.person_of_user_id.insert(user_id, id);
            self.person_of_user_id.remove(&old);
        }
        Ok(())
    }

    /// Also known by a parent user id, as in portfolios that are enrolled for it.
    pub fn enrol_person(&mut self, id: PersonId, parent_user_id: String) -> Result<()> {
        self.person_mut(id)?.parent_user_id = Some(parent_user_id.clone());
        self.person_of_user_id.insert(parent_user_id, id);
        Ok(())
    }

    /// The person behind a number, a user id, a username, or our own id of them.
    pub fn find_person(&self, who: &str) -> Result<PersonId> {
        let by_own_id = || {
            let id = PersonId(who.parse().ok()?);
            self.people.contains_key(&id).then_some(id)
        };
        let by_username = || {
            let found = |person: &&Person| person.username.as_deref() == Some(who);
            self.people.values().find(found).map(|person| person.id)
        };
        by_own_id()
            .or_else(|| self.by_user_id(who))
            .or_else(by_username)
            .or_else(|| self.by_number(who))
            .ok_or_else(|| SimError::UnknownCustomer(who.to_owned()))
    }

    /// The person with this number; they come into being if nobody has it yet.
    pub fn person_with_number(&mut self, name: Option<&str>, number: &str) -> PersonId {
        let wa_id = ids::digits_of(number);
        if let Some(id) = self.by_number(&wa_id) {
            if let (Some(name), Some(person)) = (name, self.people.get_mut(&id)) {
                name.clone_into(&mut person.name);
            }
            return id;
        }
        let name = name.map_or_else(|| format!("+{wa_id}"), ToOwned::to_owned);
        self.add_person(name, Some(wa_id), None)
    }

    pub fn add_person(
        &mut self,
        name: String,
        wa_id: Option<String>,
        username: Option<String>,
    ) -> PersonId {
        let id = PersonId(self.next_person);
        self.next_person += 1;
        let on_whatsapp = wa_id
            .as_ref()
            .is_none_or(|wa_id| !self.not_on_whatsapp.contains(wa_id));
        let person = Person {
            id,
            name,
            user_id: ids::bsuid(&mut self.rng, wa_id.as_deref()),
            number_hidden: username.is_some(),
            wa_id,
            parent_user_id: None,
            username,
            on_whatsapp,
            blocked_by_business: false,
            stopped_marketing: false,
            address_book_name: None,
            statuses: None,
            inbox: Vec::new(),
            wrote: Vec::new(),
        };
        if let Some(wa_id) = &person.wa_id {
            self.person_of_number.insert(wa_id.clone(), id);
        }
        self.person_of_user_id.insert(person.user_id.clone(), id);
        self.people.insert(id, person);
        id
    }

    pub fn record(&mut self, message: MessageRecord) {
        if let Some(person) = self.people.get_mut(&message.person) {
            match message.direction {
                Direction::FromCustomer => person.wrote.push(message.id.clone()),
                Direction::FromApi | Direction::FromPhone => person.inbox.push(message.id.clone()),
            }
        }
        self.message_order.push(message.id.clone());
        self.messages.insert(message.id.clone(), message);
    }

    /// Notes that the customer did something that opens the window. Later facts win, so that a
    /// message with an old timestamp cannot move the window back.
    pub fn note_opening(&mut self, phone_number_id: &str, person: PersonId, at: Time) {
        let key = (phone_number_id.to_owned(), person);
        let opening = self.openings.entry(key).or_insert(at);
        *opening = (*opening).max(at);
    }

    /// The platform's own judgement, from the customer's messages alone.
    pub fn window_is_open(&self, phone_number_id: &str, person: PersonId, now: Time) -> bool {
        self.openings
            .get(&(phone_number_id.to_owned(), person))
            .is_some_and(|opened| now.millis_since(*opened) < self.window_ms())
    }

    fn window_ms(&self) -> i64 {
        i64::try_from(self.settings.window_ms).unwrap_or(i64::MAX)
    }
}

impl MessageRecord {
    pub(crate) fn new(
        id: Wamid,
        phone_number_id: &str,
        person: PersonId,
        direction: Direction,
        at: Time,
        body: Map<String, Value>,
    ) -> Self {
        let kind = body.get("type").and_then(Value::as_str).unwrap_or("text");
        Self {
            id,
            phone_number_id: phone_number_id.to_owned(),
            person,
            direction,
            at,
            kind: kind.to_owned(),
            body,
            statuses: Vec::new(),
            failed: None,
            template: None,
            pricing: None,
            callback_data: None,
            by_user_id: false,
            edited_text: None,
            revoked: false,
            pricing_told_on_delivery: false,
            conversation: None,
        }
    }

    /// The words of it, as one would read them in a list.
    #[must_use]
    pub fn text(&self) -> String {
        if let Some(edited) = &self.edited_text {
            return edited.clone();
        }
        if let Some(template) = &self.template {
            return template.text();
        }
        let words = [
            "/text/body",
            "/image/caption",
            "/video/caption",
            "/document/caption",
            "/interactive/body/text",
            "/interactive/button_reply/title",
            "/interactive/list_reply/title",
            "/button/text",
            "/reaction/emoji",
        ];
        let body = Value::Object(self.body.clone());
        words
            .iter()
            .find_map(|pointer| body.pointer(pointer)?.as_str())
            .unwrap_or_default()
            .to_owned()
    }
}
