//! Commands that send something else than a text or a template: files, places, cards, questions and
//! reactions.

use ajar_domain::{
    ConversationId, MediaId, MessageId, Time,
    attachment::{self, Attachment, AttachmentKind},
    content::Content,
    delivery::Delivery,
    outbox::{Doubts, FIRST_GENERATION, Outbound, Right},
    outgoing::{Outgoing, is_reaction},
};
use ajar_protocol::error::{ApiError, ErrorCode};

use super::{Act, CommandError, Result, refused, sending::Own};
use crate::store::{
    outbox::{OutRow, Payload},
    reactions::{Reacted, Reactor},
};

/// A file as the command wants it sent.
pub(super) struct SendFile<'a> {
    pub file: &'a MediaId,
    pub kind: AttachmentKind,
    pub name: Option<&'a str>,
    pub caption: Option<&'a str>,
    pub reply_to: Option<&'a MessageId>,
}

/// A file's name without a path, and of a length that people read.
pub(super) fn plain_name(name: &str) -> String {
    name.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(240)
        .collect::<String>()
        .trim()
        .to_owned()
}

impl Act<'_> {
    pub(super) async fn send_file(
        &mut self,
        conversation: &ConversationId,
        wanted: &SendFile<'_>,
        seen: Time,
    ) -> Result<()> {
        let caption = wanted
            .caption
            .map(str::trim)
            .filter(|words| !words.is_empty());
        let row = self.conversation(conversation).await?;
        let proof = self.require_open(&row).await?;
        let right = Right::granted(&proof, &row.facts, Some(seen), self.now);
        let quoted = self.quoted(wanted.reply_to).await?;
        let stored = self
            .tx
            .conn
            .stored_file(wanted.file)
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such file"))?;
        // It was checked when it was uploaded, for what it was to be then.
        attachment::check(&Attachment {
            kind: wanted.kind,
            mime_type: &stored.mime_type,
            size: stored.size_bytes,
            animated: false,
            caption,
        })
        .map_err(|problem| CommandError::Refused(ApiError::of_file(problem)))?;
        let id = MessageId::new(self.core.ids.next());
        if !self.tx.claim_upload(wanted.file, &id, &row.inbox).await? {
            return Err(refused(ErrorCode::Conflict, "this file was sent already"));
        }
        let name = wanted.name.map(plain_name).filter(|name| !name.is_empty());
        let media = stored.as_media(wanted.file.clone(), name.clone());
        let words = caption.map(str::to_owned);
        let content = match wanted.kind {
            AttachmentKind::Image => Content::Image {
                media,
                caption: words.clone(),
            },
            AttachmentKind::Video => Content::Video {
                media,
                caption: words.clone(),
            },
            AttachmentKind::Audio => Content::Audio {
                media,
                voice: false,
            },
            AttachmentKind::Voice => Content::Audio { media, voice: true },
            AttachmentKind::Document => Content::Document {
                media,
                caption: words.clone(),
            },
            AttachmentKind::Sticker => Content::Sticker {
                media,
                animated: false,
            },
        };
        let payload = Payload::File {
            file: wanted.file.clone(),
            goes_as: wanted.kind,
            mime_type: stored.mime_type,
            name,
            caption: words,
            reply_to: quoted.clone(),
            uploaded: None,
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

    pub(super) async fn send_content(
        &mut self,
        conversation: &ConversationId,
        wanted: &Outgoing,
        reply_to: Option<&MessageId>,
        seen: Time,
    ) -> Result<()> {
        let problems = wanted.check();
        if !problems.is_empty() {
            return Err(CommandError::Refused(ApiError::of_problems(problems)));
        }
        let row = self.conversation(conversation).await?;
        let proof = self.require_open(&row).await?;
        let right = Right::granted(&proof, &row.facts, Some(seen), self.now);
        let quoted = self.quoted(reply_to).await?;
        let id = MessageId::new(self.core.ids.next());
        let own = Own {
            quotes: quoted.clone(),
            send_before: right.send_before(),
            ..Own::asked(wanted.clone().into_content(), Delivery::Queued)
        };
        self.add_own(&row, &id, own).await?;
        let payload = Payload::Content {
            content: wanted.clone(),
            reply_to: quoted,
        };
        self.enqueue(&row, &id, payload, right, Outbound::queued(self.now))
            .await?;
        self.answered(&row).await?;
        self.finish(&row, id).await
    }

    /// Puts an emoji on a message, or takes ours away.
    pub(super) async fn react(
        &mut self,
        message: &MessageId,
        emoji: Option<&str>,
        seen: Time,
    ) -> Result<()> {
        if emoji.is_some_and(|emoji| !is_reaction(emoji)) {
            return Err(refused(ErrorCode::Invalid, "not an emoji"));
        }
        let target = self
            .tx
            .conn
            .message(message.as_str())
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such message"))?;
        let Some(wamid) = target.wamid else {
            return Err(refused(
                ErrorCode::Conflict,
                "this message is not at WhatsApp",
            ));
        };
        let row = self.conversation(&target.conversation).await?;
        let proof = self.require_open(&row).await?;
        let right = Right::granted(&proof, &row.facts, Some(seen), self.now);
        // What Meta says about it comes back under this name, and finds no message by it.
        let id = format!("react:{}", self.core.ids.next());
        self.tx
            .add_reaction(&Reacted {
                target: &wamid,
                by: Reactor::Agent(&self.agent.id),
                emoji: emoji.unwrap_or_default(),
                at: self.now,
                event: &id,
                delivery: Some(&Delivery::Queued),
            })
            .await?;
        self.tx.stamp_message(message).await?;
        let payload = Payload::Reaction {
            message: message.clone(),
            target: wamid,
            emoji: emoji.map(str::to_owned),
        };
        self.tx
            .enqueue(&OutRow {
                id,
                inbox: row.inbox.clone(),
                conversation: row.id.clone(),
                seq: self.tx.visible_at(),
                payload,
                right,
                state: Outbound::queued(self.now),
                attempt: 0,
                queued_at: self.now,
                generation: FIRST_GENERATION,
                agent: Some(self.agent.id.clone()),
                doubts: Doubts::default(),
            })
            .await?;
        self.answer.message = Some(message.clone());
        self.answer.conversation = Some(row.id);
        Ok(())
    }
}
