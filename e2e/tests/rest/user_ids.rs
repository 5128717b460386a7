//! User ids are what issuers of tokens have, on every endpoint, channel, key and cursor.

use e2e::cluster::Cluster;
use e2e::raw::{OFFENDER, Raw, Request, assert_problem};
use e2e::{LISBON, Sandbox, in_path, north_of};
use model::Role;
use serde_json::json;

/// As issuers make them, and as unpleasant as they may be.
fn ids() -> Vec<String> {
    let mut ids: Vec<String> = [
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "f:8a2b:alice:1",
        "alice+phone@example.com",
        "=HYPERLINK(1);@SUM",
        "<script>alert(1)<script>",
        "*[a-z]^$`{}&;,!()",
        "p:bob",
        "-1",
    ]
    .map(str::to_owned)
    .into();
    ids.push("~".repeat(128));
    ids
}

#[tokio::test]
async fn people_with_the_ids_of_their_issuers_see_each_other_and_are_found_again() {
    let world = Sandbox::start().await;
    world.user("bob").await;
    let mut bob = world.connect("bob").await;
    bob.at(LISBON).await;
    for (n, id) in ids().iter().enumerate() {
        let name = json!({ "display_name": "Somebody" });
        let path = format!("/v1/users/{}", in_path(id));
        assert_eq!(world.as_service("PUT", &path, Some(name)).await.status, 201, "{id}");
        let friends = format!("{path}/friends/bob");
        assert!(world.as_service("PUT", &friends, None).await.status < 300, "{id}");
        let mut person = world.connect(id).await;
        person.at(north_of(LISBON, n as f64 + 1.0)).await;
        person.expect_near("bob").await;
        bob.expect_near(id).await;
    }
    // One at a time: cursors carry ids too.
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/users/me/friends?limit=1{cursor}");
        let page = world.as_user("bob", "GET", &path, None).await;
        found.push(page.json["friends"][0]["id"].as_str().expect("an id").to_owned());
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let mut expected = ids();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    for id in ids() {
        let block = format!("/v1/users/me/blocks/{}", in_path(&id));
        assert_eq!(world.as_user("bob", "PUT", &block, None).await.status, 204, "{id}");
        bob.expect_left(&id).await;
    }
}

#[tokio::test]
async fn upper_and_lower_case_are_two_people() {
    let world = Sandbox::start().await;
    world.befriend("Alice@example.com", "bob").await;
    world.user("alice@example.com").await;
    let mut bob = world.connect("bob").await;
    bob.at(LISBON).await;
    let mut other = world.connect("alice@example.com").await;
    other.at(LISBON).await;
    let mut friend = world.connect("Alice@example.com").await;
    friend.at(LISBON).await;
    bob.expect_near("Alice@example.com").await;
    assert_eq!(bob.friends.len(), 1);
    other.settle().await;
    assert!(other.friends.is_empty());
}

#[tokio::test]
async fn over_redis_and_postgresql_they_are_the_same() {
    let cluster = Cluster::start(2, 2).await;
    let (one, other) = ("auth0|5f7c8ec7", "f:8a2b:{*}@example.com");
    for user in [one, other] {
        let name = json!({ "display_name": "Somebody" });
        let path = format!("/v1/users/{}", in_path(user));
        assert_eq!(cluster.as_service(0, "PUT", &path, Some(name)).await.status, 201);
    }
    let friends = format!("/v1/users/{}/friends/{}", in_path(one), in_path(other));
    assert_eq!(cluster.as_service(0, "PUT", &friends, None).await.status, 204);
    let mut here = cluster.connect(0, one).await;
    let mut there = cluster.connect(1, other).await;
    here.at(LISBON).await;
    there.at(north_of(LISBON, 5.0)).await;
    here.expect_near(other).await;
    there.expect_near(one).await;
    let block = format!("/v1/users/me/blocks/{}", in_path(one));
    assert_eq!(cluster.as_user(1, other, "PUT", &block, None).await.status, 204);
    here.expect_left(other).await;
    there.expect_left(one).await;
}

#[tokio::test]
async fn what_no_path_or_message_can_carry_is_refused_with_its_reason() {
    let world = Sandbox::start().await;
    let token = world.token(OFFENDER, Role::Service);
    let long = "x".repeat(129);
    for (case, id, words) in [
        ("an encoded slash", "a%2fb", "printable ASCII"),
        ("encoded twice: a percent sign", "a%257Cb", "printable ASCII"),
        ("a space", "a%20b", "printable ASCII"),
        ("a plus is a plus, and a quote is none", "a+%22", "printable ASCII"),
        ("an apostrophe", "o'neill", "printable ASCII"),
        ("a backslash", "a%5cb", "printable ASCII"),
        ("a letter that isn't ASCII", "%c3%a9", "printable ASCII"),
        ("one that looks like another", "%d0%b0lice", "printable ASCII"),
        ("129 characters", &long, "128 characters"),
    ] {
        let request = Request::new("GET", &format!("/v1/users/{id}")).bearer(&token);
        let mut raw = Raw::connect(world.address()).await;
        assert!(raw.send(&request.encode()).await);
        let answer = raw.response().await.expect("an answer");
        assert_problem(case, &answer, (400, "invalid_id", words));
    }
}
