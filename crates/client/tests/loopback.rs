//! The browser's way in: open to our own page, closed to everybody else.

mod support;

use std::{sync::Arc, time::Duration};

use ajar_client::loopback::{Assets, Loopback};
use ajar_protocol::ui::{Stage, UiEnvelope, UiEvent, UiHello};
use futures::StreamExt;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use support::{FakeHub, config, whole_list};

struct OnePage;

impl Assets for OnePage {
    fn get(&self, path: &str) -> Option<(Vec<u8>, String)> {
        (path == "index.html").then(|| (b"<h1>Ajar</h1>".to_vec(), "text/html".into()))
    }
}

struct Page {
    client: Client,
    base: String,
    token: String,
    session: String,
}

impl Page {
    fn open(loopback: &Loopback, session: &str) -> Self {
        let address = loopback.opening_address();
        let (base, token) = address.split_once("/#token=").expect("a token");
        Self {
            client: Client::builder().no_proxy().build().expect("a client"),
            base: base.into(),
            token: token.into(),
            session: session.into(),
        }
    }

    fn post(&self, name: &str, payload: &Value) -> RequestBuilder {
        self.client
            .post(format!("{}/call/{name}", self.base))
            .header("x-ajar-session", &self.session)
            .json(payload)
    }

    async fn call(&self, name: &str, payload: Value) -> Response {
        self.post(name, &payload)
            .bearer_auth(&self.token)
            .send()
            .await
            .expect("answered")
    }

    async fn events(&self) -> Events {
        let response = self
            .client
            .get(format!("{}/events?session={}", self.base, self.session))
            .bearer_auth(&self.token)
            .send()
            .await
            .expect("answered");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        Events {
            bytes: response.bytes_stream().boxed(),
            rest: String::new(),
        }
    }
}

struct Events {
    bytes: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    rest: String,
}

impl Events {
    async fn next(&mut self) -> UiEnvelope {
        loop {
            if let Some((line, rest)) = self.rest.split_once("\n\n") {
                let envelope = line.strip_prefix("data: ").map(str::to_owned);
                self.rest = rest.to_owned();
                if let Some(envelope) = envelope {
                    return serde_json::from_str(&envelope).expect("an envelope");
                }
                continue;
            }
            let bytes = tokio::time::timeout(Duration::from_secs(30), self.bytes.next())
                .await
                .expect("in time")
                .expect("the stream goes on")
                .expect("read");
            self.rest
                .push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    }

    async fn until(&mut self, mut is_it: impl FnMut(&UiEvent) -> bool) -> UiEnvelope {
        loop {
            let envelope = self.next().await;
            if is_it(&envelope.event) {
                return envelope;
            }
        }
    }
}

async fn serve(grace: Duration) -> (FakeHub, Loopback) {
    let hub = FakeHub::start().await;
    let desk = hub.join(config("a"), "Alice").await;
    let at = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let loopback = Loopback::serve_on(desk, Arc::new(OnePage), at, grace)
        .await
        .expect("served");
    (hub, loopback)
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_page_calls_and_is_told() {
    let (hub, loopback) = serve(LONG).await;
    let page = Page::open(&loopback, "page-1");
    let hello: UiHello = page
        .call("hello", json!({}))
        .await
        .json()
        .await
        .expect("a hello");
    assert!(matches!(hello.stage, Stage::Ready { .. }));
    let mut events = page.events().await;
    let first = events.next().await;
    assert_eq!(first.seq, 1);
    assert!(matches!(first.event, UiEvent::Stage { .. }));
    let query = serde_json::to_value(whole_list()).expect("a query");
    let watched = page.call("watch_list", query).await;
    assert_eq!(watched.status(), StatusCode::OK);
    assert_eq!(watched.json::<Value>().await.expect("JSON"), json!({}));
    hub.new_customer_writes("Maria", "Hello");
    events
        .until(|event| matches!(event, UiEvent::List { view } if view.total == 1))
        .await;
}

#[tokio::test]
async fn without_the_token_nothing_is_answered() {
    let (_hub, loopback) = serve(LONG).await;
    let page = Page::open(&loopback, "page-1");
    let status = async |request: RequestBuilder| request.send().await.expect("answered").status();
    let call = || page.post("hello", &json!({}));
    assert_eq!(status(call()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        status(call().bearer_auth("wrong")).await,
        StatusCode::UNAUTHORIZED
    );
    let events = page
        .client
        .get(format!("{}/events?session=page-1", page.base));
    assert_eq!(status(events).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_host_or_another_page_is_turned_away() {
    let (_hub, loopback) = serve(LONG).await;
    let page = Page::open(&loopback, "page-1");
    let with = async |name: header::HeaderName, value: String| {
        page.post("hello", &json!({}))
            .bearer_auth(&page.token)
            .header(name, value)
            .send()
            .await
            .expect("answered")
            .status()
    };
    let port = loopback.address().port();
    for host in ["evil.example".to_owned(), format!("evil.example:{port}")] {
        assert_eq!(with(header::HOST, host).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        with(header::HOST, format!("localhost:{port}")).await,
        StatusCode::OK
    );
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(
            with(header::ORIGIN, origin.into()).await,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        with(header::ORIGIN, format!("http://127.0.0.1:{port}")).await,
        StatusCode::OK
    );
}

#[tokio::test]
async fn wrong_calls_get_clear_answers() {
    let (_hub, loopback) = serve(LONG).await;
    let page = Page::open(&loopback, "page-1");
    let unknown = page.call("no_such_call", json!({})).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let shape = page.call("watch_list", json!({ "filter": 7 })).await;
    assert_eq!(shape.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = loop {
        let answer = page
            .call(
                "act",
                json!({ "do": "resolve", "conversation": "c-nobody" }),
            )
            .await;
        // The link to the hub may still be on its way.
        if answer.status() != StatusCode::BAD_GATEWAY {
            break answer;
        }
    };
    let status = refused.status();
    let error: Value = refused.json().await.expect("an error");
    assert_eq!(
        (status, &error["code"]),
        (StatusCode::NOT_FOUND, &json!("not_found"))
    );
    let nameless = page
        .client
        .post(format!("{}/call/hello", page.base))
        .bearer_auth(&page.token)
        .send()
        .await
        .expect("answered");
    assert_eq!(nameless.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_interface_is_served_and_nothing_else() {
    let (_hub, loopback) = serve(LONG).await;
    let page = Page::open(&loopback, "page-1");
    let get = async |path: &str| {
        page.client
            .get(format!("{}{path}", page.base))
            .send()
            .await
            .expect("answered")
    };
    let index = get("/").await;
    assert_eq!(index.headers()[header::CONTENT_TYPE], "text/html");
    assert_eq!(index.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(index.text().await.expect("text"), "<h1>Ajar</h1>");
    assert_eq!(get("/desk.sqlite").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_that_comes_back_is_told_everything_anew() {
    let (hub, loopback) = serve(LONG).await;
    hub.new_customer_writes("Maria", "Hello");
    let page = Page::open(&loopback, "page-1");
    let query = serde_json::to_value(whole_list()).expect("a query");
    page.call("watch_list", query).await;
    for _ in 0..3 {
        let mut events = page.events().await;
        assert_eq!(events.next().await.seq, 1);
        events
            .until(|event| matches!(event, UiEvent::List { view } if view.total == 1))
            .await;
    }
}

#[tokio::test]
async fn a_session_ends_when_its_page_is_gone() {
    let (hub, loopback) = serve(Duration::ZERO).await;
    let maria = hub.new_customer_writes("Maria", "Hello");
    let page = Page::open(&loopback, "page-1");
    let mut events = page.events().await;
    events
        .until(|event| {
            matches!(event, UiEvent::Link { state }
                if matches!(state, ajar_protocol::ui::LinkState::Live { .. }))
        })
        .await;
    let look = json!({ "conversation": maria, "typing": false });
    assert_eq!(page.call("presence", look).await.status(), StatusCode::OK);
    hub.until(|hub| {
        hub.presences
            .last()
            .is_some_and(|told| told.conversation.is_some())
    })
    .await;
    drop(events);
    // With the session ends who looks.
    hub.until(|hub| {
        hub.presences
            .last()
            .is_some_and(|told| told.conversation.is_none())
    })
    .await;
}
