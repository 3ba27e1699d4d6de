//! Texts with variables: `Hello {{1}}`, `Hello {{first_name}}`.

/// The variables of a text in order of first appearance, without repetition.
#[must_use]
pub fn variables(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece
            && !found.iter().any(|known| known == name)
        {
            found.push(name.to_owned());
        }
    }
    found
}

enum Piece<'a> {
    Words(&'a str),
    Variable(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else {
            break;
        };
        out.push(Piece::Words(before));
        out.push(Piece::Variable(name.trim()));
        rest = tail;
    }
    out.push(Piece::Words(rest));
    out
}

/// The text with each variable replaced by its value; a variable without one stays visible.
#[must_use]
pub fn substitute(text: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Variable(name) => value_of(name).unwrap_or_else(|| format!("{{{{{name}}}}}")),
        })
        .collect()
}

/// Whether a variable is the first or the last thing in a text.
#[must_use]
pub(super) fn variable_at_the_edge(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") || text.ends_with("}}")
}
