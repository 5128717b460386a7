//! How a session begins, goes on and ends.

use e2e::{Frame, LISBON, Person, Sandbox};
use model::{Clock, Role, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_token_in_the_header_is_answered_by_a_welcome_and_a_snapshot() {
    let world = Sandbox::start().await;
    let alice = world.connect("alice").await;
    assert_eq!(alice.types(), ["welcome", "snapshot"]);
    let snapshot = &alice.heard[1];
    assert_eq!(snapshot["epoch"], alice.heard[0]["epoch"]);
    assert_eq!((&snapshot["located"], &snapshot["more"]), (&json!(false), &json!(false)));
    assert_eq!(snapshot["friends"], json!([]));
}

#[tokio::test]
async fn a_token_in_the_first_message_is_as_good() {
    let world = Sandbox::start().await;
    let mut alice = world.connect_anonymously().await;
    alice.send(&json!({ "type": "auth", "token": world.token("alice", Role::User) })).await;
    alice.await_snapshot().await;
    assert_eq!(alice.types(), ["welcome", "snapshot"]);
    assert_eq!(alice.heard[0]["user"], "alice");
    assert_eq!(alice.at(LISBON).await["shown"], true);
}

#[tokio::test]
async fn the_welcome_says_what_a_client_needs_to_know() {
    let world = Sandbox::start().await;
    let before_ms = now_ms();
    let alice = world.connect("alice").await;
    let welcome = &alice.heard[0];
    let number = |name: &str| welcome[name].as_i64().unwrap_or_else(|| panic!("{name}: {welcome}"));
    assert_eq!(welcome["user"], "alice");
    assert!(welcome["session"].as_str().is_some_and(|session| !session.is_empty()), "{welcome}");
    assert!((before_ms..=now_ms()).contains(&number("time_ms")), "{welcome}");
    assert_eq!([number("ttl_ms"), number("tick_ms")], [600_000, 5]);
    assert_eq!(number("ping_interval_ms"), 25_000);
    assert_eq!(welcome["radius_m"].as_f64(), Some(8_047.0));
    let holds_ms = number("token_expires_ms") - before_ms;
    assert!((3_590_000..=3_601_000).contains(&holds_ms), "{welcome}");
    let limits = json!({
        "message_bytes": 65_536, "batch_fixes": 100, "fixes_per_s": 20, "fixes_burst": 200,
        "messages_per_s": 50, "messages_burst": 200, "bytes_per_s": 32_768, "bytes_burst": 262_144,
        "errors": 100, "devices": 8, "boards": 4,
    });
    assert_eq!(welcome["limits"], limits);
    let hint = json!({ "interval_ms": 200_000, "displacement_m": 200, "accuracy": "low" });
    assert_eq!(welcome["hint"], hint);
}

#[tokio::test]
async fn sessions_have_names_of_their_own_in_one_epoch() {
    let world = Sandbox::start().await;
    let (alice, again) = (world.connect("alice").await, world.connect("alice").await);
    assert_ne!(alice.heard[0]["session"], again.heard[0]["session"]);
    assert_eq!(alice.heard[0]["epoch"], again.heard[0]["epoch"]);
}

#[tokio::test]
async fn who_says_nothing_is_closed_at_the_deadline() {
    let world = Sandbox::with(|config| config.gateway.auth_timeout_ms = 200).await;
    let mut nobody = world.connect_anonymously().await;
    assert_closed(&nobody.end().await, 4005);
}

#[tokio::test]
async fn who_says_something_else_first_is_closed() {
    let world = Sandbox::start().await;
    let mut nobody = world.connect_anonymously().await;
    nobody.send(&json!({ "type": "ping", "id": 1 })).await;
    assert_closed(&nobody.end().await, 4500);
    assert_eq!(nobody.heard[0]["error"], "not_authenticated");
}

#[tokio::test]
async fn a_second_auth_is_an_error_and_nothing_more() {
    let world = Sandbox::start().await;
    let mut alice = world.connect("alice").await;
    alice.send(&json!({ "type": "auth", "token": world.token("bob", Role::User) })).await;
    alice.hear(|m| m["error"] == "already_authenticated").await;
    alice.at(LISBON).await;
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let world = Sandbox::start().await;
    let token = world.token_for("alice", Role::User, 2);
    let mut alice = Person::connect(world.address(), &token).await;
    alice.at(LISBON).await;
    assert_closed(&alice.end().await, 4002);
    let expires_ms = alice.heard[0]["token_expires_ms"].as_i64().expect("a time");
    assert!(now_ms() >= expires_ms, "closed before the token ended");
}

#[tokio::test]
async fn a_renewed_session_outlives_its_first_token() {
    let world = Sandbox::start().await;
    let token = world.token_for("alice", Role::User, 2);
    let mut alice = Person::connect(world.address(), &token).await;
    alice.await_snapshot().await;
    let first_ms = alice.heard[0]["token_expires_ms"].as_i64().expect("a time");
    alice.send(&json!({ "type": "renew", "token": world.token_for("alice", Role::User, 4) })).await;
    let renewed = alice.hear(|m| m["type"] == "renewed").await;
    let second_ms = renewed["token_expires_ms"].as_i64().expect("a time");
    assert!(second_ms > first_ms, "{renewed}");
    assert_closed(&alice.end().await, 4002);
    assert!(now_ms() >= second_ms, "closed with the first token");
}

#[tokio::test]
async fn a_token_of_somebody_else_renews_nothing() {
    let world = Sandbox::start().await;
    let mut alice = world.connect("alice").await;
    for token in [world.token("bob", Role::User), "rubbish".to_owned()] {
        alice.send(&json!({ "type": "renew", "token": token })).await;
        alice.hear(|m| m["error"] == "invalid_token").await;
    }
    alice.settle().await;
    assert!(!alice.types().contains(&"renewed"));
}

#[tokio::test]
async fn a_client_that_answers_nothing_is_pinged_and_closed() {
    let world = impatient().await;
    let mut dead = Wire::connect(&world).await;
    let mut pinged = false;
    let code = loop {
        match dead.frame().await {
            (0x9, _) => pinged = true,
            (0x8, payload) => break u16::from_be_bytes([payload[0], payload[1]]),
            _ => {}
        }
    };
    assert!(pinged, "closed without a ping");
    assert_eq!(code, 4001);
}

#[tokio::test]
async fn a_client_that_does_nothing_but_answer_pings_stays() {
    let world = impatient().await;
    let mut quiet = Wire::connect(&world).await;
    // As many intervals as would have closed a dead one several times.
    for _ in 0..8 {
        loop {
            match quiet.frame().await {
                (0x9, _) => break,
                (0x8, payload) => panic!("closed: {}", String::from_utf8_lossy(&payload[2..])),
                _ => {}
            }
        }
        quiet.send(0xA, b"").await;
    }
    quiet.send(0x1, br#"{"type":"ping","id":7}"#).await;
    loop {
        let (opcode, payload) = quiet.frame().await;
        assert_ne!(opcode, 0x8, "closed");
        let message = serde_json::from_slice::<Value>(&payload).unwrap_or_default();
        if message["type"] == "pong" && message["id"] == 7 {
            return;
        }
    }
}

async fn impatient() -> Sandbox {
    Sandbox::with(|config| {
        config.gateway.ping_interval_ms = 150;
        config.gateway.ping_grace_ms = 250;
    })
    .await
}

fn now_ms() -> i64 {
    SystemClock::start().now().wall.0
}

fn assert_closed(end: &Frame, expected: u16) {
    assert!(matches!(end, Frame::Closed(code, _) if *code == expected), "{end:?}");
}

/// A WebSocket whose client answers only what a test makes it answer.
struct Wire {
    stream: TcpStream,
}

impl Wire {
    async fn connect(world: &Sandbox) -> Self {
        let mut stream = TcpStream::connect(world.address()).await.expect("the node listens");
        let token = world.token("alice", Role::User);
        let head = format!(
            "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("a connection");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(read(stream.read_u8()).await);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
        Self { stream }
    }

    /// The opcode and payload of the next frame.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let opcode = read(self.stream.read_u8()).await & 0x0F;
        let length = match read(self.stream.read_u8()).await {
            126 => usize::from(read(self.stream.read_u16()).await),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        read(self.stream.read_exact(&mut payload)).await;
        (opcode, payload)
    }

    /// Sends a short frame, with a mask of zeros.
    async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).expect("a short payload");
        let mut frame = vec![0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await.expect("a connection");
    }
}

async fn read<T>(reading: impl Future<Output = std::io::Result<T>>) -> T {
    let read = tokio::time::timeout(e2e::DEADLINE, reading).await;
    read.expect("something comes in time").expect("a connection")
}
