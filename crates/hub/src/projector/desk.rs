//! What a batch of webhooks knows by now, and what it has not written yet.
//!
//! Most webhooks of a batch repeat what the one before said: the same number of ours, the same
//! customer under the same name. Asking the database for each anew, and writing each small step,
//! would cost more than everything else. So identities and known messages are looked up at once
//! for the whole batch; new messages, and what only ever grows (window facts, signs of who answers,
//! when a customer last wrote, when a name was last seen), are gathered here and written together.
//!
//! Nothing here outlives the transaction of its batch. Whoever reads or changes a message, or a
//! customer's keys, in the database has what is gathered of it written first. Before two customers
//! are joined everything is written and forgotten, because ids that are kept here may vanish then.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ajar_domain::{
    AgentId, ConversationId, CustomerId, InboxId, PhoneNumberId, Time, WaMessageId,
    customer::CustomerKey, window::WindowFacts,
};
use ajar_protocol::rows::{MessageRow, PhoneHolder};

use super::{Reading, Scope};
use crate::{
    meta::inbound::{CustomerRef, Inbound, Item},
    store::{Result, arrivals::NewMessage, conversations::Growth, customers::Sighting},
};

/// New messages that are gathered before they are written; a body of the past brings thousands.
const GATHERED: usize = 512;

#[derive(Default)]
pub(crate) struct Desk {
    inboxes: HashMap<PhoneNumberId, Option<InboxId>>,
    /// Sightings that were resolved, by everything in them but their time.
    seen: HashMap<Sighted, Resolved>,
    /// Who had each key when the batch began, of the keys that the batch names. A key that was
    /// given to somebody since is not here any more.
    holders: HashMap<CustomerKey, Option<CustomerId>>,
    conversations: HashMap<(InboxId, CustomerId), ConversationId>,
    news: BTreeMap<ConversationId, Growth>,
    /// Messages of which the database holds nothing: no row, no report, no edit.
    fresh: HashSet<WaMessageId>,
    /// Rows that are read again, as they were when the batch began.
    rows: HashMap<WaMessageId, MessageRow>,
    new: Vec<NewMessage>,
    new_ids: HashSet<WaMessageId>,
    /// Whether anything is to be typed on the phone of a number.
    starts: HashMap<InboxId, bool>,
    /// Who holds the phone of a number.
    holders_of_phones: HashMap<InboxId, Option<PhoneHolder>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Sighted {
    phone: Option<String>,
    bsuid: Option<String>,
    parent: Option<String>,
    profile_name: Option<String>,
    username: Option<String>,
}

impl Sighted {
    fn of(seen: &Sighting) -> Self {
        Self {
            phone: seen.phone.as_ref().map(|phone| phone.digits().to_owned()),
            bsuid: seen.bsuid.as_ref().map(|id| id.0.clone()),
            parent: seen.parent.as_ref().map(|id| id.0.clone()),
            profile_name: seen.profile_name.clone(),
            username: seen.username.clone(),
        }
    }
}

struct Resolved {
    customer: CustomerId,
    /// The newest such sighting.
    newest: Sighting,
    /// How much of it is written.
    written_at: Option<Time>,
}

impl Desk {
    pub(super) fn known_customer(&mut self, seen: &Sighting) -> Option<CustomerId> {
        let known = self.seen.get_mut(&Sighted::of(seen))?;
        if seen.at > known.newest.at {
            known.newest.at = seen.at;
        }
        Some(known.customer.clone())
    }

    pub(super) fn know_customer(&mut self, seen: &Sighting, customer: &CustomerId) {
        self.remember(seen, customer, Some(seen.at));
    }

    fn remember(&mut self, seen: &Sighting, customer: &CustomerId, written_at: Option<Time>) {
        self.seen.insert(
            Sighted::of(seen),
            Resolved {
                customer: customer.clone(),
                newest: seen.clone(),
                written_at,
            },
        );
    }

    /// Nothing is in doubt if all keys are one customer's. A number alone may be held by somebody
    /// of whom this sighting knows another id; hence the id must be among the keys if there is one,
    /// which it is.
    pub(super) fn meet(&mut self, seen: &Sighting) -> Option<CustomerId> {
        let mut holders = seen.keys().into_iter().map(|key| self.holders.get(&key));
        let first = holders.next()??.clone()?;
        if !holders.all(|holder| holder.is_some_and(|holder| holder.as_ref() == Some(&first))) {
            return None;
        }
        self.remember(seen, &first, None);
        Some(first)
    }

    /// The keys may have changed hands.
    pub(super) fn forget_keys(&mut self, keys: &[CustomerKey]) {
        for key in keys {
            self.holders.remove(key);
        }
    }

    pub(super) fn known_conversation(
        &self,
        inbox: &InboxId,
        customer: &CustomerId,
    ) -> Option<ConversationId> {
        self.conversations
            .get(&(inbox.clone(), customer.clone()))
            .cloned()
    }

    pub(super) fn know_conversation(
        &mut self,
        inbox: &InboxId,
        customer: &CustomerId,
        conversation: &ConversationId,
    ) {
        self.conversations
            .insert((inbox.clone(), customer.clone()), conversation.clone());
    }

    pub(super) fn facts_of(&mut self, conversation: &ConversationId) -> &mut WindowFacts {
        &mut self.news.entry(conversation.clone()).or_default().facts
    }

    pub(super) fn answered_by_us(&mut self, conversation: &ConversationId, at: Time) {
        let news = self.news.entry(conversation.clone()).or_default();
        news.ours_at = news.ours_at.max(Some(at));
    }

    pub(super) fn customer_wrote(&mut self, conversation: &ConversationId, at: Time) {
        let news = self.news.entry(conversation.clone()).or_default();
        news.wrote_at = news.wrote_at.max(Some(at));
    }

    /// Whether the database holds nothing about this message. True once.
    pub(super) fn is_fresh(&mut self, wamid: &WaMessageId) -> bool {
        self.fresh.remove(wamid)
    }

    /// Something is kept about this message now, perhaps before it came.
    pub(super) fn is_told_of(&mut self, wamid: &WaMessageId) {
        self.fresh.remove(wamid);
        self.rows.remove(wamid);
    }
}

/// The messages that a body brings, as far as they are rows of their own.
fn wamid_of(item: &Item) -> Option<&WaMessageId> {
    match item.what.as_ref().ok()? {
        Inbound::Message(message) => Some(&message.wamid),
        Inbound::Echo(echo) => Some(&echo.wamid),
        Inbound::History(past) => Some(&past.wamid),
        _ => None,
    }
}

fn customer_of(item: &Item) -> Option<&CustomerRef> {
    match item.what.as_ref().ok()? {
        Inbound::Message(message) => Some(&message.customer),
        Inbound::Echo(echo) => Some(&echo.customer),
        Inbound::History(past) => Some(&past.customer),
        Inbound::Contact(contact) => Some(&contact.customer),
        Inbound::Call(call) => Some(&call.customer),
        Inbound::Reaction(reaction) => Some(&reaction.customer),
        _ => None,
    }
}

impl Scope<'_> {
    pub(super) async fn inbox_of(&mut self, number: &PhoneNumberId) -> Result<Option<InboxId>> {
        if let Some(known) = self.desk.inboxes.get(number) {
            return Ok(known.clone());
        }
        let found = self.tx.conn.inbox_of_number(number).await?;
        self.desk.inboxes.insert(number.clone(), found.clone());
        Ok(found)
    }

    /// Finds out at once what the database knows of the messages and customers of a batch.
    pub(crate) async fn look_ahead<'b>(
        &mut self,
        items: impl Iterator<Item = &'b Item> + Clone,
    ) -> Result<()> {
        let all: HashSet<WaMessageId> = items.clone().filter_map(wamid_of).cloned().collect();
        let known = self.tx.conn.known_messages(&all).await?;
        self.desk.fresh = all;
        for wamid in &known {
            self.desk.fresh.remove(wamid);
        }
        if self.reading == Reading::Again {
            let known: Vec<&WaMessageId> = known.iter().collect();
            let rows = self.tx.conn.messages_by_wamid(&known).await?;
            let by_wamid = |row: MessageRow| Some((row.wamid.clone()?, row));
            self.desk.rows = rows.into_iter().filter_map(by_wamid).collect();
        }
        let keys: BTreeSet<CustomerKey> = items
            .filter_map(customer_of)
            .flat_map(|who| super::people::sighting(who, Time::default()).keys())
            .collect();
        let asked: Vec<&CustomerKey> = keys.iter().collect();
        let held = self.tx.conn.holders(&asked).await?;
        let customers: BTreeSet<&CustomerId> = held.iter().map(|(_, customer)| customer).collect();
        let customers: Vec<&CustomerId> = customers.into_iter().collect();
        for (inbox, customer, id) in self.tx.conn.conversations_with(&customers).await? {
            self.desk.know_conversation(&inbox, &customer, &id);
        }
        self.desk.holders = keys.into_iter().map(|key| (key, None)).collect();
        let held = held
            .into_iter()
            .map(|(key, customer)| (key, Some(customer)));
        self.desk.holders.extend(held);
        Ok(())
    }

    /// A message of which the database holds nothing.
    pub(super) async fn write_later(&mut self, new: NewMessage) -> Result<()> {
        self.desk.new_ids.extend(new.wamid.clone());
        self.desk.new.push(new);
        if self.desk.new.len() >= GATHERED {
            self.write_messages().await?;
        }
        Ok(())
    }

    /// Whoever goes on has this message in the database, if it came.
    pub(super) async fn have_written(&mut self, wamid: &WaMessageId) -> Result<()> {
        if self.desk.new_ids.contains(wamid) {
            self.write_messages().await?;
        }
        Ok(())
    }

    pub(super) async fn write_messages(&mut self) -> Result<()> {
        self.desk.new_ids.clear();
        let new = std::mem::take(&mut self.desk.new);
        self.tx.add_messages(&new).await
    }

    /// The row of a message.
    pub(super) async fn row_of(&mut self, wamid: &WaMessageId) -> Result<Option<MessageRow>> {
        self.have_written(wamid).await?;
        match self.desk.rows.remove(wamid) {
            Some(row) => Ok(Some(row)),
            None => self.tx.conn.message_by_wamid(wamid).await,
        }
    }

    /// Whether anything waits to be typed on the phone of this number.
    pub(super) async fn awaits_the_phone(&mut self, inbox: &InboxId) -> Result<bool> {
        if let Some(known) = self.desk.starts.get(inbox) {
            return Ok(*known);
        }
        let waits = self.tx.conn.has_waiting_starts(inbox).await?;
        self.desk.starts.insert(inbox.clone(), waits);
        Ok(waits)
    }

    /// Who held the phone of this number at a moment, as far as is known now.
    pub(super) async fn phone_holder(
        &mut self,
        inbox: &InboxId,
        at: Time,
    ) -> Result<Option<AgentId>> {
        let holder = match self.desk.holders_of_phones.get(inbox) {
            Some(known) => known.clone(),
            None => {
                let row = self.tx.conn.inbox(inbox.as_str()).await?;
                let holder = row.and_then(|row| row.phone_holder);
                self.desk
                    .holders_of_phones
                    .insert(inbox.clone(), holder.clone());
                holder
            }
        };
        // Meta's seconds are rounded down, ours are milliseconds.
        Ok(holder
            .filter(|holder| holder.since.secs() <= at.secs())
            .map(|holder| holder.agent))
    }

    /// Writes everything that was gathered.
    pub(crate) async fn write_desk(&mut self) -> Result<()> {
        self.write_messages().await?;
        let news = std::mem::take(&mut self.desk.news);
        let opened = self.tx.grow_conversations(news).await?;
        self.stale.extend(opened);
        self.write_sightings().await
    }

    /// Writes what was seen of customers.
    pub(super) async fn write_sightings(&mut self) -> Result<()> {
        let newer: Vec<(CustomerId, Sighting)> = self
            .desk
            .seen
            .values_mut()
            .filter(|known| Some(known.newest.at) > known.written_at)
            .map(|known| {
                known.written_at = Some(known.newest.at);
                (known.customer.clone(), known.newest.clone())
            })
            .collect();
        // An id stays with whom it has; a number passes on, so its newest sighting counts.
        let mut numbers: BTreeMap<CustomerKey, (&CustomerId, Time)> = BTreeMap::new();
        for (customer, seen) in &newer {
            for key in seen.keys() {
                if matches!(key, CustomerKey::Phone(_)) {
                    let newest = numbers.entry(key).or_insert((customer, seen.at));
                    newest.1 = newest.1.max(seen.at);
                }
            }
        }
        let numbers: Vec<_> = numbers
            .iter()
            .map(|(key, (customer, at))| (key, *customer, *at))
            .collect();
        self.tx.add_keys(&numbers).await?;
        let newer: Vec<_> = newer
            .iter()
            .map(|(customer, seen)| (customer, seen))
            .collect();
        for customer in self.tx.see_customers(&newer).await? {
            self.tx.stamp_customer(&customer).await?;
        }
        Ok(())
    }

    /// Ids may vanish or mean somebody else from here on: nothing is taken from memory.
    pub(super) async fn clear_desk(&mut self) -> Result<()> {
        self.write_desk().await?;
        self.desk.seen.clear();
        self.desk.holders.clear();
        self.desk.conversations.clear();
        self.desk.rows.clear();
        Ok(())
    }
}
