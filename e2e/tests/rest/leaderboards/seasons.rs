//! Seasons over REST, what those get who won them, and people who are erased. When exactly a season ends is in conformance.

use std::time::Duration;

use e2e::raw::assert_problem;
use e2e::{DEADLINE, Sandbox};
use model::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::world::{add, get, listed, make, post, rows, standing, sums};

/// A board that adds up, in seasons.
fn seasonal(season: Value) -> Value {
    let mut body = sums();
    body["season"] = season;
    body
}

fn weekly() -> Value {
    seasonal(json!({ "cron": "0 0 * * mon", "time_zone": "Europe/Berlin" }))
}

fn now_ms() -> i64 {
    SystemClock::start().now().wall.0
}

async fn put(world: &Sandbox, body: Value) -> e2e::Answer {
    world.as_service("PUT", "/v1/boards/b", Some(body)).await
}

#[tokio::test]
async fn a_board_says_how_it_is_played_and_takes_back_what_it_says() {
    let world = Sandbox::start().await;
    make(&world, "b", weekly()).await;
    let board = get(&world, "/v1/boards/b").await;
    let rules = json!({
        "cron": "0 0 * * mon", "time_zone": "Europe/Berlin", "grace_ms": 60_000, "archives": 10, "rewards": [],
    });
    assert_eq!(board["season"], rules);
    let season = &board["current_season"];
    assert_eq!((&season["number"], &season["state"]), (&json!(0), &json!("open")));
    assert_eq!(season["starts_ms"], board["created_ms"]);
    let left_ms = season["ends_ms"].as_i64().expect("an end") - now_ms();
    assert!((0..=8 * 24 * 60 * 60 * 1_000).contains(&left_ms), "{left_ms}");
    assert_eq!(put(&world, board.clone()).await.status, 200);
    assert_eq!(get(&world, "/v1/boards/b").await, board);

    let point = add(&world, "b", "ann", "1", 5).await;
    assert_eq!((&point["season"], &point["rank"]), (&json!(0), &json!(1)));
    let seasons = get(&world, "/v1/boards/b/seasons").await;
    assert_eq!(seasons["seasons"].as_array().map(Vec::len), Some(1));
    assert_eq!(seasons["seasons"][0]["count"], 1);
    for path in ["/v1/scores?board=b&season=0", "/v1/scores/ann?board=b&season=0"] {
        assert_eq!(get(&world, path).await["season"], 0, "{path}");
    }
    // Without seasons there is one, which goes on for ever.
    make(&world, "plain", sums()).await;
    let plain = get(&world, "/v1/boards/plain").await;
    assert_eq!(
        (&plain["season"], &plain["current_season"]["ends_ms"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn seasons_that_are_not_there_are_refused() {
    let world = Sandbox::start().await;
    make(&world, "b", weekly()).await;
    for path in ["/v1/scores?board=b", "/v1/scores/ann?board=b", "/v1/friends/scores?board=b"] {
        for (season, status, code) in [
            ("1", 404, "no_such_season"),
            ("1000000000", 404, "no_such_season"),
            ("99999999999999999999", 404, "no_such_season"),
            ("-1", 400, "invalid_season"),
            ("1.5", 400, "invalid_season"),
            ("abc", 400, "invalid_season"),
            ("", 400, "invalid_season"),
        ] {
            let path = format!("{path}&season={season}");
            assert_problem(&path, &world.as_service("GET", &path, None).await, (status, code, ""));
        }
    }
    let path = "/v1/boards/b/seasons/abc/rewards";
    assert_problem(path, &world.as_service("GET", path, None).await, (400, "invalid_season", ""));
    let path = "/v1/boards/none/seasons";
    assert_problem(path, &world.as_service("GET", path, None).await, (404, "no_such_board", ""));
}

#[tokio::test]
async fn rules_of_seasons_that_can_not_be_are_refused() {
    let world = Sandbox::start().await;
    let reward = |reward: Value| json!({ "cron": "0 0 * * *", "rewards": [reward] });
    let long = "x".repeat(1_023);
    for (season, code, words) in [
        (json!({}), "invalid_season", "one of cron and ends_ms"),
        (json!({ "cron": "0 0 * * *", "ends_ms": 1 }), "invalid_season", "not both"),
        (json!({ "cron": "@daily" }), "invalid_season", "five fields"),
        (json!({ "cron": "60 0 * * *" }), "invalid_season", "minute"),
        (json!({ "cron": "0 0 31 2 *" }), "invalid_season", "never end"),
        (json!({ "cron": "0 0 * * *", "time_zone": "Mars" }), "invalid_season", "time_zone"),
        (json!({ "ends_ms": 1, "time_zone": "UTC" }), "invalid_season", "belongs to cron"),
        (json!({ "ends_ms": 1 }), "invalid_season", "ended already"),
        (json!({ "ends_ms": -1 }), "invalid_season", "Unix milliseconds"),
        (json!({ "ends_ms": 1.5 }), "invalid_season", "ended already"),
        (json!({ "ends_ms": -0.5 }), "invalid_season", "Unix milliseconds"),
        (json!({ "ends_ms": 1e300 }), "invalid_season", "Unix milliseconds"),
        (json!({ "ends_ms": "1" }), "invalid_json", "a number of milliseconds"),
        (json!({ "cron": "0 0 * * *", "grace_ms": -0.5 }), "invalid_season", "grace_ms"),
        (json!({ "cron": "0 0 * * *", "grace_ms": 86_400_000.5 }), "invalid_season", "grace_ms"),
        (json!({ "cron": "0 0 * * *", "grace_ms": -1 }), "invalid_season", "grace_ms"),
        (json!({ "cron": "0 0 * * *", "grace_ms": 86_400_001 }), "invalid_season", "grace_ms"),
        (json!({ "cron": "0 0 * * *", "archives": 101 }), "invalid_season", "archives"),
        (json!({ "cron": "0 0 * * *", "archives": -1 }), "invalid_season", "archives"),
        (json!({ "cron": "0 0 * * *", "ends": 1 }), "invalid_json", "unknown field `ends`"),
        (reward(json!({ "data": 1 })), "invalid_season", "top_percent"),
        (reward(json!({ "from_rank": 1, "data": 1 })), "invalid_season", "top_percent"),
        (reward(json!({ "from_rank": 0, "to_rank": 1, "data": 1 })), "invalid_season", "ranks"),
        (reward(json!({ "from_rank": 2, "to_rank": 1, "data": 1 })), "invalid_season", "ranks"),
        (reward(json!({ "top_percent": 0, "data": 1 })), "invalid_season", "percent"),
        (reward(json!({ "top_percent": 100.01, "data": 1 })), "invalid_season", "percent"),
        (reward(json!({ "top_percent": 0.001, "data": 1 })), "invalid_season", "percent"),
        (reward(json!({ "top_percent": 1, "data": long })), "invalid_season", "1024"),
        (reward(json!({ "top_percent": 1 })), "invalid_json", "data"),
    ] {
        let case = season.to_string().chars().take(90).collect::<String>();
        assert_problem(&case, &put(&world, seasonal(season)).await, (400, code, words));
    }
    let good = json!({ "cron": "0 0 * * *", "grace_ms": 0.0, "archives": 1e1, "rewards": [
        { "from_rank": 1, "to_rank": 3, "data": { "coins": 5 } }, { "top_percent": 0.5, "data": "x" },
    ] });
    assert_eq!(put(&world, seasonal(good)).await.status, 201);
    let read = get(&world, "/v1/boards/b").await;
    assert_eq!(read["season"]["rewards"][1], json!({ "top_percent": 0.5, "data": "x" }));
    assert_eq!(put(&world, read).await.status, 200);
}

#[tokio::test]
async fn a_season_that_is_over_takes_nothing_and_says_who_won() {
    let world = Sandbox::start().await;
    let rewards = json!([
        { "from_rank": 1, "to_rank": 1, "data": { "coins": 5 } }, { "top_percent": 60, "data": "badge" },
    ]);
    let season = json!({ "ends_ms": now_ms() + 2_500, "grace_ms": 0, "rewards": rewards });
    make(&world, "b", seasonal(season)).await;
    for (user, points) in [("ann", 3), ("bob", 2), ("cid", 1)] {
        add(&world, "b", user, user, points).await;
    }
    let path = "/v1/boards/b/seasons/0/rewards";
    let early = world.as_service("GET", path, None).await;
    assert_problem("before its end", &early, (409, "season_not_sealed", ""));
    let is_sealed = async || {
        while get(&world, "/v1/boards/b").await["current_season"]["state"] != "sealed" {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, is_sealed()).await.expect("it ends by itself");

    let event = json!({ "key": "late", "board": "b", "user": "ann", "delta": 1 });
    assert_problem("late", &post(&world, event).await, (409, "season_closed", "takes no events"));
    let table = get(&world, "/v1/scores?board=b").await;
    assert_eq!(listed(&table["standings"]), rows(&[("ann", 1, 3), ("bob", 2, 2), ("cid", 3, 1)]));
    let first = get(&world, &format!("{path}?limit=1")).await;
    let cursor = first["next_cursor"].as_str().expect("there are more");
    let second = get(&world, &format!("{path}?limit=10&cursor={cursor}")).await;
    assert_eq!((&first["count"], &second["next_cursor"]), (&json!(3), &Value::Null));
    let winner = |user, rank, score, rewards: Value| json!({ "user": user, "rank": rank, "score": score, "rewards": rewards });
    assert_eq!(first["winners"], json!([winner("ann", 1, 3, json!([{ "coins": 5 }, "badge"]))]));
    assert_eq!(second["winners"], json!([winner("bob", 2, 2, json!(["badge"]))]));
    let user = world.as_user("ann", "GET", path, None).await;
    assert_problem("a user", &user, (403, "forbidden", ""));
    let other = world.as_service("GET", &format!("/v1/scores?board=b&cursor={cursor}"), None).await;
    assert_problem("the cursor of another list", &other, (400, "invalid_cursor", ""));
}

#[tokio::test]
async fn whoever_is_erased_is_unknown_and_may_begin_anew() {
    let world = Sandbox::start().await;
    for board in ["a", "b"] {
        make(&world, board, sums()).await;
        for (user, points) in [("ann", 3), ("bob", 2)] {
            add(&world, board, user, &format!("{board} {user}"), points).await;
        }
    }
    let erase =
        async |user: &str| world.as_service("DELETE", &format!("/v1/scores/{user}"), None).await;
    let user = world.as_user("bob", "DELETE", "/v1/scores/ann", None).await;
    assert_problem("a user", &user, (403, "forbidden", ""));
    for _ in 0..2 {
        assert_eq!(erase("ann").await.status, 204);
    }
    assert_eq!(erase("nobody").await.status, 204);
    assert_problem("me", &erase("me").await, (400, "invalid_id", "reserved"));
    for board in ["a", "b"] {
        assert_eq!(standing(&world, board, "ann").await["rank"], Value::Null);
        let table = get(&world, &format!("/v1/scores?board={board}")).await;
        let table = listed(&table["standings"]);
        assert!(table[0].0.starts_with("erased-"), "{table:?}");
        assert_eq!((table[0].1, table[0].2), (1, 3), "who they were is gone, not what they scored");
    }
    assert_eq!(add(&world, "a", "ann", "new", 1).await["score"], 1);
}
