//! Points that are handed in are read in their order, written together, and told by user until they are stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::world::{
    Gate, NOW, POINTS, World, append, batch, numbers, point, read_all, read_from, user,
};
use crate::log::embedded::{Config, EmbeddedLog};
use crate::{Log, LogError, LogPosition, LogReader, Point};
use futures_util::future::join_all;
use model::Timestamp;

#[tokio::test]
async fn points_are_read_in_their_order_also_after_reopening() {
    let world = World::new();
    let all: Vec<_> = (0..40 * POINTS).collect();
    for round in 0..4 {
        let log = world.open().await.expect("opens");
        append(&log, round * 10, (round + 1) * 10).await;
        let read = read_all(&log).await;
        assert_eq!(numbers(&read), all[..((round + 1) * 10 * POINTS) as usize]);
        assert_eq!(read[0].position, LogPosition(1));
    }
    assert!(world.segments().len() > 3);
    let log = world.open().await.expect("opens");
    for from in [0, 1, 2, 50, 119] {
        let read = read_from(&log, LogPosition(from)).await;
        assert_eq!(numbers(&read), all[(from.max(1) - 1) as usize..]);
    }
}

#[tokio::test]
async fn the_answer_is_the_position_of_the_last_point() {
    let world = World::new();
    let (log, _) = world.open_faulty().await;
    for n in 0..20 {
        let (user, points) = batch(n);
        let position = log.append(&user, &points).await.expect("appended");
        assert_eq!(position, LogPosition((n + 1) * POINTS));
        assert_eq!(log.append(&user, &[]).await, Ok(position), "nothing changes nothing");
    }
    // More than a frame has.
    let many: Vec<_> = (60..6_060).map(point).collect();
    let position = log.append(&user(0), &many).await.expect("appended");
    assert_eq!(position, LogPosition(6_060));
    let read = read_from(&log, LogPosition(61)).await;
    assert!(read.iter().map(|it| &it.point).eq(&many));
}

#[tokio::test]
async fn what_comes_while_a_write_is_under_way_is_written_together() {
    let world = World::new();
    let (log, disk) = world.open_faulty().await;
    let gate = Gate::hold(&disk);
    let first = log.append(&user(0), &[point(0)]);
    gate.reached().await;
    let others: Vec<_> = (1..100).map(|n| log.append(&user(n / 3 % 4), &[point(n)])).collect();
    log.append_soon(&user(1), &[point(100)]).expect("taken");
    gate.open();
    assert_eq!(first.await, Ok(LogPosition(1)));
    for (n, position) in join_all(others).await.into_iter().enumerate() {
        assert_eq!(position, Ok(LogPosition(n as u64 + 2)), "in the order of the calls");
    }
    assert_eq!(gate.writes(), 2);
    assert_eq!(numbers(&read_all(&log).await).len(), 101);
}

#[tokio::test]
async fn whoever_waits_hears_of_points_that_come() {
    let world = World::new();
    let log = Arc::new(world.open().await.expect("opens"));
    append(&log, 0, 1).await;
    log.wait(LogPosition(1)).await;
    let has_heard = Arc::new(AtomicBool::new(false));
    let (waiting, heard) = (Arc::clone(&log), Arc::clone(&has_heard));
    let waits = tokio::spawn(async move {
        waiting.wait(LogPosition(1 + POINTS)).await;
        heard.store(true, Ordering::SeqCst);
    });
    tokio::task::yield_now().await;
    assert!(!has_heard.load(Ordering::SeqCst), "there is nothing yet");
    append(&log, 1, 2).await;
    tokio::time::timeout(Duration::from_secs(10), waits).await.expect("in time").expect("ends");
}

#[tokio::test]
async fn a_full_log_refuses_at_once_until_points_are_stored() {
    let mut world = World::new();
    (world.config.bytes_max, world.config.segment_bytes_max) = (4_000, 1_000);
    let (log, _) = world.open_faulty().await;
    let mut kept = 0;
    let refused = loop {
        let (user, points) = batch(kept);
        match log.append(&user, &points).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, LogError::Full);
    assert!(log.status().bytes < 4_100 && kept > 20, "{:?}", log.status());
    let (user, points) = batch(kept);
    log.forget(log.status().end).await.expect("told");
    assert_eq!(log.append(&user, &points).await, Err(LogError::Full), "not certain yet");
    world.clock.advance_ms(60_000);
    log.forget(log.status().end).await.expect("told");
    log.append(&user, &points).await.expect("there is room");
    assert_eq!(log.fault(), None);
}

#[tokio::test]
async fn what_is_not_stored_is_told_by_user() {
    let world = World::new();
    let log = world.open().await.expect("opens");
    append(&log, 0, 40).await;
    for log in [log, world.open().await.expect("opens")] {
        for n in 0..4 {
            let (points, is_complete) = recent(&log, n);
            let of_user = (0..40 * POINTS).filter(|it| it / POINTS % 4 == n).map(point);
            assert!(is_complete && points.into_iter().eq(of_user), "{n}");
        }
        assert_eq!(recent(&log, 5), (vec![], true));
    }
}

#[tokio::test]
async fn what_memory_has_no_room_for_is_said_to_be_missing() {
    let mut world = World::new();
    world.config.recent_bytes_max = 2_000;
    let (log, _) = world.open_faulty().await;
    append(&log, 0, 2).await;
    assert!(recent(&log, 0).1);
    append(&log, 2, 60).await;
    let (newest, is_complete) = recent(&log, 3);
    assert!(!is_complete);
    assert_eq!(newest.last(), Some(&point(60 * POINTS - 1)));
    log.forget(LogPosition(59 * POINTS + 1)).await.expect("told");
    let (rest, is_complete) = recent(&log, 3);
    assert!(is_complete, "the others are stored");
    assert!(rest.ends_with(&batch(59).1));
}

/// What of a user isn't stored, and whether that is all.
fn recent(log: &EmbeddedLog, n: u64) -> (Vec<Point>, bool) {
    let mut points = Vec::new();
    let is_complete = log.recent(&user(n), &mut |point: Point| points.push(point));
    (points, is_complete)
}

#[tokio::test]
async fn it_is_known_up_to_when_all_is_stored() {
    let world = World::new();
    let log = world.open().await.expect("opens");
    let now = Timestamp(NOW + 1_000_000);
    assert_eq!(log.stored_until(now), now);
    append(&log, 0, 40).await;
    assert_eq!((log.stored_until(now), log.durable_until(now)), (Timestamp(NOW - 1), now));
    // Points are a second apart, which is what is told apart.
    for stored in [1, 10, 50, 100, 119] {
        log.forget(LogPosition(stored + 1)).await.expect("told");
        let until = log.stored_until(now);
        let first_left = point(stored).received;
        assert!(until < first_left && until.plus_ms(3_000) >= first_left, "{stored}: {until:?}");
    }
    log.forget(LogPosition(2)).await.expect("told");
    assert_eq!(log.status().mark, LogPosition(120), "a mark never goes back");
    log.forget(log.status().end).await.expect("told");
    assert_eq!(log.stored_until(now), now);
}

#[tokio::test]
async fn behind_a_small_write_points_gather_until_there_are_enough() {
    let mut world = World::new();
    world.config = Config { gather_ms: 3_600_000, segment_bytes_max: 1 << 20, ..world.config };
    let log = world.open().await.expect("opens");
    append(&log, 0, 1).await;
    let ahead = log.append(&user(1), &batch(1).1);
    assert_eq!(log.status().end, LogPosition(POINTS + 1), "it waits for an hour at most");
    for n in 2..500 {
        let (user, points) = batch(n);
        log.append_soon(&user, &points).expect("taken");
    }
    assert_eq!(ahead.await, Ok(LogPosition(2 * POINTS)));
    let (user, points) = batch(500);
    log.append_soon(&user, &points).expect("taken");
    drop(log);
    let log = world.open().await.expect("opens");
    assert!(numbers(&read_all(&log).await).into_iter().eq(0..501 * POINTS));
}
