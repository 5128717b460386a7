//! What only shows on a socket: how a body is framed.

use std::sync::Arc;
use std::time::Duration;

use api::{Context, Json, RateLimit, Verifier, VerifyingKey, with_middleware};
use axum::Router;
use axum::routing::post;
use model::{ManualClock, SeededRandom, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pie {
    name: String,
}

/// Sends the bytes to a fresh server, then nothing more, and reads until the server closes.
async fn exchange(request: &str) -> String {
    let key = VerifyingKey::hs256("k", &[7; 32]).expect("key");
    let verifier = Arc::new(Verifier::new(vec![key], "us", "them", 0).expect("verifier"));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let random = Arc::new(SeededRandom::new(1));
    let context = Context::new(verifier, clock, random, RateLimit::default());
    let pies = Router::new().route("/pies", post(async |Json(pie): Json<Pie>| Json(pie)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(axum::serve(listener, with_middleware(pies, &context)).into_future());

    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream.shutdown().await.expect("half closed");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    read.expect("the server closes").expect("read");
    server.abort();
    String::from_utf8(answer).expect("text")
}

fn post_with(headers: &str, body: &str) -> String {
    format!(
        "POST /pies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n{body}"
    )
}

const BODY: &str = r#"{"name":"apple"}"#;

#[tokio::test]
async fn well_framed_bodies_are_read() {
    for framed in [
        post_with("Content-Length: 16\r\n", BODY),
        post_with("Transfer-Encoding: chunked\r\n", &format!("10\r\n{BODY}\r\n0\r\n\r\n")),
    ] {
        let answer = exchange(&framed).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn two_lengths_are_never_two_requests() {
    // Whoever believes the length sees a second request behind the first.
    let smuggled = "0\r\n\r\nPOST /pies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                    Content-Length: 16\r\n\r\n{\"name\":\"apple\"}";
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
    ] {
        let answer = exchange(&post_with(headers, smuggled)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{headers}: {answer}");
        assert!(!answer.contains("200 OK"), "{headers}: {answer}");
    }
}

#[tokio::test]
async fn false_lengths_are_refused() {
    for headers in ["Content-Length: 99\r\n", "Content-Length: -1\r\n", "Content-Length: x\r\n"] {
        let answer = exchange(&post_with(headers, BODY)).await;
        assert!(!answer.contains("200 OK"), "{headers}: {answer}");
    }
    let shorter = exchange(&post_with("Content-Length: 5\r\n", BODY)).await;
    assert!(shorter.starts_with("HTTP/1.1 400"), "{shorter}");
    let absent = exchange(&post_with("", BODY)).await;
    assert!(absent.starts_with("HTTP/1.1 400"), "{absent}");
}
