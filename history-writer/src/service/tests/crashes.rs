//! A process that keeps, stores and erases dies at every named point and at any time, and another goes on.

use std::path::Path;
use std::sync::Arc;

use model::ManualClock;
use segment_log::test_kit::{Appender, SIGABRT, appending, kept, wait_for_turn};
use tempfile::TempDir;

use super::world::{NOW, World, user};
use super::*;
use crate::crash_points;
use crate::log::embedded::{self, Config};

/// Batches of points.
const BATCHES: u64 = 60;
/// The points of a batch, a second apart.
const POINTS: i64 = 10;
/// After every so many batches all of somebody's history is erased.
const ERASED_EVERY: u64 = 5;
/// The test that is run in a process of its own.
const TEST: &str = concat!(module_path!(), "::a_process_keeps");
/// Reached where a log ends within a write, which its own tests have.
const NEVER: &str = "history.log_tail_cut";

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// As after so many batches.
async fn open(path: &Path, batches: u64) -> World {
    let clock = ManualClock::at(Timestamp(NOW));
    clock.advance_ms(batches * 20_000);
    let config = Config { segment_bytes_max: 2_000, ..Config::default() };
    World::open(path, Arc::new(clock), config).await
}

fn seconds(batch: u64) -> std::ops::Range<i64> {
    batch as i64 * POINTS..(batch as i64 + 1) * POINTS
}

/// Run by the other tests in a process of its own: keeps a batch for each byte that it reads, and says so.
#[test]
fn a_process_keeps() {
    if let Some((path, first)) = appending() {
        run(keep_in_turns(&path, first));
    }
}

async fn keep_in_turns(path: &Path, first: u64) {
    let mut world = open(path, first).await;
    for n in first..BATCHES {
        wait_for_turn();
        for name in ["ann", "gone"] {
            assert_eq!(world.keep(&user(name), seconds(n)).await, Kept::Log);
        }
        if n % ERASED_EVERY == ERASED_EVERY - 1 {
            let erased = world.history.erase(&user("gone"), TimeRange::ALL).await;
            erased.expect("the register is there").expect("all can always be");
        }
        kept(n);
        world.clock.advance_ms(20_000);
        while world.writer.turn().await.expect("the store is there") {}
    }
}

/// What was kept is there once, and perhaps what was being kept; what was erased isn't. Says how many batches that is.
async fn check(path: &Path, kept: u64, when: &str) -> u64 {
    let world = open(path, kept).await;
    let ann = world.seconds(&user("ann")).await;
    let is_next_there = ann.len() as i64 == (kept as i64 + 1) * POINTS;
    let there = kept + u64::from(is_next_there);
    assert_eq!(ann, (0..there as i64 * POINTS).collect::<Vec<_>>(), "{when}");
    let erased = kept / ERASED_EVERY * ERASED_EVERY;
    let gone = world.seconds(&user("gone")).await;
    assert!(gone.iter().all(|second| *second >= erased as i64 * POINTS), "{when}: {gone:?}");
    let is_being_erased = kept % ERASED_EVERY == ERASED_EVERY - 1;
    let left = (erased as i64 * POINTS..kept as i64 * POINTS).filter(|it| !gone.contains(it));
    let lost: Vec<_> = left.collect();
    assert!(lost.is_empty() || (is_being_erased && gone.is_empty()), "{when}: {lost:?}");
    // Whoever kept half of a batch sends it again.
    kept
}

#[test]
fn what_was_answered_survives_a_crash_at_every_point() {
    let points = [embedded::crash_points::ALL, crash_points::ALL].concat();
    for point in points.into_iter().filter(|point| *point != NEVER) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path();
        let (signal, kept) = Appender::append_all(TEST, path, 0..BATCHES, Some(point));
        assert_eq!(signal, Some(SIGABRT), "{point} is never reached");
        let kept = run(check(path, kept, point));
        let (signal, kept) = Appender::append_all(TEST, path, kept..BATCHES, None);
        assert_eq!((signal, kept), (None, BATCHES), "after {point}");
        assert_eq!(run(check(path, kept, point)), BATCHES);
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_time() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    Appender::kill_at_any_time(TEST, path, |kept| run(check(path, kept, "killed")));
}
