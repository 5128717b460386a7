//! What is stored is given up, and nothing else.

use model::Timestamp;

use super::{FORGET_AFTER_MS, LogBackend, START, World, numbers};
use crate::LogPosition;

pub(super) async fn what_was_answered_survives_reopening(backend: &dyn LogBackend) {
    let mut world = World::new(backend).await;
    for round in 0..3 {
        world.append("ann", round * 10..(round + 1) * 10).await;
        world = world.reopen().await;
        assert_eq!(numbers(&world.read_all().await), (0..(round + 1) * 10).collect::<Vec<_>>());
    }
}

pub(super) async fn what_is_stored_is_given_up_a_while_later(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    world.append("ann", 0..20).await;
    let all = world.read_all().await;
    let mark = all[10].position;
    world.log.reader.forget(mark).await.expect("told");
    // The store may have lost it with its last breath.
    let world = world.reopen().await;
    assert_eq!(numbers(&world.read_all().await), (0..20).collect::<Vec<_>>());
    world.log.reader.forget(mark).await.expect("told");
    world.clock.advance_ms(FORGET_AFTER_MS);
    world.log.reader.forget(mark).await.expect("told");
    assert_eq!(world.log.reader.replay_from(), mark);
    // A lower one changes nothing.
    world.log.reader.forget(LogPosition(mark.0 - 3)).await.expect("told");
    let world = world.reopen().await;
    assert_eq!(world.log.reader.replay_from(), mark);
    assert_eq!(numbers(&world.read_all().await), (10..20).collect::<Vec<_>>());
    // All of it.
    let end = world.log.reader.status().end;
    for _ in 0..2 {
        world.log.reader.forget(end).await.expect("told");
        world.clock.advance_ms(FORGET_AFTER_MS);
    }
    world.log.reader.forget(end).await.expect("told");
    let world = world.reopen().await;
    assert!(world.read_all().await.is_empty());
    world.append("ann", 20..22).await;
    assert_eq!(numbers(&world.read_all().await), [20, 21]);
}

pub(super) async fn what_was_told_can_be_taken_back(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    world.append("ann", 0..10).await;
    let all = world.read_all().await;
    let (reader, begin) = (&world.log.reader, world.log.reader.replay_from());
    reader.forget(all[9].position).await.expect("told");
    assert_eq!(reader.status().mark, all[9].position);
    assert_eq!(reader.rewind().await.expect("taken back"), begin);
    assert_eq!(reader.status().mark, begin);
    assert_eq!(numbers(&world.read(begin).await), (0..10).collect::<Vec<_>>());
    // What was told before doesn't become certain.
    world.clock.advance_ms(2 * FORGET_AFTER_MS);
    reader.forget(begin).await.expect("told");
    assert_eq!(reader.replay_from(), begin);
}

pub(super) async fn a_log_says_until_when_all_is_stored(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    let reader = &world.log.reader;
    world.clock.advance_ms(100_000);
    let now = Timestamp(START + 100_000);
    assert!(world.read_all().await.is_empty());
    let (stored, durable) = (reader.stored_until(now), reader.durable_until(now));
    // As far as a log can know of what is on its way.
    assert!(stored <= now && now - stored <= 10_000 && durable == stored);
    world.append("ann", 50_000..50_010).await;
    let all = world.read_all().await;
    assert_eq!(reader.status().oldest_received, Some(Timestamp(START + 50_000)));
    assert_eq!(reader.stored_until(now), Timestamp(START + 49_999));
    assert!(reader.durable_until(now) > Timestamp(START + 50_000));
    let status = reader.status();
    assert!(status.bytes > 0 && status.bytes < status.bytes_max);
    reader.forget(LogPosition(all[9].position.0 + 1)).await.expect("told");
    assert_eq!(reader.status().oldest_received, None);
    assert!(now - reader.stored_until(now) <= 10_000);
}
