//! Customers: the keys that identify one, and the name shown for them.

use serde::{Deserialize, Serialize};

use crate::Bsuid;

/// A phone number in international form, digits only, without the plus (Meta's `wa_id`).
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(transparent)]
#[ts(export)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Keeps the digits of `text`; `None` if fewer than 5 or more than 15 remain (E.164).
    #[must_use]
    pub fn from_digits(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (5..=15).contains(&digits.len()).then_some(Self(digits))
    }

    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The spelling under which a customer is filed. Brazil's mobile numbers appear with and
    /// without the ninth digit, Mexico's with and without the 1 after the country code; both
    /// spellings reach the same person, so one canonical form keeps them one customer.
    #[must_use]
    pub fn canonical(&self) -> PhoneNumber {
        let d = self.0.as_str();
        if let Some(rest) = d.strip_prefix("521")
            && rest.len() == 10
        {
            return Self(format!("52{rest}"));
        }
        if let Some(rest) = d.strip_prefix("55")
            && rest.len() == 10
            && let (Some(area), Some(line)) = (rest.get(..2), rest.get(2..))
            && line.starts_with(['6', '7', '8', '9'])
        {
            return Self(format!("55{area}9{line}"));
        }
        self.clone()
    }
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Phone numbers stay out of logs.
        f.write_str("PhoneNumber(…)")
    }
}

/// A key under which a customer is known. One customer may have several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "key", content = "value", rename_all = "snake_case")]
pub enum CustomerKey {
    Phone(PhoneNumber),
    Bsuid(Bsuid),
    /// The id under the portfolio's parent.
    Parent(Bsuid),
}

/// Where a name came from; the higher one is shown: the phone's address book over the
/// customer's own profile name over the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameSource {
    Profile,
    AddressBook,
    Team,
}

/// What can stand as a name, trimmed; `None` for nothing and for a bare number, which says no more
/// than the number beside it. Phones send the number as profile name of people without one.
#[must_use]
pub fn as_name(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_number = text.chars().any(|c| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-().".contains(c));
    (!text.is_empty() && !is_number).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::from_digits(text).expect("a number")
    }

    #[test]
    fn brazil_and_mexico_do_not_split_a_customer() {
        assert_eq!(number("551187654321").canonical(), number("5511987654321"));
        assert_eq!(number("5511987654321").canonical(), number("5511987654321"));
        assert_eq!(number("5215512345678").canonical(), number("525512345678"));
    }

    #[test]
    fn a_brazilian_landline_keeps_its_eight_digits() {
        assert_eq!(number("551133334444").canonical(), number("551133334444"));
    }

    #[test]
    fn a_number_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", number("15550142207")), "PhoneNumber(…)");
    }

    #[test]
    fn a_bare_number_is_no_name() {
        assert_eq!(as_name(" Juniper Vale "), Some("Juniper Vale"));
        assert_eq!(as_name("4 Pfoten"), Some("4 Pfoten"));
        assert_eq!(as_name("☀️"), Some("☀️"));
        for none in [
            "",
            "  ",
            "+14155552671",
            "+1 (415) 555-2671",
            "415.555.2671",
        ] {
            assert_eq!(as_name(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        assert_eq!(PhoneNumber::from_digits("hello"), None);
        assert_eq!(PhoneNumber::from_digits("1234567890123456"), None);
    }
}
