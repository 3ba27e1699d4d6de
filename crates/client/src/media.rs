//! Files that came with messages: from the hub, and kept on disk up to a bound.

use std::path::PathBuf;

use ajar_domain::MediaId;
use ajar_protocol::{
    error::{ApiError, ErrorCode},
    ui::MediaBytes,
};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{error::storage, hub::Hub, store::Store};

/// What the kept files may take up.
const ROOM: u64 = 256 * 1024 * 1024;

/// Where files are kept, if anywhere.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    folder: Option<PathBuf>,
}

impl Media {
    pub fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    fn path(&self, id: &MediaId) -> Option<PathBuf> {
        // An id is opaque; whatever is in it, its file stays in the folder.
        let name: String = id
            .as_str()
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
                other => format!("_{other:02x}"),
            })
            .collect();
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    /// A file, from disk if it was here before.
    pub async fn fetch(
        &self,
        hub: &Hub,
        store: &Store,
        id: &MediaId,
    ) -> Result<MediaBytes, ApiError> {
        if let Some(kept) = self.kept(store, id).await? {
            return Ok(kept);
        }
        let (mime_type, bytes) = hub.media(id).await?;
        Ok(self.take(store, id, mime_type, &bytes).await)
    }

    /// A small picture of a file, or the file itself where there is none: of a hub that makes
    /// none, of a picture that could not be made smaller, and while there is no line to the hub.
    pub async fn thumbnail(
        &self,
        hub: &Hub,
        store: &Store,
        id: &MediaId,
    ) -> Result<MediaBytes, ApiError> {
        // Kept beside the file, under a name that no file has: ids have no point in them.
        let small = MediaId::new(format!("{id}.thumb"));
        if let Some(kept) = self.kept(store, &small).await? {
            return Ok(kept);
        }
        match hub.thumbnail(id).await {
            Ok((mime_type, bytes)) => Ok(self.take(store, &small, mime_type, &bytes).await),
            Err(error) if error.code == ErrorCode::NotFound => self.fetch(hub, store, id).await,
            Err(error) => self.kept(store, id).await?.ok_or(error),
        }
    }

    async fn kept(&self, store: &Store, id: &MediaId) -> Result<Option<MediaBytes>, ApiError> {
        if let Some(path) = self.path(id)
            && let Some(mime_type) = store.kept_media(id).await.map_err(storage)?
            && let Ok(bytes) = tokio::fs::read(path).await
        {
            return Ok(Some(as_bytes(mime_type, &bytes)));
        }
        Ok(None)
    }

    async fn take(
        &self,
        store: &Store,
        id: &MediaId,
        mime_type: String,
        bytes: &[u8],
    ) -> MediaBytes {
        if let Err(why) = self.keep(store, id, &mime_type, bytes).await {
            // It can be shown all the same.
            tracing::warn!(%why, media = %id, "a file could not be kept");
        }
        as_bytes(mime_type, bytes)
    }

    async fn keep(
        &self,
        store: &Store,
        id: &MediaId,
        mime_type: &str,
        bytes: &[u8],
    ) -> std::io::Result<()> {
        let (Some(folder), Some(path)) = (&self.folder, self.path(id)) else {
            return Ok(());
        };
        tokio::fs::create_dir_all(folder).await?;
        let aside = path.with_extension("new");
        tokio::fs::write(&aside, bytes).await?;
        tokio::fs::rename(&aside, &path).await?;
        let too_many = store
            .keep_media(id, mime_type, bytes.len() as u64, ROOM)
            .await
            .map_err(std::io::Error::other)?;
        for gone in &too_many {
            if let Some(path) = self.path(gone) {
                tokio::fs::remove_file(path).await?;
            }
        }
        Ok(())
    }

    /// The team was left.
    pub async fn forget(&self) {
        if let Some(folder) = &self.folder
            && let Err(why) = tokio::fs::remove_dir_all(folder).await
            && why.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%why, "kept files could not be deleted");
        }
    }
}

fn as_bytes(mime_type: String, bytes: &[u8]) -> MediaBytes {
    MediaBytes {
        mime_type,
        base64: STANDARD.encode(bytes),
    }
}
