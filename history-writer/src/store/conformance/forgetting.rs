//! What is older than a deployment keeps goes. An adapter that lets chunks expire by itself has a test of its own for that.

use model::Timestamp;

use super::{RECEIVED, StoreBackend, chunks, open_store, put, read, sealed};
use crate::{Store, StoredChunk, TimeRange};

/// In parts, until all is gone that is old enough; whose last chunk goes can come again.
pub async fn what_was_received_first_is_forgotten_first(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let mut all = chunks("alice", 6);
    if backend.lets_expire() {
        return keeps(&*store, &all).await;
    }
    for (n, chunk) in all.iter_mut().enumerate() {
        chunk.received = RECEIVED.plus_ms(n as i64);
    }
    put(&*store, &all).await;
    let before = RECEIVED.plus_ms(5);
    assert_eq!(store.forget(before, 2).await, Ok(2));
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all[2..]));
    assert_eq!(store.forget(before, 1_000).await, Ok(3));
    assert_eq!(store.forget(before, 1_000).await, Ok(0));
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all[5..]));
    assert_eq!(store.forget(RECEIVED.plus_ms(6), 1_000).await, Ok(1));
    put(&*store, &all[5..]).await;
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all[5..]));
}

/// Old tracks can be imported: retention counts from when they came. A clock that was ahead holds nothing else up.
pub async fn what_came_late_is_kept_as_long_as_the_rest(backend: &dyn StoreBackend) {
    let store = open_store(backend).await;
    let mut all = chunks("alice", 4);
    if backend.lets_expire() {
        return keeps(&*store, &all).await;
    }
    all[0].received = RECEIVED.plus_ms(1_000);
    all[1].received = RECEIVED.plus_ms(1_000_000_000_000);
    put(&*store, &all[1..]).await;
    put(&*store, &all[..1]).await;
    assert_eq!(store.forget(RECEIVED.plus_ms(1), 1_000).await, Ok(2));
    assert_eq!(read(&*store, "alice", TimeRange::ALL).await, sealed(&all[..2]));
}

async fn keeps(store: &dyn Store, all: &[StoredChunk]) {
    put(store, all).await;
    assert_eq!(store.forget(Timestamp(i64::MAX), 1_000).await, Ok(0));
    assert_eq!(read(store, "alice", TimeRange::ALL).await, sealed(all));
}
