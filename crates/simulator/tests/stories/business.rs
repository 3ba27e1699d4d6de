//! The business at the other end: takes webhooks and calls the Graph API.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ajar_domain::time::Time;
use ajar_simulator::{Builder, Sim, SimClock, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

pub const SECRET: &str = "app-secret";
pub const VERIFY: &str = "verify-me";
pub const TOKEN: &str = "let-me-in";
/// A Sunday in November, in the middle of the day.
pub const NOON: Time = Time::from_secs(1_795_176_000);
pub const HOUR: Duration = Duration::from_secs(60 * 60);

/// One POST that arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub body: Bytes,
    pub signature: String,
    pub answered: u16,
}

impl Arrival {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("webhooks are JSON")
    }
}

#[derive(Clone, Default)]
struct Desk {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    /// What the next POSTs are answered with; 200 when it is empty.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// A business with a simulated platform of its own, its clock standing still at noon.
pub struct Business {
    pub sim: Sim,
    pub clock: SimClock,
    pub http: reqwest::Client,
    /// Where this business takes webhooks.
    pub webhook_url: Url,
    desk: Desk,
}

impl Business {
    pub async fn open() -> Self {
        Self::open_with(|builder| builder).await
    }

    pub async fn open_with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let desk = Desk::default();
        let service = Router::new()
            .route("/webhooks", get(challenge).post(take))
            .with_state(desk.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, service).await });
        let clock = SimClock::frozen_at(NOON);
        let url = format!("http://{address}/webhooks");
        let webhook_url: Url = url.parse().expect("a url");
        let builder = Simulator::builder()
            .clock(clock.clone())
            .webhook_url(webhook_url.clone())
            .app_secret(SECRET)
            .verify_token(VERIFY)
            .access_token(TOKEN);
        let sim = change(builder).start().await.expect("a port");
        Self {
            sim,
            clock,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(20))
                .build()
                .expect("a client"),
            webhook_url,
            desk,
        }
    }

    /// Answers the next POSTs with these statuses.
    pub fn answers(&self, statuses: &[u16]) {
        let mut answers = self.desk.answers.lock().expect("lock");
        answers.extend(statuses);
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.desk.arrivals.lock().expect("lock").clone()
    }

    /// Everything that arrived since the last call, as JSON, once all has arrived.
    pub async fn news(&self) -> Vec<Value> {
        self.sim.settled().await;
        let arrivals = std::mem::take(&mut *self.desk.arrivals.lock().expect("lock"));
        arrivals.iter().map(Arrival::json).collect()
    }

    /// The only POST since the last call.
    pub async fn only_news(&self) -> Value {
        let mut news = self.news().await;
        assert_eq!(news.len(), 1, "{news:#?}");
        news.remove(0)
    }

    /// The statuses that came since the last call, as (id, status).
    pub async fn statuses(&self) -> Vec<(String, String)> {
        let news = self.news().await;
        let statuses = news.iter().filter_map(|body| {
            let status = value(body).get("statuses")?.get(0)?;
            let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
            Some((text("id"), text("status")))
        });
        statuses.collect()
    }

    pub fn url(&self, path: &str) -> Url {
        let base = self.sim.graph_url().expect("listening");
        base.join(path).expect("a path")
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.call(self.http.get(self.url(path))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call(self.http.post(self.url(path)).json(body)).await
    }

    pub async fn delete(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call(self.http.delete(self.url(path)).json(body)).await
    }

    pub async fn call(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.bearer_auth(TOKEN).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub fn messages(&self) -> String {
        format!("v25.0/{}/messages", self.sim.phone_number_id())
    }

    /// Sends a message through the API; the frame is put around it.
    pub async fn send(&self, to: &str, message: Value) -> (u16, Value) {
        let mut body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": to,
        });
        merge(&mut body, message);
        self.post(&self.messages(), &body).await
    }

    pub async fn text(&self, to: &str, text: &str) -> (u16, Value) {
        let message = json!({ "type": "text", "text": { "body": text } });
        self.send(to, message).await
    }

    /// Sends a text that must be accepted; its wamid.
    pub async fn accepted_text(&self, to: &str, text: &str) -> String {
        let (status, answer) = self.text(to, text).await;
        assert_eq!(status, 200, "{answer}");
        wamid(&answer)
    }

    pub async fn template(&self, to: &str, template: Value) -> (u16, Value) {
        let message = json!({ "type": "template", "template": template });
        self.send(to, message).await
    }
}

pub fn merge(body: &mut Value, more: Value) {
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
}

/// The id of an accepted message.
pub fn wamid(answer: &Value) -> String {
    let id = answer["messages"][0]["id"].as_str();
    id.unwrap_or_else(|| panic!("accepted: {answer}"))
        .to_owned()
}

/// The code of a refusal.
pub fn code(answer: &Value) -> u64 {
    answer["error"]["code"].as_u64().unwrap_or_default()
}

/// The value of the first change.
pub fn value(body: &Value) -> &Value {
    &body["entry"][0]["changes"][0]["value"]
}

pub fn field(body: &Value) -> &str {
    body["entry"][0]["changes"][0]["field"]
        .as_str()
        .unwrap_or_default()
}

async fn challenge(Query(query): Query<Vec<(String, String)>>) -> (StatusCode, String) {
    let get = |key: &str| {
        let found = query.iter().find(|(k, _)| k == key);
        found.map(|(_, v)| v.clone()).unwrap_or_default()
    };
    if get("hub.mode") == "subscribe" && get("hub.verify_token") == VERIFY {
        return (StatusCode::OK, get("hub.challenge"));
    }
    (StatusCode::FORBIDDEN, String::new())
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers
        .get(ajar_simulator::SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let wrong = signature != ajar_simulator::sign(SECRET, &body);
    let planned = desk.answers.lock().expect("lock").pop_front();
    let answered = if wrong { 401 } else { planned.unwrap_or(200) };
    desk.arrivals.lock().expect("lock").push(Arrival {
        body,
        signature,
        answered,
    });
    StatusCode::from_u16(answered).expect("a status")
}
