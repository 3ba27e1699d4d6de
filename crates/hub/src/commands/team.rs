//! Commands about the team's own work: notes, assignment, progress, and the phone.

use ajar_domain::{
    AgentId, ConversationId, InboxId, MessageId, NoteId, PhoneStartId,
    conversation::{Progress, Refused},
    phone_start::PhoneStart,
};
use ajar_protocol::{
    command::Recipient,
    error::{ApiError, ErrorCode},
    rows::{Position, ReadReceipts},
};

use super::{Act, CommandError, Result, refused, trimmed, valid_number, working_agent};
use crate::{costs, store::phone_starts::NewStart};

const MAX_NOTE: usize = 10_000;
const MAX_ABOUT: usize = 2_000;
const MAX_LABELS: usize = 12;
const MAX_LABEL: usize = 40;
/// The link with the words in it becomes a code that a camera must read.
const MAX_PHONE_TEXT: usize = 700;

impl Act<'_> {
    pub(super) async fn add_note(
        &mut self,
        conversation: &ConversationId,
        body: &str,
    ) -> Result<()> {
        let body = trimmed(body, MAX_NOTE)?;
        self.conversation(conversation).await?;
        let id = NoteId::new(self.core.ids.next());
        self.tx
            .add_note(
                &id,
                conversation,
                &self.request.client_ref,
                &self.agent.id,
                body,
                self.now,
            )
            .await?;
        self.answer.conversation = Some(conversation.clone());
        Ok(())
    }

    pub(super) async fn assign(
        &mut self,
        conversation: &ConversationId,
        assignee: Option<&AgentId>,
    ) -> Result<()> {
        self.conversation(conversation).await?;
        if let Some(agent) = assignee {
            working_agent(self.tx, agent).await?;
        }
        Ok(self.tx.assign(conversation, assignee).await?)
    }

    pub(super) async fn progress(
        &mut self,
        conversation: &ConversationId,
        step: impl FnOnce(Progress) -> Result<Progress, Refused>,
    ) -> Result<()> {
        let row = self.conversation(conversation).await?;
        let progress = step(row.progress.at(self.now)).map_err(|why| {
            let code = match why {
                Refused::InThePast => ErrorCode::Invalid,
                Refused::AlreadyResolved | Refused::AlreadyOpen => ErrorCode::Conflict,
            };
            refused(code, &why.to_string())
        })?;
        Ok(self.tx.write_progress(conversation, &progress).await?)
    }

    pub(super) async fn set_labels(
        &mut self,
        conversation: &ConversationId,
        labels: &[String],
    ) -> Result<()> {
        self.conversation(conversation).await?;
        let mut clean: Vec<String> = Vec::new();
        for label in labels {
            let label = trimmed(label, MAX_LABEL)?.to_owned();
            if !clean.contains(&label) {
                clean.push(label);
            }
        }
        if clean.len() > MAX_LABELS {
            return Err(refused(ErrorCode::TooLong, "too many labels"));
        }
        Ok(self.tx.write_labels(conversation, &clean).await?)
    }

    pub(super) async fn set_about(
        &mut self,
        conversation: &ConversationId,
        about: &str,
    ) -> Result<()> {
        let about = about.trim();
        if about.chars().count() > MAX_ABOUT {
            return Err(refused(ErrorCode::TooLong, "the text is too long"));
        }
        let row = self.conversation(conversation).await?;
        self.tx.set_about(&row.customer.id, about).await?;
        for other in self.tx.conn.conversations_of(&row.customer.id).await? {
            self.tx.stamp_conversation(&other.id).await?;
        }
        Ok(())
    }

    pub(super) async fn mark_seen(
        &mut self,
        conversation: &ConversationId,
        upto: &Position,
    ) -> Result<()> {
        let row = self.conversation(conversation).await?;
        if self.tx.mark_seen(conversation, upto).await? && row.unread > 0 {
            self.tx.refresh_head(conversation).await?;
            let inbox = self.inbox_of(&row).await?;
            if inbox.read_receipts == ReadReceipts::OnOpen {
                self.mark_read(&row).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn start_on_phone(
        &mut self,
        to: &Recipient,
        name: Option<&str>,
        text: &str,
    ) -> Result<()> {
        let text = trimmed(text, MAX_PHONE_TEXT)?.to_owned();
        let (inbox, number, conversation, known_name) = match to {
            Recipient::Conversation { conversation } => {
                let row = self.conversation(conversation).await?;
                let number = row
                    .customer
                    .number
                    .clone()
                    .ok_or_else(|| refused(ErrorCode::NoNumber, "the number is hidden"))?;
                let name = row.customer.named.then(|| row.customer.name.clone());
                (row.inbox, number, Some(row.id), name)
            }
            Recipient::Number { inbox, number } => {
                if self.tx.conn.inbox(inbox.as_str()).await?.is_none() {
                    return Err(refused(ErrorCode::NotFound, "no such number of ours"));
                }
                (inbox.clone(), valid_number(number)?, None, None)
            }
        };
        let id = PhoneStartId::new(self.core.ids.next());
        self.tx
            .add_phone_start(&NewStart {
                id: id.clone(),
                inbox,
                number,
                name: name
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .or(known_name),
                conversation: conversation.clone(),
                text,
                asked_by: self.agent.id.clone(),
                asked_at: self.now,
            })
            .await?;
        self.answer.phone_start = Some(id);
        self.answer.conversation = conversation;
        Ok(())
    }

    pub(super) async fn cancel_phone_start(&mut self, start: &PhoneStartId) -> Result<()> {
        if self.tx.conn.phone_start(start.as_str()).await?.is_none() {
            return Err(refused(ErrorCode::NotFound, "no such hand-off"));
        }
        let cancelled = PhoneStart::Cancelled { at: self.now };
        if !self.tx.settle_phone_start(start, &cancelled, None).await? {
            return Err(refused(
                ErrorCode::Conflict,
                "the phone has sent it already",
            ));
        }
        Ok(())
    }

    /// The echo that claimed a hand-off was another message. That one keeps its place in the thread;
    /// who typed it is not known any more.
    pub(super) async fn wait_again(&mut self, start: &PhoneStartId) -> Result<()> {
        let row = self
            .tx
            .conn
            .phone_start(start.as_str())
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such hand-off"))?;
        let PhoneStart::Claimed { message, .. } = &row.state else {
            return Err(refused(ErrorCode::Conflict, "nothing has claimed it"));
        };
        if !self.tx.reopen_phone_start(start).await? {
            return Err(refused(ErrorCode::Conflict, "nothing has claimed it"));
        }
        if self.tx.conn.message(message.as_str()).await?.is_some() {
            let inbox = self.tx.conn.inbox(row.inbox.as_str()).await?;
            let holder = inbox
                .and_then(|inbox| inbox.phone_holder)
                .map(|holder| holder.agent)
                .filter(|holder| *holder != row.asked_by);
            self.tx.claim_author(message, holder.as_ref()).await?;
        }
        if let Some(conversation) = &row.conversation {
            self.tx.refresh_head(conversation).await?;
        }
        self.answer.phone_start = Some(start.clone());
        self.answer.conversation = row.conversation;
        Ok(())
    }

    pub(super) async fn hold_phone(
        &mut self,
        inbox: &InboxId,
        agent: Option<&AgentId>,
    ) -> Result<()> {
        if self.tx.conn.inbox(inbox.as_str()).await?.is_none() {
            return Err(refused(ErrorCode::NotFound, "no such number of ours"));
        }
        if let Some(agent) = agent {
            working_agent(self.tx, agent).await?;
        }
        let holder = agent.map(|agent| (agent, self.now));
        Ok(self.tx.hold_phone(inbox, holder).await?)
    }

    pub(super) async fn set_rate_card(&mut self, csv: Option<&str>) -> Result<()> {
        self.must_be_admin()?;
        let card = csv
            .map(|csv| costs::read_card(csv, self.now))
            .transpose()
            .map_err(|problems| CommandError::Refused(ApiError::of_problems(problems)))?;
        Ok(self.tx.set_rate_card(card.as_ref()).await?)
    }

    pub(super) async fn claim_echo(
        &mut self,
        message: &MessageId,
        agent: Option<&AgentId>,
    ) -> Result<()> {
        let row = self
            .tx
            .conn
            .message(message.as_str())
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such message"))?;
        if let Some(agent) = agent {
            working_agent(self.tx, agent).await?;
        }
        self.tx.claim_author(message, agent).await?;
        self.tx.refresh_head(&row.conversation).await?;
        Ok(())
    }
}
