//! Boards are watched at gateways that don't take scores, over the standings of processes that do.

use e2e::process::{Home, Process, run};
use e2e::servers::{Postgres, Redis};
use serde_json::{Value, json};

/// A process of this role, over these servers.
async fn process(role: &str, redis: &Redis, database: &str) -> (Home, Process) {
    let home = Home::new("");
    // Where `Process` looks for the key that it signs with; for the service it is its issuer's.
    let key = home.data().join("token.key");
    std::fs::create_dir(home.data()).expect("made");
    std::fs::write(&key, [7; 32]).expect("written");
    let settings = format!(
        "roles = [\"{role}\"]\n[backends]\nlive = \"redis\"\ndirectory = \"postgres\"\n\
         leaderboards = \"postgres\"\nstandings = \"redis\"\n\
         [postgres.directory]\nurl = {database:?}\n[postgres.leaderboards]\nurl = {database:?}\n\
         [auth]\nkeys = [{{ kid = \"own\", alg = \"HS256\", secret_file = \"{}\" }}]\n\
         [redis]\nsettle_ms = 100\nshards = [{{ name = \"a\", url = {:?} }}]\n",
        key.display(),
        redis.url()
    );
    std::fs::write(home.settings(), settings).expect("written");
    let migrated = run(&["migrate", "--config", home.settings().to_str().expect("a path")]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let process = home.start().await;
    (home, process)
}

async fn post(keeper: &Process, key: &str, user: &str, delta: i64) {
    let event = json!({ "key": key, "board": "b", "user": user, "delta": delta });
    let posted = keeper.as_service("POST", "/v1/scores", Some(event)).await;
    assert_eq!(posted.status, 200, "{posted:?}");
}

fn first(message: &Value) -> Option<(&str, i64)> {
    let standings = message["standings"].as_array()?;
    let first = standings.iter().find(|it| it["place"] == 1)?;
    Some((first["user"].as_str()?, first["score"].as_i64()?))
}

#[tokio::test]
async fn a_gateway_shows_boards_that_other_processes_keep_also_after_redis_was_lost() {
    let (postgres, mut redis) = (Postgres::start().await, Redis::start().await);
    let database = postgres.database().await;
    let (_home, keeper) = process("leaderboard", &redis, &database).await;
    let (_other, gateway) = process("gateway", &redis, &database).await;
    let rules = json!({ "wins": "high", "operator": "sum" });
    let made = keeper.as_service("PUT", "/v1/boards/b", Some(rules)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let asked = gateway.as_service("GET", "/v1/boards/b", None).await;
    assert_eq!(asked.json["code"], "no_such_path", "it only shows boards: {asked:?}");
    post(&keeper, "1", "ann", 5).await;
    let mut bob = gateway.connect("bob").await;
    bob.send(&json!({ "type": "watch_board", "board": "b" })).await;
    let board = bob.hear(|m| m["type"] == "board").await;
    assert_eq!(first(&board), Some(("ann", 5)));
    post(&keeper, "2", "bob", 7).await;
    let push = bob.hear(|m| m["type"] == "board_push" && m["place"] == 1).await;
    assert_eq!((first(&push), &push["count"]), (Some(("bob", 7)), &json!(2)));
    redis.kill();
    bob.hear(|m| m["type"] == "board_gap").await;
    post(&keeper, "3", "cid", 9).await;
    redis.start_again().await;
    let board = bob.hear(|m| m["type"] == "board" && m["count"] == 3).await;
    assert_eq!((first(&board), &board["place"]), (Some(("cid", 9)), &json!(2)));
    post(&keeper, "4", "ann", 50).await;
    let push = bob.hear(|m| m["type"] == "board_push" && m["place"] == 3).await;
    assert_eq!(first(&push), Some(("ann", 55)));
}
