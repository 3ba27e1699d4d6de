//! Statements over many rows at once.
//!
//! A statement costs its way to the database and back, which for a small row is most of what it
//! costs. So what a batch of webhooks writes goes out by the dozen. The rows of one statement stand
//! in its text, and a text that varies is prepared anew each time; hence a few fixed sizes, the
//! largest that still fits first.

use std::sync::LazyLock;

use super::Conn;

/// Rows per statement. Three texts of each statement are kept prepared.
const SIZES: [usize; 3] = [64, 8, 1];

/// A statement in its sizes: `before ($1, $2), ($3, $4), … after`.
///
/// SQLite gets `?` instead of numbers: it finds a numbered one by walking along all of them.
pub(super) struct Many {
    sqlite: [String; SIZES.len()],
    postgres: [String; SIZES.len()],
}

/// Kept for the life of the process, because the text is what the driver knows it by.
pub(super) type Lazily = LazyLock<Many>;

impl Many {
    /// `columns` values per row.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let text = |rows: usize, place: fn(usize) -> String| {
            let rows = (0..rows)
                .map(|row| {
                    let values = (1..=columns)
                        .map(|column| place(row * columns + column))
                        .collect::<Vec<_>>();
                    format!("({})", values.join(", "))
                })
                .collect::<Vec<_>>();
            format!("{before} {} {after}", rows.join(", "))
        };
        Self {
            sqlite: SIZES.map(|rows| text(rows, |_| "?".to_owned())),
            postgres: SIZES.map(|rows| text(rows, |no| format!("${no}"))),
        }
    }

    /// The rows in portions, each with the text for as many.
    pub(super) fn of<'a, T>(&'a self, conn: &Conn, rows: &'a [T]) -> Portions<'a, T> {
        match conn {
            Conn::Sqlite(_) => self.for_sqlite(rows),
            Conn::Postgres(_) => self.for_postgres(rows),
        }
    }

    pub(super) fn for_sqlite<'a, T>(&'a self, rows: &'a [T]) -> Portions<'a, T> {
        let texts = &self.sqlite;
        Portions { texts, rows }
    }

    pub(super) fn for_postgres<'a, T>(&'a self, rows: &'a [T]) -> Portions<'a, T> {
        let texts = &self.postgres;
        Portions { texts, rows }
    }
}

pub(super) struct Portions<'a, T> {
    texts: &'a [String; SIZES.len()],
    rows: &'a [T],
}

impl<'a, T> Iterator for Portions<'a, T> {
    type Item = (&'a str, &'a [T]);

    fn next(&mut self) -> Option<Self::Item> {
        let (size, text) = SIZES
            .iter()
            .zip(self.texts)
            .find(|(size, _)| **size <= self.rows.len())?;
        let (some, rest) = self.rows.split_at(*size);
        self.rows = rest;
        Some((text.as_str(), some))
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
            for ((text, some), (marks, others)) in
                many.for_postgres(&rows).zip(many.for_sqlite(&rows))
            {
                assert_eq!(some, others);
                assert_eq!(marks.matches('?').count(), some.len() * 2);
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
