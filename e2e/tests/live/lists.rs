//! What is in a list of friends, and how it follows both sides.

use std::collections::BTreeMap;

use e2e::{LISBON, Person, Sandbox, north_of};
use serde_json::{Value, json};

#[tokio::test]
async fn a_great_snapshot_comes_in_parts_and_nobody_twice() {
    let world = Sandbox::with(|config| config.gateway.changes_per_message_max = 4).await;
    for n in 0..10 {
        let friend = format!("friend-{n}");
        world.befriend("alice", &friend).await;
        world.connect(&friend).await.at(north_of(LISBON, f64::from(n))).await;
    }
    world.connect("alice").await.at(LISBON).await;
    let alice = world.connect("alice").await;
    assert_eq!(alice.friends.len(), 10);
    let parts: Vec<_> = alice.heard.iter().filter(|m| m["type"] == "snapshot").collect();
    let friends = |part: &Value| part["friends"].as_array().map_or(0, Vec::len);
    assert!(parts.iter().all(|part| (1..=4).contains(&friends(part)) && part["located"] == true));
    assert_eq!(parts.iter().map(|part| friends(part)).sum::<usize>(), 10);
    let more: Vec<_> = parts.iter().map(|part| part["more"] == true).collect();
    assert_eq!(more, [true, true, false]);
}

#[tokio::test]
async fn ones_own_movement_measures_friends_anew_who_stand_still() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    bob.at(LISBON).await;
    alice.at(north_of(LISBON, 1_000.0)).await;
    alice.expect_near("bob").await;
    let version = alice.friends["bob"]["version"].clone();
    alice.at(north_of(LISBON, 3_000.0)).await;
    alice.settle().await;
    let measured = alice.heard.iter().find_map(|m| m["distances"].as_array()).expect("distances");
    assert_eq!((measured.len(), &measured[0]["id"]), (1, &json!("bob")));
    let distance_m = measured[0]["distance_m"].as_f64().expect("a distance");
    assert!((2_990.0..=3_010.0).contains(&distance_m), "{distance_m}");
    assert_eq!(alice.friends["bob"]["version"], version, "bob himself didn't move");

    alice.at(north_of(LISBON, 30_000.0)).await;
    alice.settle().await;
    let left = alice.heard.iter().find_map(|m| m["left"].as_array()).expect("somebody left");
    assert_eq!(left[..], [json!({ "id": "bob", "reason": "far" })]);
    alice.at(LISBON).await;
    alice.settle().await;
    assert_eq!(alice.friends["bob"]["distance_m"].as_f64(), Some(0.0));
}

#[tokio::test]
async fn a_friend_on_the_edge_does_not_flicker() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    let radius = json!({ "radius_m": 1_000 });
    let set = world.as_user("alice", "PUT", "/v1/users/me/radius", Some(radius)).await;
    assert!(set.status < 300, "{set:?}");
    alice.at(LISBON).await;
    // In at 1,000 m, out beyond 1,100 m, whoever of the two moves.
    let steps = [
        (1_200.0, false),
        (1_050.0, false),
        (1_010.0, false),
        (990.0, true),
        (1_050.0, true),
        (1_090.0, true),
        (1_110.0, false),
        (1_090.0, false),
        (1_010.0, false),
        (990.0, true),
    ];
    for (metres, near) in steps {
        bob.at(north_of(LISBON, metres)).await;
        alice.settle().await;
        assert_eq!(alice.friends.contains_key("bob"), near, "bob went to {metres} m");
    }
    bob.at(LISBON).await;
    alice.at(north_of(LISBON, 1_200.0)).await;
    for (metres, near) in steps {
        alice.at(north_of(LISBON, metres)).await;
        alice.settle().await;
        assert_eq!(alice.friends.contains_key("bob"), near, "alice went to {metres} m");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pong_comes_after_all_that_was_acknowledged_to_friends_before() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    // Within the burst of fixes.
    for step in 1..=150 {
        let place = north_of(LISBON, f64::from(step));
        bob.at(place).await;
        alice.settle().await;
        let told = alice.friends["bob"]["latitude"].as_f64().expect("a latitude");
        assert!((told - place.0).abs() < 1e-9, "step {step}");
    }
}

#[tokio::test]
async fn the_list_over_rest_is_the_one_of_a_snapshot() {
    let world = Sandbox::start().await;
    for n in 0..12 {
        let friend = format!("friend-{n}");
        world.befriend("alice", &friend).await;
        world.connect(&friend).await.at(north_of(LISBON, f64::from(n) * 1_000.0)).await;
    }
    world.connect("stranger").await.at(LISBON).await;
    world.connect("alice").await.at(LISBON).await;
    let alice = world.connect("alice").await;
    assert_eq!(alice.friends.len(), 9, "within 8,047 m: {:?}", alice.friends.keys());
    let nearby = world.as_user("alice", "GET", "/v1/friends/nearby", None).await.json;
    assert_eq!((&nearby["located"], &nearby["more"]), (&json!(true), &json!(false)));
    assert_eq!(nearby["epoch"], alice.heard[0]["epoch"]);
    let list = nearby["friends"].as_array().expect("a list");
    let distances: Vec<_> = list.iter().filter_map(|f| f["distance_m"].as_f64()).collect();
    assert!(distances.is_sorted(), "the nearest first: {distances:?}");
    assert_eq!(without_age(list), without_age(alice.friends.values()));

    let two = world.as_user("alice", "GET", "/v1/friends/nearby?limit=2", None).await.json;
    assert_eq!((two["friends"].as_array().map(Vec::len), &two["more"]), (Some(2), &json!(true)));
}

#[tokio::test]
async fn every_device_of_a_watcher_hears_everything() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let mut phone = world.connect("alice").await;
    let mut tablet = world.connect("alice").await.on_device("tablet");
    let mut bob = world.connect("bob").await;
    phone.at(LISBON).await;
    bob.at(north_of(LISBON, 100.0)).await;
    for device in [&mut phone, &mut tablet] {
        device.expect_near("bob").await;
    }
    tablet.at(north_of(LISBON, 600.0)).await;
    for device in [&mut phone, &mut tablet] {
        device.settle().await;
        let distance_m = device.friends["bob"]["distance_m"].as_f64().expect("a distance");
        assert!((495.0..=505.0).contains(&distance_m), "measured from the newest: {distance_m}");
    }
    expect_same(&phone, &tablet);
}

fn expect_same(one: &Person, other: &Person) {
    assert_eq!(without_age(one.friends.values()), without_age(other.friends.values()));
}

/// By id, without what depends on the moment of asking; numbers as numbers, whether whole or not.
fn without_age<'a>(friends: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Value> {
    let plain = |friend: &Value| {
        let mut friend = friend.clone();
        let fields = friend.as_object_mut().expect("an object");
        fields.remove("age_ms");
        for value in fields.values_mut() {
            if let Some(number) = value.as_f64() {
                *value = json!(number);
            }
        }
        friend
    };
    friends.into_iter().map(|f| (f["id"].to_string(), plain(f))).collect()
}
