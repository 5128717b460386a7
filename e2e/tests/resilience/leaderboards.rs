//! Processes that count scores in one database are killed at random, and every event is sent until it is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::DEADLINE;
use e2e::process::{Home, Process};
use e2e::servers::Postgres;
use leaderboard::postgres::{Config, migrate};
use model::{Clock, Role, SystemClock};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::durability::choice::Choice;
use super::durability::line::Line;
use super::machine;

const KILLS: u64 = 12;
const WORKERS: u64 = 4;
/// A process is killed after so many milliseconds of load.
const LOAD_MS: std::ops::Range<u64> = 20..400;
/// How long to wait before a process that is away is tried again, milliseconds.
const AGAIN: Duration = Duration::from_millis(5);
/// Chooses another course of the test, to repeat one that failed.
const SEED_VARIABLE: &str = "WHEREABOUTS_SEED";

/// Where both processes listen, and with which tokens.
type Places = [(SocketAddr, String); 2];

fn place(process: &Process) -> (SocketAddr, String) {
    (process.address(), process.token("game", Role::Service))
}

/// What the workers share.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    answered: AtomicU64,
    unanswered: AtomicU64,
}

/// Gives a player a point again and again, each until it is answered, by any process; answers how many there were.
async fn work(
    worker: u64,
    mut choice: Choice,
    places: watch::Receiver<Places>,
    load: Arc<Load>,
) -> u64 {
    let (mut points, mut line) = (0, None);
    while !load.stop.load(Ordering::SeqCst) {
        points += 1;
        let event = json!({
            "key": format!("{worker} {points}"), "board": "b", "user": format!("p{worker}"), "delta": 1
        });
        loop {
            let (address, token) = places.borrow()[choice.below(2) as usize].clone();
            let opened =
                if line.is_some() { line.take() } else { Line::open(address, token).await };
            let Some(mut open) = opened else {
                sleep(AGAIN).await;
                continue;
            };
            let Some((200, answer)) = open.ask("POST", "/v1/scores", Some(event.clone())).await
            else {
                load.unanswered.fetch_add(1, Ordering::SeqCst);
                continue;
            };
            assert_eq!(answer["results"][0]["score"], points, "each counts once: {answer}");
            line = Some(open);
            break;
        }
        load.answered.fetch_add(1, Ordering::SeqCst);
    }
    points
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_counts_once_however_often_the_processes_are_killed() {
    let _machine = machine::alone().await;
    let seed = std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| SystemClock::start().now().wall.0 as u64);
    println!("{SEED_VARIABLE}={seed} repeats this choice of moments");
    let mut choice = Choice(seed);
    let server = Postgres::start().await;
    let url = server.database().await;
    migrate(&Config { url: url.clone().into(), ..Config::default() }).await.expect("migrates");
    let settings = format!(
        "[backends]\nleaderboards = \"postgres\"\n[postgres.leaderboards]\nurl = {url:?}\n\
         [log]\nfilter = \"error\"\n"
    );
    let homes = [Home::new(&settings), Home::new(&settings)];
    let mut processes = vec![homes[0].start().await, homes[1].start().await];
    let rules = json!({ "wins": "high", "operator": "sum" });
    assert_eq!(processes[0].as_service("PUT", "/v1/boards/b", Some(rules)).await.status, 201);

    let (moved, places) = watch::channel([place(&processes[0]), place(&processes[1])]);
    let load = Arc::new(Load::default());
    let workers: Vec<_> = (0..WORKERS)
        .map(|n| tokio::spawn(work(n, Choice(seed ^ n << 32), places.clone(), load.clone())))
        .collect();
    for _ in 0..KILLS {
        // The moment of the crash is chosen by time: nothing is waited for.
        sleep(Duration::from_millis(LOAD_MS.start + choice.below(LOAD_MS.end - LOAD_MS.start)))
            .await;
        let which = choice.below(2) as usize;
        processes.remove(which).kill().await;
        processes.insert(which, homes[which].start().await);
        moved.send_modify(|places| places[which] = place(&processes[which]));
    }
    load.stop.store(true, Ordering::SeqCst);
    let mut expected = Vec::new();
    for (n, worker) in workers.into_iter().enumerate() {
        let points = timeout(DEADLINE, worker).await.expect("it ends").expect("each counted once");
        expected.push((format!("p{n}"), points));
    }
    let counts = [&load.answered, &load.unanswered].map(|count| count.load(Ordering::SeqCst));
    println!(
        "{KILLS} kills, {} events answered, {} requests without an answer",
        counts[0], counts[1]
    );
    assert!(counts[0] > 20 * KILLS && counts[1] > 0, "hardly any load: {counts:?}");
    for (player, points) in expected {
        for process in &processes {
            let path = format!("/v1/scores/{player}?board=b");
            let standing = async || process.as_service("GET", &path, None).await.json;
            let deadline = tokio::time::Instant::now() + DEADLINE;
            while standing().await["score"] != points {
                let late = tokio::time::Instant::now() > deadline;
                assert!(!late, "{player} has {points}: {}", standing().await);
                sleep(AGAIN).await;
            }
        }
    }
}
