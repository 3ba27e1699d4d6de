//! The kept corpus of the fuzz targets, and some thousand changes of it, on the stable compiler.
//!
//! What a night of fuzzing found stays found, also where no nightly compiler is. The changes are
//! the same on every run: whoever sees a failure can see it again.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

// Where the laws look for it.
use ajar_hub::meta;
use rand::{RngExt, SeedableRng, rngs::StdRng};

#[path = "../../../fuzz/src/laws.rs"]
mod laws;

/// Changed inputs per target.
const CHANGES: u64 = 4_000;
/// No input grows beyond this.
const LONGEST: usize = 16 * 1024;

/// Name and bytes of every kept input, in the order of their names.
fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("it can be read"))
        })
        .collect();
    found.sort();
    found
}

/// Pieces that have a meaning somewhere on the way.
const PIECES: [&[u8]; 17] = [
    b"null",
    b"{}",
    b"[]",
    b"\"\"",
    b"-1",
    b"1e400",
    b"18446744073709551616",
    b"\"\\ud83d\"",
    b"\\udc00\xc3\xa9",
    b"\\u0000",
    b"\xff\xfe",
    b"[[[[[[[[",
    b"\"errors\":[{\"code\":131060}],",
    b"\"type\":\"unsupported\",",
    b"\"timestamp\":\"99999999999999\",",
    b"sha256=",
    b"\0",
];

/// One small change of the kind that accidents and attackers make.
fn change(bytes: &mut Vec<u8>, other: &[u8], chance: &mut StdRng) {
    let length = bytes.len();
    let at = chance.random_range(0..=length);
    let end = (at + chance.random_range(0..=64_usize)).min(length);
    match chance.random_range(0..8_u8) {
        0 if at < length => bytes[at] ^= 1 << chance.random_range(0..8_u8),
        1 if at < length => bytes[at] = chance.random(),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let twice = bytes[at..end].to_vec();
            bytes.splice(at..at, twice);
        }
        5 => {
            let from = chance.random_range(0..=other.len());
            let to = (from + chance.random_range(0..=512_usize)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        _ => {
            let piece = PIECES[chance.random_range(0..PIECES.len())];
            bytes.splice(at..end, piece.iter().copied());
        }
    }
    bytes.truncate(LONGEST);
}

fn hold(target: &str, law: fn(&[u8])) {
    let kept = kept(target);
    assert!(kept.len() > 20, "{} inputs are kept", kept.len());
    for (name, bytes) in &kept {
        let held = catch_unwind(AssertUnwindSafe(|| law(bytes)));
        assert!(held.is_ok(), "{target}/{name} breaks a law");
    }
    for number in 0..CHANGES {
        let mut chance = StdRng::seed_from_u64(number);
        let (name, bytes) = &kept[chance.random_range(0..kept.len())];
        let (_, other) = &kept[chance.random_range(0..kept.len())];
        let mut bytes = bytes.clone();
        for _ in 0..chance.random_range(1..=6_u8) {
            change(&mut bytes, other, &mut chance);
        }
        let held = catch_unwind(AssertUnwindSafe(|| law(&bytes)));
        assert!(
            held.is_ok(),
            "change {number}, of {target}/{name}, breaks a law"
        );
    }
}

#[test]
fn every_body_obeys_the_laws() {
    hold("webhook_body", laws::webhook_body);
}

#[test]
fn every_signature_obeys_the_laws() {
    hold("signature", laws::signature);
}
