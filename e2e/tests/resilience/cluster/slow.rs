//! A gateway that is far from `PostgreSQL`.

use std::time::Duration;

use e2e::{LISBON, Person};
use futures_util::future::join;
use model::{Clock, SystemClock};
use serde_json::{Value, json};

use super::world::{Small, metres_north};

/// How long the way from the watcher's gateway to the database is, one way.
const ONE_WAY: Duration = Duration::from_micros(1_200);

const ROUNDS: usize = 30;

/// As many fixes as fit into the rounds.
const SETTINGS: &str =
    "[gateway]\nfixes_per_s = 1000\nmessages_per_s = 2000\nbytes_per_s = 1000000\n";

/// How many fixes are sent after each block.
const FIXES: u64 = 10;

fn now_ms() -> i64 {
    SystemClock::start().now().wall.0
}

/// Sends a fix of this moment from a little farther north, and waits for its acknowledgement.
async fn step(person: &mut Person, seq: &mut u64) {
    *seq += 1;
    let (latitude, longitude) = metres_north(100.0 + *seq as f64);
    let fix = json!({
        "type": "fix", "device": "walk", "seq": *seq, "latitude": latitude,
        "longitude": longitude, "time_ms": now_ms(),
    });
    person.send(&fix).await;
    person.hear(|m| m["type"] == "ack" && m["seq"] == *seq).await;
}

/// The times of the fixes of somebody that a message tells of.
fn told_of(message: &Value, friend: &str) -> Vec<i64> {
    let lists = ["came", "moved", "friends"].iter().filter_map(|name| message[name].as_array());
    let of_friend = lists.flatten().filter(|told| told["id"] == friend);
    of_friend.filter_map(|told| told["time_ms"].as_i64()).collect()
}

#[tokio::test]
async fn who_blocks_somebody_is_hidden_though_a_new_friend_takes_their_place_at_once() {
    let cluster = Small::start_on_lines(2, 1, SETTINGS).await;
    cluster.befriend("wanda", "xaver").await;
    cluster.befriend("xaver", "yasmin").await;
    cluster.postgres_line(0).delay(ONE_WAY);
    let mut wanda = cluster.connect(0, "wanda").await;
    let mut xaver = cluster.connect(1, "xaver").await;
    wanda.at(LISBON).await;
    let mut seq = 0;
    let (friends, block) = ("/v1/users/wanda/friends", "/v1/users/me/blocks/wanda");
    let mut leaks = Vec::new();
    for round in 0..ROUNDS {
        step(&mut xaver, &mut seq).await;
        wanda.expect_near("xaver").await;
        let heard = wanda.heard.len();

        let (path, fix) = (format!("{friends}/yasmin"), step(&mut xaver, &mut seq));
        let blocked = async {
            let answer = cluster.as_user(1, "xaver", "PUT", block, None).await;
            (answer.status, now_ms())
        };
        let befriended = cluster.as_service(1, "PUT", &path, None);
        let (((status, blocked_ms), befriended), ()) = join(join(blocked, befriended), fix).await;
        assert_eq!((status, befriended.status), (204, 204), "round {round}");
        for _ in 0..FIXES {
            step(&mut xaver, &mut seq).await;
        }
        wanda.expect_left("xaver").await;
        wanda.settle().await;
        let told = wanda.heard[heard..].iter().flat_map(|message| told_of(message, "xaver"));
        leaks.extend(told.filter(|time_ms| *time_ms > blocked_ms));
        assert!(wanda.friends.is_empty(), "{:?}", wanda.friends.keys());

        assert_eq!(cluster.as_user(1, "xaver", "DELETE", block, None).await.status, 204);
        assert_eq!(cluster.as_service(1, "DELETE", &path, None).await.status, 204);
        let again = cluster.as_service(1, "PUT", &format!("{friends}/xaver"), None).await;
        assert_eq!(again.status, 204);
    }
    assert_eq!(leaks.len(), 0, "fixes sent after a block are told in {ROUNDS} rounds");
}
