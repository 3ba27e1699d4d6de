//! What an agent sends besides texts, files and templates: places, contact cards, questions that
//! are answered with a tap, and reactions. All of it is free-form, so all of it needs an open
//! window.
//!
//! [`Outgoing::check`] finds what Meta would refuse, and names the field, so that it is said where
//! it was typed. Counts and lengths: platform notes, section 8.4 (Meta's pages of the interactive
//! types).

use serde::{Deserialize, Serialize};

use crate::content::{Card, Content};

/// Something to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Outgoing {
    Location {
        #[serde(flatten)]
        place: Location,
    },
    Contacts {
        cards: Vec<Card>,
    },
    Question {
        question: Question,
    },
}

/// A point on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Location {
    /// In degrees; south and west are negative.
    pub latitude: f64,
    pub longitude: f64,
    pub name: Option<String>,
    pub address: Option<String>,
}

/// A message that the customer answers with a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Question {
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    #[serde(flatten)]
    pub ask: Ask,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "ask", rename_all = "snake_case")]
#[ts(export)]
pub enum Ask {
    /// One to three buttons under the text.
    Choose { buttons: Vec<String> },
    /// A list that opens behind one button.
    Pick {
        /// On the button.
        label: String,
        sections: Vec<Section>,
    },
    /// For the phone number of somebody whom WhatsApp shows by a user name only.
    Number,
    /// For a place.
    Location,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Section {
    /// May be empty where it is the only one.
    pub title: String,
    pub choices: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Choice {
    pub title: String,
    pub description: Option<String>,
}

/// What Meta would refuse, and where it stands: `body`, `button.0`, `section.1.title`,
/// `choice.1.0.title`, `latitude`, `card.0.name`, `card.0.phone.1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct OutgoingProblem {
    pub field: String,
    #[serde(flatten)]
    pub trouble: Trouble,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "trouble", rename_all = "snake_case")]
#[ts(export)]
pub enum Trouble {
    Empty,
    TooLong {
        length: usize,
        max: usize,
    },
    TooMany {
        max: usize,
    },
    /// The same words as another one of its kind.
    Repeated,
    /// No such place on this planet.
    OutOfRange,
    /// Not a phone number that can exist.
    NotANumber,
    LineBreak,
    /// Not a character that Meta takes there.
    WrongCharacter,
    /// Variables must be numbered 1, 2, 3 …, or all have names.
    Variables,
    /// A variable stands at the beginning or the end, where Meta takes none.
    VariableAtTheEdge,
}

pub const MAX_BUTTONS: usize = 3;
pub const MAX_BUTTON: usize = 20;
pub const MAX_CHOICES: usize = 10;
pub const MAX_CHOICE: usize = 24;
pub const MAX_DESCRIPTION: usize = 72;
pub const MAX_HEADER: usize = 60;
pub const MAX_FOOTER: usize = 60;
/// Of a question with buttons.
pub const MAX_BODY: usize = 1024;
/// Of a question with a list.
pub const MAX_LIST_BODY: usize = 4096;
/// Cards in one message. Meta names no number in the pages at hand; this is what phones allow.
pub const MAX_CARDS: usize = 20;
/// Of a place's name and address; ours, because Meta names none.
pub const MAX_PLACE_WORDS: usize = 1000;

/// Problems as they are found.
#[derive(Default)]
pub(crate) struct Problems(pub(crate) Vec<OutgoingProblem>);

impl Problems {
    pub(crate) fn add(&mut self, field: impl Into<String>, trouble: Trouble) {
        self.0.push(OutgoingProblem {
            field: field.into(),
            trouble,
        });
    }

    /// Words that must be there.
    pub(crate) fn words(&mut self, field: impl Into<String>, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.add(field, Trouble::Empty);
        } else {
            self.at_most(field, text, max);
        }
    }

    /// Words that may be there.
    pub(crate) fn at_most(&mut self, field: impl Into<String>, text: &str, max: usize) {
        let length = text.chars().count();
        if length > max {
            self.add(field, Trouble::TooLong { length, max });
        }
    }

    fn all_different<'a>(&mut self, titles: impl Iterator<Item = (String, &'a str)>) {
        let mut seen: Vec<&str> = Vec::new();
        for (field, title) in titles {
            let title = title.trim();
            if !title.is_empty() && seen.contains(&title) {
                self.add(field, Trouble::Repeated);
            }
            seen.push(title);
        }
    }
}

impl Outgoing {
    /// Everything that Meta would refuse, in the order of reading; empty if it can go out.
    #[must_use]
    pub fn check(&self) -> Vec<OutgoingProblem> {
        let mut problems = Problems::default();
        match self {
            Self::Location { place } => place.check(&mut problems, ""),
            Self::Contacts { cards } => check_cards(cards, &mut problems),
            Self::Question { question } => question.check(&mut problems),
        }
        problems.0
    }

    /// As it stands in the thread.
    #[must_use]
    pub fn into_content(self) -> Content {
        match self {
            Self::Location { place } => Content::Location {
                latitude: place.latitude,
                longitude: place.longitude,
                name: place.name,
                address: place.address,
                url: None,
            },
            Self::Contacts { cards } => Content::Contacts { cards },
            Self::Question { question } => Content::Question { question },
        }
    }
}

impl Location {
    pub(crate) fn check(&self, problems: &mut Problems, prefix: &str) {
        for (field, degrees, most) in [
            ("latitude", self.latitude, 90.0),
            ("longitude", self.longitude, 180.0),
        ] {
            if !(degrees.is_finite() && degrees.abs() <= most) {
                problems.add(format!("{prefix}{field}"), Trouble::OutOfRange);
            }
        }
        for (field, words) in [("name", &self.name), ("address", &self.address)] {
            if let Some(words) = words {
                problems.at_most(format!("{prefix}{field}"), words, MAX_PLACE_WORDS);
            }
        }
    }
}

fn check_cards(cards: &[Card], problems: &mut Problems) {
    if cards.is_empty() {
        problems.add("card", Trouble::Empty);
    }
    if cards.len() > MAX_CARDS {
        problems.add("card", Trouble::TooMany { max: MAX_CARDS });
    }
    for (index, card) in cards.iter().enumerate() {
        problems.words(
            format!("card.{index}.name"),
            card.name.as_deref().unwrap_or_default(),
            MAX_PLACE_WORDS,
        );
        if card.phones.is_empty() && card.emails.is_empty() {
            problems.add(format!("card.{index}.phone.0"), Trouble::Empty);
        }
        for (at, phone) in card.phones.iter().enumerate() {
            let digits = phone.text.chars().filter(char::is_ascii_digit).count();
            if !(5..=15).contains(&digits) {
                problems.add(format!("card.{index}.phone.{at}"), Trouble::NotANumber);
            }
        }
    }
}

impl Question {
    fn check(&self, problems: &mut Problems) {
        if let Some(header) = &self.header {
            problems.at_most("header", header, MAX_HEADER);
        }
        let most = match self.ask {
            Ask::Pick { .. } => MAX_LIST_BODY,
            Ask::Choose { .. } | Ask::Number | Ask::Location => MAX_BODY,
        };
        problems.words("body", &self.body, most);
        if let Some(footer) = &self.footer {
            problems.at_most("footer", footer, MAX_FOOTER);
        }
        match &self.ask {
            Ask::Choose { buttons } => {
                if buttons.is_empty() {
                    problems.add("button.0", Trouble::Empty);
                }
                if buttons.len() > MAX_BUTTONS {
                    problems.add("button", Trouble::TooMany { max: MAX_BUTTONS });
                }
                let field = |index: usize| format!("button.{index}");
                for (index, title) in buttons.iter().enumerate() {
                    problems.words(field(index), title, MAX_BUTTON);
                }
                problems.all_different(
                    buttons
                        .iter()
                        .enumerate()
                        .map(|(index, title)| (field(index), title.as_str())),
                );
            }
            Ask::Pick { label, sections } => {
                problems.words("label", label, MAX_BUTTON);
                check_list(sections, problems);
            }
            Ask::Number | Ask::Location => {}
        }
    }
}

fn check_list(sections: &[Section], problems: &mut Problems) {
    let count: usize = sections.iter().map(|section| section.choices.len()).sum();
    if count == 0 {
        problems.add("choice.0.0.title", Trouble::Empty);
    }
    if count > MAX_CHOICES || sections.len() > MAX_CHOICES {
        problems.add("choice", Trouble::TooMany { max: MAX_CHOICES });
    }
    for (at, section) in sections.iter().enumerate() {
        let title = format!("section.{at}.title");
        // Meta wants titles as soon as there is more than one section.
        if sections.len() > 1 {
            problems.words(title, &section.title, MAX_CHOICE);
        } else {
            problems.at_most(title, &section.title, MAX_CHOICE);
        }
        for (index, choice) in section.choices.iter().enumerate() {
            let field = format!("choice.{at}.{index}");
            problems.words(format!("{field}.title"), &choice.title, MAX_CHOICE);
            if let Some(description) = &choice.description {
                problems.at_most(format!("{field}.description"), description, MAX_DESCRIPTION);
            }
        }
    }
}

/// Whether this can stand as a reaction: one picture, as people see it.
///
/// Meta takes any emoji and refuses words. What counts as one picture is Unicode's matter and
/// changes yearly, so this asks only for what no letter, digit or space is, and for few of them.
#[must_use]
pub fn is_reaction(emoji: &str) -> bool {
    // Keycaps are made of a digit and a mark that puts it on a key.
    let keycap = emoji.ends_with('\u{20e3}');
    let signs = emoji.chars().count();
    (1..=16).contains(&signs)
        && emoji.chars().all(|sign| {
            !sign.is_alphabetic()
                && !sign.is_whitespace()
                && !sign.is_control()
                && (keycap || !sign.is_ascii())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::CardNumber;

    fn ask(ask: Ask) -> Outgoing {
        Outgoing::Question {
            question: Question {
                header: None,
                body: "Is there anything else?".into(),
                footer: None,
                ask,
            },
        }
    }

    fn choose(buttons: &[&str]) -> Outgoing {
        ask(Ask::Choose {
            buttons: buttons.iter().map(|&title| title.into()).collect(),
        })
    }

    fn fields(outgoing: &Outgoing) -> Vec<String> {
        outgoing
            .check()
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn the_question_that_keeps_a_window_open_can_go_out() {
        assert_eq!(choose(&["Yes, please", "No, thanks"]).check(), []);
    }

    #[test]
    fn buttons_are_one_to_three_short_and_different() {
        assert_eq!(fields(&choose(&[])), ["button.0"]);
        assert_eq!(fields(&choose(&["a", "b", "c", "d"])), ["button"]);
        assert_eq!(fields(&choose(&["Yes", "Yes "])), ["button.1"]);
        assert_eq!(
            choose(&["Yes, I would like that very much"]).check(),
            [OutgoingProblem {
                field: "button.0".into(),
                trouble: Trouble::TooLong {
                    length: 32,
                    max: MAX_BUTTON
                },
            }]
        );
    }

    #[test]
    fn a_list_has_ten_rows_and_titles_where_there_are_several_parts() {
        let section = |title: &str, rows: usize| Section {
            title: title.into(),
            choices: (0..rows)
                .map(|row| Choice {
                    title: format!("{row}:00"),
                    description: None,
                })
                .collect(),
        };
        let list = |sections| {
            ask(Ask::Pick {
                label: "Slots".into(),
                sections,
            })
        };
        assert_eq!(list(vec![section("", 10)]).check(), []);
        assert_eq!(fields(&list(vec![section("", 11)])), ["choice"]);
        assert_eq!(fields(&list(vec![])), ["choice.0.0.title"]);
        assert_eq!(
            fields(&list(vec![section("Morning", 1), section(" ", 1)])),
            ["section.1.title"]
        );
    }

    #[test]
    fn a_place_is_on_this_planet() {
        let place = |latitude, longitude| Outgoing::Location {
            place: Location {
                latitude,
                longitude,
                name: None,
                address: None,
            },
        };
        assert_eq!(place(-90.0, 180.0).check(), []);
        assert_eq!(fields(&place(f64::NAN, 180.5)), ["latitude", "longitude"]);
    }

    #[test]
    fn a_card_has_a_name_and_a_way_to_reach_somebody() {
        let card = |name: &str, phone: &str| Outgoing::Contacts {
            cards: vec![Card {
                name: Some(name.into()),
                phones: vec![CardNumber {
                    text: phone.into(),
                    label: None,
                    on_whatsapp: false,
                }],
                ..Card::default()
            }],
        };
        assert_eq!(card("Workshop", "+1 555 010 0199").check(), []);
        assert_eq!(fields(&card(" ", "12")), ["card.0.name", "card.0.phone.0"]);
        assert_eq!(fields(&Outgoing::Contacts { cards: Vec::new() }), ["card"]);
    }

    #[test]
    fn a_reaction_is_a_picture_and_no_word() {
        for emoji in ["👍", "❤️", "👩🏽‍🔧", "🇧🇷", "1️⃣", "✅"] {
            assert!(is_reaction(emoji), "{emoji}");
        }
        for words in ["", " ", "ok", "1", "👍 ok", "é", "\n"] {
            assert!(!is_reaction(words), "{words:?}");
        }
    }

    #[test]
    fn what_is_sent_reads_back_as_it_was_written() {
        let json = serde_json::to_string(&choose(&["Yes", "No"])).expect("text");
        assert_eq!(
            json,
            r#"{"kind":"question","question":{"header":null,"body":"Is there anything else?","footer":null,"ask":"choose","buttons":["Yes","No"]}}"#
        );
        let read: Outgoing = serde_json::from_str(&json).expect("the same");
        assert_eq!(read, choose(&["Yes", "No"]));
    }
}
