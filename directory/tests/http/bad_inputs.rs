//! What every REST endpoint must survive, on the directory's. (Both Transfer-Encoding and Content-Length, a false
//! Content-Length and a slow body need a socket: the server's tests have them. No endpoint here takes an Idempotency-Key.)

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use super::sandbox::{Answer, Sandbox};

async fn put(world: &Sandbox, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let token = world.user("alice").bearer();
    let request = Request::put("/v1/users/me").header(header::AUTHORIZATION, token);
    let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
    world.send(request.body(body.into()).expect("a request")).await
}

const JSON: (&str, &str) = ("content-type", "application/json");
const GOOD: &str = r#"{"display_name":"Alice"}"#;

#[tokio::test]
async fn payloads_that_are_not_the_object_asked_for() {
    let world = Sandbox::with(&["alice"]).await;
    put(&world, &[JSON], GOOD).await.ok(200);
    let deep = format!("{{\"display_name\":{}", "[".repeat(10_000));
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let bodies: Vec<Vec<u8>> = [
        "",
        "null",
        "[]",
        "\"x\"",
        "{}",
        "7",
        "[\"Alice\"]",
        &deep,
        r#"{"display_name":7}"#,
        r#"{"display_name":null}"#,
        r#"{"display_name":"a","display_name":"b"}"#,
        r#"{"display_name":"a","admin":true}"#,
        r#"{"display_name":"a"}{}"#,
        r#"{"display_name":"a"} // x"#,
        r#"{"display_name":"\ud800"}"#,
        "\u{feff}{\"display_name\":\"a\"}",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([utf16, b"{\"display_name\":\"\xff\"}".to_vec()])
    .collect();
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let detail = put(&world, &[JSON], body).await.refused(400, "invalid_json");
        assert!(!detail.is_empty(), "{shown}");
    }
    assert_eq!(world.user("alice").get("me").await.ok(200)["display_name"], "Alice");
}

#[tokio::test]
async fn names_that_nobody_has() {
    let world = Sandbox::with(&["alice"]).await;
    for name in ["", " ", "a\u{0}b", "a\nb", &"😀".repeat(2_560), &"x".repeat(101)] {
        let refused = world.user("alice").put_json("me", &json!({ "display_name": name })).await;
        refused.refused(400, "invalid_display_name");
    }
    let longest = json!({ "display_name": "😀".repeat(100) });
    world.user("alice").put_json("me", &longest).await.ok(200);
}

#[tokio::test]
async fn ids_that_nobody_has() {
    let world = Sandbox::with(&["alice"]).await;
    let long = "x".repeat(129);
    for id in ["a%20b", "%22", "a%25b", "a%3Fb", "a%2Fb", "%C3%A9", "...", &long] {
        for path in [id.to_owned(), format!("{id}/friends"), format!("me/friends/{id}")] {
            let method = if path.starts_with("me") { Method::DELETE } else { Method::GET };
            let detail =
                world.user("alice").raw(method, &path, None).await.refused(400, "invalid_id");
            assert!(detail.starts_with("user ") || detail.starts_with("other "), "{detail}");
        }
    }
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let world = Sandbox::with(&["alice"]).await;
    let alice = world.user("alice");
    for path in ["a%00b", "%2e%2e/x", "..%2fx", "me//friends", "a%0Ab", "%zz"] {
        alice.get(path).await.refused(400, "invalid_path");
    }
    alice.get("me/enemies").await.refused(404, "no_such_path");
    alice.get("").await.refused(404, "no_such_path");
    for method in [Method::OPTIONS, Method::TRACE, Method::POST, Method::PATCH] {
        let answer = alice.raw(method, "me", None).await;
        answer.refused(405, "method_not_allowed");
        assert!(answer.headers[header::ALLOW].to_str().expect("text").contains("PUT"));
    }
    let head = alice.raw(Method::HEAD, "me", None).await;
    assert_eq!((head.status.as_u16(), head.body), (200, json!(null)));
}

#[tokio::test]
async fn headers_that_ask_for_something_else() {
    let world = Sandbox::with(&["alice"]).await;
    for content_type in ["text/xml", "application/json; charset=utf-7", "application/jsonx"] {
        let refused = put(&world, &[("content-type", content_type)], GOOD).await;
        refused.refused(415, "unsupported_media_type");
    }
    put(&world, &[], GOOD).await.refused(415, "unsupported_media_type");
    put(&world, &[JSON, JSON], GOOD).await.refused(415, "unsupported_media_type");
    let zipped = put(&world, &[JSON, ("content-encoding", "gzip")], GOOD).await;
    zipped.refused(415, "unsupported_encoding");
    put(&world, &[JSON, ("accept", "text/html")], GOOD).await.refused(406, "not_acceptable");
    let large = "x".repeat(api::HEADER_BYTES_MAX + 1);
    put(&world, &[JSON, ("x-large", &large)], GOOD).await.refused(431, "headers_too_large");
    let body = format!("{{\"display_name\":\"{}\"}}", "x".repeat(64 * 1_024));
    put(&world, &[JSON], body).await.refused(413, "body_too_large");
    assert_eq!(world.user("alice").get("me").await.ok(200)["display_name"], "alice");
}

#[tokio::test]
async fn parameters_repeated_or_unknown() {
    let world = Sandbox::with(&["alice"]).await;
    for (query, word) in [
        ("limit=1&limit=2", "limit"),
        ("limit=1&limit=1", "limit"),
        ("cursor=a&cursor=a", "cursor"),
        ("write=name", "write"),
    ] {
        let refused = world.user("alice").get(&format!("me/friends?{query}")).await;
        assert!(refused.refused(400, "invalid_parameter").contains(word), "{query}");
    }
}

#[tokio::test]
async fn callers_whom_nobody_knows() {
    let world = Sandbox::with(&["alice"]).await;
    let token = world.user("alice").bearer();
    for (headers, code) in [
        (&[][..], "no_token"),
        (&[("authorization", token.as_str()), ("authorization", &token)], "invalid_authorization"),
        (&[("authorization", "Basic YWxpY2U6eA==")], "invalid_authorization"),
        (&[("authorization", "")], "invalid_authorization"),
        (&[("authorization", "Bearer a.b.c")], "invalid_token"),
    ] {
        let request = Request::get("/v1/users/me");
        let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
        let answer = world.send(request.body(Body::empty()).expect("a request")).await;
        let detail = answer.refused(401, code);
        assert!(!detail.contains("a.b.c"));
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
    world.clock.advance_ms(60_000);
    let request = Request::get("/v1/users/me").header(header::AUTHORIZATION, token);
    let answer = world.send(request.body(Body::empty()).expect("a request")).await;
    answer.refused(401, "token_expired");
}
