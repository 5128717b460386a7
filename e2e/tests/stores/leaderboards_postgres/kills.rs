//! PostgreSQL is killed under load, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::servers::Postgres;
use leaderboard::postgres::PostgresLog;
use leaderboard::{FollowingIndex, Index, Log, PageStart};
use model::SeededRandom;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::world::{
    board, connect, database, event, has_no_gaps, is_away, posted, put_board, table, until,
};

const KILLS: u64 = 5;
/// Of each of the two processes.
const WORKERS: usize = 4;
/// The events between two kills, at least.
const EVENTS: u64 = 60;

/// Posts a point for a player again and again, each until it is counted; answers how many there were.
fn work(
    log: &Arc<PostgresLog>,
    player: String,
    stop: &Arc<AtomicBool>,
    counted: &Arc<AtomicU64>,
) -> JoinHandle<i64> {
    let (log, stop, counted) = (Arc::clone(log), Arc::clone(stop), Arc::clone(counted));
    tokio::spawn(async move {
        let mut events = 0;
        while !stop.load(Ordering::SeqCst) {
            events += 1;
            let write = event(&format!("{player} {events}"), &[("b", &player, 1), ("c", "all", 1)]);
            let outcome = loop {
                let answer = log.append(vec![write.clone()]).await;
                match answer {
                    Ok(mut outcomes) => break outcomes.remove(0),
                    answer => assert!(is_away(&answer), "{answer:?}"),
                }
                // Nobody waits for a server that is away, so this would be sent thousands of times.
                sleep(Duration::from_millis(1)).await;
            };
            assert_eq!(posted(outcome)[0].entry.score, events, "each counts once");
            counted.fetch_add(1, Ordering::SeqCst);
        }
        events
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_and_nothing_counts_twice() {
    let mut server = Postgres::start().await;
    let config = database(&server).await;
    let logs = [Arc::new(connect(&config).await), Arc::new(connect(&config).await)];
    logs[0].append(vec![put_board("b"), put_board("c")]).await.expect("made");
    let index = FollowingIndex::start(logs[1].clone(), Arc::new(SeededRandom::new(1)));
    let (stop, counted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let workers: Vec<_> =
        (0..2 * WORKERS).map(|n| work(&logs[n % 2], format!("p{n}"), &stop, &counted)).collect();
    for kill in 1..=KILLS {
        until("events are counted", async || counted.load(Ordering::SeqCst) >= kill * EVENTS).await;
        server.kill().await;
        server.start_again().await;
    }
    let enough = counted.load(Ordering::SeqCst) + EVENTS;
    until("it goes on", async || counted.load(Ordering::SeqCst) >= enough).await;
    stop.store(true, Ordering::SeqCst);
    let mut expected = Vec::new();
    for (n, worker) in workers.into_iter().enumerate() {
        expected.push((format!("p{n}"), worker.await.expect("each counted once")));
    }
    let total: i64 = expected.iter().map(|(_, events)| events).sum();
    expected.push(("all".to_owned(), total));
    expected.sort();
    let mut found = table(&config).await;
    found.sort();
    assert_eq!(found, expected);
    assert!(has_no_gaps(&config).await);
    expected.retain(|(player, _)| player != "all");
    let made = board(&*logs[1], "b").await;
    until("the index has all", async || {
        let Ok(page) = index.page(&made, PageStart::Place(0), 100).await else { return false };
        let standings = page.standings.iter();
        let mut ranked: Vec<_> =
            standings.map(|it| (it.user.to_string(), it.entry.score)).collect();
        ranked.sort();
        ranked == expected
    })
    .await;
}
