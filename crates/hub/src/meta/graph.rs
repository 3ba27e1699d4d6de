//! The way to Meta's Graph API: one client for everything the hub asks of it.
//!
//! What matters most here is what is *not* known. Meta has no idempotency key (section 8.2), so a
//! message whose answer was lost must not be sent again by a machine. Every way in which a
//! request can end is therefore one of four, and the doubtful ones end in the cautious one:
//!
//! ```text
//!   name not resolved, connection refused, TLS refused      NotSent   nothing left this machine
//!   Meta's id of the message, with a 2xx                    Accepted
//!   Meta's error object, whatever the status                Refused   with its retry
//!   everything else: time-out, connection broken after      Lost
//!   the request was on its way, half an answer, no JSON,
//!   a redirect, a 5xx or 4xx without Meta's error object
//! ```
//!
//! The token goes into the `Authorization` header and nowhere else, is asked for anew with every
//! request (so that a new one needs no restart), and never follows a redirect. Addresses, bodies
//! and numbers are not logged.

mod media;
mod numbers;
mod request;
mod template_draft;
mod template_list;

use std::{fmt, sync::Arc, time::Duration};

use ajar_domain::{
    Time,
    failure::{Failure, FailureCode, Retry},
    outbox::Answer,
};
use bytes::{Bytes, BytesMut};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{
    Method, Response,
    header::{AUTHORIZATION, DATE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use serde_json::Value;
use sha2::Sha256;
use url::Url;

pub use self::{
    media::{Downloaded, MediaAt, MediaError, Upload},
    numbers::{NumberInfo, PhoneSync, SubscribedApp},
    request::{
        FreeForm, ListRow, ListSection, MediaKind, MediaSource, OutboundRequest, Outgoing,
        Recipient, ReplyButton, UploadedFiles,
    },
};
use super::{errors, node::Node};

/// Meta's answers are small; a page of templates is the largest.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Gives the access token of the moment. `None`: there is none.
pub type TokenSource = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Hears the `Date` of each of Meta's answers as it arrives, to compare with our own clock.
pub type DateListener = Arc<dyn Fn(Time) + Send + Sync>;

/// What the client is made with.
#[derive(Clone)]
pub struct GraphConfig {
    /// `https://graph.facebook.com`, or the simulator.
    pub base_url: Url,
    /// `v25.0`. Pinned, because fields come and go between versions (section 16).
    pub version: String,
    /// To begin with; [`Graph::with_token_source`] gives a changing one.
    pub access_token: String,
}

/// The client. Cheap to clone; all clones share its connections.
#[derive(Clone)]
pub struct Graph {
    http: reqwest::Client,
    base_url: Url,
    version: String,
    token: TokenSource,
    proof_secret: Option<String>,
    on_date: Option<DateListener>,
    patience: Duration,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("base_url", &self.base_url.as_str())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Why a question to Meta has no answer. Messages have [`Answer`] instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    #[error("Meta was not reached")]
    NotReached,
    #[error("Meta's answer did not come through")]
    NoAnswer,
    #[error("Meta's answer (HTTP {status}) is not in a form that we know")]
    Garbled { status: u16 },
    #[error("Meta refused: {:?} ({}){}", .failure.code, number(.failure), words(.failure))]
    Refused { failure: Failure, retry: Retry },
}

fn number(failure: &Failure) -> String {
    failure
        .meta_code
        .map_or_else(|| "no number".to_owned(), |code| code.to_string())
}

fn words(failure: &Failure) -> String {
    failure
        .detail
        .as_ref()
        .map(|detail| format!(": {detail}"))
        .unwrap_or_default()
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made")]
pub struct NoClient(#[source] reqwest::Error);

/// What became of a message, with what stands beside the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub answer: Answer,
    /// How long Meta asks us to wait, from `Retry-After` or the account's usage header.
    pub wait: Option<Duration>,
}

/// An answer whose body has arrived whole.
struct Exchange {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

/// A request without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unanswered {
    NotSent,
    Lost,
    /// There is no token, or it is none that can stand in a header.
    NoToken,
}

impl From<Unanswered> for GraphError {
    fn from(why: Unanswered) -> Self {
        match why {
            Unanswered::NotSent => Self::NotReached,
            Unanswered::Lost => Self::NoAnswer,
            Unanswered::NoToken => Self::Refused {
                failure: no_token(),
                retry: Retry::StopQueue,
            },
        }
    }
}

fn no_token() -> Failure {
    Failure {
        code: FailureCode::Unauthorised,
        meta_code: None,
        detail: None,
    }
}

impl Graph {
    /// # Errors
    /// [`NoClient`] if TLS cannot be set up.
    pub fn new(config: GraphConfig) -> Result<Self, NoClient> {
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("ajar-hub/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(ANSWER_TIMEOUT);
        if is_loopback(&config.base_url) {
            // A proxy on the way to the outside cannot lead back to this machine.
            http = http.no_proxy();
        }
        let token = config.access_token;
        Ok(Self {
            http: http.build().map_err(NoClient)?,
            base_url: config.base_url,
            version: config.version,
            token: Arc::new(move || Some(token.clone()).filter(|token| !token.is_empty())),
            proof_secret: None,
            on_date: None,
            patience: ANSWER_TIMEOUT,
        })
    }

    /// Asks for the token anew with every request, so that a new one needs no restart.
    #[must_use]
    pub fn with_token_source(self, token: TokenSource) -> Self {
        Self { token, ..self }
    }

    /// Sends `appsecret_proof` with every request, for apps that demand it (section 15).
    #[must_use]
    pub fn with_app_secret_proof(self, app_secret: String) -> Self {
        Self {
            proof_secret: Some(app_secret),
            ..self
        }
    }

    /// How long an answer may take; half a minute by default.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Hears the `Date` of every answer.
    #[must_use]
    pub fn on_date(self, listener: DateListener) -> Self {
        Self {
            on_date: Some(listener),
            ..self
        }
    }

    /// Sends a message, a template, a reaction or a read mark.
    pub async fn send(&self, request: &OutboundRequest) -> Answer {
        self.send_fully(request).await.answer
    }

    /// As [`Graph::send`], with what stands beside the answer.
    pub async fn send_fully(&self, request: &OutboundRequest) -> Sent {
        let path = [request.phone_number_id.as_str(), "messages"];
        let exchange = match self.post(&path, &request.json()).await {
            Ok(exchange) => exchange,
            Err(why) => {
                return Sent {
                    answer: match why {
                        Unanswered::NotSent => Answer::NotSent,
                        Unanswered::Lost => Answer::Lost,
                        Unanswered::NoToken => Answer::Refused {
                            failure: no_token(),
                            retry: Retry::StopQueue,
                        },
                    },
                    wait: None,
                };
            }
        };
        let answer = match request.read_mark() {
            Some(marked) => match exchange.json() {
                // A read mark has no id of its own.
                Ok(body) if Node::of(&body).get("success").flag() == Some(true) => {
                    Answer::Accepted {
                        wamid: marked.clone(),
                        held: false,
                    }
                }
                _ => errors::classify(exchange.status, &exchange.body),
            },
            None => errors::classify(exchange.status, &exchange.body),
        };
        if let Answer::Refused { failure, .. } = &answer {
            tracing::warn!(
                status = exchange.status,
                code = ?failure.code,
                meta_code = failure.meta_code,
                trace = exchange.trace().as_deref(),
                "Meta refused a message"
            );
        }
        Sent {
            wait: exchange.wait(),
            answer,
        }
    }

    async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Exchange, Unanswered> {
        self.exchange(Method::GET, self.address(path, query), None)
            .await
    }

    async fn post(&self, path: &[&str], body: &Value) -> Result<Exchange, Unanswered> {
        self.exchange(Method::POST, self.address(path, &[]), Some(body))
            .await
    }

    /// One request, one answer.
    async fn exchange(
        &self,
        method: Method,
        address: Url,
        body: Option<&Value>,
    ) -> Result<Exchange, Unanswered> {
        let mut request = self.request(method, address)?.timeout(self.patience);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer_to(request).await
    }

    /// A request with the token in it.
    fn request(
        &self,
        method: Method,
        mut address: Url,
    ) -> Result<reqwest::RequestBuilder, Unanswered> {
        let (authorization, proof) = self.authorization()?;
        if let Some(proof) = proof {
            address
                .query_pairs_mut()
                .append_pair("appsecret_proof", &proof);
        }
        Ok(self
            .http
            .request(method, address)
            .header(AUTHORIZATION, authorization))
    }

    async fn answer_to(&self, request: reqwest::RequestBuilder) -> Result<Exchange, Unanswered> {
        let response = request.send().await.map_err(|error| unanswered(&error))?;
        self.note_date(&response);
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = read_whole(response, MAX_ANSWER)
            .await
            .ok_or(Unanswered::Lost)?;
        Ok(Exchange {
            status,
            headers,
            body,
        })
    }

    /// The header with the token, and the proof that the app secret is known, if asked for.
    fn authorization(&self) -> Result<(HeaderValue, Option<String>), Unanswered> {
        let token = (self.token)().ok_or(Unanswered::NoToken)?;
        let mut header =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| Unanswered::NoToken)?;
        header.set_sensitive(true);
        let proof = self
            .proof_secret
            .as_ref()
            .map(|secret| app_secret_proof(secret, &token));
        Ok((header, proof))
    }

    fn note_date(&self, response: &Response) {
        let Some(listener) = &self.on_date else {
            return;
        };
        let date = response
            .headers()
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
        if let Some(date) = date {
            listener(Time::from_datetime(date.to_utc()));
        }
    }

    /// `{base}/{version}/{path…}`, with every part escaped.
    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut address = self.base_url.clone();
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.pop_if_empty().push(&self.version).extend(path);
        }
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        address
    }
}

impl Exchange {
    fn json(&self) -> Result<Value, GraphError> {
        serde_json::from_slice(&self.body).map_err(|_| GraphError::Garbled {
            status: self.status,
        })
    }

    /// The body of an answer that is no refusal.
    fn accepted(&self) -> Result<Value, GraphError> {
        let body = self.json()?;
        if let Some((failure, retry)) = errors::read(Node::of(&body).get("error")) {
            return Err(GraphError::Refused { failure, retry });
        }
        if (200..300).contains(&self.status) {
            Ok(body)
        } else {
            Err(GraphError::Garbled {
                status: self.status,
            })
        }
    }

    /// How long Meta asks us to wait.
    fn wait(&self) -> Option<Duration> {
        let after = self.header(RETRY_AFTER.as_str()).and_then(|after| {
            let seconds: u64 = after.trim().parse().ok()?;
            Some(Duration::from_secs(seconds))
        });
        after.or_else(|| self.regain_access()).filter(|wait| {
            // More than a day is no back-off.
            !wait.is_zero() && *wait <= Duration::from_secs(24 * 60 * 60)
        })
    }

    /// The usage header of the account (section 12) tells in minutes when a limit ends.
    fn regain_access(&self) -> Option<Duration> {
        let usage = self.header("x-business-use-case-usage")?;
        let usage: Value = serde_json::from_str(usage).ok()?;
        let usage = Node::of(&usage);
        let minutes = usage
            .keys()
            .flat_map(|account| usage.get(account).items())
            .filter_map(|limit| limit.get("estimated_time_to_regain_access").count())
            .max()?;
        Some(Duration::from_secs(minutes.checked_mul(60)?))
    }

    /// Meta's own id of the exchange, which its support asks for.
    fn trace(&self) -> Option<String> {
        let body = self.json().ok()?;
        Node::of(&body).get("error").get("fbtrace_id").kind()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Whether the request can have left this machine. Only a connection that never came about
/// proves that it did not.
fn unanswered(error: &reqwest::Error) -> Unanswered {
    if error.is_connect() {
        Unanswered::NotSent
    } else {
        Unanswered::Lost
    }
}

/// The whole body, unless it breaks off or is larger than `most`.
async fn read_whole(mut response: Response, most: usize) -> Option<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > most {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body.freeze())
}

/// Hexadecimal HMAC-SHA-256 of the token with the app secret (section 15).
fn app_secret_proof(secret: &str, token: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
