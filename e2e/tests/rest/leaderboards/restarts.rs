//! What was answered is there after a kill, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use e2e::DEADLINE;
use e2e::process::Home;
use e2e::raw::{Raw, Request};
use model::Role;
use serde_json::json;

const KILLS: usize = 6;
const PRODUCERS: usize = 4;
/// Answers after which the process is killed.
const ANSWERS: u64 = 40;

/// A service that adds 1 to a score of its own, again and again, each time under another key.
struct Producer {
    user: String,
    /// How often it was told that it did.
    answered: u64,
}

impl Producer {
    /// Goes on until the connection ends. An event without an answer is sent again in the next life.
    async fn work(mut self, mut raw: Raw, token: String, answers: Arc<AtomicU64>) -> Self {
        loop {
            let event = json!({
                "key": (self.answered + 1).to_string(), "board": "weekly", "user": self.user, "delta": 1,
            });
            let request = Request::new("POST", "/v1/scores").bearer(&token).json(event.to_string());
            raw.send(&request.encode()).await;
            let Some(answer) = raw.response().await else { return self };
            self.answered += 1;
            // The n-th event brings the score to n, whether or not it was counted before.
            assert_eq!(answer.json["results"][0]["score"], self.answered, "{answer:?}");
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_count_once_through_kills_and_repetitions() {
    let home = Home::new("[log]\nfilter = \"warn\"\n");
    let process = home.start().await;
    let board = json!({ "wins": "high", "operator": "sum" });
    let made = process.as_service("PUT", "/v1/boards/weekly", Some(board)).await;
    assert_eq!(made.status, 201, "{made:?}");
    process.kill().await;
    let producer = |n| Producer { user: format!("producer{n}"), answered: 0 };
    let mut producers: Vec<_> = (0..PRODUCERS).map(producer).collect();
    for _ in 0..KILLS {
        let process = home.start().await;
        let answers = Arc::new(AtomicU64::new(0));
        let mut working = Vec::new();
        for producer in producers.drain(..) {
            let token = process.token(&producer.user, Role::Service);
            let raw = Raw::connect(process.address()).await;
            working.push(tokio::spawn(producer.work(raw, token, Arc::clone(&answers))));
        }
        let enough = async {
            while answers.load(Ordering::Relaxed) < ANSWERS {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(DEADLINE, enough).await.expect("answers come");
        process.kill().await;
        for working in working {
            let ended = tokio::time::timeout(DEADLINE, working).await.expect("it notices the end");
            producers.push(ended.expect("every answer is right"));
        }
    }
    let process = home.start().await;
    let ready = process.request("GET", "/ready").await;
    assert_eq!((ready.status, &ready.json["parts"]["leaderboard log"]), (200, &json!(true)));
    for Producer { user, answered } in &producers {
        let path = format!("/v1/scores/{user}?board=weekly");
        let told = process.as_service("GET", &path, None).await.json;
        let score = told["score"].as_u64().expect("a score");
        // The last event of a life may have been counted without an answer.
        assert!((*answered..=answered + 1).contains(&score), "{user}: {score} of {answered}");
    }
}
