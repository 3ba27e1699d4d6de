//! What is said about messages: how far they got, reactions, edits and deletions. All of it may
//! come before the message itself, and waits for it then.

use ajar_domain::{
    InboxId, WaMessageId,
    amendment::{Amended, Side},
    content::Content,
    delivery::{Delivery, Receipt, Report},
    failure::{Failure, FailureCode},
    outbox::{About, Outbound, Parked, Reference},
    window::Refusal,
};

use super::Scope;
use crate::{
    costs,
    meta::inbound::{Party, Reaction, StatusReport},
    store::{
        Result,
        inboxes::SignOfLife,
        outbox::{OutRow, Payload},
        reactions::{Reacted, Reactor},
    },
};

impl Scope<'_> {
    pub(super) async fn reaction(&mut self, reaction: Reaction) -> Result<()> {
        if reaction.provenance.is_live() {
            // It opens nothing, but the person is known from here on.
            self.customer(&reaction.customer, reaction.at).await?;
        }
        let reacted = Reacted {
            target: &reaction.target,
            by: match reaction.from {
                Party::Customer => Reactor::Customer,
                Party::Phone => Reactor::Phone,
            },
            emoji: reaction.emoji.as_deref().unwrap_or_default(),
            at: reaction.at,
            event: reaction.id.as_str(),
            delivery: None,
        };
        let news = self.tx.add_reaction(&reacted).await?;
        if news && let Some(target) = self.row_of(&reaction.target).await? {
            self.tx.stamp_message(&target.id).await?;
        }
        Ok(())
    }

    pub(super) async fn amend(
        &mut self,
        inbox: Option<&InboxId>,
        target: &WaMessageId,
        amended: &Amended,
    ) -> Result<()> {
        if let Some(inbox) = inbox {
            let sign = match amended.by {
                Side::Customer => SignOfLife::Inbound,
                Side::Business => SignOfLife::Echo,
            };
            self.sign_of_life(inbox, sign, amended.at);
        }
        self.desk.is_told_of(target);
        let news = self.tx.add_amendment(target, amended).await?;
        if news && let Some(message) = self.row_of(target).await? {
            self.tx.settle_words(&message.id, target).await?;
            self.stale.insert(message.conversation);
        }
        Ok(())
    }

    pub(super) async fn status(
        &mut self,
        inbox: Option<&InboxId>,
        report: StatusReport,
    ) -> Result<()> {
        if let Some(inbox) = inbox {
            self.sign_of_life(inbox, SignOfLife::Status, report.at);
        }
        // Our reference comes back with every status: a lost answer is settled by it.
        if let Some(data) = &report.callback_data {
            let reference = Reference::read(data);
            if let Some(mut row) = self.tx.conn.outbox_row(&reference.id).await? {
                self.have_written(&report.wamid).await?;
                if reference.generation != row.generation {
                    crate::outbox::settle_earlier(self.tx, &mut row, reference.generation).await?;
                }
                self.confirm(&row, &reference, &report).await?;
            }
        }
        let kept = Report {
            receipt: report.receipt,
            at: report.at,
            failure: report.failure.clone(),
        };
        self.desk.is_told_of(&report.wamid);
        // What the message itself said about its delivery was said before.
        self.have_written(&report.wamid).await?;
        let mut news = self.tx.add_report(&report.wamid, &kept).await?;
        if let Some(price) = &report.pricing {
            news |= self.tx.note_price(&report.wamid, price).await?;
            // Meta charges what was delivered.
            if let Some(inbox) = inbox
                && report.receipt > Receipt::Failed
            {
                let country = report.recipient.phone.as_ref().and_then(costs::country_of);
                self.tx
                    .note_charge(&report.wamid, inbox, price, country.as_deref(), report.at)
                    .await?;
            }
        }
        if let Some((inbox, until)) = inbox.zip(report.free_until)
            && let Some(customer) = self.customer(&report.recipient, report.at).await?
        {
            // The status may come before the message, so the customer says which chat it is.
            let conversation = self.conversation(inbox, &customer, report.at).await?;
            self.tx.note_free_until(&conversation, until).await?;
        }
        if !news {
            return Ok(());
        }
        let Some(message) = self.row_of(&report.wamid).await? else {
            // Before its message, or about one that is not ours: it waits.
            return Ok(());
        };
        let refused_late = report.receipt == Receipt::Failed
            && report
                .failure
                .as_ref()
                .is_some_and(|failure| failure.code == FailureCode::WindowClosed);
        if refused_late {
            self.refused_late(&message, &report).await?;
        }
        self.tx.settle_delivery(&message.id, &report.wamid).await?;
        if report.pricing.is_some() {
            self.tx.stamp_message(&message.id).await?;
        }
        self.stale.insert(message.conversation);
        Ok(())
    }

    async fn confirm(
        &mut self,
        row: &OutRow,
        reference: &Reference,
        report: &StatusReport,
    ) -> Result<()> {
        let about = About::of(reference.generation, row.generation);
        if about == About::AnEarlierOne && matches!(row.state, Outbound::Accepted { .. }) {
            let message = self.tx.conn.message(&row.id).await?;
            let arrived = message
                .and_then(|message| message.delivery)
                .is_some_and(|delivery| delivery.arrived());
            if arrived {
                // Both copies are there. The one that the thread knows stays the one it knows.
                return Ok(());
            }
        }
        if let (Payload::Reaction { .. }, Receipt::Failed) = (&row.payload, report.receipt) {
            // Taken first and refused then (an old message, for one): it is not there after all.
            let failure = report.failure.clone().unwrap_or_else(Failure::unknown);
            let failed = Outbound::Failed {
                at: report.at,
                failure,
            };
            return crate::outbox::write(self.tx, row, &failed).await;
        }
        let state =
            row.state
                .clone()
                .reported(about, report.receipt, report.wamid.clone(), report.at);
        if state == row.state {
            return Ok(());
        }
        crate::outbox::write(self.tx, row, &state).await?;
        self.stale.insert(row.conversation.clone());
        self.rung.outbox = true;
        Ok(())
    }

    /// Meta took the message and then refused it as outside the window: the window is disputed
    /// for the whole team, and the text is parked.
    async fn refused_late(
        &mut self,
        message: &ajar_protocol::rows::MessageRow,
        report: &StatusReport,
    ) -> Result<()> {
        if matches!(message.content, Content::Template { .. }) {
            return Ok(());
        }
        let mut facts = self.tx.facts(&message.conversation).await?;
        facts.record_refusal(Refusal {
            at: report.at,
            message: message.id.clone(),
        });
        self.tx.write_facts(&message.conversation, &facts).await?;
        let why = Parked::Disputed {
            meta_code: report
                .failure
                .as_ref()
                .and_then(|failure| failure.meta_code),
        };
        if self
            .tx
            .conn
            .outbox_row(message.id.as_str())
            .await?
            .is_some()
        {
            let parked = Outbound::Parked {
                since: report.at,
                why: why.clone(),
            };
            self.tx.write_outbound(message.id.as_str(), &parked).await?;
            self.tx
                .write_base(
                    &message.id,
                    &Delivery::Parked {
                        since: report.at,
                        why,
                    },
                    None,
                )
                .await?;
        }
        Ok(())
    }
}
