//! Who may change a business.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::{Value, json};

use super::world::{business, header, operator, owner, path};

#[tokio::test]
async fn a_business_is_changed_by_its_owner_or_an_operator_and_nobody_else() {
    let world = Sandbox::start().await;
    let (alice, bob, root) = (owner(&world, "alice"), owner(&world, "bob"), operator(&world));
    let id = alice.create(&business("A", 0.0)).await;
    let patch = json!({ "name": "B" });
    let known = alice.get(&path(&id)).await.json;
    for (method, body) in [("PUT", business("B", 0.0)), ("PATCH", patch.clone())] {
        let answer = bob.with_body(method, &path(&id), &body).await;
        assert_problem(method, &answer, (403, "not_yours", ""));
    }
    let removal = bob.send(bob.request("DELETE", &path(&id))).await;
    assert_problem("DELETE", &removal, (403, "not_yours", ""));
    let service = world.as_service("PATCH", &path(&id), Some(patch.clone())).await;
    assert_problem("service", &service, (403, "not_yours", ""));
    assert_eq!(alice.get(&path(&id)).await.json, known);
    assert_eq!(root.with_body("PATCH", &path(&id), &patch).await.status, 200);
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let body = (method != "GET").then(|| business("A", 0.0));
        let answer = world.request(method, &path(&id), body).await;
        assert_problem(method, &answer, (401, "no_token", ""));
    }
}

#[tokio::test]
async fn an_owners_id_is_what_the_issuer_has() {
    let world = Sandbox::start().await;
    for id in ["auth0|5f7c8ec7", "f:8a2b:alice+shop@example.com", &"~".repeat(128)] {
        let alice = owner(&world, id);
        let shop = alice.create(&business("A", 0.0)).await;
        assert_eq!(alice.get(&path(&shop)).await.json["owner"], id);
        for whose in ["me", &e2e::in_path(id)] {
            let page = alice.get(&format!("/v1/businesses?owner={whose}")).await;
            assert_eq!((page.status, &page.json["businesses"][0]["id"]), (200, &json!(shop)));
        }
        let root = operator(&world);
        let place = format!("{}/owner", path(&shop));
        let given = root.with_body("PUT", &place, &json!({ "owner": id })).await;
        assert_eq!((given.status, &given.json["owner"]), (200, &json!(id)));
    }
}

#[tokio::test]
async fn an_operator_says_whose_a_business_is() {
    let world = Sandbox::start().await;
    let (alice, bob, root) = (owner(&world, "alice"), owner(&world, "bob"), operator(&world));
    let id = root.create(&business("A", 0.0)).await;
    let assign = |to: Value| json!({ "owner": to });
    let place = format!("{}/owner", path(&id));
    assert_eq!(root.get(&path(&id)).await.json["owner"], Value::Null);
    let patch = json!({ "name": "B" });
    let refused = alice.with_body("PATCH", &path(&id), &patch).await;
    assert_problem("nobody's", &refused, (403, "not_yours", ""));
    let taken = alice.with_body("PUT", &place, &assign(json!("me"))).await;
    assert_problem("taken", &taken, (403, "not_yours", ""));

    let given = root.with_body("PUT", &place, &assign(json!("alice"))).await;
    assert_eq!((given.status, &given.json["owner"]), (200, &json!("alice")), "{given:?}");
    assert_eq!(header(&given, "etag"), "\"2\"");
    assert_eq!(alice.with_body("PATCH", &path(&id), &patch).await.status, 200);
    let passed = alice.with_body("PUT", &place, &assign(json!("bob"))).await;
    assert_problem("passed on", &passed, (403, "operators_only", ""));
    let stale = root.request("PUT", &place).json(assign(json!("bob")).to_string());
    let stale = root.send(stale.with("If-Match", "\"2\"")).await;
    assert_problem("stale", &stale, (412, "other_version", ""));
    assert_eq!(root.with_body("PUT", &place, &assign(json!("bob"))).await.status, 200);
    let former = alice.with_body("PATCH", &path(&id), &patch).await;
    assert_problem("former", &former, (403, "not_yours", ""));
    assert_eq!(bob.with_body("PATCH", &path(&id), &json!({ "name": "C" })).await.status, 200);
    assert_eq!(root.with_body("PUT", &place, &assign(Value::Null)).await.status, 200);
    let empty = root.with_body("PUT", &place, &json!({})).await;
    assert_problem("empty", &empty, (400, "invalid_json", "owner"));
}

#[tokio::test]
async fn an_owner_lists_what_is_theirs_and_no_user_learns_whose_another_is() {
    let world = Sandbox::start().await;
    let (alice, bob, root) = (owner(&world, "alice"), owner(&world, "bob"), operator(&world));
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(alice.create(&business(&format!("A{n}"), f64::from(n))).await);
    }
    bob.create(&business("B", 9.0)).await;
    ids.sort();
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = alice.get(&format!("/v1/businesses?owner=me&limit=2{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.json["businesses"].as_array().expect("a list");
        listed.extend(items.iter().map(|it| it["id"].as_str().expect("an id").to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, ids);
    let all = root.get("/v1/businesses?owner=alice").await;
    assert_eq!(all.json["businesses"].as_array().map(Vec::len), Some(5));
    let other = bob.get("/v1/businesses?owner=alice").await;
    assert_problem("other", &other, (403, "forbidden", ""));
    assert_eq!(alice.get(&path(&ids[0])).await.json["owner"], "alice");
    assert_eq!(bob.get(&path(&ids[0])).await.json["owner"], Value::Null);
    let foreign = bob.get(&format!("/v1/businesses?owner=me{cursor}")).await;
    assert_problem("a cursor of another list", &foreign, (400, "invalid_cursor", ""));
}

#[tokio::test]
async fn an_owner_has_no_more_than_allowed() {
    let world = Sandbox::with(|config| config.proximity.owned_max = 2).await;
    let alice = owner(&world, "alice");
    for name in ["A", "B"] {
        alice.create(&business(name, 0.0)).await;
    }
    let third = alice.with_body("POST", "/v1/businesses", &business("C", 0.0)).await;
    assert_problem("third", &third, (409, "too_many_owned", "2"));
}
