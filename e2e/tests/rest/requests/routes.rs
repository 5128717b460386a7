//! Paths, parameters, methods, headers, and who asks.

use e2e::Sandbox;
use e2e::raw::{OFFENDER, Raw, Request, assert_problem};
use model::Role;
use serde_json::json;

use super::world::World;

#[tokio::test]
async fn paths_and_parameters_that_others_may_read_otherwise_are_refused() {
    let mut world = World::start().await;
    let get = |path: &str| world.request("GET", path);
    let path = |words| (400, "invalid_path", words);
    let parameter = |words| (400, "invalid_parameter", words);
    let id = |words| (400, "invalid_id", words);
    let long = format!("/v1/users/{}", "x".repeat(129));
    let huge = format!("/v1/users/{}", "x".repeat(10_000));
    let requests = "/v1/users/me/friend-requests?direction=incoming";
    let cases = vec![
        ("U+0000", get("/v1/users/a%00"), path("control character")),
        ("a line feed", get("/v1/users/a%0ab"), path("control character")),
        ("encoded dots", get("/v1/users/%2e%2e/"), path("dots")),
        ("encoded dots in the middle", get("/v1/%2E%2e/users/me"), path("dots")),
        ("dots behind an encoded slash", get("/v1/users/a%2f..%2fme"), path("dots")),
        ("dots", get("/v1/users/../users/me"), path("dots")),
        ("one dot", get("/v1/./users/me"), path("dots")),
        ("two slashes", get("/v1//users/me"), path("empty segment")),
        ("two slashes first", get("//v1/users/me"), path("empty segment")),
        ("half an escape", get("/v1/users/a%2"), path("percent-encoded")),
        ("no escape", get("/v1/users/%zz"), path("percent-encoded")),
        ("no UTF-8", get("/v1/users/%ff"), path("UTF-8")),
        ("an id of 129", get(&long), id("user")),
        ("an id of 10 KB", get(&huge), id("user")),
        ("an id with a space", get("/v1/users/a%20b"), id("user")),
        ("an id with a quote", get("/v1/users/%22*"), id("user")),
        ("a slash in an id", get("/v1/users/a%2fb"), id("user")),
        (
            "a limit twice",
            get("/v1/users/me/friends?limit=1&limit=2"),
            parameter("duplicate field `limit`"),
        ),
        (
            "a cursor twice",
            get("/v1/users/me/friends?cursor=&cursor="),
            parameter("duplicate field `cursor`"),
        ),
        (
            "a direction twice",
            get(&format!("{requests}&direction=outgoing")),
            parameter("duplicate field"),
        ),
        ("no direction", get("/v1/users/me/friend-requests"), parameter("direction")),
        (
            "another direction",
            get("/v1/users/me/friend-requests?direction=up"),
            parameter("incoming"),
        ),
        (
            "a token in the query string, beside the right one",
            get("/v1/users/me?access_token=abc"),
            (400, "token_in_query", "Authorization"),
        ),
        (
            "a token in the query string of another name",
            get("/v1/users/me/friends?u=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
            (400, "token_in_query", "known to others"),
        ),
        (
            "an unknown parameter",
            get("/v1/users/me/friends?order=up"),
            parameter("unknown field `order`"),
        ),
        (
            "an unknown one nearby",
            get("/v1/friends/nearby?radius=1"),
            parameter("unknown field `radius`"),
        ),
        (
            "a limit twice nearby",
            get("/v1/friends/nearby?limit=1&limit=1"),
            parameter("duplicate field `limit`"),
        ),
        ("limit 0 nearby", get("/v1/friends/nearby?limit=0"), (400, "invalid_query", "1 to 500")),
        (
            "limit 501 nearby",
            get("/v1/friends/nearby?limit=501"),
            (400, "invalid_query", "1 to 500"),
        ),
        ("limit -1 nearby", get("/v1/friends/nearby?limit=-1"), parameter("limit")),
        (
            "limit 2^64 nearby",
            get("/v1/friends/nearby?limit=18446744073709551616"),
            parameter("limit"),
        ),
        ("no such path", get("/v1/user"), (404, "no_such_path", "path")),
        ("a slash at the end", get("/v1/users/me/"), (404, "no_such_path", "path")),
    ];
    world.expect_problems(cases).await;
}

#[tokio::test]
async fn other_methods_are_answered_by_the_book() {
    let mut world = World::start().await;
    for method in ["OPTIONS", "TRACE", "POST", "PATCH", "PROPFIND"] {
        for path in ["/v1/users/me", "/v1/friends/nearby", "/v1/ws", "/live"] {
            let answer = world.answer(method, &world.request(method, path).encode()).await;
            assert_problem(method, &answer, (405, "method_not_allowed", "Allow"));
            let allowed = answer.headers["allow"].to_str().expect("ASCII");
            assert!(allowed.contains("GET") && !allowed.contains(method), "{path}: {allowed}");
        }
        world.is_the_same(method).await;
    }
    let get = world.answer("GET", &world.request("GET", "/v1/users/me").encode()).await;
    let mut raw = Raw::connect(world.sandbox.address()).await;
    raw.send(&world.request("HEAD", "/v1/users/me").with("Connection", "close").encode()).await;
    let head = raw.head().await.expect("an answer");
    assert_eq!(
        (head.status, &head.headers["content-length"]),
        (200, &get.headers["content-length"])
    );
    raw.expect_hung_up().await;
    world.is_the_same("HEAD").await;
}

#[tokio::test]
async fn headers_that_are_too_large_or_say_who_one_is_twice_are_refused() {
    let mut world = World::start().await;
    let get = || Request::new("GET", "/v1/users/me");
    let token = world.token.clone();
    let large = (431, "headers_too_large", "8256");
    let authorization = |words| (401, "invalid_authorization", words);
    let just = |extra| "x".repeat(api::HEADER_BYTES_MAX - "x-large".len() + extra);
    let some = (0..17).fold(world.request("GET", "/v1/users/me"), |r, n| {
        r.with(&format!("X-{n}"), &"x".repeat(1_000))
    });
    let cases = vec![
        ("one byte more", world.request("GET", "/v1/users/me").with("X-Large", &just(1)), large),
        ("17 KB in all", some, large),
        ("twice", get().bearer(&token).bearer(&token), authorization("more than once")),
        (
            "another's too",
            get().bearer(&token).bearer(&world.sandbox.token("ann", Role::User)),
            authorization("more than once"),
        ),
        ("Basic", get().with("Authorization", "Basic bWFsbG9yeTpz"), authorization("Bearer")),
        (
            "Basic and a token",
            get().with("Authorization", "Basic bWFsbG9yeTpz").bearer(&token),
            authorization("more than once"),
        ),
        ("empty", get().with("Authorization", ""), authorization("no token")),
        ("none", get(), (401, "no_token", "Authorization: Bearer")),
        (
            "in the query",
            Request::new("GET", &format!("/v1/friends/nearby?token={token}")),
            (400, "token_in_query", "Bearer"),
        ),
        ("no token at all", get().bearer("abc"), (401, "invalid_token", "JWT")),
        ("cut", get().bearer(&token[..token.len() - 3]), (401, "invalid_token", "signature")),
        (
            "somebody else's name",
            world.request("PUT", "/v1/users/ann").json(r#"{"display_name":"X"}"#),
            (403, "forbidden", "yourself"),
        ),
        (
            "a friendship in one step",
            world.request("PUT", "/v1/users/me/friends/ben"),
            (403, "forbidden", "services"),
        ),
    ];
    world.expect_problems(cases).await;
    let fits = world.request("GET", "/v1/users/me").with("X-Large", &just(0));
    assert_eq!(world.answer("as much as fits", &fits.encode()).await.status, 200);
}

#[tokio::test]
async fn a_stranger_somebody_who_blocks_one_and_nobody_are_answered_alike() {
    let mut world = World::start().await;
    let sandbox = &world.sandbox;
    sandbox.user("stranger").await;
    sandbox.befriend("blocker", OFFENDER).await;
    let blocked = sandbox.as_user("blocker", "PUT", "/v1/users/me/blocks/mallory", None).await;
    assert_eq!(blocked.status, 204);
    let myself = world.answer("myself", &world.request("GET", "/v1/users/mallory").encode()).await;
    assert_eq!((myself.status, &myself.json["id"]), (200, &json!(OFFENDER)));
    let mut answers = Vec::new();
    for somebody in ["stranger", "blocker", "nobody"] {
        let get = world.request("GET", &format!("/v1/users/{somebody}")).with("X-Request-Id", "x");
        let answer = world.answer(somebody, &get.encode()).await;
        assert_problem(somebody, &answer, (404, "no_such_user", "no such user"));
        answers.push(answer.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let myself = [
        (
            "asking oneself",
            world.request("POST", "/v1/users/me/friend-requests").json(r#"{"to":"mallory"}"#),
            (400, "yourself", "yourself"),
        ),
        (
            "blocking oneself",
            world.request("PUT", "/v1/users/me/blocks/mallory"),
            (400, "yourself", "yourself"),
        ),
        (
            "asking nobody's id",
            world.request("POST", "/v1/users/me/friend-requests").json(r#"{"to":"a b"}"#),
            (400, "invalid_id", "to"),
        ),
        (
            "a radius of 0",
            world.request("PUT", "/v1/users/me/radius").json(r#"{"radius_m":0}"#),
            (400, "invalid_radius", "100 to 50000"),
        ),
        (
            "a radius of -1",
            world.request("PUT", "/v1/users/me/radius").json(r#"{"radius_m":-1}"#),
            (400, "invalid_radius", "100 to 50000"),
        ),
        (
            "a radius as a text",
            world.request("PUT", "/v1/users/me/radius").json(r#"{"radius_m":"500"}"#),
            (400, "invalid_radius", "100 to 50000"),
        ),
        (
            "a radius of 50,001",
            world.request("PUT", "/v1/users/me/radius").json(r#"{"radius_m":50001}"#),
            (400, "invalid_radius", "100 to 50000"),
        ),
        (
            "a radius of 2^64",
            world
                .request("PUT", "/v1/users/me/radius")
                .json(r#"{"radius_m":18446744073709551616}"#),
            (400, "invalid_radius", "100 to 50000"),
        ),
    ];
    world.expect_problems(myself.into()).await;
}

#[tokio::test]
async fn the_same_request_a_thousand_times_at_once_is_limited_for_whoever_sends_it() {
    let mut world = World::on(Sandbox::with(|c| c.rest.requests_per_s = 1).await).await;
    let one = world.request("GET", "/v1/users/me").encode();
    let mut raw = Raw::connect(world.sandbox.address()).await;
    let (mut served, mut limited) = (0, 0);
    // In parts, so that neither side's buffers fill up while the other writes.
    for _ in 0..20 {
        raw.send(&one.repeat(50)).await;
        for _ in 0..50 {
            let answer = raw.response().await.expect("an answer");
            if answer.status == 200 {
                served += 1;
                continue;
            }
            assert_problem("once more", &answer, (429, "rate_limited", "wait"));
            assert!(answer.headers.contains_key("retry-after"));
            limited += 1;
        }
    }
    assert!(served >= 200 && limited >= 1 && served + limited == 1_000, "{served}, {limited}");
    let other = world.sandbox.as_user("ann", "GET", "/v1/users/me", None).await;
    assert_eq!(other.status, 200);
    world.is_the_same("a thousand requests").await;
}
