//! Voice notes: what a browser records, in the wrapping that WhatsApp takes.
//!
//! Browsers record Opus, most of them wrapped as WebM; WhatsApp takes Opus wrapped as Ogg
//! (platform notes, section 8.4). The sound itself is the same, so nothing is decoded: packets are
//! taken out of the one wrapping and put into the other (RFC 7845).

use std::io::Cursor;

use bytes::Bytes;
use matroska_demuxer::{Frame, MatroskaFile};
use ogg::writing::{PacketWriteEndInfo, PacketWriter};

/// How both wrappings name what they hold.
const WEBM: &[u8] = &[0x1a, 0x45, 0xdf, 0xa3];
const OPUS_HEAD: &[u8] = b"OpusHead";
/// Any number does for a file with one stream.
const STREAM: u32 = 0x616a_6172;
/// A page holds about a second, so that a player can begin before all is there.
const PAGE: u64 = 48_000;

/// Whether this is a recording in the browsers' wrapping.
#[must_use]
pub fn is_webm(bytes: &[u8]) -> bool {
    bytes.starts_with(WEBM)
}

/// The recording as Ogg; `None` if there is no Opus in it.
#[must_use]
pub fn as_ogg(webm: &Bytes) -> Option<Bytes> {
    let mut file = MatroskaFile::open(Cursor::new(webm)).ok()?;
    let track = file
        .tracks()
        .iter()
        .find(|track| track.codec_id() == "A_OPUS")?;
    let number = track.track_number().get();
    let head = track
        .codec_private()
        .filter(|head| head.starts_with(OPUS_HEAD))?
        .to_vec();
    let mut out = Vec::with_capacity(webm.len() + 512);
    let mut pages = PacketWriter::new(&mut out);
    pages
        .write_packet(head, STREAM, PacketWriteEndInfo::EndPage, 0)
        .ok()?;
    pages
        .write_packet(tags(), STREAM, PacketWriteEndInfo::EndPage, 0)
        .ok()?;
    let (mut samples, mut page_from) = (0_u64, 0_u64);
    let mut frame = Frame::default();
    // One packet is kept back, because the last one must say that it is the last.
    let mut kept: Option<Vec<u8>> = None;
    while file.next_frame(&mut frame).ok()? {
        if frame.track != number || frame.data.is_empty() {
            continue;
        }
        if let Some(packet) = kept.replace(std::mem::take(&mut frame.data)) {
            samples += duration(&packet)?;
            let end = if samples - page_from >= PAGE {
                page_from = samples;
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            pages.write_packet(packet, STREAM, end, samples).ok()?;
        }
    }
    let last = kept?;
    samples += duration(&last)?;
    pages
        .write_packet(last, STREAM, PacketWriteEndInfo::EndStream, samples)
        .ok()?;
    Some(Bytes::from(out))
}

/// The second packet of every stream: who wrote it, and nothing more.
fn tags() -> Vec<u8> {
    const VENDOR: &[u8] = b"ajar";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((u32::try_from(VENDOR.len()).unwrap_or(0)).to_le_bytes());
    tags.extend(VENDOR);
    tags.extend(0_u32.to_le_bytes());
    tags
}

/// How many samples at 48 kHz a packet holds, by its first bytes (RFC 6716, section 3.1).
fn duration(packet: &[u8]) -> Option<u64> {
    let first = *packet.first()?;
    let of_frame = match first >> 3 {
        config @ 0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(*packet.get(1)? & 0x3f),
    };
    Some(of_frame * frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element of a WebM file with a size in eight bytes.
    fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
        let mut out = id.to_vec();
        let size = u64::try_from(body.len()).expect("small") | (1 << 56);
        out.extend(size.to_be_bytes());
        out.extend(body);
        out
    }

    /// What a browser records: `packets` of twenty milliseconds each.
    fn recording(codec: &[u8], packets: u8) -> Bytes {
        let head = [OPUS_HEAD, &[1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]].concat();
        let track = [
            element(&[0xd7], &[1]),
            element(&[0x73, 0xc5], &[1]),
            element(&[0x83], &[2]),
            element(&[0x86], codec),
            element(&[0x63, 0xa2], &head),
        ]
        .concat();
        let mut cluster = element(&[0xe7], &[0]);
        for packet in 0..packets {
            // Track 1, so many milliseconds after the cluster, a key frame; CELT, 20 ms, one frame.
            let block = [0x81, 0, packet, 0x80, 0xf8, packet];
            cluster.extend(element(&[0xa3], &block));
        }
        let segment = [
            element(
                &[0x15, 0x49, 0xa9, 0x66],
                &[
                    element(&[0x2a, 0xd7, 0xb1], &1_000_000_u32.to_be_bytes()),
                    element(&[0x4d, 0x80], b"test"),
                    element(&[0x57, 0x41], b"test"),
                ]
                .concat(),
            ),
            element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &track)),
            element(&[0x1f, 0x43, 0xb6, 0x75], &cluster),
        ]
        .concat();
        let header = element(
            WEBM,
            &[
                element(&[0x42, 0x86], &[1]),
                element(&[0x42, 0xf7], &[1]),
                element(&[0x42, 0xf2], &[4]),
                element(&[0x42, 0xf3], &[8]),
                element(&[0x42, 0x82], b"webm"),
                element(&[0x42, 0x87], &[4]),
                element(&[0x42, 0x85], &[2]),
            ]
            .concat(),
        );
        Bytes::from([header, element(&[0x18, 0x53, 0x80, 0x67], &segment)].concat())
    }

    #[test]
    fn a_recording_keeps_its_packets_and_its_length() {
        let webm = recording(b"A_OPUS", 120);
        let opened = MatroskaFile::open(Cursor::new(&webm)).map(|_| ());
        assert!(opened.is_ok(), "{opened:?}");
        assert!(is_webm(&webm));
        let ogg = as_ogg(&webm).expect("a voice note");
        assert!(ogg.starts_with(b"OggS"));
        let mut packets = ogg::reading::PacketReader::new(Cursor::new(&ogg));
        let mut heard = Vec::new();
        let mut end = 0;
        while let Some(packet) = packets.read_packet().expect("whole pages") {
            end = packet.absgp_page();
            heard.push(packet.data);
        }
        assert!(heard[0].starts_with(OPUS_HEAD) && heard[1].starts_with(b"OpusTags"));
        assert_eq!(heard.len(), 122);
        assert_eq!(heard[121], [0xf8, 119]);
        // 120 packets of 20 ms at 48 kHz.
        assert_eq!(end, 120 * 960);
    }

    #[test]
    fn what_holds_no_opus_is_no_voice_note() {
        assert_eq!(as_ogg(&recording(b"A_VORBIS", 3)), None);
        assert_eq!(as_ogg(&recording(b"A_OPUS", 0)), None);
        let mut torn = recording(b"A_OPUS", 3).to_vec();
        torn.truncate(60);
        assert_eq!(as_ogg(&Bytes::from(torn)), None);
        assert!(!is_webm(b"OggS"));
    }
}
