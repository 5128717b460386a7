//! `shard-map show`.

use e2e::process::{Home, run};
use serde_json::{Value, json};

use super::settings::{FAILED, USAGE, assert_prints, assert_refused, beside, gateway, text};

#[tokio::test]
async fn the_map_of_the_settings_is_shown_with_where_users_live() {
    let home = gateway("");
    let settings = home.settings();
    let show = ["shard-map", "show", "--config", text(&settings)];
    let ended = run(&[&show[..], &["--user", "alice", "--user", "bob"]].concat()).await;
    assert_prints(&ended, &["Epoch 1", "50.00 %", "0-8191", "8192-16383", "alice", "bob"]);

    let ended = run(&[&show[..], &["--user", "alice", "--json"]].concat()).await;
    let shown: Value = serde_json::from_str(&ended.output).expect("JSON");
    assert_eq!(shown["epoch"], 1);
    let first = &shown["shards"][0];
    assert_eq!(first["ranges"], json!([[0, 8191]]));
    assert_eq!((&first["name"], &first["slots"]), (&json!("a"), &json!(8192)));
    let alice = &shown["users"][0];
    assert_eq!(alice["user"], "alice");
    let slot = alice["slot"].as_u64().expect("a number");
    assert_eq!(alice["shard"], if slot <= 8191 { "a" } else { "b" });
}

#[tokio::test]
async fn a_map_can_be_shown_from_a_file_of_its_own() {
    let home = Home::new("");
    let map = beside(&home, "shards.toml");
    let written = "epoch = 7\n[[shard]]\nname = \"x\"\nweight = 3\nslots = \"0-16383\"\n\
                   [[shard]]\nname = \"y\"\nweight = 0\nslots = \"\"\n";
    std::fs::write(&map, written).expect("written");
    let ended = run(&["shard-map", "show", "--map", text(&map)]).await;
    assert_prints(&ended, &["Epoch 7", "x", "0-16383", "100.00 %", "y"]);
}

#[tokio::test]
async fn without_a_map_there_is_nothing_to_show() {
    let usage = run(&["shard-map", "show"]).await;
    assert_refused(&usage, USAGE, &["--config", "--map"]);
    let usage = run(&["shard-map", "show", "--config", "a", "--map", "b"]).await;
    assert_refused(&usage, USAGE, &["--config", "--map"]);
    let usage = run(&["shard-map", "show", "--map", "a", "--user", "a b"]).await;
    assert_refused(&usage, USAGE, &["--user"]);
    let ended = run(&["shard-map", "show", "--map", "/nowhere/shards.toml"]).await;
    assert_refused(&ended, FAILED, &["can't read /nowhere/shards.toml"]);
    let embedded = Home::new("");
    let ended = run(&["shard-map", "show", "--config", text(&embedded.settings())]).await;
    assert_refused(&ended, FAILED, &["settings.toml: [redis] shards", "no shard"]);
}
