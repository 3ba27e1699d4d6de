//! Files that agents send: brought into a form that Meta takes, where that can be done without a
//! person noticing more than that it is smaller.

use std::io::Cursor;

use ajar_domain::attachment::{Attachment, AttachmentKind, AttachmentProblem, check};
use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    metadata::Orientation,
};

use super::{kind, thumbnail, voice};

/// As WhatsApp wants voice notes.
const VOICE: &str = "audio/ogg";
/// The longest side of a photo that was too large: more than any phone shows.
const SIDE: u32 = 2_560;
const JPEG_QUALITY: u8 = 85;
/// What unpacking may take, by what the decoders count.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// A file that Meta takes.
pub struct Ready {
    pub bytes: Bytes,
    pub mime_type: String,
    pub kind: AttachmentKind,
    pub size: Option<(u32, u32)>,
    pub thumbnail: Option<Bytes>,
    /// It is not byte by byte what was uploaded.
    pub changed: bool,
}

/// Makes a file ready to go out. `wanted` is how a person means it; without it, it goes as people
/// expect of such a file.
///
/// # Errors
/// Why it cannot.
pub async fn make_ready(
    announced: &str,
    wanted: Option<AttachmentKind>,
    bytes: Bytes,
) -> Result<Ready, AttachmentProblem> {
    if wanted == Some(AttachmentKind::Voice) && voice::is_webm(&bytes) {
        let note = voice::as_ogg(&bytes).ok_or(AttachmentProblem::WrongKind)?;
        return Box::pin(make_ready(VOICE, wanted, note))
            .await
            .map(|ready| Ready {
                changed: true,
                mime_type: VOICE.to_owned(),
                ..ready
            });
    }
    // The first bytes decide: names and announcements are only somebody's word.
    let seen = infer::get(&bytes).map(|found| found.mime_type());
    let mime_type = match seen {
        Some(seen) if seen.starts_with("image/") => seen.to_owned(),
        _ => kind::kept(announced, None, &bytes),
    };
    let kind = wanted.unwrap_or_else(|| AttachmentKind::usual(&mime_type));
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let as_it_is = check(&Attachment {
        kind,
        mime_type: &mime_type,
        size,
        animated: false,
        caption: None,
    });
    let (bytes, mime_type, changed) = match as_it_is {
        Ok(()) => (bytes, mime_type, false),
        Err(AttachmentProblem::TooLarge { .. } | AttachmentProblem::WrongKind)
            if kind.can_be_made_of(&mime_type) =>
        {
            let whole = bytes.clone();
            let smaller = tokio::task::spawn_blocking(move || smaller(&whole)).await;
            // A decoder that panics is a file that cannot be sent.
            let smaller = smaller.ok().flatten().ok_or(AttachmentProblem::WrongKind)?;
            (smaller, "image/jpeg".to_owned(), true)
        }
        Err(problem) => return Err(problem),
    };
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    check(&Attachment {
        kind,
        mime_type: &mime_type,
        size,
        animated: false,
        caption: None,
    })?;
    let seen = thumbnail::look(&mime_type, &bytes).await;
    Ok(Ready {
        bytes,
        mime_type,
        kind,
        size: seen.size,
        thumbnail: seen.thumbnail,
        changed,
    })
}

/// The picture as a JPEG of a size that Meta takes, upright; `None` if it cannot be unpacked.
/// Nothing of the original is kept besides its dots: no place, no camera.
fn smaller(bytes: &[u8]) -> Option<Bytes> {
    let format = image::guess_format(bytes).ok()?;
    if !matches!(
        format,
        ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP
    ) {
        return None;
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > MOST_MEMORY {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    if picture.width().max(picture.height()) > SIDE {
        picture = picture.resize(SIDE, SIDE, image::imageops::FilterType::Triangle);
    }
    let picture = on_white(picture);
    let mut out = Vec::new();
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY))
        .ok()?;
    Some(Bytes::from(out))
}

/// JPEG knows nothing that shows through: what did, is white, as on paper.
fn on_white(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.into_rgb8());
    }
    let mut dots = picture.into_rgba8();
    for dot in dots.pixels_mut() {
        let [red, green, blue, alpha] = dot.0;
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        dot.0 = [over(red), over(green), over(blue), u8::MAX];
    }
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(dots).into_rgb8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Bytes {
        let mut bytes = Vec::new();
        DynamicImage::new_rgba8(width, height)
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .expect("written");
        Bytes::from(bytes)
    }

    fn webp() -> Bytes {
        let mut bytes = Vec::new();
        DynamicImage::new_rgba8(3_000, 10)
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::WebP)
            .expect("written");
        Bytes::from(bytes)
    }

    #[tokio::test]
    async fn a_photo_that_meta_takes_stays_as_it_is() {
        let photo = png(40, 30);
        let Ok(ready) = make_ready("image/jpeg", None, photo.clone()).await else {
            panic!("it can go");
        };
        assert_eq!(ready.mime_type, "image/png");
        assert_eq!(ready.kind, AttachmentKind::Image);
        assert_eq!(ready.size, Some((40, 30)));
        assert_eq!(ready.bytes, photo);
        assert!(!ready.changed);
    }

    #[tokio::test]
    async fn a_picture_of_another_kind_becomes_a_photo() {
        let Ok(ready) = make_ready("image/webp", None, webp()).await else {
            panic!("it can go");
        };
        assert_eq!(ready.mime_type, "image/jpeg");
        assert_eq!(ready.size.map(|(width, _)| width), Some(SIDE));
        assert!(ready.changed);
        // What showed through is white.
        let seen = image::load_from_memory(&ready.bytes)
            .expect("a picture")
            .into_rgb8();
        assert!(seen.get_pixel(5, 5).0.iter().all(|colour| *colour > 250));
    }

    #[tokio::test]
    async fn what_cannot_go_says_why() {
        let heic = Bytes::from_static(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
        for (announced, wanted, bytes, problem) in [
            ("image/jpeg", None, heic, AttachmentProblem::Heic),
            ("image/png", None, Bytes::new(), AttachmentProblem::Empty),
            (
                "video/webm",
                Some(AttachmentKind::Video),
                Bytes::from_static(b"\x1a\x45\xdf\xa3"),
                AttachmentProblem::WrongKind,
            ),
            (
                "image/png",
                Some(AttachmentKind::Image),
                Bytes::from_static(b"no picture at all"),
                AttachmentProblem::WrongKind,
            ),
        ] {
            let refused = make_ready(announced, wanted, bytes).await.err();
            assert_eq!(refused, Some(problem), "{announced}");
        }
    }

    #[tokio::test]
    async fn whatever_else_goes_as_a_document() {
        let Ok(ready) = make_ready("application/pdf", None, Bytes::from_static(b"%PDF-1.7")).await
        else {
            panic!("it can go");
        };
        assert_eq!(ready.kind, AttachmentKind::Document);
        assert_eq!(ready.mime_type, "application/pdf");
    }
}
