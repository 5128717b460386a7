//! People on different gateways.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::{LISBON, Person, Place, Sandbox};
use futures_util::future::join;
use model::{Random, SeededRandom};
use serde_json::{Value, json};

use super::world::{Small, metres_north, until};

/// Within so much time a change made through one gateway acts on the sockets of all.
const AT_ONCE: Duration = Duration::from_secs(1);

const WALKERS: [&str; 3] = ["alice", "bob", "carol"];
const SHARDS: usize = 2;
const STEPS: u64 = 60;
const SEED: u64 = 5;

/// The next step of somebody's way: who, and the fix.
fn step(random: &SeededRandom, seq: u64) -> (usize, Value) {
    let below = |end: u64| random.next_u64() % end;
    let who = below(WALKERS.len() as u64) as usize;
    // Up to 10 km from the middle: within the radius, beyond it, and in between.
    let (latitude, longitude) = metres_north(below(20_000) as f64 - 10_000.0);
    let mut fix = json!({
        "type": "fix", "device": "phone", "seq": seq, "latitude": latitude, "longitude": longitude,
    });
    let extras = ["accuracy_m", "altitude_m", "speed_mps", "heading_deg", "battery_percent"];
    for name in extras {
        if below(2) == 0 {
            fix[name] = json!(below(100) as f64 + 0.25);
        }
    }
    (who, fix)
}

/// `kept` is what the fix survives: one process keeps movement history, a cluster without a database for it doesn't.
async fn take(person: &mut Person, fix: &Value, kept: &str) {
    person.send(fix).await;
    let ack = person.hear(|m| m["type"] == "ack" && m["seq"] == fix["seq"]).await;
    assert_eq!((&ack["shown"], &ack["kept"]), (&json!(true), &json!(kept)));
}

/// What doesn't depend on when it happened.
fn timeless(friend: &Value) -> Value {
    let mut friend = friend.clone();
    if let Some(fields) = friend.as_object_mut() {
        fields.retain(|name, _| !["time_ms", "age_ms", "version"].contains(&name.as_str()));
    }
    friend
}

fn list(person: &Person) -> BTreeMap<String, Value> {
    person.friends.iter().map(|(id, friend)| (id.clone(), timeless(friend))).collect()
}

/// All that somebody was told of friends, push by push.
fn pushes(person: &Person) -> Vec<Value> {
    let told = person.heard.iter().filter(|m| m["type"] == "push");
    let kinds = told.map(|push| {
        let kinds = ["came", "moved", "distances", "left"].into_iter().map(|kind| {
            let mut friends: Vec<_> =
                push[kind].as_array().into_iter().flatten().map(timeless).collect();
            friends.sort_by_key(|friend| friend["id"].to_string());
            (kind, friends)
        });
        json!(kinds.collect::<BTreeMap<_, _>>())
    });
    kinds.collect()
}

/// How many positions of other gateways a gateway has heard of.
async fn heard(cluster: &Small, gateway: usize) -> u64 {
    let mut all = 0;
    for shard in 0..SHARDS {
        all += cluster.metric(gateway, "whereabouts_redis_delivered_total", shard).await as u64;
    }
    all
}

#[tokio::test]
async fn people_on_different_gateways_see_each_other_exactly_as_on_one() {
    let (one, many) = (Sandbox::start().await, Small::start(3, SHARDS).await);
    for (a, b) in [("alice", "bob"), ("alice", "carol"), ("bob", "carol")] {
        one.befriend(a, b).await;
        many.befriend(a, b).await;
    }
    let (mut on_one, mut on_many) = (Vec::new(), Vec::new());
    for (gateway, user) in WALKERS.into_iter().enumerate() {
        on_one.push(one.connect(user).await);
        on_many.push(many.connect(gateway, user).await);
    }
    let random = SeededRandom::new(SEED);
    for seq in 1..=STEPS {
        let (who, fix) = step(&random, seq);
        let before = [heard(&many, 0).await, heard(&many, 1).await, heard(&many, 2).await];
        take(&mut on_one[who], &fix, "disk").await;
        take(&mut on_many[who], &fix, "memory").await;
        for gateway in (0..3).filter(|gateway| *gateway != who) {
            let told = async || heard(&many, gateway).await > before[gateway];
            until("the others' gateways have heard of it", told).await;
        }
        for (reference, person) in on_one.iter_mut().zip(&mut on_many) {
            reference.settle().await;
            person.settle().await;
            assert_eq!(list(person), list(reference), "after step {seq}");
        }
    }
    for (reference, person) in on_one.iter().zip(&on_many) {
        assert_eq!(pushes(person), pushes(reference));
        let came = pushes(person).iter().filter(|push| push["came"] != json!([])).count();
        assert!(came > 3, "friends came only {came} times");
    }
}

/// Waits for what follows from a change that was answered then, no longer than it may take.
async fn at_once<T>(what: &str, answered: Instant, change: impl Future<Output = T>) {
    let left = AT_ONCE.saturating_sub(answered.elapsed());
    let heard = tokio::time::timeout(left, change).await;
    assert!(heard.is_ok(), "not within {AT_ONCE:?}: {what}");
}

async fn answered(
    cluster: &Small,
    user: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Instant {
    let answer = cluster.as_user(2, user, method, path, body).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    Instant::now()
}

#[tokio::test]
async fn what_changes_through_one_gateway_acts_on_the_sockets_of_others_within_a_second() {
    let cluster = Small::start(3, 2).await;
    let (mut alice, mut bob) = (cluster.connect(0, "alice").await, cluster.connect(1, "bob").await);
    alice.at(LISBON).await;
    bob.at(metres_north(700.0)).await;
    for _ in 0..3 {
        let to_bob = Some(json!({ "to": "bob" }));
        let requests = "/v1/users/me/friend-requests";
        answered(&cluster, "alice", "POST", requests, to_bob).await;
        let accept = format!("{requests}/alice/accept");
        let friends = answered(&cluster, "bob", "POST", &accept, None).await;
        let both = join(alice.expect_near("bob"), bob.expect_near("alice"));
        at_once("a friendship", friends, both).await;

        let near = Some(json!({ "radius_m": 500 }));
        let set = answered(&cluster, "alice", "PUT", "/v1/users/me/radius", near).await;
        at_once("a radius", set, alice.expect_left("bob")).await;
        assert!(alice.heard.iter().any(|m| m["type"] == "radius" && m["radius_m"] == 500.0));
        let reset = answered(&cluster, "alice", "DELETE", "/v1/users/me/radius", None).await;
        at_once("no radius", reset, alice.expect_near("bob")).await;
        assert!(bob.friends.contains_key("alice"), "it was alice's radius");

        let path = "/v1/users/me/blocks/alice";
        let blocked = answered(&cluster, "bob", "PUT", path, None).await;
        let both = join(alice.expect_left("bob"), bob.expect_left("alice"));
        at_once("a block", blocked, both).await;
        // What bob does now is nothing to alice.
        bob.at(metres_north(100.0)).await;
        alice.settle().await;
        assert!(alice.friends.is_empty());
        answered(&cluster, "bob", "DELETE", path, None).await;
        bob.at(metres_north(700.0)).await;
    }
}

fn place(message: &Value) -> Option<Place> {
    Some((message["latitude"].as_f64()?, message["longitude"].as_f64()?))
}

#[tokio::test]
async fn somebody_on_two_gateways_is_told_where_they_are() {
    let cluster = Small::start(3, 2).await;
    let mut phone = cluster.connect(0, "alice").await.on_device("phone");
    let mut tablet = cluster.connect(1, "alice").await.on_device("tablet");
    phone.at(LISBON).await;
    let told = tablet.hear(|m| m["type"] == "position").await;
    assert_eq!((place(&told), &told["id"]), (Some(LISBON), &json!("alice")));
    let elsewhere = metres_north(300.0);
    tablet.at(elsewhere).await;
    let told = phone.hear(|m| m["type"] == "position").await;
    assert_eq!(place(&told), Some(elsewhere));
    let watch = cluster.connect(2, "alice").await;
    assert_eq!(watch.types()[..], ["welcome", "position", "snapshot"]);
    assert_eq!(place(&watch.heard[1]), Some(elsewhere));
}
