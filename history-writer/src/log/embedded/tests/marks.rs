//! What is stored is forgotten, a while later.

use super::world::{POINTS, World, append, numbers, read, read_all, write};
use crate::log::embedded::EmbeddedLog;
use crate::{LogPosition, LogReader};

async fn first_read(log: &EmbeddedLog) -> Option<u64> {
    numbers(&read_all(log).await).first().copied()
}

#[tokio::test]
async fn segments_are_removed_no_earlier_than_a_minute_after_their_points_are_stored() {
    let world = World::filled(40).await;
    let log = world.open().await.expect("opens");
    let segments = world.segments();
    assert!(segments.len() > 4);
    log.forget(LogPosition(100)).await.expect("told");
    world.clock.advance_ms(59_999);
    log.forget(LogPosition(110)).await.expect("told");
    assert_eq!((world.segments(), log.replay_from()), (segments.clone(), LogPosition(1)));
    world.clock.advance_ms(1);
    log.forget(LogPosition(110)).await.expect("told");
    assert_eq!(log.replay_from(), LogPosition(100), "the later mark isn't certain yet");
    let left = world.segments();
    assert!(left.len() < segments.len() && segments.ends_with(&left));
    assert_eq!(first_read(&log).await, Some(99));
    assert_eq!(log.status().mark, LogPosition(110));
    drop(log);
    let log = world.open().await.expect("opens");
    assert_eq!(log.replay_from(), LogPosition(100));
    assert_eq!(first_read(&log).await, Some(99));
    assert_eq!(numbers(&read_all(&log).await).len() as u64, 40 * POINTS - 99);
}

#[tokio::test]
async fn what_was_told_is_taken_back_as_far_as_it_is_not_certain() {
    let world = World::filled(40).await;
    let log = world.open().await.expect("opens");
    log.forget(LogPosition(50)).await.expect("told");
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(100)).await.expect("told");
    assert_eq!(log.rewind().await, Ok(LogPosition(50)));
    assert_eq!(log.status().mark, LogPosition(50));
    // Time alone makes nothing certain that was taken back.
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(50)).await.expect("told");
    assert_eq!(log.replay_from(), LogPosition(50));
    let batch = log.read(LogPosition(50), 1).await.expect("reads");
    assert_eq!(numbers(&batch.points).first(), Some(&49));
    log.forget(LogPosition(100)).await.expect("told");
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(100)).await.expect("told");
    assert_eq!(log.replay_from(), LogPosition(100));
}

#[tokio::test]
async fn marks_that_come_often_are_certain_in_time() {
    let world = World::filled(40).await;
    let log = world.open().await.expect("opens");
    for mark in 2..=100 {
        log.forget(LogPosition(mark)).await.expect("told");
        world.clock.advance_ms(600);
    }
    // The first was told 59.4 s ago; those of a second before a minute ago follow.
    world.clock.advance_ms(600);
    log.forget(LogPosition(100)).await.expect("told");
    assert!(log.replay_from() >= LogPosition(2));
    world.clock.advance_ms(30_000);
    log.forget(LogPosition(100)).await.expect("told");
    assert!((45..=55).contains(&log.replay_from().0), "{:?}", log.replay_from());
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(100)).await.expect("told");
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(100)).await.expect("told");
    assert_eq!(log.replay_from(), LogPosition(100));
}

#[tokio::test]
async fn all_that_is_stored_leaves_the_disk_also_if_nothing_more_comes() {
    let mut world = World::new();
    world.config.segment_age_ms_max = 600_000;
    let (log, _) = world.open_faulty().await;
    append(&log, 0, 2).await;
    let old = world.segments();
    let end = log.status().end;
    log.forget(end).await.expect("told");
    world.clock.advance_ms(600_000);
    // The thread that writes begins another segment; then the old one can go.
    while world.segments().first() == old.first() {
        log.forget(end).await.expect("told");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.segments().len(), 1);
    append(&log, 2, 3).await;
    assert_eq!(numbers(&read_all(&log).await), [6, 7, 8]);
    drop(log);
    assert_eq!(numbers(&read_all(&world.open().await.expect("opens")).await), [6, 7, 8]);
}

#[tokio::test]
async fn a_mark_that_is_damaged_or_missing_leads_to_all_that_is_there() {
    let world = World::filled(40).await;
    let log = world.open().await.expect("opens");
    log.forget(LogPosition(60)).await.expect("told");
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(60)).await.expect("told");
    let first = log.status().bytes;
    drop(log);
    let path = world.folder().join("mark");
    let bytes = read(&path);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        write(&path, &damaged);
        let log = world.open().await.expect("opens");
        assert!(log.replay_from() < LogPosition(60), "byte {at}");
        assert_eq!(log.status().bytes, first);
        assert_eq!(numbers(&read_all(&log).await).last(), Some(&(40 * POINTS - 1)));
    }
    std::fs::remove_file(&path).expect("removed");
    let log = world.open().await.expect("opens");
    assert!(log.replay_from() < LogPosition(60));
}

/// Else what comes next would count as stored, and never be.
#[tokio::test]
async fn a_log_that_lost_its_end_goes_on_behind_its_mark() {
    let world = World::filled(40).await;
    let log = world.open().await.expect("opens");
    let end = log.status().end;
    log.forget(end).await.expect("told");
    world.clock.advance_ms(60_000);
    log.forget(end).await.expect("told");
    drop(log);
    for path in world.segments() {
        let bytes = read(&path);
        write(&path, &bytes[..bytes.len() / 2]);
    }
    for _ in 0..2 {
        let log = world.open().await.expect("opens");
        assert_eq!((log.replay_from(), log.status().end), (end, end));
    }
    for path in world.segments() {
        std::fs::remove_file(path).expect("removed");
    }
    let log = world.open().await.expect("opens");
    append(&log, 40, 41).await;
    assert_eq!(numbers(&read_all(&log).await), [120, 121, 122]);
    drop(log);
    assert_eq!(numbers(&read_all(&world.open().await.expect("opens")).await), [120, 121, 122]);
}
