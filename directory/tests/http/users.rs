use serde_json::json;

use directory::Verb;

use super::sandbox::{Sandbox, id};

#[tokio::test]
async fn a_user_exists_with_their_first_token() {
    let world = Sandbox::with(&[]).await;
    let alice = world.user("alice").get("me").await.ok(200);
    let expected = json!({
        "id": "alice", "display_name": "alice", "created_ms": 1_700_000_000_000_i64
    });
    assert_eq!(alice, expected);
    world.service().get("me").await.refused(404, "no_such_user");
}

#[tokio::test]
async fn a_user_is_made_or_renamed_by_themself_a_service_or_an_operator() {
    let world = Sandbox::with(&[]).await;
    let named = |name: &str| json!({ "display_name": name });
    assert_eq!(world.service().put_json("bob", &named("Bob")).await.ok(201)["display_name"], "Bob");
    world.service().put_json("bob", &named("Bob")).await.ok(200);
    world.operator().put_json("bob", &named("Rob")).await.ok(200);
    world.user("bob").put_json("me", &named("\u{200f}\u{5d1}")).await.ok(200);
    assert_eq!(world.user("bob").get("bob").await.ok(200)["display_name"], "\u{200f}\u{5d1}");
    world.user("alice").put_json("bob", &named("Eve")).await.refused(403, "forbidden");
}

#[tokio::test]
async fn strangers_and_nobody_look_alike_and_friends_see_the_name_only() {
    let world = Sandbox::with(&["alice", "bob", "carol"]).await;
    world.directory.relate(Verb::Befriend, &id("alice"), &id("bob")).await.expect("befriended");
    world.directory.set_radius(&id("bob"), Some(900)).await.expect("set");
    let seen = world.user("alice").get("bob").await.ok(200);
    assert_eq!(seen, json!({ "id": "bob", "display_name": "bob" }));
    let stranger = world.user("alice").get("carol").await.refused(404, "no_such_user");
    let nobody = world.user("alice").get("nobody").await.refused(404, "no_such_user");
    assert_eq!(stranger, nobody);
    assert_eq!(world.service().get("bob").await.ok(200)["radius_m"], 900);
    assert_eq!(world.operator().get("carol").await.ok(200)["id"], "carol");
}

#[tokio::test]
async fn a_radius_is_set_within_its_range_and_taken_back() {
    let world = Sandbox::with(&["alice"]).await;
    let alice = world.user("alice");
    let radius = |metres: serde_json::Value| json!({ "radius_m": metres });
    assert_eq!(alice.put_json("me/radius", &radius(json!(500))).await.ok(200), radius(json!(500)));
    assert_eq!(alice.get("me").await.ok(200)["radius_m"], 500);
    for metres in [0, 99, 50_001] {
        let refused = alice.put_json("me/radius", &radius(json!(metres))).await;
        let detail = refused.refused(400, "invalid_radius");
        assert!(detail.contains("100") && detail.contains("50000"), "{detail}");
    }
    for metres in [json!(-1), json!(1.5), json!("500"), json!(1e20), json!(null), json!([500])] {
        let detail =
            alice.put_json("me/radius", &radius(metres)).await.refused(400, "invalid_radius");
        assert!(detail.contains("radius_m must be a whole number from 100 to 50000"), "{detail}");
    }
    let set = alice.put_json("me/radius", &radius(json!(500.0))).await.ok(200);
    assert_eq!(set, radius(json!(500)), "the same number");
    alice.delete("me/radius").await.ok(204);
    alice.delete("me/radius").await.ok(204);
    assert!(alice.get("me").await.ok(200).get("radius_m").is_none());
    world.user("bob").put_json("alice/radius", &radius(json!(500))).await.refused(403, "forbidden");
    world.service().put_json("x/radius", &radius(json!(500))).await.refused(404, "no_such_user");
}
