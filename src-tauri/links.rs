//! Links into the app: `ajar://conversation/<id>` and `ajar://start?phone=…`.
//!
//! Anybody can put such a link on a web page, so a link only ever shows something: it names a
//! conversation to open, or a number to begin with. It sends nothing, and what does not look
//! exactly as it should is dropped.

use ajar_domain::ConversationId;
use url::Url;

/// What a link asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    Conversation(ConversationId),
    /// *New conversation* with this number, as it was written.
    Start {
        number: String,
    },
}

/// A number is at most 15 digits; the rest is what people put between them.
const LONGEST_NUMBER: usize = 32;

/// `None` for whatever is not one of our links.
#[must_use]
pub fn parse(text: &str) -> Option<Link> {
    let url = Url::parse(text).ok()?;
    if url.scheme() != "ajar" {
        return None;
    }
    match url.host_str()? {
        "conversation" => {
            let id = url.path().trim_matches('/');
            let known_shape = uuid::Uuid::try_parse(id).is_ok();
            known_shape.then(|| Link::Conversation(ConversationId::new(id.to_ascii_lowercase())))
        }
        "start" => {
            let (_, number) = url.query_pairs().find(|(key, _)| key == "phone")?;
            // In a query a plus is a space; nobody writes %2B by hand.
            let number = match number.strip_prefix(' ') {
                Some(rest) => format!("+{rest}"),
                None => number.into_owned(),
            };
            let digits = number.chars().filter(char::is_ascii_digit).count();
            let plausible = (1..=15).contains(&digits)
                && number.chars().count() <= LONGEST_NUMBER
                && number
                    .chars()
                    .all(|c| c.is_ascii_digit() || "+-(). /".contains(c));
            plausible.then_some(Link::Start { number })
        }
        _ => None,
    }
}

/// The first link among the arguments of a process.
#[must_use]
pub fn among<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Option<Link> {
    arguments.into_iter().find_map(parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01939a5e-7c1e-7d3a-9a51-0242ac120002";

    #[test]
    fn a_conversation_is_named_by_its_id() {
        for text in [
            format!("ajar://conversation/{ID}"),
            format!("ajar://conversation/{ID}/"),
            format!("ajar://conversation/{}", ID.to_uppercase()),
        ] {
            assert_eq!(
                parse(&text),
                Some(Link::Conversation(ConversationId::new(ID))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_start_carries_the_number_as_written() {
        for (text, number) in [
            ("ajar://start?phone=+15550142207", "+15550142207"),
            (
                "ajar://start?phone=%2B1%20555%20014%202207",
                "+1 555 014 2207",
            ),
            ("ajar://start?phone=(555)%20014-2207", "(555) 014-2207"),
            ("ajar://start/?utm=x&phone=15550142207", "15550142207"),
        ] {
            let number = number.to_owned();
            assert_eq!(parse(text), Some(Link::Start { number }), "{text}");
        }
    }

    #[test]
    fn anything_else_is_dropped() {
        for text in [
            "",
            "ajar:",
            "ajar://",
            "ajar://conversation",
            "ajar://conversation/../../etc/passwd",
            "ajar://conversation/1 OR 1=1",
            "ajar://start",
            "ajar://start?phone=",
            "ajar://start?phone=<script>",
            "ajar://start?phone=123456789012345678",
            "ajar://delete/everything",
            "https://conversation/01939a5e-7c1e-7d3a-9a51-0242ac120002",
            "--demo",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_link_is_found_among_other_arguments() {
        let link = format!("ajar://conversation/{ID}");
        assert!(among(["ajar", "--demo", &link]).is_some());
        assert_eq!(among(["ajar", "--demo"]), None);
    }
}
