//! Numbers, accounts and templates: what an administrator must know, and what stops sending.

use ajar_domain::{InboxId, failure::Failure, template::Category};
use ajar_protocol::health::NumberEvent;

use super::Scope;
use crate::{
    meta::inbound::{AccountChange, AccountEvent, DisconnectReason, TemplateChange, TemplateEvent},
    store::{Result, number_events::Entry},
};

impl Scope<'_> {
    /// The number an event is about: the one it names, else the only one of the account.
    pub(super) async fn the_inbox(
        &mut self,
        inbox: Option<InboxId>,
        account: Option<&str>,
    ) -> Result<Option<InboxId>> {
        if inbox.is_some() {
            return Ok(inbox);
        }
        let of_account = match account {
            Some(account) => self.tx.conn.inboxes_of_account(account).await?,
            None => Vec::new(),
        };
        Ok(of_account.into_iter().next())
    }

    /// The numbers an event is about. Most events name none: they concern the whole account, and
    /// partner events are filed under a business portfolio that this hub does not know, so then
    /// they concern all its numbers.
    async fn concerned(&mut self, event: &AccountEvent) -> Result<Vec<InboxId>> {
        let all = self.tx.conn.inboxes().await?;
        if let Some(phone) = &event.phone {
            let named: Vec<InboxId> = all
                .iter()
                .filter(|row| row.number.canonical() == phone.canonical())
                .map(|row| row.id.clone())
                .collect();
            if !named.is_empty() {
                return Ok(named);
            }
        }
        if let Some(account) = &event.account {
            let named = self.tx.conn.inboxes_of_account(account).await?;
            if !named.is_empty() {
                return Ok(named);
            }
        }
        Ok(all.into_iter().map(|row| row.id).collect())
    }

    pub(super) async fn account(
        &mut self,
        inbox: Option<InboxId>,
        event: AccountEvent,
    ) -> Result<()> {
        let inboxes = match inbox {
            Some(inbox) => vec![inbox],
            None => self.concerned(&event).await?,
        };
        let at = event.at.unwrap_or(self.received_at);
        let (kind, detail, side) = describe(&event.change);
        let entry = Entry {
            event: NumberEvent {
                at,
                kind: kind.to_owned(),
                detail,
            },
            side,
        };
        for inbox in inboxes {
            if self.tx.add_number_event(&inbox, &entry).await? {
                self.rung.outbox |= self.tx.settle_pause(&inbox).await?;
            }
        }
        Ok(())
    }

    /// Meta's listing is the truth about templates; until it is asked again, what the event says
    /// holds.
    pub(super) async fn template(
        &mut self,
        account: Option<&str>,
        event: TemplateEvent,
    ) -> Result<()> {
        self.rung.templates = true;
        let inboxes = match account {
            Some(account) => self.tx.conn.inboxes_of_account(account).await?,
            None => Vec::new(),
        };
        let at = event.at.unwrap_or(self.received_at);
        let name = event.name.as_deref().unwrap_or("");
        let language = event.language.as_deref().unwrap_or("");
        let entry = Entry {
            event: NumberEvent {
                at,
                kind: "template".to_owned(),
                detail: Some(
                    format!("{name} ({language}): {}", template_words(&event.change))
                        .trim()
                        .to_owned(),
                ),
            },
            side: String::new(),
        };
        for inbox in inboxes {
            if !self.tx.add_number_event(&inbox, &entry).await? {
                continue;
            }
            let (status, category) = match &event.change {
                TemplateChange::Status {
                    status, category, ..
                } => (Some(*status), *category),
                TemplateChange::Category { now, next, .. } => {
                    (None, now.filter(|_| next.is_none()))
                }
                TemplateChange::Quality { .. } | TemplateChange::Components => (None, None),
            };
            self.tx
                .note_template(&inbox, name, language, status, category)
                .await?;
        }
        Ok(())
    }

    /// An error of Meta's that belongs to no message.
    pub(super) async fn problem(
        &mut self,
        inbox: Option<InboxId>,
        failure: &Failure,
    ) -> Result<()> {
        let inboxes = match inbox {
            Some(inbox) => vec![inbox],
            None => self
                .tx
                .conn
                .inboxes()
                .await?
                .into_iter()
                .map(|row| row.id)
                .collect(),
        };
        let entry = Entry {
            event: NumberEvent {
                at: self.received_at,
                kind: "problem".to_owned(),
                detail: failure.meta_code.map(|code| code.to_string()),
            },
            side: String::new(),
        };
        for inbox in inboxes {
            self.tx.add_number_event(&inbox, &entry).await?;
        }
        Ok(())
    }
}

/// Meta's word for a reason, in small letters.
fn reason(reason: &DisconnectReason) -> String {
    match reason {
        DisconnectReason::AccountDisconnected => "account_disconnected",
        DisconnectReason::BusinessDowngrade => "business_downgrade",
        DisconnectReason::ChangeNumber => "change_number",
        DisconnectReason::CompanionInactivity => "companion_inactivity",
        DisconnectReason::PrimaryInactivity => "primary_inactivity",
        DisconnectReason::UserReRegistered => "user_re_registered",
        DisconnectReason::Other(word) => return word.to_lowercase(),
    }
    .to_owned()
}

/// Kind, detail and side of a diary entry.
fn describe(change: &AccountChange) -> (&'static str, Option<String>, String) {
    let plain = |kind, detail| (kind, detail, String::new());
    match change {
        AccountChange::Disconnected { reason: why, by } => (
            "disconnected",
            why.as_ref().map(reason),
            by.as_deref().unwrap_or_default().to_lowercase(),
        ),
        AccountChange::Offboarded => plain("offboarded", None),
        AccountChange::Reconnected => plain("reconnected", None),
        AccountChange::Restricted { restrictions } => plain(
            "restricted",
            Some(
                restrictions
                    .iter()
                    .map(|restriction| restriction.meta_kind.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        ),
        AccountChange::Violation { meta_kind } => plain("violation", meta_kind.clone()),
        // A ban that is announced stops nothing yet, and one that is lifted is a return.
        AccountChange::Disabled { state, date } => match state.as_deref() {
            Some("SCHEDULE_FOR_DISABLE") => plain("alert", state.clone()),
            Some("REINSTATE") => plain("reconnected", state.clone()),
            _ => plain("disabled", state.clone().or_else(|| date.clone())),
        },
        AccountChange::Deleted => plain("deleted", None),
        AccountChange::PartnerAdded => plain("partner_added", None),
        AccountChange::AppInstalled => plain("app_installed", None),
        AccountChange::AppUninstalled => plain("app_uninstalled", None),
        AccountChange::Alert {
            severity,
            meta_kind,
            description,
            ..
        } => plain(
            "alert",
            Some(
                [severity.as_deref(), Some(meta_kind), description.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" · "),
            ),
        ),
        AccountChange::Reviewed { decision } => plain("reviewed", Some(decision.clone())),
        AccountChange::Limit { customers_per_day } => plain(
            "limit",
            Some(customers_per_day.map_or_else(|| "unlimited".to_owned(), |n| n.to_string())),
        ),
        AccountChange::Throughput { meta_kind, limit } => plain(
            "throughput",
            Some(limit.clone().unwrap_or_else(|| meta_kind.clone())),
        ),
        AccountChange::NameDecided {
            decision,
            name,
            reason,
        } => plain(
            "name_decided",
            Some(
                [name.as_deref(), Some(decision), reason.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" · "),
            ),
        ),
        AccountChange::Security { meta_kind } => plain("security", Some(meta_kind.clone())),
        AccountChange::Other { meta_kind } => plain("other", Some(meta_kind.clone())),
    }
}

fn template_words(change: &TemplateChange) -> String {
    fn word(category: Option<Category>) -> String {
        category.map_or_else(String::new, crate::store::word)
    }
    match change {
        TemplateChange::Status { event, reason, .. } => match reason {
            Some(reason) => format!("{event} ({reason})"),
            None => event.clone(),
        },
        TemplateChange::Quality { previous, now } => match previous {
            Some(previous) => format!("{previous} → {now}"),
            None => now.clone(),
        },
        TemplateChange::Components => "edited".to_owned(),
        TemplateChange::Category {
            now,
            next,
            previous,
            ..
        } => match next {
            Some(_) => format!("{} → {} (announced)", word(*now), word(*next)),
            None => format!("{} → {}", word(*previous), word(*now)),
        },
    }
}
