//! Gateways that keep history together: a track has what waits in the log of any of them.

use std::time::Duration;

use e2e::DEADLINE;
use e2e::cluster::Cluster;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::world::node;

/// A track is read within this time, whoever is asked and doesn't answer.
const READ_MAX: Duration = Duration::from_secs(1);

/// How many points a gateway's track of ann has, and why it may lack some.
async fn track(cluster: &Cluster, gateway: usize) -> (usize, Value) {
    let path = "/v1/users/ann/track?limit=1000";
    let answer = cluster.as_user(gateway, "ann", "GET", path, None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let because = answer.json.get("incomplete_because").cloned().unwrap_or_else(|| json!([]));
    (answer.json["points"].as_array().expect("points").len(), because)
}

/// Waits until a gateway's track is so; each is read in time.
async fn until(cluster: &Cluster, gateway: usize, points: usize, because: Value) {
    let deadline = Instant::now() + 2 * DEADLINE;
    loop {
        let read = timeout(READ_MAX, track(cluster, gateway)).await.expect("it is read in time");
        if read == (points, because.clone()) {
            return;
        }
        assert!(Instant::now() < deadline, "{read:?} isn't {points} and {because}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_track_has_what_waits_in_the_log_of_any_gateway() {
    let node = node().await.read().await;
    let mut cluster = Cluster::start_with_history(2, &node, "").await;
    cluster.befriend("ann", "bob").await;
    cluster.connect(0, "ann").await.keep_fixes(1..21).await;
    cluster.connect(1, "ann").await.keep_fixes(21..31).await;
    // Nothing of it is stored.
    for gateway in 0..2 {
        let read = timeout(READ_MAX, track(&cluster, gateway)).await.expect("it is read in time");
        assert_eq!(read, (30, json!([])), "gateway {gateway}");
    }

    cluster.stall(0);
    until(&cluster, 1, 10, json!(["log_away"])).await;
    cluster.go_on(0);
    until(&cluster, 1, 30, json!([])).await;

    cluster.kill(0).await;
    until(&cluster, 1, 10, json!(["log_away"])).await;
    cluster.start_again(0).await;
    for gateway in 0..2 {
        until(&cluster, gateway, 30, json!([])).await;
    }

    // One that goes in good order leaves nothing behind that others would have to ask for.
    let ended = cluster.drain(0).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    until(&cluster, 1, 30, json!([])).await;
}
