//! The dozen words that the shell itself says: tray, and notifications without a text to quote.
//!
//! Everything else a person reads stands in the interface's catalogues. These are needed where
//! there is no interface: before it is loaded, or while its window is hidden.

/// What a language says.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub open: &'static str,
    pub quit: &'static str,
    pub unread: &'static str,
    pub closing_soon: &'static str,
    pub new_message: &'static str,
}

const ENGLISH: Words = Words {
    open: "Open Ajar",
    quit: "Quit Ajar",
    unread: "unread",
    closing_soon: "closing soon",
    new_message: "New message",
};

const GERMAN: Words = Words {
    open: "Ajar öffnen",
    quit: "Ajar beenden",
    unread: "ungelesen",
    closing_soon: "schließen bald",
    new_message: "Neue Nachricht",
};

/// The words of a language (BCP 47, or as in `LANG`); an empty one means the system's.
#[must_use]
pub fn of(language: &str) -> Words {
    let system;
    let language = if language.is_empty() {
        system = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .unwrap_or_default();
        &system
    } else {
        language
    };
    match language.get(..2) {
        Some("de") => GERMAN,
        _ => ENGLISH,
    }
}
