//! Files, their addresses, and where the token must not go.

use super::*;

/// The answer to a question for a file that lies at `url`.
fn media_at(url: &str, sha256: &str) -> Vec<u8> {
    let body = json!({"messaging_product": "whatsapp", "url": url, "mime_type": "image/jpeg",
                      "sha256": sha256, "file_size": "5", "id": "9"});
    answer(200, "", body.to_string())
}

/// `printf hello | sha256sum`, and the same in base64.
const HELLO_HEX: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const HELLO_BASE64: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

#[tokio::test]
async fn a_file_is_fetched_in_two_steps_and_compared() {
    for digest in [HELLO_HEX, HELLO_BASE64, ""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let url = format!("{address}/attachments/?mid=9&hash=x");
        let answers = [media_at(&url, digest), answer(200, "", "hello")];
        let heard = tokio::spawn(async move {
            let mut heard = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a caller");
                heard.push(hear(&mut stream).await);
                stream.write_all(&answer).await.expect("it is taken");
            }
            heard
        });
        let file = graph(&address).fetch_media("9", None).await;
        assert_eq!(file.as_deref(), Ok(b"hello".as_slice()));
        let heard = heard.await.expect("both were heard");
        assert_eq!(heard[0].line, "GET /v25.0/9 HTTP/1.1");
        assert_eq!(heard[1].line, "GET /attachments/?mid=9&hash=x HTTP/1.1");
        assert!(heard.iter().all(Heard::has_token));
    }
}

#[tokio::test]
async fn the_token_goes_to_no_strange_host() {
    let stranger = Server::answering(200, "", "hello").await;
    for url in [
        stranger.address.as_str(),
        "https://fbsbx.com.example.org/x",
        "https://evilfbsbx.com/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://lookaside.fbsbx.com@example.org/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
    ] {
        let server = Server::with(vec![media_at(url, HELLO_HEX)]).await;
        assert_eq!(
            server.graph().fetch_media("9", None).await,
            Err(MediaError::ForeignHost),
            "{url}"
        );
    }
    assert!(stranger.heard().is_empty());
}

#[tokio::test]
async fn a_file_is_not_fetched_from_where_its_host_points() {
    let stranger = Server::answering(200, "", "hello").await;
    let location = format!("location: {}\r\n", stranger.address);
    let server = Server::answering(302, &location, "").await;
    let url = server.address.parse().expect("an address");
    assert_eq!(
        server.graph().download(&url, 100).await,
        Err(MediaError::Redirected)
    );
    assert!(stranger.heard().is_empty());
}

#[tokio::test]
async fn a_file_that_is_not_right_is_not_taken() {
    let download = async |answer: Vec<u8>, most: usize| {
        let server = Server::with(vec![answer]).await;
        let url = server.address.parse().expect("an address");
        server.graph().download(&url, most).await
    };
    assert_eq!(
        download(answer(200, "", "hello"), 4).await,
        Err(MediaError::TooLarge { most: 4 })
    );
    // Without a length, it is counted as it comes.
    let unmeasured = b"HTTP/1.1 200 Said\r\nconnection: close\r\n\r\nhello".to_vec();
    assert_eq!(
        download(unmeasured.clone(), 4).await,
        Err(MediaError::TooLarge { most: 4 })
    );
    let file = download(unmeasured, 5).await.expect("it is small enough");
    assert_eq!(file.sha256, HELLO_HEX);
    let mut half = answer(200, "", "hello");
    half.truncate(half.len() - 2);
    assert_eq!(
        download(half, 100).await,
        Err(MediaError::Graph(GraphError::NoAnswer))
    );
    assert_eq!(
        download(answer(404, "", ""), 100).await,
        Err(MediaError::Gone { status: 404 })
    );
    assert_eq!(
        download(answer(500, "", ""), 100).await,
        Err(MediaError::Failed { status: 500 })
    );
    let dead = answer(400, "", example("errors/100_http400_object_missing.json"));
    let server = Server::with(vec![dead]).await;
    assert_eq!(
        server.graph().fetch_media("9", None).await,
        Err(MediaError::Gone { status: 400 })
    );
}
