//! Meta's error bodies. One table says for every code the title, the words and the HTTP status;
//! the same words serve the `errors` of a `failed` status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error as the Graph API answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphError {
    pub http: StatusCode,
    pub code: u32,
    pub title: &'static str,
    pub details: Option<Box<str>>,
    pub subcode: Option<u32>,
    pub kind: &'static str,
    pub is_transient: bool,
    /// The whole message where Meta does not build it from code and title.
    pub message: Option<Box<str>>,
    /// What the answer holds beside the error.
    pub beside: Option<Box<Value>>,
}

/// Code, HTTP status, title, details.
type Row = (u32, u16, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (4, 400, "Application request limit reached", "The app has reached its API call rate limit."),
    (100, 400, "Invalid parameter", "Parameter value is not valid."),
    (368, 403, "Temporarily blocked for policies violations", "The WhatsApp Business Account has been restricted."),
    (80_007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    (130_403, 400, "User blocked by business", "Unable to deliver the message. This business has blocked the end user on WhatsApp"),
    (130_429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
    (130_472, 400, "User's number is part of an experiment", "Failed to send message because this user's phone number is part of an experiment"),
    (130_497, 403, "Business account is restricted from messaging users in this country.", "The WhatsApp Business Account is restricted from messaging to users in certain countries."),
    (131_000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
    (131_005, 403, "Access denied", "Permission is either not granted or has been removed."),
    (131_008, 400, "Required parameter is missing", "The request is missing a required parameter."),
    (131_009, 400, "Parameter value is not valid", "Parameter Invalid"),
    (131_016, 500, "Service unavailable", "A service is temporarily unavailable."),
    (131_021, 400, "Recipient cannot be sender", "Recipient cannot be sender"),
    (131_026, 400, "Message undeliverable", "Unable to deliver message."),
    (131_031, 403, "Account has been locked", "Business account has been locked."),
    (131_037, 400, "Display name not approved", "The WhatsApp provided number needs display name approval before a message can be sent."),
    (131_042, 400, "Business eligibility payment issue", "Message failed to send because there were one or more errors related to your payment method."),
    (131_045, 500, "Incorrect certificate", "Message failed to send due to a phone number registration error."),
    (131_047, 400, "Re-engagement message", "Message failed to send because more than 24 hours have passed since the customer last replied to this number."),
    (131_048, 400, "Spam rate limit hit", "Message failed to send because there are restrictions on how many messages can be sent from this phone number."),
    (131_049, 400, "This message was not delivered to maintain healthy ecosystem engagement.", "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."),
    (131_050, 400, "User has stopped receipt of marketing messages", "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp from your business."),
    (131_051, 400, "Unsupported message type", "Unsupported message type."),
    (131_052, 400, "Media download error", "Unable to download the media sent by the user."),
    (131_053, 400, "Media upload error", "Unable to upload the media used in the message."),
    (131_056, 400, "(Business Account, Consumer Account) pair rate limit hit", "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."),
    (131_057, 500, "Account in maintenance mode", "Business Account is in maintenance mode"),
    (131_062, 400, "Business-scoped User ID recipients not supported", "Business-scoped User ID (BSUID) recipients are not supported for this message."),
    (131_064, 400, "Messaging limit reached because of template classification", "This account has reached its messaging limit due to template classification violations."),
    (132_000, 400, "Number of parameters does not match the expected number of params", "The number of parameters does not match the expected number of params"),
    (132_001, 404, "Template name does not exist in the translation", "The template does not exist in the specified language or has not been approved."),
    (132_005, 400, "Translated text too long", "Translated text is too long."),
    (132_007, 400, "Template content policy violation", "Template content violates a WhatsApp policy."),
    (132_012, 400, "Parameter format does not match format in the created template", "Variable parameter values formatted incorrectly."),
    (132_015, 400, "Template is paused", "Template is paused due to low quality."),
    (132_016, 400, "Template is disabled", "Template is disabled."),
    (132_018, 400, "Template parameters are invalid", "There is a problem with the parameters of the template."),
    (132_068, 400, "Flow is blocked", "Flow is in blocked state."),
    (132_069, 400, "Flow is throttled", "Flow is in throttled state."),
    (133_004, 503, "Server temporarily unavailable", "Server is temporarily unavailable."),
    (133_010, 400, "Account not registered", "The account is not registered on Cloud API."),
    (133_016, 400, "Account register deregister rate limit exceeded", "Registration or deregistration failed because there were too many attempts."),
    (139_100, 400, "Failed to block/unblock users", "Failed to block some users"),
    (139_101, 400, "Blocklist limit reached", "The block list is full."),
    (2_593_107, 400, "Synchronization request limit exceeded", "You have exceeded the maximum number of times to call the synchronization api for this phone number."),
    (2_593_108, 400, "Synchronization request made outside of allowed time window", "Synchronization request can only be made within 24 hours of onboarding"),
    (2_593_109, 400, "History sync is turned off by the business from the WhatsApp Business App", "History sharing is turned off by the business"),
];

impl GraphError {
    /// The error of this code with the words that Meta usually finds for it.
    #[must_use]
    pub fn of(code: u32) -> Self {
        let plain = |http, message: &str| Self {
            http,
            code,
            title: "",
            details: None,
            subcode: None,
            kind: "OAuthException",
            is_transient: false,
            message: Some(message.into()),
            beside: None,
        };
        match code {
            1 | 2 => Self {
                is_transient: true,
                ..plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "An unexpected error has occurred. Please retry your request later.",
                )
            },
            3 | 10 | 200..=299 => plain(
                StatusCode::FORBIDDEN,
                &format!("(#{code}) Application does not have permission for this action"),
            ),
            190 => Self {
                subcode: Some(463),
                ..plain(
                    StatusCode::UNAUTHORIZED,
                    "Error validating access token: Session has expired.",
                )
            },
            33 => Self::no_such_object("0"),
            _ => {
                let (_, http, title, details) = TABLE
                    .iter()
                    .copied()
                    .find(|row| row.0 == code)
                    .unwrap_or((code, 400, "Unknown error", "Unknown error"));
                Self {
                    http: StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_REQUEST),
                    code,
                    title,
                    details: Some(details.into()),
                    subcode: None,
                    kind: "OAuthException",
                    is_transient: false,
                    message: None,
                    beside: None,
                }
            }
        }
    }

    /// The same code with words about this request.
    #[must_use]
    pub fn because(code: u32, details: impl Into<String>) -> Self {
        Self {
            details: Some(details.into().into()),
            ..Self::of(code)
        }
    }

    pub(crate) fn bad_token() -> Self {
        Self {
            subcode: None,
            message: Some("Invalid OAuth access token - Cannot parse access token".into()),
            ..Self::of(190)
        }
    }

    /// `(#100)` with a sentence of its own, as for parameters of the Graph API itself.
    pub(crate) fn invalid(sentence: impl std::fmt::Display) -> Self {
        Self {
            message: Some(format!("(#100) {sentence}").into()),
            details: None,
            ..Self::of(100)
        }
    }

    /// An id that is unknown here, or not for this token.
    pub(crate) fn no_such_object(id: &str) -> Self {
        Self {
            http: StatusCode::BAD_REQUEST,
            code: 100,
            title: "",
            details: None,
            subcode: Some(33),
            kind: "GraphMethodException",
            is_transient: false,
            message: Some(
                format!(
                    "Unsupported post request. Object with ID '{id}' does not exist, cannot be \
                     loaded due to missing permissions, or does not support this operation"
                )
                .into(),
            ),
            beside: None,
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Value {
        let message = self
            .message
            .clone()
            .unwrap_or_else(|| format!("(#{}) {}", self.code, self.title).into());
        let mut error = json!({
            "message": message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": format!("ASIMULATED{}", self.code),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if self.is_transient {
            error["is_transient"] = json!(true);
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
        }
        let mut body = self.beside.as_deref().cloned().unwrap_or_else(|| json!({}));
        body["error"] = error;
        body
    }

    /// The same error inside a `failed` status.
    pub(crate) fn in_status(&self) -> Value {
        let title = match (self.title, &self.message) {
            ("", Some(message)) => message,
            (title, _) => title,
        };
        json!({
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": { "details": self.details.as_deref().unwrap_or(title) },
            "href": "/documentation/business-messaging/whatsapp/support/error-codes",
        })
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        (self.http, Json(self.body())).into_response()
    }
}
