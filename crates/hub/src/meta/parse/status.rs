//! Elements of `statuses`: how far a message of ours got (section 5).

use ajar_domain::{
    delivery::Receipt,
    failure::{Failure, Retry},
};

use super::{
    super::{
        errors,
        inbound::{Inbound, Price, PriceCategory, PriceClass, Rejected, RejectedWhy, StatusReport},
        node::Node,
    },
    Change, call,
    people::{self, Keys},
};

pub(super) fn read(change: &Change<'_>, node: Node<'_>) -> Result<Inbound, Rejected> {
    if node.get("type").str() == Some("call") {
        return call::status(change, node);
    }
    let kind = node.get("status").kind().unwrap_or_default();
    let rejected = |why| change.rejected(format!("status/{kind}"), why);
    if node.get("recipient_type").str() == Some("group") {
        return Ok(change.not_used("group_status"));
    }
    let receipt = match kind.as_str() {
        "sent" => Receipt::Sent,
        "delivered" => Receipt::Delivered,
        "read" => Receipt::Read,
        "played" => Receipt::Played,
        "failed" => Receipt::Failed,
        _ => return Ok(change.not_understood(format!("status/{kind}"))),
    };
    let wamid = node
        .get("id")
        .wamid()
        .ok_or_else(|| rejected(RejectedWhy::NoId))?;
    let at = node
        .get("timestamp")
        .time()
        .ok_or_else(|| rejected(RejectedWhy::NoTime))?;
    let (failure, retry) = (receipt == Receipt::Failed)
        .then(|| {
            errors::read_first(node.get("errors"))
                .unwrap_or_else(|| (Failure::unknown(), Retry::Never))
        })
        .unzip();
    Ok(Inbound::Status(StatusReport {
        wamid,
        receipt,
        at,
        failure,
        retry,
        callback_data: node.get("biz_opaque_callback_data").words(),
        recipient: people::customer(recipient(node), change.contacts),
        pricing: pricing(node.get("pricing")),
        free_until: free_until(node),
    }))
}

pub(super) fn recipient(node: Node<'_>) -> Keys {
    // Renamed during 2026 (section 17, 12).
    let parent = node.get("recipient_parent_user_id");
    let parent = if parent.is_some() {
        parent
    } else {
        node.get("parent_recipient_user_id")
    };
    Keys::of(
        node.get("recipient_id"),
        node.get("recipient_user_id"),
        parent,
    )
}

fn pricing(node: Node<'_>) -> Option<Price> {
    Some(Price {
        category: category(&node.get("category").kind()?),
        class: match node.get("type").kind().unwrap_or_default().as_str() {
            "regular" => PriceClass::Regular,
            "free_customer_service" => PriceClass::FreeCustomerService,
            "free_entry_point" => PriceClass::FreeEntryPoint,
            other => PriceClass::Other(other.to_owned()),
        },
    })
}

fn category(word: &str) -> PriceCategory {
    match word {
        "authentication" => PriceCategory::Authentication,
        // Written with a hyphen in the statuses and with an underscore elsewhere.
        "authentication-international" | "authentication_international" => {
            PriceCategory::AuthenticationInternational
        }
        "marketing" => PriceCategory::Marketing,
        "marketing_lite" => PriceCategory::MarketingLite,
        "referral_conversion" => PriceCategory::ReferralConversion,
        "service" => PriceCategory::Service,
        "utility" => PriceCategory::Utility,
        other => PriceCategory::Other(other.to_owned()),
    }
}

/// The end of the 72 hours after an advertisement. `conversation` of other kinds ended with
/// Graph v24 and was never a source for the window (section 1.6).
fn free_until(node: Node<'_>) -> Option<ajar_domain::Time> {
    let conversation = node.get("conversation");
    let origin = conversation.get("origin").get("type").str();
    let class = node.get("pricing").get("type").str();
    (origin == Some("referral_conversion") || class == Some("free_entry_point"))
        .then(|| conversation.get("expiration_timestamp").time())
        .flatten()
}
