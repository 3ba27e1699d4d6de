//! What must hold whatever bytes come. Each law panics where it is broken.
//!
//! Included by the fuzz targets and by a test of the hub; `crate::meta` is the hub's in both.

use serde_json::{Map, Value};

use crate::meta::{
    parse::parse_body,
    signature::{BadSignature, sign, verify},
};

/// What `parse` promises to stop at, and the item that says so.
const MOST_ITEMS: usize = 50_000 + 1;

/// The body of a webhook is read without a panic, always in the same way, into no more items than
/// it has bytes; and every JSON object is read.
pub fn webhook_body(bytes: &[u8]) {
    let read = parse_body(bytes);
    assert_eq!(read, parse_body(bytes), "read twice, it says two things");
    let is_object = serde_json::from_slice::<Map<String, Value>>(bytes).is_ok();
    let Ok(items) = read else {
        assert!(!is_object, "an object is never malformed");
        return;
    };
    assert!(items.len() <= MOST_ITEMS, "{} items", items.len());
    assert!(items.len() <= bytes.len(), "items out of nothing");
    let written = serde_json::to_string(&items).expect("items can be written down");
    assert!(
        !written.contains("\\u0000"),
        "PostgreSQL cannot keep the character 0"
    );
    let spaced = [b" \n".as_slice(), bytes, b"\t\r\n"].concat();
    let spaced = parse_body(&spaced);
    assert_eq!(spaced.as_ref(), Ok(&items), "space around it says nothing");
}

/// Only the signature of these very bytes with this very secret is accepted.
///
/// The input is two lengths, then secret, header and body.
pub fn signature(bytes: &[u8]) {
    let [secret, header, rest @ ..] = bytes else {
        return;
    };
    let (secret, rest) = rest.split_at(usize::from(*secret).min(rest.len()));
    let (header, body) = rest.split_at(usize::from(*header).min(rest.len()));
    let right = sign(secret, body);
    assert_eq!(verify(secret, None, body), Err(BadSignature::Missing));
    assert_eq!(verify(secret, Some(right.as_bytes()), body), Ok(()));

    // Hexadecimal digits may be in capitals; nothing else may differ.
    let is_right = header.len() == right.len()
        && header.starts_with(b"sha256=")
        && header.eq_ignore_ascii_case(right.as_bytes());
    assert_eq!(verify(secret, Some(header), body).is_ok(), is_right);

    // One digit further on, wherever the input says.
    let mut wrong = right.clone().into_bytes();
    let at = "sha256=".len() + body.len() % 64;
    wrong[at] = if wrong[at] == b'f' { b'0' } else { b'f' };
    assert_eq!(verify(secret, Some(&wrong), body), Err(BadSignature::Wrong));
    let longer = [body, b"\0"].concat();
    assert_eq!(
        verify(secret, Some(right.as_bytes()), &longer),
        Err(BadSignature::Wrong)
    );
    if let Some((last, before)) = secret.split_last() {
        let other = [before, &[last ^ 1]].concat();
        assert_eq!(
            verify(&other, Some(right.as_bytes()), body),
            Err(BadSignature::Wrong)
        );
    }
}
