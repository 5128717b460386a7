//! The request for the upgrade.

use e2e::Sandbox;
use e2e::raw::{Bystanders, HOST, Length, OFFENDER, Raw, RawFrame, Request};
use model::Role;

use super::refusals::{expect_close, expect_refusals};

#[tokio::test]
async fn a_request_that_is_no_right_upgrade_is_refused() {
    let world = Sandbox::start().await;
    let right = || Request::upgrade(Some(&world.token(OFFENDER, Role::User)));
    let upgrade = |words| (426, "upgrade_required", words);
    let key = (400, "invalid_handshake", "Sec-WebSocket-Key");
    let version = "Sec-WebSocket-Version must be 13";
    let cases = vec![
        ("no Upgrade", right().without("Upgrade"), upgrade("ask with")),
        ("another Upgrade", right().instead("Upgrade", "h2c"), upgrade("ask with")),
        ("no Connection", right().without("Connection"), upgrade("ask with")),
        ("version 8", right().instead("Sec-WebSocket-Version", "8"), upgrade(version)),
        ("version 14", right().instead("Sec-WebSocket-Version", "14"), upgrade(version)),
        ("two versions", right().with("Sec-WebSocket-Version", "8"), upgrade(version)),
        ("no version", right().without("Sec-WebSocket-Version"), upgrade(version)),
        ("HTTP/1.0", right().version("HTTP/1.0"), upgrade("HTTP/1.1")),
        ("no key", right().without("Sec-WebSocket-Key"), key),
        ("empty key", right().instead("Sec-WebSocket-Key", ""), key),
        ("key of 15 bytes", right().instead("Sec-WebSocket-Key", "eHh4eHh4eHh4eHh4eHh4"), key),
        (
            "key of 17 bytes",
            right().instead("Sec-WebSocket-Key", "eHh4eHh4eHh4eHh4eHh4eHh4eHg="),
            key,
        ),
        ("key not base64", right().instead("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ***"), key),
        ("two keys", right().with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), key),
        ("POST", right().method("POST"), (405, "method_not_allowed", "Allow")),
        (
            "unknown subprotocol",
            right().with("Sec-WebSocket-Protocol", "chat, superchat"),
            (400, "invalid_handshake", "whereabouts.v1.json"),
        ),
        (
            "another version of ours",
            right().with("Sec-WebSocket-Protocol", "whereabouts.v2.json"),
            (400, "invalid_handshake", "whereabouts.v1.json"),
        ),
        (
            "a token in the query string",
            right().target("/v1/ws?token=abc"),
            (400, "token_in_query", "Authorization"),
        ),
        (
            "an access token among others",
            right().target("/v1/ws?v=1&ACCESS_TOKEN=abc&x"),
            (400, "token_in_query", "auth"),
        ),
        (
            "an encoded name",
            right().target("/v1/ws?%74oken=abc"),
            (400, "token_in_query", "Authorization"),
        ),
        (
            "a token within what another library sends",
            right().target(
                "/v1/ws?connectionParams=%7B%22t%22%3A%22eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln%22%7D",
            ),
            (400, "token_in_query", "auth"),
        ),
        (
            "another spelling",
            right().target("/v1/ws?idToken=abc"),
            (400, "token_in_query", "Authorization"),
        ),
        (
            "a token, and no upgrade",
            right().without("Upgrade").target("/v1/ws?token=abc"),
            (400, "token_in_query", "Authorization"),
        ),
        (
            "a token under any name",
            right().target("/v1/ws?user=Bearer%20eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
            (400, "token_in_query", "Authorization"),
        ),
        (
            "60 KB of headers",
            (0..60).fold(right(), |r, n| r.with(&format!("X-{n}"), &"x".repeat(1_000))),
            (431, "headers_too_large", "16384"),
        ),
        (
            "one header of 60 KB",
            right().with("X-Large", &"x".repeat(60_000)),
            (431, "headers_too_large", "8256"),
        ),
        (
            "a body",
            right().json("{}").with("Content-Encoding", "gzip"),
            (415, "unsupported_encoding", "Content-Encoding"),
        ),
    ];
    expect_refusals(&world, cases).await;
}

#[tokio::test]
async fn a_head_request_does_not_become_a_websocket() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let request = Request::upgrade(Some(&world.token(OFFENDER, Role::User))).method("HEAD");
    let mut raw = Raw::connect(world.address()).await;
    raw.send(&request.encode()).await;
    let answer = raw.head().await.expect("an answer");
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    bystanders.carry_on("HEAD").await;
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let allowed = "https://app.example.com";
    let world = Sandbox::with(|c| c.gateway.allowed_origins = vec![allowed.to_owned()]).await;
    let token = world.token(OFFENDER, Role::User);
    let from = |origin: &str| Request::upgrade(Some(&token)).with("Origin", origin);
    let refused = (403, "origin_not_allowed", "Origin");
    let cases = vec![
        ("foreign", from("https://evil.com"), refused),
        ("null", from("null"), refused),
        ("empty", from(""), refused),
        ("suffix trick", from("https://app.example.com.evil.com"), refused),
        ("prefix trick", from("https://evil.com/https://app.example.com"), refused),
        ("subdomain", from("https://evil.app.example.com"), refused),
        ("another port", from("https://app.example.com:444"), refused),
        ("another scheme", from("http://app.example.com"), refused),
        ("own name as a suffix", from(&format!("https://{HOST}.evil.com")), refused),
        ("own name at another port", from(&format!("https://{HOST}:444")), refused),
        ("an allowed one first", from(allowed).with("Origin", "https://evil.com"), refused),
        ("an allowed one last", from("https://evil.com").with("Origin", allowed), refused),
    ];
    expect_refusals(&world, cases).await;
    let own = [format!("https://{HOST}"), format!("http://{HOST}"), format!("https://{HOST}:443")];
    for origin in
        [allowed, "https://APP.example.com:443"].into_iter().chain(own.iter().map(|it| &**it))
    {
        expect_welcome(&world, from(origin), None).await;
    }
    let compared = Request::upgrade(Some(&token)).with("Origin", "https://evil.com");
    let refused = (403, "origin_not_allowed", "gateway.allowed_origins");
    expect_refusals(&world, vec![("what was compared", compared, refused)]).await;
}

#[tokio::test]
async fn odd_but_right_requests_become_websockets() {
    let world = Sandbox::start().await;
    let right = || Request::upgrade(Some(&world.token(OFFENDER, Role::User)));
    let json = Some("whereabouts.v1.json");
    let protocol = "Sec-WebSocket-Protocol";
    expect_welcome(&world, right(), None).await;
    expect_welcome(&world, right().with(protocol, "chat, whereabouts.v1.json"), json).await;
    expect_welcome(
        &world,
        right().with(protocol, "chat").with(protocol, "whereabouts.v1.json"),
        json,
    )
    .await;
    expect_welcome(&world, right().instead("Connection", "keep-alive, UPGRADE"), None).await;
    expect_welcome(&world, right().instead("Upgrade", "WebSocket"), None).await;
    for nothing in ["", " , "] {
        expect_welcome(&world, right().with(protocol, nothing), None).await;
    }
    expect_welcome(&world, right().target("/v1/ws?v=1&tokens=no"), None).await;
}

async fn expect_welcome(world: &Sandbox, request: Request, protocol: Option<&str>) {
    let mut raw = Raw::connect(world.address()).await;
    raw.send(&request.encode()).await;
    let answer = raw.response().await.expect("an answer");
    assert_eq!(answer.status, 101, "{request:?}: {answer:?}");
    let chosen = answer.headers.get("sec-websocket-protocol").and_then(|v| v.to_str().ok());
    assert_eq!(chosen, protocol, "{request:?}");
    let welcome = raw.hear(|m| m["type"] == "welcome").await;
    assert_eq!(welcome["user"], OFFENDER);
}

#[tokio::test]
async fn more_headers_than_the_library_reads_are_refused() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let many = (0..600).fold(Request::upgrade(None), |request, n| {
        request.with(&format!("X-{n}"), &"x".repeat(100))
    });
    let mut raw = Raw::connect(world.address()).await;
    raw.send(&many.encode()).await;
    assert_eq!(raw.response().await.map(|answer| answer.status), Some(431));
    bystanders.carry_on("600 headers").await;
}

#[tokio::test]
async fn whoever_is_slow_with_the_head_of_a_request_is_hung_up_on() {
    let world = Sandbox::with(|c| c.http.head_timeout_ms = 500).await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut head = Request::upgrade(Some(&world.token(OFFENDER, Role::User))).encode();
    head.truncate(head.len() - 2);
    for (case, bytes) in [("silence", &b""[..]), ("one byte", b"G"), ("half a head", &head)] {
        let mut raw = Raw::connect(world.address()).await;
        raw.send(bytes).await;
        raw.expect_hung_up().await;
        bystanders.carry_on(case).await;
    }
}

#[tokio::test]
async fn what_is_sent_together_with_the_request_is_read_as_frames() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let request = Request::upgrade(Some(&world.token(OFFENDER, Role::User))).encode();
    let ping = RawFrame::text(r#"{"type":"ping","id":1}"#);

    let mut raw = Raw::connect(world.address()).await;
    raw.send(&[request.clone(), ping.encode()].concat()).await;
    assert_eq!(raw.response().await.map(|answer| answer.status), Some(101));
    raw.hear(|m| m["type"] == "pong" && m["id"] == 1).await;
    bystanders.carry_on("an early ping").await;

    let mut raw = Raw::connect(world.address()).await;
    let bad = RawFrame { length: Length::In64Bits, ..ping };
    raw.send(&[request, bad.encode()].concat()).await;
    assert_eq!(raw.response().await.map(|answer| answer.status), Some(101));
    expect_close("an early bad frame", raw.end().await, 1002, "minimal");
    bystanders.carry_on("an early bad frame").await;
}
