//! What friends see of each other.

use e2e::{LISBON, Sandbox, north_of};

#[tokio::test]
async fn friends_within_the_radius_see_each_other_with_distance_and_time() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let mut alice = world.connect("alice").await;
    let mut bob = world.connect("bob").await;
    alice.at(LISBON).await;
    bob.at(north_of(LISBON, 1_000.0)).await;
    alice.expect_near("bob").await;
    bob.expect_near("alice").await;
    let seen = &alice.friends["bob"];
    let distance_m = seen["distance_m"].as_f64().expect("a distance");
    assert!((990.0..1_010.0).contains(&distance_m), "{seen}");
    assert!(seen["age_ms"].as_i64().is_some_and(|age| age < 5_000), "{seen}");
}

#[tokio::test]
async fn strangers_see_nothing_of_each_other() {
    let world = Sandbox::start().await;
    let mut alice = world.connect("alice").await;
    let mut mallory = world.connect("mallory").await;
    alice.at(LISBON).await;
    mallory.at(LISBON).await;
    alice.settle().await;
    mallory.settle().await;
    assert!(alice.friends.is_empty() && mallory.friends.is_empty());
}

#[tokio::test]
async fn a_friend_who_goes_far_leaves_and_comes_back() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let mut alice = world.connect("alice").await;
    let mut bob = world.connect("bob").await;
    alice.at(LISBON).await;
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
    bob.at(north_of(LISBON, 20_000.0)).await;
    let left = alice.hear(|m| m["left"][0]["id"] == "bob").await;
    assert_eq!(left["left"][0]["reason"], "far");
    bob.at(LISBON).await;
    alice.expect_near("bob").await;
}

#[tokio::test]
async fn looking_for_friends_is_charged_by_how_many_there_are() {
    let world = Sandbox::with(|config| {
        config.rest.user_cost_per_s = 1;
        config.rest.user_cost_burst = 4;
    })
    .await;
    for (user, friends) in [("alice", vec!["bob", "carol", "dave"]), ("erin", vec!["frank"])] {
        for friend in friends {
            world.befriend(user, friend).await;
        }
    }
    let ask = async |user| world.as_user(user, "GET", "/v1/friends/nearby", None).await;
    assert_eq!(ask("alice").await.status, 200);
    let refused = ask("alice").await;
    assert_eq!((refused.status, &refused.json["code"]), (429, &"rate_limited".into()));
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    for _ in 0..2 {
        assert_eq!(ask("erin").await.status, 200, "two units each time, within the burst");
    }
}
