//! Commands of agents: checked, made durable with their answer, and told to everybody by the
//! events that they cause. A repeated command gets its first answer.

mod content;
mod identity;
mod sending;
mod team;

use std::time::Duration;

use ajar_domain::{
    AgentId, ConversationId, Time,
    composer::NumberState,
    customer::PhoneNumber,
    window::{NotOpen, OpenProof},
};
use ajar_protocol::{
    command::{Command, CommandAnswer, CommandRequest, Recipient},
    error::{ApiError, ErrorCode},
    rows::{AgentRow, ConversationRow, InboxRow, Role},
};

pub(crate) use self::sending::own_position;
use self::{content::SendFile, sending::SendTemplate};
use crate::{
    core::Core,
    import, outbox,
    store::{StoreError, Tx, customers::Sighting},
    templates,
};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Refused(#[from] ApiError),
    #[error("the database refused")]
    Store(#[from] StoreError),
}

impl From<outbox::StartRefused> for CommandError {
    fn from(why: outbox::StartRefused) -> Self {
        match why {
            outbox::StartRefused::ByMeta(_) => refused(
                ErrorCode::Paused,
                "Meta still refuses the token or the account",
            ),
            outbox::StartRefused::NotAsked(_) => Self::Refused(ApiError::later(
                ErrorCode::MetaUnavailable,
                "Meta could not be asked",
                None,
            )),
            outbox::StartRefused::Store(error) => Self::Store(error),
        }
    }
}

pub type Result<T, E = CommandError> = std::result::Result<T, E>;

pub(crate) fn refused(code: ErrorCode, message: &str) -> CommandError {
    CommandError::Refused(ApiError::new(code, message))
}

/// Carries a command out for an agent.
pub async fn execute(
    core: &Core,
    agent: &AgentRow,
    request: CommandRequest,
) -> Result<CommandAnswer> {
    let changes_meta = matches!(
        request.command,
        Command::CreateTemplate { .. }
            | Command::EditTemplate { .. }
            | Command::DeleteTemplate { .. }
    );
    // What is asked of Meta happens once: a desktop that repeats itself gets its first answer.
    if changes_meta
        && let Some(answer) = core
            .store
            .begin()
            .await?
            .earlier_answer(&request.client_ref)
            .await?
    {
        return Ok(answer);
    }
    // Asking Meta takes its time and holds no lock.
    if let Command::RefreshTemplates { inbox } = &request.command {
        templates::refresh(core, inbox).await?;
    }
    if agent.role == Role::Admin {
        match &request.command {
            Command::AskForHistory { inbox } => import::ask_again(core, inbox).await?,
            Command::ReadAgain => {
                core.projector().read_again().await?;
            }
            Command::StartSending => outbox::start_again(core).await?,
            Command::CreateTemplate { inbox, draft } => {
                templates::create(core, inbox, draft).await?;
            }
            Command::EditTemplate { template, draft } => {
                templates::edit(core, template, draft).await?;
            }
            Command::DeleteTemplate { template } => templates::delete(core, template).await?,
            _ => {}
        }
    }
    let mut tx = core.store.begin().await?;
    if let Some(answer) = tx.earlier_answer(&request.client_ref).await? {
        return Ok(answer);
    }
    let mut act = Act {
        core,
        agent,
        tx: &mut tx,
        now: core.now(),
        answer: CommandAnswer::default(),
        request: &request,
    };
    act.carry_out().await?;
    let mut answer = act.answer;
    answer.visible_at = tx.visible_at();
    tx.remember_answer(&request.client_ref, &agent.id, &answer, core.now())
        .await?;
    tx.commit().await?;
    core.outbox_waits.notify_one();
    Ok(answer)
}

/// One command being carried out.
pub(crate) struct Act<'a> {
    pub core: &'a Core,
    pub agent: &'a AgentRow,
    pub tx: &'a mut Tx,
    pub now: Time,
    pub answer: CommandAnswer,
    pub request: &'a CommandRequest,
}

impl Act<'_> {
    async fn carry_out(&mut self) -> Result<()> {
        match &self.request.command {
            Command::SendText {
                conversation,
                body,
                reply_to,
                send_before,
            } => {
                self.send_text(conversation, body, reply_to.as_ref(), *send_before)
                    .await
            }
            Command::SendFile {
                conversation,
                file,
                kind,
                name,
                caption,
                reply_to,
                send_before,
            } => {
                let wanted = SendFile {
                    file,
                    kind: *kind,
                    name: name.as_deref(),
                    caption: caption.as_deref(),
                    reply_to: reply_to.as_ref(),
                };
                self.send_file(conversation, &wanted, *send_before).await
            }
            Command::SendContent {
                conversation,
                content,
                reply_to,
                send_before,
            } => {
                self.send_content(conversation, content, reply_to.as_ref(), *send_before)
                    .await
            }
            Command::React {
                message,
                emoji,
                send_before,
            } => self.react(message, emoji.as_deref(), *send_before).await,
            Command::ScheduleText {
                conversation,
                body,
                reply_to,
                at,
            } => {
                self.schedule_text(conversation, body, reply_to.as_ref(), *at)
                    .await
            }
            Command::SendTemplate {
                to,
                template,
                values,
                typed,
                hold,
            } => {
                let wanted = SendTemplate {
                    to,
                    template,
                    values,
                    typed,
                    hold: hold.as_deref(),
                };
                self.send_template(&wanted).await
            }
            Command::HoldText {
                conversation,
                body,
                reply_to,
            } => self.hold_text(conversation, body, reply_to.as_ref()).await,
            Command::Release { message } | Command::SendAgain { message } => {
                self.send_again(message).await
            }
            Command::Discard { message } => self.discard(message).await,
            Command::AddNote { conversation, body } => self.add_note(conversation, body).await,
            Command::Assign {
                conversation,
                assignee,
            } => self.assign(conversation, assignee.as_ref()).await,
            Command::Snooze {
                conversation,
                until,
            } => {
                let by = self.agent.id.clone();
                let (until, now) = (*until, self.now);
                self.progress(conversation, |progress| progress.snooze(until, by, now))
                    .await
            }
            Command::Resolve { conversation } => {
                let (by, now) = (self.agent.id.clone(), self.now);
                self.progress(conversation, |progress| progress.resolve(by, now))
                    .await
            }
            Command::Reopen { conversation } => {
                self.progress(conversation, ajar_domain::conversation::Progress::reopen)
                    .await
            }
            Command::SetLabels {
                conversation,
                labels,
            } => self.set_labels(conversation, labels).await,
            Command::SetAbout {
                conversation,
                about,
            } => self.set_about(conversation, about).await,
            Command::MarkSeen { conversation, upto } => self.mark_seen(conversation, upto).await,
            Command::StartOnPhone { to, name, text } => {
                self.start_on_phone(to, name.as_deref(), text).await
            }
            Command::CancelPhoneStart { start } => self.cancel_phone_start(start).await,
            Command::WaitAgain { start } => self.wait_again(start).await,
            Command::HoldPhone { inbox, agent } => self.hold_phone(inbox, agent.as_ref()).await,
            Command::ClaimEcho { message, agent } => self.claim_echo(message, agent.as_ref()).await,
            Command::RefreshTemplates { .. } => Ok(()),
            Command::JoinChats { merge } => self.join_chats(merge).await,
            Command::KeepApart { merge } => self.keep_apart(merge).await,
            Command::SplitChats { merge } => self.split_chats(merge).await,
            // Carried out before this transaction; only the right to do so is asked.
            Command::AskForHistory { .. }
            | Command::ReadAgain
            | Command::StartSending
            | Command::CreateTemplate { .. }
            | Command::EditTemplate { .. }
            | Command::DeleteTemplate { .. } => self.must_be_admin(),
            Command::SetRateCard { csv } => self.set_rate_card(csv.as_deref()).await,
            Command::SetPolicy {
                inbox,
                margin_ms,
                read_receipts,
            } => {
                self.must_be_admin()?;
                if Duration::from_millis(u64::from(*margin_ms)) > ajar_domain::window::MAX_MARGIN {
                    return Err(refused(ErrorCode::Invalid, "the margin is over 15 minutes"));
                }
                if self.tx.conn.inbox(inbox.as_str()).await?.is_none() {
                    return Err(refused(ErrorCode::NotFound, "no such number"));
                }
                Ok(self
                    .tx
                    .set_policy(inbox, *margin_ms, *read_receipts)
                    .await?)
            }
        }
    }

    pub(super) fn must_be_admin(&self) -> Result<()> {
        match self.agent.role {
            Role::Admin => Ok(()),
            Role::Agent => Err(refused(
                ErrorCode::Forbidden,
                "only administrators may do this",
            )),
        }
    }

    pub(crate) async fn conversation(&mut self, id: &ConversationId) -> Result<ConversationRow> {
        self.tx
            .conn
            .conversation(id.as_str())
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such conversation"))
    }

    pub(crate) async fn inbox_of(&mut self, row: &ConversationRow) -> Result<InboxRow> {
        self.tx
            .conn
            .inbox(row.inbox.as_str())
            .await?
            .ok_or_else(|| refused(ErrorCode::NotFound, "no such number"))
    }

    /// The conversation a command is about; one is made for a number nobody wrote to yet.
    pub(crate) async fn recipient(&mut self, to: &Recipient) -> Result<ConversationRow> {
        match to {
            Recipient::Conversation { conversation } => self.conversation(conversation).await,
            Recipient::Number { inbox, number } => {
                if self.tx.conn.inbox(inbox.as_str()).await?.is_none() {
                    return Err(refused(ErrorCode::NotFound, "no such number of ours"));
                }
                let number = valid_number(number)?;
                let customer = self.customer_with(&number).await?;
                let known = self.tx.conn.conversation_between(inbox, &customer).await?;
                let id = match known {
                    Some(id) => id,
                    None => {
                        let id = ConversationId::new(self.core.ids.next());
                        self.tx
                            .add_conversation(&id, inbox, &customer, self.now)
                            .await?;
                        id
                    }
                };
                self.conversation(&id).await
            }
        }
    }

    async fn customer_with(&mut self, number: &PhoneNumber) -> Result<ajar_domain::CustomerId> {
        let seen = Sighting {
            phone: Some(number.clone()),
            at: self.now,
            ..Sighting::default()
        };
        for key in seen.keys() {
            if let Some(known) = self.tx.conn.customer_by_key(&key).await? {
                return Ok(known);
            }
        }
        let id = ajar_domain::CustomerId::new(self.core.ids.next());
        self.tx.add_customer(&id).await?;
        for key in seen.keys() {
            self.tx.add_key(&id, &key, self.now).await?;
        }
        self.tx.see_customer(&id, &seen).await?;
        Ok(id)
    }

    /// Asks the window, as every free-form message must.
    pub(crate) async fn require_open(&mut self, row: &ConversationRow) -> Result<OpenProof> {
        let inbox = self.inbox_of(row).await?;
        must_not_be_paused(&inbox, row)?;
        let margin = Duration::from_millis(u64::from(inbox.margin_ms));
        row.facts
            .at(self.now)
            .require_open(self.now, margin)
            .map_err(|not_open| CommandError::Refused(why_not(&not_open)))
    }
}

/// Nothing goes out while the number or the customer is paused.
pub(crate) fn must_not_be_paused(inbox: &InboxRow, row: &ConversationRow) -> Result<()> {
    let number = NumberState {
        paused: inbox.paused.clone(),
    };
    if number.paused.is_some() || row.customer.blocked.is_some() {
        return Err(refused(
            ErrorCode::Paused,
            "the number or the customer is paused",
        ));
    }
    Ok(())
}

fn why_not(not_open: &NotOpen) -> ApiError {
    let code = match not_open {
        NotOpen::NeverOpened | NotOpen::Closed { .. } => ErrorCode::WindowNotOpen,
        NotOpen::Closing { .. } => ErrorCode::WindowClosing,
        NotOpen::Disputed { .. } => ErrorCode::WindowDisputed,
    };
    ApiError::new(code, not_open.to_string())
}

/// A number in international form that can exist.
pub(crate) fn valid_number(text: &str) -> Result<PhoneNumber> {
    let no = || refused(ErrorCode::NotANumber, "not a phone number that can exist");
    let digits = PhoneNumber::from_digits(text).ok_or_else(no)?;
    let parsed = phonenumber::parse(None, format!("+{}", digits.digits())).map_err(|_| no())?;
    // The library knows the plans of all countries; example numbers of films and tests
    // (+1 555 01xx) are not assigned there, yet they have the right shape.
    let nsn = parsed.national().to_string();
    if nsn.len() < 4 {
        return Err(no());
    }
    Ok(digits)
}

/// Names an agent must exist under.
pub(crate) fn trimmed(text: &str, max: usize) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(refused(ErrorCode::Invalid, "the text is empty"));
    }
    if text.chars().count() > max {
        return Err(refused(ErrorCode::TooLong, "the text is too long"));
    }
    Ok(text)
}

/// Whether an id names an agent who may still work here.
pub(crate) async fn working_agent(tx: &mut Tx, id: &AgentId) -> Result<AgentRow> {
    tx.conn
        .agent(id.as_str())
        .await?
        .filter(|agent| !agent.revoked)
        .ok_or_else(|| refused(ErrorCode::NotFound, "no such agent"))
}
