//! `https` and `wss`, once a certificate is named.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::process::run;
use e2e::raw::{Raw, Request};
use e2e::servers::{make_certificate, make_expired_certificate};
use e2e::{DEADLINE, Sandbox};
use futures_util::{SinkExt as _, StreamExt as _};
use model::Role;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// Connects as a client does that trusts this authority.
async fn connect(address: SocketAddr, authority: &Path) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).expect("a certificate")).expect("a root");
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn with_certificate(dir: &Path) -> Sandbox {
    Sandbox::with(|config| {
        config.http.tls.certificate_file = Some(dir.join("server.pem"));
        config.http.tls.key_file = Some(dir.join("server.key"));
    })
    .await
}

#[tokio::test]
async fn rest_and_websockets_go_through_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let authority = make_certificate(dir.path());
    let world = with_certificate(dir.path()).await;
    let mut stream = connect(world.address(), &authority).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let request = Request::new("GET", "/openapi.json").with("Connection", "close").encode();
    stream.write_all(&request).await.expect("taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("a whole answer");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.ends_with(b"}"), "{}", answer.len());

    let stream = connect(world.address(), &authority).await.expect("a handshake");
    let (mut socket, _) = client_async("wss://localhost/v1/ws", stream).await.expect("a WebSocket");
    let token = world.token("alice", Role::User);
    let auth = json!({ "type": "auth", "token": token }).to_string();
    socket.send(Message::text(auth)).await.expect("taken");
    let hear = async |socket: &mut tokio_tungstenite::WebSocketStream<TlsStream<TcpStream>>,
                      kind: &str| loop {
        let next = tokio::time::timeout(DEADLINE, socket.next()).await.expect("in time");
        let text = next.expect("a message").expect("a message").into_text().expect("text");
        let heard: Value = serde_json::from_str(&text).expect("JSON");
        if heard["type"] == kind {
            break heard;
        }
    };
    hear(&mut socket, "snapshot").await;
    for id in 1..=50 {
        socket
            .send(Message::text(json!({ "type": "ping", "id": id }).to_string()))
            .await
            .expect("taken");
        assert_eq!(hear(&mut socket, "pong").await["id"], id);
    }
}

#[tokio::test]
async fn whoever_speaks_no_tls_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    make_certificate(dir.path());
    let world = with_certificate(dir.path()).await;
    let plain = world.request("GET", "/live", None).await;
    assert_eq!((plain.status, &plain.json["code"]), (400, &json!("tls_missing")));
    let mut raw = Raw::connect(world.address()).await;
    raw.send(b"\x16\x03\x01\x00\x05hello").await;
    raw.rest().await;
    assert!(world.metrics().await.contains("reason=\"tls_handshake\""));
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_a_bad_one_is_not() {
    let (dir, other) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let authority = make_certificate(dir.path());
    let world = with_certificate(dir.path()).await;
    let before = dir.path().join("before.pem");
    std::fs::copy(&authority, &before).expect("a copy");
    // First the certificate alone, which its key doesn't fit; then the key too.
    let next = make_certificate(other.path());
    std::fs::copy(other.path().join("server.pem"), dir.path().join("server.pem")).expect("a copy");
    let mut looked = tokio::time::interval(Duration::from_millis(500));
    for _ in 0..4 {
        looked.tick().await;
        assert!(connect(world.address(), &before).await.is_ok(), "the one of before stays");
    }
    // Nor one that ended, though it is its key's.
    make_expired_certificate(other.path());
    for name in ["expired.pem", "server.key"] {
        let into = dir.path().join(name.replace("expired", "server"));
        std::fs::copy(other.path().join(name), into).expect("a copy");
    }
    for _ in 0..3 {
        looked.tick().await;
        assert!(connect(world.address(), &before).await.is_ok(), "the one of before stays");
    }
    std::fs::copy(other.path().join("server.pem"), dir.path().join("server.pem")).expect("a copy");
    let deadline = Instant::now() + DEADLINE;
    while connect(world.address(), &next).await.is_err() {
        assert!(Instant::now() < deadline, "the new one is never used");
        looked.tick().await;
    }
    assert!(connect(world.address(), &before).await.is_err());
}

#[tokio::test]
async fn commands_ask_a_service_by_it_also_under_a_path() {
    let dir = tempfile::tempdir().expect("a folder");
    let authority = make_certificate(dir.path()).display().to_string();
    let world = Sandbox::with(|config| {
        config.http.tls.certificate_file = Some(dir.path().join("server.pem"));
        config.http.tls.key_file = Some(dir.path().join("server.key"));
        "/apps/geo".clone_into(&mut config.http.base_path);
    })
    .await;
    let (port, data) = (world.address().port(), world.data_dir().display().to_string());
    let ask = async |url: &str, more: &[&str]| {
        let words = ["board", "list", "--json", "--data", &data, "--url", url];
        run(&[&words, more].concat()).await
    };
    let trusted = ["--ca", &*authority];
    for host in ["localhost", "127.0.0.1"] {
        for path in ["", "/apps/geo", "/apps/geo/"] {
            let ended = ask(&format!("https://{host}:{port}{path}"), &trusted).await;
            assert_eq!(ended.code, Some(0), "{host} {path}: {ended:?}");
        }
    }
    let https = format!("https://localhost:{port}");
    for (url, more, said) in [
        (&*https, &[][..], "UnknownIssuer"),
        (&*format!("https://[::ffff:127.0.0.1]:{port}"), &trusted, "not valid for name"),
        (&*format!("http://localhost:{port}"), &[], "connect with https"),
        (&*format!("http://localhost:{port}"), &trusted, "--ca is of use with"),
        (&*https, &["--ca", &data], "--ca "),
        ("localhost:8080", &[], "https://example.com/geo"),
    ] {
        let ended = ask(url, more).await;
        assert!(ended.code == Some(1) && ended.log.contains(said), "{url} {more:?}: {ended:?}");
    }
}
