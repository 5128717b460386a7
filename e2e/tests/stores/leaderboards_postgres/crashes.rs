//! The service dies at every step of a write, and of tidying up.

use std::process::Stdio;

use e2e::process::{CRASH_VARIABLE, Home, Process, crashing_binary};
use e2e::{Answer, DEADLINE};
use leaderboard::postgres::{Config, crash_points};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use super::world::{aside, database, has_no_gaps, number, shared, table, until};

/// What is reached at the start.
const TIDYING: [&str; 3] = [
    "leaderboard.postgres_keys_forgotten",
    "leaderboard.postgres_changes_removed",
    "leaderboard.postgres_board_cleared",
];

fn settings(config: &Config) -> String {
    format!(
        "[backends]\nleaderboards = \"postgres\"\n[postgres.leaderboards]\nurl = {:?}\n",
        &*config.url
    )
}

/// A point for two players in one event.
fn points(key: &str) -> Value {
    let change = |user: &str| json!({ "board": "b", "user": user, "delta": 1 });
    json!({ "key": key, "changes": [change("ann"), change("bob")] })
}

async fn post(service: &Process, key: &str) -> Option<Answer> {
    service.try_as_service("POST", "/v1/scores", Some(points(key))).await
}

/// Keys and changes that are too old, and a board that is gone: all are tidied up at the start.
async fn leave_something(config: &Config) {
    let sql = "INSERT INTO leaderboard.keys VALUES ('game', 'old', 0, '', '');
               UPDATE leaderboard.changes SET at_ms = 0;
               INSERT INTO leaderboard.deleted VALUES (0);
               INSERT INTO leaderboard.entries VALUES (0, 0, 'nobody', 1, 1);";
    sqlx::raw_sql(sql).execute(&mut aside(config).await).await.expect("written");
}

#[tokio::test]
async fn whatever_step_it_dies_at_an_event_counts_once() {
    for point in crash_points::ALL {
        let config = database(shared().await).await;
        let home = Home::new(&settings(&config));
        let service = home.start().await;
        let rules = json!({ "wins": "high", "operator": "sum" });
        assert_eq!(service.as_service("PUT", "/v1/boards/b", Some(rules)).await.status, 201);
        assert_eq!(post(&service, "first").await.map(|answer| answer.status), Some(200));
        service.kill().await;

        leave_something(&config).await;
        let mut command = Command::new(crashing_binary());
        command.args(home.serve()).env(CRASH_VARIABLE, point).kill_on_drop(true);
        if TIDYING.contains(point) {
            // It may die before it listens.
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut crashing = command.spawn().expect("a program that can be run");
            let ended = timeout(DEADLINE, crashing.wait()).await;
            let ended = ended.unwrap_or_else(|_| panic!("{point} is never reached"));
            assert_eq!(ended.expect("a child").code(), None, "{point}: ended in good order");
        } else {
            let crashing = home.start_as(command).await;
            let answer = post(&crashing, "second").await;
            assert!(answer.is_none(), "{point} is never reached: {answer:?}");
            assert_eq!(crashing.ended().await.code, None, "{point}: ended in good order");
        }

        let service = home.start().await;
        for key in ["second", "first", "third"] {
            let answer = post(&service, key).await.expect("it is there");
            assert_eq!(answer.status, 200, "{point}: {answer:?}");
        }
        let three_each = [("ann".to_owned(), 3), ("bob".to_owned(), 3)];
        until("all is tidied up", async || {
            let left = "SELECT (SELECT count(*) FROM leaderboard.deleted)
                             + (SELECT count(*) FROM leaderboard.keys WHERE at_ms = 0)
                             + (SELECT count(*) FROM leaderboard.changes WHERE at_ms = 0)";
            number(&config, left).await == 0
        })
        .await;
        assert_eq!(table(&config).await, three_each, "{point}");
        assert!(has_no_gaps(&config).await, "{point}");
    }
}
