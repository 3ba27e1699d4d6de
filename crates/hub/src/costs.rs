//! What the month's messages cost: Meta's own counts, and a rate card where one is loaded.
//!
//! Meta publishes its rates as a table with a row for each country, or for each of its markets, and
//! a column for each category. Its layout has changed over time, so this reads by the names of the
//! columns: lines before the header are skipped, columns that nobody knows are left out, and rows
//! of a region ("Rest of Western Europe") are left out too, because the table does not say which
//! countries belong to it. Whatever has no price is counted as such and never guessed.

use std::collections::BTreeMap;

use ajar_domain::{
    InboxId, Time,
    customer::PhoneNumber,
    outgoing::{OutgoingProblem, Trouble},
    price::PriceCategory,
    rate_card::{Micros, RateCard, RatedCategory},
};
use ajar_protocol::ui::CostReport;
use chrono::Datelike;

use crate::store::{Conn, Result};

/// Service messages that cost nothing, per number and month (platform notes, section 13).
const ALLOWANCE: u32 = 1000;

/// Counts the month up to now.
pub(crate) async fn report(conn: &mut Conn, inbox: &InboxId, now: Time) -> Result<CostReport> {
    let since = month_of(now);
    let lines = conn.charged(inbox, since).await?;
    let card = conn.rate_card().await?;
    let sum = |counts: &dyn Fn(&ajar_domain::rate_card::Charged) -> bool| {
        lines
            .iter()
            .filter(|line| counts(line))
            .fold(0_u32, |sum, line| sum.saturating_add(line.count))
    };
    Ok(CostReport {
        since,
        billed: sum(&|line| line.is_billed()),
        free: sum(&|line| !line.is_billed()),
        allowance: ALLOWANCE,
        service: sum(&|line| line.category == PriceCategory::Service),
        estimate: card.map(|card| card.estimate(&lines)),
        lines,
    })
}

/// The first moment of the month in UTC. Meta does not say by which zone it counts.
fn month_of(now: Time) -> Time {
    now.to_datetime()
        .and_then(|now| now.date_naive().with_day(1))
        .and_then(|first| first.and_hms_opt(0, 0, 0))
        .map_or(now, |first| Time::from_datetime(first.and_utc()))
}

/// The country of a number, as Meta charges it: by its code.
pub(crate) fn country_of(number: &PhoneNumber) -> Option<String> {
    let parsed = phonenumber::parse(None, format!("+{}", number.digits())).ok()?;
    let country = parsed.country().id().or_else(|| {
        // Numbers of no particular place in a shared code (+1 555 …): its main country.
        let code = parsed.code().value();
        let regions = phonenumber::metadata::DATABASE.region(&code)?;
        regions.first()?.parse().ok()
    })?;
    Some(country.as_ref().to_owned())
}

/// Reads a rate card.
///
/// # Errors
/// What is wrong with it, by `line.<number>`, or `csv` for the whole.
pub(crate) fn read_card(
    csv: &str,
    loaded_at: Time,
) -> std::result::Result<RateCard, Vec<OutgoingProblem>> {
    let whole = |trouble| {
        vec![OutgoingProblem {
            field: "csv".into(),
            trouble,
        }]
    };
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(csv.as_bytes());
    let mut columns: Option<Columns> = None;
    let mut card = RateCard {
        loaded_at,
        ..RateCard::default()
    };
    let mut problems = Vec::new();
    for (index, record) in lines.records().enumerate() {
        let Ok(record) = record else {
            return Err(whole(Trouble::WrongCharacter));
        };
        let Some(known) = &columns else {
            columns = Columns::of(&record);
            continue;
        };
        if let Err(trouble) = known.take(&record, &mut card) {
            problems.push(OutgoingProblem {
                field: format!("line.{}", index + 1),
                trouble,
            });
        }
    }
    if !problems.is_empty() {
        problems.truncate(20);
        return Err(problems);
    }
    if card.rates.is_empty() {
        return Err(whole(Trouble::Empty));
    }
    Ok(card)
}

/// Where in a row what stands.
struct Columns {
    country: usize,
    currency: usize,
    rates: Vec<(usize, RatedCategory)>,
}

impl Columns {
    /// The header, if this is it.
    fn of(record: &csv::StringRecord) -> Option<Self> {
        let at = |names: &[&str]| {
            record
                .iter()
                .position(|cell| names.contains(&plain(cell).as_str()))
        };
        let rates: Vec<(usize, RatedCategory)> = record
            .iter()
            .enumerate()
            .filter_map(|(index, cell)| {
                let category = match plain(cell).as_str() {
                    "marketing" => RatedCategory::Marketing,
                    "utility" => RatedCategory::Utility,
                    "authentication" => RatedCategory::Authentication,
                    "authenticationinternational" => RatedCategory::AuthenticationInternational,
                    "service" => RatedCategory::Service,
                    _ => return None,
                };
                Some((index, category))
            })
            .collect();
        if rates.is_empty() {
            return None;
        }
        Some(Self {
            country: at(&["market", "country", "countryregion", "countrycode"])?,
            currency: at(&["currency"])?,
            rates,
        })
    }

    fn take(
        &self,
        record: &csv::StringRecord,
        card: &mut RateCard,
    ) -> std::result::Result<(), Trouble> {
        let Some(country) = record.get(self.country).and_then(country_named) else {
            return Ok(());
        };
        let currency = currency_in(record.get(self.currency).unwrap_or_default());
        let currency = currency.ok_or(Trouble::WrongCharacter)?;
        if card.currency.is_empty() {
            card.currency = currency;
        } else if card.currency != currency {
            return Err(Trouble::Repeated);
        }
        let mut rates = BTreeMap::new();
        for (index, category) in &self.rates {
            let cell = record.get(*index).unwrap_or_default();
            // Meta writes "n/a" where it sells none.
            if cell.is_empty() || plain(cell) == "na" {
                continue;
            }
            rates.insert(*category, micros(cell).ok_or(Trouble::NotANumber)?);
        }
        card.rates.insert(country, rates);
        Ok(())
    }
}

fn plain(cell: &str) -> String {
    cell.chars()
        .filter(|sign| sign.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect()
}

/// `USD`, also as `$US` or `USD ($)`.
fn currency_in(cell: &str) -> Option<String> {
    if cell.trim() == "$US" {
        return Some("USD".into());
    }
    cell.split(|sign: char| !sign.is_ascii_alphabetic())
        .find(|word| word.len() == 3)
        .map(str::to_ascii_uppercase)
}

/// The code of a country by its code or its English name; `None` for regions.
fn country_named(cell: &str) -> Option<String> {
    let cell = cell.trim();
    let code = cell.to_ascii_uppercase();
    if let Some(country) = rust_iso3166::from_alpha2(&code) {
        return Some(country.alpha2.to_owned());
    }
    // Names in daily use that differ from the standard's.
    let known = match plain(cell).as_str() {
        "unitedkingdom" => Some("GB"),
        "unitedstates" => Some("US"),
        "unitedarabemirates" => Some("AE"),
        "netherlands" => Some("NL"),
        "turkey" | "turkiye" | "türkiye" => Some("TR"),
        "russia" => Some("RU"),
        "southkorea" => Some("KR"),
        _ => None,
    };
    let named = || {
        rust_iso3166::ALL
            .iter()
            .find(|country| plain(country.name) == plain(cell))
            .map(|country| country.alpha2)
    };
    known.or_else(named).map(str::to_owned)
}

/// A price with a point, as millionths: `0.0456`, `$0.0456`.
fn micros(cell: &str) -> Option<Micros> {
    let number: String = cell
        .chars()
        .filter(|sign| sign.is_ascii_digit() || *sign == '.')
        .collect();
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    if number.is_empty() || part.contains('.') || part.len() > 12 {
        return None;
    }
    let whole: Micros = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part: Micros = format!("{part:0<6}").get(..6)?.parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "WhatsApp Business Platform,,,,,,\n\
        Rates effective October 1,,,,,,\n\
        Market,Currency,Marketing,Utility,Authentication,Authentication-International,Service\n\
        Germany,USD,0.1365,0.055,0.055,n/a,0.055\n\
        United Kingdom,USD,0.0529,0.022,,n/a,\n\
        BR,USD,$0.0625,0.0068,0.0068,n/a,0.0068\n\
        Rest of Western Europe,USD,0.06,0.0171,0.0171,n/a,0.0171\n";

    fn read(csv: &str) -> std::result::Result<RateCard, Vec<String>> {
        read_card(csv, Time::from_millis(1))
            .map_err(|problems| problems.into_iter().map(|found| found.field).collect())
    }

    #[test]
    fn metas_table_is_read_by_its_columns() {
        let card = read(CARD).expect("a card");
        assert_eq!(card.currency, "USD");
        let countries: Vec<&str> = card.rates.keys().map(String::as_str).collect();
        assert_eq!(countries, ["BR", "DE", "GB"]);
        assert_eq!(card.rate("DE", &PriceCategory::Marketing), Some(136_500));
        assert_eq!(card.rate("BR", &PriceCategory::Marketing), Some(62_500));
        assert_eq!(card.rate("GB", &PriceCategory::Service), Some(22_000));
        assert_eq!(card.rate("GB", &PriceCategory::Authentication), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = CARD.replace("$0.0625", "six cents");
        assert_eq!(read(&wrong), Err(vec!["line.6".to_owned()]));
        let mixed = CARD.replace("BR,USD", "BR,EUR");
        assert_eq!(read(&mixed), Err(vec!["line.6".to_owned()]));
        for no_card in ["", "a,b,c\n1,2,3\n", "Market,Currency,Marketing\n"] {
            assert_eq!(read(no_card), Err(vec!["csv".to_owned()]), "{no_card:?}");
        }
    }

    #[test]
    fn numbers_belong_to_countries() {
        let of = |digits| country_of(&PhoneNumber::from_digits(digits).expect("a number"));
        assert_eq!(of("4915112345678").as_deref(), Some("DE"));
        assert_eq!(of("15550100001").as_deref(), Some("US"));
        assert_eq!(of("5511987654321").as_deref(), Some("BR"));
    }

    #[test]
    fn a_month_begins_at_its_first_midnight() {
        let now = Time::from_datetime(
            "2026-11-23T02:42:00Z"
                .parse::<chrono::DateTime<chrono::Utc>>()
                .expect("a date"),
        );
        assert_eq!(
            month_of(now).to_datetime().map(|first| first.to_rfc3339()),
            Some("2026-11-01T00:00:00+00:00".to_owned())
        );
    }
}
