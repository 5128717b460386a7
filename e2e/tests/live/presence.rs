//! How long somebody is there, and how often they are asked to say so.

use std::time::{Duration, Instant};

use e2e::{LISBON, Person, Sandbox, north_of};
use model::Role;
use serde_json::{Value, json};

/// Short enough to be waited for.
const TTL_MS: u64 = 1_500;

/// How much later than the TTL a friend may be told of it, on a busy machine.
const LATE_MS_MAX: u64 = 3_000;

/// How often somebody speaks who is to stay.
const BEAT: Duration = Duration::from_millis(300);

async fn short_lived() -> Sandbox {
    let world = Sandbox::with(|config| config.gateway.ttl_ms = TTL_MS).await;
    world.befriend("alice", "bob").await;
    world
}

/// Says something every now and then while something else happens.
async fn meanwhile<T>(
    person: &mut Person,
    message: &Value,
    answer: &str,
    wait: impl Future<Output = T>,
) -> T {
    let beat = async {
        loop {
            person.send(message).await;
            person.hear(|m| m["type"] == answer).await;
            tokio::time::sleep(BEAT).await;
        }
    };
    tokio::select! {
        done = wait => done,
        () = beat => unreachable!("the beat doesn't end"),
    }
}

fn keep() -> Value {
    json!({ "type": "keep", "device": "phone" })
}

fn left<'a>(message: &'a Value, friend: &str) -> Option<&'a Value> {
    message["left"].as_array()?.iter().find(|gone| gone["id"] == friend)
}

#[tokio::test]
async fn a_friend_who_falls_silent_is_gone_at_the_ttl_even_if_still_connected() {
    let world = short_lived().await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    let spoke = Instant::now();
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    let gone = async { bob.hear(|m| left(m, "alice").is_some() || m["type"] == "unlocated").await };
    // Bob hears that he himself is lost; alice, who keeps saying that she is here, that bob is gone.
    let heard = async {
        let message = alice.hear(|m| left(m, "bob").is_some()).await;
        (message, spoke.elapsed().as_millis() as u64)
    };
    let (_, (message, after_ms)) = tokio::join!(gone, heard);
    assert!(left(&message, "bob").is_some_and(|gone| gone["reason"] == "gone"), "{message}");
    assert!((TTL_MS - 50..TTL_MS + LATE_MS_MAX).contains(&after_ms), "after {after_ms} ms");
}

#[tokio::test]
async fn keep_holds_a_position_and_sends_nothing_to_friends() {
    let world = short_lived().await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    bob.at(LISBON).await;
    alice.at(LISBON).await;
    alice.expect_near("bob").await;
    let pushes = alice.types().iter().filter(|t| **t == "push").count();
    let until = Instant::now() + Duration::from_millis(2 * TTL_MS);
    while Instant::now() < until {
        for person in [&mut alice, &mut bob] {
            person.send(&keep()).await;
            let kept = person.hear(|m| m["type"] == "kept").await;
            assert_eq!((&kept["device"], &kept["located"]), (&json!("phone"), &json!(true)));
        }
        tokio::time::sleep(BEAT).await;
    }
    alice.settle().await;
    assert!(alice.friends.contains_key("bob"));
    assert_eq!(alice.types().iter().filter(|t| **t == "push").count(), pushes);
    // And then the silence counts from the last keep.
    let message = alice.hear(|m| left(m, "bob").is_some()).await;
    assert!(left(&message, "bob").is_some_and(|gone| gone["reason"] == "gone"), "{message}");
}

#[tokio::test]
async fn keep_without_a_position_asks_for_one() {
    let world = short_lived().await;
    let mut alice = world.connect("alice").await;
    alice.send(&keep()).await;
    let kept = alice.hear(|m| m["type"] == "kept").await;
    assert_eq!(kept["located"], false);
}

#[tokio::test]
async fn a_sign_off_is_told_to_friends_at_once_and_undone_by_the_next_fix() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    bob.send(&json!({ "type": "sign_off", "device": "phone" })).await;
    bob.hear(|m| m["type"] == "signed_off" && m["device"] == "phone").await;
    alice.settle().await;
    assert!(alice.friends.is_empty(), "{:?}", alice.friends);
    let told = alice.heard.iter().find_map(|m| left(m, "bob")).expect("told that bob left");
    assert_eq!(told["reason"], "gone");
    bob.settle().await;
    assert!(bob.friends.is_empty(), "who is nowhere has nobody near: {:?}", bob.friends);
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    bob.expect_near("alice").await;
}

#[tokio::test]
async fn a_dropped_connection_is_no_sign_off() {
    let world = short_lived().await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    let spoke = Instant::now();
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    drop(bob);
    let gone = alice.hear(|m| left(m, "bob").is_some()).await;
    assert!(left(&gone, "bob").is_some_and(|gone| gone["reason"] == "gone"), "{gone}");
    let after_ms = spoke.elapsed().as_millis() as u64;
    assert!(after_ms >= TTL_MS - 50, "after {after_ms} ms");
}

#[tokio::test]
async fn who_is_silent_themself_is_told_so_and_sees_nobody() {
    let world = short_lived().await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    bob.at(LISBON).await;
    alice.at(LISBON).await;
    alice.expect_near("bob").await;
    let heard = async {
        alice.hear(|m| m["type"] == "unlocated").await;
        alice.expect(std::collections::BTreeMap::is_empty).await;
    };
    meanwhile(&mut bob, &keep(), "kept", heard).await;
    let nearby = world.as_user("alice", "GET", "/v1/friends/nearby", None).await;
    assert_eq!((&nearby.json["located"], &nearby.json["friends"]), (&json!(false), &json!([])));
    bob.at(LISBON).await;
    alice.at(LISBON).await;
    alice.expect_near("bob").await;
}

#[tokio::test]
async fn hints_leave_room_for_three_reports_in_a_ttl() {
    let world = Sandbox::with(|config| config.gateway.ttl_ms = 9_000).await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    bob.at(north_of(LISBON, 4_000.0)).await;
    alice.expect_near("bob").await;
    alice.settle().await;
    let intervals: Vec<_> = hints(&alice).map(|hint| hint["interval_ms"].as_u64()).collect();
    assert!(intervals.len() >= 2, "with company the accuracy changes: {:?}", alice.types());
    assert!(intervals.iter().all(|ms| ms.is_some_and(|ms| ms <= 3_000)), "{intervals:?}");
}

#[tokio::test]
async fn a_near_friend_asks_for_more_reports_but_not_twice_a_minute() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    bob.at(north_of(LISBON, 50.0)).await;
    let hint = alice.hear(|m| m["type"] == "hint").await;
    assert_eq!((&hint["interval_ms"], &hint["accuracy"]), (&json!(5_000), &json!("high")));
    assert_eq!(hint["displacement_m"], 5);
    bob.at(north_of(LISBON, 5_000.0)).await;
    alice.settle().await;
    bob.at(north_of(LISBON, 500_000.0)).await;
    alice.expect_left("bob").await;
    alice.settle().await;
    assert_eq!(alice.types().iter().filter(|t| **t == "hint").count(), 1);
}

#[tokio::test]
async fn hints_announce_nobody_who_is_hidden() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    world.user("stranger").await;
    world.befriend("alice", "far").await;
    let blocked = world.as_user("bob", "PUT", "/v1/users/me/blocks/alice", None).await;
    assert_eq!(blocked.status, 204);
    let mut alice = world.connect("alice").await;
    alice.at(LISBON).await;
    for (user, metres) in [("bob", 1.0), ("stranger", 1.0), ("far", 9_500.0)] {
        let mut person = Person::connect(world.address(), &world.token(user, Role::User)).await;
        person.at(north_of(LISBON, metres)).await;
    }
    alice.at(LISBON).await;
    alice.settle().await;
    assert!(alice.friends.is_empty(), "{:?}", alice.friends);
    assert!(!alice.types().contains(&"hint"), "{:?}", alice.types());
}

fn hints(person: &Person) -> impl Iterator<Item = &Value> {
    let told = person.heard.iter().filter(|m| m["type"] == "hint");
    std::iter::once(&person.heard[0]["hint"]).chain(told)
}
