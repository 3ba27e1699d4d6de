//! Saying things in webhooks that no customer or phone said, and where webhooks go.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use url::Url;

use super::Sim;
use crate::error::{Result, SimError};
use crate::ids;
use crate::payload::{self, Update};

/// # Webhooks
impl Sim {
    /// Where webhooks go from now on. What waited for an address leaves.
    pub fn set_webhook_url(&self, url: Url) {
        self.core.change(|world, _| world.outbound.url = Some(url));
        self.retry_webhooks_now();
    }

    /// What Meta does when an address is entered: asks it to answer the challenge.
    pub async fn verify_webhook(&self) -> Result<()> {
        let (url, verify_token) = {
            let world = self.core.world();
            let url = world.outbound.url.clone().ok_or(SimError::NoWebhookUrl)?;
            (url, world.account.verify_token.clone())
        };
        self.verify(url, &verify_token).await
    }

    pub(crate) async fn verify(&self, url: Url, verify_token: &str) -> Result<()> {
        let challenge = ids::digits(&mut self.core.world().rng, 10);
        let request = self.core.http.get(url).timeout(Duration::from_secs(10));
        let answer = request
            .query(&[
                ("hub.mode", "subscribe"),
                ("hub.challenge", &challenge),
                ("hub.verify_token", verify_token),
            ])
            .send()
            .await
            .map_err(|error| SimError::NotVerified(error.without_url().to_string()))?;
        let status = answer.status();
        let body = answer.text().await.unwrap_or_default();
        if status != reqwest::StatusCode::OK || body != challenge {
            let why = format!("it answered {status} with another body than the challenge");
            return Err(SimError::NotVerified(why));
        }
        Ok(())
    }

    /// Any change of any field, in the usual envelope. Message-like values get `metadata` of the
    /// first number unless they bring their own.
    pub fn webhook(&self, field: &str, mut value: Value) {
        const ACCOUNT_LIKE: [&str; 11] = [
            "account_update",
            "account_alerts",
            "account_review_update",
            "business_capability_update",
            "message_template_status_update",
            "message_template_quality_update",
            "message_template_components_update",
            "template_category_update",
            "phone_number_quality_update",
            "phone_number_name_update",
            "security",
        ];
        self.core.change(|world, now| {
            let account_like = ACCOUNT_LIKE.contains(&field);
            if !account_like
                && field != "messaging_handovers"
                && value.get("metadata").is_none()
                && let (Some(number), Some(object)) = (world.numbers.first(), value.as_object_mut())
                && let Value::Object(frame) = payload::value(number)
            {
                object.extend(frame);
            }
            world.post(&Update {
                entry_id: world.account.waba_id.clone(),
                time: account_like.then(|| now.secs()),
                field: field.to_owned(),
                value,
            });
        });
    }

    /// Exactly this JSON as the whole body, escaped and signed as Meta does.
    pub fn raw_webhook(&self, body: &Value) -> u64 {
        self.raw_webhook_bytes(payload::to_bytes(body))
    }

    /// Exactly these bytes, which need not even be JSON, with a right signature.
    pub fn raw_webhook_bytes(&self, body: impl Into<Bytes>) -> u64 {
        self.core
            .change(|world, _| world.outbound.put_whole(body.into()))
    }
}
