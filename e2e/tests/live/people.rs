//! What open sockets are told of people: names, and how somebody stands to the user.

use e2e::{LISBON, Person, Sandbox, north_of};
use serde_json::{Value, json};

const REQUESTS: &str = "/v1/users/me/friend-requests";

async fn does(world: &Sandbox, user: &str, method: &str, path: &str, body: Option<Value>) {
    let answer = world.as_user(user, method, path, body).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
}

async fn asks(world: &Sandbox, user: &str, other: &str) {
    does(world, user, "POST", REQUESTS, Some(json!({ "to": other }))).await;
}

async fn is_called(world: &Sandbox, user: &str, name: &str) {
    let name = Some(json!({ "display_name": name }));
    does(world, user, "PUT", "/v1/users/me", name).await;
}

/// Waits until somebody stands so to this person.
async fn told(person: &mut Person, other: &str, state: &str, name: Option<&str>) {
    let relation = |m: &Value| m["type"] == "relation" && m["id"] == other && m["state"] == state;
    let relation = person.hear(relation).await;
    assert_eq!(relation["display_name"].as_str(), name, "{relation}");
}

/// How others stood to this person, all that was told.
fn relations(person: &Person) -> Vec<String> {
    let told = person.heard.iter().filter(|m| m["type"] == "relation");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    told.map(|m| format!("{} {}", word(&m["id"]), word(&m["state"]))).collect()
}

/// The names that this person was told, in order.
fn names(person: &Person) -> Vec<(String, String)> {
    let told = person.heard.iter().filter_map(|m| m["names"].as_array()).flatten();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    told.map(|named| (word(&named["id"]), word(&named["display_name"]))).collect()
}

async fn hears_name(person: &mut Person, user: &str, name: &str) {
    let this = (user.to_owned(), name.to_owned());
    while names(person).last() != Some(&this) {
        person.hear(|m| m["type"] == "names").await;
    }
}

#[tokio::test]
async fn a_friend_is_named_once_and_again_when_they_have_another_name() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    world.user("carol").await;
    is_called(&world, "bob", "Bob \u{1f9ed}").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    let mut carol = world.connect("carol").await;
    for person in [&mut alice, &mut bob, &mut carol] {
        person.at(LISBON).await;
    }
    hears_name(&mut alice, "bob", "Bob \u{1f9ed}").await;
    hears_name(&mut bob, "alice", "alice").await;
    for metres in 1..5 {
        bob.at(north_of(LISBON, f64::from(metres) * 10.0)).await;
        alice.settle().await;
    }
    is_called(&world, "bob", "Robert").await;
    hears_name(&mut alice, "bob", "Robert").await;
    is_called(&world, "bob", "Robert").await;
    is_called(&world, "carol", "C").await;
    is_called(&world, "bob", "Rob").await;
    hears_name(&mut alice, "bob", "Rob").await;
    let told: Vec<_> = names(&alice).into_iter().map(|(_, name)| name).collect();
    assert_eq!(told, ["Bob \u{1f9ed}", "Robert", "Rob"], "never for a push, nor of strangers");
    carol.settle().await;
    assert_eq!((names(&bob).len(), names(&carol)), (1, vec![]), "nothing of themself");
    // Another connection begins anew.
    let mut again = world.connect("alice").await;
    hears_name(&mut again, "bob", "Rob").await;
}

#[tokio::test]
async fn friend_requests_show_on_open_sockets_as_the_lists_show_them() {
    let world = Sandbox::start().await;
    is_called(&world, "alice", "Alice A.").await;
    is_called(&world, "bob", "Bob B.").await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    let mut second = world.connect("alice").await.on_device("tablet");
    let mut carol = world.connect("carol").await;
    asks(&world, "alice", "bob").await;
    told(&mut bob, "alice", "incoming", Some("Alice A.")).await;
    told(&mut alice, "bob", "outgoing", None).await;
    told(&mut second, "bob", "outgoing", None).await;
    does(&world, "bob", "POST", &format!("{REQUESTS}/alice/decline"), None).await;
    told(&mut bob, "alice", "none", None).await;
    told(&mut alice, "bob", "none", None).await;
    asks(&world, "alice", "bob").await;
    told(&mut bob, "alice", "incoming", Some("Alice A.")).await;
    does(&world, "alice", "DELETE", &format!("{REQUESTS}/bob"), None).await;
    told(&mut bob, "alice", "none", None).await;
    asks(&world, "bob", "alice").await;
    told(&mut second, "bob", "incoming", Some("Bob B.")).await;
    asks(&world, "alice", "bob").await;
    told(&mut alice, "bob", "friends", Some("Bob B.")).await;
    told(&mut bob, "alice", "friends", Some("Alice A.")).await;
    does(&world, "bob", "DELETE", "/v1/users/me/friends/alice", None).await;
    told(&mut alice, "bob", "none", None).await;
    told(&mut second, "bob", "none", None).await;
    asks(&world, "dave", "carol").await;
    told(&mut carol, "dave", "incoming", Some("dave")).await;
    assert_eq!(relations(&carol), ["dave incoming"], "nothing of others");
}

#[tokio::test]
async fn who_is_blocked_hears_what_they_would_hear_of_nobody_and_the_blocker_nothing() {
    let world = Sandbox::start().await;
    let (mut alice, mut bob) = (world.connect("alice").await, world.connect("bob").await);
    does(&world, "bob", "PUT", "/v1/users/me/blocks/alice", None).await;
    told(&mut bob, "alice", "blocked", None).await;
    for other in ["bob", "nobody"] {
        asks(&world, "alice", other).await;
        told(&mut alice, other, "outgoing", None).await;
        does(&world, "alice", "DELETE", &format!("{REQUESTS}/{other}"), None).await;
        told(&mut alice, other, "none", None).await;
        asks(&world, "alice", other).await;
        told(&mut alice, other, "outgoing", None).await;
    }
    // What comes after all that shows that nothing came before it.
    asks(&world, "carol", "bob").await;
    told(&mut bob, "carol", "incoming", Some("carol")).await;
    assert_eq!(relations(&bob), ["alice blocked", "carol incoming"]);
    does(&world, "bob", "DELETE", "/v1/users/me/blocks/alice", None).await;
    told(&mut bob, "alice", "incoming", Some("alice")).await;
    does(&world, "bob", "PUT", "/v1/users/me/blocks/alice", None).await;
    told(&mut alice, "bob", "none", None).await;
    assert!(alice.heard.iter().all(|m| !m.to_string().contains("block")), "{:?}", alice.heard);
}
