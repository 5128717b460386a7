//! What is older than a deployment keeps goes. An adapter that lets chunks expire by itself has a test of its own for that.

use model::Timestamp;

use super::records::record;
use super::{
    RECEIVED, RegisterBackend, START, StoreBackend, chunks, id, open_register, open_store, put,
    range, read, sealed,
};
use crate::{DeadLetter, Erasure, Store, StoredChunk, TimeRange};

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

/// And nothing that may still touch one.
pub async fn what_touches_no_point_any_more_is_forgotten(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let there = "the register is there";
    for (n, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        let (user, at) = (id(name), RECEIVED.plus_ms(n as i64 * 1_000));
        for from in [START, START + 20] {
            let erasure = Erasure { range: range(from, from + 10), erased_at: at };
            register.erase(&user, erasure).await.expect(there).expect("few");
        }
        register.set_off(&user, true, at.plus_ms(-10)).await.expect(there);
        register.set_off(&user, false, at).await.expect(there);
        register.set_off(&user, true, at.plus_ms(5)).await.expect(there);
        let mut chunk = chunks(name, 1).remove(0);
        chunk.received = at;
        let letter = DeadLetter { chunk, reason: String::new(), at };
        register.put_aside(&letter).await.expect(there);
    }
    register.note_gaps(&[range(START - 120_000, START)]).await.expect(there);
    let before = RECEIVED.plus_ms(2_000);
    let mut rounds = 0;
    while register.forget(before, 1).await.expect(there) > 0 {
        rounds += 1;
    }
    assert!(rounds >= 4, "one at a time");
    assert!(register.gaps().await.expect(there).is_empty());
    for (name, is_left) in [("alice", false), ("bob", false), ("carol", true)] {
        let found = record(&*register, name).await;
        assert_eq!(found.erasures.iter().count(), if is_left { 2 } else { 0 }, "{name}");
        assert_eq!(found.off_times.iter().count(), if is_left { 2 } else { 1 }, "{name}");
        assert!(found.off_times.is_off() && found.put_aside.is_some(), "{name}");
    }
    assert_eq!(register.forget_letters(before, 1).await, Ok(1));
    assert_eq!(register.forget_letters(before, 9).await, Ok(1));
    assert_eq!(register.forget_letters(before, 9).await, Ok(0));
    assert_eq!(register.dead_letters(9).await.expect(there)[0].chunk.user, id("carol"));
}
