//! What a message cost, by class. Amounts of money are never in a webhook (platform notes,
//! section 13): they come from a rate card, or are not shown.

use serde::{Deserialize, Serialize};

/// As Meta reported it with a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Price {
    pub class: PriceClass,
    pub category: PriceCategory,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PriceClass {
    Regular,
    FreeCustomerService,
    FreeEntryPoint,
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PriceCategory {
    Authentication,
    AuthenticationInternational,
    Marketing,
    MarketingLite,
    ReferralConversion,
    Service,
    Utility,
    Other(String),
}
