//! What the account has in stock: templates, and what it hands over after onboarding.

use serde_json::{Map, Value, json};

use super::Sim;
use crate::customer::Customer;
use crate::error::{Result, SimError};
use crate::history::{OldMessage, PreparedHistory};
use crate::ids;
use crate::templates::Template;
use crate::world::World;

/// # Templates, history, address book
impl Sim {
    /// Adds a template as Meta would list it; `name` and `components` are enough. One with the
    /// same name and language is replaced.
    pub fn add_template(&self, listed: Value) -> Result<()> {
        let Value::Object(listed) = listed else {
            return Err(SimError::Malformed(
                "a template is a JSON object".to_owned(),
            ));
        };
        if listed.get("name").and_then(Value::as_str).is_none() {
            return Err(SimError::Malformed("a template needs a name".to_owned()));
        }
        self.core.change(|world, _| {
            world.put_template(listed);
        });
        Ok(())
    }

    /// Adds the built-in templates of the workshop "Quill & Spoke".
    pub fn add_built_in_templates(&self) {
        self.core.change(|world, _| {
            for listed in crate::library::templates() {
                world.put_template(listed);
            }
        });
    }

    /// Everything as listed.
    #[must_use]
    pub fn templates(&self) -> Vec<Value> {
        let world = self.core.world();
        let listed = world.templates.iter().map(|t| t.listed.clone());
        listed.map(Value::Object).collect()
    }

    /// Changes a template's status and tells it as Meta does.
    pub fn set_template_status(&self, name: &str, language: &str, status: &str) -> Result<()> {
        self.core.change(|world, now| {
            let template = world
                .templates
                .iter_mut()
                .find(|template| template.name() == name && template.language() == language)
                .ok_or_else(|| SimError::UnknownTemplate {
                    name: name.to_owned(),
                    language: language.to_owned(),
                })?;
            template.listed.insert("status".to_owned(), json!(status));
            let mut value = json!({
                "event": status,
                "message_template_id": template.text("id").parse::<u64>().unwrap_or(0),
                "message_template_name": name,
                "message_template_language": language,
                "reason": "NONE",
                "message_template_category": template.category(),
            });
            match status {
                "PAUSED" => {
                    value["other_info"] = json!({
                        "title": "FIRST_PAUSE",
                        "description": "The template was paused because of negative feedback.",
                    });
                }
                "REJECTED" => {
                    value["reason"] = json!("INVALID_FORMAT");
                    value["rejection_info"] = json!({
                        "reason": "Two variables stand next to each other.",
                        "recommendation": "Put words between the variables.",
                    });
                    template
                        .listed
                        .insert("rejected_reason".to_owned(), json!("INVALID_FORMAT"));
                }
                "DISABLED" => value["disable_info"] = json!({ "disable_date": now.secs() }),
                _ => {}
            }
            let waba_id = world.account.waba_id.clone();
            world.post_account_field(waba_id, "message_template_status_update", value, now);
            Ok(())
        })
    }

    /// What is handed over when the business asks for the history of its phone.
    pub fn prepare_history(&self, threads: Vec<(Customer, Vec<OldMessage>)>) {
        let threads = threads
            .into_iter()
            .map(|(customer, messages)| (customer.id(), messages))
            .collect();
        self.core
            .change(|world, _| world.history = Some(PreparedHistory::Threads(threads)));
    }

    /// The owner refused to share the history.
    pub fn decline_history(&self) {
        self.core
            .change(|world, _| world.history = Some(PreparedHistory::Declined));
    }

    /// Onboards the number anew, as of now: synchronisation may be asked for once more.
    pub fn onboard_again(&self) {
        self.core.change(|world, now| {
            for number in &mut world.numbers {
                number.onboarded_at = now;
                number.contacts_synced = false;
                number.history_synced = false;
            }
        });
    }
}

impl World {
    pub(crate) fn put_template(&mut self, listed: Map<String, Value>) {
        let World { templates, rng, .. } = self;
        let template = Template::from_listed(listed, || format!("70{}", ids::digits(rng, 13)));
        let same = templates
            .iter_mut()
            .find(|old| old.name() == template.name() && old.language() == template.language());
        match same {
            Some(old) => *old = template,
            None => templates.push(template),
        }
    }
}
