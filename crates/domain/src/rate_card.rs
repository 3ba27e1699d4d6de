//! What messages cost: Meta's rate card, as an administrator has loaded it, and the month's count.
//!
//! Meta charges per delivered message, by category and by the country of the recipient's number
//! (platform notes, section 13). Its webhooks name the category and never an amount. So amounts are
//! shown only from a card that somebody has loaded, as an estimate and with its date.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    price::{PriceCategory, PriceClass},
};

/// Millionths of the card's currency, so that sums are exact.
pub type Micros = i64;

/// Prices by country and category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateCard {
    /// ISO 4217.
    pub currency: String,
    pub loaded_at: Time,
    /// By country (ISO 3166, two letters), then category.
    pub rates: BTreeMap<String, BTreeMap<RatedCategory, Micros>>,
}

/// The categories that a card has columns for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatedCategory {
    Marketing,
    Utility,
    Authentication,
    AuthenticationInternational,
    Service,
}

impl RatedCategory {
    /// Under which column a message is charged. `None`: it costs nothing, or nobody knows.
    #[must_use]
    pub const fn of(category: &PriceCategory) -> Option<Self> {
        Some(match category {
            PriceCategory::Marketing | PriceCategory::MarketingLite => Self::Marketing,
            PriceCategory::Utility => Self::Utility,
            PriceCategory::Authentication => Self::Authentication,
            PriceCategory::AuthenticationInternational => Self::AuthenticationInternational,
            PriceCategory::Service => Self::Service,
            PriceCategory::ReferralConversion | PriceCategory::Other(_) => return None,
        })
    }
}

/// So many messages of one kind to one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Charged {
    pub class: PriceClass,
    pub category: PriceCategory,
    /// ISO 3166, two letters; `None` if the number is hidden.
    pub country: Option<String>,
    pub count: u32,
}

impl Charged {
    /// Whether Meta bills it: the class says so, in `pricing.type`.
    #[must_use]
    pub const fn is_billed(&self) -> bool {
        matches!(self.class, PriceClass::Regular)
    }
}

/// What the messages cost by the card.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[ts(export)]
pub struct Estimate {
    /// ISO 4217.
    pub currency: String,
    /// Millionths.
    pub micros: i64,
    /// Billed messages that the card has a price for, and those it has none for.
    pub counted: u32,
    pub not_counted: u32,
    /// When the card was loaded.
    pub card_of: Time,
}

impl RateCard {
    #[must_use]
    pub fn rate(&self, country: &str, category: &PriceCategory) -> Option<Micros> {
        let rates = self.rates.get(country)?;
        let category = RatedCategory::of(category)?;
        // Cards before October 2026 have no column for service messages, which are charged at the
        // utility rate (section 13).
        rates.get(&category).copied().or_else(|| match category {
            RatedCategory::Service => rates.get(&RatedCategory::Utility).copied(),
            _ => None,
        })
    }

    #[must_use]
    pub fn estimate(&self, charged: &[Charged]) -> Estimate {
        let mut estimate = Estimate {
            currency: self.currency.clone(),
            card_of: self.loaded_at,
            ..Estimate::default()
        };
        for line in charged.iter().filter(|line| line.is_billed()) {
            let rate = line
                .country
                .as_deref()
                .and_then(|country| self.rate(country, &line.category));
            match rate {
                Some(rate) => {
                    estimate.micros = estimate
                        .micros
                        .saturating_add(rate.saturating_mul(i64::from(line.count)));
                    estimate.counted = estimate.counted.saturating_add(line.count);
                }
                None => estimate.not_counted = estimate.not_counted.saturating_add(line.count),
            }
        }
        estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(class: PriceClass, category: PriceCategory, country: &str, count: u32) -> Charged {
        Charged {
            class,
            category,
            country: (!country.is_empty()).then(|| country.to_owned()),
            count,
        }
    }

    fn card() -> RateCard {
        RateCard {
            currency: "EUR".into(),
            loaded_at: Time::from_millis(7),
            rates: [(
                "DE".to_owned(),
                [
                    (RatedCategory::Marketing, 113_100),
                    (RatedCategory::Utility, 45_600),
                ]
                .into_iter()
                .collect(),
            )]
            .into_iter()
            .collect(),
        }
    }

    #[test]
    fn only_what_is_billed_costs_and_service_costs_as_utility() {
        let estimate = card().estimate(&[
            line(PriceClass::Regular, PriceCategory::Marketing, "DE", 2),
            line(PriceClass::Regular, PriceCategory::Service, "DE", 10),
            line(
                PriceClass::FreeCustomerService,
                PriceCategory::Service,
                "DE",
                900,
            ),
        ]);
        assert_eq!(estimate.micros, 2 * 113_100 + 10 * 45_600);
        assert_eq!((estimate.counted, estimate.not_counted), (12, 0));
    }

    #[test]
    fn what_the_card_does_not_know_is_said_and_not_guessed() {
        let estimate = card().estimate(&[
            line(PriceClass::Regular, PriceCategory::Utility, "FR", 3),
            line(PriceClass::Regular, PriceCategory::Utility, "", 1),
            line(PriceClass::Regular, PriceCategory::Authentication, "DE", 1),
        ]);
        assert_eq!((estimate.micros, estimate.not_counted), (0, 5));
    }
}
