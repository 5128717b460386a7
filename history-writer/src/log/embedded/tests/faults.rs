//! A disk that is full, fails, or loses its power.

use segment_log::test_kit::Plan;

use super::world::{POINTS, World, append, batch, numbers, point, read_all, user};
use crate::log::embedded::EmbeddedLog;
use crate::{Log, LogError, LogPosition, LogReader};

const BATCHES: u64 = 40;

#[tokio::test]
async fn a_full_disk_refuses_points_until_there_is_room() {
    for room in (0..1_500).step_by(29) {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        disk.plan(Plan { room: Some(room), ..Plan::default() });
        let mut kept = 0;
        let refused = loop {
            let (user, points) = batch(kept);
            match log.append(&user, &points).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(refused, LogError::Unavailable(_)), "{refused}");
        let (user, points) = batch(kept);
        log.append(&user, &points).await.expect_err("the disk is full still");
        assert_eq!(log.fault(), None);
        disk.plan(Plan::default());
        append(&log, kept, kept + 5).await;
        let all: Vec<_> = (0..(kept + 5) * POINTS).collect();
        assert_eq!(numbers(&read_all(&log).await), all);
        drop(log);
        assert_eq!(numbers(&read_all(&world.open().await.expect("opens")).await), all);
    }
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_until_the_process_starts_again() {
    let world = World::new();
    let (log, disk) = world.open_faulty().await;
    append(&log, 0, 1).await;
    disk.plan(Plan { no_sync: true, ..Plan::default() });
    let (second, points) = batch(1);
    let refused = log.append(&second, &points).await.expect_err("not durable");
    assert!(matches!(refused, LogError::Stopped(_)), "{refused}");
    disk.plan(Plan::default());
    log.append(&second, &points).await.expect_err("it stays so");
    log.append_soon(&second, &points).expect_err("this too");
    assert!(log.fault().is_some_and(|why| why.contains("durable")), "{:?}", log.fault());
    assert_eq!(numbers(&read_all(&log).await), [0, 1, 2], "what is durable can be read");
    drop(log);
    let log = world.open().await.expect("opens");
    assert_eq!(log.fault(), None);
    append(&log, 1, 2).await;
    assert_eq!(numbers(&read_all(&log).await), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_mark_that_can_not_be_written_harms_nothing() {
    for no_remove in [true, false] {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        append(&log, 0, 20).await;
        log.forget(LogPosition(40)).await.expect("told");
        world.clock.advance_ms(60_000);
        disk.plan(Plan { no_sync: !no_remove, no_remove, ..Plan::default() });
        log.forget(LogPosition(40)).await.expect_err("the disk fails");
        disk.plan(Plan::default());
        assert_eq!(log.fault(), None);
        append(&log, 20, 21).await;
        world.clock.advance_ms(60_000);
        log.forget(LogPosition(41)).await.expect("told");
        drop(log);
        let log = world.open().await.expect("opens");
        let read = numbers(&read_all(&log).await);
        let (first, last) = (read[0], *read.last().expect("some"));
        assert!(first <= 40 && last == 21 * POINTS - 1, "{read:?}");
        assert_eq!(read.len() as u64, last + 1 - first);
    }
}

/// Appends all batches, tells now and then that some are stored, until something fails; says how many were kept, and the
/// last mark.
async fn append_all(world: &World, log: &EmbeddedLog) -> (u64, u64) {
    let mut mark = 1;
    for n in 0..BATCHES {
        let (user, points) = batch(n);
        if log.append(&user, &points).await.is_err() {
            return (n, mark);
        }
        world.clock.advance_ms(20_000);
        if n % 5 == 4 {
            mark = (n - 3) * POINTS + 2;
            if log.forget(LogPosition(mark)).await.is_err() {
                return (n + 1, mark);
            }
        }
    }
    (BATCHES, mark)
}

/// What was acknowledged is read from the mark on, each point once, and nothing else but perhaps the batch that was being
/// written; then the log goes on.
async fn check(world: &World, kept: u64, mark: u64, when: &str) {
    let log = world.open().await.expect("opens");
    assert!(log.replay_from() <= LogPosition(mark), "{when}");
    let read = read_all(&log).await;
    let positions = read.iter().map(|it| it.position.0 - 1);
    let read_numbers = numbers(&read);
    assert!(positions.eq(read_numbers.iter().copied()), "{when}: as they were acknowledged");
    let from = log.replay_from().0 - 1;
    let has_last = read_numbers.last().is_some_and(|last| *last == (kept + 1) * POINTS - 1);
    let kept = kept + u64::from(has_last);
    assert!(read_numbers.iter().copied().eq(from..kept * POINTS), "{when}: {read_numbers:?}");
    append(&log, kept, BATCHES + 1).await;
    let all = numbers(&read_all(&log).await);
    assert!(all.into_iter().eq(from..(BATCHES + 1) * POINTS), "{when}");
}

#[tokio::test]
async fn a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged() {
    for power in 0.. {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        disk.plan(Plan { power: Some(power), ..Plan::default() });
        let (kept, mark) = append_all(&world, &log).await;
        drop(log);
        if !disk.is_off() {
            assert_eq!(kept, BATCHES);
            break;
        }
        disk.cut_power(|bytes| bytes * (power as u64 % 4) / 3, power % 2 == 0);
        check(&world, kept, mark, &format!("after {power} operations")).await;
    }
}

/// What the dead process wrote without a sync is still there for the next one, which must not build on it as it is.
#[tokio::test]
async fn a_power_cut_after_a_kill_loses_nothing_that_was_acknowledged() {
    for power in 0.. {
        let world = World::new();
        let (log, disk) = world.open_faulty().await;
        disk.plan(Plan { power: Some(power), ..Plan::default() });
        let (kept, mark) = append_all(&world, &log).await;
        drop(log);
        if !disk.is_off() {
            break;
        }
        disk.plan(Plan::default());
        let log = world.open_on(std::sync::Arc::new(disk.clone())).await.expect("opens");
        let kept = kept.max(log.status().end.0.div_ceil(POINTS) - 1);
        append(&log, kept, kept + 1).await;
        drop(log);
        disk.cut_power(|_| 0, power % 2 == 0);
        check(&world, kept + 1, mark, &format!("after {power} operations")).await;
    }
}

#[tokio::test]
async fn whoever_waits_when_the_log_is_closed_is_answered() {
    let world = World::new();
    let (log, _) = world.open_faulty().await;
    let appends: Vec<_> = (0..50).map(|n| log.append(&user(n / 3 % 4), &[point(n)])).collect();
    drop(log);
    for append in appends {
        append.await.expect("written before the log is gone");
    }
    assert_eq!(numbers(&read_all(&world.open().await.expect("opens")).await).len(), 50);
}
