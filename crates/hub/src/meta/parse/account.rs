//! Events about the account and its numbers (sections 2.9 and 6).

use super::{
    super::{
        inbound::{
            AccountChange, AccountEvent, DisconnectReason, Inbound, Rejected, RejectedWhy,
            Restriction,
        },
        node::Node,
    },
    Change,
};

pub(super) fn read(change: &Change<'_>) -> Result<Inbound, Rejected> {
    let value = change.value;
    let what = match change.field.as_str() {
        "account_update" => update(value),
        "account_alerts" => alert(value),
        "account_review_update" => value
            .get("decision")
            .kind()
            .map(|decision| AccountChange::Reviewed { decision }),
        "business_capability_update" => limit(value),
        "phone_number_quality_update" => value.get("event").kind().map(|meta_kind| {
            let limit = value.get("max_daily_conversations_per_business");
            AccountChange::Throughput {
                meta_kind,
                // Retired in February 2026.
                limit: limit.kind().or_else(|| value.get("current_limit").kind()),
            }
        }),
        "phone_number_name_update" => {
            value
                .get("decision")
                .kind()
                .map(|decision| AccountChange::NameDecided {
                    decision,
                    name: value.get("requested_verified_name").words(),
                    reason: value.get("rejection_reason").words(),
                })
        }
        "security" => value
            .get("event")
            .kind()
            .map(|meta_kind| AccountChange::Security { meta_kind }),
        _ => Some(AccountChange::Other {
            meta_kind: value
                .get("type")
                .kind()
                .unwrap_or_else(|| change.field.clone()),
        }),
    };
    let Some(what) = what else {
        return Err(change.rejected(change.field.clone(), RejectedWhy::NoChange));
    };
    Ok(Inbound::Account(AccountEvent {
        at: change.entry.at.or_else(|| value.get("timestamp").time()),
        // Partner events are filed under a portfolio and name the account inside.
        account: value
            .get("waba_info")
            .get("waba_id")
            .id()
            .or_else(|| change.entry.account.clone()),
        phone: [value.get("phone_number"), value.get("display_phone_number")]
            .into_iter()
            .find_map(Node::phone),
        change: what,
    }))
}

fn update(value: Node<'_>) -> Option<AccountChange> {
    let event = value.get("event").kind()?;
    Some(match event.as_str() {
        "PARTNER_REMOVED" => {
            let info = value.get("disconnection_info");
            AccountChange::Disconnected {
                reason: info.get("reason").kind().map(disconnect_reason),
                by: info.get("initiated_by").kind(),
            }
        }
        "ACCOUNT_OFFBOARDED" => AccountChange::Offboarded,
        "ACCOUNT_RECONNECTED" => AccountChange::Reconnected,
        "ACCOUNT_RESTRICTION" => AccountChange::Restricted {
            restrictions: value
                .get("restriction_info")
                .items()
                .filter_map(|info| {
                    Some(Restriction {
                        meta_kind: info.get("restriction_type").kind()?,
                        until: info.get("expiration").time(),
                        remediation: info.get("remediation").words(),
                    })
                })
                .collect(),
        },
        "ACCOUNT_VIOLATION" => AccountChange::Violation {
            meta_kind: value.get("violation_info").get("violation_type").kind(),
        },
        "DISABLED_UPDATE" => {
            let ban = value.get("ban_info");
            AccountChange::Disabled {
                state: ban.get("waba_ban_state").kind(),
                date: ban.get("waba_ban_date").kind(),
            }
        }
        "ACCOUNT_DELETED" => AccountChange::Deleted,
        "PARTNER_ADDED" => AccountChange::PartnerAdded,
        "PARTNER_APP_INSTALLED" => AccountChange::AppInstalled,
        "PARTNER_APP_UNINSTALLED" => AccountChange::AppUninstalled,
        _ => AccountChange::Other { meta_kind: event },
    })
}

fn disconnect_reason(word: String) -> DisconnectReason {
    match word.as_str() {
        "ACCOUNT_DISCONNECTED" => DisconnectReason::AccountDisconnected,
        "BUSINESS_DOWNGRADE" => DisconnectReason::BusinessDowngrade,
        "CHANGE_NUMBER" => DisconnectReason::ChangeNumber,
        "COMPANION_INACTIVITY" => DisconnectReason::CompanionInactivity,
        "PRIMARY_INACTIVITY" => DisconnectReason::PrimaryInactivity,
        "USER_RE_REGISTERED" => DisconnectReason::UserReRegistered,
        _ => DisconnectReason::Other(word),
    }
}

fn alert(value: Node<'_>) -> Option<AccountChange> {
    let info = value.get("alert_info");
    Some(AccountChange::Alert {
        severity: info.get("alert_severity").kind(),
        state: info.get("alert_status").kind(),
        meta_kind: info.get("alert_type").kind()?,
        description: info.get("alert_description").words(),
    })
}

/// A number here and a word elsewhere (section 17, 6): both are read. −1 is unlimited.
fn limit(value: Node<'_>) -> Option<AccountChange> {
    let limit = value.get("max_daily_conversations_per_business");
    let customers_per_day = match limit.str().and_then(|word| word.strip_prefix("TIER_")) {
        Some("UNLIMITED") => None,
        Some(tier) => Some(tier_size(tier)?),
        None => u64::try_from(limit.whole()?).ok(),
    };
    Some(AccountChange::Limit { customers_per_day })
}

/// `250`, `2K`, `100K`.
fn tier_size(tier: &str) -> Option<u64> {
    match tier.strip_suffix('K') {
        Some(thousands) => thousands.parse::<u64>().ok()?.checked_mul(1000),
        None => tier.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_is_read_from_a_number_and_from_a_tier() {
        let read = |value: serde_json::Value| {
            let value = json!({"max_daily_conversations_per_business": value});
            match limit(Node::of(&value)) {
                Some(AccountChange::Limit { customers_per_day }) => Some(customers_per_day),
                _ => None,
            }
        };
        assert_eq!(read(json!(2000)), Some(Some(2000)));
        assert_eq!(read(json!(-1)), Some(None));
        assert_eq!(read(json!("TIER_250")), Some(Some(250)));
        assert_eq!(read(json!("TIER_2K")), Some(Some(2000)));
        assert_eq!(read(json!("TIER_UNLIMITED")), Some(None));
        assert_eq!(read(json!("TIER_OF_TOMORROW")), None);
    }
}
