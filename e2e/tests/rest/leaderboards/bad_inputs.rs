//! Bad inputs that concern leaderboards: ids, keys, limits, cursors, bodies (amounts are in `amounts`). What every REST
//! endpoint has in common (framing, slow bodies, headers) is tested once, in `requests`. Seasons and
//! people who are erased have files of their own: `seasons`.

use e2e::Sandbox;
use e2e::raw::{Request, assert_problem};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::world::{
    add, event_text, get, listed, make, post, rows, send, send_text, standing, sums,
};

#[tokio::test]
async fn bodies_that_can_not_be_are_refused_whole() {
    let world = Sandbox::start().await;
    make(&world, "sum", sums()).await;
    let good = event_text("k", "sum", "\"delta\":1");
    let deep = format!("{{\"events\":{}", "[".repeat(10_000));
    let nested = format!("{{\"key\":\"k\",\"changes\":[{good}]}}");
    let change = r#"{"board":"sum","user":"alice","delta":1}"#;
    let changes =
        |n: usize| format!("{{\"key\":\"k\",\"changes\":[{}]}}", vec![change; n].join(","));
    let events = |n: usize| format!("{{\"events\":[{}]}}", vec!["{}"; n].join(","));
    for (body, status, code, words) in [
        (String::new(), 400, "invalid_json", "empty"),
        ("null".to_owned(), 400, "invalid_json", "object"),
        ("[]".to_owned(), 400, "invalid_json", "object"),
        ("\"x\"".to_owned(), 400, "invalid_json", "object"),
        ("{}".to_owned(), 400, "invalid_idempotency_key", "needs a key"),
        (deep, 400, "invalid_json", "events"),
        (nested, 400, "invalid_json", "unknown field `key`"),
        (format!("{good} x"), 400, "invalid_json", "goes on"),
        (format!("{good}{good}"), 400, "invalid_json", "goes on"),
        (r#"{"key":"k","user":"alice","delta":1}"#.to_owned(), 400, "invalid_event", "`board`"),
        (r#"{"key":"k","board":"sum","delta":1}"#.to_owned(), 400, "invalid_event", "`user`"),
        (changes(0), 400, "invalid_changes", "1 to 16"),
        (changes(17), 400, "invalid_changes", "1 to 16"),
        (events(0), 400, "invalid_events", "1 to 256"),
        (events(257), 400, "invalid_events", "1 to 256"),
        (r#"{"events":[],"key":"k"}"#.to_owned(), 400, "invalid_event", "nothing else"),
        (r#"{"events":[],"delta":1}"#.to_owned(), 400, "invalid_event", "nothing else"),
        (r#"{"events":{}}"#.to_owned(), 400, "invalid_json", "events"),
        (r#"{"events":[{"keys":"k"}]}"#.to_owned(), 400, "invalid_json", "events[0]"),
        (format!("{{\"_\":\"{}\"}}", "x".repeat(65_536)), 413, "body_too_large", "65536"),
    ] {
        let case = body.chars().take(60).collect::<String>();
        assert_problem(&case, &send_text(&world, &body).await, (status, code, words));
    }
    let events = format!("{{\"events\":[{{\"events\":[{good}]}},{good}]}}");
    let answer = send_text(&world, &events).await;
    assert_eq!(answer.json["events"][0]["problem"]["code"], "invalid_event", "{answer:?}");
    assert_eq!(answer.json["events"][1]["results"][0]["score"], 1, "{answer:?}");
    assert_eq!(send_text(&world, &changes(16).replace("\"k\"", "\"l\"")).await.status, 200);
    assert_eq!(standing(&world, "sum", "alice").await["score"], 17);
    let xml = Request::new("POST", "/v1/scores").json(&good).instead("Content-Type", "text/xml");
    assert_problem("xml", &send(&world, xml).await, (415, "unsupported_media_type", ""));
    let html = Request::new("GET", "/v1/scores?board=sum").with("Accept", "text/html");
    assert_problem("html", &send(&world, html).await, (406, "not_acceptable", ""));
    let patch = Request::new("PATCH", "/v1/boards/sum").json("{}");
    assert_eq!(send(&world, patch).await.status, 405);
}

#[tokio::test]
async fn keys_that_can_not_be_are_refused() {
    let world = Sandbox::start().await;
    make(&world, "sum", sums()).await;
    let keyed = |key: &str| json!({ "key": key, "board": "sum", "user": "alice", "delta": 1 });
    for key in ["", &"x".repeat(256), "a\nb", "a\u{0}", "ä", "\u{200f}"] {
        let answer = post(&world, keyed(key)).await;
        assert_problem(key, &answer, (400, "invalid_idempotency_key", "1 to 255 printable ASCII"));
    }
    let body = json!({ "board": "sum", "user": "alice", "delta": 1 }).to_string();
    let request = || Request::new("POST", "/v1/scores").json(&body);
    let over = "x".repeat(256);
    for (case, request, words) in [
        ("no key", request(), "needs a key"),
        ("empty", request().with("Idempotency-Key", ""), "1 to 255"),
        ("over 255", request().with("Idempotency-Key", &over), "1 to 255"),
        (
            "another one",
            Request::new("POST", "/v1/scores")
                .json(keyed("a").to_string())
                .with("Idempotency-Key", "b"),
            "different",
        ),
        (
            "for several",
            Request::new("POST", "/v1/scores")
                .json(json!({ "events": [keyed("a")] }).to_string())
                .with("Idempotency-Key", "a"),
            "each has its own key",
        ),
    ] {
        let answer = send(&world, request).await;
        assert_problem(case, &answer, (400, "invalid_idempotency_key", words));
    }
    let twice = request().with("Idempotency-Key", "a").with("Idempotency-Key", "a");
    assert_problem("twice", &send(&world, twice).await, (400, "invalid_header", "more than once"));
    assert_eq!(standing(&world, "sum", "alice").await["score"], Value::Null);
    for key in ["x".repeat(255), " !\"~".to_owned()] {
        assert_eq!(post(&world, keyed(&key)).await.status, 200);
    }
}

#[tokio::test]
async fn ids_are_what_issuers_have_and_nothing_else() {
    let world = Sandbox::start().await;
    make(&world, "sum", sums()).await;
    let odd =
        ["a:b", "{x}", "*", "auth0|7", "a@example.com", "a,b", "b1.1", "=cmd", &"x".repeat(128)];
    for (n, user) in odd.iter().enumerate() {
        add(&world, "sum", user, &n.to_string(), 100 - n as i64).await;
    }
    let percent = |user: &str| utf8_percent_encode(user, NON_ALPHANUMERIC).to_string();
    for (n, user) in odd.iter().enumerate() {
        let path = format!("/v1/scores/{}?board=sum&around=0", percent(user));
        let told = get(&world, &path).await;
        assert_eq!((&told["user"], &told["rank"]), (&json!(user), &json!(n + 1)));
        let path = format!("/v1/scores?board=sum&user={}", percent(user));
        assert_eq!(get(&world, &path).await["standings"][0]["rank"], n + 1, "{user}");
        let banned = format!("/v1/boards/sum/bans/{}", percent(user));
        assert_eq!(world.as_service("PUT", &banned, None).await.status, 204, "{user}");
        assert_eq!(world.as_service("DELETE", &banned, None).await.status, 204, "{user}");
    }
    let long = "x".repeat(129);
    let huge = "x".repeat(10_240);
    for user in ["", "me", "..", "a b", "a\nb", "a/b", "a%b", "a\"b", "ä", &long, &huge] {
        let body = json!({ "key": "bad", "board": "sum", "user": user, "delta": 1 });
        let case = user.chars().take(20).collect::<String>();
        assert_problem(&case, &post(&world, body).await, (400, "invalid_id", "user "));
    }
    let long = "x".repeat(65);
    for board in ["", "me", ".", "a b", "a\nb", "a/b", "a:b", "a|b", "ä", &long, &huge] {
        let body = json!({ "key": "bad", "board": board, "user": "alice", "delta": 1 });
        let case = board.chars().take(20).collect::<String>();
        assert_problem(&case, &post(&world, body).await, (400, "invalid_id", "board "));
    }
    for (path, code) in [
        ("/v1/boards/me", "invalid_id"),
        ("/v1/boards/a:b", "invalid_id"),
        ("/v1/boards/a%0ab", "invalid_path"),
        ("/v1/scores/a%20b?board=sum", "invalid_id"),
        ("/v1/scores/alice?board=", "invalid_id"),
        ("/v1/scores?board=a%2Fb", "invalid_id"),
        ("/v1/friends/scores?board=me", "invalid_id"),
    ] {
        assert_problem(path, &world.as_service("GET", path, None).await, (400, code, ""));
    }
    let banned = world.as_service("PUT", "/v1/boards/sum/bans/me", None).await;
    assert_problem("me", &banned, (400, "invalid_id", "user is reserved"));
}

#[tokio::test]
async fn questions_that_can_not_be_are_refused_by_name() {
    let world = Sandbox::start().await;
    for board in ["sum", "other"] {
        make(&world, board, sums()).await;
        add(&world, board, "alice", board, 2).await;
        add(&world, board, "bob", &format!("{board}-bob"), 1).await;
    }
    let first = get(&world, "/v1/scores?board=sum&limit=1").await;
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    let mut tampered = cursor.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).expect("ASCII");
    let users = |n: usize| vec!["&user=alice"; n].concat();
    let limits = ["0", "-1", "101", "1000000000", "18446744073709551616", "abc", "", "1.5", "%2B5"];
    let mut cases = Vec::new();
    for limit in limits {
        cases.push((format!("?board=sum&limit={limit}"), "invalid_limit", "1 to 100"));
        cases.push((format!("/alice?board=sum&limit={limit}"), "invalid_parameter", "limit"));
    }
    for around in ["-1", "51", "1000000000", "18446744073709551616", "abc", ""] {
        let case = format!("/alice?board=sum&around={around}");
        cases.push((case, "invalid_around", "0 to 50"));
    }
    for rank in ["0", "-1", "abc", "", "18446744073709551616"] {
        cases.push((format!("?board=sum&from_rank={rank}"), "invalid_from_rank", "from 1"));
    }
    for (query, code, words) in [
        (String::new(), "invalid_parameter", "missing field `board`"),
        ("?board=sum&board=sum".to_owned(), "invalid_parameter", "duplicate field `board`"),
        ("?board=sum&limit=1&limit=1".to_owned(), "invalid_parameter", "duplicate field `limit`"),
        ("?board=sum&order=up".to_owned(), "invalid_parameter", "unknown field `order`"),
        ("?board=sum&users=alice".to_owned(), "invalid_parameter", "unknown field `users`"),
        ("?board=sum&cursor=".to_owned(), "invalid_cursor", "cursor"),
        ("?board=sum&cursor=AAAA".to_owned(), "invalid_cursor", "cursor"),
        (format!("?board=sum&cursor={tampered}"), "invalid_cursor", "cursor"),
        (format!("?board=other&cursor={cursor}"), "invalid_cursor", "another list"),
        (format!("?board=sum&cursor={cursor}&from_rank=1"), "invalid_parameter", "not at both"),
        ("?board=sum&user=alice&limit=1".to_owned(), "invalid_parameter", "no `limit`"),
        ("?board=sum&user=alice&from_rank=1".to_owned(), "invalid_parameter", "no `limit`"),
        (format!("?board=sum{}", users(101)), "invalid_users", "1 to 100"),
        (format!("?board=sum{}", users(1_000)), "invalid_users", "1 to 100"),
        ("?board=sum&user=".to_owned(), "invalid_id", "user is empty"),
        ("?board=sum&user=alice,bob%20x".to_owned(), "invalid_id", "user "),
        ("/alice".to_owned(), "invalid_parameter", "board"),
        ("/alice?board=sum&board=sum".to_owned(), "invalid_parameter", "board"),
    ] {
        cases.push((query, code, words));
    }
    for (query, code, words) in cases {
        let case = query.chars().take(80).collect::<String>();
        let answer = world.as_service("GET", &format!("/v1/scores{query}"), None).await;
        assert_problem(&case, &answer, (400, code, words));
    }
    for path in ["/v1/scores?board=no", "/v1/scores/alice?board=no", "/v1/friends/scores?board=no"]
    {
        let answer = world.as_service("GET", path, None).await;
        assert_problem(path, &answer, (404, "no_such_board", ""));
    }
    for path in [format!("/v1/boards?cursor={cursor}"), "/v1/boards?limit=501".to_owned()] {
        assert_eq!(world.as_service("GET", &path, None).await.status, 400, "{path}");
    }
    let all = get(&world, &format!("/v1/scores?board=sum{}", users(100))).await;
    assert_eq!(listed(&all["standings"]), vec![rows(&[("alice", 1, 2)]).remove(0); 100]);
}

#[tokio::test]
async fn boards_that_can_not_be_are_not_made() {
    let world = Sandbox::start().await;
    let with = |field: &str, value: &str| {
        let body = json!({ "wins": "high", "operator": "sum" }).to_string();
        body.replacen('{', &format!("{{\"{field}\":{value},"), 1)
    };
    for (body, code, words) in [
        ("{}".to_owned(), "invalid_json", "missing field `wins`"),
        (r#"{"wins":"high"}"#.to_owned(), "invalid_json", "missing field `operator`"),
        (r#"{"wins":"up","operator":"sum"}"#.to_owned(), "invalid_board", "high, low"),
        (r#"{"wins":"High","operator":"sum"}"#.to_owned(), "invalid_board", "high, low"),
        (r#"{"wins":"high","operator":"max"}"#.to_owned(), "invalid_board", "sum, best, latest"),
        (with("ranks", "\"olympic\""), "invalid_board", "standard, dense, ordinal"),
        (with("readers", "\"nobody\""), "invalid_board", "anyone, services"),
        (with("readers", "7"), "invalid_json", "readers"),
        (with("score_min", "0.5"), "invalid_board", "score_min must be a whole number"),
        (with("score_max", "1e400"), "invalid_board", "score_max must be from"),
        (with("score_max", "\"9\""), "invalid_board", "score_max must be a number"),
        (with("score_min", "1").replacen('{', "{\"score_max\":0,", 1), "invalid_range", "above"),
        (with("season", "\"weekly\""), "invalid_json", "season: must be an object"),
        (with("seasons", "1"), "invalid_json", "unknown field `seasons`"),
        (with("count", "7"), "invalid_json", "unknown field `count`"),
        (with("wins", "\"low\""), "invalid_json", "duplicate field `wins`"),
        (with("created_ms", "1700000000000"), "read_only_field", "created_ms"),
    ] {
        let answer = send(&world, Request::new("PUT", "/v1/boards/weekly").json(&body)).await;
        assert_problem(&body, &answer, (400, code, words));
    }
    let answer = world.as_service("GET", "/v1/boards/weekly", None).await;
    assert_problem("none", &answer, (404, "no_such_board", ""));
    let noted = with("_", "[\"a note\"]");
    let answer = send(&world, Request::new("PUT", "/v1/boards/weekly").json(noted)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}
