//! A voice note made from nothing: a real Ogg Opus file that plays silence.

/// Opus packets of 20 ms, of which a page holds fifty: one second.
const PACKETS_PER_PAGE: u32 = 50;
/// A packet that decodes to 20 ms of silence.
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// Samples in one packet at Opus's fixed 48 kHz.
const SAMPLES_PER_PACKET: u64 = 960;

pub(crate) fn silent_opus(seconds: u32) -> Vec<u8> {
    const FIRST: u8 = 0x02;
    const LAST: u8 = 0x04;
    let mut out = Vec::new();
    let mut head = b"OpusHead".to_vec();
    head.extend_from_slice(&[1, 1, 0, 0]);
    head.extend_from_slice(&48_000_u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    page(&mut out, FIRST, 0, 0, &[&head]);

    let mut tags = b"OpusTags".to_vec();
    tags.extend_from_slice(&4_u32.to_le_bytes());
    tags.extend_from_slice(b"ajar");
    tags.extend_from_slice(&0_u32.to_le_bytes());
    page(&mut out, 0, 0, 1, &[&tags]);

    let pages = seconds.max(1);
    let packets: Vec<&[u8]> = (0..PACKETS_PER_PAGE).map(|_| SILENCE.as_slice()).collect();
    for number in 1..=pages {
        let flags = if number == pages { LAST } else { 0 };
        let samples = u64::from(number) * u64::from(PACKETS_PER_PAGE) * SAMPLES_PER_PACKET;
        page(&mut out, flags, samples, number + 1, &packets);
    }
    out
}

/// One Ogg page. Every packet here is shorter than 255 bytes, so each takes one lacing value.
fn page(out: &mut Vec<u8>, flags: u8, samples: u64, number: u32, packets: &[&[u8]]) {
    const STREAM: u32 = 0x616a_6172;
    let start = out.len();
    out.extend_from_slice(b"OggS");
    out.extend_from_slice(&[0, flags]);
    out.extend_from_slice(&samples.to_le_bytes());
    out.extend_from_slice(&STREAM.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    let checksum_at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.push(u8::try_from(packets.len()).unwrap_or(u8::MAX));
    out.extend(packets.iter().map(|p| u8::try_from(p.len()).unwrap_or(254)));
    for packet in packets {
        out.extend_from_slice(packet);
    }
    let checksum = ogg_crc(&out[start..]);
    out[checksum_at..checksum_at + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Ogg's own CRC-32: not reflected, starting from zero.
fn ogg_crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0_u32, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            if crc & 0x8000_0000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x04c1_1db7
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_note_is_as_long_as_asked() {
        let file = silent_opus(38);
        let pages: Vec<_> = file
            .windows(4)
            .enumerate()
            .filter(|(_, window)| window == b"OggS")
            .map(|(at, _)| at)
            .collect();
        assert_eq!(pages.len(), 2 + 38);
        let last = pages[pages.len() - 1];
        let samples = u64::from_le_bytes(file[last + 6..last + 14].try_into().expect("8 bytes"));
        assert_eq!(samples / 48_000, 38);
    }
}
