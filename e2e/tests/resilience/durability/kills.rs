use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use e2e::DEADLINE;
use e2e::process::{Home, Process};
use model::{Clock, Role, SystemClock};

use super::choice::Choice;
use super::line::Line;
use super::worker::Worker;
use crate::resilience::machine;

const KILLS: usize = 50;
const WORKERS: usize = 8;

/// The process is killed after so many milliseconds of load.
const LOAD_MS: std::ops::Range<u64> = 5..250;

/// Chooses another course of the test, to repeat one that failed.
const SEED_VARIABLE: &str = "WHEREABOUTS_SEED";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_any_of_fifty_kills() {
    let _machine = machine::alone().await;
    let seed = std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| SystemClock::start().now().wall.0 as u64);
    println!("{SEED_VARIABLE}={seed} repeats this choice of writes and moments");
    let mut choice = Choice(seed);
    let home = Home::new("[log]\nfilter = \"warn\"\n");
    let mut workers: Vec<_> = (0..WORKERS).map(|n| Worker::new(n, seed)).collect();
    let first = home.start().await;
    for worker in &workers {
        worker.prepare(&mut line(&first).await).await;
    }
    first.kill().await;

    let acknowledged: &'static AtomicU64 = Box::leak(Box::default());
    let mut unanswered = 0;
    for _ in 0..KILLS {
        let process = home.start().await;
        let mut checking = line(&process).await;
        for worker in &mut workers {
            worker.check(&mut checking).await;
        }
        let mut working = Vec::new();
        for mut worker in workers.drain(..) {
            let mut line = line(&process).await;
            working.push(tokio::spawn(async move {
                worker.work(&mut line, acknowledged).await;
                worker
            }));
        }
        let load_ms = LOAD_MS.start + choice.below(LOAD_MS.end - LOAD_MS.start);
        // The moment of the crash is chosen by time: nothing is waited for.
        tokio::time::sleep(Duration::from_millis(load_ms)).await;
        process.kill().await;
        for working in working {
            let done = tokio::time::timeout(DEADLINE, working).await.expect("it notices the end");
            workers.push(done.expect("no request was refused"));
        }
        unanswered += workers.iter().filter(|worker| worker.is_unsure()).count();
    }
    let process = home.start().await;
    let mut checking = line(&process).await;
    for worker in &mut workers {
        worker.check(&mut checking).await;
    }
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    println!("{KILLS} kills, {acknowledged} writes acknowledged, {unanswered} unanswered");
    assert!(acknowledged > 10 * KILLS as u64, "hardly any load: {acknowledged} writes");
    assert!(unanswered > KILLS, "hardly any kill hit a write: {unanswered}");
}

async fn line(process: &Process) -> Line {
    let token = process.token("backend", Role::Service);
    Line::open(process.address(), token).await.expect("it listens")
}
