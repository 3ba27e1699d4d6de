//! Files, their addresses, and where the token must not go.

use super::{super::media::MAX_FILE, *};

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
        let kind = "content-type: text/plain\r\n";
        let answers = [media_at(&url, digest), answer(200, kind, "hello")];
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
        let file = file.map(|file| (file.bytes, file.mime_type));
        let kind = Some("text/plain".to_owned());
        assert_eq!(file, Ok((Bytes::from_static(b"hello"), kind)));
        let heard = heard.await.expect("both were heard");
        assert_eq!(heard[0].line, "GET /v25.0/9 HTTP/1.1");
        assert_eq!(heard[1].line, "GET /attachments/?mid=9&hash=x HTTP/1.1");
        assert!(heard.iter().all(Heard::has_token));
    }
}

#[tokio::test]
async fn a_file_other_than_the_announced_one_is_not_taken() {
    // `printf other | sha256sum`, and the same in base64.
    let other_hex = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";
    let other_base64 = "2SmKENGwc1g33EvYXaxkGw887yekfl1TpU8vP1svz/o=";
    let right = [Some(HELLO_HEX), Some(HELLO_BASE64), None];
    let wrong = [Some(other_hex), Some(other_base64)];
    for (in_webhook, in_lookup, is_right) in right
        .into_iter()
        .map(|digest| (digest, HELLO_BASE64, true))
        // What was announced first counts; the lookup stands in where the webhook said nothing.
        .chain(right[..2].iter().map(|digest| (*digest, other_hex, true)))
        .chain(wrong.into_iter().map(|digest| (digest, HELLO_HEX, false)))
        .chain([(None, other_hex, false), (None, other_base64, false)])
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let answers = [
            media_at(&format!("{address}/file"), in_lookup),
            answer(200, "", "hello"),
        ];
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a caller");
                hear(&mut stream).await;
                stream.write_all(&answer).await.expect("it is taken");
            }
        });
        let file = graph(&address).fetch_media("9", in_webhook).await;
        let file = file.map(|file| file.bytes);
        let expected = if is_right {
            Ok(Bytes::from_static(b"hello"))
        } else {
            Err(MediaError::WrongDigest)
        };
        assert_eq!(file, expected, "{in_webhook:?} {in_lookup}");
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
    for status in [301, 302, 303, 307, 308] {
        let stranger = Server::answering(200, "", "hello").await;
        let location = format!("location: {}\r\n", stranger.address);
        let server = Server::answering(status, &location, "").await;
        let url = server.address.parse().expect("an address");
        assert_eq!(
            server.graph().download(&url, 100).await,
            Err(MediaError::Redirected)
        );
        assert!(stranger.heard().is_empty(), "{status}");
        // Nor is the lookup of the id sent on, which carries the same token.
        let server = Server::answering(status, &location, "").await;
        assert!(server.graph().media_url("9").await.is_err());
        assert_eq!(server.heard().len(), 1);
        assert!(stranger.heard().is_empty(), "{status}");
    }
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
    // The length alone is enough; nothing of the file was sent.
    let vast = format!(
        "HTTP/1.1 200 Said\r\ncontent-length: {}\r\n\r\n",
        MAX_FILE + 1
    );
    assert_eq!(
        download(vast.into_bytes(), MAX_FILE).await,
        Err(MediaError::TooLarge { most: MAX_FILE })
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
    for status in [404, 410] {
        assert_eq!(
            download(answer(status, "", ""), 100).await,
            Err(MediaError::DeadAddress { status })
        );
    }
    assert_eq!(
        download(answer(500, "", ""), 100).await,
        Err(MediaError::Failed { status: 500 })
    );
    let dead = answer(400, "", example("errors/100_http400_object_missing.json"));
    let server = Server::with(vec![dead]).await;
    assert_eq!(
        server.graph().fetch_media("9", None).await,
        Err(MediaError::DeadId { status: 400 })
    );
}
