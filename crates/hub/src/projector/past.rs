//! The phone's past and its address book, as they are shared once at onboarding. Silent: no
//! window, no unread, no notification, no place in the list by old times.

use std::time::Duration;

use ajar_domain::{
    InboxId, Time,
    content::{Author, Content, NotShownWhy, Provenance},
    context::Context,
    delivery::{Delivery, Receipt, Report},
    failure::Failure,
    opening::Occurrence,
};

use super::{Scope, content, messages::Told};
use crate::{
    meta::inbound::{
        AddressBook, ContactChange, HistoryMedia, HistoryMessage, HistoryState, Party,
    },
    store::Result,
};

/// Files of this long before the onboarding follow their placeholder; older ones never come
/// (platform notes, section 2.3).
const FILES_FOLLOW: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What a batch of webhooks adds to an import; written once, at the end of the batch.
#[derive(Default)]
pub(crate) struct ImportNews {
    pub messages: u64,
    pub contacts: u64,
    pub percents: Vec<Option<u32>>,
    pub declined: bool,
}

impl Scope<'_> {
    pub(super) fn import_of(&mut self, inbox: &InboxId) -> &mut ImportNews {
        self.imports.entry(inbox.clone()).or_default()
    }

    pub(super) async fn history(&mut self, inbox: &InboxId, past: HistoryMessage) -> Result<()> {
        let Some(customer) = self.customer(&past.customer, past.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, past.at).await?;
        let (mut content, attached) = content::read(past.body, self.ids);
        if let Content::NotShown { why, .. } = &mut content
            && *why == NotShownWhy::OnThePhone
            && past.at + FILES_FOLLOW < self.received_at
        {
            *why = NotShownWhy::TooOldToImport;
        }
        let ours = past.from == Party::Phone;
        let told = Told {
            wamid: past.wamid,
            conversation,
            author: if ours {
                Author::Phone { claimed_by: None }
            } else {
                Author::Customer
            },
            at: past.at,
            content,
            attached,
            context: Context {
                forwarded: past.forwarded,
                ..Context::default()
            },
            quotes: past.quotes,
            provenance: Provenance::History,
            occurrence: Occurrence::History,
            base: ours.then_some(Delivery::Elsewhere),
            answers: ours,
            report: ours.then(|| report(past.state, past.at)).flatten(),
        };
        if let super::messages::Put::New(_) = self.put(inbox, told).await? {
            self.import_of(inbox).messages += 1;
        }
        Ok(())
    }

    /// The contents of a placeholder. Joined by id alone: Meta may repeat another time and even
    /// another direction here.
    pub(super) async fn history_media(
        &mut self,
        inbox: &InboxId,
        late: HistoryMedia,
    ) -> Result<()> {
        self.have_written(&late.wamid).await?;
        self.desk.is_told_of(&late.wamid);
        self.tx
            .keep_late_content(&late.wamid, &content::to_late(late.body, self.ids)?)
            .await?;
        self.fill_placeholder(inbox, &late.wamid).await
    }

    /// The owner of the phone did not share its past. Meta's own example names no number, so it
    /// may concern every number of this hub that waits for one.
    pub(super) async fn history_refused(
        &mut self,
        inbox: Option<&InboxId>,
        failure: &Failure,
    ) -> Result<()> {
        let inboxes = match inbox {
            Some(inbox) => vec![inbox.clone()],
            None => self
                .tx
                .conn
                .inboxes()
                .await?
                .into_iter()
                .map(|row| row.id)
                .collect(),
        };
        for inbox in inboxes {
            if crate::meta::errors::is_history_declined(failure) {
                self.import_of(&inbox).declined = true;
            } else {
                self.problem(Some(inbox), failure).await?;
            }
        }
        Ok(())
    }

    /// An entry of the phone's address book. It makes nobody a conversation.
    pub(super) async fn contact(
        &mut self,
        inbox: Option<&InboxId>,
        contact: ContactChange,
    ) -> Result<()> {
        let Some(customer) = self.customer(&contact.customer, contact.at).await? else {
            return Ok(());
        };
        let name = match contact.change {
            AddressBook::Saved {
                full_name,
                first_name,
            } => full_name.or(first_name),
            AddressBook::Removed => None,
        };
        if self
            .tx
            .write_book_name(&customer, name.as_deref(), contact.at)
            .await?
        {
            self.tx.stamp_customer(&customer).await?;
            if let Some(inbox) = inbox {
                self.import_of(inbox).contacts += 1;
            }
        }
        Ok(())
    }

    /// Writes what this batch added to the imports.
    pub(crate) async fn write_imports(&mut self) -> Result<()> {
        for (inbox, news) in std::mem::take(self.imports) {
            let Some(row) = self.tx.conn.inbox(inbox.as_str()).await? else {
                continue;
            };
            let before = row.import.clone();
            let mut import = row.import;
            import.messages += news.messages;
            import.contacts_seen += news.contacts;
            for percent in news.percents {
                import.heard(percent, self.received_at);
            }
            if news.declined {
                import.declined(self.received_at);
            }
            if import != before {
                self.tx.write_import(&inbox, &import).await?;
            }
        }
        Ok(())
    }
}

/// The tick that the phone showed when its past was exported.
fn report(state: HistoryState, at: Time) -> Option<Report> {
    let receipt = match state {
        HistoryState::Sent => Receipt::Sent,
        HistoryState::Delivered => Receipt::Delivered,
        HistoryState::Read => Receipt::Read,
        HistoryState::Played => Receipt::Played,
        HistoryState::Failed => {
            return Some(Report {
                receipt: Receipt::Failed,
                at,
                failure: Some(Failure::unknown()),
            });
        }
        HistoryState::Pending | HistoryState::Unknown => return None,
    };
    Some(Report {
        receipt,
        at,
        failure: None,
    })
}
