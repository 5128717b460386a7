//! One user on several devices, whose clocks disagree.

use e2e::{LISBON, Person, Sandbox, north_of};
use model::{Clock, SystemClock};
use serde_json::{Value, json};

/// Fixes in the long walk, and the seed of its choices.
const FIXES: u64 = 600;
const SEED: u64 = 7;

fn now_ms() -> i64 {
    SystemClock::start().now().wall.0
}

/// Sends a fix, so many metres north of Lisbon, that its device dates so. The acknowledgement.
async fn fix(person: &mut Person, device: &str, seq: u64, time_ms: i64, metres: f64) -> Value {
    let (latitude, longitude) = north_of(LISBON, metres);
    person
        .send(&json!({
            "type": "fix", "device": device, "seq": seq, "time_ms": time_ms,
            "latitude": latitude, "longitude": longitude,
        }))
        .await;
    person.hear(|m| m["type"] == "ack" && m["device"] == device && m["seq"] == seq).await
}

fn metres(person: &Person, friend: &str) -> f64 {
    let latitude = person.friends[friend]["latitude"].as_f64().expect("a latitude");
    ((latitude - LISBON.0) * 111_132.0).round()
}

#[tokio::test]
async fn the_newest_fix_of_all_devices_counts_by_its_own_time() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let mut alice = world.connect("alice").await;
    alice.at(LISBON).await;
    let (mut phone, mut tablet) = (world.connect("bob").await, world.connect("bob").await);
    let now = now_ms();
    let ack = fix(&mut phone, "phone", 1, now - 2_000, 100.0).await;
    assert_eq!((&ack["shown"], &ack["kept"]), (&json!(true), &json!("disk")));
    let late = fix(&mut tablet, "tablet", 1, now - 3_000, 200.0).await;
    assert_eq!((&late["shown"], &late["reason"]), (&json!(false), &json!("older")));
    assert_eq!(late["kept"], "disk", "it is a point of the track");
    alice.settle().await;
    assert!((metres(&alice, "bob") - 100.0).abs() < 1.0);
    let newer = fix(&mut tablet, "tablet", 2, now - 1_000, 300.0).await;
    assert_eq!(newer["shown"], true);
    alice.settle().await;
    assert!((metres(&alice, "bob") - 300.0).abs() < 1.0);
    assert_eq!(alice.friends["bob"]["time_ms"], now - 1_000);
}

#[tokio::test]
async fn of_two_fixes_of_one_moment_the_greater_device_and_seq_counts() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let mut alice = world.connect("alice").await;
    alice.at(LISBON).await;
    let mut bob = world.connect("bob").await;
    let then = now_ms() - 1_000;
    assert_eq!(fix(&mut bob, "b", 1, then, 100.0).await["shown"], true);
    assert_eq!(fix(&mut bob, "a", 9, then, 200.0).await["reason"], "older");
    assert_eq!(fix(&mut bob, "b", 2, then, 300.0).await["shown"], true);
    assert_eq!(fix(&mut bob, "c", 1, then, 400.0).await["shown"], true);
    alice.settle().await;
    assert!((metres(&alice, "bob") - 400.0).abs() < 1.0);
}

#[tokio::test]
async fn a_repeated_or_sinking_seq_changes_nothing() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let mut alice = world.connect("alice").await;
    alice.at(LISBON).await;
    let mut bob = world.connect("bob").await;
    fix(&mut bob, "phone", 5, now_ms(), 100.0).await;
    for seq in [5, 4, 0] {
        assert_eq!(fix(&mut bob, "phone", seq, now_ms(), 200.0).await["reason"], "repeated");
    }
    alice.settle().await;
    assert!((metres(&alice, "bob") - 100.0).abs() < 1.0);
    assert_eq!(fix(&mut bob, "phone", 1_000_000_005, now_ms(), 300.0).await["shown"], true);
}

#[tokio::test]
async fn whatever_the_clocks_of_the_devices_watchers_are_never_moved_backwards() {
    let world = Sandbox::with(|config| {
        config.gateway.fixes_burst = FIXES as u32;
        config.gateway.messages_burst = 2 * FIXES as u32;
        config.gateway.bytes_burst = 1_000_000;
    })
    .await;
    world.befriend("alice", "bob").await;
    let mut watchers = [world.connect("alice").await, world.connect("alice").await];
    watchers[0].at(LISBON).await;
    // Right, a little slow, a little fast, too fast to be believed (that counts as now), very slow.
    let clocks = [("a", 0), ("b", -20), ("c", 20), ("d", 60_000), ("e", -3_000)];
    let mut devices = Vec::new();
    for _ in &clocks {
        devices.push(world.connect("bob").await);
    }
    let mut choice = SEED;
    // Between when and when the shown fix dates, and its place.
    let mut newest = (i64::MIN, i64::MIN, 0.0);
    for seq in 1..=FIXES {
        // Numerical Recipes' generator: which device, and how long its fix was under way.
        choice = choice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
        let device = (choice >> 8) as usize % clocks.len();
        let delayed_ms = [0, 0, 10, 40, 700][(choice >> 16) as usize % 5];
        let (name, skew_ms) = clocks[device];
        let sent_ms = now_ms();
        let time_ms = sent_ms + skew_ms - delayed_ms;
        let ack = fix(&mut devices[device], name, seq, time_ms, seq as f64).await;
        let (from_ms, to_ms) =
            if time_ms > sent_ms + 5_000 { (sent_ms, now_ms()) } else { (time_ms, time_ms) };
        if ack["shown"] == true {
            assert!(to_ms >= newest.0, "shown though {} ms older", newest.0 - to_ms);
            newest = (from_ms, to_ms, seq as f64);
        } else {
            assert_eq!(ack["reason"], "older", "{ack}");
            assert!(from_ms <= newest.1, "not shown though newer: {ack}");
        }
        if seq % 4 == 0 {
            for watcher in &mut watchers {
                watcher.settle().await;
                assert!((metres(watcher, "bob") - newest.2).abs() < 1.0, "after fix {seq}");
            }
        }
    }
    for watcher in &watchers {
        let told = watcher.heard.iter().flat_map(positions);
        let times: Vec<_> = told.filter_map(|bob| bob["time_ms"].as_i64()).collect();
        assert!(times.is_sorted(), "moved backwards");
        assert!(times.len() > 20, "only {} positions were told", times.len());
    }
}

/// Bob's positions in a message.
fn positions(message: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["friends", "came", "moved"].map(|name| message[name].as_array());
    lists.into_iter().flatten().flatten().filter(|friend| friend["id"] == "bob")
}
