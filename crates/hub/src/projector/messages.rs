//! What customers write and the phone types, now and in the past: one message, one row.
//!
//! ```text
//!   placeholder ──► contents          (131060, or of the history: the real thing follows)
//!   history     ──► live              (the same message seen by both ways)
//! ```
//!
//! Races: the same message comes by several ways and in any order. Live beats history, and what
//! can be shown beats what cannot; nothing is ever replaced the other way round.

use ajar_domain::{
    AgentId, ConversationId, CustomerId, InboxId, MessageId, Time, WaMessageId,
    content::{Author, Content, MediaState, NotShownWhy, Provenance},
    context::Context,
    delivery::{Delivery, Report},
    opening::Occurrence,
    phone_start::{self, PhoneStart},
    window::Opening,
};
use ajar_protocol::rows::{MessageRow, Position};

use super::{
    Reading, Scope,
    content::{self, Attached},
};
use crate::{
    meta::inbound::{EchoMessage, InboundMessage},
    store::{Result, arrivals::NewMessage, inboxes::SignOfLife, media::MediaRow, messages::Better},
};

/// Meta's times are whole seconds. Of a customer's message and the phone's in one second, the
/// customer's reads first, on every machine and in any order of arrival: the phone's own greeting
/// comes that quickly, a person's question does not. (`wamid.…` sorts before `z`.)
pub(super) fn after_the_question(at: Time, wamid: &WaMessageId) -> Position {
    Position::of(at, &format!("z-{}", wamid.as_str()))
}

/// A message as one of its ways tells it.
pub(super) struct Told {
    pub wamid: WaMessageId,
    pub conversation: ConversationId,
    pub author: Author,
    pub at: Time,
    pub content: Content,
    pub attached: Option<Attached>,
    pub context: Context,
    pub quotes: Option<WaMessageId>,
    pub provenance: Provenance,
    pub occurrence: Occurrence,
    /// What is known of its delivery, where it has a tick.
    pub base: Option<Delivery>,
    pub answers: bool,
    /// How far the phone said it had got, for the past.
    pub report: Option<Report>,
}

impl Told {
    pub(super) fn position(&self) -> Position {
        if self.author.is_customer() {
            Position::of(self.at, self.wamid.as_str())
        } else {
            after_the_question(self.at, &self.wamid)
        }
    }
}

/// What a telling did.
pub(super) enum Put {
    New(MessageId),
    Known,
}

const fn is_shown(content: &Content) -> bool {
    !matches!(content, Content::NotShown { .. })
}

impl Scope<'_> {
    pub(super) async fn message(
        &mut self,
        inbox: &InboxId,
        message: InboundMessage,
        standby: bool,
    ) -> Result<()> {
        let Some(customer) = self.customer(&message.customer, message.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, message.at).await?;
        self.open_window(
            &conversation,
            message.wamid.as_str(),
            message.occurrence,
            message.at,
        );
        self.answered_by(&conversation, message.at, standby).await?;
        self.sign_of_life(inbox, SignOfLife::Inbound, message.at);
        let (content, attached) = content::read(message.body, self.ids);
        let at = message.at;
        let told = Told {
            wamid: message.wamid,
            conversation: conversation.clone(),
            author: Author::Customer,
            at,
            content,
            attached,
            context: Context {
                forwarded: message.forwarded,
                referral: message.referral.map(|referral| *referral),
                product: message.product,
            },
            quotes: message.quotes,
            provenance: Provenance::Live,
            occurrence: message.occurrence,
            base: None,
            answers: false,
            report: None,
        };
        if let Put::New(_) = self.put(inbox, told).await? {
            self.desk.customer_wrote(&conversation, at);
        }
        Ok(())
    }

    pub(super) async fn echo(
        &mut self,
        inbox: &InboxId,
        echo: EchoMessage,
        standby: bool,
    ) -> Result<()> {
        let Some(customer) = self.customer(&echo.customer, echo.at).await? else {
            return Ok(());
        };
        let conversation = self.conversation(inbox, &customer, echo.at).await?;
        if standby {
            self.answered_by(&conversation, echo.at, true).await?;
        } else {
            self.sign_of_life(inbox, SignOfLife::Echo, echo.at);
        }
        let (content, attached) = content::read(echo.body, self.ids);
        let at = echo.at;
        let holder = if standby {
            None
        } else {
            self.phone_holder(inbox, at).await?
        };
        let said = content.clone();
        let told = Told {
            wamid: echo.wamid,
            conversation: conversation.clone(),
            // On standby nobody says whether it was the phone: it may be the other handler.
            author: if standby {
                Author::OtherApp
            } else {
                Author::Phone { claimed_by: holder }
            },
            at,
            content,
            attached,
            context: Context {
                forwarded: echo.forwarded,
                ..Context::default()
            },
            quotes: echo.quotes,
            provenance: Provenance::Live,
            occurrence: Occurrence::Echo,
            base: Some(Delivery::Elsewhere),
            answers: true,
            report: None,
        };
        if let Put::New(id) = self.put(inbox, told).await?
            && !standby
            && self.awaits_the_phone(inbox).await?
            && let Some(agent) = self
                .claim_start(inbox, &customer, &conversation, (&id, &said), at)
                .await?
        {
            self.write_messages().await?;
            self.tx.claim_author(&id, Some(&agent)).await?;
        }
        Ok(())
    }

    /// One message, one row, by whatever ways and in whatever order it is told.
    pub(super) async fn put(&mut self, inbox: &InboxId, told: Told) -> Result<Put> {
        let fresh = self.desk.is_fresh(&told.wamid);
        let mut known = if fresh {
            None
        } else {
            self.row_of(&told.wamid).await?
        };
        if let Some(row) = &known
            && row.conversation != told.conversation
            && told.author != Author::Platform
        {
            // One message, told under two identities: they are one customer.
            self.one_message_one_customer(&row.conversation, &told.conversation, told.at)
                .await?;
            known = self.row_of(&told.wamid).await?;
        }
        if !fresh && let Some(report) = &told.report {
            let news = self.tx.add_report(&told.wamid, report).await?;
            if news && let Some(known) = &known {
                self.tx.settle_delivery(&known.id, &told.wamid).await?;
                self.stale.insert(known.conversation.clone());
            }
        }
        if let Some(known) = known {
            self.know_better(inbox, &known, told).await?;
            return Ok(Put::Known);
        }
        let id = MessageId::new(self.ids.next());
        let position = told.position();
        let shown = is_shown(&told.content);
        let new = NewMessage {
            id: id.clone(),
            position,
            conversation: told.conversation.clone(),
            wamid: Some(told.wamid.clone()),
            client_ref: None,
            author: told.author,
            content: told.content,
            provenance: told.provenance,
            at: told.at,
            received_at: self.received_at,
            quotes: told.quotes,
            context: told.context,
            base: told.base,
            answers: told.answers,
            send_before: None,
            occurrence: told.occurrence,
            fresh,
            report: told.report.filter(|_| fresh),
        };
        if fresh {
            self.write_later(new).await?;
        } else {
            self.tx.add_message(&new).await?;
        }
        self.attach(inbox, &id, told.attached).await?;
        if !fresh && !shown {
            self.fill_placeholder(inbox, &told.wamid).await?;
        }
        self.stale.insert(told.conversation);
        Ok(Put::New(id))
    }

    /// A row exists: it changes only where this telling knows better.
    async fn know_better(&mut self, inbox: &InboxId, known: &MessageRow, told: Told) -> Result<()> {
        let ours = matches!(known.author, Author::Agent { .. });
        if self.reading == Reading::Again && !ours && known.provenance == told.provenance {
            return self.put_right(inbox, known, told).await;
        }
        let upgrade = !ours && told.provenance.is_live() && !known.provenance.is_live();
        let fills = !ours && !is_shown(&known.content) && is_shown(&told.content);
        if !(upgrade || fills) {
            return Ok(());
        }
        let position = told.position();
        let (author, provenance, occurrence, at, position) = if upgrade {
            (
                &told.author,
                told.provenance,
                told.occurrence,
                told.at,
                &position,
            )
        } else {
            (
                &known.author,
                known.provenance,
                match (known.provenance, told.provenance) {
                    (Provenance::Live, Provenance::Live) => told.occurrence,
                    (Provenance::Live, Provenance::History) => known_occurrence(known),
                    (Provenance::History, _) => Occurrence::History,
                },
                known.at,
                &known.position,
            )
        };
        let content = if fills { &told.content } else { &known.content };
        let context = if told.context.is_plain() {
            &known.context
        } else {
            &told.context
        };
        self.tx
            .replace_message(
                &known.id,
                &Better {
                    content,
                    author,
                    provenance,
                    occurrence,
                    context,
                    quotes: told.quotes.as_ref(),
                    answers: told.answers,
                    at,
                    position,
                },
            )
            .await?;
        if fills {
            self.attach(inbox, &known.id, told.attached).await?;
            // An edit of the placeholder knew no first words.
            self.tx.forget_edits(&known.id).await?;
        }
        // With its contents also the time may be another, at which the first words were said.
        self.tx.settle_words(&known.id, &told.wamid).await?;
        self.stale.insert(known.conversation.clone());
        Ok(())
    }

    /// The log is read again: what the row says otherwise gives way. A stored file stays the file
    /// of its message, and edits are applied anew.
    async fn put_right(&mut self, inbox: &InboxId, known: &MessageRow, told: Told) -> Result<()> {
        // Its head is worked out anew in any case: that may be what is wrong.
        self.stale.insert(known.conversation.clone());
        if !is_shown(&told.content) && is_shown(&known.content) {
            // The placeholder of something that came later by another way.
            return Ok(());
        }
        let mut content = told.content.clone();
        if let (Some(fresh), Some(stored)) = (content.media_mut(), known.content.media()) {
            let filename = fresh.filename.take();
            *fresh = stored.clone();
            fresh.filename = filename;
        }
        let plain = known.earlier.is_empty() && !matches!(known.content, Content::Deleted { .. });
        if plain && known.content == content && known.context == told.context && known.at == told.at
        {
            return Ok(());
        }
        let position = told.position();
        self.tx.forget_edits(&known.id).await?;
        self.tx
            .replace_message(
                &known.id,
                &Better {
                    content: &content,
                    author: &told.author,
                    provenance: told.provenance,
                    occurrence: told.occurrence,
                    context: &told.context,
                    quotes: told.quotes.as_ref(),
                    answers: told.answers,
                    at: told.at,
                    position: &position,
                },
            )
            .await?;
        if known.content.media().is_none() {
            self.attach(inbox, &known.id, told.attached).await?;
        }
        self.tx.settle_words(&known.id, &told.wamid).await?;
        self.stale.insert(known.conversation.clone());
        Ok(())
    }

    /// The contents of a placeholder may have come before it.
    pub(super) async fn fill_placeholder(
        &mut self,
        inbox: &InboxId,
        wamid: &WaMessageId,
    ) -> Result<()> {
        let Some(known) = self.row_of(wamid).await? else {
            return Ok(());
        };
        if is_shown(&known.content) || matches!(known.author, Author::Agent { .. }) {
            return Ok(());
        }
        let Some(late) = self.tx.take_late_content(wamid).await? else {
            return Ok(());
        };
        let (content, attached) = content::from_late(&late)?;
        self.tx
            .replace_message(
                &known.id,
                &Better {
                    content: &content,
                    author: &known.author,
                    provenance: known.provenance,
                    occurrence: if known.provenance.is_live() {
                        known_occurrence(&known)
                    } else {
                        Occurrence::History
                    },
                    context: &known.context,
                    quotes: None,
                    answers: !known.author.is_customer(),
                    at: known.at,
                    position: &known.position,
                },
            )
            .await?;
        self.attach(inbox, &known.id, attached).await?;
        self.tx.forget_edits(&known.id).await?;
        self.tx.settle_words(&known.id, wamid).await?;
        self.stale.insert(known.conversation);
        Ok(())
    }

    /// A sign of who answers this chat: us, or another handler.
    pub(super) async fn answered_by(
        &mut self,
        conversation: &ConversationId,
        at: Time,
        standby: bool,
    ) -> Result<()> {
        if standby {
            self.tx.note_elsewhere(conversation, at, None).await
        } else {
            self.desk.answered_by_us(conversation, at);
            Ok(())
        }
    }

    /// An echo claims a start that waits for its recipient: of several, the one whose words are most
    /// like its own. Whoever asked becomes the author, and the assignee of a conversation that has
    /// none.
    async fn claim_start(
        &mut self,
        inbox: &InboxId,
        customer: &CustomerId,
        conversation: &ConversationId,
        (message, content): (&MessageId, &Content),
        at: Time,
    ) -> Result<Option<AgentId>> {
        self.write_sightings().await?;
        let Some(number) = self.tx.conn.address(customer).await?.phone else {
            return Ok(None);
        };
        let mut waiting = self.tx.conn.waiting_starts_to(inbox, &number).await?;
        waiting.retain(|start| start.state.is_claimed_by(at));
        let sent = content.words().unwrap_or_default();
        let prepared = waiting.iter().map(|start| start.text.as_str());
        let Some(chosen) = phone_start::choose(prepared, sent) else {
            return Ok(None);
        };
        let start = waiting.swap_remove(chosen);
        let claimed = PhoneStart::Claimed {
            message: message.clone(),
            at,
            alike: phone_start::is_alike(&start.text, sent),
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

    pub(super) fn open_window(
        &mut self,
        conversation: &ConversationId,
        event_id: &str,
        occurrence: Occurrence,
        at: Time,
    ) {
        if !occurrence.opens_window() {
            return;
        }
        self.desk.facts_of(conversation).record_opening(Opening {
            event_id: event_id.to_owned(),
            kind: occurrence,
            meta_at: at,
            received_at: self.received_at,
        });
        self.stale.insert(conversation.clone());
    }

    pub(super) async fn attach(
        &mut self,
        inbox: &InboxId,
        message: &MessageId,
        attached: Option<Attached>,
    ) -> Result<()> {
        let Some(Attached { media, file }) = attached else {
            return Ok(());
        };
        self.rung.media = true;
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

/// What a placeholder that came live meant for the window: its contents mean no more.
const fn known_occurrence(known: &MessageRow) -> Occurrence {
    match known.content {
        Content::NotShown {
            why: NotShownWhy::OnThePhone,
            ..
        } => Occurrence::CoexistencePlaceholder,
        _ => Occurrence::UnsupportedMessage,
    }
}
