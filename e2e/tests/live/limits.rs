//! How much one client may ask for, and how many clients may come.

use std::time::Duration;

use e2e::{Frame, LISBON, Person, Refusal, Sandbox, north_of};
use model::Role;
use serde_json::json;

#[tokio::test]
async fn one_user_has_so_many_connections_and_no_more() {
    let world = Sandbox::with(|config| config.gateway.sessions_per_user_max = 2).await;
    let first = world.connect("alice").await;
    let mut second = world.connect("alice").await;
    let mut third = Person::connect(world.address(), &world.token("alice", Role::User)).await;
    assert_closed(&third.end().await, 4004);
    second.at(LISBON).await;
    world.connect("bob").await;
    drop(first);
    // The server sees the end of the first a moment later.
    loop {
        let mut again = Person::connect(world.address(), &world.token("alice", Role::User)).await;
        match again.next().await {
            Frame::Message(_) => return,
            end => assert_closed(&end, 4004),
        }
    }
}

#[tokio::test]
async fn beyond_the_limit_of_connections_newcomers_are_asked_to_come_later() {
    let world = Sandbox::with(|config| config.gateway.sessions_max = 2).await;
    let mut alice = world.connect("alice").await;
    let _bob = world.connect("bob").await;
    let token = world.token("carol", Role::User);
    let refused = Person::try_connect(world.address(), Some(&token)).await;
    assert_come_later(&refused.err().expect("a refusal"));
    alice.at(LISBON).await;
}

#[tokio::test]
async fn strangers_who_say_nothing_make_room_for_others_the_oldest_first() {
    let world = Sandbox::with(|config| config.gateway.unauthenticated_max = 2).await;
    let mut first = world.connect_anonymously().await;
    let mut second = world.connect_anonymously().await;
    let mut third = world.connect_anonymously().await;
    assert_closed(&first.end().await, 1013);
    // Who has shown a token is no stranger.
    let mut alice = world.connect("alice").await;
    alice.at(LISBON).await;
    for (person, user) in [(&mut second, "bob"), (&mut third, "carol")] {
        person.send(&json!({ "type": "auth", "token": world.token(user, Role::User) })).await;
        person.await_snapshot().await;
    }
    let mut silent = [world.connect_anonymously().await, world.connect_anonymously().await];
    let _next = [world.connect_anonymously().await, world.connect_anonymously().await];
    for silent in &mut silent {
        assert_closed(&silent.end().await, 1013);
    }
    second.settle().await;
}

#[tokio::test]
async fn a_place_is_free_again_once_its_stranger_is_known() {
    let world = Sandbox::with(|config| config.gateway.unauthenticated_max = 1).await;
    for user in ["alice", "bob", "carol"] {
        let mut person = world.connect_anonymously().await;
        person.send(&json!({ "type": "auth", "token": world.token(user, Role::User) })).await;
        person.await_snapshot().await;
    }
}

#[tokio::test]
async fn too_many_fixes_are_refused_until_the_time_that_is_told() {
    let world = Sandbox::with(|config| {
        config.gateway.batch_fixes_max = 2;
        config.gateway.fixes_burst = 2;
        config.gateway.fixes_per_s = 2;
    })
    .await;
    world.befriend("alice", "bob").await;
    let mut bob = world.connect("bob").await;
    bob.at(LISBON).await;
    let mut alice = world.connect("alice").await;
    let fix = |seq: u64| {
        let (latitude, longitude) = north_of(LISBON, seq as f64);
        json!({
            "type": "fix", "device": "phone", "seq": seq,
            "latitude": latitude, "longitude": longitude,
        })
    };
    for seq in 1..=2 {
        alice.send(&fix(seq)).await;
        alice.hear(|m| m["type"] == "ack" && m["seq"] == seq).await;
    }
    alice.send(&fix(3)).await;
    let refused = alice.hear(|m| m["type"] == "error").await;
    assert_eq!(refused["error"], "rate_limited");
    assert_eq!((&refused["device"], &refused["seq"]), (&json!("phone"), &json!(3)));
    let retry_after_ms = refused["retry_after_ms"].as_u64().expect("a time");
    assert!((1..=500).contains(&retry_after_ms), "{refused}");
    bob.settle().await;
    let shown = bob.friends["alice"]["latitude"].as_f64().expect("a latitude");
    assert!((shown - north_of(LISBON, 2.0).0).abs() < 1e-9, "a refused fix changes nothing");
    // What the client was told to do, not a wait for something to happen.
    tokio::time::sleep(Duration::from_millis(retry_after_ms)).await;
    alice.send(&fix(3)).await;
    let taken = alice.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
    assert_eq!((&taken["type"], &taken["shown"]), (&json!("ack"), &json!(true)));
}

#[tokio::test]
async fn a_flood_of_messages_or_bytes_ends_the_session() {
    let world = Sandbox::with(|config| {
        config.gateway.messages_burst = 50;
        config.gateway.bytes_burst = 64 * 1024;
        config.gateway.bytes_per_s = 1_024;
    })
    .await;
    let mut alice = world.connect("alice").await;
    let ping = json!({ "type": "ping", "id": 1 }).to_string();
    for _ in 0..2_000 {
        alice.send_text(&ping).await;
    }
    assert_closed(&alice.end().await, 4003);
    let mut bob = world.connect("bob").await;
    // Spaces may stand anywhere in JSON.
    let large = format!("{}{ping}", " ".repeat(40_000));
    for _ in 0..200 {
        bob.send_text(&large).await;
    }
    assert_closed(&bob.end().await, 4003);
}

#[tokio::test]
async fn error_upon_error_ends_the_session() {
    let world = Sandbox::with(|config| config.gateway.errors_max = 3).await;
    let mut alice = world.connect("alice").await;
    for _ in 0..3 {
        alice.send_text("{}").await;
        alice.hear(|m| m["error"] == "invalid_message").await;
    }
    alice.settle().await;
    alice.send_text("{}").await;
    assert_closed(&alice.end().await, 4501);
}

fn assert_closed(end: &Frame, expected: u16) {
    assert!(matches!(end, Frame::Closed(code, _) if *code == expected), "{end:?}");
}

fn assert_come_later(refusal: &Refusal) {
    assert_eq!(refusal.status(), 503);
    let seconds = refusal.headers().get("retry-after").and_then(|v| v.to_str().ok());
    assert!(seconds.is_some_and(|s| s.parse::<u32>().is_ok()), "{refusal:?}");
    let problem = refusal.headers().get("content-type").and_then(|v| v.to_str().ok());
    assert_eq!(problem, Some("application/problem+json"));
}
