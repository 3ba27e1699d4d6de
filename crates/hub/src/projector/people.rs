//! Who is this? From the keys in a webhook to one customer and one conversation.

use ajar_domain::{ConversationId, CustomerId, InboxId, Time, customer::CustomerKey};

use super::Scope;
use crate::{
    meta::inbound::CustomerRef,
    store::{Result, customers::Sighting},
};

impl Scope<'_> {
    /// The customer with these keys: found, learnt more about, merged out of two, or new.
    /// `None` if the item names no one.
    pub(crate) async fn customer(
        &mut self,
        who: &CustomerRef,
        at: Time,
    ) -> Result<Option<CustomerId>> {
        let seen = Sighting {
            phone: who.phone.clone(),
            bsuid: who.bsuid.clone(),
            profile_name: who.profile_name.clone(),
            username: who.username.clone(),
            at,
        };
        let keys = seen.keys();
        let mut known: Vec<CustomerId> = Vec::new();
        for key in &keys {
            if let Some(id) = self.tx.conn.customer_by_key(key).await?
                && !known.contains(&id)
            {
                known.push(id);
            }
        }
        known.sort();
        let mut known = known.into_iter();
        let customer = match known.next() {
            Some(first) => {
                // Known under two names until now: they are one person.
                for other in known {
                    self.merge(&first, &other).await?;
                }
                first
            }
            None if keys.is_empty() => return Ok(None),
            None => {
                let id = CustomerId::new(self.ids.next());
                self.tx.add_customer(&id).await?;
                id
            }
        };
        self.learn_keys(&customer, &keys).await?;
        if self.tx.see_customer(&customer, &seen).await? {
            for conversation in self.tx.conn.conversations_of(&customer).await? {
                self.tx.stamp_conversation(&conversation.id).await?;
            }
        }
        Ok(Some(customer))
    }

    async fn learn_keys(&mut self, customer: &CustomerId, keys: &[CustomerKey]) -> Result<()> {
        for key in keys {
            if self.tx.conn.customer_by_key(key).await?.as_ref() != Some(customer) {
                self.tx.add_key(customer, key).await?;
            }
        }
        Ok(())
    }

    /// Two identities turned out to be one customer: one conversation per business number is
    /// kept, with the greater window facts.
    async fn merge(&mut self, kept: &CustomerId, gone: &CustomerId) -> Result<()> {
        for theirs in self.tx.conn.conversations_of(gone).await? {
            match self
                .tx
                .conn
                .conversation_between(&theirs.inbox, kept)
                .await?
            {
                None => self.tx.move_conversation_to(&theirs.id, kept).await?,
                Some(ours) => {
                    let mut facts = self.tx.facts(&ours).await?;
                    facts.merge(theirs.facts.clone());
                    self.tx.write_facts(&ours, &facts).await?;
                    self.tx.absorb_conversation(&ours, &theirs.id).await?;
                    self.stale.remove(&theirs.id);
                    self.stale.insert(ours);
                }
            }
        }
        self.tx.absorb_customer(kept, gone).await
    }

    /// The conversation between a number of ours and a customer.
    pub(crate) async fn conversation(
        &mut self,
        inbox: &InboxId,
        customer: &CustomerId,
        at: Time,
    ) -> Result<ConversationId> {
        if let Some(known) = self.tx.conn.conversation_between(inbox, customer).await? {
            return Ok(known);
        }
        let id = ConversationId::new(self.ids.next());
        self.tx.add_conversation(&id, inbox, customer, at).await?;
        Ok(id)
    }
}
