//! Who is this? From the keys in a webhook to one customer and one conversation.

use ajar_domain::{
    Bsuid, ConversationId, CustomerId, InboxId, MergeId, Time,
    customer::{CustomerKey, PhoneNumber},
    identity::{Side, Verdict, same_customer},
};

use super::Scope;
use crate::{
    meta::inbound::{CustomerChange, CustomerRef, NewIdentity},
    store::{Result, customers::Sighting, merges::MergeState},
};

/// What an item says about its customer.
pub(super) fn sighting(who: &CustomerRef, at: Time) -> Sighting {
    Sighting {
        phone: who.phone.clone(),
        bsuid: who.bsuid.clone(),
        parent: who.parent_bsuid.clone(),
        profile_name: who.profile_name.clone(),
        username: who.username.clone(),
        at,
    }
}

impl Scope<'_> {
    /// The customer with these keys: found, learnt more about, joined out of two, or new.
    /// `None` if the item names no one.
    pub(crate) async fn customer(
        &mut self,
        who: &CustomerRef,
        at: Time,
    ) -> Result<Option<CustomerId>> {
        let mut seen = sighting(who, at);
        let keys = seen.keys();
        if keys.is_empty() {
            return Ok(None);
        }
        if let Some(known) = self.desk.known_customer(&seen) {
            return Ok(Some(known));
        }
        if let Some(known) = self.desk.meet(&seen) {
            return Ok(Some(known));
        }
        self.write_sightings().await?;
        self.desk.forget_keys(&keys);
        let as_seen = seen.clone();
        // The id is the surer key, so it comes first: who has it is meant.
        let mut customer: Option<CustomerId> = None;
        let mut doubtful: Vec<(CustomerId, Option<PhoneNumber>)> = Vec::new();
        let mut held: Vec<&CustomerKey> = Vec::new();
        for key in &keys {
            let Some(holder) = self.tx.conn.customer_by_key(key).await? else {
                continue;
            };
            held.push(key);
            let by_number = match key {
                CustomerKey::Phone(phone) => Some(phone.clone()),
                CustomerKey::Bsuid(_) | CustomerKey::Parent(_) => None,
            };
            match &customer {
                Some(known) if *known == holder => {}
                Some(known) => {
                    let known = known.clone();
                    if self.are_one(&known, &holder).await? {
                        customer = Some(self.join(&known, &holder, at).await?);
                    } else {
                        doubtful.push((holder, by_number));
                    }
                }
                None if by_number.is_some() && !self.may_be(&holder, who).await? => {
                    // The number is the only tie, and its holder has another id.
                    doubtful.push((holder, by_number));
                }
                None => customer = Some(holder),
            }
        }
        let customer = match customer {
            Some(customer) => customer,
            None => {
                let id = CustomerId::new(self.ids.next());
                self.tx.add_customer(&id).await?;
                id
            }
        };
        for key in &keys {
            // An id stays with whom it has; a number passes on, so its newest sighting counts.
            let held = matches!(key, CustomerKey::Bsuid(_) | CustomerKey::Parent(_))
                && held.contains(&key);
            if !held {
                self.tx.add_key(&customer, key, at).await?;
            }
        }
        if !doubtful.is_empty() {
            self.give_number(&customer, &mut seen, &doubtful).await?;
        }
        if self.tx.see_customer(&customer, &seen).await? {
            self.tx.stamp_customer(&customer).await?;
        }
        if doubtful.is_empty() {
            self.desk.know_customer(&as_seen, &customer);
        } else {
            // The number has another holder now, whatever is remembered of it.
            self.clear_desk().await?;
        }
        for (other, shared) in doubtful {
            let merge = MergeId::new(self.ids.next());
            self.tx
                .propose_merge(&merge, &customer, &other, shared.as_ref(), at)
                .await?;
        }
        Ok(Some(customer))
    }

    /// A number has one holder, the newest. Whoever had it before is not reached by it any more:
    /// a message to them must not go to somebody else.
    async fn give_number(
        &mut self,
        customer: &CustomerId,
        seen: &mut Sighting,
        others: &[(CustomerId, Option<PhoneNumber>)],
    ) -> Result<()> {
        let Some(phone) = seen.phone.as_ref().map(PhoneNumber::canonical) else {
            return Ok(());
        };
        let key = CustomerKey::Phone(phone.clone());
        if self.tx.conn.customer_by_key(&key).await?.as_ref() != Some(customer) {
            seen.phone = None;
            return Ok(());
        }
        for (other, shared) in others {
            if shared.as_ref() == Some(&phone) && self.tx.drop_phone(other, &phone).await? {
                self.tx.stamp_customer(other).await?;
            }
        }
        Ok(())
    }

    /// Whether the holder of a number can be the person with this id.
    async fn may_be(&mut self, holder: &CustomerId, who: &CustomerRef) -> Result<bool> {
        let ids: Vec<Bsuid> = who.bsuid.iter().cloned().collect();
        let holder = Side {
            ids: self.tx.conn.ids_of(holder).await?,
        };
        Ok(same_customer(&holder, &Side { ids }) == Verdict::Same)
    }

    /// Whether two customers that one webhook names together are one. What a person kept apart
    /// the machine never joins.
    async fn are_one(&mut self, a: &CustomerId, b: &CustomerId) -> Result<bool> {
        if self.tx.conn.merge_between(a, b).await? == Some(MergeState::Apart) {
            return Ok(false);
        }
        let a = Side {
            ids: self.tx.conn.ids_of(a).await?,
        };
        let b = Side {
            ids: self.tx.conn.ids_of(b).await?,
        };
        Ok(same_customer(&a, &b) == Verdict::Same)
    }

    /// Two identities are one customer: one conversation per business number is kept, with the
    /// greater window facts. The older of the two is kept, whatever the order of the webhooks.
    async fn join(&mut self, a: &CustomerId, b: &CustomerId, at: Time) -> Result<CustomerId> {
        self.clear_desk().await?;
        let (kept, gone) = if a <= b { (a, b) } else { (b, a) };
        let merge = MergeId::new(self.ids.next());
        let (stale, vanished) = self.tx.join_customers(&merge, kept, gone, None, at).await?;
        for gone in &vanished {
            self.stale.remove(gone);
        }
        self.stale.extend(stale);
        Ok(kept.clone())
    }

    /// The same message stands in two conversations, because Meta named its customer by the
    /// number once and by the id another time.
    pub(super) async fn one_message_one_customer(
        &mut self,
        one: &ConversationId,
        other: &ConversationId,
        at: Time,
    ) -> Result<()> {
        let one = self.tx.conn.conversation(one.as_str()).await?;
        let other = self.tx.conn.conversation(other.as_str()).await?;
        let (Some(one), Some(other)) = (one, other) else {
            return Ok(());
        };
        let (a, b) = (one.customer.id, other.customer.id);
        if one.inbox != other.inbox || a == b {
            return Ok(());
        }
        if self.are_one(&a, &b).await? {
            self.join(&a, &b, at).await?;
        } else {
            let merge = MergeId::new(self.ids.next());
            self.tx.propose_merge(&merge, &a, &b, None, at).await?;
        }
        Ok(())
    }

    /// The customer's number, id or security code changed.
    pub(super) async fn customer_changed(
        &mut self,
        inbox: Option<&InboxId>,
        change: CustomerChange,
    ) -> Result<()> {
        let mut so_far = change.customer.clone();
        let mut moved_to = None;
        let at = change.at;
        if let NewIdentity::UserId {
            previous,
            parent_previous,
            ..
        } = &change.change
        {
            so_far.bsuid = previous.clone().or(so_far.bsuid);
            so_far.parent_bsuid = parent_previous.clone().or(so_far.parent_bsuid);
            // As a notice in the chat it names the number so far; as an event, the new one.
            if change.id.is_none() && so_far.bsuid.is_some() {
                moved_to = so_far.phone.take();
            }
        }
        let notice = Self::identity_notice(&change.change);
        let (moved, new_keys) = match change.change {
            NewIdentity::Number { phone, bsuid } => (
                true,
                Sighting {
                    phone,
                    bsuid,
                    at,
                    ..Sighting::default()
                },
            ),
            NewIdentity::UserId {
                current,
                parent_current,
                ..
            } => (
                true,
                Sighting {
                    phone: moved_to,
                    bsuid: Some(current),
                    parent: parent_current,
                    at,
                    ..Sighting::default()
                },
            ),
            NewIdentity::SecurityCode { .. } | NewIdentity::Other { .. } => {
                (false, Sighting::default())
            }
        };
        // Without a former key there is only the new one: it makes a customer known, and no more.
        let known = match self.customer(&so_far, at).await? {
            Some(known) => Some(known),
            None => {
                let who = CustomerRef {
                    phone: new_keys.phone.clone(),
                    bsuid: new_keys.bsuid.clone(),
                    ..CustomerRef::default()
                };
                self.customer(&who, at).await?
            }
        };
        let Some(mut customer) = known else {
            return Ok(());
        };
        for key in new_keys.keys() {
            customer = self.link(&customer, &key, at).await?;
        }
        if moved {
            let mut news = self.tx.see_customer(&customer, &new_keys).await?;
            news |= self.tx.note_move(&customer, at).await?;
            if news {
                self.tx.stamp_customer(&customer).await?;
            }
        }
        if let (Some(inbox), Some(id)) = (inbox, change.id) {
            self.notice(inbox, &customer, id, at, notice).await?;
        }
        Ok(())
    }

    /// Meta says that a customer has a further key from now on. If somebody else holds an *id*,
    /// they are one person; a *number* passes from hand to hand, so its former holder is only
    /// proposed, if they were known by more than it.
    async fn link(
        &mut self,
        customer: &CustomerId,
        key: &CustomerKey,
        at: Time,
    ) -> Result<CustomerId> {
        self.clear_desk().await?;
        let holder = self.tx.conn.customer_by_key(key).await?;
        let joined = match (&holder, key) {
            (Some(holder), CustomerKey::Bsuid(_) | CustomerKey::Parent(_))
                if holder != customer
                    && self.tx.conn.merge_between(customer, holder).await?
                        != Some(MergeState::Apart) =>
            {
                self.join(customer, holder, at).await?
            }
            (Some(holder), CustomerKey::Phone(phone)) if holder != customer => {
                if self.are_one(customer, holder).await? {
                    self.join(customer, holder, at).await?
                } else {
                    let merge = MergeId::new(self.ids.next());
                    self.tx
                        .propose_merge(&merge, customer, holder, Some(phone), at)
                        .await?;
                    if self.tx.drop_phone(holder, phone).await? {
                        self.tx.stamp_customer(holder).await?;
                    }
                    customer.clone()
                }
            }
            _ => customer.clone(),
        };
        self.tx.add_key(&joined, key, at).await?;
        Ok(joined)
    }

    /// The conversation between a number of ours and a customer.
    pub(crate) async fn conversation(
        &mut self,
        inbox: &InboxId,
        customer: &CustomerId,
        at: Time,
    ) -> Result<ConversationId> {
        if let Some(known) = self.desk.known_conversation(inbox, customer) {
            return Ok(known);
        }
        let id = match self.tx.conn.conversation_between(inbox, customer).await? {
            Some(known) => known,
            None => {
                let id = ConversationId::new(self.ids.next());
                self.tx.add_conversation(&id, inbox, customer, at).await?;
                id
            }
        };
        self.desk.know_conversation(inbox, customer, &id);
        Ok(id)
    }
}
