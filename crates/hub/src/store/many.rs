//! Statements over many rows at once.
//!
//! A statement costs its way to the database and back, which for a small row is most of what it
//! costs. So what a batch of webhooks writes goes out by the dozen. The rows of one statement stand
//! in its text, and a text that varies is prepared anew each time; hence a few fixed sizes, the
//! largest that still fits first.

use std::sync::LazyLock;

/// Rows per statement. Three texts of each statement are kept prepared.
const SIZES: [usize; 3] = [64, 8, 1];

/// A statement in its sizes: `before ($1, $2), ($3, $4), … after`.
pub(super) struct Many([String; SIZES.len()]);

/// Kept for the life of the process, because the text is what the driver knows it by.
pub(super) type Lazily = LazyLock<Many>;

impl Many {
    /// `columns` values per row.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        Self(SIZES.map(|rows| {
            let rows = (0..rows)
                .map(|row| {
                    let values = (1..=columns)
                        .map(|column| format!("${}", row * columns + column))
                        .collect::<Vec<_>>();
                    format!("({})", values.join(", "))
                })
                .collect::<Vec<_>>();
            format!("{before} {} {after}", rows.join(", "))
        }))
    }

    /// The rows in portions, each with the text for as many.
    pub(super) fn of<'a, T>(
        &'a self,
        mut rows: &'a [T],
    ) -> impl Iterator<Item = (&'a str, &'a [T])> {
        std::iter::from_fn(move || {
            let (size, text) = SIZES
                .iter()
                .zip(&self.0)
                .find(|(size, _)| **size <= rows.len())?;
            let (some, rest) = rows.split_at(*size);
            rows = rest;
            Some((text.as_str(), some))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Many;

    #[test]
    fn every_row_is_in_one_portion_that_has_a_place_for_each_of_its_values() {
        let many = Many::new("INSERT INTO t VALUES", 2, "ON CONFLICT DO NOTHING");
        for count in [0, 1, 7, 8, 63, 64, 65, 200] {
            let rows: Vec<usize> = (0..count).collect();
            let mut seen = Vec::new();
            for (text, some) in many.of(&rows) {
                assert!(text.contains(&format!("${})", some.len() * 2)), "{text}");
                assert!(
                    !text.contains(&format!("${}", some.len() * 2 + 1)),
                    "{text}"
                );
                seen.extend_from_slice(some);
            }
            assert_eq!(seen, rows);
        }
    }
}
