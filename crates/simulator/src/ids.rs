//! The names that the simulated platform gives: message ids, user ids, media ids.
//!
//! They look like Meta's own, down to the recipient's number inside a wamid, so that code which
//! wrongly takes them apart or assumes a length is found out here.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// Meta's id of one message: `wamid.HBgL…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Wamid(String);

impl Wamid {
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Wamid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Wamid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Wamid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Wamid {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<String> for Wamid {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&Wamid> for Wamid {
    fn from(id: &Wamid) -> Self {
        id.clone()
    }
}

impl From<Wamid> for String {
    fn from(id: Wamid) -> Self {
        id.0
    }
}

impl PartialEq<str> for Wamid {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Wamid {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// Who made a message, as far as its id shows: Meta's ids differ between what a WhatsApp client
/// sent and what came in through the API.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    WhatsAppClient,
    CloudApi,
}

/// `party` is the customer's number in digits, or of their user id for want of a number.
pub(crate) fn wamid(rng: &mut StdRng, party: &str, maker: Maker) -> Wamid {
    let (kind, tail) = match maker {
        Maker::WhatsAppClient => (0x12, format!("3A{}", hex_upper(rng, 18))),
        Maker::CloudApi => (0x11, hex_upper(rng, 18)),
    };
    let mut bytes = vec![0x1c, 0x18, short_len(party)];
    bytes.extend_from_slice(party.as_bytes());
    bytes.extend_from_slice(&[0x15, 0x02, 0x00, kind, 0x18, short_len(&tail)]);
    bytes.extend_from_slice(tail.as_bytes());
    bytes.push(0);
    Wamid(format!("wamid.{}", STANDARD.encode(bytes)))
}

fn short_len(text: &str) -> u8 {
    u8::try_from(text.len()).unwrap_or(u8::MAX)
}

/// Meta's id of one call.
pub(crate) fn wacid(rng: &mut StdRng, party: &str) -> String {
    let inner = wamid(rng, party, Maker::WhatsAppClient);
    inner.as_str().replacen("wamid.", "wacid.", 1)
}

/// A business-scoped user id: the country, a period, twenty digits.
pub(crate) fn bsuid(rng: &mut StdRng, wa_id: Option<&str>) -> String {
    let country = wa_id.map_or("US", country_of);
    format!("{country}.{}", digits(rng, 20))
}

/// `len` decimal digits, the first of them not zero.
pub(crate) fn digits(rng: &mut StdRng, len: usize) -> String {
    (0..len)
        .map(|i| char::from(b'0' + rng.random_range(u8::from(i == 0)..10u8)))
        .collect()
}

pub(crate) fn hex_upper(rng: &mut StdRng, len: usize) -> String {
    (0..len)
        .map(|_| {
            char::from_digit(rng.random_range(0..16u32), 16)
                .unwrap_or('0')
                .to_ascii_uppercase()
        })
        .collect()
}

/// Only the countries that our cast comes from; everybody else counts as American.
fn country_of(wa_id: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 16] = [
        ("31", "NL"),
        ("32", "BE"),
        ("33", "FR"),
        ("34", "ES"),
        ("351", "PT"),
        ("353", "IE"),
        ("39", "IT"),
        ("41", "CH"),
        ("43", "AT"),
        ("44", "GB"),
        ("49", "DE"),
        ("52", "MX"),
        ("55", "BR"),
        ("61", "AU"),
        ("90", "TR"),
        ("91", "IN"),
    ];
    PREFIXES
        .iter()
        .find(|(prefix, _)| wa_id.starts_with(prefix))
        .map_or("US", |(_, country)| country)
}

/// The digits of a number however it was typed: `+1 555 014 2207` is `15550142207`.
pub(crate) fn digits_of(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_wamid_holds_the_number_and_tells_the_maker() {
        let mut rng = StdRng::seed_from_u64(7);
        for (maker, kind) in [(Maker::WhatsAppClient, 0x12), (Maker::CloudApi, 0x11)] {
            let id = wamid(&mut rng, "15550100001", maker);
            let inner = id.as_str().strip_prefix("wamid.").expect("prefix");
            let bytes = STANDARD.decode(inner).expect("base64");
            assert_eq!(&bytes[3..14], b"15550100001");
            assert_eq!(bytes[17], kind);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let names = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (bsuid(&mut rng, Some("4930111")), digits(&mut rng, 15))
        };
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
        assert!(names(1).0.starts_with("DE."));
    }
}
