//! What is known of users outlives everything else.

use model::{Timestamp, UserId};

use super::{RECEIVED, RegisterBackend, START, erasure, id, open_register};
use crate::{ERASURES_MAX, Erasure, Erasures, KeyId, Register, TooManyErasures, UserRecord};

/// Which is no error.
pub async fn of_a_new_user_nothing_is_known(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    assert_eq!(record(&*register, "alice").await, UserRecord::default());
    assert_eq!(register.records(&[]).await, Ok(vec![]));
    assert_eq!(register.make_keys(&[]).await, Ok(vec![]));
}

/// Whoever comes later gets it too.
pub async fn the_first_key_wins(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    register.set_off(&id("carol"), true, RECEIVED).await.expect("the register is there");
    let first = [key("alice", 1), key("carol", 2)];
    assert_eq!(register.make_keys(&first).await, Ok(vec![vec![1; 53], vec![2; 53]]));
    let second = [key("bob", 3), key("alice", 4), key("bob", 5), key("carol", 6)];
    let held = [3, 1, 3, 2].map(|byte| vec![byte; 53]);
    assert_eq!(register.make_keys(&second).await, Ok(held.to_vec()));
    assert_eq!(record(&*register, "alice").await.wrapped_key, Some(vec![1; 53]));
}

/// All who ask at once hear of the same.
pub async fn keys_that_are_made_at_one_moment_are_one(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let keys: Vec<_> = (1..9).map(|byte| [key("alice", byte)]).collect();
    let answers =
        futures_util::future::join_all(keys.iter().map(|key| register.make_keys(key))).await;
    let held = record(&*register, "alice").await.wrapped_key.expect("one won");
    assert!(answers.iter().all(|answer| *answer == Ok(vec![held.clone()])), "{answers:?}");
}

/// As long as they are there.
pub async fn it_is_known_what_wrapped_users_keys(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    register.set_off(&id("dave"), true, RECEIVED).await.expect("the register is there");
    assert_eq!(register.wrapping_keys().await, Ok(vec![]));
    let keys = [key("alice", 255), key("bob", 0), key("carol", 255)];
    register.make_keys(&keys).await.expect("the register is there");
    let wrapping = async || {
        let mut found = register.wrapping_keys().await.expect("the register is there");
        found.sort_by_key(|id| id.0);
        found
    };
    assert_eq!(wrapping().await, [KeyId([0; 4]), KeyId([255; 4])]);
    register.erase_all(&id("alice"), RECEIVED).await.expect("the register is there");
    register.erase_all(&id("bob"), RECEIVED).await.expect("the register is there");
    assert_eq!(wrapping().await, [KeyId([255; 4])]);
}

/// And nobody whose key was destroyed.
pub async fn a_walk_meets_everybody_who_has_a_key(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let names = ["B", "a", "b", "_c", "a.b", "a-1"];
    register.make_keys(&names.map(|name| key(name, 1))).await.expect("the register is there");
    register.make_keys(&[key("gone", 1)]).await.expect("the register is there");
    register.erase_all(&id("gone"), RECEIVED).await.expect("the register is there");
    register.set_off(&id("keyless"), true, RECEIVED).await.expect("the register is there");
    let mut expected = names.map(id);
    expected.sort();
    for limit in [1, 2, 100] {
        let mut met: Vec<UserId> = Vec::new();
        while met.len().is_multiple_of(limit) {
            let page = register.users(met.last(), limit).await.expect("the register is there");
            if page.is_empty() {
                break;
            }
            met.extend(page);
        }
        assert_eq!(met, expected, "{limit} at a time");
    }
}

/// And goes on being erased, whatever is sealed by another key later.
pub async fn erasing_all_destroys_the_key(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    register.make_keys(&[key("alice", 1), key("bob", 2)]).await.expect("the register is there");
    erase(&*register, "alice", erasure(START, START + 1)).await.expect("few");
    for _ in 0..2 {
        register.erase_all(&id("alice"), RECEIVED).await.expect("the register is there");
        let found = record(&*register, "alice").await;
        assert_eq!(found.wrapped_key, None);
        for at in [i64::MIN, START, i64::MAX - 1] {
            assert!(covers_at(&found, at, RECEIVED), "{at}");
            assert!(!covers_at(&found, at, RECEIVED.plus_ms(1)), "{at}");
        }
    }
    assert_eq!(register.make_keys(&[key("alice", 3)]).await, Ok(vec![vec![3; 53]]));
    assert_eq!(record(&*register, "bob").await.wrapped_key, Some(vec![2; 53]));
    // Who never had a key can erase all too.
    register.erase_all(&id("carol"), RECEIVED).await.expect("the register is there");
    assert!(covers_at(&record(&*register, "carol").await, START, RECEIVED));
}

/// As [`Erasures`] does.
pub async fn erasures_are_gathered(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let mut expected = Erasures::new();
    for (from, to, later) in [(10, 20, 0), (40, 50, 1), (15, 45, 2), (0, 12, 0), (100, 100, 3)] {
        let range = super::range(START + from, START + to);
        let erasure = Erasure { range, erased_at: RECEIVED.plus_ms(later) };
        erase(&*register, "alice", erasure).await.expect("few");
        expected.add(erasure);
    }
    let found = record(&*register, "alice").await;
    assert_eq!(found.erasures, expected);
    assert_eq!(found.wrapped_key, None);
    assert_eq!(record(&*register, "bob").await, UserRecord::default());
}

/// Until some are gathered.
pub async fn too_many_erasures_are_refused_and_change_nothing(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let piece = |n: usize| erasure(START + 2 * n as i64, START + 2 * n as i64 + 1);
    for n in 0..ERASURES_MAX {
        assert_eq!(erase(&*register, "alice", piece(n)).await, Ok(()));
    }
    let before = record(&*register, "alice").await;
    assert_eq!(erase(&*register, "alice", piece(ERASURES_MAX)).await, Err(TooManyErasures));
    assert_eq!(record(&*register, "alice").await, before);
    let longer = erasure(START, START + 100);
    assert_eq!(erase(&*register, "alice", longer).await, Ok(()));
    assert_eq!(erase(&*register, "alice", piece(ERASURES_MAX)).await, Ok(()));
    register.erase_all(&id("alice"), RECEIVED).await.expect("always possible");
}

/// Also of those of whom nothing is known.
pub async fn records_come_in_the_order_of_the_users(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let names: Vec<_> = (0..300).map(|n| format!("user-{n}")).collect();
    let keys: Vec<_> = names.iter().step_by(2).map(|name| key(name, 1)).collect();
    register.make_keys(&keys).await.expect("the register is there");
    let users: Vec<UserId> = names.iter().rev().map(|name| id(name)).collect();
    let found = register.records(&users).await.expect("the register is there");
    let have_keys: Vec<_> = found.iter().map(|record| record.wrapped_key.is_some()).collect();
    let expected: Vec<_> = (0..300).rev().map(|n| n % 2 == 0).collect();
    assert_eq!(have_keys, expected);
}

/// Without being told that it will be closed.
pub async fn what_was_answered_survives_reopening(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    register.make_keys(&[key("alice", 1)]).await.expect("the register is there");
    erase(&*register, "alice", erasure(START, START + 1)).await.expect("few");
    register.set_off(&id("bob"), true, RECEIVED).await.expect("the register is there");
    let before = [record(&*register, "alice").await, record(&*register, "bob").await];
    drop(register);
    let register = open_register(backend).await;
    assert_eq!([record(&*register, "alice").await, record(&*register, "bob").await], before);
    assert!(before[1].off_times.is_off() && before[0].wrapped_key.is_some());
}

pub(super) fn key(user: &str, byte: u8) -> (UserId, Vec<u8>) {
    (id(user), vec![byte; 53])
}

fn covers_at(record: &UserRecord, at: i64, received: Timestamp) -> bool {
    let mut pieces = record.erasures.iter();
    pieces.any(|piece| piece.range.contains(Timestamp(at)) && received <= piece.erased_at)
}

pub(super) async fn record(register: &dyn Register, user: &str) -> UserRecord {
    let found = register.records(&[id(user)]).await.expect("the register is there");
    let [record] = <[UserRecord; 1]>::try_from(found).expect("one for one user");
    record
}

async fn erase(
    register: &dyn Register,
    user: &str,
    erasure: Erasure,
) -> Result<(), TooManyErasures> {
    register.erase(&id(user), erasure).await.expect("the register is there")
}
