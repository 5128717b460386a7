//! Many append while the log is read and forgotten, and whatever ends the thread that writes, nobody waits in vain.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::world::{Gate, World, append, numbers, point, read_all, user};
use crate::log::embedded::EmbeddedLog;
use crate::{Log, LogError, LogPosition, LogReader, Logged};

const WRITERS: u64 = 8;
const EACH: u64 = 150;
/// How long a test may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The number of the point that a writer appends in a round.
fn number(writer: u64, round: u64) -> u64 {
    round * WRITERS + writer
}

/// Appends a writer's points one after the other; notes which position each got.
async fn write(log: Arc<EmbeddedLog>, writer: u64, kept: Arc<Mutex<HashMap<u64, LogPosition>>>) {
    for round in 0..EACH {
        let n = number(writer, round);
        let position = log.append(&user(writer), &[point(n)]).await.expect("appended");
        kept.lock().insert(n, position);
        // Both are there from then on, whether or not they are read yet.
        assert!(log.status().end > position);
    }
}

/// Reads on as points come, and says that they are stored.
async fn follow(world: &World, log: &EmbeddedLog) -> Vec<Logged> {
    let (mut all, mut from) = (Vec::new(), log.replay_from());
    while all.len() < (WRITERS * EACH) as usize {
        log.wait(from).await;
        let read = log.read(from, 10).await.expect("read");
        assert!(!read.points.is_empty(), "there is something from {from:?} on");
        all.extend(read.points);
        from = read.next;
        log.forget(from).await.expect("told");
        world.clock.advance_ms(20_000);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_follows_reads_all_that_many_append_each_once_and_in_order() {
    let world = World::new();
    let log = Arc::new(world.open().await.expect("opens"));
    let kept = Arc::new(Mutex::new(HashMap::new()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(Arc::clone(&log), writer, Arc::clone(&kept))))
        .collect();
    let all = tokio::time::timeout(PATIENCE, follow(&world, &log)).await.expect("in time");
    for writer in writers {
        writer.await.expect("it ends");
    }
    assert!(all.is_sorted_by(|one, next| one.position < next.position));
    let mut rounds = [0; WRITERS as usize];
    let kept = kept.lock();
    for logged in &all {
        let n = logged.point.version.seq;
        let writer = n % WRITERS;
        assert_eq!((&logged.user, &logged.point), (&user(writer), &point(n)));
        assert_eq!(n, number(writer, rounds[writer as usize]), "a writer's points in their order");
        assert_eq!(kept[&n], logged.position, "as it was answered");
        rounds[writer as usize] += 1;
    }
    assert!(world.segments().len() < 10, "what is stored was removed meanwhile");
}

#[tokio::test]
async fn when_more_waits_than_may_it_is_refused_and_what_waits_is_kept() {
    let mut world = World::new();
    (world.config.bytes_max, world.config.segment_bytes_max) = (1 << 30, 1 << 30);
    let (log, disk) = world.open_faulty().await;
    let gate = Gate::hold(&disk);
    let first = log.append(&user(0), &[point(0)]);
    gate.reached().await;
    let many: Vec<_> = (0..200_000).map(point).collect();
    let mut taken = 0;
    let refused = loop {
        match log.append_soon(&user(1), &many) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, LogError::Busy);
    gate.open();
    assert_eq!(first.await, Ok(LogPosition(1)));
    let last = log.append(&user(0), &[point(1)]).await.expect("appended");
    assert_eq!(last, LogPosition(2 + taken * 200_000));
    assert!(taken > 2, "{taken}");
}

#[tokio::test]
async fn a_fault_of_ours_answers_all_who_wait_and_stops_the_log() {
    let world = World::new();
    let (log, disk) = world.open_faulty().await;
    append(&log, 0, 1).await;
    let writes = Arc::new(AtomicU64::new(0));
    disk.before_each_write_of("", move || {
        assert!(writes.fetch_add(1, Ordering::SeqCst) > 0, "a fault that a test wants");
    });
    let appends: Vec<_> = (3..20).map(|n| log.append(&user(0), &[point(n)])).collect();
    for append in appends {
        let refused = append.await.expect_err("not kept");
        assert!(matches!(refused, LogError::Stopped(_)), "{refused}");
    }
    while log.fault().is_none() {
        tokio::task::yield_now().await;
    }
    log.append(&user(0), &[point(3)]).await.expect_err("it stays so");
    assert_eq!(numbers(&read_all(&log).await), [0, 1, 2], "what is durable can be read");
    drop(log);
    assert_eq!(numbers(&read_all(&world.open().await.expect("opens")).await), [0, 1, 2]);
}
