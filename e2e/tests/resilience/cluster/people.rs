//! Names and relations between gateways.

use e2e::{LISBON, Person};
use serde_json::{Value, json};

use super::world::Small;

async fn does(cluster: &Small, user: &str, method: &str, path: &str, body: Option<Value>) {
    let answer = cluster.as_user(0, user, method, path, body).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
}

/// Waits until alice is called so.
async fn hears_name(person: &mut Person, name: &str) {
    let this = json!([{ "id": "alice", "display_name": name }]);
    if !person.heard.iter().any(|m| m["names"] == this) {
        person.hear(|m| m["names"] == this).await;
    }
}

#[tokio::test]
async fn names_and_requests_are_told_on_every_gateway() {
    let cluster = Small::start(2, 2).await;
    cluster.befriend("alice", "bob").await;
    let (mut alice, mut bob) = (cluster.connect(0, "alice").await, cluster.connect(1, "bob").await);
    let mut carol = cluster.connect(1, "carol").await;
    alice.at(LISBON).await;
    bob.at(LISBON).await;
    hears_name(&mut bob, "alice").await;
    for name in ["Alice A.", "Alice B."] {
        let put = Some(json!({ "display_name": name }));
        does(&cluster, "alice", "PUT", "/v1/users/me", put).await;
        hears_name(&mut bob, name).await;
    }
    let requests = "/v1/users/me/friend-requests";
    let carol_is = |state: &'static str| move |m: &Value| m["id"] == "carol" && m["state"] == state;
    for _ in 0..3 {
        does(&cluster, "alice", "POST", requests, Some(json!({ "to": "carol" }))).await;
        let asks = carol.hear(|m| m["type"] == "relation" && m["state"] == "incoming").await;
        assert_eq!((&asks["id"], &asks["display_name"]), (&json!("alice"), &json!("Alice B.")));
        alice.hear(carol_is("outgoing")).await;
        does(&cluster, "carol", "POST", &format!("{requests}/alice/decline"), None).await;
        carol.hear(|m| m["type"] == "relation" && m["state"] == "none").await;
        alice.hear(carol_is("none")).await;
    }
    bob.settle().await;
    assert!(bob.heard.iter().all(|m| m["id"] != "carol"), "it is nobody else's affair");
}

#[tokio::test]
async fn a_gateway_that_is_cut_off_from_redis_hears_them_by_the_feed() {
    const CUT_OFF: usize = 1;
    let cluster = Small::start_on_lines(2, 1, "").await;
    cluster.befriend("alice", "bob").await;
    let mut alice = cluster.connect(0, "alice").await;
    let mut bob = cluster.connect(CUT_OFF, "bob").await;
    let mut carol = cluster.connect(CUT_OFF, "carol").await;
    alice.at(LISBON).await;
    bob.at(LISBON).await;
    hears_name(&mut bob, "alice").await;
    cluster.redis_line(CUT_OFF, 0).sever();
    cluster.until_ready_is(CUT_OFF, |parts| parts["redis"] == false).await;
    let name = Some(json!({ "display_name": "Alice A." }));
    does(&cluster, "alice", "PUT", "/v1/users/me", name).await;
    hears_name(&mut bob, "Alice A.").await;
    let to_carol = Some(json!({ "to": "carol" }));
    does(&cluster, "alice", "POST", "/v1/users/me/friend-requests", to_carol).await;
    let asks = carol.hear(|m| m["type"] == "relation").await;
    assert_eq!((&asks["state"], &asks["display_name"]), (&json!("incoming"), &json!("Alice A.")));
}
