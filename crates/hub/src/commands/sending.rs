//! Commands that put something into the outbox, or take it out again.

use std::collections::BTreeMap;
use std::time::Duration;

use ajar_domain::{
    ConversationId, MessageId, TemplateId, Time,
    attachment::{self, Attachment, AttachmentKind},
    content::{Author, Content, Media, Provenance},
    delivery::Delivery,
    opening::Occurrence,
    outbox::{Doubts, FIRST_GENERATION, Outbound, Parked, Right},
    template::{FieldProblem, FilledTemplate, HeaderMedia, NotSendable, Typed},
};
use ajar_protocol::{
    command::Recipient,
    error::{ApiError, ErrorCode},
    rows::{ConversationRow, MessageRow, Position, ReadReceipts},
};

use super::{Act, CommandError, Result, content::plain_name, must_not_be_paused, refused, trimmed};
use crate::store::{
    arrivals::NewMessage,
    media::Stored,
    outbox::{HandedFile, OutRow, Payload},
};

/// The most characters a text message may have (platform notes, section 8.4).
pub const MAX_TEXT: usize = 4096;

/// A template as the command wants it sent.
#[derive(Clone, Copy)]
pub(super) struct SendTemplate<'a> {
    pub to: &'a Recipient,
    pub template: &'a TemplateId,
    pub values: &'a BTreeMap<String, String>,
    pub typed: &'a BTreeMap<String, Typed>,
    pub hold: Option<&'a str>,
}

/// Whether Meta takes this file on top of a template.
fn stands_on_top(media: HeaderMedia, stored: &Stored) -> bool {
    let kind = match media {
        HeaderMedia::Image => AttachmentKind::Image,
        HeaderMedia::Video => AttachmentKind::Video,
        HeaderMedia::Document => AttachmentKind::Document,
        HeaderMedia::Location => return false,
    };
    attachment::check(&Attachment {
        kind,
        mime_type: &stored.mime_type,
        size: stored.size_bytes,
        animated: false,
        caption: None,
    })
    .is_ok()
}

/// A message of ours as it enters the conversation.
pub(super) struct Own {
    pub content: Content,
    pub base: Delivery,
    pub quotes: Option<ajar_domain::WaMessageId>,
    pub send_before: Option<Time>,
    /// The command asked for this message, so it bears the command's `client_ref`. A text that is
    /// held beside a template does not: one reference names one message.
    pub asked: bool,
}

impl Own {
    pub(super) fn asked(content: Content, base: Delivery) -> Self {
        Self {
            content,
            base,
            quotes: None,
            send_before: None,
            asked: true,
        }
    }
}

impl Act<'_> {
    pub(super) async fn send_text(
        &mut self,
        conversation: &ConversationId,
        body: &str,
        reply_to: Option<&MessageId>,
        seen: Time,
    ) -> Result<()> {
        let body = trimmed(body, MAX_TEXT)?;
        let row = self.conversation(conversation).await?;
        let proof = self.require_open(&row).await?;
        let right = Right::granted(&proof, &row.facts, Some(seen), self.now);
        let quoted = self.quoted(reply_to).await?;
        let id = MessageId::new(self.core.ids.next());
        let payload = Payload::Text {
            body: body.to_owned(),
            reply_to: quoted.clone(),
        };
        let content = Content::Text {
            body: body.to_owned(),
        };
        let own = Own {
            quotes: quoted,
            send_before: right.send_before(),
            ..Own::asked(content, Delivery::Queued)
        };
        self.add_own(&row, &id, own).await?;
        self.enqueue(&row, &id, payload, right, Outbound::queued(self.now))
            .await?;
        self.answered(&row).await?;
        self.finish(&row, id).await
    }

    /// Meta's id of the message that is answered.
    pub(super) async fn quoted(
        &mut self,
        reply_to: Option<&MessageId>,
    ) -> Result<Option<ajar_domain::WaMessageId>> {
        Ok(match reply_to {
            Some(id) => self
                .tx
                .conn
                .message(id.as_str())
                .await?
                .and_then(|message| message.wamid),
            None => None,
        })
    }

    /// Free text for later. It must be sendable now as well, and its moment must lie before the
    /// window closes; the window is asked again when the moment has come.
    pub(super) async fn schedule_text(
        &mut self,
        conversation: &ConversationId,
        body: &str,
        reply_to: Option<&MessageId>,
        at: Time,
    ) -> Result<()> {
        let body = trimmed(body, MAX_TEXT)?;
        if at <= self.now {
            return Err(refused(ErrorCode::Invalid, "this moment has passed"));
        }
        let row = self.conversation(conversation).await?;
        let proof = self.require_open(&row).await?;
        let right = Right::granted(&proof, &row.facts, None, self.now);
        if right.send_before().is_some_and(|latest| at >= latest) {
            return Err(refused(
                ErrorCode::WindowClosing,
                "the window closes before this moment",
            ));
        }
        let quoted = self.quoted(reply_to).await?;
        let id = MessageId::new(self.core.ids.next());
        let content = Content::Text {
            body: body.to_owned(),
        };
        let own = Own {
            quotes: quoted.clone(),
            send_before: right.send_before(),
            ..Own::asked(content, Delivery::Scheduled { at })
        };
        self.add_own(&row, &id, own).await?;
        let payload = Payload::Text {
            body: body.to_owned(),
            reply_to: quoted,
        };
        self.enqueue(&row, &id, payload, right, Outbound::Scheduled { at })
            .await?;
        self.finish(&row, id).await
    }

    pub(super) async fn send_template(&mut self, wanted: &SendTemplate<'_>) -> Result<()> {
        let SendTemplate {
            to,
            template,
            values,
            typed,
            hold,
        } = *wanted;
        let row = self.recipient(to).await?;
        let inbox = self.inbox_of(&row).await?;
        must_not_be_paused(&inbox, &row)?;
        let found = self
            .tx
            .conn
            .template(template.as_str())
            .await?
            .filter(|found| !found.gone && found.inbox == row.inbox)
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such template"))?;
        match found.template.not_sendable_to(
            row.customer.no_marketing_since,
            row.customer.number.is_some(),
        ) {
            None => {}
            Some(NotSendable::OptedOut { .. }) => {
                return Err(refused(
                    ErrorCode::OptedOut,
                    "the customer wants no marketing messages",
                ));
            }
            Some(NotSendable::NeedsNumber) => {
                return Err(refused(ErrorCode::NoNumber, "a code needs a phone number"));
            }
            Some(NotSendable::NotApproved { .. } | NotSendable::Component { .. }) => {
                return Err(refused(
                    ErrorCode::TemplateRefused,
                    "this template cannot be sent",
                ));
            }
        }
        let misfit = |fields| {
            CommandError::Refused(ApiError {
                fields,
                ..ApiError::new(ErrorCode::TemplateRefused, "the values do not fit")
            })
        };
        let mut filled = found
            .template
            .fill(values, typed, self.now)
            .map_err(misfit)?;
        let files = self.files_of(&mut filled).await?.map_err(misfit)?;
        let id = MessageId::new(self.core.ids.next());
        let content = Content::Template {
            template: Box::new(filled.rendered.clone()),
        };
        self.add_own(&row, &id, Own::asked(content, Delivery::Queued))
            .await?;
        for handed in files.values() {
            // The first message with it keeps it; it may stand on top of many.
            let _ = self.tx.claim_upload(&handed.file, &id, &row.inbox).await?;
        }
        let payload = Payload::Template {
            filled: Box::new(filled),
            files,
        };
        self.enqueue(&row, &id, payload, Right::None, Outbound::queued(self.now))
            .await?;
        if let Some(text) = hold.map(str::trim).filter(|text| !text.is_empty()) {
            self.hold(&row, trimmed(text, MAX_TEXT)?, None, false)
                .await?;
        }
        self.answered(&row).await?;
        self.finish(&row, id).await
    }

    pub(super) async fn hold_text(
        &mut self,
        conversation: &ConversationId,
        body: &str,
        reply_to: Option<&MessageId>,
    ) -> Result<()> {
        let body = trimmed(body, MAX_TEXT)?;
        let row = self.conversation(conversation).await?;
        let quoted = self.quoted(reply_to).await?;
        let id = self.hold(&row, body, quoted, true).await?;
        self.finish(&row, id).await
    }

    /// The files that go out with a template, as the hub has them; they are shown with it too.
    async fn files_of(
        &mut self,
        filled: &mut FilledTemplate,
    ) -> Result<std::result::Result<BTreeMap<String, HandedFile>, Vec<FieldProblem>>> {
        let mut files = BTreeMap::new();
        let mut shown: BTreeMap<String, Media> = BTreeMap::new();
        let mut problems = Vec::new();
        for wanted in filled.files() {
            let stored = self.tx.conn.stored_file(&wanted.file).await?;
            let Some(stored) = stored.filter(|stored| stands_on_top(wanted.media, stored)) else {
                problems.push(FieldProblem::NoSuchFile {
                    key: wanted.key.clone(),
                });
                continue;
            };
            let name = wanted
                .name
                .as_deref()
                .map(plain_name)
                .filter(|name| !name.is_empty());
            shown.insert(
                wanted.key.clone(),
                stored.as_media(wanted.file.clone(), name.clone()),
            );
            files.insert(
                wanted.key.clone(),
                HandedFile {
                    file: wanted.file.clone(),
                    mime_type: stored.mime_type,
                    name,
                    uploaded: None,
                },
            );
        }
        if !problems.is_empty() {
            return Ok(Err(problems));
        }
        filled.rendered.header_file = shown.remove("header");
        for (index, card) in filled.rendered.cards.iter_mut().enumerate() {
            card.file = shown.remove(&format!("card.{index}.header"));
        }
        Ok(Ok(files))
    }

    async fn hold(
        &mut self,
        row: &ConversationRow,
        body: &str,
        quoted: Option<ajar_domain::WaMessageId>,
        asked: bool,
    ) -> Result<MessageId> {
        let id = MessageId::new(self.core.ids.next());
        let content = Content::Text {
            body: body.to_owned(),
        };
        let why = Parked::Held;
        let base = Delivery::Parked {
            since: self.now,
            why: why.clone(),
        };
        let own = Own {
            asked,
            quotes: quoted.clone(),
            ..Own::asked(content, base)
        };
        self.add_own(row, &id, own).await?;
        let payload = Payload::Text {
            body: body.to_owned(),
            reply_to: quoted,
        };
        // The deadline is taken from the window when a person releases it.
        let right = Right::OpenWindow {
            send_before: self.now,
            opened_at: None,
        };
        let parked = Outbound::Parked {
            since: self.now,
            why,
        };
        self.enqueue(row, &id, payload, right, parked).await?;
        Ok(id)
    }

    /// A held, parked, failed or uncertain message goes out again, because a person says so.
    pub(super) async fn send_again(&mut self, id: &MessageId) -> Result<()> {
        let (message, out) = self.settled(id).await?;
        let row = self.conversation(&message.conversation).await?;
        let right = match (&out.right, &out.state) {
            (Right::None, _) => {
                let inbox = self.inbox_of(&row).await?;
                must_not_be_paused(&inbox, &row)?;
                Right::None
            }
            // One more try past a dispute, once.
            (
                Right::OpenWindow { .. },
                Outbound::Parked {
                    why: Parked::Disputed { .. },
                    ..
                },
            ) => {
                let inbox = self.inbox_of(&row).await?;
                must_not_be_paused(&inbox, &row)?;
                let margin = Duration::from_millis(u64::from(inbox.margin_ms));
                match row.facts.at(self.now).require_open(self.now, margin) {
                    Ok(proof) => Right::granted(&proof, &row.facts, None, self.now),
                    Err(_) => row
                        .facts
                        .require_open_by_our_books(self.now, margin)
                        .map(|proof| Right::past_dispute(&proof, &row.facts))
                        .map_err(|_| {
                            refused(ErrorCode::WindowNotOpen, "the window closed meanwhile")
                        })?,
                }
            }
            (Right::OpenWindow { .. } | Right::OncePastDispute { .. }, _) => {
                let proof = self.require_open(&row).await?;
                Right::granted(&proof, &row.facts, None, self.now)
            }
        };
        self.tx
            .move_message(
                id,
                &own_position(self.now, id),
                self.now,
                right.send_before(),
            )
            .await?;
        self.tx.write_base(id, &Delivery::Queued, None).await?;
        self.tx
            .requeue(&OutRow {
                seq: self.tx.visible_at(),
                right,
                state: Outbound::queued(self.now),
                queued_at: self.now,
                // What was only scheduled has not been sent before.
                generation: match out.state {
                    Outbound::Scheduled { .. } => out.generation,
                    _ => out.generation.saturating_add(1),
                },
                agent: Some(self.agent.id.clone()),
                payload: out.payload.anew(),
                ..out
            })
            .await?;
        self.answered(&row).await?;
        self.finish(&row, id.clone()).await
    }

    pub(super) async fn discard(&mut self, id: &MessageId) -> Result<()> {
        let (message, out) = self.settled(id).await?;
        match out.state.discarded(&out.doubts) {
            // The customer may have it, so it stays in the thread and asks for nothing any more.
            Some(dismissed) => crate::outbox::write(self.tx, &out, &dismissed).await?,
            None => {
                self.tx.remove_outbound(id.as_str()).await?;
                self.tx.remove_message(id).await?;
            }
        }
        self.tx.refresh_head(&message.conversation).await?;
        self.answer.conversation = Some(message.conversation);
        Ok(())
    }

    /// A message of ours that the machine will not touch any more.
    async fn settled(&mut self, id: &MessageId) -> Result<(MessageRow, OutRow)> {
        let message = self
            .tx
            .conn
            .message(id.as_str())
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such message"))?;
        let out =
            self.tx.conn.outbox_row(id.as_str()).await?.ok_or_else(|| {
                refused(ErrorCode::Conflict, "this message was not sent from here")
            })?;
        match out.state {
            Outbound::Scheduled { .. }
            | Outbound::Parked { .. }
            | Outbound::Failed { .. }
            | Outbound::Uncertain { .. } => Ok((message, out)),
            // Taken by Meta, then reported as failed: the report settled it.
            Outbound::Accepted { .. }
                if matches!(message.delivery, Some(Delivery::Failed { .. })) =>
            {
                Ok((message, out))
            }
            Outbound::Waiting { .. } | Outbound::Sending { .. } | Outbound::Accepted { .. } => Err(
                refused(ErrorCode::Conflict, "this message is on its way already"),
            ),
        }
    }

    pub(super) async fn add_own(
        &mut self,
        row: &ConversationRow,
        id: &MessageId,
        own: Own,
    ) -> Result<()> {
        let answers = matches!(own.base, Delivery::Queued);
        self.tx
            .add_message(&NewMessage {
                id: id.clone(),
                conversation: row.id.clone(),
                position: own_position(self.now, id),
                wamid: None,
                client_ref: own.asked.then(|| self.request.client_ref.clone()),
                author: Author::Agent {
                    agent: self.agent.id.clone(),
                },
                content: own.content,
                provenance: Provenance::Live,
                at: self.now,
                received_at: self.now,
                quotes: own.quotes,
                context: ajar_domain::context::Context::default(),
                base: Some(own.base),
                answers,
                send_before: own.send_before,
                occurrence: Occurrence::OurMessage,
                fresh: true,
                report: None,
            })
            .await?;
        Ok(())
    }

    pub(super) async fn enqueue(
        &mut self,
        row: &ConversationRow,
        id: &MessageId,
        payload: Payload,
        right: Right,
        state: Outbound,
    ) -> Result<()> {
        let seq = self.tx.visible_at();
        self.tx
            .enqueue(&OutRow {
                id: id.as_str().to_owned(),
                inbox: row.inbox.clone(),
                conversation: row.id.clone(),
                seq,
                payload,
                right,
                state,
                attempt: 0,
                queued_at: self.now,
                generation: FIRST_GENERATION,
                agent: Some(self.agent.id.clone()),
                doubts: Doubts::default(),
            })
            .await?;
        Ok(())
    }

    /// Replying means having read: the team's own mark, and Meta's where the policy says so.
    pub(super) async fn answered(&mut self, row: &ConversationRow) -> Result<()> {
        let inbox = self.inbox_of(row).await?;
        self.tx
            .mark_seen(&row.id, &Position::of(self.now, "~"))
            .await?;
        if inbox.read_receipts == ReadReceipts::OnReply {
            self.mark_read(row).await?;
        }
        Ok(())
    }

    pub(super) async fn mark_read(&mut self, row: &ConversationRow) -> Result<()> {
        let Some(wamid) = self.tx.conn.newest_customer_wamid(&row.id).await? else {
            return Ok(());
        };
        // The number in front keeps it before the reply in the conversation's own order.
        self.tx
            .enqueue(&OutRow {
                id: format!("read:{wamid}"),
                inbox: row.inbox.clone(),
                conversation: row.id.clone(),
                seq: self.tx.visible_at(),
                payload: Payload::MarkRead { wamid },
                right: Right::None,
                state: Outbound::queued(self.now),
                attempt: 0,
                queued_at: self.now,
                generation: FIRST_GENERATION,
                agent: Some(self.agent.id.clone()),
                doubts: Doubts::default(),
            })
            .await?;
        Ok(())
    }

    pub(super) async fn finish(&mut self, row: &ConversationRow, message: MessageId) -> Result<()> {
        self.tx.refresh_head(&row.id).await?;
        self.answer.message = Some(message);
        self.answer.conversation = Some(row.id.clone());
        Ok(())
    }
}

/// Ours stands after what customers said in the same moment: their times are whole seconds.
pub(crate) fn own_position(at: Time, id: &MessageId) -> Position {
    Position::of(at, &format!("~{id}"))
}
