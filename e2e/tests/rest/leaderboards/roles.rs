//! Where leaderboards are served, and what operators see of them.

use e2e::Sandbox;
use e2e::process::Home;
use serde_json::json;

use super::world::{add, make, sums};

#[tokio::test]
async fn one_process_that_does_everything_serves_leaderboards_and_watches_over_them() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    add(&world, "weekly", "alice", "a", 5).await;
    let parts = world.request("GET", "/ready", None).await.json["parts"].clone();
    assert_eq!((&parts["leaderboards"], &parts["leaderboard log"]), (&json!(true), &json!(true)));
    assert!(world.data_dir().join("leaderboard").is_dir());
    let metrics = world.request("GET", "/metrics", None).await.text;
    let posted = "whereabouts_leaderboard_writes_total{mutation=\"post\",result=\"done\"}";
    assert!(metrics.contains(posted), "{metrics}");
    let measured = metrics.lines().filter(|line| line.starts_with("whereabouts_leaderboard"));
    for line in measured {
        assert!(!line.contains("alice") && !line.contains("weekly"), "{line}");
    }
}

#[tokio::test]
async fn leaderboards_of_one_process_are_not_served_alone() {
    let ended = Home::new("roles = [\"leaderboard\"]\n").fail().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.log.contains("Add the role gateway"), "{ended:?}");
}
