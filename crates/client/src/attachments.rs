//! Files on their way from the interface to the hub, before they are sent to anybody.
//!
//! ```text
//!   begin ──► part, part, … ──► end ──► lies at the hub, and can be sent
//!     │             └──► dropped, or nothing more comes for a minute: the request is broken off
//!     └──► refused by what is said of it, before a byte travels
//! ```
//!
//! Nothing of it outlives the app. A file that was never sent is nobody's message.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use ajar_domain::attachment::{self, Attachment, AttachmentKind, AttachmentProblem};
use ajar_protocol::{
    error::{ApiError, ErrorCode},
    hub::UploadedFile,
    ui::{AttachmentPart, AttachmentRef, NewAttachment},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinHandle};
use uuid::Uuid;

use crate::{hub::Hub, team::lock};

/// Parts that wait for the line. Few, so that an answered part is one that is nearly there.
const AHEAD: usize = 2;
/// As the interface cuts them.
const LARGEST_PART: usize = 256 * 1024;
/// Files on their way at once.
const MOST: usize = 10;

/// Those on their way.
#[derive(Clone, Default)]
pub(crate) struct Attachments(Arc<Mutex<HashMap<String, Upload>>>);

struct Upload {
    parts: mpsc::Sender<Bytes>,
    ended: JoinHandle<Result<UploadedFile, ApiError>>,
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.ended.abort();
    }
}

impl Attachments {
    pub fn begin(&self, hub: &Hub, new: &NewAttachment) -> Result<AttachmentRef, ApiError> {
        may_go(new).map_err(ApiError::of_file)?;
        let name = Uuid::new_v4().to_string();
        let (parts, coming) = mpsc::channel(AHEAD);
        let (hub, about) = (hub.clone(), new.clone());
        let ended = tokio::spawn(async move { hub.upload(&about, coming).await });
        let mut all = lock(&self.0);
        if all.len() >= MOST {
            // Those whose interface went away in the middle have been broken off.
            all.retain(|_, upload| !upload.ended.is_finished());
        }
        if all.len() >= MOST {
            ended.abort();
            return Err(ApiError::new(
                ErrorCode::TooManyTries,
                "too many files are on their way",
            ));
        }
        all.insert(name.clone(), Upload { parts, ended });
        drop(all);
        Ok(AttachmentRef { attachment: name })
    }

    pub async fn part(&self, part: &AttachmentPart) -> Result<(), ApiError> {
        let bytes = STANDARD
            .decode(&part.base64)
            .ok()
            .filter(|bytes| bytes.len() <= LARGEST_PART)
            .ok_or_else(|| ApiError::new(ErrorCode::Invalid, "not a part of a file"))?;
        let parts = lock(&self.0)
            .get(&part.attachment)
            .map(|upload| upload.parts.clone())
            .ok_or_else(unknown)?;
        // Nobody takes it any more if the hub has answered: what it said is told at the end.
        let _ = parts.send(Bytes::from(bytes)).await;
        Ok(())
    }

    pub async fn end(&self, of: &AttachmentRef) -> Result<UploadedFile, ApiError> {
        let mut upload = lock(&self.0).remove(&of.attachment).ok_or_else(unknown)?;
        // Without senders the body ends.
        upload.parts = mpsc::channel(1).0;
        (&mut upload.ended).await.map_err(|_| {
            ApiError::new(
                ErrorCode::Internal,
                "the file was dropped while it travelled",
            )
        })?
    }

    pub fn drop_one(&self, of: &AttachmentRef) {
        lock(&self.0).remove(&of.attachment);
    }

    /// The team was left.
    pub fn drop_all(&self) {
        lock(&self.0).clear();
    }
}

fn unknown() -> ApiError {
    crate::error::not_found("file on its way")
}

/// Whether it is worth the way. The hub asks again, and by the bytes themselves.
fn may_go(new: &NewAttachment) -> Result<(), AttachmentProblem> {
    let kind = new
        .kind
        .unwrap_or_else(|| AttachmentKind::usual(&new.mime_type));
    if new.size > attachment::MAX_FILE {
        return Err(AttachmentProblem::TooLarge {
            most: kind.most(false),
        });
    }
    if kind.can_be_made_of(&new.mime_type) {
        // Made smaller at the hub, if it must be.
        return Ok(());
    }
    attachment::check(&Attachment {
        kind,
        mime_type: &new.mime_type,
        size: new.size,
        animated: false,
        caption: None,
    })
}
