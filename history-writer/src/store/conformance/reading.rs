//! What was put is read, once, in order.

use super::{START, StoreBackend, chunk, chunks, open_store, put, range, read, sealed, walk};
use crate::{Direction, TimeRange};

/// From earliest to latest, or the other way round, in whatever order they were put.
pub async fn chunks_come_in_order_and_against_it(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let mut all = chunks("alice", 20);
    all.rotate_left(7);
    put(&*store, &all).await;
    let mut expected = sealed(&chunks("alice", 20));
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, expected);
    expected.reverse();
    assert_eq!(walk(&*store, "alice", Direction::Descending, 1_000).await, expected);
}

/// Whatever the size of its pages, over buckets, before 1970 and far ahead.
pub async fn a_walk_meets_everything_once(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let mut expected: Vec<_> = [-1, 0, 1, START, 4_070_908_800_000, 253_402_300_799_999]
        .into_iter()
        .flat_map(|at| chunks("alice", 4).into_iter().map(move |it| (at, it)))
        .map(|(at, it)| chunk("alice", at + it.sealed.first.0 - START, &it.sealed.bytes))
        .collect();
    put(&*store, &expected).await;
    expected.sort_by_key(|chunk| chunk.sealed.place());
    let mut expected = sealed(&expected);
    for limit in [1, 2, 7, 24, 25] {
        assert_eq!(walk(&*store, "alice", Direction::Ascending, limit).await, expected, "{limit}");
    }
    expected.reverse();
    for limit in [1, 2, 7, 24, 25] {
        assert_eq!(walk(&*store, "alice", Direction::Descending, limit).await, expected, "{limit}");
    }
}

/// By their digests, whose order is that of numbers without a sign.
pub async fn chunks_that_begin_at_one_moment_are_told_apart(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let digests = [0, 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX];
    let all = digests.map(|digest| chunk("alice", START, &digest.to_le_bytes()));
    put(&*store, &all).await;
    let mut expected = sealed(&all);
    assert_eq!(walk(&*store, "alice", Direction::Ascending, 1).await, expected);
    expected.reverse();
    assert_eq!(walk(&*store, "alice", Direction::Descending, 1).await, expected);
}

/// In another call, or in the same.
pub async fn putting_a_chunk_again_changes_nothing(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let all = chunks("alice", 5);
    put(&*store, &all).await;
    put(&*store, &[&all[2..], &all[..4]].concat()).await;
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all));
}

/// To the millisecond, in either direction.
pub async fn a_range_has_its_beginning_and_not_its_end(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let all = chunks("alice", 5);
    put(&*store, &all).await;
    let starts = range(START + 60_000, START + 180_000);
    assert_eq!(read(&*store, "alice", starts).await, sealed(&all[1..3]));
    let user = super::id("alice");
    let against = store.chunks(&user, starts, Direction::Descending, None, 9).await;
    let mut expected = sealed(&all[1..3]);
    expected.reverse();
    assert_eq!(against, Ok(expected));
    let later = range(START + 60_001, START + 180_001);
    assert_eq!(read(&*store, "alice", later).await, sealed(&all[2..4]));
    // A cursor outside of the range leaves the range as it is.
    let before = Some(all[0].sealed.place());
    let found = store.chunks(&user, starts, Direction::Ascending, before, 9).await;
    assert_eq!(found, Ok(sealed(&all[1..3])));
    assert_eq!(read(&*store, "alice", range(START, START)).await, []);
}

/// Chunks of several users can be put together.
pub async fn nobody_reads_the_chunks_of_another(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let (alice, bob) = (chunks("alice", 3), chunks("bob", 4));
    put(&*store, &[&alice[..], &bob[..]].concat()).await;
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&alice));
    assert_eq!(read(&*store, "bob", TimeRange::ALL).await, sealed(&bob));
    assert_eq!(read(&*store, "carol", TimeRange::ALL).await, []);
}

/// Also where they put the same.
pub async fn puts_at_one_moment_are_all_kept(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let all = chunks("alice", 40);
    let puts = all.windows(4).map(|some| store.put(some));
    let answers = futures_util::future::join_all(puts).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all));
}

/// Without being told that it will be closed.
pub async fn what_was_answered_survives_reopening(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let all = chunks("alice", 3);
    put(&*store, &all).await;
    drop(store);
    let store = open_store(backend).await;
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all));
}
