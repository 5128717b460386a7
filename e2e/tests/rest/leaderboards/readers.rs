//! Who may do what, and see whom.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use model::Role;
use serde_json::{Value, json};

use super::world::{add, get, listed, make, rows, sums};

#[tokio::test]
async fn users_read_boards_and_change_nothing() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    add(&world, "weekly", "alice", "a", 5).await;
    let event = json!({ "key": "k", "board": "weekly", "user": "alice", "delta": 100 });
    for (method, path, body) in [
        ("POST", "/v1/scores", Some(event.clone())),
        ("PUT", "/v1/boards/weekly", Some(sums())),
        ("PUT", "/v1/boards/other", Some(sums())),
        ("DELETE", "/v1/boards/weekly", None),
        ("GET", "/v1/boards", None),
        ("PUT", "/v1/boards/weekly/bans/alice", None),
        ("DELETE", "/v1/boards/weekly/bans/alice", None),
    ] {
        let answer = world.as_user("alice", method, path, body.clone()).await;
        assert_problem(path, &answer, (403, "forbidden", "services and operators"));
        let anonymous = world.request(method, path, body).await;
        assert_problem(path, &anonymous, (401, "no_token", ""));
    }
    for path in [
        "/v1/boards/weekly",
        "/v1/scores?board=weekly",
        "/v1/scores/me?board=weekly",
        "/v1/scores/bob?board=weekly",
        "/v1/friends/scores?board=weekly",
    ] {
        let answer = world.as_user("alice", "GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert_problem(path, &world.request("GET", path, None).await, (401, "no_token", ""));
    }
    let me = world.as_user("alice", "GET", "/v1/scores/me?board=weekly", None).await;
    assert_eq!((&me.json["user"], &me.json["score"]), (&json!("alice"), &json!(5)));
    // Operators are trusted as services are.
    let operator = world.token("root", Role::Operator);
    let posted = e2e::raw::Request::new("POST", "/v1/scores");
    let posted = posted.bearer(&operator).json(event.to_string());
    let mut raw = e2e::raw::Raw::connect(world.address()).await;
    raw.send(&posted.encode()).await;
    let posted = raw.response().await.expect("an answer");
    assert_eq!(posted.json["results"][0]["score"], 105, "{posted:?}");
}

#[tokio::test]
async fn a_board_for_services_is_refused_to_users_by_name() {
    let world = Sandbox::start().await;
    make(&world, "hidden", json!({ "wins": "high", "operator": "sum", "readers": "services" }))
        .await;
    for path in [
        "/v1/boards/hidden",
        "/v1/scores?board=hidden",
        "/v1/scores?board=hidden&user=me",
        "/v1/scores/me?board=hidden",
        "/v1/friends/scores?board=hidden",
    ] {
        let answer = world.as_user("alice", "GET", path, None).await;
        assert_problem(path, &answer, (403, "services_only", "only services"));
        get(&world, path).await;
    }
    let open = world.as_service("PUT", "/v1/boards/hidden", Some(sums())).await;
    assert_eq!(open.status, 200);
    let answer = world.as_user("alice", "GET", "/v1/scores?board=hidden", None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn people_are_shown_by_name_and_only_those_who_are_there() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    for user in ["alice", "bob", "away"] {
        let name = json!({ "display_name": format!("{user} the \u{1f600}") });
        world.as_service("PUT", &format!("/v1/users/{user}"), Some(name)).await;
    }
    add(&world, "weekly", "alice", "a", 2).await;
    add(&world, "weekly", "ghost", "g", 1).await;
    let names = |standings: &Value| -> Vec<Value> {
        standings.as_array().expect("a list").iter().map(|it| it["display_name"].clone()).collect()
    };
    let top = get(&world, "/v1/scores?board=weekly").await;
    assert_eq!(names(&top["standings"]), [json!("alice the \u{1f600}"), Value::Null]);
    let away = get(&world, "/v1/scores?board=weekly&user=away&user=alice").await;
    assert_eq!(names(&away["standings"]), [Value::Null, json!("alice the \u{1f600}")]);
    let ghost = get(&world, "/v1/scores/ghost?board=weekly").await;
    assert_eq!(ghost["display_name"], Value::Null);
    assert_eq!(names(&ghost["around"]), [json!("alice the \u{1f600}"), Value::Null]);
    // Whoever is called otherwise, or comes into being, is shown so at once.
    for user in ["alice", "ghost"] {
        let name = json!({ "display_name": format!("new {user}") });
        world.as_service("PUT", &format!("/v1/users/{user}"), Some(name)).await;
        let told = get(&world, &format!("/v1/scores/{user}?board=weekly")).await;
        assert_eq!(told["display_name"], format!("new {user}"));
    }
}

#[tokio::test]
async fn friends_are_shown_among_themselves_with_their_ranks_among_all() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    for friend in ["bob", "carol", "dave", "absent"] {
        world.befriend("alice", friend).await;
    }
    for (user, score) in
        [("stranger", 50), ("carol", 40), ("bob", 40), ("rival", 30), ("alice", 20), ("dave", 10)]
    {
        add(&world, "weekly", user, user, score).await;
    }
    let path = "/v1/friends/scores?board=weekly";
    let friends = world.as_user("alice", "GET", path, None).await.json;
    let expected = rows(&[("carol", 2, 40), ("bob", 2, 40), ("alice", 5, 20), ("dave", 6, 10)]);
    assert_eq!(listed(&friends["standings"]), expected);
    assert_eq!((&friends["count"], &friends["next_cursor"]), (&json!(6), &Value::Null));
    assert_eq!(friends["standings"][0]["display_name"], "carol");
    // By pages, with a cursor of one's own.
    let first = world.as_user("alice", "GET", &format!("{path}&limit=2"), None).await.json;
    assert_eq!(listed(&first["standings"]), expected[..2]);
    let cursor = first["next_cursor"].as_str().expect("more");
    let next = format!("{path}&limit=2&cursor={cursor}");
    let second = world.as_user("alice", "GET", &next, None).await.json;
    assert_eq!(listed(&second["standings"]), expected[2..]);
    assert_eq!(second["next_cursor"], Value::Null);
    for (user, foreign) in
        [("bob", next), ("alice", format!("/v1/scores?board=weekly&cursor={cursor}"))]
    {
        let answer = world.as_user(user, "GET", &foreign, None).await;
        assert_problem(&foreign, &answer, (400, "invalid_cursor", "another list"));
    }
    // Whoever is no friend any more is gone, and whoever has none is alone.
    world.part("alice", "carol").await;
    let friends = world.as_user("alice", "GET", path, None).await.json;
    assert_eq!(listed(&friends["standings"]), expected[1..]);
    let alone = world.as_user("stranger", "GET", path, None).await.json;
    assert_eq!(listed(&alone["standings"]), rows(&[("stranger", 1, 50)]));
    assert_eq!(world.as_service("PUT", "/v1/boards/weekly/bans/bob", None).await.status, 204);
    let friends = world.as_user("alice", "GET", path, None).await.json;
    assert_eq!(listed(&friends["standings"]), rows(&[("alice", 4, 20), ("dave", 5, 10)]));
}
