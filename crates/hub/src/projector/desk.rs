//! What a batch of webhooks knows by now, and what it has not written yet.
//!
//! Most webhooks of a batch repeat what the one before said: the same number of ours, the same
//! customer under the same name. Asking the database for each anew, and writing each small step,
//! would cost more than everything else. So identities are looked up once per batch, and what only
//! ever grows (window facts, signs of who answers, when a customer last wrote, when a name was last
//! seen) is gathered here and written once.
//!
//! Nothing here outlives the transaction of its batch. Before two customers are joined everything
//! is written and forgotten, because ids that are kept here may vanish then.

use std::collections::{BTreeMap, HashMap, HashSet};

use ajar_domain::{
    ConversationId, CustomerId, InboxId, PhoneNumberId, Time, WaMessageId, customer::CustomerKey,
    window::WindowFacts,
};

use super::Scope;
use crate::{
    meta::inbound::{Inbound, Item},
    store::{Result, conversations::Growth, customers::Sighting},
};

#[derive(Default)]
pub(crate) struct Desk {
    inboxes: HashMap<PhoneNumberId, Option<InboxId>>,
    /// Sightings that were resolved, by everything in them but their time.
    seen: HashMap<Sighted, Resolved>,
    conversations: HashMap<(InboxId, CustomerId), ConversationId>,
    news: BTreeMap<ConversationId, Growth>,
    /// Messages of which the database holds nothing: no row, no report, no edit.
    fresh: HashSet<WaMessageId>,
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
    /// The newest such sighting, if it is newer than what is written.
    newest: Sighting,
    written_at: Time,
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
        self.seen.insert(
            Sighted::of(seen),
            Resolved {
                customer: customer.clone(),
                written_at: seen.at,
                newest: seen.clone(),
            },
        );
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

    /// Something is kept about this message now, before it came.
    pub(super) fn is_told_of(&mut self, wamid: &WaMessageId) {
        self.fresh.remove(wamid);
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

impl Scope<'_> {
    pub(super) async fn inbox_of(&mut self, number: &PhoneNumberId) -> Result<Option<InboxId>> {
        if let Some(known) = self.desk.inboxes.get(number) {
            return Ok(known.clone());
        }
        let found = self.tx.conn.inbox_of_number(number).await?;
        self.desk.inboxes.insert(number.clone(), found.clone());
        Ok(found)
    }

    /// Finds out at once which messages of the batch the database knows nothing about.
    pub(crate) async fn look_ahead<'b>(
        &mut self,
        items: impl Iterator<Item = &'b Item>,
    ) -> Result<()> {
        let all: HashSet<WaMessageId> = items.filter_map(wamid_of).cloned().collect();
        let known = self.tx.conn.known_messages(&all).await?;
        self.desk.fresh = all;
        for wamid in known {
            self.desk.fresh.remove(&wamid);
        }
        Ok(())
    }

    /// Writes what was gathered about conversations and customers.
    pub(crate) async fn write_desk(&mut self) -> Result<()> {
        for (conversation, news) in std::mem::take(&mut self.desk.news) {
            if self.tx.grow_conversation(&conversation, news).await? {
                self.stale.insert(conversation);
            }
        }
        let newer: Vec<(CustomerId, Sighting)> = self
            .desk
            .seen
            .values_mut()
            .filter(|known| known.newest.at > known.written_at)
            .map(|known| {
                known.written_at = known.newest.at;
                (known.customer.clone(), known.newest.clone())
            })
            .collect();
        for (customer, seen) in newer {
            for key in seen.keys() {
                if matches!(key, CustomerKey::Phone(_)) {
                    self.tx.add_key(&customer, &key, seen.at).await?;
                }
            }
            if self.tx.see_customer(&customer, &seen).await? {
                self.tx.stamp_customer(&customer).await?;
            }
        }
        Ok(())
    }

    /// Ids may vanish or mean somebody else from here on: nothing is taken from memory.
    pub(super) async fn clear_desk(&mut self) -> Result<()> {
        self.write_desk().await?;
        self.desk.seen.clear();
        self.desk.conversations.clear();
        Ok(())
    }
}
