//! Making, changing, listing and deleting boards.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::{Value, json};

use super::world::{add, get, listed, make, standing, sums};

#[tokio::test]
async fn a_board_is_made_read_changed_and_deleted() {
    let world = Sandbox::start().await;
    let body = json!({
        "wins": "low", "operator": "best", "ranks": "dense", "readers": "services",
        "score_min": -5, "score_max": 1e3,
    });
    let made = world.as_service("PUT", "/v1/boards/times", Some(body.clone())).await;
    assert_eq!(made.status, 201, "{made:?}");
    let mut known = made.json.clone();
    assert!(known["created_ms"].as_i64().is_some_and(|ms| ms > 1_700_000_000_000), "{known}");
    let season = known["current_season"].take();
    assert_eq!(season["starts_ms"], known["created_ms"]);
    known.as_object_mut().expect("an object").remove("created_ms");
    let expected = json!({
        "id": "times", "wins": "low", "operator": "best", "ranks": "dense", "readers": "services",
        "score_min": -5, "score_max": 1000, "season": null, "current_season": null,
    });
    assert_eq!(known, expected);
    assert_eq!(get(&world, "/v1/boards/times").await, made.json);
    let again = world.as_service("PUT", "/v1/boards/times", Some(body)).await;
    assert_eq!((again.status, &again.json), (200, &made.json));
    // What was read can be sent back, but for what it can't be.
    let same = world.as_service("PUT", "/v1/boards/times", Some(made.json.clone())).await;
    assert_eq!((same.status, &same.json), (200, &made.json));
    for (field, value) in [("id", json!("other")), ("created_ms", json!(1))] {
        let mut body = made.json.clone();
        body[field] = value;
        let answer = world.as_service("PUT", "/v1/boards/times", Some(body)).await;
        assert_problem(field, &answer, (400, "read_only_field", field));
    }
    let wider = json!({ "wins": "low", "operator": "best" });
    let wider = world.as_service("PUT", "/v1/boards/times", Some(wider)).await;
    assert_eq!((wider.status, &wider.json["ranks"]), (200, &json!("standard")));
    assert_eq!((&wider.json["score_min"], &wider.json["score_max"]), (&Value::Null, &Value::Null));
    for fixed in
        [json!({ "wins": "high", "operator": "best" }), json!({ "wins": "low", "operator": "sum" })]
    {
        let answer = world.as_service("PUT", "/v1/boards/times", Some(fixed)).await;
        assert_problem("fixed", &answer, (409, "rules_fixed", "delete the board"));
    }
    assert_eq!(world.as_service("DELETE", "/v1/boards/times", None).await.status, 204);
    for method in ["GET", "DELETE"] {
        let answer = world.as_service(method, "/v1/boards/times", None).await;
        assert_problem(method, &answer, (404, "no_such_board", ""));
    }
}

#[tokio::test]
async fn a_board_that_is_made_again_shows_nothing_of_the_old_one() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    for n in 0..12 {
        add(&world, "weekly", &format!("p{n}"), &format!("k{n}"), 100 + n).await;
    }
    let banned = "/v1/boards/weekly/bans/p3";
    assert_eq!(world.as_service("PUT", banned, None).await.status, 204);
    let top = get(&world, "/v1/scores?board=weekly").await;
    let cursor = top["next_cursor"].as_str().expect("more");
    assert_eq!(world.as_service("DELETE", "/v1/boards/weekly", None).await.status, 204);
    make(&world, "weekly", sums()).await;
    let path = format!("/v1/scores?board=weekly&cursor={cursor}");
    let old = world.as_service("GET", &path, None).await;
    assert_problem("the old cursor", &old, (400, "invalid_cursor", "another list"));
    let new = get(&world, "/v1/scores?board=weekly").await;
    assert_eq!((&new["count"], &new["standings"]), (&json!(0), &json!([])));
    assert_ne!(new["as_of"], top["as_of"]);
    assert_eq!(standing(&world, "weekly", "p11").await["rank"], Value::Null);
    // Nobody is banned from the new one, and sums begin anew.
    assert_eq!(add(&world, "weekly", "p3", "new", 1).await["score"], 1);
    let now = get(&world, "/v1/scores?board=weekly").await;
    assert_eq!(listed(&now["standings"]), [("p3".to_owned(), 1, 1)]);
}

#[tokio::test]
async fn boards_are_listed_by_name_a_page_at_a_time() {
    let world = Sandbox::start().await;
    assert_eq!(get(&world, "/v1/boards").await, json!({ "boards": [], "next_cursor": null }));
    for board in ["b", "a", "~", "B"] {
        make(&world, board, sums()).await;
    }
    let names = |page: &Value| -> Vec<String> {
        let boards = page["boards"].as_array().expect("a list").iter();
        boards.map(|board| board["id"].as_str().expect("a name").to_owned()).collect()
    };
    let first = get(&world, "/v1/boards?limit=3").await;
    assert_eq!(names(&first), ["B", "a", "b"]);
    let cursor = first["next_cursor"].as_str().expect("more");
    let last = get(&world, &format!("/v1/boards?limit=3&cursor={cursor}")).await;
    assert_eq!((names(&last), &last["next_cursor"]), (vec!["~".to_owned()], &Value::Null));
    let foreign = format!("/v1/scores?board=a&cursor={cursor}");
    let answer = world.as_service("GET", &foreign, None).await;
    assert_problem("of the list of boards", &answer, (400, "invalid_cursor", "another list"));
}
