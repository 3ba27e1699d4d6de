//! Small pictures for the thread, and how large the pictures are.
//!
//! The bytes are a stranger's. A few kilobytes can claim to be a picture of gigabytes, so the
//! claim is read before anything is unpacked; and one picture at a time is unpacked in this
//! process, on a thread that may take its time.

use std::io::Cursor;

use bytes::Bytes;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, webp::WebPEncoder},
    metadata::Orientation,
};
use tokio::sync::Semaphore;

/// The longest side of a thumbnail. The thread draws pictures at half of it, and screens may have
/// two dots for one.
pub const SIDE: u32 = 640;

/// Larger pictures get no thumbnail. Phones send a tenth of it, and unpacking this many takes
/// some 200 MB for a moment.
const MOST_PIXELS: u64 = 25_000_000;
/// What unpacking may take, by what the decoders count.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

const JPEG_QUALITY: u8 = 80;

/// What a look at a picture told.
#[derive(Default)]
pub(super) struct Seen {
    /// As it is to be drawn, so that the thread can reserve the place.
    pub size: Option<(u32, u32)>,
    /// `None` if the picture is small itself, or cannot be unpacked.
    pub thumbnail: Option<Bytes>,
}

/// Looks at a file of this kind, which must be the one its first bytes say.
pub(super) async fn look(kind: &str, bytes: &Bytes) -> Seen {
    static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

    let format = match kind {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        "image/webp" => ImageFormat::WebP,
        // Drawn as they are: their movement would be lost.
        "image/gif" => return measured(bytes),
        _ => return Seen::default(),
    };
    let bytes = bytes.clone();
    let Ok(_turn) = ONE_AT_A_TIME.acquire().await else {
        return Seen::default();
    };
    let unpacked = tokio::task::spawn_blocking(move || seen(format, &bytes)).await;
    // A decoder that panics costs a thumbnail.
    unpacked.unwrap_or_default()
}

/// The size that a picture claims, without unpacking any of it.
fn measured(bytes: &[u8]) -> Seen {
    let side = |side: usize| u32::try_from(side).ok();
    let size = imagesize::blob_size(bytes).ok();
    Seen {
        size: size.and_then(|size| Some((side(size.width)?, side(size.height)?))),
        thumbnail: None,
    }
}

fn seen(format: ImageFormat, bytes: &[u8]) -> Seen {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let Ok(mut decoder) = reader.into_decoder() else {
        return measured(bytes);
    };
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let size = if is_on_its_side(orientation) {
        (height, width)
    } else {
        (width, height)
    };
    let is_small = width.max(height) <= SIDE;
    let is_vast =
        u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY;
    let thumbnail = (!is_small && !is_vast)
        .then(|| DynamicImage::from_decoder(decoder).ok())
        .flatten()
        .and_then(|picture| {
            let mut small = picture.thumbnail(SIDE, SIDE);
            small.apply_orientation(orientation);
            written(small)
        });
    Seen {
        size: Some(size),
        thumbnail,
    }
}

fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// As JPEG, or as WebP where something shows through. Nothing of the original is kept besides
/// its dots: no place, no camera, no comment.
fn written(picture: DynamicImage) -> Option<Bytes> {
    let mut bytes = Vec::new();
    let (width, height) = (picture.width(), picture.height());
    if picture.color().has_alpha() {
        let dots = picture.into_rgba8();
        if dots.pixels().any(|dot| dot.0[3] < u8::MAX) {
            WebPEncoder::new_lossless(&mut bytes)
                .write_image(&dots, width, height, ExtendedColorType::Rgba8)
                .ok()?;
            return Some(bytes.into());
        }
        return written(DynamicImage::ImageRgb8(
            DynamicImage::ImageRgba8(dots).into_rgb8(),
        ));
    }
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .write_image(&picture.into_rgb8(), width, height, ExtendedColorType::Rgb8)
        .ok()?;
    Some(bytes.into())
}

/// The kind of a thumbnail: one of the two that are made here.
#[must_use]
pub fn kind(thumbnail: &[u8]) -> &'static str {
    if thumbnail.starts_with(b"\xff\xd8") {
        "image/jpeg"
    } else {
        "image/webp"
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    /// Red on the left, blue on the right.
    fn two_halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            if x < width / 2 {
                Rgb([255, 0, 0])
            } else {
                Rgb([0, 0, 255])
            }
        })
    }

    fn packed(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture
            .into()
            .write_to(&mut bytes, format)
            .expect("it can be packed");
        bytes.into_inner()
    }

    fn unpacked(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory(bytes).expect("a picture")
    }

    /// A JPEG that says it was taken with the camera held so.
    fn held(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        // One entry of a TIFF directory: tag 0x0112, a short, once.
        let exif = [
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
            &[orientation],
            b"\0\0\0\0\0\0",
        ]
        .concat();
        let length = u16::try_from(exif.len() + 2).expect("it is short");
        [
            &jpeg[..2],
            b"\xff\xe1",
            &length.to_be_bytes(),
            &exif,
            &jpeg[2..],
        ]
        .concat()
    }

    async fn look_at(kind: &str, bytes: impl Into<Bytes>) -> Seen {
        look(kind, &bytes.into()).await
    }

    #[tokio::test]
    async fn a_large_picture_gets_a_small_one() {
        for (kind, format) in [
            ("image/jpeg", ImageFormat::Jpeg),
            ("image/png", ImageFormat::Png),
            ("image/webp", ImageFormat::WebP),
        ] {
            let seen = look_at(kind, packed(two_halves(1280, 200), format)).await;
            assert_eq!(seen.size, Some((1280, 200)));
            let thumbnail = seen.thumbnail.expect("a thumbnail");
            assert_eq!(super::kind(&thumbnail), "image/jpeg");
            let small = unpacked(&thumbnail);
            assert_eq!((small.width(), small.height()), (640, 100), "{kind}");
        }
    }

    #[tokio::test]
    async fn a_small_picture_is_its_own_thumbnail() {
        let seen = look_at("image/png", packed(two_halves(640, 64), ImageFormat::Png)).await;
        assert_eq!(seen.size, Some((640, 64)));
        assert!(seen.thumbnail.is_none());
    }

    #[tokio::test]
    async fn a_picture_stands_as_the_camera_was_held() {
        let jpeg = packed(two_halves(1280, 320), ImageFormat::Jpeg);
        let lying = look_at("image/jpeg", held(&jpeg, 1)).await;
        assert_eq!(lying.size, Some((1280, 320)));
        // 6: to be turned by a quarter to the right, so that the left half comes on top.
        let seen = look_at("image/jpeg", held(&jpeg, 6)).await;
        assert_eq!(seen.size, Some((320, 1280)));
        let small = unpacked(&seen.thumbnail.expect("a thumbnail")).into_rgb8();
        assert_eq!(small.dimensions(), (160, 640));
        assert!(small.get_pixel(80, 10).0[0] > 200, "red on top");
        assert!(small.get_pixel(80, 630).0[2] > 200, "blue below");
    }

    #[tokio::test]
    async fn what_shows_through_still_does() {
        let through = RgbaImage::from_fn(700, 70, |x, _| {
            Rgba([9, 9, 9, if x < 99 { 0 } else { 255 }])
        });
        let seen = look_at("image/png", packed(through, ImageFormat::Png)).await;
        let thumbnail = seen.thumbnail.expect("a thumbnail");
        assert_eq!(kind(&thumbnail), "image/webp");
        assert_eq!(unpacked(&thumbnail).into_rgba8().get_pixel(9, 9).0[3], 0);
        let solid = RgbaImage::from_pixel(700, 70, Rgba([9, 9, 9, 255]));
        let seen = look_at("image/png", packed(solid, ImageFormat::Png)).await;
        assert_eq!(kind(&seen.thumbnail.expect("a thumbnail")), "image/jpeg");
    }

    /// A PNG of no bytes to speak of that claims to be this large.
    fn claim(width: u32, height: u32) -> Vec<u8> {
        let mut png = packed(two_halves(2, 2), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc(&png[12..29]);
        png[29..33].copy_from_slice(&sum.to_be_bytes());
        png
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
            })
        })
    }

    #[tokio::test]
    async fn a_picture_that_claims_too_much_is_measured_and_not_unpacked() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        for (width, height) in [(30_000, 30_000), (5_001, 5_000), (2_000_000_000, 1)] {
            let seen = look_at("image/png", claim(width, height)).await;
            assert!(seen.thumbnail.is_none());
            assert_eq!(seen.size, Some((width, height)));
        }
        // One that is not too large is tried, and found to hold less than it claims.
        let seen = look_at("image/png", claim(2000, 2000)).await;
        assert_eq!(seen.size, Some((2000, 2000)));
        assert!(seen.thumbnail.is_none());
    }

    #[tokio::test]
    async fn what_cannot_be_unpacked_costs_nothing_but_its_thumbnail() {
        let mut half = packed(two_halves(1280, 200), ImageFormat::Png);
        half.truncate(half.len() / 2);
        for bytes in [half, b"\xff\xd8\xff\xe0 no picture".to_vec(), Vec::new()] {
            for kind in ["image/jpeg", "image/png", "image/webp", "image/gif"] {
                assert!(look_at(kind, bytes.clone()).await.thumbnail.is_none());
            }
        }
        let gif = b"GIF89a\x20\x03\x58\x02\0\0\0;".to_vec();
        assert_eq!(look_at("image/gif", gif).await.size, Some((800, 600)));
        assert_eq!(look_at("video/mp4", Vec::new()).await.size, None);
    }
}
