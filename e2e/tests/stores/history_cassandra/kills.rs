//! Cassandra is killed and stalled while it is written to.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use history_writer::cassandra::Config;
use tokio::time::sleep;

use super::world::{World, config, migrated, node, until, user};

/// How often it is killed; with `WHEREABOUTS_LONG=1` more often.
fn kills() -> i64 {
    if std::env::var_os("WHEREABOUTS_LONG").is_some_and(|long| long == "1") { 5 } else { 1 }
}

/// Users who move.
pub(super) const USERS: i64 = 8;
/// Minutes of somebody's movement between two kills, at least.
pub(super) const MINUTES: i64 = 200;
/// Between a minute of each and the next one.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// Keeps minutes of all users in turn, with a pause after each turn, until it is stopped; answers how many of each.
pub(super) async fn move_about(
    world: &World,
    stop: &AtomicBool,
    minutes: &AtomicI64,
    pause: Duration,
) -> i64 {
    for minute in 0.. {
        if stop.load(Ordering::SeqCst) {
            return minute;
        }
        for n in 0..USERS {
            world.keep(&user(&format!("user-{n}")), minute).await;
            minutes.fetch_add(1, Ordering::SeqCst);
        }
        sleep(pause).await;
    }
    0
}

/// What was acknowledged is in the tracks once, and in the chunks; there each point once too, unless a node was gone: then what
/// it may have lost is stored again.
pub(super) async fn check(world: &World, minutes: i64, is_again: bool) {
    world.store_all().await;
    let expected: Vec<_> = (0..minutes * 60).collect();
    for n in 0..USERS {
        let user = user(&format!("user-{n}"));
        assert!(world.track(&user).await == expected, "the track of {user}");
        let mut stored = world.stored(&user).await;
        if is_again {
            stored.dedup();
        }
        assert!(stored == expected, "the chunks of {user}");
    }
    assert_eq!(world.history.fault(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_stored_once_whenever_the_database_dies() {
    let mut node = node().await.write().await;
    let world = World::start(&migrated(config(&node)).await).await;
    let (stop, minutes) = (AtomicBool::new(false), AtomicI64::new(0));
    let killing = async {
        for kill in 1..=kills() {
            until("they move", async || minutes.load(Ordering::SeqCst) >= kill * MINUTES).await;
            node.kill();
            until("it is noticed", async || world.history.fault().is_some()).await;
            let before = minutes.load(Ordering::SeqCst);
            until("fixes are acknowledged all the same", async || {
                minutes.load(Ordering::SeqCst) >= before + USERS && world.waiting() > 0
            })
            .await;
            node.start_again().await;
            until("it is back", async || world.history.fault().is_none()).await;
        }
        stop.store(true, Ordering::SeqCst);
    };
    let (minutes, ()) = tokio::join!(move_about(&world, &stop, &minutes, PAUSE), killing);
    check(&world, minutes, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_after_nobody_waited_for_it_any_more_is_there_once() {
    let node = node().await.write().await;
    let config = Config { statement_timeout_ms: 100, ..migrated(config(&node)).await };
    let world = World::start(&config).await;
    let (stop, minutes) = (AtomicBool::new(false), AtomicI64::new(0));
    let stalling = async {
        for stall in 1..=5 {
            until("they move", async || minutes.load(Ordering::SeqCst) >= stall * MINUTES).await;
            node.stall();
            until("it is noticed", async || world.history.fault().is_some()).await;
            // What was sent to it meanwhile it does now.
            node.go_on();
            until("it is back", async || world.history.fault().is_none()).await;
        }
        stop.store(true, Ordering::SeqCst);
    };
    let (minutes, ()) = tokio::join!(move_about(&world, &stop, &minutes, PAUSE), stalling);
    check(&world, minutes, false).await;
}
