//! What a gateway finds out about its own calendar, and what one that is wrong does to others.

use model::ManualClock;
use ws_gateway::live::{FixLimit, Written};

use super::*;

/// How far the calendar is behind in these tests, milliseconds, and how exactly that is measured.
const BEHIND_MS: i64 = 45_000;
const EXACT_MS: i64 = 5_000;

fn shifted(urls: &[String], by_ms: i64) -> World {
    let now = SystemClock::start().now();
    World { clock: Arc::new(ManualClock::at(now.wall.plus_ms(by_ms))), ..World::over(urls) }
}

#[tokio::test]
async fn a_calendar_that_is_wrong_is_measured_against_every_server() {
    let [first, second] = servers().await;
    let [one] = shifted(&[first.url(), second.url()], -BEHIND_MS).gateways().await;
    eventually("both are measured", || one.live.clock_offsets_ms().len() == 2).await;
    // A manual clock stands still while the test runs, hence no more exactly than that.
    for offset_ms in one.live.clock_offsets_ms() {
        assert!((offset_ms + BEHIND_MS).abs() < EXACT_MS, "{offset_ms}");
    }
}

#[tokio::test]
async fn a_calendar_that_was_an_hour_ahead_locks_nobody_out() {
    let [server] = servers().await;
    let [ahead] = shifted(&[server.url()], 3_600_000).gateways().await;
    let world = World::over(&[server.url()]);
    let [right] = world.gateways().await;
    let burst = FixLimit::default().burst;
    let announced = ahead.live.announce(world.sighting("alice", 1), burst).await;
    assert_eq!(announced.expect("announced"), Written::Newest);
    let announced = right.live.announce(world.sighting("alice", 2), 1).await;
    assert_eq!(announced.expect("announced"), Written::Newest);
}

#[tokio::test]
async fn what_an_earlier_version_has_cached_is_read_and_compared() {
    let [server] = servers().await;
    let world = World::over(&[server.url()]);
    let [one] = world.gateways().await;
    let held = world.sighting("alice", 5);
    one.live.announce(held.clone(), 0).await.expect("announced");
    // As it was cached before there was a limit: the record alone.
    let script = "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], v:sub(10), 'PX', 60000) return v:byte()";
    let mut asked = redis::cmd("EVAL");
    asked.arg(script).arg(1).arg("whereabouts:p:alice");
    let kind: i64 = asked.query_async(&mut server.connection().await).await.expect("it obeys");
    assert_eq!(kind, 2);
    assert_eq!(one.read("alice").await, Some(5));
    let mut older = world.sighting("alice", 4);
    let record = &held.1.record;
    let version = Version { seq: 4, ..record.version.clone() };
    older.1.record =
        Arc::new(Record::new(record.user.clone(), version, record.presence, record.received));
    assert_eq!(one.live.announce(older, 1).await.expect("announced"), Written::Older);
    let newer = one.live.announce(world.sighting("alice", 6), 1).await;
    assert_eq!(newer.expect("announced"), Written::Newest);
    assert_eq!(one.read("alice").await, Some(6));
}
