//! Where leaderboards are served, and what operators see of them.

use e2e::Sandbox;
use e2e::cluster::Cluster;
use e2e::process::Home;
use e2e::raw::assert_problem;
use serde_json::json;

use super::world::{add, listed, make, rows, sums};

#[tokio::test]
async fn one_process_that_does_everything_serves_leaderboards_and_watches_over_them() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    add(&world, "weekly", "alice", "a", 5).await;
    let parts = world.request("GET", "/ready", None).await.json["parts"].clone();
    assert_eq!((&parts["leaderboards"], &parts["leaderboard log"]), (&json!(true), &json!(true)));
    assert!(world.data_dir().join("leaderboard").is_dir());
    let metrics = world.metrics().await;
    let posted = "whereabouts_leaderboard_writes_total{mutation=\"post\",result=\"done\"}";
    assert!(metrics.contains(posted), "{metrics}");
    let measured = metrics.lines().filter(|line| line.starts_with("whereabouts_leaderboard"));
    for line in measured {
        assert!(!line.contains("alice") && !line.contains("weekly"), "{line}");
    }
}

#[tokio::test]
async fn a_gateway_with_the_role_keeps_leaderboards_and_shows_names_out_of_postgresql() {
    let settings = "roles = [\"gateway\", \"leaderboard\"]\n";
    let mut cluster = Cluster::start_with(1, 1, settings).await;
    cluster.befriend("alice", "bob").await;
    let board = cluster.as_service(0, "PUT", "/v1/boards/weekly", Some(sums())).await;
    assert_eq!(board.status, 201, "{board:?}");
    let event = |key: &str, user: &str, delta: i64| {
        Some(json!({ "key": key, "board": "weekly", "user": user, "delta": delta }))
    };
    for (key, user, delta) in [("a", "alice", 2), ("b", "bob", 3), ("c", "carol", 1)] {
        let posted = cluster.as_service(0, "POST", "/v1/scores", event(key, user, delta)).await;
        assert_eq!(posted.status, 200, "{posted:?}");
    }
    let path = "/v1/friends/scores?board=weekly";
    let expected = rows(&[("bob", 1, 3), ("alice", 2, 2)]);
    let friends = cluster.as_user(0, "alice", "GET", path, None).await;
    assert_eq!(listed(&friends.json["standings"]), expected);
    assert_eq!(friends.json["standings"][0]["display_name"], "bob");
    cluster.kill(0).await;
    cluster.start_again(0).await;
    let friends = cluster.as_user(0, "alice", "GET", path, None).await;
    assert_eq!(listed(&friends.json["standings"]), expected);
    // Scores count, and boards are read, while the directory is away.
    cluster.postgres().kill().await;
    let posted = cluster.as_service(0, "POST", "/v1/scores", event("d", "carol", 9)).await;
    assert_eq!((posted.status, &posted.json["results"][0]["rank"]), (200, &json!(1)));
    let top = cluster.as_user(0, "alice", "GET", "/v1/scores?board=weekly", None).await;
    assert_eq!(listed(&top.json["standings"])[0], ("carol".to_owned(), 1, 10), "{top:?}");
    let friends = cluster.as_user(0, "alice", "GET", path, None).await;
    assert_problem("friends", &friends, (503, "unavailable", ""));
}

#[tokio::test]
async fn leaderboards_of_one_process_are_not_served_alone() {
    let ended = Home::new("roles = [\"leaderboard\"]\n").fail().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.log.contains("add the role gateway"), "{ended:?}");
}
