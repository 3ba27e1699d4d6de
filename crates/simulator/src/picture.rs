//! Pictures and papers made from nothing, so that demos and tests need no files.
//!
//! The pictures show a bicycle before a wall: distances to line segments and circles, painted
//! with soft edges. Each seed picks other colours.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

type Colour = [f32; 3];

/// A stroke of the drawing, in units of the picture's height.
enum Stroke {
    Line { from: (f32, f32), to: (f32, f32) },
    Circle { centre: (f32, f32), radius: f32 },
}

impl Stroke {
    /// Left, top, right and bottom of the stroke with this much around its middle.
    fn bounds(&self, around: f32) -> (f32, f32, f32, f32) {
        let (a, b, around) = match self {
            Stroke::Circle { centre, radius } => (*centre, *centre, radius + around),
            Stroke::Line { from, to } => (*from, *to, around),
        };
        (
            a.0.min(b.0) - around,
            a.1.min(b.1) - around,
            a.0.max(b.0) + around,
            a.1.max(b.1) + around,
        )
    }

    /// How far a point lies from the middle of the stroke.
    fn distance(&self, x: f32, y: f32) -> f32 {
        match self {
            Stroke::Circle { centre, radius } => {
                ((x - centre.0).hypot(y - centre.1) - radius).abs()
            }
            Stroke::Line { from, to } => {
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let along = ((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy);
                let along = along.clamp(0.0, 1.0);
                (x - from.0 - along * dx).hypot(y - from.1 - along * dy)
            }
        }
    }
}

/// Strokes with their half width and colour, painted in this order.
fn bicycle(frame: Colour) -> Vec<(Stroke, f32, Colour)> {
    const BLACK: Colour = [0.13, 0.13, 0.15];
    const STEEL: Colour = [0.62, 0.64, 0.67];
    let line = |from, to| Stroke::Line { from, to };
    let circle = |centre, radius| Stroke::Circle { centre, radius };
    let (rear, front, crank) = ((0.36, 0.66), (0.97, 0.66), (0.62, 0.67));
    let (seat, head) = ((0.54, 0.38), (0.86, 0.36));
    let mut strokes = Vec::new();
    for hub in [rear, front] {
        strokes.push((circle(hub, 0.205), 0.014, BLACK));
        for spoke in 0..6_u8 {
            let angle = f32::from(spoke) * std::f32::consts::PI / 6.0 + 0.2;
            let (dx, dy) = (angle.cos() * 0.195, angle.sin() * 0.195);
            let ends = ((hub.0 - dx, hub.1 - dy), (hub.0 + dx, hub.1 + dy));
            strokes.push((line(ends.0, ends.1), 0.0018, STEEL));
        }
    }
    for (from, to) in [
        (rear, crank),
        (rear, seat),
        (seat, crank),
        (seat, head),
        (crank, (0.87, 0.41)),
        ((0.855, 0.34), front),
    ] {
        strokes.push((line(from, to), 0.0125, frame));
    }
    strokes.push((line(seat, (0.525, 0.33)), 0.008, STEEL));
    strokes.push((line((0.47, 0.325), (0.58, 0.32)), 0.014, BLACK));
    strokes.push((line((0.855, 0.34), (0.845, 0.28)), 0.008, STEEL));
    strokes.push((line((0.8, 0.275), (0.93, 0.29)), 0.01, BLACK));
    strokes.push((circle(crank, 0.045), 0.008, STEEL));
    strokes.push((line(crank, (0.66, 0.74)), 0.008, BLACK));
    strokes
}

fn paint(seed: u64, width: u16, height: u16) -> RgbImage {
    const FRAMES: [Colour; 7] = [
        [0.76, 0.62, 0.42],
        [0.12, 0.43, 0.40],
        [0.70, 0.20, 0.18],
        [0.16, 0.27, 0.50],
        [0.90, 0.66, 0.18],
        [0.34, 0.42, 0.24],
        [0.45, 0.27, 0.42],
    ];
    const WALLS: [Colour; 4] = [
        [0.93, 0.90, 0.85],
        [0.84, 0.88, 0.90],
        [0.90, 0.86, 0.90],
        [0.86, 0.91, 0.86],
    ];
    let mut rng = StdRng::seed_from_u64(seed);
    let frame = FRAMES[rng.random_range(0..FRAMES.len())];
    let wall = WALLS[rng.random_range(0..WALLS.len())];
    let floor = wall.map(|c| c * 0.72);
    let mut picture = RgbImage::new(u32::from(width), u32::from(height));
    let unit = f32::from(height);
    for py in 0..height {
        for px in 0..width {
            let (x, y) = (f32::from(px) / unit, f32::from(py) / unit);
            let light = 1.0 - 0.16 * ((x - 0.5).powi(2) + (y - 0.3).powi(2));
            let ground = if y > 0.82 { floor } else { wall };
            let colour = ground.map(|part| to_byte(part * light));
            picture.put_pixel(u32::from(px), u32::from(py), Rgb(colour));
        }
    }
    for (stroke, half_width, colour) in bicycle(frame) {
        draw(&mut picture, &stroke, half_width, colour);
    }
    picture
}

/// Paints one stroke with soft edges, looking only at the pixels around it.
fn draw(picture: &mut RgbImage, stroke: &Stroke, half_width: f32, colour: Colour) {
    let (width, height) = picture.dimensions();
    let (width, height) = (
        u16::try_from(width).unwrap_or(u16::MAX),
        u16::try_from(height).unwrap_or(u16::MAX),
    );
    let unit = f32::from(height);
    let soft = 1.2 / unit;
    let (left, top, right, bottom) = stroke.bounds(half_width + soft);
    let columns = (0..width).filter(|px| (left..=right).contains(&(f32::from(*px) / unit)));
    let columns: Vec<u16> = columns.collect();
    for py in (0..height).filter(|py| (top..=bottom).contains(&(f32::from(*py) / unit))) {
        for px in &columns {
            let (x, y) = (f32::from(*px) / unit, f32::from(py) / unit);
            let edge = (half_width + soft - stroke.distance(x, y)) / soft;
            let cover = edge.clamp(0.0, 1.0);
            if cover > 0.0 {
                let pixel = picture.get_pixel_mut(u32::from(*px), u32::from(py));
                for (part, paint) in pixel.0.iter_mut().zip(colour) {
                    let below = f32::from(*part) / 255.0;
                    *part = to_byte(below + (paint - below) * cover);
                }
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of a byte just before"
)]
fn to_byte(part: f32) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0).round() as u8
}

const WIDTH: u16 = 640;
const HEIGHT: u16 = 480;

pub(crate) fn bicycle_jpeg(seed: u64) -> Vec<u8> {
    let picture = paint(seed, WIDTH, HEIGHT);
    let mut out = Vec::new();
    written(JpegEncoder::new_with_quality(&mut out, 82).encode_image(&picture));
    out
}

pub(crate) fn bicycle_png(seed: u64) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    written(paint(seed, WIDTH, HEIGHT).write_to(&mut out, ImageFormat::Png));
    out.into_inner()
}

pub(crate) fn sticker_webp(seed: u64) -> Vec<u8> {
    let picture = paint(seed, 256, 256);
    let mut cut = RgbaImage::new(256, 256);
    for (x, y, pixel) in picture.enumerate_pixels() {
        let [r, g, b] = pixel.0;
        let inside = x.abs_diff(128).pow(2) + y.abs_diff(128).pow(2) < 124_u32.pow(2);
        cut.put_pixel(x, y, Rgba([r, g, b, if inside { 255 } else { 0 }]));
    }
    let mut out = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut out);
    written(encoder.write_image(&cut, 256, 256, ExtendedColorType::Rgba8));
    out
}

/// Writing into memory has nothing that could fail; an empty file would show if it did.
fn written(result: image::ImageResult<()>) {
    if let Err(error) = result {
        tracing::error!(%error, "a built-in picture could not be encoded");
    }
}

/// The smallest document that every reader opens: one page with a heading.
pub(crate) fn one_page_pdf(heading: &str) -> Vec<u8> {
    let shown: String = heading
        .chars()
        .filter(char::is_ascii)
        .flat_map(|c| match c {
            '(' | ')' | '\\' => vec!['\\', c],
            _ => vec![c],
        })
        .collect();
    let stream = format!("BT /F1 24 Tf 72 760 Td ({shown}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R \
         /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{stream}\nendstream",
            stream.len()
        ),
    ];
    let mut out = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let table_at = out.len();
    out.push_str(&format!(
        "xref\n0 {}\n0000000000 65535 f \n",
        objects.len() + 1
    ));
    for offset in offsets {
        out.push_str(&format!("{offset:010} 00000 n \n"));
    }
    out.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF\n",
        objects.len() + 1
    ));
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_files_are_what_they_say() {
        for (bytes, format) in [
            (bicycle_jpeg(1), ImageFormat::Jpeg),
            (bicycle_png(1), ImageFormat::Png),
            (sticker_webp(1), ImageFormat::WebP),
        ] {
            let picture = image::load_from_memory_with_format(&bytes, format).expect("decodes");
            assert!(picture.width() > 100);
        }
        assert!(one_page_pdf("Estimate (draft)").starts_with(b"%PDF"));
        assert_ne!(bicycle_png(1), bicycle_png(2));
    }
}
