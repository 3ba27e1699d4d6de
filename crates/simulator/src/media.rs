//! Files: what customers and the phone send, what the business uploads, and the short-lived
//! addresses under which they can be fetched.

use std::collections::HashMap;

use ajar_domain::time::Time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::ids;
use crate::{picture, sound};

/// A file with its kind and, for documents, its name.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    pub mime_type: String,
    pub filename: Option<String>,
    pub bytes: Bytes,
}

impl std::fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.mime_type, self.bytes.len())
    }
}

impl MediaFile {
    #[must_use]
    pub fn new(mime_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            mime_type: mime_type.into(),
            filename: None,
            bytes: bytes.into(),
        }
    }

    #[must_use]
    pub fn named(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }

    /// A drawn photo of a bicycle; each seed paints another one.
    #[must_use]
    pub fn picture(seed: u64) -> Self {
        Self::new("image/jpeg", picture::bicycle_jpeg(seed))
    }

    /// The same as a PNG.
    #[must_use]
    pub fn png(seed: u64) -> Self {
        Self::new("image/png", picture::bicycle_png(seed))
    }

    /// A still sticker.
    #[must_use]
    pub fn sticker(seed: u64) -> Self {
        Self::new("image/webp", picture::sticker_webp(seed))
    }

    /// A voice note of so many seconds, playable, silent.
    #[must_use]
    pub fn voice_note(seconds: u32) -> Self {
        Self::new("audio/ogg; codecs=opus", sound::silent_opus(seconds))
    }

    /// A one-page document with a heading.
    #[must_use]
    pub fn pdf(filename: &str, heading: &str) -> Self {
        Self::new("application/pdf", picture::one_page_pdf(heading)).named(filename)
    }
}

impl From<Vec<u8>> for MediaFile {
    /// Bytes without a word about their kind: told from their first few.
    fn from(bytes: Vec<u8>) -> Self {
        let mime_type = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xff, 0xd8, ..] => "image/jpeg",
            [b'R', b'I', b'F', b'F', ..] => "image/webp",
            [b'%', b'P', b'D', b'F', ..] => "application/pdf",
            [b'O', b'g', b'g', b'S', ..] => "audio/ogg; codecs=opus",
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
            _ => "application/octet-stream",
        };
        Self::new(mime_type, bytes)
    }
}

/// Where a file came from, which decides how long its id works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MediaOrigin {
    /// From a webhook: seven days.
    Received,
    /// Uploaded by the business: thirty days.
    Uploaded,
}

#[derive(Clone)]
pub(crate) struct StoredMedia {
    pub id: String,
    pub file: MediaFile,
    pub sha256: [u8; 32],
    pub origin: MediaOrigin,
    pub stored_at: Time,
    pub deleted: bool,
}

impl StoredMedia {
    pub fn works_at(&self, now: Time) -> bool {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let days = match self.origin {
            MediaOrigin::Received => 7,
            MediaOrigin::Uploaded => 30,
        };
        !self.deleted && now.millis_since(self.stored_at) < days * DAY_MS
    }

    pub fn sha256_hex(&self) -> String {
        hex::encode(self.sha256)
    }
}

/// All files, and the addresses given out for them.
#[derive(Default)]
pub(crate) struct MediaShelf {
    files: HashMap<String, StoredMedia>,
    /// From the `hash` of an address to the file it leads to and the moment it stops working.
    addresses: HashMap<String, (String, Time)>,
}

impl MediaShelf {
    pub fn store(
        &mut self,
        rng: &mut StdRng,
        file: MediaFile,
        origin: MediaOrigin,
        now: Time,
    ) -> StoredMedia {
        let first = match origin {
            MediaOrigin::Received => "90",
            MediaOrigin::Uploaded => "91",
        };
        let stored = StoredMedia {
            id: format!("{first}{}", ids::digits(rng, 13)),
            sha256: Sha256::digest(&file.bytes).into(),
            file,
            origin,
            stored_at: now,
            deleted: false,
        };
        self.files.insert(stored.id.clone(), stored.clone());
        stored
    }

    pub fn get(&self, id: &str, now: Time) -> Option<&StoredMedia> {
        self.files.get(id).filter(|file| file.works_at(now))
    }

    pub fn delete(&mut self, id: &str) -> bool {
        self.files
            .get_mut(id)
            .is_some_and(|file| !std::mem::replace(&mut file.deleted, true))
    }

    /// A new address for the file, good until `expires_at`. As path and query: the host is put in
    /// front by whoever knows it.
    pub fn address(&mut self, rng: &mut StdRng, id: &str, expires_at: Time) -> String {
        let hash = ids::hex_upper(rng, 32);
        self.addresses
            .insert(hash.clone(), (id.to_owned(), expires_at));
        format!(
            "{DOWNLOAD_PATH}?mid={id}&source=webhook&ext={}&hash={hash}",
            expires_at.secs()
        )
    }

    /// The file behind an address, unless the address has run out.
    pub fn by_address(&self, hash: &str, id: &str, now: Time) -> Option<&StoredMedia> {
        let (file, expires_at) = self.addresses.get(hash)?;
        if file != id || now >= *expires_at {
            return None;
        }
        self.get(file, now)
    }

    pub fn all(&self) -> impl Iterator<Item = &StoredMedia> {
        self.files.values()
    }
}

/// Not under a Graph version: the real one is on another host altogether.
pub(crate) const DOWNLOAD_PATH: &str = "/whatsapp_business/attachments/";

/// The object that stands for a file in webhooks. `sha256` is base64 there.
pub(crate) fn in_webhook(stored: &StoredMedia, url: Option<&str>) -> Value {
    let mut object = json!({
        "id": stored.id,
        "mime_type": stored.file.mime_type,
        "sha256": STANDARD.encode(stored.sha256),
    });
    if let Some(url) = url {
        object["url"] = json!(url);
    }
    object
}
