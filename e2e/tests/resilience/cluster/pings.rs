//! Somebody who pings while the Redis server of their friends is away.

use std::time::Duration;

use serde_json::json;
use tokio::time::interval;

use super::world::{Small, metres_north};

/// How many fixes are sent while the server is away, and how often: for longer than a silent connection is borne, which
/// is the interval of pings and ten seconds.
const FIXES: u64 = 41;
const EVERY: Duration = Duration::from_millis(300);
/// Before which of them a ping is sent.
const PINGS: [u64; 4] = [2, 12, 22, 32];
const SETTINGS: &str = "[gateway]\nping_interval_ms = 500\n";

#[tokio::test]
async fn who_pings_while_friends_can_not_be_read_is_heard_all_the_time() {
    let mut cluster = Small::start_with(2, 2, SETTINGS).await;
    let (wanda, ulla) = (cluster.user_on(0, "wanda"), cluster.user_on(1, "ulla"));
    cluster.befriend(&wanda, &ulla).await;
    // At another gateway, so that the first one doesn't know where she is.
    let mut friend = cluster.connect(1, &ulla).await;
    friend.at(metres_north(100.0)).await;
    cluster.redis(1).kill();
    for gateway in [0, 1] {
        cluster.until_ready_is(gateway, |parts| parts["redis"] == false).await;
    }

    let mut person = cluster.open(0, &wanda).await;
    person.hear(|m| m["type"] == "welcome").await;
    let mut beat = interval(EVERY);
    for number in 0..FIXES {
        beat.tick().await;
        if PINGS.contains(&number) {
            person.send(&json!({ "type": "ping", "id": number })).await;
        }
        let ack = person.at(metres_north(number as f64)).await;
        assert_eq!(ack["shown"], true, "{ack}");
    }
    assert!(!person.types().contains(&"pong"), "its friends aren't known yet");
    cluster.redis(1).start_again().await;
    person.hear(|m| m["type"] == "pong" && m["id"] == PINGS[3]).await;
    assert!(person.friends.contains_key(&ulla), "all was told before: {:?}", person.types());
}
