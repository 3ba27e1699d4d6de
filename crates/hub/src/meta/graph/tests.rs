//! The client against a server that behaves badly in every way we could think of.

use std::{fs, path::Path, sync::Mutex};

use ajar_domain::{
    PhoneNumberId, WaMessageId,
    customer::PhoneNumber,
    template::{Category, FilledTemplate, RenderedTemplate},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

mod files;

/// A request as it arrived.
#[derive(Clone, Debug)]
struct Heard {
    line: String,
    headers: String,
    body: Vec<u8>,
}

impl Heard {
    fn has_token(&self) -> bool {
        self.headers.contains("authorization: bearer secret-token")
    }
}

/// Gives one prepared answer after the other, byte by byte as told, then hangs up.
struct Server {
    address: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Server {
    async fn with(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a caller");
                let request = hear(&mut stream).await;
                log.lock().expect("the log").push(request);
                stream.write_all(&answer).await.expect("it is taken");
                let _ = stream.shutdown().await;
            }
        });
        Self { address, heard }
    }

    async fn answering(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        Self::with(vec![answer(status, headers, body)]).await
    }

    fn graph(&self) -> Graph {
        graph(&self.address)
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("the log").clone()
    }
}

fn graph(address: &str) -> Graph {
    Graph::new(GraphConfig {
        base_url: address.parse().expect("an address"),
        version: "v25.0".into(),
        access_token: "secret-token".into(),
    })
    .expect("a client")
}

fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

async fn hear(stream: &mut TcpStream) -> Heard {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.expect("a request");
        assert!(read > 0, "the caller hung up");
        bytes.extend_from_slice(&chunk[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_string();
        let length = head
            .to_lowercase()
            .split_once("content-length: ")
            .map_or(0, |(_, rest)| {
                let digits = rest.split("\r\n").next().expect("a line");
                digits.parse::<usize>().expect("a length")
            });
        if bytes.len() >= end + 4 + length {
            break (head, length);
        }
    };
    let (line, headers) = head.split_once("\r\n").expect("a request line");
    Heard {
        line: line.to_owned(),
        headers: headers.to_lowercase(),
        body: bytes[bytes.len() - length..].to_vec(),
    }
}

fn example(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/meta/graph");
    fs::read(root.join(path)).expect("the example is there")
}

/// A template needs no proof, so it is the plainest thing to send.
fn hello() -> OutboundRequest {
    let template = FilledTemplate {
        name: "hello_world".into(),
        language: "en_US".into(),
        named_parameters: false,
        header: Vec::new(),
        body: Vec::new(),
        buttons: Vec::new(),
        header_file: None,
        header_place: None,
        offer_expires: None,
        cards: Vec::new(),
        typed: std::collections::BTreeMap::new(),
        rendered: RenderedTemplate {
            name: "hello_world".into(),
            language: "en_US".into(),
            category: Category::Utility,
            header_text: None,
            header_media: None,
            body: "Hello".into(),
            footer: None,
            buttons: Vec::new(),
            header_file: None,
            header_place: None,
            offer: None,
            cards: Vec::new(),
            template: None,
            values: std::collections::BTreeMap::new(),
            typed: std::collections::BTreeMap::new(),
        },
    };
    let to = Recipient {
        phone: PhoneNumber::from_digits("15550100001"),
        bsuid: None,
    };
    OutboundRequest::template(
        number(),
        to,
        "row-1".into(),
        template,
        std::collections::BTreeMap::new(),
    )
}

fn number() -> PhoneNumberId {
    PhoneNumberId::new("100000000000202")
}

#[tokio::test]
async fn a_message_goes_to_the_number_with_the_token_in_its_header() {
    let server = Server::answering(200, "", example("send/text.response.json")).await;
    let answer = server.graph().send(&hello()).await;
    assert_eq!(
        answer,
        Answer::Accepted {
            wamid: WaMessageId::new("wamid.HBgLMTU1NTAxMDAwMDEVAgARGBJFMzJFOTg2NzFDRUVGREQwMTcA"),
            held: false,
        }
    );
    let heard = &server.heard()[0];
    assert_eq!(heard.line, "POST /v25.0/100000000000202/messages HTTP/1.1");
    assert!(heard.has_token());
    assert!(!heard.line.contains("secret"));
    let mut expected: Value =
        serde_json::from_slice(&example("send/template_no_params.request.json")).expect("JSON");
    expected["biz_opaque_callback_data"] = "row-1".into();
    let sent: Value = serde_json::from_slice(&heard.body).expect("JSON");
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn what_never_left_is_not_sent() {
    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let graph = graph(&format!("http://{address}"));
    assert_eq!(graph.send(&hello()).await, Answer::NotSent);
    assert_eq!(graph.list_templates("1").await, Err(GraphError::NotReached));
}

#[tokio::test]
async fn a_stranger_who_cannot_prove_to_be_meta_hears_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stranger = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        stream
            .write_all(b"this is no TLS")
            .await
            .expect("it is taken");
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let graph = graph(&format!("https://{address}"));
    assert_eq!(graph.send(&hello()).await, Answer::NotSent);
    let heard = stranger.await.expect("it hung up");
    let heard = String::from_utf8_lossy(&heard);
    assert!(
        !heard.contains("POST") && !heard.contains("secret"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_it_open() {
    let server = Server::with(vec![Vec::new()]).await;
    assert_eq!(server.graph().send(&hello()).await, Answer::Lost);
    assert_eq!(server.heard().len(), 1, "and it is not repeated");
}

#[tokio::test]
async fn half_an_answer_leaves_it_open() {
    let mut half = answer(200, "", example("send/text.response.json"));
    half.truncate(half.len() - 40);
    let server = Server::with(vec![half]).await;
    assert_eq!(server.graph().send(&hello()).await, Answer::Lost);
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_it_open() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let silent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let heard = hear(&mut stream).await;
        (heard, stream)
    });
    let graph = graph(&format!("http://{address}")).with_patience(Duration::from_millis(100));
    assert_eq!(graph.send(&hello()).await, Answer::Lost);
    let (heard, _stream) = silent.await.expect("it was heard");
    assert!(heard.line.starts_with("POST"));
}

#[tokio::test]
async fn answers_that_are_not_metas_leave_it_open() {
    for (status, body) in [
        (502, "<html>Bad gateway</html>"),
        (500, ""),
        (200, "<html>Welcome to the hotel network</html>"),
        (200, "{}"),
        (403, "Blocked by your company"),
    ] {
        let server = Server::answering(status, "", body).await;
        assert_eq!(
            server.graph().send(&hello()).await,
            Answer::Lost,
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering(200, "", example("send/text.response.json")).await;
    for status in [301, 302, 307, 308] {
        let location = format!("location: {}/taken\r\n", elsewhere.address);
        let server = Server::answering(status, &location, "").await;
        assert_eq!(
            server.graph().send(&hello()).await,
            Answer::Lost,
            "{status}"
        );
    }
    assert!(elsewhere.heard().is_empty());
}

#[tokio::test]
async fn a_refusal_says_what_and_for_how_long() {
    let server = Server::answering(
        400,
        "retry-after: 120\r\n",
        example("errors/130429_http400.json"),
    )
    .await;
    let sent = server.graph().send_fully(&hello()).await;
    assert!(matches!(
        sent.answer,
        Answer::Refused {
            retry: Retry::WholeNumber,
            ..
        }
    ));
    assert_eq!(sent.wait, Some(Duration::from_secs(120)));

    let usage = r#"x-business-use-case-usage: {"100000000000101":[{"type":"messaging","call_count":100,"estimated_time_to_regain_access":7}]}"#;
    let server = Server::answering(
        400,
        &format!("{usage}\r\n"),
        example("errors/80007_http400.json"),
    )
    .await;
    let sent = server.graph().send_fully(&hello()).await;
    assert_eq!(sent.wait, Some(Duration::from_secs(7 * 60)));

    for nonsense in ["retry-after: soon\r\n", "retry-after: 99999999999999\r\n"] {
        let body = example("errors/130429_http400.json");
        let server = Server::answering(400, nonsense, body).await;
        assert_eq!(server.graph().send_fully(&hello()).await.wait, None);
    }
}

#[tokio::test]
async fn a_held_template_is_known_as_held() {
    for (name, held) in [("response_accepted", false), ("response_held", true)] {
        let server =
            Server::answering(200, "", example(&format!("send/template.{name}.json"))).await;
        let sent = server.graph().send_fully(&hello()).await;
        assert!(
            matches!(sent.answer, Answer::Accepted { held: told, .. } if told == held),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_read_mark_is_accepted_or_refused() {
    let marked = WaMessageId::new("wamid.x");
    let mark = OutboundRequest::mark_read(number(), marked.clone());
    let server = Server::answering(200, "", example("send/mark_read.response.json")).await;
    assert_eq!(
        server.graph().send(&mark).await,
        Answer::Accepted {
            wamid: marked,
            held: false
        }
    );
    let server = Server::answering(400, "", example("errors/131009_http400.json")).await;
    assert!(matches!(
        server.graph().send(&mark).await,
        Answer::Refused { .. }
    ));
    let server = Server::answering(200, "", r#"{"success":false}"#).await;
    assert_eq!(server.graph().send(&mark).await, Answer::Lost);
}

#[tokio::test]
async fn without_a_usable_token_nothing_leaves() {
    let server = Server::answering(200, "", example("send/text.response.json")).await;
    for token in [None, Some("line\nbreak".to_owned())] {
        let graph = server
            .graph()
            .with_token_source(Arc::new(move || token.clone()));
        assert!(matches!(
            graph.send(&hello()).await,
            Answer::Refused {
                failure: Failure {
                    code: FailureCode::Unauthorised,
                    ..
                },
                retry: Retry::StopQueue
            }
        ));
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn the_token_is_asked_for_anew_and_proved_where_the_app_demands_it() {
    let page = br#"{"data":[]}"#.to_vec();
    let answers = vec![answer(200, "", &page), answer(200, "", &page)];
    let server = Server::with(answers).await;
    let tokens = Arc::new(Mutex::new(vec!["second", "first"]));
    let graph = server
        .graph()
        .with_token_source(Arc::new(move || {
            tokens.lock().expect("tokens").pop().map(str::to_owned)
        }))
        .with_app_secret_proof("app-secret".into());
    assert_eq!(graph.subscribed_apps("7").await, Ok(0));
    assert_eq!(graph.subscribed_apps("7").await, Ok(0));
    let heard = server.heard();
    assert!(heard[0].headers.contains("bearer first"));
    assert!(heard[1].headers.contains("bearer second"));
    // printf first | openssl dgst -sha256 -hmac app-secret
    let proof = "9413f2d478914e8fe9de938fa412a5d2374f085d97ef0de7f6cdf76803b3fb17";
    assert_eq!(
        heard[0].line,
        format!("GET /v25.0/7/subscribed_apps?appsecret_proof={proof} HTTP/1.1")
    );
    assert_ne!(heard[0].line, heard[1].line);
}

#[tokio::test]
async fn every_answer_tells_metas_clock() {
    let dates = Arc::new(Mutex::new(Vec::new()));
    for body in ["send/text.response.json", "errors/131000_http500.json"] {
        let date = "date: Sun, 22 Nov 2026 12:00:01 GMT\r\n";
        let server = Server::answering(200, date, example(body)).await;
        let heard = Arc::clone(&dates);
        let graph = server
            .graph()
            .on_date(Arc::new(move |at| heard.lock().expect("dates").push(at)));
        let _ = graph.send(&hello()).await;
    }
    let noon = Time::from_secs(1_795_348_801);
    assert_eq!(*dates.lock().expect("dates"), [noon, noon]);
}

#[tokio::test]
async fn templates_are_listed_page_by_page() {
    let server = Server::with(vec![
        answer(200, "", example("templates/list_page1.response.json")),
        answer(200, "", example("templates/list_last_page.response.json")),
    ])
    .await;
    let templates = server
        .graph()
        .list_templates("100000000000101")
        .await
        .expect("two pages");
    let names: Vec<_> = templates.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["visit_confirmation", "order_update", "cart_left"]);
    let heard = server.heard();
    assert!(
        heard[0]
            .line
            .starts_with("GET /v25.0/100000000000101/message_templates?fields=")
    );
    // The cursor is used; the address in the answer, which names another host, is not.
    assert!(
        heard[1].line.contains("after=QkJCQkJC"),
        "{}",
        heard[1].line
    );
}

#[tokio::test]
async fn a_page_that_fails_fails_the_list() {
    let server = Server::with(vec![
        answer(200, "", example("templates/list_page1.response.json")),
        answer(503, "", example("errors/2_http503_temporary.json")),
    ])
    .await;
    assert!(matches!(
        server.graph().list_templates("1").await,
        Err(GraphError::Refused {
            retry: Retry::Later,
            ..
        })
    ));
}

#[tokio::test]
async fn a_list_that_leads_in_a_circle_ends() {
    let page = json!({"data": [], "paging": {"cursors": {"after": "A"}, "next": "http://x/"}});
    let page = page.to_string();
    let answers = vec![answer(200, "", &page), answer(200, "", &page)];
    let server = Server::with(answers).await;
    assert_eq!(server.graph().list_templates("1").await, Ok(Vec::new()));
    assert_eq!(server.heard().len(), 2);
}

#[tokio::test]
async fn the_number_and_the_subscription_are_read() {
    let body = r#"{"id":"100000000000202","display_phone_number":"+1 555-078-3881",
        "verified_name":"Example Shop","quality_rating":"GREEN","is_on_biz_app":true,
        "platform_type":"CLOUD_API","whatsapp_business_manager_messaging_limit":"TIER_250"}"#;
    let server = Server::answering(200, "", body).await;
    let info = server
        .graph()
        .phone_number(&number())
        .await
        .expect("it is told");
    assert_eq!(info.verified_name.as_deref(), Some("Example Shop"));
    assert_eq!(info.display_number.as_deref(), Some("+1 555-078-3881"));
    assert_eq!(info.is_on_biz_app, Some(true));

    let body = example("numbers/subscribed_apps.response.json");
    let server = Server::answering(200, "", body).await;
    let apps = server.graph().subscriptions("7").await.expect("it is told");
    assert_eq!(apps[0].name.as_deref(), Some("Example Inbox"));
    assert!(apps[0].override_callback.is_some());

    let expired = example("errors/190_http401_token_expired.json");
    let server = Server::answering(401, "", expired).await;
    let refused = server.graph().check_token(&number()).await;
    let Err(error @ GraphError::Refused { .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(error.to_string().contains("190"), "{error}");
}

#[tokio::test]
async fn the_phones_past_is_asked_for_once() {
    for (what, name) in [
        (PhoneSync::Contacts, "contacts"),
        (PhoneSync::History, "history"),
    ] {
        let body = example("numbers/smb_app_data.response.json");
        let server = Server::answering(200, "", body).await;
        let id = server.graph().request_sync(&number(), what).await;
        assert_eq!(id, Ok(Some("EXAMPLE-REQUEST-ID-0001".into())));
        let sent: Value = serde_json::from_slice(&server.heard()[0].body).expect("JSON");
        let path = format!("numbers/smb_app_data_{name}.request.json");
        let expected: Value = serde_json::from_slice(&example(&path)).expect("JSON");
        assert_eq!(sent, expected);
    }
    let body = example("errors/2593107_http400.json");
    let server = Server::answering(400, "", body).await;
    assert!(matches!(
        server.graph().request_sync(&number(), PhoneSync::History).await,
        Err(GraphError::Refused { failure, .. }) if failure.meta_code == Some(2_593_107)
    ));
}

#[tokio::test]
async fn ids_from_outside_stay_one_part_of_the_path() {
    let server = Server::answering(200, "", "{}").await;
    let _ = server.graph().media_url("../me?x=1#y/z").await;
    let line = &server.heard()[0].line;
    assert_eq!(line, "GET /v25.0/..%2Fme%3Fx=1%23y%2Fz HTTP/1.1");
}

#[test]
fn errors_and_the_client_show_no_secrets() {
    let graph = graph("http://127.0.0.1:1");
    assert!(!format!("{graph:?}").contains("secret"));
    let request = format!("{:?}", hello());
    assert!(
        !request.contains("Hello") && !request.contains("1555"),
        "{request}"
    );
}
