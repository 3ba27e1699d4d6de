//! The number's templates, taken over from Meta at start, on a webhook, and when asked.

use std::{sync::Arc, time::Duration};

use ajar_domain::{InboxId, TemplateId, template::draft::TemplateDraft};
use ajar_protocol::error::{ApiError, ErrorCode};

use crate::{
    commands::{CommandError, refused},
    core::Core,
    meta::graph::GraphError,
    store::inboxes::Line,
};

/// Lists the templates of the number's account and stores what changed.
///
/// # Errors
/// `meta_unavailable` if Meta could not be asked; the known templates stay as they are.
pub async fn refresh(core: &Core, inbox: &InboxId) -> Result<(), CommandError> {
    let line = line(core, inbox).await?;
    let listed = core
        .graph
        .list_templates(&line.waba_id)
        .await
        .map_err(|error| {
            tracing::warn!(why = %error, "the templates could not be listed");
            CommandError::Refused(ApiError::later(
                ErrorCode::MetaUnavailable,
                "Meta could not be asked for the templates",
                Some(60_000),
            ))
        })?;
    let mut tx = core.store.begin().await?;
    tx.replace_templates(inbox, listed, || core.ids.next())
        .await?;
    tx.templates_listed(inbox, core.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Hands a new template to Meta.
///
/// # Errors
/// `content_refused` with the problems found here, `refused_by_meta` with what Meta found, or
/// `meta_unavailable`.
pub async fn create(
    core: &Core,
    inbox: &InboxId,
    draft: &TemplateDraft,
) -> Result<(), CommandError> {
    checked(draft)?;
    let line = line(core, inbox).await?;
    core.graph
        .create_template(&line.waba_id, draft)
        .await
        .map_err(told)?;
    refresh(core, inbox).await
}

/// Changes one.
///
/// # Errors
/// As [`create`].
pub async fn edit(
    core: &Core,
    template: &TemplateId,
    draft: &TemplateDraft,
) -> Result<(), CommandError> {
    checked(draft)?;
    let (inbox, _, meta_id) = known(core, template).await?;
    core.graph
        .edit_template(&meta_id, draft)
        .await
        .map_err(told)?;
    refresh(core, &inbox).await
}

/// Removes one.
///
/// # Errors
/// As [`create`].
pub async fn delete(core: &Core, template: &TemplateId) -> Result<(), CommandError> {
    let (inbox, name, meta_id) = known(core, template).await?;
    let line = line(core, &inbox).await?;
    core.graph
        .delete_template(&line.waba_id, &name, &meta_id)
        .await
        .map_err(told)?;
    refresh(core, &inbox).await
}

fn checked(draft: &TemplateDraft) -> Result<(), CommandError> {
    let problems = draft.check();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(CommandError::Refused(ApiError::of_problems(problems)))
    }
}

async fn line(core: &Core, inbox: &InboxId) -> Result<Line, CommandError> {
    let mut conn = core.store.read().await?;
    conn.line(inbox)
        .await?
        .ok_or_else(|| refused(ErrorCode::NotFound, "no such number"))
}

/// The number, the name and Meta's id of a template.
async fn known(
    core: &Core,
    template: &TemplateId,
) -> Result<(InboxId, String, String), CommandError> {
    let mut conn = core.store.read().await?;
    let row = conn
        .template(template.as_str())
        .await?
        .filter(|row| !row.gone)
        .ok_or_else(|| refused(ErrorCode::NotFound, "no such template"))?;
    let meta_id = conn
        .template_at_meta(template)
        .await?
        .ok_or_else(|| refused(ErrorCode::Conflict, "its id at Meta is not known yet"))?;
    Ok((row.inbox, row.template.name, meta_id))
}

fn told(error: GraphError) -> CommandError {
    CommandError::Refused(match error {
        GraphError::Refused { failure, .. } => ApiError {
            meta: Some(Box::new(failure)),
            ..ApiError::new(ErrorCode::RefusedByMeta, "Meta refused it")
        },
        GraphError::NotReached | GraphError::NoAnswer | GraphError::Garbled { .. } => {
            ApiError::later(
                ErrorCode::MetaUnavailable,
                "Meta could not be asked, or its answer was lost",
                None,
            )
        }
    })
}

/// At start, and whenever an event said that something changed: every number of this hub, until it
/// worked once. Events come in bursts, so a moment passes before Meta is asked.
pub async fn refresh_all(core: Arc<Core>) {
    loop {
        for inbox in core.inboxes.clone() {
            let mut wait = Duration::from_secs(2);
            while refresh(&core, &inbox).await.is_err() {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(600));
            }
        }
        core.templates_wait.notified().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
