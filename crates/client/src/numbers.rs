//! Phone numbers as people type them, judged and shown in international form.

use std::collections::BTreeSet;

use ajar_domain::customer::PhoneNumber;
use ajar_protocol::ui::NumberVerdict;
use phonenumber::{Mode, ParseError, Type, country, metadata::DATABASE};

/// A number that can exist, in the two forms that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Possible {
    pub number: PhoneNumber,
    pub shown: String,
    pub country: Option<String>,
}

/// The country of a number in international form, for numbers typed without one.
fn country_of(number: &PhoneNumber) -> Option<country::Id> {
    let number = phonenumber::parse(None, format!("+{}", number.digits())).ok()?;
    number.country().id().or_else(|| {
        // Numbers of no particular place in a shared code (+1 555 …): its main country.
        let regions = DATABASE.region(&number.code().value())?;
        regions.first()?.parse().ok()
    })
}

/// Judges a number as typed, from the point of view of the business number `own`.
///
/// A number whose length is possible is accepted although no carrier may have given it out:
/// plans change faster than libraries, and Meta has the last word.
pub(crate) fn inspect(own: &PhoneNumber, text: &str) -> Result<Option<Possible>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let has_letters = text.chars().any(char::is_alphabetic);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if has_letters || digits == 0 {
        return Err("not_a_number");
    }
    if digits < 3 {
        return Err("too_short");
    }
    let (country, text) = match text.strip_prefix("00") {
        Some(rest) => (None, format!("+{rest}")),
        None => (country_of(own), text.to_owned()),
    };
    let parsed = phonenumber::parse(country, &text).map_err(|why| match why {
        ParseError::NoNumber | ParseError::MalformedInteger(_) => "not_a_number",
        ParseError::InvalidCountryCode => "unknown_country",
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => "too_short",
        ParseError::TooLong => "too_long",
    })?;
    let national = parsed.national().to_string();
    let lengths = possible_lengths(parsed.code().value());
    let (Some(shortest), Some(longest)) = (lengths.first(), lengths.last()) else {
        return Err("unknown_country");
    };
    if national.len() > *longest {
        return Err("too_long");
    }
    if national.len() < *shortest || !lengths.contains(&national.len()) {
        return Err("too_short");
    }
    let international = parsed.format().mode(Mode::E164).to_string();
    let number = PhoneNumber::from_digits(&international).ok_or("too_long")?;
    if number.canonical() == own.canonical() {
        return Err("own_number");
    }
    Ok(Some(Possible {
        number,
        shown: parsed.format().mode(Mode::International).to_string(),
        country: parsed
            .country()
            .id()
            .map(|country| country.as_ref().to_owned()),
    }))
}

/// How many digits a number may have behind this country code.
fn possible_lengths(code: u16) -> BTreeSet<usize> {
    const KINDS: [Type; 5] = [
        Type::Mobile,
        Type::FixedLine,
        Type::Voip,
        Type::Uan,
        Type::TollFree,
    ];
    DATABASE
        .by_code(&code)
        .unwrap_or_default()
        .into_iter()
        .flat_map(|region| {
            KINDS
                .into_iter()
                .filter_map(|kind| region.descriptors().get(kind))
        })
        .flat_map(phonenumber::metadata::Descriptor::possible_length)
        .map(|length| usize::from(*length))
        .collect()
}

/// The verdict as the interface takes it; who is behind the number is added by the caller.
pub(crate) fn verdict(
    judged: Result<Option<Possible>, &'static str>,
    known: impl FnOnce(&PhoneNumber) -> Option<(ajar_domain::ConversationId, String)>,
) -> NumberVerdict {
    match judged {
        Ok(None) => NumberVerdict::Empty,
        Err(why) => NumberVerdict::Invalid { why: why.into() },
        Ok(Some(possible)) => {
            let (conversation, name) = known(&possible.number).unzip();
            NumberVerdict::Valid {
                digits: possible.number.digits().to_owned(),
                shown: possible.shown,
                country: possible.country,
                conversation,
                name,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(digits: &str) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("a number")
    }

    fn digits(own_number: &str, text: &str) -> Result<String, &'static str> {
        inspect(&own(own_number), text).map(|possible| {
            possible.map_or(String::new(), |possible| {
                possible.number.digits().to_owned()
            })
        })
    }

    const BERLIN: &str = "493012345678";
    const SHOP: &str = "15550142200";

    #[test]
    fn any_spelling_of_a_number_is_the_same_number() {
        for text in [
            "+49 151 23456789",
            "0151/23456789",
            "0049 (151) 234-56789",
            "+4915123456789",
        ] {
            assert_eq!(digits(BERLIN, text), Ok("4915123456789".into()), "{text}");
        }
    }

    #[test]
    fn it_is_shown_in_international_form() {
        let possible = inspect(&own(BERLIN), "0151 23456789")
            .expect("possible")
            .expect("not empty");
        assert_eq!(possible.shown, "+49 1512 3456789");
        assert_eq!(possible.country.as_deref(), Some("DE"));
    }

    #[test]
    fn a_number_that_no_carrier_gave_out_is_possible_all_the_same() {
        assert_eq!(digits(SHOP, "+1 555 019 7715"), Ok("15550197715".into()));
        assert_eq!(digits(SHOP, "(555) 019-7715"), Ok("15550197715".into()));
    }

    #[test]
    fn what_cannot_be_a_number_says_why() {
        assert_eq!(digits(SHOP, "call me"), Err("not_a_number"));
        assert_eq!(digits(SHOP, "12"), Err("too_short"));
        assert_eq!(digits(SHOP, "+49 1"), Err("too_short"));
        assert_eq!(digits(SHOP, "+1 555 019 7715 99999"), Err("too_long"));
        assert_eq!(digits(SHOP, "+999 123456789"), Err("unknown_country"));
        assert_eq!(digits(SHOP, "+1 (555) 014-2200"), Err("own_number"));
        assert_eq!(digits(SHOP, " "), Ok(String::new()));
    }
}
