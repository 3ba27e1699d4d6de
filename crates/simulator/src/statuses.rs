//! What becomes of a message that the platform accepted, and when it is told.
//!
//! ```text
//!   accepted ──► sent ──► delivered ──► read ──► played (voice only)
//!       │          │
//!       └──────────┴────► failed (nothing follows)
//! ```
//!
//! The schedule is a list of moments on the simulated clock. Races it is there to make: a status
//! may leave before the answer to the send does; `read` may come without `delivered`; by hand any
//! status can be told again or in the wrong order.

use std::collections::BTreeMap;
use std::time::Duration;

use ajar_domain::time::Time;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::graph::GraphError;
use crate::ids::Wamid;
use crate::payload::{self, Update};
use crate::settings::StatusPolicy;
use crate::world::{MessageRecord, World};

/// As Meta names them.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
}

impl Status {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Sent => "sent",
            Status::Delivered => "delivered",
            Status::Read => "read",
            Status::Played => "played",
            Status::Failed => "failed",
        }
    }
}

/// Something that is to happen at a moment of the simulated clock.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    Status(Wamid, Status),
    Failure(Wamid, GraphError),
    Webhook(Update),
}

/// What is due when; what is due at the same moment keeps the order in which it was put in.
#[derive(Default)]
pub(crate) struct Schedule {
    due: BTreeMap<(Time, u64), Due>,
    next: u64,
}

impl Schedule {
    pub fn put(&mut self, at: Time, due: Due) {
        self.due.insert((at, self.next), due);
        self.next += 1;
    }

    pub fn first(&self) -> Option<Time> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    fn take_due(&mut self, now: Time) -> Option<(Time, Due)> {
        let (at, _) = *self.due.keys().next()?;
        if at > now {
            return None;
        }
        self.due.pop_first().map(|((at, _), due)| (at, due))
    }

    /// Nothing automatic follows for this message any more.
    pub fn forget(&mut self, message: &Wamid) {
        self.due.retain(|_, due| match due {
            Due::Status(id, _) | Due::Failure(id, _) => id != message,
            Due::Webhook(_) => true,
        });
    }

    pub fn len(&self) -> usize {
        self.due.len()
    }
}

impl World {
    /// Plans the statuses of a message that was just accepted.
    pub fn plan_statuses(&mut self, id: &Wamid, now: Time) {
        let Some(message) = self.messages.get(id) else {
            return;
        };
        let policy = self
            .people
            .get(&message.person)
            .and_then(|person| person.statuses)
            .unwrap_or(self.settings.statuses);
        let StatusPolicy::Automatic {
            sent_after_ms,
            delivered_after_ms,
            read_after_ms,
        } = policy
        else {
            return;
        };
        // A reaction that we send only ever gets `sent`.
        let only_sent = message.kind == "reaction";
        let planned = [
            (Status::Sent, Some(sent_after_ms)),
            (Status::Delivered, delivered_after_ms.filter(|_| !only_sent)),
            (Status::Read, read_after_ms.filter(|_| !only_sent)),
        ];
        for (status, after) in planned {
            if let Some(after) = after {
                let at = now + Duration::from_millis(after);
                self.schedule.put(at, Due::Status(id.clone(), status));
            }
        }
    }

    /// Carries out everything that is due. Answers whether there was anything.
    pub fn run_due(&mut self, now: Time) -> bool {
        let mut any = false;
        while let Some((at, due)) = self.schedule.take_due(now) {
            any = true;
            match due {
                // The message may be gone from the books; then there is nobody to tell.
                Due::Status(id, status) => drop(self.tell_status(&id, status, at)),
                Due::Failure(id, error) => drop(self.tell_failure(&id, &error, at)),
                Due::Webhook(update) => self.post(&update),
            }
        }
        any
    }

    /// Emits one status, whatever was told before.
    pub fn tell_status(&mut self, id: &Wamid, status: Status, at: Time) -> Result<()> {
        let message = self.message(id)?.clone();
        let mut object = self.status_object(&message, status, at, true)?;
        if let Some(pricing) = &message.pricing {
            let on_delivery = matches!(status, Status::Delivered | Status::Read)
                && !message.pricing_told_on_delivery;
            if status == Status::Sent || on_delivery {
                object.insert("pricing".to_owned(), pricing.clone());
            }
        }
        if let Some(conversation) = message.conversation.clone() {
            let mut conversation = conversation;
            if status != Status::Sent
                && let Some(conversation) = conversation.as_object_mut()
            {
                conversation.remove("expiration_timestamp");
            }
            object.insert("conversation".to_owned(), conversation);
        }
        let value = self.status_value(&message, &object, status == Status::Sent)?;
        self.post_message_field("messages", value);
        self.count_service_message(&message, status, at);
        let message = self.message_mut(id)?;
        message.statuses.push(status);
        message.pricing_told_on_delivery |= matches!(status, Status::Delivered | Status::Read);
        Ok(())
    }

    /// Emits `failed` with this error. Nothing follows it.
    pub fn tell_failure(&mut self, id: &Wamid, error: &GraphError, at: Time) -> Result<()> {
        let message = self.message(id)?.clone();
        let mut object = self.status_object(&message, Status::Failed, at, message.by_user_id)?;
        object.insert("errors".to_owned(), json!([error.in_status()]));
        let mut value = payload::value(self.number(&message.phone_number_id)?);
        value["statuses"] = json!([object]);
        self.post_message_field("messages", value);
        self.schedule.forget(id);
        if let Some(person) = self.people.get_mut(&message.person) {
            person.inbox.retain(|received| received != id);
        }
        let message = self.message_mut(id)?;
        message.statuses.push(Status::Failed);
        message.failed = Some(error.code);
        Ok(())
    }

    fn status_object(
        &self,
        message: &MessageRecord,
        status: Status,
        at: Time,
        with_user_id: bool,
    ) -> Result<Map<String, Value>> {
        let person = self.person(message.person)?;
        let mut object = Map::new();
        object.insert("id".to_owned(), json!(message.id));
        object.insert("status".to_owned(), json!(status.as_str()));
        object.insert("timestamp".to_owned(), payload::timestamp(at));
        payload::name_party(&mut object, person, &self.settings, payload::RECIPIENT);
        if !with_user_id {
            object.remove(payload::RECIPIENT[1]);
            object.remove(payload::RECIPIENT[2]);
        }
        if let Some(data) = &message.callback_data {
            object.insert("biz_opaque_callback_data".to_owned(), json!(data));
        }
        Ok(object)
    }

    fn status_value(
        &self,
        message: &MessageRecord,
        object: &Map<String, Value>,
        is_sent: bool,
    ) -> Result<Value> {
        let mut value = payload::value(self.number(&message.phone_number_id)?);
        if self.settings.user_ids {
            let person = self.person(message.person)?;
            // The username is left out of `sent`.
            let contact = payload::contact(person, &self.settings, !is_sent);
            value["contacts"] = json!([contact]);
        }
        value["statuses"] = json!([object]);
        Ok(value)
    }

    /// The monthly allowance counts delivered free-form messages, each once.
    fn count_service_message(&mut self, message: &MessageRecord, status: Status, at: Time) {
        let first_sight =
            matches!(status, Status::Delivered | Status::Read) && !message.pricing_told_on_delivery;
        let is_service = message
            .pricing
            .as_ref()
            .is_some_and(|pricing| pricing["category"] == "service");
        if first_sight && is_service {
            let key = (message.phone_number_id.clone(), month_of(at));
            *self.service_counts.entry(key).or_default() += 1;
        }
    }

    /// What the platform will charge for a message that it accepts now.
    pub fn price(
        &self,
        message: &MessageRecord,
        category: Option<&str>,
        at: Time,
    ) -> Option<Value> {
        if message.kind == "reaction" {
            return None;
        }
        let pair = (message.phone_number_id.clone(), message.person);
        let free_entry = self
            .free_entry_until
            .get(&pair)
            .is_some_and(|until| at < *until);
        let category = category.map_or_else(|| "service".to_owned(), str::to_lowercase);
        let used = self
            .service_counts
            .get(&(message.phone_number_id.clone(), month_of(at)))
            .copied()
            .unwrap_or(0);
        let in_allowance = category == "service" && used < self.settings.free_service_messages;
        let (kind, category) = match (free_entry, in_allowance) {
            (true, _) => ("free_entry_point", "referral_conversion".to_owned()),
            (false, true) => ("free_customer_service", category),
            (false, false) => ("regular", category),
        };
        Some(json!({
            "billable": kind == "regular",
            "pricing_model": "PMP",
            "type": kind,
            "category": category,
        }))
    }

    /// Puts a change of a message-like field on its way.
    pub fn post_message_field(&mut self, field: &str, value: Value) {
        self.post(&Update {
            entry_id: self.account.waba_id.clone(),
            time: None,
            field: field.to_owned(),
            value,
        });
    }

    /// Puts a change of an account-like field on its way.
    pub fn post_account_field(&mut self, entry_id: String, field: &str, value: Value, at: Time) {
        self.post(&Update {
            entry_id,
            time: Some(at.secs()),
            field: field.to_owned(),
            value,
        });
    }

    pub fn post(&mut self, update: &Update) {
        let twice = self.settings.duplicate_chance;
        self.outbound.put(update, twice, &mut self.rng);
    }
}

fn month_of(at: Time) -> String {
    at.to_datetime()
        .map_or_else(String::new, |at: DateTime<Utc>| {
            at.format("%Y-%m").to_string()
        })
}
