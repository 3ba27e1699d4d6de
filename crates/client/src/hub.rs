//! The hub as a desktop speaks to it: HTTP, and JSON lines that arrive one by one.
//!
//! Everything that can go wrong is sorted here into [`ApiError`]s; for commands it is also
//! known whether the request may have reached the hub, because only then may the hub have it.

use std::time::Duration;

use ajar_domain::{ConversationId, InboxId, MediaId};
use ajar_protocol::{
    PROTOCOL,
    command::{CommandAnswer, CommandRequest},
    error::{ApiError, ErrorCode, RetryAdvice},
    health::HealthReport,
    hub::{Hello, JoinRequest, Joined, MessagePage, PresenceRequest, SearchPage, UploadedFile},
    rows::Position,
    ui::{CostReport, NewAttachment, WhyWindow},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    io::StreamReader,
};
use url::Url;

/// A line longer than this is not one of ours.
const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// An answer that takes longer than this is taken for lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file of which nothing more comes for this long is given up.
const NEXT_PART: Duration = Duration::from_secs(60);

type Result<T> = std::result::Result<T, ApiError>;

/// A command that was not answered.
#[derive(Clone, Debug)]
pub struct Unanswered {
    pub error: ApiError,
    /// The request may have reached the hub: it may have been carried out.
    pub may_have_arrived: bool,
}

/// A hub at an address, with the token of this desktop once it has one.
#[derive(Clone)]
pub struct Hub {
    http: Client,
    base: Url,
    token: Option<String>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// What a person typed as the hub's address. Without a scheme it is HTTPS, except on this
/// computer.
///
/// # Errors
/// [`ErrorCode::Invalid`] if it cannot be an address.
pub fn hub_address(text: &str) -> Result<Url> {
    let wrong = || ApiError::new(ErrorCode::Invalid, "not an address of a hub");
    let text = text.trim();
    if text.is_empty() {
        return Err(wrong());
    }
    let url = if text.contains("://") {
        Url::parse(text).map_err(|_| wrong())?
    } else {
        let host = text.split(['/', ':']).next().unwrap_or_default();
        let here = host == "localhost" || host.starts_with("127.") || text.starts_with("[::1]");
        let scheme = if here { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{text}")).map_err(|_| wrong())?
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    Ok(url)
}

fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Hub {
    /// # Errors
    /// [`ErrorCode::Internal`] if the system's TLS cannot be set up.
    pub fn at(base: Url, token: Option<String>) -> Result<Self> {
        let mut builder = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .tcp_nodelay(true)
            .user_agent(concat!("ajar/", env!("CARGO_PKG_VERSION")));
        if is_this_computer(&base) {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|_| ApiError::new(ErrorCode::Internal, "HTTP could not be set up"))?;
        Ok(Self { http, base, token })
    }

    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self.clone()
        }
    }

    #[must_use]
    pub fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| ApiError::new(ErrorCode::Invalid, "not an address of a hub"))?
            .pop_if_empty()
            .push("v1")
            .extend(path);
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, String)]) -> Result<T> {
        let request = self
            .request(Method::GET, path)?
            .query(query)
            .timeout(PATIENCE);
        answer(request.send().await.map_err(unreachable)?).await
    }

    async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &B,
    ) -> Result<T> {
        let request = self
            .request(Method::POST, path)?
            .json(body)
            .timeout(PATIENCE);
        answer(request.send().await.map_err(unreachable)?).await
    }

    /// Whether this is a hub that we can speak with.
    ///
    /// # Errors
    /// [`ErrorCode::NotAHub`] if something else answers, or a hub of another protocol.
    pub async fn hello(&self) -> Result<Hello> {
        let hello: Hello = self.get(&["hello"], &[]).await.map_err(|error| {
            if matches!(error.code, ErrorCode::NotFound | ErrorCode::Unknown) {
                ApiError::new(ErrorCode::NotAHub, "the address answers, but not as a hub")
            } else {
                error
            }
        })?;
        if hello.service != "ajar-hub" || hello.protocol != PROTOCOL {
            return Err(ApiError::new(
                ErrorCode::NotAHub,
                format!("service or protocol {} is not ours", hello.protocol),
            ));
        }
        Ok(hello)
    }

    pub async fn join(&self, request: &JoinRequest) -> Result<Joined> {
        self.post(&["join"], request).await
    }

    /// # Errors
    /// [`Unanswered`], with whether the hub may have the command all the same.
    pub async fn command(
        &self,
        request: &CommandRequest,
    ) -> std::result::Result<CommandAnswer, Unanswered> {
        let not_sent = |error| Unanswered {
            error,
            may_have_arrived: false,
        };
        let sent = self
            .request(Method::POST, &["commands"])
            .map_err(not_sent)?
            .json(request)
            .timeout(PATIENCE)
            .send()
            .await;
        let response = sent.map_err(|trouble| Unanswered {
            may_have_arrived: !trouble.is_connect() && !trouble.is_builder(),
            error: unreachable(trouble),
        })?;
        answer(response).await.map_err(|error| Unanswered {
            // An answer that says no is an answer; one that broke off says nothing.
            may_have_arrived: matches!(error.code, ErrorCode::HubUnreachable | ErrorCode::NotAHub),
            error,
        })
    }

    pub async fn messages(
        &self,
        conversation: &ConversationId,
        before: Option<&Position>,
        limit: u32,
    ) -> Result<MessagePage> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(before.map(|before| ("before", before.0.clone())));
        self.get(
            &["conversations", conversation.as_str(), "messages"],
            &query,
        )
        .await
    }

    pub async fn window(&self, conversation: &ConversationId) -> Result<WhyWindow> {
        self.get(&["conversations", conversation.as_str(), "window"], &[])
            .await
    }

    pub async fn health(&self) -> Result<HealthReport> {
        self.get(&["health"], &[]).await
    }

    pub async fn costs(&self, inbox: &InboxId) -> Result<CostReport> {
        self.get(&["inboxes", inbox.as_str(), "costs"], &[]).await
    }

    pub async fn search(&self, text: &str) -> Result<SearchPage> {
        self.get(&["search"], &[("q", text.to_owned())]).await
    }

    pub async fn presence(&self, presence: &PresenceRequest) -> Result<()> {
        let request = self
            .request(Method::POST, &["presence"])?
            .json(presence)
            .timeout(PATIENCE);
        accepted(request.send().await.map_err(unreachable)?)
            .await
            .map(|_| ())
    }

    /// Hands a file over that is to be sent; the parts come while it travels.
    pub async fn upload(
        &self,
        about: &NewAttachment,
        parts: mpsc::Receiver<Bytes>,
    ) -> Result<UploadedFile> {
        let kind = if about.mime_type.is_empty() {
            "application/octet-stream"
        } else {
            &about.mime_type
        };
        let parts = futures::stream::unfold(parts, |mut parts| async move {
            // Whoever brings the parts may have gone away without a word.
            match tokio::time::timeout(NEXT_PART, parts.recv()).await {
                Ok(part) => Some((Ok(part?), parts)),
                Err(silent) => Some((Err(silent), parts)),
            }
        });
        let mut request = self
            .request(Method::POST, &["media"])?
            .header(reqwest::header::CONTENT_TYPE, kind)
            .body(reqwest::Body::wrap_stream(parts));
        if let Some(kind) = about.kind {
            request = request.query(&[("kind", kind)]);
        }
        let response = accepted(request.send().await.map_err(unreachable)?).await?;
        response.json().await.map_err(unreachable)
    }

    /// The bytes of a file and their kind.
    pub async fn media(&self, id: &MediaId) -> Result<(String, Bytes)> {
        self.file(&["media", id.as_str()]).await
    }

    /// The same of a small picture of it.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] if there is none.
    pub async fn thumbnail(&self, id: &MediaId) -> Result<(String, Bytes)> {
        self.file(&["media", id.as_str(), "thumbnail"]).await
    }

    async fn file(&self, path: &[&str]) -> Result<(String, Bytes)> {
        let request = self.request(Method::GET, path)?;
        let response = accepted(request.send().await.map_err(unreachable)?).await?;
        let mime_type = response
            .headers()
            .get(reqwest::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("application/octet-stream")
            .to_owned();
        Ok((mime_type, response.bytes().await.map_err(unreachable)?))
    }

    /// The lines of a snapshot.
    pub async fn snapshot<T: DeserializeOwned>(
        &self,
    ) -> Result<impl Stream<Item = Result<T>> + use<T>> {
        self.lines(&["snapshot"], &[]).await
    }

    /// The lines of the event stream after a cursor.
    pub async fn events<T: DeserializeOwned>(
        &self,
        after: i64,
        device: &str,
    ) -> Result<impl Stream<Item = Result<T>> + use<T>> {
        let query = [
            ("after", after.to_string()),
            // Its presence ends with its stream.
            ("device", device.to_owned()),
        ];
        self.lines(&["events"], &query).await
    }

    async fn lines<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<impl Stream<Item = Result<T>> + use<T>> {
        let request = self.request(Method::GET, path)?.query(query);
        let response = tokio::time::timeout(PATIENCE, request.send())
            .await
            .map_err(|_| silence())?
            .map_err(unreachable)?;
        let response = accepted(response).await?;
        let bytes = StreamReader::new(response.bytes_stream().map_err(std::io::Error::other));
        let lines = FramedRead::new(bytes, LinesCodec::new_with_max_length(LONGEST_LINE));
        Ok(lines
            .filter(|line| std::future::ready(!line.as_ref().is_ok_and(String::is_empty)))
            .map(|line| {
                let line = line.map_err(|_| {
                    ApiError::later(ErrorCode::HubUnreachable, "the stream broke off", None)
                })?;
                serde_json::from_str(&line).map_err(|why| {
                    ApiError::new(
                        ErrorCode::NotAHub,
                        format!("a line at column {} is not ours", why.column()),
                    )
                })
            }))
    }
}

/// Nothing was heard for too long.
#[must_use]
pub fn silence() -> ApiError {
    ApiError::later(ErrorCode::HubUnreachable, "no sign of life", None)
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn unreachable(trouble: reqwest::Error) -> ApiError {
    // Without its address, which may hold what somebody searched for.
    let what = if trouble.is_timeout() {
        "no answer in time"
    } else if trouble.is_connect() {
        "no connection"
    } else if trouble.is_decode() {
        "an answer that broke off"
    } else {
        "the request failed"
    };
    ApiError::later(ErrorCode::HubUnreachable, what, None)
}

async fn accepted(response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let body = response.bytes().await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<ApiError>(&body) {
        return Err(error);
    }
    let message = format!("status {}", status.as_u16());
    let later = |code| ApiError {
        retry: RetryAdvice::Later {
            after_ms: retry_after.map(|secs| secs.saturating_mul(1000)),
        },
        ..ApiError::new(code, message.clone())
    };
    Err(match status {
        StatusCode::UNAUTHORIZED => ApiError::new(ErrorCode::Unauthorised, message),
        StatusCode::GONE => ApiError::new(ErrorCode::CursorExpired, message),
        StatusCode::NOT_FOUND => ApiError::new(ErrorCode::NotFound, message),
        StatusCode::TOO_MANY_REQUESTS => later(ErrorCode::TooManyTries),
        // A proxy in front of the hub speaks for it while it is away.
        status if status.is_server_error() => later(ErrorCode::HubUnreachable),
        _ => ApiError::new(ErrorCode::NotAHub, message),
    })
}

async fn answer<T: DeserializeOwned>(response: Response) -> Result<T> {
    let bytes = accepted(response)
        .await?
        .bytes()
        .await
        .map_err(unreachable)?;
    serde_json::from_slice(&bytes)
        .map_err(|_| ApiError::new(ErrorCode::NotAHub, "an answer that is not ours"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_scheme_is_https_except_here() {
        let shown = |text| hub_address(text).map(|url| url.to_string());
        assert_eq!(
            shown("hub.example.com"),
            Ok("https://hub.example.com/".into())
        );
        assert_eq!(
            shown(" 127.0.0.1:8787/ "),
            Ok("http://127.0.0.1:8787/".into())
        );
        assert_eq!(shown("localhost:1"), Ok("http://localhost:1/".into()));
        assert_eq!(
            shown("http://hub.example.com/ajar"),
            Ok("http://hub.example.com/ajar".into())
        );
        for wrong in ["", "   ", "ftp://x", "http://"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
