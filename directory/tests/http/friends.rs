use serde_json::{Value, json};

use directory::Verb;

use super::sandbox::{Sandbox, id};

#[tokio::test]
async fn a_service_makes_a_friendship_in_one_step() {
    let world = Sandbox::with(&["alice", "bob"]).await;
    world.service().put("alice/friends/bob").await.ok(204);
    world.service().put("bob/friends/alice").await.ok(204);
    let friend = json!({
        "id": "bob", "display_name": "bob", "since_ms": 1_700_000_000_000_i64, "class": "precise"
    });
    let expected = json!({ "friends": [friend], "next_cursor": null });
    assert_eq!(world.user("alice").get("me/friends").await.ok(200), expected);

    world.service().put("alice/friends/nobody").await.refused(404, "no_such_user");
    world.service().put("nobody/friends/alice").await.refused(404, "no_such_user");
    world.service().put("alice/friends/alice").await.refused(400, "yourself");
    world.user("alice").put("me/friends/bob").await.refused(403, "forbidden");
    world.directory.relate(Verb::Block, &id("alice"), &id("bob")).await.expect("blocked");
    world.service().put("bob/friends/alice").await.refused(409, "blocked");
}

#[tokio::test]
async fn either_friend_ends_the_friendship() {
    let world = Sandbox::with(&["alice", "bob"]).await;
    world.service().put("alice/friends/bob").await.ok(204);
    world.user("eve").delete("alice/friends/bob").await.refused(403, "forbidden");
    world.user("bob").delete("me/friends/alice").await.ok(204);
    world.user("bob").delete("me/friends/alice").await.ok(204);
    assert!(world.user("alice").get("me/friends").await.ids("friends").is_empty());
}

#[tokio::test]
async fn friends_come_in_pages() {
    let world = Sandbox::with(&["alice", "u1", "u2", "u3", "u4", "u5"]).await;
    for n in 1..=5 {
        world.service().put(&format!("alice/friends/u{n}")).await.ok(204);
    }
    let alice = world.user("alice");
    let (mut met, mut path) = (Vec::new(), "me/friends?limit=2".to_owned());
    loop {
        let page = alice.get(&path).await.ok(200);
        let friends = page["friends"].as_array().expect("a list");
        met.extend(friends.iter().map(|friend| friend["id"].clone()));
        let Value::String(cursor) = &page["next_cursor"] else { break };
        assert_eq!(friends.len(), 2);
        path = format!("me/friends?limit=2&cursor={cursor}");
    }
    assert_eq!(met, ["u1", "u2", "u3", "u4", "u5"]);
    let full = alice.get("me/friends?limit=5").await.ok(200);
    assert_eq!(full["next_cursor"], Value::Null);
}

#[tokio::test]
async fn cursors_and_limits_are_checked() {
    let world = Sandbox::with(&["alice", "bob", "carol"]).await;
    world.service().put("alice/friends/bob").await.ok(204);
    world.service().put("alice/friends/carol").await.ok(204);
    let alice = world.user("alice");
    let first = alice.get("me/friends?limit=1").await.ok(200);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    for path in [
        format!("me/blocks?cursor={cursor}"),
        format!("me/friend-requests?direction=incoming&cursor={cursor}"),
        format!("me/friends?cursor=A{cursor}"),
        "me/friends?cursor=".to_owned(),
    ] {
        alice.get(&path).await.refused(400, "invalid_cursor");
    }
    world
        .user("bob")
        .get(&format!("me/friends?cursor={cursor}"))
        .await
        .refused(400, "invalid_cursor");
    for limit in ["0", "-1", "501", "1000000000", "abc", "1.5", ""] {
        let refused = alice.get(&format!("me/friends?limit={limit}")).await;
        assert!(refused.refused(400, "invalid_parameter").contains("limit"));
    }
    alice.get("me/friends?limit=500").await.ok(200);
}
