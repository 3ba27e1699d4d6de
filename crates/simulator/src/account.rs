//! The business account: its ids, its secrets, and whether Meta lets it send at all.

use serde::{Deserialize, Serialize};

use crate::graph::GraphError;

/// What Meta thinks of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    #[default]
    Connected,
    /// The phone was changed or registered anew; sends fail until it reconnects.
    Offboarded,
    /// The owner disconnected the partner: the token sees nothing any more.
    PartnerRemoved,
    /// Policy restriction.
    Restricted,
    /// Locked by Meta.
    Locked,
    /// No valid payment method.
    Unpaid,
    /// Being moved to higher throughput.
    Maintenance,
}

impl AccountState {
    /// What a send is answered with in this state.
    pub(crate) fn refusal(self) -> Option<GraphError> {
        let code = match self {
            AccountState::Connected => return None,
            AccountState::Offboarded => 133_010,
            AccountState::PartnerRemoved => 10,
            AccountState::Restricted => 368,
            AccountState::Locked => 131_031,
            AccountState::Unpaid => 131_042,
            AccountState::Maintenance => 131_057,
        };
        Some(GraphError::of(code))
    }
}

/// Ids and secrets. Its `Debug` hides the secrets.
#[derive(Clone)]
pub(crate) struct Account {
    pub waba_id: String,
    pub app_id: String,
    pub business_id: String,
    /// The partner's own portfolio: entry id of the `PARTNER_…` webhooks.
    pub partner_id: String,
    pub app_secret: String,
    pub verify_token: String,
    pub access_token: String,
    /// An expired token is refused with 190 like a wrong one, but says so.
    pub token_expired: bool,
    pub state: AccountState,
    /// Set by `POST /{waba}/subscribed_apps`; the address given there goes before the app's own.
    pub override_url: Option<String>,
    pub subscribed: bool,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("waba_id", &self.waba_id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
