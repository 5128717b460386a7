//! Friendships that begin and end while everybody is connected.

use e2e::{LISBON, Person, Sandbox, north_of};
use serde_json::{Value, json};

/// How often an ending is raced against fixes.
const ROUNDS: usize = 25;

/// Fixes sent after each ending.
const FIXES_AFTER: usize = 6;

async fn alice_and_bob(world: &Sandbox) -> (Person, Person) {
    world.user("alice").await;
    world.user("bob").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    alice.at(LISBON).await;
    bob.at(north_of(LISBON, 100.0)).await;
    (alice, bob)
}

async fn answered(world: &Sandbox, user: &str, method: &str, path: &str, body: Option<Value>) {
    let answer = world.as_user(user, method, path, body).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
}

fn left(person: &Person, friend: &str) -> Vec<Value> {
    let pushes = person.heard.iter().filter_map(|m| m["left"].as_array()).flatten();
    pushes.filter(|gone| gone["id"] == friend).map(|gone| gone["reason"].clone()).collect()
}

#[tokio::test]
async fn a_request_shows_nothing_until_it_is_accepted_and_then_both_see_each_other() {
    let world = Sandbox::start().await;
    let (mut alice, mut bob) = alice_and_bob(&world).await;
    let to_bob = Some(json!({ "to": "bob" }));
    answered(&world, "alice", "POST", "/v1/users/me/friend-requests", to_bob).await;
    for person in [&mut alice, &mut bob] {
        person.settle().await;
        assert!(person.friends.is_empty());
    }
    let accept = "/v1/users/me/friend-requests/alice/accept";
    answered(&world, "bob", "POST", accept, None).await;
    alice.settle().await;
    bob.settle().await;
    assert!(alice.friends.contains_key("bob") && bob.friends.contains_key("alice"));
}

#[tokio::test]
async fn whoever_ends_a_friendship_it_ends_for_both_at_once() {
    let world = Sandbox::start().await;
    let (mut alice, mut bob) = alice_and_bob(&world).await;
    for (round, (user, other)) in [("alice", "bob"), ("bob", "alice")].into_iter().enumerate() {
        world.befriend("alice", "bob").await;
        alice.expect_near("bob").await;
        bob.expect_near("alice").await;
        let path = format!("/v1/users/me/friends/{other}");
        answered(&world, user, "DELETE", &path, None).await;
        alice.settle().await;
        bob.settle().await;
        assert!(alice.friends.is_empty() && bob.friends.is_empty(), "ended by {user}");
        assert_eq!(left(&alice, "bob"), vec![json!("gone"); round + 1]);
        assert_eq!(left(&bob, "alice"), vec![json!("gone"); round + 1]);
    }
}

#[tokio::test]
async fn who_is_blocked_learns_no_more_than_that_somebody_is_gone() {
    let world = Sandbox::start().await;
    let (mut alice, mut bob) = alice_and_bob(&world).await;
    world.befriend("alice", "bob").await;
    bob.expect_near("alice").await;
    answered(&world, "alice", "PUT", "/v1/users/me/blocks/bob", None).await;
    let before = bob.heard.len();
    bob.settle().await;
    alice.settle().await;
    assert!(alice.friends.is_empty() && bob.friends.is_empty());
    assert_eq!(left(&bob, "alice"), [json!("gone")]);
    let told: Vec<_> = bob.heard[before..].iter().map(Value::to_string).collect();
    assert!(told.iter().all(|message| !message.contains("block")), "{told:?}");
    // Asking again looks as always, and changes nothing.
    let ask = Some(json!({ "to": "alice" }));
    answered(&world, "bob", "POST", "/v1/users/me/friend-requests", ask).await;
    alice.at(LISBON).await;
    bob.settle().await;
    assert!(bob.friends.is_empty());
}

#[tokio::test]
async fn lifting_a_block_brings_nobody_back_until_they_are_friends_again() {
    let world = Sandbox::start().await;
    let (mut alice, mut bob) = alice_and_bob(&world).await;
    world.befriend("alice", "bob").await;
    answered(&world, "alice", "PUT", "/v1/users/me/blocks/bob", None).await;
    answered(&world, "alice", "DELETE", "/v1/users/me/blocks/bob", None).await;
    alice.at(LISBON).await;
    for person in [&mut alice, &mut bob] {
        person.settle().await;
        assert!(person.friends.is_empty());
    }
    world.befriend("alice", "bob").await;
    alice.settle().await;
    bob.settle().await;
    assert!(alice.friends.contains_key("bob") && bob.friends.contains_key("alice"));
}

#[tokio::test]
async fn a_new_radius_is_told_and_decides_at_once_who_is_near() {
    let world = Sandbox::start().await;
    let (mut alice, mut bob) = alice_and_bob(&world).await;
    world.befriend("alice", "bob").await;
    bob.at(north_of(LISBON, 5_000.0)).await;
    alice.expect_near("bob").await;
    let small = Some(json!({ "radius_m": 1_000 }));
    answered(&world, "alice", "PUT", "/v1/users/me/radius", small).await;
    alice.settle().await;
    assert!(alice.friends.is_empty());
    assert_eq!(left(&alice, "bob"), [json!("far")]);
    bob.settle().await;
    assert!(bob.friends.contains_key("alice"), "bob looks as far as before");
    answered(&world, "alice", "DELETE", "/v1/users/me/radius", None).await;
    alice.settle().await;
    assert!(alice.friends.contains_key("bob"));
    let told = alice.heard.iter().filter(|m| m["type"] == "radius");
    let told: Vec<_> = told.filter_map(|m| m["radius_m"].as_f64()).collect();
    assert_eq!(told, [1_000.0, 8_047.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_removal_was_answered_no_fix_is_told_any_more() {
    no_fix_passes_an_ending("DELETE", "/v1/users/me/friends/alice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_block_was_answered_no_fix_is_told_any_more() {
    no_fix_passes_an_ending("PUT", "/v1/users/me/blocks/alice").await;
}

/// Bob moves all the time and ends the friendship. Fixes sent before the answer may be told, those after it must not:
/// they are marked by their altitude.
async fn no_fix_passes_an_ending(method: &str, path: &str) {
    let world = Sandbox::with(|config| {
        config.gateway.fixes_burst = 1_000_000;
        config.gateway.messages_burst = 1_000_000;
        config.gateway.bytes_burst = 1_000_000_000;
    })
    .await;
    let (mut alice, mut bob) = alice_and_bob(&world).await;
    let mut seq = 1_000;
    for round in 0..ROUNDS {
        let mark_m = 1_000 + round;
        answered(&world, "bob", "DELETE", "/v1/users/me/blocks/alice", None).await;
        world.befriend("alice", "bob").await;
        alice.expect_near("bob").await;
        {
            let mut ending = std::pin::pin!(answered(&world, "bob", method, path, None));
            let moves = async {
                loop {
                    seq += 1;
                    fix(&mut bob, seq, 0).await;
                }
            };
            tokio::select! {
                () = &mut ending => {}
                () = moves => unreachable!("bob moves for ever"),
            }
        }
        for _ in 0..FIXES_AFTER {
            seq += 1;
            fix(&mut bob, seq, mark_m).await;
        }
        alice.settle().await;
        assert!(alice.friends.is_empty(), "round {round}");
        let marked = format!(r#""altitude_m":{mark_m}"#);
        let told = alice.heard.drain(..).filter(|m| m.to_string().contains(&marked));
        assert_eq!(told.count(), 0, "round {round}");
        let nearby = world.as_user("alice", "GET", "/v1/friends/nearby", None).await;
        assert_eq!(nearby.json["friends"], json!([]), "round {round}");
    }
}

async fn fix(person: &mut Person, seq: u64, altitude_m: usize) {
    let (latitude, longitude) = north_of(LISBON, (seq % 500) as f64);
    person
        .send(&json!({
            "type": "fix", "device": "phone", "seq": seq, "altitude_m": altitude_m,
            "latitude": latitude, "longitude": longitude,
        }))
        .await;
    person.hear(|m| m["type"] == "ack" && m["seq"] == seq).await;
}
