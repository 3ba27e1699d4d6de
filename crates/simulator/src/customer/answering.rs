//! What a customer does with messages that are there: tap, pick, react, edit, delete, read.

use serde_json::{Value, json};

use super::Customer;
use crate::error::{Result, SimError};
use crate::ids::Wamid;
use crate::statuses::Status;
use crate::world::Direction;

/// # Answering what they got
impl Customer {
    /// Taps a button of a message or template, by its label, id or payload.
    pub async fn taps(&self, message: impl Into<Wamid>, button: &str) -> Result<Wamid> {
        let id = message.into();
        let message = self.sim.message(id.clone())?;
        let context = self.context(&id);
        if let Some(template) = &message.template {
            let cards = template.cards.iter().flat_map(|card| &card.buttons);
            let all: Vec<_> = template.buttons.iter().chain(cards).collect();
            let tapped = all.iter().find(|b| {
                b.kind == "QUICK_REPLY" && (b.text == button || b.value.as_deref() == Some(button))
            });
            let Some(tapped) = tapped else {
                let has = all.iter().map(|b| b.text.clone()).collect();
                return Err(nothing_to_tap(id, button, has));
            };
            let payload = tapped.value.clone().unwrap_or_else(|| tapped.text.clone());
            return self
                .sends(json!({
                    "type": "button",
                    "button": { "payload": payload, "text": tapped.text },
                    "context": context,
                }))
                .await;
        }
        let buttons = message
            .body
            .get("interactive")
            .and_then(|interactive| interactive["action"]["buttons"].as_array())
            .cloned()
            .unwrap_or_default();
        let tapped = buttons.iter().map(|b| &b["reply"]).find(|reply| {
            reply["id"].as_str() == Some(button) || reply["title"].as_str() == Some(button)
        });
        let Some(reply) = tapped else {
            let titles = buttons.iter().filter_map(|b| b["reply"]["title"].as_str());
            let has = titles.map(ToOwned::to_owned).collect();
            return Err(nothing_to_tap(id, button, has));
        };
        let reply = json!({ "id": reply["id"], "title": reply["title"] });
        self.sends(json!({
            "type": "interactive",
            "interactive": { "type": "button_reply", "button_reply": reply },
            "context": context,
        }))
        .await
    }

    /// Picks a row of a list message, by its title or id.
    pub async fn picks(&self, message: impl Into<Wamid>, row: &str) -> Result<Wamid> {
        let id = message.into();
        let message = self.sim.message(id.clone())?;
        let context = self.context(&id);
        let sections = message
            .body
            .get("interactive")
            .and_then(|interactive| interactive["action"]["sections"].as_array())
            .cloned()
            .unwrap_or_default();
        let rows: Vec<&Value> = sections
            .iter()
            .filter_map(|section| section["rows"].as_array())
            .flatten()
            .collect();
        let picked = rows
            .iter()
            .find(|r| r["id"].as_str() == Some(row) || r["title"].as_str() == Some(row));
        let Some(picked) = picked else {
            let titles = rows.iter().filter_map(|r| r["title"].as_str());
            let has = titles.map(ToOwned::to_owned).collect();
            return Err(nothing_to_tap(id, row, has));
        };
        self.sends(json!({
            "type": "interactive",
            "interactive": { "type": "list_reply", "list_reply": picked },
            "context": context,
        }))
        .await
    }

    /// Completes a flow; `answers` travels as a string of JSON.
    pub async fn completes_flow(
        &self,
        message: impl Into<Wamid>,
        answers: &Value,
    ) -> Result<Wamid> {
        let context = self.context(&message.into());
        let reply = json!({ "response_json": answers.to_string(), "body": "Sent", "name": "flow" });
        self.sends(json!({
            "type": "interactive",
            "interactive": { "type": "nfm_reply", "nfm_reply": reply },
            "context": context,
        }))
        .await
    }

    pub async fn reacts(&self, to: impl Into<Wamid>, emoji: &str) -> Result<Wamid> {
        let reaction = json!({ "message_id": to.into(), "emoji": emoji });
        self.sends(json!({ "type": "reaction", "reaction": reaction }))
            .await
    }

    /// Takes a reaction back: the emoji is missing then.
    pub async fn unreacts(&self, to: impl Into<Wamid>) -> Result<Wamid> {
        let reaction = json!({ "message_id": to.into() });
        self.sends(json!({ "type": "reaction", "reaction": reaction }))
            .await
    }

    /// Changes the words of an own message: text or caption.
    pub async fn edits(&self, message: impl Into<Wamid>, text: &str) -> Result<Wamid> {
        let id = message.into();
        let edit = self
            .sim
            .core
            .change(|world, _| world.edit_body(&id, text))?;
        self.sends(json!({ "type": "edit", "edit": edit })).await
    }

    /// Deletes an own message for everyone.
    pub async fn revokes(&self, message: impl Into<Wamid>) -> Result<Wamid> {
        let id = message.into();
        self.sim.core.change(|world, _| {
            if let Ok(message) = world.message_mut(&id) {
                message.revoked = true;
            }
        });
        let revoke = json!({ "original_message_id": id });
        self.sends(json!({ "type": "revoke", "revoke": revoke }))
            .await
    }

    /// Reads a message, and with it all before it that they had not read.
    pub async fn reads(&self, message: impl Into<Wamid>) -> Result<()> {
        let id = message.into();
        self.sim.core.change(|world, now| {
            let at = self.at.unwrap_or(now);
            let until = world.message(&id)?.at;
            let inbox = world.person(self.id)?.inbox.clone();
            let unread: Vec<Wamid> = inbox
                .into_iter()
                .filter_map(|id| world.messages.get(&id))
                .filter(|m| m.direction == Direction::FromApi && m.kind != "reaction")
                .filter(|m| m.at <= until && !m.statuses.contains(&Status::Read))
                .map(|m| m.id.clone())
                .collect();
            for unread in unread {
                world.schedule.forget(&unread);
                let told = world.message(&unread)?.statuses.clone();
                for status in [Status::Sent, Status::Delivered] {
                    if !told.contains(&status) {
                        world.tell_status(&unread, status, at)?;
                    }
                }
                world.tell_status(&unread, Status::Read, at)?;
            }
            Ok(())
        })
    }

    /// Plays a voice message for the first time.
    pub async fn plays(&self, message: impl Into<Wamid>) -> Result<()> {
        self.sim.status(message, Status::Played)
    }
}

fn nothing_to_tap(message: Wamid, wanted: &str, has: Vec<String>) -> SimError {
    SimError::NothingToTap {
        message,
        wanted: wanted.to_owned(),
        has,
    }
}
