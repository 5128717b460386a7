//! What is erased in whole is removed, and nothing else.

use model::Timestamp;

use super::{
    RECEIVED, START, StoreBackend, chunks, erasure, id, open_store, put, read, sealed, walk,
};
use crate::{Direction, Erasure, Store, TimeRange};

/// To the millisecond: a chunk of the cases lasts a minute, its last point at its end.
pub async fn chunks_that_are_erased_in_part_stay(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let (alice, bob) = (chunks("alice", 6), chunks("bob", 6));
    put(&*store, &[&alice[..], &bob[..]].concat()).await;
    // From behind the beginning of the second up to the last point of the fourth, which is left.
    erase(&*store, "alice", erasure(START + 60_001, START + 240_000)).await;
    let left = [&alice[..2], &alice[3..]].concat();
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&left));
    erase(&*store, "alice", erasure(START + 60_000, START + 240_001)).await;
    let left = [&alice[..1], &alice[4..]].concat();
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&left));
    assert_eq!(read(&*store, "bob", TimeRange::ALL).await, sealed(&bob));
}

/// Whether the erasure reaches the store in time or a while later.
pub async fn what_was_received_after_an_erasure_stays(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let mut all = chunks("alice", 3);
    all[1].received = RECEIVED.plus_ms(1);
    put(&*store, &all).await;
    let everything = Erasure { range: TimeRange::ALL, erased_at: RECEIVED };
    for _ in 0..2 {
        erase(&*store, "alice", everything).await;
        assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all[1..2]));
    }
}

/// However many chunks it has.
pub async fn all_of_a_long_history_is_erased(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let alice = chunks("alice", 2_500);
    put(&*store, &alice).await;
    put(&*store, &chunks("bob", 1)).await;
    assert_eq!(walk(&*store, "alice", Direction::Ascending, 1_000).await, sealed(&alice));
    let everything = Erasure { range: TimeRange::ALL, erased_at: Timestamp(i64::MAX) };
    erase(&*store, "alice", everything).await;
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, []);
    assert_eq!(read(&*store, "bob", TimeRange::ALL).await.len(), 1);
    erase(&*store, "carol", everything).await;
}

/// By a user who goes on; by a log that is read again only until whoever reads leaves it out.
pub async fn what_was_erased_can_be_put_again(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let mut all = chunks("alice", 3);
    put(&*store, &all).await;
    erase(&*store, "alice", Erasure { range: TimeRange::ALL, erased_at: RECEIVED }).await;
    for chunk in &mut all {
        chunk.received = RECEIVED.plus_ms(1);
    }
    put(&*store, &all).await;
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all));
}

async fn erase(store: &dyn Store, user: &str, erasure: Erasure) {
    store.erase(&id(user), erasure).await.expect("the store is there");
}
