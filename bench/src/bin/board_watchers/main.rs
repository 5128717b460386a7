//! How long a change of a board's top ten takes to those who watch it: from the moment a score is posted until a message that
//! shows it, or a later state, is read. `bench/watchers` says how to run it.

mod service;
mod watcher;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use service::Service;
use watcher::Watcher;

const USAGE: &str = "board_watchers PROGRAM WATCHERS UPDATES_PER_S SECONDS";

/// Players who take turns: all of them stay among the first ten, so that every update is seen by everybody.
const FIRST: u64 = 10;
/// How long the last changes may take to arrive.
const SETTLE: Duration = Duration::from_secs(2);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.as_slice() {
        [program, watchers, per_s, seconds] => {
            match (watchers.parse(), per_s.parse(), seconds.parse()) {
                (Ok(watchers), Ok(per_s), Ok(seconds)) => {
                    run(program, watchers, per_s, seconds).await
                }
                _ => Err(USAGE.into()),
            }
        }
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(program: &str, watchers: u64, per_s: u64, seconds: u64) -> Result<Value, Failure> {
    let service = Service::start(program).await?;
    service.put("/v1/boards/b", &json!({ "wins": "high", "operator": "sum" })).await?;
    // Everybody who watches stands there too, so that each has neighbours of their own.
    for n in 0..watchers {
        service.add(&format!("watcher {n}"), &format!("w{n}"), 1 + n % 100).await?;
    }
    for n in 0..FIRST {
        service.add(&format!("first {n}"), &format!("p{n}"), 1_000_000).await?;
    }
    let watching = (0..watchers).map(|n| Watcher::start(&service, format!("w{n}")));
    let watching = try_join_all(watching).await?;
    let cpu = service.cpu()?;
    let sent = post(&service, per_s, seconds).await?;
    tokio::time::sleep(SETTLE).await;
    let cpu = service.cpu()?.saturating_sub(cpu);
    let mut latencies = Latencies::default();
    let mut pushes = 0;
    for watcher in watching {
        let heard = watcher.end();
        pushes += heard.len();
        latencies.add(&sent, &heard);
    }
    Ok(json!({
        "watchers": watchers, "updates_per_s": per_s, "seconds": seconds,
        "updates": sent.len(), "pushes": pushes,
        "latency_ms": { "p50": latencies.quantile(0.5), "p99": latencies.quantile(0.99), "max": latencies.quantile(1.0) },
        "lost": latencies.lost,
        "cpu_s_of_the_service": cpu.as_secs_f64(),
    }))
}

/// Posts at this rate, whether or not those before are answered; answers when each was sent, by its position, in order.
async fn post(service: &Service, per_s: u64, seconds: u64) -> Result<Vec<(u64, Instant)>, Failure> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_s as u32);
    let mut posting = Vec::new();
    for n in 0..per_s * seconds {
        ticks.tick().await;
        let service = service.clone();
        posting.push(tokio::spawn(async move {
            let at = Instant::now();
            let (key, user) = (format!("update {n}"), format!("p{}", n % FIRST));
            service.add(&key, &user, 1).await.map(|position| (position, at))
        }));
    }
    let mut sent = Vec::with_capacity(posting.len());
    for posted in posting {
        sent.push(posted.await??);
    }
    sent.sort_unstable();
    Ok(sent)
}

/// Latencies of all changes to all watchers, by whole milliseconds.
#[derive(Default)]
struct Latencies {
    counts: Vec<u64>,
    lost: u64,
}

impl Latencies {
    /// Of one watcher, who heard of these positions.
    fn add(&mut self, sent: &[(u64, Instant)], heard: &[(u64, Instant)]) {
        let mut heard = heard.iter().peekable();
        for (position, at) in sent {
            while heard.next_if(|(shown, _)| shown < position).is_some() {}
            let Some((_, arrived)) = heard.peek() else {
                self.lost += 1;
                continue;
            };
            let ms = arrived.saturating_duration_since(*at).as_millis() as usize;
            if self.counts.len() <= ms {
                self.counts.resize(ms + 1, 0);
            }
            self.counts[ms] += 1;
        }
    }

    fn quantile(&self, quantile: f64) -> usize {
        let all: u64 = self.counts.iter().sum();
        let wanted = (all as f64 * quantile).ceil() as u64;
        let mut so_far = 0;
        let reached = self.counts.iter().position(|count| {
            so_far += count;
            so_far >= wanted
        });
        reached.unwrap_or(0)
    }
}
