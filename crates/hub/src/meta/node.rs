//! Reading foreign JSON without trusting its shape.
//!
//! A [`Node`] is a place in a body that may be absent or of another type than promised. Asking
//! it never fails and never panics; it answers `None`, and the caller decides whether that
//! matters. So a wrong-typed field costs at most the item that needs it.

use ajar_domain::{Bsuid, Time, WaMessageId, customer::PhoneNumber};
use serde_json::Value;

#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a>(Option<&'a Value>);

impl<'a> Node<'a> {
    pub(super) const NOTHING: Node<'static> = Node(None);

    pub(super) const fn of(value: &'a Value) -> Self {
        Self(Some(value))
    }

    pub(super) fn get(self, key: &str) -> Node<'a> {
        Node(self.0.and_then(|value| value.get(key)))
    }

    /// The elements of a list; nothing for anything else.
    pub(super) fn items(self) -> impl Iterator<Item = Node<'a>> {
        self.0
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(Node::of)
    }

    pub(super) fn first(self) -> Node<'a> {
        self.items().next().unwrap_or(Node(None))
    }

    pub(super) fn keys(self) -> impl Iterator<Item = &'a str> {
        self.0
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|object| object.keys().map(String::as_str))
    }

    pub(super) fn is_list(self) -> bool {
        self.0.is_some_and(Value::is_array)
    }

    pub(super) fn is_object(self) -> bool {
        self.0.is_some_and(Value::is_object)
    }

    /// There and not `null`.
    pub(super) fn is_some(self) -> bool {
        self.0.is_some_and(|value| !value.is_null())
    }

    pub(super) fn str(self) -> Option<&'a str> {
        self.0.and_then(Value::as_str)
    }

    /// A text that both databases can store: PostgreSQL refuses the character zero.
    pub(super) fn text(self) -> Option<String> {
        self.str().map(storable)
    }

    /// A text that is not empty.
    pub(super) fn words(self) -> Option<String> {
        self.text().filter(|text| !text.is_empty())
    }

    /// An opaque id. Meta writes most as texts and those of templates as numbers.
    pub(super) fn id(self) -> Option<String> {
        match self.0? {
            Value::String(text) if !text.is_empty() => Some(storable(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn wamid(self) -> Option<WaMessageId> {
        self.id().map(WaMessageId::new)
    }

    pub(super) fn flag(self) -> Option<bool> {
        self.0.and_then(Value::as_bool)
    }

    /// A whole number, written as a number or as a text (section 17, 6).
    pub(super) fn whole(self) -> Option<i64> {
        match self.0? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count(self) -> Option<u64> {
        self.whole().and_then(|number| u64::try_from(number).ok())
    }

    /// A number with a fraction, written as a number or as a text.
    pub(super) fn number(self) -> Option<f64> {
        let number = match self.0? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }

    /// A moment in Unix seconds: a text in message webhooks, a number in some others
    /// (`user_preferences`, `entry.time`).
    pub(super) fn time(self) -> Option<Time> {
        // What cannot be seconds of this age of the world is milliseconds.
        const FIRST_MILLIS: i64 = 100_000_000_000;
        match self.whole()? {
            seconds @ 0..FIRST_MILLIS => Some(Time::from_secs(seconds)),
            millis @ FIRST_MILLIS.. => {
                Some(Time::from_millis(millis)).filter(|at| *at < Time::FAR_FUTURE)
            }
            _ => None,
        }
    }

    /// A phone number in one of Meta's spellings: digits, with or without plus and separators.
    /// A business-scoped id has digits too, and is none.
    pub(super) fn phone(self) -> Option<PhoneNumber> {
        self.str()
            .filter(|text| {
                text.chars()
                    .all(|c| c.is_ascii_digit() || "+-(). ".contains(c))
            })
            .and_then(PhoneNumber::from_digits)
    }

    /// A business-scoped user id (section 7): never parsed, only bounded.
    pub(super) fn bsuid(self) -> Option<Bsuid> {
        self.words().filter(|text| text.len() <= 256).map(Bsuid)
    }

    /// A business-scoped id in a place that may hold a phone number as well:
    /// `US.13491208655302741918` or `US.ENT.…`.
    pub(super) fn bsuid_by_form(self) -> Option<Bsuid> {
        let text = self.str()?;
        let (country, rest) = text.split_once('.')?;
        let number = rest.strip_prefix("ENT.").unwrap_or(rest);
        let fits = country.len() == 2
            && country.chars().all(|c| c.is_ascii_uppercase())
            && (1..=128).contains(&number.len())
            && number.chars().all(|c| c.is_ascii_alphanumeric());
        fits.then(|| Bsuid(text.to_owned()))
    }

    /// Meta's word for a kind, short enough to be listed. Never something a customer wrote.
    pub(super) fn kind(self) -> Option<String> {
        self.words().map(|word| short(&word))
    }
}

fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// At most 64 characters of a name that Meta gave.
pub(super) fn short(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_read_from_a_text_and_from_a_number() {
        let body = json!({"a": "1795176000", "b": 1_795_176_000, "c": -5, "d": "soon", "e": 1e300,
                          "f": "99999999999999999999", "g": 1_795_348_800_000_i64});
        let at = |key: &str| Node::of(&body).get(key).time();
        assert_eq!(at("a"), Some(Time::from_secs(1_795_176_000)));
        assert_eq!(at("b"), at("a"));
        assert_eq!(at("g"), Some(Time::from_secs(1_795_348_800)));
        for none in ["c", "d", "e", "f", "missing"] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn a_business_scoped_id_is_no_phone_number() {
        let body = json!([
            "15550100003",
            "+1 555-010-0003",
            "US.90000000000000000003",
            "US.ENT.9"
        ]);
        let read: Vec<_> = Node::of(&body)
            .items()
            .map(|node| (node.phone().is_some(), node.bsuid_by_form().is_some()))
            .collect();
        assert_eq!(
            read,
            [(true, false), (true, false), (false, true), (false, true)]
        );
    }

    #[test]
    fn a_text_has_no_character_zero() {
        let body = json!("a\u{0}b");
        assert_eq!(Node::of(&body).text().as_deref(), Some("ab"));
    }
}
