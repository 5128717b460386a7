//! What a node makes of standings on servers.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use e2e::servers::Redis;
use leaderboard::redis::ServerConfig;
use serde_json::{Value, json};
use server::StandingsBackend;

use super::world::until;

async fn node(servers: &[&Redis]) -> Sandbox {
    let shards = servers.iter().zip(["a", "b"]).map(|(server, name)| ServerConfig {
        name: name.to_owned(),
        weight: 1,
        url: server.url(),
        password_file: None,
        tls_ca_file: None,
    });
    Sandbox::with(|config| {
        config.backends.standings = StandingsBackend::Redis;
        config.redis.shards = shards.collect();
    })
    .await
}

async fn post(node: &Sandbox, key: &str, user: &str, delta: i64) -> Value {
    let event = json!({ "key": key, "board": "weekly", "user": user, "delta": delta });
    let posted = node.as_service("POST", "/v1/scores", Some(event)).await;
    assert_eq!(posted.status, 200, "{posted:?}");
    posted.json["results"][0].clone()
}

async fn top(node: &Sandbox) -> Vec<String> {
    let answer = node.as_service("GET", "/v1/scores?board=weekly", None).await;
    let standings = answer.json["standings"].as_array().cloned().unwrap_or_default();
    standings
        .iter()
        .map(|it| format!("{} {}", it["user"].as_str().expect("an id"), it["rank"]))
        .collect()
}

#[tokio::test]
async fn scores_are_taken_while_standings_are_away_and_ranked_once_they_are_back() {
    let (mut first, second) = (Redis::start().await, Redis::start().await);
    let node = node(&[&first, &second]).await;
    let rules = json!({ "wins": "high", "operator": "sum" });
    let made = node.as_service("PUT", "/v1/boards/weekly", Some(rules)).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        (&made.json["score_min"], &made.json["score_max"]),
        (&json!(-(1_i64 << 53)), &json!(1_i64 << 53))
    );
    for (n, user) in ["ann", "bob", "cid", "dan"].into_iter().enumerate() {
        assert_eq!(post(&node, user, user, 10 - n as i64).await["rank"], n + 1);
    }
    first.kill();
    let posted = post(&node, "away", "dan", 90).await;
    assert_eq!((&posted["rank"], &posted["score"]), (&Value::Null, &json!(97)), "{posted:?}");
    let read = node.as_service("GET", "/v1/scores?board=weekly", None).await;
    assert_problem("standings", &read, (503, "unavailable", ""));
    until("readiness says it", async || {
        let ready = node.request("GET", "/ready", None).await;
        ready.status == 200 && ready.json["parts"]["standings"] == json!(false)
    })
    .await;
    first.start_again().await;
    until("ranks are right", async || top(&node).await == ["dan 1", "ann 2", "bob 3", "cid 4"])
        .await;
    until("readiness says it", async || {
        node.request("GET", "/ready", None).await.json["parts"]["standings"] == json!(true)
    })
    .await;
    let metrics = node.metrics().await;
    for name in [
        "whereabouts_leaderboard_index_lag_positions",
        "whereabouts_leaderboard_redis_save_copied_bytes",
    ] {
        assert!(metrics.contains(&format!("{name}{{")), "{name}");
    }
}

#[tokio::test]
async fn a_range_beyond_what_is_exact_is_refused() {
    let server = Redis::start().await;
    let node = node(&[&server]).await;
    for range in [json!((1_i64 << 53) + 1), json!(i64::MAX - 1)] {
        let rules = json!({ "wins": "high", "operator": "sum", "score_max": range });
        let refused = node.as_service("PUT", "/v1/boards/b", Some(rules)).await;
        assert_problem("too wide", &refused, (400, "score_range_too_wide", "2^53"));
    }
    let rules =
        json!({ "wins": "low", "operator": "best", "score_max": 1_i64 << 53, "score_min": 0 });
    assert_eq!(node.as_service("PUT", "/v1/boards/b", Some(rules)).await.status, 201);
}
