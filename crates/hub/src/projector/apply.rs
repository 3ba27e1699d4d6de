//! One webhook item becomes rows: which part of the projector it belongs to.

use ajar_domain::amendment::{Amended, Amendment, Side};

use super::{Scope, content};
use crate::{
    meta::inbound::{Inbound, Item, Party},
    store::Result,
};

const fn side(party: Party) -> Side {
    match party {
        Party::Customer => Side::Customer,
        Party::Phone => Side::Business,
    }
}

impl Scope<'_> {
    pub(crate) async fn item(&mut self, webhook: i64, index: i64, item: Item) -> Result<()> {
        let inbox = match &item.phone_number_id {
            Some(number) => self.inbox_of(number).await?,
            None => None,
        };
        let what = match item.what {
            Ok(what) => what,
            Err(rejected) => {
                return self
                    .keep_unread(webhook, index, &rejected.field, &rejected.kind)
                    .await;
            }
        };
        let standby = item.standby;
        match (what, inbox) {
            (Inbound::Message(message), Some(inbox)) => {
                self.message(&inbox, message, standby).await
            }
            (Inbound::Echo(echo), Some(inbox)) => self.echo(&inbox, echo, standby).await,
            (Inbound::Reaction(reaction), Some(_)) => self.reaction(reaction).await,
            (Inbound::Call(call), Some(inbox)) => self.call(&inbox, call).await,
            (Inbound::History(past), Some(inbox)) => self.history(&inbox, past).await,
            (Inbound::HistoryMedia(late), Some(inbox)) => self.history_media(&inbox, late).await,
            (Inbound::HistoryProgress(progress), Some(inbox)) => {
                self.import_of(&inbox).percents.push(progress.percent);
                Ok(())
            }
            (Inbound::HistoryRefused { failure }, inbox) => {
                self.history_refused(inbox.as_ref(), &failure).await
            }
            (Inbound::Preference(preference), inbox) => {
                self.preference(inbox.as_ref(), preference).await
            }
            (Inbound::HandOver(hand_over), inbox) => {
                let Some(inbox) = self.the_inbox(inbox, item.account.as_deref()).await? else {
                    return self
                        .keep_unread(webhook, index, "messaging_handovers", "unknown_number")
                        .await;
                };
                self.hand_over(&inbox, hand_over).await
            }
            (Inbound::CustomerChanged(change), inbox) => {
                self.customer_changed(inbox.as_ref(), change).await
            }
            (Inbound::Contact(contact), inbox) => self.contact(inbox.as_ref(), contact).await,
            (Inbound::Status(report), inbox) => self.status(inbox.as_ref(), report).await,
            (Inbound::Account(event), inbox) => self.account(inbox, event).await,
            (Inbound::Template(event), _) => self.template(item.account.as_deref(), event).await,
            (Inbound::Problem { failure }, inbox) => self.problem(inbox, &failure).await,
            (Inbound::NotUsed { .. }, _) => Ok(()),
            (Inbound::NotUnderstood { field, kind }, _) => {
                self.keep_unread(webhook, index, &field, &kind).await
            }
            (Inbound::Edit(edit), inbox) => {
                // Meta describes edits of words only; anything else is kept and listed.
                let Some(words) = content::read(edit.body, self.ids)
                    .0
                    .words()
                    .map(str::to_owned)
                else {
                    return self.keep_unread(webhook, index, "messages", "edit").await;
                };
                let amended = Amended {
                    event_id: edit.id.as_str().to_owned(),
                    at: edit.at,
                    by: side(edit.from),
                    what: Amendment::Edit { words },
                };
                let live = edit.provenance.is_live();
                self.amend(inbox.as_ref().filter(|_| live), &edit.target, &amended)
                    .await
            }
            (Inbound::Deletion(gone), inbox) => {
                let amended = Amended {
                    event_id: gone.id.as_str().to_owned(),
                    at: gone.at,
                    by: side(gone.from),
                    what: Amendment::Deletion,
                };
                let live = gone.provenance.is_live();
                self.amend(inbox.as_ref().filter(|_| live), &gone.target, &amended)
                    .await
            }
            (
                Inbound::Message(_)
                | Inbound::Echo(_)
                | Inbound::Reaction(_)
                | Inbound::Call(_)
                | Inbound::History(_)
                | Inbound::HistoryMedia(_)
                | Inbound::HistoryProgress(_),
                None,
            ) => {
                // A number of the account that this hub was not set up for.
                self.keep_unread(webhook, index, "messages", "unknown_number")
                    .await
            }
        }
    }

    /// Kept in the log and listed for the administrator.
    pub(crate) async fn keep_unread(
        &mut self,
        webhook: i64,
        index: i64,
        field: &str,
        kind: &str,
    ) -> Result<()> {
        metrics::counter!("ajar_items_not_understood_total", "field" => field.to_owned())
            .increment(1);
        self.tx
            .list_not_understood(webhook, index, field, kind, self.received_at)
            .await
    }
}
