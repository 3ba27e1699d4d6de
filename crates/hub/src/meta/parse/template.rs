//! Events about templates (section 6).
//!
//! They are told apart by what they contain and not by the name of the field: Meta's own example
//! of a quality update carries the name of the status update (section 17, 2).

use ajar_domain::{
    TemplateId,
    template::{Category, TemplateStatus},
};

use super::{
    super::{
        inbound::{Inbound, Rejected, RejectedWhy, TemplateChange, TemplateEvent},
        node::Node,
    },
    Change,
};

pub(super) fn read(change: &Change<'_>) -> Result<Inbound, Rejected> {
    let value = change.value;
    let rejected = |why| change.rejected("template", why);
    let template = value
        .get("message_template_id")
        .id()
        .ok_or_else(|| rejected(RejectedWhy::NoId))?;
    let what = what(value).ok_or_else(|| rejected(RejectedWhy::NoChange))?;
    Ok(Inbound::Template(TemplateEvent {
        template: TemplateId::new(template),
        name: value.get("message_template_name").words(),
        language: value.get("message_template_language").words(),
        at: change.entry.at,
        change: what,
    }))
}

fn what(value: Node<'_>) -> Option<TemplateChange> {
    if let Some(event) = value.get("event").kind() {
        return Some(TemplateChange::Status {
            status: status(&event),
            event,
            reason: reason(value),
            category: value.get("message_template_category").str().map(category),
        });
    }
    if let Some(now) = value.get("new_quality_score").kind() {
        return Some(TemplateChange::Quality {
            previous: value.get("previous_quality_score").kind(),
            now,
        });
    }
    let named = |key: &str| value.get(key).str().map(category);
    if value.get("new_category").is_some() || value.get("correct_category").is_some() {
        return Some(TemplateChange::Category {
            now: named("new_category"),
            // Announced: `new_category` is the present one, and this is what it becomes.
            next: named("correct_category"),
            previous: named("previous_category"),
            moves_at: value.get("category_update_timestamp").time(),
        });
    }
    ["element", "title", "footer", "buttons"]
        .iter()
        .any(|part| value.get(&format!("message_template_{part}")).is_some())
        .then_some(TemplateChange::Components)
}

/// The most telling of the places where Meta explains an event.
fn reason(value: Node<'_>) -> Option<String> {
    [
        value.get("rejection_info").get("reason"),
        value.get("other_info").get("description"),
        value.get("other_info").get("title"),
        value.get("reason"),
    ]
    .into_iter()
    .find_map(Node::words)
    .filter(|reason| reason != "NONE")
}

/// Meta's words for a template's state, in listings and in events alike.
pub(in super::super) fn status(word: &str) -> TemplateStatus {
    match word {
        "APPROVED" | "REINSTATED" => TemplateStatus::Approved,
        "PENDING" => TemplateStatus::Pending,
        "REJECTED" => TemplateStatus::Rejected,
        "PAUSED" => TemplateStatus::Paused,
        "DISABLED" => TemplateStatus::Disabled,
        // Flagged, archived, limit exceeded, in appeal, locked, being deleted, deleted.
        _ => TemplateStatus::Other,
    }
}

pub(in super::super) fn category(word: &str) -> Category {
    match word {
        "UTILITY" => Category::Utility,
        "MARKETING" => Category::Marketing,
        "AUTHENTICATION" => Category::Authentication,
        _ => Category::Other,
    }
}
