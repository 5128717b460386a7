use super::sandbox::Sandbox;

#[tokio::test]
async fn a_block_ends_the_friendship_and_is_lifted() {
    let world = Sandbox::with(&["alice", "bob"]).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    world.service().put("alice/friends/bob").await.ok(204);
    alice.put("me/blocks/bob").await.ok(204);
    alice.put("me/blocks/bob").await.ok(204);
    assert_eq!(alice.get("me/blocks").await.ids("blocks"), ["bob"]);
    assert!(bob.get("me/friends").await.ids("friends").is_empty());
    assert!(bob.get("me/blocks").await.ids("blocks").is_empty());
    bob.get("alice").await.refused(404, "no_such_user");
    alice.delete("me/blocks/bob").await.ok(204);
    alice.delete("me/blocks/bob").await.ok(204);
    assert!(alice.get("me/blocks").await.ids("blocks").is_empty());
}

#[tokio::test]
async fn anybody_can_be_blocked_but_oneself() {
    let world = Sandbox::with(&["alice"]).await;
    let alice = world.user("alice");
    alice.put("me/blocks/nobody").await.ok(204);
    alice.put("me/blocks/alice").await.refused(400, "yourself");
    alice.put("me/blocks/me").await.refused(400, "invalid_id");
    alice.put("bob/blocks/carol").await.refused(403, "forbidden");
    alice.get("bob/blocks").await.refused(403, "forbidden");
}
