//! Names and numbers as search compares them: without case, accents and punctuation.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, without accents. `Ögur Çelik` becomes `ogur celik`.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        .flat_map(|letter| match letter {
            // Letters that Unicode does not take apart, as people type them on other keyboards.
            'ß' => ['s', 's'].into_iter().take(2),
            'æ' => ['a', 'e'].into_iter().take(2),
            'œ' => ['o', 'e'].into_iter().take(2),
            'ø' => ['o', '\0'].into_iter().take(1),
            'ł' => ['l', '\0'].into_iter().take(1),
            'đ' => ['d', '\0'].into_iter().take(1),
            'ı' => ['i', '\0'].into_iter().take(1),
            other => [other, '\0'].into_iter().take(1),
        })
        .collect()
}

/// What somebody typed into the search field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// All of them must appear in the name.
    words: Vec<String>,
    /// If the text can be meant as a number: its digits, without leading zeros, which stand
    /// for the country code or the dialling prefix.
    digits: Option<String>,
}

impl Wanted {
    /// `None` if nothing is asked for.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = fold(text).split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            return None;
        }
        let only_number = text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-()./\u{a0}".contains(c));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0').to_owned();
        Some(Self {
            words,
            digits: (only_number && !digits.is_empty()).then_some(digits),
        })
    }

    #[must_use]
    pub fn finds(&self, folded_name: &str, digits: &str) -> bool {
        if let Some(wanted) = &self.digits
            && digits.contains(wanted.as_str())
        {
            return true;
        }
        self.words.iter().all(|word| folded_name.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, name: &str, digits: &str) -> bool {
        Wanted::new(text)
            .expect("something is asked for")
            .finds(&fold(name), digits)
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        assert!(finds("oGUR", "Ögür Çelik", ""));
        assert!(finds("celik", "Ögür Çelik", ""));
        assert!(finds("Straße", "STRASSE 5", ""));
        assert!(finds("lodz", "Łódź", ""));
        assert!(!finds("okur", "Ögür Çelik", ""));
    }

    #[test]
    fn all_words_must_appear_in_any_order() {
        assert!(finds("celik og", "Ögür Çelik", ""));
        assert!(!finds("celik x", "Ögür Çelik", ""));
    }

    #[test]
    fn numbers_are_found_in_any_spelling() {
        assert!(finds("+49 (151) 23", "Anna", "4915123456789"));
        assert!(finds("0151 234", "Anna", "4915123456789"));
        assert!(!finds("0152 234", "Anna", "4915123456789"));
    }

    #[test]
    fn a_name_with_a_digit_is_still_a_name() {
        assert!(finds("24 shop", "Shop 24", "4915100000000"));
    }

    #[test]
    fn nothing_asked_for_is_not_a_search() {
        assert_eq!(Wanted::new("  "), None);
    }
}
