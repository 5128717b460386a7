//! A start reads the newest snapshot and what came since, and comes to the same.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::Mutex;
use proptest::prelude::*;
use segment_log::HEADER_BYTES;
use segment_log::test_kit::FaultyDisk;

use super::damage::{refused, run};
use super::world::{World, batch, expected, read, state_of, write};
use crate::embedded::EmbeddedLog;
use crate::log::embedded::options::Appended;
use crate::log::embedded::snapshot::snapshot;
use crate::{Log, StoreErrorKind};

const BATCHES: u64 = 60;

fn take_snapshot(log: &EmbeddedLog) {
    // None is taken beside it.
    log.snapshots.close();
    snapshot(&log.shared, &AtomicBool::new(false)).expect("taken");
}

/// A log with a snapshot after so many of the batches, closed again.
async fn with_snapshot(after: u64) -> (World, &'static [String]) {
    let world = World::new();
    let (log, _) = world.open_faulty().await;
    for n in 0..BATCHES {
        if n == after {
            take_snapshot(&log);
        }
        log.append(batch(n)).await.expect("appended");
    }
    (world, expected().0)
}

#[tokio::test]
async fn a_log_with_a_snapshot_comes_to_the_same() {
    for after in [1, 7, 30, BATCHES - 1] {
        let (world, states) = with_snapshot(after).await;
        assert_eq!(world.state().await, states[BATCHES as usize]);
    }
}

#[tokio::test]
async fn what_a_snapshot_makes_needless_is_removed() {
    let (world, _) = World::filled(BATCHES).await;
    let log = world.open().await.expect("opens");
    assert!(world.segments().len() > 3);
    take_snapshot(&log);
    assert_eq!((world.snapshots().len(), world.segments().len()), (1, 1));
    // Nothing came since: there is nothing to be done.
    take_snapshot(&log);
    assert_eq!((world.snapshots().len(), world.segments().len()), (1, 1));
    log.append(batch(0)).await.expect("appended");
    take_snapshot(&log);
    assert_eq!((world.snapshots().len(), world.segments().len()), (1, 1));
    let state = state_of(&log);
    drop(log);
    assert_eq!(world.state().await, state);
}

#[tokio::test]
async fn an_empty_log_needs_no_snapshot() {
    let world = World::new();
    let log = world.open().await.expect("opens");
    take_snapshot(&log);
    assert_eq!(world.snapshots().len(), 0);
}

/// A log with a snapshot, during which a batch was appended before each of its chunks; says how many there are then.
async fn with_busy_snapshot(before: u64) -> (World, u64) {
    let world = World::new();
    let disk = FaultyDisk::default();
    let log = Arc::new(world.open_on(Arc::new(disk.clone())).await.expect("opens"));
    for n in 0..before {
        log.append(batch(n)).await.expect("appended");
    }
    let next = Arc::new(Mutex::new(before));
    let (writing, writes) = (Arc::downgrade(&log), Arc::clone(&next));
    disk.before_each_write_of(".part", move || {
        let log = writing.upgrade().expect("open");
        let mut next = writes.lock();
        log.shared.append(batch(*next)).expect("appended");
        *next += 1;
    });
    take_snapshot(&log);
    let batches = *next.lock();
    assert_eq!(state_of(&log), expected().0[batches as usize]);
    (world, batches)
}

#[tokio::test]
async fn writes_go_on_between_the_chunks_of_a_snapshot() {
    for before in [1, 5, 20, 40] {
        let (world, batches) = with_busy_snapshot(before).await;
        assert!(batches > before + 5, "{batches}");
        let log = world.open().await.expect("opens");
        assert_eq!(state_of(&log), expected().0[batches as usize]);
        log.append(batch(batches)).await.expect("appended");
        drop(log);
        assert_eq!(world.snapshots().len(), 1);
        assert_eq!(world.state().await, expected().0[batches as usize + 1]);
    }
}

/// What is in a snapshot is a mixture without what was appended while it was taken.
#[tokio::test]
async fn a_log_that_ends_before_its_snapshot_is_told() {
    let (world, _) = with_busy_snapshot(40).await;
    let path = world.segments().pop().expect("a segment");
    let bytes = read(&path);
    write(&path, &bytes[..HEADER_BYTES]);
    assert_eq!(refused(&world, &world.folder()).await, StoreErrorKind::Unusable);
}

#[tokio::test]
async fn snapshots_are_taken_by_themselves_as_the_log_grows() {
    let mut world = World::new();
    world.options.snapshot_after = Appended { bytes: u64::MAX, records: 20 };
    world.options.erasing_wait = Duration::ZERO;
    let (states, _) = expected();
    for round in 0..BATCHES / 10 {
        let log = world.open().await.expect("opens");
        assert_eq!(state_of(&log), states[round as usize * 10]);
        for n in round * 10..round * 10 + 10 {
            log.append(batch(n)).await.expect("appended");
        }
        log.snapshots.wait();
    }
    assert_eq!(world.state().await, states[BATCHES as usize]);
    assert_eq!(world.snapshots().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_of_a_snapshot_is_told(bit in any::<prop::sample::Index>()) {
        run(async {
            let (world, _) = with_snapshot(BATCHES - 5).await;
            let path = world.snapshots().remove(0);
            let mut bytes = read(&path);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            write(&path, &bytes);
            refused(&world, &path).await;
        });
    }

    #[test]
    fn a_snapshot_that_is_cut_off_is_told(cut in any::<prop::sample::Index>()) {
        run(async {
            let (world, _) = with_snapshot(BATCHES - 5).await;
            let path = world.snapshots().remove(0);
            let bytes = read(&path);
            write(&path, &bytes[..cut.index(bytes.len())]);
            refused(&world, &path).await;
        });
    }
}

#[tokio::test]
async fn a_missing_segment_behind_a_snapshot_is_told() {
    let (world, _) = with_snapshot(BATCHES - 20).await;
    let segments = world.segments();
    let (_, others) = segments.split_last().expect("segments");
    assert!(!others.is_empty());
    for missing in others {
        let bytes = read(missing);
        fs::remove_file(missing).expect("removed");
        assert_eq!(refused(&world, &world.folder()).await, StoreErrorKind::Unusable);
        write(missing, &bytes);
    }
}

#[tokio::test]
async fn a_snapshot_without_any_segment_is_told() {
    let (world, _) = with_snapshot(BATCHES - 1).await;
    for segment in world.segments() {
        fs::remove_file(segment).expect("removed");
    }
    assert_eq!(refused(&world, &world.folder()).await, StoreErrorKind::Unusable);
}

#[tokio::test]
async fn segments_without_their_snapshot_are_told() {
    let (world, _) = with_snapshot(BATCHES - 1).await;
    fs::remove_file(world.snapshots().remove(0)).expect("removed");
    assert_eq!(refused(&world, &world.folder()).await, StoreErrorKind::Unusable);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_at_the_next_start() {
    let (world, states) = with_snapshot(BATCHES / 2).await;
    let (old, _) = with_snapshot(BATCHES / 3).await;
    let segments = world.segments().len();
    let older = old.snapshots().remove(0);
    let name = older.file_name().expect("a name");
    fs::copy(&older, world.folder().join(name)).expect("copied");
    let left = world.folder().join("snapshot-00000000000000000007.part");
    write(&left, b"half");
    assert_eq!(world.snapshots().len(), 2);
    assert_eq!(world.state().await, states[BATCHES as usize]);
    assert_eq!((world.snapshots().len(), world.segments().len()), (1, segments));
    assert!(!left.exists());
}
