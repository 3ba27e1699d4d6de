//! One webhook item becomes rows.

use ajar_domain::{
    AgentId, ConversationId, InboxId, MessageId, Time, WaMessageId,
    amendment::{Amended, Amendment, Side},
    content::{Author, Content, MediaState, Provenance},
    delivery::{Delivery, Receipt, Report},
    failure::FailureCode,
    opening::Occurrence,
    outbox::{Outbound, Parked},
    phone_start::PhoneStart,
    window::{Opening, Refusal},
};
use ajar_protocol::rows::Position;

use super::{
    Scope,
    content::{self, Attached},
};
use crate::{
    meta::inbound::{
        AccountChange, EchoMessage, Inbound, InboundMessage, Item, Party, Reaction, StatusReport,
    },
    store::{Result, inboxes::SignOfLife, media::MediaRow, messages::NewMessage, outbox::OutRow},
};

/// Meta's times are whole seconds. Of a customer's message and the phone's in one second, the
/// customer's reads first, on every machine and in any order of arrival: the phone's own greeting
/// comes that quickly, a person's question does not. (`wamid.…` sorts before `z`.)
fn after_the_question(at: Time, wamid: &WaMessageId) -> Position {
    Position::of(at, &format!("z-{}", wamid.as_str()))
}

const fn side(party: Party) -> Side {
    match party {
        Party::Customer => Side::Customer,
        Party::Phone => Side::Business,
    }
}

impl Scope<'_> {
    pub(crate) async fn item(&mut self, webhook: i64, index: i64, item: Item) -> Result<()> {
        let inbox = match &item.phone_number_id {
            Some(number) => self.tx.conn.inbox_of_number(number).await?,
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
        match (what, inbox) {
            (Inbound::Message(message), Some(inbox)) => self.message(&inbox, message).await,
            (Inbound::Echo(echo), Some(inbox)) => self.echo(&inbox, echo).await,
            (Inbound::Reaction(reaction), Some(inbox)) => self.reaction(&inbox, reaction).await,
            (Inbound::Status(report), inbox) => self.status(inbox.as_ref(), report).await,
            (Inbound::Call(call), Some(inbox)) => {
                let Some(occurrence) = call.occurrence.filter(|what| what.opens_window()) else {
                    return self.keep_unread(webhook, index, "calls", "call").await;
                };
                let Some(customer) = self.customer(&call.customer, call.at).await? else {
                    return self.keep_unread(webhook, index, "calls", "nobody").await;
                };
                let conversation = self.conversation(&inbox, &customer, call.at).await?;
                self.open_window(&conversation, &call.event_id, occurrence, call.opens_at)
                    .await
            }
            (Inbound::Account(event), _) => self.account(webhook, index, event.change).await,
            (Inbound::NotUsed { .. }, _) => Ok(()),
            (Inbound::NotUnderstood { field, kind }, _) => {
                self.keep_unread(webhook, index, &field, &kind).await
            }
            (
                Inbound::Message(_) | Inbound::Echo(_) | Inbound::Reaction(_) | Inbound::Call(_),
                None,
            ) => {
                // A number of the account that this hub was not set up for.
                self.keep_unread(webhook, index, "messages", "unknown_number")
                    .await
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
                self.amend(inbox.as_ref(), &edit.target, &amended).await
            }
            (Inbound::Deletion(gone), inbox) => {
                let amended = Amended {
                    event_id: gone.id.as_str().to_owned(),
                    at: gone.at,
                    by: side(gone.from),
                    what: Amendment::Deletion,
                };
                self.amend(inbox.as_ref(), &gone.target, &amended).await
            }
            (Inbound::History(_) | Inbound::HistoryMedia(_), _) => {
                self.keep_unread(webhook, index, "history", "message").await
            }
            (Inbound::HistoryProgress(_) | Inbound::HistoryRefused { .. }, _) => {
                self.keep_unread(webhook, index, "history", "progress")
                    .await
            }
            (Inbound::Contact(_), _) => {
                self.keep_unread(webhook, index, "smb_app_state_sync", "contact")
                    .await
            }
            (Inbound::CustomerChanged(_), _) => {
                self.keep_unread(webhook, index, "messages", "system").await
            }
            (Inbound::Preference(_), _) => {
                self.keep_unread(webhook, index, "user_preferences", "preference")
                    .await
            }
            (Inbound::HandOver(_), _) => {
                self.keep_unread(webhook, index, "messaging_handovers", "hand_over")
                    .await
            }
            (Inbound::Template(_), _) => {
                self.keep_unread(webhook, index, "message_template_status_update", "template")
                    .await
            }
            (Inbound::Problem { .. }, _) => {
                self.keep_unread(webhook, index, "messages", "errors").await
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

    async fn message(&mut self, inbox: &InboxId, message: InboundMessage) -> Result<()> {
        let Some(customer) = self.customer(&message.customer, message.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, message.at).await?;
        self.open_window(
            &conversation,
            message.wamid.as_str(),
            message.occurrence,
            message.at,
        )
        .await?;
        self.tx
            .sign_of_life(inbox, SignOfLife::Inbound, message.at)
            .await?;
        if self
            .tx
            .conn
            .message_by_wamid(&message.wamid)
            .await?
            .is_some()
        {
            return Ok(());
        }
        let id = MessageId::new(self.ids.next());
        let (content, attached) = content::read(message.body, self.ids);
        self.tx
            .add_message(&NewMessage {
                id: id.clone(),
                position: Position::of(message.at, message.wamid.as_str()),
                conversation: conversation.clone(),
                wamid: Some(message.wamid),
                client_ref: None,
                author: Author::Customer,
                content,
                provenance: Provenance::Live,
                at: message.at,
                received_at: self.received_at,
                quotes: message.quotes,
                base: None,
                answers: false,
                send_before: None,
                occurrence: message.occurrence,
            })
            .await?;
        self.attach(inbox, &id, attached).await?;
        self.reopen(&conversation, message.at).await?;
        self.stale.insert(conversation);
        Ok(())
    }

    async fn echo(&mut self, inbox: &InboxId, echo: EchoMessage) -> Result<()> {
        let Some(customer) = self.customer(&echo.customer, echo.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, echo.at).await?;
        self.tx
            .sign_of_life(inbox, SignOfLife::Echo, echo.at)
            .await?;
        if self.tx.conn.message_by_wamid(&echo.wamid).await?.is_some() {
            // Known already, or our own API message mirrored: one message, one row.
            return Ok(());
        }
        let id = MessageId::new(self.ids.next());
        let claimed_by = self
            .claim_start(inbox, &customer, &conversation, &id, echo.at)
            .await?;
        let (content, attached) = content::read(echo.body, self.ids);
        self.tx
            .add_message(&NewMessage {
                id: id.clone(),
                position: after_the_question(echo.at, &echo.wamid),
                conversation: conversation.clone(),
                wamid: Some(echo.wamid),
                client_ref: None,
                author: Author::Phone {
                    claimed_by: claimed_by.clone(),
                },
                content,
                provenance: Provenance::Live,
                at: echo.at,
                received_at: self.received_at,
                quotes: echo.quotes,
                base: Some(Delivery::Elsewhere),
                answers: true,
                send_before: None,
                occurrence: Occurrence::Echo,
            })
            .await?;
        self.attach(inbox, &id, attached).await?;
        self.stale.insert(conversation);
        Ok(())
    }

    /// An echo claims the oldest waiting start to its recipient. Whoever asked becomes the
    /// author, and the assignee of a conversation that has none.
    async fn claim_start(
        &mut self,
        inbox: &InboxId,
        customer: &ajar_domain::CustomerId,
        conversation: &ConversationId,
        message: &MessageId,
        at: Time,
    ) -> Result<Option<AgentId>> {
        let Some(number) = self.tx.conn.address(customer).await?.phone else {
            return Ok(None);
        };
        let waiting = self.tx.conn.waiting_starts_to(inbox, &number).await?;
        let Some(start) = waiting
            .into_iter()
            .find(|start| start.state.is_claimed_by(at))
        else {
            return Ok(None);
        };
        let claimed = PhoneStart::Claimed {
            message: message.clone(),
            at,
        };
        self.tx
            .settle_phone_start(&start.id, &claimed, Some(conversation))
            .await?;
        if let Some(name) = &start.name {
            self.tx.give_name(customer, name).await?;
        }
        let unassigned = self
            .tx
            .conn
            .conversation(conversation.as_str())
            .await?
            .is_some_and(|row| row.assignee.is_none());
        if unassigned {
            self.tx.assign(conversation, Some(&start.asked_by)).await?;
        }
        Ok(Some(start.asked_by))
    }

    async fn reaction(&mut self, inbox: &InboxId, reaction: Reaction) -> Result<()> {
        if reaction.provenance == Provenance::Live
            && let Some(customer) = self.customer(&reaction.customer, reaction.at).await?
        {
            // It opens nothing, but the person is known from here on.
            self.conversation(inbox, &customer, reaction.at).await?;
        }
        let reactor = match reaction.from {
            Party::Customer => "customer",
            Party::Phone => "phone",
        };
        let news = self
            .tx
            .add_reaction(
                &reaction.target,
                reactor,
                reaction.emoji.as_deref().unwrap_or(""),
                reaction.at,
                reaction.id.as_str(),
            )
            .await?;
        if news && let Some(target) = self.tx.conn.message_by_wamid(&reaction.target).await? {
            self.tx.stamp_message(&target.id).await?;
        }
        Ok(())
    }

    async fn amend(
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
            self.tx.sign_of_life(inbox, sign, amended.at).await?;
        }
        let news = self.tx.add_amendment(target, amended).await?;
        if news && let Some(message) = self.tx.conn.message_by_wamid(target).await? {
            self.tx.settle_words(&message.id, target).await?;
            self.stale.insert(message.conversation);
        }
        Ok(())
    }

    async fn status(&mut self, inbox: Option<&InboxId>, report: StatusReport) -> Result<()> {
        if let Some(inbox) = inbox {
            self.tx
                .sign_of_life(inbox, SignOfLife::Status, report.at)
                .await?;
        }
        // Our id comes back with every status: a lost answer is settled by it.
        if let Some(id) = &report.callback_data
            && let Some(row) = self.tx.conn.outbox_row(id).await?
        {
            self.confirm(&row, &report).await?;
        }
        let kept = Report {
            receipt: report.receipt,
            at: report.at,
            failure: report.failure.clone(),
        };
        let news = self.tx.add_report(&report.wamid, &kept).await?;
        if !news {
            return Ok(());
        }
        let Some(message) = self.tx.conn.message_by_wamid(&report.wamid).await? else {
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
        self.stale.insert(message.conversation);
        Ok(())
    }

    async fn confirm(&mut self, row: &OutRow, report: &StatusReport) -> Result<()> {
        let confirmed = row.state.clone().confirmed(report.wamid.clone(), report.at);
        if confirmed == row.state {
            return Ok(());
        }
        self.tx.write_outbound(&row.id, &confirmed).await?;
        if let Some(message) = self.tx.conn.message(&row.id).await? {
            self.tx
                .write_base(
                    &message.id,
                    &Delivery::Accepted { at: report.at },
                    Some(&report.wamid),
                )
                .await?;
            self.stale.insert(message.conversation);
        }
        *self.outbox_waits = true;
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

    async fn open_window(
        &mut self,
        conversation: &ConversationId,
        event_id: &str,
        occurrence: Occurrence,
        at: Time,
    ) -> Result<()> {
        if !occurrence.opens_window() {
            return Ok(());
        }
        let before = self.tx.facts(conversation).await?;
        let mut facts = before.clone();
        facts.record_opening(Opening {
            event_id: event_id.to_owned(),
            kind: occurrence,
            meta_at: at,
            received_at: self.received_at,
        });
        if facts != before {
            self.tx.write_facts(conversation, &facts).await?;
            self.stale.insert(conversation.clone());
        }
        Ok(())
    }

    /// A customer who writes reopens a resolved or sleeping conversation.
    async fn reopen(&mut self, conversation: &ConversationId, at: Time) -> Result<()> {
        let Some(row) = self.tx.conn.conversation(conversation.as_str()).await? else {
            return Ok(());
        };
        let progress = row.progress.clone().customer_wrote(at);
        if progress != row.progress {
            self.tx.write_progress(conversation, &progress).await?;
        }
        Ok(())
    }

    async fn account(&mut self, webhook: i64, index: i64, change: AccountChange) -> Result<()> {
        use ajar_domain::composer::Pause;
        let paused = match change {
            AccountChange::Disconnected { .. } | AccountChange::Offboarded => {
                Some((Pause::NumberOffboarded, self.received_at))
            }
            AccountChange::Disabled { .. } | AccountChange::Deleted => {
                Some((Pause::AccountRestricted, self.received_at))
            }
            AccountChange::Reconnected => None,
            AccountChange::Restricted { .. }
            | AccountChange::Violation { .. }
            | AccountChange::PartnerAdded
            | AccountChange::AppInstalled
            | AccountChange::AppUninstalled
            | AccountChange::Alert { .. }
            | AccountChange::Reviewed { .. }
            | AccountChange::Limit { .. }
            | AccountChange::Throughput { .. }
            | AccountChange::NameDecided { .. }
            | AccountChange::Security { .. }
            | AccountChange::Other { .. } => {
                return self
                    .keep_unread(webhook, index, "account_update", "account")
                    .await;
            }
        };
        // These events name no phone number (section 2.9); they concern the whole account.
        for inbox in self.tx.conn.inboxes().await? {
            self.tx.pause_inbox(&inbox.id, paused.clone()).await?;
        }
        *self.outbox_waits = true;
        Ok(())
    }

    async fn attach(
        &mut self,
        inbox: &InboxId,
        message: &MessageId,
        attached: Option<Attached>,
    ) -> Result<()> {
        let Some(Attached { media, file }) = attached else {
            return Ok(());
        };
        *self.media_waits = true;
        self.tx
            .add_media(&MediaRow {
                id: media,
                message: message.clone(),
                inbox: inbox.clone(),
                meta_id: file.meta_media_id,
                mime_type: file.mime_type,
                sha256: file.sha256,
                state: MediaState::Pending,
                attempt: 0,
                first_seen_at: self.received_at,
            })
            .await
    }
}
