//! A disk that is full, fails, or loses its power.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use segment_log::test_kit::Plan;

use super::world::{World, batch, expected, state_of};
use crate::embedded::EmbeddedLog;
use crate::log::embedded::snapshot::snapshot;
use crate::{Error, Log, StoreErrorKind};

const BATCHES: u64 = 40;

fn kind(error: &Error) -> Option<StoreErrorKind> {
    match error {
        Error::Store(error) => Some(error.kind()),
        Error::Refused(_) => None,
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let (states, outcomes) = expected();
    let world = World::new();
    for n in 0..BATCHES as usize {
        let log = world.open().await.expect("opens");
        assert_eq!(state_of(&log), states[n]);
        assert_eq!(log.append(batch(n as u64)).await.expect("appended"), outcomes[n]);
        assert_eq!(state_of(&log), states[n + 1]);
    }
    assert!(world.segments().len() > 2);
}

#[tokio::test]
async fn batches_at_once_are_all_kept_one_after_the_other() {
    let world = World::new();
    let log = world.open().await.expect("opens");
    let appends = (0..BATCHES).map(|n| log.append(batch(n)));
    for outcomes in futures_util::future::join_all(appends).await {
        outcomes.expect("appended");
    }
    let state = state_of(&log);
    drop(log);
    assert_eq!(world.state().await, state);
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    // Whatever just has no room: a frame, a part of one, a segment, a part of its header.
    let (states, _) = expected();
    for room in (0..2_000).step_by(37) {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        disk.plan(Plan { room: Some(room), ..Plan::default() });
        let mut kept = 0;
        let error = loop {
            match log.append(batch(kept)).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable));
        log.append(batch(kept)).await.expect_err("the disk is full still");
        assert_eq!(state_of(&log), states[kept as usize]);
        assert_eq!(log.fault(), None);
        disk.plan(Plan::default());
        for n in kept..kept + 5 {
            log.append(batch(n)).await.expect("there is room again");
        }
        assert_eq!(state_of(&log), states[kept as usize + 5]);
        drop(log);
        assert_eq!(world.state().await, states[kept as usize + 5]);
    }
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_written_until_the_process_starts_again() {
    let (states, _) = expected();
    let world = World::new();
    let (log, disk) = world.open_faulty().await;
    log.append(batch(0)).await.expect("appended");
    disk.plan(Plan { no_sync: true, ..Plan::default() });
    let error = log.append(batch(1)).await.expect_err("not durable");
    assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable));
    disk.plan(Plan::default());
    log.append(batch(1)).await.expect_err("it stays so");
    assert!(log.fault().is_some_and(|why| why.contains("durable")), "{:?}", log.fault());
    assert_eq!(state_of(&log), states[1]);
    drop(log);
    let log = world.open().await.expect("opens");
    assert_eq!(log.fault(), None);
    assert_eq!(state_of(&log), states[1]);
    log.append(batch(1)).await.expect("appended");
    assert_eq!(state_of(&log), states[2]);
}

#[tokio::test]
async fn a_write_that_can_not_be_cut_off_stops_the_log() {
    let (states, _) = expected();
    let world = World::new();
    let (log, disk) = world.open_faulty().await;
    log.append(batch(0)).await.expect("appended");
    disk.plan(Plan { room: Some(20), no_cut: true, ..Plan::default() });
    log.append(batch(1)).await.expect_err("the disk is full");
    disk.plan(Plan::default());
    log.append(batch(1)).await.expect_err("it stays so");
    assert!(log.fault().is_some());
    drop(log);
    assert_eq!(world.state().await, states[1]);
}

#[tokio::test]
async fn a_segment_that_can_not_be_taken_back_stops_the_log() {
    let world = World::new();
    let (log, disk) = world.open_faulty().await;
    let mut kept = 0;
    while world.segments().len() < 2 {
        log.append(batch(kept)).await.expect("appended");
        kept += 1;
    }
    // The next segment's turn comes at some time.
    let error = loop {
        disk.plan(Plan { room: Some(2_000), no_remove: true, ..Plan::default() });
        let segments = world.segments().len();
        log.append(batch(kept)).await.expect("appended");
        kept += 1;
        disk.plan(Plan { room: Some(0), no_remove: true, ..Plan::default() });
        let error = log.append(batch(kept)).await.expect_err("the disk is full");
        if world.segments().len() > segments && log.fault().is_some() {
            break error;
        }
    };
    assert_eq!(kind(&error), Some(StoreErrorKind::Unavailable));
    drop(log);
    let (states, _) = expected();
    assert_eq!(world.state().await, states[kept as usize]);
}

/// Appends all batches, with a snapshot now and then, until something fails; says how many were kept.
async fn append_all(log: &EmbeddedLog) -> u64 {
    for n in 0..BATCHES {
        if log.append(batch(n)).await.is_err() {
            return n;
        }
        if n % 9 == 5 {
            // That it fails is no failure of the log.
            log.snapshots.close();
            let _ = snapshot(&log.shared, &AtomicBool::new(false));
        }
    }
    BATCHES
}

#[tokio::test]
async fn a_power_cut_at_any_moment_loses_nothing_that_was_answered() {
    let (states, _) = expected();
    for power in 0.. {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        disk.plan(Plan { power: Some(power), ..Plan::default() });
        let kept = append_all(&log).await as usize;
        drop(log);
        if !disk.is_off() {
            assert_eq!(kept, BATCHES as usize);
            break;
        }
        disk.cut_power(|bytes| bytes * (power as u64 % 4) / 3, power % 2 == 0);
        let log = world.open().await.expect("opens");
        let state = state_of(&log);
        // What was being written may be whole.
        let kept = kept + usize::from(states.get(kept + 1) == Some(&state));
        assert!(state == states[kept], "{power}: {state}");
        for n in kept as u64..BATCHES {
            log.append(batch(n)).await.expect("the log goes on");
        }
        assert!(state_of(&log) == states[BATCHES as usize], "{power}");
    }
}

/// What the dead process wrote without a sync is still there for the next one, which must not build on it as it is.
#[tokio::test]
async fn a_power_cut_after_a_kill_loses_nothing_that_was_answered() {
    let (states, _) = expected();
    for power in 0.. {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        disk.plan(Plan { power: Some(power), ..Plan::default() });
        append_all(&log).await;
        drop(log);
        if !disk.is_off() {
            break;
        }
        disk.plan(Plan::default());
        let log = world.open_on(Arc::new(disk.clone())).await.expect("opens");
        let kept = states.iter().position(|state| *state == state_of(&log)).expect("some batches");
        log.append(batch(kept as u64)).await.expect("appended");
        drop(log);
        disk.cut_power(|_| 0, power % 2 == 0);
        assert!(world.state().await == states[kept + 1], "{power}");
    }
}

#[tokio::test]
async fn a_snapshot_that_fails_harms_nothing() {
    let (states, _) = expected();
    for room in (0..6_000).step_by(97) {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        for n in 0..BATCHES {
            log.append(batch(n)).await.expect("appended");
        }
        disk.plan(Plan { room: Some(room), ..Plan::default() });
        log.snapshots.close();
        let is_taken = snapshot(&log.shared, &AtomicBool::new(false)).is_ok();
        assert_eq!(world.snapshots().len(), usize::from(is_taken));
        assert_eq!(log.fault(), None);
        disk.plan(Plan::default());
        log.append(vec![]).await.expect("the log goes on");
        drop(log);
        assert_eq!(world.state().await, states[BATCHES as usize]);
    }
}
