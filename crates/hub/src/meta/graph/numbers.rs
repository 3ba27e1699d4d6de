//! Questions about the account: its numbers, its webhook subscription, its token; and the one-shot
//! requests for the phone's past.

use ajar_domain::PhoneNumberId;
use serde_json::json;

use super::{super::node::Node, Graph, GraphError};

/// What Meta says about a business number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberInfo {
    pub id: PhoneNumberId,
    /// As people write it (`+1 555-078-3881`).
    pub display_number: Option<String>,
    pub verified_name: Option<String>,
    /// GREEN, YELLOW, RED.
    pub quality: Option<String>,
    /// On the WhatsApp Business app. With `platform` CLOUD_API: in Coexistence (section 2.1).
    pub is_on_biz_app: Option<bool>,
    pub platform: Option<String>,
    /// `TIER_250` … (section 12).
    pub messaging_limit: Option<String>,
}

/// An app that gets the account's webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribedApp {
    pub id: Option<String>,
    pub name: Option<String>,
    /// Set if the webhooks go to another address than the app's own.
    pub override_callback: Option<String>,
}

/// The one-shot synchronisations of Coexistence: once, within 24 hours of onboarding
/// (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneSync {
    Contacts,
    History,
}

impl Graph {
    /// # Errors
    /// [`GraphError`].
    pub async fn phone_number(&self, id: &PhoneNumberId) -> Result<NumberInfo, GraphError> {
        const FIELDS: &str = "id,display_phone_number,verified_name,quality_rating,is_on_biz_app,\
                              platform_type,whatsapp_business_manager_messaging_limit";
        let exchange = self.get(&[id.as_str()], &[("fields", FIELDS)]).await?;
        let body = exchange.accepted()?;
        let body = Node::of(&body);
        Ok(NumberInfo {
            id: body
                .get("id")
                .id()
                .map_or_else(|| id.clone(), PhoneNumberId::new),
            display_number: body.get("display_phone_number").words(),
            verified_name: body.get("verified_name").words(),
            quality: body.get("quality_rating").kind(),
            is_on_biz_app: body.get("is_on_biz_app").flag(),
            platform: body.get("platform_type").kind(),
            messaging_limit: body.get("whatsapp_business_manager_messaging_limit").kind(),
        })
    }

    /// Whether the token may do something with this number. Asks for the number itself:
    /// `debug_token` would put the token into an address, and so into logs (section 15).
    ///
    /// # Errors
    /// [`GraphError::Refused`] with `Unauthorised` if not; others say nothing about the token.
    pub async fn check_token(&self, id: &PhoneNumberId) -> Result<(), GraphError> {
        self.get(&[id.as_str()], &[("fields", "id")])
            .await?
            .accepted()
            .map(drop)
    }

    /// How many apps get the webhooks of an account. Without one nobody hears anything.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn subscribed_apps(&self, waba_id: &str) -> Result<usize, GraphError> {
        Ok(self.subscriptions(waba_id).await?.len())
    }

    /// The apps that get the webhooks of an account.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn subscriptions(&self, waba_id: &str) -> Result<Vec<SubscribedApp>, GraphError> {
        let body = self
            .get(&[waba_id, "subscribed_apps"], &[])
            .await?
            .accepted()?;
        Ok(Node::of(&body)
            .get("data")
            .items()
            .map(|app| {
                let about = app.get("whatsapp_business_api_data");
                SubscribedApp {
                    id: about.get("id").id(),
                    name: about.get("name").words(),
                    override_callback: app.get("override_callback_uri").words(),
                }
            })
            .collect())
    }

    /// Asks for the phone's contacts or its past. The answer is an id for Meta's support; what
    /// was asked for comes by webhook.
    ///
    /// # Errors
    /// [`GraphError::Refused`] with 2593107 if asked before, 2593108 if too late.
    pub async fn request_sync(
        &self,
        id: &PhoneNumberId,
        what: PhoneSync,
    ) -> Result<Option<String>, GraphError> {
        let kind = match what {
            PhoneSync::Contacts => "smb_app_state_sync",
            PhoneSync::History => "history",
        };
        let body = json!({"messaging_product": "whatsapp", "sync_type": kind});
        let answer = self
            .post(&[id.as_str(), "smb_app_data"], &body)
            .await?
            .accepted()?;
        Ok(Node::of(&answer).get("request_id").id())
    }
}
