//! What a file is taken for.
//!
//! Three speak about it: the webhook that announced it, the host that handed it over, and its own
//! first bytes. Only where none contradicts does it keep a kind that is drawn or played. Anything
//! else is kept as bytes: a person can save it, and no program of ours draws it.

/// The kind of a file that is only saved.
pub const BYTES: &str = "application/octet-stream";

/// The pictures that are drawn. Not SVG, which can hold a script, and nothing that browsers read
/// differently from one another.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Family {
    Picture,
    /// Sound and moving pictures share their containers (MP4, Ogg, WebM), so that the first
    /// bytes cannot tell them apart; nor need they, since the same player takes both.
    Played,
    Other,
}

fn family(kind: &str) -> Family {
    match kind.split_once('/') {
        Some(("image", _)) if PICTURES.contains(&kind) => Family::Picture,
        Some(("audio" | "video", _)) => Family::Played,
        _ => Family::Other,
    }
}

/// A kind in lower case and without parameters; `None` if it does not have the form of one.
fn plain(kind: &str) -> Option<String> {
    let kind = kind.split(';').next()?.trim().to_ascii_lowercase();
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte))
    };
    let (of, which) = kind.split_once('/')?;
    (is_word(of) && is_word(which)).then_some(kind)
}

/// The kind under which a file that has arrived is kept.
///
/// Files that are neither drawn nor played keep the sender's word: it serves to give a saved file
/// an ending, and [`served`] lets none of it out.
pub(super) fn kept(announced: &str, host: Option<&str>, bytes: &[u8]) -> String {
    let is_picture = announced.trim().to_ascii_lowercase().starts_with("image/");
    let Some(said) = plain(announced) else {
        return BYTES.to_owned();
    };
    let family = family(&said);
    if family == Family::Other {
        return if is_picture { BYTES.to_owned() } else { said };
    }
    let host = host.and_then(plain);
    // Stores that know nothing of kinds say this of everything.
    let host = host.filter(|kind| !matches!(kind.as_str(), BYTES | "binary/octet-stream"));
    if host.is_some_and(|kind| self::family(&kind) != family) {
        return BYTES.to_owned();
    }
    match infer::get(bytes).map(|found| found.mime_type()) {
        // A PNG that calls itself JPEG is still a picture; it is kept as what it is.
        Some(found) if family == Family::Picture && self::family(found) == family => {
            found.to_owned()
        }
        Some(found) if self::family(found) == family => said,
        // Not every kind of sound begins with a mark. Every picture that is drawn does.
        None if family == Family::Played => said,
        _ => BYTES.to_owned(),
    }
}

/// The kind under which a file leaves the hub: its own if it is drawn or played, else bytes.
#[must_use]
pub fn served(kept: &str) -> String {
    plain(kept)
        .filter(|kind| family(kind) != Family::Other)
        .unwrap_or_else(|| BYTES.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0";
    const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0";
    const M4A: &[u8] = b"\0\0\0\x18ftypM4A \0\0\x02\0";
    const HTML: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
    const SVG: &[u8] = b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>";
    const PDF: &[u8] = b"%PDF-1.7\n";
    const PROGRAM: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";

    #[test]
    fn a_file_keeps_its_kind_where_nothing_contradicts() {
        for (announced, host, bytes, kind) in [
            ("image/jpeg", Some("image/jpeg"), JPEG, "image/jpeg"),
            ("image/jpeg", None, JPEG, "image/jpeg"),
            (
                "IMAGE/JPEG",
                Some("binary/octet-stream"),
                JPEG,
                "image/jpeg",
            ),
            ("image/jpeg", Some("image/png"), PNG, "image/png"),
            (
                "audio/ogg; codecs=opus",
                Some("audio/ogg"),
                OGG,
                "audio/ogg",
            ),
            ("audio/mp4", None, M4A, "audio/mp4"),
            ("video/mp4", Some("video/mp4"), MP4, "video/mp4"),
            ("audio/mp4", Some("video/mp4"), MP4, "audio/mp4"),
            ("video/mp4", None, b"\0\0\0\0\0\0\0\0", "video/mp4"),
            (
                "application/pdf",
                Some("application/pdf"),
                PDF,
                "application/pdf",
            ),
            ("text/plain", None, b"hello", "text/plain"),
        ] {
            assert_eq!(kept(announced, host, bytes), kind, "{announced} {host:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_what_it_was_announced_as_is_bytes() {
        for (announced, host, bytes) in [
            ("image/jpeg", None, HTML),
            ("image/jpeg", None, SVG),
            ("image/png", None, PROGRAM),
            ("image/png", None, PDF),
            ("image/png", None, MP4),
            ("image/png", None, b"".as_slice()),
            ("image/jpeg", Some("text/html"), JPEG),
            ("image/jpeg", Some("application/pdf; charset=x"), JPEG),
            ("image/svg+xml", Some("image/svg+xml"), SVG),
            ("image/heic", None, JPEG),
            ("image/ jpeg", None, JPEG),
            ("video/mp4", None, HTML),
            ("video/mp4", None, JPEG),
            ("audio/mpeg", None, PROGRAM),
            ("audio/mpeg", Some("text/html; charset=utf-8"), OGG),
            ("audio/ogg\r\nset-cookie: a=b", None, OGG),
            ("", None, JPEG),
        ] {
            assert_eq!(kept(announced, host, bytes), BYTES, "{announced} {host:?}");
        }
    }

    #[test]
    fn nothing_that_a_browser_would_read_as_a_page_leaves_under_its_name() {
        for kind in [
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "text/javascript",
            "application/pdf",
            "text/plain",
            "image/png\r\nx: y",
            "image",
            "",
        ] {
            assert_eq!(served(kind), BYTES, "{kind}");
        }
        assert_eq!(served("image/png"), "image/png");
        assert_eq!(served("Audio/Ogg; codecs=opus"), "audio/ogg");
    }
}
