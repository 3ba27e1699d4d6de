//! Files that we send: what Meta takes, told before anything is uploaded.
//!
//! Source of kinds and sizes: platform notes, sections 8.4 and 9 (Meta's pages of
//! `business-phone-numbers/media` and of the message types).
//!
//! ```text
//!   dropped, pasted, chosen ──► check ──► goes as it is
//!                                │  └───► a picture that is too large or of another kind:
//!                                │        made smaller first (somebody else does that)
//!                                └──────► refused, with the reason
//! ```

use serde::{Deserialize, Serialize};

/// As what a file goes out. The same photo may go as a photo or, unchanged, as a document.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AttachmentKind {
    Image,
    Video,
    Audio,
    /// Recorded: shown with a waveform. OGG with Opus only.
    Voice,
    Document,
    Sticker,
}

/// Why a file cannot go out as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[ts(export)]
pub enum AttachmentProblem {
    Empty,
    /// `most` in bytes.
    TooLarge {
        most: u64,
    },
    /// Phones of one maker take photos like this; WhatsApp takes none of them.
    Heic,
    /// Meta takes other kinds for this use; as a document it may go.
    WrongKind,
    /// More words than may stand under a file.
    CaptionTooLong {
        most: u32,
    },
    /// Sounds and stickers have no words under them.
    NoCaption,
}

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;

/// The largest file of all.
pub const MAX_FILE: u64 = 100 * MB;
/// Characters under a picture, a film or a document.
pub const MAX_CAPTION: u32 = 1024;

impl AttachmentKind {
    /// How a file of this kind (`image/png`) goes out if nobody says otherwise.
    #[must_use]
    pub fn usual(mime_type: &str) -> Self {
        let of = essence(mime_type);
        match of.split_once('/') {
            _ if Self::Image.takes(&of) => Self::Image,
            // Drawn by no phone as a sticker unless somebody means it: it becomes a photo.
            Some(("image", "webp" | "bmp" | "tiff" | "gif" | "heic" | "heif" | "avif")) => {
                Self::Image
            }
            _ if Self::Video.takes(&of) => Self::Video,
            _ if Self::Audio.takes(&of) => Self::Audio,
            _ => Self::Document,
        }
    }

    /// In bytes.
    #[must_use]
    pub const fn most(self, animated: bool) -> u64 {
        match self {
            Self::Image => 5 * MB,
            Self::Video | Self::Audio | Self::Voice => 16 * MB,
            Self::Document => MAX_FILE,
            Self::Sticker if animated => 500 * KB,
            Self::Sticker => 100 * KB,
        }
    }

    fn takes(self, essence: &str) -> bool {
        match self {
            Self::Image => matches!(essence, "image/jpeg" | "image/png"),
            Self::Video => matches!(essence, "video/mp4" | "video/3gpp"),
            Self::Audio => matches!(
                essence,
                "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg"
            ),
            Self::Voice => essence == "audio/ogg",
            Self::Sticker => essence == "image/webp",
            // Meta lists office formats; what else it takes is not documented, and it says so
            // itself if it does not (131053).
            Self::Document => true,
        }
    }

    #[must_use]
    pub const fn has_caption(self) -> bool {
        matches!(self, Self::Image | Self::Video | Self::Document)
    }

    /// Whether a file of this kind can be brought into a form that Meta takes: a picture by being
    /// made anew, a recording by being wrapped anew.
    #[must_use]
    pub fn can_be_made_of(self, mime_type: &str) -> bool {
        let essence = essence(mime_type);
        match self {
            Self::Image => matches!(essence.as_str(), "image/jpeg" | "image/png" | "image/webp"),
            Self::Voice => matches!(essence.as_str(), "audio/webm" | "video/webm"),
            Self::Video | Self::Audio | Self::Document | Self::Sticker => false,
        }
    }
}

/// `Audio/OGG; codecs=opus` is `audio/ogg`; names that browsers have of their own are Meta's.
fn essence(mime_type: &str) -> String {
    let plain = mime_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match plain.as_str() {
        "image/jpg" | "image/pjpeg" => "image/jpeg".to_owned(),
        "audio/mp3" => "audio/mpeg".to_owned(),
        "audio/x-m4a" | "audio/m4a" => "audio/mp4".to_owned(),
        "audio/x-aac" => "audio/aac".to_owned(),
        "audio/opus" | "application/ogg" => "audio/ogg".to_owned(),
        _ => plain,
    }
}

/// A file as it lies there, and how it is meant to go out.
#[derive(Clone, Debug)]
pub struct Attachment<'a> {
    pub kind: AttachmentKind,
    pub mime_type: &'a str,
    pub size: u64,
    pub animated: bool,
    pub caption: Option<&'a str>,
}

/// Whether Meta takes this file as it is.
///
/// # Errors
/// The first reason why not.
pub fn check(file: &Attachment<'_>) -> Result<(), AttachmentProblem> {
    let essence = essence(file.mime_type);
    if file.size == 0 {
        return Err(AttachmentProblem::Empty);
    }
    if matches!(essence.as_str(), "image/heic" | "image/heif")
        && file.kind != AttachmentKind::Document
    {
        return Err(AttachmentProblem::Heic);
    }
    if !file.kind.takes(&essence) {
        return Err(AttachmentProblem::WrongKind);
    }
    let most = file.kind.most(file.animated);
    if file.size > most {
        return Err(AttachmentProblem::TooLarge { most });
    }
    check_caption(file.kind, file.caption)
}

/// # Errors
/// If there is one where none can be, or it is too long.
pub fn check_caption(kind: AttachmentKind, caption: Option<&str>) -> Result<(), AttachmentProblem> {
    let Some(caption) = caption.map(str::trim).filter(|words| !words.is_empty()) else {
        return Ok(());
    };
    if !kind.has_caption() {
        return Err(AttachmentProblem::NoCaption);
    }
    if caption.chars().count() > MAX_CAPTION as usize {
        return Err(AttachmentProblem::CaptionTooLong { most: MAX_CAPTION });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{AttachmentKind as Kind, AttachmentProblem as Problem, *};

    fn checked(kind: Kind, mime_type: &str, size: u64) -> Result<(), Problem> {
        check(&Attachment {
            kind,
            mime_type,
            size,
            animated: false,
            caption: None,
        })
    }

    #[test]
    fn what_meta_takes_and_what_not() {
        for (kind, mime_type, size, expected) in [
            (Kind::Image, "image/jpeg", 5 * MB, Ok(())),
            (
                Kind::Image,
                "image/png",
                5 * MB + 1,
                Err(Problem::TooLarge { most: 5 * MB }),
            ),
            (Kind::Image, "image/webp", 1, Err(Problem::WrongKind)),
            (Kind::Image, "image/heic", 1, Err(Problem::Heic)),
            (Kind::Document, "image/heic", 1, Ok(())),
            (Kind::Image, "image/svg+xml", 1, Err(Problem::WrongKind)),
            (Kind::Video, "video/mp4", 16 * MB, Ok(())),
            (Kind::Video, "video/webm", 1, Err(Problem::WrongKind)),
            (Kind::Audio, "audio/ogg; codecs=opus", 16 * MB, Ok(())),
            (Kind::Audio, "audio/x-m4a", 1, Ok(())),
            (Kind::Audio, "audio/webm", 1, Err(Problem::WrongKind)),
            (Kind::Voice, "audio/mpeg", 1, Err(Problem::WrongKind)),
            (Kind::Document, "application/x-whatever", 100 * MB, Ok(())),
            (
                Kind::Document,
                "application/pdf",
                200 * MB,
                Err(Problem::TooLarge { most: MAX_FILE }),
            ),
            (Kind::Sticker, "image/webp", 100 * KB, Ok(())),
            (
                Kind::Sticker,
                "image/webp",
                101 * KB,
                Err(Problem::TooLarge { most: 100 * KB }),
            ),
            (Kind::Document, "application/pdf", 0, Err(Problem::Empty)),
        ] {
            assert_eq!(
                checked(kind, mime_type, size),
                expected,
                "{kind:?} {mime_type} {size}"
            );
        }
    }

    #[test]
    fn a_file_goes_out_as_people_expect() {
        for (mime_type, kind) in [
            ("image/jpeg", Kind::Image),
            ("image/webp", Kind::Image),
            ("image/heic", Kind::Image),
            ("image/svg+xml", Kind::Document),
            ("video/mp4", Kind::Video),
            ("video/quicktime", Kind::Document),
            ("audio/mp3", Kind::Audio),
            ("audio/wav", Kind::Document),
            ("application/pdf", Kind::Document),
            ("", Kind::Document),
        ] {
            assert_eq!(Kind::usual(mime_type), kind, "{mime_type}");
        }
    }

    #[test]
    fn words_stand_under_pictures_films_and_documents_only() {
        let long = "x".repeat(1025);
        assert_eq!(check_caption(Kind::Image, Some("Here")), Ok(()));
        assert_eq!(check_caption(Kind::Voice, Some("  ")), Ok(()));
        assert_eq!(
            check_caption(Kind::Voice, Some("Here")),
            Err(Problem::NoCaption)
        );
        assert_eq!(
            check_caption(Kind::Document, Some(&long)),
            Err(Problem::CaptionTooLong { most: 1024 })
        );
    }
}
