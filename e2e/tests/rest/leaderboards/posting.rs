//! Posting scores: what becomes of them, once however often they are sent, all of an event or nothing.

use e2e::raw::{Raw, Request, assert_problem};
use e2e::{Answer, Sandbox};
use futures_util::future::join_all;
use model::Role;
use serde_json::{Value, json};

use super::world::{add, get, make, post, posted, send_text, set, standing, sums};

/// Milliseconds.
const HOUR: i64 = 3_600_000;

/// A request to post by a service of this name.
async fn post_as(world: &Sandbox, producer: &str, request: Request) -> Answer {
    let request = request.bearer(&world.token(producer, Role::Service));
    let mut raw = Raw::connect(world.address()).await;
    raw.send(&request.encode()).await;
    raw.response().await.expect("an answer")
}

fn request(body: &Value) -> Request {
    Request::new("POST", "/v1/scores").json(body.to_string())
}

#[tokio::test]
async fn what_becomes_of_a_score_is_what_the_board_says() {
    let world = Sandbox::start().await;
    make(&world, "sum", sums()).await;
    make(&world, "best", json!({ "wins": "low", "operator": "best" })).await;
    make(&world, "latest", json!({ "wins": "high", "operator": "latest" })).await;
    for (n, (delta, score, effect)) in
        [(5, 5, "created"), (-7, -2, "changed"), (0, -2, "unchanged")].into_iter().enumerate()
    {
        let result = add(&world, "sum", "alice", &format!("s{n}"), delta).await;
        let expected = json!({
            "board": "sum", "season": 0, "user": "alice", "score": score, "rank": 1, "effect": effect,
            "position": n + 1,
        });
        assert_eq!(result, expected);
    }
    for (n, (posted, score, effect)) in
        [(5, 5, "created"), (7, 5, "unchanged"), (5, 5, "unchanged"), (-1, -1, "changed")]
            .into_iter()
            .enumerate()
    {
        let result = set(&world, "best", "alice", &format!("b{n}"), posted).await;
        assert_eq!((&result["score"], &result["effect"]), (&json!(score), &json!(effect)));
    }
    for (n, score) in [5, 7, -1].into_iter().enumerate() {
        let result = set(&world, "latest", "alice", &format!("l{n}"), score).await;
        assert_eq!(result["score"], score);
    }
    let delta = json!({ "key": "x", "board": "best", "user": "alice", "delta": 1 });
    assert_problem("a delta", &post(&world, delta).await, (409, "needs_score", "score"));
    let score = json!({ "key": "y", "board": "sum", "user": "alice", "score": 1 });
    assert_problem("a score", &post(&world, score).await, (409, "needs_delta", "delta"));
}

#[tokio::test]
async fn an_event_counts_once_however_often_and_by_whichever_way_its_key_comes() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    let event = json!({ "key": "match-1", "board": "weekly", "user": "alice", "delta": 3 });
    let first = post(&world, event.clone()).await;
    assert_eq!(first.json["results"][0]["score"], 3);
    add(&world, "weekly", "alice", "match-2", 4).await;
    // The answer is what it was, also if the same is said in other words.
    let mut spelled = event.to_string().replace(":3", ":0.3e1");
    spelled.insert_str(1, "\"_\":\"a note\",");
    let again = send_text(&world, &spelled).await;
    assert_eq!(again.json["results"][0]["score"], 3, "{again:?}");
    let keyless = json!({ "board": "weekly", "user": "alice", "delta": 3 });
    let by_header = request(&keyless).with("Idempotency-Key", "match-1");
    let by_header = post_as(&world, "backend", by_header).await;
    assert_eq!((by_header.status, &by_header.json["results"][0]["score"]), (200, &json!(3)));
    let both = post_as(&world, "backend", request(&event).with("Idempotency-Key", "match-1")).await;
    assert_eq!(both.status, 200, "{both:?}");
    assert_eq!(standing(&world, "weekly", "alice").await["score"], 7);
    for (field, value) in [("delta", json!(4)), ("user", json!("bob")), ("happened_ms", now_ms())] {
        let mut other = event.clone();
        other[field] = value;
        let answer = post(&world, other).await;
        assert_problem(field, &answer, (409, "idempotency_key_used", "another event"));
    }
    // Keys are the producer's own.
    let elsewhere = post_as(&world, "other", request(&event)).await;
    assert_eq!(elsewhere.json["results"][0]["score"], 10);
    assert_eq!(standing(&world, "weekly", "bob").await["rank"], Value::Null);
}

fn now_ms() -> Value {
    use model::Clock as _;
    json!(model::SystemClock::start().now().wall.0)
}

#[tokio::test]
async fn a_refused_event_stays_refused_under_its_key() {
    let world = Sandbox::start().await;
    let event = json!({ "key": "early", "board": "weekly", "user": "alice", "delta": 3 });
    assert_problem("early", &post(&world, event.clone()).await, (404, "no_such_board", ""));
    make(&world, "weekly", sums()).await;
    assert_problem("again", &post(&world, event).await, (404, "no_such_board", ""));
    assert_eq!(standing(&world, "weekly", "alice").await["score"], Value::Null);
}

#[tokio::test]
async fn a_hundred_at_once_count_once() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    let event = json!({ "key": "match-1", "board": "weekly", "user": "alice", "delta": 3 });
    let answers = join_all((0..100).map(|_| post(&world, event.clone()))).await;
    for answer in answers {
        assert_eq!((answer.status, &answer.json["results"][0]["score"]), (200, &json!(3)));
    }
    let alice = standing(&world, "weekly", "alice").await;
    assert_eq!((&alice["score"], &alice["as_of"]), (&json!(3), &json!("b1.1")));
}

#[tokio::test]
async fn of_a_batch_each_event_has_its_own_answer() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    make(&world, "few", json!({ "wins": "high", "operator": "sum", "score_max": 10 })).await;
    let event = |key: &str, board: &str, delta: Value| json!({ "key": key, "board": board, "user": "alice", "delta": delta });
    let events = json!([
        event("a", "weekly", json!(1)),
        event("b", "nowhere", json!(1)),
        event("c", "weekly", json!(1.5)),
        event("a", "weekly", json!(1)),
        event("a", "weekly", json!(2)),
        event("d", "few", json!(11)),
        event("e", "a b", json!(1)),
        { "key": "f", "board": "weekly", "user": "alice" },
        event("g", "weekly", json!(1)),
    ]);
    let answer = post(&world, json!({ "events": events })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let said: Vec<_> = answer.json["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| match it["problem"]["code"].as_str() {
            Some(code) => json!([it["problem"]["status"], code]),
            None => it["results"][0]["score"].clone(),
        })
        .collect();
    let expected = json!([
        1,
        [404, "no_such_board"],
        [400, "invalid_number"],
        1,
        [409, "idempotency_key_used"],
        [409, "score_out_of_range"],
        [400, "invalid_id"],
        [400, "invalid_event"],
        2,
    ]);
    assert_eq!(json!(said), expected);
    assert_eq!(answer.json["events"][2]["problem"]["detail"], "delta must be a whole number");
    assert_eq!(standing(&world, "weekly", "alice").await["score"], 2);
    // All of a batch may be refused.
    let all = post(&world, json!({ "events": [event("h", "nowhere", json!(1)), {}] })).await;
    assert_eq!(all.status, 200);
    assert_eq!(all.json["events"][1]["problem"]["code"], "invalid_idempotency_key");
}

#[tokio::test]
async fn all_changes_of_an_event_happen_or_none() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    make(&world, "few", json!({ "wins": "high", "operator": "sum", "score_max": 10 })).await;
    let change = |board: &str, user: &str, delta: i64| json!({ "board": board, "user": user, "delta": delta });
    let changes =
        [change("weekly", "alice", 5), change("few", "alice", 5), change("few", "bob", 9)];
    let results = posted(&world, json!({ "key": "a", "changes": changes })).await;
    let told: Vec<_> = results.iter().map(|it| json!([it["score"], it["position"]])).collect();
    assert_eq!(json!(told), json!([[5, 1], [5, 1], [9, 2]]));
    // A later change sees the earlier ones of its event, and undoes them if it can't be.
    for (key, changes, code) in [
        ("b", [change("weekly", "alice", 1), change("few", "alice", 6)], "score_out_of_range"),
        ("c", [change("few", "alice", 3), change("few", "alice", 3)], "score_out_of_range"),
        ("d", [change("weekly", "alice", 1), change("nowhere", "bob", 1)], "no_such_board"),
    ] {
        let answer = post(&world, json!({ "key": key, "changes": changes })).await;
        assert_eq!(answer.json["code"], code, "{key}: {answer:?}");
    }
    assert_eq!(standing(&world, "weekly", "alice").await["score"], 5);
    let few = standing(&world, "few", "alice").await;
    assert_eq!(
        (&few["score"], &few["rank"], &few["as_of"]),
        (&json!(5), &json!(2), &json!("b2.2"))
    );
}

#[tokio::test]
async fn an_event_says_when_it_happened_within_a_day_and_five_minutes() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    let now = now_ms().as_i64().expect("a number");
    for (happened, expected) in [
        (json!(now - 23 * HOUR), None),
        (json!(now as f64 - 0.5), None),
        (json!(now + 240_000), None),
        (json!(now - 25 * HOUR), Some((409, "event_too_old"))),
        (json!(0), Some((409, "event_too_old"))),
        // Seconds and microseconds.
        (json!(now / 1_000), Some((409, "event_too_old"))),
        (json!(now * 1_000), Some((400, "invalid_happened_ms"))),
        (json!(now + HOUR), Some((409, "event_ahead"))),
        (json!(-1), Some((400, "invalid_happened_ms"))),
        (json!(u64::MAX), Some((400, "invalid_happened_ms"))),
        (json!("1"), Some((400, "invalid_json"))),
    ] {
        let key = happened.to_string().replace('"', "");
        let event = json!({
            "key": key, "board": "weekly", "user": "alice", "delta": 1, "happened_ms": happened,
        });
        let answer = post(&world, event).await;
        match expected {
            None => assert_eq!(answer.status, 200, "{happened}: {answer:?}"),
            Some((status, code)) => assert_problem(&key, &answer, (status, code, "")),
        }
    }
    assert_eq!(standing(&world, "weekly", "alice").await["score"], 3);
}

#[tokio::test]
async fn a_banned_player_goes_on_scoring_unseen_and_comes_back_with_it() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    add(&world, "weekly", "alice", "a", 10).await;
    add(&world, "weekly", "bob", "b", 20).await;
    for _ in 0..2 {
        let banned = world.as_service("PUT", "/v1/boards/weekly/bans/bob", None).await;
        assert_eq!(banned.status, 204, "{banned:?}");
    }
    let bob = standing(&world, "weekly", "bob").await;
    assert_eq!(
        (&bob["rank"], &bob["score"], &bob["count"]),
        (&Value::Null, &Value::Null, &json!(1))
    );
    assert_eq!(standing(&world, "weekly", "alice").await["rank"], 1);
    let unseen = add(&world, "weekly", "bob", "c", 5).await;
    assert_eq!((&unseen["score"], &unseen["rank"]), (&json!(25), &Value::Null));
    assert_eq!(get(&world, "/v1/scores?board=weekly").await["standings"][0]["user"], "alice");
    for _ in 0..2 {
        let free = world.as_service("DELETE", "/v1/boards/weekly/bans/bob", None).await;
        assert_eq!(free.status, 204, "{free:?}");
    }
    let bob = standing(&world, "weekly", "bob").await;
    assert_eq!((&bob["rank"], &bob["score"], &bob["count"]), (&json!(1), &json!(25), &json!(2)));
    let nowhere = world.as_service("PUT", "/v1/boards/nowhere/bans/bob", None).await;
    assert_problem("nowhere", &nowhere, (404, "no_such_board", ""));
}
