//! What operators see of a deployment in which something breaks.

use e2e::{Frame, LISBON};
use serde_json::{Map, Value, json};

use super::world::{Small, metres_north, until};

/// How long a probe takes on average, seconds: far less.
const LAG_S_MAX: f64 = 0.5;

fn works(parts: &Map<String, Value>, part: &str) -> bool {
    parts[part] == true
}

#[tokio::test]
async fn one_lost_server_of_two_is_seen_at_every_gateway_and_none_leaves_the_balancer_for_it() {
    let mut cluster = Small::start(2, 2).await;
    let all_but = |broken: &'static str| {
        move |parts: &Map<String, Value>| {
            parts.keys().all(|part| works(parts, part) != (part == broken))
        }
    };
    cluster.redis(1).kill();
    for gateway in 0..2 {
        let answer = cluster.until_ready_is(gateway, all_but("redis")).await;
        assert_eq!((answer.status, &answer.json["ready"]), (200, &json!(true)));
        assert_eq!(answer.json["degraded"], json!(["redis"]));
    }
    cluster.redis(0).kill();
    for gateway in 0..2 {
        until("no server is left", async || cluster.ready(gateway).await.status == 503).await;
        let answer = cluster.ready(gateway).await;
        assert_eq!((&answer.json["ready"], &answer.json["degraded"]), (&json!(false), &json!([])));
    }
    cluster.redis(0).start_again().await;
    cluster.redis(1).start_again().await;
    cluster.until_ready().await;
    cluster.postgres().kill().await;
    for gateway in 0..2 {
        let answer = cluster.until_ready_is(gateway, all_but("postgres.directory")).await;
        assert_eq!((answer.status, &answer.json["ready"]), (200, &json!(true)));
        assert_eq!(answer.json["degraded"], json!(["postgres.directory"]));
    }
    cluster.postgres().start_again().await;
    cluster.until_ready().await;
    for gateway in 0..2 {
        let answer = cluster.ready(gateway).await;
        assert_eq!((answer.status, &answer.json["ready"]), (200, &json!(true)));
    }
}

#[tokio::test]
async fn without_the_database_those_who_are_there_go_on() {
    let mut cluster = Small::start(2, 1).await;
    cluster.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (cluster.connect(0, "alice").await, cluster.connect(1, "bob").await);
    alice.at(LISBON).await;
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    cluster.postgres().kill().await;
    cluster.until_ready_is(0, |parts| !works(parts, "postgres.directory")).await;
    bob.at(metres_north(500.0)).await;
    let moved = |bob: &Value| bob["distance_m"].as_f64().is_some_and(|metres| metres > 400.0);
    alice.expect(|friends| friends.get("bob").is_some_and(moved)).await;
    // Who comes now can't be told who their friends are, and is asked to come again.
    let end = cluster.open(0, "bob").await.end().await;
    assert!(matches!(end, Frame::Closed(1013, _)), "{end:?}");
    cluster.postgres().start_again().await;
    cluster.until_ready().await;
    let mut late = cluster.connect(0, "bob").await;
    late.expect_near("alice").await;
}

/// What gateway 0 counts of both Redis servers, then what gateway 1 does.
async fn counts(cluster: &Small, name: &str) -> [u64; 4] {
    let mut counts = [0; 4];
    for (count, (gateway, shard)) in counts.iter_mut().zip([(0, 0), (0, 1), (1, 0), (1, 1)]) {
        *count = cluster.metric(gateway, name, shard).await as u64;
    }
    counts
}

#[tokio::test]
async fn metrics_of_each_server_say_what_happened_to_it() {
    let mut cluster = Small::start(2, 2).await;
    let (bob, alice) = (cluster.user_on(0, "bob"), cluster.user_on(1, "alice"));
    cluster.befriend(&bob, &alice).await;
    let (mut bob_there, mut alice_there) =
        (cluster.connect(0, &bob).await, cluster.connect(1, &alice).await);
    alice_there.at(LISBON).await;
    for _ in 0..5 {
        bob_there.at(LISBON).await;
    }
    alice_there.expect_near(&bob).await;
    bob_there.expect_near(&alice).await;
    until("all five arrived", async || {
        counts(&cluster, "whereabouts_redis_delivered_total").await == [0, 1, 5, 0]
    })
    .await;
    assert_eq!(counts(&cluster, "whereabouts_redis_published_total").await, [5, 0, 0, 1]);
    assert_eq!(counts(&cluster, "whereabouts_redis_up").await, [1; 4]);
    assert_eq!(counts(&cluster, "whereabouts_redis_reconnects_total").await, [0; 4]);
    assert_eq!(counts(&cluster, "whereabouts_redis_slots").await, [8_192; 4]);
    // Each of them is watched at both: as a friend, and by themself.
    assert_eq!(counts(&cluster, "whereabouts_redis_subscriptions").await, [1; 4]);
    let probes = counts(&cluster, "whereabouts_redis_lag_seconds_count").await;
    until("probes go on", async || {
        let later = counts(&cluster, "whereabouts_redis_lag_seconds_count").await;
        later.iter().zip(&probes).all(|(later, probes)| later > probes)
    })
    .await;
    let probes = cluster.metric(0, "whereabouts_redis_lag_seconds_count", 0).await;
    let mean_s = cluster.metric(0, "whereabouts_redis_lag_seconds_sum", 0).await / probes;
    assert!((0.0..LAG_S_MAX).contains(&mean_s), "a probe takes {mean_s} s");

    let _: i64 = cluster.redis(1).run("CLIENT KILL TYPE pubsub").await;
    until("a cut was counted", async || {
        counts(&cluster, "whereabouts_redis_reconnects_total").await == [0, 1, 0, 1]
    })
    .await;
    until("the server is heard again", async || {
        counts(&cluster, "whereabouts_redis_up").await == [1; 4]
    })
    .await;
    cluster.redis(0).kill();
    for gateway in 0..2 {
        cluster.until_ready_is(gateway, |parts| !works(parts, "redis")).await;
        assert_eq!(cluster.metric(gateway, "whereabouts_redis_up", 0).await.to_string(), "0");
        assert_eq!(cluster.metric(gateway, "whereabouts_redis_up", 1).await.to_string(), "1");
    }
}
