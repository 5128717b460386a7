//! A port that proxies alone may use, and one that no proxy is expected at.

use std::net::SocketAddr;

use e2e::Sandbox;
use e2e::raw::{Raw, Request};

const BINARY: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

async fn wanting(trusted: &str, connections_max: usize) -> Sandbox {
    Sandbox::with(|config| {
        config.http.proxy_protocol = true;
        config.http.trusted_proxies = vec![trusted.to_owned()];
        config.http.connections_max = connections_max;
        config.http.head_timeout_ms = 500;
    })
    .await
}

fn live() -> Vec<u8> {
    Request::new("GET", "/live").encode()
}

fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    [BINARY, &[command, family, 0, rest.len() as u8], rest].concat()
}

/// The status of the answer, and the word for programs in it; none if the connection ends without one.
async fn answer(address: SocketAddr, header: &[u8]) -> Option<(u16, String)> {
    let mut raw = Raw::connect(address).await;
    raw.send(&[header, &live()].concat()).await;
    let answer = raw.response().await?;
    Some((answer.status, answer.json["code"].as_str().unwrap_or_default().to_owned()))
}

fn refused(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

#[tokio::test]
async fn a_port_for_proxies_takes_both_forms_and_nothing_else() {
    let world = wanting("127.0.0.0/8", 100).await;
    let address = world.address();
    let source = [192, 0, 2, 1, 198, 51, 100, 2, 1, 2, 3, 4];
    let extended = [&source[..], &[3, 0, 1, 9]].concat();
    for header in [
        b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n".to_vec(),
        b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n".to_vec(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        binary(0x21, 0x11, &source),
        binary(0x21, 0x11, &extended),
        binary(0x20, 0, &[]),
    ] {
        assert_eq!(answer(address, &header).await.map(|it| it.0), Some(204), "{header:?}");
    }
    for (header, code) in [
        (&b""[..], "proxy_header_missing"),
        (b"PROXY TCP4 nonsense\r\n", "proxy_header"),
        (
            b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nPROXY UNKNOWN\r\n",
            "proxy_header_unwanted",
        ),
    ] {
        assert_eq!(answer(address, header).await, Some(refused(code)), "{header:?}");
    }
    // It may come in pieces.
    let mut raw = Raw::connect(address).await;
    for byte in [binary(0x21, 0x11, &extended), live()].concat() {
        raw.send(&[byte]).await;
    }
    assert_eq!(raw.response().await.expect("an answer").status, 204);
    let mut silent = Raw::connect(address).await;
    silent.send(b"PROXY TCP4").await;
    assert!(silent.response().await.is_none(), "it ends in time");
}

#[tokio::test]
async fn only_trusted_proxies_may_connect_to_it() {
    let world = wanting("10.0.0.1", 100).await;
    let header = b"PROXY TCP4 10.0.0.1 198.51.100.2 56324 443\r\n";
    assert_eq!(answer(world.address(), header).await, Some(refused("untrusted_proxy")));
    assert_eq!(answer(world.address(), b"").await, Some(refused("untrusted_proxy")));
    // Operators' own address isn't behind it.
    assert!(world.metrics().await.contains("reason=\"untrusted_proxy\""));
}

#[tokio::test]
async fn connections_count_where_the_header_says_they_come_from() {
    let world = wanting("127.0.0.1", 2).await;
    let open = async |client: &str| {
        let mut raw = Raw::connect(world.address()).await;
        let header = format!("PROXY TCP4 {client} 198.51.100.2 1 2\r\n");
        raw.send(&[header.as_bytes(), &live()].concat()).await;
        assert_eq!(raw.response().await.expect("an answer").status, 204);
        raw
    };
    let mut quiet = open("192.0.2.1").await;
    for _ in 0..4 {
        open("192.0.2.2").await;
    }
    quiet.send(&live()).await;
    assert_eq!(quiet.response().await.expect("it is still there").status, 204);
}

#[tokio::test]
async fn a_port_that_expects_no_proxy_says_so() {
    let world = Sandbox::start().await;
    for header in [&b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"[..], BINARY] {
        assert_eq!(answer(world.address(), header).await, Some(refused("proxy_header_unwanted")));
    }
    // TLS is told in its own words: a fatal alert.
    let mut raw = Raw::connect(world.address()).await;
    raw.send(b"\x16\x03\x01\x00\x05hello").await;
    assert_eq!(raw.rest().await, [0x15, 3, 1, 0, 2, 2, 40]);
    assert_eq!(answer(world.address(), b"").await.map(|it| it.0), Some(204));
}
