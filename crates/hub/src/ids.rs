//! Ids, tokens and codes: the hub's only source of chance.
//!
//! Ids are time-ordered UUIDs made from the team's clock and one generator, which tests seed.

use std::sync::{Arc, Mutex, PoisonError};

use ajar_domain::Clock;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::{NoContext, Timestamp, Uuid};

#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    rng: Arc<Mutex<StdRng>>,
}

impl Ids {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seed: Option<u64>) -> Self {
        let rng = seed.map_or_else(|| StdRng::from_rng(&mut rand::rng()), StdRng::seed_from_u64);
        Self {
            clock,
            rng: Arc::new(Mutex::new(rng)),
        }
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }

    /// A new id of ours.
    #[must_use]
    pub fn next(&self) -> String {
        let now = self.clock.now().millis().max(0);
        let secs = u64::try_from(now / 1000).unwrap_or(0);
        let nanos = u32::try_from(now % 1000).unwrap_or(0) * 1_000_000;
        let stamp = Uuid::new_v7(Timestamp::from_unix(NoContext, secs, nanos));
        // The v7 layout with our own randomness behind the time, so that a seed repeats it.
        let time = stamp.as_u128() >> 64;
        let tail = u64::from_be_bytes(self.random());
        let tail = (tail & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let head =
            (time & 0xffff_ffff_ffff_f000) | u128::from(u16::from_be_bytes(self.random()) & 0x0fff);
        Uuid::from_u128((head << 64) | u128::from(tail))
            .simple()
            .to_string()
    }

    /// A bearer token: 256 bits, in hexadecimal.
    #[must_use]
    pub fn token(&self) -> String {
        hex::encode(self.random::<32>())
    }

    /// A join code that can be read out over the telephone: three groups of four letters and
    /// digits without those that look alike. About 58 bits.
    #[must_use]
    pub fn join_code(&self) -> String {
        const ALPHABET: &[u8; 29] = b"23456789ABCDEFGHJKMNPQRTUVWXY";
        let bytes = self.random::<24>();
        let letters: Vec<char> = bytes
            .chunks_exact(2)
            .map(|pair| {
                let number = pair
                    .iter()
                    .fold(0usize, |sum, byte| sum * 256 + usize::from(*byte));
                ALPHABET
                    .get(number % ALPHABET.len())
                    .copied()
                    .map_or('2', char::from)
            })
            .collect();
        letters
            .chunks(4)
            .map(|group| group.iter().collect::<String>())
            .collect::<Vec<_>>()
            .join("-")
    }
}

/// What is stored of a code or token.
#[must_use]
pub fn secret_hash(secret: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(secret.as_bytes()))
}

/// A join code as people type it: case, spaces and dashes do not matter.
#[must_use]
pub fn normalise_code(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}
