//! What each call of the interface does. One match, so that the compiler names a call that
//! has no handler.

use std::{sync::Arc, time::Duration};

use ajar_domain::{Clock, ConversationId, Time, attachment, composer::Composer};
use ajar_protocol::{
    command::{Command, CommandAnswer, CommandRequest, Recipient},
    error::{ApiError, ErrorCode},
    ui::{
        Acted, ContentVerdict, Draft, DraftMode, InspectNumber, Link, MaybeConversation,
        NeighbourOf, Nothing, NumberVerdict, TemplateList, TemplatePreview, TemplateQuery,
        TemplateValues, UiCall, UiHello, WatchConversation,
    },
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    desk::DeskCore,
    error::{invalid, not_found, storage},
    numbers, outbox,
    session::SessionState,
    team::{Pulse, Team, request},
    templates, thread,
};

/// The longest text that Meta takes.
const LONGEST_TEXT: usize = 4096;

/// How long a template to a new number waits for the conversation that the hub makes of it.
const WAIT_FOR_CONVERSATION: Duration = Duration::from_secs(10);

type Result<T> = std::result::Result<T, ApiError>;

/// Carries a call out.
pub(crate) async fn call(session: &Arc<SessionState>, call: UiCall) -> Result<Value> {
    let core = &session.core;
    match call {
        UiCall::Hello(Nothing {}) => json(UiHello {
            version: core.config.version.clone(),
            stage: core.stage.borrow().clone(),
            preferences: core.preferences(),
            shell: core.config.shell.clone(),
        }),
        UiCall::Join(team) => nothing(core.join(team).await),
        UiCall::Host(team) => nothing(core.host(team).await),
        UiCall::TryDemo(Nothing {}) => nothing(core.try_demo().await),
        UiCall::Leave(Nothing {}) => nothing(core.leave().await),
        UiCall::WatchList(query) => {
            session.watch_list(query);
            nothing(Ok(()))
        }
        UiCall::WatchConversation(WatchConversation { conversation }) => {
            session.watch_conversation(conversation);
            nothing(Ok(()))
        }
        UiCall::LoadOlder(of) => nothing(load_older(session, &of.conversation).await),
        UiCall::Act(command) => json(act(core, request(command)).await?),
        UiCall::Send(request) => json(act(core, request).await?),
        UiCall::TakeBack(item) => {
            nothing(outbox::take_back(&*core.joined()?, &item.client_ref).await)
        }
        UiCall::SaveDraft(draft) => nothing(save_draft(session, draft).await),
        UiCall::WhyWindow(of) => {
            json(thread::why_window(&*core.joined()?, &of.conversation).await?)
        }
        UiCall::Health(Nothing {}) => json(core.joined()?.hub.health().await?),
        UiCall::InspectNumber(number) => json(inspect_number(&*core.joined()?, &number)?),
        UiCall::ListTemplates(query) => json(list_templates(&*core.joined()?, query).await?),
        UiCall::PreviewTemplate(values) => json(preview_template(&*core.joined()?, &values).await?),
        UiCall::Search(words) => json(core.joined()?.hub.search(&words.text).await?),
        UiCall::NextToExpire(after) => json(MaybeConversation {
            conversation: core
                .joined()?
                .inbox()
                .next_to_expire(after.conversation.as_ref()),
        }),
        UiCall::Neighbour(NeighbourOf { conversation, step }) => json(MaybeConversation {
            conversation: core.joined()?.inbox().neighbour(
                session.number,
                conversation.as_ref(),
                step,
            ),
        }),
        UiCall::Presence(of) => {
            let at = of.conversation.map(|at| (at, of.typing));
            core.joined()?.look(session.number, at);
            nothing(Ok(()))
        }
        UiCall::Media(of) => {
            let team = core.joined()?;
            let (hub, store) = (&team.hub, &team.store);
            json(if of.thumbnail {
                team.media.thumbnail(hub, store, &of.media).await?
            } else {
                team.media.fetch(hub, store, &of.media).await?
            })
        }
        UiCall::BeginAttachment(new) => {
            let team = core.joined()?;
            json(team.attachments.begin(&team.hub, &new)?)
        }
        UiCall::AttachPart(part) => nothing(core.joined()?.attachments.part(&part).await),
        UiCall::EndAttachment(of) => json(core.joined()?.attachments.end(&of).await?),
        UiCall::DropAttachment(of) => {
            core.joined()?.attachments.drop_one(&of);
            nothing(Ok(()))
        }
        UiCall::CheckContent(content) => json(ContentVerdict {
            problems: content.check(),
        }),
        UiCall::CheckTemplateDraft(draft) => json(ContentVerdict {
            problems: draft.check(),
        }),
        UiCall::Costs(of) => json(core.joined()?.hub.costs(&of.inbox).await?),
        UiCall::SavePreferences(preferences) => nothing(core.save_preferences(preferences).await),
        UiCall::TryNow(Nothing {}) => {
            core.joined()?.try_now.notify_one();
            nothing(Ok(()))
        }
        UiCall::OpenLink(link) => nothing(open_link(core, &link)),
        UiCall::Demo(action) => {
            let launcher = core.config.launcher.clone();
            nothing(match launcher {
                Some(launcher) => launcher.act(action).await,
                None => Err(not_found("demo")),
            })
        }
    }
}

fn json<T: Serialize>(answer: T) -> Result<Value> {
    serde_json::to_value(answer)
        .map_err(|_| ApiError::new(ErrorCode::Internal, "an answer could not be written"))
}

fn nothing(result: Result<()>) -> Result<Value> {
    result.and_then(|()| json(Nothing {}))
}

async fn load_older(session: &Arc<SessionState>, conversation: &ConversationId) -> Result<()> {
    let team = session.core.joined()?;
    let limit = session
        .show_older(conversation)
        .ok_or_else(|| not_found("open conversation"))?;
    let cached = team
        .store
        .thread(conversation, limit)
        .await
        .map_err(storage)?;
    let whole = cached.span.as_ref().is_some_and(|span| span.whole);
    let enough = cached.messages.len() >= limit as usize;
    if !whole && !enough {
        if !team.is_linked() {
            return Err(offline());
        }
        team.fetch_page(conversation, true, thread::PAGE);
    }
    session.look_again_at_thread();
    Ok(())
}

fn offline() -> ApiError {
    ApiError::later(
        ErrorCode::HubUnreachable,
        "there is no link to the hub",
        None,
    )
}

async fn save_draft(session: &Arc<SessionState>, draft: Draft) -> Result<()> {
    let team = session.core.joined()?;
    team.store
        .save_draft(team.me(), &draft, team.clock.now())
        .await
        .map_err(storage)?;
    if draft.mode == DraftMode::Reply {
        team.set_draft_mark(&draft.conversation, &draft.body);
    }
    team.pulse(Pulse::Draft {
        conversation: draft.conversation,
        by: session.number,
    });
    Ok(())
}

/// Sends become durable here; everything else is put to the hub at once.
async fn act(core: &Arc<DeskCore>, request: CommandRequest) -> Result<Acted> {
    let team = core.joined()?;
    // First of all: whether a repeated send is allowed was answered when it was made.
    if outbox::was_taken(&team, &request.client_ref) {
        return Ok(Acted {
            client_ref: request.client_ref,
            answer: None,
        });
    }
    let command = checked(&team, request.command).await?;
    let request = CommandRequest { command, ..request };
    if outbox::is_for_outbox(&request.command) {
        return send(&team, request).await;
    }
    if !team.is_linked() {
        team.try_now.notify_one();
        return Err(offline());
    }
    let answer = team.ask(&request).await?;
    if matches!(request.command, Command::ScheduleText { .. }) {
        forget_sent_draft(&team, &request.command).await;
    }
    Ok(Acted {
        client_ref: request.client_ref,
        answer: Some(answer),
    })
}

/// Until when free words may go to this chat, or why none may.
async fn open_until(team: &Team, conversation: &ConversationId) -> Result<Time> {
    let row = team
        .conversation(conversation)
        .await
        .map_err(storage)?
        .ok_or_else(|| not_found("conversation"))?;
    let now = team.clock.now();
    may_write(&thread::composer_of(
        &row,
        team.people().inbox(&row.inbox),
        now,
    ))
}

/// The command in the form in which it travels, or why it cannot be carried out. The hub asks
/// the same again: it is the one who knows.
async fn checked(team: &Team, command: Command) -> Result<Command> {
    match command {
        Command::SendText {
            conversation,
            body,
            reply_to,
            send_before,
        } => {
            let body = text(body)?;
            Ok(Command::SendText {
                send_before: send_before.min(open_until(team, &conversation).await?),
                conversation,
                body,
                reply_to,
            })
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
            attachment::check_caption(kind, caption.as_deref()).map_err(ApiError::of_file)?;
            Ok(Command::SendFile {
                send_before: send_before.min(open_until(team, &conversation).await?),
                conversation,
                file,
                kind,
                name,
                caption,
                reply_to,
            })
        }
        Command::SendContent {
            conversation,
            content,
            reply_to,
            send_before,
        } => {
            let problems = content.check();
            if !problems.is_empty() {
                return Err(ApiError::of_problems(problems));
            }
            Ok(Command::SendContent {
                send_before: send_before.min(open_until(team, &conversation).await?),
                conversation,
                content,
                reply_to,
            })
        }
        Command::ScheduleText {
            conversation,
            body,
            reply_to,
            at,
        } => {
            let body = text(body)?;
            if at >= open_until(team, &conversation).await? {
                return Err(ApiError::new(
                    ErrorCode::WindowClosing,
                    "the window closes before this moment",
                ));
            }
            Ok(Command::ScheduleText {
                conversation,
                body,
                reply_to,
                at,
            })
        }
        Command::HoldText {
            conversation,
            body,
            reply_to,
        } => Ok(Command::HoldText {
            conversation,
            body: text(body)?,
            reply_to,
        }),
        Command::AddNote { conversation, body } => {
            if body.trim().is_empty() {
                return Err(invalid("the note is empty"));
            }
            Ok(Command::AddNote { conversation, body })
        }
        Command::SendTemplate {
            to,
            template,
            values,
            typed,
            hold,
        } => {
            let known = template_row(team, &template).await?;
            if known.not_sendable().is_some() {
                return Err(ApiError::new(
                    ErrorCode::TemplateRefused,
                    "this template cannot be sent",
                ));
            }
            known
                .fill(&values, &typed, team.clock.now())
                .map_err(|fields| ApiError {
                    fields,
                    ..ApiError::new(ErrorCode::TemplateRefused, "the values do not fit")
                })?;
            Ok(Command::SendTemplate {
                to: recipient(team, to)?,
                hold: hold.map(text).transpose()?,
                template,
                values,
                typed,
            })
        }
        Command::StartOnPhone { to, name, text } => Ok(Command::StartOnPhone {
            to: recipient(team, to)?,
            name,
            text,
        }),
        other => Ok(other),
    }
}

fn text(body: String) -> Result<String> {
    if body.trim().is_empty() {
        return Err(invalid("the text is empty"));
    }
    if body.chars().count() > LONGEST_TEXT {
        return Err(ApiError::new(
            ErrorCode::TooLong,
            "the text is longer than Meta takes",
        ));
    }
    Ok(body)
}

/// Until when free text may leave, if it may at all.
fn may_write(composer: &Composer) -> Result<ajar_domain::Time> {
    let code = match composer {
        Composer::Open { send_before, .. } => return Ok(*send_before),
        Composer::Closing { .. } => ErrorCode::WindowClosing,
        Composer::Disputed { .. } => ErrorCode::WindowDisputed,
        Composer::Paused { .. } => ErrorCode::Paused,
        Composer::StartedFromPhone { .. }
        | Composer::Closed { .. }
        | Composer::NeverOpened { .. } => ErrorCode::WindowNotOpen,
    };
    Err(ApiError::new(code, "free text is not possible now"))
}

/// A number in whatever spelling becomes its digits.
fn recipient(team: &Team, to: Recipient) -> Result<Recipient> {
    let Recipient::Number { inbox, number } = to else {
        return Ok(to);
    };
    let people = team.people();
    let own = people.inbox(&inbox).ok_or_else(|| not_found("inbox"))?;
    let possible = numbers::inspect(&own.number, &number)
        .map_err(|why| ApiError::new(ErrorCode::NotANumber, why))?
        .ok_or_else(|| ApiError::new(ErrorCode::NotANumber, "no number"))?;
    Ok(Recipient::Number {
        inbox,
        number: possible.number.digits().to_owned(),
    })
}

async fn send(team: &Arc<Team>, request: CommandRequest) -> Result<Acted> {
    let mut answers = team.answers.subscribe();
    let to_new_number = matches!(
        &request.command,
        Command::SendTemplate {
            to: Recipient::Number { .. },
            ..
        }
    );
    if let Command::SendTemplate {
        template, values, ..
    } = &request.command
    {
        let kept = templates::worth_keeping(values);
        team.store
            .keep_template_use(template, &kept, team.clock.now())
            .await
            .map_err(storage)?;
    }
    let item = outbox::queue(team, request).await.map_err(storage)?;
    forget_sent_draft(team, &item.command).await;
    let mut acted = Acted {
        client_ref: item.client_ref,
        answer: None,
    };
    if to_new_number && team.is_linked() {
        let answer = tokio::time::timeout(WAIT_FOR_CONVERSATION, async {
            loop {
                match answers.recv().await {
                    Ok((client_ref, answer)) if client_ref == acted.client_ref => return answer,
                    Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                        return Err(offline());
                    }
                }
            }
        })
        .await;
        acted.answer = match answer {
            Ok(Ok(answer)) => Some::<CommandAnswer>(answer),
            Ok(Err(error)) => return Err(error),
            Err(_) => None,
        };
    }
    Ok(acted)
}

/// What was sent is no draft any more. It is durable in the outbox, so nothing is lost here.
async fn forget_sent_draft(team: &Team, command: &Command) {
    let (conversation, mode, sent) = match command {
        Command::SendText {
            conversation, body, ..
        }
        | Command::HoldText {
            conversation, body, ..
        }
        | Command::ScheduleText {
            conversation, body, ..
        } => (conversation, DraftMode::Reply, body),
        Command::AddNote { conversation, body } => (conversation, DraftMode::Note, body),
        Command::SendTemplate {
            to: Recipient::Conversation { conversation },
            hold: Some(held),
            ..
        } => (conversation, DraftMode::Reply, held),
        _ => return,
    };
    let drafts = match team.store.drafts_of(team.me(), conversation).await {
        Ok(drafts) => drafts,
        Err(trouble) => {
            storage(trouble);
            return;
        }
    };
    let is_sent = |draft: &Draft| draft.mode == mode && draft.body.trim() == sent.trim();
    if !drafts.iter().any(is_sent) {
        return;
    }
    let gone = Draft {
        conversation: conversation.clone(),
        mode,
        body: String::new(),
        reply_to: None,
        files: Vec::new(),
        saved_at: None,
    };
    if let Err(trouble) = team
        .store
        .save_draft(team.me(), &gone, team.clock.now())
        .await
    {
        storage(trouble);
    }
    if mode == DraftMode::Reply {
        team.set_draft_mark(conversation, "");
    }
}

fn inspect_number(team: &Team, asked: &InspectNumber) -> Result<NumberVerdict> {
    let own = team
        .people()
        .inbox(&asked.inbox)
        .map(|inbox| inbox.number.clone())
        .ok_or_else(|| not_found("inbox"))?;
    Ok(numbers::verdict(
        numbers::inspect(&own, &asked.text),
        |number| team.inbox().by_number(&asked.inbox, number),
    ))
}

async fn list_templates(team: &Team, query: TemplateQuery) -> Result<TemplateList> {
    let rows = team.store.templates().await.map_err(storage)?;
    let uses = team.store.template_uses().await.map_err(storage)?;
    let conversation = match &query.conversation {
        Some(id) => team.conversation(id).await.map_err(storage)?,
        None => None,
    };
    Ok(templates::list(
        rows,
        &query.inbox,
        &query.search,
        &uses,
        templates::Known {
            conversation: conversation.as_ref(),
            my_name: &team.membership.name,
            refreshed_at: team
                .people()
                .inbox(&query.inbox)
                .and_then(|inbox| inbox.templates_at),
        },
    ))
}

async fn template_row(
    team: &Team,
    id: &ajar_domain::TemplateId,
) -> Result<ajar_domain::template::Template> {
    let rows = team.store.templates().await.map_err(storage)?;
    rows.into_iter()
        .find(|row| row.template.id == *id && !row.gone)
        .map(|row| row.template)
        .ok_or_else(|| not_found("template"))
}

async fn preview_template(team: &Team, asked: &TemplateValues) -> Result<TemplatePreview> {
    let template = template_row(team, &asked.template).await?;
    Ok(templates::preview(
        &template,
        &asked.values,
        &asked.typed,
        team.clock.now(),
    ))
}

/// Only what a browser or a telephone opens: never a file or a programme.
fn open_link(core: &DeskCore, link: &Link) -> Result<()> {
    let url = url::Url::parse(&link.url).map_err(|_| invalid("not an address"))?;
    if !matches!(url.scheme(), "http" | "https" | "mailto" | "tel") {
        return Err(invalid("not an address that is opened from here"));
    }
    core.config.opener.open(url.as_str()).map_err(|why| {
        tracing::warn!(%why, "an address could not be opened");
        ApiError::new(ErrorCode::Internal, "nothing opens this address")
    })
}
