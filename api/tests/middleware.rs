//! The middleware: what it adds to every answer, and what it refuses.

#[path = "middleware/corpus.rs"]
mod corpus;

use std::sync::Arc;

use api::{
    Authenticated, BODY_BYTES_MAX, Context, HEADER_BYTES_MAX, Json, Problem, RateLimit, Signer,
    Verifier, VerifyingKey, Work, json_routes, with_middleware,
};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Path};
use axum::routing::{get, post};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use model::{Clock, ErrorKind, ManualClock, Role, SeededRandom, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";

#[derive(Clone)]
struct State(Context);

impl FromRef<State> for Context {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pie {
    name: String,
}

struct World {
    router: Router,
    clock: Arc<ManualClock>,
    signer: Signer,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl World {
    fn new() -> Self {
        let key = VerifyingKey::hs256("k", SECRET).expect("key");
        let verifier = Arc::new(Verifier::new(vec![key], "us", "them", 0).expect("verifier"));
        let clock = Arc::new(ManualClock::at(Timestamp(1_700_000_000_000)));
        let random = Arc::new(SeededRandom::new(1));
        let limit = RateLimit { per_second: 1, burst: 3 };
        let context = Context::new(verifier, clock.clone(), random, limit);
        let routes = OpenApiRouter::new()
            .route("/pies", post(async |Json(pie): Json<Pie>| Json(pie)).get(async || Json(7)))
            .route("/pies/{pie}", get(async |Path(pie): Path<String>| Json(pie)))
            .route(
                "/me",
                get(async |Authenticated(caller): Authenticated| Json(caller.user.to_string())),
            )
            .route(
                "/feast",
                get(async |mut work: Work| -> Result<Json<u8>, Problem> {
                    work.spend(20_000_000).await?;
                    Ok(Json(1))
                }),
            )
            .route(
                "/broken",
                get(async || {
                    Problem::new(ErrorKind::Unavailable, "no_oven", "x").retry_after_ms(5)
                }),
            );
        let pies = json_routes(routes).with_state(State(context.clone()));
        let signer = Signer::hs256("k", SECRET, "us", "them").expect("signer");
        Self { router: with_middleware(pies.into(), &context), clock, signer }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("in memory").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, uri: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Request::get(uri);
        let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn post(&self, content_type: Option<&str>, body: impl Into<Body>) -> Answer {
        let mut request = Request::post("/pies");
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        self.send(request.body(body.into()).expect("a request")).await
    }

    fn bearer(&self, user: &str, role: Role) -> String {
        let user = UserId::parse(user).expect("id");
        format!("Bearer {}", self.signer.sign(&user, role, self.clock.now().wall, 60))
    }
}

impl Answer {
    fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["code"], code);
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().expect("text"));
    }
}

#[tokio::test]
async fn a_good_request_id_is_kept_and_a_bad_one_replaced() {
    let world = World::new();
    let kept = world.get("/pies/apple", &[("x-request-id", "abc-1.2_3~")]).await;
    assert_eq!(kept.headers["x-request-id"], "abc-1.2_3~");
    for bad in ["", "a b", "a\"b", "é", &"x".repeat(65)] {
        let made = world.get("/pies/apple", &[("x-request-id", bad)]).await;
        assert_eq!(made.headers["x-request-id"].len(), 16, "{bad:?}");
    }
    let twice = world.get("/pies/apple", &[("x-request-id", "a"), ("x-request-id", "b")]).await;
    assert_eq!(twice.headers["x-request-id"].len(), 16);
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_the_request_id() {
    let world = World::new();
    world.get("/cakes", &[]).await.expect_problem(404, "no_such_path");
    let broken = world.get("/broken", &[]).await;
    broken.expect_problem(503, "no_oven");
    assert_eq!(broken.headers[header::RETRY_AFTER], "1");
    assert_eq!(broken.body["retry_after_s"], 1);
}

#[tokio::test]
async fn methods_that_a_path_lacks_are_answered_with_those_it_has() {
    let world = World::new();
    for method in [Method::DELETE, Method::PUT, Method::OPTIONS, Method::TRACE, Method::PATCH] {
        let request = Request::builder().method(&method).uri("/pies");
        let answer = world.send(request.body(Body::empty()).expect("a request")).await;
        answer.expect_problem(405, "method_not_allowed");
        let allow = answer.headers[header::ALLOW].to_str().expect("text").to_owned();
        assert!(allow.contains("GET") && allow.contains("POST"), "{method}: {allow}");
    }
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let world = World::new();
    let answer = world.send(Request::head("/pies").body(Body::empty()).expect("a request")).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, Value::Null));
}

#[tokio::test]
async fn large_headers_are_refused() {
    let world = World::new();
    let ok = "x".repeat(HEADER_BYTES_MAX - 3);
    assert_eq!(world.get("/pies", &[("x-a", &ok)]).await.status, 200);
    let over = "x".repeat(HEADER_BYTES_MAX - 2);
    world.get("/pies", &[("x-a", &over)]).await.expect_problem(431, "headers_too_large");
    let many = [("x-a", ok.as_str()), ("x-a", &ok), ("x-a", "x")];
    world.get("/pies", &many).await.expect_problem(431, "headers_too_large");
}

#[tokio::test]
async fn ambiguous_paths_are_refused() {
    let world = World::new();
    for uri in ["/pies//x", "/pies/%2e%2e/me", "/pies/%2E%2E", "/pies/a%00b", "/pies/%ff", "//pies"]
    {
        world.get(uri, &[]).await.expect_problem(400, "invalid_path");
    }
}

#[tokio::test]
async fn answers_are_json_or_none() {
    let world = World::new();
    world.get("/pies", &[("accept", "text/html")]).await.expect_problem(406, "not_acceptable");
    assert_eq!(world.get("/pies", &[("accept", "text/html, */*;q=0.1")]).await.status, 200);
}

#[tokio::test]
async fn bodies_must_be_json_by_name_and_by_nature() {
    let world = World::new();
    let good = r#"{"name":"apple"}"#;
    for content_type in ["application/json", "Application/JSON; charset=UTF-8"] {
        assert_eq!(world.post(Some(content_type), good).await.status, 200, "{content_type}");
    }
    for content_type in
        [None, Some("text/xml"), Some("application/json; charset=utf-7"), Some("text/json")]
    {
        let answer = world.post(content_type, good).await;
        answer.expect_problem(415, "unsupported_media_type");
    }
    let answer = world.post(Some("application/json"), r#"{"name":"apple","crust":1}"#).await;
    answer.expect_problem(400, "invalid_json");
    assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.contains("crust")));
}

#[tokio::test]
async fn large_and_compressed_bodies_are_not_read() {
    let world = World::new();
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    let answer = world.post(Some("application/json"), large.clone()).await;
    answer.expect_problem(413, "body_too_large");
    let announced = Request::post("/pies")
        .header(header::CONTENT_LENGTH, (BODY_BYTES_MAX + 1).to_string())
        .body(Body::empty());
    world.send(announced.expect("a request")).await.expect_problem(413, "body_too_large");
    let zipped = Request::post("/pies")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_ENCODING, "gzip")
        .body(Body::from("bomb"));
    world.send(zipped.expect("a request")).await.expect_problem(415, "unsupported_encoding");
}

#[tokio::test]
async fn callers_are_known_by_their_token() {
    let world = World::new();
    let token = world.bearer("alice", Role::User);
    assert_eq!(world.get("/me", &[("authorization", &token)]).await.body, "alice");

    let none = world.get("/me", &[]).await;
    none.expect_problem(401, "no_token");
    assert_eq!(none.headers[header::WWW_AUTHENTICATE], "Bearer");
    for headers in [
        &[("authorization", "Basic YTpi")][..],
        &[("authorization", "")],
        &[("authorization", "Bearer")],
        &[("authorization", &token), ("authorization", &token)],
    ] {
        world.get("/me", headers).await.expect_problem(401, "invalid_authorization");
    }
    world.get("/me", &[("authorization", "Bearer x")]).await.expect_problem(401, "invalid_token");
    world.clock.advance_ms(60_000);
    world.get("/me", &[("authorization", &token)]).await.expect_problem(401, "token_expired");
}

#[tokio::test]
async fn a_caller_who_asks_too_often_has_to_wait() {
    let world = World::new();
    let token = world.bearer("alice", Role::User);
    for _ in 0..3 {
        assert_eq!(world.get("/me", &[("authorization", &token)]).await.status, 200);
    }
    let refused = world.get("/me", &[("authorization", &token)]).await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.headers[header::RETRY_AFTER], "1");
    world.clock.advance_ms(1_000);
    assert_eq!(world.get("/me", &[("authorization", &token)]).await.status, 200);
    let service = world.bearer("backend", Role::Service);
    for _ in 0..10 {
        assert_eq!(world.get("/me", &[("authorization", &service)]).await.status, 200);
    }
}

#[tokio::test]
async fn whoever_has_spent_too_much_is_told_when_it_is_paid_and_may_do_what_costs_nothing() {
    let world = World::new();
    for (user, role, paid_after_s) in
        [("alice", Role::User, "190"), ("backend", Role::Service, "10")]
    {
        let token = world.bearer(user, role);
        let token: &[(&str, &str)] = &[("authorization", &token)];
        assert_eq!(world.get("/feast", token).await.status, StatusCode::OK);
        let refused = world.get("/feast", token).await;
        refused.expect_problem(429, "rate_limited");
        assert_eq!(refused.headers[header::RETRY_AFTER], paid_after_s, "{user}");
        assert_eq!(world.get("/me", token).await.status, StatusCode::OK);
    }
}
