//! The service dies between log and standings, at every step.

use std::process::Stdio;
use std::time::{Duration, Instant};

use e2e::DEADLINE;
use e2e::process::{CRASH_VARIABLE, Home, Process, crashing_binary};
use e2e::servers::Redis;
use leaderboard::redis::crash_points;
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use super::world::until;

/// A process whose scores are in its folder, and who stands where on a server.
fn settings(redis: &Redis) -> String {
    format!(
        "[backends]\nstandings = \"redis\"\n[redis]\nshards = [{{ name = \"a\", url = {:?} }}]\n",
        redis.url()
    )
}

async fn post(service: &Process, key: &str, user: &str) -> Option<u16> {
    let event = json!({ "key": key, "board": "b", "user": user, "delta": 1 });
    let answer = service.try_as_service("POST", "/v1/scores", Some(event)).await;
    answer.map(|answer| answer.status)
}

async fn table(service: &Process) -> Vec<String> {
    let top = service.as_service("GET", "/v1/scores?board=b", None).await;
    let standings = top.json["standings"].as_array().cloned().unwrap_or_default();
    standings.iter().map(|it| format!("{} {} {}", it["rank"], it["user"], it["score"])).collect()
}

/// Ends what is run with this point, which must be reached, before or after it listens.
async fn crash(home: &Home, point: &str) {
    let mut command = Command::new(crashing_binary());
    command.args(home.serve()).env(CRASH_VARIABLE, point).kill_on_drop(true);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut crashing = command.spawn().expect("a program that can be run");
    let ended = timeout(DEADLINE, crashing.wait()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{point} is never reached"));
    assert_eq!(ended.expect("a child").code(), None, "{point}: ended in good order");
}

#[tokio::test]
async fn whatever_step_it_dies_at_standings_come_to_the_log() {
    for point in crash_points::ALL {
        let redis = Redis::start().await;
        let home = Home::new(&settings(&redis));
        let service = home.start().await;
        let rules = json!({ "wins": "high", "operator": "sum" });
        assert_eq!(service.as_service("PUT", "/v1/boards/b", Some(rules)).await.status, 201);
        for (key, user) in [("1", "ann"), ("2", "bob"), ("3", "ann")] {
            assert_eq!(post(&service, key, user).await, Some(200));
        }
        service.kill().await;
        if ["leaderboard.redis_read", "leaderboard.redis_taken"].contains(point) {
            // It goes on from what is there: a change that the server lacks.
            let mut command = Command::new(crashing_binary());
            command.args(home.serve()).env(CRASH_VARIABLE, point).kill_on_drop(true);
            let crashing = home.start_as(command).await;
            // It is in the log, so it may be acknowledged first: standings are waited for, but not for long.
            let answer = post(&crashing, "4", "bob").await;
            assert!(matches!(answer, None | Some(200)), "{point}: {answer:?}");
            assert_eq!(crashing.ended().await.code, None, "{point}: ended in good order");
        } else {
            // Part of it is gone, so that all is built anew.
            let keys: Vec<String> = redis.run("KEYS *:users").await;
            let _: () = redis.run(&format!("DEL {}", keys.join(" "))).await;
            crash(&home, point).await;
        }
        let service = home.start().await;
        let begun = Instant::now();
        for (key, user) in [("4", "bob"), ("1", "ann"), ("5", "ann")] {
            assert_eq!(post(&service, key, user).await, Some(200), "{point}");
        }
        let expected = ["1 \"ann\" 3", "2 \"bob\" 2"];
        until("ranks are right", async || table(&service).await == expected).await;
        // Nobody waits for whoever died: the lease of a build ends after some seconds.
        assert!(begun.elapsed() < Duration::from_secs(8), "{point}: {:?}", begun.elapsed());
    }
}
