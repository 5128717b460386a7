//! `shard-map plan`.

use e2e::process::{Ended, run};
use serde_json::{Value, json};

use super::settings::{FAILED, USAGE, assert_prints, assert_refused, beside, gateway, text};

/// Plans a change of the two shards `a` and `b`.
async fn plan(arguments: &[&str]) -> Ended {
    let home = gateway("");
    let settings = home.settings();
    run(&[&["shard-map", "plan", "--config", text(&settings)], arguments].concat()).await
}

#[tokio::test]
async fn a_new_shard_gets_its_share_and_nothing_else_moves() {
    let ended = plan(&["--add", "c"]).await;
    let words = ["Epoch 1 to 2", "5461 of 16384 slots move", "33.33 %", "Nothing was changed"];
    assert_prints(&ended, &words);
    let ended = plan(&["--add", "c:2", "--json"]).await;
    let planned: Value = serde_json::from_str(&ended.output).expect("JSON");
    assert_eq!((&planned["from_epoch"], &planned["map"]["epoch"]), (&json!(1), &json!(2)));
    assert_eq!(planned["moved_slots"], 8192);
    let moves = planned["moves"].as_array().expect("moves");
    assert!(!moves.is_empty() && moves.iter().all(|one| one["to"] == "c"), "{planned}");
    let slots = moves.iter().filter_map(|one| one["slots"].as_u64());
    assert_eq!(slots.sum::<u64>(), 8192);
}

#[tokio::test]
async fn a_shard_can_be_taken_away_emptied_and_made_lighter() {
    let removed = plan(&["--remove", "a"]).await;
    assert_prints(&removed, &["8192 of 16384 slots move", "a", "b", "100.00 %"]);
    let emptied = plan(&["--weight", "a=0", "--json"]).await;
    let emptied: Value = serde_json::from_str(&emptied.output).expect("JSON");
    assert_eq!(
        (&emptied["map"]["shards"][0]["slots"], &emptied["moved_slots"]),
        (&json!(0), &json!(8192))
    );
    let lighter = plan(&["--weight", "a=1", "--weight", "b=3"]).await;
    assert_prints(&lighter, &["4096 of 16384 slots move", "25.00 %", "75.00 %"]);
}

#[tokio::test]
async fn what_is_written_can_be_shown_and_planned_upon_and_is_never_written_over() {
    let home = gateway("");
    let map = beside(&home, "shards.toml");
    let settings = home.settings();
    let write =
        ["shard-map", "plan", "--config", text(&settings), "--add", "c", "--write", text(&map)];
    assert_prints(&run(&write).await, &["Written to", text(&map), "redis.shard_map_file"]);
    let shown = run(&["shard-map", "show", "--map", text(&map)]).await;
    assert_prints(&shown, &["Epoch 2", "c", "5461"]);
    let next = run(&["shard-map", "plan", "--map", text(&map), "--remove", "c"]).await;
    assert_prints(&next, &["Epoch 2 to 3", "5461 of 16384 slots move"]);
    let before = std::fs::read(&map).expect("written");
    assert_refused(&run(&write).await, FAILED, &["--write", text(&map), "exists"]);
    assert_eq!(std::fs::read(&map).expect("still there"), before);
}

#[tokio::test]
async fn changes_that_can_not_be_made_are_refused_with_what_can() {
    assert_refused(&plan(&["--remove", "z"]).await, FAILED, &["no shard z", "a, b"]);
    assert_refused(&plan(&["--weight", "z=1"]).await, FAILED, &["no shard z", "a, b"]);
    assert_refused(&plan(&["--add", "a"]).await, FAILED, &["a shard a already", "--weight a=N"]);
    let none = plan(&["--remove", "a", "--remove", "b"]).await;
    assert_refused(&none, FAILED, &["no shard"]);
    let weightless = plan(&["--weight", "a=0", "--weight", "b=0"]).await;
    assert_refused(&weightless, FAILED, &["weight 0"]);
    assert_refused(&plan(&[]).await, USAGE, &["--add", "--remove", "--weight"]);
    for wrong in [["--add", "c:x"], ["--add", "c:2000"], ["--weight", "a"], ["--add", "c d"]] {
        assert_refused(&plan(&wrong).await, USAGE, &wrong);
    }
}
