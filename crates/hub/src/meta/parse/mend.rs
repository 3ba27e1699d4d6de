//! Bytes → JSON, with two repairs.
//!
//! One broken character must not cost a batch of a thousand updates. Half a surrogate pair
//! (`"\ud83d"`, what is left when a text is cut in the middle of an emoji) and bytes that are no
//! UTF-8 are replaced by U+FFFD, and the body is read again. Everything else that is no JSON is
//! malformed. Nesting is bounded by the reader itself (128 levels).

use serde_json::Value;

use super::Malformed;

pub(super) fn read_json(bytes: &[u8]) -> Result<Value, Malformed> {
    let first = match serde_json::from_slice(bytes) {
        Ok(body) => return Ok(body),
        Err(problem) => problem,
    };
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_str(&replace_lone_surrogates(&text)).map_err(|_| Malformed::NotJson {
        line: first.line(),
        column: first.column(),
    })
}

/// Replaces every `\uD800`…`\uDFFF` that is not half of a pair by `\uFFFD`.
fn replace_lone_surrogates(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        match unit(escape) {
            Some(0xD800..=0xDBFF)
                if matches!(escape.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) =>
            {
                let (pair, after) = escape.split_at(12);
                mended.push_str(pair);
                rest = after;
            }
            Some(0xD800..=0xDFFF) => {
                mended.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
            }
            _ => {
                // Another escape: a backslash and the character it is for.
                let end = escape.chars().take(2).map(char::len_utf8).sum();
                let (other, after) = escape.split_at(end);
                mended.push_str(other);
                rest = after;
            }
        }
    }
    mended.push_str(rest);
    mended
}

/// The number in `\uXXXX` at the start of `text`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &[u8]) -> Value {
        read_json(text).expect("it can be mended")
    }

    #[test]
    fn half_an_emoji_costs_one_character() {
        assert_eq!(read(br#"{"a":"x\ud83d"}"#), json!({"a": "x\u{fffd}"}));
        assert_eq!(read(br#"{"a":"\udc4d!"}"#), json!({"a": "\u{fffd}!"}));
        assert_eq!(
            read(br#"{"a":"\ud83d\ud83d\udc4d"}"#),
            json!({"a": "\u{fffd}👍"})
        );
        // An escaped backslash before a u is no escape of a character.
        assert_eq!(
            read(br#"{"a":"\\ud83d","b":"\ud83d"}"#),
            json!({"a": "\\ud83d", "b": "\u{fffd}"})
        );
    }

    #[test]
    fn bytes_that_are_no_text_cost_one_character() {
        assert_eq!(read(b"{\"a\":\"x\xff\"}"), json!({"a": "x\u{fffd}"}));
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert_eq!(
            read_json(b"{\"a\":"),
            Err(Malformed::NotJson { line: 1, column: 5 })
        );
        let deep = "[".repeat(100_000);
        assert!(read_json(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn mending_never_panics(text in r#"(\\|u|d8|dc|[0-9a-f]|"|é|👍){0,40}"#) {
            let _ = replace_lone_surrogates(&text);
        }

        #[test]
        fn whole_texts_stay_as_they_are(text in any::<String>()) {
            let written = serde_json::to_string(&text).expect("a text");
            prop_assert_eq!(replace_lone_surrogates(&written), written);
        }
    }
}
