use serde_json::{Value, json};

use directory::Verb;

use super::sandbox::{Sandbox, id};

const INCOMING: &str = "me/friend-requests?direction=incoming";
const OUTGOING: &str = "me/friend-requests?direction=outgoing";

#[tokio::test]
async fn a_request_is_seen_by_both_and_accepted() {
    let world = Sandbox::with(&["alice", "bob"]).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    assert_eq!(alice.asks("me", "bob").await.ok(202), Value::Null);
    alice.asks("me", "bob").await.ok(202);
    let asked_ms = 1_700_000_000_000_i64;
    let outgoing = json!([{ "id": "bob", "since_ms": asked_ms }]);
    assert_eq!(alice.get(OUTGOING).await.ok(200)["requests"], outgoing);
    let incoming = json!([{ "id": "alice", "display_name": "alice", "since_ms": asked_ms }]);
    assert_eq!(bob.get(INCOMING).await.ok(200)["requests"], incoming);
    bob.post("me/friend-requests/alice/accept").await.ok(204);
    bob.post("me/friend-requests/alice/accept").await.ok(204);
    assert_eq!(alice.get("me/friends").await.ids("friends"), ["bob"]);
    assert!(alice.get(OUTGOING).await.ids("requests").is_empty());
}

#[tokio::test]
async fn a_request_is_declined_or_taken_back() {
    let world = Sandbox::with(&["alice", "bob"]).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.asks("me", "bob").await.ok(202);
    bob.post("me/friend-requests/alice/decline").await.ok(204);
    bob.post("me/friend-requests/alice/accept").await.refused(404, "no_such_request");
    alice.asks("me", "bob").await.ok(202);
    alice.delete("me/friend-requests/bob").await.ok(204);
    alice.delete("me/friend-requests/bob").await.ok(204);
    assert!(bob.get(INCOMING).await.ids("requests").is_empty());
}

#[tokio::test]
async fn the_answer_does_not_say_who_exists_or_blocks() {
    let world = Sandbox::with(&["alice", "bob", "carol"]).await;
    world.directory.relate(Verb::Block, &id("carol"), &id("alice")).await.expect("blocked");
    let alice = world.user("alice");
    for to in ["bob", "carol", "nobody"] {
        let answer = alice.asks("me", to).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (202, &Value::Null), "{to}");
        assert!(answer.headers.get("content-type").is_none());
    }
    assert_eq!(alice.get(OUTGOING).await.ids("requests"), ["bob", "carol", "nobody"]);
    assert!(world.user("carol").get(INCOMING).await.ids("requests").is_empty());
}

#[tokio::test]
async fn impossible_requests_are_refused() {
    let world = Sandbox::with(&["alice"]).await;
    let alice = world.user("alice");
    alice.asks("me", "alice").await.refused(400, "yourself");
    alice.put("me/blocks/bob").await.ok(204);
    alice.asks("me", "bob").await.refused(409, "you_blocked_them");
    for to in ["", "a b", "me", "..", &"x".repeat(129), "a\u{0}"] {
        alice.asks("me", to).await.refused(400, "invalid_id");
    }
    for n in 0..3 {
        alice.asks("me", &format!("u{n}")).await.ok(202);
    }
    alice.asks("me", "u3").await.refused(409, "too_many_requests");
    alice.asks("bob", "u1").await.refused(403, "forbidden");
    world.service().asks("nobody", "alice").await.refused(404, "no_such_user");
    world.service().asks("alice", "u0").await.ok(202);
}

#[tokio::test]
async fn the_direction_must_be_named() {
    let world = Sandbox::with(&["alice"]).await;
    for query in ["", "?direction=", "?direction=up", "?direction=incoming&direction=incoming"] {
        let refused = world.user("alice").get(&format!("me/friend-requests{query}")).await;
        assert!(refused.refused(400, "invalid_parameter").contains("direction"), "{query}");
    }
}
